"""The file with the key that opens everything: 64 hex digits, outside the data folder, readable by one user alone."""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from oms.errors import N_, Conflict
from oms.settings import Settings, SettingsError, others_may_read

SIZE = 32
WRITTEN = 2 * SIZE
"""Bytes of a key file that was written to its end, at least."""
_PIECE = 1024 * 1024
_LEAST_DIFFERENT = 16
"""Different bytes in a key: 32 bytes of chance have fewer once in 10^13; examples from a manual have 1 or 8."""


class KeyRefused(SettingsError):
    """The key file is missing, or is not one that may guard anything."""

    status = 503


def path_of(settings: Settings) -> Path:
    """Where the key lies by the settings; raises `KeyRefused` for none and for a place beside what it opens."""
    if not settings.vault_key:
        raise KeyRefused(
            N_(
                "OMS_VAULT_KEY is not set. Name the file with the key of this protection installation; "
                "“oms keys new” makes one."
            )
        )
    path = Path(settings.vault_key).expanduser().absolute()
    if path.resolve().is_relative_to(settings.home.resolve()):
        raise KeyRefused(
            N_(
                "The key %(path)s lies in the data folder: who steals the folder has the key. Move it to another place, "
                "best on another disk, and set OMS_VAULT_KEY."
            ),
            path=path,
        )
    return path


def read(path: Path) -> bytes:
    """The key of a file; raises `KeyRefused` with what to do."""
    try:
        open_to_others = others_may_read(path)
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        raise KeyRefused(
            N_("The key file %(path)s is missing. Put it back, or make it again from two of its three papers."),
            path=path,
        ) from None
    except (OSError, UnicodeDecodeError):
        raise KeyRefused(
            N_("The key file %(path)s cannot be read. It must belong to the user OMS runs as, mode 0400."), path=path
        ) from None
    if open_to_others:
        raise KeyRefused(
            N_("The key file %(path)s can be read by other users of the machine. Run: chmod 400 %(path)s"), path=path
        )
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != SIZE:
        raise KeyRefused(
            N_("The key file %(path)s is not a key: 64 hex digits are needed. “oms keys new” makes one."), path=path
        )
    if len(set(key)) < _LEAST_DIFFERENT:
        raise KeyRefused(
            N_("The key file %(path)s holds an example, not a key of chance. “oms keys new” makes one."), path=path
        )
    return key


def write(path: Path, key: bytes | None = None, *, like: Path | None = None) -> bytes:
    """A new file with this key, or one of chance, belonging to whom `like` belongs to.

    Raises `Conflict` when there is a file, for no key is written over.
    """
    key = secrets.token_bytes(SIZE) if key is None else key
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    except FileExistsError:
        raise Conflict(N_("%(file)s exists already and is not written over. Choose another name."), file=path) from None
    except OSError as error:
        raise _not_written(path, error) from error
    with os.fdopen(descriptor, "w") as out:
        if like is not None:
            give(out.fileno(), like)
        out.write(f"{key.hex()}\n")
        out.flush()
        os.fsync(out.fileno())
    sync(path.parent)
    return key


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """For the block nobody else changes the key at this place; who comes second waits.

    The lock is on its folder: nothing has to be laid there that would belong to whoever came first.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _not_written(path: Path, error: OSError) -> Conflict:
    return Conflict(
        N_("The key file %(path)s cannot be written: %(reason)s. Make its folder, or run this as another user."),
        path=path,
        reason=os.strerror(error.errno or 0),
    )


def give(descriptor: int, like: Path) -> None:
    """Let a file that root just made belong to whoever a file or folder belongs to; others cannot, and need not."""
    if os.geteuid() == 0:
        owner = like.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def destroy(path: Path) -> None:
    """Write chance over a key file, then take it away; the medium may still keep old blocks."""
    path.chmod(0o600)
    with path.open("r+b") as out:
        out.write(secrets.token_hex(SIZE).encode())
        out.flush()
        os.fsync(out.fileno())
    path.unlink()
    sync(path.parent)


def id_of(key: bytes) -> str:
    """What tells one key from another and gives nothing of it away: 16 hex digits."""
    return hashlib.sha256(b"oms-kek-id/1\n" + key).hexdigest()[:16]


def sync(folder: Path) -> None:
    """Make names inside a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fill_with_zeros(out: BinaryIO) -> None:
    """Zeros over all of an open file, durably; the medium may still keep old blocks."""
    left = os.fstat(out.fileno()).st_size
    out.seek(0)
    while left > 0:
        left -= out.write(bytes(min(left, _PIECE)))
    out.flush()
    os.fsync(out.fileno())


def write_over(path: Path) -> None:
    """Zeros over a file, then it goes."""
    with path.open("r+b") as out:
        fill_with_zeros(out)
    path.unlink()
    sync(path.parent)
