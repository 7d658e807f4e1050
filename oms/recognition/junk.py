"""What was read where nothing is written: specks, creases and what shows through, taken for signs and single letters.

They are few, but one of them between two columns puts the lines of a head out of order. Figures are never dropped, nor
anything that may be a word.
"""

import statistics
from collections.abc import Sequence

from oms.recognition.engine import ReadWord

_SIGNS, _LETTER, _ODD_SIZE = 60.0, 35.0, 40.0
"""Confidence under which signs alone, a single letter and what is far from the height of the other words are none. On 67
readings of faxes, worn and spotted pages the CER fell from .107 to .084; with every word under 25 gone it rose again."""

_LOW, _TALL = 0.45, 2.2
"""Beside the usual height of a word."""


def drop_junk(words: Sequence[ReadWord]) -> list[ReadWord]:
    """The words without what is surely none."""
    usual = statistics.median(word.height for word in words) if words else 0.0
    return [word for word in words if not _is_junk(word, usual)]


def _is_junk(word: ReadWord, usual: float) -> bool:
    if any(letter.isdigit() for letter in word.text):
        return False
    letters = sum(letter.lower() != letter.upper() for letter in word.text)  # marks that stand alone have no capital
    if not letters:
        return word.confidence < _SIGNS
    if letters * 2 <= len(word.text) or len(word.text) == 1:
        return word.confidence < _LETTER
    return word.confidence < _ODD_SIZE and not _LOW * usual <= word.height <= _TALL * usual
