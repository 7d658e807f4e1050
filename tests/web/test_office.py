"""Signing in by the office's identity provider: what it says opens one account, once, or nothing and the log says why."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from limits import parse
from sqlalchemy import Engine, func, select

from oms import accounts, db, limits
from oms.accounts import provider as providers
from oms.errors import BadInput, Conflict, Unavailable
from oms.models import Account, Attempt, AuditEntry, SignIn
from oms.permissions import Actor
from oms.settings import Settings, SettingsError
from tests.authenticator import Device
from tests.factories import PASSWORD, World
from tests.oidc_provider import CLIENT, SECRET, IdentityProvider
from tests.test_passkeys import add, ask, prove
from tests.test_second_factor import code_of, set_up
from tests.web.test_account import sign_in
from tests.web.test_confirming import grow_old

Browser = Callable[[str], FlaskClient]
Find = Callable[[str], Actor]
NAME = "canbo.sonv"


@pytest.fixture(scope="module")
def there() -> Iterator[IdentityProvider]:
    """One provider for all these tests; making its key takes a while."""
    server = IdentityProvider()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def honest(there: IdentityProvider) -> None:
    """Each test meets a provider that tells the truth, and remembers nothing of it."""
    there.meta, there.fails = {}, 0
    there.fetched.clear()
    providers._known.clear()


@pytest.fixture
def settings(settings: Settings, there: IdentityProvider, tmp_path: Path) -> Settings:
    """OMS is opened at http://localhost, as the test client does, and known at the provider."""
    file = tmp_path / "oidc.secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o400)
    return replace(
        settings, address="http://localhost", oidc_issuer=there.issuer, oidc_client=CLIENT, oidc_secret_file=str(file)
    )


@pytest.fixture
def browser(client_as: Browser) -> FlaskClient:
    """Somebody who has not signed in."""
    client = client_as("")
    client.set_cookie("language", "en")
    return client


def go(
    browser: FlaskClient, there: IdentityProvider, username: str = NAME, start: str = "/sign-in/office", **lies: Any
):
    """The whole way: sent off, signed in there, back again."""
    sent = browser.get(start)
    assert sent.status_code == 302, sent.text
    return browser.get("/sign-in/office/answer?" + there.answer(sent.location, username, **lies))


def log(engine: Engine) -> list[tuple[str, str, str]]:
    with db.reading(engine) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.seq)).all()
    told = [(row.action, row.outcome, json.loads(row.body)["detail"] or {}) for row in rows]
    return [(action, outcome, detail.get("how") or detail.get("reason") or "") for action, outcome, detail in told]


def sessions(engine: Engine) -> int:
    with db.reading(engine) as session:
        return session.scalar(select(func.count(SignIn.id))) or 0


def test_who_signs_in_there_is_in_here(
    browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World
) -> None:
    page = browser.get("/sign-in?next=/people").text
    assert "Sign in with the account of your office" in page
    done = go(browser, there, start="/sign-in/office?next=/people")
    assert (done.status_code, done.location) == (302, "/people")
    assert browser.get("/people").status_code == 200
    assert log(engine)[:2] == [("account:provider_tie", "done", ""), ("account:sign_in", "done", "office")]
    assert "Change it there" in browser.get("/account").text
    out = browser.post("/sign-out")
    assert browser.get("/people").status_code == 302
    page = browser.get(out.location).text
    assert "/sign-in/office/leave" in page
    left = urlsplit(browser.get("/sign-in/office/leave").location)
    assert left.path == "/leave" and parse_qs(left.query)["post_logout_redirect_uri"] == [
        "http://localhost/sign-in?out=1"
    ]


