"""One state of a tantivy index as arrays: rows that keep their number, posting lists fetched once and then extended.

A row number is given when an item is put and never again, so what was read stays right while segments are merged;
after a commit only the rows behind the last one are asked for. Knows no ranking.
"""

import threading
from operator import itemgetter

import numpy as np
import tantivy

from oms.search.analysis import AT_THE_TOP, BARE_SHIFT, ELSEWHERE, ONCE, TEXT_MASK
from oms.search.cards import Alike, Bools, Cards, Codes, Ints, ranks
from oms.search.postings import NO_POSTINGS, PostingCache, Postings, Weights, beginning, posted, side_by_side

CACHE_BYTES = 20 << 20
"""Posting lists kept: those of all syllables that stand on one in twenty-five of 100,000 pages take three quarters."""
FEW = 2000
"""Documents that are sorted by name for one query; for more, all are sorted once and remembered."""
STEP = 10_000
"""Rows whose cards are read at a time."""
BITS = 48
"""Rows whose presence one sum tells (`Rows.among`): a sum is a float, exact below 2**53."""
LONG = 6
"""A list is long when it has more than one in so many rows: then sums are cheaper than hits."""
MOST_SUMS = 60_000
"""Sums tantivy gives at a time at most, a little below its own limit."""
_SIGNS = {
    "folded": [weight for weight in range(1, 2 << BARE_SHIFT) if weight & TEXT_MASK != TEXT_MASK],
    "marked": [ONCE],
    "pairs": [ELSEWHERE, AT_THE_TOP],
}
"""How a word can stand in an item: it is indexed with a sign behind it that says so, and each is a list of its own."""


NOBODY = ("", "", "", "", "", "", "0", "0", "0")
"""What is told of a row that is no more (`Analysed.card`)."""
_ROW = itemgetter(0)
_PLACES = np.arange(BITS)


def signed(word: str, weight: int) -> str:
    """The term for a word of this packed weight (oms.search.analysis)."""
    return word + chr(ord("A") + weight)


def bit(row: int) -> int:
    """What a row adds to the sum of its block."""
    return 1 << row % BITS


class Rows:
    """The cards of all rows, in step with the index; grows in place, under the lock of its engine."""

    def __init__(self, schema: tantivy.Schema) -> None:
        self.schema = schema
        self.dossiers, self.alike = Codes(), Alike()
        self.cards = Cards(self.dossiers, self.alike)
        self.lists = PostingCache(CACHE_BYTES)
        self.lock = threading.RLock()
        self.are_warm = False
        """Whether the frequent lists are read ahead; later rows are then added to them whenever they are asked for."""

    def follow(self, searcher: tantivy.Searcher) -> None:
        """Take in what was put since the last time; the caller holds the lock."""
        last = searcher.search(tantivy.Query.all_query(), limit=1, count=False, order_by_field="row").hits
        end = last[0][0] + 1 if last else 0
        while len(self.cards) < end:
            upto = min(len(self.cards) + STEP, end)
            fresh = searcher.search(self.between(len(self.cards), upto), limit=STEP, count=False, order_by_field="row")
            for row, address in reversed(fresh.hits):
                self._pad(row)
                id, _, order, *told = _card(searcher, address)
                self.cards.append(id, order, told)
            self._pad(upto)

    def between(self, start: int, end: int) -> tantivy.Query:
        """The rows from `start` to before `end`."""
        kind = tantivy.FieldType.Unsigned
        return tantivy.Query.range_query(self.schema, "row", kind, start, end, include_upper=False)

    def among(self, searcher: tantivy.Searcher, query: tantivy.Query, count: int) -> Ints:
        """The rows `query` finds, in order; `count` of them at most.

        A hit costs 0.2 µs on its way through Python. So a long list comes as sums: each row of a block adds a bit of
        its own (`bit`), and the sum tells which of them are there.
        """
        if count * LONG < len(self.cards) or len(self.cards) > MOST_SUMS * BITS:
            hits = searcher.search(query, limit=max(count, 1), count=False, order_by_field="row").hits
            return np.sort(np.fromiter(map(_ROW, hits), dtype=np.int32, count=len(hits)))
        sums = {"sum": {"sum": {"field": "bit"}}}
        blocks = {"blocks": {"histogram": {"field": "row", "interval": BITS, "min_doc_count": 1}, "aggs": sums}}
        found = searcher.aggregate(query, blocks)["blocks"]["buckets"]
        starts = np.fromiter((block["key"] for block in found), dtype=np.int32, count=len(found))
        bits = np.fromiter((block["sum"]["value"] for block in found), dtype=np.int64, count=len(found))
        block, place = np.nonzero(bits[:, np.newaxis] >> _PLACES & 1)
        return starts[block] + place.astype(np.int32)

    def column(self, field: str) -> Ints:
        """A copy of one column."""
        with self.lock:
            return self.cards.column(field)

    def _pad(self, row: int) -> None:
        """Fill up to `row`: those between were replaced before we saw them."""
        for _ in range(row - len(self.cards)):
            self.cards.append("", "", NOBODY)


