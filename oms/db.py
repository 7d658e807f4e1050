"""The database: engine, sessions and how a transaction begins.

SQLite runs in WAL with `synchronous=FULL` (a commit survives power loss) and every writing
transaction starts with BEGIN IMMEDIATE: a deferred one that reads first and writes later fails
with "database is locked" without waiting. In a sealed data folder (`oms.vault`) the file, its log and every copy of it
are encrypted page by page (SQLCipher). Knows no rule of the domain.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.orm import Session

from oms import vault
from oms.errors import N_, Unavailable

BUSY_TIMEOUT_MS = 30_000
# What stays of the log after a reader that held it open for long (bytes); without it the file keeps its largest size.
WAL_KEPT = 64 * 1024**2
# SQLite's own waiting is not fair; one lock per process makes writers queue in order of arrival.
_writer = threading.Lock()


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
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def open_session(engine: Engine, *, writing: bool) -> Session:
    """A session whose transactions are all of one kind; `session.info["writing"]` tells which."""
    bound = engine.execution_options(writing=writing)
    return Session(bound, expire_on_commit=False, info={"writing": writing, "engine": engine})


class Turn:
    """A place in the line of writers; give it back with `release`, more than once does no harm.

    A thread that waits for itself would wait for ever, and everybody behind it: that is an error of ours.
    """

    _holder: ClassVar[int | None] = None

    def __init__(self, lock: "threading.Lock | None") -> None:
        self._lock = lock
        if lock is not None:
            if Turn._holder == threading.get_ident():
                raise RuntimeError("this thread writes already: it would wait for itself")
            lock.acquire()
            Turn._holder = threading.get_ident()

    def release(self) -> None:
        """Let the next writer begin."""
        lock, self._lock = self._lock, None
        if lock is not None:
            Turn._holder = None
            lock.release()


def take_turn(engine: Engine) -> Turn:
    """Wait until no other thread of this process writes; only SQLite needs it."""
    return Turn(_writer if engine.dialect.name == "sqlite" else None)


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session for one change: committed at the end of the block, rolled back when it raises."""
    turn = take_turn(engine)
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
