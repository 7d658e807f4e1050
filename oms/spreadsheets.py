"""Excel files that leave the house: a list with its headings, and a page that says who took it and what for.

Text stays text: what a table program would take for a formula is never one. Knows no database and no page.
"""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Value = str | int | date | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_TITLE_LENGTH = 31
_NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def write_list(
    title: str,
    columns: Sequence[tuple[str, float]],
    rows: Iterable[Sequence[Value]],
    about: tuple[str, Sequence[tuple[str, Value]]] | None = None,
) -> bytes:
    """An .xlsx file: `columns` are headings with their width in characters; `about` a second page and its facts."""
    book = Workbook()
    sheet: Worksheet = book.active  # type: ignore[assignment]
    sheet.title = title.translate(_NOT_IN_TITLES)[:_TITLE_LENGTH]
    for place, (heading, width) in enumerate(columns, start=1):
        cell = sheet.cell(1, place)
        put_value(cell, heading)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(place)].width = width
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            put_value(sheet.cell(number, place), value)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    if about is not None:
        _tell(book.create_sheet(about[0]), about[1])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _tell(sheet: Worksheet, facts: Sequence[tuple[str, Value]]) -> None:
    for number, (label, value) in enumerate(facts, start=1):
        put_value(sheet.cell(number, 1), label)
        put_value(sheet.cell(number, 2), value)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 70


def put_value(cell: Cell | MergedCell, value: Value) -> None:
    """Set a cell; text stays text, whatever it begins with."""
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.value = text
        cell.data_type = "s"
        if text.startswith(_FORMULA):
            cell.quotePrefix = True  # table programs that edit the cell keep taking it as text
        return
    cell.value = value
    if isinstance(value, date) and not isinstance(value, datetime):
        cell.number_format = "dd/mm/yyyy"
