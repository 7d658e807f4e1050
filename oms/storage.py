"""Bytes under `scans/`, named by their SHA-256 and written once.

In a sealed data folder (`oms.vault`) each is encrypted, and named by a keyed hash. A name is 64 hex digits and nothing
else. The order is: write a temporary file on the same file
system, fsync it, rename it, fsync the folder; so a name that exists has all its bytes, also after
a power cut. Knows no database: whoever puts a file commits its row afterwards.
"""

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from oms import staging, vault
from oms.errors import N_, NotFound, Unavailable

CHUNK = 1024 * 1024
_NAME = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = ".part-"
AGAIN = 60
"""Seconds after which somebody may have made room."""


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """Read a stream piece by piece."""
    while piece := stream.read(CHUNK):
        yield piece


def path_of(folder: Path, sha256: str) -> Path:
    """Where the object lies; raises `NotFound` for anything that is not a SHA-256 in hex."""
    if not _NAME.fullmatch(sha256):
        raise NotFound()
    return folder / sha256[:2] / sha256


@dataclass(frozen=True)
class Put:
    """What was put: its name and size, and the mark of the file where it was not there before (`take_back`)."""

    sha256: str
    size: int
    mark: tuple[int, int] | None


def put(folder: Path, content: Iterable[bytes]) -> tuple[str, int]:
    """Store bytes durably; return their name and size. Putting the same bytes again changes nothing."""
    done = put_marked(folder, content)
    return done.sha256, done.size


