"""A sealed file: a header with a key of its own, wrapped, then chunks nobody can cut, swap or leave out.

    OMSENC1\\n | sign of the wrapping key 8 | name 32 | length 8 | prefix 7 | nonce 12 | wrapped key 48 | chunks …

The name is HMAC-SHA-256 of the content, so a thief cannot tell whether a known paper is among the files. The wrapped
key is bound to all before it, each chunk to the whole header (`oms.streams`): what was changed, moved to another name
or exchanged fails before a byte of that chunk is given out.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from oms import streams
from oms.errors import N_, Unavailable
from oms.vault.keeping import Keys

MAGIC = b"OMSENC1\n"
_SIGN, _NAME, _LENGTH, _NONCE = 8, 32, 8, 12
_FRONT = len(MAGIC) + _SIGN + _NAME + _LENGTH + streams.PREFIX + _NONCE
HEADER = _FRONT + 32 + streams.TAG
_NAME_AT = len(MAGIC) + _SIGN
_LENGTH_AT = _NAME_AT + _NAME
_PREFIX_AT = _LENGTH_AT + _LENGTH


class Damaged(Unavailable):
    """A sealed file is not what was written; nothing of the damaged part was given out."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "The stored file is damaged and was not opened. Call the administrator: “oms check” names every such file."
            )
        )


@dataclass(frozen=True)
class Spool:
    """Content that lies whole in memory, its name and its size."""

    stream: BinaryIO
    name: str
    size: int


def address_of(keys: Keys, content: Iterable[bytes]) -> str:
    """The name of these bytes, in hex."""
    digest = hmac.new(keys.names, digestmod=hashlib.sha256)
    for piece in content:
        digest.update(piece)
    return digest.hexdigest()


@contextmanager
def spool(keys: Keys, content: Iterable[bytes]) -> Iterator[Spool]:
    """Keep bytes in memory until their length and name are known, which stand in front of them."""
    digest, size = hmac.new(keys.names, digestmod=hashlib.sha256), 0
    with os.fdopen(os.memfd_create("oms-spool", os.MFD_CLOEXEC), "w+b") as memory:
        for piece in content:
            digest.update(piece)
            size += len(piece)
            memory.write(piece)
        memory.seek(0)
        yield Spool(memory, digest.hexdigest(), size)


def seal(keys: Keys, spooled: Spool, out: BinaryIO) -> None:
    """Write the sealed file."""
    key, prefix = secrets.token_bytes(32), secrets.token_bytes(streams.PREFIX)
    front = b"".join(
        (
            MAGIC,
            sign_of(keys),
            bytes.fromhex(spooled.name),
            spooled.size.to_bytes(_LENGTH, "big"),
            prefix,
            nonce := secrets.token_bytes(_NONCE),
        )
    )
    header = front + AESGCM(keys.objects).encrypt(nonce, key, front)
    out.write(header)
    writer = streams.Writer(out, key, prefix, hashlib.sha256(header).digest())
    spooled.stream.seek(0)
    while piece := spooled.stream.read(streams.CHUNK):
        writer.write(piece)
    writer.finish()


def unseal(keys: Keys, name: str, sealed: BinaryIO) -> Iterator[bytes]:
    """The content of the file that lies under `name`; raises `Damaged`, before the piece that does not hold."""
    header = sealed.read(HEADER)
    front = header[:_FRONT]
    if len(header) != HEADER or front[: len(MAGIC)] != MAGIC or front[_NAME_AT:_LENGTH_AT] != bytes.fromhex(name):
        raise Damaged
    keys = _keys_for(keys, front)
    try:
        key = AESGCM(keys.objects).decrypt(front[-_NONCE:], header[_FRONT:], front)
        left = int.from_bytes(front[_LENGTH_AT:_PREFIX_AT], "big")
        prefix = front[_PREFIX_AT : _PREFIX_AT + streams.PREFIX]
        for piece in streams.decrypt(key, prefix, hashlib.sha256(header).digest(), sealed):
            left -= len(piece)
            if left < 0:
                raise Damaged
            yield piece
    except (InvalidTag, streams.Broken):
        raise Damaged from None
    if left:
        raise Damaged


def proves(keys: Keys, name: str, sealed: BinaryIO) -> bool:
    """Whether a sealed file is whole and holds what its name says; reads all of it."""
    front = sealed.read(_FRONT)
    sealed.seek(0)
    try:
        return address_of(_keys_for(keys, front), unseal(keys, name, sealed)) == name
    except Damaged:
        return False


def is_former(keys: Keys, sealed: BinaryIO) -> bool:
    """Whether a sealed file says that it lies under the former keys."""
    return keys.former is not None and _keys_for(keys, sealed.read(_FRONT)) is keys.former


def is_present(keys: Keys, sealed: BinaryIO) -> bool:
    """Whether a sealed file says that it lies under the present keys."""
    return sealed.read(_FRONT)[len(MAGIC) : _NAME_AT] == sign_of(keys)


def _keys_for(keys: Keys, front: bytes) -> Keys:
    """The keys a header names; the present ones, which will not open it, for a sign nobody knows."""
    if keys.former is not None and front[len(MAGIC) : _NAME_AT] == sign_of(keys.former):
        return keys.former
    return keys


def size_in(sealed: BinaryIO) -> int:
    """The length of the content as the header says it; proved only by `unseal`."""
    header = sealed.read(HEADER)
    if len(header) != HEADER or header[: len(MAGIC)] != MAGIC:
        raise Damaged
    return int.from_bytes(header[_LENGTH_AT:_PREFIX_AT], "big")


def file_size(length: int) -> int:
    """How long the sealed file of a content of this length is: every chunk has a tag, and there is always a last one."""
    return HEADER + length + streams.TAG * max(1, -(-length // streams.CHUNK))


def signs_of(keys: Keys | None) -> list[str]:
    """In hex, the signs of the keys that files may lie under: one, two while they are brought under new ones."""
    return [sign_of(one).hex() for one in (keys, keys.former if keys else None) if one is not None]


def sign_of(keys: Keys) -> bytes:
    """What tells the key that wraps the keys of files from another one."""
    return hashlib.sha256(b"oms-object-key-id/1\n" + keys.objects).digest()[:_SIGN]
