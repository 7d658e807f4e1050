"""One generation of a Whoosh index as arrays.

Whoosh's own matchers and collectors step through postings one by one in Python: seconds on real loads. Here the
posting lists and the cards of the documents become numpy arrays, once per segment; segments never change, so
what was read stays right until its segment is gone. Knows no ranking.
"""

import threading
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from whoosh.reading import TermNotFound

from oms.search.cards import Alike, Cards, Codes, Ints, Texts, ranks
from oms.search.interface import IndexDamaged
from oms.search.postings import NO_POSTINGS, NOTHING, PostingCache, Postings, posted, side_by_side

FEW = 2000
"""Documents that are sorted by name for one query; for more, all are sorted once and remembered."""

SEPARATOR = "\x1f"


class LoadedSegment:
    """One immutable segment: its open reader and the cards of its documents."""

    def __init__(self, storage: Any, schema: Any, segment: Any, dossiers: Codes, alike: Alike) -> None:
        codec = segment.codec()
        self.name: str = segment.segment_id()
        self.size: int = segment.doc_count_all()
        self.is_warm = False
        """Whether its frequent lists are read ahead."""
        self._schema = schema
        # The codec's readers, not whoosh.reading: those filter deleted documents one by one in Python.
        self._terms = codec.terms_reader(storage, segment)
        self._documents = codec.per_document_reader(storage, segment)
        self.cards, self.stamps = Cards(dossiers, alike), Texts()
        try:
            for card in self._documents.column_reader("card", schema["card"].column_type):
                id, stamp, order, *told = card.decode("utf-8").split(SEPARATOR)
                self.cards.append(id, order, told)
                self.stamps.append(stamp)
        except ValueError as error:
            raise IndexDamaged("a card cannot be read") from error

    @cached_property
    def places(self) -> dict[str, int]:
        """Id to document number inside the segment."""
        return {id: place for place, id in enumerate(self.ids())}

    def read_postings(self, field: str, word: str) -> Postings:
        """The posting list of `word`, deleted documents included."""
        try:
            return _decode(self._terms.matcher(field, word.encode(), self._schema[field].format), self.size)
        except TermNotFound:
            return NO_POSTINGS

    def ids(self) -> Iterator[str]:
        """The ids of all documents."""
        return (self.cards.card(place)[1] for place in range(self.size))

    def count(self, field: str, word: str) -> int:
        """How many documents have `word`."""
        try:
            return int(self._terms.doc_frequency(field, word.encode()))
        except KeyError:
            return 0

    def words_from(self, field: str, prefix: str) -> Iterator[str]:
        """The words of `field` that begin with `prefix`, in order."""
        start = prefix.encode()
        for name, word in self._terms.terms_from(field, start):
            if name != field or not word.startswith(start):
                return
            yield word.decode()

    def close(self) -> None:
        """Let go of the files."""
        self._terms.close()
        self._documents.close()


