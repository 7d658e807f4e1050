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
from oms.search.analysis import BARE_SHIFT, GUESSED, HEADING_SHIFT, TEXT_MASK, Asked, QueryWord
from oms.search.interface import EXACT, MISREAD, UNMARKED
from oms.search.postings import Bools, Ints, Weights, common, positions, union
from oms.search.scope import Beside, Floats, Scope, joined, weakened
from oms.vietnamese.misreadings import marked_syllables_from, misreadings, syllables_from

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
NEAR = 0.95
"""Weight of a misreading at most, against the words themselves at the same place."""
NEWS = 0.5
"""Power of the share that is a pair's own, for a misreading: that it is misread its neighbours do not say."""
MISREAD_WORD = 0.9
"""Weight of a misread word by itself, beside what its pairs say."""
REPAIRED = 0.5
"""Weight of a word one slip away, wherever it stands."""
FULL_PAGE = 20
"""Documents with every pair of words from which on nobody needs misreadings."""
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
    repaired: Bools | None = None
    """Where it is not the word itself but one like it; None for nowhere."""
    misread: tuple[Beside, ...] = ()
    """Where, beside a neighbour, something stands that may have been read for the word."""


@dataclass(frozen=True)
class Ranked:
    """The documents of an answer, in no order yet: sorted by group, then by score."""

    places: Ints
    tiers: Ints
    groups: Ints
    scores: Floats
    heading: Bools


