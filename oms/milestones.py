"""Who reaches a day of the calendar: people to retire in a span of months, members to be honoured with a Party badge.

What is not known is said: people whose gender or month of birth is missing are counted, not guessed. Knows the rules
(`catalogue`), not how the lists are shown.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue
from oms.errors import N_, BadInput
from oms.exporting import Translate, require_purpose, who_took_it
from oms.models import Gender, Person, Precision, Unit
from oms.organisation import units_below
from oms.permissions import Action, Actor, allowed
from oms.spreadsheets import Value, write_list

LONGEST_SPAN = 10
"""Years a list may cover: longer ones are no plan any more."""


@dataclass(frozen=True)
class Reached:
    """Somebody and the day; `years` of membership for a badge, age in years for a retirement."""

    person: Person
    day: date
    years: int


@dataclass(frozen=True)
class Milestones:
    """A list in the order of the days, and those of whom nobody can tell for want of a date or the gender."""

    rows: tuple[Reached, ...]
    unknown: tuple[Person, ...]
    basis: str


def retiring(session: Session, start: date, end: date, *, actor: Actor, unit_id: str = "") -> Milestones:
    """People whose last day of work by age lies in the span; a decision for one person may say otherwise."""
    _check_span(start, end)
    rule = catalogue.retirement_rule(start)
    rows: list[Reached] = []
    unknown: list[Person] = []
    for person in _people(session, actor, unit_id):
        if person.birth_date is None or person.gender is None or person.birth_precision == Precision.YEAR:
            unknown.append(person)
            continue
        day = rule.leaves_on(person.birth_date, woman=person.gender == Gender.FEMALE) if rule else None
        if day is not None and start <= day <= end:
            rows.append(Reached(person, day, _years(person.birth_date, day)))
    return _listed(session, rows, unknown, rule.basis if rule else "", "retirement", actor)


def badges(session: Session, start: date, end: date, *, actor: Actor, unit_id: str = "") -> Milestones:
    """Members who complete the years of a badge in the span, counted from the day they joined the Party."""
    _check_span(start, end)
    rule = catalogue.badge_rule(start)
    rows: list[Reached] = []
    unknown: list[Person] = []
    for person in _people(session, actor, unit_id, members=True):
        if person.party_join_date is None:
            unknown.append(person)
            continue
        for years in rule.years if rule else ():
            day = _anniversary(person.party_join_date, years)
            if start <= day <= end:
                rows.append(Reached(person, day, years))
    return _listed(session, rows, unknown, rule.basis if rule else "", "badges", actor)


def _check_span(start: date, end: date) -> None:
    if end < start:
        raise BadInput(N_("The last day of the list lies before the first one. Correct the days."))
    if end.year - start.year > LONGEST_SPAN:
        raise BadInput(N_("A list covers at most %(years)s years. Choose a shorter time."), years=LONGEST_SPAN)


def _people(session: Session, actor: Actor, unit_id: str, *, members: bool = False) -> Iterator[Person]:
    """The people the actor may see; `members` keeps those of whom something says that they are in the Party."""
    query: Select[Person] = select(Person).where(allowed(actor, Action.PERSON_READ)).options(joinedload(Person.unit))
    if unit_id:
        query = query.where(Person.unit_id.in_(units_below(session, {unit_id})))
    if members:
        query = query.where(or_(Person.party_join_date.is_not(None), Person.party_official_date.is_not(None)))
    yield from session.scalars(query.order_by(Person.sort_key, Person.id))


def _listed(
    session: Session, rows: list[Reached], unknown: Sequence[Person], basis: str, what: str, actor: Actor
) -> Milestones:
    audit.record(session, "milestones:list", actor=actor, what=what, total=len(rows))
    return Milestones(tuple(sorted(rows, key=lambda row: (row.day, row.person.sort_key))), tuple(unknown), basis)


def _anniversary(day: date, years: int) -> date:
    """The same day `years` later; 29 February is kept on 28 February where the year has none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


LISTS: dict[str, tuple[str, Callable[..., Milestones]]] = {
    "retirement": (N_("To retire"), retiring),
    "badges": (N_("Party badges"), badges),
}


def units_of(session: Session, *, actor: Actor) -> list[Unit]:
    """The units of the people the actor may see: choices of the filter."""
    own = select(Person.unit_id).where(allowed(actor, Action.PERSON_READ))
    return list(session.scalars(select(Unit).where(Unit.id.in_(own)).order_by(Unit.name)))


def export(
    session: Session,
    what: str,
    start: date,
    end: date,
    *,
    purpose: str,
    actor: Actor,
    translate: Translate,
    unit_id: str = "",
) -> bytes:
    """A list as an Excel file, days as days; `BadInput` without a purpose."""
    reason = require_purpose(purpose, actor=actor)
    title, gather = LISTS[what]
    found = gather(session, start, end, actor=actor, unit_id=unit_id)
    rows = [
        [
            number,
            row.person.full_name,
            _born(row.person),
            translate(row.person.gender.label) if row.person.gender else None,
            row.person.unit.name,
            row.person.position,
            row.day,
            row.years,
        ]
        for number, row in enumerate(found.rows, start=1)
    ]
    headings = (
        (N_("No."), 6),
        (N_("Full name"), 28),
        (N_("Born"), 14),
        (N_("Gender"), 10),
        (N_("Unit"), 36),
        (N_("Position"), 28),
        (N_("Last day of work") if what == "retirement" else N_("Completed on"), 16),
        (N_("Age") if what == "retirement" else N_("Years in the Party"), 14),
    )
    facts: list[tuple[str, Value]] = [
        (translate(N_("From the day")), start),
        (translate(N_("Until the day")), end),
        (translate(N_("Basis")), found.basis),
        (translate(N_("Cannot be told")), len(found.unknown)),
        *who_took_it(reason, actor=actor, translate=translate),
    ]
    audit.record(session, "milestones:export", actor=actor, words=reason, what=what, rows=len(rows))
    columns = [(translate(heading), width) for heading, width in headings]
    return write_list(translate(title), columns, rows, (translate(N_("About this file")), facts))


def _born(person: Person) -> Value:
    """A date as a date where the papers say the day, else as much as they say."""
    if person.birth_date is None or person.birth_precision in (None, Precision.DAY):
        return person.birth_date
    return person.birth_date.strftime("%m/%Y" if person.birth_precision == Precision.MONTH else "%Y")
