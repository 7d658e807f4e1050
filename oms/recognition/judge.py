"""Judging what was read without knowing the truth: the set of possible Vietnamese syllables is finite."""

import re
from collections.abc import Sequence

from oms.recognition.pages import Quality, Word
from oms.vietnamese.syllables import is_syllable
from oms.vietnamese.text import nfc

GOOD, CHECK = 0.85, 0.60
"""Least scores (share of possible syllables × mean confidence) of a page that is good, and of one worth checking."""

DOUBTFUL_CONFIDENCE = 60.0
"""A word under this is shown as doubtful: Tesseract's own measure, 0 to 100."""

_FEW_WORDS = 5
"""A page of fewer words cannot be judged by shares; a person looks at it."""

_LETTERS = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)


def judge_page(words: Sequence[Word], *, blank: bool = False) -> Quality:
    """How far the reading can be trusted; a page with ink but no words is poor, never blank."""
    if blank:
        return "blank"
    if not any(_LETTERS.search(word.text) for word in words):
        return "poor"
    score = reading_score(words)
    if score < CHECK:
        return "poor"
    return "good" if score >= GOOD and len(words) >= _FEW_WORDS else "check"


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
        if word.confidence < DOUBTFUL_CONFIDENCE
        or any(not is_syllable(part) and not _is_symbol(part) for part in _LETTERS.findall(nfc(word.text)))
    ]


def _is_symbol(part: str) -> bool:
    """Abbreviations of document numbers and Roman numbers: capitals without a vowel, or one letter."""
    return len(part) == 1 or (part.isupper() and (len(part) <= 4 or not _VOWEL.search(part)) and not is_syllable(part))