@pytest.mark.parametrize(
    ("lies", "why"),
    [
        ({"nonce": "of another sign-in"}, "InvalidClaimError nonce"),
        ({"nonce": None}, "MissingClaimError nonce"),
        ({"iss": "https://other.example.vn"}, "InvalidClaimError iss"),
        ({"aud": "another program"}, "InvalidClaimError aud"),
        ({"aud": [CLIENT, "another program"], "azp": CLIENT}, "for others too"),
        ({"azp": "another program"}, "InvalidClaimError azp"),
        ({"exp": 1_700_000_000}, "ExpiredTokenError"),
        ({"exp": None}, "MissingClaimError exp"),
        ({"iat": 1_700_000_000}, "identity token of before"),
        ({"auth_time": 1_700_000_000}, "not asked anew"),
        ({"auth_time": None}, "not asked anew"),
        ({"sub": None}, "MissingClaimError sub"),
        ({"preferred_username": None}, "no user name"),
        ({"preferred_username": "canbo.\u212ahoi"}, "other characters"),
        ({"acr": {"of": "many"}}, "acr or amr"),
        ({"acr": ["mfa"]}, "acr or amr"),
        ({"amr": 5}, "amr"),
        ({"amr": "mfa"}, "amr"),
        ({"amr": [{"one": 1}]}, "acr or amr"),
        ({"alg": "none"}, "identity token"),
        ({"alg": "HS256"}, "identity token"),
        ({"key": RSAKey.generate_key(2048, {"kid": "one"})}, "BadSignatureError"),
        ({"kid": "unknown"}, "identity token"),
        ({"answer": {"state": "of another browser"}}, "state"),
        ({"answer": {"state": ""}}, "state"),
        ({"answer": {"iss": "https://other.example.vn"}}, "issuer of the answer"),
        ({"answer": {"code": "somebody-else-s"}}, "code"),
        ({"answer": {"code": ""}}, "refused there"),
        ({"answer": {"error": "access_denied"}}, "refused there"),
    ],
)
def test_what_is_not_right_opens_nothing(
    browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World, lies: dict[str, Any], why: str
) -> None:
    refused = go(browser, there, **lies)
    assert refused.status_code == 401 and "Begin" in refused.text and "provider: " not in refused.text
    assert browser.get("/people").status_code == 302 and sessions(engine) == 0
    ((action, outcome, reason),) = log(engine)
    assert (action, outcome) == ("account:sign_in", "refused") and reason.startswith("provider: ") and why in reason


def test_an_answer_is_good_once_in_the_browser_that_asked_and_soon(
    app: Flask, browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World, monkeypatch
) -> None:
    address = browser.get("/sign-in/office").location
    with browser.session_transaction() as cookie:
        kept = dict(cookie)
    answer = "/sign-in/office/answer?" + there.answer(address)
    stranger = app.test_client()
    assert stranger.get(answer).status_code == 401, "sent to somebody by a link"
    assert browser.get(answer).status_code == 302
    browser.post("/sign-out")
    assert browser.get(answer).status_code == 401
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie.update(kept)
    assert thief.get(answer).status_code == 401, "also with the cookie of before: the code is used up"
    assert [reason for _action, outcome, reason in log(engine) if outcome == "refused"] == [
        "provider: not asked here",
        "provider: not asked here",
        "provider: code",
    ]
    address, moment = browser.get("/sign-in/office").location, time.time()
    answer = there.answer(address)
    monkeypatch.setattr(providers.time, "time", lambda: moment + providers.GOOD_FOR + 1)
    assert browser.get(f"/sign-in/office/answer?{answer}").status_code == 401
    assert log(engine)[-1][2] == "provider: too late"


def test_mix_up_of_providers_is_refused_where_the_provider_names_itself(
    browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World
) -> None:
    there.meta = {"authorization_response_iss_parameter_supported": True}
    address = browser.get("/sign-in/office").location
    nameless = "&".join(part for part in there.answer(address).split("&") if not part.startswith("iss="))
    assert browser.get(f"/sign-in/office/answer?{nameless}").status_code == 401
    assert log(engine)[-1][2] == "provider: issuer of the answer"
    assert go(browser, there).status_code == 302


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_nobody_is_sent_on_to_another_server(
    browser: FlaskClient, there: IdentityProvider, world: World, target: str
) -> None:
    sent = browser.get("/sign-in/office", query_string={"next": target})
    assert sent.location.startswith(f"{there.issuer}/authorize?")
    assert browser.get("/sign-in/office/answer?" + there.answer(sent.location)).location == "/"


