"""Which days are working days: weekends, the days off of a year, and Saturdays worked in their place."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, Source, read_labels, read_validity, refuse_repeated
from oms.errors import N_

SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class YearOfWork:
    """What the notice of one year says."""

    days_off: frozenset[date]
    worked_weekends: frozenset[date]
    basis: str
    source: Source


@dataclass(frozen=True, kw_only=True)
class Holiday(Labelled, Dated):
    """A day off that comes back every year on the same `day` (mm-dd)."""

    day: str


@dataclass(frozen=True)
class Calendar:
    """The notices by year, and what holds for a year without one."""

    years: dict[int, YearOfWork]
    every_year: tuple[Holiday, ...]

    def is_working_day(self, day: date) -> bool:
        """True when offices work on that day."""
        notice = self.years.get(day.year)
        if notice is not None and day in notice.worked_weekends:
            return True
        if day.weekday() >= SATURDAY:
            return False
        if notice is not None:
            return day not in notice.days_off
        return not any(holiday.day == f"{day:%m-%d}" and holiday.in_force(day) for holiday in self.every_year)

    def after(self, start: date, amount: int) -> date:
        """The last of `amount` working days that follow `start`, which is not counted."""
        day = start
        while amount > 0:
            day += timedelta(days=1)
            amount -= self.is_working_day(day)
        return day


def read_working_days(path: Path) -> Calendar:
    """The calendar of a file; raises `CatalogueError`."""
    top = open_file(path)
    years: dict[int, YearOfWork] = {}
    for entry in top.entries("years"):
        year = entry.number("year")
        if year in years:
            raise entry.mistake_at("year", N_("%(file)s, line %(line)s: “%(key)s” is given twice."))
        years[year] = YearOfWork(
            days_off=_days(entry, "days_off", year),
            worked_weekends=_days(entry, "worked_weekends", year),
            basis=entry.text("basis"),
            source=Source(entry.choice("source", list(Source))),
        )
        entry.finish()
    holidays: dict[str, Holiday] = {}
    for entry in top.entries("every_year"):
        refuse_repeated(entry, entry.text("id"), holidays)
        if not re.fullmatch(r"\d\d-\d\d", entry.text("day")):
            message = N_("%(file)s, line %(line)s: “%(value)s” is no day of the year. Write it as 09-02.")
            raise entry.mistake_at("day", message, value=entry.text("day"))
        holiday = Holiday(**read_labels(entry), day=entry.text("day"), **read_validity(entry))
        holidays[holiday.id] = holiday
        entry.finish()
    top.finish()
    return Calendar(years, tuple(holidays.values()))


def _days(entry: Entry, key: str, year: int) -> frozenset[date]:
    found = set()
    for text in entry.texts(key):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            message = N_("%(file)s, line %(line)s: “%(value)s” is no date. Write it as 2026-11-24.")
            raise entry.mistake_at(key, message, value=text) from None
        if day.year != year:
            message = N_("%(file)s, line %(line)s: %(value)s does not lie in the year of this row.")
            raise entry.mistake_at(key, message, value=text)
        found.add(day)
    return frozenset(found)


@cache
def calendar_of_work() -> Calendar:
    """The calendar of this installation's catalogue."""
    return read_working_days(FOLDER / "working_days.yaml")
