"""Where files lie before anybody has said that they may stay: in memory, never on a disk.

A page with a mark of a state secret must not be written to a disk at all (Luật 29/2018/QH14 Đ5, NĐ 26/2020/NĐ-CP
Đ3.4), so what arrives waits in a folder of a memory file system, one for each installation, until it was looked at.
What lies there longer than a person may take to decide was left by a server that died, and is wiped.

Folders of work done later (`own_folder`) are locked by whoever works in them, for as long as the process lives: by that
others see what a killed one left behind, and what is in use, however long the work takes.
"""

import atexit
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from oms.errors import N_, FileNotNow, Unavailable
from oms.settings import Settings

MEMORY = Path("/dev/shm")  # nosec B108 - memory, not disk; one folder of our own in it, 0700
PLACE = "file-"
"""How the names of folders begin in which a file is being received and looked at."""
OPENED = "opened"
"""Folder of the files in memory that are opened copies of sealed ones."""
OWN = ("reading", "stacks", "temporary", OPENED)
"""Folders in which everything is locked by whoever works with it."""
TRIALS = ("drill-*", "backup-*")
"""Such folders directly under `run/`: backups, restores and trials at work."""
YOUNG = 5
"""Seconds in which a new one has surely been locked."""
SECONDS = 600
"""A person has ten minutes to look at a doubtful page."""


AGAIN = 30
"""Seconds after which some of what is being looked at has surely been looked at."""


class StagingFull(FileNotNow):
    """So much is being looked at that there is no memory for more."""

    what = N_("No memory for one more file")


@contextmanager
def refusing_when_full(name: str) -> Iterator[None]:
    """Say in words, for the file of this name, that what happens in the block found no room in memory."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StagingFull(
            N_(
                "Many files are being checked at this moment and there is no room for %(name)s. Nothing of it was kept: "
                "send it again in half a minute."
            ),
            name=name,
            seconds=AGAIN,
        ) from error


def folder(settings: Settings) -> Path:
    """The staging folder of this installation, readable for its own user alone; made when it is not there."""
    if settings.protected:
        _closed_memory(settings.home)  # there is no other place
    return _make(_memory_of(settings.home) if in_memory() else settings.home / "run" / "staging")


def work_folder(settings: Settings, name: str) -> Path:
    """Where work lies while it is done: under `run/`, and in memory where nothing may lie open on a disk."""
    path = _work_place(settings, name)
    if not settings.protected:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path
    _closed_memory(settings.home)
    return _make(path)


def _work_place(settings: Settings, name: str) -> Path:
    return (_memory_of(settings.home, "work") if settings.protected else settings.home / "run") / name


@contextmanager
def own_folder(settings: Settings, name: str) -> Iterator[Path]:
    """An empty folder for one piece of work, in one of the folders `OWN`; see `locked_folder`."""
    with locked_folder(work_folder(settings, name)) as path:
        yield path


@contextmanager
def locked_folder(above: Path, prefix: str = "") -> Iterator[Path]:
    """An empty folder that goes at the end of the block; when the process is killed, the next one sees that it is nobody's."""
    path, descriptor = _make_locked(above, prefix)
    try:
        yield path
    finally:
        wipe(path)
        os.close(descriptor)


def _make_locked(above: Path, prefix: str = "") -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(dir=above, prefix=prefix))
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if path.exists():  # nobody took it for forgotten before it was locked
            return path, descriptor
        os.close(descriptor)


_temporary: dict[Path, tuple[Path, int, int]] = {}
"""Of each data folder: the folder for temporary files of this process, its lock, and who made it."""


def own_temporary_folder(settings: Settings) -> Path:
    """A folder for all temporary files of this process and of those it forks; it goes when they have ended."""
    path, _lock, _maker = _temporary.get(settings.home, (Path(), -1, 0))
    if not path.is_absolute() or not path.is_dir():
        path, descriptor = _make_locked(work_folder(settings, "temporary"))
        _temporary[settings.home] = path, descriptor, os.getpid()
    return path


@atexit.register
def _wipe_own_temporary_folders() -> None:
    for path, _lock, maker in _temporary.values():
        if maker == os.getpid():
            wipe(path)


