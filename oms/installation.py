"""What an installation is: its folders, its database at the right version, whether it holds demo data."""

import fcntl
import logging
import os
import resource
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from weakref import WeakKeyDictionary

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from oms import box, db, staging, vault
from oms.box import Rung
from oms.errors import N_, Conflict, OmsError, Unavailable
from oms.models import Fact
from oms.settings import Settings, SettingsError

COPIED = "copied-while-running"
DATABASE = "oms.sqlite3"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
log = logging.getLogger(__name__)

WEAK_AS_ROOT = "weak-as-root"
"""Setting of the box that takes weaker walls though OMS runs as root."""

MIGRATIONS = Path(__file__).parent / "migrations"


def prepare_folders(settings: Settings) -> None:
    """Make the folders of an installation, closed to other users of the machine."""
    for folder in (settings.home, settings.scans, settings.index, settings.home / "run"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.scans.chmod(0o700)


def require_writable(settings: Settings) -> None:
    """Raise `Unavailable` for the first folder or file of an installation that its program cannot read and change."""
    refused = next(_not_ours(settings), None)
    if refused is None:
        return
    if os.statvfs(refused).f_flag & os.ST_RDONLY:
        raise Unavailable(
            N_(
                "%(path)s lies on a disk that is mounted for reading only. OMS does not start: look why (dmesg), then "
                "mount it for writing."
            ),
            path=refused,
        )
    raise Unavailable(
        N_(
            "%(path)s cannot be written by the user OMS runs as: it belongs to somebody else, or its rights are wrong. "
            "Give the whole data folder to that user (chown -R), or start OMS as its owner."
        ),
        path=refused,
    )


def _not_ours(settings: Settings) -> Iterator[Path]:
    """The folder of an installation, or the next one above that exists, and what of it this process cannot change."""
    home = settings.home
    while not os.path.lexists(home) and home != home.parent:
        home = home.parent
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        yield home
        return
    folders = [one for one in (settings.scans, settings.index, settings.home / "run") if one.exists()]
    shelves = settings.scans.iterdir() if os.access(settings.scans, os.R_OK | os.X_OK) else ()
    for folder in (*folders, *(one for one in shelves if one.is_dir())):
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield folder
    for base in (DATABASE, "queue.sqlite3"):
        for name in (base, f"{base}-wal", f"{base}-shm"):
            file = settings.home / name
            if file.exists() and not os.access(file, os.R_OK | os.W_OK):
                yield file


def unlock(settings: Settings) -> None:
    """Before anything is opened: the keys of a closed installation, and its temporary files where no disk is.

    Does nothing for a general one; raises what `vault.unlock` raises.
    """
    if vault.unlock(settings) is not None:
        tempfile.tempdir = os.environ["TMPDIR"] = str(staging.own_temporary_folder(settings))
        staging.wipe_forgotten(settings)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold keys and pages


class InUse:
    """Says for as long as it is open that a server, worker, backup or command runs here; see `alone`.

    Meanwhile the file tells which folder it lies in: a copy of the folder made in the middle of work tells another one.
    Whoever comes to the end last takes that out again.
    """

    def __init__(self, settings: Settings) -> None:
        run = settings.home / "run"
        self._lock = (run / "in-use.lock").open("a+")
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        self._lock.seek(0)
        before, here = self._lock.read().strip(), _folder_of(settings)
        if before and before != here:
            (run / COPIED).touch(mode=0o600)
        if before != here:
            self._lock.truncate(0)
            self._lock.write(here)
            self._lock.flush()
        self.close = weakref.finalize(self, _leave, self._lock, os.getpid())

    def __enter__(self) -> "InUse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def keep_in_use(settings: Settings) -> InUse:
    """See `InUse`."""
    return InUse(settings)


def _folder_of(settings: Settings) -> str:
    run = settings.home / "run"
    return " ".join(str(path.stat().st_ino) for path in (settings.home, run, run / "in-use.lock"))


def _leave(lock: IO[str], opener: int) -> None:
    if os.getpid() == opener:  # in a child the lock is its parent's
        with suppress(OSError):  # somebody else is still here
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.truncate(0)
    lock.close()


def copied(settings: Settings) -> Path | None:
    """The note that this folder is a copy made while OMS was at work; it stays until somebody removes it."""
    note = settings.home / "run" / COPIED
    return note if note.exists() else None


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """For what replaces the database: nothing runs here meanwhile; raises `Conflict` when something does."""
    run = settings.home / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (run / "in-use.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                N_(
                    "OMS or one of its commands is running in %(home)s. Stop its services and wait until commands have "
                    "ended, then run this again."
                ),
                home=settings.home,
            ) from None
        yield


