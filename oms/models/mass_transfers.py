"""Mass transfers: many dossiers of one unit on their way to one receiver, with one decision as proof."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.custody import Transfer
from oms.models.organisation import Unit


class MassTransferState(enum.StrEnum):
    """Where the batch stands; each dossier in it has its own transfer with its own state."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    IN_TRANSIT = "in_transit"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    MassTransferState.DRAFT: N_("Being prepared"),
    MassTransferState.SUBMITTED: N_("Waiting for approval"),
    MassTransferState.APPROVED: N_("Approved, ready to be sent"),
    MassTransferState.IN_TRANSIT: N_("On its way"),
    MassTransferState.CLOSED: N_("Received"),
    MassTransferState.CANCELLED: N_("Cancelled"),
}


class MassTransfer(Identified, Base):
    """One batch; `pending` is the step that a job is taking now, with what the person said."""

    __tablename__ = "mass_transfers"
    __table_args__ = (
        CheckConstraint("from_unit_id <> to_unit_id", name="two_units"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> prepared_by_id", name="two_people"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    from_unit_id: Mapped[str] = reference("units.id")
    to_unit_id: Mapped[str] = reference("units.id")
    approving_unit_id: Mapped[str] = reference("units.id")
    state: Mapped[MassTransferState] = mapped_column(default=MassTransferState.DRAFT, index=True)
    decision_number: Mapped[str] = mapped_column(String(80))
    decided_on: Mapped[date]
    reason: Mapped[str]
    prepared_by_id: Mapped[str] = reference("accounts.id")
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    approved_by_id: Mapped[str | None] = reference("accounts.id")
    dispatched_at: Mapped[datetime | None]
    received_by_id: Mapped[str | None] = reference("accounts.id")
    closed_at: Mapped[datetime | None]
    pending: Mapped[dict[str, Any] | None]
    version: Mapped[int] = mapped_column()

    from_unit: Mapped[Unit] = relationship(foreign_keys=[from_unit_id])
    to_unit: Mapped[Unit] = relationship(foreign_keys=[to_unit_id])
    approving_unit: Mapped[Unit] = relationship(foreign_keys=[approving_unit_id])
    prepared_by: Mapped[Account] = relationship(foreign_keys=[prepared_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class MassTransferItem(Identified, Base):
    """One dossier of a batch: its transfer, or the sentence why it has none."""

    __tablename__ = "mass_transfer_items"

    batch_id: Mapped[str] = reference("mass_transfers.id")
    dossier_id: Mapped[str] = reference("dossiers.id")
    transfer_id: Mapped[str | None] = reference("transfers.id", unique=True)
    problem: Mapped[str | None]
    problem_values: Mapped[dict[str, Any] | None]

    transfer: Mapped[Transfer | None] = relationship()
