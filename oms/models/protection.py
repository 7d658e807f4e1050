"""Protection files: the flag a general installation keeps of a person, and the watermarked prints of the closed one."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.people import Person
from oms.models.safeguards import InsertOpening


class ProtectionFlag(Identified, Base):
    """The person has a protection file elsewhere, and where its paper is kept: all a general installation knows."""

    __tablename__ = "protection_flags"
    __table_args__ = (UniqueConstraint("person_id"),)

    person_id: Mapped[str] = reference("people.id", index=False)
    kept_at: Mapped[str]
    set_by_id: Mapped[str] = reference("accounts.id")
    set_at: Mapped[datetime] = mapped_column(default=now)

    person: Mapped[Person] = relationship()
    set_by: Mapped[Account] = relationship()


class FilePrint(Identified, Base):
    """A print of a protection file with a watermark: its number in the register of the closed installation."""

    __tablename__ = "file_prints"
    __table_args__ = (
        UniqueConstraint("year", "number"),
        CheckConstraint("number >= 1 AND pages >= 1", name="counted"),
    )

    opening_id: Mapped[str] = reference("insert_openings.id")
    year: Mapped[int]
    number: Mapped[int]
    pages: Mapped[int]
    printed_by_id: Mapped[str] = reference("accounts.id")
    printed_at: Mapped[datetime] = mapped_column(default=now)

    opening: Mapped[InsertOpening] = relationship()
    printed_by: Mapped[Account] = relationship()
