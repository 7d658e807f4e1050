"""How the values of a short CV are kept: keys that two officers key, keys that only some roles may know."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, open_file
from oms.catalogue.terms import Dated, Labelled, read_labels, read_validity, refuse_repeated


@dataclass(frozen=True, kw_only=True)
class RecordRule(Labelled, Dated):
    """A rule for some keys of the record."""

    keys: tuple[str, ...]


def read_record_rules(path: Path) -> dict[str, RecordRule]:
    """The rules of a file by id; raises `CatalogueError`."""
    top = open_file(path)
    found: dict[str, RecordRule] = {}
    for entry in top.entries("rules"):
        refuse_repeated(entry, entry.text("id"), found)
        rule = RecordRule(**read_labels(entry), **read_validity(entry), keys=entry.texts("keys"))
        entry.finish()
        found[rule.id] = rule
    top.finish()
    return found


@cache
def _rules() -> dict[str, RecordRule]:
    return read_record_rules(FOLDER / "record_rules.yaml")


def record_keys(id: str, on: date) -> frozenset[str]:
    """The keys a rule ("keyed_twice", "need_to_know", "numbers_twice") is about on a day; none when it is not in force."""
    rule = _rules()[id]
    return frozenset(rule.keys) if rule.in_force(on) else frozenset()
