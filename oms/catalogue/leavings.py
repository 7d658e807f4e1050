"""Dated rules of what becomes of a dossier when somebody leaves: who gets copies of which papers, and how many.

Knows the rules and their sources; does not know people or dossiers.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.components import categories, component_groups
from oms.catalogue.reading import FOLDER, open_file
from oms.catalogue.terms import Dated, Labelled, overlap, read_labels, read_validity
from oms.errors import N_

RECEIVERS = ("person", "family")
WAYS = ("retirement", "resignation", "death")


@dataclass(frozen=True, kw_only=True)
class LeavingRule(Labelled, Dated):
    """One way of leaving, for dossiers of these categories: copies of `components` and `groups` for the `receiver`,
    at most `most` times."""

    applies_to: tuple[str, ...]
    receiver: str
    components: tuple[str, ...]
    groups: tuple[str, ...]
    most: int


def read_leavings(path: Path) -> tuple[LeavingRule, ...]:
    """The rules of a file, at most one per way, category and day; raises `CatalogueError`."""
    top = open_file(path)
    found: list[LeavingRule] = []
    groups = {group.id for group in component_groups()}
    for entry in top.entries("ways"):
        entry.choice("id", WAYS)
        rule = LeavingRule(
            **read_labels(entry),
            **read_validity(entry),
            applies_to=entry.choices("applies_to", categories()),
            receiver=entry.choice("receiver", RECEIVERS),
            components=entry.texts("components"),
            groups=entry.choices("groups", groups),
            most=entry.number("most"),
        )
        entry.finish()
        for other in found:
            if rule.id == other.id and set(rule.applies_to) & set(other.applies_to) and overlap(rule, other):
                raise entry.mistake(N_("%(file)s, line %(line)s: the id “%(id)s” is used twice."), id=rule.id)
        found.append(rule)
    top.finish()
    return tuple(found)


@cache
def _leavings() -> tuple[LeavingRule, ...]:
    return read_leavings(FOLDER / "leavings.yaml")


def leaving_rule(way: str, category: str, on: date) -> LeavingRule | None:
    """The rule of a way of leaving for a category on the day; None when there is none."""
    rules = (rule for rule in _leavings() if rule.id == way and category in rule.applies_to)
    return next((rule for rule in rules if rule.in_force(on)), None)
