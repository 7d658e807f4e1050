"""Where the reviews of the units stand: when each was signed last, and when the next one is due."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue
from oms.access_reviews.listing import units_of
from oms.models import (
    AccessReview,
    Assignment,
    Unit,
)
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor, require
from oms.vietnamese.spans import add_months


@dataclass(frozen=True)
class Standing:
    """Where the reviews of one unit stand; `late` when the next one should have been signed."""

    unit: Unit
    latest: AccessReview | None
    open: AccessReview | None
    due_on: date | None
    late: bool
    soon: bool


def standings(session: Session, *, actor: Actor) -> list[Standing]:
    """How the reviews stand in every unit the actor may know of; what is late first."""
    require(actor, Action.ACCESS_REVIEW_STATE)
    units = units_of(session, actor, Action.ACCESS_REVIEW_STATE)
    ids = [unit.id for unit in units]
    reviews = session.scalars(
        select(AccessReview)
        .where(AccessReview.unit_id.in_(ids))
        .options(joinedload(AccessReview.signed_by))
        .order_by(AccessReview.started_at)
    ).all()
    signed = {one.unit_id: one for one in reviews if one.signed_at is not None}
    begun = {one.unit_id: one for one in reviews if one.signed_at is None}
    query = select(Assignment.unit_id, func.min(Assignment.valid_from)).where(Assignment.unit_id.in_(ids))
    first = dict(session.execute(query.group_by(Assignment.unit_id)).all())
    rule = catalogue.access_review_rule(today())
    found = []
    for unit in units:
        if unit.id not in first and unit.id not in signed and unit.id not in begun:
            continue  # nobody has ever had an account there
        latest = signed.get(unit.id)
        since = latest.signed_at.astimezone(HANOI).date() if latest and latest.signed_at else first.get(unit.id)
        due = add_months(since, rule.months) if since and rule else None
        late = due is not None and due < today()
        soon = due is not None and rule is not None and not late and (due - today()).days <= rule.remind_days
        found.append(Standing(unit, latest, begun.get(unit.id), due, late, soon))
    return sorted(found, key=lambda one: (not one.late, one.due_on or date.max, one.unit.name))


def view_list(session: Session, *, actor: Actor) -> list[Standing]:
    """`standings`, written down as a look."""
    found = standings(session, actor=actor)
    audit.record(session, "access_review:list", actor=actor, total=len(found))
    return found
