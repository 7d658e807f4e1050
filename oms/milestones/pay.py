"""Pay rises due: months in the step by the group of the rank, put off by disciplines, and the allowance beyond the last step.

Rises before the time are by decision and never foretold. Where the step, its day, the group of the rank or what a
discipline was cannot be told, the person is named with the reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from oms import catalogue
from oms.catalogue import PayGroup, PayRiseRule
from oms.errors import N_
from oms.milestones.found import (
    Asked,
    Milestones,
    Reached,
    Said,
    Unknown,
    Who,
    in_order,
    of_unit,
    people_of,
)
from oms.milestones.standing import Statement, distinct, readable, statements, weightiest, written
from oms.models import Dossier, Person, Precision, StandingFact, StandingKind
from oms.permissions import Actor
from oms.vietnamese.spans import add_months

NOTHING = Said(N_("no paper and no record says the pay"))
NO_STEP = Said(N_("the step is not known"))
NO_DAY = Said(N_("the day since when the pay holds is not known"))
ONLY_YEAR = Said(N_("of the day since when the pay holds only the year is known"))
NO_GROUP = Said(N_("the pay group of the rank is not known"))
DISCIPLINE = Said(N_("a discipline lies in the time, and the record does not say which measure it was, or when"))


@dataclass(frozen=True)
class Rise:
    """The next rise of one person: the day, months put off, and the step or the per cent that come."""

    day: date
    delay: int
    several: bool
    group: PayGroup | None
    percent: int | None


def rises(session: Session, asked: Asked, *, actor: Actor) -> Milestones:
    """Regular rises, and the allowance beyond the last step, whose day lies in the span."""
    rule = catalogue.pay_rise_rule(asked.start)
    if rule is None:
        return in_order((), basis="")
    kinds = (StandingKind.PAY, StandingKind.DISCIPLINE)
    near = () if asked.with_unknown else (_near(rule, asked),)
    found = statements(session, kinds, asked, *near, actor=actor)
    due: dict[str, tuple[Statement, Rise]] = {}
    untold: dict[str, tuple[Statement, Said]] = {}
    for person_id, said in found.items():
        pay = weightiest(said, StandingKind.PAY)
        if pay is None:
            continue
        rise = next_rise(rule, pay, distinct([one for one in said if one.kind == StandingKind.DISCIPLINE]))
        if isinstance(rise, Rise):
            due[person_id] = pay, rise
        else:
            untold[person_id] = pay, rise
    return _list(session, asked, rule, due, untold, actor)


def _near(rule: PayRiseRule, asked: Asked) -> ColumnElement[bool]:
    """Pay whose rise can lie in the span: by its day alone, or of people with a discipline, who are few."""
    months = {*rule.months.values(), rule.beyond_months}
    spans = [(add_months(asked.start, -one), add_months(asked.end, -one)) for one in months]
    punished = (
        select(Dossier.person_id)
        .join(StandingFact, StandingFact.dossier_id == Dossier.id)
        .where(StandingFact.kind == StandingKind.DISCIPLINE)
    )
    return or_(Dossier.person_id.in_(punished), *(StandingFact.day.between(first, last) for first, last in spans))


def next_rise(rule: PayRiseRule, pay: Statement, disciplines: Sequence[Statement]) -> Rise | Said:
    """The next rise, or what is not known about it."""
    if (lacks := _lacks(pay)) is not None:
        return lacks
    groups = _groups(pay)
    wait = _wait(rule, pay, groups)
    if wait is None:
        return NO_GROUP
    months, percent = wait
    since: date = pay.day  # type: ignore[assignment]  # `_lacks` saw that it is there
    delay = _delay(rule, since, add_months(since, months), disciplines) if disciplines else (0, False)
    if isinstance(delay, Said):
        return delay
    return Rise(add_months(since, months + delay[0]), *delay, groups[0] if len(groups) == 1 else None, percent)


def _lacks(pay: Statement) -> Said | None:
    """What is not known of the pay itself."""
    if "step" not in pay.details and "percent" not in pay.details:
        return NO_STEP
    if pay.day is None:
        return NO_DAY
    return ONLY_YEAR if pay.precision == Precision.YEAR else None


def _wait(rule: PayRiseRule, pay: Statement, groups: Sequence[PayGroup]) -> tuple[int, int | None] | None:
    """Months in the step, and the per cent beyond the last step that come then; None when the group is not known."""
    if (percent := pay.details.get("percent")) is not None:
        return rule.beyond_months, percent + rule.beyond_more
    months = {rule.months.get(group.id) for group in groups}
    wait = months.pop() if len(months) == 1 else None
    last = pay.details.get("of") or (groups[0].steps if len(groups) == 1 else None)
    if wait is None or last is None:
        return None
    return wait, rule.beyond_first if pay.details["step"] >= last else None


def _groups(pay: Statement) -> tuple[PayGroup, ...]:
    """The group of the rank; of a rank the catalogue does not know those in which the step has this coefficient."""
    known = catalogue.pay_groups(pay.details.get("rank"), pay.day)
    coefficient, step = pay.details.get("coefficient"), pay.details.get("step")
    if len(known) == 1 or coefficient is None or step is None:
        return known
    return tuple(group for group in known if group.at(step) == Decimal(coefficient))


def _delay(rule: PayRiseRule, since: date, due: date, disciplines: Sequence[Statement]) -> tuple[int, bool] | Said:
    """Months the rise is put off by disciplines in the time of the step, the longest of them, and whether several lie there."""
    months: list[int] = []
    for one in disciplines:
        if one.day is not None and one.precision == Precision.YEAR:
            if one.day.year < since.year or one.day.year > due.year:
                continue
            return DISCIPLINE
        if one.day is not None and not since <= _last_of(one.day, one.precision) <= due:
            continue
        delay = rule.delays.get(one.details.get("form", ""))
        if one.day is None or delay is None:
            return DISCIPLINE
        months.append(delay)
    return max(months, default=0), len(months) > 1


def _last_of(day: date, precision: Precision | None) -> date:
    return add_months(day, 1) if precision == Precision.MONTH else day


def _list(
    session: Session,
    asked: Asked,
    rule: PayRiseRule,
    due: dict[str, tuple[Statement, Rise]],
    untold: dict[str, tuple[Statement, Said]],
    actor: Actor,
) -> Milestones:
    """The rows with their people; whoever should have pay by category and of whom nothing is said is named, too."""
    coming = [(pay, rise) for pay, rise in due.values() if asked.start <= rise.day <= asked.end]
    why = {pay.dossier_id: said for pay, said in untold.values()}
    if asked.with_unknown:
        why |= dict.fromkeys(_silent(session, asked, rule, actor), NOTHING)
    else:
        why = {}
    people = people_of(session, {*why, *(pay.dossier_id for pay, _rise in coming)}, readable(actor))
    unknown = {people[id].id: Unknown(people[id], said) for id, said in why.items()}
    return in_order(
        [_row(people[pay.dossier_id], pay, rise) for pay, rise in coming],
        list(unknown.values()),
        basis=rule.basis,
        earlier=sum(rise.day < asked.start for _pay, rise in due.values()),
    )


def _silent(session: Session, asked: Asked, rule: PayRiseRule, actor: Actor) -> Iterator[str]:
    """Dossiers of the categories the rule is for, of people of whom no dossier in use says anything about pay."""
    told = (
        select(Dossier.person_id)
        .join(StandingFact, StandingFact.dossier_id == Dossier.id)
        .where(StandingFact.kind == StandingKind.PAY, readable(actor))
    )
    query = select(Dossier.id).where(
        readable(actor), Dossier.category.in_(rule.applies_to), Dossier.person_id.not_in(told)
    )
    if asked.unit_id:
        query = query.join(Person, Person.id == Dossier.person_id).where(*of_unit(session, asked))
    yield from session.scalars(query)


def _row(who: Who, pay: Statement, rise: Rise) -> Reached:
    return Reached(
        who,
        rise.day,
        precision=pay.precision or Precision.DAY,
        now=Said(N_("%(pay)s since %(day)s"), {"pay": _pay(pay), "day": written(pay)}),
        then=_then(pay, rise),
        note=_note(pay, rise),
        read=not pay.verified,
        dossier_id=pay.dossier_id,
    )


def _pay(pay: Statement) -> Said:
    step, percent, coefficient = (pay.details.get(key) for key in ("step", "percent", "coefficient"))
    if percent is not None:
        return Said(N_("%(percent)s%% beyond the last step"), {"percent": percent})
    if coefficient is None:
        return Said(N_("step %(step)s"), {"step": step})
    return Said(N_("step %(step)s, coefficient %(figure)s"), {"step": step, "figure": _comma(Decimal(coefficient))})


def _then(pay: Statement, rise: Rise) -> Said:
    if rise.percent is not None:
        return Said(N_("%(percent)s%% beyond the last step"), {"percent": rise.percent})
    step = pay.details["step"] + 1
    figure = rise.group.at(step) if rise.group else None
    if figure is None:
        return Said(N_("step %(step)s"), {"step": step})
    return Said(N_("step %(step)s, coefficient %(figure)s"), {"step": step, "figure": _comma(figure)})


def _note(pay: Statement, rise: Rise) -> Said | None:
    notes = list(_notes(pay, rise))
    if not notes:
        return None
    return notes[0] if len(notes) == 1 else Said(N_("%(one)s; %(other)s"), {"one": notes[0], "other": notes[1]})


def _notes(pay: Statement, rise: Rise) -> Iterator[Said]:
    if rise.several:
        yield Said(
            N_("put off by %(months)s months, the longest of several disciplines: look at the decisions"),
            {"months": rise.delay},
        )
    elif rise.delay:
        yield Said(N_("put off by %(months)s months after a discipline"), {"months": rise.delay})
    if newer := pay.details.get("newer"):
        yield Said(N_("a filed paper names a newer day: %(day)s"), {"day": newer})


def _comma(figure: Decimal) -> str:
    return f"{figure:.2f}".replace(".", ",")
