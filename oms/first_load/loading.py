"""A checked file against what is there, and the one transaction that enters everybody.

Rows that are there already are left alone; an ID number that stands at somebody the actor may not see is refused in
the words of `people`, which tell nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, catalogue, dossiers, jobs, organisation, people
from oms.errors import N_, BadInput, Conflict, OmsError
from oms.first_load.checking import Mistake, Report, Units, Wanted, plain, understand, without
from oms.first_load.workbooks import Table
from oms.models import Dossier, Hold, Person, Unit
from oms.models.base import new_id
from oms.permissions import Action, Actor, allowed, require
from oms.vietnamese.names import name_key

_AT_ONCE = 500


@dataclass(frozen=True)
class Loaded:
    """What was entered: people, dossiers, and rows that were there already."""

    people: int
    dossiers: int
    present: int


def units_of(session: Session, *, actor: Actor) -> Units:
    """The units the actor may enter people in: those that keep dossiers there and everything below them."""
    day = organisation.today()
    own = [unit for unit in organisation.custodians(session, day) if unit.id in actor.units[Action.DOSSIER_CREATE]]
    named: dict[str, list[Unit]] = {}
    keepers: dict[str, Unit] = {}
    for keeper in own:
        below = organisation.units_below(session, {keeper.id})
        for unit in (unit for unit in organisation.units_on(session, day) if unit.id in below):
            # A cell below a grassroots committee below the board is the committee's.
            if unit.id in keepers and unit.id != keeper.id:
                continue
            keepers[unit.id] = keeper
    for unit in organisation.units_on(session, day):
        if unit.id in keepers:
            for key in {plain(unit.code), plain(unit.name), plain(unit.short_name)}:
                named.setdefault(key, []).append(unit)
    return Units(named, keepers, own[0] if len(own) == 1 else None)


def names_of_units(session: Session, *, actor: Actor) -> list[str]:
    """The names the template offers."""
    require(actor, Action.DOSSIER_CREATE)
    units = units_of(session, actor=actor)
    return sorted({unit.name for units_named in units.named.values() for unit in units_named}, key=name_key)


def check(session: Session, table: Table, *, actor: Actor) -> Report:
    """What entering the table would do, with every mistake; writes down only that it was looked at."""
    require(actor, Action.DOSSIER_CREATE)
    report = _report(session, table, actor)
    audit.record(
        session,
        "people:check_load",
        actor=actor,
        rows=report.rows,
        mistakes=len(report.mistakes),
        new=len(report.wanted),
    )
    return report


def load(session: Session, table: Table, *, actor: Actor) -> Loaded:
    """Enter everybody of the table with their dossiers; raises `BadInput`, and enters nobody, when one cell is wrong."""
    require(actor, Action.DOSSIER_CREATE)
    report = _report(session, table, actor)
    if report.mistakes:
        raise BadInput(
            N_("%(count)s cells are wrong, so nobody was entered. Check the file first and correct what is named."),
            count=len(report.mistakes),
        )
    if not report.wanted:
        raise BadInput(N_("There is nobody to enter in this file: it is empty, or everybody is there already."))
    entered = _enter(session, report.wanted, actor)
    for keeper in sorted({row.custodian.id for row in report.wanted}):
        jobs.enqueue(session, "index_unit", keeper, actor=actor)
    audit.record(
        session, "people:load", actor=actor, people=entered, dossiers=len(report.wanted), present=len(report.present)
    )
    return Loaded(entered, len(report.wanted), len(report.present))


def _report(session: Session, table: Table, actor: Actor) -> Report:
    report = understand(table, units_of(session, actor=actor))
    present, mistakes = _compare(session, report.wanted, table, actor)
    return without(report, present, mistakes)


def _compare(
    session: Session, wanted: Sequence[Wanted], table: Table, actor: Actor
) -> tuple[dict[int, str], list[Mistake]]:
    """Rows whose dossier is there already, and those whose ID number stands at somebody else."""
    held = _held_by(session, {row.custodian.id for row in wanted})
    owners = _owners(session, wanted, actor)
    present: dict[int, str] = {}
    mistakes: list[Mistake] = []
    for row in wanted:
        number = next((held[key] for key in _keys(row.person.full_name, row) if key in held), None)
        owner = owners.get(row.person.personal_id or "")
        if owner is not None and (not owner.readable or name_key(owner.name) != name_key(row.person.full_name)):
            mistakes.append(_taken(row, owner, table))
        elif number is not None:
            present[row.row] = number
    return present, mistakes


@dataclass(frozen=True)
class _Owner:
    """Whom an ID number belongs to, and whether the actor may know it."""

    id: str
    name: str
    readable: bool


def _owners(session: Session, wanted: Iterable[Wanted], actor: Actor) -> dict[str, _Owner]:
    numbers = [row.person.personal_id for row in wanted if row.person.personal_id]
    found: dict[str, _Owner] = {}
    for first in range(0, len(numbers), _AT_ONCE):
        some = numbers[first : first + _AT_ONCE]
        readable = set(
            session.scalars(select(Person.id).where(Person.personal_id.in_(some), allowed(actor, Action.PERSON_READ)))
        )
        query = select(Person.personal_id, Person.id, Person.full_name).where(Person.personal_id.in_(some))
        for number, id, name in session.execute(query):
            found[str(number)] = _Owner(id, name, id in readable)
    return found


def _taken(row: Wanted, owner: _Owner, table: Table) -> Mistake:
    error: OmsError = people.id_number_taken()
    if owner.readable:
        error = BadInput(N_("This ID number stands at %(name)s. Compare it with the card."), name=owner.name)
    heading = catalogue.people_column("personal_id").label_vi
    return Mistake(row.row, table.letters["personal_id"], heading, row.person.personal_id or "", error)


def _held_by(session: Session, custodian_ids: set[str]) -> dict[tuple[object, ...], str]:
    """Numbers of the dossiers of these units under everything a row may share with them."""
    held: dict[tuple[object, ...], str] = {}
    rows = session.execute(
        select(
            Dossier.number,
            Dossier.category,
            Dossier.custodian_id,
            Person.full_name,
            Person.personal_id,
            Person.birth_date,
        )
        .join(Dossier.person)
        .where(Dossier.custodian_id.in_(custodian_ids))
    )
    for number, category, custodian_id, name, personal_id, born in rows:
        for key in _parts(name, personal_id, born):
            held[(*key, category, custodian_id)] = number
    return held


def _keys(name: str, row: Wanted) -> Iterator[tuple[object, ...]]:
    for key in _parts(name, row.person.personal_id, row.person.birth_date):
        yield (*key, row.category, row.custodian.id)


def _parts(name: str, personal_id: str | None, born: object) -> Iterator[tuple[object, ...]]:
    """By ID number where there is one; else by name and birth date together, never by the name alone."""
    if personal_id:
        yield "id", personal_id
    elif born:
        yield "name", name_key(name), born


def _enter(session: Session, wanted: Sequence[Wanted], actor: Actor) -> int:
    """Write people and dossiers; how many people are new."""
    known = {number: owner.id for number, owner in _owners(session, wanted, actor).items()}
    held = set(session.scalars(select(Hold.person_id).where(Hold.lifted_at.is_(None), Hold.person_id.is_not(None))))
    before = len(known)
    added: list[Dossier] = []
    without_number = 0
    for place, row in zip(dossiers.take_numbers(session, "dossier", len(wanted)), wanted, strict=True):
        number = row.person.personal_id
        person_id = known.get(number) if number else None
        if person_id is None:
            person = people.as_written(row.person, row.unit)
            session.add(person)
            person_id = person.id
            if number:
                known[number] = person_id
            else:
                without_number += 1
        room, shelf, box = row.shelf
        added.append(
            Dossier(
                id=new_id(),
                number=dossiers.as_number(place),
                person_id=person_id,
                category=row.category,
                custodian_id=row.custodian.id,
                managing_body_id=row.custodian.id,
                using_body_id=row.unit.id,
                shelf_room=room,
                shelf=shelf,
                shelf_box=box,
                held=person_id in held,
            )
        )
    _store(session, added)
    for dossier in added:
        detail = {"custodian": dossier.custodian_id, "category": dossier.category.value}
        audit.record(session, "dossier:create", dossier, actor=actor, **detail)
    return len(known) - before + without_number


def _store(session: Session, added: Sequence[Dossier]) -> None:
    """Put the rows down; somebody may have entered one of them a moment ago."""
    try:
        with session.begin_nested():
            session.flush()
            session.add_all(added)
    except IntegrityError:
        raise Conflict(
            N_("Somebody entered one of these people just now. Nobody was entered; check the file again.")
        ) from None
