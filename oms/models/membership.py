"""Transfers of Party membership (chuyển sinh hoạt đảng): the move of a member, the boxes of the letter, what happened."""

import enum
from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from oms.errors import N_
from oms.models.accounts import Account
from oms.models.base import Base, Identified, datetime, enumerated, now, reference
from oms.models.custody import Transfer
from oms.models.dossiers import Dossier
from oms.models.organisation import Unit
from oms.models.people import Person


class MembershipKind(enum.StrEnum):
    """How the membership moves (codes 54, 55 and 59 of the member catalogue)."""

    OFFICIAL = "official"
    TEMPORARY = "temporary"
    INTERNAL = "internal"

    @property
    def label(self) -> str:
        """The kind in words."""
        return _KIND_LABELS[self]


_KIND_LABELS = {
    MembershipKind.OFFICIAL: N_("Official transfer"),
    MembershipKind.TEMPORARY: N_("Temporary transfer"),
    MembershipKind.INTERNAL: N_("Transfer within the grassroots organisation"),
}


class MembershipState(enum.StrEnum):
    """Where the move stands; overdue is said of the day, it is no state."""

    DRAFT = "draft"
    INTRODUCING = "introducing"
    UNDER_WAY = "under_way"
    LOST = "lost"
    AWAY = "away"
    TAKEN_UP = "taken_up"
    ENDED = "ended"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The state in words."""
        return _STATE_LABELS[self]

    @property
    def is_open(self) -> bool:
        """True while something is still to be done."""
        return self in OPEN_MOVES


OPEN_MOVES = frozenset(
    {
        MembershipState.DRAFT,
        MembershipState.INTRODUCING,
        MembershipState.UNDER_WAY,
        MembershipState.LOST,
        MembershipState.AWAY,
    }
)
_STATE_LABELS = {
    MembershipState.DRAFT: N_("Being prepared"),
    MembershipState.INTRODUCING: N_("Being introduced"),
    MembershipState.UNDER_WAY: N_("Letter issued, member on the way"),
    MembershipState.LOST: N_("Letter lost"),
    MembershipState.AWAY: N_("Temporarily at the receiving cell"),
    MembershipState.TAKEN_UP: N_("Membership taken up"),
    MembershipState.ENDED: N_("Back at the old cell"),
    MembershipState.CANCELLED: N_("Cancelled"),
}
_OPEN = text("state IN ('draft', 'introducing', 'under_way', 'lost', 'away')")


class MembershipTransfer(Identified, Base):
    """One move of one member from one Party organisation to another; one open move for each person."""

    __tablename__ = "membership_transfers"
    __table_args__ = (
        CheckConstraint("from_unit_id <> to_unit_id", name="two_units"),
        CheckConstraint("received_by_id IS NULL OR received_by_id <> prepared_by_id", name="two_people"),
        CheckConstraint("kind <> 'temporary' OR ends_on IS NOT NULL", name="temporary_ends"),
        CheckConstraint("issued_on IS NULL OR letter IS NOT NULL", name="issued_with_letter"),
        Index(
            "uq_membership_transfers_one_open_per_person",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    number: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[str] = reference("people.id", index=False)
    # The member dossier, and the unit whose officer leads the matter: its holder when the move begins.
    dossier_id: Mapped[str] = reference("dossiers.id")
    unit_id: Mapped[str] = reference("units.id")
    kind: Mapped[MembershipKind]
    state: Mapped[MembershipState] = mapped_column(default=MembershipState.DRAFT, index=True)
    from_unit_id: Mapped[str] = reference("units.id")
    to_unit_id: Mapped[str] = reference("units.id")
    # Whose box is next; while the letter is lost or the member is away, the body that issued the letter.
    waiting_unit_id: Mapped[str | None] = reference("units.id")
    # The decision, the application of the member, or the letter that came from outside.
    basis_number: Mapped[str] = mapped_column(String(80))
    basis_on: Mapped[date]
    reason: Mapped[str]
    ends_on: Mapped[date | None]
    for_study: Mapped[bool] = mapped_column(default=False)
    card_number: Mapped[str | None] = mapped_column(String(20))
    # Membership fees are paid up to the end of this month.
    fees_until: Mapped[date | None]
    # What the letter says of the member, fixed when it is submitted.
    letter: Mapped[dict[str, Any] | None]
    letter_sha256: Mapped[str | None] = mapped_column(String(64))
    issued_on: Mapped[date | None]
    # Which issue of the letter: a lost one is issued again.
    copy: Mapped[int] = mapped_column(default=1)
    due_on: Mapped[date]
    prepared_by_id: Mapped[str] = reference("accounts.id")
    prepared_at: Mapped[datetime] = mapped_column(default=now)
    received_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    taken_up_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    # The transfer of the member dossier that goes with an official move.
    transfer_id: Mapped[str | None] = reference("transfers.id")
    version: Mapped[int] = mapped_column()

    person: Mapped[Person] = relationship()
    dossier: Mapped[Dossier] = relationship()
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    from_unit: Mapped[Unit] = relationship(foreign_keys=[from_unit_id])
    to_unit: Mapped[Unit] = relationship(foreign_keys=[to_unit_id])
    waiting_unit: Mapped[Unit | None] = relationship(foreign_keys=[waiting_unit_id])
    prepared_by: Mapped[Account] = relationship(foreign_keys=[prepared_by_id])
    transfer: Mapped[Transfer | None] = relationship()
    boxes: Mapped[list["MembershipBox"]] = relationship(back_populates="move", order_by="MembershipBox.position")
    events: Mapped[list["MembershipEvent"]] = relationship(back_populates="move", order_by="MembershipEvent.at")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read once by SQLAlchemy


class MembershipBox(Identified, Base):
    """One box (ô) of the letter: the body that introduces the member to the next one, or receives the member."""

    __tablename__ = "membership_boxes"
    __table_args__ = (
        UniqueConstraint("transfer_id", "position"),
        CheckConstraint("position BETWEEN 1 AND 10", name="ten_boxes"),
        CheckConstraint("(signed_on IS NULL) = (signer IS NULL)", name="signed_by_name_and_date"),
    )

    transfer_id: Mapped[str] = reference("membership_transfers.id", index=False)
    position: Mapped[int]
    unit_id: Mapped[str] = reference("units.id")
    # Behind the middle of the way: boxes of the receiving side.
    receiving: Mapped[bool]
    # A body learns of the move when its box can come next, not while it is being prepared elsewhere.
    shown: Mapped[bool] = mapped_column(default=False)
    signer: Mapped[str | None]
    signed_on: Mapped[date | None]
    # Empty for what was signed on paper by a body outside; then the number of its letter stands beside it.
    signed_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    number: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")

    move: Mapped[MembershipTransfer] = relationship(back_populates="boxes")
    unit: Mapped[Unit] = relationship()


class MembershipEvent(Identified, Base):
    """One step taken: who, when, from where to where, and why."""

    __tablename__ = "membership_events"

    transfer_id: Mapped[str] = reference("membership_transfers.id")
    step: Mapped[str] = mapped_column(String(40))
    start: Mapped[MembershipState | None] = mapped_column(enumerated(MembershipState, "start"))
    end: Mapped[MembershipState]
    reason: Mapped[str] = mapped_column(default="")
    taken_by_id: Mapped[str] = reference("accounts.id")
    at: Mapped[datetime] = mapped_column(default=now)

    move: Mapped[MembershipTransfer] = relationship(back_populates="events")
    taken_by: Mapped[Account] = relationship()


class AskingState(enum.StrEnum):
    """What became of the wish of a member to move."""

    ASKED = "asked"
    PREPARED = "prepared"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """The state in words."""
        return _ASKING_LABELS[self]


_ASKING_LABELS = {
    AskingState.ASKED: N_("Waiting for an answer"),
    AskingState.PREPARED: N_("A move is prepared"),
    AskingState.REFUSED: N_("Refused"),
    AskingState.WITHDRAWN: N_("Withdrawn"),
}
_WAITS = text("state = 'asked'")


class MembershipAsking(Identified, Base):
    """A member asks to move, in plain words; the officer of the unit that keeps the member dossier answers."""

    __tablename__ = "membership_askings"
    __table_args__ = (
        CheckConstraint("(state = 'prepared') = (move_id IS NOT NULL)", name="prepared_by_move"),
        CheckConstraint("answered_by_id IS NULL OR answered_by_id <> asked_by_id", name="two_people"),
        Index(
            "uq_membership_askings_one_waits_per_dossier",
            "dossier_id",
            unique=True,
            sqlite_where=_WAITS,
            postgresql_where=_WAITS,
        ),
    )

    dossier_id: Mapped[str] = reference("dossiers.id", index=False)
    asked_by_id: Mapped[str] = reference("accounts.id")
    asked_at: Mapped[datetime] = mapped_column(default=now)
    kind: Mapped[MembershipKind]
    destination: Mapped[str]
    reason: Mapped[str]
    state: Mapped[AskingState] = mapped_column(default=AskingState.ASKED, index=True)
    answer: Mapped[str] = mapped_column(default="")
    answered_by_id: Mapped[str | None] = reference("accounts.id", index=False)
    answered_at: Mapped[datetime | None]
    move_id: Mapped[str | None] = reference("membership_transfers.id")

    dossier: Mapped[Dossier] = relationship()
    asked_by: Mapped[Account] = relationship(foreign_keys=[asked_by_id])
    move: Mapped[MembershipTransfer | None] = relationship()
