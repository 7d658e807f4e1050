"""The nightly share of reading: the bytes of stored files are held against their names, a part of them each night.

In the order of their names, which are hashes: no dossier and no day lies together there. How far it came is written down
every minute, so a night that is broken off goes on where it was. No transaction stays open while files are read: a long
one would let the log of SQLite grow.
"""

import heapq
import time
from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from oms import db, fixity, looks, storage
from oms.errors import N_
from oms.models import Fact, now
from oms.problems import Problem
from oms.settings import Settings

# All files in so many nights; `looks.READ_WITHIN` leaves room for nights the machine was off or had too little time.
NIGHTS = 7
_STEP = -(-(2**32) // NIGHTS)
# Bytes a second: people who work at night and the backup have the disk, too.
RATE = 20 * 1024**2
# Seconds a night; with RATE 420 GB, so 12 TB within 30 days.
LONGEST = 6 * 3600
# Seconds after which it is written down how far it came: so much is read again after a kill.
_REMEMBERED_EVERY = 60
_DAMAGED = "damaged_names"
_AT_ONCE = 100_000  # names kept in hand


def read_share(
    engine: Engine,
    settings: Settings,
    *,
    sleep: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Problem]:
    """Read the next share of the files and yield a problem for each that is not as it was put.

    Both what is damaged and how far it came is written down on the way. `sleep` and `clock` count in seconds.
    """
    with db.reading(engine) as session:
        standing = looks.round_of(session) or looks.Round(now(), "")
    begun, written, read = clock(), clock(), 0
    end = int(standing.last[:8] or "0", 16) + _STEP
    for name, owner in _names(engine, standing.last):
        if int(name[:8], 16) >= end:
            standing = looks.Round(standing.since, f"{end:08x}")  # not the last name: seven nights are to be enough
            break
        if clock() - begun > LONGEST:
            break
        read += _size(settings, name)
        if problem := _problem(engine, settings, name, owner):
            _remember(engine, name)
            yield problem
        standing = looks.Round(standing.since, name)
        if clock() - written > _REMEMBERED_EVERY:
            written = clock()
            with db.writing(engine) as session:
                looks.remember_round(session, standing)
        if (ahead := read / RATE - (clock() - begun)) > 0:
            sleep(ahead)
    else:
        with db.writing(engine) as session:
            looks.remember_read(session, standing.since)
        return
    with db.writing(engine) as session:
        looks.remember_round(session, standing)


def look_again(engine: Engine, settings: Settings, told: Iterable[str] = ()) -> Iterator[Problem]:
    """Read what earlier looks found damaged, less what was `told` already: a look that does not reach it forgets nothing."""
    with db.reading(engine) as session:
        wanted = known_damaged(session) - set(told)
        owners = {name: owner for name, owner, _size in fixity.named_files(session) if name in wanted} if wanted else {}
    for name in sorted(wanted):
        if problem := _problem(engine, settings, name, owners.get(name, name)):
            yield problem


def known_damaged(session: Session) -> set[str]:
    """Names of the files that the last looks found damaged."""
    fact = session.get(Fact, _DAMAGED)
    return set(fact.value.split()) if fact else set()


def remember_damaged(session: Session, names: Iterable[str]) -> None:
    """These are the files whose bytes are not those that were put, and no others."""
    session.merge(Fact(key=_DAMAGED, value=" ".join(sorted(names))))


def _remember(engine: Engine, name: str) -> None:
    with db.writing(engine) as session:
        remember_damaged(session, known_damaged(session) | {name})


def _names(engine: Engine, after: str) -> Iterator[tuple[str, str]]:
    """The names rows give to stored files and whose they are, in order, from `after` on."""
    found = [("", "")]
    while found:
        with db.reading(engine) as session:
            files = ((name, owner) for name, owner, _size in fixity.named_files(session) if name > after)
            found = heapq.nsmallest(_AT_ONCE, files)
        yield from dict(found).items()
        after = found[-1][0] if found else after


def _problem(engine: Engine, settings: Settings, name: str, owner: str) -> Problem | None:
    """What is wrong with a file, unless it is gone: that is told by every look, or it was destroyed meanwhile."""
    if storage.is_sound(settings.scans, name):
        return None
    if not storage.has(settings.scans, name) or not fixity.is_named(engine, name):
        return None
    message = N_("The file %(sha256)s is not as it was received. Restore it from a backup.")
    return Problem("damaged-file", owner, message, {"sha256": name})


def _size(settings: Settings, name: str) -> int:
    try:
        return storage.path_of(settings.scans, name).stat().st_size
    except FileNotFoundError:
        return 0
