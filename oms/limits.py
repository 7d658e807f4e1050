"""How often one account may do what costs much or lets much out, counted by all processes together.

The windows are those of the library `limits`; the counters lie where every process reaches them: in a small SQLite file
of their own under `run/` (a search must not queue behind whoever writes to the database, and a counter lost in a power
cut harms nobody), or in PostgreSQL in a table that is not logged. Can the counters not be reached, each process counts
for itself. Knows no page; whoever opens a door counts at it.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import floor
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, Storage
from limits.storage.base import SlidingWindowCounterSupport, TimestampedSlidingWindow
from limits.strategies import SlidingWindowCounterRateLimiter
from sqlalchemy import (
    Connection,
    Engine,
    Float,
    Integer,
    String,
    column,
    create_engine,
    delete,
    event,
    func,
    select,
    table,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from oms.errors import N_, TooManyTries
from oms.permissions import Actor

log = logging.getLogger(__name__)

LIMITS: dict[str, RateLimitItem] = {
    # Nobody reads a result a second; who needs more rows takes them in one file.
    "search:find": parse("60 per minute"),
    "search:suggest": parse("120 per minute"),
    # A file leaves the house: ten an hour are a working day of lists.
    "search:export": parse("10 per hour"),
    # A whole dossier as one file.
    "dossier:export": parse("10 per hour"),
    # Somebody who reads looks at a page a second at most, all day; what copies goes faster.
    "page:image": parse("600 per 10 minutes"),
    # The line a hit stands in, twenty on a page of results: of a page of forty lines thirty pages' worth.
    "page:line": parse("1200 per 10 minutes"),
    # Originals, searchable copies, copies for a reader and packages: what leaves as a file of pages.
    "scan:download": parse("100 per hour"),
    # What a program changes: a person at a screen makes a change in some seconds, a list is one call for each row.
    "api:write": parse("120 per minute"),
    # By address, of people who are nobody yet: what a page asks of us before a passkey is shown. A whole office may
    # stand behind one address.
    "passkey:ask": parse("60 per minute"),
    "office:ask": parse("120 per minute"),
    # By what one browser was sent off with: the same answer again and again must not keep the provider busy.
    "office:answer": parse("3 per 10 minutes"),
    # By address: what a browser says of a page that broke its rules.
    "csp:report": parse("10 per minute"),
    # By account, of who is signed in.
    "office:confirm": parse("10 per minute"),
}
SCHEME = "oms"

_counts = table("rate_counts", column("key", String), column("count", Integer), column("expires", Float))
# No migration: like the queue's own tables it holds nothing that must outlive a restart.
_TABLE = """CREATE {unlogged}TABLE IF NOT EXISTS rate_counts
    (key VARCHAR(200) PRIMARY KEY, count INTEGER NOT NULL, expires DOUBLE PRECISION NOT NULL)"""
_OUT_OF_REACH = (OSError, SQLAlchemyError)
# Seconds a process waits for the others; more than that and it counts alone.
PATIENCE = 2


def take(database: Engine, action: str, *, actor: Actor) -> None:
    """Count one more `action` of the account; `TooManyTries` when its limit of `LIMITS` is reached."""
    take_at(database, action, actor.account_id)


def take_of(database: Engine, action: str, an_hour: int, *, actor: Actor) -> None:
    """As `take`, where a dated rule says how many there may be in an hour."""
    take_at(database, action, actor.account_id, parse(f"{an_hour} per hour"))


def take_at(database: Engine, action: str, who: str, most: RateLimitItem | None = None) -> None:
    """Count one more `action` of an account, or of an address where nobody has signed in."""
    item = most or LIMITS[action]
    try:
        limiter = _limiter(database)
        allowed = limiter.hit(item, action, who)
    except _OUT_OF_REACH as error:
        log.warning("counters out of reach, counting in this process: %s", type(error).__name__)
        limiter = _alone
        allowed = limiter.hit(item, action, who)
    if not allowed:
        resets = limiter.get_window_stats(item, action, who).reset_time
        raise TooManyTries(
            N_("Too many requests in a short time. Go on in %(seconds)s seconds."),
            seconds=max(1, int(resets - time.time()) + 1),
        )


class SharedCounters(Storage, SlidingWindowCounterSupport, TimestampedSlidingWindow):
    """Storage of the library `limits` beside the database of an installation."""

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012 - declared so by the library

    def __init__(self, uri: str | None = None, *, database: Callable[[], Engine], **options: Any) -> None:
        super().__init__(uri, **options)
        self._database = database

    @property
    def _engine(self) -> Engine:
        """Where the counters lie; looked for at each question, so that a server also starts without them."""
        database = self._database()
        engine = database if database.dialect.name == "postgresql" else _beside(database)
        _make(engine)
        return engine

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """What the library takes for "out of reach"."""
        return _OUT_OF_REACH

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter; it ends `expiry` seconds after it began."""
        with self._transaction() as connection:
            return self._add(connection, key, expiry, amount, time.time())

    def get(self, key: str) -> int:
        """What a counter stands at."""
        with self._engine.connect() as connection:
            return _read(connection, key, time.time())

    def get_expiry(self, key: str) -> float:
        """When a counter ends, in seconds since 1970."""
        with self._engine.connect() as connection:
            return connection.scalar(select(_counts.c.expires).where(_counts.c.key == key)) or time.time()

    def check(self) -> bool:
        """Whether the counters can be reached."""
        try:
            with self._engine.connect() as connection:
                connection.execute(select(_counts.c.key).limit(1))
        except _OUT_OF_REACH:
            return False
        return True

    def reset(self) -> int:
        """Drop all counters; return how many there were."""
        with self._transaction() as connection:
            return connection.execute(delete(_counts)).rowcount

    def clear(self, key: str) -> None:
        """Drop one counter."""
        with self._transaction() as connection:
            connection.execute(delete(_counts).where(_counts.c.key == key))

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count only when that stays within the limit; all who ask at once are asked one after the other."""
        moment = time.time()
        before, here = self.sliding_window_keys(key, expiry, moment)
        with self._transaction() as connection:
            count = self._add(connection, here, 2 * expiry, amount, moment)
            weighted = _read(connection, before, moment) * _share_left(moment, expiry) + count
            if floor(weighted) > limit:
                connection.rollback()
                return False
        return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Counts of the window before and of this one, each with the seconds it still matters."""
        moment = time.time()
        before, here = self.sliding_window_keys(key, expiry, moment)
        with self._engine.connect() as connection:
            earlier, now = _read(connection, before, moment), _read(connection, here, moment)
        left = _share_left(moment, expiry) * expiry
        return earlier, left if earlier else 0.0, now, left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Drop both windows of a limit."""
        for part in self.sliding_window_keys(key, expiry, time.time()):
            self.clear(part)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL synchronous_commit TO off"))
            yield connection
            connection.commit()

    @staticmethod
    def _add(connection: Connection, key: str, expiry: int, amount: int, moment: float) -> int:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        added = dialect.insert(_counts).values(key=key, count=amount, expires=moment + expiry)
        count = connection.execute(
            added.on_conflict_do_update(
                index_elements=[_counts.c.key], set_={"count": _counts.c.count + added.excluded.count}
            ).returning(_counts.c.count)
        ).scalar_one()
        if count == amount:  # the first of a window sweeps out what is over
            connection.execute(delete(_counts).where(_counts.c.expires < moment, _counts.c.key != key))
        return int(count)


def _read(connection: Connection, key: str, moment: float) -> int:
    query = select(func.coalesce(func.max(_counts.c.count), 0)).where(_counts.c.key == key, _counts.c.expires > moment)
    return int(connection.scalar(query) or 0)


def _share_left(moment: float, expiry: int) -> float:
    """How much of the present window is still to come: the window before counts for that part."""
    return 1 - (moment / expiry) % 1


def _limiter(database: Engine) -> SlidingWindowCounterRateLimiter:
    return SlidingWindowCounterRateLimiter(SharedCounters(database=lambda: database))


_alone = SlidingWindowCounterRateLimiter(MemoryStorage())


_files: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


def _beside(database: Engine) -> Engine:
    """The file of the counters of an installation, open as long as its database is."""
    if (engine := _files.get(database)) is None:
        file = Path(database.url.database or "").parent / "run" / "limits.sqlite3"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": PATIENCE, "check_same_thread": False})
        event.listen(engine, "connect", _hurry)
        event.listen(database, "engine_disposed", partial(_close, engine))
        _files[database] = engine
    return engine


def _close(engine: Engine, _database: Engine) -> None:
    engine.dispose()


def _hurry(connection: Any, _record: Any) -> None:
    """No waiting for the disk: what a power cut takes away is at most an hour of counting."""
    for pragma in ("journal_mode=WAL", "synchronous=OFF"):
        connection.execute(f"PRAGMA {pragma}")


_made: WeakSet[Engine] = WeakSet()


def _make(engine: Engine) -> None:
    """The table, once in a process; of several that make it at once all but one find it made."""
    if engine in _made:
        return
    unlogged = "UNLOGGED " if engine.dialect.name == "postgresql" else ""
    with engine.connect() as connection:
        try:
            connection.execute(text(_TABLE.format(unlogged=unlogged)))
            connection.commit()
        except IntegrityError:  # two at once, on PostgreSQL
            connection.rollback()
    _made.add(engine)