def test_nobody_gets_an_account_by_being_known_there_and_administrators_stay_apart(
    client_as: Browser, browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World
) -> None:
    with db.reading(engine) as session:
        before = session.scalar(select(func.count(Account.id)))
    for name, says in (("khong.co", "You have no account"), ("quantri", "Administrators sign in")):
        refused = go(browser, there, name)
        assert refused.status_code == 401 and says in refused.text
    with db.writing(engine) as session:
        accounts.set_disabled(session, session.get_one(Account, world.accounts[NAME]), True, actor=None)
        assert session.scalar(select(func.count(Account.id))) == before
    assert "or it is closed" in go(browser, there).text
    assert sign_in(browser, NAME, PASSWORD).status_code == 401, "the password kept here opens nothing any more"
    assert sign_in(browser, "bithu.sonv", PASSWORD).status_code == 401
    assert sign_in(browser, "quantri", PASSWORD).status_code == 302


def test_a_name_given_to_somebody_else_there_opens_nothing_until_it_is_untied(
    client_as: Browser, browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World, actor: Find
) -> None:
    assert go(browser, there).status_code == 302
    stranger = client_as("")
    stranger.set_cookie("language", "en")
    refused = go(stranger, there, sub="id of a new colleague")
    assert refused.status_code == 401 and "somebody else" in refused.text
    administrator, path = client_as("quantri"), f"/accounts/{world.accounts[NAME]}"
    assert "office/untie" in administrator.get(path).text
    assert administrator.post(f"{path}/office/untie").status_code == 302
    assert browser.get("/people").status_code == 302, "the session of before has ended"
    assert go(stranger, there, sub="id of a new colleague").status_code == 302
    with db.writing(engine) as session, pytest.raises(Conflict):
        accounts.untie(session, session.get_one(Account, world.accounts["canbo.sotc"]), actor=actor("quantri"))


def test_who_takes_another_name_there_does_not_become_that_account(
    client_as: Browser, browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World
) -> None:
    assert go(browser, there).status_code == 302
    renamed = client_as("")
    renamed.set_cookie("language", "en")
    refused = go(renamed, there, "canbo.sotc", sub=f"id of {NAME}")
    assert refused.status_code == 401 and "another account of OMS" in refused.text
    assert log(engine)[-1][1:] == ("refused", "provider: tied to another account")
    assert go(renamed, there, "canbo.sotc").status_code == 302, "whose account it is comes in"
    with db.reading(engine) as session:
        marks = session.scalars(select(Account.provider_subject).where(Account.provider_subject.is_not(None))).all()
    assert len(marks) == len(set(marks)) == 2


def test_only_setting_out_counts_by_address_and_an_answer_is_not_tried_for_ever(
    app: Flask, browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World, monkeypatch
) -> None:
    for what, limit in (
        ("office:ask", "3 per hour"),
        ("office:answer", "2 per hour"),
        ("office:confirm", "1 per hour"),
    ):
        monkeypatch.setitem(limits.LIMITS, what, parse(limit))
    for _ in range(2):
        assert go(browser, there).status_code == 302
        browser.post("/sign-out")
    address = browser.get("/sign-in/office").location
    with browser.session_transaction() as cookie:
        kept = dict(cookie)
    assert browser.get("/sign-in/office").status_code == 429
    statuses = []
    for _ in range(3):
        thief = app.test_client()
        with thief.session_transaction() as cookie:
            cookie.update(kept)
        statuses.append(
            thief.get("/sign-in/office/answer?" + there.answer(address, answer={"code": "made up"})).status_code
        )
    assert statuses == [401, 401, 429] and there.fetched.count("/token") == 4
    client = app.test_client()
    assert sign_in(client, "quantri", PASSWORD).status_code == 302
    assert [client.get("/account/office").status_code for _ in range(2)] == [302, 429]


@pytest.mark.parametrize("names_them", [False, True])
def test_the_second_factor_of_the_house_unless_two_were_shown_there(
    app: Flask,
    browser: FlaskClient,
    there: IdentityProvider,
    engine: Engine,
    settings: Settings,
    world: World,
    actor: Find,
    names_them: bool,
) -> None:
    strict = replace(settings, second_factor="officer", oidc_two_factors="mfa" if names_them else "")
    app.extensions["oms"].settings = strict
    assert go(browser, there, amr=["pwd", "mfa"]).status_code == 302
    assert (browser.get("/people").status_code == 200) is names_them, "else it is set up first"
    browser.post("/sign-out")
    secret, _ = set_up(engine, settings, actor(NAME))
    asked = go(browser, there, amr=["pwd", "mfa"])
    if names_them:
        assert asked.location == "/" and browser.get("/people").status_code == 200
        browser.post("/sign-out")
        asked = go(browser, there, amr=["pwd"])
    assert asked.location.startswith("/sign-in/code") and browser.get("/people").status_code == 302
    assert browser.post("/sign-in/code", data={"code": code_of(secret)}).status_code == 302
    assert browser.get("/people").status_code == 200
    assert log(engine)[-2][2] == "office and code"


