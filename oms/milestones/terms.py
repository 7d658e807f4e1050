"""Terms that end: posts to be given anew, contracts, disciplines that cease to be in force."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from oms import catalogue
from oms.errors import N_
from oms.milestones.found import Asked, Milestones, Reached, Said, Unknown, Who, in_order, people_of
from oms.milestones.standing import Statement, distinct, readable, statements, weightiest, written
from oms.models import Precision, StandingFact, StandingKind
from oms.permissions import Actor
from oms.vietnamese.spans import add_months

NO_APPOINTMENT = Said(N_("an allowance of a post is paid, and the day of the appointment is not known"))
ONLY_YEAR = Said(N_("of the day of the appointment only the year is known"))
NO_TERM = Said(N_("no text that was read of the contract names its end"))
NO_MEASURE = Said(N_("what is filed or written of a discipline does not say which measure it was"))
NO_DECISION_DAY = Said(N_("the day of a discipline is not known"))

Verdict = tuple[date, Said] | Said | None
"""What becomes of a statement: the day and what ends on it, why nobody can tell, or nothing to tell."""
Judge = Callable[[Statement], Verdict]


def posts(session: Session, asked: Asked, *, actor: Actor) -> Milestones:
    """Posts whose term ends in the span, counted from the last appointment that is known."""
    rule = catalogue.post_rule(asked.start)
    if rule is None:
        return in_order((), basis="")

    def judge(one: Statement) -> Verdict:
        if one.day is None:
            return NO_APPOINTMENT
        if one.precision == Precision.YEAR:
            return ONLY_YEAR
        position = one.details.get("position")
        message = N_("%(post)s, appointed on %(day)s") if position else N_("appointed on %(day)s")
        now = Said(message, {**({"post": position} if position else {}), "day": written(one)})
        return add_months(one.day, 12 * rule.years), now

    near = _between(asked, 12 * rule.years)
    return _gather(session, asked, StandingKind.POST, judge, near, rule.basis, actor)


def contracts(session: Session, asked: Asked, *, actor: Actor) -> Milestones:
    """Contracts that end in the span by the newest paper that names an end."""
    rule = catalogue.contract_rule(asked.start)
    if rule is None:
        return in_order((), basis="")

    def judge(one: Statement) -> Verdict:
        if one.details.get("open"):
            return None
        if one.day is None:
            return NO_TERM
        number, title = one.details.get("number"), one.details.get("title", "")
        message = N_("%(title)s, number %(number)s") if number else N_("%(title)s")
        return one.day, Said(message, {"title": title, **({"number": number} if number else {})})

    return _gather(session, asked, StandingKind.CONTRACT, judge, _between(asked, 0), rule.basis, actor)


def disciplines(session: Session, asked: Asked, *, actor: Actor) -> Milestones:
    """Disciplines that are in force on a day of the span, by the day they cease to be."""
    rule = catalogue.discipline_rule(asked.start)
    if rule is None:
        return in_order((), basis="")

    def judge(one: Statement) -> Verdict:
        if one.day is None:
            return NO_DECISION_DAY
        # Whatever the measure and the day were: the latest day it can have ended on.
        spare = 12 if one.precision == Precision.YEAR else 0
        if add_months(one.day, rule.months + spare) < asked.start or one.day > asked.end:
            return None
        if one.precision == Precision.YEAR:
            return NO_DECISION_DAY
        if "form" not in one.details:
            return NO_MEASURE
        now = Said(N_("%(measure)s, decision of %(day)s"), {"measure": one.details["said"], "day": written(one)})
        return add_months(one.day, rule.months), now

    return _gather(session, asked, StandingKind.DISCIPLINE, judge, (), rule.basis, actor, each=True)


def _between(asked: Asked, months: int) -> Sequence[ColumnElement[bool]]:
    """Without the unknown only the statements whose term ends in the span."""
    if asked.with_unknown:
        return ()
    first, last = add_months(asked.start, -months), add_months(asked.end, -months)
    return (StandingFact.day.between(first, last),)


def _gather(
    session: Session,
    asked: Asked,
    kind: StandingKind,
    judge: Judge,
    near: Sequence[ColumnElement[bool]],
    basis: str,
    actor: Actor,
    *,
    each: bool = False,
) -> Milestones:
    """The judged statements with their people: of each person the weightiest one; with `each` all of them, also those
    that end after the span."""
    found = statements(session, (kind,), asked, *near, actor=actor)
    chosen = [one for said in found.values() for one in (distinct(said) if each else _one(said, kind))]
    judged = [(one, verdict) for one in chosen if (verdict := judge(one)) is not None]
    of_dossier = people_of(session, {one.dossier_id for one, _verdict in judged}, readable(actor))
    rows: list[Reached] = []
    unknown: dict[str, Unknown] = {}
    earlier = 0
    for one, verdict in judged:
        who = of_dossier[one.dossier_id]
        if isinstance(verdict, Said):
            unknown.setdefault(who.id, Unknown(who, verdict))
        elif verdict[0] < asked.start:
            earlier += 1
        elif each or verdict[0] <= asked.end:
            rows.append(_row(who, one, *verdict))
    named = list(unknown.values()) if asked.with_unknown else ()
    return in_order(rows, named, basis=basis, earlier=earlier)


def _one(said: Sequence[Statement], kind: StandingKind) -> Iterator[Statement]:
    if (found := weightiest(said, kind)) is not None:
        yield found


def _row(who: Who, one: Statement, day: date, now: Said) -> Reached:
    precision = one.precision or Precision.DAY
    return Reached(who, day, precision=precision, now=now, read=not one.verified, dossier_id=one.dossier_id)
