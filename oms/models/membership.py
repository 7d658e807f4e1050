"""Transfers of Party membership (chuyển sinh hoạt đảng) with the ten boxes of the letter."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.custody import Transfer
from oms.models.organisation import Unit
from oms.models.people import Person


class MembershipKind(enum.StrEnum):
    """How the membership moves (codes 54, 55, 59, 56 of the member catalogue)."""

    OFFICIAL = "official"
    TEMPORARY = "temporary"
    INTERNAL = "internal"
    ABROAD = "abroad"

    @property
    def label(self) -> str:
        """The kind in words."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    MembershipKind.OFFICIAL: N_("Official transfer"),
    MembershipKind.TEMPORARY: N_("Temporary transfer"),
    MembershipKind.INTERNAL: N_("Transfer within the grassroots organisation"),
    MembershipKind.ABROAD: N_("Transfer abroad"),
}


class MembershipState(enum.StrEnum):
    """Where the transfer of membership stands; overdue is said of the day, it is no state."""

    DRAFT = "draft"
    ISSUED = "issued"
    PRESENTED = "presented"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    MembershipState.DRAFT: N_("Drafted"),
    MembershipState.ISSUED: N_("Letter issued"),
    MembershipState.PRESENTED: N_("Letter presented"),
    MembershipState.CONFIRMED: N_("Membership confirmed"),
    MembershipState.RETURNED: N_("Back at the old organisation"),
    MembershipState.CANCELLED: N_("Cancelled"),
}
_OPEN = text("state IN ('draft', 'issued', 'presented')")


class MembershipTransfer(Identified, Base):
    """One move of one member from one Party organisation to another; one open move for each person."""

    __tablename__ = "membership_transfers"
    __table_args__ = (
        CheckConstraint("issued_by_id IS NULL OR issued_by_id <> prepared_by_id", name="two_people"),
        CheckConstraint("(to_unit_id IS NULL) <> (destination IS NULL)", name="one_destination"),
        CheckConstraint("to_unit_id IS NULL OR to_unit_id <> from_unit_id", name="two_units"),
        Index(
            "uq_membership_transfers_one_open_per_person",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[str] = reference("people.id")
    kind: Mapped[MembershipKind]
    state: Mapped[MembershipState] = mapped_column(default=MembershipState.DRAFT, index=True)
    from_unit_id: Mapped[str] = reference("units.id")
    to_unit_id: Mapped[str | None] = reference("units.id")
    # Where the membership goes when it leaves the organisations OMS knows.
    destination: Mapped[str | None]
    decision_number: Mapped[str] = mapped_column(String(80))
    decided_on: Mapped[date]
    decision_body: Mapped[str]
    effective_on: Mapped[date]
    ends_on: Mapped[date | None]
    for_study: Mapped[bool] = mapped_column(default=False)
    # Box 1 is filled with the letter; the receiving levels fill the others.
    boxes: Mapped[list[Any]] = mapped_column(default=list)
    present_by: Mapped[date | None]
    prepared_by_id: Mapped[str] = reference("accounts.id")
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    issued_by_id: Mapped[str | None] = reference("accounts.id")
    issued_on: Mapped[date | None]
    presented_on: Mapped[date | None]
    confirmed_by_id: Mapped[str | None] = reference("accounts.id")
    confirmed_on: Mapped[date | None]
    # The transfer of the member dossier that goes with an official one.
    transfer_id: Mapped[str | None] = reference("transfers.id")
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    person: Mapped[Person] = relationship()
    from_unit: Mapped[Unit] = relationship(foreign_keys=[from_unit_id])
    to_unit: Mapped[Unit | None] = relationship(foreign_keys=[to_unit_id])
    prepared_by: Mapped[Account] = relationship(foreign_keys=[prepared_by_id])
    transfer: Mapped[Transfer | None] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy
