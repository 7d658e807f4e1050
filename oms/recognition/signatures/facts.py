"""What the box said of the signatures of a file, read as the word of a stranger: every type, length and moment checked.

A name is shortened and freed of invisible characters, a number has its range, a word is one of those we know. Anything
else makes the whole answer void: whoever asked says that the file cannot be judged.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from oms.vietnamese.text import nfc

MOST = 50
"""Signatures of one file that are judged; a decision bears two or three. The others are counted."""
LONGEST_NAME = 200
MOST_COUNTED = 100_000

KINDS = ("signature", "timestamp")
PROBLEMS = ("", "broken", "form", "algorithm", "weak")
"""Why a signature cannot be judged: its data are damaged, it has a form or a method nobody here knows, or a method that
proves nothing any more (SHA-1, short keys)."""
LATER = ("nothing", "signatures", "changes")
"""What the file got after this signature: nothing (but evidence), more signatures, or something else."""
TRUST = ("trusted", "unknown", "expired", "early", "revoked", "purpose", "chain", "not-asked")
REVOCATION = ("clear", "unknown", "revoked")
STAMPS = ("none", "proved", "unknown", "false")
"""The time stamp of a signature: none, one of a known authority, one of an unknown one, one that is not of this."""

_HEX = re.compile(r"[0-9a-f]{0,128}")
_ALGORITHM = re.compile(r"[a-z0-9_/-]{0,40}")
_WORDS = {
    "kind": KINDS,
    "problem": PROBLEMS,
    "later": LATER,
    "trust": TRUST,
    "revocation": REVOCATION,
    "stamp": STAMPS,
}
_CODES = {"fingerprint": _HEX, "digest": _HEX, "algorithm": _ALGORITHM}
_TEXTS = ("signer", "organisation", "issuer")
_MOMENTS = ("valid_from", "valid_until", "revoked_at", "signed_at", "stamped_at", "judged_for")


@dataclass(frozen=True)
class Facts:
    """One signature; moments in UTC, `digest` (of what was signed) and `fingerprint` (SHA-256 of the certificate) hex.

    `signed_at` is what the signature says, `stamped_at` what a time stamp says, `judged_for` the moment for which the
    certificate was asked about.
    """

    kind: str
    problem: str
    intact: bool
    later: str
    trust: str
    revocation: str
    stamp: str
    signer: str
    organisation: str
    issuer: str
    fingerprint: str
    digest: str
    algorithm: str
    valid_from: datetime | None
    valid_until: datetime | None
    revoked_at: datetime | None
    signed_at: datetime | None
    stamped_at: datetime | None
    judged_for: datetime | None


@dataclass(frozen=True)
class Signatures:
    """All of one file: `total` there are, the first ones judged."""

    total: int
    judged: tuple[Facts, ...]


def believe(value: Any) -> Signatures:
    """The answer of the box, checked; raises `ValueError` for anything that cannot be one."""
    if not isinstance(value, dict) or set(value) != {"total", "signatures"}:
        raise ValueError("no answer")
    total, given = value["total"], value["signatures"]
    if type(total) is not int or not 0 <= total <= MOST_COUNTED or not isinstance(given, list):
        raise ValueError("no count")
    if len(given) != min(total, MOST):
        raise ValueError("another number than it counts")
    return Signatures(total, tuple(_believe_one(one) for one in given))


def _believe_one(given: Any) -> Facts:
    if not isinstance(given, dict) or set(given) != set(Facts.__dataclass_fields__):
        raise ValueError("no signature")
    if type(given["intact"]) is not bool:
        raise ValueError("neither whole nor not")
    checked: dict[str, Any] = {"intact": given["intact"]}
    checked |= {name: _one_of(given[name], known) for name, known in _WORDS.items()}
    checked |= {name: _text(given[name]) for name in _TEXTS}
    checked |= {name: _code(given[name], pattern) for name, pattern in _CODES.items()}
    checked |= {name: _moment(given[name]) for name in _MOMENTS}
    return Facts(**checked)


def _one_of(value: Any, known: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in known:
        raise ValueError("an unknown word")
    return value


def _code(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError("no code")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 4 * LONGEST_NAME:
        raise ValueError("no name")
    shown = "".join(character if character.isprintable() else "�" for character in nfc(value))
    return shown.strip()[:LONGEST_NAME]


def _moment(value: Any) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("no moment")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError:  # in the year 1 or 9999
        return None
