"""Named folders given in as ZIP: what becomes of each file. The ZIP itself lies in memory and in no table."""

import enum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Category, Dossier


class ImportState(enum.StrEnum):
    """How far a ZIP is; in `looked` it waits ten minutes for its officer."""

    LOOKING = "looking"
    LOOKED = "looked"
    TAKING = "taking"
    DONE = "done"
    GONE = "gone"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """The state in words."""
        return _LABELS[self]


_LABELS = {
    ImportState.LOOKING: N_("Every file is looked at"),
    ImportState.LOOKED: N_("Looked at, waiting for your word"),
    ImportState.TAKING: N_("Files are being taken in"),
    ImportState.DONE: N_("Finished"),
    ImportState.GONE: N_("The ZIP is gone from memory"),
    ImportState.REFUSED: N_("Not taken in"),
}


class FolderImport(Identified, Base):
    """One ZIP of one account; its lines say what became, or would become, of each file."""

    __tablename__ = "folder_imports"
    __table_args__ = (
        CheckConstraint("(ended_at IS NOT NULL) = (state IN ('done', 'gone', 'refused'))", name="ended_at_its_end"),
        # One at a time: the memory of the machine is everybody's.
        Index(
            "uq_folder_imports_open",
            "given_by_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    given_by_id: Mapped[str] = reference("accounts.id", index=False)
    given_at: Mapped[datetime] = mapped_column(default=now, index=True)
    file_name: Mapped[str]
    category: Mapped[Category | None]
    state: Mapped[ImportState] = mapped_column(default=ImportState.LOOKING)
    files: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    error_values: Mapped[dict[str, Any] | None]
    ended_at: Mapped[datetime | None]

    given_by: Mapped[Account] = relationship()


class FolderImportLine(Identified, Base):
    """What became of one file of the ZIP."""

    __tablename__ = "folder_import_lines"
    __table_args__ = (UniqueConstraint("import_id", "position"),)

    import_id: Mapped[str] = reference("folder_imports.id", index=False)
    position: Mapped[int]
    file: Mapped[str]
    dossier_id: Mapped[str | None] = reference("dossiers.id")
    title: Mapped[str]
    state: Mapped[str] = mapped_column(String(20))
    error: Mapped[str | None]
    error_values: Mapped[dict[str, Any] | None]
    by_name_only: Mapped[bool] = mapped_column(default=False)

    dossier: Mapped[Dossier | None] = relationship()
