"""What raises an alarm: counts over the audit log, the seal of the log, the last check, the disk, the certificate.
Writes nothing."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from oms import catalogue, certificates, health, looks
from oms.audit import sealing
from oms.catalogue import AlarmRule
from oms.models import Account, Alarm, AlarmKind, AuditEntry, Fact, now
from oms.organisation import HANOI
from oms.settings import Settings

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# What shows something out of a dossier, or the person it is about.
LOOKS = (
    "dossier:view",
    "page:view",
    "scan:view",
    "scan:download",
    "record:view",
    "person:view",
    "consultation:look",
    "insert:look",
    "dossier:export",
)


# Over how long each is counted.
WITHIN = {
    AlarmKind.BULK_READING: HOUR,
    AlarmKind.UNUSUAL_READING: HOUR,
    AlarmKind.MANY_EXPORTS: HOUR,
    AlarmKind.WRONG_SIGN_INS: DAY,
    AlarmKind.WRONG_SIGN_INS_EVERYWHERE: HOUR,
}
_PERSON = case((AuditEntry.action == "person:view", AuditEntry.object_id))
"""Whom somebody looked at. Of persons and dossiers the larger number counts: both are opened for one and the same."""


@dataclass(frozen=True)
class Notice:
    """Something to raise an alarm about; `key` is the same as long as it is the same thing."""

    kind: AlarmKind
    about: str
    account_id: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Kind and what it is about."""
        return f"{self.kind.value}:{self.about}"


def notice(session: Session, settings: Settings, *, at: datetime | None = None) -> list[Notice]:
    """Everything that is beyond its limit at this moment and has no alarm yet."""
    moment = at or now()
    rule = catalogue.alarm_rule(moment.astimezone(HANOI).date())
    found = [*_log(settings), *_files(session), *_disk(settings, moment, rule.disk_percent if rule else 100)]
    found += _certificate(settings, moment)
    found += [Notice(AlarmKind.LOOK_OVERDUE, about, values=values) for about, values in looks.overdue(session, moment)]
    if rule is not None:
        found += _reading(session, moment, rule)
        found += _exports(session, moment, rule)
        found += _sign_ins(session, moment, rule)
    known = set(session.scalars(select(Alarm.key).where(Alarm.key.in_([one.key for one in found]))))
    return [one for one in found if one.key not in known and not _was_just_told(session, one, moment)]


def _was_just_told(session: Session, one: Notice, moment: datetime) -> bool:
    """What is counted over an hour or a day is one alarm in it, also across midnight."""
    if one.kind not in WITHIN:
        return False
    recent = select(Alarm.id).where(
        Alarm.kind == one.kind, Alarm.raised_at.between(moment - WITHIN[one.kind], moment + WITHIN[one.kind])
    )
    recent = recent.where(Alarm.account_id == one.account_id if one.account_id else Alarm.account_id.is_(None))
    return session.scalar(recent.limit(1)) is not None


def _reading(session: Session, moment: datetime, rule: AlarmRule) -> Iterator[Notice]:
    local = moment.astimezone(HANOI)
    dossiers, persons = (func.count(func.distinct(thing)) for thing in (AuditEntry.dossier_id, _PERSON))
    least = min(rule.dossiers_an_hour, rule.unusual_from, rule.night_dossiers)
    rows = session.execute(
        select(AuditEntry.account_id, dossiers, persons)
        .where(AuditEntry.at > moment - HOUR, AuditEntry.at <= moment, AuditEntry.account_id.is_not(None))
        .where(AuditEntry.action.in_(LOOKS), AuditEntry.outcome == "done")
        .group_by(AuditEntry.account_id)
        .having(or_(dossiers >= least, persons >= least))
    ).all()
    for account_id, *counts in rows:
        count = max(counts)
        values = {"who": _name(session, account_id), "count": count}
        about = f"{account_id}:{_hour(moment)}"
        if count > rule.dossiers_an_hour:
            yield Notice(AlarmKind.BULK_READING, about, account_id, {**values, "limit": rule.dossiers_an_hour})
        elif count >= rule.unusual_from:
            usual = _usual(session, account_id, moment, rule)
            if usual is not None and count > rule.unusual_times * usual:
                yield Notice(AlarmKind.UNUSUAL_READING, about, account_id, {**values, "usual": usual})
        if rule.is_night(local.hour) and count >= rule.night_dossiers:
            night = (local - timedelta(hours=rule.night_to)).date()
            yield Notice(AlarmKind.NIGHT_READING, f"{account_id}:{night}", account_id, values)


