"""Reads from a picture that turned up elsewhere which hidden pattern of `recognition.hidden_marks` is in it.

The original is known: the picture is laid onto it, what both have in common is taken away, and the rest is held against
each pattern it may bear. Chance is bounded whatever the picture shows: bits of a pattern that is not in it are coins
thrown beside it, and a sum of n coins with weights lies z times its spread above zero with probability exp(-z²/2) at
most (Hoeffding 1963).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from oms.recognition.hidden_marks import CELL, STRENGTH, Pattern
from oms.recognition.pictures import Pixels

FINENESS = 2
"""By how much pictures are made smaller than the page image for comparing: a picture of half the size tells no more."""

LIKENESS = 0.5
"""Correlation of picture and page, laid onto each other, from which it may be this page; copies have 0.9, others 0.2."""

SURE = 0.97
"""Correlation from which no other way to lay the picture is tried: a photograph laid straight onto a soft page has 0.95."""

FEATURES, LEAST_FEATURES = 3000, 12
_CELL = CELL // FINENESS
_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
_ROOM = 9
"""Cells on a side of the surroundings a cell is compared with: light from one side is no pattern."""


@dataclass(frozen=True)
class Rest:
    """What is left of a picture that was laid onto its page: one figure a cell, 0 where nothing is known."""

    cells: Pixels
    size: tuple[int, int]
    """Width and height of the page image in pixels."""
    likeness: float

    def height(self, pattern: Pattern) -> float:
        """How far above chance the pattern stands out, in standard deviations."""
        signs = pattern.signs(self.size)
        weights = self.cells[signs != 0]
        spread = float(np.sqrt(np.square(weights).sum()))
        return float((self.cells * signs).sum()) / spread if spread else 0.0


def chance_of(height: float, tried: int) -> float:
    """Probability, at most, that one of so many patterns stands so high in a picture that bears none of them."""
    return min(1.0, tried * math.exp(-(height**2) / 2)) if height > 0 else 1.0


def lay_onto(picture: Pixels, original: Pixels) -> Rest | None:
    """Lay a picture (grey) onto the page image (grey) it may show; None when it does not show that page."""
    size = (original.shape[1], original.shape[0])
    page = cv2.resize(original, (size[0] // FINENESS, size[1] // FINENESS), interpolation=cv2.INTER_AREA)
    best: tuple[float, Pixels, Pixels] | None = None
    for ready, rough in _placements(picture, page):
        laid = _refine(ready, page, rough)
        if laid is not None and (best is None or laid[0] > best[0]):
            best = laid
        if best is not None and best[0] > SURE:
            break
    if best is None or best[0] < LIKENESS:
        return None
    likeness, laid_on, known = best
    return Rest(_cells(_rest(laid_on, page, known), known, size), size, likeness)


def _placements(picture: Pixels, page: Pixels) -> Iterator[tuple[Pixels, Pixels]]:
    """Ways the picture may lie on the page: itself, no finer than needed, and a matrix from page to picture."""
    high, wide = page.shape
    ready = _no_finer(picture, max(high, wide))
    across, down = ready.shape[1] / wide, ready.shape[0] / high
    if 0.93 < across / down < 1.07:
        yield ready, np.diag([across, down, 1]).astype(np.float32)
    found = _by_features(ready, page)
    if found is not None:
        yield ready, found


def _no_finer(picture: Pixels, longest: int) -> Pixels:
    scale = longest / max(picture.shape)
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _by_features(picture: Pixels, page: Pixels) -> Pixels | None:
    """From corners both have: finds cut, turned and photographed pictures."""
    finder = cv2.ORB.create(FEATURES)
    ours, our_kinds = finder.detectAndCompute(page, None)
    theirs, their_kinds = finder.detectAndCompute(picture, None)
    if our_kinds is None or their_kinds is None or min(len(ours), len(theirs)) < LEAST_FEATURES:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(our_kinds, their_kinds)
    if len(pairs) < LEAST_FEATURES:
        return None
    here = np.array([ours[pair.queryIdx].pt for pair in pairs], np.float32)
    there = np.array([theirs[pair.trainIdx].pt for pair in pairs], np.float32)
    matrix, agreed = cv2.findHomography(here, there, cv2.RANSAC, 3, maxIters=5000)
    return None if matrix is None or agreed.sum() < LEAST_FEATURES else matrix.astype(np.float32)


def _refine(picture: Pixels, page: Pixels, rough: Pixels) -> tuple[float, Pixels, Pixels] | None:
    """Likeness, the picture as it lies on the page, and where it is known."""
    inside = np.full(picture.shape, 255, np.uint8)
    matrices = [rough]
    flat = np.allclose(rough[2], (0, 0, 1), atol=1e-5)
    try:
        if flat:  # made smaller: three unknowns less, so that little on the page is enough
            _value, found = cv2.findTransformECC(page, picture, rough[:2].copy(), cv2.MOTION_AFFINE, _STEPS, inside, 5)
            matrices.append(np.vstack([np.asarray(found), [0, 0, 1]]))
        else:
            _value, found = cv2.findTransformECC(page, picture, rough.copy(), cv2.MOTION_HOMOGRAPHY, _STEPS, inside, 5)
            matrices.append(np.asarray(found))
    except cv2.error:  # nothing to hold on to, on an empty page for instance: it lies as it lies
        pass
    best = None
    for one in matrices:
        size = (page.shape[1], page.shape[0])
        laid = cv2.warpPerspective(picture, one, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        known = cv2.warpPerspective(inside, one, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP) > 0
        if known.mean() > 0.05:
            one_way = (_likeness(laid[known], page[known]), laid, known)
            best = one_way if best is None or one_way[0] > best[0] else best
    return best


def _likeness(one: Pixels, other: Pixels) -> float:
    a, b = one.astype(np.float32), other.astype(np.float32)
    if min(a.std(), b.std()) < 1.5:  # white on white: nothing speaks against it
        return LIKENESS if abs(float(a.mean() - b.mean())) < 16 else 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _rest(laid: Pixels, page: Pixels, known: Pixels) -> Pixels:
    """The picture less the page as this picture shows it: its lightness and sharpness are not those of the page."""
    laid = _evenly_lit(laid, page, known)
    best, least = None, math.inf
    for blur in (0.0, 0.6, 1.0, 1.6):
        shown = cv2.GaussianBlur(page, (0, 0), blur) if blur else page
        rest = laid.astype(np.float32) - _as_light_as(laid, shown, known)[shown]
        spread = float(np.square(rest[known]).mean())
        if spread < least:
            best, least = rest, spread
    assert best is not None
    best[~known] = 0
    return np.clip(best, -4 * STRENGTH, 4 * STRENGTH)


def _evenly_lit(laid: Pixels, page: Pixels, known: Pixels) -> Pixels:
    """Without the shadows of a photograph: around each place as light as the page is there."""
    room = (_ROOM * _CELL, _ROOM * _CELL)
    there, here = (cv2.blur(np.where(known, one, 0).astype(np.float32), room) for one in (laid, page))
    lit: Pixels = np.clip(laid * (here + 1) / (there + 1), 0, 255)
    return lit


def _as_light_as(laid: Pixels, shown: Pixels, known: Pixels) -> Pixels:
    """For each grey level of the page the mean one of the picture there."""
    levels = shown[known].astype(np.int64)
    counts = np.bincount(levels, minlength=256)
    sums = np.bincount(levels, laid[known].astype(np.float64), minlength=256)
    there = np.flatnonzero(counts)
    return np.interp(np.arange(256), there, sums[there] / counts[there]).astype(np.float32)


def _cells(rest: Pixels, known: Pixels, size: tuple[int, int]) -> Pixels:
    """One figure a cell: its mean against its surroundings, the less the more unrest there is in it."""
    columns, rows = -(-size[0] // CELL), -(-size[1] // CELL)
    whole = np.zeros((rows * _CELL, columns * _CELL), np.float32)
    share = np.zeros_like(whole)
    whole[: rest.shape[0], : rest.shape[1]] = rest
    share[: rest.shape[0], : rest.shape[1]] = known
    parts = whole.reshape(rows, _CELL, columns, _CELL)
    means, unrest = parts.mean((1, 3)), parts.var((1, 3))
    full = share.reshape(rows, _CELL, columns, _CELL).mean((1, 3)) > 0.9
    around = cv2.blur(means * full, (_ROOM, _ROOM)) / np.maximum(
        cv2.blur(full.astype(np.float32), (_ROOM, _ROOM)), 0.01
    )
    cells = np.clip(means - around, -STRENGTH, STRENGTH) / (0.1 + unrest / _CELL)
    return np.where(full, cells, 0)
