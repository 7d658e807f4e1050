"""The Excel file of a first load: the template that is handed out, and rows of text read from what comes back.

A file from outside is read in the box (`oms.workbooks`), with rows and columns bounded. Knows the columns, not what their cells mean.
"""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from oms import catalogue
from oms.catalogue import PeopleColumn
from oms.errors import N_, BadInput
from oms.models import Category, Gender
from oms.spreadsheets import put_value
from oms.vietnamese.encodings import convert, detect
from oms.vietnamese.text import fold, words
from oms.workbooks import NoTable, read_first_sheet

Translate = Callable[[str], str]
MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 10_000
"""People in one file: the largest committee of a province has fewer."""
_MOST_UNPACKED = 200 * 1024 * 1024
_MOST_COLUMNS = 60
_HEADING_WITHIN = 15
"""Rows in which the headings are looked for: forms have a title and a unit above the table."""
_GUIDE_ROWS = 500


@dataclass(frozen=True)
class Row:
    """One line of the table: its `number` as Excel shows it, the written cells by column id."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """What a file holds: the letter of each column that was recognised, headings nobody knows, and the rows."""

    letters: dict[str, str]
    unknown: tuple[str, ...]
    rows: tuple[Row, ...]


def template(units: Iterable[str], translate: Translate) -> bytes:
    """An empty .xlsx file with our headings, choices to pick from and a page that explains them."""
    book = Workbook()
    sheet: Worksheet = book.active  # type: ignore[assignment]
    sheet.title = translate(N_("People"))
    columns = catalogue.people_columns()
    for place, column in enumerate(columns, start=1):
        cell = sheet.cell(1, place, column.label_vi)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = column.width
        # Text, so that Excel neither drops the zero of an ID number nor turns days about.
        sheet.column_dimensions[letter].number_format = "@"
        for number in range(2, _GUIDE_ROWS + 2):
            sheet.cell(number, place).number_format = "@"
    sheet.freeze_panes = "B2"
    choices = book.create_sheet(translate(N_("Choices")))
    listed = {
        "gender": [translate(gender.label) for gender in Gender],
        "category": [translate(category.label) for category in Category],
        "unit": list(units),
    }
    for place, (id, values) in enumerate(listed.items(), start=1):
        for number, value in enumerate(values, start=1):
            put_value(choices.cell(number, place), value)
        _offer(sheet, choices.title, columns, id, get_column_letter(place), len(values))
    _explain(book.create_sheet(translate(N_("How to fill it in"))), columns, translate)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _offer(sheet: Worksheet, title: str, columns: tuple[PeopleColumn, ...], id: str, letter: str, count: int) -> None:
    """Let Excel offer the values of a column of the sheet `title`; other values stay allowed."""
    if not count:
        return
    place = next(place for place, column in enumerate(columns, start=1) if column.id == id)
    offered = DataValidation(
        type="list", formula1=f"'{title}'!${letter}$1:${letter}${count}", allow_blank=True, showErrorMessage=False
    )
    sheet.add_data_validation(offered)
    own = get_column_letter(place)
    offered.add(f"{own}2:{own}{MOST_ROWS + 1}")


def _explain(sheet: Worksheet, columns: tuple[PeopleColumn, ...], translate: Translate) -> None:
    lines = {
        "name": N_("With all marks, as on the papers."),
        "names": N_("Several with a semicolon between them."),
        "gender": N_("Male or female."),
        "date": N_(
            "Day/month/year, month/year or the year alone: as much as the papers say. Leave it empty when nobody knows."
        ),
        "personal_id": N_("12 digits, 9 on old cards. Keep the column as text, or Excel drops the first zero."),
        "category": N_("One of the sheet of choices. A person with two kinds of dossiers has two rows."),
        "unit": N_("A unit or cell of yours by name or code. Empty: your unit."),
        "text": N_("As on the papers."),
    }
    for number, column in enumerate(columns, start=1):
        sheet.cell(number, 1, column.label_vi).font = Font(bold=column.required)
        put_value(sheet.cell(number, 2), translate(N_("needed")) if column.required else None)
        put_value(sheet.cell(number, 3), translate(lines[column.reads]))
    sheet.column_dimensions["A"].width, sheet.column_dimensions["C"].width = 22, 100


def read(content: bytes) -> Table:
    """The table of an .xlsx file; raises `BadInput` for what is none, is too large or lacks a needed heading."""
    if len(content) > MOST_BYTES:
        raise BadInput(
            N_("This file is larger than %(limit)s MB. Divide it into several files."), limit=MOST_BYTES >> 20
        )
    most = MOST_ROWS + _HEADING_WITHIN + 2
    try:
        lines = read_first_sheet(content, rows=most, columns=_MOST_COLUMNS, unpacked=_MOST_UNPACKED)
    except NoTable:
        raise BadInput(
            N_("This is not an Excel file that can be read (.xlsx). Save it anew in Excel as “Excel workbook (.xlsx)”.")
        ) from None
    return _read_lines(lines)


def _read_lines(lines: list[list[str]]) -> Table:
    by_heading = {
        _key(heading): column
        for column in catalogue.people_columns()
        for heading in (*column.headings, column.label_en, column.label_vi)
    }
    top = next(
        (n for n, line in enumerate(lines[:_HEADING_WITHIN]) if _is_heading(line, by_heading)),
        None,
    )
    if top is None:
        raise BadInput(
            N_(
                "No row of headings with “Họ và tên” and “Loại hồ sơ” was found in the first %(rows)s rows. Use the template."
            ),
            rows=_HEADING_WITHIN,
        )
    places: dict[int, str] = {}
    unknown: list[str] = []
    for place, value in enumerate(lines[top]):
        heading = value
        column = by_heading.get(_key(heading))
        if column is not None and column.id not in places.values():
            places[place] = column.id
        elif heading and _key(heading) not in ("stt", "tt", "so thu tu"):
            unknown.append(heading)
    rows = tuple(_rows(lines[top + 1 :], places, first=top + 2))
    if len(rows) > MOST_ROWS:
        raise BadInput(N_("One file holds at most %(limit)s people. Divide it into several files."), limit=MOST_ROWS)
    return Table({id: get_column_letter(place + 1) for place, id in places.items()}, tuple(unknown), rows)


def _is_heading(line: list[str], by_heading: dict[str, PeopleColumn]) -> bool:
    found = {column.id for value in line if (column := by_heading.get(_key(value)))}
    return found >= {column.id for column in catalogue.people_columns() if column.required}


def _rows(lines: list[list[str]], places: dict[int, str], first: int) -> Iterator[Row]:
    for number, line in enumerate(lines, start=first):
        cells = {id: text for place, id in places.items() if place < len(line) and (text := line[place])}
        if not cells:
            continue
        encoding = detect(" ".join(cells.values()))  # files from the nineties, pasted together with newer ones
        if encoding is not None:
            cells = {id: convert(text, encoding) for id, text in cells.items()}
        if not _counts_columns(cells):
            yield Row(number, cells)


def _counts_columns(cells: dict[str, str]) -> bool:
    """Whether this is the row "1 2 3 4" that forms print below their headings."""
    written = [re.sub(r"[()\s]", "", text) for text in cells.values()]
    return (
        len(written) > 2
        and all(text.isdecimal() and len(text) <= 2 for text in written)
        and max(Counter(written).values()) == 1
    )


def _key(heading: str) -> str:
    return " ".join(words(fold(heading)))
