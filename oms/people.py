"""People who have dossiers: adding, correcting and listing them."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from oms import audit
from oms.errors import N_, BadInput, Conflict
from oms.models import Dossier, Gender, Person, PersonAlias, Precision, Unit
from oms.permissions import Action, Actor, allowed, can
from oms.vietnamese.names import sort_key
from oms.vietnamese.text import nfc

PAGE_SIZE = 50


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


def add_person(session: Session, new: NewPerson, unit: Unit) -> Person:
    """Write down a person of `unit`; raises `BadInput` or, for an ID number that exists, `Conflict`.

    Called by `dossiers.open_dossier`, which asks for the right and writes the log: nobody is entered
    without a dossier.
    """
    name = " ".join(nfc(new.full_name).split())
    if not name or len(name) > 120:
        raise BadInput(N_("Enter the full name as on the birth certificate (at most 120 characters)."))
    if new.personal_id is not None and not (new.personal_id.isdecimal() and len(new.personal_id) in (9, 12)):
        raise BadInput(N_("An ID number has 12 digits, an old one 9. Check the number on the card."))
    person = Person(
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
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        # Not a word about whose dossier it is: it may lie in a unit the officer may not see.
        raise Conflict(
            N_("This ID number cannot be entered. Check it; if it is right, ask the Bloc's Organisation Board.")
        ) from None
    for alias in new.aliases:
        session.add(PersonAlias(person_id=person.id, name=nfc(alias)))
    return person


def list_people(
    session: Session, *, actor: Actor, name: str = "", unit_id: str | None = None, page: int = 1
) -> tuple[list[Person], int]:
    """People with a dossier the actor may read, given name first, with their dossiers; and how many in all.

    `name` is matched without marks anywhere in the name; `page` counts from 1, `PAGE_SIZE` a page.
    """
    query = select(Person).where(allowed(actor, Action.PERSON_READ))
    if unit_id:
        query = query.where(Person.unit_id == unit_id)
    if wanted := " ".join(sort_key(word) for word in nfc(name).split()):
        for word in wanted.split():
            query = query.where(Person.sort_key.contains(word, autoescape=True))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(
        query.options(selectinload(Person.dossiers), selectinload(Person.unit))
        .order_by(Person.sort_key, Person.id)
        .limit(PAGE_SIZE)
        .offset((max(page, 1) - 1) * PAGE_SIZE)
    )
    audit.record(session, "person:list", actor=actor, words=name, total=total)
    return list(rows), total


def dossiers_of(person: Person, *, actor: Actor) -> list[Dossier]:
    """The dossiers of a person that the actor may read."""
    return [dossier for dossier in person.dossiers if can(actor, Action.DOSSIER_READ, dossier)]
