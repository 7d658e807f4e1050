"""A clock that was wrong and was put right (CR-9): nothing lives on until the wrong day, nobody waits for it, the log tells.

A day ahead stands for an hour, a zone or a year: limits here are minutes and hours.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, alarms, audit, clocks, db, jobs, staging
from oms.accounts import guessing, second_factor
from oms.alarms.noticing import Notice
from oms.audit import sealing
from oms.models import Account, AlarmKind, AuditEntry, Job, SignIn, base, new_id, now
from oms.permissions import Actor
from oms.settings import Settings
from tests.factories import PASSWORD, World
from tests.test_second_factor import code_of, set_up

Find = Callable[[str], Actor]
NAME = "canbo.sonv"
AHEAD = [timedelta(hours=1), timedelta(hours=7), timedelta(days=400)]


class Clock:
    """The clock of the machine, to be put forward and back."""

    def __init__(self) -> None:
        self.wrong = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.wrong


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    made = Clock()

    class Shown(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return made.now()

    monkeypatch.setattr(base, "datetime", Shown)
    told = SimpleNamespace(time=lambda: time.time() + made.wrong.total_seconds(), monotonic=time.monotonic)
    for module in (second_factor, clocks):
        monkeypatch.setattr(module, "time", told)
    yield made


def sign_in(engine: Engine, world: World) -> str:
    with db.writing(engine) as session:
        return accounts.sign_in(session, world.accounts[NAME])[0]


def found(engine: Engine, settings: Settings, secret: str) -> SignIn | None:
    with db.reading(engine) as session:
        return accounts.find_sign_in(session, secret, settings, kind="web")


def test_a_session_begun_by_a_clock_a_year_ahead_ends_when_it_is_put_right(
    engine: Engine, settings: Settings, world: World, clock: Clock
) -> None:
    clock.wrong = timedelta(days=400)
    secret = sign_in(engine, world)
    assert found(engine, settings, secret) is not None
    clock.wrong = timedelta()
    assert found(engine, settings, secret) is None
    with db.reading(engine) as session:
        account = session.get_one(Account, world.accounts[NAME])
        actor = accounts.actor_of(session, account, via="web")
        assert accounts.open_sign_ins(session, actor=actor, settings=settings) == []


@pytest.mark.parametrize("later", [timedelta(), timedelta(minutes=16)], ids=str)
@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_where_nobody_is_there_the_session_is_closed(
    engine: Engine, settings: Settings, world: World, clock: Clock, ahead: timedelta, later: timedelta
) -> None:
    clock.wrong = ahead
    secret = sign_in(engine, world)
    clock.wrong = later
    assert found(engine, settings, secret) is None
    with db.reading(engine) as session:
        (signed_in,) = session.scalars(select(SignIn))
        assert accounts.seconds_left(session, signed_in, settings) <= 0
        actor = accounts.actor_of(session, signed_in.account, via="web")
        assert accounts.open_sign_ins(session, actor=actor, settings=settings) == []


def test_sessions_of_then_push_none_of_now_out(engine: Engine, settings: Settings, world: World, clock: Clock) -> None:
    clock.wrong = timedelta(hours=7)
    for _ in range(3):
        sign_in(engine, world)
    clock.wrong = timedelta()
    secrets = [sign_in(engine, world) for _ in range(3)]
    assert all(found(engine, settings, secret) is not None for secret in secrets)


@pytest.mark.parametrize(("ahead", "opens"), [(timedelta(hours=7), True), (timedelta(days=400), False)], ids=str)
def test_a_first_password_made_far_ahead_does_not_wait_until_then(
    engine: Engine, settings: Settings, world: World, clock: Clock, ahead: timedelta, opens: bool
) -> None:
    clock.wrong = ahead
    with db.writing(engine) as session:
        account = session.get_one(Account, world.accounts[NAME])
        account.must_change_password = True
        account.password_expires_at = now() + guessing.FIRST_PASSWORD_FOR
    clock.wrong = timedelta()

    def prove() -> None:
        guessing.prove_password(engine, NAME, PASSWORD, settings=settings, address=None)

    if opens:
        prove()
    else:
        with pytest.raises(guessing.SignInFailed, match="not used in time"):
            prove()


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_what_was_left_in_memory_then_is_wiped(settings: Settings, ahead: timedelta) -> None:
    then = (time.time() + ahead.total_seconds(),) * 2
    left, fresh = staging.make_place(settings), staging.make_place(settings)
    work = staging.work_folder(settings, "reading") / "left"
    work.mkdir()
    for place in (left, work):
        os.utime(place, then)
    assert staging.forgotten(settings) == [work]
    staging.wipe_old(settings)
    assert not left.exists() and fresh.exists()


def test_minutes_back_end_nobodys_work_and_nobody_stays_for_it(
    client_as: Callable[[str], FlaskClient], engine: Engine, settings: Settings, clock: Clock
) -> None:
    clock.wrong = timedelta(minutes=10)
    client = client_as(NAME)
    clock.wrong = timedelta()
    assert client.get("/people").status_code == 200, "somebody at work goes on"
    with db.reading(engine) as session:
        (signed_in,) = session.scalars(select(SignIn))
        assert abs(signed_in.seen_at - now()) < timedelta(minutes=1), "and is seen now, not in ten minutes"
        assert not accounts.is_confirmed(signed_in), "nor is the password of then fresh until then"
    clock.wrong = timedelta(seconds=settings.session_idle + 60)
    assert client.get("/people").status_code == 302


def test_half_a_sign_in_of_another_year_is_over(engine: Engine, settings: Settings, world: World, clock: Clock) -> None:
    clock.wrong = timedelta(days=1)
    with db.writing(engine) as session:
        secret = accounts.sign_in_half(session, world.accounts[NAME])
    clock.wrong = timedelta()
    with db.reading(engine) as session:
        assert accounts.find_sign_in(session, secret, settings, kind="half") is None


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_wrong_tries_of_then_keep_nobody_waiting_until_then(
    engine: Engine, world: World, clock: Clock, ahead: timedelta
) -> None:
    clock.wrong = ahead
    with db.writing(engine) as session:
        for _ in range(guessing.FREE_FAILURES + 1):
            guessing.admit(session, NAME, address="10.0.0.1")
    clock.wrong = timedelta()
    with db.writing(engine) as session:
        guessing.admit(session, NAME, address="10.0.0.1")
        guessing.admit(session, NAME, address="10.0.0.1", code=True)


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_work_goes_on(engine: Engine, world: World, clock: Clock, ahead: timedelta) -> None:
    clock.wrong = ahead
    with db.writing(engine) as session:
        jobs.enqueue(session, "note", new_id(), actor=None)
        jobs.enqueue(session, "note", new_id(), actor=None)
        jobs.repeat(session, "measure_index", "-", every=timedelta(minutes=5))
        running, handed_over, by_the_clock = session.info.pop("enqueued")
        jobs.claim(session, running, holder="dead", lease=30)
        jobs.mark_handed_over(session, [handed_over])
        put_off = jobs.claim(session, by_the_clock, holder="dead", lease=30)
        assert put_off is not None
        jobs.put_off(session, put_off)
    clock.wrong = timedelta()
    with db.writing(engine) as session:
        assert set(jobs.forgotten(session)) == {running, handed_over, by_the_clock}
        assert set(jobs.waiting(session, ["note", "measure_index"])) == {running, handed_over, by_the_clock}
        assert jobs.claim(session, running, holder="living", lease=30) is not None
        assert jobs.claim(session, running, holder="third", lease=30) is None, "a lease of now holds"
    clock.wrong = ahead
    with db.writing(engine) as session:
        jobs.finish(session.get_one(Job, by_the_clock))
    clock.wrong = timedelta()
    with db.reading(engine) as session:
        assert jobs.is_due(session, "measure_index", "-", every=timedelta(minutes=5))


def test_checkpoints_and_alarms_come_as_they_should(
    engine: Engine, settings: Settings, world: World, clock: Clock
) -> None:
    def write() -> None:
        with db.writing(engine) as session:
            audit.record(session, "search:find", actor=None)

    clock.wrong = timedelta(days=400)
    write()
    sealing.seal(engine, settings)
    with db.writing(engine) as session:
        alarms.raise_alarms(session, [Notice(AlarmKind.MANY_EXPORTS, "then", world.accounts[NAME])])
    clock.wrong = timedelta()
    write()
    sealed = sealing.seal_when_due(engine, settings)
    assert sealed is not None and sealing.end_of(sealed) == 3, "not only when that day has come"
    with db.reading(engine) as session:
        assert not alarms.noticing._was_just_told(
            session, Notice(AlarmKind.MANY_EXPORTS, "now", world.accounts[NAME]), now()
        )


def test_a_code_of_then_is_not_taken_again_and_one_of_now_only_when_it_is_later(
    engine: Engine, settings: Settings, world: World, actor: Find, clock: Clock
) -> None:
    secret, _ = set_up(engine, settings, actor(NAME))
    with db.reading(engine) as session:
        account = session.get_one(Account, world.accounts[NAME])
    clock.wrong = timedelta(minutes=10)
    accounts.prove_code(engine, settings, account, code_of(secret), address=None)
    clock.wrong = timedelta()
    with pytest.raises(accounts.SignInFailed):
        accounts.prove_code(engine, settings, account, code_of(secret), address=None)


def test_a_jump_stands_in_the_log_and_entries_stay_in_their_order(
    engine: Engine, settings: Settings, world: World, clock: Clock
) -> None:
    def jumps() -> list[int]:
        with db.reading(engine) as session:
            query = select(AuditEntry.body).where(AuditEntry.action == "system:clock").order_by(AuditEntry.seq)
            return [json.loads(body)["detail"]["seconds"] for body in session.scalars(query)]

    watch = clocks.ClockWatch()
    assert watch.look(engine) == 0
    for wrong in (timedelta(seconds=5), timedelta(seconds=10), timedelta(days=400), timedelta()):
        clock.wrong = wrong
        watch.look(engine)
        with db.writing(engine) as session:
            audit.record(session, "search:find", actor=None)
    assert [round(seconds, -2) for seconds in jumps()] == [34_560_000, -34_560_000], "NTP's seconds are none"
    clock.wrong = timedelta(days=1)
    with db.writing(engine) as session:
        audit.record(session, "search:find", actor=None)
    clock.wrong = timedelta()
    clocks.ClockWatch().look(engine)
    clocks.ClockWatch().look(engine)
    assert len(jumps()) == 3, "one that happened while nobody watched, told once"
    with db.reading(engine) as session:
        assert not audit.verify(session).finding
