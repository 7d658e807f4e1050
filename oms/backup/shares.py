"""A private key on three papers, of which any two give it back and one alone tells nothing.

The key is the sum (XOR) of three blocks of chance; each paper holds two of the three. So one paper lacks a block of
chance as long as the key, and every key is as likely as any other. No polynomial, nothing to get wrong.

Typed from paper, so letters that are alike do not occur (Crockford's alphabet), and each line bears a check of its own.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from oms.errors import N_, BadInput

KEY = 32
"""Bytes of a key."""
PAPERS, ENOUGH = 3, 2
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_IN_A_LINE, _IN_A_GROUP = 20, 4
"""Signs of a line and of a group."""
_VERSION = 1
_SET, _PROOF = 4, 4
"""Bytes that tell papers of one key from those of another, and that prove the key that comes back."""
LINES = 6
"""Lines of a paper."""


@dataclass(frozen=True)
class Share:
    """One paper: its number (1 to 3), of which set, what proves the key, and two of the three blocks."""

    number: int
    of: bytes
    proof: bytes
    blocks: bytes

    @property
    def lines(self) -> tuple[str, ...]:
        """What is printed and typed: groups of four signs, and two that check the line."""
        raw = bytes([_VERSION, self.number]) + self.of + self.proof + self.blocks
        signs = _encode(raw)
        return tuple(_line(signs[start : start + _IN_A_LINE]) for start in range(0, len(signs), _IN_A_LINE))


def split(key: bytes) -> tuple[Share, ...]:
    """The three papers of a key of 32 bytes."""
    if len(key) != KEY:
        raise ValueError("a key has 32 bytes")
    first, second = secrets.token_bytes(KEY), secrets.token_bytes(KEY)
    blocks = (first, second, _sum(key, first, second))
    of, proof = secrets.token_bytes(_SET), _prove(key)
    return tuple(
        Share(number, of, proof, blocks[number - 1] + blocks[number % PAPERS]) for number in range(1, PAPERS + 1)
    )


def join(one: Share, other: Share) -> bytes:
    """The key of two different papers of one set; raises `BadInput`."""
    if one.of != other.of or one.proof != other.proof:
        raise BadInput(N_("These two papers are not of the same key. Take two that bear the same sign of the set."))
    if one.number == other.number:
        raise BadInput(N_("This is the same paper twice. Take two different ones of the three."))
    blocks: dict[int, bytes] = {}
    for share in (one, other):
        blocks[share.number - 1], blocks[share.number % PAPERS] = share.blocks[:KEY], share.blocks[KEY:]
    key = _sum(*blocks.values())
    if _prove(key) != one.proof:
        raise BadInput(N_("The two papers do not give a key. Compare what was typed with the papers, line by line."))
    return key


def read(lines: Sequence[str]) -> Share:
    """A paper as it was typed; raises `BadInput` that names the first wrong line."""
    raw = _decode("".join(check(line, number) for number, line in enumerate(filter(str.strip, lines), start=1)))
    if len(raw) != 2 + _SET + _PROOF + 2 * KEY or raw[0] != _VERSION or not 1 <= raw[1] <= PAPERS:
        raise BadInput(N_("This is no paper of a key, or lines are missing. A paper has six lines."))
    of, proof = raw[2 : 2 + _SET], raw[2 + _SET : 2 + _SET + _PROOF]
    return Share(raw[1], of, proof, raw[2 + _SET + _PROOF :])


def check(line: str, number: int = 0) -> str:
    """The signs of a typed line without its check; raises `BadInput` when they do not go together."""
    typed = "".join(sign for sign in line.upper().translate(_ALIKE) if sign.isalnum())
    signs, given = typed[:-2], typed[-2:]
    if not signs or given != _check(signs) or set(typed) - set(_ALPHABET):
        raise BadInput(N_("Line %(number)s is not as on the paper. Type it again."), number=number)
    return signs


def _line(signs: str) -> str:
    groups = [signs[start : start + _IN_A_GROUP] for start in range(0, len(signs), _IN_A_GROUP)]
    return f"{' '.join(groups)} - {_check(signs)}"


def _check(signs: str) -> str:
    return _encode(hashlib.sha256(signs.encode()).digest())[:2]


def _prove(key: bytes) -> bytes:
    """Some bytes of a hash of 256 bits of chance: they prove the key and give nothing of it away."""
    return hashlib.sha256(b"oms-key-share/1\n" + key).digest()[:_PROOF]


def _sum(*blocks: bytes) -> bytes:
    total = 0
    for block in blocks:
        total ^= int.from_bytes(block, "big")
    return total.to_bytes(KEY, "big")


def _encode(raw: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in raw)
    bits += "0" * (-len(bits) % 5)
    return "".join(_ALPHABET[int(bits[start : start + 5], 2)] for start in range(0, len(bits), 5))


def _decode(signs: str) -> bytes:
    bits = "".join(f"{_ALPHABET.index(sign):05b}" for sign in signs)
    return bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits) - len(bits) % 8, 8))
