"""The way of a letter: from the cell up to the committee that issues it, and down at the destination to the cell.

Pure questions about the organisation; changes nothing.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from oms import organisation
from oms.errors import N_, BadInput
from oms.models import Dossier, MembershipKind, Unit, UnitKind

# Where a membership can be: in a cell, or in a grassroots organisation whose cells are not entered here.
_HOMES = frozenset({UnitKind.CELL, UnitKind.GRASSROOTS_CELL, UnitKind.GRASSROOTS_COMMITTEE})
_LADDER = frozenset({*_HOMES, UnitKind.SUB_COMMITTEE})


@dataclass(frozen=True)
class Station:
    """One box of the letter: whose it is, and whether it lies on the receiving side."""

    unit: Unit
    receiving: bool


def home_of(dossier: Dossier) -> Unit:
    """Where the official membership of the person of a member dossier is.

    Where a move took it up; before the first move in the cell the person belongs to, else with the holder of the dossier.
    """
    person, holder = dossier.person, dossier.custodian
    for unit in (person.party_unit, person.unit):
        if unit is not None and unit.kind in _HOMES and organisation.grassroots_of(unit).id == holder.id:
            return unit
    return holder


def holder_for(unit: Unit) -> Unit:
    """The unit that holds the member dossiers of a cell: its grassroots organisation, or the body outside itself."""
    return unit if unit.kind == UnitKind.OUTSIDE_BODY else organisation.grassroots_of(unit)


def destinations(session: Session, kind: MembershipKind, home: Unit) -> list[Unit]:
    """The cells a member of `home` can go to under `kind` today, in the order of the organisation."""
    holder = organisation.grassroots_of(home)
    found = []
    for unit in organisation.units_on(session, organisation.today()):
        inside = unit.kind in _HOMES and organisation.grassroots_of(unit).id == holder.id
        fits = inside if kind == MembershipKind.INTERNAL else not inside or kind == MembershipKind.TEMPORARY
        if unit.kind in _HOMES and fits and unit.id not in (home.id, holder.id if inside else None):
            found.append(unit)
    return found


def way(session: Session, kind: MembershipKind, start: Unit, end: Unit) -> list[Station]:
    """The boxes from `start` to `end` in their order; raises `BadInput` when members do not go this way."""
    outside = UnitKind.OUTSIDE_BODY
    if start.id == end.id:
        raise BadInput(N_("The member belongs to %(unit)s already. Choose another cell."), unit=start.name)
    for unit in (start, end):
        if unit.kind not in _HOMES and unit.kind != outside:
            raise BadInput(N_("%(unit)s has no members of its own. Choose a cell."), unit=unit.name)
    if kind == MembershipKind.TEMPORARY and start.kind == outside:
        raise BadInput(
            N_("Whoever comes from outside for a time stays a member there and has no dossier here; there is no move.")
        )
    up, down = _ladder(start), _ladder(end)
    inside = start.kind != outside and up[-1].id == down[-1].id
    if kind == MembershipKind.INTERNAL and not inside:
        raise BadInput(
            N_("This cell lies in another grassroots organisation. Choose an official or temporary transfer.")
        )
    if kind == MembershipKind.OFFICIAL and inside:
        raise BadInput(N_("This cell lies in the same grassroots organisation. Choose the transfer within it."))
    if inside:
        if end.id == up[-1].id:
            raise BadInput(N_("Choose the cell that receives the member, not the organisation above it."))
        return [Station(unit, False) for unit in up] + [Station(unit, True) for unit in reversed(down[:-1])]
    up_board = None if start.kind == outside else organisation.dossier_keeper(session, up[-1])
    down_board = None if end.kind == outside else organisation.dossier_keeper(session, down[-1])
    stations = [Station(unit, False) for unit in (*up, *([up_board] if up_board else []))]
    if down_board is not None and (up_board is None or down_board.id != up_board.id):
        stations.append(Station(down_board, True))
    return stations + [Station(unit, True) for unit in reversed(down)]


def _ladder(unit: Unit) -> list[Unit]:
    """The unit and those above it, up to its grassroots organisation."""
    found = [unit]
    while not found[-1].kind.is_grassroots and found[-1].parent is not None and found[-1].parent.kind in _LADDER:
        found.append(found[-1].parent)
    return found
