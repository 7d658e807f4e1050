"""The archival picture of a page, small and sharp: ink as stencils of one colour each, paper as a coarse picture.

A scanned page is mostly letters of one black, a red seal, a blue signature and paper. Each ink becomes one sharp
two-tone stencil; what remains is paper, kept at a third of the resolution, or as one colour when it is even. What
cannot be said that way (photographs, inks of other colours) is found by comparing the result with the page, and kept
as patches of the page itself, or as the whole page. Knows no PDF.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from oms.recognition.cleaning import drop_photographs, find_paper
from oms.recognition.pictures import Picture, Pixels, has_colour, is_grey, resize, scale_to

STENCIL_DPI = 300
"""Resolution of the stencils: letters of a page scanned at 200 dpi get smooth edges, those at 300 keep theirs."""

PAPER_DPI = 100
"""Resolution of what is not ink: stains, shadows, pale writing stay legible."""

_SHADES_DPI = 50
"""Resolution of the shades of coloured ink within its sharp edges."""

PATCH_DPI = 200
"""Resolution of photographs, and of pages kept whole: that of the page on the screen."""

_PAPER_QUALITY, _PATCH_QUALITY, _PAGE_QUALITY = 40, 60, 45

_PURE_RED, _PURE_BLUE = 0.6, 0.8
"""How much red (blue) light red (blue) ink swallows at most, as a share of what it swallows of the other light."""

_LEAST_CONTRAST, _SOLID = 36, 110
"""Least contrast of writing on paper made white, and the grey under which an even surface is ink."""

_PALE = 0.36
"""How much of the darkness of most ink a stroke has at least: what shows through from the other side has less."""

_UNSHOWN = 14
"""How much darker than shown a place of less than 1 mm is when writing would be lost."""

_VISIBLE = 45
"""Difference from the page, averaged over 4 mm, from which a place is not shown well by stencils."""

_BROAD = 16
"""Pixels of the paper, 4 mm: what is dark so far in both directions is no writing."""

_MOST_PATCHED = 0.25
"""Share of the page in patches from which it is kept whole."""

_DETAIL, _MOST_DETAIL = 12, 0.1
"""From what difference to its surroundings of 1 cm a place is no bare paper, and what share of such places makes the
page a picture: sheets with a whole photograph have 0.13 and more, show-through at its strongest 0.08."""

_EVEN = 7
"""Greatest difference within paper that is called even, averaged over 2 mm."""

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the page, from above."""

_ALL: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Stencil:
    """Ink on a part of the page: a CCITT group 4 strip in which 1 is ink, of one colour or of the shades of a picture
    of the same box."""

    data: bytes
    width: int
    height: int
    colour: Colour
    box: Box
    shades: "Patch | None"


@dataclass(frozen=True)
class Patch:
    """A JPEG on a part of the page."""

    data: bytes
    width: int
    height: int
    grey: bool
    box: Box


@dataclass(frozen=True)
class ArchivalPicture:
    """What to lay over each other, in this order: one colour, the paper, the stencils, the patches."""

    ground: Colour
    paper: Patch | None
    stencils: tuple[Stencil, ...]
    patches: tuple[Patch, ...]


def compose(picture: Picture) -> ArchivalPicture:
    """The page as an archival picture; grey pages are kept in grey."""
    if picture.dpi > STENCIL_DPI * 1.1:
        picture = scale_to(picture, STENCIL_DPI)
    pixels = picture.pixels
    if pixels.ndim == 3 and is_grey(pixels):
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = _at(pixels, picture.dpi, PAPER_DPI)
    inks = _find_inks(pixels, picture.dpi)
    colours = [_colour_of(pixels, ink) for ink in inks]
    shares = [resize(ink, (small.shape[1], small.shape[0])) for ink in inks]
    paper = _take_off(small, shares, colours)
    boxes = _find_pictures(small, _lay(paper, shares, colours))
    if (
        _is_detailed(paper)
        or sum(width * height for _, _, width, height in boxes) > _MOST_PATCHED * paper.shape[0] * paper.shape[1]
    ):
        return ArchivalPicture((255, 255, 255), _whole(pixels, picture.dpi), (), ())
    patches = tuple(_cut(pixels, small, picture.dpi, box) for box in boxes)
    for ink in inks:
        _clear(ink, small, boxes)
    ground, even = _ground(paper)
    return ArchivalPicture(
        ground,
        None if even else _jpeg(paper, _PAPER_QUALITY, _ALL),
        tuple(
            _stencil(ink, colour, pixels if place else None, picture.dpi)
            for place, (ink, colour) in enumerate(zip(inks, colours, strict=True))
            if cv2.countNonZero(ink)
        ),
        patches,
    )


