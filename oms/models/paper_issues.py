"""Papers that were printed: one number per body, kind, object and year, and how often each was printed."""

import enum

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.organisation import Unit


class PaperKind(enum.StrEnum):
    """Every paper the house prints, as its address names it."""

    TRANSFER_SLIP = "transfer-slip"
    HANDOVER_SLIP = "handover-slip"
    HANDOVER_MINUTES = "handover-minutes"
    HANDOVER_LIST = "handover-list"
    LOSS_MINUTES = "loss-minutes"
    CONTENTS_LIST = "contents-list"
    CONTROL_SHEET = "control-sheet"
    SUPPLEMENT_REQUEST = "supplement-request"
    CONSULTATION_SLIP = "consultation-slip"
    CONSULTATION_LOG = "consultation-log"
    ENVELOPE = "envelope"
    DOSSIER_LABEL = "dossier-label"
    DISPOSAL_MINUTES = "disposal-minutes"
    VERIFICATION_MINUTES = "verification-minutes"
    ATTESTATION = "attestation"
    LEAVING_MINUTES = "leaving-minutes"
    PAPER_LOSS_MINUTES = "paper-loss-minutes"
    ACCESS_REVIEW = "access-review"
    TRANSFER_LETTER = "transfer-letter"
    DOSSIER_REGISTER = "dossier-register"
    HANDOVER_REGISTER = "handover-register"
    CONSULTATION_REGISTER = "consultation-register"
    MEMBERSHIP_REGISTER = "membership-register"

    @property
    def label(self) -> str:
        """The name of the paper in words."""
        return _LABELS[self]


_LABELS = {
    PaperKind.TRANSFER_SLIP: N_("Transfer slip"),
    PaperKind.HANDOVER_SLIP: N_("Hand-over slip"),
    PaperKind.HANDOVER_MINUTES: N_("Minutes of the hand-over"),
    PaperKind.HANDOVER_LIST: N_("Hand-over list"),
    PaperKind.LOSS_MINUTES: N_("Minutes of a loss"),
    PaperKind.CONTENTS_LIST: N_("Contents list"),
    PaperKind.CONTROL_SHEET: N_("Control sheet"),
    PaperKind.SUPPLEMENT_REQUEST: N_("Request for missing papers"),
    PaperKind.CONSULTATION_SLIP: N_("Consultation slip"),
    PaperKind.CONSULTATION_LOG: N_("Log of consultations"),
    PaperKind.ENVELOPE: N_("Envelope"),
    PaperKind.DOSSIER_LABEL: N_("Label with QR code"),
    PaperKind.LEAVING_MINUTES: N_("Minutes of a leaving"),
    PaperKind.ATTESTATION: N_("Attestation"),
    PaperKind.VERIFICATION_MINUTES: N_("Minutes of the verification"),
    PaperKind.PAPER_LOSS_MINUTES: N_("Minutes of a lost paper"),
    PaperKind.DISPOSAL_MINUTES: N_("Minutes of the disposal"),
    PaperKind.ACCESS_REVIEW: N_("Review of access rights"),
    PaperKind.TRANSFER_LETTER: N_("Letter of introduction"),
    PaperKind.DOSSIER_REGISTER: N_("Register of dossiers"),
    PaperKind.HANDOVER_REGISTER: N_("Register of hand-overs"),
    PaperKind.CONSULTATION_REGISTER: N_("Register of consultations"),
    PaperKind.MEMBERSHIP_REGISTER: N_("Register of membership transfers"),
}


class PaperIssue(Identified, Base):
    """A paper with its number in the book of the body that issued it."""

    __tablename__ = "paper_issues"
    __table_args__ = (
        UniqueConstraint("unit_id", "kind", "year", "number"),
        UniqueConstraint("kind", "subject", "unit_id"),
        CheckConstraint("number >= 1 AND times >= 0", name="counted"),
    )

    unit_id: Mapped[str] = reference("units.id")
    kind: Mapped[PaperKind]
    # Id of what the paper is about; with the year behind it where there is one paper a year.
    subject: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    number: Mapped[int]
    times: Mapped[int]
    first_printed_at: Mapped[datetime] = mapped_column(default=now)
    last_printed_at: Mapped[datetime] = mapped_column(default=now)

    unit: Mapped[Unit] = relationship()
