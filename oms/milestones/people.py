"""Who reaches a day by what the register says: people to retire, members to be honoured with a Party badge.

People whose gender, month of birth or day of joining is missing are named, not guessed.
"""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Session

from oms import catalogue
from oms.catalogue import RetirementRule
from oms.errors import N_
from oms.milestones.found import Asked, Milestones, Reached, Said, Unknown, in_order, people
from oms.models import Gender, Person, Precision
from oms.permissions import Actor
from oms.vietnamese.spans import add_months


def retiring(session: Session, asked: Asked, *, actor: Actor) -> Milestones:
    """People whose last day of work by age lies in the span; a decision for one person may say otherwise."""
    rule = catalogue.retirement_rule(asked.start)
    if rule is None:
        return in_order((), basis="")
    untold = or_(Person.birth_date.is_(None), Person.gender.is_(None), Person.birth_precision == Precision.YEAR)
    near = or_(*(_may_retire(rule, asked, gender) for gender in Gender))
    rows: list[Reached] = []
    unknown: list[Unknown] = []
    for person in people(session, asked, or_(near, untold) if asked.with_unknown else near, actor=actor):
        if person.birth_date is None or person.birth_precision == Precision.YEAR:
            unknown.append(Unknown(person, Said(N_("the day of birth is not written down"))))
        elif person.gender is None:
            unknown.append(Unknown(person, Said(N_("the gender is not written down"))))
        else:
            day = rule.leaves_on(person.birth_date, woman=person.gender == Gender.FEMALE)
            if day is not None and asked.start <= day <= asked.end:
                rows.append(Reached(person, day, _years(person.birth_date, day)))
    named = unknown if asked.with_unknown else ()
    return in_order(rows, named, basis=rule.basis)


def _may_retire(rule: RetirementRule, asked: Asked, gender: Gender) -> ColumnElement[bool]:
    """Births from which the last day of work can lie in the span: by the ages of the years it touches."""
    table = rule.women if gender == Gender.FEMALE else rule.men
    ages = [months for year, months in table if asked.start.year <= year <= asked.end.year]
    # The age of the years before and after: ages only rise, and the last row holds on.
    ages += [months for year, months in table if year < asked.start.year][-1:] or [table[0][1]]
    first, last = add_months(asked.start, -max(ages) - 1), add_months(asked.end, -min(ages) + 1)
    return and_(Person.gender == gender, Person.birth_date.between(first, last))


def badges(session: Session, asked: Asked, *, actor: Actor) -> Milestones:
    """Members who complete the years of a badge in the span, counted from the day they joined the Party."""
    rule = catalogue.badge_rule(asked.start)
    years = rule.years if rule else ()
    spans = [(add_months(asked.start, -12 * one), add_months(asked.end, -12 * one)) for one in years]
    # A day more at each end: 29 February is kept on 28 February where the year has none.
    one = timedelta(days=1)
    near = or_(*(Person.party_join_date.between(first - one, last + one) for first, last in spans))
    untold = and_(Person.party_join_date.is_(None), Person.party_official_date.is_not(None))
    rows: list[Reached] = []
    unknown: list[Unknown] = []
    for person in people(session, asked, or_(near, untold) if asked.with_unknown else near, actor=actor):
        if person.party_join_date is None:
            unknown.append(Unknown(person, Said(N_("the day of joining the Party is not written down"))))
            continue
        joined = person.party_join_date.year
        for count in years:
            if not asked.start.year <= joined + count <= asked.end.year:
                continue
            day = add_months(person.party_join_date, 12 * count)
            if asked.start <= day <= asked.end:
                rows.append(Reached(person, day, count))
    return in_order(rows, unknown, basis=rule.basis if rule else "")


def _years(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
