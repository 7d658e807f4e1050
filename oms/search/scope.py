"""One state of an index, seen only through the documents a query may speak of.

How rare a word is, where it stands, what may have been read for it: all is counted here, in the allowed documents,
so that no number tells of another. Knows no order of results.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from oms.search.analysis import AT_THE_TOP, ELSEWHERE, GUESSED
from oms.search.cards import Bools, Ints, Wanted
from oms.search.postings import NOTHING, Allowed, Listed, Postings, Snapshot, at_places, shared
from oms.vietnamese.misreadings import MISTAKEN, is_possible, likely_syllables, readings

Floats = NDArray[np.float32]

FURTHER_DOWN = 0.5
"""Weight of two words that stand together, but neither in the heading nor at the top of the page."""
REPEATED = 0.1
"""Weight at least kept by a pair that its neighbours say already."""
SLIP = 0.9
"""Weight of a word one slip of the hand away, against the typed one."""
SLIPPED = 0.002
"""How often a hand writes one given word for another, roughly: one word in fifty is mistyped, in one of ten ways."""
FEW = 5000
"""Documents below which counting says little: so many are assumed when it is asked what is a chance."""
DOUBTFUL = 0.3
"""Weight of what can only be a misreading, where so much is misread that it could be one of anything."""


@dataclass(frozen=True)
class Beside:
    """Documents in which something stands that may have been read for two words that stand together.

    `gains` is what that says for a document: the logarithm of how much likelier it is to stand where the words are
    meant than anywhere.
    """

    places: Ints
    gains: Floats

    def __len__(self) -> int:
        return len(self.places)

    def has(self, wanted: Wanted) -> Bools:
        """At which of `wanted` it stands."""
        return self.at(wanted) > 0

    def at(self, wanted: Wanted) -> Floats:
        """What it says of each of the documents at `wanted`, 0 where it does not stand."""
        return at_places(wanted, self.places, self.gains)

    @property
    def most(self) -> float:
        """The most it says of any document."""
        return float(self.gains.max(initial=0))


@dataclass(frozen=True)
class Together:
    """Documents in which two words stand together as typed, and what that says by the weight the pair has there."""

    postings: Postings
    says: Floats
    most: float
    """The most it says of any document."""

    def at(self, wanted: Wanted) -> Floats:
        """What it says of each of the documents at `wanted`, 0 where the words do not stand together."""
        return self.says.take(self.postings.at(wanted))


class Scope:
    """One snapshot and the documents that may be spoken of; they are fixed at the start and cannot be widened."""

    def __init__(self, snapshot: Snapshot, allowed: Bools) -> None:
        self.snapshot = snapshot
        self.allowed = Allowed(allowed)
        self.size = self.allowed.size
        self._read: dict[tuple[str, str], Postings] = {}

    def read(self, field: str, word: str) -> Postings:
        """A posting list, the allowed documents only."""
        if (field, word) not in self._read:
            self._read[field, word] = self.snapshot.postings(field, word).within(self.allowed)
        return self._read[field, word]

    def count(self, folded: str) -> int:
        """How many allowed documents have the word, marks aside."""
        return len(self.read("folded", folded))

    def pair(self, pair: str) -> Postings:
        """The allowed documents in which the two words stand together."""
        return self.read("pairs", pair)

    def has(self, field: str, word: str, place: int) -> bool:
        """Whether the allowed document at `place` has the word or pair."""
        return bool(self.read(field, word).has(np.array([place], dtype=np.int32))[0])

    def rarity(self, count: int) -> float:
        """How much finding a word, or a pair, in `count` of the allowed documents says."""
        return float(np.log(1 + (self.size - count + 0.5) / (count + 0.5)))

    def news(self, pairs: Sequence[str]) -> list[float]:
        """What share of what each pair says is its own.

        What two neighbouring pairs say twice ("quá trình" and "trình công" always come together) is taken off both:
        otherwise a long title would outweigh the name behind it.
        """
        said = [self.rarity(len(self.pair(pair))) for pair in pairs]
        news = list(said)
        for number, (one, other) in enumerate(pairwise(pairs)):
            if both := len(shared((self.pair(one), self.pair(other)))):
                twice = max(said[number] + said[number + 1] - self.rarity(both), 0.0)
                news[number] -= twice / 2
                news[number + 1] -= twice / 2
        return [max(new / max(old, 1e-9), REPEATED) for new, old in zip(news, said, strict=True)]

    def together(self, pair: str, share: float) -> Together:
        """Where the two words stand together as asked, with a share of what that says; at the top of a page it says
        more than further down."""
        postings = self.pair(pair)
        top = postings.count(AT_THE_TOP)
        above = self.rarity(top)
        below = min(self.rarity(len(postings)) * FURTHER_DOWN, above)
        says = np.zeros(AT_THE_TOP + 1, dtype=np.float32)
        says[[ELSEWHERE, AT_THE_TOP]] = below, above
        says *= np.float32(share)
        return Together(postings, says, float(says[AT_THE_TOP if top else ELSEWHERE if len(postings) else 0]))

    def misread(self, word: str, before: str | None, after: str | None) -> list[Beside]:
        """Where, beside the neighbour before and the one after, something stands that may be `word` misread.

        Two causes, told apart by counting. A page was misread: what is read instead (`readings`) says the more the
        less often it stands there anyway; of the many who are called Thanh hardly one is a misread Thang, but
        whatever reads Thaug is one. Or the hand slipped: then any syllable one slip away may be meant, the likelier
        the less often the typed word itself stands beside its neighbours.
        """
        neighbours = [(text, left) for text, left in ((before, True), (after, False)) if text is not None]
        typed = max((len(self.pair(_beside(word, text, left))) for text, left in neighbours), default=0)
        slip = float(np.log(max(self.size, FEW) * SLIPPED / typed)) if typed else np.inf
        meant = frozenset(likely_syllables(word)) if slip > 0 else frozenset()
        forms = dict.fromkeys(meant, 0.0) | dict(readings(word))
        return [self._misread_beside(word, forms, slip, meant, text, left) for text, left in neighbours]

    def _misread_beside(
        self, word: str, forms: dict[str, float], slip: float, meant: frozenset[str], neighbour: str, left: bool
    ) -> Beside:
        found = [(self.pair(GUESSED + _beside(word, neighbour, left)), MISTAKEN, 0.0, True)]
        for form, chance in forms.items():
            postings = self._form(form, neighbour, left)
            found.append((postings, chance, slip if form in meant else 0.0, not is_possible(form)))
        places, gains = [], []
        for postings, chance, slipped, only_misread in found:
            count = len(postings)
            if not count:
                continue
            rarity = self.rarity(count)
            odds = float(np.log(max(max(self.size, FEW) * chance / count, 1.0)))
            said = min(max(odds, slipped), rarity)
            if only_misread:
                said = max(said, DOUBTFUL * rarity)
            if said > 0:
                places.append(postings.places)
                top = postings.weights == AT_THE_TOP
                gains.append(np.where(top, said, said * FURTHER_DOWN).astype(np.float32))
        return _best(places, gains)

    def _form(self, form: str, neighbour: str, left: bool) -> Postings:
        """Where one form of a word stands beside its neighbour; a torn word stands with both halves."""
        if " " not in form:
            return self.pair(_beside(form, neighbour, left))
        halves = self.pair(form)
        if not len(halves):
            return halves
        near = self.pair(_beside(form.split(" ")[0 if left else 1], neighbour, left))
        places = shared((near, halves))
        return Listed(places, halves.at(places))


def _beside(word: str, neighbour: str, left: bool) -> str:
    """The pair of a word and its neighbour, which stands on its left or on its right."""
    return f"{neighbour} {word}" if left else f"{word} {neighbour}"


def _best(places: list[Ints], gains: list[Floats]) -> Beside:
    """All places, once each, with the best of their gains."""
    if len(places) < 2:
        return Beside(places[0], gains[0]) if places else Beside(NOTHING, np.empty(0, dtype=np.float32))
    joined, said = np.concatenate(places), np.concatenate(gains)
    order = np.argsort(joined, kind="stable")
    joined, said = joined[order], said[order]
    starts = np.flatnonzero(np.concatenate(([True], joined[1:] != joined[:-1])))
    return Beside(joined[starts], np.maximum.reduceat(said, starts))
