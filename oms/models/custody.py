"""Transfers: the papers that move a dossier from one custodian to the next."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, enumerated, now, reference
from oms.models.dossiers import Dossier
from oms.models.organisation import Unit


class TransferState(enum.StrEnum):
    """Where a transfer stands; every open state has a way out (`oms.custody.STEPS`)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    IN_TRANSIT = "in_transit"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_RESERVATIONS = "accepted_with_reservations"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATE_LABELS[self]

    @property
    def is_open(self) -> bool:
        """True while the transfer can still move the dossier."""
        return self in OPEN_STATES


OPEN_STATES = frozenset(
    {TransferState.DRAFT, TransferState.SUBMITTED, TransferState.APPROVED, TransferState.IN_TRANSIT}
)
_STATE_LABELS = {
    TransferState.DRAFT: N_("Being prepared"),
    TransferState.SUBMITTED: N_("Waiting for approval"),
    TransferState.APPROVED: N_("Approved, ready to be sent"),
    TransferState.IN_TRANSIT: N_("On its way"),
    TransferState.ACCEPTED: N_("Accepted"),
    TransferState.ACCEPTED_WITH_RESERVATIONS: N_("Accepted with reservations"),
    TransferState.REJECTED: N_("Rejected"),
    TransferState.CANCELLED: N_("Cancelled"),
}


class Transfer(Identified, Base):
    """One hand-over of one dossier between two units."""

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("from_unit_id <> to_unit_id", name="two_units"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> prepared_by_id", name="two_people"),
        Index(
            "uq_transfers_one_open_per_dossier",
            "dossier_id",
            unique=True,
            sqlite_where=text("state IN ('draft', 'submitted', 'approved', 'in_transit')"),
            postgresql_where=text("state IN ('draft', 'submitted', 'approved', 'in_transit')"),
        ),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    dossier_id: Mapped[str] = reference("dossiers.id")
    from_unit_id: Mapped[str] = reference("units.id")
    to_unit_id: Mapped[str] = reference("units.id")
    # The unit whose head decides, by the dated rule of the catalogue on the day of preparation.
    approving_unit_id: Mapped[str] = reference("units.id")
    state: Mapped[TransferState] = mapped_column(default=TransferState.DRAFT, index=True)
    reason: Mapped[str]
    due_on: Mapped[date | None]
    prepared_by_id: Mapped[str] = reference("accounts.id")
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    approved_by_id: Mapped[str | None] = reference("accounts.id")
    dispatched_at: Mapped[datetime | None]
    received_by_id: Mapped[str | None] = reference("accounts.id")
    closed_at: Mapped[datetime | None]
    # Sealed at dispatch: the contents list with page counts and SHA-256 of every scan.
    manifest: Mapped[dict[str, Any] | None]
    manifest_sha256: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship()
    from_unit: Mapped[Unit] = relationship(foreign_keys=[from_unit_id])
    to_unit: Mapped[Unit] = relationship(foreign_keys=[to_unit_id])
    approving_unit: Mapped[Unit] = relationship(foreign_keys=[approving_unit_id])
    events: Mapped[list["TransferEvent"]] = relationship(back_populates="transfer", order_by="TransferEvent.at")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class TransferEvent(Identified, Base):
    """One step taken: who, when, from where to where, and why."""

    __tablename__ = "transfer_events"
    transfer_id: Mapped[str] = reference("transfers.id")
    step: Mapped[str] = mapped_column(String(40))
    start: Mapped[TransferState | None] = mapped_column(enumerated(TransferState, "start"))
    end: Mapped[TransferState]
    reason: Mapped[str] = mapped_column(default="")
    taken_by_id: Mapped[str] = reference("accounts.id")
    at: Mapped[datetime] = mapped_column(default=now)

    transfer: Mapped[Transfer] = relationship(back_populates="events")
    taken_by: Mapped[Account] = relationship()
