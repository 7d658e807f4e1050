"""How people are counted: groups of age, and the level a written qualification stands for. Never by guess.

Knows words and bounds; does not know people.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.catalogue.terms import Dated, Labelled, read_labels, read_validity, refuse_repeated
from oms.errors import N_
from oms.vietnamese.text import fold

_PARTS = re.compile(r"[;,/+\n]| và ")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class AgeGroup(Labelled):
    """Ages in whole years, both ends counted in; None = open."""

    from_age: int | None
    to_age: int | None


@dataclass(frozen=True, kw_only=True)
class Level(Labelled):
    """One level of a scale and how people write it, folded."""

    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scale(Labelled, Dated):
    """Levels from the highest down, said by values of `keys`; after a word of `unclear` no level is told."""

    keys: tuple[str, ...]
    levels: tuple[Level, ...]
    unclear: tuple[str, ...]

    @cached_property
    def _phrases(self) -> list[tuple[str, str]]:
        """The words with their level, the longest first."""
        found = [(word, level.id) for level in self.levels for word in level.words]
        return sorted(found, key=lambda phrase: -len(phrase[0]))

    def level_of(self, text: str) -> str | None:
        """The id of the highest level a text names; None when a part of it names two at once, or all of them none."""
        found: list[str] = []
        for part in _PARTS.split(text):
            said = _plain(part)
            if any(f" {word} " in said for word in self.unclear):
                return None
            named = self._named(said)
            if len(named) > 1:
                return None
            found += named
        return next((level.id for level in self.levels if level.id in found), None)

    def highest(self, texts: Iterable[str]) -> str | None:
        """The id of the highest level that any of several texts names."""
        found = {self.level_of(text) for text in texts}
        return next((level.id for level in self.levels if level.id in found), None)

    def _named(self, said: str) -> set[str]:
        """The levels named in a folded text, the longest words first and each place once."""
        named: set[str] = set()
        for word, id in self._phrases:
            if f" {word} " in said:
                named.add(id)
                said = said.replace(f" {word} ", " · ")
        return named


def _plain(text: str) -> str:
    """Words without marks and capitals between single blanks, one at each end."""
    return f" {' '.join(_WORD.findall(fold(text)))} "


@dataclass(frozen=True)
class Counting:
    """The whole file."""

    ages: tuple[AgeGroup, ...]
    scales: dict[str, Scale]


def read_counting(path: Path) -> Counting:
    """The groups and scales of a file; raises `CatalogueError`."""
    top = open_file(path)
    ages: list[AgeGroup] = []
    for entry in top.entries("age_groups"):
        ages.append(_read_ages(entry, ages))
    scales: dict[str, Scale] = {}
    for entry in top.entries("scales"):
        refuse_repeated(entry, entry.text("id"), scales)
        scale = Scale(
            **read_labels(entry),
            **read_validity(entry),
            keys=entry.texts("keys"),
            unclear=tuple(_plain(word).strip() for word in entry.texts("unclear")),
            levels=tuple(_read_level(level) for level in entry.entries("levels")),
        )
        entry.finish()
        scales[scale.id] = scale
    top.finish()
    return Counting(tuple(ages), scales)


def _read_ages(entry: Entry, before: list[AgeGroup]) -> AgeGroup:
    group = AgeGroup(
        **read_labels(entry), from_age=entry.number_or_none("from_age"), to_age=entry.number_or_none("to_age")
    )
    entry.finish()
    expected = before[-1].to_age + 1 if before and before[-1].to_age is not None else None
    if group.from_age != expected or (before and expected is None):
        raise entry.mistake_at(
            "from_age", N_("%(file)s, line %(line)s: a group of ages must begin right after the one before it.")
        )
    return group


def _read_level(entry: Entry) -> Level:
    words = tuple(_plain(word).strip() for word in entry.texts("words"))
    level = Level(**read_labels(entry), words=words)
    entry.finish()
    return level


@cache
def _counting() -> Counting:
    return read_counting(FOLDER / "figures.yaml")


def age_groups() -> tuple[AgeGroup, ...]:
    """The groups of age from the youngest up."""
    return _counting().ages


def scale(key: str, on: date) -> Scale | None:
    """The levels of a key of the record in force on a day."""
    found = _counting().scales.get(key)
    return found if found is not None and found.in_force(on) else None
