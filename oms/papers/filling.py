"""What is known of the person of a dossier, in the words of one form: the record first, then the register, then what was
read.

Forms ask the same in other words and other columns; what stands in for what is data (`catalogue/form_prints.yaml`). What
is closed to the reader is left out before anything else draws on it.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from oms import record
from oms.catalogue.form_prints import OWN, FormPrint, PrintedBlock, RowsFrom
from oms.models import Dossier, Gender, Unit, UnitKind
from oms.organisation import grassroots_of
from oms.record.facts import READ, VERIFIED, Facts, RowFact, gather
from oms.vietnamese.text import fold

Rows = tuple[tuple[str, ...], ...]
_OTHER_SIDE = re.compile(r"\b(vo|chong)\b")


@dataclass
class Known:
    """What is known by key: values (free texts with a line for each row), rows of tables, and what nobody verified."""

    values: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Rows] = field(default_factory=dict)
    unverified: set[str] = field(default_factory=set)


def known_of(session: Session, dossier: Dossier, printed: FormPrint, *, closed: Collection[str]) -> Known:
    """What is known of what a form asks; nothing of the `closed` keys, and nothing told by them."""
    facts = gather(session, dossier, nothing=True)  # “Không” is an answer the form asks for
    written = _open(record.written_rows(session, dossier), closed)
    read = _open(_read_rows(facts), closed)
    known = Known({key: text for key, text in _of_register(dossier) if key not in closed})
    for key in dict.fromkeys(fact.key for fact in facts.values if fact.key not in closed):
        fact = facts.holding(key)
        if fact is not None and (key not in known.values or fact.rank == VERIFIED):
            _say(known, key, fact.text, sure=fact.rank != READ)
    for key, others in printed.stand_ins.items():
        _stand_in(known, key, others)
    for rows, sure in ((written, True), (read, False)):
        for key, tables in printed.told_by.items():
            _say_once(known, key, "; ".join(row[0] for one in tables for row in _taken(one, rows)), sure=sure)
        for block in printed.blocks:
            _fill_block(known, block, rows, sure=sure)
    types = {item.key: item.type for item in printed.form.items}
    known.values = {key: record.as_asked(types.get(key, ""), text) for key, text in known.values.items()}
    return known


def _open(tables: Mapping[str, Rows], closed: Collection[str]) -> dict[str, Rows]:
    return {key: rows for key, rows in tables.items() if key not in closed}


def _say(known: Known, key: str, text: str, *, sure: bool) -> None:
    known.values[key] = text
    (known.unverified.discard if sure else known.unverified.add)(key)


def _say_once(known: Known, key: str, text: str, *, sure: bool) -> None:
    if text and (key not in known.values or (sure and key in known.unverified)):
        _say(known, key, text, sure=sure)


def _stand_in(known: Known, key: str, others: Sequence[str]) -> None:
    """A value nobody keyed here as another form has it; one that was verified before one that was only read."""
    told = [other for other in others if other in known.values]
    other = next((one for one in told if one not in known.unverified), next(iter(told), None))
    if other is not None:
        _say_once(known, key, known.values[other], sure=other not in known.unverified)


def _fill_block(known: Known, block: PrintedBlock, tables: Mapping[str, Rows], *, sure: bool) -> None:
    """The rows of a table, and the lines of a free text, unless better ones are known."""
    if block.text_key:
        _say_once(known, block.text_key, "\n".join(row[0] for row in tables.get(block.text_key, ())), sure=sure)
    key = block.table_key
    if key is None or key in known.tables:
        return
    rows = tuple(_fitted(block, row) for row in tables.get(key, ())) or tuple(
        row for other in block.rows_from if other.table != key for row in _taken(other, tables)
    )
    if rows:
        known.tables[key] = rows
        if not sure:
            known.unverified.add(key)


def _taken(other: RowsFrom, tables: Mapping[str, Rows]) -> Iterator[tuple[str, ...]]:
    """The rows of a table of another form as they stand here."""
    for row in tables.get(other.table, ()):
        if len(row) == other.width and (other.side is None or (other.side == OWN) != _of_spouse(row[0])):
            yield other.take(row)


def _of_spouse(relation: str) -> bool:
    """Whether a relative is one of the husband or wife: “bố vợ”, but not “vợ”."""
    words = fold(relation).strip(" .:-")
    return words not in ("vo", "chong") and _OTHER_SIDE.search(words) is not None


def _fitted(block: PrintedBlock, row: tuple[str, ...]) -> tuple[str, ...]:
    """A row in the columns of the table: nothing is cut off, a row without columns stands in the widest."""
    wide = len(block.columns)
    if len(row) == wide:
        return row
    other = next((one for one in block.rows_from if (one.table, one.width) == (block.table_key, len(row))), None)
    if other is not None:
        return other.take(row)
    if len(row) == 1:
        widest = max(range(wide), key=lambda place: block.columns[place][1])
        return tuple(row[0] if place == widest else "" for place in range(wide))
    return (*row[: wide - 1], ", ".join(filter(None, row[wide - 1 :])), *[""] * wide)[:wide]


def _of_register(dossier: Dossier) -> Iterator[tuple[str, str]]:
    """Values of the register beyond those of `facts`, as forms write them."""
    person = dossier.person
    words: Mapping[Gender, str] = {Gender.MALE: "Nam", Gender.FEMALE: "Nữ"}
    if person.gender is not None:
        yield "gender", words[person.gender]
    others = {
        "staff_code": person.staff_code,
        "home_town": person.home_town,
        "ethnicity": person.ethnicity,
        "current_position": person.position,
        "other_names": ", ".join(alias.name for alias in person.aliases),
        "managing_agency": dossier.managing_body.short_name,
        "using_agency": grassroots_of(person.unit).short_name,
        **_places_in_the_party(person.unit),
    }
    yield from ((key, text) for key, text in others.items() if text)


def _places_in_the_party(unit: Unit) -> dict[str, str]:
    """The province, the committee above the grassroots and the grassroots organisation of a unit."""
    places = {
        UnitKind.PROVINCE_COMMITTEE: "ministry_province",
        UnitKind.UPPER_COMMITTEE: "subordinate_unit",
        UnitKind.GRASSROOTS_COMMITTEE: "base_unit",
        UnitKind.GRASSROOTS_CELL: "base_unit",
        UnitKind.BOARD: "base_unit",
    }
    found: dict[str, str] = {}
    here: Unit | None = unit
    while here is not None:
        if here.kind in places:
            found.setdefault(places[here.kind], here.name)
        here = here.parent
    return found


def _read_rows(facts: Facts) -> dict[str, Rows]:
    """The rows of each table as one paper has them: the paper with the most rows."""
    papers: dict[str, dict[str | None, list[RowFact]]] = {}
    documents = {page.id: page.document_id for page in facts.pages}
    for row in facts.rows:
        papers.setdefault(row.key, {}).setdefault(documents.get(row.page_id or ""), []).append(row)
    return {key: tuple(row.cells for row in max(rows.values(), key=len)) for key, rows in papers.items()}
