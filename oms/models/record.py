"""What is said about a person, key by key: each saying with who said it, when, and where it stands on paper."""

import enum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.scans import Page


class StatementKind(enum.StrEnum):
    """How a statement came about: read by the machine, keyed by an officer, decided by a third person."""

    READ = "read"
    KEYED = "keyed"
    DECIDED = "decided"


class RecordStatement(Identified, Base):
    """One statement about one key of a dossier; never altered, and gone only with a page destroyed as secret."""

    __tablename__ = "record_statements"
    __table_args__ = (
        UniqueConstraint("dossier_id", "key", "number"),
        CheckConstraint("number >= 1", name="counted_from_one"),
        CheckConstraint("kind <> 'read' OR page_id IS NOT NULL", name="read_from_a_page"),
        CheckConstraint("length(text) > 0", name="says_something"),
    )

    dossier_id: Mapped[str] = reference("dossiers.id", index=False)
    key: Mapped[str] = mapped_column(String(60))
    # Place in the order in which the key was spoken about.
    number: Mapped[int]
    kind: Mapped[StatementKind]
    text: Mapped[str]
    page_id: Mapped[str | None] = reference("pages.id")
    # Left, top, width, height in pixels of the page image.
    box: Mapped[list[Any] | None] = mapped_column(JSON)
    confidence: Mapped[float | None]
    # Why a person has to look before believing what was read; see `oms.recognition.forms.sense`.
    flag: Mapped[str | None]
    stated_by_id: Mapped[str] = reference("accounts.id", index=False)
    stated_at: Mapped[datetime] = mapped_column(default=now)

    page: Mapped[Page | None] = relationship()
    stated_by: Mapped[Account] = relationship()
