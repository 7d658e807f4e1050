"""What the standard of `docs/asvs.md` asks of browser, passwords and sessions and no other test says."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from oms import accounts, db
from oms.accounts import passwords
from oms.errors import BadInput
from oms.models import Account, AuditEntry, SignIn, now
from oms.settings import CHECKOUT, Settings
from oms.web import create_app
from tests.factories import PASSWORD, World

Browser = Callable[[str], FlaskClient]
ELSEWHERE = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
SENTENCE = "bốn con mèo nằm dưới hiên nhà chờ mưa tạnh rồi mới ra vườn bắt bướm"


@pytest.fixture
def behind_tls(settings: Settings, engine: Engine, world: World) -> Flask:
    """The program as it stands behind nginx."""
    app = create_app(replace(settings, https=True), engine)
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    return app


def test_over_tls_browsers_keep_to_tls_and_the_cookie_to_this_host(behind_tls: Flask) -> None:
    client = behind_tls.test_client()
    given = client.post("/sign-in", data={"username": "canbo.sonv", "password": PASSWORD})
    assert given.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    cookies = [line for line in given.headers.getlist("Set-Cookie") if not line.startswith("language=")]
    assert any(line.startswith("__Host-oms=") for line in cookies)
    for line in cookies:
        assert line.startswith("__Host-") and "Secure" in line and "HttpOnly" in line and "SameSite=Lax" in line, line
        assert "Path=/" in line and "Domain" not in line


def test_nobody_makes_up_an_address_of_their_own(behind_tls: Flask, app: Flask, engine: Engine) -> None:
    """The proxy writes the last one; without a proxy none is believed."""
    for program in (behind_tls, app):
        headers = {"X-Forwarded-For": "10.9.9.9, 192.0.2.7"}
        program.test_client().post("/sign-in", data={"username": "canbo.sonv", "password": PASSWORD}, headers=headers)
    with db.reading(engine) as session:
        said = [json.loads(entry.body)["address"] for entry in session.query(AuditEntry).order_by(AuditEntry.seq)]
    assert said == ["192.0.2.7", "127.0.0.1"]


@pytest.mark.parametrize("address", ["/sign-in", "/dossiers", "/api/v1/me", "/api/v1/tokens", "/nosuch"])
def test_no_answer_lets_another_origin_read_it(client_as: Browser, address: str) -> None:
    for method in ("GET", "OPTIONS", "POST"):
        answer = client_as("canbo.sonv").open(address, method=method, headers=ELSEWHERE)
        assert not [name for name in dict(answer.headers) if name.lower().startswith("access-control-")]


@pytest.mark.parametrize(
    "address", ["/.git/config", "/.git/HEAD", "/oms.sqlite3", "/secret.key", "/static/", "/wsgi.py"]
)
def test_nothing_of_the_source_and_no_listing_is_served(app: Flask, client_as: Browser, address: str) -> None:
    assert client_as("canbo.sonv").get(address).status_code == 404
    assert client_as("canbo.sonv").get(f"{app.static_url_path}/js/").status_code == 404


def test_password_fields_hide_what_is_typed_and_take_what_is_pasted() -> None:
    fields, scripts = [], Path(CHECKOUT / "oms" / "web" / "static" / "js")
    for path in (CHECKOUT / "templates").rglob("*.html"):
        fields += re.findall(r'(?:fields\.text\(|<input[^>]*name=)"(?:password|old|new|again)"[^\n]*', path.read_text())
    assert len(fields) > 4
    assert [one for one in fields if 'type="password"' not in one] == []
    assert [
        path for path in scripts.rglob("*.js") if re.search(r'addEventListener\(\s*"paste"', path.read_text())
    ] == []


def test_a_sentence_of_one_kind_of_letters_is_a_password() -> None:
    assert len(SENTENCE) > 64
    passwords.check_new_password(SENTENCE, "canbo.sonv")


@pytest.mark.parametrize("words", ["hồ sơ cán bộ 2026", "Sở Nội vụ 2026 oms", "canbo.sonv 1999", "mật khẩu hồ sơ"])
def test_words_of_the_house_make_no_password(words: str) -> None:
    with pytest.raises(BadInput, match="too easy to guess"):
        passwords.check_new_password(words, "canbo.sonv", words=["Sở Nội vụ"])


def test_an_old_password_opens_as_ever(client_as: Browser, engine: Engine) -> None:
    with db.writing(engine) as session:
        session.execute(update(Account).values(created_at=now().replace(year=2001)))
    answer = client_as("").post("/sign-in", data={"username": "canbo.sonv", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/")


def test_a_session_is_256_bits_of_which_the_database_keeps_a_hash(engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        account = session.query(Account).filter_by(username="canbo.sonv").one()
        opened = [accounts.sign_in(session, account.id, kind=kind)[0] for kind in ("web", "api")]
    with db.reading(engine) as session:
        kept = [one.token_sha256 for one in session.query(SignIn)]
    assert len(set(opened)) == 2 and all(len(secret) == 43 for secret in opened)
    assert all(len(hash) == 64 for hash in kept) and not set(opened) & set(kept)


@pytest.mark.parametrize("who", ["canbo.sonv", "bithu.sonv", "kiemtra.khoi", "quantri"])
def test_every_page_can_be_signed_out_from(client_as: Browser, who: str) -> None:
    client = client_as(who)
    for address in ("/", "/account", "/units", "/people", "/search", "/audit", "/system", "/accounts", "/nosuch"):
        answer = client.get(address)
        if answer.status_code == 200:
            assert 'action="/sign-out"' in answer.text, address
