"""Dated rules of what may be sealed and for how long it is opened, and of how long papers are kept.

Knows the rules and their sources; does not know dossiers.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.components import categories, components
from oms.catalogue.reading import FOLDER, open_file
from oms.catalogue.terms import Dated, Labelled, overlap, read_labels, read_validity

KINDS = ("original_set", "party_member_dossier", "surplus_copy", "unfiled_scan")


@dataclass(frozen=True, kw_only=True)
class InsertRule(Labelled, Dated):
    """Which components may be sealed, and how many `minutes` an opening lasts."""

    components: frozenset[str]
    minutes: int


@dataclass(frozen=True, kw_only=True)
class RetentionRule(Labelled, Dated):
    """How long something is kept: for ever (`permanent`), or until a council may let it go, after `days` days."""

    what: str
    permanent: bool
    days: int


def read_safeguards(path: Path) -> tuple[tuple[InsertRule, ...], tuple[RetentionRule, ...]]:
    """The insert rules and retention rules of a file; raises `CatalogueError`."""
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
        retention.append(
            RetentionRule(
                **read_labels(entry),
                what=entry.choice("what", KINDS),
                permanent=entry.flag("permanent"),
                days=entry.number_or_none("days") or 0,
                **read_validity(entry),
            )
        )
        entry.finish()
    top.finish()
    return tuple(inserts), tuple(retention)


@cache
def _safeguards() -> tuple[tuple[InsertRule, ...], tuple[RetentionRule, ...]]:
    return read_safeguards(FOLDER / "safeguards.yaml")


def insert_rule(on: date) -> InsertRule | None:
    """The rule of sealed inserts in force on the day, None when nothing may be sealed."""
    return next((rule for rule in _safeguards()[0] if rule.in_force(on)), None)


def retention_rules(on: date) -> tuple[RetentionRule, ...]:
    """The schedule in force on the day."""
    return tuple(rule for rule in _safeguards()[1] if rule.in_force(on))
