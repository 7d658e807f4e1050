"""The words of a page a person should look at, each with what it is likely to be.

A proposal changes one letter for another that scanners take for it and must be a possible syllable; those of the words
our own catalogue uses come first. Names and figures get no proposal: there only the paper can tell.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from oms import catalogue
from oms.recognition.judge import doubtful_words
from oms.recognition.pages import Word
from oms.vietnamese.syllables import all_syllables, is_syllable
from oms.vietnamese.text import fold, nfc

MOST = 40
"""Words shown at most: a page with more is to be read anew, not word by word."""

_READINGS = 3
_SYMBOL = 4
"""Letters a symbol of capitals (UBND) has at most."""
_LOOKALIKES = (
    ("đ", "d"), ("d", "đ"), ("đ", "ă"), ("rn", "m"), ("m", "rn"), ("1", "l"), ("1", "i"), ("l", "i"), ("i", "l"), ("0", "o"), ("6", "ó"),
    ("8", "g"), ("7", "t"), ("ø", "g"), ("u", "n"), ("n", "u"), ("h", "b"), ("b", "h"), ("c", "e"), ("e", "c"), ("r", "t"),
    ("t", "r"), ("f", "t"), ("5", "s"), ("ii", "u"), ("li", "h"), ("cl", "d"), ("vv", "w"), ("ð", "đ"), ("ă", "o"), ("q", "g"),
)  # fmt: skip
_EDGES = re.compile(r"^(\W*)(.*?)(\W*)$", re.DOTALL)


@dataclass(frozen=True)
class Doubt:
    """A doubtful word: its place among the words of the page and its likely readings, the likeliest first."""

    place: int
    text: str
    readings: tuple[str, ...]


def find_doubts(words: Sequence[Word]) -> list[Doubt]:
    """The doubtful words in reading order, at most `MOST` of them."""
    found = []
    for place in doubtful_words(words)[:MOST]:
        text = nfc(words[place].text)
        starts = place == 0 or words[place - 1].line != words[place].line or words[place - 1].text[-1:] in ".:;!?"
        found.append(Doubt(place, text, propose(text, starts_sentence=starts)))
    return found


def propose(text: str, *, starts_sentence: bool = False) -> tuple[str, ...]:
    """What a misread word may be; empty for names (a capital inside a sentence), figures and symbols."""
    match = _EDGES.match(text)
    before, core, after = match.groups() if match else ("", text, "")
    named = core[:1].isupper() and not (starts_sentence or core.isupper())
    figures = sum(letter.isdigit() for letter in core)
    if (
        not core
        or named
        or len(core) > 12
        or figures * 2 >= len(core)
        or (core.isupper() and len(core) <= _SYMBOL and not is_syllable(core))
    ):
        return ()
    small = core.lower()
    ranked = sorted(set(_changed(small)) - {small}, key=lambda word: (-_known()[word], _cost(small, word), word))
    if is_syllable(small):
        ranked = [word for word in ranked if _known()[word]]
    return tuple(before + _like(core, word) + after for word in ranked[:_READINGS])


def _like(core: str, word: str) -> str:
    return word.upper() if core.isupper() and len(core) > 1 else word.capitalize() if core[:1].isupper() else word


def _cost(old: str, new: str) -> int:
    """Marks alone change more often than letters."""
    return 0 if fold(old) == fold(new) else 1


def _changed(word: str) -> Iterator[str]:
    """The possible syllables one confusion away."""
    for place, letter in enumerate(word):
        for other in _marked().get(fold(letter), ()):
            yield from _possible(word[:place] + other + word[place + 1 :])
    for old, new in _LOOKALIKES:
        start = word.find(old)
        while start >= 0:
            yield from _possible(word[:start] + new + word[start + len(old) :])
            start = word.find(old, start + 1)


def _possible(word: str) -> Iterator[str]:
    if word in all_syllables():
        yield word


@cache
def _marked() -> dict[str, tuple[str, ...]]:
    """The letters with the same base: a gives a, á, à, ả, ã, ạ, ă, ắ …"""
    letters = {letter for syllable in all_syllables() for letter in syllable}
    return {
        base: tuple(sorted(letter for letter in letters if fold(letter) == base)) for base in {fold(x) for x in letters}
    }


@cache
def _known() -> Counter[str]:
    """How often the labels of our catalogue use a syllable: what dossiers talk about."""
    labels = [row.label_vi for category in catalogue.categories() for row in catalogue.components(category)]
    labels += [label for form in catalogue.forms() for thing in form.things for label in thing.labels]
    labels += [kind.label_vi for kind in (*catalogue.unit_kinds(), *catalogue.org_types())]
    return Counter(word for label in labels for word in re.findall(r"[^\W\d_]+", nfc(label).lower()))
