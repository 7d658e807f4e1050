"""Where the labels of a form stand on a page, also when letters of them were misread.

A label is compared letter by letter without marks and capitals; of all places that look alike, those are taken that
follow each other in printed order and fit best together. Knows nothing of the values behind the labels.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from oms.catalogue import Form, FormItem, FormTable
from oms.recognition.forms.strip import Strip, distance
from oms.vietnamese.text import fold

_NUMBER = re.compile(r"(?:^|(?<=\s))[([]?([\dlIiOo]{1,2}(?:\s?[.,]\s?[\dlIi])?[ab]?)\s?[).\]:\-–—]{1,2}\s*$")
"""The printed number before a label, its figures possibly misread: 12), 15.1-, (7)."""

_LOOKALIKE = str.maketrans("liIoO", "11100")
_MORE_BY_NUMBER = 6
"""Behind its own printed number one more letter in so many of a label may be misread."""
_SHORT = 8
"""Labels shorter than this must stand behind their number or before a colon when a letter of them is misread: `hồ sơ` is
not `Hệ số`."""
_FOLLOW = 0.5
"""Share of letter pairs a place must have in common with a label before it is compared letter by letter."""


@dataclass(frozen=True)
class Anchor:
    """A label found: it stands at `start` to `end` of the strip, its printed number included where one was read before
    it (`numbered`, `own_number` when it is the one of this label); `doubt` 0 to 1."""

    thing: FormItem | FormTable
    order: int
    start: int
    end: int
    score: float
    doubt: float
    numbered: bool = False
    own_number: bool = False

    @property
    def key(self) -> str:
        """The key of the value behind the label."""
        return self.thing.key


@dataclass(frozen=True)
class _Label:
    order: int
    letters: str
    pairs: frozenset[str]


@cache
def _labels(form: Form) -> tuple[_Label, ...]:
    labels = []
    for order, thing in enumerate(form.things):
        for label in thing.labels:
            letters = squeeze(label)
            labels.append(_Label(order, letters, _pairs(letters)))
    return tuple(labels)


def squeeze(text: str) -> str:
    """Letters and figures of `text` only, small and without marks."""
    return "".join(letter for letter in fold(text) if letter.isalnum())


def _pairs(letters: str) -> frozenset[str]:
    return frozenset(letters[place : place + 2] for place in range(len(letters) - 1))


def find_anchors(strip: Strip, form: Form) -> list[Anchor]:
    """The labels of `form` on the page, in printed order, each at most once."""
    return _best_chain(list(_candidates(strip, form)))


def _candidates(strip: Strip, form: Form) -> Iterator[Anchor]:
    things, labels = form.things, _labels(form)
    text = strip.squeezed
    pairs = [text[place : place + 2] for place in range(len(text) - 1)]
    for place in strip.pieces:
        near: dict[int, frozenset[str]] = {}
        for label in labels:
            length = len(label.letters)
            window = near.get(length)
            if window is None:
                window = near[length] = frozenset(pairs[place : place + length + 1])
            if len(window & label.pairs) < _followers(label):
                continue
            cost, seen = distance(label.letters, text[place : place + length + 3])
            if cost > _allowed(length) + length // _MORE_BY_NUMBER:
                continue
            anchor = _anchor(strip, things[label.order], label.order, place, seen, length, cost)
            certain = anchor.own_number or strip.text[anchor.end : anchor.end + 2].lstrip().startswith(":")
            if cost == 0 or anchor.own_number or (cost <= _allowed(length) and (certain or length >= _SHORT)):
                yield anchor


def _followers(label: _Label) -> float:
    """Letter pairs that must be there: every letter misread takes two, which are nearly all of a short label."""
    return max(1.0, min(_FOLLOW * len(label.pairs), len(label.pairs) - 2 * _allowed(len(label.letters))))


def _allowed(length: int) -> int:
    return 0 if length < 4 else 1 if length < _SHORT else length // 4


def _anchor(
    strip: Strip, thing: FormItem | FormTable, order: int, place: int, seen: int, length: int, cost: int
) -> Anchor:
    start, end = strip.at[place], strip.at[place + seen - 1] + 1
    number = _NUMBER.search(strip.text[max(0, start - 9) : start])
    if number and strip.is_line_start(start) is False and strip.line_of(start - 1) != strip.line_of(start):
        number = None
    score, own = length - 2.5 * cost, False
    if number:
        printed = re.sub(r"\s", "", number[1]).translate(_LOOKALIKE).replace(",", ".").rstrip("ab")
        own = thing.item is not None and printed == thing.item.rstrip("ab")
        score += 4 if own else 1
        start -= len(number[0])
    elif strip.is_line_start(start):
        score += 1
    if strip.text[end : end + 2].lstrip().startswith(":"):
        score += 2
    elif isinstance(thing, FormItem) and thing.item is None:
        score -= 0.5
    return Anchor(thing, order, start, end, score, cost / length, number is not None, own)


def _best_chain(found: Sequence[Anchor]) -> list[Anchor]:
    """The anchors that follow each other in printed order on the page and together fit best."""
    ordered = sorted(found, key=lambda anchor: (anchor.start, anchor.end))
    best: list[tuple[float, int]] = []
    for number, anchor in enumerate(ordered):
        total, before = 0.0, -1
        for earlier in range(number):
            other = ordered[earlier]
            if other.order < anchor.order and other.end <= anchor.start and best[earlier][0] > total:
                total, before = best[earlier][0], earlier
        best.append((total + anchor.score, before))
    if not best:
        return []
    number = max(range(len(best)), key=lambda place: best[place][0])
    chain = []
    while number >= 0:
        chain.append(ordered[number])
        number = best[number][1]
    return chain[::-1]
