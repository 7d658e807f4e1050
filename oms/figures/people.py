"""How many people, by age, gender, schooling, membership and category: counted in SQL, unknown said, never guessed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, or_, select, true
from sqlalchemy.orm import Session

from oms import catalogue, record
from oms.catalogue import AgeGroup
from oms.errors import N_
from oms.figures.protecting import Group, protect
from oms.figures.scopes import Scope
from oms.models import Category, Dossier, Gender, Person, Precision

UNKNOWN, OTHERWISE = "unknown", "otherwise"
FULL, JOINED, DOSSIER_ONLY = "full", "joined", "dossier_only"
SCALES = ("highest_qualification", "political_theory")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Cell:
    """One group as it is told: `count` None where it is hidden; `label` a message, `words` words of the catalogue."""

    id: str
    count: int | None
    label: str = ""
    words: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Distribution:
    """People divided by one thing; `once` says that everybody is in one group only."""

    id: str
    title: str
    cells: tuple[Cell, ...]
    once: bool = True

    @property
    def hidden(self) -> bool:
        """True when a group is not told."""
        return any(cell.count is None for cell in self.cells)


@dataclass(frozen=True)
class PeopleFigures:
    """Everybody counted, how many of them only others know, and the distributions in the order of the page."""

    total: int
    of_others: int
    distributions: tuple[Distribution, ...]


def count_people(session: Session, scope: Scope, on: date) -> PeopleFigures:
    """The people of a scope with a dossier in use, on a day; three queries however many there are."""
    counted = _counted(scope)
    each = (
        select(
            _age_case(on).label("age"),
            Person.gender.label("gender"),
            _membership_case(counted).label("membership"),
            counted.c.is_open,
            *(counted.c[category.value] for category in Category),
        )
        .join(counted, counted.c.person_id == Person.id)
        .subquery()
    )
    cube = session.execute(select(*each.c, func.count()).group_by(*each.c)).all()
    total = sum(row[-1] for row in cube)
    of_others = sum(row[-1] for row in cube if not row.is_open)
    ages = _summed((row.age, row[-1], row.is_open) for row in cube)
    genders = _summed((row.gender.value if row.gender else UNKNOWN, row[-1], row.is_open) for row in cube)
    members = _summed((row.membership, row[-1], row.is_open) for row in cube)
    kinds = _summed((one.value, row[-1], row.is_open) for row in cube for one in Category if getattr(row, one.value))
    return PeopleFigures(
        total,
        of_others,
        (
            _told("age", N_("Age"), _age_cells(), ages),
            _told("gender", N_("Gender"), [(one.value, one.label) for one in Gender], genders),
            *_schooling(session, scope, on, total, of_others),
            _told("membership", N_("Membership in the Party"), _MEMBERSHIPS, members, unknown=False),
            _told(
                "category", _CATEGORIES, [(one.value, one.label) for one in Category], kinds, unknown=False, once=False
            ),
        ),
    )


_CATEGORIES = N_("Category of dossier")


def _counted(scope: Scope) -> Subquery:
    """Everybody who is counted: whether the actor reads a dossier of theirs, and of which categories they have one."""
    is_open = func.max(case((scope.is_open, 1), else_=0)) if scope.beyond else literal(1)
    kinds = [func.max(case((Dossier.category == one, 1), else_=0)).label(one.value) for one in Category]
    query = select(Dossier.person_id, is_open.label("is_open"), *kinds).where(scope.in_use)
    return query.group_by(Dossier.person_id).subquery()


def age_bounds(group: AgeGroup, on: date) -> tuple[date, date]:
    """The first and the last birth date of people who are of the group on the day."""
    oldest = _years_before(on, group.to_age + 1) + _ONE_DAY if group.to_age is not None else date.min
    youngest = _years_before(on, group.from_age) if group.from_age is not None else on
    return oldest, youngest


def _years_before(day: date, years: int) -> date:
    """The birth date of who completes `years` on the day; born on 29 February they do so on 28 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def within(first: date, last: date) -> ColumnElement[bool]:
    """People surely born between two days: of a month or a year alone, when all of it lies between."""
    whole_year = date(first.year + (first > date(first.year, 1, 1)), 1, 1) if first.year < date.max.year else first
    end = last + _ONE_DAY
    next_month = first.replace(day=1) if first.day == 1 else (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return or_(
        or_(Person.birth_precision.is_(None), Person.birth_precision == Precision.DAY)
        & Person.birth_date.between(first, last),
        and_(
            Person.birth_precision == Precision.MONTH,
            Person.birth_date >= next_month,
            Person.birth_date < end.replace(day=1),
        ),
        and_(
            Person.birth_precision == Precision.YEAR,
            Person.birth_date >= whole_year,
            Person.birth_date < date(end.year, 1, 1),
        ),
    )


def _age_case(on: date) -> ColumnElement[str]:
    whens = [(within(*age_bounds(group, on)), literal(group.id)) for group in catalogue.age_groups()]
    return case(*whens, else_=literal(UNKNOWN))


def _membership_case(counted: Subquery) -> ColumnElement[str]:
    return case(
        (Person.party_official_date.is_not(None), literal(FULL)),
        (Person.party_join_date.is_not(None), literal(JOINED)),
        (counted.c[Category.PARTY_MEMBER.value] == 1, literal(DOSSIER_ONLY)),
        else_=literal(UNKNOWN),
    )


_MEMBERSHIPS = (
    (FULL, N_("Full member")),
    (JOINED, N_("Joined, no official date written down")),
    (DOSSIER_ONLY, N_("Member dossier without a date")),
    (UNKNOWN, N_("No membership written down")),
)


def _age_cells() -> list[tuple[str, tuple[str, str]]]:
    return [(group.id, (group.label_vi, group.label_en)) for group in catalogue.age_groups()]


def _summed(rows: Iterable[tuple[str, int, int]]) -> tuple[Counter[str], Counter[str]]:
    """People by group, and those of them whom only others know."""
    all_of_them: Counter[str] = Counter()
    of_others: Counter[str] = Counter()
    for id, number, is_open in rows:
        all_of_them[id] += number
        of_others[id] += 0 if is_open else number
    return all_of_them, of_others


def _told(
    id: str,
    title: str,
    names: Sequence[tuple[str, str | tuple[str, str]]],
    sums: tuple[Counter[str], Counter[str]],
    *,
    unknown: bool = True,
    once: bool = True,
) -> Distribution:
    """The groups in the order of their names, with small ones of others hidden; "unknown" is always said."""
    named = [*names, (UNKNOWN, N_("Not known"))] if unknown else list(names)
    shown = protect([Group(name, sums[0][name], sums[1][name]) for name, _label in named])
    cells = [
        Cell(name, shown[name], label=label) if isinstance(label, str) else Cell(name, shown[name], words=label)
        for name, label in named
    ]
    return Distribution(id, title, tuple(cells), once)


def _schooling(session: Session, scope: Scope, on: date, total: int, of_others: int) -> list[Distribution]:
    """What the verified values of the records say, by level; what names no level is a group of its own."""
    scales = [scale for id in SCALES if (scale := catalogue.scale(id, on)) is not None]
    keys = [key for scale in scales for key in scale.keys]
    counted = record.count_verified(session, keys, scope.in_use, scope.is_open if scope.beyond else true())
    found = []
    for scale in scales:
        sums = _summed(
            (scale.highest(texts) or OTHERWISE, number, is_own)
            for said, is_own, number in counted
            if (texts := [text for key, text in zip(keys, said, strict=True) if key in scale.keys and text])
        )
        sums[0][UNKNOWN] = total - sums[0].total()
        sums[1][UNKNOWN] = of_others - sums[1].total()
        names: list[tuple[str, str | tuple[str, str]]] = [
            (level.id, (level.label_vi, level.label_en)) for level in scale.levels
        ]
        names.append((OTHERWISE, N_("Written in other words")))
        found.append(_told(scale.id, _TITLES[scale.id], names, sums))
    return found


_TITLES = {"highest_qualification": N_("Highest qualification"), "political_theory": N_("Political theory")}
