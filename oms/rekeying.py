"""All data of a sealed installation are brought under new keys, because the present ones may have been seen.

It begins while OMS is stopped, for as long as the database takes to be copied under its new key: `vault.json` then says
the new keys and the former ones, in one write, and everything that starts from then on knows both. Files follow one
after the other while people work: sealed anew beside the old one, the rows that name it told in one commit, the old one
destroyed when nobody can be reading under its name any more. When nothing lies under the former keys they are
forgotten. A kill at any step is gone on from: what lies where is read from the headers of the files, not remembered.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from oms import audit, db, installation, purging, storage, vault
from oms.errors import N_, Conflict, NotFound, Unavailable
from oms.models import Scan
from oms.packages import arriving
from oms.settings import Settings
from oms.vault import keeping, key_files, rotating

GRACE = 600
"""Seconds an old file stays after its rows were told: who read its name a moment ago opens it in a request or a job."""
ROOM = 1_000_000_000
"""Bytes that stay free on the disk: for some minutes a file lies there twice."""
_COPY = re.compile(rf"{re.escape(keeping.DATABASE)}\.[0-9a-f]{{16}}")
"""A copy of ours that waits to take the place of the database."""


@dataclass(frozen=True)
class Progress:
    """Files in all; how many of them lie under the former keys; old ones that were brought over and wait for their end;
    and damaged or missing ones, for which the former keys are kept."""

    total: int
    left: int
    old: int = 0
    damaged: tuple[str, ...] = ()
    ended: bool = False


def begin(settings: Settings) -> list[str]:
    """Make new keys and bring the database under them; OMS must be stopped, and goes on afterwards.

    Until the one write of `vault.json` nothing has changed but the index, which is built anew at the next start, and
    the copies that were kept before an upgrade. Returns names of other copies of the database that lie beside it: whose
    they are is not known. Raises `Conflict` while OMS or a command runs, while an earlier change is not finished, while
    two key files open the vault, or while sealed packages lie where general installations keep those that wait.
    """
    home, place = settings.home, key_files.path_of(settings)
    with installation.alone(settings), key_files.alone(place), keeping.alone(home):
        content, kek = keeping.read(home), key_files.read(place)
        former = keeping.unwrap(content, kek)
        if former.former is not None:
            raise Conflict(N_("The data are on their way under new keys already. “oms keys” says how far."))
        rotating.must_be_settled(settings)
        _refuse_for_packages(arriving.folder(settings))
        others = []
        for path in sorted(home.glob(f"{keeping.DATABASE}.*")):
            if _COPY.fullmatch(path.name):
                key_files.write_over(path)  # of a beginning that was killed; nobody has its keys
            else:
                others.append(path.name)
        fresh = vault.Keys.of_chance()
        copy = keeping.copy_under(home, fresh)
        # The lock on the database holds until nothing is left of it: whoever waited for it must not write into nothing.
        with _copied(home / keeping.DATABASE, former, copy, fresh):
            _say_so(copy, fresh)
            shutil.rmtree(settings.index, ignore_errors=True)
            for path in (home / "run").glob("before-upgrade-*"):
                key_files.write_over(path)
            content = {}
            keeping.add(content, vault.Keys(fresh.database, fresh.objects, fresh.names, fresh.index, former), kek)
            keeping.write(home, content)
            keeping.exchange_database(home, copy)
    keeping.lock(settings)
    vault.unlock(settings)
    return others


def _refuse_for_packages(place: Path) -> None:
    """No door of a sealed installation takes a package in (`web/closed.py`), so none is brought over; one that lies
    there all the same could never be opened again when the former keys end."""
    if any(storage.names(place)):
        raise Conflict(
            N_(
                "In %(place)s lie sealed packages, which a protection installation does not take in: under new keys they "
                "could never be opened again. Nothing was changed. Move them away, then run this again."
            ),
            place=place,
        )


@contextmanager
def _copied(source: Path, former: vault.Keys, copy: Path, fresh: vault.Keys) -> Iterator[None]:
    """The database under another key, whole and on disk; for the block nobody can write to the one it was copied from."""
    engine = db.connect(f"sqlite:///{source}", keys=former)
    failure = engine.dialect.loaded_dbapi.Error
    try:
        with engine.connect() as connection:
            run = connection.connection.driver_connection.execute  # type: ignore[union-attr]
            run("PRAGMA busy_timeout = 2000")
            run("PRAGMA foreign_keys = OFF")
            # The lock stays after the commit, until the connection is closed.
            run("PRAGMA main.locking_mode = EXCLUSIVE")
            try:
                run("PRAGMA wal_checkpoint(TRUNCATE)")
                run("PRAGMA main.journal_mode = DELETE")
                run("BEGIN EXCLUSIVE")
                run("COMMIT")
            except failure:
                raise Conflict(
                    N_("Another command of OMS uses the database. Wait until it has ended, then run this again.")
                ) from None
            try:
                whole = _copy(run, copy, fresh)
            except failure:
                whole = False
            if not whole:
                copy.unlink(missing_ok=True)
                raise Unavailable(
                    N_(
                        "The database could not be copied; is the disk full? Nothing was changed. Make room, then run this again."
                    )
                )
            yield
    finally:
        engine.dispose()


def _copy(run: Callable[..., Any], copy: Path, fresh: vault.Keys) -> bool:
    """Copy it; whether all of it arrived."""
    run(f"ATTACH DATABASE ? AS fresh KEY \"x'{fresh.database.hex()}'\"", (str(copy),))
    run("BEGIN EXCLUSIVE")
    run("SELECT sqlcipher_export('fresh')")
    run("COMMIT")
    whole = _counted(run, "fresh") == _counted(run, "main")
    whole = whole and run("PRAGMA fresh.integrity_check").fetchall() == [("ok",)]
    run("DETACH DATABASE fresh")
    copy.chmod(0o600)
    with copy.open("rb") as made:
        key_files.give(made.fileno(), copy.parent)
        os.fsync(made.fileno())
    return bool(whole)


def _counted(run: Callable[..., Any], schema: str) -> dict[str, int]:
    """Rows of each table."""
    tables = run(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' ORDER BY name").fetchall()  # nosec B608 - ours
    return {name: run(f'SELECT count(*) FROM {schema}."{name}"').fetchone()[0] for (name,) in tables}  # nosec B608 - ours


def _say_so(copy: Path, fresh: vault.Keys) -> None:
    """Write into the log of the copy that it begins; the copy is one file again afterwards."""
    engine = db.connect(f"sqlite:///{copy}", keys=fresh)
    try:
        with db.writing(engine) as session:
            audit.record(session, "system:rekey", actor=None, step="begun")
        with engine.connect() as connection:
            run = connection.connection.driver_connection.execute  # type: ignore[union-attr]
            run("PRAGMA wal_checkpoint(TRUNCATE)")
            run("PRAGMA journal_mode = DELETE")
    finally:
        engine.dispose()
    key_files.sync(copy.parent)


def is_under_way(settings: Settings) -> bool:
    """Whether something may still lie under former keys, as this process was told when it began."""
    keys = vault.keys_of(settings.scans)
    return keys is not None and keys.former is not None


def progress(engine: Engine, settings: Settings, damaged: Collection[str] = ()) -> Progress:
    """How far it is. Reads the head of each file."""
    if not is_under_way(settings):
        return Progress(0, 0, ended=True)
    former = set(storage.under_former_keys(settings.scans))
    with db.reading(engine) as session:
        named = _named(session)
    return Progress(len(named), len(former & named), len(former - named), tuple(sorted(damaged)))


@contextmanager
def keeping_names(settings: Settings) -> Iterator[None]:
    """For whoever works off a list of stored files longer than a request: no file of it goes by its old name meanwhile."""
    if not settings.protected:
        yield
        return
    with _lock(settings, "names.lock", fcntl.LOCK_SH):
        yield


@contextmanager
def _lock(settings: Settings, name: str, kind: int) -> Iterator[bool]:
    """Whether this lock was to be had, for the block."""
    run = settings.home / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run / name).open("a") as lock:
        try:
            fcntl.flock(lock, kind)
        except BlockingIOError:
            yield False
            return
        yield True


def go_on(
    engine: Engine,
    settings: Settings,
    *,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
    stopping: Callable[[], bool] = lambda: False,
    grace: float = GRACE,
    without_damaged: bool = False,
) -> Progress | None:
    """Bring over what still lies under the former keys, while others work; None when there is nothing to do.

    One at a time: a second one does nothing. `without_damaged` destroys what cannot be brought over, instead of keeping
    the former keys for it.
    """
    if not is_under_way(settings):
        return None
    with _lock(settings, "rekey.lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as mine:
        if not mine:
            return progress(engine, settings)
        damaged = []
        names = list(storage.under_former_keys(settings.scans))
        for done, name in enumerate(names):
            if stopping() or not _has_room(settings, name):
                break
            try:
                _bring_over(engine, settings, name)
            except vault.Damaged:
                damaged.append(name)
            except NotFound:
                pass  # destroyed a moment ago
            tell(done + 1, len(names))
        return _end(engine, settings, damaged, grace, without_damaged)


def _has_room(settings: Settings, name: str) -> bool:
    """Whether a second copy of a file fits on the disk; else the next pass goes on, when old ones have gone."""
    path = storage.path_of(settings.scans, name)
    return not path.exists() or shutil.disk_usage(settings.scans).free - path.stat().st_size >= ROOM


def _bring_over(engine: Engine, settings: Settings, old: str) -> None:
    """One file, and the rows that name it. What nobody names is not sealed anew."""
    with db.reading(engine) as session:
        if not purging.is_named(session, old):
            return
    with storage.sealed_anew(settings.scans, old) as (new, put_there), db.writing(engine) as session:
        if purging.is_named(session, old):  # it may have been destroyed while it was being sealed
            put_there()
            _tell_rows(session, old, new)


def _tell_rows(session: Session, old: str, new: str) -> None:
    """Every row that names the file; the log binds what was received to its new name."""
    for scan in session.scalars(select(Scan).where(Scan.sha256 == old)):
        audit.record(session, "system:rekey", scan, actor=None, before=old, sha256=new)
    for column in purging.NAMING:
        session.execute(update(column.class_).where(column == old).values({column.key: new}))


def _end(engine: Engine, settings: Settings, damaged: list[str], grace: float, without_damaged: bool) -> Progress:
    """Destroy old files nobody names; when none is left, forget the former keys."""
    scans = settings.scans
    with _lock(settings, "names.lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as quiet:
        if quiet:
            _destroy_old(engine, settings, grace)
        with db.reading(engine) as session:
            named = _named(session)
        left = set(storage.under_former_keys(scans))
        if not quiet or left - set(damaged):
            return progress(engine, settings, damaged)
        stuck = {name for name in named if not storage.lies_under_present_keys(scans, name)}
        if stuck and not without_damaged:
            return progress(engine, settings, stuck)
        for name in left:
            storage.remove(scans, name)
        storage.destroy_former_leftovers(scans)
        with db.writing(engine) as session:
            audit.record(session, "system:rekey", actor=None, step="ended", given_up=len(stuck))
        keeping.forget_former(settings)
        return Progress(len(named), 0, damaged=tuple(sorted(stuck)), ended=True)


def _destroy_old(engine: Engine, settings: Settings, grace: float) -> None:
    with db.reading(engine) as session:
        named = _named(session)
    for name in set(storage.under_former_keys(settings.scans)) - named:
        if storage.age_of(settings.scans, name) >= grace:
            storage.remove_old(settings.scans, name, grace)


def _named(session: Session) -> set[str]:
    return {name for column in purging.NAMING for name in session.scalars(purging.naming(column).distinct()) if name}
