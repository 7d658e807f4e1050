"""The key of this installation and those of the installations it trusts; opening codes of packages.

The private key (Ed25519, RFC 8032) is a file of the data folder, made at first use. A public key travels by any way;
that it is the right one is settled by reading its check groups aloud over the telephone.
"""

import base64
import hashlib
import secrets
from datetime import date

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit
from oms.errors import N_, BadInput, Conflict
from oms.models import Fact, TrustedInstallation
from oms.organisation import today
from oms.permissions import Action, Actor, require, require_confirmed
from oms.settings import Settings, kept_key
from oms.vietnamese.text import nfc

KEY_FILE = "package.key"
CODE_DIGITS, GROUP = 36, 4
"""An opening code has 34 random digits (113 bits) and two check digits, in groups of four; digits are never misheard."""
NAME_LENGTH = 120
_CHECK = 97


def private_key(settings: Settings) -> Ed25519PrivateKey:
    """The key this installation signs with."""
    return Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(kept_key(settings, KEY_FILE))[:32])


def public_key(settings: Settings) -> str:
    """The public key of this installation, 64 hex digits."""
    return private_key(settings).public_key().public_bytes_raw().hex()


def fingerprint(key: str) -> str:
    """What is read aloud of a key: eight groups of five digits (132 bits) from its SHA-256."""
    number = int.from_bytes(hashlib.sha256(b"oms-key/1\n" + bytes.fromhex(key)).digest(), "big")
    digits = f"{number % 10**40:040}"
    return " ".join(digits[start : start + 5] for start in range(0, 40, 5))


def check_key(key: str) -> str:
    """The key as it is kept; raises `BadInput` for what is no Ed25519 public key."""
    plain = "".join(key.split()).lower()
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(plain))
    except ValueError:
        raise BadInput(
            N_("This is no key of an installation: it has 64 characters 0–9 and a–f. “oms package key” shows it there.")
        ) from None
    return plain


def sign(settings: Settings, message: bytes) -> str:
    """Signature of this installation in hex."""
    return private_key(settings).sign(message).hex()


def is_signed(key: str, signature: str, message: bytes) -> bool:
    """Whether `signature` over `message` was made by the owner of `key`; False for anything malformed."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def own_name(session: Session) -> str:
    """The name of this installation, as others read it."""
    fact = session.get(Fact, "organisation")
    return fact.value if fact else "OMS"


def trust(
    session: Session,
    key: str,
    name: str,
    *,
    actor: Actor | None,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> TrustedInstallation:
    """Trust the owner of a key between two dates, after its check groups were compared; an older entry is replaced.

    `actor` None is the administrator of the machine at the command line.
    """
    if actor is not None:
        _require_manager(actor)
    key, name = check_key(key), nfc(name).strip()[:NAME_LENGTH]
    if not name:
        raise BadInput(N_("Give the other installation a name, for instance that of the body it belongs to."))
    begins = valid_from or today()
    if valid_to is not None and valid_to < begins:
        raise BadInput(N_("The trust would end before it begins. Check both days."))
    row = session.scalar(select(TrustedInstallation).where(TrustedInstallation.public_key == key))
    if row is None:
        row = TrustedInstallation(public_key=key, name=name, valid_from=begins)
        session.add(row)
    row.name, row.valid_from, row.valid_to = name, begins, valid_to
    row.trusted_by_id = actor.account_id if actor else None
    session.flush()
    audit.record(
        session,
        "package:trust",
        row,
        actor=actor,
        words=name,
        key=key,
        until=valid_to.isoformat() if valid_to else None,
    )
    return row


def _require_manager(actor: Actor) -> None:
    if not actor.has(Action.ACCOUNT_MANAGE):
        require(actor, Action.ACCOUNT_MANAGE)
    require_confirmed(actor)


def trusted(session: Session) -> list[TrustedInstallation]:
    """Every installation that was ever trusted, by name."""
    return list(session.scalars(select(TrustedInstallation).order_by(TrustedInstallation.name)))


def find_trusted(session: Session, key: str) -> TrustedInstallation:
    """The entry of a key that is trusted today; raises `Conflict` saying what is wrong with it."""
    row = session.scalar(select(TrustedInstallation).where(TrustedInstallation.public_key == key))
    day = today()
    if row is None:
        raise Conflict(
            N_(
                "Nobody here trusts the key %(groups)s. Compare these groups with the other side by telephone, then let "
                "the administrator enter the key (“oms package trust”)."
            ),
            groups=fingerprint(key),
        )
    if day < row.valid_from or (row.valid_to is not None and day > row.valid_to):
        raise Conflict(
            N_(
                "The key of %(name)s is no longer trusted (or not yet): it holds from %(start)s to %(end)s. "
                "Ask there for the new key."
            ),
            name=row.name,
            start=row.valid_from.strftime("%d/%m/%Y"),
            end=row.valid_to.strftime("%d/%m/%Y") if row.valid_to else "…",
        )
    return row


def make_code() -> str:
    """A new opening code, in groups; the two last digits let a slip of the tongue be noticed (ISO 7064 mod 97-10)."""
    body = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS - 2))
    return write_code(body + f"{(1 - int(body) * 100) % _CHECK:02}")


def write_code(typed: str) -> str:
    """A code in groups of four, as it stands on the slip."""
    digits = read_code(typed)
    return " ".join(digits[start : start + GROUP] for start in range(0, CODE_DIGITS, GROUP))


def read_code(typed: str) -> str:
    """The digits of a code as it was typed; raises `BadInput` when digits are missing or one is wrong."""
    digits = "".join(character for character in typed if character not in " -.\t\n")
    if not (digits.isascii() and digits.isdecimal() and len(digits) == CODE_DIGITS):
        raise BadInput(
            N_("The opening code has %(digits)s digits in groups of four. Compare it with the slip."),
            digits=CODE_DIGITS,
        )
    if int(digits) % _CHECK != 1:
        raise BadInput(N_("A digit of the opening code is wrong or two are swapped. Compare it with the slip."))
    return digits
