"""Corrections (đính chính): a value said to be wrong, the paper that shows it, and the decision; the old value stays."""

import enum
from datetime import date

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.deciding import DecidedByHead
from oms.models.dossiers import Dossier


class CorrectionState(enum.StrEnum):
    """Where a correction stands."""

    PROPOSED = "proposed"
    DECIDED = "decided"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state in words."""
        return _LABELS[self]


_LABELS = {
    CorrectionState.PROPOSED: N_("Waiting for a decision"),
    CorrectionState.DECIDED: N_("Corrected"),
    CorrectionState.REFUSED: N_("Refused"),
    CorrectionState.WITHDRAWN: N_("Withdrawn"),
}


_WAITS = text("state = 'proposed'")


class Correction(DecidedByHead, Identified, Base):
    """One value of one dossier, as it was and as it is to be, both as written on paper.

    The deciding document is kept by a plain id: filed anew or destroyed it is gone, sealed it shows to nobody.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> proposed_by_id", name="two_people"),
        CheckConstraint(
            "(state = 'decided') = (decision_number IS NOT NULL) AND (decision_number IS NULL) = (decision_on IS NULL)",
            name="by_decision",
        ),
        CheckConstraint("old_value <> new_value", name="changes"),
        Index(
            "uq_corrections_one_waits_per_value",
            "dossier_id",
            "field",
            unique=True,
            sqlite_where=_WAITS,
            postgresql_where=_WAITS,
        ),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    dossier_id: Mapped[str] = reference("dossiers.id")
    field: Mapped[str] = mapped_column(String(40))
    old_value: Mapped[str]
    new_value: Mapped[str]
    reason: Mapped[str]
    document_id: Mapped[str] = mapped_column(String(16))
    state: Mapped[CorrectionState] = mapped_column(default=CorrectionState.PROPOSED, index=True)
    proposed_by_id: Mapped[str] = reference("accounts.id", index=False)
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    decision_number: Mapped[str | None] = mapped_column(String(80))
    decision_on: Mapped[date | None]
    decided_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship()
    proposed_by: Mapped[Account] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[Account | None] = relationship(foreign_keys=[decided_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy
