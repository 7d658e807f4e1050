"""What a dossier says: every value with the place it stands at, from the register, its filed pages and its record.

A value the machine itself doubts strongly, and one a person corrected away, says nothing. Sealed inserts count for
nothing, as everywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from oms.models import Document, Dossier, Page, Person, Precision, Scan
from oms.recognition import Word
from oms.recognition.forms.sense import NOTHING, weight
from oms.record.settled import is_twice, settle
from oms.record.values import same_text
from oms.record.writings import statements_of
from oms.vietnamese.dates import ImpossibleDate, WrittenDate, format_date, parse_date
from oms.vietnamese.dates import Precision as WrittenPrecision
from oms.vietnamese.text import fold

READ, REGISTER, VERIFIED = 0, 1, 3
"""How much a value weighs when several disagree: read by the machine, entered in the register, verified in the record."""

IMPOSSIBLE = 3
"""Weight of a flag from which a value is not believed (`oms.recognition.forms.sense.weight`)."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Fact:
    """A value of the dossier: `page_id` None means the register, `component_id` is that of its document."""

    key: str
    text: str
    page_id: str | None = None
    box: Box | None = None
    component_id: str | None = None
    rank: int = READ
    # The machine itself is not sure of it.
    doubtful: bool = False

    @property
    def date(self) -> WrittenDate | None:
        """The value as a date with its precision; None when it is none."""
        try:
            return parse_date(self.text)
        except ImpossibleDate:
            return None


@dataclass(frozen=True)
class RowFact:
    """A row of a table with the place it stands at."""

    key: str
    cells: tuple[str, ...]
    page_id: str | None = None
    box: Box | None = None


@dataclass(frozen=True)
class Facts:
    """All that a dossier says."""

    dossier: Dossier
    values: tuple[Fact, ...]
    rows: tuple[RowFact, ...]
    pages: tuple[Page, ...]
    documents: tuple[Document, ...]

    def of(self, key: str) -> tuple[Fact, ...]:
        """The values of a key, the weightiest first."""
        return tuple(sorted((fact for fact in self.values if fact.key == key), key=lambda fact: -fact.rank))

    def read(self, key: str) -> Fact | None:
        """What the first filed page that has the key says now."""
        return next((fact for fact in self.values if fact.key == key and fact.rank == READ), None)

    def holding(self, key: str) -> Fact | None:
        """The value that holds now: the weightiest; of alike ones that which stands most often, then the first."""
        found = self.of(key)
        if not found:
            return None
        best = [fact for fact in found if fact.rank == found[0].rank]
        texts = [same_text(fact.text) for fact in best]
        return max(best, key=lambda fact: (texts.count(same_text(fact.text)), -best.index(fact)))


def gather(session: Session, dossier: Dossier, *, nothing: bool = False) -> Facts:
    """The facts of a dossier, with a fixed number of queries; with `nothing` also values that say there is none."""
    documents = session.scalars(
        select(Document).where(Document.dossier_id == dossier.id, ~Document.sealed).order_by(Document.position)
    ).all()
    pages = session.scalars(
        select(Page)
        .join(Scan)
        .where(Scan.dossier_id == dossier.id, Page.document_id.is_not(None), ~Scan.sealed)
        .options(joinedload(Page.document), undefer(Page.findings), undefer(Page.text))
        .order_by(Scan.received_at, Scan.id, Page.number)
    ).all()
    values = [*of_register(dossier.person), *_verified(session, dossier, nothing=nothing)]
    rows: list[RowFact] = []
    for page in pages:
        values += read_values(page, nothing=nothing)
        rows += read_rows(page)
    return Facts(dossier, tuple(values), tuple(rows), tuple(pages), tuple(documents))


def of_register(person: Person) -> Iterator[Fact]:
    """What an officer entered in the register."""
    yield Fact("full_name", person.full_name, rank=REGISTER)
    if person.birth_date is not None:
        yield Fact("birth_date", written(person.birth_date, person.birth_precision), rank=REGISTER)
    for key in ("party_join_date", "party_official_date"):
        day: date | None = getattr(person, key)
        if day is not None:
            yield Fact(key, written(day, Precision.DAY), rank=REGISTER)
    if person.personal_id:
        yield Fact("id_number", person.personal_id, rank=REGISTER)


def _verified(session: Session, dossier: Dossier, *, nothing: bool) -> Iterator[Fact]:
    """What people verified in the record; with `nothing` also that there is none."""
    for key, statements in statements_of(session, dossier).items():
        verified = settle(statements, twice=is_twice(key)).verified
        if verified is not None and (nothing or fold(verified.text).strip(" .") not in NOTHING):
            yield Fact(key, verified.text, verified.page_id, _box({"box": verified.box}), rank=VERIFIED)


def written(day: date, precision: Precision | None) -> str:
    """A date of the register as papers write it."""
    return format_date(WrittenDate(day, WrittenPrecision((precision or Precision.DAY).value)))


def read_values(page: Page, *, nothing: bool = False) -> list[Fact]:
    """The believed values of one page; see `believed`."""
    found = page.findings or {}
    about = {**_person_of(found.get("head", {})), **found.get("fields", {})}
    component = page.document.component_id if page.document else None
    return [
        Fact(key, text, page.id, _box(value), component, doubtful=bool(value.get("flag")))
        for key, value in about.items()
        if (text := believed(value, nothing=nothing)) and _still_stands(page, text)
    ]


def _person_of(head: Mapping[str, Any]) -> dict[str, Any]:
    """The person a paper without a form is about; the rest of its head is about the paper."""
    names = {"person": "full_name", "birth_date": "birth_date"}
    return {key: head[name] for name, key in names.items() if name in head}


def believed(value: Mapping[str, Any] | None, *, nothing: bool = False) -> str | None:
    """The text of a found value unless the machine itself takes it for impossible, or (without `nothing`) it says that
    there is none."""
    if not value or not value.get("value") or weight(value.get("flag")) >= IMPOSSIBLE:
        return None
    text = str(value["value"]).strip()
    return text if nothing or fold(text).strip(" .") not in NOTHING else None


def _still_stands(page: Page, text: str) -> bool:
    """What a person corrected away was a misreading."""
    return not page.corrected or same_text(text) in same_text(page.text)


def _box(value: Mapping[str, Any]) -> Box | None:
    sides = value.get("box")
    return (int(sides[0]), int(sides[1]), int(sides[2]), int(sides[3])) if sides and len(sides) == 4 else None


def find_box(words: Sequence[Word], text: str) -> Box | None:
    """The box around words of a page that stand in this order, as a row of a table has them; None when they do not."""
    wanted = [part for part in text.replace("|", " ").split() if part]
    read = [word.text for word in words]
    for start in range(len(read) - len(wanted) + 1):
        if wanted and read[start : start + len(wanted)] == wanted:
            row = words[start : start + len(wanted)]
            left, top = min(word.left for word in row), min(word.top for word in row)
            right, bottom = max(word.left + word.width for word in row), max(word.top + word.height for word in row)
            return left, top, right - left, bottom - top
    return None


def read_rows(page: Page) -> list[RowFact]:
    """The rows of the tables of one page."""
    tables: Mapping[str, Sequence[Sequence[str]]] = (page.findings or {}).get("tables", {})
    return [
        RowFact(key, tuple(str(cell) for cell in cells), page.id)
        for key, rows in tables.items()
        for cells in rows
        if any(cells)
    ]
