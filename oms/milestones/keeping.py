"""What a dossier says of days to come, gathered when it is looked through: pay, posts, contracts, disciplines.

The lists then ask one small table instead of every page of every dossier. What people verified weighs more than what
the machine read; values of different papers are never mixed into one statement. Sealed papers say nothing here.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from oms import catalogue, record
from oms.catalogue import ContractRule, DisciplineRule, PostRule
from oms.errors import NotFound
from oms.models import Document, Precision, StandingFact, StandingKind
from oms.organisation import today
from oms.record.facts import READ, VERIFIED, Fact, Facts
from oms.vietnamese.dates import ImpossibleDate, WrittenDate, find_date, parse_date
from oms.vietnamese.dates import Precision as Exactness
from oms.vietnamese.text import fold, nfc

PAY = (
    "rank_code",
    "salary_step",
    "salary_coefficient",
    "salary_from",
    "seniority_allowance",
    "seniority_allowance_from",
)
_STEP = re.compile(r"(\d{1,2})(?:\s*/\s*(\d{1,2}))?")
_BEYOND = re.compile(r"(?:vk\D{0,3})?(\d{1,2})\s*%", re.IGNORECASE)
_FIGURE = re.compile(r"\d{1,2}[.,]\d{1,3}")
_PERCENT = re.compile(r"(\d{1,2})(?:[.,]0+)?\s*%?")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_GAP = r"[\s.…]*"
_DAY = (
    rf"(ngày{_GAP}\d{{1,2}}{_GAP}tháng{_GAP}\d{{1,2}}{_GAP}năm{_GAP}\d{{4}}"
    rf"|(?:ngày{_GAP})?\d{{1,2}}\s?[/.-]\s?\d{{1,2}}\s?[/.-]\s?\d{{4}})"
)
# "từ ngày 01/01/2025 đến hết ngày 31/12/2025": an end without its beginning may be the end of something else.
_TERM = re.compile(rf"từ\s+{_DAY}.{{0,20}}?(?:đến|tới)\s+(?:hết\s+)?{_DAY}", re.IGNORECASE | re.DOTALL)
_OPEN_TERM = "khong xac dinh thoi han"
_TEXT = 200
_EXACT = (Exactness.YEAR, Exactness.MONTH, Exactness.DAY)


@dataclass(frozen=True)
class Kept:
    """A statement as it is kept; see `StandingFact`."""

    kind: StandingKind
    day: WrittenDate | None
    verified: bool
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def row(self) -> tuple[object, ...]:
        """What is compared with the row that stands there."""
        precision = Precision(self.day.precision.value) if self.day else None
        return self.day.first if self.day else None, precision, self.verified, dict(self.details)


def keep(session: Session, facts: Facts) -> bool:
    """Bring the statements of a dossier up to date; return whether anything changed."""
    found = list(gather(session, facts))
    wanted = {
        (kind, place): kept
        for kind, some in groupby(sorted(found, key=lambda kept: kept.kind), key=lambda kept: kept.kind)
        for place, kept in enumerate(some, 1)
    }
    stood = session.scalars(select(StandingFact).where(StandingFact.dossier_id == facts.dossier.id)).all()
    before = {(row.kind, row.place): (row.day, row.precision, row.verified, row.details) for row in stood}
    if before == {key: kept.row for key, kept in wanted.items()}:
        return False
    forget(session, [facts.dossier.id])
    for (kind, place), kept in wanted.items():
        day, precision, verified, details = kept.row
        session.add(
            StandingFact(
                dossier_id=facts.dossier.id,
                kind=kind,
                place=place,
                day=day,
                precision=precision,
                verified=verified,
                details=details,
            )
        )
    session.flush()
    return True


def forget(session: Session, dossier_ids: Collection[str]) -> None:
    """Nothing is told of these dossiers until they are looked through again: papers were sealed or destroyed."""
    session.execute(delete(StandingFact).where(StandingFact.dossier_id.in_(dossier_ids)))


def gather(session: Session, facts: Facts) -> Iterator[Kept]:
    """All statements of a dossier now; writes nothing."""
    day = today()
    yield from _pay(facts)
    if (posts := catalogue.post_rule(day)) is not None:
        yield from _post(facts, posts)
    if (contracts := catalogue.contract_rule(day)) is not None:
        yield from _contract(facts, contracts)
    if (disciplines := catalogue.discipline_rule(day)) is not None:
        written = record.written_rows(session, facts.dossier).get("discipline", ())
        yield from _disciplines(facts, written, disciplines)


def _pay(facts: Facts) -> Iterator[Kept]:
    """Step, coefficient and day as one paper has them; what was verified goes first, and the newest paper."""
    verified = {fact.key: fact for fact in facts.values if fact.rank == VERIFIED and fact.key in PAY}
    read = max(_by_paper(facts, PAY), key=_newest, default={})
    if not verified and not read:
        return
    whole = {"salary_step", "salary_from"} <= verified.keys()
    same = not whole or _text(read, "salary_step") == _text(verified, "salary_step")
    said = {**(read if same else {}), **verified}
    details = _pay_details(said)
    day = _day_of(said.get("seniority_allowance_from" if "percent" in details else "salary_from"))
    if day is None and "percent" in details:
        day = _day_of(said.get("salary_from")) if "seniority_allowance" not in said else None
    newer = _day_of(read.get("salary_from"))
    if whole and newer and day and newer.first > day.first:
        details["newer"] = str(newer)
    yield Kept(StandingKind.PAY, day, whole, details)


def _by_paper(facts: Facts, keys: Collection[str]) -> list[dict[str, Fact]]:
    """The values read of some keys, paper by paper."""
    papers = {page.id: page.document_id for page in facts.pages}
    found: dict[str | None, dict[str, Fact]] = defaultdict(dict)
    for fact in facts.values:
        if fact.rank == READ and fact.key in keys:
            found[papers.get(fact.page_id or "")].setdefault(fact.key, fact)
    return list(found.values())


def _newest(said: Mapping[str, Fact]) -> tuple[bool, Any, int]:
    day = _day_of(said.get("salary_from"))
    return day is not None, day.first if day else None, len(said)


def _pay_details(said: Mapping[str, Fact]) -> dict[str, Any]:
    details: dict[str, Any] = {}
    step = _text(said, "salary_step")
    beyond = _BEYOND.search(step)
    if (found := _STEP.match(_BEYOND.sub("", step).strip())) is not None:
        details["step"] = int(found[1])
        if found[2]:
            details["of"] = int(found[2])
    if beyond is None:
        beyond = _PERCENT.fullmatch(_text(said, "seniority_allowance").strip())
    if beyond is not None and int(beyond[1]):
        details["percent"] = int(beyond[1])
    if (figure := _FIGURE.search(_text(said, "salary_coefficient"))) is not None:
        details["coefficient"] = f"{Decimal(figure[0].replace(',', '.')):.2f}"
    if rank := _text(said, "rank_code"):
        details["rank"] = rank
    return details


def _text(said: Mapping[str, Fact], key: str) -> str:
    return said[key].text if key in said else ""


def _day_of(fact: Fact | None) -> WrittenDate | None:
    return fact.date if fact else None


def _post(facts: Facts, rule: PostRule) -> Iterator[Kept]:
    """The last day of an appointment that a form or a filed decision names."""
    days = [
        (day, fact.rank == VERIFIED)
        for key in ("appointment_date", "reappointment_date")
        if (fact := facts.holding(key)) is not None and (day := fact.date) is not None
    ]
    days += [
        (day, True) for document in facts.documents if _appoints(facts, document, rule) and (day := _issued(document))
    ]
    position = facts.holding("current_position")
    details = {"position": position.text[:_TEXT]} if position else {}
    if days:
        day, verified = max(days, key=lambda one: (one[0].first, one[1]))
        yield Kept(StandingKind.POST, day, verified, details)
        return
    allowance = facts.holding("position_allowance")
    if allowance is not None and (figure := _FIGURE.search(allowance.text)) and Decimal(figure[0].replace(",", ".")):
        yield Kept(StandingKind.POST, None, allowance.rank == VERIFIED, details)


def _appoints(facts: Facts, document: Document, rule: PostRule) -> bool:
    title = _own_title(facts, document)
    return (
        document.component_id in rule.components
        and any(fold(word) in title for word in rule.words)
        and not any(fold(word) in title for word in rule.not_words)
    )


def _own_title(facts: Facts, document: Document) -> str:
    """The folded title, unless it is the name of the kind of paper, which names everything such papers may be about."""
    title = fold(document.title)
    try:
        kind = catalogue.component(document.component_id, facts.dossier.category.value)
    except NotFound:
        return title
    return "" if title == fold(kind.label_vi) else title


def _issued(document: Document) -> WrittenDate | None:
    if document.issued_on is None:
        return None
    return WrittenDate(document.issued_on, Exactness((document.issued_precision or Precision.DAY).value))


def _contract(facts: Facts, rule: ContractRule) -> Iterator[Kept]:
    """The end of the newest contract or annex that names one; a paper that ends the work leaves nothing to end."""
    if any(document.component_id in rule.ended_by for document in facts.documents):
        return
    papers = [document for document in facts.documents if document.component_id in rule.components]
    papers.sort(
        key=lambda document: (document.issued_on is not None, document.issued_on, document.position), reverse=True
    )
    for document in papers:
        for page in (page for page in facts.pages if page.document_id == document.id):
            text = nfc(page.text)
            details = {"title": document.title[:_TEXT], **({"number": document.number} if document.number else {})}
            if _OPEN_TERM in fold(text):
                yield Kept(StandingKind.CONTRACT, None, page.corrected, {**details, "open": True})
                return
            if (end := _end_of_term(text)) is not None:
                yield Kept(StandingKind.CONTRACT, end, page.corrected, details)
                return
    if papers:
        yield Kept(StandingKind.CONTRACT, None, False, {"title": papers[0].title[:_TEXT]})


def _end_of_term(text: str) -> WrittenDate | None:
    for match in _TERM.finditer(text):
        try:
            first, last = parse_date(match[1]), parse_date(match[2])
        except ImpossibleDate:  # a misread figure: nobody can say which
            continue
        if first and last and first.first < last.first:
            return last
    return None


def _disciplines(facts: Facts, written: Sequence[Sequence[str]], rule: DisciplineRule) -> Iterator[Kept]:
    """Rows of the table, decisions that are filed, and the line of the short CV where there is neither."""
    read = [row.cells for row in facts.rows if row.key == "discipline"]
    found = [_of_row(cells, rule, verified=bool(written)) for cells in (written or read) if any(cells)]
    for document in facts.documents:
        if _disciplines_somebody(facts, document, rule):
            said = _discipline(document.title, _issued(document), rule, verified=True)
            found = [other for other in found if not _is_same(other, said)] + [said]
    line = facts.holding("discipline_summary")
    if not found and line is not None:
        found.append(_discipline(line.text, _any_day(line.text), rule, verified=line.rank == VERIFIED))
    yield from found


def _of_row(cells: Sequence[str], rule: DisciplineRule, *, verified: bool) -> Kept:
    """A row by the printed columns of the table that has as many."""
    place = next(
        (
            table.columns.index("Hình thức")
            for form in catalogue.forms()
            for table in form.tables
            if table.key == "discipline" and len(table.columns) == len(cells) and "Hình thức" in table.columns
        ),
        None,
    )
    said = cells[place] if place is not None else " ".join(cells)
    return _discipline(said, _any_day(cells[0]), rule, verified=verified)


def _discipline(said: str, day: WrittenDate | None, rule: DisciplineRule, *, verified: bool) -> Kept:
    forms = [form for form in rule.forms if fold(form) in fold(said)]
    details = {"said": said.strip()[:_TEXT], **({"form": max(forms, key=len)} if len(forms) == 1 else {})}
    return Kept(StandingKind.DISCIPLINE, day, verified, details)


def _disciplines_somebody(facts: Facts, document: Document, rule: DisciplineRule) -> bool:
    if document.component_id in rule.components:
        return True
    title = _own_title(facts, document)
    return title.startswith("quyet dinh") and any(fold(word) in title for word in rule.words)


def _any_day(text: str) -> WrittenDate | None:
    """The one date a text names, as exact as it does; None when it names none, or several years and no day."""
    try:
        found = parse_date(text) or find_date(text)
    except ImpossibleDate:
        return None
    years = _YEAR.findall(text)
    return found or (parse_date(years[0]) if len(years) == 1 else None)


def _is_same(row: Kept, paper: Kept) -> bool:
    """A row and a filed decision about one discipline: the same measure, and days that do not differ."""
    if row.day is None or paper.day is None or row.details.get("form") != paper.details.get("form"):
        return False
    parts = min(_EXACT.index(row.day.precision), _EXACT.index(paper.day.precision)) + 1
    return row.day.first.timetuple()[:parts] == paper.day.first.timetuple()[:parts]
