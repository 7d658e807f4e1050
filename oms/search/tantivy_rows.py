"""One state of a tantivy index as arrays: rows that keep their number, posting lists fetched once and then extended.

A row number is given when an item is put and never again, so what was read stays right while segments are merged;
after a commit only the rows behind the last one are asked for. Knows no ranking.
"""

import threading
from array import array
from collections import OrderedDict
from operator import itemgetter

import numpy as np
import tantivy

from oms.search.analysis import AT_THE_TOP, BARE_SHIFT, ELSEWHERE, ONCE, TEXT_MASK
from oms.search.postings import CODED, COUNTED, NO_POSTINGS, Bools, Codes, Ints, Postings, rank_cards

CACHED_POSTINGS = 4_000_000
"""Postings kept decoded, 8 bytes each."""
LIST = 40
"""What a list takes by itself, in postings: most that are asked for are empty."""
FEW = 2000
"""Documents that are sorted by name for one query; for more, all are sorted once and remembered."""
_SIGNS = {
    "folded": [weight for weight in range(1, 2 << BARE_SHIFT) if weight & TEXT_MASK != TEXT_MASK],
    "marked": [ONCE],
    "pairs": [ELSEWHERE, AT_THE_TOP],
}
"""How a word can stand in an item: it is indexed with a sign behind it that says so, and each is a list of its own."""


_ROW = itemgetter(0)


def signed(word: str, weight: int) -> str:
    """The term for a word of this packed weight (oms.search.analysis)."""
    return word + chr(ord("A") + weight)


class Rows:
    """The cards of all rows, in step with the index; grows in place, under the lock of its engine."""

    def __init__(self, schema: tantivy.Schema) -> None:
        self.schema = schema
        self.ids: list[str] = []
        self.orders: list[str] = []
        self.codes = {field: Codes() for field in CODED}
        self.places: dict[str, int] = {}
        """Row of each live id."""
        self._columns = {field: array("i") for field in (*CODED, *COUNTED)}
        self.lists: OrderedDict[tuple[str, str], tuple[int, Postings]] = OrderedDict()
        self.cached = 0
        self.lock = threading.RLock()

    def follow(self, searcher: tantivy.Searcher) -> None:
        """Take in what was put since the last time, and forget what is gone; the caller holds the lock."""
        fresh = searcher.search(self.behind(len(self.ids)), limit=max(searcher.num_docs, 1), order_by_field="row")
        for row, address in reversed(fresh.hits):
            self._add(int(row), _card(searcher, address))
        if len(self.places) != searcher.num_docs:  # something was removed, or put and replaced before we looked
            hits = searcher.search(
                tantivy.Query.all_query(), limit=max(searcher.num_docs, 1), order_by_field="row"
            ).hits
            self.places = {self.ids[int(row)]: int(row) for row, _ in hits}

    def behind(self, row: int) -> tantivy.Query:
        """The rows from `row` on."""
        return tantivy.Query.range_query(self.schema, "row", tantivy.FieldType.Unsigned, lower_bound=row)

    def column(self, field: str) -> Ints:
        """A copy of one column."""
        with self.lock:
            return np.array(self._columns[field], dtype=np.int32)

    def _add(self, row: int, card: list[str]) -> None:
        for _ in range(row - len(self.ids)):  # rows that were replaced before we saw them
            self._append("", "", [""] * len(CODED), ["0"] * len(COUNTED))
        self._append(card[0], card[2], card[3 : 3 + len(CODED)], card[3 + len(CODED) :])
        self.places[card[0]] = row

    def _append(self, id: str, order: str, coded: list[str], counted: list[str]) -> None:
        self.ids.append(id)
        self.orders.append(order)
        for field, value in zip(CODED, coded, strict=True):
            self._columns[field].append(self.codes[field].number(value))
        for field, value in zip(COUNTED, counted, strict=True):
            self._columns[field].append(int(value))


class TantivySnapshot:
    """The rows of one commit; `oms.search.postings.Snapshot`."""

    def __init__(self, rows: Rows, searcher: tantivy.Searcher) -> None:
        self._rows, self._searcher = rows, searcher
        self.size = len(rows.ids)
        self.codes = rows.codes
        self.live: Bools = np.zeros(self.size, dtype=np.bool_)
        self.live[list(rows.places.values())] = True
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
            upto, known = rows.lists.get((field, word), (0, NO_POSTINGS))
            if upto < self.size:
                found = self._fetch(field, word, upto)
                rows.cached += len(found.places) + (0 if (field, word) in rows.lists else LIST)
                known = (
                    Postings(*(np.concatenate(parts) for parts in zip(known, found, strict=True))) if upto else found
                )
                rows.lists[field, word] = (self.size, known)
                while rows.cached > CACHED_POSTINGS and len(rows.lists) > 1:
                    rows.cached -= len(rows.lists.popitem(last=False)[1][1].places) + LIST
            if (field, word) in rows.lists:
                rows.lists.move_to_end((field, word))
        if upto <= self.size:
            return known
        end = int(np.searchsorted(known.places, self.size))  # a newer state has looked before us
        return known if end == len(known.places) else Postings(known.places[:end], known.weights[:end])

    def words_from(self, field: str, prefix: str) -> list[str]:
        """All words that begin with `prefix`, in order."""
        return sorted(
            {term[:-1] for term, _ in self._searcher.terms_with_prefix(field, prefix) if len(term) > len(prefix)}
        )

    def card(self, place: int) -> tuple[str, str]:
        """Order key and id of the row."""
        return self._rows.orders[place], self._rows.ids[place]

    def standing(self, places: Ints) -> Ints:
        """Numbers that sort the rows by order key and id."""
        if len(places) <= FEW:
            return rank_cards([self.card(place) for place in places.tolist()])
        if self._standing is None:
            self._standing = rank_cards(list(map(self.card, range(self.size))))
        return self._standing[places]

    def stamp(self, id: str) -> str | None:
        """The stamp of the live row with this id."""
        query = tantivy.Query.term_query(self._rows.schema, "id", id, index_option="basic")
        hits = self._searcher.search(query, limit=1).hits
        return _card(self._searcher, hits[0][1])[1] if hits else None

    def stamps(self) -> dict[str, str]:
        """Ids of all live rows with their stamps, read from the files: they are too many to keep."""
        everything = self._searcher.search(tantivy.Query.all_query(), limit=max(self._searcher.num_docs, 1))
        cards = (_card(self._searcher, address) for _, address in everything.hits)
        return {card[0]: card[1] for card in cards}

    def _fetch(self, field: str, word: str, start: int) -> Postings:
        places: list[Ints] = []
        weights: list[Ints] = []
        for weight in _SIGNS[field]:
            term = signed(word, weight)
            count = self._searcher.doc_freq(field, term)
            if not count:
                continue
            query = tantivy.Query.term_query(self._rows.schema, field, term, index_option="basic")
            if start:
                query = query.and_must_match(self._rows.behind(start))
            hits = self._searcher.search(query, limit=count, count=False, order_by_field="row").hits
            places.append(np.fromiter(map(_ROW, hits), dtype=np.int32, count=len(hits)))
            weights.append(np.full(len(hits), weight, dtype=np.int32))
        if not places:
            return NO_POSTINGS
        whole = np.concatenate(places)
        order = np.argsort(whole)
        return Postings(whole[order], np.concatenate(weights)[order])


def _card(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> list[str]:
    """What an item says beside its words: id, stamp, order key and columns."""
    return bytes(searcher.doc(address)["card"][0]).decode("utf-8", "surrogatepass").split("\x1f")
