"""Labels in two languages, sources of facts, and the words for the fixed vocabularies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from oms.catalogue.reading import FOLDER, Entry, open_file
from oms.errors import N_, NotFound


class Source(StrEnum):
    """How sure a fact of the catalogue is."""

    LAW = "law"
    """The official legal text was read."""
    PRACTICE = "practice"
    """Seen in other offices or on public pages."""
    UNVERIFIED = "unverified"
    """To be confirmed by the managing body before it becomes a rule."""
    PROJECT = "project"
    """Our own order, without a rule behind it."""
    DEMO = "demo"
    """Invented for demonstration."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Something with an id and a name in both languages."""

    id: str
    label_vi: str
    label_en: str

    def label(self, lang: str = "vi") -> str:
        """The name in `lang` ("vi", "vi-VN", "en" …); Vietnamese where the language is not ours."""
        return self.label_en if lang[:2].lower() == "en" else self.label_vi


@dataclass(frozen=True, kw_only=True)
class Dated:
    """A fact with its source and the days it holds; None = open or not known."""

    basis: str
    source: Source
    valid_from: date | None
    valid_to: date | None

    def in_force(self, on: date) -> bool:
        """Whether the fact holds on this day; `valid_to` is the last day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class _Period(Protocol):
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


def overlap(one: _Period, other: _Period) -> bool:
    """Whether two periods share a day."""
    return (one.valid_from or date.min) <= (other.valid_to or date.max) and (other.valid_from or date.min) <= (
        one.valid_to or date.max
    )


def read_labels(entry: Entry) -> dict[str, Any]:
    """What a `Labelled` is made of."""
    return {name: entry.text(name) for name in ("id", "label_vi", "label_en")}


def read_validity(entry: Entry) -> dict[str, Any]:
    """What a `Dated` is made of: basis, source and days."""
    start, end = entry.period()
    return {
        "basis": entry.text("basis"),
        "source": Source(entry.choice("source", list(Source))),
        "valid_from": start,
        "valid_to": end,
    }


@dataclass(frozen=True, kw_only=True)
class Term(Labelled):
    """One word of a vocabulary."""

    vocabulary: str


def refuse_repeated(entry: Entry, id: str, known: Iterable[str]) -> None:
    """Refuse an id that is already taken in its list."""
    if id in known:
        raise entry.mistake_at("id", N_("%(file)s, line %(line)s: the id “%(id)s” is used twice."), id=id)


def read_terms(path: Path) -> dict[str, tuple[Term, ...]]:
    """All vocabularies of a file by name; raises `CatalogueError`."""
    top = open_file(path)
    vocabularies = top.entry("terms")
    top.finish()
    return {name: _read_vocabulary(name, vocabularies.entries(name)) for name in vocabularies.names()}


def _read_vocabulary(name: str, entries: Sequence[Entry]) -> tuple[Term, ...]:
    found: dict[str, Term] = {}
    for entry in entries:
        id = entry.text("id")
        refuse_repeated(entry, id, found)
        found[id] = Term(id=id, vocabulary=name, label_vi=entry.text("label_vi"), label_en=entry.text("label_en"))
        entry.finish()
    return tuple(found.values())


@cache
def _terms() -> dict[str, tuple[Term, ...]]:
    return read_terms(FOLDER / "terms.yaml")


def terms(vocabulary: str) -> tuple[Term, ...]:
    """The words of a vocabulary ("category", "gender" …) in their order; `NotFound` for an unknown vocabulary."""
    if vocabulary not in _terms():
        raise NotFound(N_("The catalogue has no vocabulary “%(name)s”."), name=vocabulary)
    return _terms()[vocabulary]


def term(vocabulary: str, id: str) -> Term:
    """One word of a vocabulary; `NotFound` when it has none with this id."""
    for candidate in terms(vocabulary):
        if candidate.id == id:
            return candidate
    raise NotFound(N_("The catalogue does not know “%(id)s” as %(name)s."), id=id, name=vocabulary)
