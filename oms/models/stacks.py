"""Stacks: papers of many dossiers scanned in one go, until every page lies in a piece or is a cover sheet.

A stack holds the pages of people the unit's officers work with; nothing of it is in a dossier before it is taken in.
"""

import enum
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Dossier
from oms.models.organisation import Unit
from oms.models.scans import Scan


class StackState(enum.StrEnum):
    """How far a stack is; it waits for an officer in `divided`."""

    RECEIVED = "received"
    DIVIDED = "divided"
    ORDERED = "ordered"
    TAKEN_IN = "taken_in"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """The state in words."""
        return _LABELS[self]


_LABELS = {
    StackState.RECEIVED: N_("Cover sheets are looked for"),
    StackState.DIVIDED: N_("Divided, waiting for your look"),
    StackState.ORDERED: N_("Pieces are put into their dossiers"),
    StackState.TAKEN_IN: N_("Taken in"),
    StackState.FAILED: N_("Could not be divided"),
}


class Stack(Identified, Base):
    """One file with papers of several dossiers; its bytes are in storage under `sha256` until it is taken in."""

    __tablename__ = "stacks"
    __table_args__ = (
        CheckConstraint("size > 0 AND page_count > 0", name="not_empty"),
        CheckConstraint("(ended_at IS NOT NULL) = (state = 'taken_in')", name="ended_when_taken_in"),
        CheckConstraint(
            "(cleared_by_id IS NULL) = (confirmed_by_id IS NULL) AND (cleared_by_id IS NULL) = (clearance IS NULL)",
            name="cleared_by_two",
        ),
        # The same file waits once for a unit, however often it is sent.
        Index(
            "uq_stacks_waiting",
            "unit_id",
            "sha256",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    unit_id: Mapped[str] = reference("units.id")
    # "" after a page of it was destroyed: then nothing may tell what the file was.
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    file_name: Mapped[str]
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    page_count: Mapped[int]
    state: Mapped[StackState] = mapped_column(default=StackState.RECEIVED)
    pages_done: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    error_values: Mapped[dict[str, Any] | None]
    # Pages that seemed to bear a mark of secrecy, why they bear none, and who said so.
    doubtful: Mapped[list[Any]]
    clearance: Mapped[str | None]
    cleared_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    confirmed_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    given_by_id: Mapped[str] = reference("accounts.id", index=False)
    given_at: Mapped[datetime] = mapped_column(default=now, index=True)
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    unit: Mapped[Unit] = relationship()
    given_by: Mapped[Account] = relationship(foreign_keys=[given_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class StackPiece(Identified, Base):
    """Pages that go into one dossier as one scan: those behind a cover sheet, or what an officer made of them."""

    __tablename__ = "stack_pieces"
    __table_args__ = (
        CheckConstraint("scan_id IS NULL OR (dossier_id IS NOT NULL AND NOT left_out)", name="scan_in_a_dossier"),
    )

    stack_id: Mapped[str] = reference("stacks.id")
    # The code of its sheet as it was read; "" where no sheet lies before it.
    code: Mapped[str] = mapped_column(String(120), default="")
    dossier_id: Mapped[str | None] = reference("dossiers.id")
    component_id: Mapped[str | None] = mapped_column(String(60))
    # An officer said that these pages do not come in: they are of others, or were scanned by mistake.
    left_out: Mapped[bool] = mapped_column(default=False)
    scan_id: Mapped[str | None] = reference("scans.id")

    stack: Mapped[Stack] = relationship()
    dossier: Mapped[Dossier | None] = relationship()
    scan: Mapped[Scan | None] = relationship()
    pages: Mapped[list["StackPage"]] = relationship(back_populates="piece", order_by="StackPage.number")


class StackPageKind(enum.StrEnum):
    """What a page of a stack is: one of a piece, a cover sheet, or the blank back of one."""

    PAGE = "page"
    SHEET = "sheet"
    BACK = "back"


class StackPage(Identified, Base):
    """Where one page of a stack belongs: in exactly one piece, or it is a cover sheet or its back."""

    __tablename__ = "stack_pages"
    __table_args__ = (
        UniqueConstraint("stack_id", "number"),
        CheckConstraint("number >= 1", name="counted_from_one"),
        CheckConstraint("(kind = 'page') = (piece_id IS NOT NULL)", name="in_a_piece_or_a_sheet"),
    )

    stack_id: Mapped[str] = reference("stacks.id", index=False)
    number: Mapped[int]
    kind: Mapped[StackPageKind]
    piece_id: Mapped[str | None] = reference("stack_pieces.id")
    # Text of the code on a sheet.
    code: Mapped[str] = mapped_column(String(120), default="")
    blank: Mapped[bool] = mapped_column(default=False)
    # A small JPEG for the look before it is taken in; gone afterwards.
    picture: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)

    piece: Mapped[StackPiece | None] = relationship(back_populates="pages")