def test_a_dangerous_act_is_confirmed_there_by_the_same_person_only(
    client_as: Browser, there: IdentityProvider, engine: Engine, world: World
) -> None:
    client, path = client_as(NAME), "/account/passkeys/begin"
    grow_old(engine)
    asked = client.post(path)
    assert asked.status_code == 401 and "/account/office" in asked.text and 'name="confirm_password"' not in asked.text
    wrong = go(client, there, "canbo.sotc", start="/account/office")
    assert wrong.status_code == 401 and "somebody else" in wrong.text
    stale = go(client, there, start="/account/office", auth_time=int(time.time()) - 600)
    assert stale.status_code == 401 and client.post(path).status_code == 401
    crossed = client.get("/account/office").location
    assert client_as("").get("/sign-in/office/answer?" + there.answer(crossed)).status_code == 401
    done = go(client, there, start="/account/office")
    assert done.status_code == 200 and "go back to the one before" in done.text
    assert client.post(path).status_code == 302
    assert ("account:confirm", "done", "office") in log(engine)
    with client.session_transaction() as cookie:
        assert "office" not in cookie


def test_who_has_no_password_here_is_told_so_and_nothing_counts(
    app: Flask, client_as: Browser, there: IdentityProvider, engine: Engine, world: World, actor: Find
) -> None:
    told = len(log(engine))
    with pytest.raises(BadInput, match="office keeps the password"):
        accounts.prove_second(
            engine, app.extensions["oms"].settings, "canbo2.sonv", "of the office", "", address="10.0.0.9",
            actor=actor(NAME), action="secrecy:confirm",
        )  # fmt: skip
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Attempt.id))) == 0 and len(log(engine)) == told
    with pytest.raises(accounts.SignInFailed):  # to who is nobody yet it is a wrong password like any other
        accounts.prove_password(engine, NAME, PASSWORD, settings=app.extensions["oms"].settings, address=None)
    client, path = client_as(NAME), "/account/passkeys/begin"
    client.set_cookie("language", "en")
    grow_old(engine)
    asked = client.post(path)
    assert "Confirm that it is you" in asked.text and "Your password once more" not in asked.text
    assert client.post(path, data={"confirm_password": ""}).status_code == 401 and len(log(engine)) == told + 2
    app.extensions["oms"].settings = replace(app.extensions["oms"].settings, address="https://hoso.example.vn")
    asked = client.post(path)
    assert asked.status_code == 401 and "Open OMS at https://hoso.example.vn" in asked.text
    assert 'name="confirm_password"' not in asked.text and "/account/office" not in asked.text


def test_an_answer_to_a_confirmation_signs_nobody_in(
    client_as: Browser, there: IdentityProvider, engine: Engine, world: World
) -> None:
    client = client_as(NAME)
    address = client.get("/account/office").location
    with client.session_transaction() as cookie:
        del cookie["_user_id"]
    assert client.get("/sign-in/office/answer?" + there.answer(address)).status_code == 401
    assert log(engine)[-1] == ("account:sign_in", "refused", "provider: too late")


def test_a_provider_that_is_down_is_told_in_a_sentence_and_administrators_get_in(
    browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World
) -> None:
    there.fails = 503
    down = browser.get("/sign-in/office")
    assert down.status_code == 503 and "does not answer" in down.text and "administrators sign in" in down.text
    there.fails = 0
    address = browser.get("/sign-in/office").location
    answer, there.fails = there.answer(address), 500
    assert browser.get(f"/sign-in/office/answer?{answer}").status_code == 503
    assert sign_in(browser, "quantri", PASSWORD).status_code == 302
    assert [reason for _action, outcome, reason in log(engine) if outcome == "refused"] == []


