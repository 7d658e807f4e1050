"""Which way up a page is, and how much it leans: decided from the lines of text, without reading them.

Letters stand closer to their neighbours than lines do, so it is along the lines that they run together first; that
gives the axis (columns of a table look as orderly as its rows, but nowhere are letters that close). Lines of text make
the sums of ink over rows rise and fall steeply; that gives the lean. Latin letters stand on a sharp line and end in marks and ascenders above, so the sums fall more steeply below a line than they rise above it;
that tells up from down (right on 36 of 36 generated pages of 18 conditions, where Tesseract's own detection gives up
on short pages). Only where the two differ little are both ways read and compared, by the caller's `read`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from oms.recognition.pictures import Picture, Pixels, resize

ANALYSIS_DPI = 150
"""Letters of 12 points keep an x-height of ten pixels; everything here takes a tenth of a second."""

SURE = 1.35
"""Times by which one way must beat the other; the least seen on right decisions over the generated pages was 1.45."""

READS_WELL = 0.6
"""Score of a sample that is surely the right way up; lying wrong none scored above 0.3."""

CLOSER = 3.0
"""Times as many letters that must run together along one axis as along the other; the least seen was 10, on a blurred
form, where the sharpness of rows and columns of a table was 24 to 31."""

_LETTER_GAP = 5
"""Pixels at ANALYSIS_DPI, 0.8 mm: more than between the letters of a word, less than between two lines."""

WIDEST_SKEW = 7.0
"""Degrees; paper that lies worse than this in a scanner is scanned again."""

_LEAST_INK = 1500
"""Pixels of ink at ANALYSIS_DPI, about twenty letters: fewer tell nothing."""


@dataclass(frozen=True)
class Lines:
    """How the text lies along the rows of a picture: lean in degrees, sharpness, fall against rise."""

    skew: float
    sharpness: float
    uprightness: float


def find_ink(picture: Picture) -> Pixels:
    """A map (bool) of letter-sized ink at ANALYSIS_DPI: paper levelled, specks, seals and photographs left out."""
    grey = picture.pixels[:, :, 0] if picture.pixels.ndim == 3 else picture.pixels  # red ink is pale in red light
    factor = ANALYSIS_DPI / picture.dpi
    small = resize(grey, (max(1, round(picture.width * factor)), max(1, round(picture.height * factor))))
    tiny = resize(small, (max(1, small.shape[1] // 4), max(1, small.shape[0] // 4)))
    paper = cv2.medianBlur(cv2.dilate(tiny, np.ones((3, 3), np.uint8)), 15)
    paper = cv2.resize(paper, (small.shape[1], small.shape[0]))
    level = cv2.divide(small, np.maximum(paper, 1), scale=255)
    threshold, _ = cv2.threshold(level, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ink = (level < min(max(threshold, 110), 215)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    letters = (np.minimum(width, height) < 40) & (np.maximum(width, height) < 80) & (area > 6)
    letters[0] = False
    return np.asarray(letters[labels])


def measure_lines(ink: Pixels) -> Lines:
    """The lean under which the rows of `ink` are sharpest, and what the sums of ink look like there."""
    rows, columns = np.nonzero(ink)
    if len(rows) < _LEAST_INK:
        return Lines(0.0, 0.0, 1.0)

    def sharpness(angle: float, step: int = 1) -> float:
        return float((np.diff(_row_sums(rows[::step], columns[::step], angle)) ** 2).sum())

    step = 1 + len(rows) // 40_000  # enough to find the hill; its top is looked for with all of the ink
    best = max(np.arange(-WIDEST_SKEW, WIDEST_SKEW + 0.1, 0.5), key=lambda angle: sharpness(angle, step))
    best = max(np.arange(best - 0.4, best + 0.41, 0.1), key=sharpness)
    steps = np.diff(_row_sums(rows, columns, float(best)))
    rise, fall = (np.maximum(steps, 0) ** 3).sum(), (np.maximum(-steps, 0) ** 3).sum()
    return Lines(round(float(best), 2) + 0.0, sharpness(float(best)) / len(rows), float((fall + 1) / (rise + 1)))


def find_stance(picture: Picture, read: Callable[[Picture], float]) -> tuple[int, float]:
    """How the page lies: degrees clockwise (0, 90, 180, 270) that bring it upright, and those by which its lines then
    fall to the right. `read` scores a picture, more is better; both are 0 when too little is written to tell."""
    ink = find_ink(picture)
    if int(ink.sum()) < _LEAST_INK:
        return 0, 0.0
    side = find_axis(ink)
    lines = {turn: measure_lines(np.rot90(ink, turn // 90)) for turn in ((0, 90) if side is None else (side,))}
    candidates: dict[int, float] = {}
    for turn, found in lines.items():  # np.rot90 turns to the left, a picture lying so is turned on to the right
        candidates[-turn % 360] = found.uprightness if side is not None else 1.0
        candidates[180 - turn] = 1 / found.uprightness if side is not None else 1.0
    best = max(candidates, key=lambda turn: candidates[turn])
    if candidates[best] < SURE:
        sample = busiest_part(picture, ink)
        best = _read_which(candidates, lambda turn: read(rotate(sample, turn)))
    return best, lines[-best % 180 if side is None else side].skew


def _read_which(candidates: Mapping[int, float], read: Callable[[int], float]) -> int:
    """The way up that reads best, the likelier ways first; the others are not tried once one reads well."""
    scores: dict[int, float] = {}
    for turn in sorted(candidates, key=lambda turn: -candidates[turn]):
        scores[turn] = read(turn)
        if scores[turn] >= READS_WELL:
            break
    return max(scores, key=lambda turn: scores[turn])


def find_axis(ink: Pixels) -> int | None:
    """0 when lines of text run along the rows of `ink`, 90 when along its columns, `None` when letters do not tell."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    size = np.maximum(stats[:, 2], stats[:, 3])
    size[0] = 0
    if not (size > 6).any():
        return None
    letters = size >= 0.7 * np.median(size[size > 6])  # without marks and dots, which stand above and below letters
    plain = letters[labels].astype(np.uint8)

    def run_together(kernel: Pixels) -> int:
        joined, _ = cv2.connectedComponents(cv2.morphologyEx(plain, cv2.MORPH_CLOSE, kernel))
        return max(0, int(letters.sum()) - (joined - 1))

    along, across = run_together(np.ones((1, _LETTER_GAP))), run_together(np.ones((_LETTER_GAP, 1)))
    if max(along, across) < 5 or max(along, across) < CLOSER * min(along, across):
        return None
    return 0 if along > across else 90


