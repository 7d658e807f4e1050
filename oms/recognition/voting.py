"""Two and more readings of one page side by side: the surer word of each place, and how far the readings differ.

Where two readings of differently cleaned pages agree they are rarely wrong, and where they differ one of them is: the
difference is the best sign of the error that is known without the truth. No word comes out that no reading has: what is
voted on is what was read, a name or a number like any other word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from oms.recognition.comparing import error_rate
from oms.recognition.engine import ReadWord
from oms.recognition.judge import is_possible_word
from oms.recognition.pictures import Pixels

_IMPOSSIBLE = 30.0
"""Confidence that a word loses when no such syllable exists."""

_DIFFER = 70.0
"""Confidence a figure or a name has at most when the readings differ on it: its value is marked, and still proposed."""

_LEVEL, _ACROSS = 0.5, 0.6
"""Shares of the smaller height and of the larger width that two boxes have in common when they are the same word: `1985`
is a piece of `12/05/1985`."""

_AT_ONCE = 200
"""Words compared with all others at once: a table of figures has thousands."""


@dataclass(frozen=True)
class Reading:
    """The words of one reading in their order, boxes in pixels of the page times `scale`. `junk` is the share of what was
    read where nothing is written, `unread` that of the letters no word covers, `error` the share of characters that is
    probably wrong; `difference` is how far the readings of the page differed, as a share of its characters; `marks` are the levels of
    secrecy any of them read."""

    words: Sequence[ReadWord]
    scale: float
    junk: float = 0.0
    unread: float = 0.0
    error: float = 1.0
    difference: float = 0.0
    marks: tuple[str, ...] = ()


def difference(one: Reading, other: Reading) -> float:
    """Share of the characters of a reading that the other one has not, or has elsewhere."""
    texts = [" ".join(word.text for word in reading.words) for reading in (one, other)]
    return min(1.0, error_rate(texts[1], texts[0])) if texts[0] else 1.0


def vote(own: Reading, others: Sequence[Reading]) -> list[ReadWord]:
    """The words of `own`, each with the text for which most confidence speaks among the readings; a word that another
    reading cut otherwise, or does not have, stays as it is. A word on which all agree is as sure as the surest of them,
    any other as sure as in `own`, and a figure or a name on which they differ is for a person to look at. Order and boxes
    are those of `own`."""
    ballots = [[word] for word in own.words]
    for other in others:
        for place, word in _pair(own, other):
            ballots[place].append(word)
    return [_elect(word, ballot) for word, ballot in zip(own.words, ballots, strict=True)]


def _elect(own: ReadWord, ballot: Sequence[ReadWord]) -> ReadWord:
    votes: dict[str, float] = {}
    for word in ballot:
        votes[word.text] = votes.get(word.text, 0.0) + _weight(word)
    if len(votes) == 1:
        return replace(own, confidence=max(word.confidence for word in ballot))
    text = max(votes, key=votes.__getitem__)
    telling = any(sign.isdigit() or sign.isupper() for sign in text)
    return replace(own, text=text, confidence=min(own.confidence, _DIFFER) if telling else own.confidence)


def _weight(word: ReadWord) -> float:
    return max(0.0, word.confidence - (0.0 if is_possible_word(word.text) else _IMPOSSIBLE))


def _pair(own: Reading, other: Reading) -> list[tuple[int, ReadWord]]:
    """The words of `other` that lie on one word of `own` only, and alone there, each with the place of that word."""
    if not own.words or not other.words:
        return []
    mine, theirs = _boxes(own), _boxes(other)
    rows = [_same(mine[start : start + _AT_ONCE], theirs) for start in range(0, len(mine), _AT_ONCE)]
    places, partners = np.concatenate([found + np.array((start * _AT_ONCE, 0)) for start, found in enumerate(rows)]).T
    alone = (np.bincount(places)[places] == 1) & (np.bincount(partners)[partners] == 1)
    return [
        (place, other.words[partner])
        for place, partner in zip(places[alone].tolist(), partners[alone].tolist(), strict=True)
    ]


def _same(mine: Pixels, theirs: Pixels) -> Pixels:
    """Which of these boxes are one word: pairs of their places."""
    one, other = mine[:, None], theirs[None]
    shared = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    sides, others = one[..., 2:] - one[..., :2], other[..., 2:] - other[..., :2]
    across = shared[..., 0] > _ACROSS * np.maximum(sides, others)[..., 0]
    level = shared[..., 1] > _LEVEL * np.minimum(sides, others)[..., 1]
    return np.argwhere(across & level)


def _boxes(reading: Reading) -> Pixels:
    sides = [(word.left, word.top, word.left + word.width, word.top + word.height) for word in reading.words]
    return np.array(sides, np.float64) / reading.scale
