"""A backup sealed to public keys: the machine that makes it cannot open it.

The content is encrypted under a key of its own (`oms.streams`), and that key once for each public key of
`OMS_BACKUP_KEYS`: X25519 (RFC 7748) with a fresh pair, HKDF-SHA256 (RFC 5869), AES-256-GCM. One private key lies in the
safe; a second one may lie with root for the weekly trial. Whoever steals the file has nothing.
"""

import hashlib
import io
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from oms import streams
from oms.errors import N_, BadInput, Conflict, Refused
from oms.settings import SettingsError

MAGIC = b"OMSBAK\x00\x01"
_HEADER_LIMIT = 64 * 1024
_ABOUT = b"oms-backup/key/1\n"


def new_key(path: Path) -> str:
    """Make a private key in a new file that only its owner reads; its public key, 64 hex digits."""
    return write_key(path, X25519PrivateKey.generate().private_bytes_raw())


def must_be_new(path: Path) -> None:
    """Refuse a place where no key could be written, before anybody types one."""
    if os.path.lexists(path):
        raise _is_there(path)
    if not os.access(path.parent, os.W_OK):
        raise BadInput(N_("%(path)s cannot be written. Choose another file."), path=path)


def _is_there(path: Path) -> Conflict:
    return Conflict(N_("%(file)s exists already and is not written over. Choose another name."), file=path)


def write_key(path: Path, raw: bytes) -> str:
    """Write a private key of 32 bytes into a new file that only its owner reads; its public key, 64 hex digits."""
    key = X25519PrivateKey.from_private_bytes(raw)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    except FileExistsError:
        raise _is_there(path) from None
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(key.private_bytes_raw().hex() + "\n")
        out.flush()
        os.fsync(out.fileno())
    return key.public_key().public_bytes_raw().hex()


def public_keys(setting: str) -> list[bytes]:
    """The keys of the setting, divided by blanks; raises `SettingsError` for what is none."""
    try:
        found = [bytes.fromhex(word) for word in setting.split()]
        for key in found:
            X25519PublicKey.from_public_bytes(key)
    except ValueError:
        raise SettingsError(
            N_("OMS_BACKUP_KEYS holds public keys of 64 characters, divided by blanks; “oms backup-key” makes one.")
        ) from None
    return found


class Sealing(io.RawIOBase):
    """A stream to write a backup to, which goes on encrypted; `finish` writes the end."""

    def __init__(self, out: BinaryIO, keys: list[bytes]) -> None:
        key, prefix = secrets.token_bytes(32), secrets.token_bytes(streams.PREFIX)
        head = {"nonce": prefix.hex(), "keys": [_wrap(key, public) for public in keys]}
        raw = json.dumps(head, sort_keys=True).encode()
        header = MAGIC + len(raw).to_bytes(4, "big") + raw
        self._writer = streams.Writer(out, key, prefix, hashlib.sha256(header).digest())
        out.write(header)

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Encrypt and pass on."""
        self._writer.write(bytes(data))
        return len(data)

    def finish(self) -> None:
        """Write the last chunk: without it nothing can be opened to its end."""
        self._writer.finish()


def is_sealed(stream: BinaryIO) -> bool:
    """Whether the file is a sealed backup; the stream stands at its start afterwards."""
    start = stream.read(len(MAGIC))
    stream.seek(0)
    return start == MAGIC


def unseal(stream: BinaryIO, key_file: Path) -> Iterator[bytes]:
    """The content of a sealed backup; raises `Refused` for a key it was not sealed to, `streams.Broken` where it does
    not hold."""
    start = stream.read(len(MAGIC) + 4)
    size = int.from_bytes(start[len(MAGIC) :], "big")
    raw = stream.read(size) if size <= _HEADER_LIMIT else b""
    try:
        head = json.loads(raw)
        prefix = bytes.fromhex(head["nonce"])
        wrapped = [{name: bytes.fromhex(value) for name, value in row.items()} for row in head["keys"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise streams.Broken(0) from None
    key = _unwrap(wrapped, read_key(key_file))
    return streams.decrypt(key, prefix, hashlib.sha256(start + raw).digest(), stream)


def read_key(path: Path) -> X25519PrivateKey:
    """The private key of a file; raises `BadInput`."""
    try:
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text("ascii").strip()))
    except (ValueError, UnicodeDecodeError):
        raise BadInput(N_("%(file)s is no key of backups; “oms backup-key” makes one."), file=path.name) from None


def _wrap(key: bytes, public: bytes) -> dict[str, str]:
    mine = X25519PrivateKey.generate()
    fresh = mine.public_key().public_bytes_raw()
    sealed = AESGCM(_derive(mine, public, fresh, public)).encrypt(bytes(12), key, None)
    return {"to": public.hex(), "from": fresh.hex(), "key": sealed.hex()}


def _unwrap(rows: list[dict[str, bytes]], mine: X25519PrivateKey) -> bytes:
    own = mine.public_key().public_bytes_raw()
    for row in rows:
        if row.get("to") == own:
            try:
                return AESGCM(_derive(mine, row["from"], row["from"], own)).decrypt(bytes(12), row["key"], None)
            except (InvalidTag, KeyError, ValueError):
                raise streams.Broken(0) from None
    raise Refused(N_("This backup was not sealed to this key. Take the key file that was made for it."))


def _derive(mine: X25519PrivateKey, other: bytes, fresh: bytes, public: bytes) -> bytes:
    """The key that wraps the key of the content; used once, as the pair it comes from."""
    shared = mine.exchange(X25519PublicKey.from_public_bytes(other))
    return HKDF(SHA256(), 32, salt=fresh + public, info=_ABOUT).derive(shared)


class Reading(io.RawIOBase):
    """Pieces of a content as a stream to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, target: Any) -> int:
        """Fill a part of the target; 0 at the end."""
        while not self._rest:
            try:
                self._rest = next(self._pieces)
            except StopIteration:
                return 0
        count = min(len(target), len(self._rest))
        target[:count], self._rest = self._rest[:count], self._rest[count:]
        return count
