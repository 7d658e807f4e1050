"""Small frames on a page, leaning or not: what a stamp leaves even where its word is hidden by text or a seal.

Letters have no straight lines of more than a centimetre and rules of tables are longer than a stamp, so two level
lines of the length of a stamp, one above the other, with something upright at their ends, are a frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from oms.recognition.pictures import Pixels

SEARCH_DPI = 100
"""The lines of a frame are a third of a millimetre wide: one pixel or two."""

LEANS = (0, -3, 3, -6, 6, -9, 9, -12, 12, -15, 15)
"""Degrees a stamp is pressed askew on a page that lies straight."""

FINER = (0, -0.5, 0.5, -1, 1, -1.5, 1.5)
"""Degrees between two of these leans."""

_WIDTH, _HEIGHT = (15.0, 52.0), (5.5, 15.0)
_LINE, _SIDE = 11.0, 4.0
"""Millimetres: sizes of a stamp with some play, least length of a line and of a side."""

_BETWEEN = 1.4
"""Millimetres from the outer line of a double frame to the inner one at most."""

_ALIKE = 0.3
"""Share of the columns that tell two lines: 25 stamps each drawn in seven states had more but for worn frames whose word
could be read; of 175 single frames around words, two had more, both half under a seal."""

_MARGIN = 3
"""Pixels of paper around a frame: its outermost line must be whole."""

_LEAST_INK = 28


@dataclass(frozen=True)
class Frame:
    """A found frame: its ink (bright on dark) turned level at the resolution of the map, its four corners in pixels of
    the map, and whether it is double."""

    ink: Pixels
    corners: Pixels
    double: bool

    def lies_in(self, place: Pixels, room: float) -> bool:
        """Whether it lies in a quadrilateral, or at most `room` pixels outside."""
        outline = place.astype(np.float32).reshape(-1, 1, 2)
        return all(cv2.pointPolygonTest(outline, (float(x), float(y)), True) >= -room for x, y in self.corners)


def find(ink: Pixels, dpi: float) -> Iterator[Frame]:
    """Every frame in a map of ink (0 paper, 255 ink), each once, whatever its lean."""
    factor = SEARCH_DPI / dpi
    small = cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    seen: list[tuple[float, float]] = []
    for lean in LEANS:
        turn = _turning(small.shape, lean)
        level = cv2.warpAffine(small, turn, (small.shape[1], small.shape[0]), flags=cv2.INTER_LINEAR)
        for left, top, right, bottom in _boxes((level > _LEAST_INK).astype(np.uint8)):
            middle = cv2.invertAffineTransform(turn) @ np.array([(left + right) / 2, (top + bottom) / 2, 1.0])
            if any(abs(middle[0] - x) + abs(middle[1] - y) < _pixels(10) for x, y in seen):
                continue
            seen.append((float(middle[0]), float(middle[1])))
            cut = _cut(ink, dpi, lean, (left, top, right, bottom))
            corners = np.array([(left, top, 1), (right, top, 1), (right, bottom, 1), (left, bottom, 1)], dtype=float)
            yield Frame(cut, corners @ cv2.invertAffineTransform(turn).T / factor, _is_double(cut, dpi))


def _turning(shape: tuple[int, ...], lean: float) -> Pixels:
    return np.asarray(cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), lean, 1.0))


def _pixels(length: float) -> int:
    return round(length / 25.4 * SEARCH_DPI)


def _boxes(mask: Pixels) -> Iterator[tuple[int, int, int, int]]:
    """Left, top, right, bottom of each frame of a level map."""
    thick = cv2.dilate(mask, np.ones((3, 1), np.uint8))
    lines = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, _pixels(_LINE)), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(lines, connectivity=8)
    level = [(x, y, x + width, y + height) for x, y, width, height, _ in stats[1:count].tolist()]
    found = [
        line
        for line in level
        if _pixels(_WIDTH[0]) - 6 <= line[2] - line[0] <= _pixels(_WIDTH[1]) and line[3] - line[1] <= _pixels(3.2)
    ]
    # Where another stamp or a rule runs into one of the two lines, it looks longer than it is; the other one tells.
    longer = [line for line in level if line[2] - line[0] > _pixels(_WIDTH[1]) and line[3] - line[1] <= _pixels(5)]
    sides = cv2.morphologyEx(
        cv2.dilate(mask, np.ones((1, 3), np.uint8)), cv2.MORPH_OPEN, np.ones((_pixels(_SIDE), 1), np.uint8)
    )
    pairs = [(upper, lower) for upper in found for lower in found]
    for line in found:
        covering = [other for other in longer if other[0] <= line[0] + 7 and other[2] >= line[2] - 7]
        pairs += [(line, (line[0], other[1], line[2], other[3])) for other in covering]
        pairs += [((line[0], other[1], line[2], other[3]), line) for other in covering]
    for upper, lower in pairs:
        height, width = lower[3] - upper[1], min(upper[2], lower[2]) - max(upper[0], lower[0])
        if not (_pixels(_HEIGHT[0]) <= height <= _pixels(_HEIGHT[1]) and width >= _pixels(_WIDTH[0]) - 6):
            continue
        left, right = min(upper[0], lower[0]), max(upper[2], lower[2])
        if abs(upper[0] - lower[0]) + abs(upper[2] - lower[2]) > _pixels(7) or right - left < 1.4 * height:
            continue
        ends = [sides[upper[1] : lower[3], max(0, x - 7) : x + 7] for x in (left, right)]
        filled = [float(end.any(axis=1).mean()) if end.size else 0.0 for end in ends]
        if min(filled) < 0.25 or max(filled) < 0.6:
            continue
        yield left - _MARGIN, upper[1] - _MARGIN, right + _MARGIN, lower[3] + _MARGIN


def _is_double(ink: Pixels, dpi: float) -> bool:
    """Whether a second line runs along the upper edge and along the lower, everywhere as far from the first: counted
    column by column, since a frame that still leans a little has them at other heights in each. The letters of a stamp
    begin behind its single frame, too, but each as far from it as its marks and round strokes let it."""
    edge = len(ink) // 3
    inked = ink[:, ink.shape[1] // 10 : -ink.shape[1] // 10] > 0.3 * np.percentile(ink, 98)
    reach = round(_BETWEEN / 25.4 * dpi)
    return all(_alike(rows, reach) > _ALIKE for rows in (inked[:edge], inked[::-1][:edge]))


def _alike(rows: Pixels, reach: int) -> float:
    """Share of the columns that meet ink, paper and ink again on their way into the frame, at the distance most of them
    have (a pixel more or less), `reach` pixels at most."""
    begins = np.diff(np.pad(rows, ((1, 0), (0, 0))).astype(np.int8), axis=0) > 0
    first = begins.argmax(axis=0)
    begins[first, np.arange(begins.shape[1])] = False
    distances = (begins.argmax(axis=0) - first)[begins.any(axis=0)]
    counts = np.bincount(distances, minlength=reach + 2)[: reach + 2]
    return float(np.convolve(counts, (1, 1, 1), "same")[: reach + 1].max() / begins.shape[1])


def _cut(ink: Pixels, dpi: float, lean: float, box: tuple[int, int, int, int]) -> Pixels:
    """The frame out of the map, turned until its lines lie level to half a degree."""
    factor = dpi / SEARCH_DPI
    left, top, right, bottom = (round(side * factor) for side in box)
    middle = ((left + right) / 2, (top + bottom) / 2)

    def turned(further: float) -> Pixels:
        whole = np.vstack([_turning(ink.shape, lean), [0, 0, 1]])
        around = np.vstack([cv2.getRotationMatrix2D(middle, further, 1.0), [0, 0, 1]])
        turn = (around @ whole)[:2]
        turn[:, 2] -= left, top
        return np.asarray(cv2.warpAffine(ink, turn, (right - left, bottom - top), flags=cv2.INTER_LINEAR))

    return max((turned(further) for further in FINER), key=lambda cut: float((cut.mean(axis=1) ** 2).sum()))