class TantivySnapshot:
    """The rows of one commit; `oms.search.postings.Snapshot`."""

    def __init__(self, rows: Rows, searcher: tantivy.Searcher) -> None:
        self._rows, self._searcher = rows, searcher
        self.size = len(rows.cards)
        self.dossiers, self.alike = rows.dossiers, rows.alike
        self.live: Bools = np.zeros(self.size, dtype=np.bool_)
        self.live[rows.among(searcher, tantivy.Query.all_query(), searcher.num_docs)] = True
        self._columns: dict[str, Ints] = {}
        self._standing: Ints | None = None

    def column(self, field: str) -> Ints:
        """The values of `field` for every row."""
        if field not in self._columns:
            self._columns[field] = self._rows.column(field)[: self.size]
        return self._columns[field]

    def postings(self, field: str, word: str) -> Postings:
        """Where `word` occurs among the rows of this commit."""
        rows = self._rows
        with rows.lock:
            upto, known = rows.lists.get(("", field, word)) or (0, NO_POSTINGS)
            if upto < self.size:
                known = side_by_side(((0, known), (upto, self._fetch(field, word, upto))), self.size)
                if len(known):  # asking for what is nowhere costs nothing, remembering it would
                    rows.lists.keep(("", field, word), known, self.size)
        return known if upto <= self.size else beginning(known, self.size)  # a newer state has looked before us

    def count(self, field: str, word: str) -> int:
        """In how many rows `word` occurs, replaced ones included."""
        return sum(self._searcher.doc_freq(field, signed(word, weight)) for weight in _SIGNS[field])

    def cold(self) -> int:
        """How many rows are new since the frequent lists were read ahead."""
        return 0 if self._rows.are_warm else self.size

    def set_warm(self) -> None:
        """Note that they are being read."""
        self._rows.are_warm = True

    def words_from(self, field: str, prefix: str) -> list[str]:
        """All words that begin with `prefix`, in order."""
        return sorted(
            {term[:-1] for term, _ in self._searcher.terms_with_prefix(field, prefix) if len(term) > len(prefix)}
        )

    def card(self, place: int) -> tuple[str, str]:
        """Order key and id of the row."""
        return self._rows.cards.card(place)

    def standing(self, places: Ints) -> Ints:
        """Numbers that sort the rows by order key and id."""
        if len(places) <= FEW:
            return ranks(self._rows.cards.keys.raw(places.tolist()))
        if self._standing is None:
            self._standing = ranks(self._rows.cards.keys.raw(range(self.size)))
        return self._standing[places]

    def stamp(self, id: str) -> str | None:
        """The stamp of the live row with this id."""
        query = tantivy.Query.term_query(self._rows.schema, "id", id, index_option="basic")
        hits = self._searcher.search(query, limit=1).hits
        return _card(self._searcher, hits[0][1])[1] if hits else None

    def stamps(self) -> dict[str, str]:
        """Ids of all live rows with their stamps, read from the files: they are too many to keep."""
        stamps = {}
        for start in range(0, self.size, STEP):
            part = self._rows.between(start, start + STEP)
            for _, address in self._searcher.search(part, limit=STEP, count=False).hits:
                card = _card(self._searcher, address)
                stamps[card[0]] = card[1]
        return stamps

    def _fetch(self, field: str, word: str, start: int) -> Postings:
        """Where `word` occurs in the rows from `start` on."""
        places: list[Ints] = []
        weights: list[Weights] = []
        for weight in _SIGNS[field]:
            term = signed(word, weight)
            count = min(self._searcher.doc_freq(field, term), self.size - start)
            if not count:
                continue
            query = tantivy.Query.term_query(self._rows.schema, field, term, index_option="basic")
            if start:
                query = query.and_must_match(self._rows.between(start, self.size))
            found = self._rows.among(self._searcher, query, count)
            places.append(found)
            weights.append(np.full(len(found), weight, dtype=np.uint8))
        if not places:
            return NO_POSTINGS
        whole, weight_of = np.concatenate(places) - np.int32(start), np.concatenate(weights)
        order = np.argsort(whole, kind="stable")
        return posted(whole[order], weight_of[order], self.size - start)


def _card(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> list[str]:
    """What an item says beside its words: id, stamp, order key and columns."""
    return bytes(searcher.doc(address)["card"][0]).decode("utf-8", "surrogatepass").split("\x1f")