def put_marked(folder: Path, content: Iterable[bytes]) -> Put:
    """As `put`, for what may have to be taken back."""
    keys = vault.keys_of(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = folder / f"{_TEMPORARY}{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            sha256, size = _write(out, content) if keys is None else _seal(out, content, keys)
            out.flush()
            os.fsync(out.fileno())
        target, mark = path_of(folder, sha256), None
        if not (_same(folder, sha256, size) and _touch(target)):
            if not target.parent.exists():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                _sync_folder(folder)
            mark = _mark_of(temporary)
            temporary.rename(target)
        # Also when it was there already: another process may have renamed it a moment ago and not synced yet.
        _sync_folder(target.parent)
    except OSError as error:
        raise Unavailable(
            N_(
                "The file store cannot be written (disk full or write-protected?). Nothing was taken in; call the administrator."
            ),
            seconds=AGAIN,
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return Put(sha256, size, mark)


def take_back(folder: Path, done: Put) -> bool:
    """Take away what was put and then refused, unless it was there before or somebody put the same bytes since.

    Renamed first, as in `remove_old`: only the very file of this `put`, untouched, goes.
    """
    if done.mark is None:
        return False
    target = path_of(folder, done.sha256)
    aside = folder / f"{_TEMPORARY}{secrets.token_hex(8)}"
    try:
        target.rename(aside)
    except FileNotFoundError:
        return False
    if _mark_of(aside) != done.mark:
        aside.rename(target)
        _sync_folder(target.parent)
        return False
    _destroy_key(folder, aside)
    aside.unlink()
    return True


def _mark_of(path: Path) -> tuple[int, int]:
    told = path.stat()
    return told.st_ino, told.st_mtime_ns


def _write(out: BinaryIO, content: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for piece in content:
        digest.update(piece)
        size += len(piece)
        out.write(piece)
    return digest.hexdigest(), size


def _seal(out: BinaryIO, content: Iterable[bytes], keys: vault.Keys) -> tuple[str, int]:
    with vault.spool(keys, content) as spooled:
        vault.seal(keys, spooled, out)
        return spooled.name, spooled.size


def put_file(folder: Path, path: Path) -> tuple[str, int]:
    """Store the bytes of a file; see `put`."""
    with path.open("rb") as stream:
        return put(folder, chunks(stream))


def move(source: Path, target: Path) -> None:
    """Put a file into its place, whole when its name is there, also after a power cut."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = target.with_name(f"{_TEMPORARY}{secrets.token_hex(8)}")
    try:
        shutil.copyfile(source, temporary)
        temporary.chmod(0o600)
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.rename(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)
    _sync_folder(target.parent.parent)
    source.unlink(missing_ok=True)


@contextmanager
def opened(folder: Path, sha256: str) -> Iterator[Path]:
    """The stored bytes as a file, for as long as the block lasts and to read only; raises `NotFound`.

    The path is not for keeping: what is opened inside the block stays readable after it, what is opened later may be
    gone. Of a sealed object it is a copy in memory, there when all of it was proved; raises `vault.Damaged`.
    """
    path, keys = _existing(folder, sha256), vault.keys_of(folder)
    if keys is None:
        yield path
        return
    with staging.memory_file(folder.parent) as copy:
        with path.open("rb") as sealed, copy.open("wb") as out:
            for piece in vault.unseal(keys, sha256, sealed):
                out.write(piece)
        yield copy


@contextmanager
def proved(folder: Path, sha256: str) -> Iterator[Path]:
    """As `opened`, for what people are shown or given: all of it was read and is what was put; else `vault.Damaged`."""
    with opened(folder, sha256) as path:
        if vault.keys_of(folder) is None and hash_of(path) != sha256:
            raise vault.Damaged()
        yield path


def pieces(folder: Path, sha256: str) -> Iterator[bytes]:
    """The stored bytes piece by piece; raises `NotFound`, and `vault.Damaged` at the latest behind the last one."""
    digest = hashlib.sha256()
    with opened(folder, sha256) as path, path.open("rb") as stream:
        for piece in chunks(stream):
            digest.update(piece)
            yield piece
    if vault.keys_of(folder) is None and digest.hexdigest() != sha256:
        raise vault.Damaged()


def read(folder: Path, sha256: str) -> bytes:
    """All stored bytes, for what is small; raises `NotFound`."""
    return b"".join(pieces(folder, sha256))


def has(folder: Path, sha256: str) -> bool:
    """Whether the object is there."""
    return path_of(folder, sha256).is_file()


def size_of(folder: Path, sha256: str) -> int:
    """How many bytes were stored; raises `NotFound`."""
    path = _existing(folder, sha256)
    if vault.keys_of(folder) is None:
        return path.stat().st_size
    with path.open("rb") as sealed:
        return vault.size_in(sealed)


def has_length(folder: Path, sha256: str, size: int | None = None) -> bool:
    """Whether the object is as long as it was put (`size` where it is known), without reading it."""
    try:
        path, told = _existing(folder, sha256), size_of(folder, sha256)
    except (NotFound, vault.Damaged):
        return False
    if vault.keys_of(folder) is not None and path.stat().st_size != vault.file_size(told):
        return False
    return size is None or told == size


def is_sound(folder: Path, sha256: str) -> bool:
    """Whether the object is there and its bytes are those that were put; reads them all."""
    try:
        return has(folder, sha256) and is_copy(folder, sha256, path_of(folder, sha256))
    except FileNotFoundError:  # destroyed a moment ago, perhaps
        return False


def is_copy(folder: Path, sha256: str, path: Path) -> bool:
    """Whether a file, wherever it lies, is the object of the folder as it was put; reads all of it."""
    keys = vault.keys_of(folder)
    if keys is None:
        return hash_of(path) == sha256
    with path.open("rb") as sealed:
        return vault.proves(keys, sha256, sealed)


def bears(folder: Path, sha256: str, digest: str) -> bool:
    """Whether the object is sound, when the file it lies in was just read and has this SHA-256 in hex."""
    return digest == sha256 if vault.keys_of(folder) is None else is_sound(folder, sha256)


def name_of(folder: Path, content: Path | Iterable[bytes]) -> str:
    """The name these bytes have, or would have, in the folder: what the columns called `sha256` hold."""
    if isinstance(content, Path):
        with content.open("rb") as stream:
            return name_of(folder, chunks(stream))
    if (keys := vault.keys_of(folder)) is not None:
        return vault.address_of(keys, content)
    digest = hashlib.sha256()
    for piece in content:
        digest.update(piece)
    return digest.hexdigest()


def names_of(folder: Path, content: Path) -> tuple[str, ...]:
    """The name these bytes have, and behind it the one they may still have while files get new names."""
    keys = vault.keys_of(folder)
    name = name_of(folder, content)
    if keys is None or keys.former is None:
        return (name,)
    with content.open("rb") as stream:
        return name, vault.address_of(keys.former, chunks(stream))


def under_former_keys(folder: Path) -> Iterator[str]:
    """Names of the objects that still lie under the former keys of a sealed folder; reads a header of each."""
    keys = vault.keys_of(folder)
    for name in names(folder) if keys is not None and keys.former is not None else ():
        with suppress(FileNotFoundError), path_of(folder, name).open("rb") as sealed:
            if keys is not None and vault.is_former(keys, sealed):
                yield name


def lies_under_present_keys(folder: Path, sha256: str) -> bool:
    """Whether an object of a sealed folder is there and says that it lies under the present keys."""
    keys = vault.keys_of(folder)
    try:
        with path_of(folder, sha256).open("rb") as sealed:
            return keys is not None and vault.is_present(keys, sealed)
    except FileNotFoundError:
        return False


@contextmanager
def sealed_anew(folder: Path, sha256: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """An object under the former keys, sealed under the present ones beside it: its name to be, and what puts it there.

    The old object stays; without the second call nothing is left of the new one. Raises `vault.Damaged` and `NotFound`.
    """
    keys = vault.keys_of(folder)
    assert keys is not None, "only a sealed folder has former keys"
    temporary = folder / f"{_TEMPORARY}{secrets.token_hex(8)}"
    try:
        with (
            _existing(folder, sha256).open("rb") as sealed,
            os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
        ):
            name, _size = _seal(out, vault.unseal(keys, sha256, sealed), keys)
            out.flush()
            os.fsync(out.fileno())

        def put_there() -> None:
            target = path_of(folder, name)
            if not target.parent.exists():
                target.parent.mkdir(mode=0o700, exist_ok=True)
                _sync_folder(folder)
            temporary.rename(target)
            _sync_folder(target.parent)
            os.utime(path_of(folder, sha256))  # whoever still reads under the old name has the time for it

        yield name, put_there
    finally:
        temporary.unlink(missing_ok=True)


def _existing(folder: Path, sha256: str) -> Path:
    path = path_of(folder, sha256)
    if not path.is_file():
        raise NotFound(N_("The stored file is missing. Call the administrator: “oms check” names every missing file."))
    return path


def hash_of(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def remove(folder: Path, sha256: str, *, unless: Callable[[str], bool] = lambda _name: False) -> None:
    """Take an object away; only for what no row names (any more). Of a sealed one the key goes first.

    While files get new names, it may lie there under its other name too: that one goes with it, `unless` it is wanted.
    """
    for name in (*(other for other in other_names(folder, sha256) if not unless(other)), sha256):
        path = path_of(folder, name)
        if path.exists():
            _destroy_key(folder, path)
        path.unlink(missing_ok=True)


def other_names(folder: Path, sha256: str) -> tuple[str, ...]:
    """Under which name besides this one the same bytes may lie while files get new names: the former or the present."""
    keys = vault.keys_of(folder)
    if keys is None or keys.former is None or not has(folder, sha256):
        return ()
    other = keys.former if lies_under_present_keys(folder, sha256) else keys
    with path_of(folder, sha256).open("rb") as sealed, suppress(vault.Damaged):
        return (vault.address_of(other, vault.unseal(keys, sha256, sealed)),)
    return ()


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
    _destroy_key(folder, aside)
    aside.unlink()
    return True


def _destroy_key(folder: Path, path: Path) -> None:
    """Write over the key in front of a sealed object: without it the rest is noise, also on a disk read block by block."""
    if vault.keys_of(folder) is not None:
        with path.open("r+b") as sealed:
            sealed.write(bytes(min(vault.HEADER, path.stat().st_size)))
            sealed.flush()
            os.fsync(sealed.fileno())


def destroy_former_leftovers(folder: Path) -> None:
    """Take away temporary files of writers that died and that lie under the former keys of a sealed folder."""
    keys = vault.keys_of(folder)
    for path in leftovers(folder) if keys is not None else ():
        with path.open("rb") as sealed:
            former = keys is not None and vault.is_former(keys, sealed)
        if former:
            _destroy_key(folder, path)
            path.unlink()


def names(folder: Path) -> Iterator[str]:
    """SHA-256 of every stored object."""
    if folder.is_dir():
        for shelf in sorted(entry for entry in folder.iterdir() if entry.is_dir() and len(entry.name) == 2):
            yield from sorted(entry.name for entry in shelf.iterdir() if _NAME.fullmatch(entry.name))


def leftovers(folder: Path) -> Iterator[Path]:
    """Temporary files of writers that died."""
    if folder.is_dir():
        yield from folder.glob(f"{_TEMPORARY}*")


def _same(folder: Path, sha256: str, size: int) -> bool:
    """True when the object is there whole; a damaged one is replaced by the good bytes at hand."""
    try:
        return has(folder, sha256) and size_of(folder, sha256) == size and is_sound(folder, sha256)
    except vault.Damaged:
        return False


def _touch(target: Path) -> bool:
    """Say that the object is wanted now (see `remove_old`); False when it was just taken away."""
    moment = time.time_ns()  # the clock of the file system is too coarse to tell two who put at once (`take_back`)
    try:
        os.utime(target, ns=(moment, moment))
    except FileNotFoundError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
