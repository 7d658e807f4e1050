"""Dated rules of correction and attestation: whose head decides that a value is wrong, whose head attests, and which
values no decision changes.

Knows the rules and their sources; does not know people or dossiers.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

from oms.catalogue.components import categories
from oms.catalogue.reading import FOLDER, Entry, open_file
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


@dataclass(frozen=True)
class CorrectionRules:
    """All rules of a file."""

    deciders: tuple[DecidingRule, ...]
    attesters: tuple[DecidingRule, ...]
    fixed_values: tuple[FixedValue, ...]


def read_corrections(path: Path) -> CorrectionRules:
    """The rules of a file, at most one decider and one attester per category and day; raises `CatalogueError`."""
    top = open_file(path)
    rules = CorrectionRules(
        _read_deciders(top, "deciders"),
        _read_deciders(top, "attesters"),
        tuple(_read_fixed(entry) for entry in top.entries("fixed_values")),
    )
    top.finish()
    return rules


def _read_deciders(top: Entry, key: str) -> tuple[DecidingRule, ...]:
    found: list[DecidingRule] = []
    for entry in top.entries(key):
        rule = DecidingRule(
            **read_labels(entry),
            **read_validity(entry),
            applies_to=entry.choices("applies_to", categories()),
            decided_by=Decider(entry.choice("decided_by", list(Decider))),
        )
        entry.finish()
        for other in found:
            if set(rule.applies_to) & set(other.applies_to) and overlap(rule, other):
                message = N_("%(file)s, line %(line)s: the rules “%(id)s” and “%(other)s” decide the same correction.")
                raise entry.mistake(message, id=rule.id, other=other.id)
        found.append(rule)
    return tuple(found)


def _read_fixed(entry: Entry) -> FixedValue:
    fixed = FixedValue(
        **read_labels(entry),
        **read_validity(entry),
        applies_to=entry.choices("applies_to", categories()),
        fields=entry.texts("fields"),
        members_only=entry.flag("members_only"),
        months_before_retirement=entry.number_or_none("months_before_retirement"),
    )
    entry.finish()
    return fixed


@cache
def _corrections() -> CorrectionRules:
    return read_corrections(FOLDER / "corrections.yaml")


def correction_rule(category: str, on: date) -> DecidingRule:
    """Who decides about a dossier of this category on the day; `NotFound` when no rule says it."""
    for rule in _corrections().deciders:
        if category in rule.applies_to and rule.in_force(on):
            return rule
    raise NotFound(N_("The catalogue does not say who decides corrections of such a dossier."))


def attestation_rule(category: str, on: date) -> DecidingRule:
    """Who attests a dossier of this category on the day; `NotFound` when no rule says it."""
    for rule in _corrections().attesters:
        if category in rule.applies_to and rule.in_force(on):
            return rule
    raise NotFound(N_("The catalogue does not say who attests such a dossier."))


def fixed_values(category: str, field: str, on: date) -> tuple[FixedValue, ...]:
    """The rules that may keep this value as it is on the day."""
    return tuple(rule for rule in _corrections().fixed_values if rule.concerns(category, field, on))