@contextmanager
def memory_file(home: Path) -> Iterator[Path]:
    """An empty file in memory for what must not touch a disk; gone at the end of the block."""
    place = _make(_closed_memory(home) / OPENED)
    descriptor, name = tempfile.mkstemp(dir=place)
    path = Path(name)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # by this others see that somebody still needs it
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def forgotten(settings: Settings) -> list[Path]:
    """Folders and files of work that programs left when they died; those in use are locked."""
    return [path for path in _worked_in(settings) if _is_nobodys(path)]


def wipe_forgotten(settings: Settings) -> None:
    """Take them away, with what a trial of a backup had opened in memory."""
    for path in _worked_in(settings):
        with _taken(path) as taken:
            if taken:
                for home in (path, path / "home"):
                    forget(replace(settings, home=home))
                wipe(path)


def _worked_in(settings: Settings) -> Iterator[Path]:
    for name in OWN:
        place = _work_place(settings, name)
        yield from place.iterdir() if place.is_dir() else ()
    for pattern in TRIALS:
        yield from (settings.home / "run").glob(pattern)


def _is_nobodys(path: Path) -> bool:
    with _taken(path) as taken:
        return taken


@contextmanager
def _taken(path: Path) -> Iterator[bool]:
    """Whether nobody holds it, and nobody can come to for the block; what was made a moment ago counts as held."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            taken = abs(time.time() - os.fstat(descriptor).st_mtime) > YOUNG
        except OSError:
            taken = False
        yield taken
    finally:
        os.close(descriptor)


def forget(settings: Settings) -> None:
    """Take away all folders in memory of an installation that ends."""
    lying_open = settings.home / "run" / "staging"
    for path in (_memory_of(settings.home), _memory_of(settings.home, "work"), lying_open):
        shutil.rmtree(path, ignore_errors=True)


def _closed_memory(home: Path) -> Path:
    if not in_memory():
        raise Unavailable(
            N_(
                "This machine has no memory file system (/dev/shm), and opened files of a protection installation must "
                "not touch a disk. Call the administrator."
            )
        )
    return _make(_memory_of(home, "work"))


def _memory_of(home: Path, kind: str = "") -> Path:
    name = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return MEMORY / "-".join(filter(None, ("oms", kind, str(os.getuid()), name)))


def _make(path: Path) -> Path:
    """A folder for its own user alone."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.getuid():
        raise Unavailable(
            N_("The staging folder %(path)s belongs to somebody else. Nothing was taken in; call the administrator."),
            path=path,
        )
    path.chmod(0o700)
    return path


def in_memory() -> bool:
    """Whether this machine has a memory file system to write to; without one, staging lies on disk and we say so."""
    return MEMORY.is_mount() and os.access(MEMORY, os.W_OK)


def lies_in_memory(place: Path) -> bool:
    """Whether what is written into this folder stays in memory, as the kernel's table of mounts says."""
    device = place.stat().st_dev
    mounts = Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
    kinds = [line.partition(" - ")[2].split() for line in mounts if line.split()[2] == _number(device)]
    return bool(kinds) and all(kind[0] in ("tmpfs", "ramfs") for kind in kinds)


def _number(device: int) -> str:
    return f"{os.major(device)}:{os.minor(device)}"


_places: dict[Path, int] = {}
"""Folders this process receives files in, each with its lock: by that others see what a killed one left."""


def make_place(settings: Settings) -> Path:
    """An empty folder of its own for one file, until `wipe` or `let_go`."""
    path, descriptor = _make_locked(folder(settings), PLACE)
    _places[path] = descriptor
    return path


def let_go(place: Path) -> None:
    """From now on the folder lies here for itself, for as long as a person may take to decide."""
    if (descriptor := _places.pop(place, None)) is not None:
        os.close(descriptor)


def wipe(place: Path) -> None:
    """Take a folder away with everything in it, or a file that a program left here."""
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)
    let_go(place)


def wipe_old(settings: Settings) -> None:
    """Take away what nobody came back for, and at once what was being received by a program that died."""
    for place in folder(settings).iterdir():
        with suppress(FileNotFoundError):
            # On either side: a clock that was ahead and put right leaves times behind that are still to come.
            if abs(time.time() - place.stat().st_mtime) > SECONDS or (
                place.name.startswith(PLACE) and _is_nobodys(place)
            ):
                wipe(place)


@contextmanager
def for_temporary_files(settings: Settings) -> Iterator[None]:
    """Let this process and the programs it starts write their temporary files here too."""
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder(settings))
    try:
        yield
    finally:
        tempfile.tempdir = before[0]
        if before[1] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[1]
