"""What guards dossiers beyond roles: holds, delegations, openings of sealed inserts, disposals."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Dossier
from oms.models.organisation import Unit
from oms.models.people import Person


class Hold(Identified, Base):
    """An order that nothing of a dossier, or of all dossiers of a person, may be changed, moved or destroyed."""

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (dossier_id IS NULL)", name="one_subject"),
        CheckConstraint("lifted_by_id IS NULL OR lifted_by_id <> lift_asked_by_id", name="two_people"),
        CheckConstraint("(lifted_by_id IS NULL) = (lifted_at IS NULL)", name="lifted_when"),
        Index("ix_holds_open", "lifted_at", sqlite_where=text("lifted_at IS NULL")),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[str | None] = reference("people.id")
    dossier_id: Mapped[str | None] = reference("dossiers.id")
    unit_id: Mapped[str] = reference("units.id")
    reason: Mapped[str]
    decision: Mapped[str]
    ordered_by_id: Mapped[str] = reference("accounts.id")
    ordered_at: Mapped[datetime] = mapped_column(default=now)
    lift_asked_by_id: Mapped[str | None] = reference("accounts.id")
    lift_reason: Mapped[str] = mapped_column(default="")
    lifted_by_id: Mapped[str | None] = reference("accounts.id")
    lifted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()

    person: Mapped[Person | None] = relationship()
    dossier: Mapped[Dossier | None] = relationship()
    unit: Mapped[Unit] = relationship()
    ordered_by: Mapped[Account] = relationship(foreign_keys=[ordered_by_id])

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class Delegation(Identified, Base):
    """A head lets somebody act in the head's name: chosen acts, in one unit, from one day to another."""

    __tablename__ = "delegations"
    __table_args__ = (
        CheckConstraint("head_id <> delegate_id", name="two_people"),
        CheckConstraint("valid_from <= valid_to", name="valid_order"),
    )

    head_id: Mapped[str] = reference("accounts.id")
    delegate_id: Mapped[str] = reference("accounts.id")
    unit_id: Mapped[str] = reference("units.id")
    actions: Mapped[list[Any]]
    decision: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
    given_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]

    head: Mapped[Account] = relationship(foreign_keys=[head_id])
    delegate: Mapped[Account] = relationship(foreign_keys=[delegate_id])
    unit: Mapped[Unit] = relationship()


class InsertOpening(Identified, Base):
    """Two people opened the sealed part of a dossier together, for a purpose and a while."""

    __tablename__ = "insert_openings"
    __table_args__ = (CheckConstraint("opened_by_id <> second_id", name="two_people"),)

    dossier_id: Mapped[str] = reference("dossiers.id")
    opened_by_id: Mapped[str] = reference("accounts.id")
    second_id: Mapped[str] = reference("accounts.id")
    purpose: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(default=now)
    ends_at: Mapped[datetime]

    second: Mapped[Account] = relationship(foreign_keys=[second_id])


class DisposalState(enum.StrEnum):
    """Where a disposal stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    EXECUTED = "executed"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """The state in words."""
        return _DISPOSAL_LABELS[self]


_DISPOSAL_LABELS = {
    DisposalState.PROPOSED: N_("Waiting for approval"),
    DisposalState.APPROVED: N_("Approved, not yet destroyed"),
    DisposalState.EXECUTED: N_("Destroyed"),
    DisposalState.REFUSED: N_("Refused"),
}


class Disposal(Identified, Base):
    """Papers that a council lets be destroyed; the minutes stay, and later only numbers tell what it was."""

    __tablename__ = "disposals"
    __table_args__ = (
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> proposed_by_id", name="two_people"),
        CheckConstraint("(state = 'executed') = (executed_at IS NOT NULL)", name="executed_when"),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    unit_id: Mapped[str] = reference("units.id")
    rule_id: Mapped[str] = mapped_column(String(60))
    state: Mapped[DisposalState] = mapped_column(default=DisposalState.PROPOSED, index=True)
    council: Mapped[list[Any]]
    minutes: Mapped[str]
    minutes_on: Mapped[date]
    legal_reason: Mapped[str]
    proposed_by_id: Mapped[str] = reference("accounts.id")
    proposed_at: Mapped[datetime] = mapped_column(default=now)
    decided_by_id: Mapped[str | None] = reference("accounts.id")
    decided_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    executed_by_id: Mapped[str | None] = reference("accounts.id")
    executed_at: Mapped[datetime | None]
    certificate: Mapped[str | None] = mapped_column(String(40), unique=True)
    documents: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column()

    unit: Mapped[Unit] = relationship()
    items: Mapped[list["DisposalItem"]] = relationship(back_populates="disposal")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class DisposalItem(Identified, Base):
    """One scan proposed for destruction; its id outlives it and says nothing."""

    __tablename__ = "disposal_items"
    __table_args__ = (UniqueConstraint("disposal_id", "scan_id"),)

    disposal_id: Mapped[str] = reference("disposals.id", index=False)
    dossier_id: Mapped[str] = reference("dossiers.id")
    scan_id: Mapped[str] = mapped_column(String(16))

    disposal: Mapped[Disposal] = relationship(back_populates="items")
    dossier: Mapped[Dossier] = relationship()
