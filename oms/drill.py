"""The restore drill: a backup is proved by putting it back, into a place of its own that is thrown away afterwards.

Nothing else proves one: a file may be whole and yet not come up. The trial is opened, brought up to date, indexed and
checked like the installation itself, down to every hash and every entry of the audit log.
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from oms import audit, backup, db, fixity, health, staging, vault
from oms.backup import folders, rotation
from oms.errors import N_, Conflict, Unavailable
from oms.models import AuditEntry
from oms.problems import Problem
from oms.settings import Settings

# What concerns the machine and not the backup.
OF_THE_MACHINE = ("box-open",)


@dataclass(frozen=True)
class Drill:
    """What came of it: the file, entries of the log it holds, and every problem of what was put back."""

    source: Path
    entries: int
    problems: tuple[Problem, ...]


def drill(engine: Engine, settings: Settings, source: Path, *, key: Path | None = None) -> Drill:
    """Put the backup back beside the installation, check all of it, throw it away, and write down what came of it.

    Of a folder of backups the newest. Whatever keeps it from coming up is raised, and written down, too. `key` opens a
    sealed one.
    """
    source, _folder = folders.find(source)
    run = settings.home / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    staging.wipe_forgotten(settings)
    with _alone(run), staging.locked_folder(run, "drill-") as folder, _trial(settings, folder) as trial:
        try:
            problems, entries = _try(trial, source, key)
        except Exception:
            _remember(engine, source, 0, problems=1)
            raise
    _remember(engine, source, entries, problems=len(problems))
    return Drill(source, entries, tuple(problems))


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    """One trial at a time: on PostgreSQL they would share a database."""
    with (run / "drill.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(N_("Another backup is on trial here. Wait until it has ended, then try again.")) from None
        yield


def _try(trial: Settings, source: Path, key: Path | None) -> tuple[list[Problem], int]:
    """Put the backup in the place of the trial; its problems, and entries of its log."""
    backup.restore(trial, source, key=key)
    restored = db.connect(trial.database)
    try:
        problems = [row for row in fixity.check(restored, trial) if row.kind not in (*OF_THE_MACHINE, *fixity.TOLD)]
        with db.reading(restored) as session:
            return problems, session.scalar(select(func.max(AuditEntry.seq))) or 0
    finally:
        restored.dispose()
        staging.forget(trial)
        vault.lock(trial)


def _remember(engine: Engine, source: Path, entries: int, *, problems: int) -> None:
    with db.writing(engine) as session:
        health.remember(session, health.LAST_DRILL, source.name, problems)
        if not problems:
            rotation.remember_proven(session, source.stem)
        audit.record(session, "system:drill", actor=None, words=source.name, entries=entries, problems=problems)


@contextmanager
def _trial(settings: Settings, folder: Path) -> Iterator[Settings]:
    """Settings of a place of its own; on PostgreSQL with a database of its own, which ends with it."""
    alone = replace(settings, home=folder / "home", queue_url="", seal_folder="", seal_anchors="", seal_syslog="")
    if not settings.database_url.startswith("postgresql"):
        yield replace(alone, database_url="")
        return
    address = make_url(settings.database)
    name = f"{address.database}_drill"
    try:
        _administer(settings, [f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"'])
    except DBAPIError as error:
        raise Unavailable(
            N_(
                "The drill needs a database of its own, “%(name)s”. Let the role of OMS make one: ALTER ROLE … CREATEDB."
            ),
            name=name,
        ) from error
    try:
        yield replace(alone, database_url=address.set(database=name).render_as_string(hide_password=False))
    finally:
        _administer(settings, [f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'])


def _administer(settings: Settings, statements: Sequence[str]) -> None:
    engine = db.connect(settings.database)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()
