"""Leaving (nghỉ hưu, thôi việc, từ trần): the decision, its limit, the copies that were given, the dossier that is closed."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, now, reference
from oms.models.dossiers import Dossier


class LeavingWay(enum.StrEnum):
    """Why somebody leaves (ids of `catalogue/leavings.yaml`)."""

    RETIREMENT = "retirement"
    RESIGNATION = "resignation"
    DEATH = "death"

    @property
    def label(self) -> str:
        """The way in words."""
        return _WAYS[self]


_WAYS = {
    LeavingWay.RETIREMENT: N_("Retirement"),
    LeavingWay.RESIGNATION: N_("Leaving the service"),
    LeavingWay.DEATH: N_("Death"),
}


class LeavingState(enum.StrEnum):
    """Where the handling of a leaving stands."""

    OPEN = "open"
    CONSENTED = "consented"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    REOPENED = "reopened"
    ANNULLED = "annulled"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATES[self]


_STATES = {
    LeavingState.OPEN: N_("Waiting for the consent of the head"),
    LeavingState.CONSENTED: N_("Copies to be given, dossier to be closed"),
    LeavingState.CLOSED: N_("Dossier closed"),
    LeavingState.CANCELLED: N_("Cancelled"),
    LeavingState.REOPENED: N_("Dossier opened again"),
    LeavingState.ANNULLED: N_("Closed by mistake, opened again"),
}
RUNNING_LEAVINGS = (LeavingState.OPEN, LeavingState.CONSENTED)
_RUNNING = text("state IN ('open', 'consented', 'closed')")


class Leaving(Identified, Base):
    """One leaving of one dossier. What was sealed at the end is a check sum over its contents list."""

    __tablename__ = "leavings"
    __table_args__ = (
        CheckConstraint("consented_by_id IS NULL OR consented_by_id <> opened_by_id", name="two_people"),
        CheckConstraint("(consented_by_id IS NULL) = (consented_at IS NULL)", name="consented_when"),
        CheckConstraint(
            "(closed_by_id IS NULL) = (closed_on IS NULL) AND (closed_on IS NULL) = (sealed_sha256 IS NULL)",
            name="closed_with_its_list",
        ),
        CheckConstraint("state NOT IN ('closed', 'reopened') OR closed_on IS NOT NULL", name="closed_on_a_day"),
        CheckConstraint("(state = 'reopened') = (reopened_by_id IS NOT NULL)", name="reopened_by_somebody"),
        CheckConstraint("mistake_by_id IS NULL OR state IN ('closed', 'annulled')", name="mistake_of_a_closing"),
        CheckConstraint("(mistake_by_id IS NULL) = (mistake_at IS NULL)", name="mistake_reported_when"),
        CheckConstraint(
            "(state = 'annulled') = (annulled_by_id IS NOT NULL) AND (annulled_by_id IS NULL) = (annulled_on IS NULL)",
            name="annulled_by_somebody",
        ),
        CheckConstraint(
            "annulled_by_id IS NULL OR (closed_on IS NOT NULL AND mistake_by_id <> annulled_by_id)",
            name="annulled_by_two_people",
        ),
        Index(
            "uq_leavings_one_at_a_time",
            "dossier_id",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    dossier_id: Mapped[str] = reference("dossiers.id")
    way: Mapped[LeavingWay]
    decision_number: Mapped[str] = mapped_column(String(80))
    decision_on: Mapped[date]
    leaves_on: Mapped[date]
    due_on: Mapped[date]
    # The law of the limit and of the copies, as it stood on the day.
    basis: Mapped[str]
    state: Mapped[LeavingState] = mapped_column(default=LeavingState.OPEN, index=True)
    opened_by_id: Mapped[str] = reference("accounts.id", index=False)
    opened_at: Mapped[datetime] = mapped_column(default=now)
    consented_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    consented_at: Mapped[datetime | None]
    closed_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    closed_on: Mapped[date | None]
    documents: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(default=0)
    sealed_sha256: Mapped[str | None] = mapped_column(String(64))
    # Why no copy was given, why it was cancelled, or by which decision the dossier is open again.
    without_copy_because: Mapped[str] = mapped_column(default="")
    cancelled_because: Mapped[str] = mapped_column(default="")
    reopened_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    reopened_on: Mapped[date | None]
    reopening: Mapped[str] = mapped_column(default="")
    # Why the closing was a mistake, as the officer reported it; why the head kept the dossier closed all the same.
    mistake: Mapped[str] = mapped_column(default="")
    mistake_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    mistake_at: Mapped[datetime | None]
    kept_because: Mapped[str] = mapped_column(default="")
    annulled_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    annulled_on: Mapped[date | None]
    version: Mapped[int] = mapped_column()

    dossier: Mapped[Dossier] = relationship()
    opened_by: Mapped[Account] = relationship(foreign_keys=[opened_by_id])
    consented_by: Mapped[Account | None] = relationship(foreign_keys=[consented_by_id])
    closed_by: Mapped[Account | None] = relationship(foreign_keys=[closed_by_id])
    reopened_by: Mapped[Account | None] = relationship(foreign_keys=[reopened_by_id])
    mistake_by: Mapped[Account | None] = relationship(foreign_keys=[mistake_by_id])
    annulled_by: Mapped[Account | None] = relationship(foreign_keys=[annulled_by_id])
    copies: Mapped[list["LeavingCopy"]] = relationship(back_populates="leaving", order_by="LeavingCopy.handed_on")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class LeavingCopy(Identified, Base):
    """Copies that were given: to whom, when, by whom, and of which papers by their titles then."""

    __tablename__ = "leaving_copies"
    leaving_id: Mapped[str] = reference("leavings.id")
    receiver: Mapped[str]
    # What the receiver is to the person; empty for the person.
    relation: Mapped[str] = mapped_column(default="")
    titles: Mapped[list[Any]]
    handed_on: Mapped[date]
    handed_by_id: Mapped[str] = reference("accounts.id", index=False)

    leaving: Mapped[Leaving] = relationship(back_populates="copies")
    handed_by: Mapped[Account] = relationship()
