"""The second factor: codes as every app makes them, each good once, and the ways back when the telephone is lost."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from oms import accounts, db
from oms.accounts import second_factor
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused, TooManyTries, Unavailable
from oms.models import Account, Attempt, AuditEntry, SecondFactor, Unit
from oms.permissions import Actor
from oms.settings import Settings, SettingsError
from tests.factories import World, make_account

Find = Callable[[str], Actor]
NAME = "canbo.sonv"


def set_up(engine: Engine, settings: Settings, actor: Actor) -> tuple[bytes, list[str]]:
    """The secret of an active second factor, and its recovery codes."""
    with db.writing(engine) as session:
        accounts.begin(session, settings, actor=actor)
        secret = base64.b32decode(accounts.waiting_secret(session, settings, actor=actor))
        code = second_factor.code_at(secret, second_factor.time_step() - 1)
        return secret, accounts.activate(session, settings, code, actor=actor)


def code_of(secret: bytes, steps: int = 0) -> str:
    return second_factor.code_at(secret, second_factor.time_step() + steps)


def account_of(engine: Engine, world: World, username: str = NAME) -> Account:
    with db.reading(engine) as session:
        return session.get_one(Account, world.accounts[username])


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (20000000000, "65353130")],
)
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert second_factor.code_at(b"12345678901234567890", seconds // 30) == code[-6:]


def test_a_code_is_good_once_and_one_step_early_or_late(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    secret, _ = set_up(engine, settings, actor(NAME))
    account = account_of(engine, world)

    def give(code: str) -> bool:
        try:
            accounts.prove_code(engine, settings, account, code, address=None)
        except accounts.SignInFailed:
            return False
        return True

    assert not give(code_of(secret, -1)), "it was shown back at the setting up"
    assert give(" ".join((code_of(secret)[:3], code_of(secret)[3:])))
    assert not give(code_of(secret))
    assert give(code_of(secret, 1))
    assert not give(code_of(secret)), "older than the last one taken"
    assert not give(code_of(secret, 5))


def test_five_wrong_codes_and_then_one_waits(engine: Engine, settings: Settings, world: World, actor: Find) -> None:
    secret, _ = set_up(engine, settings, actor(NAME))
    account = account_of(engine, world)
    for wrong in ("000000", "", "abc", "٠١٢٣٤٥", "1" * 24):
        with pytest.raises(accounts.SignInFailed):
            accounts.prove_code(engine, settings, account, wrong, address=None)
    with pytest.raises(TooManyTries):
        accounts.prove_code(engine, settings, account, code_of(secret), address=None)
    with db.writing(engine) as session:
        for attempt in session.scalars(select(Attempt)):
            attempt.at -= timedelta(minutes=15)
    accounts.prove_code(engine, settings, account, code_of(secret), address=None)


def test_a_recovery_code_is_good_once(engine: Engine, settings: Settings, world: World, actor: Find) -> None:
    _, codes = set_up(engine, settings, actor(NAME))
    account = account_of(engine, world)
    assert len(set(codes)) == 10 and all(len(code.replace("-", "")) == 16 for code in codes)
    accounts.prove_code(engine, settings, account, codes[0].lower().replace("-", " "), address=None)
    with pytest.raises(accounts.SignInFailed):
        accounts.prove_code(engine, settings, account, codes[0], address=None)
    with db.reading(engine) as session:
        assert accounts.codes_left(session, account.id) == 9
        kept = session.scalars(select(AuditEntry.body)).all()
    assert not any(code in body for code in codes for body in kept)


def test_nothing_in_the_database_gives_a_code(engine: Engine, settings: Settings, world: World, actor: Find) -> None:
    secret, _ = set_up(engine, settings, actor(NAME))
    with db.reading(engine) as session:
        kept = base64.b64decode(session.get_one(SecondFactor, world.accounts[NAME]).secret)
    assert secret not in kept and (settings.home / second_factor.KEY_FILE).stat().st_mode & 0o777 == 0o600
    (settings.home / second_factor.KEY_FILE).unlink()
    with pytest.raises(Unavailable):
        accounts.prove_code(engine, settings, account_of(engine, world), code_of(secret), address=None)


def test_a_secret_is_bound_to_its_account(engine: Engine, settings: Settings, world: World, actor: Find) -> None:
    set_up(engine, settings, actor(NAME))
    with db.writing(engine) as session:
        sealed = session.get_one(SecondFactor, world.accounts[NAME])
        session.add(SecondFactor(account_id=world.accounts["canbo.sotc"], secret=sealed.secret))
    with db.reading(engine) as session, pytest.raises(Unavailable):
        accounts.waiting_secret(session, settings, actor=actor("canbo.sotc"))


def test_setting_up_needs_a_fresh_password_and_the_code_shown_back(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    officer = actor(NAME)
    late = replace(officer, confirmed=False)
    with db.writing(engine) as session:
        with pytest.raises(ConfirmationNeeded):
            accounts.begin(session, settings, actor=late)
        accounts.begin(session, settings, actor=officer)
        assert accounts.waiting_secret(session, settings, actor=late) == ""
        with pytest.raises(ConfirmationNeeded):
            accounts.activate(session, settings, "000000", actor=late)
        with pytest.raises(BadInput):
            accounts.activate(session, settings, "000000", actor=officer)
        assert not accounts.has_second_factor(session, officer.account_id)
    set_up(engine, settings, officer)
    with db.writing(engine) as session:
        assert accounts.waiting_secret(session, settings, actor=officer) == "", "never shown again"
        with pytest.raises(Conflict):
            accounts.begin(session, settings, actor=officer)


def test_the_owner_takes_it_away_with_a_recovery_code_only(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    secret, codes = set_up(engine, settings, actor(NAME))
    with db.writing(engine) as session:
        opened, _ = accounts.sign_in(session, world.accounts[NAME])
    with pytest.raises(accounts.SignInFailed):
        accounts.remove_own(engine, settings, code_of(secret), actor=actor(NAME))
    accounts.remove_own(engine, settings, codes[3], actor=actor(NAME))
    with db.reading(engine) as session:
        assert not accounts.has_second_factor(session, world.accounts[NAME])
        assert accounts.find_sign_in(session, opened, settings, kind="web") is None


def test_two_administrators_take_it_away_together(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    set_up(engine, settings, actor(NAME))
    with db.writing(engine) as session:
        from oms.models import Role

        make_account(session, "quantri2", Role.ADMINISTRATOR, session.get_one(Unit, world.units["khoi"]))
    with db.writing(engine) as session:
        account = session.get_one(Account, world.accounts[NAME])
        with pytest.raises(Refused):
            accounts.ask_removal(session, account, actor=actor("truongban.khoi"))
        first = actor("quantri")
        assert not accounts.ask_removal(session, account, actor=first)
        assert not accounts.ask_removal(session, account, actor=first), "one administrator twice is still one"
        assert accounts.has_second_factor(session, account.id)
        assert accounts.ask_removal(session, account, actor=actor("quantri2"))
        assert not accounts.has_second_factor(session, account.id)
        with pytest.raises(Conflict):
            accounts.ask_removal(session, account, actor=first)


@pytest.mark.parametrize(
    ("setting", "username", "must"),
    [
        ("", "quantri", False),
        ("administrator inspector", "quantri", True),
        ("administrator,inspector", "kiemtra.khoi", True),
        ("administrator inspector", "canbo.khoi", False),
        ("board", "canbo.khoi", True),
        ("board", "truongban.khoi", True),
        ("board", "canbo.sonv", False),
    ],
)
def test_whose_second_factor_is_a_must(
    engine: Engine, settings: Settings, world: World, setting: str, username: str, must: bool
) -> None:
    with db.reading(engine) as session:
        account = session.get_one(Account, world.accounts[username])
        assert accounts.must_set_up(session, account, replace(settings, second_factor=setting)) is must


def test_a_setting_nobody_understands_is_refused(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="kings"):
        accounts.required_of(replace(settings, second_factor="administrator kings"))
