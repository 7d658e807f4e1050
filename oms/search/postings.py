"""Where words occur: posting lists as arrays, kept for the next question, and what an engine shows of its index.

Ranking works on these alone, so all engines find the same in the same order. Knows no engine and no ranking.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from oms.search.cards import Alike, Bools, Codes, Ints, Wanted

Weights = NDArray[np.uint8]
Value = TypeVar("Value", bound=np.generic)

POSTING_CACHE_BYTES = 64 << 20
"""Decoded posting lists kept per engine: what people really ask of 100,000 pages takes about half of it."""

LIST = 400
"""Bytes a kept list takes by itself: most that are asked for are short or empty."""

LISTED = 5
"""Bytes each place of a list takes; of one that is kept as bits it takes one for each bit of its weights."""

SEARCHED = 500
"""Places up to which each is searched in a list; more are looked up in an array as long as the index."""

FEW_OF = 8
"""Allowed documents are few when they are less than one in so many."""

NOTHING: Ints = np.empty(0, dtype=np.int32)


class Allowed:
    """The documents that may be spoken of, among all places of an index."""

    def __init__(self, mask: Bools) -> None:
        self.mask = mask
        self.size = int(np.count_nonzero(mask))
        self.is_all = self.size == len(mask)
        are_few = self.size * FEW_OF < len(mask)
        self.few: Ints | None = np.flatnonzero(mask).astype(np.int32) if are_few else None
        """Their places, where looking at each costs less than looking at everything."""


@dataclass(frozen=True)
class Listed:
    """Where a word occurs: ascending document places, and the packed weight of each."""

    places: Ints
    weights: Weights

    def __len__(self) -> int:
        return len(self.places)

    def at(self, wanted: Wanted) -> Weights:
        """The weight at each of the ascending `wanted` places, 0 where the word is not."""
        return at_places(wanted, self.places, self.weights)

    def has(self, wanted: Wanted) -> Bools:
        """Which of the ascending `wanted` places have the word."""
        return self.at(wanted) > 0

    def count(self, weight: int) -> int:
        """How many places have this weight."""
        return int(np.count_nonzero(self.weights == weight))

    def within(self, allowed: Allowed) -> "Postings":
        """The allowed places only."""
        if allowed.is_all or not len(self.places):
            return self
        kept = allowed.mask[self.places]
        return Listed(self.places[kept], self.weights[kept])


class Spread:
    """The same for a word on much of an index: one weight for every place, 0 where the word is not."""

    def __init__(self, everywhere: Weights) -> None:
        self.everywhere = everywhere
        self._count = int(np.count_nonzero(everywhere != 0))

    def __len__(self) -> int:
        return self._count

    @property
    def places(self) -> Ints:
        """Where the word occurs, ascending."""
        return np.flatnonzero(self.everywhere != 0).astype(np.int32)

    @property
    def weights(self) -> Weights:
        """The packed weight of each of these."""
        weights: Weights = self.everywhere[self.everywhere != 0]
        return weights

    def at(self, wanted: Wanted) -> Weights:
        """The weight at each of the `wanted` places, 0 where the word is not."""
        return self.everywhere.take(wanted)

    def has(self, wanted: Wanted) -> Bools:
        """Which of the ascending `wanted` places have the word."""
        return self.at(wanted) > 0

    def count(self, weight: int) -> int:
        """How many places have this weight."""
        return int(np.count_nonzero(self.everywhere == weight))

    def within(self, allowed: Allowed) -> "Postings":
        """The allowed places only."""
        if allowed.is_all:
            return self
        if allowed.few is None:
            return Spread(self.everywhere * allowed.mask)
        weights = self.everywhere[allowed.few]
        return Listed(allowed.few[weights != 0], weights[weights != 0])


Postings = Listed | Spread
NO_POSTINGS = Listed(NOTHING, np.empty(0, dtype=np.uint8))


def posted(places: Ints, weights: Weights, size: int) -> Postings:
    """A list in an index of `size` places, in whichever way takes less memory once it is kept (`Kept`)."""
    bits = int(np.bitwise_or.reduce(weights, initial=0)).bit_count()
    if len(places) * LISTED <= size * bits // 8:
        return Listed(places, weights)
    everywhere = np.zeros(size, dtype=np.uint8)
    everywhere[places] = weights
    return Spread(everywhere)


def side_by_side(parts: Sequence[tuple[int, Postings]], size: int) -> Postings:
    """One list of those of neighbouring stretches of an index; each with the place at which its stretch begins."""
    parts = [(start, part) for start, part in parts if len(part)]
    if not parts:
        return NO_POSTINGS
    if all(isinstance(part, Listed) for _, part in parts):
        if len(parts) == 1 and parts[0][0] == 0:
            return parts[0][1]
        places = np.concatenate([part.places + np.int32(start) for start, part in parts])
        return Listed(places, np.concatenate([part.weights for _, part in parts if isinstance(part, Listed)]))
    everywhere = np.zeros(size, dtype=np.uint8)
    for start, part in parts:
        if isinstance(part, Listed):
            everywhere[part.places + start] = part.weights
        else:
            everywhere[start : start + len(part.everywhere)] = part.everywhere
    return Spread(everywhere)


def beginning(postings: Postings, size: int) -> Postings:
    """What of a list stands in the first `size` places."""
    if isinstance(postings, Spread):
        return Spread(postings.everywhere[:size])
    end = int(np.searchsorted(postings.places, size))
    return Listed(postings.places[:end], postings.weights[:end])


class Documents(Protocol):
    """Some documents of an index."""

    def __len__(self) -> int: ...

    @property
    def places(self) -> Ints:
        """Where they are, ascending."""

    def has(self, wanted: Wanted) -> Bools:
        """Which of the documents at the ascending `wanted` are among them."""


def shared(lists: Iterable[Documents]) -> Ints:
    """The places of the documents that are in all lists, in order; of one list at least."""
    shortest, *others = sorted(lists, key=len)
    places = shortest.places
    for other in others:
        places = places[other.has(places)]
    return places


def union(lists: Sequence[Ints]) -> Ints:
    """The places of all lists, in order, once each."""
    there = np.zeros(1 + max((int(places[-1]) for places in lists if len(places)), default=0), dtype=np.bool_)
    for places in lists:
        there[places] = True
    return np.flatnonzero(there).astype(np.int32)


def at_places(wanted: Wanted, places: Ints, values: NDArray[Value]) -> NDArray[Value]:
    """At each of the ascending `wanted` places the value that stands at this place, 0 where none does."""
    if not len(places) or not len(wanted):
        return np.zeros(len(wanted), dtype=values.dtype)
    if len(wanted) < SEARCHED:
        at = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
        return np.where(places[at] == wanted, values[at], values.dtype.type(0))
    if len(places) < SEARCHED:
        found = np.zeros(len(wanted), dtype=values.dtype)
        at = np.minimum(np.searchsorted(wanted, places), len(wanted) - 1)
        there = wanted[at] == places
        found[at[there]] = values[there]
        return found
    everywhere = np.zeros(max(int(places[-1]), int(wanted[-1])) + 1, dtype=values.dtype)
    everywhere[places] = values
    return everywhere[wanted]


class Kept:
    """A list in the memory of an engine; a spread one as bits, one plane for each bit of its weights."""

    def __init__(self, postings: Postings, upto: int) -> None:
        self.upto = upto
        """How many places were looked at."""
        self._listed = postings if isinstance(postings, Listed) else None
        self._planes = [] if isinstance(postings, Listed) else _planes(postings.everywhere)

    @property
    def nbytes(self) -> int:
        """Bytes of memory, roughly."""
        listed = self._listed.places.nbytes + self._listed.weights.nbytes if self._listed is not None else 0
        return LIST + listed + sum(plane.nbytes for _, plane in self._planes)

    def postings(self) -> Postings:
        """The list."""
        if self._listed is not None:
            return self._listed
        everywhere = np.zeros(self.upto, dtype=np.uint8)
        for bit, plane in self._planes:
            everywhere |= np.unpackbits(plane, count=self.upto) << bit
        return Spread(everywhere)


def _planes(everywhere: Weights) -> list[tuple[int, Weights]]:
    some = int(np.bitwise_or.reduce(everywhere, initial=0))
    return [(bit, np.packbits(everywhere >> bit & 1)) for bit in range(some.bit_length()) if some >> bit & 1]


class PostingCache:
    """Posting lists once read, least recently used thrown out first; not locked, the caller is."""

    def __init__(self, limit: int = POSTING_CACHE_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, str, str], Kept] = OrderedDict()

    def get(self, key: tuple[str, str, str]) -> tuple[int, Postings] | None:
        """What is kept under (segment, field, word): how many places were looked at, and the list."""
        if (kept := self._kept.get(key)) is None:
            return None
        self._kept.move_to_end(key)
        return kept.upto, kept.postings()

    def keep(self, key: tuple[str, str, str], postings: Postings, upto: int) -> None:
        """Remember a list that was read in the places below `upto`; the oldest ones go when there is no room."""
        if (old := self._kept.pop(key, None)) is not None:
            self._size -= old.nbytes
        self._kept[key] = Kept(postings, upto)
        self._size += self._kept[key].nbytes
        while self._size > self._limit:
            self._size -= self._kept.popitem(last=False)[1].nbytes


class Snapshot(Protocol):
    """One unchanging state of an index: a document is known by its place in these arrays."""

    size: int
    live: Bools
    dossiers: Codes
    alike: Alike

    def column(self, field: str) -> Ints:
        """The values of one of `oms.search.cards.COLUMNS` for every place."""

    def postings(self, field: str, word: str) -> Postings:
        """Where `word` occurs, deleted documents included."""

    def count(self, field: str, word: str) -> int:
        """On how many documents `word` stands, without reading where; deleted documents included."""

    def cold(self) -> int:
        """How many documents are new since the frequent lists were read ahead (oms.search.warming)."""

    def set_warm(self) -> None:
        """Note that they are being read."""

    def words_from(self, field: str, prefix: str) -> list[str]:
        """All words that begin with `prefix`, in order."""

    def card(self, place: int) -> tuple[str, str]:
        """Order key and id of the document at `place`."""

    def standing(self, places: Ints) -> Ints:
        """Numbers that sort the documents at the ascending `places` by order key and id."""
