"""From text to the words an index keeps, and from what people type to the words it is asked for.

No word segmentation: measured, it harms as soon as marks are missing. Syllables, pairs of neighbouring syllables
without marks (the feel of a phrase), and syllables with their marks. Knows no engine.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from oms.search.interface import Item
from oms.vietnamese.numbers import plain_figure
from oms.vietnamese.text import fold, nfc, tone_key, words

VERSION = 1
"""Raise it whenever the words of an item change: an older index is then rebuilt, not mixed."""

LONGEST_WORD = 64
"""Letters of a word that are kept; longer runs are broken scans, not words."""

LONGEST_QUERY = 24
"""Words of a query that are used: a pasted page must not cost a thousand posting lists."""

TEXT_MOST, HEADING_MOST = 255, 15
HEADING_SHIFT, BARE_SHIFT = 8, 12
"""The weight of a word in an item is one number: times in the text (8 bits), times in the heading (4 bits), ever
without marks (1 bit). Engines may keep it as a 32-bit float, which is exact up to 24 bits."""

_CHUNK = re.compile(r"\S+")
_SO = re.compile(r"(?<!\w)(?:số|so)\s*:?\s*(?=\d)", re.IGNORECASE)
_APOSTROPHE = re.compile(r"(\w+)['’](\w+)")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LOOK_ALIKES = (("rn", "m"), ("m", "rn"), ("cl", "d"), ("d", "cl"), ("0", "o"), ("1", "l"), ("1", "i"), ("vv", "w"))


@dataclass(frozen=True)
class Analysed:
    """An item, ready for an index: words without marks, words with marks, pairs without marks."""

    item: Item
    folded: dict[str, int]
    marked: dict[str, int]
    pairs: dict[str, int]
    heading_words: int


@dataclass(frozen=True)
class QueryWord:
    """One typed word: without marks, with marks, and whether its writer typed any mark."""

    folded: str
    marked: str

    @property
    def has_marks(self) -> bool:
        return self.marked != self.folded


@dataclass(frozen=True)
class Asked:
    """A typed query: its words and the pairs that must stand together (a number, a date, K'Bris, "…")."""

    words: tuple[QueryWord, ...]
    together: frozenset[str]

    @property
    def pairs(self) -> tuple[str, ...]:
        """Neighbouring words, whether they must stand together or not."""
        return tuple(f"{one.folded} {other.folded}" for one, other in pairwise(self.words))


def analyse(item: Item) -> Analysed:
    """All words of `item`; pairs of the heading stay within one line, those of the text run over line breaks."""
    lines = [_split(line) for line in item.heading.splitlines()]
    text = _split(item.text)
    heading = [word for line in lines for word in line]
    bare = {word.folded for word in (*heading, *text) if not word.has_marks}
    heading_pairs = (pair for line in lines for pair in _pairs(line))
    return Analysed(
        item=item,
        folded=_count(
            (*(word.folded for word in text), *_written_as_one(item.text)),
            (*(word.folded for word in heading), *_written_as_one(item.heading)),
            bare,
        ),
        marked=_count((w.marked for w in text if w.has_marks), (w.marked for w in heading if w.has_marks), ()),
        pairs=_count(_pairs(text), heading_pairs, ()),
        heading_words=len(heading),
    )


def ask(typed: str) -> Asked:
    """The words of a query as typed; chunks with digits or an apostrophe, and quoted words, stand together.

    "Số" before a figure is dropped: papers print it or not, and people type it or not.
    """
    together: set[str] = set()
    asked: list[QueryWord] = []
    for number, part in enumerate(re.split(r"[\"“”„]", _SO.sub("", nfc(typed)))):
        quoted = number % 2 == 1
        if quoted:
            together.update(_pairs(_split(part)))
        for chunk in _CHUNK.findall(part):
            split = _split(chunk)
            asked.extend(split)
            if not quoted and re.search(r"\d|\w['’]\w", chunk):
                together.update(_pairs(split))
    kept = tuple(asked[:LONGEST_QUERY])
    return Asked(kept, frozenset(together & set(Asked(kept, frozenset()).pairs)))


@lru_cache(maxsize=1 << 16)
def compared(word: str) -> QueryWord:
    """One word of a text as it is compared: tone in its place, figures without leading zeros."""
    marked = plain_figure(tone_key(word))[:LONGEST_WORD]
    return QueryWord(fold(marked), marked)


def misreadings(word: str) -> Iterator[str]:
    """Words one slip away from `word`: a letter too many, too few, another, two swapped, or look-alikes of a
    scanner. None for words under three letters and for plain figures: another number is another thing."""
    if len(word) < 3 or word.isdigit():
        return
    seen = {word}
    for near in _one_slip(word):
        if near not in seen:
            seen.add(near)
            yield near


def _one_slip(word: str) -> Iterator[str]:
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        if tail:
            yield head + tail[1:]
            for letter in _LETTERS:
                yield head + letter + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        for letter in _LETTERS:
            yield head + letter + tail
        for read, meant in _LOOK_ALIKES:
            if tail.startswith(read):
                yield head + meant + tail[len(read) :]


def _split(text: str) -> list[QueryWord]:
    return [split for split in map(compared, words(text)) if split.folded]


def _written_as_one(text: str) -> list[str]:
    """K'Bris and H'Hen the way they are also typed: kbris, hhen."""
    if "'" not in text and "’" not in text:
        return []
    return [compared(f"{one}{other}").folded for one, other in _APOSTROPHE.findall(nfc(text))]


def _pairs(split: Iterable[QueryWord]) -> Iterator[str]:
    return (f"{one.folded} {other.folded}" for one, other in pairwise(split))


def _count(text: Iterable[str], heading: Iterable[str], bare: Iterable[str]) -> dict[str, int]:
    weights = {word: min(times, TEXT_MOST) for word, times in Counter(text).items()}
    for word, times in Counter(heading).items():
        weights[word] = weights.get(word, 0) | min(times, HEADING_MOST) << HEADING_SHIFT
    for word in bare:
        weights[word] |= 1 << BARE_SHIFT
    return weights
