"""Which documents have what was asked, and how well.

Works on arrays of one snapshot and never looks outside the documents the query allows: how rare a word is, which
words can be completed or repaired, all is taken from the allowed ones. What is measured here and why the constants
are as they are: docs/search.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oms.search import analysis
from oms.search.analysis import BARE_SHIFT, GUESSED, HEADING_MOST, HEADING_SHIFT, TEXT_MOST, Asked, QueryWord
from oms.search.interface import EXACT, MISREAD, UNMARKED
from oms.search.postings import Bools, Ints, Snapshot
from oms.vietnamese.misreadings import likely_syllables, marked_syllables_from, misreadings, syllables_from

Floats = NDArray[np.float32]

HEADING = 1.1
"""A word in the heading against a word once in the text (which weighs 1 and grows to SATURATION)."""
SATURATION = 1.2
OTHER_FIELD = 0.1
"""Share of the weaker field that is added to the better one."""
PAIR = 8.0
"""Weight of two words standing together as asked, by how rare the two together are, against one word."""
COVERAGE = 1.5
"""Bonus of a heading that consists of nothing but the words asked for."""
BARE = 0.05
"""Bonus of a word that stands in the document without marks, as typed (An before Ân)."""
COMPLETED = 0.6
"""Weight of a word that only begins like the typed one."""
REPAIRED = 0.5
"""Weight of a word one slip away, wherever it stands."""
NEAR = 0.9
"""Weight of a likely misreading that stands beside its neighbour."""
FULL_PAGE = 20
"""Documents with every pair of words from which on nobody needs misreadings."""
RARE = 0.05
"""Share of the allowed documents above which a word is not looked for under other possible syllables."""
SMALL = 200
"""Documents up to which no word counts as frequent."""
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
    """The documents of an answer, in no order yet: sorted by group, then by score."""

    places: Ints
    tiers: Ints
    groups: Ints
    scores: Floats
    heading: Bools


class Search:
    """One query over one snapshot; the allowed documents are fixed at the start and cannot be widened."""

    def __init__(self, snapshot: Snapshot, allowed: Bools) -> None:
        self.snapshot = snapshot
        self.allowed = allowed
        self._count = int(np.count_nonzero(allowed))
        self._pairs: dict[str, Ints] = {}

    def run(self, asked: Asked, unfinished: bool) -> Ranked:
        """All words as typed, or the last one completed; beside them likely misreadings; else fewer words."""
        if not self._count:
            return everything(self.allowed)
        sign = analysis.HEADING if unfinished else ""  # suggestions are made of headings, not of page text
        words = [self._typed(word, sign) for word in asked.words]

        def completed() -> Ranked:
            last = self._completed(asked.words[-1], words[-1], sign)
            return self._all_of(asked, [*words[:-1], last], frozenset())

        if unfinished:
            return completed()
        ranked = self._all_of(asked, words, asked.together)
        if not len(ranked.places):
            ranked = self._all_of(asked, words, frozenset())
        if not len(ranked.places):
            ranked = completed()
        if self._full_matches(asked, ranked) < FULL_PAGE:
            ranked = self._with_misreadings(asked, words, ranked)
        if not len(ranked.places):
            ranked = self._all_of(asked, self._repaired(asked, words), frozenset())
        if not len(ranked.places):
            ranked = self._most_of(asked, words)
        return ranked

    def read(self, field: str, word: str) -> tuple[Ints, Ints]:
        """A posting list, the allowed documents only."""
        places, weights = self.snapshot.postings(field, word)
        if not len(places):
            return places, weights
        kept = self.allowed[places]
        return places[kept], weights[kept]

    def count(self, folded: str) -> int:
        """How many allowed documents have the word, marks aside."""
        return len(self.read("folded", folded)[0])

    def pair(self, pair: str) -> Ints:
        """The allowed documents in which the two words stand together."""
        if pair not in self._pairs:
            self._pairs[pair] = self.read("pairs", pair)[0]
        return self._pairs[pair]

    def has(self, field: str, word: str, place: int) -> bool:
        """Whether the document at `place` has the word or pair."""
        places = self.snapshot.postings(field, word).places
        found = int(np.searchsorted(places, place))
        return found < len(places) and int(places[found]) == place

    def _full_matches(self, asked: Asked, ranked: Ranked) -> int:
        """How many of the documents have every pair but one: what is asked for and a name are two phrases."""
        if len(ranked.places) < FULL_PAGE or len(asked.words) < 2:
            return len(ranked.places) if len(asked.words) < 2 else 0
        counts = np.zeros(self.snapshot.size, dtype=np.int8)
        for pair in asked.pairs:
            counts[self.pair(pair)] += 1
        return int(np.count_nonzero(counts[ranked.places] >= max(len(asked.pairs) - 1, 1)))

    def _typed(self, word: QueryWord, sign: str = "") -> WordHits:
        """The documents that have the word itself, with or without its marks."""
        places, weights = self.read("folded", sign + word.folded)
        return self._weigh(places, weights, self._exact(word, places, weights, [word.marked]))

    def _completed(self, word: QueryWord, typed: WordHits, sign: str) -> WordHits:
        """The documents that have a word beginning like `word`; whole words keep their full weight."""
        if len(word.folded) < 2:
            return typed
        begun = self.snapshot.words_from("folded", sign + word.folded)
        forms = dict.fromkeys([*(sign + form for form in syllables_from(word.folded)), *begun])
        forms.pop(sign + word.folded, None)
        marked = [word.marked, *marked_syllables_from(word.marked)] if word.has_marks else []
        return self._union(typed, forms, lambda places, weights: self._exact(word, places, weights, marked), COMPLETED)

    def _repaired(self, asked: Asked, words: list[WordHits]) -> list[WordHits]:
        """The words without a hit replaced by words one slip away; all words when each has hits of its own."""
        hopeless = [not len(hits.places) for hits in words]
        repaired = []
        for word, hits, none in zip(asked.words, words, hopeless, strict=True):
            if none or not any(hopeless):
                forms = [GUESSED + word.folded, *misreadings(word.folded)]
                hits = replace(self._union(hits, forms, _inexact, REPAIRED), repaired=True)  # noqa: PLW2901
            repaired.append(hits)
        return repaired

    def _with_misreadings(self, asked: Asked, words: list[WordHits], ranked: Ranked) -> Ranked:
        """`ranked` and the documents in which one word is a likely misreading beside one of its neighbours."""
        bound = {word for pair in asked.together for word in pair.split(" ")}
        for number, word in enumerate(asked.words):
            if word.folded in bound or (near := self._near(asked, words, number)) is None:
                continue
            found = self._all_of(asked, [*words[:number], near, *words[number + 1 :]], asked.together)
            fresh = ~np.isin(found.places, ranked.places, assume_unique=True)
            parts = zip(vars(ranked).items(), vars(found).values(), strict=True)
            ranked = Ranked(**{name: np.concatenate([old, new[fresh]]) for (name, old), new in parts})
        return ranked

    def _near(self, asked: Asked, words: list[WordHits], number: int) -> WordHits | None:
        """The documents that have, beside a neighbour of the word, a syllable it may be misread as, or its halves."""
        word, typed = asked.words[number].folded, words[number]
        before = asked.words[number - 1].folded if number else None
        after = asked.words[number + 1].folded if number + 1 < len(words) else None
        gains = np.zeros(self.snapshot.size, dtype=np.float32)
        most = 0.0
        forms = likely_syllables(word) if len(typed.places) <= max(RARE * self._count, SMALL) else ()
        halves = [(word[:cut], word[cut:]) for cut in range(1, len(word))] if forms else []
        split = [(one, other) for one, other in halves if len(self.pair(f"{one} {other}"))]

        def left(form: str) -> str:
            return f"{before} {form}"

        def right(form: str) -> str:
            return f"{form} {after}"

        for neighbour, beside in ((before, left), (after, right)):
            if neighbour is None:
                continue
            found = [self.pair(beside(form)) for form in forms]
            found.append(self.pair(GUESSED + beside(word)))
            for one, other in split:
                touching = self.pair(beside(one if neighbour is before else other))
                found.append(np.intersect1d(self.pair(f"{one} {other}"), touching, assume_unique=True))
            places = np.unique(np.concatenate(found))
            if len(places):
                rarity = self._rarity(max(len(self.pair(beside(word))), len(places)))
                most = max(most, rarity)
                gains[places] += np.float32(PAIR * rarity * NEAR)
        found_places = np.flatnonzero(gains).astype(np.int32)
        if not len(found_places):
            return None
        rarity = min(typed.rarity, most)
        none = np.zeros(len(found_places), dtype=np.bool_)
        return WordHits(found_places, gains[found_places] + np.float32(rarity * NEAR), none, none, rarity, True)

    def _all_of(self, asked: Asked, words: list[WordHits], together: Iterable[str]) -> Ranked:
        """The documents with every word and every pair of `together`."""
        shortest = sorted(words, key=lambda hits: len(hits.places))
        needed = shortest[0].places
        for places in (*(hits.places for hits in shortest[1:]), *map(self.pair, together)):
            if not len(needed):
                break
            needed = np.intersect1d(needed, places, assume_unique=True)
        return self._score(asked, words, needed, MISREAD if any(hits.repaired for hits in words) else 0)

    def _most_of(self, asked: Asked, words: list[WordHits]) -> Ranked:
        """The documents with the most of the words, at least half of them."""
        counts = np.zeros(self.snapshot.size, dtype=np.int32)
        for hits in words:
            counts[hits.places] += 1
        most = int(counts.max(initial=0))
        if most == 0 or most * 2 < len(words):
            return everything(np.zeros(0, dtype=np.bool_))
        return self._score(asked, words, np.flatnonzero(counts == most).astype(np.int32), MISREAD)

    def _score(self, asked: Asked, words: list[WordHits], needed: Ints, tier: int) -> Ranked:
        """Tiers and scores of the documents at `needed`."""
        if not len(needed):
            return everything(np.zeros(0, dtype=np.bool_))
        scores = np.zeros(self.snapshot.size, dtype=np.float32)
        in_heading = np.zeros(self.snapshot.size, dtype=np.int32)
        inexact = np.zeros(self.snapshot.size, dtype=np.bool_)
        marks_typed = any(word.has_marks for word in asked.words)
        for word, hits in zip(asked.words, words, strict=True):
            scores[hits.places] += hits.gains
            in_heading[hits.places] += hits.heading
            if word.has_marks or not marks_typed:
                inexact[hits.places[~hits.exact]] = True
            if not word.has_marks:
                scores[hits.places[hits.exact]] += np.float32(BARE * hits.rarity)
        for pair in asked.pairs:
            places = self.pair(pair)
            scores[places] += np.float32(PAIR * self._rarity(len(places)))
        lengths = np.maximum(self.snapshot.column("heading_words")[needed], len(words))
        rarity = sum(hits.rarity for hits in words) / len(words)
        covered = (in_heading[needed] / lengths * COVERAGE * rarity).astype(np.float32)
        tiers = np.full(len(needed), tier, dtype=np.int32) if tier else _tiers(inexact[needed], marks_typed)
        # Typed marks are a wish: what has them comes first. Without any, all compete by their score alone.
        groups = ((tiers != EXACT) if marks_typed else np.zeros(len(needed))).astype(np.int32)
        return Ranked(needed, tiers, groups, np.round(scores[needed] + covered, 4), in_heading[needed] == len(words))

    def _union(
        self, typed: WordHits, forms: Iterable[str], exact: Callable[[Ints, Ints], Bools], share: float
    ) -> WordHits:
        """`typed` and the documents of at most MOST_FORMS of `forms`, each with its best gain."""
        gains = np.zeros(self.snapshot.size, dtype=np.float32)
        exactly = np.zeros(self.snapshot.size, dtype=np.bool_)
        heading = np.zeros(self.snapshot.size, dtype=np.bool_)
        gains[typed.places], exactly[typed.places], heading[typed.places] = typed.gains, typed.exact, typed.heading
        rarity, taken = typed.rarity if len(typed.places) else 0.0, 0
        for form in forms:
            places, weights = self.read("folded", form)
            if not len(places):
                continue
            hits = self._weigh(places, weights, exact(places, weights))
            gains[places] = np.maximum(gains[places], hits.gains * np.float32(share))
            exactly[places] |= hits.exact
            heading[places] |= hits.heading
            rarity = max(rarity, hits.rarity * share)
            taken += 1
            if taken == MOST_FORMS:
                break
        found = np.flatnonzero(gains).astype(np.int32)
        return WordHits(found, gains[found], exactly[found], heading[found], rarity)

    def _rarity(self, count: int) -> float:
        """How much finding a word, or a pair, in `count` of the allowed documents says."""
        return float(np.log(1 + (self._count - count + 0.5) / (count + 0.5)))

    def _weigh(self, places: Ints, weights: Ints, exact: Bools) -> WordHits:
        rarity = self._rarity(len(places))
        times = np.minimum(weights & TEXT_MOST, 2).astype(np.float32)  # more than twice says nothing more
        heading = (weights >> HEADING_SHIFT & HEADING_MOST) > 0
        text_gain = times * np.float32(SATURATION) / (times + np.float32(SATURATION - 1))
        heading_gain = np.where(heading, np.float32(HEADING), np.float32(0))
        best = np.maximum(text_gain, heading_gain) + np.float32(OTHER_FIELD) * np.minimum(text_gain, heading_gain)
        return WordHits(places, best * np.float32(rarity), exact, heading, rarity)

    def _exact(self, word: QueryWord, places: Ints, weights: Ints, marked: Iterable[str]) -> Bools:
        if not word.has_marks:
            return (weights >> BARE_SHIFT & 1) > 0
        flags = np.zeros(self.snapshot.size, dtype=np.bool_)
        for form in marked:
            flags[self.snapshot.postings("marked", form).places] = True
        return flags[places]


def everything(allowed: Bools) -> Ranked:
    """All allowed documents, none better than another."""
    places = np.flatnonzero(allowed).astype(np.int32)
    count = len(places)
    return Ranked(
        places,
        np.full(count, EXACT, dtype=np.int32),
        np.zeros(count, dtype=np.int32),
        np.zeros(count, dtype=np.float32),
        np.zeros(count, dtype=np.bool_),
    )


def _inexact(places: Ints, _: Ints) -> Bools:
    return np.zeros(len(places), dtype=np.bool_)


def _tiers(inexact: Bools, marks_typed: bool) -> Ints:
    """Exact where every word typed with marks stands with them. A query without marks does not tell what was
    meant, so its matches share one tier: exact only if none of them has a mark (CB-002716, K'Bris)."""
    if marks_typed:
        return np.where(inexact, UNMARKED, EXACT).astype(np.int32)
    return np.full(len(inexact), UNMARKED if inexact.any() else EXACT, dtype=np.int32)
