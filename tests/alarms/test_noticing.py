"""What raises an alarm and what does not: each limit one below and one above, once, at any hour."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from oms import alarms, audit, catalogue, db, looks
from oms.alarms import noticing
from oms.audit import sealing
from oms.models import Account, Alarm, AlarmKind, AuditEntry, new_id
from oms.organisation import HANOI
from oms.permissions import Actor
from oms.settings import Settings
from tests.factories import World

RULE = catalogue.alarm_rule(datetime.now(HANOI).date())
NOON = datetime.now(HANOI).replace(hour=12, minute=30, second=0, microsecond=0).astimezone(UTC)


@pytest.fixture(autouse=True)
def roomy_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noticing.shutil, "disk_usage", lambda _: SimpleNamespace(total=100, free=60))


def open_dossiers(session: Session, account_id: str, count: int, *, at: datetime, action: str = "dossier:view") -> None:
    """As many different dossiers opened; the log itself does not matter here, only what it says."""
    last = session.scalar(select(AuditEntry.seq).order_by(AuditEntry.seq.desc()).limit(1)) or 0
    for number in range(count):
        row: dict[str, Any] = {"previous": "", "body": "{}", "outcome": "done", "action": action}
        session.add(
            AuditEntry(
                seq=last + number + 1,
                hash=new_id() * 4,
                at=at,
                account_id=account_id,
                dossier_id=f"{number:016x}",
                **row,
            )
        )
    session.flush()


def open_people(session: Session, account_id: str, count: int, *, at: datetime) -> None:
    """As many different people looked at, as `people.look` leaves them in the log: without a dossier."""
    last = session.scalar(select(AuditEntry.seq).order_by(AuditEntry.seq.desc()).limit(1)) or 0
    for number in range(count):
        row: dict[str, Any] = {"previous": "", "body": "{}", "outcome": "done", "action": "person:view"}
        more = {"object_kind": "person", "object_id": f"person-{number}", "account_id": account_id}
        session.add(AuditEntry(seq=last + number + 1, hash=new_id() * 4, at=at, **row, **more))
    session.flush()


def kinds(session: Session, settings: Settings, at: datetime = NOON) -> list[AlarmKind]:
    return [one.kind for one in noticing.notice(session, settings, at=at)]


def account(session: Session, username: str = "canbo.sonv") -> str:
    return session.scalars(select(Account.id).where(Account.username == username)).one()


def test_opening_many_dossiers_in_an_hour(session: Session, settings: Settings) -> None:
    limit = RULE.dossiers_an_hour
    open_dossiers(session, account(session), limit, at=NOON - timedelta(minutes=50))
    open_dossiers(session, account(session), limit, at=NOON - timedelta(minutes=10))  # the same ones again
    assert kinds(session, settings) == []
    open_dossiers(session, account(session), limit + 1, at=NOON - timedelta(minutes=1))
    (found,) = noticing.notice(session, settings, at=NOON)
    assert found.kind == AlarmKind.BULK_READING
    assert (found.values["count"], found.values["limit"]) == (limit + 1, limit)
    assert "canbo.sonv" in str(found.values["who"])
    assert kinds(session, settings, NOON + timedelta(hours=2)) == []


def test_changing_many_dossiers_is_no_reading(session: Session, settings: Settings) -> None:
    open_dossiers(session, account(session), RULE.dossiers_an_hour + 1, at=NOON, action="transfer:submit")
    assert kinds(session, settings) == []


def test_far_more_than_in_other_hours(session: Session, settings: Settings) -> None:
    usual, now_read = 5, RULE.unusual_times * 5 + 1
    count = max(now_read, RULE.unusual_from)
    open_dossiers(session, account(session), count, at=NOON)
    assert kinds(session, settings) == [], "of somebody new nobody knows what is usual"
    for hours in range(RULE.history_hours):
        open_dossiers(session, account(session), usual, at=NOON - timedelta(hours=30 + hours))
    assert kinds(session, settings) == [AlarmKind.UNUSUAL_READING]
    for hours in range(RULE.history_hours):
        open_dossiers(session, account(session), count, at=NOON - timedelta(hours=100 + hours))
    assert kinds(session, settings) == [], "whoever reads that much every day is not unusual"


def test_reading_at_night(session: Session, settings: Settings) -> None:
    night = NOON.astimezone(HANOI).replace(hour=RULE.night_from, minute=30)
    open_dossiers(session, account(session), RULE.night_dossiers - 1, at=night)
    assert kinds(session, settings, night) == []
    open_dossiers(session, account(session), RULE.night_dossiers, at=night)
    found = noticing.notice(session, settings, at=night)
    assert [one.kind for one in found] == [AlarmKind.NIGHT_READING]
    after_midnight = night + timedelta(hours=3)
    open_dossiers(session, account(session), RULE.night_dossiers, at=after_midnight)
    assert [one.key for one in noticing.notice(session, settings, at=after_midnight)] == [found[0].key], (
        "one night, one alarm"
    )


def test_opening_many_people_counts_like_opening_their_dossiers(session: Session, settings: Settings) -> None:
    me, limit = account(session), RULE.dossiers_an_hour
    open_dossiers(session, me, limit, at=NOON)
    open_people(session, me, limit, at=NOON)
    assert kinds(session, settings) == [], "person and dossier of one are one"
    open_people(session, me, limit + 1, at=NOON)
    assert kinds(session, settings) == [AlarmKind.BULK_READING]


def test_the_counts_use_an_index_of_the_time(session: Session, settings: Settings) -> None:
    """Every half minute over a log of millions: a plan that reads all looks ever made is a fault."""
    if session.get_bind().dialect.name != "sqlite":
        return
    plans = []
    for action in ("account:sign_in", "page:view"):
        query = "EXPLAIN QUERY PLAN SELECT count(*) FROM audit_entries WHERE action = :a AND at > '2026-01-01'"
        plans += [row[-1] for row in session.execute(text(query), {"a": action})]
    assert all("(action=? AND at>?)" in plan for plan in plans), plans


def test_tries_of_one_evening_are_one_alarm_after_midnight_too(session: Session, settings: Settings) -> None:
    one = session.get_one(Account, account(session))
    for _ in range(RULE.wrong_tries_a_day):
        audit.record(session, "account:sign_in", one, actor=None, outcome="refused")
    now_ = datetime.now(UTC) + timedelta(seconds=5)
    alarms.raise_alarms(session, noticing.notice(session, settings, at=now_))
    assert AlarmKind.WRONG_SIGN_INS not in kinds(session, settings, now_ + timedelta(hours=23))


def test_many_files_taken_out(session: Session, settings: Settings) -> None:
    open_dossiers(session, account(session), RULE.exports_an_hour - 1, at=NOON, action="search:export")
    assert kinds(session, settings) == []
    open_dossiers(session, account(session), 1, at=NOON, action="dossier:export")
    assert kinds(session, settings) == [AlarmKind.MANY_EXPORTS]


def test_wrong_passwords_of_one_account_and_of_many(session: Session, settings: Settings) -> None:
    one = session.get_one(Account, account(session))
    for _ in range(RULE.wrong_tries_a_day - 1):
        audit.record(session, "account:sign_in", one, actor=None, outcome="refused")
    moment = datetime.now(UTC) + timedelta(seconds=5)
    assert kinds(session, settings, moment) == []
    audit.record(session, "account:sign_in", one, actor=None, outcome="refused")
    assert kinds(session, settings, moment) == [AlarmKind.WRONG_SIGN_INS]
    for _ in range(RULE.wrong_tries_everywhere - RULE.wrong_tries_a_day):
        audit.record(session, "account:sign_in", actor=None, outcome="refused")
    assert AlarmKind.WRONG_SIGN_INS_EVERYWHERE in kinds(session, settings, moment)


def test_a_broken_log_damaged_files_and_a_full_disk(
    session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks.remember_check(session, 0)
    session.flush()
    assert kinds(session, settings) == []
    looks.remember_check(session, 3)
    session.flush()
    assert kinds(session, settings) == [AlarmKind.FILES_DAMAGED]
    monkeypatch.setattr(
        noticing.shutil, "disk_usage", lambda _: SimpleNamespace(total=100, free=100 - RULE.disk_percent)
    )
    refused = SimpleNamespace(refused=SimpleNamespace(seq=41), breaks=())
    monkeypatch.setattr(sealing, "state_of", lambda _: refused)
    found = {one.kind: dict(one.values) for one in noticing.notice(session, settings, at=NOON)}
    assert found[AlarmKind.LOG_BROKEN] == {"seq": 41}
    assert found[AlarmKind.DISK_FULL] == {"percent": RULE.disk_percent}


def test_each_is_raised_once_and_an_ordinary_day_raises_none(engine: Engine, settings: Settings, world: World) -> None:
    alarms.watch(engine, settings)
    with db.writing(engine) as session:
        assert session.scalars(select(Alarm)).all() == []
        looks.remember_check(session, 2)
    for _ in range(3):
        alarms.watch(engine, settings)
    with db.reading(engine) as session:
        (alarm,) = session.scalars(select(Alarm))
        assert alarm.kind == AlarmKind.FILES_DAMAGED
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "alarm:raise")).all()
        assert [entry.object_id for entry in entries] == [alarm.id]


def test_two_workers_raise_one(session: Session, settings: Settings, actor: Callable[[str], Actor]) -> None:
    one = noticing.Notice(AlarmKind.DISK_FULL, "today", values={"percent": 90})
    assert len(alarms.raise_alarms(session, [one])) == 1
    assert alarms.raise_alarms(session, [one]) == []
    assert len(alarms.waiting(session, actor=actor("quantri"))) == 1
