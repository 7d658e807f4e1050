"""People who may be in the house twice: the same name and birth date, or a paper that bears the number of another.

Only among the dossiers of one holder: what another unit holds is told to nobody here.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from oms.checks.found import Found, Place, place_of
from oms.errors import N_
from oms.models import Dossier, FindingKind, Person, Precision
from oms.record.facts import Facts

SAME_NAME = N_("Dossier %(number)s is about somebody with the same name and birth date (%(name)s).")
SAME_NUMBER = N_("The ID number %(found)s is that of %(name)s, dossier %(number)s.")


def find_doubles(session: Session, facts: Facts) -> Iterator[Found]:
    """Dossiers of the same holder that may be about the same person under another entry."""
    person = facts.dossier.person
    numbers = {fact.text: fact for fact in facts.of("id_number") if fact.page_id is not None}
    alike: ColumnElement[bool] = Person.personal_id.in_(numbers)
    if person.birth_date is not None and person.birth_precision in (None, Precision.DAY):
        to_the_day = or_(Person.birth_precision.is_(None), Person.birth_precision == Precision.DAY)
        same = and_(Person.sort_key == person.sort_key, Person.birth_date == person.birth_date, to_the_day)
        alike = or_(alike, same)
    rows = session.execute(
        select(Dossier, Person)
        .join(Person, Person.id == Dossier.person_id)
        .where(Dossier.custodian_id == facts.dossier.custodian_id, Person.id != person.id, alike)
        .order_by(Dossier.number)
    )
    told: set[str] = set()
    for dossier, other in rows:
        if other.id in told:
            continue
        told.add(other.id)
        details: dict[str, str | int] = {"number": dossier.number, "name": other.full_name}
        fact = numbers.get(other.personal_id or "")
        if fact is not None:
            details["found"] = fact.text
            place = (place_of(fact), Place(f"{other.full_name} – {dossier.number}"))
            yield Found(FindingKind.DOUBLE, SAME_NUMBER, place, details, "id_number", dossier.id)
        else:
            own = Place(f"{person.full_name} – {facts.dossier.number}")
            place = (own, Place(f"{other.full_name} – {dossier.number}"))
            yield Found(FindingKind.DOUBLE, SAME_NAME, place, details, None, dossier.id)
