"""Passwords: how they are kept, what a new one must be, and checking one without letting anybody guess.

Kept as argon2id hashes. Knows nothing of sessions. Values: OWASP ASVS 5.0 V6.2, RFC 9106.
"""

import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from oms.accounts.found_out import is_found_out
from oms.errors import N_, BadInput, Unavailable
from oms.models import Account
from oms.vietnamese.text import fold
from oms.vietnamese.text import words as words_of

# argon2id: 64 MiB, 3 passes, one lane (about 0.2 s on the office server).
_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1, hash_len=32, salt_len=16)
# One hash at a time in each of the two web processes: 128 MiB at most, however many people sign in at once.
_one_at_a_time = threading.BoundedSemaphore(1)
HASHING_PATIENCE = 3.0  # seconds in the queue, then 503
PASSWORD_LENGTH = (12, 128)
ADMINISTRATOR_LENGTH = 15
# Least score of zxcvbn (0 to 4), which knows lists of passwords that were found out, names and keyboard rows.
LEAST_SCORE = 3
# zxcvbn takes quadratic time; what comes behind this many characters makes a password only better.
_SCORED_CHARACTERS = 64
# What everybody here thinks of first; compared without marks and spaces, like everything else that is known.
_WORDS_OF_THE_HOUSE = ("oms", "hồ sơ", "mật khẩu", "cán bộ", "đảng bộ", "đảng viên", "công chức", "viên chức")
_YEARS = re.compile(r"(19|20)\d\d")
# So much must be left of a password without what is known.
_OWN_CHARACTERS = 6
DEMO_PASSWORD = "Demo-OMS-2026"


@cache
def _hash_of_nobody() -> str:
    """Checked for unknown names, so that they take as long as known ones."""
    return _hasher.hash("no such account")


def _composed(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """argon2id hash of a password in NFC."""
    return _hasher.hash(_composed(password))


def is_password(password_hash: str, password: str) -> bool:
    """True for the right password; raises `Unavailable` when too many are being checked already."""
    if not _one_at_a_time.acquire(timeout=HASHING_PATIENCE):
        raise Unavailable(N_("Many people are signing in right now. Wait a few seconds, then try again."))
    try:
        return _hasher.verify(password_hash, _composed(password))
    except (VerifyMismatchError, InvalidHashError):
        return False
    finally:
        _one_at_a_time.release()


def check_credentials(session: Session, username: str, password: str) -> Account | None:
    """The account of a right name and password, else None, in the same time either way.

    Only reads (hashing must not hold a writing transaction) and counts nothing: that is `prove_password`.
    """
    account = session.scalar(select(Account).where(Account.username == username.strip().lower()))
    right = is_password(account.password_hash if account else _hash_of_nobody(), password)
    return account if right and account is not None and not account.disabled else None


def needs_new_hash(account: Account) -> bool:
    """True when the stored hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(account.password_hash)


def first_password() -> str:
    """A random password of 16 characters, to be changed at the first sign-in."""
    return secrets.token_urlsafe(12)


def check_new_password(
    password: str, username: str, *, shortest: int | None = None, words: Iterable[str] = (), found_out: str = ""
) -> None:
    """Raise `BadInput` for a password that is too short, too long, too easy to guess or was found out elsewhere.

    `words` are names somebody guessing would try: of the person, of the units; `found_out` is the list of the office.
    """
    least, longest = shortest or PASSWORD_LENGTH[0], PASSWORD_LENGTH[1]
    password = _composed(password)
    if not least <= len(password) <= longest:
        raise BadInput(
            N_("A password needs %(shortest)s to %(longest)s characters. A short sentence is a good one."),
            shortest=least,
            longest=longest,
        )
    known = [word for word in (*words, *_WORDS_OF_THE_HOUSE, username, *username.split(".")) if word]
    scored = zxcvbn(password[:_SCORED_CHARACTERS], user_inputs=known)["score"]
    if scored < LEAST_SCORE or _own_part(password, known) < _OWN_CHARACTERS or username.lower() in password.lower():
        raise BadInput(N_("This password is too easy to guess. Choose another one, a short sentence for instance."))
    if found_out and is_found_out(found_out, password):
        raise BadInput(
            N_(
                "This password was found out elsewhere and stands in lists. Choose another one, a short sentence for instance."
            )
        )


def _own_part(password: str, known: Iterable[str]) -> int:
    """How many different characters are left of a password without the words everybody knows and without years."""
    rest = "".join(words_of(fold(password)))
    for word in sorted(("".join(words_of(fold(word))) for word in known), key=len, reverse=True):
        if len(word) > 2:
            rest = rest.replace(word, "")
    return len(set(_YEARS.sub("", rest)))
