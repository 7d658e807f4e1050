"""Judging what was read without knowing the truth. The error to expect is a sum of four signs: words Tesseract guessed,
letters that no word covers, junk read where nothing is written, and impossible Vietnamese syllables (their set is finite).
Figures that nobody writes (`I987`, 31/13/1990) are a reason to look whatever the letters say.

Knows no picture; `oms.recognition.coverage` measures the ink, `oms.recognition.junk` counts the junk.
"""

import re
from collections.abc import Callable, Sequence

from oms.recognition.handwriting import LIKE_A_HAND
from oms.recognition.pages import Quality, Word
from oms.vietnamese.syllables import is_syllable
from oms.vietnamese.text import nfc

CHECK, POOR = 0.08, 0.20
"""Expected shares of wrong characters from which a person looks at a page, and from which it is read anew by hand. Of 138
generated pages with a CER above 0.10 the best had 0.112, of those below the worst 0.073."""

_START, _UNSURE, _UNREAD, _JUNK, _IMPOSSIBLE = 0.001, 0.62, 0.54, 0.40, 0.37
"""What each sign, a share from 0 to 1, adds to the expected error: least squares of the error relative to itself over six
sets of generated pages, each set also told by the other five (`docs/reading.md`)."""

_MOST_DIFFERENT = 0.35
"""Share of the characters that every other reading of the page has otherwise or elsewhere, from which a person looks: what
was read with confidence may stand in the wrong order. Pages that are read well have at most 0.3."""

_MOST_DIRTY = 0.2
"""Share of impossible figures from which a person looks, however good the letters are."""

DOUBTFUL_CONFIDENCE = 60.0
"""A word under this is shown as doubtful: Tesseract's own measure, 0 to 100."""

_FEW_WORDS = 5
"""A page of fewer words cannot be judged by shares; a person looks at it."""

_VIETNAMESE, _CONFIDENT = 0.6, 85.0
"""Share of possible syllables under which a page is in another language or misread, and the confidence from which it
is more likely the first: a person looks, but nobody is told to type it anew."""

_FIGURE = re.compile(r"\d")
_MIXED = re.compile(r"\d[lIOoSsZ|!\]\[({}]|[lIOoSsZ|!\[({}]\d(?!\d*\))")
_DATE = re.compile(r"(?<!\d)(\d{1,2})[/.](\d{1,2})[/.](?:19|20)\d\d(?!\d)")
_LETTERS = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)


def judge_page(
    words: Sequence[Word],
    *,
    blank: bool = False,
    error: float | None = None,
    difference: float = 0.0,
    unevenness: Callable[[], float] = lambda: 0.0,
) -> Quality:
    """How far the reading can be trusted; a page with ink but no words is poor, never blank. `error` is the expected one
    where more is known than the words, `difference` the share of the characters the nearest other reading has not;
    `unevenness` is asked only where a page may be written by hand."""
    if blank:
        return "blank"
    judged = _judge_print(words, expected_error(words) if error is None else error, difference)
    return "handwriting" if judged != "good" and unevenness() >= LIKE_A_HAND else judged


def _judge_print(words: Sequence[Word], error: float, difference: float) -> Quality:
    if not any(_LETTERS.search(word.text) for word in words):
        return "poor"
    texts = [word.text for word in words]
    foreign = syllable_share(texts) < _VIETNAMESE
    if error >= POOR and not (foreign and mean_confidence(words) >= _CONFIDENT):
        return "poor"
    odd = foreign or dirty_share(texts) >= _MOST_DIRTY or len(words) < _FEW_WORDS or difference >= _MOST_DIFFERENT
    return "check" if odd or error >= CHECK else "good"


def expected_error(words: Sequence[Word], *, unread: float = 0.0, junk: float = 0.0) -> float:
    """The share of characters (0 to 1) that are probably wrong or missing on a page with these words; `junk` is the
    share of what was read where nothing is written."""
    if not words:
        return 1.0
    impossible = 1 - syllable_share([word.text for word in words])
    total = _START + _UNSURE * unsureness(words) + _UNREAD * unread + _JUNK * junk + _IMPOSSIBLE * impossible
    return round(min(1.0, total), 4)


def unsureness(words: Sequence[Word]) -> float:
    """Mean square of what confidence lacks to certainty, 0 to 1, long words counting more: one word that was guessed
    tells more than many that are nearly sure."""
    letters = sum(len(word.text) for word in words)
    return sum((1 - word.confidence / 100) ** 2 * len(word.text) for word in words) / letters if letters else 1.0


def dirty_share(texts: Sequence[str]) -> float:
    """Share of the words with figures that hold what figures do not: letters of their shape, impossible dates."""
    figures = [text for text in texts if _FIGURE.search(text)]
    dirty = sum(bool(_MIXED.search(text)) or not _is_possible(text) for text in figures)
    return dirty / len(figures) if figures else 0.0


def _is_possible(text: str) -> bool:
    """Whether day and month exist where a word looks like a date."""
    return all(1 <= int(day) <= 31 and 1 <= int(month) <= 12 for day, month in _DATE.findall(text))


def reading_score(words: Sequence[Word]) -> float:
    """Share of possible syllables times mean confidence, 0 to 1: what decides between two readings of a page."""
    return syllable_share([word.text for word in words]) * mean_confidence(words) / 100


def mean_confidence(words: Sequence[Word]) -> float:
    """Mean over the words, long ones counting more; 0 without words."""
    letters = sum(len(word.text) for word in words)
    if not letters:
        return 0.0
    return round(sum(word.confidence * len(word.text) for word in words) / letters, 1)


def syllable_share(texts: Sequence[str]) -> float:
    """Share of letters that stand in possible syllables, 0 to 1; symbols in capitals (QĐ, UBND) are left out."""
    known = total = 0
    for text in texts:
        for part in _LETTERS.findall(nfc(text)):
            if _is_symbol(part):
                continue
            total += len(part)
            known += len(part) * is_syllable(part)
    return known / total if total else 0.0


def doubtful_words(words: Sequence[Word]) -> list[int]:
    """Places of the words a person should look at: low confidence, or no possible syllable."""
    return [
        place
        for place, word in enumerate(words)
        if word.confidence < DOUBTFUL_CONFIDENCE or not is_possible_word(word.text)
    ]


def is_possible_word(text: str) -> bool:
    """Whether all letters of a word stand in possible syllables or symbols."""
    return all(is_syllable(part) or _is_symbol(part) for part in _LETTERS.findall(nfc(text)))


def _is_symbol(part: str) -> bool:
    """Abbreviations of document numbers and Roman numbers: capitals without a vowel, or one letter."""
    return len(part) == 1 or (part.isupper() and (len(part) <= 4 or not _VOWEL.search(part)) and not is_syllable(part))