def _at(pixels: Pixels, dpi: float, wanted: float) -> Pixels:
    """Pixels at another resolution, never more than they have."""
    if wanted >= dpi:
        return pixels
    return resize(
        pixels, (max(1, round(pixels.shape[1] * wanted / dpi)), max(1, round(pixels.shape[0] * wanted / dpi)))
    )


def _find_inks(pixels: Pixels, dpi: float) -> list[Pixels]:
    """Masks (0 or 255, at STENCIL_DPI) of black, red and blue ink."""
    factor = STENCIL_DPI / dpi if abs(dpi / STENCIL_DPI - 1) > 0.1 else 1.0
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    if pixels.ndim == 2:
        ink, dark = _find_ink(_level(pixels, dpi), dpi, size)
        return [ink & dark]
    red, green, blue = cv2.split(pixels)
    ink, dark = _find_ink(_level(cv2.min(cv2.min(red, green), blue), dpi), dpi, size)
    masks = [cv2.bitwise_and(ink, dark)]
    if has_colour(pixels):
        half = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)  # as coarse as a JPEG's colours
        for colour in _divide_colours([_level(light, dpi / 2) for light in cv2.split(half)]):
            mask = cv2.bitwise_and(ink, cv2.resize(colour, size, interpolation=cv2.INTER_NEAREST))
            masks[0] = cv2.subtract(masks[0], mask)
            masks.append(mask)
    return masks[:1] + [mask for mask in masks[1:] if cv2.countNonZero(mask)]


def _divide_colours(lights: Sequence[Pixels]) -> tuple[Pixels, Pixels]:
    """Where ink swallows little of the red light and much of the other, and where little of the blue."""
    red, green, blue = (cv2.blur(cv2.bitwise_not(light), (3, 3)) for light in lights)
    reddish = cv2.compare(red, cv2.convertScaleAbs(cv2.min(green, blue), alpha=_PURE_RED), cv2.CMP_LT)
    bluish = cv2.compare(blue, cv2.convertScaleAbs(cv2.max(red, green), alpha=_PURE_BLUE), cv2.CMP_LT)
    return cv2.medianBlur(reddish, 3), cv2.medianBlur(cv2.subtract(bluish, reddish), 3)


def _level(light: Pixels, dpi: float) -> Pixels:
    return cv2.divide(light, np.maximum(find_paper(light, dpi), 1), scale=255)


