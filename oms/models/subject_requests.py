"""What people ask of their own dossier: a value corrected, or a copy; with the clocks of personal-data law."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.corrections import Correction
from oms.models.dossiers import Dossier


class SubjectRequestKind(enum.StrEnum):
    """What is asked for."""

    CORRECTION = "correction"
    COPY = "copy"

    @property
    def label(self) -> str:
        """The kind in words."""
        return {SubjectRequestKind.CORRECTION: N_("Correction"), SubjectRequestKind.COPY: N_("Copy")}[self]


class SubjectRequestState(enum.StrEnum):
    """Where a request stands; a correction ends `proposed`, a copy `handed_over`."""

    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    PROPOSED = "proposed"
    FORWARDED = "forwarded"
    GRANTED = "granted"
    HANDED_OVER = "handed_over"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATES[self]


_STATES = {
    SubjectRequestState.ASKED: N_("New, not acknowledged yet"),
    SubjectRequestState.ACKNOWLEDGED: N_("Being looked into"),
    SubjectRequestState.PROPOSED: N_("Accepted, the correction is proposed"),
    SubjectRequestState.FORWARDED: N_("Waiting for the head"),
    SubjectRequestState.GRANTED: N_("Approved, the copy is ready"),
    SubjectRequestState.HANDED_OVER: N_("Copy handed over"),
    SubjectRequestState.REFUSED: N_("Refused"),
    SubjectRequestState.WITHDRAWN: N_("Withdrawn"),
}
OPEN_REQUESTS = (
    SubjectRequestState.ASKED,
    SubjectRequestState.ACKNOWLEDGED,
    SubjectRequestState.FORWARDED,
    SubjectRequestState.GRANTED,
)


class SubjectRequest(Identified, Base):
    """One request of a person about one own dossier.

    A correction names the value and how it should read, with a proof that passed the gate and waits outside the dossier
    until an officer takes it in; a copy names documents by their ids. The head who grants a copy is another person than
    the one who asks and the officer who put it forward.
    """

    __tablename__ = "subject_requests"
    __table_args__ = (
        CheckConstraint("(kind = 'correction') = (field IS NOT NULL)", name="asks_for_a_value_or_a_copy"),
        CheckConstraint(
            "(proof_sha256 IS NULL) = (proof_name IS NULL) AND (proof_sha256 IS NULL) = (proof_type IS NULL) AND "
            "(proof_sha256 IS NULL) = (proof_size IS NULL) AND (proof_sha256 IS NULL) = (proof_pages IS NULL)",
            name="whole_proof",
        ),
        CheckConstraint("proof_size IS NULL OR proof_size > 0", name="proof_not_empty"),
        CheckConstraint(
            "(extended_by_id IS NULL) = (extended_on IS NULL) AND (extended_by_id IS NULL) = (first_due_on IS NULL)",
            name="extended_once",
        ),
        CheckConstraint("first_due_on IS NULL OR first_due_on < due_on", name="extension_is_longer"),
        CheckConstraint("(acknowledged_by_id IS NULL) = (acknowledged_at IS NULL)", name="acknowledged_by_somebody"),
        CheckConstraint("(answered_by_id IS NULL) = (answered_at IS NULL)", name="answered_by_somebody"),
        CheckConstraint("(decided_by_id IS NULL) = (decided_at IS NULL)", name="decided_by_somebody"),
        CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id NOT IN (asked_by_id, answered_by_id)", name="two_people"
        ),
        CheckConstraint("state <> 'proposed' OR correction_id IS NOT NULL", name="leads_to_a_correction"),
        CheckConstraint("state <> 'refused' OR length(answer) > 0", name="refused_for_a_reason"),
        CheckConstraint(
            "state NOT IN ('granted', 'handed_over') OR (copy_number IS NOT NULL AND open_until IS NOT NULL)",
            name="copy_has_its_number",
        ),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    dossier_id: Mapped[str] = reference("dossiers.id")
    kind: Mapped[SubjectRequestKind]
    state: Mapped[SubjectRequestState] = mapped_column(default=SubjectRequestState.ASKED, index=True)
    asked_by_id: Mapped[str] = reference("accounts.id")
    asked_at: Mapped[datetime] = mapped_column(default=now)
    field: Mapped[str | None] = mapped_column(String(40))
    wanted_value: Mapped[str] = mapped_column(default="")
    # Why the value is wrong, or what the copy is for.
    reason: Mapped[str]
    document_ids: Mapped[list[Any]] = mapped_column(default=list)
    proof_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    proof_name: Mapped[str | None]
    proof_type: Mapped[str | None] = mapped_column(String(100))
    proof_size: Mapped[int | None]
    proof_pages: Mapped[int | None]
    proof_signed: Mapped[bool] = mapped_column(default=False)
    acknowledge_due_on: Mapped[date]
    due_on: Mapped[date]
    # The one extension: the day that was due before, who gave it when, and why, as the person reads it.
    first_due_on: Mapped[date | None]
    extended_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    extended_on: Mapped[date | None]
    extension_reason: Mapped[str] = mapped_column(default="")
    acknowledged_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    acknowledged_at: Mapped[datetime | None]
    # The officer who refused, proposed the correction or put the copy forward.
    answered_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    correction_id: Mapped[str | None] = reference("corrections.id", index=False)
    decided_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    decided_at: Mapped[datetime | None]
    copy_number: Mapped[str | None] = mapped_column(String(40))
    # The last day on which the copy can be taken as a file.
    open_until: Mapped[date | None]
    taken: Mapped[int] = mapped_column(default=0)
    taken_at: Mapped[datetime | None]
    # The day the person signed for the copy on paper, and who handed it out.
    collected_on: Mapped[date | None]
    handed_out_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship()
    asked_by: Mapped[Account] = relationship(foreign_keys=[asked_by_id])
    acknowledged_by: Mapped[Account | None] = relationship(foreign_keys=[acknowledged_by_id])
    extended_by: Mapped[Account | None] = relationship(foreign_keys=[extended_by_id])
    answered_by: Mapped[Account | None] = relationship(foreign_keys=[answered_by_id])
    decided_by: Mapped[Account | None] = relationship(foreign_keys=[decided_by_id])
    handed_out_by: Mapped[Account | None] = relationship(foreign_keys=[handed_out_by_id])
    correction: Mapped[Correction | None] = relationship()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy

    @property
    def is_open(self) -> bool:
        """True while somebody has to do something about it."""
        return self.state in OPEN_REQUESTS

    @property
    def next_due_on(self) -> date | None:
        """The day the next thing is due: the acknowledgement, then the answer; None when it is answered."""
        if self.state == SubjectRequestState.ASKED:
            return self.acknowledge_due_on
        return self.due_on if self.is_open else None
