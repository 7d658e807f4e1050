"""Where files lie before anybody has said that they may stay: in memory, never on a disk.

A page with a mark of a state secret must not be written to a disk at all (Luật 29/2018/QH14 Đ5, NĐ 26/2020/NĐ-CP
Đ3.4), so what arrives waits in a folder of a memory file system, one for each installation, until it was looked at.
What lies there longer than a person may take to decide was left by a server that died, and is wiped.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from oms.errors import N_, Unavailable
from oms.settings import Settings

MEMORY = Path("/dev/shm")
SECONDS = 600
"""A person has ten minutes to look at a doubtful page."""


def folder(settings: Settings) -> Path:
    """The staging folder of this installation, readable for its own user alone; made when it is not there."""
    if in_memory():
        name = hashlib.sha256(str(settings.home).encode()).hexdigest()[:12]
        path = MEMORY / f"oms-{os.getuid()}-{name}"
    else:
        path = settings.home / "run" / "staging"
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


def make_place(settings: Settings) -> Path:
    """An empty folder of its own for one file."""
    return Path(tempfile.mkdtemp(dir=folder(settings)))


def wipe(place: Path) -> None:
    """Take a folder away with everything in it, or a file that a program left here."""
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)


def wipe_old(settings: Settings) -> None:
    """Take away what nobody came back for."""
    for place in folder(settings).iterdir():
        with suppress(FileNotFoundError):
            if time.time() - place.stat().st_mtime > SECONDS:
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
