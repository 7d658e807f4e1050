"""What a list of milestones is made of: who reaches which day, what is said of it, and of whom nobody can tell and why.

Sentences are kept as messages with their values; the edge that shows them translates.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from oms.errors import N_, BadInput
from oms.exporting import Translate
from oms.models import Dossier, DossierStatus, Gender, Person, Precision, Unit
from oms.organisation import units_below
from oms.permissions import Action, Actor, allowed

LONGEST_SPAN = 10
"""Years a list may cover: longer ones are no plan any more."""

_NAMED = 5_000
"""Dossiers that a query names one by one; both databases take many more values."""


@dataclass(frozen=True)
class Said:
    """A sentence and its values; a value that is itself `Said` is translated, too."""

    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def words(self, translate: Translate) -> str:
        """The sentence in the language of `translate`."""
        values = {key: one.words(translate) if isinstance(one, Said) else one for key, one in self.values.items()}
        return translate(self.message) % values if values else translate(self.message)


class Who(NamedTuple):
    """Somebody of a list, as far as lists tell."""

    id: str
    full_name: str
    sort_key: str
    gender: Gender | None
    birth_date: date | None
    birth_precision: Precision | None
    position: str | None
    party_join_date: date | None
    unit_name: str
    unit_short_name: str


@dataclass(frozen=True)
class Reached:
    """Somebody and the day. `number` is an age or years of membership; `now` and `then` say what ends and what comes;
    `read` when the machine read it and nobody verified it."""

    person: Who
    day: date
    number: int | None = None
    precision: Precision = Precision.DAY
    now: Said | None = None
    then: Said | None = None
    note: Said | None = None
    read: bool = False
    dossier_id: str | None = None


@dataclass(frozen=True)
class Unknown:
    """Somebody of whom it cannot be told, and what is not known."""

    person: Who
    why: Said


@dataclass(frozen=True)
class Milestones:
    """A list in the order of the days, those of whom nobody can tell, and how many days lay before the list begins."""

    rows: tuple[Reached, ...]
    unknown: tuple[Unknown, ...]
    basis: str
    earlier: int = 0


@dataclass(frozen=True)
class Asked:
    """What a list is asked for: the span, the unit with those below it, and whether the unknown are to be named, too."""

    start: date
    end: date
    unit_id: str = ""
    with_unknown: bool = True

    def __post_init__(self) -> None:
        """Refuse a span that is none."""
        if self.end < self.start:
            raise BadInput(N_("The last day of the list lies before the first one. Correct the days."))
        if self.end.year - self.start.year > LONGEST_SPAN:
            raise BadInput(N_("A list covers at most %(years)s years. Choose a shorter time."), years=LONGEST_SPAN)


Gather = Callable[..., Milestones]


def people(session: Session, asked: Asked, *conditions: ColumnElement[bool], actor: Actor) -> Iterator[Who]:
    """The people the actor may see who have not left, of the unit that is asked for; with one query."""
    at_work = Person.id.in_(select(Dossier.person_id).where(Dossier.status == DossierStatus.OPEN))
    scope = [allowed(actor, Action.PERSON_READ), at_work, *of_unit(session, asked), *conditions]
    yield from (Who(*row) for row in session.execute(select(*_WHO).join(Unit, Unit.id == Person.unit_id).where(*scope)))


def people_of(session: Session, dossier_ids: Collection[str], scope: ColumnElement[bool]) -> dict[str, Who]:
    """The people of some dossiers, by dossier; with one query. `scope` are all dossiers the list may tell of: many are
    asked for by it, few by their ids."""
    if not dossier_ids:
        return {}
    some = Dossier.id.in_(dossier_ids) if len(dossier_ids) <= _NAMED else scope
    query = (
        select(Dossier.id, *_WHO)
        .join(Person, Person.id == Dossier.person_id)
        .join(Unit, Unit.id == Person.unit_id)
        .where(some)
    )
    wanted = set(dossier_ids)
    return {row[0]: Who(*row[1:]) for row in map(tuple, session.execute(query)) if row[0] in wanted}


def of_unit(session: Session, asked: Asked) -> list[ColumnElement[bool]]:
    """The condition for people of the unit that is asked for; none without one."""
    return [Person.unit_id.in_(units_below(session, {asked.unit_id}))] if asked.unit_id else []


_WHO = (
    Person.id,
    Person.full_name,
    Person.sort_key,
    Person.gender,
    Person.birth_date,
    Person.birth_precision,
    Person.position,
    Person.party_join_date,
    Unit.name,
    func.coalesce(func.nullif(Unit.host_name, ""), Unit.name),
)


def in_order(rows: Sequence[Reached], unknown: Sequence[Unknown] = (), *, basis: str, earlier: int = 0) -> Milestones:
    """The list by day and given name."""
    return Milestones(
        tuple(sorted(rows, key=lambda row: (row.day, row.person.sort_key, row.person.id))),
        tuple(sorted(unknown, key=lambda one: (one.person.sort_key, one.person.id))),
        basis,
        earlier,
    )
