"""Guessing: tries are counted before the password is looked at, and nobody keeps somebody else out."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from oms import accounts, db
from oms.accounts import guessing, passwords
from oms.accounts.guessing import digest
from oms.errors import TooManyTries, Unavailable
from oms.models import Account, Attempt, now
from oms.settings import Settings
from tests.factories import PASSWORD, World

NAME = "canbo.sonv"
# Without a directory: passwords are those kept here.
LOCAL = Settings()


@pytest.fixture(autouse=True)
def quick_hashes(engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is slow by design; here it is done a hundred times."""
    cheap = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", cheap)
    monkeypatch.setattr(passwords, "_hash_of_nobody", lambda: cheap.hash("nobody"))
    with db.writing(engine) as session:
        session.execute(update(Account).values(password_hash=cheap.hash(PASSWORD)))


def try_out(engine: Engine, password: str, username: str = NAME, address: str = "10.0.0.1", browser: str = "") -> str:
    try:
        accounts.prove_password(engine, username, password, settings=LOCAL, address=address, browser=browser)
    except accounts.SignInFailed:
        return "wrong"
    except TooManyTries:
        return "wait"
    return "right"


def counted(engine: Engine) -> int:
    with db.reading(engine) as session:
        return len(session.scalars(select(Attempt.id)).all())


def let_pass(engine: Engine, time: timedelta) -> None:
    """As if all tries had happened so much earlier."""
    with db.writing(engine) as session:
        for attempt in session.scalars(select(Attempt)):
            attempt.at -= time


def fail_often(engine: Engine, username: str = NAME, times: int = 12) -> None:
    """As if a stranger had just failed so often: twelve times means four minutes of waiting, however slow the machine."""
    with db.writing(engine) as session:
        session.add_all(Attempt(who=digest(username), source="", address="10.0.0.66") for _ in range(times))


@pytest.mark.parametrize("failures", range(16))
def test_four_are_free_then_the_wait_doubles_up_to_a_quarter_of_an_hour(failures: int) -> None:
    moment = now()
    times = [moment - timedelta(seconds=failures - number) for number in range(failures)]
    since = timedelta(seconds=1)
    expected = 0 if failures <= 4 else min(2 ** (failures - 4), 900)
    wait = accounts.growing_wait(times, moment)
    assert wait == (timedelta(seconds=expected) - since if expected else timedelta())


@pytest.mark.parametrize("username", [NAME, "nobody.here"])
def test_after_the_free_ones_even_the_right_password_waits(engine: Engine, username: str) -> None:
    assert [try_out(engine, "wrong", username) for _ in range(5)] == ["wrong"] * 5
    fail_often(engine, username, 7)
    assert try_out(engine, PASSWORD, username) == "wait"
    let_pass(engine, timedelta(minutes=5))
    assert try_out(engine, PASSWORD, username) == ("right" if username == NAME else "wrong")


def test_the_window_passes_and_the_right_password_clears_the_counter(engine: Engine) -> None:
    fail_often(engine, times=5)
    let_pass(engine, accounts.FAILURE_WINDOW)
    assert [try_out(engine, "wrong") for _ in range(4)] == ["wrong"] * 4
    account, before = accounts.prove_password(engine, NAME, PASSWORD, settings=LOCAL, address="10.0.0.1")
    assert account.username == NAME and before == 9
    assert counted(engine) == 0


def test_forty_at_once_get_no_more_than_the_free_ones(engine: Engine) -> None:
    answers: list[str] = []
    start = threading.Barrier(40)

    def guess(number: int) -> None:
        start.wait()
        answers.append(try_out(engine, f"wrong {number}"))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("wrong") == accounts.FREE_FAILURES + 1
    assert answers.count("wait") == 40 - accounts.FREE_FAILURES - 1


def test_what_fails_on_our_side_is_no_wrong_try(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHING_PATIENCE", 0.01)
    with passwords._one_at_a_time, pytest.raises(Unavailable):
        accounts.prove_password(engine, NAME, PASSWORD, settings=LOCAL, address="10.0.0.1")
    assert counted(engine) == 0


def test_a_stranger_keeps_nobody_out_of_a_browser_that_is_known(engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        accounts.sign_in(session, world.accounts[NAME], browser="m" * 43)
    fail_often(engine)
    assert try_out(engine, PASSWORD) == "wait"
    assert try_out(engine, PASSWORD, browser="x" * 43) == "wait", "an invented mark is a stranger's"
    assert try_out(engine, PASSWORD, browser="m" * 43) == "right"
    assert [try_out(engine, "wrong", browser="m" * 43) for _ in range(5)] == ["wrong"] * 5
    with db.writing(engine) as session:
        session.add_all(Attempt(who=digest(NAME), source=digest("m" * 43), address="") for _ in range(7))
    assert try_out(engine, PASSWORD, browser="m" * 43) == "wait", "the browser has a counter, and it counts"
    assert try_out(engine, PASSWORD, "canbo.sotc", browser="m" * 43) == "right"


def test_a_mark_is_good_for_its_own_account_only(engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        accounts.sign_in(session, world.accounts["canbo.sotc"], browser="m" * 43)
    fail_often(engine)
    assert try_out(engine, PASSWORD, browser="m" * 43) == "wait"


def test_an_address_that_tries_thirty_accounts_waits_but_one_account_does_not_make_thirty(engine: Engine) -> None:
    for number in range(accounts.ADDRESS_ACCOUNTS):
        assert try_out(engine, "wrong", f"nobody{number}") == "wrong"
    assert try_out(engine, PASSWORD) == "wait"
    assert try_out(engine, "wrong", "nobody1") == "wrong", "the accounts it was at already have counters of their own"
    assert try_out(engine, PASSWORD, address="10.0.0.2") == "right"
    let_pass(engine, guessing.ADDRESS_WINDOW)
    assert try_out(engine, PASSWORD) == "right"


def test_a_first_password_opens_nothing_after_three_days(engine: Engine) -> None:
    with db.writing(engine) as session:
        session.execute(
            update(Account)
            .where(Account.username == NAME)
            .values(must_change_password=True, password_expires_at=now() - timedelta(seconds=1))
        )
    with pytest.raises(accounts.SignInFailed, match="not used in time"):
        accounts.prove_password(engine, NAME, PASSWORD, settings=LOCAL, address="10.0.0.1")


def test_a_hash_of_older_parameters_is_made_anew(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = passwords.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", newer)
    assert try_out(engine, PASSWORD) == "right"
    with db.reading(engine) as session:
        kept = session.scalar(select(Account.password_hash).where(Account.username == NAME))
        assert kept is not None and "m=16,t=2,p=1" in kept
    assert try_out(engine, PASSWORD) == "right"


def test_parameters_of_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    make: Callable[[str], str] = accounts.hash_password
    assert make("x").startswith("$argon2id$v=19$m=65536,t=3,p=1$")