def _find_ink(level: Pixels, dpi: float, size: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """Ink by the contrast of its surroundings: half-way between the palest and the darkest point of a square of 1 mm.

    Thin pale strokes are found beside broad dark ones, and both keep their width. The second mask is what is dark
    enough to be of this side of the paper.
    """
    smooth = cv2.GaussianBlur(level, (3, 3), 0)
    square = np.ones((2 * round(dpi / 60) + 1,) * 2, np.uint8)
    palest, darkest = cv2.dilate(smooth, square), cv2.erode(smooth, square)
    spread = cv2.subtract(palest, darkest)
    least = max(_LEAST_CONTRAST, 1.6 * float(np.median(spread[::4, ::4])))
    limit = cv2.addWeighted(palest, 0.5, darkest, 0.5, 0)
    cv2.copyTo(np.full_like(limit, _SOLID), cv2.compare(spread, np.full_like(spread, round(least)), cv2.CMP_LT), limit)
    limit = cv2.blur(limit, (5, 5))
    sample = smooth[::4, ::4][smooth[::4, ::4] < limit[::4, ::4]]
    palest_ink = 255 - _PALE * (255 - float(np.quantile(sample, 0.25))) if len(sample) else 255.0
    if size != (level.shape[1], level.shape[0]):
        smooth, limit = (cv2.resize(part, size, interpolation=cv2.INTER_LINEAR) for part in (smooth, limit))
    ink = _drop_grain(cv2.compare(smooth, limit, cv2.CMP_LT))
    return ink, cv2.threshold(smooth, palest_ink, 255, cv2.THRESH_BINARY_INV)[1]


def _above(pixels: Pixels, limit: float) -> Pixels:
    return cv2.threshold(pixels, limit, 255, cv2.THRESH_BINARY)[1]


def _drop_grain(mask: Pixels) -> Pixels:
    """Ink without the spots that have fewer than five pixels among their 25 neighbours."""
    return mask & _above(cv2.blur(mask, (5, 5)), 255 * 4.5 / 25)


def _colour_of(pixels: Pixels, ink: Pixels) -> Colour:
    """The colour of the darker two thirds of the ink, away from its pale edges where it is broad enough."""
    near = cv2.resize(ink, (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_NEAREST)
    core = cv2.erode(near, np.ones((3, 3), np.uint8))
    found = pixels[::2, ::2][(core if cv2.countNonZero(core) > 800 else near)[::2, ::2] > 0]
    if not len(found):
        return (0, 0, 0)
    found = found.reshape(len(found), -1)[:: max(1, len(found) // 20_000)]
    brightness = found.mean(axis=1)
    return _as_colour(np.median(found[brightness <= np.quantile(brightness, 2 / 3)], axis=0))


def _shades(pixels: Pixels, ink: Pixels, colour: Colour, dpi: float, box: Box) -> Patch:
    """The colour of coloured ink from place to place: seals are strong here and pale there."""
    near = cv2.resize(ink, (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_NEAREST)
    core = cv2.erode(near, np.ones((3, 3), np.uint8))
    weight = cv2.addWeighted(near, 0.2, core, 0.8, 0)
    size = tuple(max(1, round(side * _SHADES_DPI / dpi)) for side in (pixels.shape[1], pixels.shape[0]))
    sums = [
        cv2.resize(cv2.multiply(light, weight, scale=1 / 255), size, interpolation=cv2.INTER_AREA)
        for light in cv2.split(pixels)
    ]
    weights = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    shades = np.empty((size[1], size[0], 3), np.uint8)
    for place, light in enumerate(sums):
        mean = cv2.blur(light.astype(np.float32), (5, 5)) / np.maximum(cv2.blur(weights.astype(np.float32), (5, 5)), 1)
        shades[:, :, place] = np.where(weights > 4, (mean * 255).clip(0, 255), colour[place])
    return _jpeg(shades, _PAPER_QUALITY, box)


def _as_colour(values: Pixels) -> Colour:
    whole = [round(float(value)) for value in values]
    return (whole[0], whole[0], whole[0]) if len(whole) == 1 else (whole[0], whole[1], whole[2])


def _take_off(small: Pixels, shares: Sequence[Pixels], colours: Sequence[Colour]) -> Pixels:
    """The paper alone: where ink lies, the paper around it; what no stencil shows, as pale writing, stays."""
    inked = shares[0].copy()
    for share in shares[1:]:
        inked = cv2.max(inked, share)
    near = cv2.dilate(_above(inked, 8), np.ones((5, 5), np.uint8))
    around = _fill(small, near)
    bare = _lay(around, shares, colours)
    left = cv2.subtract(bare, small)  # darker than shown
    if left.ndim == 3:
        left = left.max(axis=2)
    beside = cv2.convertScaleAbs(cv2.blur(inked, (5, 5)), alpha=0.3)  # the soft edges of what is shown
    unshown = _above(cv2.subtract(cv2.blur(left, (3, 3)), beside), _UNSHOWN)
    paper = cv2.medianBlur(small, 3)
    filled = (near > 0) & (cv2.dilate(unshown, np.ones((3, 3), np.uint8)) == 0)
    paper[filled] = around[filled]
    return paper


def _fill(small: Pixels, hole: Pixels) -> Pixels:
    """Every pixel as the mean of what surrounds it outside the holes, from further away where it is all hole."""
    weight = (hole == 0).astype(np.float32)
    known = small.astype(np.float32) * (weight if small.ndim == 2 else weight[:, :, None])
    around, seen = cv2.blur(known, (25, 25)), cv2.blur(weight, (25, 25))
    closed = seen < 0.02
    if closed.any():
        around[closed], seen[closed] = cv2.blur(known, (151, 151))[closed], cv2.blur(weight, (151, 151))[closed]
    seen = np.maximum(seen, 1e-6)
    filled: Pixels = (around / (seen if small.ndim == 2 else seen[:, :, None])).clip(0, 255).astype(np.uint8)
    return filled


def _lay(paper: Pixels, shares: Sequence[Pixels], colours: Sequence[Colour]) -> Pixels:
    """What a viewer will show at the resolution of the paper."""
    shown = paper
    for share, colour in zip(shares, colours, strict=True):
        ink = share.astype(np.float32) / 255
        shown = cv2.blendLinear(shown, _one_colour(paper, colour), 1 - ink, ink)
    return shown


def _one_colour(paper: Pixels, colour: Colour) -> Pixels:
    lights = [np.full(paper.shape[:2], light, np.uint8) for light in colour[: 1 if paper.ndim == 2 else 3]]
    return lights[0] if paper.ndim == 2 else cv2.merge(lights)


def _find_pictures(small: Pixels, shown: Pixels) -> list[tuple[int, int, int, int]]:
    """Boxes (left, top, width, height at the resolution of the paper) of photographs and of what stencils show badly."""
    grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    photographs = cv2.compare(drop_photographs(Picture(grey, PAPER_DPI)).pixels, grey, cv2.CMP_NE)
    dark = cv2.compare(grey, cv2.convertScaleAbs(find_paper(grey, PAPER_DPI), alpha=0.8), cv2.CMP_LT)
    broad = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((_BROAD, _BROAD), np.uint8))
    difference = cv2.absdiff(small, shown)
    if difference.ndim == 3:
        difference = difference.max(axis=2)
    bad = _above(cv2.blur(difference, (15, 15)), _VISIBLE)
    joined = cv2.dilate(cv2.max(cv2.max(bad, broad), photographs), np.ones((21, 21), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    return [tuple(stats[place, :4].tolist()) for place in range(1, count)]


def _is_detailed(paper: Pixels) -> bool:
    """Whether what is not ink is a picture rather than paper: much of it differs from its surroundings."""
    grey = paper if paper.ndim == 2 else cv2.cvtColor(paper, cv2.COLOR_RGB2GRAY)
    different = _above(cv2.absdiff(grey, cv2.blur(grey, (41, 41))), _DETAIL)
    return cv2.countNonZero(different) > _MOST_DETAIL * grey.size


def _cut(pixels: Pixels, small: Pixels, dpi: float, box: tuple[int, int, int, int]) -> Patch:
    left, top, width, height = box
    factor = pixels.shape[1] / small.shape[1]
    sides = [round(side * factor) for side in (left, top, left + width, top + height)]
    part = _at(pixels[sides[1] : sides[3], sides[0] : sides[2]], dpi, PATCH_DPI)
    across, down = pixels.shape[1], pixels.shape[0]
    return _jpeg(part, _PATCH_QUALITY, (sides[0] / across, sides[1] / down, sides[2] / across, sides[3] / down))


def _clear(ink: Pixels, small: Pixels, boxes: Sequence[tuple[int, int, int, int]]) -> None:
    factor = ink.shape[1] / small.shape[1]
    for left, top, width, height in boxes:
        sides = [round(side * factor) for side in (left, top, left + width, top + height)]
        ink[sides[1] : sides[3], sides[0] : sides[2]] = 0


def _whole(pixels: Pixels, dpi: float) -> Patch:
    return _jpeg(_at(pixels, dpi, PATCH_DPI), _PAGE_QUALITY, _ALL)


def _ground(paper: Pixels) -> tuple[Colour, bool]:
    """The middle colour of the paper, and whether it is that colour everywhere."""
    middle = np.median(paper[::4, ::4].reshape(-1, 1 if paper.ndim == 2 else 3), axis=0)
    colour = _as_colour(middle)
    return colour, bool(cv2.absdiff(cv2.blur(paper, (9, 9)), _one_colour(paper, colour)).max() < _EVEN)


def _jpeg(pixels: Pixels, quality: int, box: Box) -> Patch:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, optimize=True)
    return Patch(out.getvalue(), pixels.shape[1], pixels.shape[0], pixels.ndim == 2, box)


def _stencil(ink: Pixels, colour: Colour, pixels: Pixels | None, dpi: float) -> Stencil:
    """The part of the page that has this ink; with the pixels of the page, in their shades."""
    left, top, width, height = cv2.boundingRect(ink)
    across, down = ink.shape[1], ink.shape[0]
    box = (left / across, top / down, (left + width) / across, (top + height) / down)
    part = ink[top : top + height, left : left + width]
    out = io.BytesIO()
    two_tones = Image.fromarray(np.ascontiguousarray(part)).convert("1", dither=Image.Dither.NONE)
    two_tones.save(out, "TIFF", compression="group4", tiffinfo={278: height})
    out.seek(0)
    with TiffImageFile(out) as strip:
        start, length = strip.tag_v2[273][0], strip.tag_v2[279][0]  # one strip of all rows
    shades = None
    if pixels is not None:
        rows, columns = _span(box[1], box[3], pixels.shape[0]), _span(box[0], box[2], pixels.shape[1])
        shades = _shades(pixels[rows, columns], part, colour, dpi, box)
    return Stencil(out.getvalue()[start : start + length], width, height, colour, box, shades)


def _span(start: float, end: float, length: int) -> slice:
    first = min(round(start * length), length - 1)
    return slice(first, max(first + 1, round(end * length)))
