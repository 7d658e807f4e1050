"""The organisation: units, their older names and what became of them. Units are never matched by name."""

import enum
from datetime import date

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.base import Base, Identified, reference


class UnitKind(enum.StrEnum):
    """What a node of the tree is (labels: `oms/catalogue`)."""

    PROVINCE_COMMITTEE = "province_committee"
    UPPER_COMMITTEE = "upper_committee"
    BOARD = "board"
    GRASSROOTS_COMMITTEE = "grassroots_committee"
    GRASSROOTS_CELL = "grassroots_cell"
    SUB_COMMITTEE = "sub_committee"
    CELL = "cell"
    PARTY_GROUP = "party_group"
    OUTSIDE_BODY = "outside_body"

    @property
    def label(self) -> str:
        """The kind in words."""
        return _KIND_LABELS[self]

    @property
    def is_grassroots(self) -> bool:
        """True for a grassroots organisation (TCCSĐ) itself, not for what lies below it."""
        return self in (UnitKind.GRASSROOTS_COMMITTEE, UnitKind.GRASSROOTS_CELL)


_KIND_LABELS = {
    UnitKind.PROVINCE_COMMITTEE: N_("Provincial committee"),
    UnitKind.UPPER_COMMITTEE: N_("Committee directly above the grassroots"),
    UnitKind.BOARD: N_("Board of a committee"),
    UnitKind.GRASSROOTS_COMMITTEE: N_("Grassroots committee"),
    UnitKind.GRASSROOTS_CELL: N_("Grassroots cell"),
    UnitKind.SUB_COMMITTEE: N_("Sub-committee"),
    UnitKind.CELL: N_("Cell"),
    UnitKind.PARTY_GROUP: N_("Party group"),
    UnitKind.OUTSIDE_BODY: N_("Body outside the system"),
}


class Unit(Identified, Base):
    """A node of the organisation tree, with the dates between which it exists."""

    __tablename__ = "units"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name="valid_order"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="not_own_parent"),
    )

    code: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[UnitKind]
    org_type: Mapped[str | None] = mapped_column(String(40))
    parent_id: Mapped[str | None] = reference("units.id")
    name: Mapped[str]
    host_name: Mapped[str | None]
    party_code: Mapped[str | None] = mapped_column(String(20))
    agency_code: Mapped[str | None] = mapped_column(String(35))
    symbol: Mapped[str | None] = mapped_column(String(20))
    members: Mapped[int | None]
    # The board that keeps the dossiers of its committee, and whose head decides between grassroots units.
    keeps_dossiers: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    parent: Mapped["Unit | None"] = relationship(remote_side="Unit.id")
    former_names: Mapped[list["UnitName"]] = relationship(back_populates="unit", order_by="UnitName.valid_to")

    @property
    def short_name(self) -> str:
        """The body the organisation belongs to, as people say it; else the full name."""
        return self.host_name or self.name


class UnitName(Identified, Base):
    """A name the unit had before; history, not an error, and it keeps finding."""

    __tablename__ = "unit_names"
    unit_id: Mapped[str] = reference("units.id")
    name: Mapped[str]
    valid_to: Mapped[date | None]

    unit: Mapped[Unit] = relationship(back_populates="former_names")


class UnitSuccession(Identified, Base):
    """A dated link from a unit that ended to the one that took over."""

    __tablename__ = "unit_successions"
    __table_args__ = (
        UniqueConstraint("predecessor_id", "successor_id"),
        CheckConstraint("predecessor_id <> successor_id", name="not_own_successor"),
    )
    predecessor_id: Mapped[str] = reference("units.id")
    successor_id: Mapped[str] = reference("units.id")
    on: Mapped[date]
    decision: Mapped[str | None]


Index("ix_units_keeps_dossiers", Unit.keeps_dossiers, sqlite_where=text("keeps_dossiers"))
