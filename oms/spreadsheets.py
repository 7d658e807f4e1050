"""Excel files that leave the house: a list with its headings, and a page that says who took it and what for.

Text stays text: what a table program would take for a formula is never one. Knows no database and no page.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Value = str | int | date | None
_LINE = Side(style="thin")
_GRID = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
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


@dataclass(frozen=True)
class Form:
    """An official form as a sheet: lines above it (left and right), columns with their headings from above down and their
    width, rows, a last row of sums (empty: none), and who signs below."""

    above: Sequence[tuple[str, str]]
    columns: Sequence[tuple[tuple[str, ...], float]]
    rows: Sequence[Sequence[Value]]
    total: Sequence[Value] = ()
    signers: Sequence[str] = ()


def write_form(title: str, form: Form, about: tuple[str, Sequence[tuple[str, Value]]]) -> bytes:
    """An .xlsx file in the layout of the form, its columns counted below the headings; `about` as in `write_list`."""
    book = Workbook()
    sheet: Worksheet = book.active  # type: ignore[assignment]
    sheet.title = title.translate(_NOT_IN_TITLES)[:_TITLE_LENGTH]
    bold, middle = Font(bold=True), Alignment(wrap_text=True, vertical="center", horizontal="center")
    for row, (left, right) in enumerate(form.above, start=1):
        put_value(sheet.cell(row, 1), left)
        put_value(sheet.cell(row, max(2, len(form.columns) - 4)), right)
        sheet.cell(row, 1).font = bold
    top = len(form.above) + 2
    first = top + _put_heads(sheet, form.columns, top)
    for place, (_heads, width) in enumerate(form.columns, start=1):
        put_value(sheet.cell(first, place), place)
        sheet.column_dimensions[get_column_letter(place)].width = width
    last = first
    for values in (*form.rows, *([form.total] if form.total else [])):
        last += 1
        for place, value in enumerate(values, start=1):
            put_value(sheet.cell(last, place), value)
    for row in range(top, last + 1):
        for place in range(1, len(form.columns) + 1):
            box = sheet.cell(row, place)
            box.border = _GRID
            if row <= first:
                box.font, box.alignment = bold, middle
            elif form.total and row == last:
                box.font = bold
    for place, signer in enumerate(form.signers):
        column = 2 if place == 0 else max(4, len(form.columns) - 4)
        put_value(sheet.cell(last + 2, column), signer)
        sheet.cell(last + 2, column).font = bold
    sheet.freeze_panes = f"C{first + 1}"
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    _tell(book.create_sheet(about[0]), about[1])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _put_heads(sheet: Worksheet, columns: Sequence[tuple[tuple[str, ...], float]], top: int) -> int:
    """Headings over each other, what columns share written once across them; how many rows they take."""
    depth = max(len(heads) for heads, _width in columns)
    for level in range(depth):
        place = 1
        for path, group in groupby(heads[: level + 1] for heads, _width in columns):
            width = len(list(group))
            if len(path) > level:
                put_value(sheet.cell(top + level, place), path[level])
                leaf = place if width == 1 else 0
                down = depth - len(columns[leaf - 1][0]) if leaf and len(columns[leaf - 1][0]) == level + 1 else 0
                if width > 1 or down:
                    sheet.merge_cells(
                        start_row=top + level,
                        end_row=top + level + down,
                        start_column=place,
                        end_column=place + width - 1,
                    )
            place += width
    return depth


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
