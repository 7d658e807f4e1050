"""Which documents have what was asked, and how well.

Works on arrays of one snapshot and never looks outside the documents the query allows: how rare a word is, which
words can be completed or repaired, all is taken from the allowed ones. What is measured here and why the constants
are as they are: docs/search.md.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from oms.search import analysis
from oms.search.analysis import AT_THE_TOP, BARE_SHIFT, GUESSED, HEADING_SHIFT, TEXT_MASK, Asked, QueryWord
from oms.search.cards import Bools, Ints, Wanted
from oms.search.interface import EXACT, MISREAD, UNMARKED
from oms.search.postings import Postings, Weights, at_places, shared, union
from oms.search.scope import Beside, Floats, Scope, Together
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


EXACTLY, IN_HEADING, LIKE_IT = map(np.uint8, (1, 2, 4))
"""How a word stands in a document, as bits: as typed; in the heading; not it, but one like it."""


@dataclass(frozen=True)
class Standing:
    """How one word stands in some documents: what that says, 0 where it does not stand, and the bits above."""

    gains: Floats
    how: Weights


class Typed:
    """The allowed documents that have a word as typed, with or without its marks."""

    def __init__(self, postings: Postings, marked: Postings | None, rarity: float) -> None:
        self.postings = postings
        self.rarity = rarity
        self._marked = marked
        """The documents that have it with the typed marks; None where none were typed."""

    def __len__(self) -> int:
        return len(self.postings)

    @property
    def places(self) -> Ints:
        """Where the documents are, ascending."""
        return self.postings.places

    def has(self, wanted: Wanted) -> Bools:
        """Which of the documents at `wanted` have it."""
        return self.postings.has(wanted)

    def at(self, wanted: Wanted) -> Standing:
        """How it stands in the documents at `wanted`."""
        weights = self.postings.at(wanted)
        exact = weights >> BARE_SHIFT > 0 if self._marked is None else self._marked.has(wanted)
        return Standing((_GAINS * np.float32(self.rarity)).take(weights), _how(weights, exact))


@dataclass(frozen=True)
class Likened:
    """The allowed documents that have a word or one like it: which, what the best of them says, and how it stands."""

    places: Ints
    gains: Floats
    how: Weights
    rarity: float

    def __len__(self) -> int:
        return len(self.places)

    def has(self, wanted: Wanted) -> Bools:
        """Which of the documents at `wanted` have one."""
        return at_places(wanted, self.places, self.gains) > 0

    def at(self, wanted: Wanted) -> Standing:
        """How it stands in the documents at `wanted`."""
        return Standing(at_places(wanted, self.places, self.gains), at_places(wanted, self.places, self.how))


Hits = Typed | Likened
Pair = Sequence[Together | Beside]
"""What two neighbouring words say: standing together as typed, and what may be a misreading of one of them."""


@dataclass(frozen=True)
class Readable:
    """The documents that have a word, or, beside a neighbour, what it may have been misread as."""

    hits: Hits
    near: Sequence[Beside]

    def __len__(self) -> int:
        return len(self.hits) + sum(map(len, self.near))

    @property
    def places(self) -> Ints:
        """Where the documents are, ascending."""
        return union([self.hits.places, *(beside.places for beside in self.near)])

    def has(self, wanted: Wanted) -> Bools:
        """Which of the documents at `wanted` have one."""
        there = self.hits.has(wanted)
        for beside in self.near:
            there = there | beside.has(wanted)
        return there


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
            return everything(self.scope.allowed.mask)
        sign = analysis.HEADING if unfinished else ""  # suggestions are made of headings, not of page text
        words: list[Hits] = [self._typed(word, sign) for word in asked.words]
        shares = self.scope.news(asked.pairs)
        pairs = [[self.scope.together(pair, share)] for pair, share in zip(asked.pairs, shares, strict=True)]

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
        counts = np.zeros(len(ranked.places), dtype=np.int8)
        for pair in asked.pairs:
            counts += self.scope.pair(pair).at(ranked.places) == AT_THE_TOP
        return int(np.count_nonzero(counts >= max(len(asked.pairs) - 1, 1)))

    def _typed(self, word: QueryWord, sign: str = "") -> Typed:
        """The documents that have the word itself, with or without its marks."""
        postings = self.scope.read("folded", sign + word.folded)
        marked = self.snapshot.postings("marked", word.marked) if word.has_marks else None
        return Typed(postings, marked, self.scope.rarity(len(postings)))

    def _completed(self, word: QueryWord, typed: Hits, sign: str) -> Hits:
        """The documents that have a word beginning like `word`; whole words keep their full weight."""
        if len(word.folded) < 2:
            return typed
        begun = self.snapshot.words_from("folded", sign + word.folded)
        forms = dict.fromkeys([*(sign + form for form in syllables_from(word.folded)), *begun])
        forms.pop(sign + word.folded, None)
        marked = [word.marked, *marked_syllables_from(word.marked)] if word.has_marks else []
        return self._likened(typed, forms, self._exact(word, marked), COMPLETED)

    def _repaired(self, asked: Asked, words: list[Hits]) -> list[Hits]:
        """The words without a hit replaced by words one slip away; all words when each has hits of its own."""
        hopeless = [not len(hits.places) for hits in words]
        repaired: list[Hits] = []
        for word, hits, none in zip(asked.words, words, hopeless, strict=True):
            if none or not any(hopeless):
                forms = [GUESSED + word.folded, *misreadings(word.folded)]
                either = self._likened(hits, forms, _inexact, REPAIRED)
                repaired.append(replace(either, how=either.how | ~hits.has(either.places) * LIKE_IT))
            else:
                repaired.append(hits)
        return repaired

    def _with_misreadings(
        self, asked: Asked, words: list[Hits], pairs: Sequence[Pair], shares: list[float]
    ) -> Ranked | None:
        """The documents in which each word stands, or beside one of its neighbours what it was misread as."""
        bound = {word for pair in asked.together for word in pair.split(" ")}
        pairs = list(pairs)
        misread: list[list[Beside]] = [[] for _ in words]
        for number, word in enumerate(asked.words):
            if word.folded in bound:
                continue
            before = asked.words[number - 1].folded if number else None
            after = asked.words[number + 1].folded if number + 1 < len(asked.words) else None
            near = self.scope.misread(word.folded, before, after)
            for side, beside in enumerate(near, start=number - (before is not None)):
                if len(beside):
                    pairs[side] = [*pairs[side], _less(beside, shares[side] ** NEWS, pairs[side])]
                    misread[number].append(beside)
        return self._all_of(asked, words, pairs, asked.together, misread) if any(misread) else None

    def _all_of(
        self,
        asked: Asked,
        words: Sequence[Hits],
        pairs: Sequence[Pair],
        together: Iterable[str],
        misread: Sequence[Sequence[Beside]] = (),
    ) -> Ranked:
        """The documents with every word, misread or not, and every pair of `together`."""
        misread = misread or [()] * len(words)
        readable = [Readable(hits, near) if near else hits for hits, near in zip(words, misread, strict=True)]
        needed = shared([*readable, *map(self.scope.pair, together)])
        return self._score(asked, words, pairs, needed, misread)

    def _most_of(self, asked: Asked, words: list[Hits], pairs: Sequence[Pair]) -> Ranked:
        """The documents with the most of the words, at least half of them."""
        counts = np.zeros(self.snapshot.size, dtype=np.int32)
        for hits in words:
            counts[hits.places] += 1
        most = int(counts.max(initial=0))
        if most == 0 or most * 2 < len(words):
            return everything(np.zeros(0, dtype=np.bool_))
        needed = np.flatnonzero(counts == most).astype(np.int32)
        ranked = self._score(asked, words, pairs, needed, [()] * len(words))
        lacking = np.full(len(ranked.places), MISREAD, dtype=np.int32)
        return replace(ranked, tiers=lacking, groups=np.zeros_like(ranked.groups))

    def _score(
        self,
        asked: Asked,
        words: Sequence[Hits],
        pairs: Sequence[Pair],
        needed: Ints,
        misread: Sequence[Sequence[Beside]],
    ) -> Ranked:
        """Tiers and scores of the documents at `needed`."""
        if not len(needed):
            return everything(np.zeros(0, dtype=np.bool_))
        wanted = needed.astype(np.intp)  # numpy looks up fastest by its own kind of index
        scores = np.zeros(len(needed), dtype=np.float32)
        in_heading = np.zeros(len(needed), dtype=np.int32)
        inexact = np.zeros(len(needed), dtype=np.bool_)
        doubtful = np.zeros(len(needed), dtype=np.bool_)
        marks_typed = any(word.has_marks for word in asked.words)
        for word, hits, near in zip(asked.words, words, misread, strict=True):
            stands = hits.at(wanted)
            scores += stands.gains
            in_heading += stands.how & IN_HEADING > 0
            exact = stands.how & EXACTLY > 0
            if word.has_marks or not marks_typed:
                inexact |= ~exact & (stands.gains > 0)
            if not word.has_marks:
                scores += np.float32(BARE * hits.rarity) * exact
            doubtful |= stands.how & LIKE_IT > 0
            if near:
                _add_misread(hits, near, wanted, stands.gains > 0, scores, doubtful)
        for pair in pairs:
            scores += np.float32(PAIR) * np.maximum.reduce([one.at(wanted) for one in pair])
        lengths = np.maximum(self.snapshot.column("heading_words")[wanted], len(words))
        rarity = sum(hits.rarity for hits in words) / len(words)
        covered = (in_heading / lengths * COVERAGE * rarity).astype(np.float32)
        tiers = _tiers(inexact, doubtful, marks_typed)
        # Typed marks are a wish: what has them comes first. Without any, all compete by their score alone.
        groups = ((tiers != EXACT) if marks_typed else np.zeros(len(needed))).astype(np.int32)
        return Ranked(needed, tiers, groups, np.round(scores + covered, 4), in_heading == len(words))

    def _likened(
        self, typed: Hits, forms: Iterable[str], exact: Callable[[Ints, Weights], Bools], share: float
    ) -> Likened:
        """`typed` and the documents of at most MOST_FORMS of `forms`, each with its best gain."""
        gains = np.zeros(self.snapshot.size, dtype=np.float32)
        how = np.zeros(self.snapshot.size, dtype=np.uint8)
        places = typed.places
        stands = typed.at(places)
        gains[places], how[places] = stands.gains, stands.how
        rarity, taken = typed.rarity if len(typed) else 0.0, 0
        for form in forms:
            postings = self.scope.read("folded", form)
            if not len(postings):
                continue
            places, weights = postings.places, postings.weights
            one = self.scope.rarity(len(postings))
            gains[places] = np.maximum(gains[places], (_GAINS * np.float32(one) * np.float32(share))[weights])
            how[places] |= _how(weights, exact(places, weights))
            rarity = max(rarity, one * share)
            taken += 1
            if taken == MOST_FORMS:
                break
        found = np.flatnonzero(gains).astype(np.int32)
        return Likened(found, gains[found], how[found], rarity)

    def _exact(self, word: QueryWord, marked: Iterable[str]) -> Callable[[Ints, Weights], Bools]:
        """What tells of documents that have a word completed from `word` whether it has the typed marks."""
        if not word.has_marks:
            return lambda _, weights: weights >> BARE_SHIFT > 0
        flags = np.zeros(self.snapshot.size, dtype=np.bool_)
        for form in marked:
            flags[self.snapshot.postings("marked", form).places] = True
        return lambda places, _: flags[places]


def _how(weights: Weights, exact: Bools) -> Weights:
    """The bits above for a word of these packed weights, where it is known whether it is exactly as typed."""
    in_heading = weights >> HEADING_SHIFT & 1 > 0
    how: Weights = exact * EXACTLY | in_heading * IN_HEADING
    return how


def _gain(weight: int) -> float:
    """What a word says that stands like this, by its best field, against one that stands once in the text."""
    times, heading = weight & TEXT_MASK, HEADING if weight >> HEADING_SHIFT & 1 else 0.0
    text = times * SATURATION / (times + SATURATION - 1)
    return max(text, heading) + OTHER_FIELD * min(text, heading)


_GAINS = np.array([_gain(weight) for weight in range(2 << BARE_SHIFT)], dtype=np.float32)


def _add_misread(
    hits: Hits, near: Sequence[Beside], needed: Wanted, typed: Bools, scores: Floats, doubtful: Bools
) -> None:
    """Score those of the documents at `needed` that have a word only as a misreading; `typed` have it as typed."""
    gains = np.maximum.reduce([beside.at(needed) for beside in near])
    gains[typed] = 0
    doubtful |= gains > 0
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


def _less(near: Beside, share: float, pair: Pair) -> Beside:
    """A share of what misreadings say, less in any case than what the words themselves say at the top of a page."""
    most = max(one.most for one in pair) * NEAR or np.inf
    return Beside(near.places, np.minimum(near.gains * np.float32(share), np.float32(most)))
