"""Transfers: the papers that move a dossier from one custodian to the next."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, enumerated, now, reference
from oms.models.dossiers import Document, Dossier
from oms.models.organisation import Unit, UnitKind


class TransferState(enum.StrEnum):
    """Where a transfer stands; every open state has a way out (`oms.custody.STEPS`)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    IN_TRANSIT = "in_transit"
    # Came from a body outside: here on paper, entered by one person, not yet confirmed by another.
    ARRIVED = "arrived"
    ACCEPTED = "accepted"
    ACCEPTED_WITH_RESERVATIONS = "accepted_with_reservations"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATE_LABELS[self]

    @property
    def is_open(self) -> bool:
        """True while the transfer can still move the dossier."""
        return self in OPEN_STATES


OPEN_STATES = frozenset(
    {
        TransferState.DRAFT,
        TransferState.SUBMITTED,
        TransferState.APPROVED,
        TransferState.IN_TRANSIT,
        TransferState.ARRIVED,
    }
)
_STATE_LABELS = {
    TransferState.DRAFT: N_("Being prepared"),
    TransferState.SUBMITTED: N_("Waiting for approval"),
    TransferState.APPROVED: N_("Approved, ready to be sent"),
    TransferState.IN_TRANSIT: N_("On its way"),
    TransferState.ARRIVED: N_("Waiting for confirmation"),
    TransferState.ACCEPTED: N_("Accepted"),
    TransferState.ACCEPTED_WITH_RESERVATIONS: N_("Accepted with reservations"),
    TransferState.REJECTED: N_("Rejected"),
    TransferState.CANCELLED: N_("Cancelled"),
    TransferState.LOST: N_("Lost on the way"),
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
            sqlite_where=text("state IN ('draft', 'submitted', 'approved', 'in_transit', 'arrived')"),
            postgresql_where=text("state IN ('draft', 'submitted', 'approved', 'in_transit', 'arrived')"),
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
    # Proof of entitlement: number and day of the decision or letter, or the document of the dossier that shows it.
    basis_number: Mapped[str | None] = mapped_column(String(80))
    basis_on: Mapped[date | None]
    proof_id: Mapped[str | None] = reference("documents.id")
    due_on: Mapped[date | None]
    prepared_by_id: Mapped[str] = reference("accounts.id")
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    approved_by_id: Mapped[str | None] = reference("accounts.id")
    dispatched_at: Mapped[datetime | None]
    received_by_id: Mapped[str | None] = reference("accounts.id")
    closed_at: Mapped[datetime | None]
    # The contents list with page counts and SHA-256 of every scan, sealed at the approval; of what came from outside,
    # the list that came with it.
    manifest: Mapped[dict[str, Any] | None]
    manifest_sha256: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship()
    from_unit: Mapped[Unit] = relationship(foreign_keys=[from_unit_id])
    to_unit: Mapped[Unit] = relationship(foreign_keys=[to_unit_id])
    approving_unit: Mapped[Unit] = relationship(foreign_keys=[approving_unit_id])
    proof: Mapped[Document | None] = relationship()
    checks: Mapped[list["TransferCheck"]] = relationship(back_populates="transfer", order_by="TransferCheck.position")
    events: Mapped[list["TransferEvent"]] = relationship(back_populates="transfer", order_by="TransferEvent.at")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy

    @property
    def comes_from_outside(self) -> bool:
        """True for what a body without an account here handed over on paper."""
        return self.from_unit.kind == UnitKind.OUTSIDE_BODY


class TransferEvent(Identified, Base):
    """One step taken: who, when, from where to where, and why."""

    __tablename__ = "transfer_events"
    __table_args__ = (CheckConstraint("second_id IS NULL OR second_id <> taken_by_id", name="second_is_another"),)

    transfer_id: Mapped[str] = reference("transfers.id")
    step: Mapped[str] = mapped_column(String(40))
    start: Mapped[TransferState | None] = mapped_column(enumerated(TransferState, "start"))
    end: Mapped[TransferState]
    reason: Mapped[str] = mapped_column(default="")
    taken_by_id: Mapped[str] = reference("accounts.id")
    # The second person of a step that two people take.
    second_id: Mapped[str | None] = reference("accounts.id", index=False)
    at: Mapped[datetime] = mapped_column(default=now)

    transfer: Mapped[Transfer] = relationship(back_populates="events")
    taken_by: Mapped[Account] = relationship(foreign_keys=[taken_by_id])
    second: Mapped[Account | None] = relationship(foreign_keys=[second_id])


class CheckOutcome(enum.StrEnum):
    """What the receiver found of one line of the sealed list."""

    PRESENT = "present"
    MISSING = "missing"
    DAMAGED = "damaged"
    DIFFERENT = "different"
    EXTRA = "extra"

    @property
    def label(self) -> str:
        """The outcome in words."""
        return _OUTCOME_LABELS[self]


_OUTCOME_LABELS = {
    CheckOutcome.PRESENT: N_("Complete"),
    CheckOutcome.MISSING: N_("Missing"),
    CheckOutcome.DAMAGED: N_("Damaged"),
    CheckOutcome.DIFFERENT: N_("Not as listed"),
    CheckOutcome.EXTRA: N_("Not on the list"),
}


class TransferCheck(Identified, Base):
    """One line of the list, checked on arrival; a discrepancy stays until the two units have settled it.

    `position` is the place in the list counted from one; what lies there without being listed comes after it.
    """

    __tablename__ = "transfer_checks"
    __table_args__ = (
        UniqueConstraint("transfer_id", "position"),
        CheckConstraint("(settled_at IS NULL) = (settled_by_id IS NULL)", name="settled_by_somebody"),
        CheckConstraint("settled_at IS NULL OR outcome <> 'present'", name="only_discrepancies_settled"),
    )

    transfer_id: Mapped[str] = reference("transfers.id", index=False)
    position: Mapped[int]
    outcome: Mapped[CheckOutcome]
    note: Mapped[str] = mapped_column(default="")
    checked_by_id: Mapped[str] = reference("accounts.id")
    checked_at: Mapped[datetime] = mapped_column(default=now)
    settlement: Mapped[str] = mapped_column(default="")
    settled_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    settled_at: Mapped[datetime | None]

    transfer: Mapped[Transfer] = relationship(back_populates="checks")
    checked_by: Mapped[Account] = relationship(foreign_keys=[checked_by_id])
    settled_by: Mapped[Account | None] = relationship(foreign_keys=[settled_by_id])


class FilePurpose(enum.StrEnum):
    """Why a file hangs on a transfer."""

    PROOF = "proof"
    LATE = "late"


class AttachedFile(Identified, Base):
    """A file that hangs on a transfer and lies in no dossier; its bytes are in storage under `sha256`.

    Proof of what entitles the receiver, read by whoever may read the transfer; or a paper that came after the dossier
    had gone. It passed the gate like a scan: `clearance` is what two people said about a doubt.
    """

    __tablename__ = "attached_files"
    __table_args__ = (
        UniqueConstraint("transfer_id", "purpose", "sha256"),
        CheckConstraint("size > 0", name="not_empty"),
        CheckConstraint("(cleared_by_id IS NULL) = (confirmed_by_id IS NULL)", name="cleared_by_two"),
        CheckConstraint("cleared_by_id IS NULL OR cleared_by_id <> confirmed_by_id", name="two_people"),
    )

    transfer_id: Mapped[str] = reference("transfers.id", index=False)
    purpose: Mapped[FilePurpose]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    file_name: Mapped[str]
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    page_count: Mapped[int]
    signed: Mapped[bool] = mapped_column(default=False)
    added_by_id: Mapped[str] = reference("accounts.id", index=False)
    added_at: Mapped[datetime] = mapped_column(default=now)
    clearance: Mapped[str] = mapped_column(default="")
    cleared_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    confirmed_by_id: Mapped[str | None] = reference("accounts.id", index=False)

    transfer: Mapped[Transfer] = relationship()
    added_by: Mapped[Account] = relationship(foreign_keys=[added_by_id])


class RequestState(enum.StrEnum):
    """What became of a request for a dossier."""

    ASKED = "asked"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state in words."""
        return _REQUEST_LABELS[self]


_REQUEST_LABELS = {
    RequestState.ASKED: N_("Waiting for an answer"),
    RequestState.ANSWERED: N_("A transfer is being prepared"),
    RequestState.REFUSED: N_("Refused"),
    RequestState.WITHDRAWN: N_("Withdrawn"),
}


class TransferRequest(Identified, Base):
    """A body asks in writing for the dossier of a person who comes to it (TT 11/2012/TT-BNV Đ12).

    It goes to the holder of the dossier `wanted` names; what names none, to the board that keeps the dossiers of the
    Bloc. Whoever asked learns only the answer.
    """

    __tablename__ = "transfer_requests"
    __table_args__ = (
        CheckConstraint("(dossier_id IS NULL) <> (keeper_id IS NULL)", name="asks_one_body"),
        CheckConstraint("state <> 'answered' OR transfer_id IS NOT NULL", name="answered_by_transfer"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    asked_by_id: Mapped[str] = reference("accounts.id")
    unit_id: Mapped[str] = reference("units.id")
    wanted: Mapped[str]
    dossier_id: Mapped[str | None] = reference("dossiers.id")
    keeper_id: Mapped[str | None] = reference("units.id")
    basis_number: Mapped[str] = mapped_column(String(80))
    basis_on: Mapped[date]
    reason: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(default=now)
    state: Mapped[RequestState] = mapped_column(default=RequestState.ASKED, index=True)
    answer: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    answered_at: Mapped[datetime | None]
    transfer_id: Mapped[str | None] = reference("transfers.id")
    version: Mapped[int] = mapped_column()

    asked_by: Mapped[Account] = relationship(foreign_keys=[asked_by_id])
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    dossier: Mapped[Dossier | None] = relationship()
    transfer: Mapped[Transfer | None] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy
