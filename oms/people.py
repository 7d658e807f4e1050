"""People who have dossiers: adding, correcting and listing them."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit, catalogue
from oms.errors import N_, BadInput, Conflict
from oms.models import Dossier, Gender, Person, PersonAlias, Precision, Unit
from oms.models.base import new_id
from oms.organisation import today, units_below
from oms.permissions import Action, Actor, allowed, can, kept, require
from oms.vietnamese.names import name_key, sort_key
from oms.vietnamese.text import nfc

PAGE_SIZE = 50
NAME_LENGTH = 120
_ORDERS = {"name": Person.sort_key, "born": Person.birth_date}
# Folding a name takes 10 µs; kept, a search among 10 000 people takes hundredths of a second.
_key_of = lru_cache(maxsize=65_536)(name_key)


@dataclass(frozen=True)
class NewPerson:
    """What is written down about a person at first; only the name is needed."""

    full_name: str
    gender: Gender | None = None
    birth_date: date | None = None
    birth_precision: Precision | None = None
    personal_id: str | None = None
    staff_code: str | None = None
    home_town: str | None = None
    ethnicity: str | None = None
    position: str | None = None
    party_join_date: date | None = None
    party_official_date: date | None = None
    aliases: tuple[str, ...] = ()


def check_name(full_name: str) -> str:
    """The name as it is kept; raises `BadInput` when there is none or it is too long."""
    name = " ".join(nfc(full_name).split())
    if not name or len(name) > NAME_LENGTH:
        raise BadInput(N_("Enter the full name as on the birth certificate (at most 120 characters)."))
    return name


def check_personal_id(number: str | None) -> None:
    """Raise `BadInput` for an ID number that cannot be one."""
    if number is not None and not (number.isascii() and number.isdecimal() and len(number) in (9, 12)):
        raise BadInput(N_("An ID number has 12 digits, an old one 9. Check the number on the card."))


def as_written(new: NewPerson, unit: Unit) -> Person:
    """The row of a person of `unit`, checked and not stored yet; raises `BadInput`."""
    name = check_name(new.full_name)
    check_personal_id(new.personal_id)
    if new.birth_date and new.birth_date > today():
        raise BadInput(N_("The birth date lies in the future. Check day, month and year."))
    return Person(
        id=new_id(),
        full_name=name,
        sort_key=sort_key(name),
        gender=new.gender,
        birth_date=new.birth_date,
        birth_precision=new.birth_precision if new.birth_date else None,
        personal_id=new.personal_id,
        staff_code=new.staff_code,
        home_town=new.home_town,
        ethnicity=new.ethnicity,
        position=new.position,
        unit_id=unit.id,
        party_join_date=new.party_join_date,
        party_official_date=new.party_official_date,
        aliases=[PersonAlias(name=nfc(alias)) for alias in new.aliases],
    )


def id_number_taken() -> Conflict:
    """What is said of an ID number that stands at somebody: not a word about whose dossier it is."""
    return Conflict(
        N_("This ID number cannot be entered. Check it; if it is right, ask the Bloc's Organisation Board.")
    )


def add_person(session: Session, new: NewPerson, unit: Unit) -> Person:
    """Write down a person of `unit`; raises `BadInput` or, for an ID number that exists, `Conflict`.

    Called by `dossiers.open_dossier`, which asks for the right and writes the log: nobody is entered
    without a dossier.
    """
    person = as_written(new, unit)
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        raise id_number_taken() from None
    return person


def list_people(
    session: Session,
    *,
    actor: Actor,
    name: str = "",
    unit_id: str | None = None,
    page: int = 1,
    size: int = PAGE_SIZE,
    sort: str = "name",
) -> tuple[list[Person], int]:
    """People with a dossier the actor may read, given name first, with their dossiers; and how many in all.

    `name` finds by beginnings of words of the name or an alias, with or without marks, in any order, or by the
    number of a dossier; `unit_id` keeps those of the unit, of the units below and those whose dossier it holds. `sort` is "name" or "born", with "-" the other way round; `page` counts from 1, `size` people each.
    """
    column = _ORDERS.get(sort.removeprefix("-"), Person.sort_key)
    order = (column.desc() if sort.startswith("-") else column).nulls_last()
    query = select(Person.id).where(allowed(actor, Action.PERSON_READ)).order_by(order, Person.sort_key, Person.id)
    if unit_id:
        held = select(Dossier.person_id).where(Dossier.custodian_id == unit_id, allowed(actor, Action.DOSSIER_READ))
        query = query.where(or_(Person.unit_id.in_(units_below(session, {unit_id})), Person.id.in_(held)))
    first = (max(page, 1) - 1) * size
    if wanted := name_key(name).split():
        found = _named(session, query, wanted) or _numbered(session, query, name, actor)
        total, ids = len(found), found[first : first + size]
    else:
        total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
        ids = list(session.scalars(query.limit(size).offset(first)))
    people = {
        person.id: person
        for person in session.scalars(
            select(Person)
            .where(Person.id.in_(ids))
            .options(selectinload(Person.dossiers).joinedload(Dossier.custodian), joinedload(Person.unit))
        )
    }
    audit.record(session, "person:list", actor=actor, words=name, total=total)
    return [people[id] for id in ids], total


def _named(session: Session, query: Select[str], wanted: list[str]) -> list[str]:
    """Ids of those whose name or one alias has a word beginning with each wanted one, in the order of `query`."""
    names: dict[str, list[str]] = {row[0]: [row[1]] for row in session.execute(query.add_columns(Person.full_name))}
    for person_id, alias in session.execute(select(PersonAlias.person_id, PersonAlias.name)):
        if person_id in names:
            names[person_id].append(alias)
    return [id for id, spellings in names.items() if any(_fits(spelling, wanted) for spelling in spellings)]


def _fits(spelling: str, wanted: list[str]) -> bool:
    parts = _key_of(spelling).split()
    return all(any(part.startswith(word) for part in parts) for word in wanted)


def _numbered(session: Session, query: Select[str], number: str, actor: Actor) -> list[str]:
    """Id of the person whose readable dossier has this number."""
    owner = select(Dossier.person_id).where(
        Dossier.number == number.strip().upper(), allowed(actor, Action.DOSSIER_READ)
    )
    return list(session.scalars(query.where(Person.id.in_(owner))))


def view(session: Session, person: Person, *, actor: Actor) -> None:
    """Write down that the actor opened the page of a person."""
    require(actor, Action.PERSON_READ, person)
    audit.record(session, "person:view", person, actor=actor)


def is_open(key: str, person: Person, *, actor: Actor) -> bool:
    """Whether a value of the person is open to the actor: some are for those only who need them for a dossier they work
    on (`catalogue/record_rules.yaml`)."""
    if key not in catalogue.record_keys("need_to_know", today()):
        return True
    return any(can(actor, Action.RECORD_READ_SENSITIVE, dossier) for dossier in person.dossiers)


def units_with_people(session: Session, *, actor: Actor) -> list[Unit]:
    """The units of the people the actor may see and those that hold their dossiers, by name: choices of a filter."""
    return sorted(session.scalars(_choices(actor)), key=lambda unit: _key_of(unit.short_name))


@kept(Action.PERSON_READ, Action.DOSSIER_READ)
def _choices(actor: Actor) -> Select[Unit]:
    own = select(Person.unit_id).where(allowed(actor, Action.PERSON_READ))
    holding = select(Dossier.custodian_id).where(allowed(actor, Action.DOSSIER_READ))
    return select(Unit).where(or_(Unit.id.in_(own), Unit.id.in_(holding)))


def dossiers_of(person: Person, *, actor: Actor) -> list[Dossier]:
    """The dossiers of a person that the actor may read."""
    return [dossier for dossier in person.dossiers if can(actor, Action.DOSSIER_READ, dossier)]


def own_dossiers(session: Session, *, actor: Actor) -> list[Dossier]:
    """The dossiers about the actor: that they exist and who keeps them, not what lies in them."""
    require(actor, Action.OWN_READ)
    dossiers = session.scalars(
        select(Dossier)
        .where(Dossier.person_id == actor.person_id)
        .options(joinedload(Dossier.custodian), joinedload(Dossier.managing_body))
        .order_by(Dossier.number)
    ).all()
    audit.record(session, "own:list", actor=actor, total=len(dossiers))
    return list(dossiers)


def named(session: Session, name: str, *, born: int | None = None) -> list[str]:
    """Ids of the people of exactly this name (case, tone placement and i/y aside), whoever keeps their dossiers.

    With the year of birth those born in another year are left out; a date not known fits every year.
    """
    key = name_key(name)
    rows = session.execute(select(Person.id, Person.full_name, Person.birth_date))
    return [id for id, spelt, day in rows if _key_of(spelt) == key and (not born or not day or day.year == born)]
