"""Dated rules of days that come by the calendar: the age of retirement, the years of a Party badge, pay rises, terms of
posts and contracts, disciplines in force, and how many days ahead they are told.

Knows the rules and their sources; does not know people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from oms.catalogue.checks import check_rules
from oms.catalogue.components import categories
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
        for year in range(at_first // 12, ages[-1][0] + 100):  # ages only rise
            months = next(age for row, age in reversed(ages) if row <= year)
            reached = born.year * 12 + born.month - 1 + months
            if reached // 12 == year:
                return _end_of_month(reached)
        return None


@dataclass(frozen=True, kw_only=True)
class BadgeRule(Labelled, Dated):
    """The years of membership that are honoured."""

    years: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class PayRiseRule(Labelled, Dated):
    """Months in a step by pay group, months a discipline puts a rise off, the allowance beyond the last step in per
    cent (`beyond_first`, then `beyond_more` every `beyond_months`)."""

    applies_to: tuple[str, ...]
    months: Mapping[str, int]
    delays: Mapping[str, int]
    beyond_first: int
    beyond_more: int
    beyond_months: int


@dataclass(frozen=True, kw_only=True)
class PostRule(Labelled, Dated):
    """Years of a term of a post; which papers appoint, told by component and title."""

    years: int
    components: tuple[str, ...]
    words: tuple[str, ...]
    not_words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ContractRule(Labelled, Dated):
    """Which papers bear the term of a contract, and which end the work before it."""

    components: tuple[str, ...]
    ended_by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DisciplineRule(Labelled, Dated):
    """Months a discipline of these forms is in force, and which papers are such decisions."""

    months: int
    forms: tuple[str, ...]
    components: tuple[str, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReminderRule(Labelled, Dated):
    """How many days ahead the start page tells of the lists, the fewest first."""

    days: tuple[int, ...]


@dataclass(frozen=True)
class MilestoneRules:
    """All rules of a file."""

    retirement: tuple[RetirementRule, ...]
    badges: tuple[BadgeRule, ...]
    pay_rises: tuple[PayRiseRule, ...]
    posts: tuple[PostRule, ...]
    contracts: tuple[ContractRule, ...]
    disciplines: tuple[DisciplineRule, ...]
    reminders: tuple[ReminderRule, ...]


def _end_of_month(month: int) -> date:
    """The last day of a month counted from the year 0."""
    return date((month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)


def read_milestones(path: Path) -> MilestoneRules:
    """The rules of a file; raises `CatalogueError`."""
    top = open_file(path)
    found: dict[str, list[Any]] = {key: [] for key in _READERS}
    for key, (kind, read) in _READERS.items():
        for entry in top.entries(key):
            found[key].append(kind(**read_labels(entry), **read_validity(entry), **read(entry)))
            entry.finish()
    top.finish()
    return MilestoneRules(**{key: tuple(rules) for key, rules in found.items()})


def _pay_rise(entry: Entry) -> dict[str, Any]:
    groups = {group.id for group in check_rules().groups}
    months = _numbers(entry, "months")
    for group in months:
        if group not in groups:
            message = N_("%(file)s, line %(line)s: “%(value)s” is not known as %(key)s. Known: %(known)s.")
            raise entry.mistake_at("months", message, value=group, known=", ".join(sorted(groups)))
    return {
        "applies_to": entry.choices("applies_to", categories()),
        "months": months,
        "delays": _numbers(entry, "delays"),
        **{key: entry.number(key) for key in ("beyond_first", "beyond_more", "beyond_months")},
    }


def _post(entry: Entry) -> dict[str, Any]:
    return {"years": entry.number("years"), **_texts(entry, "components", "words", "not_words")}


def _discipline(entry: Entry) -> dict[str, Any]:
    return {"months": entry.number("months"), **_texts(entry, "forms", "components", "words")}


def _texts(entry: Entry, *keys: str) -> dict[str, Any]:
    return {key: entry.texts(key) for key in keys}


def _numbers(entry: Entry, key: str) -> dict[str, int]:
    try:
        return {name: int(number) for name, number in entry.lists(key)}
    except ValueError:
        raise entry.mistake_at(
            key, N_("%(file)s, line %(line)s: “%(key)s” must be rows of a name and a whole number.")
        ) from None


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


_READERS: Mapping[str, tuple[type[Any], Any]] = {
    "retirement": (RetirementRule, lambda entry: {"men": _ages(entry, "men"), "women": _ages(entry, "women")}),
    "badges": (BadgeRule, lambda entry: {"years": tuple(int(year) for year in entry.texts("years"))}),
    "pay_rises": (PayRiseRule, _pay_rise),
    "posts": (PostRule, _post),
    "contracts": (ContractRule, lambda entry: _texts(entry, "components", "ended_by")),
    "disciplines": (DisciplineRule, _discipline),
    "reminders": (ReminderRule, lambda entry: {"days": tuple(sorted(int(days) for days in entry.texts("days")))}),
}

_Rule = TypeVar("_Rule", bound=Dated)


@cache
def _milestones() -> MilestoneRules:
    return read_milestones(FOLDER / "milestones.yaml")


def _in_force(rules: tuple[_Rule, ...], on: date) -> _Rule | None:
    return next((rule for rule in rules if rule.in_force(on)), None)


def retirement_rule(on: date) -> RetirementRule | None:
    """The rule of retirement in force on the day."""
    return _in_force(_milestones().retirement, on)


def badge_rule(on: date) -> BadgeRule | None:
    """The rule of Party badges in force on the day."""
    return _in_force(_milestones().badges, on)


def pay_rise_rule(on: date) -> PayRiseRule | None:
    """The rule of regular pay rises in force on the day."""
    return _in_force(_milestones().pay_rises, on)


def post_rule(on: date) -> PostRule | None:
    """The rule of terms of posts in force on the day."""
    return _in_force(_milestones().posts, on)


def contract_rule(on: date) -> ContractRule | None:
    """Which papers bear the term of a contract, by the rule in force on the day."""
    return _in_force(_milestones().contracts, on)


def discipline_rule(on: date) -> DisciplineRule | None:
    """How long disciplines are in force, by the rule of the day."""
    return _in_force(_milestones().disciplines, on)


def reminder_rule(on: date) -> ReminderRule | None:
    """How many days ahead lists are told, by the rule of the day."""
    return _in_force(_milestones().reminders, on)
