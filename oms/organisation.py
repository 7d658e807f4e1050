"""The organisation: finding units, the tree below them, and what they may be called."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from oms import audit
from oms.errors import N_, BadInput
from oms.models import Unit, UnitKind, UnitSuccession, now
from oms.permissions import Action, Actor, require
from oms.vietnamese.text import fold, nfc

CODE_LENGTH = 60
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def today() -> date:
    """The day in Vietnam; the office server is set to Asia/Ho_Chi_Minh, the program does not rely on it."""
    return now().astimezone(HANOI).date()


@dataclass(frozen=True)
class NewUnit:
    """What is written down about a unit at first."""

    code: str
    name: str
    kind: UnitKind
    host_name: str | None = None
    symbol: str | None = None
    party_code: str | None = None
    keeps_dossiers: bool = False
    valid_from: date | None = None


def add_unit(session: Session, new: NewUnit, above: Unit) -> Unit:
    """Enter a unit below another; raises `BadInput` for a code that is taken or not a code, or a missing name."""
    if not re.fullmatch(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", new.code) or len(new.code) > CODE_LENGTH:
        raise BadInput(N_("A unit code has only letters a–z, digits and “_”, for instance “so_noi_vu”."))
    if session.scalar(select(Unit.id).where(Unit.code == new.code)):
        raise BadInput(N_("The code %(code)s is taken. Choose another one."), code=new.code)
    if not new.name.strip():
        raise BadInput(N_("Enter the full name of the unit."))
    unit = Unit(
        code=new.code,
        kind=new.kind,
        name=nfc(new.name).strip(),
        host_name=nfc(new.host_name).strip() if new.host_name else None,
        symbol=new.symbol,
        party_code=new.party_code,
        keeps_dossiers=new.keeps_dossiers,
        parent_id=above.id,
        valid_from=new.valid_from,
    )
    session.add(unit)
    session.flush()
    return unit


def units_on(session: Session, day: date) -> list[Unit]:
    """All units that exist on `day`, by code."""
    exists = or_(Unit.valid_from.is_(None), Unit.valid_from <= day) & _not_ended(day)
    return list(session.scalars(select(Unit).where(exists).order_by(Unit.party_code.nulls_last(), Unit.code)))


def _not_ended(day: date) -> ColumnElement[bool]:
    return or_(Unit.valid_to.is_(None), Unit.valid_to >= day)


def units_below(session: Session, unit_ids: set[str]) -> frozenset[str]:
    """`unit_ids` and everything below them in the tree."""
    return frozenset(session.scalars(_BELOW, {"above": list(unit_ids)}))


def _below() -> Select[str]:
    tree = select(Unit.id).where(Unit.id.in_(bindparam("above", expanding=True))).cte("tree", recursive=True)
    tree = tree.union(select(Unit.id).join(tree, Unit.parent_id == tree.c.id))
    return select(tree.c.id)


# Asked with every request: put together once, that takes longer than the answer.
_BELOW = _below()


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


def look_over(session: Session, *, actor: Actor) -> None:
    """Write down that the actor saw the list of units."""
    require(actor, Action.UNIT_READ)
    audit.record(session, "unit:list", actor=actor)


def list_units(session: Session, day: date, *, actor: Actor) -> list[Branch]:
    """The tree of the units of a day, for somebody who looks at it."""
    look_over(session, actor=actor)
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


def dossier_keeper(session: Session, unit: Unit, day: date | None = None) -> Unit | None:
    """The board that keeps the dossiers of the committee `unit` belongs to (the Bloc's organisation board), on a day."""
    above: Unit | None = unit
    while above is not None:
        keeper = session.scalar(
            select(Unit)
            .where(Unit.parent_id == above.id, Unit.keeps_dossiers, Unit.kind == UnitKind.BOARD)
            .where(_not_ended(day or today()))
            .order_by(Unit.code)
            .limit(1)
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
