"""Dated rules of days that come by the calendar: the age of retirement, the years of a Party badge.

Knows the rules and their sources; does not know people.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, read_labels, read_validity
from oms.errors import N_

Ages = tuple[tuple[int, int], ...]
"""Year, and age in months at which people retire in it; in the order of the years."""


@dataclass(frozen=True, kw_only=True)
class RetirementRule(Labelled, Dated):
    """The age of retirement by year, for men and for women."""

    men: Ages
    women: Ages

    def leaves_on(self, born: date, *, woman: bool) -> date | None:
        """The last day of work of somebody born in the month of `born`: the end of the month in which the age of that
        year is reached; None for those who reached it before the first row of the table."""
        ages = self.women if woman else self.men
        at_first = born.year * 12 + born.month - 1 + ages[0][1]
        if at_first // 12 < ages[0][0]:
            return None
        for year in range(ages[0][0], ages[-1][0] + 100):
            months = next(age for row, age in reversed(ages) if row <= year)
            reached = born.year * 12 + born.month - 1 + months
            if reached // 12 == year:
                return _end_of_month(reached)
        return None


@dataclass(frozen=True, kw_only=True)
class BadgeRule(Labelled, Dated):
    """The years of membership that are honoured."""

    years: tuple[int, ...]


def _end_of_month(month: int) -> date:
    """The last day of a month counted from the year 0."""
    return date((month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)


def read_milestones(path: Path) -> tuple[tuple[RetirementRule, ...], tuple[BadgeRule, ...]]:
    """The rules of a file; raises `CatalogueError`."""
    top = open_file(path)
    retirement = []
    for entry in top.entries("retirement"):
        rule = RetirementRule(
            **read_labels(entry), **read_validity(entry), men=_ages(entry, "men"), women=_ages(entry, "women")
        )
        entry.finish()
        retirement.append(rule)
    badges = []
    for entry in top.entries("badges"):
        years = tuple(int(year) for year in entry.texts("years"))
        badges.append(BadgeRule(**read_labels(entry), **read_validity(entry), years=years))
        entry.finish()
    top.finish()
    return tuple(retirement), tuple(badges)


def _ages(entry: Entry, key: str) -> Ages:
    try:
        rows = tuple((int(year), 12 * int(years) + int(months)) for year, years, months in entry.lists(key))
    except ValueError:
        rows = ()
    if not rows or list(rows) != sorted(rows):
        raise entry.mistake_at(
            key,
            N_("%(file)s, line %(line)s: “%(key)s” must be rows of year, years and months in the order of the years."),
        )
    return rows


@cache
def _milestones() -> tuple[tuple[RetirementRule, ...], tuple[BadgeRule, ...]]:
    return read_milestones(FOLDER / "milestones.yaml")


def retirement_rule(on: date) -> RetirementRule | None:
    """The rule of retirement in force on the day."""
    return next((rule for rule in _milestones()[0] if rule.in_force(on)), None)


def badge_rule(on: date) -> BadgeRule | None:
    """The rule of Party badges in force on the day."""
    return next((rule for rule in _milestones()[1] if rule.in_force(on)), None)
