"""Membership moves the actor may know of: lists, one by number, what waits, what is late, the register of a body."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit
from oms.errors import N_, NotFound
from oms.membership.sending import may_send_dossier
from oms.membership.steps import Step, steps_open_to
from oms.models import (
    OPEN_MOVES,
    MembershipBox,
    MembershipEvent,
    MembershipTransfer,
    Person,
    Transfer,
    Unit,
)
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, kept, require

# The steps that take a move on; the others end it or turn it back.
_FORWARD = frozenset({"submit", "sign", "confirm", "reissue"})


# Made once: every page asks for the menu's count, and putting them together takes longer than the query.
_WITH_UNITS: tuple[Any, ...] = (
    joinedload(MembershipTransfer.person),
    joinedload(MembershipTransfer.from_unit),
    joinedload(MembershipTransfer.to_unit),
    joinedload(MembershipTransfer.unit),
    joinedload(MembershipTransfer.waiting_unit),
    joinedload(MembershipTransfer.dossier),
    joinedload(MembershipTransfer.transfer),
    selectinload(MembershipTransfer.boxes).joinedload(MembershipBox.unit),
)


def _readable(actor: Actor) -> Select[MembershipTransfer]:
    return select(MembershipTransfer).where(allowed(actor, Action.MEMBERSHIP_READ)).options(*_WITH_UNITS)


def list_moves(
    session: Session,
    *,
    actor: Actor,
    open_only: bool = False,
    closed_only: bool = False,
    limit: int = 200,
    offset: int = 0,
) -> list[MembershipTransfer]:
    """Moves the actor may know of, the latest first."""
    return list(session.scalars(_listing(actor, open_only, closed_only, limit, offset)))


@kept(Action.MEMBERSHIP_READ)
def _listing(actor: Actor, open_only: bool, closed_only: bool, limit: int, offset: int) -> Select[MembershipTransfer]:
    query = _readable(actor)
    if open_only:
        query = query.where(MembershipTransfer.state.in_(OPEN_MOVES))
    if closed_only:
        query = query.where(MembershipTransfer.state.not_in(OPEN_MOVES))
    return query.order_by(MembershipTransfer.prepared_at.desc(), MembershipTransfer.id).limit(limit).offset(offset)


def count_moves(session: Session, *, actor: Actor) -> tuple[int, int]:
    """How many moves the actor may know of are open, and how many closed."""
    is_open = MembershipTransfer.state.in_(OPEN_MOVES)
    counts: dict[bool, int] = {False: 0, True: 0}
    rows = session.execute(
        select(is_open, func.count()).where(allowed(actor, Action.MEMBERSHIP_READ)).group_by(is_open)
    )
    for opened, count in rows:
        counts[bool(opened)] += count
    return counts[True], counts[False]


def waiting_for(session: Session, *, actor: Actor) -> list[tuple[MembershipTransfer, list[Step]]]:
    """Open moves on which the actor's step is due, the oldest first; no step where the dossier is to be sent."""
    waiting = []
    for move in reversed(list_moves(session, actor=actor, open_only=True, limit=1000)):
        steps = [step for step in steps_open_to(move, actor=actor) if step.name in _FORWARD]
        if steps or may_send_dossier(move, actor=actor):
            waiting.append((move, steps))
    return waiting


def overdue(session: Session, *, actor: Actor, day: date | None = None) -> list[MembershipTransfer]:
    """Open moves past their last day, for both sides that know of them, the longest first."""
    query = _readable(actor).where(
        MembershipTransfer.state.in_(OPEN_MOVES), MembershipTransfer.due_on < (day or today())
    )
    return list(session.scalars(query.order_by(MembershipTransfer.due_on, MembershipTransfer.number)))


def get_move(session: Session, number: str, *, actor: Actor) -> MembershipTransfer:
    """The move of a number, from those the actor may know of; else `NotFound`."""
    found: MembershipTransfer | None = session.scalar(
        _readable(actor).where(MembershipTransfer.number == number.strip().upper())
    )
    if found is None:
        raise NotFound(N_("There is no move %(number)s that concerns your unit. Check the number."), number=number)
    return found


def open_move_of(session: Session, person: Person, *, actor: Actor) -> MembershipTransfer | None:
    """The open move of a person, where the actor may know of it."""
    found: MembershipTransfer | None = session.scalar(
        _readable(actor).where(MembershipTransfer.person_id == person.id, MembershipTransfer.state.in_(OPEN_MOVES))
    )
    return found


def moves_of(session: Session, person: Person, *, actor: Actor) -> list[MembershipTransfer]:
    """The moves of a person the actor may know of, the latest first."""
    query = _readable(actor).where(MembershipTransfer.person_id == person.id)
    return list(session.scalars(query.order_by(MembershipTransfer.prepared_at.desc(), MembershipTransfer.id)))


def move_with_transfer(session: Session, transfer: Transfer, *, actor: Actor) -> MembershipTransfer | None:
    """The move a transfer of a member dossier belongs to, where the actor may know of it."""
    found: MembershipTransfer | None = session.scalar(
        _readable(actor).where(MembershipTransfer.transfer_id == transfer.id)
    )
    return found


def view(session: Session, move: MembershipTransfer, *, actor: Actor) -> None:
    """Write down that the actor opened the move."""
    require(actor, Action.MEMBERSHIP_READ, move)
    audit.record(session, "membership:view", move, actor=actor)


def look_at_list(session: Session, *, actor: Actor, shown: int) -> None:
    """Write down that the actor looked at a list of moves."""
    audit.record(session, "membership:list", actor=actor, total=shown)


def events_of(session: Session, move: MembershipTransfer) -> list[MembershipEvent]:
    """The steps taken so far with who took them, the first one first."""
    return list(
        session.scalars(
            select(MembershipEvent)
            .where(MembershipEvent.transfer_id == move.id)
            .options(joinedload(MembershipEvent.taken_by))
            .order_by(MembershipEvent.at, MembershipEvent.id)
        )
    )


def register(session: Session, unit: Unit, year: int) -> Sequence[MembershipTransfer]:
    """The moves whose letter was issued in a year and has a box of the unit, in the order of the days."""
    start, end = date(year, 1, 1), date(year, 12, 31)
    concerned = select(MembershipBox.transfer_id).where(MembershipBox.unit_id == unit.id)
    query = (
        select(MembershipTransfer)
        .where(
            or_(MembershipTransfer.unit_id == unit.id, MembershipTransfer.id.in_(concerned)),
            MembershipTransfer.issued_on.between(start, end),
        )
        .options(
            joinedload(MembershipTransfer.person),
            joinedload(MembershipTransfer.from_unit),
            joinedload(MembershipTransfer.to_unit),
            selectinload(MembershipTransfer.boxes),
        )
    )
    return session.scalars(query.order_by(MembershipTransfer.issued_on, MembershipTransfer.number)).all()