def _usual(session: Session, account_id: str | None, moment: datetime, rule: AlarmRule) -> int | None:
    """The 95th percentile of different dossiers in the account's own hours of the days before; None when few are
    known."""
    seen = session.execute(
        select(AuditEntry.at, AuditEntry.dossier_id, _PERSON)
        .where(AuditEntry.account_id == account_id, AuditEntry.at <= moment - HOUR)
        .where(AuditEntry.at > moment - timedelta(days=rule.history_days))
        .where(AuditEntry.action.in_(LOOKS), AuditEntry.outcome == "done")
    )
    found = {(f"{at:%Y-%m-%dT%H}", dossier, person) for at, dossier, person in seen}
    of_dossiers = Counter(hour for hour, _dossier in {(hour, dossier) for hour, dossier, _ in found if dossier})
    of_persons = Counter(hour for hour, _person in {(hour, person) for hour, _, person in found if person})
    hours = of_dossiers | of_persons  # the larger of both
    if len(hours) < rule.history_hours:
        return None
    ranked = sorted(hours.values())
    return ranked[int(len(ranked) * 0.95)]


def _exports(session: Session, moment: datetime, rule: AlarmRule) -> Iterator[Notice]:
    rows = session.execute(
        select(AuditEntry.account_id, func.count())
        .where(AuditEntry.at > moment - HOUR, AuditEntry.at <= moment, AuditEntry.account_id.is_not(None))
        .where(AuditEntry.action.like("%:export"), AuditEntry.outcome == "done")
        .group_by(AuditEntry.account_id)
        .having(func.count() >= rule.exports_an_hour)
    ).all()
    for account_id, count in rows:
        values = {"who": _name(session, account_id), "count": count, "limit": rule.exports_an_hour}
        about = f"{account_id}:{_hour(moment)}"
        yield Notice(AlarmKind.MANY_EXPORTS, about, account_id, values)


def _sign_ins(session: Session, moment: datetime, rule: AlarmRule) -> Iterator[Notice]:
    refused = (AuditEntry.action == "account:sign_in") & (AuditEntry.outcome == "refused") & (AuditEntry.at <= moment)
    rows = session.execute(
        select(AuditEntry.object_id, func.count())
        .where(refused, AuditEntry.at > moment - DAY, AuditEntry.object_id.is_not(None))
        .group_by(AuditEntry.object_id)
        .having(func.count() >= rule.wrong_tries_a_day)
    ).all()
    day = moment.astimezone(HANOI).date()
    for account_id, count in rows:
        values = {"who": _name(session, account_id), "count": count}
        yield Notice(AlarmKind.WRONG_SIGN_INS, f"{account_id}:{day}", account_id, values)
    minutes = timedelta(minutes=rule.everywhere_minutes)
    count = session.scalar(select(func.count()).where(refused, AuditEntry.at > moment - minutes)) or 0
    if count >= rule.wrong_tries_everywhere:
        values = {"count": count, "minutes": rule.everywhere_minutes}
        yield Notice(AlarmKind.WRONG_SIGN_INS_EVERYWHERE, _hour(moment), values=values)


def _log(settings: Settings) -> Iterator[Notice]:
    seal = sealing.state_of(settings)
    if seal.refused:
        seq = seal.refused.seq
        # A second break may stand at the entry of the first: the same number, and another alarm.
        once = f"{seal.first}:{seq}" if seal.breaks else str(seq)
        yield Notice(AlarmKind.LOG_BROKEN, once, values={"seq": seq})


def _files(session: Session) -> Iterator[Notice]:
    found = looks.last_check(session)
    if found is not None and found[1]:
        about = found[0].isoformat(timespec="seconds")
        yield Notice(AlarmKind.FILES_DAMAGED, about, values={"count": found[1]})
    fact = session.get(Fact, health.BURST)
    if fact is not None:
        files, _space, since = fact.value.partition(" ")
        if int(files):
            yield Notice(AlarmKind.FILES_DAMAGED, f"burst:{since}", values={"count": files, "stopped": True})


def _disk(settings: Settings, moment: datetime, limit: int) -> Iterator[Notice]:
    usage = shutil.disk_usage(settings.home)
    percent = 100 * (usage.total - usage.free) // usage.total
    if percent >= limit:
        yield Notice(AlarmKind.DISK_FULL, f"{moment.astimezone(HANOI).date()}", values={"percent": percent})


def _certificate(settings: Settings, moment: datetime) -> Iterator[Notice]:
    tone, _sentence, values = certificates.standing(settings, moment)
    if tone != "success" and "day" in values:
        yield Notice(AlarmKind.CERTIFICATE_ENDS, f"{values['day']}:{tone}", values=values)


def _hour(moment: datetime) -> str:
    """The hour in Hanoi an alarm is about."""
    return f"{moment.astimezone(HANOI):%Y-%m-%dT%H}"


def _name(session: Session, account_id: str | None) -> str:
    account = session.get(Account, account_id) if account_id else None
    return f"{account.full_name} ({account.username})" if account else account_id or ""
