"""How much of what is written on a page was read at all: words can look right while half of a page is missing."""

from collections.abc import Sequence

import cv2
import numpy as np

from oms.recognition.engine import ReadWord
from oms.recognition.orientation import ANALYSIS_DPI, find_ink
from oms.recognition.pictures import Picture

_LEAST, _MOST = 1.3, 7.0
"""Millimetres: heights between which ink counts as a letter; dots of leaders are lower, seals and signatures higher."""


def unread_share(picture: Picture, words: Sequence[ReadWord], scale: float) -> float:
    """Share (0 to 1) of the letters on an upright page that lie in no word; `scale` turns its pixels into theirs."""
    ink = find_ink(picture).astype(np.uint8)
    _, _, stats, centres = cv2.connectedComponentsWithStats(ink, connectivity=8)
    height = stats[:, 3] * 25.4 / ANALYSIS_DPI
    letters = (height >= _LEAST) & (height <= _MOST)
    letters[0] = False
    if not letters.any():
        return 0.0
    factor = ANALYSIS_DPI / picture.dpi / scale
    read = np.zeros(ink.shape, bool)
    for word in words:
        left, top = round(word.left * factor) - 2, round(word.top * factor) - 2
        right, bottom = round((word.left + word.width) * factor) + 2, round((word.top + word.height) * factor) + 2
        read[max(0, top) : bottom, max(0, left) : right] = True
    across, down = centres[letters].round().astype(int).T
    return float(1 - read[down, across].mean())
