"""Dated rules of correction: whose head decides that a value is wrong, and which values no decision changes.

Knows the rules and their sources; does not know people or dossiers.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

from oms.catalogue.components import categories
from oms.catalogue.reading import FOLDER, open_file
from oms.catalogue.terms import Dated, Labelled, overlap, read_labels, read_validity
from oms.errors import N_, NotFound


class Decider(StrEnum):
    """Whose head decides."""

    MANAGING_BODY = "managing_body"
    """The body that manages the dossier, wherever it is kept."""
    CUSTODIAN = "custodian"
    """The body that keeps the dossier on the day of the decision."""


@dataclass(frozen=True, kw_only=True)
class DecidingRule(Labelled, Dated):
    """Who decides about dossiers of these categories."""

    applies_to: tuple[str, ...]
    decided_by: Decider


@dataclass(frozen=True, kw_only=True)
class FixedValue(Labelled, Dated):
    """Values that stay as they are: `fields` (all when empty), of members only, or shortly before retirement only."""

    applies_to: tuple[str, ...]
    fields: tuple[str, ...]
    members_only: bool
    months_before_retirement: int | None

    def concerns(self, category: str, field: str, on: date) -> bool:
        """Whether the rule speaks of this value on the day, member and retirement aside."""
        return self.in_force(on) and category in self.applies_to and (not self.fields or field in self.fields)


def read_corrections(path: Path) -> tuple[tuple[DecidingRule, ...], tuple[FixedValue, ...]]:
    """The rules of a file, at most one decider per category and day; raises `CatalogueError`."""
    top = open_file(path)
    deciders: list[DecidingRule] = []
    for entry in top.entries("deciders"):
        rule = DecidingRule(
            **read_labels(entry),
            **read_validity(entry),
            applies_to=entry.choices("applies_to", categories()),
            decided_by=Decider(entry.choice("decided_by", list(Decider))),
        )
        entry.finish()
        for other in deciders:
            if set(rule.applies_to) & set(other.applies_to) and overlap(rule, other):
                message = N_("%(file)s, line %(line)s: the rules “%(id)s” and “%(other)s” decide the same correction.")
                raise entry.mistake(message, id=rule.id, other=other.id)
        deciders.append(rule)
    fixed: list[FixedValue] = []
    for entry in top.entries("fixed_values"):
        fixed.append(
            FixedValue(
                **read_labels(entry),
                **read_validity(entry),
                applies_to=entry.choices("applies_to", categories()),
                fields=entry.texts("fields"),
                members_only=entry.flag("members_only"),
                months_before_retirement=entry.number_or_none("months_before_retirement"),
            )
        )
        entry.finish()
    top.finish()
    return tuple(deciders), tuple(fixed)


@cache
def _corrections() -> tuple[tuple[DecidingRule, ...], tuple[FixedValue, ...]]:
    return read_corrections(FOLDER / "corrections.yaml")


def correction_rule(category: str, on: date) -> DecidingRule:
    """Who decides about a dossier of this category on the day; `NotFound` when no rule says it."""
    for rule in _corrections()[0]:
        if category in rule.applies_to and rule.in_force(on):
            return rule
    raise NotFound(N_("The catalogue does not say who decides corrections of such a dossier."))


def fixed_values(category: str, field: str, on: date) -> tuple[FixedValue, ...]:
    """The rules that may keep this value as it is on the day."""
    return tuple(rule for rule in _corrections()[1] if rule.concerns(category, field, on))
