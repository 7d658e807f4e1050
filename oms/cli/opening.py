"""What every command needs: the installation it works on, who acts, and how refusals are written down."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from oms import accounts, audit, db, installation, jobs, profile
from oms.errors import N_, Conflict, OmsError, Unavailable
from oms.permissions import Actor
from oms.search import open_engine
from oms.search.interface import Engine as SearchEngine
from oms.settings import Settings
from oms.worker import Queue

# Any constant will do, as long as every program that upgrades takes the same one.
_UPGRADE_LOCK = 0x6F6D7375


@dataclass(frozen=True)
class House:
    """One opened installation."""

    settings: Settings
    engine: Engine
    in_use: installation.InUse | None = None

    def close(self) -> None:
        """Let go of the database, for what needs it alone."""
        self.engine.dispose()
        if self.in_use is not None:
            self.in_use.close()

    @cached_property
    def queue(self) -> Queue:
        """The queue to which committed jobs are handed."""
        return Queue(self.settings)

    @property
    def search(self) -> SearchEngine:
        """The search engine of this installation."""
        return open_engine(self.settings)

    def deliver(self, session: Session) -> None:
        """After the commit: hand over the jobs the session enqueued."""
        jobs.deliver(session, self.queue.send)

    def actor(self, username: str) -> Actor:
        """The account a command acts as, with exactly its rights; raises `BadInput`."""
        with db.reading(self.engine) as session:
            return accounts.get_actor(session, username, via="cli")


def open_house(*, create: bool = False) -> House:
    """The installation of `OMS_HOME`, its database at the newest version; `create` makes an empty one.

    As long as the house is there, nobody exchanges its database: who is doing so now is waited for, before any key is read.
    Raises `Conflict` when there is none, `Unavailable` when the database cannot be reached.
    """
    settings = Settings.from_environment()
    profile.refuse_open_doors(settings)
    installation.require_writable(settings)
    # Before anything is made or opened in a folder that belongs to the other kind of installation.
    profile.check_folder(settings)
    in_use = installation.keep_in_use(settings) if (settings.home / "run").is_dir() else None
    installation.unlock(settings)
    if create:
        installation.prepare_folders(settings)
    elif not settings.database_url and not (settings.home / "oms.sqlite3").exists():
        raise _nothing_here(settings)
    engine = db.connect(settings.database)
    try:
        profile.check(settings, engine)
        if not create and installation.is_new(engine):
            raise _nothing_here(settings)
        installation.prepare_folders(settings)
        profile.mark(settings)
        with _upgrading_alone(settings, engine):
            installation.upgrade(settings, engine)
            profile.settle(settings, engine)
    except OperationalError as error:
        raise Unavailable(
            N_("The database cannot be reached or opened. Check OMS_DATABASE_URL, and that the database server runs.")
        ) from error
    installation.allow_box(settings, engine)
    return House(settings, engine, in_use)


def look_at_house() -> House:
    """The installation as it is, for a program of another user, who makes and upgrades nothing there."""
    settings = Settings.from_environment()
    profile.check_folder(settings)
    installation.unlock(settings)
    if not settings.database_url and not (settings.home / "oms.sqlite3").exists():
        raise _nothing_here(settings)
    return House(settings, db.connect(settings.database))


def _nothing_here(settings: Settings) -> Conflict:
    return Conflict(
        N_("There is no installation in %(home)s yet. Begin with “oms init”, or with “oms demo” to try it out."),
        home=settings.home,
    )


@contextmanager
def _upgrading_alone(settings: Settings, engine: Engine) -> Iterator[None]:
    """Server and worker start together, perhaps on several machines: one upgrades, the others wait."""
    with (settings.home / "run" / "upgrade.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if engine.dialect.name == "sqlite":
            yield
            return
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _UPGRADE_LOCK})
            connection.commit()
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _UPGRADE_LOCK})
                connection.commit()


@contextmanager
def acting(house: House, username: str, action: str) -> Iterator[Actor]:
    """Act as `username`; a refusal inside is written to the audit log before it goes on to the person."""
    actor = house.actor(username)
    try:
        yield actor
    except OmsError as error:
        if error.status < 500:
            with db.writing(house.engine) as session:
                audit.record(session, action, actor=actor, outcome="refused", reason=type(error).__name__)
        raise
