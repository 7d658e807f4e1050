"""When database, index and stored files were last looked at, and whether that is too long ago: facts, findings, alarms.

A fast look asks whether each file is there and as long as it was; a full one reads its bytes. The full one may be spread
over many nights (`oms/scrubbing.py`): then it is as old as its first night, since when every file was read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms.errors import N_
from oms.models import Fact, Scan, now
from oms.organisation import HANOI

LAST_CHECK, LAST_READ, ROUND = "last_check", "last_full_look", "round_of_reading"
# A look is due every night; two days more for holidays of the machine. An alarm comes when nobody minded for a week.
CHECK_EVERY, CHECK_LATE = timedelta(days=3), timedelta(days=8)
# Every file is read within 30 days; nightly shares take a week, so that what was read first is two weeks old at most.
READ_WITHIN = timedelta(days=30)
Standing = tuple[str, str, dict[str, object]]


@dataclass(frozen=True)
class Round:
    """Where the nightly reading stands: since when, and how far in the order of names (0 to 1); `last` is the name."""

    since: datetime
    last: str

    @property
    def share(self) -> float:
        """Which part of the files was read in it."""
        return int(self.last[:8] or "0", 16) / 2**32


def remember_check(session: Session, problems: int) -> None:
    """Write down that database, files and index were compared just now, and how many problems were found."""
    session.merge(Fact(key=LAST_CHECK, value=f"{_written(now())} {problems}"))


def remember_read(session: Session, since: datetime) -> None:
    """Write down that every stored file was read between `since` and now; a round that was going on begins anew."""
    session.merge(Fact(key=LAST_READ, value=f"{_written(since)} {_written(now())}"))
    remember_round(session, None)


def remember_round(session: Session, standing: Round | None) -> None:
    """Write down how far the nightly reading came; None: the next one begins a round."""
    session.merge(Fact(key=ROUND, value=f"{_written(standing.since)} {standing.last}" if standing else ""))


def round_of(session: Session) -> Round | None:
    """The round that is going on."""
    fact = session.get(Fact, ROUND)
    if fact is None or not fact.value:
        return None
    since, _space, last = fact.value.partition(" ")
    return Round(datetime.fromisoformat(since), last)


def fast(session: Session) -> Standing:
    """Tone, sentence and values about the last look of any kind."""
    found = last_check(session)
    if found is None:
        return "warning", N_("Files and database were never compared. Run: oms check."), {}
    at, problems = found
    values: dict[str, object] = {"at": _day(at), "problems": problems}
    if problems:
        return "danger", N_("%(problems)s problems found (%(at)s). Run “oms check” to see them."), values
    if now() - at > CHECK_EVERY:
        sentence = N_(
            "No problem, but last looked on %(at)s. Is the timer running (oms-check.timer)? Or run: oms check."
        )
        return "warning" if now() - at <= CHECK_LATE else "danger", sentence, values
    return "success", N_("No problem found (%(at)s)."), values


def full(session: Session) -> Standing:
    """Tone, sentence and values about when the bytes of every file were read."""
    going_on = round_of(session)
    values: dict[str, object] = {"percent": int(100 * going_on.share) if going_on else 0}
    read = _last_read(session)
    if read is None:
        old = oldest(session)
        tone = "danger" if old and now() - old > READ_WITHIN else "warning"
        sentence = N_(
            "Not every stored file was read yet since it was taken in; of the first round %(percent)s %% are read. "
            "oms-check.timer reads a part each night, “oms check” everything at once."
        )
        return (tone, sentence, values) if old else ("success", N_("No file is stored yet."), {})
    since, until = read
    values |= {"since": _day(since), "until": _day(until)}
    if now() - since > READ_WITHIN:
        sentence = N_(
            "Every stored file was last read between %(since)s and %(until)s: more than 30 days ago; of the round going "
            "on %(percent)s %% are read. Is the timer running (oms-check.timer)? Or run: oms check."
        )
        return "danger", sentence, values
    sentence = N_(
        "Every stored file was read between %(since)s and %(until)s; of the next round %(percent)s %% are read."
    )
    return "success", sentence, values


def overdue(session: Session, moment: datetime) -> Iterator[tuple[str, dict[str, object]]]:
    """What is an alarm: what it is about, and the values of its sentence."""
    found, read = last_check(session), _last_read(session)
    taken_in = None if found and read else oldest(session)
    for name, at, patience in (
        ("fast", found[0] if found else taken_in, CHECK_LATE),
        ("full", read[0] if read else taken_in, READ_WITHIN),
    ):
        if at is not None and moment - at > patience:
            values: dict[str, object] = {"days": (moment - at).days}
            yield f"{name}:{_written(at)}", values | ({"whole": True} if name == "full" else {})


def last_check(session: Session) -> tuple[datetime, int] | None:
    """When somebody last looked, and how many problems were found."""
    fact = session.get(Fact, LAST_CHECK)
    if fact is None:
        return None
    written, problems = fact.value.split()
    return datetime.fromisoformat(written), int(problems)


def oldest(session: Session) -> datetime | None:
    """When the oldest scan was taken in."""
    return session.scalar(select(func.min(Scan.received_at)))


def _last_read(session: Session) -> tuple[datetime, datetime] | None:
    fact = session.get(Fact, LAST_READ)
    if fact is None:
        return None
    since, until = fact.value.split()
    return datetime.fromisoformat(since), datetime.fromisoformat(until)


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(HANOI):%d/%m/%Y %H:%M}"
