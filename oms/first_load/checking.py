"""Cells made into people: what each one says, or the sentence that says why it cannot be taken.

Pure apart from the units it is given. Every mistake of every row is collected; nothing is guessed: a day that does not
exist, a number Excel has cut, a unit of somebody else are mistakes, an unknown date stays unknown.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from oms import catalogue, people
from oms.errors import N_, BadInput, OmsError
from oms.first_load.workbooks import Row, Table
from oms.models import Category, Gender, Precision, Unit
from oms.organisation import today
from oms.people import NewPerson
from oms.vietnamese.dates import ImpossibleDate, parse_date
from oms.vietnamese.names import name_key
from oms.vietnamese.text import fold, words

TEXT_LENGTHS = {"staff_code": 40, "ethnicity": 60, "shelf_room": 60, "shelf": 60, "shelf_box": 60}
_LONGEST = 200
_UNKNOWN = frozenset({"khong nho", "khong ro", "khong biet", "khong", "chua ro", "chua", "x"})
_GENDERS = {"nam": Gender.MALE, "male": Gender.MALE, "nu": Gender.FEMALE, "female": Gender.FEMALE}
_NO_NAME = re.compile(r"[0-9@#$%^&*_=+<>{}\[\]|\\/?!:;]")


@dataclass(frozen=True)
class Mistake:
    """What is wrong in one cell: row and column as Excel names them, the heading, what stands there, and why."""

    row: int
    letter: str
    heading: str
    written: str
    error: OmsError


@dataclass(frozen=True)
class Wanted:
    """One row understood: who, which dossier, where it is kept and where its paper stands."""

    row: int
    person: NewPerson
    category: Category
    unit: Unit
    custodian: Unit
    shelf: tuple[str | None, str | None, str | None]


@dataclass(frozen=True)
class Report:
    """What a file would do: rows to enter, rows that are there already, and every mistake."""

    rows: int
    unknown: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    wanted: tuple[Wanted, ...]
    present: tuple[tuple[int, str], ...] = ()
    """Row and number of the dossier that is there already."""

    @property
    def ready(self) -> bool:
        """Whether everybody can be entered."""
        return not self.mistakes and bool(self.wanted)


@dataclass(frozen=True)
class Units:
    """The units a row may name, by folded name and code, and who keeps the dossiers of each."""

    named: Mapping[str, list[Unit]]
    keepers: Mapping[str, Unit]
    own: Unit | None
    """Where a row goes that names no unit: the actor's only one."""


@dataclass
class _Reading:
    """One row under way: the values understood so far and the mistakes."""

    row: Row
    letters: dict[str, str]
    mistakes: list[Mistake] = field(default_factory=list)

    def refuse(self, id: str, error: OmsError) -> None:
        heading = catalogue.people_column(id).label_vi
        self.mistakes.append(Mistake(self.row.number, self.letters[id], heading, self.row.cells.get(id, ""), error))


def understand(table: Table, units: Units) -> Report:
    """Every row read; what stands in the database is not looked at yet."""
    mistakes: list[Mistake] = []
    wanted: list[Wanted] = []
    for row in table.rows:
        reading = _Reading(row, table.letters)
        found = _understand(reading, units)
        mistakes += reading.mistakes
        if found is not None and not reading.mistakes:
            wanted.append(found)
    mistakes += _contradictions(table, wanted)
    return Report(len(table.rows), table.unknown, tuple(mistakes), tuple(wanted))


def _understand(reading: _Reading, units: Units) -> Wanted | None:
    values: dict[str, Any] = {}
    for column in catalogue.people_columns():
        text = reading.row.cells.get(column.id, "")
        if not text and column.required:
            reading.refuse(column.id, BadInput(N_("This cell is empty, and it is needed.")))
        if not text:
            continue
        try:
            values[column.id] = _read_cell(column.reads, column.id, text, units)
        except OmsError as error:
            reading.refuse(column.id, error)
    unit = values.get("unit") or units.own
    if unit is None and not reading.row.cells.get("unit"):
        id = "unit" if "unit" in reading.letters else "full_name"
        reading.refuse(id, BadInput(N_("Say which of your units this person belongs to.")))
    if reading.mistakes or unit is None:
        return None
    return Wanted(
        reading.row.number,
        _person(values),
        values["category"],
        unit,
        units.keepers[unit.id],
        (values.get("shelf_room"), values.get("shelf"), values.get("shelf_box")),
    )


def _person(values: dict[str, Any]) -> NewPerson:
    birth, birth_precision = values.get("birth_date") or (None, None)
    dates = {name: (values.get(name) or (None, None))[0] for name in ("party_join_date", "party_official_date")}
    plain = {
        name: values.get(name) for name in ("gender", "personal_id", "staff_code", "home_town", "ethnicity", "position")
    }
    return NewPerson(
        full_name=values["full_name"],
        birth_date=birth,
        birth_precision=birth_precision,
        aliases=values.get("other_names", ()),
        **plain,
        **dates,
    )


def _read_cell(reads: str, id: str, text: str, units: Units) -> object:
    """What a cell says; raises `OmsError` with the reason why it cannot be taken."""
    if reads == "unit":
        return _unit(text, units)
    if reads == "date":
        return _date(text, whole=id != "birth_date")
    if reader := _READERS.get(reads):
        return reader(text)
    longest = TEXT_LENGTHS.get(id, _LONGEST)
    if len(text) > longest:
        raise BadInput(N_("This is longer than %(limit)s characters. Shorten it."), limit=longest)
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(_name(part) for part in text.split(";") if part.strip())


