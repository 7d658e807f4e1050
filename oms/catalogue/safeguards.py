"""Dated rules of what may be sealed and for how long it is opened, and of how long papers are kept.

Knows the rules and their sources; does not know dossiers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.components import categories, components
from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, overlap, read_labels, read_validity
from oms.errors import N_

OF_DOSSIERS = ("original_set", "party_member_dossier", "whole_dossier")
KINDS = (*OF_DOSSIERS, "surplus_copy", "unfiled_scan")


@dataclass(frozen=True, kw_only=True)
class InsertRule(Labelled, Dated):
    """Which components may be sealed, and how many `minutes` an opening lasts."""

    components: frozenset[str]
    minutes: int


@dataclass(frozen=True, kw_only=True)
class RetentionRule(Labelled, Dated):
    """How long something is kept: for ever (`permanent`), or until a council may let it go, after `days` days or, for
    dossiers of the categories `applies_to`, `years` years from the end of the year in which the person left."""

    what: str
    permanent: bool
    days: int
    years: int
    applies_to: tuple[str, ...]

    def ends_on(self, left: date) -> date | None:
        """The last day of the term of a dossier whose person left on the day; None for what is kept for ever."""
        return None if self.permanent else date(left.year + self.years, 12, 31)

    def begun_before(self, day: date) -> date:
        """The term is over on the day when the person left before this one; never for what is kept for ever."""
        return date.min if self.permanent else date(day.year - self.years, 1, 1)


@dataclass(frozen=True, kw_only=True)
class AccessReviewRule(Labelled, Dated):
    """How often the rights in a unit are reviewed (`months`), how many days before people are reminded, and after how
    many days without a sign-in an account counts as unused."""

    months: int
    remind_days: int
    unused_days: int


Safeguards = tuple[tuple[InsertRule, ...], tuple[RetentionRule, ...], tuple[AccessReviewRule, ...]]


def read_safeguards(path: Path) -> Safeguards:
    """The insert rules, retention rules and rules of access reviews of a file; raises `CatalogueError`."""
    top = open_file(path)
    known = {row.id for category in categories() for row in components(category)}
    inserts: list[InsertRule] = []
    for entry in top.entries("insert_rules"):
        rule = InsertRule(
            **read_labels(entry),
            components=frozenset(entry.choices("components", known)),
            minutes=entry.number("minutes"),
            **read_validity(entry),
        )
        entry.finish()
        if any(overlap(rule, other) for other in inserts):
            raise entry.mistake("two rules of sealed inserts hold on one day")
        inserts.append(rule)
    retention: list[RetentionRule] = []
    for entry in top.entries("retention_rules"):
        kept = RetentionRule(
            **read_labels(entry),
            what=entry.choice("what", KINDS),
            permanent=entry.flag("permanent"),
            days=entry.number_or_none("days") or 0,
            years=entry.number_or_none("years") or 0,
            applies_to=entry.choices("applies_to", categories()) if entry.has("applies_to") else (),
            **read_validity(entry),
        )
        entry.finish()
        _check_dossier_rule(entry, kept, retention)
        retention.append(kept)
    reviews = _read_reviews(top)
    top.finish()
    return tuple(inserts), tuple(retention), reviews


def _read_reviews(top: Entry) -> tuple[AccessReviewRule, ...]:
    found: list[AccessReviewRule] = []
    for entry in top.entries("access_review_rules") if top.has("access_review_rules") else ():
        rule = AccessReviewRule(
            **read_labels(entry),
            months=entry.number("months"),
            remind_days=entry.number("remind_days"),
            unused_days=entry.number("unused_days"),
            **read_validity(entry),
        )
        entry.finish()
        if any(overlap(rule, other) for other in found):
            raise entry.mistake(N_("%(file)s, line %(line)s: two rules of access reviews hold on one day."))
        found.append(rule)
    return tuple(found)


def _check_dossier_rule(entry: Entry, rule: RetentionRule, others: Sequence[RetentionRule]) -> None:
    """A rule of dossiers names them, and a term or none; two of one category never hold on one day."""
    if (rule.what in OF_DOSSIERS) != bool(rule.applies_to) or (rule.what == "whole_dossier") != bool(rule.years):
        raise entry.mistake(
            N_(
                "%(file)s, line %(line)s: a rule of dossiers names its categories, and years unless it keeps them for ever."
            )
        )
    if any(set(rule.applies_to) & set(other.applies_to) and overlap(rule, other) for other in others):
        raise entry.mistake(N_("%(file)s, line %(line)s: two terms of one category of dossiers hold on one day."))


@cache
def _safeguards() -> Safeguards:
    return read_safeguards(FOLDER / "safeguards.yaml")


def insert_rule(on: date) -> InsertRule | None:
    """The rule of sealed inserts in force on the day, None when nothing may be sealed."""
    return next((rule for rule in _safeguards()[0] if rule.in_force(on)), None)


def retention_rules(on: date) -> tuple[RetentionRule, ...]:
    """The schedule in force on the day."""
    return tuple(rule for rule in _safeguards()[1] if rule.in_force(on))


def dossier_retention(category: str, on: date) -> RetentionRule | None:
    """The rule dossiers of a category are kept by on the day; None when there is none."""
    return next((rule for rule in retention_rules(on) if category in rule.applies_to), None)


def access_review_rule(on: date) -> AccessReviewRule | None:
    """The rule of access reviews in force on the day, None when nobody is reminded."""
    return next((rule for rule in _safeguards()[2] if rule.in_force(on)), None)


def whole_dossier_rules() -> frozenset[str]:
    """The ids of the rules, of whatever day, by which a whole dossier may be let go."""
    return frozenset(rule.id for rule in _safeguards()[1] if rule.what == "whole_dossier")