def alembic_config(engine: Engine) -> Config:
    """Alembic configured in code: the migrations beside this module, the engine at hand."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def version_of(engine: Engine) -> str | None:
    """The migration the database stands at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_version(engine: Engine) -> str:
    """The migration this program needs."""
    head = ScriptDirectory.from_config(alembic_config(engine)).get_current_head()
    assert head is not None, "there is at least one migration"
    return head


def upgrade(settings: Settings, engine: Engine) -> bool:
    """Bring the database to the newest version, after a copy of an older one; True when something was done."""
    from alembic import command

    present = version_of(engine)
    if present == newest_version(engine):
        return False
    if present is not None and engine.dialect.name == "sqlite":
        _copy_before_upgrade(settings, engine, present)
    command.upgrade(alembic_config(engine), "head")
    return True


def _copy_before_upgrade(settings: Settings, engine: Engine, present: str) -> None:
    target = settings.home / "run" / f"before-upgrade-{present}.sqlite3"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("VACUUM INTO ?", (str(part),))  # type: ignore[union-attr]
    shutil.move(part, target)


def box_fault(settings: Settings, engine: Engine) -> OmsError | None:
    """What is wrong with the box in which files from outside are opened, unless it is allowed to be as it is.

    A demonstration goes on behind weaker walls, and without any: then it opens no file.
    """
    if settings.box not in ("full", "weak", WEAK_AS_ROOT):
        return SettingsError(
            N_("Setting %(name)s does not understand the value %(value)s."), name="OMS_BOX", value=settings.box
        )
    found = box.rung()
    if found == Rung.FULL or (found == Rung.WEAK and _may_be_weak(settings)) or is_demo(engine):
        return None
    if found == Rung.WEAK and settings.box == "weak":
        return Unavailable(
            N_(
                "Behind weaker walls a program that opens a file runs as root, as OMS does, and could end or read all "
                "others. Run OMS as a user of its own, or write OMS_BOX=weak-as-root in the settings to take that risk."
            )
        )
    if found == Rung.WEAK:
        return Unavailable(
            N_(
                "This machine forbids the closed box in which files from outside are opened. Install bubblewrap and let "
                "it make namespaces (docs/install.md), or write OMS_BOX=weak in the settings to do with weaker walls."
            )
        )
    return Unavailable(
        N_(
            "This machine cannot build the box in which files from outside are opened. Install the packages bubblewrap "
            "and libseccomp2; docs/install.md says what else it needs."
        )
    )


def _may_be_weak(settings: Settings) -> bool:
    """Whether the settings allow weaker walls: in them a program stays the user OMS is, so for root it is said apart."""
    return settings.box == WEAK_AS_ROOT or (settings.box == "weak" and os.getuid() != 0)


def require_box(settings: Settings, engine: Engine) -> None:
    """Raise what `box_fault` finds: a service that must not open files as it would does not start."""
    fault = box_fault(settings, engine)
    if fault is not None:
        log.error("no closed box: %s", box.look()[1])
        raise fault


def require_tls(settings: Settings, engine: Engine) -> None:
    """Raise `SettingsError` where a real installation would be open to the network without TLS."""
    if settings.https or settings.host in LOOPBACK or is_demo(engine):
        return
    raise SettingsError(
        N_(
            "OMS does not listen on %(host)s without TLS: passwords and dossiers would pass the network in the open. "
            "Put nginx in front (docs/install.md), or listen on 127.0.0.1."
        ),
        host=settings.host,
    )


def allow_box(settings: Settings, engine: Engine) -> None:
    """Let the boxes of this process be weak where the settings say so, and for a demonstration."""
    box.permit(lambda: _may_be_weak(settings) or is_demo(engine))


def is_new(engine: Engine) -> bool:
    """True when the database has no tables yet."""
    return not inspect(engine).get_table_names()


_demo: WeakKeyDictionary[Engine, bool] = WeakKeyDictionary()


def is_demo(engine: Engine) -> bool:
    """True when this installation holds synthetic people only; False also while the database is out of reach."""
    if not _demo.get(engine):
        try:
            with db.reading(engine) as session:
                fact = session.get(Fact, "demo")
        except SQLAlchemyError:
            return False  # error pages need no database
        _demo[engine] = fact is not None and fact.value == "yes"
    return _demo[engine]
