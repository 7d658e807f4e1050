"""A second look at values of a form: cut out, set upright, read once more all together, compared with the first reading.

What is filled in is often written in slanting letters that are misread as others; set upright they are read well. Two
readings that agree are believed; two that differ are flagged, whichever is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from oms.recognition import cleaning
from oms.recognition.engine import READING_SECONDS, ReadWord, read_words
from oms.recognition.pictures import Picture, Pixels

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Way:
    """How a sheet of crops is shown to Tesseract: its resolution, and whether ink and paper are pulled apart first."""

    dpi: float
    sharp: bool = False


SOFT, SHARP = Way(165), Way(200, sharp=True)
"""Two ways that err at different places. On 25 form pages of all conditions, values right: the page alone .67, with the
soft way .79, with both .82; ways of 130, 230 and 300 dpi on top of these bring nothing (.82)."""

SLANTS = (0.0, 0.15, 0.2, 0.25, 0.3)
"""Leans of letters that are tried, sideways by height."""

_ONE_BLOCK = 6
_INK = 150
_TALL = 0.3
"""Part of a line's room that letters take at least; it holds half a line more than the letters."""


@dataclass(frozen=True)
class Again:
    """What was read the second time: text with the least confidence of its words; `slant` how far the letters lean."""

    text: str
    confidence: float


def find_slant(picture: Picture, boxes: Sequence[Box]) -> float:
    """How far the letters in the boxes lean: set upright their strokes stand over each other in the fewest columns."""
    crops = [crop for box in boxes if (crop := _cut(picture, box, 0.0)).size]
    if not crops:
        return 0.0
    return max(SLANTS, key=lambda slant: sum(_sharpness(crop, slant) for crop in crops))


def _sharpness(crop: Pixels, slant: float) -> float:
    columns = (_upright(crop, slant) < _INK).sum(axis=0, dtype=np.float64)
    return float((columns**2).sum())


def clear(picture: Picture) -> Picture:
    """The page for reading crops of it: without red ink, paper white, dust and grain gone as for the first reading."""
    levelled = cleaning.level_paper(cleaning.drop_red_ink(picture))
    return cleaning.drop_grain(cleaning.drop_specks(levelled))


def read_again(picture: Picture, boxes: Mapping[str, Sequence[Box]], slant: float, way: Way = SOFT) -> dict[str, Again]:
    """The text in the boxes of each key, read with the letters set upright; keys nothing was read for are left out."""
    crops, keys = [], []
    for key, own in boxes.items():
        for box in own:
            crop = _cut(picture, box, slant)
            if crop.size:
                crops.append(crop)
                keys.append(key)
    if not crops:
        return {}
    factor = way.dpi / picture.dpi
    sheet, tops = _stack(crops)
    if abs(factor - 1) > 0.05:
        interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        sheet = cv2.resize(sheet, None, fx=factor, fy=factor, interpolation=interpolation)
    small = cleaning.drop_leaders(Picture(sheet, picture.dpi * factor))
    small = cleaning.sharpen_ink(small) if way.sharp else small
    found: dict[str, list[tuple[int, ReadWord]]] = {}
    for word in read_words(small, layout=_ONE_BLOCK, seconds=READING_SECONDS):
        middle = (word.top + word.height / 2) / factor
        place = max(0, int(np.searchsorted(tops, middle, side="right")) - 1)
        found.setdefault(keys[place], []).append((place, word))
    return {key: _join(words) for key, words in found.items()}


def has_ink(picture: Picture, boxes: Sequence[Box]) -> bool:
    """Whether something as tall as letters stands in the boxes; dotted leaders and rules do not count."""
    for box in boxes:
        crop = _cut(picture, box, 0.0)
        if not crop.size:
            continue
        count, _, stats, _ = cv2.connectedComponentsWithStats((crop < _INK).astype(np.uint8), connectivity=8)
        tall = [part for part in stats[1:count].tolist() if part[3] >= _TALL * crop.shape[0] and part[0] > 0]
        if any(part[4] > 3 * part[3] or part[2] >= 0.3 * part[3] for part in tall):
            return True
    return False


def _join(words: list[tuple[int, ReadWord]]) -> Again:
    ordered = [word for _, word in sorted(words, key=lambda pair: (pair[0], pair[1].left))]
    return Again(" ".join(word.text for word in ordered), min(word.confidence for word in ordered))


def _cut(picture: Picture, box: Box, slant: float) -> Pixels:
    left, top, width, height = box
    crop = picture.pixels[max(0, top) : top + height, max(0, left) : left + width]
    return _upright(crop, slant) if crop.size else crop


def _upright(crop: Pixels, slant: float) -> Pixels:
    if not slant:
        return crop
    height, width = crop.shape
    turn = np.array([[1, slant, -slant * height / 2], [0, 1, 0]], np.float32)
    return np.asarray(
        cv2.warpAffine(crop, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _stack(crops: Sequence[Pixels]) -> tuple[Pixels, list[float]]:
    """The crops under each other on white paper, and where each begins, half the space above it included."""
    space = round(0.5 * float(np.median([crop.shape[0] for crop in crops])))
    width = max(crop.shape[1] for crop in crops) + 4 * space
    sheet = np.full((sum(crop.shape[0] + space for crop in crops) + space, width), 255, np.uint8)
    tops, y = [], space
    for crop in crops:
        sheet[y : y + crop.shape[0], 2 * space : 2 * space + crop.shape[1]] = crop
        tops.append(y - space / 2)
        y += crop.shape[0] + space
    return sheet, tops
