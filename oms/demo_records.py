"""Records for the demo: schooling as officers would have keyed it. Everything goes through the real doors."""

import random
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from oms import record
from oms.models import Category, Dossier, Person, Unit
from oms.permissions import Actor
from oms.specimens import SyntheticPerson

THEORY = ("Trung cấp", "Sơ cấp", "Trung cấp", "Cao cấp")
FORM = "2C-BNV/2008"
# One in so many has nothing keyed yet, as in every room that began lately.
NOT_YET = 5


def add_records(
    session: Session, invented: Sequence[SyntheticPerson], officers: Mapping[str, Actor], source: random.Random
) -> None:
    """Qualification and political theory of most people whose dossiers the units of `officers` hold."""
    training = {one.personal_id: one.training for one in invented}
    found = session.execute(
        select(Dossier, Person.personal_id, Unit.code)
        .join(Person, Person.id == Dossier.person_id)
        .join(Unit, Unit.id == Dossier.custodian_id)
        .where(Unit.code.in_(officers), Dossier.category != Category.PARTY_MEMBER, ~Dossier.frozen, ~Dossier.held)
        .options(joinedload(Dossier.person), joinedload(Dossier.custodian))
        .order_by(Dossier.number)
    ).all()
    for place, (dossier, personal_id, code) in enumerate(found):
        if place % NOT_YET == 0:
            continue
        actor = officers[code]
        record.key_value(
            session, dossier, "highest_qualification", training[personal_id or ""], actor=actor, form_id=FORM
        )
        record.key_value(session, dossier, "political_theory", source.choice(THEORY), actor=actor, form_id=FORM)
