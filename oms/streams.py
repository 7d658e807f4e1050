"""A row of encrypted chunks that nobody can cut off, leave out, repeat or swap.

AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce of a chunk is a random
prefix, its number and a byte that marks the last one; whatever is said in front is bound to every chunk.
"""

from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK = 1024 * 1024
TAG, PREFIX = 16, 7


class Broken(Exception):
    """A chunk is not what was written, or the last one is missing; `part` counts from one."""

    def __init__(self, part: int) -> None:
        super().__init__(f"part {part}")
        self.part = part


class Writer:
    """Encrypts what is written to it onto `out`; `bound` is what stands in front of the chunks, or its hash.

    `finish` writes the last chunk, possibly empty; `size` counts the bytes put out.
    """

    def __init__(self, out: BinaryIO, key: bytes, prefix: bytes, bound: bytes) -> None:
        self.size, self._number, self._waiting = 0, 0, bytearray()
        self._out, self._cipher, self._prefix, self._bound = out, AESGCM(key), prefix, bound

    def write(self, data: bytes) -> None:
        """Encrypt all whole chunks but the last one, which waits: only the end knows that it is the last."""
        self._waiting += data
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def finish(self) -> None:
        """Encrypt what is left and mark it as the end."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, chunk: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._prefix, self._number, last), chunk, self._bound)
        self._out.write(sealed)
        self._number, self.size = self._number + 1, self.size + len(sealed)


def decrypt(key: bytes, prefix: bytes, bound: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """The content of the chunks from where the stream stands; raises `Broken`.

    Pieces given out are proved to be as they were written; that nothing is missing is known after the last.
    """
    cipher, number, chunk = AESGCM(key), 0, stream.read(CHUNK + TAG)
    while True:
        following = stream.read(CHUNK + TAG) if len(chunk) == CHUNK + TAG else b""
        try:
            yield cipher.decrypt(_nonce(prefix, number, not following), chunk, bound)
        except (InvalidTag, ValueError):
            raise Broken(number + 1) from None
        if not following:
            return
        number, chunk = number + 1, following


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])
