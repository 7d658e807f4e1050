"""Where the paper of a dossier has been, and the counts of what stands on the shelves."""

import enum
from typing import Any

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Dossier, PaperState
from oms.models.organisation import Unit


class PaperMove(Identified, Base):
    """The paper of a dossier went somewhere, or somebody said where it is: who, when, why."""

    __tablename__ = "paper_moves"

    dossier_id: Mapped[str] = reference("dossiers.id")
    from_unit_id: Mapped[str] = reference("units.id", index=False)
    to_unit_id: Mapped[str] = reference("units.id", index=False)
    state: Mapped[PaperState]
    note: Mapped[str] = mapped_column(default="")
    moved_by_id: Mapped[str] = reference("accounts.id", index=False)
    moved_at: Mapped[datetime] = mapped_column(default=now)

    from_unit: Mapped[Unit] = relationship(foreign_keys=[from_unit_id])
    to_unit: Mapped[Unit] = relationship(foreign_keys=[to_unit_id])
    moved_by: Mapped[Account] = relationship()


class Stocktaking(Identified, Base):
    """One count of a room, a shelf or a box of a unit; open until it is finished."""

    __tablename__ = "stocktakings"
    __table_args__ = (CheckConstraint("box IS NULL OR shelf IS NOT NULL", name="box_on_shelf"),)

    number: Mapped[str] = mapped_column(String(40), unique=True)
    unit_id: Mapped[str] = reference("units.id")
    room: Mapped[str]
    shelf: Mapped[str | None]
    box: Mapped[str | None]
    started_by_id: Mapped[str] = reference("accounts.id", index=False)
    started_at: Mapped[datetime] = mapped_column(default=now)
    finished_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    finished_at: Mapped[datetime | None]
    # Numbers of the dossiers that ought to have stood there at the moment of finishing.
    expected: Mapped[list[Any] | None]
    version: Mapped[int] = mapped_column()

    unit: Mapped[Unit] = relationship()
    started_by: Mapped[Account] = relationship(foreign_keys=[started_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class CountedPaper(Identified, Base):
    """A label that was scanned in a count; `dossier_id` is empty when no such dossier is known here."""

    __tablename__ = "counted_papers"
    __table_args__ = (UniqueConstraint("stocktaking_id", "code"),)

    stocktaking_id: Mapped[str] = reference("stocktakings.id", index=False)
    code: Mapped[str] = mapped_column(String(120))
    dossier_id: Mapped[str | None] = reference("dossiers.id")
    counted_by_id: Mapped[str] = reference("accounts.id", index=False)
    counted_at: Mapped[datetime] = mapped_column(default=now)

    dossier: Mapped[Dossier | None] = relationship()
    counted_by: Mapped[Account] = relationship()


class DifferenceKind(enum.StrEnum):
    """What a count found otherwise than written."""

    MISSING = "missing"
    ELSEWHERE = "elsewhere"
    OTHER_UNIT = "other_unit"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The difference in words."""
        return _DIFFERENCE_LABELS[self]


_DIFFERENCE_LABELS = {
    DifferenceKind.MISSING: N_("Not found in its place"),
    DifferenceKind.ELSEWHERE: N_("Belongs in another place"),
    DifferenceKind.OTHER_UNIT: N_("Belongs to another unit"),
    DifferenceKind.UNKNOWN: N_("No dossier of this label is known here"),
}


class StockDifference(Identified, Base):
    """One difference a finished count found, and how it was settled."""

    __tablename__ = "stock_differences"
    __table_args__ = (
        UniqueConstraint("stocktaking_id", "code"),
        CheckConstraint("(settled_at IS NULL) = (settlement IS NULL)", name="settled_with_way"),
    )

    stocktaking_id: Mapped[str] = reference("stocktakings.id", index=False)
    code: Mapped[str] = mapped_column(String(120))
    dossier_id: Mapped[str | None] = reference("dossiers.id")
    kind: Mapped[DifferenceKind]
    settlement: Mapped[str | None] = mapped_column(String(20))
    settled_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    settled_at: Mapped[datetime | None]

    stocktaking: Mapped[Stocktaking] = relationship()
    dossier: Mapped[Dossier | None] = relationship()
    settled_by: Mapped[Account | None] = relationship()
