"""Accounts, what they may do where, and their sign-ins."""

import enum
from datetime import date

from sqlalchemy import CheckConstraint, String
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
    failures: Mapped[int] = mapped_column(default=0)
    last_failure_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

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
    """A session in a browser or an API token; only the SHA-256 of the secret is kept."""

    __tablename__ = "sign_ins"
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = reference("accounts.id")
    kind: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(default="")

    account: Mapped[Account] = relationship()
