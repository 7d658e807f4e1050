"""Scans as received and the pages read from them. Page ledger: a page lies in one document or waits."""

import enum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Document, Dossier


class ScanState(enum.StrEnum):
    """What became of an upload; every scan is in exactly one of these."""

    RECEIVED = "received"
    READING = "reading"
    READ = "read"
    FILED = "filed"
    FAILED = "failed"

    @property
    def label(self) -> str:
        """The state in words."""
        return _SCAN_LABELS[self]


_SCAN_LABELS = {
    ScanState.RECEIVED: N_("Received, waiting to be read"),
    ScanState.READING: N_("Being read"),
    ScanState.READ: N_("Read, waiting for a check"),
    ScanState.FILED: N_("Filed"),
    ScanState.FAILED: N_("Could not be read"),
}


class Scan(Identified, Base):
    """One uploaded file: the bytes are in storage under `sha256` and never change."""

    __tablename__ = "scans"
    __table_args__ = (
        UniqueConstraint("dossier_id", "sha256"),
        CheckConstraint("size > 0", name="not_empty"),
        # With what is summed by state and by month (`oms.figures`).
        Index("ix_scans_state", "state", "sealed", "page_count"),
        Index("ix_scans_dossier_id_state", "dossier_id", "state", "sealed"),
        Index("ix_scans_received_at", "received_at", "sealed", "page_count"),
    )

    dossier_id: Mapped[str] = reference("dossiers.id", index=False)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    file_name: Mapped[str]
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    page_count: Mapped[int]
    state: Mapped[ScanState] = mapped_column(default=ScanState.RECEIVED)
    error: Mapped[str | None]
    error_values: Mapped[dict[str, Any] | None]
    pdf_sha256: Mapped[str | None] = mapped_column(String(64))
    # What its cover sheet said it is: proposed when its pages are filed.
    component_id: Mapped[str | None] = mapped_column(String(60))
    signed: Mapped[bool] = mapped_column(default=False)
    # All its pages lie in sealed inserts; see `oms.inserts`.
    sealed: Mapped[bool] = mapped_column(default=False)
    received_by_id: Mapped[str] = reference("accounts.id")
    received_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship()
    pages: Mapped[list["Page"]] = relationship(back_populates="scan", order_by="Page.number")
    clearances: Mapped[list["SecrecyClearance"]] = relationship(order_by="SecrecyClearance.cleared_at")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy

    @property
    def is_laid_out(self) -> bool:
        """Whether its pages are a layout of ours: the file is text, and only the original shows it as it was written."""
        return "wordprocessingml" in self.media_type


class PageState(enum.StrEnum):
    """How far the reading of one page is."""

    WAITING = "waiting"
    READ = "read"
    FAILED = "failed"


class Quality(enum.StrEnum):
    """The judgement of what was read."""

    GOOD = "good"
    CHECK = "check"
    POOR = "poor"
    HANDWRITING = "handwriting"
    BLANK = "blank"

    @property
    def label(self) -> str:
        """The judgement in words."""
        return _QUALITY_LABELS[self]


_QUALITY_LABELS = {
    Quality.GOOD: N_("Read well"),
    Quality.CHECK: N_("Needs a look"),
    Quality.POOR: N_("Read again by hand"),
    Quality.HANDWRITING: N_("Handwriting, to be typed"),
    Quality.BLANK: N_("Blank page"),
}


class Page(Identified, Base):
    """One side of a sheet: what the machine read, and the text that holds now."""

    __tablename__ = "pages"
    __table_args__ = (
        UniqueConstraint("scan_id", "number"),
        CheckConstraint("number >= 1", name="counted_from_one"),
        CheckConstraint("(document_id IS NULL) = (document_position IS NULL)", name="filed_with_position"),
        CheckConstraint("document_position IS NULL OR document_position >= 1", name="placed_from_one"),
        CheckConstraint("turned IN (0, 90, 180, 270)", name="turned_by_quarters"),
        UniqueConstraint("document_id", "document_position"),
        # What waits to be filed, and how badly it was read: the order of the desk is told from this alone.
        Index("ix_pages_waiting", "scan_id", "document_id", "state", "corrected", "expected_error"),
    )

    scan_id: Mapped[str] = reference("scans.id", index=False)
    number: Mapped[int]
    state: Mapped[PageState] = mapped_column(default=PageState.WAITING)
    error: Mapped[str | None]
    error_values: Mapped[dict[str, Any] | None]
    text_read: Mapped[str] = mapped_column(default="", deferred=True)
    text: Mapped[str] = mapped_column(default="", deferred=True)
    # zlib-compressed JSON rows [text, left, top, width, height, confidence, line]; see `oms.reading`.
    words: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    confidence: Mapped[float | None]
    quality: Mapped[Quality | None]
    # Share of characters (0 to 1) that are probably wrong or missing; see `oms.recognition.judge`.
    expected_error: Mapped[float | None]
    rotation: Mapped[int] = mapped_column(default=0)
    skew: Mapped[float] = mapped_column(default=0.0)
    # How the upright page is shown, in degrees to the right: a person's choice, the reading knows nothing of it.
    turned: Mapped[int] = mapped_column(default=0, server_default="0")
    width: Mapped[int | None]
    height: Mapped[int | None]
    secrecy: Mapped[list[Any] | None] = mapped_column(JSON)
    # What the machine knows the page to be, and what it found on it; see `oms.reading`.
    kind: Mapped[str | None] = mapped_column(String(40))
    findings: Mapped[dict[str, Any] | None] = mapped_column(JSON, deferred=True)
    seconds: Mapped[float | None]
    image_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    corrected: Mapped[bool] = mapped_column(default=False)
    document_id: Mapped[str | None] = reference("documents.id", index=False)
    document_position: Mapped[int | None]
    version: Mapped[int] = mapped_column()

    scan: Mapped[Scan] = relationship(back_populates="pages")
    document: Mapped[Document | None] = relationship()
    corrections: Mapped[list["PageCorrection"]] = relationship(
        back_populates="page", order_by="PageCorrection.corrected_at"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class PageCorrection(Identified, Base):
    """The text a person put in place of the one before; all of them stay."""

    __tablename__ = "page_corrections"
    page_id: Mapped[str] = reference("pages.id")
    text_before: Mapped[str]
    text_after: Mapped[str]
    corrected_by_id: Mapped[str] = reference("accounts.id")
    corrected_at: Mapped[datetime] = mapped_column(default=now)

    page: Mapped[Page] = relationship(back_populates="corrections")


class SecrecyClearance(Identified, Base):
    """Two people looked at what seemed to be a mark of secrecy on a scan and said that it is none."""

    __tablename__ = "secrecy_clearances"
    scan_id: Mapped[str] = reference("scans.id")
    reason: Mapped[str]
    cleared_by_id: Mapped[str] = reference("accounts.id")
    confirmed_by_id: Mapped[str] = reference("accounts.id")
    cleared_at: Mapped[datetime] = mapped_column(default=now)


class Purge(Identified, Base):
    """Minutes of a scan that was destroyed because it bore a mark of secrecy; nothing here tells its content."""

    __tablename__ = "purges"
    dossier_id: Mapped[str] = reference("dossiers.id")
    pages: Mapped[int]
    documents: Mapped[int]
    reason: Mapped[str]
    purged_by_id: Mapped[str] = reference("accounts.id")
    confirmed_by_id: Mapped[str] = reference("accounts.id")
    purged_at: Mapped[datetime] = mapped_column(default=now)

    dossier: Mapped[Dossier] = relationship()
