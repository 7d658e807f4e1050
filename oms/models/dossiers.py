"""Dossiers and the documents filed in them. A dossier has exactly one custodian: the column says so."""

import enum
from datetime import date

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.organisation import Unit
from oms.models.people import Person, Precision


class Category(enum.StrEnum):
    """Kinds of dossiers (ids of `catalogue/components.yaml`)."""

    CADRE = "cadre"
    CIVIL_SERVANT = "civil_servant"
    PUBLIC_EMPLOYEE = "public_employee"
    CONTRACT_WORKER = "contract_worker"
    PARTY_MEMBER = "party_member"

    @property
    def label(self) -> str:
        """The category in words."""
        return _CATEGORY_LABELS[self]


_CATEGORY_LABELS = {
    Category.CADRE: N_("Cadre"),
    Category.CIVIL_SERVANT: N_("Civil servant"),
    Category.PUBLIC_EMPLOYEE: N_("Public employee"),
    Category.CONTRACT_WORKER: N_("Contract worker"),
    Category.PARTY_MEMBER: N_("Party member"),
}


class DossierStatus(enum.StrEnum):
    """Whether the dossier is still added to."""

    OPEN = "open"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        """The status in words."""
        return {DossierStatus.OPEN: N_("In use"), DossierStatus.CLOSED: N_("Closed")}[self]


class PaperState(enum.StrEnum):
    """How the paper of a dossier is where it is said to be; see `oms.whereabouts`."""

    ON_SHELF = "on_shelf"
    IN_TRANSIT = "in_transit"
    LENT = "lent"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The state of the paper in words."""
        return _PAPER_LABELS[self]


_PAPER_LABELS = {
    PaperState.ON_SHELF: N_("In its place"),
    PaperState.IN_TRANSIT: N_("Under way"),
    PaperState.LENT: N_("Lent"),
    PaperState.UNKNOWN: N_("Nobody knows where it is"),
}


class Dossier(Identified, Base):
    """One per person, category and managing body; held by exactly one unit at every moment."""

    __tablename__ = "dossiers"
    __table_args__ = (
        UniqueConstraint("person_id", "category", "managing_body_id"),
        # Whose dossiers somebody may see, and whose they are, is answered from the index alone.
        Index("ix_dossiers_custodian_id_id_person_id", "custodian_id", "id", "person_id"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[str] = reference("people.id")
    category: Mapped[Category]
    custodian_id: Mapped[str] = reference("units.id", index=False)
    managing_body_id: Mapped[str] = reference("units.id")
    using_body_id: Mapped[str | None] = reference("units.id")
    shelf_room: Mapped[str | None]
    shelf: Mapped[str | None]
    shelf_box: Mapped[str | None]
    # Where the paper is when it is not with the custodian; the history stands in `paper_moves`.
    paper_unit_id: Mapped[str | None] = reference("units.id")
    paper_state: Mapped[PaperState] = mapped_column(default=PaperState.ON_SHELF, index=True)
    status: Mapped[DossierStatus] = mapped_column(default=DossierStatus.OPEN)
    # Set while a transfer holds the dossier still; see `oms.custody`.
    frozen: Mapped[bool] = mapped_column(default=False)
    # Set while a hold is in force; see `oms.holds`.
    held: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column()

    person: Mapped[Person] = relationship(back_populates="dossiers")
    custodian: Mapped[Unit] = relationship(foreign_keys=[custodian_id])
    managing_body: Mapped[Unit] = relationship(foreign_keys=[managing_body_id])
    paper_unit: Mapped[Unit | None] = relationship(foreign_keys=[paper_unit_id])
    documents: Mapped[list["Document"]] = relationship(back_populates="dossier", order_by="Document.position")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class Original(enum.StrEnum):
    """What kind of copy the sheet is."""

    ORIGINAL = "original"
    CERTIFIED_COPY = "certified_copy"
    COPY = "copy"

    @property
    def label(self) -> str:
        """The kind of copy in words."""
        return _ORIGINAL_LABELS[self]


_ORIGINAL_LABELS = {
    Original.ORIGINAL: N_("Original"),
    Original.CERTIFIED_COPY: N_("Certified copy"),
    Original.COPY: N_("Photocopy"),
}


class Document(Identified, Base):
    """One logical paper of a dossier, made of pages of scans."""

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("(issued_on IS NULL) = (issued_precision IS NULL)", name="date_with_precision"),
        CheckConstraint("sheets IS NULL OR sheets >= 1", name="sheets_counted_from_one"),
        Index("ix_documents_dossier_id_position", "dossier_id", "position"),
        # What dossiers lack, and what was filed when, is counted from these alone (`oms.completeness`, `oms.figures`).
        Index("ix_documents_dossier_id_component_id", "dossier_id", "component_id", "sealed"),
        Index("ix_documents_filed_at", "filed_at", "sealed"),
    )

    dossier_id: Mapped[str] = reference("dossiers.id", index=False)
    component_id: Mapped[str] = mapped_column(String(60))
    title: Mapped[str]
    number: Mapped[str | None] = mapped_column(String(80))
    issued_on: Mapped[date | None]
    issued_precision: Mapped[Precision | None]
    issuing_body: Mapped[str | None]
    signer: Mapped[str | None]
    original: Mapped[Original] = mapped_column(default=Original.ORIGINAL)
    position: Mapped[int]
    # Sheets of paper as somebody counted them; without a count `oms.sheets` proposes one from the pages.
    sheets: Mapped[int | None]
    # A sealed insert, as every scan it lies on: nothing shows that it exists; see `oms.inserts`.
    sealed: Mapped[bool] = mapped_column(default=False)
    filed_by_id: Mapped[str] = reference("accounts.id")
    filed_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship(back_populates="documents")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy
