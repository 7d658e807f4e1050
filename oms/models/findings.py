"""What does not fit together in a dossier: the finding, the places it is seen at, and how it was settled."""

import enum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, date, datetime, now, reference
from oms.models.dossiers import Dossier
from oms.models.scans import Page


class FindingKind(enum.StrEnum):
    """What does not fit."""

    STRANGER = "stranger"
    NAME = "name"
    BIRTH = "birth"
    VALUE = "value"
    ORDER = "order"
    AGE = "age"
    PROBATION = "probation"
    CAREER_GAP = "career_gap"
    CAREER_OVERLAP = "career_overlap"
    PAY_STEP = "pay_step"
    PAY_BACKWARDS = "pay_backwards"
    DOCUMENT_DATE = "document_date"
    DOUBLE = "double"

    @property
    def label(self) -> str:
        """The kind in words."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    FindingKind.STRANGER: N_("Page of somebody else"),
    FindingKind.NAME: N_("Different names"),
    FindingKind.BIRTH: N_("Different birth dates"),
    FindingKind.VALUE: N_("Different statements"),
    FindingKind.ORDER: N_("Dates in the wrong order"),
    FindingKind.AGE: N_("Too young on the day"),
    FindingKind.PROBATION: N_("Time of probation"),
    FindingKind.CAREER_GAP: N_("Gap in the career"),
    FindingKind.CAREER_OVERLAP: N_("Career rows that overlap"),
    FindingKind.PAY_STEP: N_("Pay step and coefficient"),
    FindingKind.PAY_BACKWARDS: N_("Pay that goes backwards"),
    FindingKind.DOCUMENT_DATE: N_("Impossible date of a document"),
    FindingKind.DOUBLE: N_("Perhaps the same person twice"),
}


class FindingState(enum.StrEnum):
    """What became of a finding; the last one says that nothing is found any more, by itself."""

    OPEN = "open"
    ACCEPTED = "accepted"
    EXPLAINED = "explained"
    SENT = "sent"
    GONE = "gone"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATE_LABELS[self]


_STATE_LABELS = {
    FindingState.OPEN: N_("To be looked at"),
    FindingState.ACCEPTED: N_("Accepted: it is a contradiction"),
    FindingState.EXPLAINED: N_("Explained"),
    FindingState.SENT: N_("Sent to verification"),
    FindingState.GONE: N_("No longer found"),
}


class Finding(Identified, Base):
    """A contradiction in a dossier. `fingerprint` is that of its facts: the same facts are never found twice.

    `message` is a sentence of the program and `details` its values. `other_id` is another dossier it is about: who
    does not hold both learns nothing of it.
    """

    __tablename__ = "findings"
    __table_args__ = (
        UniqueConstraint("dossier_id", "fingerprint"),
        CheckConstraint("(state = 'sent') = (due_on IS NOT NULL)", name="sent_with_its_limit"),
        CheckConstraint("(settled_by_id IS NULL) = (settled_at IS NULL)", name="settled_by_somebody"),
        CheckConstraint("state NOT IN ('accepted', 'explained', 'sent') OR length(reason) > 0", name="reasoned"),
        Index("ix_findings_state_kind", "state", "kind"),
    )

    dossier_id: Mapped[str] = reference("dossiers.id", index=False)
    other_id: Mapped[str | None] = reference("dossiers.id")
    kind: Mapped[FindingKind]
    # Key of the value (`catalogue/forms.yaml`) the finding is about; None when it is about no single one.
    key: Mapped[str | None] = mapped_column(String(60))
    fingerprint: Mapped[str] = mapped_column(String(64))
    message: Mapped[str]
    details: Mapped[dict[str, Any]]
    state: Mapped[FindingState] = mapped_column(default=FindingState.OPEN)
    reason: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date | None]
    found_at: Mapped[datetime] = mapped_column(default=now)
    settled_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    settled_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship(foreign_keys=[dossier_id])
    other: Mapped[Dossier | None] = relationship(foreign_keys=[other_id])
    settled_by: Mapped[Account | None] = relationship()
    places: Mapped[list["FindingPlace"]] = relationship(order_by="FindingPlace.place", back_populates="finding")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class FindingPlace(Identified, Base):
    """Where one of the values stands: a page with the box of the value, or the register when there is no page."""

    __tablename__ = "finding_places"
    __table_args__ = (UniqueConstraint("finding_id", "place"),)

    finding_id: Mapped[str] = reference("findings.id", index=False)
    place: Mapped[int]
    page_id: Mapped[str | None] = reference("pages.id")
    # Left, top, width and height in pixels of the page image; None when the value has no box.
    box: Mapped[list[Any] | None]
    key: Mapped[str | None] = mapped_column(String(60))
    text: Mapped[str]

    finding: Mapped[Finding] = relationship(back_populates="places")
    page: Mapped[Page | None] = relationship()