class WhooshSnapshot:
    """All segments of one generation side by side: a document is known by its place in these arrays."""

    def __init__(
        self,
        key: tuple[str, int, int],
        segments: list[LoadedSegment],
        deleted: Sequence[Iterable[int]],
        dossiers: Codes,
        alike: Alike,
        cache: PostingCache,
        lock: threading.RLock,
    ) -> None:
        self.key = key
        self.users = 0
        self.segments = segments
        self.dossiers, self.alike = dossiers, alike
        self._cache = cache
        self._lock = lock
        self.starts = [0]
        for segment in segments:
            self.starts.append(self.starts[-1] + segment.size)
        self.size = self.starts[-1]
        self.live = np.ones(self.size, dtype=np.bool_)
        for start, gone in zip(self.starts, deleted, strict=False):
            self.live[[start + place for place in gone]] = False
        self._columns: dict[str, Ints] = {}

    def column(self, field: str) -> Ints:
        """The values of `field` for every document place."""
        if field not in self._columns:
            parts = [segment.cards.column(field) for segment in self.segments]
            self._columns[field] = np.concatenate(parts) if parts else NOTHING
        return self._columns[field]

    def postings(self, field: str, word: str) -> Postings:
        """Where `word` occurs in the whole generation, deleted documents included."""
        parts = [self._segment_postings(segment, field, word) for segment in self.segments]
        return side_by_side(list(zip(self.starts, parts, strict=False)), self.size)

    def count(self, field: str, word: str) -> int:
        """How many documents have `word`, deleted ones included."""
        with self._lock:
            return sum(segment.count(field, word) for segment in self.segments)

    def cold(self) -> int:
        """How many documents are in segments whose frequent lists were not read ahead."""
        return sum(segment.size for segment in self.segments if not segment.is_warm)

    def set_warm(self) -> None:
        """Note that they are being read."""
        for segment in self.segments:
            segment.is_warm = True

    def words_from(self, field: str, prefix: str) -> list[str]:
        """All words that begin with `prefix`, in order."""
        with self._lock:
            found = {word for segment in self.segments for word in segment.words_from(field, prefix)}
        return sorted(found)

    def card(self, place: int) -> tuple[str, str]:
        """Order key and id of the document at `place`."""
        segment, inside = self._inside(place)
        return segment.cards.card(inside)

    def standing(self, places: Ints) -> Ints:
        """Numbers that sort the documents at `places` by order key and id."""
        if len(places) > FEW:
            return self._all_standing[places]
        ends = np.searchsorted(places, self.starts[1:])
        parts = zip(self.segments, self.starts, (0, *ends), ends, strict=False)
        return ranks(
            [
                key
                for segment, start, one, other in parts
                for key in segment.cards.keys.raw((places[one:other] - start).tolist())
            ]
        )

    @cached_property
    def _all_standing(self) -> Ints:
        return ranks(
            list(chain.from_iterable(segment.cards.keys.raw(range(segment.size)) for segment in self.segments))
        )

    def find_places(self, ids: Iterable[str]) -> dict[str, int]:
        """The places of the live documents with these ids; unknown ids are left out."""
        found = {}
        for id in ids:
            for segment, start in zip(self.segments, self.starts, strict=False):
                inside = segment.places.get(id)
                if inside is not None and self.live[start + inside]:
                    found[id] = start + inside
        return found

    def stamp(self, place: int) -> str:
        """The stamp of the document at `place`."""
        segment, inside = self._inside(place)
        return segment.stamps[inside]

    def stamps(self) -> dict[str, str]:
        """Ids of all live documents with their stamps."""
        stamps: dict[str, str] = {}
        for segment, start in zip(self.segments, self.starts, strict=False):
            alive = self.live[start : start + segment.size].tolist()
            stamps.update((i, s) for i, s, live in zip(segment.ids(), segment.stamps, alive, strict=True) if live)
        return stamps

    def _inside(self, place: int) -> tuple[LoadedSegment, int]:
        """The segment a document is in, and its number there."""
        number = bisect_right(self.starts, place) - 1
        return self.segments[number], place - self.starts[number]

    def _segment_postings(self, segment: LoadedSegment, field: str, word: str) -> Postings:
        key = (segment.name, field, word)
        with self._lock:  # a reader's files have one position: two threads would read each other's lists
            if (kept := self._cache.get(key)) is not None:
                return kept[1]
            found = segment.read_postings(field, word)
            self._cache.keep(key, found, segment.size)
        return found


def _decode(matcher: Any, size: int) -> Postings:
    """A matcher's whole list as arrays: by blocks where the codec's matcher lets us, otherwise step by step.

    Stepping is the public way and always right; blocks are about five times faster on long lists.
    """
    if not all(hasattr(matcher, name) for name in ("_read_data", "_next_block", "_data", "_blocklength")):
        return _step(matcher, size)
    places, weights = [], []
    while matcher.is_active():
        matcher._read_data()
        steps, block_weights, _ = matcher._data
        places.append(np.cumsum(np.array(steps, dtype=np.int32), dtype=np.int32))
        weights.append(np.full(len(steps), 1 if block_weights is None else block_weights, dtype=np.uint8))
        matcher._next_block()
    return posted(np.concatenate(places), np.concatenate(weights), size) if places else NO_POSTINGS


def _step(matcher: Any, size: int) -> Postings:
    places, weights = array("i"), array("B")
    while matcher.is_active():
        places.append(matcher.id())
        weights.append(int(matcher.weight()))
        matcher.next()
    return posted(np.array(places, dtype=np.int32), np.array(weights, dtype=np.uint8), size)
