"""Who left the office's directory: sessions end by themselves where somebody may look people up, and nobody else's do."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from oms import accounts, db
from oms.models import AuditEntry, SignIn
from oms.permissions import Actor
from oms.settings import Settings, SettingsError
from tests.factories import World
from tests.ldap_server import BUSY, DirectoryServer
from tests.test_directory import WHO, with_directory
from tests.test_passkeys import add, ask, prove
from tests.test_second_factor import code_of, set_up

Find = Callable[[str], Actor]
READER, WORD = "cn=oms,dc=example,dc=vn", "Mot-mat-khau-may-doc"
NAME, OTHER = "canbo.sonv", "canbo.sotc"
FILTER = "(&(uid={username})(!(pwdAccountLockedTime=*)))"


@pytest.fixture
def there() -> Iterator[DirectoryServer]:
    """A directory that finds two of our people, and the administrator as nobody."""
    server = DirectoryServer({READER: WORD})
    server.working = {NAME, OTHER}
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def strict(settings: Settings, there: DirectoryServer, tmp_path: Path) -> Settings:
    """An installation that may look people up there."""
    file = tmp_path / "reader.secret"
    file.write_text(WORD)
    file.chmod(0o400)
    return replace(
        with_directory(settings, there),
        ldap_reader=READER,
        ldap_reader_file=str(file),
        ldap_base="ou=people,dc=example,dc=vn",
        ldap_filter=FILTER,
    )


def sign_in(engine: Engine, world: World, *names: str) -> None:
    with db.writing(engine) as session:
        for name in names:
            accounts.sign_in(session, world.accounts[name])
            accounts.sign_in(session, world.accounts[name], kind="api")


def signed_in(engine: Engine, world: World) -> set[str]:
    """Whose sessions and tokens are all open still."""
    with db.reading(engine) as session:
        ended = session.scalars(select(SignIn.account_id).where(SignIn.ended_at.is_not(None))).all()
        every = session.scalars(select(SignIn.account_id)).all()
    return {name for name, id in world.accounts.items() if id in every and id not in ended}


def told(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        return list(session.scalars(select(AuditEntry.action).where(AuditEntry.action == "account:gone")))


def test_sessions_and_tokens_of_who_left_end_and_nobody_else_s(
    engine: Engine, strict: Settings, there: DirectoryServer, world: World
) -> None:
    sign_in(engine, world, NAME, OTHER, "quantri")
    assert accounts.end_for_leavers(engine, strict) == 0
    there.working = {OTHER}
    assert accounts.end_for_leavers(engine, strict) == 1
    assert signed_in(engine, world) == {OTHER, "quantri"} and told(engine) == ["account:gone"]
    assert set(there.looked_up) == {READER}
    assert accounts.end_for_leavers(engine, strict) == 0, "told once"


@pytest.mark.parametrize("fault", ["busy", "filter", "no reader"])
def test_a_directory_that_does_not_know_ends_nothing(
    engine: Engine, settings: Settings, strict: Settings, there: DirectoryServer, world: World, fault: str
) -> None:
    sign_in(engine, world, NAME, OTHER)
    there.working = set()
    if fault == "busy":
        there.code = BUSY
    asked = with_directory(settings, there) if fault == "no reader" else strict
    assert accounts.end_for_leavers(engine, asked) == 0
    assert signed_in(engine, world) == {NAME, OTHER} and told(engine) == []


def test_a_filter_that_finds_nobody_throws_nobody_out_alone_either(
    engine: Engine, strict: Settings, there: DirectoryServer, world: World, actor: Find
) -> None:
    device, _ = add(engine, strict, actor(NAME))
    secret, _ = set_up(engine, strict, actor(NAME))
    sign_in(engine, world, NAME)
    there.working = set()
    assert accounts.end_for_leavers(engine, strict) == 0, "the only session"
    challenge, options = ask(engine, strict)
    assert prove(engine, strict, challenge, device.show(options)).username == NAME
    accounts.prove_again(engine, strict, code_of(secret), actor=actor(NAME))
    assert signed_in(engine, world) == {NAME} and told(engine) == []
    there.working = {OTHER}
    assert accounts.end_for_leavers(engine, strict) == 1, "another one is found, so this one has left"
    assert told(engine) == ["account:gone"]


def test_passkey_and_code_of_who_left_open_nothing(
    engine: Engine, strict: Settings, there: DirectoryServer, world: World, actor: Find
) -> None:
    device, _ = add(engine, strict, actor(NAME))
    secret, _ = set_up(engine, strict, actor(NAME))
    challenge, options = ask(engine, strict)
    assert prove(engine, strict, challenge, device.show(options)).username == NAME
    sign_in(engine, world, NAME)
    there.working = {OTHER}
    challenge, options = ask(engine, strict)
    with pytest.raises(accounts.SignInFailed, match="does not know you"):
        prove(engine, strict, challenge, device.show(options))
    assert signed_in(engine, world) == set()
    with pytest.raises(accounts.SignInFailed, match="does not know you"):
        accounts.prove_again(engine, strict, code_of(secret), actor=actor(NAME))
    there.code = BUSY
    challenge, options = ask(engine, strict)
    assert prove(engine, strict, challenge, device.show(options)).username == NAME, "a silent directory stops nobody"


@pytest.mark.parametrize(
    "change", [{"ldap_url": ""}, {"ldap_filter": ""}, {"ldap_filter": "(uid=*)"}, {"ldap_reader_file": "/nowhere"}]
)
def test_half_a_reader_stops_the_start(strict: Settings, change: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        accounts.reader_of(replace(strict, **change))
    assert strict.ldap_user == WHO