def _name(text: str) -> str:
    if _NO_NAME.search(text) or not words(text):
        raise BadInput(N_("A name is made of letters. Write the full name as on the papers."))
    return people.check_name(text)


def _gender(text: str) -> Gender:
    found = _GENDERS.get(fold(text).strip(" ."))
    if found is None:
        raise BadInput(N_("Write “Nam” or “Nữ”, or leave the cell empty."))
    return found


def _date(text: str, *, whole: bool) -> tuple[date, Precision] | None:
    """First day and precision, None where the cell says that nobody knows."""
    if fold(text).strip(" .?-") in _UNKNOWN or not words(text):
        return None
    try:
        found = parse_date(text)
    except ImpossibleDate:
        raise BadInput(N_("%(day)s is not a day of the calendar. Correct the date."), day=text) from None
    if found is None:
        raise BadInput(
            N_("Write the date as day/month/year, month/year or the year alone, with four digits of the year.")
        )
    precision = Precision(found.precision)
    if whole and precision != Precision.DAY:
        raise BadInput(N_("Write the day as day/month/year, for example 03/02/2026."))
    if found.first > today():
        raise BadInput(N_("This date lies in the future. Check day, month and year."))
    return found.first, precision


def _personal_id(text: str) -> str:
    digits = re.sub(r"[\s.\-]", "", text)
    if digits.isascii() and digits.isdecimal() and len(digits) in (8, 11):
        raise BadInput(
            N_(
                "This number has one digit too few: Excel may have dropped the first zero. Make the cell text and type it again."
            )
        )
    people.check_personal_id(digits)
    return digits


def _category(text: str) -> Category:
    key = plain(text)
    for category in Category:
        if key in _CATEGORY_WORDS[category]:
            return category
    raise BadInput(
        N_("There is no category of this name. Write cán bộ, công chức, viên chức, người lao động or đảng viên.")
    )


_READERS: dict[str, Callable[[str], object]] = {
    "name": _name,
    "names": _names,
    "gender": _gender,
    "personal_id": _personal_id,
    "category": _category,
}
_CATEGORY_WORDS = {
    Category.CADRE: {"can bo", "cadre", "ho so can bo"},
    Category.CIVIL_SERVANT: {"cong chuc", "civil servant", "civil_servant", "ho so cong chuc"},
    Category.PUBLIC_EMPLOYEE: {"vien chuc", "public employee", "public_employee", "ho so vien chuc"},
    Category.CONTRACT_WORKER: {
        "nguoi lao dong",
        "hop dong lao dong",
        "hop dong",
        "lao dong",
        "contract worker",
        "contract_worker",
    },
    Category.PARTY_MEMBER: {"dang vien", "ho so dang vien", "party member", "party_member"},
}


def _unit(text: str, units: Units) -> Unit:
    found = units.named.get(plain(text), [])
    if len(found) != 1:
        raise BadInput(
            N_("None of your units has exactly this name or code. Copy it from the sheet of choices of the template.")
            if not found
            else N_("Several of your units have this name. Write the code of the unit instead.")
        )
    return found[0]


def plain(text: str) -> str:
    """The key under which a unit or category is looked for: marks, capitals and blanks aside."""
    return " ".join(fold(text).replace("-", " ").split()).strip(" .")


def _contradictions(table: Table, wanted: list[Wanted]) -> list[Mistake]:
    """Rows of one file that cannot both be true: one ID number for two names, one dossier twice."""
    mistakes: list[Mistake] = []
    owners: dict[str, Wanted] = {}
    seen: dict[tuple[object, ...], int] = {}
    for row in wanted:
        id = row.person.personal_id
        first = owners.setdefault(id, row) if id else row
        cell = "personal_id" if id else "full_name"
        error: OmsError | None = None
        if name_key(first.person.full_name) != name_key(row.person.full_name):
            error = BadInput(
                N_("Row %(row)s has the same ID number under another name. One of them is wrong."), row=first.row
            )
        elif other := seen.get(_same(row)):
            error = BadInput(
                N_("Row %(row)s is about the same person and category. Delete one of the rows."), row=other
            )
        seen.setdefault(_same(row), row.row)
        if error is not None:
            written = id or row.person.full_name
            heading = catalogue.people_column(cell).label_vi
            mistakes.append(Mistake(row.row, table.letters[cell], heading, written, error))
    return mistakes


def _same(row: Wanted) -> tuple[object, ...]:
    """What two rows share that open one dossier twice."""
    who = row.person
    known = who.personal_id or (name_key(who.full_name), who.birth_date, who.birth_precision, who.staff_code)
    return known, row.category, row.custodian.id


def without(report: Report, present: Mapping[int, str], mistakes: list[Mistake]) -> Report:
    """The report when rows of `present` (row to dossier number) are there already and `mistakes` were found besides."""
    wrong = {mistake.row for mistake in mistakes}
    return replace(
        report,
        wanted=tuple(row for row in report.wanted if row.row not in present and row.row not in wrong),
        mistakes=tuple(sorted((*report.mistakes, *mistakes), key=lambda mistake: (mistake.row, mistake.letter))),
        present=tuple(sorted(present.items())),
    )
