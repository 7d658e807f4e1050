"""The statements of dossiers (`oms.milestones.keeping`) as lists ask for them: of all dossiers at once, with one query.

Only dossiers in use whose record the actor may read. Who has several dossiers is one person: a statement that was
verified goes before one that was read, the dossier of the State before that of the Party, the newer before the older.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from oms.milestones.found import Asked, of_unit
from oms.models import Category, Dossier, DossierStatus, Person, Precision, StandingFact, StandingKind
from oms.permissions import Action, Actor, allowed
from oms.vietnamese.dates import Precision as Exactness
from oms.vietnamese.dates import WrittenDate, format_date


class Statement(NamedTuple):
    """One statement of one dossier; see `StandingFact`."""

    person_id: str
    dossier_id: str
    category: Category
    kind: StandingKind
    day: date | None
    precision: Precision | None
    verified: bool
    details: Mapping[str, Any]

    @property
    def weight(self) -> tuple[bool, bool, bool, date]:
        """What goes before what, the greatest first."""
        own = self.category != Category.PARTY_MEMBER
        return self.day is not None, self.verified, own, self.day or date.min


def readable(actor: Actor) -> ColumnElement[bool]:
    """The dossiers lists tell of."""
    return and_(allowed(actor, Action.RECORD_READ), Dossier.status == DossierStatus.OPEN)


def statements(
    session: Session, kinds: Sequence[StandingKind], asked: Asked, *conditions: ColumnElement[bool], actor: Actor
) -> dict[str, list[Statement]]:
    """The statements by person."""
    query = (
        select(
            Dossier.person_id,
            Dossier.id,
            Dossier.category,
            StandingFact.kind,
            StandingFact.day,
            StandingFact.precision,
            StandingFact.verified,
            StandingFact.details,
        )
        .join(Dossier, Dossier.id == StandingFact.dossier_id)
        .where(StandingFact.kind.in_(kinds), readable(actor), *conditions)
    )
    if asked.unit_id:
        query = query.join(Person, Person.id == Dossier.person_id).where(*of_unit(session, asked))
    found: dict[str, list[Statement]] = defaultdict(list)
    for row in map(tuple, session.execute(query)):
        found[row[0]].append(Statement(*row))
    return found


def weightiest(statements: Sequence[Statement], kind: StandingKind) -> Statement | None:
    """The statement of a kind that holds for a person."""
    return max((one for one in statements if one.kind == kind), key=lambda one: one.weight, default=None)


def distinct(statements: Sequence[Statement]) -> list[Statement]:
    """The same measure of the same day once, though several dossiers of a person tell of it."""
    found: dict[tuple[Any, ...], Statement] = {}
    for one in sorted(statements, key=lambda one: one.weight):
        found[one.person_id, one.day, one.details.get("form", one.dossier_id)] = one
    return list(found.values())


def written(one: Statement) -> str:
    """The day of a statement in figures, as exact as it is known."""
    assert one.day is not None and one.precision is not None
    return format_date(WrittenDate(one.day, Exactness(one.precision.value)))
