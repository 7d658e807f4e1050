"""How much one account may bring in within a day, and how much room the disk must keep.

Asked when a file has arrived in memory and nobody has opened it yet; counted in the transaction that enters it, in one
row of account and day, which those who enter at once take one after the other: a day holds exactly what was entered, also
what was withdrawn or destroyed afterwards.
Knows no way in; each of them asks and counts here.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from oms import catalogue, db, limits
from oms.errors import N_, FileNotNow, FileRefused
from oms.models import AttachedFile, Fact, Scan, Stack, UploadDay, now
from oms.organisation import HANOI, today
from oms.permissions import Actor
from oms.settings import Settings

KEPT_SHARE, KEPT_LEAST = 0.05, 10 * 1024**3
"""What stays free on the disk of the files, the larger of the two: for database, index and the backup of a week."""
KEPT_BY_DEMO = 1024**3
"""What a demonstration leaves free: its people are invented, and laptops are small."""
MEGABYTE = 1024 * 1024
AGAIN = 600
"""Seconds after which somebody may have made room on a disk."""


class DayFull(FileRefused):
    """The account brought in today what it may; `seconds` until the next day."""

    status = 429
    what = N_("Daily limit of uploads reached")


class DiskFull(FileNotNow):
    """The disk is as full as it may become by uploads."""

    status = 507
    what = N_("Too little room on the disk")


@dataclass(frozen=True)
class Day:
    """What an account brought in today, and what it may: files and bytes."""

    files: int
    octets: int
    most_files: int
    most_octets: int
    near: bool

    @property
    def files_left(self) -> int:
        """Files that may still come."""
        return max(0, self.most_files - self.files)

    @property
    def megabytes_left(self) -> int:
        """MB that may still come, rounded down."""
        return max(0, self.most_octets - self.octets) // MEGABYTE

    def holds(self, size: int, promised: Sequence[int] = ()) -> bool:
        """Whether one more file of so many bytes fits, behind others of the sizes that were promised."""
        return self.files + len(promised) < self.most_files and self.octets + sum(promised) + size <= self.most_octets


def day_of(session: Session, *, actor: Actor) -> Day | None:
    """How far the account is today; None where no limit is in force."""
    day = today()
    return _measure(session.get(UploadDay, (actor.account_id, day)), catalogue.upload_rule(day))


def _measure(row: UploadDay | None, rule: catalogue.UploadRule | None) -> Day | None:
    if rule is None:
        return None
    files, octets = (row.files, row.octets) if row else (0, 0)
    near = 100 * files >= rule.near_percent * rule.files_a_day or 100 * octets >= rule.near_percent * rule.octets_a_day
    return Day(files, octets, rule.files_a_day, rule.octets_a_day, near)


def take_turn(engine: Engine, *, actor: Actor) -> None:
    """Count one more file handed in within the hour, before it is opened; `TooManyTries` says when the next one may come."""
    if (rule := catalogue.upload_rule(today())) is not None:
        limits.take_of(engine, "scan:upload", rule.files_an_hour, actor=actor)


def asking(
    engine: Engine, settings: Settings, *, actor: Actor, into: str = "", promised: Sequence[int] = ()
) -> Callable[[int, Sequence[str]], None]:
    """For `intake.examine`: whether a file of so many bytes may come in; raises `DayFull` or `DiskFull`.

    One that is in the dossier, on the transfer or among the stacks of the unit `into` already needs no room: who saw no
    answer sends it again and must hear that it is. `promised`: see `require_room`.
    """

    def ask(size: int, names: Sequence[str]) -> None:
        with db.reading(engine) as session:
            if not into or not _is_here(session, into, names):
                require_room(session, settings, size, actor=actor, promised=promised)

    return ask


def _is_here(session: Session, into: str, names: Sequence[str]) -> bool:
    questions = (
        select(Scan.id).where(Scan.dossier_id == into, Scan.sha256.in_(names)),
        select(Stack.id).where(Stack.unit_id == into, Stack.sha256.in_(names), Stack.ended_at.is_(None)),
        select(AttachedFile.id).where(AttachedFile.transfer_id == into, AttachedFile.sha256.in_(names)),
    )
    return any(session.scalar(question.limit(1)) is not None for question in questions)


def require_room(
    session: Session, settings: Settings, size: int, *, actor: Actor, promised: Sequence[int] = ()
) -> None:
    """Raise where the account, or the disk, has no room for one more file of so many bytes.

    `promised` are the sizes of files that somebody was told would come in before it, and that are not counted yet.
    """
    day = day_of(session, actor=actor)
    if day is not None and not day.holds(size):
        raise _day_full(day)
    if day is not None and not day.holds(size, promised):
        raise DayFull(
            N_(
                "The files before it take what is left of today (%(files)s files, %(megabytes)s MB). Take those in, and "
                "give this one in tomorrow, from 0:00, or through a colleague."
            ),
            files=day.files_left,
            megabytes=day.megabytes_left,
            seconds=_seconds_left(),
        )
    usage = shutil.disk_usage(_existing(settings.scans))
    kept = kept_free(session, usage.total)
    if usage.free - sum(promised) - size < kept:
        raise DiskFull(
            N_(
                "The disk is nearly full, so no file is taken in: %(free)s MB are free and %(needed)s MB must stay so. "
                "Nothing of it was kept. Call the administrator; what was received before is safe."
            ),
            free=usage.free // MEGABYTE,
            needed=int(kept) // MEGABYTE,
            seconds=AGAIN,
        )


def fullest(session: Session, settings: Settings) -> tuple[int, int, int]:
    """Bytes free, in all, and to be left free on the fuller of the disks of database and files."""
    usages = [shutil.disk_usage(folder) for folder in (settings.home, _existing(settings.scans))]
    told = [(usage.free, usage.total, int(kept_free(session, usage.total))) for usage in usages]
    return min(told, key=lambda one: one[0] - one[2])


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else folder.parent


def kept_free(session: Session, total: int) -> float:
    """Bytes that uploads leave free on a disk of so many bytes."""
    demo = session.get(Fact, "demo") is not None
    return KEPT_BY_DEMO if demo else max(KEPT_SHARE * total, KEPT_LEAST)


def count(session: Session, size: int, *, actor: Actor) -> None:
    """Count a file that is being entered; `DayFull` where somebody else was faster with the last of the day.

    Called before the entry in the log is written: whoever waits for the row of the day must not hold the log meanwhile.
    """
    on = today()  # once: midnight may come while it waits for the row
    rule = catalogue.upload_rule(on)
    if rule is None:
        return
    session.flush()
    key = {"account_id": actor.account_id, "day": on}
    dialect = sqlite if db.is_sqlite(session) else postgresql
    session.execute(dialect.insert(UploadDay).values(**key, files=0, octets=0).on_conflict_do_nothing())
    row = session.get_one(UploadDay, (actor.account_id, on))
    db.lock(session, row)
    day = _measure(row, rule)
    if day is not None and not day.holds(size):
        raise _day_full(day)
    row.files, row.octets = row.files + 1, row.octets + size
    session.flush()
    if row.files == 1:  # the first of a day forgets the days before
        session.execute(delete(UploadDay).where(UploadDay.account_id == actor.account_id, UploadDay.day < on))


def _day_full(day: Day) -> DayFull:
    return DayFull(
        N_(
            "The limit of a day is reached: you brought in %(files)s files of %(most_files)s and %(megabytes)s MB of "
            "%(most_megabytes)s. Nothing of this file was kept; go on tomorrow, from 0:00, or with a colleague."
        ),
        files=day.files,
        most_files=day.most_files,
        megabytes=day.octets // MEGABYTE,
        most_megabytes=day.most_octets // MEGABYTE,
        seconds=_seconds_left(),
    )


def _seconds_left() -> int:
    """Seconds until the next day begins in Hanoi."""
    moment = now().astimezone(HANOI)
    midnight = datetime.combine(moment.date() + timedelta(days=1), time(), HANOI)
    return int((midnight - moment).total_seconds()) + 1
