"""Dated rules of internal political protection files: how long an opening lasts, and what no general installation files.

Knows the rules and their sources; does not know dossiers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TypeVar

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, overlap, read_labels, read_validity
from oms.errors import N_
from oms.vietnamese.text import fold


@dataclass(frozen=True, kw_only=True)
class OpeningRule(Labelled, Dated):
    """How many `minutes` two officers have a protection file open."""

    minutes: int


@dataclass(frozen=True, kw_only=True)
class WithheldPapers(Labelled, Dated):
    """Words of titles, small and without marks, that no dossier of a general installation takes in."""

    words: tuple[str, ...]

    def names(self, title: str) -> bool:
        """True when the title bears one of the words, written with or without marks."""
        folded = f" {_fold(title)} "
        return any(f" {word} " in folded for word in self.words)


Rule = TypeVar("Rule", bound=Dated)


def read_protection(path: Path) -> tuple[tuple[OpeningRule, ...], tuple[WithheldPapers, ...]]:
    """The rules of a file; raises `CatalogueError`."""
    top = open_file(path)
    openings = _read(
        top,
        "opening_rules",
        lambda entry: OpeningRule(**read_labels(entry), minutes=entry.number("minutes"), **read_validity(entry)),
    )
    withheld = _read(
        top,
        "withheld_papers",
        lambda entry: WithheldPapers(
            **read_labels(entry), words=tuple(map(_fold, entry.texts("words"))), **read_validity(entry)
        ),
    )
    top.finish()
    return openings, withheld


def _read(top: Entry, name: str, make: Callable[[Entry], Rule]) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for entry in top.entries(name):
        rule = make(entry)
        entry.finish()
        if any(overlap(rule, other) for other in found):
            raise entry.mistake(N_("%(file)s, line %(line)s: two rules of protection files hold on one day."))
        found.append(rule)
    return tuple(found)


def _fold(text: str) -> str:
    return " ".join("".join(sign if sign.isalnum() else " " for sign in fold(text)).split())


@cache
def _protection() -> tuple[tuple[OpeningRule, ...], tuple[WithheldPapers, ...]]:
    return read_protection(FOLDER / "protection.yaml")


def opening_rule(on: date) -> OpeningRule | None:
    """The rule of openings in force on the day, None when no file may be opened."""
    return next((rule for rule in _protection()[0] if rule.in_force(on)), None)


def withheld_papers(on: date) -> WithheldPapers | None:
    """The rule of what no general installation files in force on the day."""
    return next((rule for rule in _protection()[1] if rule.in_force(on)), None)
