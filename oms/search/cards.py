"""What is kept in memory of every document beside its words: order key and id, dossier, date, and what it is filtered by.

Small, for an index of a million documents keeps all of it. Knows no engine and no ranking.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Wanted = Ints | NDArray[np.intp]
Bools = NDArray[np.bool_]

BETWEEN = "\0"
"""Stands between order key and id where both are kept as one text: it sorts before all letters."""

FACETS = ("kind", "component", "category", "state", "quality", "year")
"""What documents are filtered and counted by."""
COLUMNS = ("dossier", "alike", "date", "heading_words")
"""Figures of each document: the number of its dossier, of what it is filtered by (`Alike`), its date as yyyymmdd or 0."""


class Texts:
    """Many short texts in one piece of memory; as Python strings they would take three times as much."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._bytes = bytearray()
        self._ends = array("q", (0,))
        for text in texts:
            self.append(text)

    def append(self, text: str) -> None:
        """Add one at the end."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def raw(self, places: Iterable[int]) -> list[bytearray]:
        """Some of them as bytes, which sort like the texts."""
        content, ends = self._bytes, self._ends
        return [content[ends[place] : ends[place + 1]] for place in places]

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:
        return self._bytes[self._ends[place] : self._ends[place + 1]].decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))


class Codes:
    """Numbers for repeated strings (dossiers, kinds, …); grows, never forgets, so arrays of codes stay right.

    One thread at a time gives numbers (the caller sees to it); others may read meanwhile.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of `name`, given on first sight."""
        found = self._numbers.get(name)
        if found is None:
            found = len(self.names)
            self.names.append(name)
            self._numbers[name] = found  # last: whoever reads a number finds its name
        return found

    def chosen(self, names: Iterable[str]) -> Bools:
        """For every number, whether it stands for one of `names`."""
        numbers = self._numbers
        if isinstance(names, frozenset) and len(names) > len(numbers):
            meant = [number for name, number in list(numbers.items()) if name in names]
        else:
            meant = [number for number in map(numbers.get, names) if number is not None]
        chosen = np.zeros(len(self.names), dtype=np.bool_)  # after the numbers, which may have grown
        chosen[meant] = True
        return chosen

    def told(self, counts: NDArray[np.intp]) -> dict[str, int]:
        """Counts by number as counts by name, without those of nothing and of the empty name."""
        there = np.flatnonzero(counts)
        told = dict(zip(map(self.names.__getitem__, there.tolist()), counts[there].tolist(), strict=True))
        told.pop("", None)
        return told


class Alike:
    """Numbers for documents that are alike in all of `FACETS`: they are filtered and counted together, for there are
    few kinds of documents where there are many documents. Grows like `Codes`."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._codes = {field: Codes() for field in FACETS}
        self._values: dict[str, list[int]] = {field: [] for field in FACETS}
        self._tables: dict[str, Ints] = {}

    def number(self, values: tuple[str, ...]) -> int:
        """The number of documents with these values, in the order of `FACETS`; given on first sight."""
        found = self._numbers.get(values)
        if found is None:
            for field, value in zip(FACETS, values, strict=True):
                self._values[field].append(self._codes[field].number(value))
            found = self._numbers[values] = len(self._numbers)  # last: whoever reads a number finds its values
        return found

    def __len__(self) -> int:
        return len(self._numbers)

    def chosen(self, field: str, wanted: str, upto: int) -> Bools:
        """For every number below `upto`, whether `field` is `wanted` in it."""
        table = self._table(field)[:upto]  # before the codes, which may grow: whatever it names has one
        return self._codes[field].chosen((wanted,))[table]

    def between(self, first: int, last: int, upto: int) -> Bools:
        """For every number below `upto`, whether its year is one of these."""
        table = self._table("year")[:upto]
        years = np.array([int(year or 0) for year in self._codes["year"].names], dtype=np.int32)[table]
        return (years >= first) & (years <= last)

    def value(self, field: str, number: int) -> str:
        """The value of `field` in documents with this number."""
        return self._codes[field].names[self._values[field][number]]

    def counts(self, numbers: Ints) -> dict[str, Mapping[str, int]]:
        """How many of the documents with these numbers have each value of each field; empty values are left out."""
        times = np.bincount(numbers)
        return {field: self._counts(field, times) for field in FACETS}

    def _counts(self, field: str, times: NDArray[np.intp]) -> dict[str, int]:
        counts = np.bincount(self._table(field)[: len(times)], times)
        told = self._codes[field].told(counts.astype(np.intp))
        return dict(sorted(told.items())) if field == "year" else told

    def _table(self, field: str) -> Ints:
        table = self._tables.get(field)
        if table is None or len(table) < len(self._numbers):
            table = self._tables[field] = np.array(self._values[field], dtype=np.int32)
        return table


class Cards:
    """The documents of one stretch of an index; grows at its end."""

    def __init__(self, dossiers: Codes, alike: Alike) -> None:
        self._dossiers, self._alike = dossiers, alike
        self.keys = Texts()
        """Order key and id of each."""
        self._columns = {field: array("i") for field in COLUMNS}

    def __len__(self) -> int:
        return len(self.keys)

    def append(self, id: str, order: str, told: Sequence[str]) -> None:
        """Add the next document; `told` is what `Analysed.card` says of it."""
        kind, dossier, component, category, state, quality, year, date, heading_words = told
        alike = self._alike.number((kind, component, category, state, quality, year.removeprefix("0")))
        values = (self._dossiers.number(dossier), alike, int(date), int(heading_words))
        for field, value in zip(COLUMNS, values, strict=True):
            self._columns[field].append(value)
        self.keys.append(order + BETWEEN + id)

    def column(self, field: str) -> Ints:
        """A copy of one column."""
        return np.array(self._columns[field], dtype=np.int32)

    def card(self, place: int) -> tuple[str, str]:
        """Order key and id of one document."""
        order, _, id = self.keys[place].rpartition(BETWEEN)
        return order, id


def ranks(keys: Sequence[bytearray]) -> Ints:
    """For each key its number in the sorted list."""
    standing = np.empty(len(keys), dtype=np.int32)
    standing[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys), dtype=np.int32)
    return standing
