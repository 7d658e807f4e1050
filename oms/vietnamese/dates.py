"""Dates as papers write them, with the precision they really have.

A year alone stays a year: the missing day and month are never invented (the stored first day of the period
only serves sorting). Two-digit years are not read, because a person has to decide the century.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from oms.vietnamese.text import nfc


class Precision(StrEnum):
    """How much of a date the paper says."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, order=True)
class WrittenDate:
    """A date from a paper; `first` is the day itself, or the first day of the month or year it names."""

    first: date
    precision: Precision = Precision.DAY

    def __str__(self) -> str:
        return format_date(self)


class ImpossibleDate(ValueError):
    """A text that is written like a date but names a day that does not exist (31/02/1998)."""

    def __init__(self, written: str) -> None:
        super().__init__(f"{written} is not a day of the calendar")
        self.written = written


_YEAR = r"(?P<year>(?:1[89]|20|21)\d\d)"
_GAP = r"[\s.…]*"  # forms have dotted leaders between the words
_FORMS = (
    rf"ngày{_GAP}(?P<day>\d{{1,2}}){_GAP}tháng{_GAP}(?P<month>\d{{1,2}}){_GAP}năm{_GAP}{_YEAR}",
    rf"(?:ngày{_GAP})?(?P<day>\d{{1,2}})\s?(?P<mark>[/.-])\s?(?P<month>\d{{1,2}})\s?(?P=mark)\s?{_YEAR}",
    rf"tháng{_GAP}(?P<month>\d{{1,2}}){_GAP}năm{_GAP}{_YEAR}",
    rf"(?:tháng{_GAP})?(?P<month>\d{{1,2}})\s?[/.-]\s?{_YEAR}",
    rf"(?:năm{_GAP})?{_YEAR}",
)
_WHOLE = tuple(re.compile(rf"\s*{form}[\s.]*", re.IGNORECASE) for form in _FORMS)
_INSIDE = tuple(re.compile(rf"(?<![\d/.-]){form}(?![\d/-]|\.\d)", re.IGNORECASE) for form in _FORMS[:2])

_GAPS = re.compile(r"ng[aàảáạ]y\s+(\S{1,3})\s+th[aáàả]ng\s+(\S{1,3})\s+n[aăâắằ]m\s+(\S{4})(?!\S{2})", re.IGNORECASE)
_FIGURES = str.maketrans(
    dict.fromkeys("lIiTLÌÏÍìíïĨ][!|", "1") | dict.fromkeys("OoØDĐÔ", "0") | {"S": "5", "Š": "5", "B": "8", "ó": "6"}
)


def parse_date(text: str) -> WrittenDate | None:
    """The date `text` consists of (dd/mm/yyyy, "ngày 3 tháng 2 năm 1998", mm/yyyy, yyyy), None when it is
    written otherwise; raises `ImpossibleDate` for 31/02/1998."""
    stored = nfc(text)
    for form in _WHOLE:
        if match := form.fullmatch(stored):
            return _read(match)
    return None


def find_date(text: str) -> WrittenDate | None:
    """The first possible full date inside `text`, the worded form ("ngày … tháng … năm …") before figures."""
    stored = nfc(text)
    for form in _INSIDE:
        for match in form.finditer(stored):
            try:
                return _read(match)
            except ImpossibleDate:  # a misread figure; a later date of the same page may be right
                continue
    return None


def guess_date(text: str) -> WrittenDate | None:
    """The worded date inside `text` with letters in its gaps taken for the figures they look like (tháng ll: 11); only
    for a proposal that is marked as such. None when a gap holds anything else."""
    match = _GAPS.search(nfc(text))
    if match is None:
        return None
    written = (part[:2] if len(part) == 3 and part[2] in "]|)!" else part for part in match.groups())
    day, month, year = (part.translate(_FIGURES) for part in written)
    if not (day + month + year).isdigit() or not year.startswith(("1", "2")):
        return None
    try:
        return WrittenDate(date(int(year), int(month), int(day)), Precision.DAY)
    except ValueError:
        return None


def format_date(written: WrittenDate) -> str:
    """The date in figures, as exact as it is known: 03/02/1998, 02/1998 or 1998."""
    return written.first.strftime({"day": "%d/%m/", "month": "%m/", "year": ""}[written.precision]) + _year(written)


def format_in_words(written: WrittenDate) -> str:
    """The date as letters are dated: "ngày 03 tháng 02 năm 1998" (Nghị định 30/2020/NĐ-CP, Phụ lục I)."""
    shape = {"day": "ngày %d tháng %m năm ", "month": "tháng %m năm ", "year": "năm "}[written.precision]
    return written.first.strftime(shape) + _year(written)


def _year(written: WrittenDate) -> str:
    return f"{written.first.year:04d}"


def _read(match: re.Match[str]) -> WrittenDate:
    found = match.groupdict()
    day, month = found.get("day"), found.get("month")
    precision = Precision.DAY if day else Precision.MONTH if month else Precision.YEAR
    try:
        return WrittenDate(date(int(found["year"]), int(month or 1), int(day or 1)), precision)
    except ValueError:
        raise ImpossibleDate(match[0].strip()) from None
