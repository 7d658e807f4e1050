"""What a scanner or a hurried hand makes of a word, and which possible syllables it may have been.

Works on folded words (lower case, no marks). The written syllables are a finite set, so `kbai` is known to be
wrong without any dictionary, and the few syllables one slip away can be named. Knows no text and no index.
"""

from collections.abc import Iterator
from functools import cache, lru_cache

from oms.vietnamese.syllables import all_syllables
from oms.vietnamese.text import fold, tone_key

MOST_VARIANTS = 4
"""Possible syllables kept for one impossible word; more of them find more strangers than friends."""

MISTAKEN, LOST, TORN = 0.003, 0.001, 0.002
"""Roughly how often recognition takes a sign for its look-alike, loses it, or tears its word in two."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LOOK_ALIKES = (
    *(("rn", "m"), ("m", "rn"), ("cl", "d"), ("d", "cl"), ("vv", "w"), ("ii", "u"), ("li", "h"), ("h", "li")),
    *(("0", "o"), ("1", "l"), ("1", "i"), ("5", "s"), ("8", "b"), ("6", "b"), ("9", "g"), ("9", "0"), ("0", "9")),
    *(("l", "i"), ("i", "l"), ("c", "e"), ("e", "c"), ("h", "b"), ("b", "h"), ("n", "u"), ("u", "n"), ("t", "f")),
    *(("f", "t"), ("g", "q"), ("q", "g"), ("v", "y"), ("y", "v"), ("r", "i"), ("b", "d"), ("d", "b"), ("o", "c")),
)
"""As read → as it may stand on the paper: pairs of signs that recognition mixes up."""


def is_possible(folded: str) -> bool:
    """Whether a folded word can be a Vietnamese syllable."""
    return folded in _possible()


def misreadings(word: str) -> Iterator[str]:
    """Words one slip away from `word`: a letter too many, too few, another, two swapped, or look-alikes of a
    scanner. None for words under three letters and for plain figures: another number is another thing."""
    if len(word) < 3 or word.isdigit():
        return
    seen = {word}
    for near in (*_look_alikes(word), *_one_slip(word)):
        if near not in seen:
            seen.add(near)
            yield near


@lru_cache(maxsize=1 << 14)
def likely_syllables(word: str) -> tuple[str, ...]:
    """The possible syllables one slip away from the folded `word`, look-alikes first; none for figures."""
    if word.isdigit() or len(word) > 8:
        return ()
    near = dict.fromkeys((*_look_alikes(word), *_one_slip(word)))
    return tuple(form for form in near if form != word and form in _possible())


@lru_cache(maxsize=1 << 12)
def readings(word: str) -> tuple[tuple[str, float], ...]:
    """What recognition makes of the folded `word` on paper, each with how probable that is: one sign read as its
    look-alike, one lost, or the word torn in two. None for figures: another number is another thing."""
    if word.isdigit() or len(word) > 8:
        return ()
    likely = {word[:place] + word[place + 1 :]: LOST for place in range(len(word))} if len(word) > 1 else {}
    likely |= {f"{word[:cut]} {word[cut:]}": TORN / (len(word) - 1) for cut in range(1, len(word))}
    for read, meant in _LOOK_ALIKES:
        start = word.find(meant)
        while start >= 0:
            likely[word[:start] + read + word[start + len(meant) :]] = MISTAKEN
            start = word.find(meant, start + 1)
    likely.pop(word, None)
    return tuple(likely.items())


@lru_cache(maxsize=1 << 16)
def variants(word: str) -> tuple[str, ...]:
    """What an impossible word on a page may have been, for the index; none for a possible one, and none for
    short signs and for more than one figure (a number is no misread syllable)."""
    if len(word) < 3 or is_possible(word) or sum(map(str.isdigit, word)) > 1:
        return ()
    return likely_syllables(word)[:MOST_VARIANTS]


def _look_alikes(word: str) -> Iterator[str]:
    for place in range(len(word)):
        for read, meant in _LOOK_ALIKES:
            if word.startswith(read, place):
                yield word[:place] + meant + word[place + len(read) :]


def _one_slip(word: str) -> Iterator[str]:
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        for letter in _LETTERS:
            yield head + letter + tail
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        if tail:
            yield head + tail[1:]
            for letter in _LETTERS:
                yield head + letter + tail[1:]


@cache
def _possible() -> frozenset[str]:
    return frozenset(map(fold, all_syllables()))


@lru_cache(maxsize=1 << 10)
def syllables_from(prefix: str) -> tuple[str, ...]:
    """The possible folded syllables that begin with `prefix`."""
    return tuple(sorted(form for form in _possible() if form.startswith(prefix)))


@lru_cache(maxsize=1 << 10)
def marked_syllables_from(prefix: str) -> tuple[str, ...]:
    """The possible syllables with their marks, tone in its regular place, that begin with `prefix`."""
    return tuple(sorted({key for form in all_syllables() if (key := tone_key(form)).startswith(prefix)}))
