"""The record of a dossier: what people wrote down of its values, beside what the machine read. Only ever added to."""

import enum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Dossier
from oms.models.scans import Page


class StatementKind(enum.StrEnum):
    """How a value came to be written down."""

    KEYED = "keyed"
    DECIDED = "decided"

    @property
    def label(self) -> str:
        """The kind in words."""
        return {StatementKind.KEYED: N_("Keyed"), StatementKind.DECIDED: N_("By decision")}[self]


class RecordStatement(Identified, Base):
    """One writing of one value; `place` counts the writings of that value.

    `key` is one of `catalogue/forms.yaml`, or `number:` and the id of a document whose number two officers write.
    """

    __tablename__ = "record_statements"
    __table_args__ = (
        UniqueConstraint("dossier_id", "key", "place"),
        CheckConstraint("place >= 1", name="counted_from_one"),
        CheckConstraint("kind = 'keyed' OR length(reason) > 0", name="decided_for_a_reason"),
        Index("ix_record_statements_key", "key", "dossier_id"),
    )

    dossier_id: Mapped[str] = reference("dossiers.id", index=False)
    key: Mapped[str] = mapped_column(String(60))
    place: Mapped[int]
    kind: Mapped[StatementKind]
    text: Mapped[str]
    # What the machine had read at that moment, and where: later readings change nothing here.
    read_text: Mapped[str] = mapped_column(default="")
    page_id: Mapped[str | None] = reference("pages.id")
    # Left, top, width and height in pixels of the page image; None when the value has no box.
    box: Mapped[list[Any] | None]
    reason: Mapped[str] = mapped_column(default="")
    account_id: Mapped[str] = reference("accounts.id", index=False)
    at: Mapped[datetime] = mapped_column(default=now)

    dossier: Mapped[Dossier] = relationship()
    account: Mapped[Account] = relationship()
    page: Mapped[Page | None] = relationship()


class RecordRow(Identified, Base):
    """One writing of one row of a table; `line` is the row, `place` counts its writings, the last one holds."""

    __tablename__ = "record_rows"
    __table_args__ = (
        UniqueConstraint("line", "place"),
        CheckConstraint("place >= 1", name="counted_from_one"),
        Index("ix_record_rows_dossier_id_key", "dossier_id", "key"),
    )

    dossier_id: Mapped[str] = reference("dossiers.id", index=False)
    key: Mapped[str] = mapped_column(String(60))
    line: Mapped[str] = mapped_column(String(16))
    place: Mapped[int]
    # Where the row stands in its table; gaps do no harm.
    position: Mapped[int]
    cells: Mapped[list[Any]]
    page_id: Mapped[str | None] = reference("pages.id")
    removed: Mapped[bool] = mapped_column(default=False)
    account_id: Mapped[str] = reference("accounts.id", index=False)
    at: Mapped[datetime] = mapped_column(default=now)

    dossier: Mapped[Dossier] = relationship()
    account: Mapped[Account] = relationship()