@pytest.mark.parametrize(
    "lie", [{"issuer": "https://other.example.vn"}, {"token_endpoint": "http://ldap.example.vn/token"}, {"jwks_uri": 5}]
)
def test_a_provider_that_describes_itself_wrongly_gets_no_secret(
    settings: Settings, there: IdentityProvider, lie: dict[str, Any]
) -> None:
    there.meta = lie
    provider = accounts.provider_of(settings)
    assert provider is not None
    with pytest.raises(Unavailable):
        accounts.ask(provider, accounts.SIGN_IN)
    assert "/token" not in there.fetched


def test_new_keys_are_asked_for_when_a_token_names_one(
    browser: FlaskClient, there: IdentityProvider, engine: Engine, world: World, monkeypatch
) -> None:
    assert go(browser, there).status_code == 302
    browser.post("/sign-out")
    monkeypatch.setattr(there, "key", RSAKey.generate_key(2048, {"kid": "two"}))
    assert go(browser, there).status_code == 401, "asked a moment ago"
    monkeypatch.setattr(providers, "KEYS_ANEW", 0)
    assert go(browser, there).status_code == 302
    assert there.fetched.count("/keys") == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"oidc_issuer": "http://login.example.vn"}, "OMS_OIDC_ISSUER"),
        ({"oidc_issuer": "https://login.example.vn/?a=1"}, "OMS_OIDC_ISSUER"),
        ({"oidc_client": ""}, "OMS_OIDC_CLIENT"),
        ({"oidc_secret_file": ""}, "OMS_OIDC_SECRET_FILE"),
        ({"oidc_secret_file": "/nowhere"}, "cannot be read"),
        ({"address": "", "https": True}, "OMS_ADDRESS"),
    ],
)
def test_settings_that_make_no_sense_stop_the_start(settings: Settings, change: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        accounts.provider_of(replace(settings, **change))


@pytest.mark.parametrize(
    ("mode", "secret", "says"), [(0o440, SECRET, "Others can read"), (0o400, "short", "too short")]
)
def test_a_secret_others_can_read_or_guess_stops_the_start(
    settings: Settings, tmp_path: Path, mode: int, secret: str, says: str
) -> None:
    file = tmp_path / secrets.token_hex(4)
    file.write_text(secret)
    file.chmod(mode)
    with pytest.raises(SettingsError, match=says):
        accounts.provider_of(replace(settings, oidc_secret_file=str(file)))


def test_without_a_provider_there_is_no_door(
    app: Flask, browser: FlaskClient, settings: Settings, world: World
) -> None:
    app.extensions["oms"].settings = replace(settings, oidc_issuer="")
    assert "account of your office" not in browser.get("/sign-in").text
    for path in ("/sign-in/office", "/sign-in/office/answer", "/sign-in/office/leave"):
        assert browser.get(path).status_code == 404


def test_a_passkey_alone_opens_only_while_the_provider_sees_the_person(
    browser: FlaskClient, there: IdentityProvider, engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device, keeper = Device(), Device()
    device.origin = keeper.origin = settings.address
    add(engine, settings, actor(NAME), device)

    def come_in(by: Settings = settings) -> str:
        return prove(engine, by, *_shown(engine, by, device)).username

    with pytest.raises(accounts.SignInFailed, match="see you again"):
        come_in()
    assert log(engine)[-1] == ("account:sign_in", "refused", "passkey: not seen by the provider of late")
    assert come_in(replace(settings, oidc_days=0)) == come_in(replace(settings, oidc_issuer="")) == NAME
    go(browser, there)
    assert come_in() == NAME
    with db.writing(engine) as session:
        account = session.scalars(select(Account).where(Account.username == NAME)).one()
        account.provider_seen_at -= timedelta(days=1, minutes=1)
    with pytest.raises(accounts.SignInFailed, match="see you again"):
        come_in()
    assert come_in(replace(settings, oidc_days=2)) == NAME
    with pytest.raises(accounts.SignInFailed, match="not accepted"):  # who shows no right one learns nothing
        prove(engine, settings, _shown(engine, settings, device)[0], "{}")
    add(engine, settings, actor("quantri"), keeper)
    assert prove(engine, settings, *_shown(engine, settings, keeper)).username == "quantri", "has a password of OMS"


def _shown(engine: Engine, settings: Settings, device: Device) -> tuple[str, str]:
    challenge, options = ask(engine, settings)
    return challenge, device.show(options)