class Search:
    """One query over the documents it may speak of."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.snapshot = scope.snapshot

    def run(self, asked: Asked, unfinished: bool) -> Ranked:
        """All words as typed, or the last one completed; beside them likely misreadings; else fewer words."""
        if not self.scope.size:
            return everything(self.scope.allowed)
        sign = analysis.HEADING if unfinished else ""  # suggestions are made of headings, not of page text
        words = [self._typed(word, sign) for word in asked.words]
        shares = self.scope.news(asked.pairs)
        pairs = [weakened(self.scope.together(pair), share) for pair, share in zip(asked.pairs, shares, strict=True)]

        completed = [*words[:-1], self._completed(asked.words[-1], words[-1], sign)] if unfinished else words
        ranked = self._all_of(asked, completed, pairs, frozenset() if unfinished else asked.together)
        if unfinished:
            return ranked
        if not len(ranked.places):
            ranked = self._all_of(asked, words, pairs, frozenset())
        if not len(ranked.places):
            words = [*words[:-1], self._completed(asked.words[-1], words[-1], sign)]
            ranked = self._all_of(asked, words, pairs, frozenset())
        if self._full_matches(asked, ranked) < FULL_PAGE:
            ranked = self._with_misreadings(asked, words, pairs, shares) or ranked
        if not len(ranked.places):
            ranked = self._all_of(asked, self._repaired(asked, words), pairs, frozenset())
        if not len(ranked.places):
            ranked = self._most_of(asked, words, pairs)
        return ranked

    def _full_matches(self, asked: Asked, ranked: Ranked) -> int:
        """How many of the documents have every pair but one at the top: what is asked for and a name are two phrases."""
        if len(ranked.places) < FULL_PAGE or len(asked.words) < 2:
            return len(ranked.places) if len(asked.words) < 2 else 0
        counts = np.zeros(self.snapshot.size, dtype=np.int8)
        for pair in asked.pairs:
            counts[self.scope.at_the_top(pair)] += 1
        return int(np.count_nonzero(counts[ranked.places] >= max(len(asked.pairs) - 1, 1)))

    def _typed(self, word: QueryWord, sign: str = "") -> WordHits:
        """The documents that have the word itself, with or without its marks."""
        places, weights = self.scope.read("folded", sign + word.folded)
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
                either = self._union(hits, forms, _inexact, REPAIRED)
                repaired.append(replace(either, repaired=positions(hits.places, either.places) < 0))
            else:
                repaired.append(hits)
        return repaired

    def _with_misreadings(
        self, asked: Asked, words: list[WordHits], pairs: list[Beside], shares: list[float]
    ) -> Ranked | None:
        """The documents in which each word stands, or beside one of its neighbours what it was misread as."""
        bound = {word for pair in asked.together for word in pair.split(" ")}
        words, pairs = list(words), list(pairs)
        found = False
        for number, word in enumerate(asked.words):
            if word.folded in bound:
                continue
            before = asked.words[number - 1].folded if number else None
            after = asked.words[number + 1].folded if number + 1 < len(asked.words) else None
            near = self.scope.misread(word.folded, before, after)
            for side, beside in enumerate(near, start=number - (before is not None)):
                if len(beside.places):
                    pairs[side] = joined(pairs[side], _less(beside, shares[side] ** NEWS, pairs[side]))
                    words[number] = replace(words[number], misread=(*words[number].misread, beside))
                    found = True
        return self._all_of(asked, words, pairs, asked.together) if found else None

    def _all_of(self, asked: Asked, words: list[WordHits], pairs: list[Beside], together: Iterable[str]) -> Ranked:
        """The documents with every word, misread or not, and every pair of `together`."""
        lists = [
            union([hits.places, *(beside.places for beside in hits.misread)]) if hits.misread else hits.places
            for hits in words
        ]
        needed, *others = sorted([*lists, *map(self.scope.pair, together)], key=len)
        for places in others:
            needed = common(needed, places)
        return self._score(asked, words, pairs, needed)

    def _most_of(self, asked: Asked, words: list[WordHits], pairs: list[Beside]) -> Ranked:
        """The documents with the most of the words, at least half of them."""
        counts = np.zeros(self.snapshot.size, dtype=np.int32)
        for hits in words:
            counts[hits.places] += 1
        most = int(counts.max(initial=0))
        if most == 0 or most * 2 < len(words):
            return everything(np.zeros(0, dtype=np.bool_))
        ranked = self._score(asked, words, pairs, np.flatnonzero(counts == most).astype(np.int32))
        lacking = np.full(len(ranked.places), MISREAD, dtype=np.int32)
        return replace(ranked, tiers=lacking, groups=np.zeros_like(ranked.groups))

    def _score(self, asked: Asked, words: list[WordHits], pairs: list[Beside], needed: Ints) -> Ranked:
        """Tiers and scores of the documents at `needed`."""
        if not len(needed):
            return everything(np.zeros(0, dtype=np.bool_))
        scores = np.zeros(len(needed), dtype=np.float32)
        in_heading = np.zeros(len(needed), dtype=np.int32)
        inexact = np.zeros(len(needed), dtype=np.bool_)
        misread = np.zeros(len(needed), dtype=np.bool_)
        marks_typed = any(word.has_marks for word in asked.words)
        for word, hits in zip(asked.words, words, strict=True):
            at = positions(hits.places, needed)
            there = np.flatnonzero(at >= 0)
            at = at[there]
            scores[there] += hits.gains[at]
            in_heading[there] += hits.heading[at]
            if word.has_marks or not marks_typed:
                inexact[there] |= ~hits.exact[at]
            if not word.has_marks:
                scores[there] += np.float32(BARE * hits.rarity) * hits.exact[at]
            if hits.repaired is not None:
                misread[there] |= hits.repaired[at]
            if hits.misread:
                _add_misread(hits, needed, there, scores, misread)
        for beside in pairs:
            at = positions(beside.places, needed)
            there = np.flatnonzero(at >= 0)
            scores[there] += np.float32(PAIR) * beside.gains[at[there]]
        lengths = np.maximum(self.snapshot.column("heading_words")[needed], len(words))
        rarity = sum(hits.rarity for hits in words) / len(words)
        covered = (in_heading / lengths * COVERAGE * rarity).astype(np.float32)
        tiers = _tiers(inexact, misread, marks_typed)
        # Typed marks are a wish: what has them comes first. Without any, all compete by their score alone.
        groups = ((tiers != EXACT) if marks_typed else np.zeros(len(needed))).astype(np.int32)
        return Ranked(needed, tiers, groups, np.round(scores + covered, 4), in_heading == len(words))

    def _union(
        self, typed: WordHits, forms: Iterable[str], exact: Callable[[Ints, Weights], Bools], share: float
    ) -> WordHits:
        """`typed` and the documents of at most MOST_FORMS of `forms`, each with its best gain."""
        gains = np.zeros(self.snapshot.size, dtype=np.float32)
        exactly = np.zeros(self.snapshot.size, dtype=np.bool_)
        heading = np.zeros(self.snapshot.size, dtype=np.bool_)
        gains[typed.places], exactly[typed.places], heading[typed.places] = typed.gains, typed.exact, typed.heading
        rarity, taken = typed.rarity if len(typed.places) else 0.0, 0
        for form in forms:
            places, weights = self.scope.read("folded", form)
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

    def _weigh(self, places: Ints, weights: Weights, exact: Bools) -> WordHits:
        rarity = self.scope.rarity(len(places))
        heading = (weights >> HEADING_SHIFT & 1).astype(np.bool_)
        return WordHits(places, _GAINS[weights] * np.float32(rarity), exact, heading, rarity)

    def _exact(self, word: QueryWord, places: Ints, weights: Weights, marked: Iterable[str]) -> Bools:
        if not word.has_marks:
            return (weights >> BARE_SHIFT & 1) > 0
        flags = np.zeros(self.snapshot.size, dtype=np.bool_)
        for form in marked:
            flags[self.snapshot.postings("marked", form).places] = True
        return flags[places]


def _gain(weight: int) -> float:
    """What a word says that stands like this, by its best field, against one that stands once in the text."""
    times, heading = weight & TEXT_MASK, HEADING if weight >> HEADING_SHIFT & 1 else 0.0
    text = times * SATURATION / (times + SATURATION - 1)
    return max(text, heading) + OTHER_FIELD * min(text, heading)


_GAINS = np.array([_gain(weight) for weight in range(2 << BARE_SHIFT)], dtype=np.float32)


def _add_misread(hits: WordHits, needed: Ints, typed: NDArray[np.intp], scores: Floats, misread: Bools) -> None:
    """Score those of the documents at `needed` that have a word only as a misreading; `typed` have it as typed."""
    gains = np.zeros(len(needed), dtype=np.float32)
    for beside in hits.misread:
        at = positions(beside.places, needed)
        there = np.flatnonzero(at >= 0)
        gains[there] = np.maximum(gains[there], beside.gains[at[there]])
    gains[typed] = 0
    misread |= gains > 0
    scores += np.minimum(gains, np.float32(hits.rarity)) * np.float32(MISREAD_WORD)


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


def _inexact(places: Ints, _: Weights) -> Bools:
    return np.zeros(len(places), dtype=np.bool_)


def _tiers(inexact: Bools, misread: Bools, marks_typed: bool) -> Ints:
    """Exact where every word typed with marks stands with them. A query without marks does not tell what was
    meant, so its well-read matches share one tier: exact only if none of them has a mark (CB-002716, K'Bris)."""
    if not marks_typed:
        inexact = np.full(len(inexact), (inexact & ~misread).any())
    return np.where(misread, MISREAD, np.where(inexact, UNMARKED, EXACT)).astype(np.int32)


def _less(near: Beside, share: float, typed: Beside) -> Beside:
    """A share of what misreadings say, less in any case than what the words themselves say at the top of a page."""
    most = float(typed.gains.max(initial=0)) * NEAR or np.inf
    return Beside(near.places, np.minimum(near.gains * np.float32(share), np.float32(most)))
