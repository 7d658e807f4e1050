"""Which documents answer a query, and in which order.

Works on arrays of one snapshot and never looks outside the documents the query allows: how rare a word is, which
words can be completed or repaired, counts and facets are all taken from the allowed ones. Measured: a sum over
fields with a boosted heading hides freshly scanned pages that have no heading yet, so the best field counts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oms.search.analysis import BARE_SHIFT, HEADING_MOST, HEADING_SHIFT, TEXT_MOST, Asked, QueryWord, ask, misreadings
from oms.search.interface import EXACT, MISREAD, UNMARKED, Found, Match, Query
from oms.search.whoosh_segments import Bools, Ints, Snapshot

Floats = NDArray[np.float32]

HEADING = 2.0
"""A word in the heading against a word once in the text (which weighs 1 and grows to SATURATION)."""
SATURATION = 2.2
OTHER_FIELD = 0.1
"""Share of the weaker field that is added to the better one."""
PAIR = 3.0
"""Weight of two words standing together as asked, wherever, against one word. Measured with HEADING on 12,000
generated documents: smaller pairs or a heavier heading hide pages whose name stands only in their text."""
COVERAGE = 0.8
"""Bonus of a heading that consists of nothing but the words asked for."""
BARE = 0.05
"""Bonus of a word that stands in the document without marks, as typed (An before Ân)."""
COMPLETED = 0.6
"""Weight of a word that only begins like the typed one."""
REPAIRED = 0.5
MOST_FORMS = 64
"""Words a half-typed word is completed to, or a misread one repaired to."""


@dataclass(frozen=True)
class WordHits:
    """The allowed documents that have one word: places, gains, exactly as typed or not, in the heading or not."""

    places: Ints
    gains: Floats
    exact: Bools
    heading: Bools
    rarity: float
    repaired: bool = False


@dataclass(frozen=True)
class Ranked:
    """The documents of an answer, in no order yet."""

    places: Ints
    tiers: Ints
    scores: Floats


def answer(snapshot: Snapshot, query: Query) -> Found:
    """The page of matches `query` asks for with its exact counts."""
    if not query.dossiers:  # whoosh would take an empty filter for none at all
        return Found()
    allowed = _allowed(snapshot, query)
    asked = ask(query.words)
    if not asked.words and query.words.strip():
        return Found()
    ranked = _everything(allowed) if not asked.words else _Search(snapshot, allowed).run(asked, query.unfinished)
    return Found(
        total=len(ranked.places),
        matches=_page(snapshot, ranked, query),
        facets=_facets(snapshot, ranked.places),
        by_dossier=_counts(snapshot, "dossier", ranked.places),
    )


class _Search:
    """One query over one snapshot; the allowed documents are fixed at the start and cannot be widened."""

    def __init__(self, snapshot: Snapshot, allowed: Bools) -> None:
        self._snapshot = snapshot
        self._allowed = allowed
        self._count = int(np.count_nonzero(allowed))

    def run(self, asked: Asked, unfinished: bool) -> Ranked:
        """All words as typed; else the last one completed; else misread ones repaired; else fewer words."""
        if not self._count:
            return _everything(self._allowed)
        words = [self._typed(word) for word in asked.words]
        ways: list[Callable[[], Ranked]] = [
            lambda: self._all_of(asked, words, asked.together),
            lambda: self._all_of(asked, words, frozenset()),
            lambda: self._all_of(asked, [*words[:-1], self._completed(asked.words[-1], words[-1])], frozenset()),
            lambda: self._all_of(asked, self._repaired(asked, words), frozenset()),
            lambda: self._most_of(asked, words),
        ]
        if unfinished:
            ways = ways[2:]
        for way in ways:
            ranked = way()
            if len(ranked.places):
                return ranked
        return ranked

    def _typed(self, word: QueryWord) -> WordHits:
        """The documents that have the word itself, with or without its marks."""
        places, weights = self._read("folded", word.folded)
        exact = self._exact(word, places, weights, [word.marked])
        return self._weigh(places, weights, exact)

    def _completed(self, word: QueryWord, typed: WordHits) -> WordHits:
        """The documents that have a word beginning like `word`; whole words keep their full weight."""
        if len(word.folded) < 2:
            return typed
        forms = [form for form in self._snapshot.words_from("folded", word.folded, MOST_FORMS) if form != word.folded]
        marked = self._snapshot.words_from("marked", word.marked, MOST_FORMS) if word.has_marks else []
        return self._union(typed, forms, lambda places, weights: self._exact(word, places, weights, marked), COMPLETED)

    def _repaired(self, asked: Asked, words: list[WordHits]) -> list[WordHits]:
        """The words without a hit replaced by words one slip away; all words when each has hits of its own."""
        hopeless = [not len(hits.places) for hits in words]
        repaired = []
        for word, hits, none in zip(asked.words, words, hopeless, strict=True):
            if none or not any(hopeless):
                forms = [form for form in misreadings(word.folded) if self._snapshot.has_word("folded", form)]
                never: Callable[[Ints, Ints], Bools] = lambda places, _: np.zeros(len(places), dtype=np.bool_)  # noqa: E731
                hits = replace(self._union(hits, forms[:MOST_FORMS], never, REPAIRED), repaired=True)  # noqa: PLW2901
            repaired.append(hits)
        return repaired

    def _all_of(self, asked: Asked, words: list[WordHits], together: Iterable[str]) -> Ranked:
        """The documents with every word and every pair of `together`."""
        needed = min((hits.places for hits in words), key=len)
        for hits in sorted(words, key=lambda hits: len(hits.places)):
            needed = np.intersect1d(needed, hits.places, assume_unique=True)
        for pair in together:
            needed = np.intersect1d(needed, self._read("pairs", pair)[0], assume_unique=True)
        misread = any(hits.repaired for hits in words)
        return self._score(asked, words, needed, MISREAD if misread else 0)

    def _most_of(self, asked: Asked, words: list[WordHits]) -> Ranked:
        """The documents with the most of the words, at least half of them."""
        counts = np.zeros(self._snapshot.size, dtype=np.int32)
        for hits in words:
            counts[hits.places] += 1
        most = int(counts.max(initial=0))
        if most == 0 or most * 2 < len(words):
            return _everything(np.zeros(0, dtype=np.bool_))
        return self._score(asked, words, np.flatnonzero(counts == most).astype(np.int32), MISREAD)

    def _score(self, asked: Asked, words: list[WordHits], needed: Ints, tier: int) -> Ranked:
        """Tiers and scores of the documents at `needed`."""
        scores = np.zeros(self._snapshot.size, dtype=np.float32)
        in_heading = np.zeros(self._snapshot.size, dtype=np.int32)
        inexact = np.zeros(self._snapshot.size, dtype=np.bool_)
        marks_typed = any(word.has_marks for word in asked.words)
        for word, hits in zip(asked.words, words, strict=True):
            scores[hits.places] += hits.gains
            in_heading[hits.places] += hits.heading
            if word.has_marks or not marks_typed:
                inexact[hits.places[~hits.exact]] = True
            if not word.has_marks:
                scores[hits.places[hits.exact]] += np.float32(BARE * hits.rarity)
        for pair, one, other in zip(asked.pairs, words, words[1:], strict=False):
            scores[self._read("pairs", pair)[0]] += np.float32(PAIR * (one.rarity + other.rarity) / 2)
        lengths = np.maximum(self._snapshot.column("heading_words")[needed], len(words))
        rarity = sum(hits.rarity for hits in words) / len(words)
        covered = in_heading[needed] / np.maximum(lengths, 1) * COVERAGE * rarity
        return Ranked(
            needed,
            np.full(len(needed), tier, dtype=np.int32) if tier else _tiers(inexact[needed], marks_typed),
            np.round(scores[needed] + covered.astype(np.float32), 4),
        )

    def _union(
        self, typed: WordHits, forms: Iterable[str], exact: Callable[[Ints, Ints], Bools], share: float
    ) -> WordHits:
        """`typed` and the documents of all `forms`, each with its best gain."""
        gains = np.zeros(self._snapshot.size, dtype=np.float32)
        exactly = np.zeros(self._snapshot.size, dtype=np.bool_)
        heading = np.zeros(self._snapshot.size, dtype=np.bool_)
        gains[typed.places], exactly[typed.places], heading[typed.places] = typed.gains, typed.exact, typed.heading
        rarity = typed.rarity if len(typed.places) else 0.0
        for form in forms:
            places, weights = self._read("folded", form)
            if not len(places):
                continue
            hits = self._weigh(places, weights, exact(places, weights))
            gains[places] = np.maximum(gains[places], hits.gains * np.float32(share))
            exactly[places] |= hits.exact
            heading[places] |= hits.heading
            rarity = max(rarity, hits.rarity * share)
        found = np.flatnonzero(gains).astype(np.int32)
        return WordHits(found, gains[found], exactly[found], heading[found], rarity)

    def _weigh(self, places: Ints, weights: Ints, exact: Bools) -> WordHits:
        rarity = float(np.log(1 + (self._count - len(places) + 0.5) / (len(places) + 0.5)))
        times = (weights & TEXT_MOST).astype(np.float32)
        heading = (weights >> HEADING_SHIFT & HEADING_MOST) > 0
        text_gain = times * np.float32(SATURATION) / (times + np.float32(SATURATION - 1))
        heading_gain = np.where(heading, np.float32(HEADING), np.float32(0))
        best = np.maximum(text_gain, heading_gain) + np.float32(OTHER_FIELD) * np.minimum(text_gain, heading_gain)
        return WordHits(places, best * np.float32(rarity), exact, heading, rarity)

    def _exact(self, word: QueryWord, places: Ints, weights: Ints, marked: Iterable[str]) -> Bools:
        if not word.has_marks:
            return (weights >> BARE_SHIFT & 1) > 0
        flags = np.zeros(self._snapshot.size, dtype=np.bool_)
        for form in marked:
            flags[self._snapshot.postings("marked", form).places] = True
        return flags[places]

    def _read(self, field: str, word: str) -> tuple[Ints, Ints]:
        """A posting list, the allowed documents only."""
        places, weights = self._snapshot.postings(field, word)
        kept = self._allowed[places]
        return places[kept], weights[kept]


def _allowed(snapshot: Snapshot, query: Query) -> Bools:
    """The documents the query may speak about at all: alive, in an allowed dossier, through every filter."""
    allowed = snapshot.codes["dossier"].chosen(query.dossiers)[snapshot.column("dossier")] & snapshot.live
    for field, wanted in (("kind", query.kind), ("component", query.component), ("category", query.category)):
        if wanted is not None:
            allowed &= snapshot.codes[field].chosen((wanted,))[snapshot.column(field)]
    if query.year is not None:
        allowed &= snapshot.column("year") == query.year
    return allowed


def _everything(allowed: Bools) -> Ranked:
    places = np.flatnonzero(allowed).astype(np.int32)
    return Ranked(places, np.full(len(places), EXACT, dtype=np.int32), np.zeros(len(places), dtype=np.float32))


def _tiers(inexact: Bools, marks_typed: bool) -> Ints:
    """Exact where every word typed with marks stands with them. A query without marks does not tell what was
    meant, so its matches share one tier: exact only if none of them has a mark (CB-002716, K'Bris)."""
    if marks_typed:
        return np.where(inexact, UNMARKED, EXACT).astype(np.int32)
    return np.full(len(inexact), UNMARKED if inexact.any() else EXACT, dtype=np.int32)


def _page(snapshot: Snapshot, ranked: Ranked, query: Query) -> tuple[Match, ...]:
    """The asked slice of (tier, score, order key, id); only documents that can be in it are compared by name."""
    start, end = max(query.offset, 0), max(query.offset, 0) + max(query.limit, 0)
    if start >= len(ranked.places) or end == start:
        return ()
    by_weight = np.lexsort((-ranked.scores, ranked.tiers))
    last = by_weight[min(end, len(by_weight)) - 1]
    worse = (ranked.tiers > ranked.tiers[last]) | (
        (ranked.tiers == ranked.tiers[last]) & (ranked.scores < ranked.scores[last])
    )
    rows = np.flatnonzero(~worse)
    places, tiers, scores = ranked.places[rows], ranked.tiers[rows], ranked.scores[rows]
    chosen = np.lexsort((snapshot.standing(places), -scores, tiers))[start:end].tolist()
    kinds, dossiers = snapshot.codes["kind"].names, snapshot.codes["dossier"].names
    return tuple(
        Match(
            id=snapshot.card(int(places[row]))[1],
            kind=kinds[snapshot.column("kind")[places[row]]],
            dossier=dossiers[snapshot.column("dossier")[places[row]]],
            score=round(float(scores[row]), 4),
            tier=int(tiers[row]),
        )
        for row in chosen
    )


def _facets(snapshot: Snapshot, places: Ints) -> dict[str, dict[str, int]]:
    facets = {field: _counts(snapshot, field, places) for field in ("kind", "component", "category")}
    years, counts = np.unique(snapshot.column("year")[places], return_counts=True)
    facets["year"] = {
        str(year): int(count) for year, count in zip(years.tolist(), counts.tolist(), strict=True) if year
    }
    return facets


def _counts(snapshot: Snapshot, field: str, places: Ints) -> dict[str, int]:
    """How many of the documents have each value of `field`; empty values are left out."""
    counts = np.bincount(snapshot.column(field)[places], minlength=0)
    names = snapshot.codes[field].names
    return {names[code]: int(counts[code]) for code in np.flatnonzero(counts).tolist() if names[code]}
