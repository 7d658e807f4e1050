"""What every engine shows of its index: posting lists and columns as arrays, and what repeats as numbers.

Ranking works on these alone, so all engines find the same in the same order. Knows no engine and no ranking.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

POSTING_CACHE_BYTES = 64 << 20
"""Decoded posting lists kept per engine: what people really ask of 100,000 pages takes about half of it."""

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
    weights: Ints


NO_POSTINGS = Postings(NOTHING, NOTHING)


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
    """Decoded posting lists, least recently used thrown out first; not locked, the caller is."""

    def __init__(self, limit: int = POSTING_CACHE_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, str, str], Postings] = OrderedDict()

    def get(self, key: tuple[str, str, str]) -> Postings | None:
        """The list kept under (segment, field, word)."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: tuple[str, str, str], postings: Postings) -> None:
        """Remember a list; the oldest ones go when there is no room."""
        self._kept[key] = postings
        self._size += _bytes(postings)
        while self._size > self._limit:
            self._size -= _bytes(self._kept.popitem(last=False)[1])


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
        """Numbers that sort the documents at `places` by order key and id."""


def rank_cards(cards: Sequence[tuple[str, str]]) -> Ints:
    """For each (order key, id) its number in the sorted list."""
    standing = np.empty(len(cards), dtype=np.int32)
    standing[sorted(range(len(cards)), key=cards.__getitem__)] = np.arange(len(cards), dtype=np.int32)
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


def _bytes(postings: Postings) -> int:
    return postings.places.nbytes + postings.weights.nbytes + 200