def busiest_part(picture: Picture, ink: Pixels, *, margin: float = 0.0) -> Picture:
    """A square of about 60 mm with the most letters on it: enough to tell which way up, cheap to read. `margin` is the
    share of the page on each side that is left out, where borders have ornaments like letters."""
    rows, columns = (round(margin * side) for side in ink.shape)
    ink = ink.copy()
    ink[:rows], ink[ink.shape[0] - rows :] = 0, 0
    ink[:, :columns], ink[:, ink.shape[1] - columns :] = 0, 0
    side = min(round(60 / 25.4 * ANALYSIS_DPI), *ink.shape)
    totals = cv2.boxFilter(ink.astype(np.float32), -1, (side, side), normalize=False)
    half = side // 2
    high, wide = ink.shape  # of a small page the square is all there is: then one place is left
    inner = totals[half : high - side + half + 1, half : wide - side + half + 1]
    row, column = np.unravel_index(int(inner.argmax()), inner.shape)
    factor = picture.dpi / ANALYSIS_DPI
    top, left, side = (round(float(value) * factor) for value in (row, column, side))
    return Picture(picture.pixels[top : top + side, left : left + side], picture.dpi)


def rotate(picture: Picture, degrees: int) -> Picture:
    """The picture turned clockwise by a multiple of 90 degrees; untouched when that is none."""
    if degrees % 360 == 0:
        return picture
    return Picture(np.ascontiguousarray(np.rot90(picture.pixels, -degrees // 90)), picture.dpi)


def deskew(picture: Picture, degrees: float) -> Picture:
    """The page with its lines made level; paper grows as needed, and less than 0.15 degrees is left alone."""
    if abs(degrees) < 0.15:
        return picture
    width, height = picture.width, picture.height
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    new_width, new_height = round(height * sine + width * cosine), round(height * cosine + width * sine)
    turn[0, 2] += (new_width - width) / 2
    turn[1, 2] += (new_height - height) / 2
    pixels = cv2.warpAffine(
        picture.pixels, turn, (new_width, new_height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255)
    )
    return Picture(pixels, picture.dpi)


def _row_sums(rows: Pixels, columns: Pixels, angle: float) -> Pixels:
    """Ink per row after the columns were shifted so that lines leaning by `angle` degrees become level."""
    shifted = (rows - columns * np.tan(np.radians(angle))).astype(np.int32)
    return np.bincount(shifted - shifted.min()).astype(np.float64)
