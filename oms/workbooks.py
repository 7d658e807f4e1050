"""Excel files that come in: the first sheet as text, read in the box.

A cell is what would be typed into it: days as day/month/year, whole numbers without a point, formulas as the value they
had. Knows no heading and no limit: whoever asks says how many rows and columns are taken, and how large a file may swell.
"""

import json
import zipfile
from collections.abc import Iterable
from datetime import date
from typing import BinaryIO

from openpyxl import load_workbook

from oms import box
from oms.vietnamese.text import nfc

_LONGEST_CELL = 400
"""Characters of one cell: more is no value of a list."""

_LARGEST = 16 * 1024**2
"""Bytes of all texts: ten thousand rows of twenty columns have four million."""


class NoTable(Exception):
    """Not an Excel file that can be read; `too_large` when it would swell to more than it may."""

    def __init__(self, *, too_large: bool = False) -> None:
        super().__init__("too large" if too_large else "no table")
        self.too_large = too_large


def read_first_sheet(content: bytes, *, rows: int, columns: int, unpacked: int) -> list[list[str]]:
    """The texts of at most `rows` rows and `columns` columns; raises `NoTable`, also for more than `unpacked` bytes."""
    try:
        _, data = box.call(take_cells, content, most=_LARGEST, rows=rows, columns=columns, unpacked=unpacked)
        return [[" ".join(nfc(text).split())[:_LONGEST_CELL] for text in line] for line in _believe(data)]
    except box.Said as said:
        raise NoTable(too_large=said.word == "size") from None
    except (box.Broke, TypeError, ValueError, RecursionError):
        raise NoTable from None


def _believe(data: bytearray) -> Iterable[list[str]]:
    lines = json.loads(data)
    if not isinstance(lines, list):
        raise TypeError("no lines")
    for line in lines:
        if not isinstance(line, list) or not all(isinstance(text, str) for text in line):
            raise TypeError("no texts")
        yield line


def take_cells(file: BinaryIO, rows: int, columns: int, unpacked: int) -> tuple[None, bytes]:
    """In the box: the cells of the first sheet as texts, in JSON."""
    with zipfile.ZipFile(file) as parts:
        if sum(part.file_size for part in parts.infolist()) > unpacked:
            raise box.Said("size")
        if "[Content_Types].xml" not in parts.namelist():
            raise box.Said("no-table")
    book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    lines = sheet.iter_rows(max_row=rows, max_col=columns, values_only=True)
    texts = [[_text(value)[: 2 * _LONGEST_CELL] for value in line] for line in lines]
    return None, json.dumps(texts, ensure_ascii=False).encode()


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, date):  # and times of a day
        return f"{value:%d/%m/}{value.year:04d}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
