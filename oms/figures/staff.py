"""Reports on the number and quality of staff (`catalogue/staff_reports.yaml`): a form filled in from register and record.

Exact, and only of dossiers the actor reads: whom the figures do not cover is said beside them, with what is not known of
those they cover. A column of which nobody here knows anything stays empty; unknown is never counted as no.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from oms import audit, catalogue, record
from oms.catalogue import ReportColumn, StaffReport
from oms.errors import N_, NotFound, Refused
from oms.exporting import Translate, require_purpose, who_took_it
from oms.figures.people import age_bounds
from oms.figures.protecting import SMALLEST
from oms.figures.scopes import Scope, get_scope
from oms.models import Category, Dossier, Gender, Person, Precision, Unit
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, require
from oms.record.values import UNKNOWN
from oms.spreadsheets import Form, Value, write_form
from oms.vietnamese.text import fold

_SENSITIVE = ("minority", "religion")
_OF_RECORD = ("rank_code", "ethnicity", "religion")
GAPS = {
    "age": N_("age or gender"),
    "women": N_("gender"),
    "member": N_("whether a member of the Party"),
    "minority": N_("ethnic group"),
    "religion": N_("religion"),
    "retired": N_("age or gender for the age of retirement"),
    "rank": N_("pay group of the rank"),
    "highest_qualification": N_("highest qualification"),
    "political_theory": N_("political theory"),
    "state_management": N_("state management"),
}
"""What may be not known of somebody, in words."""
Cell = int | str | date | None


@dataclass(frozen=True)
class StaffFigures:
    """A form filled in: rows with their first heading, sums, of how many what is not known, and who is not covered.

    `elsewhere` counts people of this category whose dossiers others hold. `closed` says that columns of sensitive values
    stay empty for want of the right.
    """

    report: StaffReport
    unit: Unit
    day: date
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    total: tuple[Cell, ...]
    people: int
    unknown: Mapping[str, int]
    elsewhere: int
    closed: bool


@dataclass(frozen=True)
class _Somebody:
    """What register and record say of one person; `texts` are verified values of the record by key."""

    person: Any
    unit: str
    member_dossier: bool
    texts: Mapping[str, str]


def find_report(id: str, on: date) -> StaffReport:
    """The form of an id in force on a day; `NotFound` when there is none."""
    found = next((report for report in catalogue.staff_reports(on) if report.id == id), None)
    if found is None:
        raise NotFound()
    return found


def read_staff(session: Session, id: str, unit: Unit | None, *, actor: Actor, on: date | None = None) -> StaffFigures:
    """A report of a unit with those below it, or of the first one the actor has; seven queries whoever is counted."""
    require(actor, Action.FIGURES_READ)
    if not actor.has(Action.RECORD_READ):
        raise Refused(
            N_("Your account may not do this. The dossier officer of the unit that holds the dossier can help you.")
        )
    day = on or today()
    report, scope = find_report(id, day), get_scope(session, unit, actor=actor)
    category = Category(report.category)
    closed = not scope.open_units & scope.below <= actor.units.get(Action.RECORD_READ_SENSITIVE, frozenset())
    here = scope.in_use & scope.is_open & allowed(actor, Action.RECORD_READ)
    people = _people(session, report, category, here, closed=closed)
    audit.record(
        session, "figures:report", scope.unit, actor=actor, report=report.id, people=len(people), sensitive=not closed
    )
    rows = _listed(report, people) if report.kind == "people" else _by_unit(report, people, day, closed=closed)
    return StaffFigures(
        report=report,
        unit=scope.unit,
        day=day,
        rows=tuple(rows),
        total=_counts(report, people, day, closed=closed) if report.kind == "count" else (),
        people=len(people),
        unknown=_unknown(report, people, day, closed=closed) if report.kind == "count" else {},
        elsewhere=_elsewhere(session, scope, category),
        closed=closed and any(set(column.says) & set(_SENSITIVE) for column in report.columns),
    )


def _people(
    session: Session, report: StaffReport, category: Category, here: ColumnElement[bool], *, closed: bool
) -> list[_Somebody]:
    """Everybody with a dossier of the category in use that the actor reads (`here`), given name first."""
    counted = select(Dossier.person_id).where(here, Dossier.category == category)
    members = set(session.scalars(select(Dossier.person_id).where(here, Dossier.category == Category.PARTY_MEMBER)))
    texts = record.newest_verified(session, _keys(report, closed=closed), here)
    found = session.execute(
        select(Person, Unit.name)
        .join(Unit, Unit.id == Person.unit_id)
        .where(Person.id.in_(counted))
        .order_by(Person.sort_key, Person.id)
    )
    return [
        _Somebody(
            person,
            name,
            person.id in members,
            {key: said[person.id] for key, said in texts.items() if person.id in said},
        )
        for person, name in found
    ]


def _keys(report: StaffReport, *, closed: bool) -> list[str]:
    """The values of the record a form draws on; sensitive ones only for who may know them."""
    forms = {item.key for form in catalogue.forms() for item in form.items}
    keys = {column.says[0] for column in report.columns if column.says} & forms
    if report.kind == "count":
        keys |= {*_OF_RECORD}
        scales = {column.says[1] for column in report.columns if column.says[:1] == ("level",)}
        for id in scales:
            scale = catalogue.scale(id, today())
            keys |= set(scale.keys) if scale else set()
    secret = catalogue.record_keys("need_to_know", today()) if closed else frozenset()
    return sorted(keys - secret)


def _elsewhere(session: Session, scope: Scope, category: Category) -> int:
    """People of the category whose dossier others hold, as far as the actor may count them."""
    if not scope.beyond:
        return 0
    query = select(func.count(Dossier.person_id.distinct())).where(scope.in_use, Dossier.category == category)
    return session.scalar(query.where(~scope.is_open)) or 0


def _by_unit(
    report: StaffReport, people: list[_Somebody], day: date, *, closed: bool
) -> Iterator[tuple[str, tuple[Cell, ...]]]:
    for name in sorted({one.unit for one in people}):
        yield name, _counts(report, [one for one in people if one.unit == name], day, closed=closed)


def _counts(report: StaffReport, people: Sequence[_Somebody], day: date, *, closed: bool) -> tuple[Cell, ...]:
    """The numbers of a row; a column of which nothing is known of anybody is empty and no nought."""
    return tuple(
        None if _is_empty(column, closed=closed) else _count(column.says, people, day) for column in report.columns
    )


def _count(measure: tuple[str, ...], people: Sequence[_Somebody], day: date) -> int | None:
    answers = [says(measure, one, day) for one in people]
    return None if answers and all(answer is None for answer in answers) else answers.count(True)


def _is_empty(column: ReportColumn, *, closed: bool) -> bool:
    return not column.says or (closed and column.says[0] in _SENSITIVE)


def _unknown(report: StaffReport, people: list[_Somebody], day: date, *, closed: bool) -> dict[str, int]:
    """Of how many people a thing is not known that a column of the form asks for."""
    asked: dict[str, list[tuple[str, ...]]] = {}
    for column in report.columns:
        if not _is_empty(column, closed=closed) and column.says[0] != "total":
            asked.setdefault(column.says[1] if column.says[0] == "level" else column.says[0], []).append(column.says)
    unknown: Counter[str] = Counter()
    for one in people:
        for thing, measures in asked.items():
            unknown[thing] += any(says(measure, one, day) is None for measure in measures)
    return {thing: unknown[thing] for thing in GAPS if unknown[thing]}


def says(measure: tuple[str, ...], one: _Somebody, day: date) -> bool | None:
    """Whether somebody belongs in a column; None when nobody can tell."""
    return _MEASURES[measure[0]](measure[1:], one, day)


def _is_woman(_bounds: tuple[str, ...], one: _Somebody, _day: date) -> bool | None:
    return None if one.person.gender is None else one.person.gender == Gender.FEMALE


def _is_member(_bounds: tuple[str, ...], one: _Somebody, _day: date) -> bool | None:
    """Nobody writes down that somebody is no member."""
    person = one.person
    return True if one.member_dossier or person.party_join_date or person.party_official_date else None


def _is_of_minority(_bounds: tuple[str, ...], one: _Somebody, _day: date) -> bool | None:
    people = fold(one.texts.get("ethnicity") or one.person.ethnicity or "").strip(" .")
    return None if not people or people in UNKNOWN else people != "kinh"


def _has_religion(_bounds: tuple[str, ...], one: _Somebody, _day: date) -> bool | None:
    religion = fold(one.texts.get("religion", "")).strip(" .")
    if religion in _NONE:
        return False
    return None if not religion or religion in UNKNOWN else True


def _has_level(levels: tuple[str, ...], one: _Somebody, day: date) -> bool | None:
    scale = catalogue.scale(levels[0], day)
    level = scale.highest(one.texts[key] for key in scale.keys if key in one.texts) if scale else None
    return None if level is None else level in levels[1:]


def _is_of_rank(groups: tuple[str, ...], one: _Somebody, day: date) -> bool | None:
    found = catalogue.pay_groups(one.texts["rank_code"], day) if "rank_code" in one.texts else ()
    return found[0].id.startswith(groups) if len(found) == 1 else None


def _born(person: Person) -> tuple[date, date] | None:
    """The first and the last day somebody may have been born on."""
    if person.birth_date is None:
        return None
    first = person.birth_date
    if person.birth_precision == Precision.YEAR:
        return date(first.year, 1, 1), date(first.year, 12, 31)
    if person.birth_precision == Precision.MONTH:
        return first.replace(day=1), (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first, first


def _is_of_age(bounds: tuple[str, ...], one: _Somebody, day: date) -> bool | None:
    person = one.person
    if len(bounds) > 2:
        if person.gender is None:
            return None
        if person.gender.value != bounds[2]:
            return False
    born = _born(person)
    if born is None:
        return None
    group = catalogue.AgeGroup(
        id="", label_vi="", label_en="", from_age=int(bounds[0]), to_age=int(bounds[1]) if bounds[1] else None
    )
    first, last = age_bounds(group, day)
    inside = [first <= born_on <= last for born_on in born]
    return inside[0] if inside[0] == inside[1] and not born[0] < first <= last < born[1] else None


def _is_retired(_bounds: tuple[str, ...], one: _Somebody, day: date) -> bool | None:
    person = one.person
    born, rule = _born(person), catalogue.retirement_rule(day)
    if born is None or person.gender is None or rule is None:
        return None
    ends = [rule.leaves_on(born_on, woman=person.gender == Gender.FEMALE) for born_on in born]
    over = {end is None or end < day for end in ends}
    return over.pop() if len(over) == 1 else None


_NONE = ("khong", "khong co")
_MEASURES: Mapping[str, Callable[[tuple[str, ...], _Somebody, date], bool | None]] = {
    "total": lambda _bounds, _one, _day: True,
    "women": _is_woman,
    "member": _is_member,
    "minority": _is_of_minority,
    "religion": _has_religion,
    "level": _has_level,
    "rank": _is_of_rank,
    "age": _is_of_age,
    "retired": _is_retired,
}


def _listed(report: StaffReport, people: list[_Somebody]) -> Iterator[tuple[str, tuple[Cell, ...]]]:
    for number, one in enumerate(people, start=1):
        yield one.person.full_name, tuple(_said(column, number, one) for column in report.columns)


def _said(column: ReportColumn, number: int, one: _Somebody) -> Cell:
    """What stands in a column of a list: text as verified, dates as far as known; empty where nobody knows."""
    what, person = column.says[0] if column.says else "", one.person
    if what == "number":
        return number
    if what in ("full_name", "position"):
        found: str | None = getattr(person, what)
        return found
    if what == "unit":
        return one.unit
    if what in ("born_male", "born_female"):
        mine = person.gender is not None and what == f"born_{person.gender.value}"
        return _born_as_known(person) if mine else None
    return one.texts.get(what)


def _born_as_known(person: Person) -> Cell:
    if person.birth_date is None or person.birth_precision in (None, Precision.DAY):
        return person.birth_date
    return person.birth_date.strftime("%m/%Y" if person.birth_precision == Precision.MONTH else "%Y")


def export_staff(
    session: Session,
    id: str,
    unit: Unit | None,
    *,
    actor: Actor,
    purpose: str,
    translate: Translate,
    on: date | None = None,
) -> bytes:
    """The report as an Excel file in the layout of the form; a second page says whom and what it does not cover."""
    reason = require_purpose(purpose, actor=actor)
    found = read_staff(session, id, unit, actor=actor, on=on)
    report = found.report
    counting = report.kind == "count"
    first = ((("STT",), 6), (("Tên đơn vị",), 34)) if counting else ()
    rows: list[list[Value]] = [
        [*((number, name) if counting else ()), *cells] for number, (name, cells) in enumerate(found.rows, start=1)
    ]
    form = Form(
        above=(
            (report.code, f"({report.basis})"),
            (report.label_vi.upper(), f"Ngày báo cáo: {found.day:%d/%m/%Y}"),
            (f"Đơn vị báo cáo: {found.unit.name}", "Đơn vị tính: người" if counting else ""),
        ),
        columns=(*first, *((column.heads, column.width) for column in report.columns)),
        rows=tuple(tuple(row) for row in rows),
        total=(None, "Tổng cộng", *found.total) if counting else (),
        signers=("Người lập bảng", "Thủ trưởng đơn vị"),
    )
    facts: list[tuple[str, Value]] = [
        (translate(N_("To be confirmed")), report.note_vi),
        (translate(N_("People counted")), found.people),
        *(
            (f"{translate(N_('Not known'))}: {translate(GAPS[thing])}", number)
            for thing, number in found.unknown.items()
        ),
        (translate(N_("Dossiers with other units, not counted")), _at_least(found.elsewhere)),
        *who_took_it(reason, actor=actor, translate=translate),
    ]
    audit.record(
        session, "figures:export", found.unit, actor=actor, words=reason, report=report.id, people=found.people
    )
    return write_form(report.code, form, (translate(N_("About this file")), facts))


def _at_least(number: int) -> str | int:
    """A small number of other units’ people is not told exactly."""
    return f"< {SMALLEST}" if 0 < number < SMALLEST else number
