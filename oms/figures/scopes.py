"""Whom figures cover: a unit with those below it as far as one reads their dossiers, or the whole of a committee.

A board that keeps dossiers leads the dossier work of its whole committee (TT 11/2012/TT-BNV Đ15): it counts what lies
in units whose dossiers it does not read. Such figures are told of the committee as a whole only: from those of single
units, of nested ones or of chosen people somebody could be worked out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from oms.errors import NotFound
from oms.models import Dossier, DossierStatus, Person, Unit, UnitKind
from oms.organisation import units_below
from oms.permissions import Action, Actor

_COMMITTEES = (UnitKind.UPPER_COMMITTEE, UnitKind.PROVINCE_COMMITTEE)


@dataclass(frozen=True)
class Scope:
    """The dossiers of one dashboard.

    `open_units` are the units whose dossiers the actor reads; with `beyond` those of others are counted, too.
    `of_people` says whether the actor may know anything of the people at all. `everything`: no dossier lies outside.
    """

    unit: Unit
    below: frozenset[str]
    open_units: frozenset[str]
    beyond: bool
    of_people: bool
    everything: bool = False

    @property
    def dossiers(self) -> ColumnElement[bool]:
        """The condition for the dossiers that are counted."""
        if self.everything:
            return true()
        people = select(Person.id).where(Person.unit_id.in_(self.below))
        inside = or_(Dossier.custodian_id.in_(self.below), Dossier.person_id.in_(people))
        return inside if self.beyond else inside & self.is_open

    @property
    def is_open(self) -> ColumnElement[bool]:
        """The condition for dossiers the actor reads."""
        return Dossier.custodian_id.in_(self.open_units) if self.open_units else false()

    @property
    def in_use(self) -> ColumnElement[bool]:
        """The dossiers by which people are counted: who has left, with all dossiers closed, is not."""
        return self.dossiers & (Dossier.status == DossierStatus.OPEN)


def units_of(session: Session, *, actor: Actor) -> list[Unit]:
    """The units whose figures the actor may look at: committees first, then the own units and those below, by code."""
    committees = _committees(session, actor)
    own = units_below(session, set(actor.units.get(Action.DOSSIER_READ, ()))) - {unit.id for unit in committees}
    found = session.scalars(select(Unit).where(Unit.id.in_(own))).all()
    order = {id: place for place, id in enumerate(actor.units.get(Action.DOSSIER_READ, ()))}
    return [*committees, *sorted(found, key=lambda unit: (unit.id not in order, unit.code))]


def may_look(session: Session, unit: Unit, *, actor: Actor) -> bool:
    """True when there are figures of the unit for the actor."""
    return actor.has(Action.FIGURES_READ) and any(one.id == unit.id for one in units_of(session, actor=actor))


def get_scope(session: Session, unit: Unit | None, *, actor: Actor) -> Scope:
    """The scope of a unit, or of the first one the actor has; `NotFound` for what is not the actor's."""
    units = units_of(session, actor=actor)
    if unit is None and units:
        unit = units[0]
    if unit is None or unit.id not in {one.id for one in units}:
        raise NotFound()
    scope = Scope(
        unit=unit,
        below=units_below(session, {unit.id}),
        open_units=actor.units.get(Action.DOSSIER_READ, frozenset()),
        beyond=unit.id in {one.id for one in _committees(session, actor)},
        of_people=actor.has(Action.PERSON_READ),
    )
    return _as_wide(session, scope)


def _as_wide(session: Session, scope: Scope) -> Scope:
    """Notice what makes counting simpler: nothing of others inside, or nothing at all outside."""

    def any_of(condition: ColumnElement[bool]) -> bool:
        return session.scalar(select(Dossier.id).where(condition).limit(1)) is not None

    beyond = scope.beyond and any_of(scope.dossiers & ~scope.is_open)
    known = Scope(scope.unit, scope.below, scope.open_units, beyond, scope.of_people)
    everything = not any_of(~known.dossiers)
    return Scope(scope.unit, scope.below, scope.open_units, beyond, scope.of_people, everything)


def _committees(session: Session, actor: Actor) -> list[Unit]:
    """The committees whose dossier work the actor leads or inspects; of nested ones the widest alone: from the figures
    of both those of what lies between could be told."""
    found: dict[str, Unit] = {}
    own = session.scalars(select(Unit).where(Unit.id.in_(actor.units.get(Action.FIGURES_READ, ()))).order_by(Unit.code))
    for unit in own:
        for led in _led_by(unit):
            found[led.id] = led
    inner = {id for outer in found for id in units_below(session, {outer}) - {outer}} if len(found) > 1 else set()
    return [unit for id, unit in found.items() if id not in inner]


def _led_by(unit: Unit) -> Iterator[Unit]:
    if unit.kind in _COMMITTEES:
        yield unit
    elif unit.kind == UnitKind.BOARD and unit.keeps_dossiers and unit.parent is not None:
        yield unit.parent
