"""Verifications (thẩm tra, xác minh): what is doubtful, who asks where, the limit with its extension, the minutes."""

import enum
from datetime import date

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.corrections import Correction
from oms.models.dossiers import Dossier
from oms.models.findings import Finding


class VerificationState(enum.StrEnum):
    """Where a verification stands; `ended` waits for its minutes."""

    OPEN = "open"
    ENDED = "ended"
    CONCLUDED = "concluded"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATES[self]


_STATES = {
    VerificationState.OPEN: N_("Being verified"),
    VerificationState.ENDED: N_("Verified, minutes to be written"),
    VerificationState.CONCLUDED: N_("Concluded by minutes"),
    VerificationState.CANCELLED: N_("Given up"),
}
RUNNING = (VerificationState.OPEN, VerificationState.ENDED)


class VerificationOutcome(enum.StrEnum):
    """What the minutes conclude."""

    WRONG = "wrong"
    STANDS = "stands"
    UNCLEAR = "unclear"

    @property
    def label(self) -> str:
        """The outcome in words."""
        return _OUTCOMES[self]


_OUTCOMES = {
    VerificationOutcome.WRONG: N_("What the dossier says is wrong"),
    VerificationOutcome.STANDS: N_("What the dossier says stands"),
    VerificationOutcome.UNCLEAR: N_("It could not be cleared up"),
}

_RUNNING = text("state IN ('open', 'ended')")


class Verification(Identified, Base):
    """One question about one dossier, from its opening to its minutes.

    Documents are kept by a plain id, as corrections do: filed anew or destroyed they are no longer named.
    """

    __tablename__ = "verifications"
    __table_args__ = (
        CheckConstraint(
            "(extended_by_id IS NULL) = (extended_on IS NULL) AND (extended_by_id IS NULL) = (first_due_on IS NULL)",
            name="extended_in_writing",
        ),
        CheckConstraint("first_due_on IS NULL OR first_due_on < due_on", name="extension_is_longer"),
        CheckConstraint("(ended_on IS NULL) = (minutes_due_on IS NULL)", name="minutes_have_their_limit"),
        CheckConstraint("state NOT IN ('ended', 'concluded') OR ended_on IS NOT NULL", name="ended_on_a_day"),
        CheckConstraint(
            "(state = 'concluded') = (outcome IS NOT NULL) AND (outcome IS NULL) = (minutes_on IS NULL)",
            name="concluded_by_minutes",
        ),
        Index(
            "uq_verifications_one_runs_per_finding",
            "finding_id",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    dossier_id: Mapped[str] = reference("dossiers.id")
    finding_id: Mapped[str | None] = reference("findings.id")
    question: Mapped[str]
    # The value in doubt (`oms.procedures.fields`) and the paper that says it, where it is about one.
    field: Mapped[str | None] = mapped_column(String(40))
    document_id: Mapped[str | None] = mapped_column(String(16))
    # Who verifies and the bodies that are asked, as the minutes name them: one a line.
    verifiers: Mapped[str]
    bodies: Mapped[str] = mapped_column(default="")
    state: Mapped[VerificationState] = mapped_column(default=VerificationState.OPEN, index=True)
    opened_by_id: Mapped[str] = reference("accounts.id", index=False)
    opened_at: Mapped[datetime] = mapped_column(default=now)
    due_on: Mapped[date]
    # The law of the limit, as it stood on the day of the opening.
    basis: Mapped[str]
    first_due_on: Mapped[date | None]
    extended_on: Mapped[date | None]
    extension_document: Mapped[str] = mapped_column(String(80), default="")
    extension_reason: Mapped[str] = mapped_column(default="")
    extended_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    ended_on: Mapped[date | None]
    minutes_due_on: Mapped[date | None]
    minutes_on: Mapped[date | None]
    present: Mapped[str] = mapped_column(default="")
    compared: Mapped[str] = mapped_column(default="")
    found: Mapped[str] = mapped_column(default="")
    conclusion: Mapped[str] = mapped_column(default="")
    outcome: Mapped[VerificationOutcome | None]
    right_value: Mapped[str] = mapped_column(default="")
    concluded_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    # The signed minutes, scanned and filed in the dossier.
    minutes_document_id: Mapped[str | None] = mapped_column(String(16))
    correction_id: Mapped[str | None] = reference("corrections.id", index=False)
    given_up_because: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship()
    finding: Mapped[Finding | None] = relationship()
    correction: Mapped[Correction | None] = relationship()
    opened_by: Mapped[Account] = relationship(foreign_keys=[opened_by_id])
    extended_by: Mapped[Account | None] = relationship(foreign_keys=[extended_by_id])
    concluded_by: Mapped[Account | None] = relationship(foreign_keys=[concluded_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy

    @property
    def is_running(self) -> bool:
        """True until it is concluded or given up."""
        return self.state in RUNNING

    @property
    def next_due_on(self) -> date | None:
        """The day the next thing is due: the verification, then its minutes; None when nothing is."""
        if self.state == VerificationState.OPEN:
            return self.due_on
        return self.minutes_due_on if self.state == VerificationState.ENDED else None
