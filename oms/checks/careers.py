"""Careers and pay: gaps and overlaps, steps against the table, coefficients that fall. In months; no day is invented."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from oms import catalogue
from oms.catalogue import CareerRule, PayGroup
from oms.checks.found import Found, Place, place_of, place_of_row
from oms.errors import N_
from oms.models import FindingKind
from oms.organisation import today
from oms.record.facts import Facts, RowFact
from oms.vietnamese.dates import ImpossibleDate, WrittenDate, format_date, parse_date
from oms.vietnamese.spans import Span, month_of, months_of, parse_span

GAP = N_("From %(first)s to %(then)s the career says nothing: at least %(months)s months.")
OVERLAP = N_("Two rows of the career share at least %(months)s months.")
OTHER_COEFFICIENT = N_("Step %(step)s of this rank has the coefficient %(right)s in the pay table, not %(found)s.")
NO_SUCH_STEP = N_("No line of the pay table has the coefficient %(found)s at step %(step)s.")
BACKWARDS = N_("The coefficient falls from %(one)s (%(first)s) to %(other)s (%(then)s).")

_STEP = re.compile(r"(?:bậc\s*)?(\d{1,2})(?:\s*/\s*\d{1,2})?", re.IGNORECASE)
_RANK_AND_STEP = re.compile(
    r"(\d{2}[a-z]?\.\d{3}[a-z]?|[A-Z]{1,2}\.\d{2}\.\d{2}\.\d{2})\s*[/,;-]?\s*(?:bậc\s*)?(\d{1,2})?"
)
_FIGURE = re.compile(r"\d{1,2}[.,]\d{1,2}")


@dataclass(frozen=True)
class _Stretch:
    span: Span
    row: RowFact


def find_career(facts: Facts) -> Iterator[Found]:
    """Gaps and overlaps between the rows of the career."""
    rule = catalogue.career_rule(today())
    rows = _one_table(facts, "work_history") if _has(facts, "work_history") else []
    spans = [(parse_span(row.cells[0]), row) for row in rows if row.cells and row.cells[0].strip()]
    stretches = sorted(
        (_Stretch(span, row) for span, row in spans if span is not None), key=lambda one: one.span.begins
    )
    if rule is None or len(stretches) < 2:
        return
    whole = len(stretches) == len(spans)  # a row that cannot be read may fill what seems to be a gap
    yield from _overlaps(stretches, rule)
    if whole:
        yield from _gaps(stretches, rule)


def _one_table(facts: Facts, key: str) -> Sequence[RowFact]:
    """The rows of one paper: forms of several years tell the same career. The longest is taken."""
    tables: dict[str, list[RowFact]] = defaultdict(list)
    documents = {page.id: str(page.document_id) for page in facts.pages}
    for row in facts.rows:
        if row.key == key:
            tables[documents.get(row.page_id or "", "")].append(row)
    return tables[""] or max(tables.values(), key=len)


def _overlaps(stretches: Sequence[_Stretch], rule: CareerRule) -> Iterator[Found]:
    for before, after in pairwise(stretches):
        end = before.span.ends[0] if before.span.ends else month_of(today())
        until = after.span.ends[0] if after.span.ends else month_of(today())
        shared = min(end, until) - after.span.begins[1] + 1
        if shared > rule.overlap_months:
            places = (place_of_row(before.row), place_of_row(after.row))
            yield Found(FindingKind.CAREER_OVERLAP, OVERLAP, places, {"months": shared}, "work_history")


def _gaps(stretches: Sequence[_Stretch], rule: CareerRule) -> Iterator[Found]:
    last = stretches[0]
    for after in stretches[1:]:
        end = last.span.ends
        if end is None:
            return
        months = after.span.begins[0] - end[1] - 1
        if months > rule.gap_months:
            details: dict[str, str | int] = {
                "first": _as_written(last.span.end),
                "then": _as_written(after.span.start),
                "months": months,
            }
            places = (place_of_row(last.row), place_of_row(after.row))
            yield Found(FindingKind.CAREER_GAP, GAP, places, details, "work_history")
        later = after.span.ends
        if later is None or later[1] > end[1]:
            last = after


def _as_written(day: WrittenDate | None) -> str:
    return format_date(day) if day else ""


@dataclass(frozen=True)
class Pay:
    """What one place says about pay; each part is None when it does not say it."""

    since: WrittenDate | None
    rank: str | None
    step: int | None
    coefficient: Decimal | None
    places: tuple[Place, ...]


def find_pay(facts: Facts) -> Iterator[Found]:
    """Steps that do not have their coefficient, and coefficients that fall within a rank."""
    history = [_of_row(row) for row in _one_table(facts, "salary_history")] if _has(facts, "salary_history") else []
    for pay in [*_of_values(facts), *history]:
        if (found := _held_against_table(pay)) is not None:
            yield found
    yield from _backwards(history)


def _has(facts: Facts, key: str) -> bool:
    return any(row.key == key for row in facts.rows)


def _of_values(facts: Facts) -> Iterator[Pay]:
    """Step and coefficient as they stand beside each other: on one page, or in the record."""
    by_page: dict[str | None, dict[str, str]] = defaultdict(dict)
    places: dict[str | None, dict[str, Place]] = defaultdict(dict)
    for key in ("salary_coefficient", "salary_step", "rank_code", "salary_from"):
        for fact in facts.of(key):
            by_page[fact.page_id].setdefault(key, fact.text)
            places[fact.page_id].setdefault(key, place_of(fact))
    for page_id, values in by_page.items():
        shown = tuple(places[page_id][key] for key in ("salary_coefficient", "salary_step") if key in places[page_id])
        yield Pay(
            _date(values.get("salary_from", "")),
            values.get("rank_code"),
            _step(values.get("salary_step", "")),
            _coefficient(values.get("salary_coefficient", "")),
            shown,
        )


def _of_row(row: RowFact) -> Pay:
    cells = (*row.cells, "", "", "")
    rank = _RANK_AND_STEP.match(cells[1].strip())
    step = int(rank[2]) if rank and rank[2] else None if rank else _step(cells[1])
    return Pay(_date(cells[0]), rank[1] if rank else None, step, _coefficient(cells[2]), (place_of_row(row),))


def _step(text: str) -> int | None:
    match = _STEP.fullmatch(text.strip())
    return int(match[1]) if match else None


def _coefficient(text: str) -> Decimal | None:
    match = _FIGURE.search(text)
    try:
        return Decimal(match[0].replace(",", ".")) if match else None
    except InvalidOperation:
        return None


def _date(text: str) -> WrittenDate | None:
    try:
        return parse_date(text)
    except ImpossibleDate:
        return None


def _held_against_table(pay: Pay) -> Found | None:
    if pay.step is None or pay.coefficient is None:
        return None
    day: date = pay.since.first if pay.since else today()
    groups = catalogue.pay_groups(pay.rank, day)
    if any(_agrees(group, pay.step, pay.coefficient) for group in groups):
        return None
    details: dict[str, str | int] = {"step": pay.step, "found": _comma(pay.coefficient)}
    right = groups[0].at(pay.step) if len(groups) == 1 else None
    if right is not None:
        details["right"] = _comma(right)
    message = NO_SUCH_STEP if right is None else OTHER_COEFFICIENT
    return Found(FindingKind.PAY_STEP, message, pay.places, details, "salary_coefficient")


def _agrees(group: PayGroup, step: int, coefficient: Decimal) -> bool:
    return group.at(step) == coefficient


def _comma(figure: Decimal) -> str:
    return f"{figure:.2f}".replace(".", ",")


def _backwards(history: Sequence[Pay]) -> Iterator[Found]:
    dated = [(pay, pay.since) for pay in history if pay.since and pay.coefficient is not None]
    dated.sort(key=lambda one: one[1].first)
    for (before, first), (after, then) in pairwise(dated):
        same_rank = before.rank == after.rank
        if not same_rank or months_of(first)[1] >= months_of(then)[0]:
            continue
        if before.coefficient and after.coefficient and after.coefficient < before.coefficient:
            details = {
                "one": _comma(before.coefficient),
                "first": format_date(first),
                "other": _comma(after.coefficient),
                "then": format_date(then),
            }
            yield Found(
                FindingKind.PAY_BACKWARDS, BACKWARDS, (*before.places, *after.places), details, "salary_history"
            )
