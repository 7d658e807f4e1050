"""People who have dossiers, and the other names they are found under."""

import enum
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.organisation import Unit

if TYPE_CHECKING:
    from oms.models.dossiers import Dossier


class Precision(enum.StrEnum):
    """How much of a date the paper says; the rest is never invented."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Gender(enum.StrEnum):
    """As printed on the papers."""

    MALE = "male"
    FEMALE = "female"

    @property
    def label(self) -> str:
        """The gender in words."""
        return {Gender.MALE: N_("Male"), Gender.FEMALE: N_("Female")}[self]


class Person(Identified, Base):
    """The subject of dossiers: one row per human being, whatever posts they hold."""

    __tablename__ = "people"
    __table_args__ = (CheckConstraint("length(full_name) > 0", name="named"),)

    full_name: Mapped[str]
    # Given name first, by the Vietnamese alphabet (`oms.vietnamese.names.sort_key`).
    sort_key: Mapped[str] = mapped_column(index=True)
    gender: Mapped[Gender | None]
    birth_date: Mapped[date | None]
    birth_precision: Mapped[Precision | None]
    personal_id: Mapped[str | None] = mapped_column(String(12), unique=True)
    staff_code: Mapped[str | None] = mapped_column(String(40))
    home_town: Mapped[str | None]
    ethnicity: Mapped[str | None]
    position: Mapped[str | None]
    unit_id: Mapped[str] = reference("units.id")
    party_join_date: Mapped[date | None]
    party_official_date: Mapped[date | None]
    # Where the official membership is, once a move was taken up here; else with the holder of the member dossier.
    party_unit_id: Mapped[str | None] = reference("units.id")
    created_at: Mapped[datetime] = mapped_column(default=now)

    aliases: Mapped[list["PersonAlias"]] = relationship(back_populates="person")
    dossiers: Mapped[list["Dossier"]] = relationship(back_populates="person", order_by="Dossier.number")
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    party_unit: Mapped[Unit | None] = relationship(foreign_keys=[party_unit_id])


class PersonAlias(Identified, Base):
    """Another name with the paper it stands on."""

    __tablename__ = "person_aliases"
    person_id: Mapped[str] = reference("people.id")
    name: Mapped[str]
    source: Mapped[str | None]

    person: Mapped[Person] = relationship(back_populates="aliases")
