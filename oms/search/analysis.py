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
from oms.vietnamese.misreadings import variants
from oms.vietnamese.numbers import plain_figure
from oms.vietnamese.text import fold, nfc, tone_key, words

VERSION = 3
"""Raise it whenever the words of an item change: an older index is then rebuilt, not mixed."""

LONGEST_WORD = 64
"""Letters of a word that are kept; longer runs are broken scans, not words."""

LONGEST_QUERY = 24
"""Words of a query that are used: a pasted page must not cost a thousand posting lists."""

PAIRED_VARIANTS = 2
"""Likely syllables of an impossible word that are indexed beside their neighbours; each costs 50 bytes."""

ONCE, OFTEN = 1, 2
"""Times a word stands in a text; more than OFTEN say nothing more."""
TEXT_MASK, HEADING_SHIFT, BARE_SHIFT = 3, 2, 3
"""The weight of a word in an item is one number: times in the text (2 bits), ever in the heading, ever without marks
(1 bit each). Few different weights make short lists on disk."""

HEAD_WORDS = 64
"""Words at the top of a page that say what it is and whom it concerns: letterhead, title, "ông (bà) …"."""

ELSEWHERE, AT_THE_TOP = 1, 2
"""The weight of a pair of words: in the heading or at the top of the page, or only further down."""

GUESSED, HEADING, NAME, NUMBER = "~", "^", "@", "#"
"""Signs before a word: what the page does not have but may have meant; what stands in the heading, in one of the
names, of the numbers."""

_CHUNK = re.compile(r"\S+")
_SO = re.compile(r"(?<!\w)(?:số|so)\s*:?\s*(?=\d)", re.IGNORECASE)
_FIGURES = re.compile(r"(?<!\d)\d{3}(?:[ .]\d{3}){2,3}(?!\d)")
_APOSTROPHE = re.compile(r"(\w+)['’](\w+)")


@dataclass(frozen=True)
class Analysed:
    """An item, ready for an index: words without marks, words with marks, pairs without marks."""

    item: Item
    folded: dict[str, int]
    marked: dict[str, int]
    pairs: dict[str, int]
    heading_words: int

    def card(self) -> list[str]:
        """The columns of the item, in the order of `CODED` and `COUNTED` of oms.search.postings."""
        item = self.item
        figures = re.sub(r"\D", "", item.date)[:8].ljust(8, "0") if item.date else "0"
        coded = [item.kind, item.dossier, item.component, item.category, item.state, item.quality]
        return [*coded, str(item.year or 0), figures, str(self.heading_words)]


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
    guessed = [GUESSED + form for word in text for form in variants(word.folded)]
    at_the_top, further_down = _guessed_pairs(text[:HEAD_WORDS]), _guessed_pairs(text[HEAD_WORDS:])
    joined = _written_as_one(item.heading)
    names = [word.folded for line in item.names.splitlines() for word in _split(line)]
    numbers = [word.folded for line in item.numbers.splitlines() for word in _split(line)]
    return Analysed(
        item=item,
        folded=_count(
            (*(word.folded for word in text), *_written_as_one(item.text), *guessed),
            (*(word.folded for word in heading), *joined),
            bare,
        )
        | {HEADING + word: 1 << HEADING_SHIFT for word in (*(word.folded for word in heading), *joined)}
        | {NAME + word: 1 for word in (*names, *_written_as_one(item.names))}
        | {NUMBER + word: 1 for word in numbers},
        marked=_count((w.marked for w in text if w.has_marks), (w.marked for w in heading if w.has_marks), ()),
        pairs=dict.fromkeys((*_pairs(text), *further_down), ELSEWHERE)
        | dict.fromkeys((*at_the_top, *_pairs(text[:HEAD_WORDS])), AT_THE_TOP)
        | dict.fromkeys((pair for line in lines for pair in _pairs(line)), AT_THE_TOP),
        heading_words=len(heading),
    )


def _guessed_pairs(text: list[QueryWord]) -> list[str]:
    """The likeliest syllables that impossible words may have been, beside their neighbours."""
    pairs = []
    for place, word in enumerate(text):
        for form in variants(word.folded)[:PAIRED_VARIANTS]:
            if place:
                pairs.append(f"{GUESSED}{text[place - 1].folded} {form}")
            if place + 1 < len(text):
                pairs.append(f"{GUESSED}{form} {text[place + 1].folded}")
    return pairs


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


def _split(text: str) -> list[QueryWord]:
    return [split for split in map(compared, words(text)) if split.folded]


def _written_as_one(text: str) -> list[str]:
    """K'Bris, H'Hen and 040 184 000 123 the way they are also typed: kbris, hhen, 40184000123."""
    joined = [compared("".join(re.findall(r"\d", run))).folded for run in _FIGURES.findall(text)]
    if "'" in text or "’" in text:
        joined += [compared(f"{one}{other}").folded for one, other in _APOSTROPHE.findall(nfc(text))]
    return joined


def _pairs(split: Iterable[QueryWord]) -> Iterator[str]:
    return (f"{one.folded} {other.folded}" for one, other in pairwise(split))


def _count(text: Iterable[str], heading: Iterable[str], bare: Iterable[str]) -> dict[str, int]:
    weights = {word: min(times, OFTEN) for word, times in Counter(text).items()}
    for word in heading:
        weights[word] = weights.get(word, 0) | 1 << HEADING_SHIFT
    for word in bare:
        weights[word] |= 1 << BARE_SHIFT
    return weights
