"""Whether a page is written by hand: print stands on a line, letter beside letter; a hand wavers and joins its letters.

Knows neither words nor their meaning; whether the page was read badly at all is for `oms.recognition.judge`.
"""

import cv2
import numpy as np

from oms.recognition.orientation import find_ink
from oms.recognition.pictures import Picture, Pixels

LIKE_A_HAND = 0.55
"""Unevenness from which badly read ink is a hand. 72 generated scans of print in 18 conditions have at most 0.47, bad
copies and blurred pages among them; 32 pages in eight invented hands at least 0.62."""

_LEAST = 30
"""Pairs of neighbours from which something can be told: two or three lines of writing."""

_LEVEL = 0.1
"""Of the height of a letter: feet that differ by less stand on one line."""

_JOINED, _PRINTED = 0.3, 0.75
"""Weight of the width of what hangs together, and what printed letters are wide beside their height."""


def unevenness(picture: Picture) -> float:
    """How much the ink of an upright page is like that of a hand, 0 (print) to about 1; 0 when there is too little."""
    ink = find_ink(picture).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    height = stats[1:, 3]
    if not (height > 6).any():
        return 0.0
    usual = float(np.median(height[height > 6]))
    boxes = stats[1:][(height > 0.6 * usual) & (height < 3 * usual) & (height > 6)][:, :4].astype(np.int64)
    steps = _steps(boxes[np.argsort(boxes[:, 0])], usual)
    if len(steps) < _LEAST:
        return 0.0
    wide = float(np.median(boxes[:, 2] / boxes[:, 3]))
    return float(np.mean(np.array(steps) >= _LEVEL)) + _JOINED * (wide - _PRINTED)


def _steps(boxes: Pixels, usual: float) -> list[float]:
    """How far the foot of each letter is from that of the next one on its right, in usual heights of a letter."""
    left, top, width, height = boxes.T
    steps: list[float] = []
    for place in range(len(left)):
        near = slice(place + 1, place + 60)
        gap = left[near] - (left[place] + width[place])
        shared = np.minimum(top[near] + height[near], top[place] + height[place]) - np.maximum(top[near], top[place])
        beside = (gap > -0.3 * usual) & (gap < 1.5 * usual)
        beside &= shared > 0.5 * np.minimum(height[near], height[place])
        if beside.any():
            other = place + 1 + int(np.argmin(np.where(beside, gap, 10**6)))
            steps.append(abs(float(top[other] + height[other] - top[place] - height[place])) / usual)
    return steps
