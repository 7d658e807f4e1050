"""How much of what is written on a page was read at all: words can look right while half of a page is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from oms.recognition.engine import ReadWord
from oms.recognition.orientation import ANALYSIS_DPI, find_ink
from oms.recognition.pictures import Picture, Pixels

_LEAST, _MOST = 1.3, 7.0
"""Millimetres: heights between which ink counts as a letter; dots of leaders are lower, seals and signatures higher."""

_MARGIN = 20.0
"""Millimetres at each edge of the page where nothing is looked for: no paper is written on there (NĐ 30/2020, Phụ lục I),
but the ornaments of borders, shadows and punched holes look like letters. Of 19 certificates and spotted pages half had
a third and more of their "letters" there; inside, none that was read well had one in twenty."""
_MOST_MARGIN = 0.1
"""Of the side of a small sheet."""


@dataclass(frozen=True)
class Letters:
    """Where letters stand on a page of `dpi`: their middles (across, down) at ANALYSIS_DPI, and the size of the page."""

    middles: Pixels
    size: tuple[int, int]
    dpi: float


def find_letters(picture: Picture) -> Letters:
    """The letters on an upright page."""
    ink = find_ink(picture).astype(np.uint8)
    _, _, stats, centres = cv2.connectedComponentsWithStats(ink, connectivity=8)
    height = stats[:, 3] * 25.4 / ANALYSIS_DPI
    letters = (height >= _LEAST) & (height <= _MOST)
    letters[0] = False
    size = (ink.shape[1], ink.shape[0])
    for place, side in enumerate(size):
        edge = min(_MARGIN / 25.4 * ANALYSIS_DPI, _MOST_MARGIN * side)
        letters &= (centres[:, place] > edge) & (centres[:, place] < side - edge)
    return Letters(centres[letters].round().astype(int), size, picture.dpi)


def unread_share(letters: Letters, words: Sequence[ReadWord], scale: float) -> float:
    """Share (0 to 1) of the letters that lie in no word; `scale` turns pixels of the page into those of the words."""
    if not len(letters.middles):
        return 0.0
    factor = ANALYSIS_DPI / letters.dpi / scale
    read = np.zeros(letters.size[::-1], bool)
    for word in words:
        left, top = round(word.left * factor) - 2, round(word.top * factor) - 2
        right, bottom = round((word.left + word.width) * factor) + 2, round((word.top + word.height) * factor) + 2
        read[max(0, top) : bottom, max(0, left) : right] = True
    across, down = letters.middles.T
    return float(1 - read[down, across].mean())
