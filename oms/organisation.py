"""The organisation: finding units, the tree below them, and what they may be called."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from oms import audit
from oms.errors import N_, BadInput
from oms.models import Unit, UnitKind, UnitSuccession
from oms.permissions import Action, Actor, require
from oms.vietnamese.text import fold


def today() -> date:
    """The day in Vietnam; the office server is set to Asia/Ho_Chi_Minh, the program does not rely on it."""
    from zoneinfo import ZoneInfo

    from oms.models import now

    return now().astimezone(ZoneInfo("Asia/Ho_Chi_Minh")).date()


def units_on(session: Session, day: date) -> list[Unit]:
    """All units that exist on `day`, by code."""
    exists = or_(Unit.valid_from.is_(None), Unit.valid_from <= day) & or_(Unit.valid_to.is_(None), Unit.valid_to >= day)
    return list(session.scalars(select(Unit).where(exists).order_by(Unit.party_code.nulls_last(), Unit.code)))


def units_below(session: Session, unit_ids: set[str]) -> frozenset[str]:
    """`unit_ids` and everything below them in the tree."""
    tree = select(Unit.id).where(Unit.id.in_(unit_ids)).cte("tree", recursive=True)
    tree = tree.union(select(Unit.id).join(tree, Unit.parent_id == tree.c.id))
    return frozenset(session.scalars(select(tree.c.id)))


@dataclass(frozen=True)
class Branch:
    """A unit with the branches below it."""

    unit: Unit
    below: tuple["Branch", ...]


def grow_tree(units: Sequence[Unit]) -> list[Branch]:
    """The units as trees in the order given; one whose parent is not among them is a root."""
    known = {unit.id for unit in units}
    children: dict[str | None, list[Unit]] = defaultdict(list)
    for unit in units:
        children[unit.parent_id if unit.parent_id in known else None].append(unit)

    def branch(unit: Unit) -> Branch:
        return Branch(unit, tuple(branch(child) for child in children[unit.id]))

    return [branch(unit) for unit in children[None]]


def list_units(session: Session, day: date, *, actor: Actor) -> list[Branch]:
    """The tree of the units of a day, for somebody who looks at it."""
    require(actor, Action.UNIT_READ)
    audit.record(session, "unit:list", actor=actor)
    return grow_tree(units_on(session, day))


@dataclass(frozen=True)
class Kin:
    """What a unit has to do with others: those below it on a day, those it came from and those that follow it."""

    below: tuple[Unit, ...]
    predecessors: tuple[tuple[Unit, UnitSuccession], ...]
    successors: tuple[tuple[Unit, UnitSuccession], ...]


def view(session: Session, unit: Unit, day: date, *, actor: Actor) -> Kin:
    """A unit among the others, for somebody who looks at it."""
    require(actor, Action.UNIT_READ)
    audit.record(session, "unit:view", unit, actor=actor)
    before = select(Unit, UnitSuccession).join(UnitSuccession, UnitSuccession.predecessor_id == Unit.id)
    after = select(Unit, UnitSuccession).join(UnitSuccession, UnitSuccession.successor_id == Unit.id)
    return Kin(
        below=tuple(child for child in units_on(session, day) if child.parent_id == unit.id),
        predecessors=tuple(session.execute(before.where(UnitSuccession.successor_id == unit.id)).all()),
        successors=tuple(session.execute(after.where(UnitSuccession.predecessor_id == unit.id)).all()),
    )


def find_unit(session: Session, words: str) -> Unit:
    """The unit of a code, an id or an exact name (marks do not matter); raises `BadInput` when there is not one."""
    by_key = session.scalar(select(Unit).where(or_(Unit.code == words, Unit.id == words)))
    if by_key:
        return by_key
    wanted = fold(words)
    named = [unit for unit in session.scalars(select(Unit)) if wanted in (fold(unit.name), fold(unit.host_name or ""))]
    if len(named) != 1:
        raise BadInput(
            N_("There is no unit called %(words)s. “oms unit list” shows the code of every unit."), words=words
        )
    return named[0]


def dossier_keeper(session: Session, unit: Unit) -> Unit | None:
    """The board that keeps the dossiers of the committee `unit` belongs to (the Bloc's organisation board)."""
    above: Unit | None = unit
    while above is not None:
        keeper = session.scalar(
            select(Unit).where(Unit.parent_id == above.id, Unit.keeps_dossiers, Unit.kind == UnitKind.BOARD)
        )
        if keeper is not None:
            return keeper
        above = above.parent
    return None


def grassroots_of(unit: Unit) -> Unit:
    """The grassroots organisation a cell lies in; a board or committee is its own."""
    current = unit
    while not current.kind.is_grassroots and current.parent is not None:
        if current.kind in (UnitKind.BOARD, UnitKind.UPPER_COMMITTEE, UnitKind.PROVINCE_COMMITTEE):
            return unit
        current = current.parent
    return current


def custodians(session: Session, day: date) -> list[Unit]:
    """Units that can hold dossiers on `day`: grassroots organisations and the keeping boards."""
    return [unit for unit in units_on(session, day) if unit.kind.is_grassroots or unit.keeps_dossiers]


def count_units(session: Session) -> int:
    """How many units there are, of all times."""
    return session.scalar(select(func.count()).select_from(Unit)) or 0
