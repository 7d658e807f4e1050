"""Bytes under `scans/`, named by their SHA-256 and written once.

A name is 64 hex digits and nothing else. The order is: write a temporary file on the same file
system, fsync it, rename it, fsync the folder; so a name that exists has all its bytes, also after
a power cut. Knows no database: whoever puts a file commits its row afterwards.
"""

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from oms.errors import N_, NotFound, Unavailable

CHUNK = 1024 * 1024
_NAME = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = ".part-"


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Read a stream piece by piece."""
    while piece := stream.read(CHUNK):
        yield piece


def path_of(folder: Path, sha256: str) -> Path:
    """Where the object lies; raises `NotFound` for anything that is not a SHA-256 in hex."""
    if not _NAME.fullmatch(sha256):
        raise NotFound()
    return folder / sha256[:2] / sha256


def put(folder: Path, pieces: Iterable[bytes]) -> tuple[str, int]:
    """Store bytes durably; return their SHA-256 and size. Putting the same bytes again changes nothing."""
    digest, size = hashlib.sha256(), 0
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = folder / f"{_TEMPORARY}{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        sha256 = digest.hexdigest()
        target = path_of(folder, sha256)
        if not (_same(target, sha256, size) and _touch(target)):
            if not target.parent.exists():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                _sync_folder(folder)
            temporary.rename(target)
        # Also when it was there already: another process may have renamed it a moment ago and not synced yet.
        _sync_folder(target.parent)
    except OSError as error:
        raise Unavailable(
            N_(
                "The file store cannot be written (disk full or write-protected?). Nothing was taken in; call the administrator."
            )
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return sha256, size


def put_file(folder: Path, path: Path) -> tuple[str, int]:
    """Store the bytes of a file; see `put`."""
    with path.open("rb") as stream:
        return put(folder, chunks(stream))


def get(folder: Path, sha256: str) -> Path:
    """The path of a stored object; raises `NotFound`."""
    path = path_of(folder, sha256)
    if not path.is_file():
        raise NotFound(N_("The stored file is missing. Call the administrator: “oms check” names every missing file."))
    return path


def hash_of(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def hash_of_pieces(pieces: Iterable[bytes]) -> str:
    """SHA-256 in hex of bytes that come piece by piece."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def remove(folder: Path, sha256: str) -> None:
    """Take an object away; only for what no row names (any more)."""
    path_of(folder, sha256).unlink(missing_ok=True)


def age_of(folder: Path, sha256: str) -> float:
    """Seconds since the object was last put; 0 when it is not there."""
    try:
        return time.time() - path_of(folder, sha256).stat().st_mtime
    except FileNotFoundError:
        return 0


def remove_old(folder: Path, sha256: str, seconds: float) -> bool:
    """Take away an object no row names, unless somebody put it again within the last `seconds`.

    It is renamed first and its age asked then: whoever puts the same bytes meanwhile either finds it gone
    or has made it young again, in which case it goes back to its place.
    """
    target = path_of(folder, sha256)
    aside = folder / f"{_TEMPORARY}{secrets.token_hex(8)}"
    try:
        target.rename(aside)
    except FileNotFoundError:
        return False
    if time.time() - aside.stat().st_mtime < seconds:
        aside.rename(target)
        _sync_folder(target.parent)
        return False
    aside.unlink()
    return True


def names(folder: Path) -> Iterator[str]:
    """SHA-256 of every stored object."""
    if folder.is_dir():
        for shelf in sorted(entry for entry in folder.iterdir() if entry.is_dir() and len(entry.name) == 2):
            yield from sorted(entry.name for entry in shelf.iterdir() if _NAME.fullmatch(entry.name))


def leftovers(folder: Path) -> Iterator[Path]:
    """Temporary files of writers that died."""
    if folder.is_dir():
        yield from folder.glob(f"{_TEMPORARY}*")


def _same(target: Path, sha256: str, size: int) -> bool:
    """True when the object is there whole; a damaged one is replaced by the good bytes at hand."""
    return target.is_file() and target.stat().st_size == size and hash_of(target) == sha256


def _touch(target: Path) -> bool:
    """Say that the object is wanted now (see `remove_old`); False when it was just taken away."""
    try:
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
