"""Spans of time as careers write them ("9/1998 - 8/2003", "Từ tháng 10 năm 2010 đến nay"), in months.

What the paper does not say stays open: a year alone can be any of its months, so a span knows the earliest and the
latest month it can begin and end in. Nothing is invented.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date

from oms.vietnamese.dates import ImpossibleDate, Precision, WrittenDate, parse_date
from oms.vietnamese.text import fold, nfc

OPEN_END = re.compile(r"(?:den|toi)?\s*(?:nay|hien nay|hien tai|bay gio)\s*\.?")
_BETWEEN = re.compile(r"\s*(?:đến|tới|->|→|[-–—])\s*", re.IGNORECASE)
_BEFORE = re.compile(r"^\s*từ\s+", re.IGNORECASE)


def month_of(day: date) -> int:
    """Months counted from the year 0, so that two can be subtracted."""
    return day.year * 12 + day.month - 1


def add_months(day: date, months: int) -> date:
    """The same day so many months later or, with fewer than none, earlier; the last day of a month that has none such."""
    year, month = divmod(month_of(day) + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_of(written: WrittenDate) -> tuple[int, int]:
    """The earliest and the latest month a written date can mean."""
    first = month_of(written.first)
    return first, first + (11 if written.precision == Precision.YEAR else 0)


@dataclass(frozen=True)
class Span:
    """A span from a written date to another, or to the present when `end` is None."""

    start: WrittenDate
    end: WrittenDate | None

    @property
    def begins(self) -> tuple[int, int]:
        """The earliest and latest month it can begin in."""
        return months_of(self.start)

    @property
    def ends(self) -> tuple[int, int] | None:
        """The earliest and latest month it can end in; None while it lasts."""
        return months_of(self.end) if self.end else None


def parse_span(text: str) -> Span | None:
    """The span a text consists of; None when it is written otherwise, or names a day that does not exist."""
    written = _BEFORE.sub("", " ".join(nfc(text).split()))
    parts = [part for part in _BETWEEN.split(written) if part.strip()]
    if len(parts) != 2:  # a moment is no span
        return None
    start, end = _day(parts[0]), _day(parts[1])
    if start is None:
        return None
    if end is None:
        return Span(start, None) if OPEN_END.fullmatch(fold(parts[1])) else None
    return Span(start, end) if months_of(end)[1] >= months_of(start)[0] else None


def _day(text: str) -> WrittenDate | None:
    try:
        return parse_date(text)
    except ImpossibleDate:
        return None
