"""Accounts, what they may do where, their sign-ins, and what guards these."""

import enum
from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.organisation import Unit


class Role(enum.StrEnum):
    """What a person is in a unit; what a role may do stands in `oms.permissions`."""

    OFFICER = "officer"
    HEAD = "head"
    INSPECTOR = "inspector"
    SUBJECT = "subject"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """The role in words."""
        return _ROLE_LABELS[self]


_ROLE_LABELS = {
    Role.OFFICER: N_("Dossier officer"),
    Role.HEAD: N_("Head of the unit"),
    Role.INSPECTOR: N_("Inspector"),
    Role.SUBJECT: N_("Person concerned"),
    Role.ADMINISTRATOR: N_("Technical administrator"),
}


class Account(Identified, Base):
    """Somebody who can sign in. Accounts are disabled, never deleted: the audit log names them."""

    __tablename__ = "accounts"

    username: Mapped[str] = mapped_column(String(60), unique=True)
    full_name: Mapped[str]
    password_hash: Mapped[str]
    person_id: Mapped[str | None] = reference("people.id")
    disabled: Mapped[bool] = mapped_column(default=False)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(2), default="vi")
    # A first password that was not used by then opens nothing.
    password_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    # SHA-256 of who the account is at the office's identity provider: a name may be given to somebody else there, and
    # somebody may take another name there.
    provider_subject: Mapped[str | None] = mapped_column(String(64), unique=True, index=True)
    # When the provider last said who this is: a passkey alone opens the account for so long only (`oidc_days`).
    provider_seen_at: Mapped[datetime | None]

    assignments: Mapped[list["Assignment"]] = relationship(back_populates="account")


class Assignment(Identified, Base):
    """A role of an account in a unit, with dates; with or without the units below."""

    __tablename__ = "assignments"
    __table_args__ = (CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="valid_order"),)

    account_id: Mapped[str] = reference("accounts.id")
    role: Mapped[Role]
    unit_id: Mapped[str] = reference("units.id")
    with_units_below: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    account: Mapped[Account] = relationship(back_populates="assignments")
    unit: Mapped[Unit] = relationship()


class SignIn(Identified, Base):
    """A session in a browser ("web"), an API token ("api") or the way from password to code ("half").

    Only the SHA-256 of the secret is kept, and of the mark by which the browser is known again.
    """

    __tablename__ = "sign_ins"
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = reference("accounts.id")
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    # When the password, or a code of the second factor, was last given in this session.
    confirmed_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(default="")
    browser_sha256: Mapped[str | None] = mapped_column(String(64))
    # True when the office's identity provider said that two factors were shown there.
    two_factors: Mapped[bool] = mapped_column(default=False)

    account: Mapped[Account] = relationship()


class Attempt(Identified, Base):
    """A try to sign in that has not been forgiven by a right one; `who` is the SHA-256 of the user name tried.

    `source` is empty for a stranger, the hash of the browser's mark where the account signed in before, or "otp".
    """

    __tablename__ = "attempts"

    who: Mapped[str] = mapped_column(String(64), index=True)
    source: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(60), index=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class SecondFactor(Base):
    """The authenticator app of an account (RFC 6238); its secret is encrypted under a key outside the database."""

    __tablename__ = "second_factors"

    account_id: Mapped[str] = reference("accounts.id", index=False, primary_key=True)
    secret: Mapped[str]
    # Empty until a code was shown back: before that it asks nobody for anything.
    active_since: Mapped[datetime | None]
    # The time step of the last code taken; only later ones are taken.
    last_counter: Mapped[int] = mapped_column(BigInteger, default=0)
    # The first of the two administrators who take it away together.
    removal_asked_by_id: Mapped[str | None] = reference("accounts.id", index=False)


class Passkey(Identified, Base):
    """A key that a device of the person keeps and opens by PIN, finger or face (WebAuthn); here lies its public half."""

    __tablename__ = "passkeys"

    account_id: Mapped[str] = reference("accounts.id")
    name: Mapped[str] = mapped_column(String(60))
    # Both as base64url: what the browser calls the key, and the key itself (COSE).
    credential_id: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[str]
    # How often the device says it has signed; a number that does not grow means a copy.
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    # True when the maker of the device copies the key to others of the same person.
    synced: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    # The first of the two administrators who take the whole second factor away together.
    removal_asked_by_id: Mapped[str | None] = reference("accounts.id", index=False)


class PasskeyChallenge(Identified, Base):
    """What a device must sign now, and for what; it is gone with the first answer."""

    __tablename__ = "passkey_challenges"

    challenge: Mapped[str]
    purpose: Mapped[str] = mapped_column(String(10))
    # Empty where anybody may answer: signing in without typing a name.
    account_id: Mapped[str | None] = reference("accounts.id", index=False)
    made_at: Mapped[datetime] = mapped_column(default=now, index=True)


class RecoveryCode(Identified, Base):
    """One of ten codes for the day the device is lost; only its SHA-256 is kept, it is good once."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[str] = reference("accounts.id")
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]
