"""Papers inside a dossier that are missing, damaged or lost, and what was made anew in their place."""

import enum
from datetime import date

from sqlalchemy import CheckConstraint, Index, String, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Document, Dossier


class PaperLossKind(enum.StrEnum):
    """What is the matter with the paper."""

    MISSING = "missing"
    DAMAGED = "damaged"
    LOST = "lost"

    @property
    def label(self) -> str:
        """The kind in words."""
        return _KINDS[self]


_KINDS = {
    PaperLossKind.MISSING: N_("Not found in the dossier"),
    PaperLossKind.DAMAGED: N_("Damaged"),
    PaperLossKind.LOST: N_("Lost"),
}


class PaperLossState(enum.StrEnum):
    """What became of it."""

    OPEN = "open"
    REMADE = "remade"
    FOUND = "found"
    GIVEN_UP = "given_up"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATES[self]


_STATES = {
    PaperLossState.OPEN: N_("To be made anew"),
    PaperLossState.REMADE: N_("Made anew"),
    PaperLossState.FOUND: N_("Found again"),
    PaperLossState.GIVEN_UP: N_("Cannot be made anew"),
}
_OPEN = text("state = 'open' AND document_id IS NOT NULL")


class PaperLoss(Identified, Base):
    """One paper that two people declared missing, damaged or lost; its entry in the contents list stays.

    Documents are kept by a plain id: filed anew or destroyed they are no longer named, and the title stays here.
    """

    __tablename__ = "paper_losses"
    __table_args__ = (
        CheckConstraint("declared_by_id <> second_id", name="two_people"),
        CheckConstraint("state <> 'remade' OR (remade_on IS NOT NULL AND length(remade_from) > 0)", name="remade_from"),
        CheckConstraint("(state = 'open') = (settled_by_id IS NULL)", name="settled_by_somebody"),
        CheckConstraint("(settled_by_id IS NULL) = (settled_on IS NULL)", name="settled_on_a_day"),
        Index(
            "uq_paper_losses_one_open_per_document",
            "document_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    dossier_id: Mapped[str] = reference("dossiers.id")
    document_id: Mapped[str | None] = mapped_column(String(16), index=True)
    component_id: Mapped[str] = mapped_column(String(60))
    title: Mapped[str]
    kind: Mapped[PaperLossKind]
    state: Mapped[PaperLossState] = mapped_column(default=PaperLossState.OPEN, index=True)
    noticed_on: Mapped[date]
    # How it was noticed, where it was looked for and who was asked.
    circumstances: Mapped[str]
    declared_by_id: Mapped[str] = reference("accounts.id", index=False)
    second_id: Mapped[str] = reference("accounts.id", index=False)
    declared_at: Mapped[datetime] = mapped_column(default=now)
    due_on: Mapped[date]
    # The law of the limit, as it stood on the day.
    basis: Mapped[str]
    remade_document_id: Mapped[str | None] = mapped_column(String(16), index=True)
    remade_from: Mapped[str] = mapped_column(default="")
    remade_on: Mapped[date | None]
    settled_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    settled_on: Mapped[date | None]
    # Where it was found, or why it cannot be made anew.
    note: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship()
    document: Mapped[Document | None] = relationship(
        primaryjoin="foreign(PaperLoss.document_id) == Document.id", viewonly=True
    )
    remade: Mapped[Document | None] = relationship(
        primaryjoin="foreign(PaperLoss.remade_document_id) == Document.id", viewonly=True
    )
    declared_by: Mapped[Account] = relationship(foreign_keys=[declared_by_id])
    second: Mapped[Account] = relationship(foreign_keys=[second_id])
    settled_by: Mapped[Account | None] = relationship(foreign_keys=[settled_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


_COUNTS_NOT = (
    PaperLoss.document_id.is_not(None),
    PaperLoss.kind != PaperLossKind.DAMAGED,
    PaperLoss.state != PaperLossState.FOUND,
)
GONE = select(PaperLoss.document_id).where(*_COUNTS_NOT)
"""Documents whose paper is not in the dossier: they are listed, and count for nothing that must be there."""
DOSSIERS = select(PaperLoss.dossier_id).where(*_COUNTS_NOT)
"""The dossiers of these documents."""
