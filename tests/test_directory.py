"""Signing in against the office's directory: it proves the password, everything else stays here."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from oms import accounts, db
from oms.errors import Conflict, TooManyTries, Unavailable
from oms.models import Account, AuditEntry, Role, Unit
from oms.permissions import Actor
from oms.settings import Settings, SettingsError
from tests.factories import PASSWORD, World
from tests.ldap_server import BUSY, DirectoryServer, certificate_for
from tests.test_second_factor import code_of, set_up
from tests.web.test_account import sign_in

Find = Callable[[str], Actor]
Browser = Callable[[str], FlaskClient]
NAME, THERE = "canbo.sonv", "Mat-khau-cua-co-quan-2026"
WHO = "uid={username},ou=people,dc=example,dc=vn"
PEOPLE = {WHO.replace("{username}", name): THERE for name in (NAME, "quantri", "khong.co")}


@pytest.fixture
def there() -> Iterator[DirectoryServer]:
    """A directory on this machine, without TLS."""
    server = DirectoryServer(dict(PEOPLE))
    yield server
    server.shutdown()
    server.server_close()


def with_directory(settings: Settings, server: DirectoryServer, **more: str) -> Settings:
    return replace(settings, **({"ldap_url": f"ldap://127.0.0.1:{server.port}", "ldap_user": WHO} | more))


def prove(engine: Engine, settings: Settings, username: str, password: str) -> Account | None:
    try:
        return accounts.prove_password(engine, username, password, settings=settings, address=None)[0]
    except accounts.SignInFailed:
        return None


def test_the_password_of_the_directory_opens_the_account_here(
    engine: Engine, settings: Settings, world: World, there: DirectoryServer
) -> None:
    strict = with_directory(settings, there)
    found = prove(engine, strict, " Canbo.SoNV ", THERE)
    assert found is not None and found.username == NAME
    assert prove(engine, strict, NAME, PASSWORD) is None, "the one kept here counts no more"
    assert prove(engine, strict, NAME, "") is None, "a directory takes a bind without a password for one of nobody"
    assert prove(engine, strict, "bithu.sonv", THERE) is None, "the directory does not know this one"
    assert prove(engine, settings, NAME, PASSWORD) is not None and prove(engine, settings, NAME, THERE) is None
    assert [password for _name, password, _secured in there.asked] == [THERE, PASSWORD, THERE]


def test_nobody_gets_an_account_by_being_there(
    engine: Engine, settings: Settings, world: World, there: DirectoryServer
) -> None:
    strict = with_directory(settings, there)
    with db.reading(engine) as session:
        before = session.scalar(select(func.count(Account.id)))
    assert prove(engine, strict, "khong.co", THERE) is None
    assert there.asked[-1][0] == WHO.replace("{username}", "khong.co"), "unknown names take the same way"
    for odd in ("*", "a,ou=x", "a)(uid=*", "ă", "a" * 61):
        assert prove(engine, strict, odd, THERE) is None
    assert len(there.asked) == 1
    with db.writing(engine) as session:
        accounts.set_disabled(session, session.get_one(Account, world.accounts[NAME]), True, actor=None)
    assert prove(engine, strict, NAME, THERE) is None, "closed here is closed"
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Account.id))) == before


def test_administrators_keep_their_own_password_also_when_the_directory_is_down(
    engine: Engine, settings: Settings, world: World, there: DirectoryServer
) -> None:
    strict = with_directory(settings, there)
    assert prove(engine, strict, "quantri", THERE) is None and there.asked == []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        down = replace(strict, ldap_url=f"ldap://127.0.0.1:{free.getsockname()[1]}")
    assert prove(engine, down, "quantri", PASSWORD) is not None
    for _ in range(6):  # what is not the person's fault does not make them wait
        with pytest.raises(Unavailable, match="does not answer"):
            prove(engine, down, NAME, THERE)
    there.code = BUSY
    with pytest.raises(Unavailable):
        prove(engine, strict, NAME, THERE)
    there.code = None
    assert prove(engine, strict, NAME, THERE) is not None


def test_wrong_tries_wait_before_the_directory_is_asked(
    engine: Engine, settings: Settings, world: World, there: DirectoryServer
) -> None:
    strict = with_directory(settings, there)
    for _ in range(5):
        assert prove(engine, strict, NAME, "wrong") is None
    with pytest.raises(TooManyTries):
        prove(engine, strict, NAME, THERE)
    assert len(there.asked) == 5
    with db.reading(engine) as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.outcome == "refused")).all()
    assert [row.action for row in rows] == ["account:sign_in"] * 5
    assert not any(THERE in row.body or "wrong" in json.dumps(row.body) for row in rows)


@pytest.mark.parametrize("code", [19, 32, 50, 53])
def test_whom_the_directory_refuses_for_another_reason_has_tried_wrongly(
    engine: Engine, settings: Settings, world: World, there: DirectoryServer, code: int
) -> None:
    """Locked, outdated or unknown there: it is no directory that is down, and the try counts."""
    there.code = code
    assert prove(engine, with_directory(settings, there), NAME, THERE) is None
    with db.reading(engine) as session:
        assert session.scalar(select(AuditEntry.outcome).where(AuditEntry.action == "account:sign_in")) == "refused"


@pytest.mark.parametrize("at_once", [True, False])
def test_beyond_the_machine_everything_is_secured_and_the_certificate_checked(
    engine: Engine, settings: Settings, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    from oms.accounts import directory

    monkeypatch.setattr(directory, "_LOOPBACK", ())
    ca, tls = certificate_for(tmp_path, "127.0.0.1", "localhost")
    server = DirectoryServer(dict(PEOPLE), tls, at_once=at_once)
    scheme = "ldaps" if at_once else "ldap"
    strict = with_directory(settings, server, ldap_url=f"{scheme}://localhost:{server.port}", ldap_ca=str(ca))
    assert prove(engine, strict, NAME, THERE) is not None
    assert server.asked == [(WHO.replace("{username}", NAME), THERE, True)]
    with pytest.raises(Unavailable):  # signed by somebody the machine does not know
        prove(engine, replace(strict, ldap_ca=""), NAME, THERE)
    (tmp_path / "other").mkdir()
    wrong_ca, wrong = certificate_for(tmp_path / "other", "ldap.example.vn")
    server.tls = wrong
    with pytest.raises(Unavailable):  # trusted, but of another host
        prove(engine, replace(strict, ldap_ca=str(wrong_ca)), NAME, THERE)
    server.tls = None
    with pytest.raises(Unavailable):  # a directory, or somebody in between, that offers no TLS
        prove(engine, strict, NAME, THERE)
    assert len(server.asked) == 1, "the password went to nobody else"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("url", "user", "says"),
    [
        ("http://ldap.example.vn", WHO, "OMS_LDAP_URL"),
        ("ldaps://", WHO, "OMS_LDAP_URL"),
        ("ldaps://a:b@ldap.example.vn", WHO, "OMS_LDAP_URL"),
        ("ldaps://ldap.example.vn", "", "OMS_LDAP_USER"),
        ("ldaps://ldap.example.vn", "uid=canbo", "OMS_LDAP_USER"),
    ],
)
def test_settings_that_make_no_sense_stop_the_start(settings: Settings, url: str, user: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        accounts.directory_of(replace(settings, ldap_url=url, ldap_user=user))
    assert accounts.directory_of(settings) is None


def test_by_the_pages_with_the_second_factor_of_ours(
    app: Flask,
    client_as: Browser,
    engine: Engine,
    settings: Settings,
    world: World,
    actor: Find,
    there: DirectoryServer,
) -> None:
    strict = with_directory(settings, there)
    app.extensions["oms"].settings = strict
    secret, _ = set_up(engine, settings, actor(NAME))
    client = client_as("")
    client.set_cookie("language", "en")
    assert sign_in(client, NAME, THERE).location.startswith("/sign-in/code")
    assert client.post("/sign-in/code", data={"code": code_of(secret)}).status_code == 302
    page = client.get("/account").text
    assert "Change it there" in page and "/account/password" not in page
    changed = client.post("/account/password", data={"old": THERE, "new": "mưa rào 47ză!", "again": "mưa rào 47ză!"})
    assert changed.status_code == 409
    with pytest.raises(Conflict):
        accounts.change_password(engine, NAME, THERE, "mưa rào 47ză!", settings=strict, actor=actor(NAME))
    there.code = BUSY
    stranger = client_as("")
    stranger.set_cookie("language", "en")
    down = sign_in(stranger, NAME, THERE)
    assert down.status_code == 503 and "does not answer" in down.text and "administrators sign in" in down.text
    assert sign_in(stranger, "quantri", PASSWORD).status_code == 302


def test_a_first_password_kept_here_stops_nobody_of_the_directory(
    app: Flask, client_as: Browser, engine: Engine, settings: Settings, world: World, there: DirectoryServer
) -> None:
    with db.writing(engine) as session:
        unit = session.get_one(Unit, world.units["sonv"])
        accounts.create_account(session, username="moi.sonv", full_name="", role=Role.OFFICER, unit=unit, actor=None)
    there.people[WHO.replace("{username}", "moi.sonv")] = THERE
    app.extensions["oms"].settings = with_directory(settings, there)
    client = client_as("")
    assert sign_in(client, "moi.sonv", THERE).status_code == 302
    assert client.get("/people").status_code == 200
