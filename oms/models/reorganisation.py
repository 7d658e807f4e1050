"""Reorganisations of units by a decision, and every row one of them changed: what is needed to take it back exactly."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.organisation import Unit


class ReorganisationState(enum.StrEnum):
    """Where a reorganisation stands; it is final when `undo_until` has passed."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    EXECUTED = "executed"
    UNDONE = "undone"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    ReorganisationState.DRAFT: N_("Drafted"),
    ReorganisationState.SUBMITTED: N_("Dry run done, waiting for approval"),
    ReorganisationState.APPROVED: N_("Approved, ready to be carried out"),
    ReorganisationState.EXECUTED: N_("Carried out"),
    ReorganisationState.UNDONE: N_("Undone"),
    ReorganisationState.CANCELLED: N_("Given up"),
}


class Reorganisation(Identified, Base):
    """One decision and the list of its changes; nothing of it happens before a second person approved the dry run."""

    __tablename__ = "reorganisations"
    __table_args__ = (CheckConstraint("approved_by_id IS NULL OR approved_by_id <> prepared_by_id", name="two_people"),)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    # The board whose officer prepares and whose head approves.
    board_id: Mapped[str] = reference("units.id")
    decision_number: Mapped[str] = mapped_column(String(80))
    decided_on: Mapped[date]
    decision_body: Mapped[str]
    effective_on: Mapped[date]
    state: Mapped[ReorganisationState] = mapped_column(default=ReorganisationState.DRAFT, index=True)
    # The changes in their order, and where single dossiers and accounts go (`oms.reorganisation.planning`).
    plan: Mapped[dict[str, Any]]
    # What the dry run said when it was submitted, and what the execution did.
    preview: Mapped[dict[str, Any] | None]
    # SHA-256 over plan and dry run: what was approved is what is carried out.
    preview_sha256: Mapped[str | None] = mapped_column(String(64))
    report: Mapped[dict[str, Any] | None]
    prepared_by_id: Mapped[str] = reference("accounts.id")
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    approved_by_id: Mapped[str | None] = reference("accounts.id")
    approved_at: Mapped[datetime | None]
    executed_by_id: Mapped[str | None] = reference("accounts.id")
    executed_at: Mapped[datetime | None]
    undo_until: Mapped[date | None]
    undone_by_id: Mapped[str | None] = reference("accounts.id")
    undone_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    board: Mapped[Unit] = relationship()
    prepared_by: Mapped[Account] = relationship(foreign_keys=[prepared_by_id])
    approved_by: Mapped[Account | None] = relationship(foreign_keys=[approved_by_id])
    executed_by: Mapped[Account | None] = relationship(foreign_keys=[executed_by_id])
    undone_by: Mapped[Account | None] = relationship(foreign_keys=[undone_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class ReorganisationChange(Identified, Base):
    """One row of a table before and after the execution; `before` is empty for a row that began with it."""

    __tablename__ = "reorganisation_changes"
    __table_args__ = (Index("ix_reorganisation_changes_position", "reorganisation_id", "position", unique=True),)

    reorganisation_id: Mapped[str] = reference("reorganisations.id", index=False)
    position: Mapped[int]
    table_name: Mapped[str] = mapped_column(String(60))
    row_id: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any]]
