"""What every engine shows of its index: posting lists and columns as arrays, and what repeats as numbers.

Ranking works on these alone, so all engines find the same in the same order. Knows no engine and no ranking.
"""

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]
Weights = NDArray[np.uint8]

POSTING_CACHE_BYTES = 64 << 20
"""Decoded posting lists kept per engine: what people really ask of 100,000 pages takes about half of it."""

BETWEEN = "\0"
"""Stands between order key and id where both are kept as one text: it sorts before all letters."""

LIST = 400
"""Bytes a kept list takes by itself: most that are asked for are short or empty."""

SEARCHED = 500
"""Places up to which each is searched in a list; more are looked up in an array as long as the index."""

CODED = ("kind", "dossier", "component", "category", "state", "quality")
"""Columns whose values repeat and are kept as numbers."""
COUNTED = ("year", "date", "heading_words")
"""Columns of plain figures; a date is yyyymmdd, 0 where there is none."""

NOTHING: Ints = np.empty(0, dtype=np.int32)


class Postings(NamedTuple):
    """Where a word occurs: ascending document places, and the packed weight of each."""

    places: Ints
    weights: Weights


NO_POSTINGS = Postings(NOTHING, np.empty(0, dtype=np.uint8))


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


class PostingCache:
    """Posting lists once read, least recently used thrown out first; not locked, the caller is.

    A list that covers much of an index is kept as one weight for every place, 0 where the word is not.
    """

    def __init__(self, limit: int = POSTING_CACHE_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, str, str], tuple[int, Postings | Weights]] = OrderedDict()

    def get(self, key: tuple[str, str, str]) -> tuple[int, Postings] | None:
        """What is kept under (segment, field, word): how many places were looked at, and the list."""
        if (found := self._kept.get(key)) is None:
            return None
        self._kept.move_to_end(key)
        upto, kept = found
        if isinstance(kept, Postings):
            return upto, kept
        places = np.flatnonzero(kept != 0).astype(np.int32)
        return upto, Postings(places, kept[places])

    def keep(self, key: tuple[str, str, str], postings: Postings, upto: int) -> None:
        """Remember a list that was read in the places below `upto`; the oldest ones go when there is no room."""
        if key in self._kept:
            self._size -= _bytes(self._kept.pop(key)[1])
        kept: Postings | Weights = postings
        if postings.places.nbytes + postings.weights.nbytes > upto:
            kept = np.zeros(upto, dtype=np.uint8)
            kept[postings.places] = postings.weights
        self._kept[key] = (upto, kept)
        self._size += _bytes(kept)
        while self._size > self._limit:
            self._size -= _bytes(self._kept.popitem(last=False)[1][1])


class Snapshot(Protocol):
    """One unchanging state of an index: a document is known by its place in these arrays."""

    size: int
    live: Bools
    codes: dict[str, Codes]

    def column(self, field: str) -> Ints:
        """The values of one of `CODED` and `COUNTED` for every place."""

    def postings(self, field: str, word: str) -> Postings:
        """Where `word` occurs, deleted documents included."""

    def words_from(self, field: str, prefix: str) -> list[str]:
        """All words that begin with `prefix`, in order."""

    def card(self, place: int) -> tuple[str, str]:
        """Order key and id of the document at `place`."""

    def standing(self, places: Ints) -> Ints:
        """Numbers that sort the documents at the ascending `places` by order key and id."""


def ranks(keys: Sequence[bytearray]) -> Ints:
    """For each key its number in the sorted list."""
    standing = np.empty(len(keys), dtype=np.int32)
    standing[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys), dtype=np.int32)
    return standing


def common(one: Ints, other: Ints) -> Ints:
    """The places of both lists, in order."""
    if not len(one) or not len(other):
        return NOTHING
    kept: Ints = one[positions(other, one) >= 0]
    return kept


def union(lists: Sequence[Ints]) -> Ints:
    """The places of all lists, in order, once each."""
    there = np.zeros(1 + max((int(places[-1]) for places in lists if len(places)), default=0), dtype=np.bool_)
    for places in lists:
        there[places] = True
    return np.flatnonzero(there).astype(np.int32)


def positions(places: Ints, wanted: Ints) -> Ints:
    """For each of the ascending `wanted` places its position in `places`, -1 where it is not there."""
    if not len(places) or not len(wanted):
        return np.full(len(wanted), -1, dtype=np.int32)
    if len(wanted) < SEARCHED:
        found = np.minimum(np.searchsorted(places, wanted), len(places) - 1).astype(np.int32)
        return np.where(places[found] == wanted, found, np.int32(-1))
    spread = np.full(max(int(places[-1]), int(wanted[-1])) + 1, -1, dtype=np.int32)
    spread[places] = np.arange(len(places), dtype=np.int32)
    return spread[wanted]


def _bytes(kept: Postings | Weights) -> int:
    size = kept.nbytes if isinstance(kept, np.ndarray) else kept.places.nbytes + kept.weights.nbytes
    return size + LIST
