"""The database: engine, sessions and how a transaction begins.

SQLite runs in WAL with `synchronous=FULL` (a commit survives power loss) and every writing
transaction starts with BEGIN IMMEDIATE: a deferred one that reads first and writes later fails
with "database is locked" without waiting. In a sealed data folder (`oms.vault`) the file, its log and every copy of it
are encrypted page by page (SQLCipher). Knows no rule of the domain.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.orm import Session

from oms import vault
from oms.errors import N_, DatabaseBusy, Unavailable

BUSY_TIMEOUT_MS = 30_000
# What stays of the log after a reader that held it open for long (bytes); without it the file keeps its largest size.
WAL_KEPT = 64 * 1024**2
PROMPT = 15.0
"""Seconds somebody at a screen waits to write, in line and for the database together; then they are told: with what comes
before, a file that is looked at for instance, within half a minute."""
STUCK = 3.0
"""Seconds after which whoever is first in line is not at work: another program holds the database."""
MOST_STUCK = 4
"""Threads that wait then; the others of a server's eight are for those who only read."""
BRIEF = 1.0
"""Seconds for what may as well be written another time."""
# SQLite's own waiting is not fair; one lock per process makes writers queue in order of arrival.
_writer = threading.Lock()
_counting = threading.Lock()


def connect(url: str, *, keys: vault.Keys | None = None) -> Engine:
    """Open an engine on SQLite or PostgreSQL (driver psycopg 3); `keys` of a sealed copy that lies elsewhere."""
    address = make_url(url)
    options: dict[str, Any]
    if address.get_backend_name() == "postgresql":
        # Asked before it is used: after a restart of the server the connections at hand are dead, and each would be a fault.
        options = {"pool_size": 10, "max_overflow": 20, "pool_pre_ping": True}
        return create_engine(address.set(drivername="postgresql+psycopg"), **options)
    options = {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    if keys is None and address.database:
        keys = vault.keys_of(Path(address.database))
    engine = create_engine(address, connect_args=options) if keys is None else _sealed_engine(address, options, keys)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _sealed_engine(address: URL, options: dict[str, Any], keys: vault.Keys) -> Engine:
    """SQLite behind SQLCipher: the key is said before anything else, and temporary tables stay in memory."""
    try:
        from sqlcipher3 import dbapi2
    except ImportError as error:
        raise Unavailable(
            N_("The database is encrypted and sqlcipher3 is not installed. Run: pip install “oms[protection]”.")
        ) from error

    def connect_sealed() -> Any:
        connection = dbapi2.connect(address.database, **options)
        connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to the error output by itself
        connection.execute(f"PRAGMA key = \"x'{keys.database.hex()}'\"")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    return create_engine(address, module=dbapi2, creator=connect_sealed)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute(f"PRAGMA journal_size_limit={WAL_KEPT}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    patience = Turn.milliseconds_left() if writing else BUSY_TIMEOUT_MS
    if connection.info.get("patience", BUSY_TIMEOUT_MS) != patience:
        connection.connection.cursor().execute(f"PRAGMA busy_timeout={patience}")  # a word to the driver, no question
        connection.info["patience"] = patience
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
    if writing:
        Turn.begun()


def open_session(engine: Engine, *, writing: bool) -> Session:
    """A session whose transactions are all of one kind; `session.info["writing"]` tells which."""
    bound = engine.execution_options(writing=writing)
    return Session(bound, expire_on_commit=False, info={"writing": writing, "engine": engine})


class Turn:
    """A place in the line of writers; give it back with `release`, more than once does no harm.

    A thread that waits for itself would wait for ever, and everybody behind it: that is an error of ours. `patience`
    seconds are for the line and for the database behind it together: None is for as long as it takes in line.
    """

    patience: ClassVar[float | None] = None
    """Of this process, for whoever names no other."""
    _holder: ClassVar[int | None] = None
    _deadline: ClassVar[float | None] = None
    _first_since: ClassVar[float | None] = None
    """Since when the first in line waits for the database; None while it works."""
    _in_line: ClassVar[int] = 0

    def __init__(self, lock: "threading.Lock | None", patience: float | None = None) -> None:
        self._lock = lock
        if lock is not None:
            if Turn._holder == threading.get_ident():
                raise RuntimeError("this thread writes already: it would wait for itself")
            patience = Turn.patience if patience is None else patience
            deadline = None if patience is None else time.monotonic() + patience
            self._queue(lock, patience)
            Turn._holder, Turn._deadline, Turn._first_since = threading.get_ident(), deadline, time.monotonic()

    @staticmethod
    def _queue(lock: threading.Lock, patience: float | None) -> None:
        if lock.acquire(blocking=False):
            return
        first = Turn._first_since
        if patience is not None and Turn._in_line >= MOST_STUCK - 1 and first and time.monotonic() - first > STUCK:
            raise DatabaseBusy
        with _counting:
            Turn._in_line += 1
        try:
            if not lock.acquire(timeout=-1 if patience is None else patience):
                raise DatabaseBusy
        finally:
            with _counting:
                Turn._in_line -= 1

    @classmethod
    def milliseconds_left(cls) -> int:
        """How long the database may let the thread that holds the turn wait."""
        if cls._holder != threading.get_ident() or cls._deadline is None:
            return BUSY_TIMEOUT_MS
        left = max(BRIEF, cls._deadline - time.monotonic())  # a second transaction of somebody slow is not hurried
        return min(BUSY_TIMEOUT_MS, round(1000 * left))

    @classmethod
    def begun(cls) -> None:
        """The database has let the first in line begin."""
        if cls._holder == threading.get_ident():
            cls._first_since = None

    def release(self) -> None:
        """Let the next writer begin."""
        lock, self._lock = self._lock, None
        if lock is not None:
            Turn._holder = Turn._deadline = Turn._first_since = None
            lock.release()


def take_turn(engine: Engine, *, patience: float | None = None) -> Turn:
    """Wait until no other thread of this process writes; only SQLite needs it. Raises `DatabaseBusy`."""
    return Turn(_writer if engine.dialect.name == "sqlite" else None, patience)


@contextmanager
def writing(engine: Engine, *, patience: float | None = None) -> Iterator[Session]:
    """A session for one change: committed at the end of the block, rolled back when it raises."""
    turn = take_turn(engine, patience=patience)
    try:
        with open_session(engine, writing=True) as session:
            yield session
            session.commit()
    finally:
        turn.release()


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only reads."""
    with open_session(engine, writing=False) as session:
        yield session


def lock(session: Session, thing: object) -> None:
    """See a row as it is now and hold it for the rest of the transaction.

    Only that row: what was loaded beside it by an outer join cannot be locked on PostgreSQL, and need not be.
    """
    session.refresh(thing, with_for_update={"of": type(thing)})


def is_sqlite(session: Session) -> bool:
    """True on SQLite, where one writer at a time is the rule anyway."""
    return session.get_bind().dialect.name == "sqlite"
