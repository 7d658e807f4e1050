"""The second person of an act for two proves as much as at the own sign-in, and tries count the same."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from oms import accounts, db
from oms.errors import BadInput, OmsError, Refused, TooManyTries
from oms.models import Account, Attempt, AuditEntry, RecoveryCode
from oms.permissions import Actor
from oms.settings import Settings
from tests.authenticator import Device
from tests.factories import PASSWORD, World
from tests.test_passkeys import add, ask, entries
from tests.test_second_factor import code_of, set_up

Find = Callable[[str], Actor]
FIRST, SECOND, ACT = "canbo.sonv", "canbo2.sonv", "secrecy:confirm"


def prove(engine: Engine, settings: Settings, first: Actor, code: str = "", password: str = PASSWORD) -> str:
    return accounts.prove_second(
        engine, settings, SECOND, password, code, address="10.0.0.9", actor=first, action=ACT
    ).username


def count_tries(engine: Engine, tries: int, *, code: bool) -> None:
    """So many wrong tries of the second person, without the time a hash takes."""
    for _ in range(tries):
        with db.writing(engine) as session:
            accounts.admit(session, SECOND, address=None, code=code)


def make_each_twice(engine: Engine, *, before: timedelta) -> None:
    """Twice as many tries as were counted, all of them so long ago."""
    with db.writing(engine) as session:
        for one in session.scalars(select(Attempt)).all():
            one.at -= before
            session.add(Attempt(who=one.who, source=one.source, address=one.address, at=one.at))


def test_the_password_is_enough_where_a_sign_in_asks_for_no_more(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    assert prove(engine, settings, actor(FIRST)) == SECOND
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, actor(FIRST), password="wrong")
    assert entries(engine) == [(ACT, "refused", None)]


def test_with_an_app_a_code_is_asked_for_too_and_is_good_once(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    secret, codes = set_up(engine, settings, actor(SECOND))
    before = len(entries(engine))
    with pytest.raises(BadInput, match="code of the app"):
        prove(engine, settings, actor(FIRST))
    assert len(entries(engine)) == before, "asking for the code is no wrong try"
    code = code_of(secret)
    assert prove(engine, settings, actor(FIRST), code) == SECOND
    for wrong in (code, "000000"):
        with pytest.raises(accounts.SignInFailed):
            prove(engine, settings, actor(FIRST), wrong)
    assert entries(engine)[before:] == [(ACT, "refused", "code")] * 2
    assert prove(engine, settings, actor(FIRST), codes[0]) == SECOND
    with db.reading(engine) as session:
        used = session.scalars(select(RecoveryCode.used_at).where(RecoveryCode.used_at.is_not(None))).all()
        row = session.scalar(select(AuditEntry).where(AuditEntry.action == "account:recovery_code"))
    assert len(used) == 1 and row is not None
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, actor(FIRST), codes[0])


def test_wrong_tries_wait_as_at_a_sign_in_and_for_both_doors(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    secret, _ = set_up(engine, settings, actor(SECOND))
    count_tries(engine, accounts.CODE_TRIES - 1, code=True)
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, actor(FIRST), "000000")
    with pytest.raises(TooManyTries):
        prove(engine, settings, actor(FIRST), code_of(secret))
    with db.reading(engine) as session:
        account = session.get_one(Account, world.accounts[SECOND])
    with pytest.raises(TooManyTries):  # the same counter, seen from the sign-in page
        accounts.prove_code(engine, settings, account, code_of(secret), address=None)
    count_tries(engine, accounts.FREE_FAILURES, code=False)
    make_each_twice(engine, before=timedelta(minutes=1))  # the next wait is half a minute: longer than a hash takes
    with pytest.raises(accounts.SignInFailed):
        prove(engine, settings, actor(FIRST), password="wrong")
    with pytest.raises(TooManyTries):
        accounts.prove_password(engine, SECOND, PASSWORD, settings=settings, address=None)


def test_a_passkey_of_the_second_person_is_enough_and_of_nobody_closed(
    engine: Engine, settings: Settings, world: World, actor: Find
) -> None:
    device, codes = add(engine, settings, actor(SECOND))
    with pytest.raises(BadInput, match="has passkeys"):
        prove(engine, settings, actor(FIRST))
    assert prove(engine, settings, actor(FIRST), codes[0]) == SECOND

    def show(purpose: str = accounts.SECOND, by: Device = device) -> str:
        challenge, options = ask(engine, settings, purpose=purpose)
        found = accounts.prove_second_by_passkey(
            engine, settings, challenge, by.show(options), address=None, actor=actor(FIRST), action=ACT
        )
        return found.username

    assert show() == SECOND
    before = len(entries(engine))
    for lie in (lambda: show(accounts.SIGN_IN), lambda: show(by=Device())):
        with pytest.raises(accounts.SignInFailed):
            lie()
    with db.writing(engine) as session:
        accounts.set_disabled(session, session.get_one(Account, world.accounts[SECOND]), True, actor=None)
    with pytest.raises(accounts.SignInFailed):
        show()
    assert [(action, outcome) for action, outcome, _why in entries(engine)[before:] if outcome == "refused"] == [
        (ACT, "refused")
    ] * 3


@pytest.mark.parametrize("missing", ["password", "factor"])
def test_who_could_do_nothing_after_a_sign_in_decides_nothing_here(
    engine: Engine, settings: Settings, world: World, actor: Find, missing: str
) -> None:
    asked: OmsError
    strict, password = settings, PASSWORD
    if missing == "factor":
        strict = replace(settings, second_factor="officer")
    else:
        with db.writing(engine) as session:
            password = accounts.reset_password(session, session.get_one(Account, world.accounts[SECOND]), actor=None)
    with pytest.raises(Refused) as refusal:
        prove(engine, strict, actor(FIRST), password=password)
    asked = refusal.value
    assert ("first password" if missing == "password" else "second factor") in str(asked)
