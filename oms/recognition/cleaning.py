"""Steps that make an upright page easier to read; the picture people see is never changed by them.

Each step takes a picture and gives one back, the same one when there is nothing to do.
"""

import cv2
import numpy as np

from oms.recognition.pictures import RASTER_LIMIT, Picture, Pixels, has_colour, resize

X_HEIGHT = 18
"""Pixels of a small letter from which Tesseract reads no better. Pages of two tones are not enlarged further: at 24 the
CER of a fax rose from .13 to .17, at 32 to .20, and reading cost a third more."""

_SMALLER = 14 / X_HEIGHT
"""What the second reading of a page makes of its letters."""

_MOST_DPI = 400
"""Resolution beyond which no page is enlarged."""

_BLANK_INK = 0.0004
"""Share of inked paper under which a page is blank: less than half a line of text on A4."""

_FAINTEST_INK = 0.10
"""How much darker than paper the palest ink is; a page called blank is never read, so this must find all writing."""

_INKED = 210
"""Grey of faint ink on levelled paper."""

_MOST_BESIDE = 0.1
"""Share of ink above and below a leader; the letters of faint lines cover three times as much."""

_GRAINY = 0.0007
"""Specks of up to three pixels per pixel: bad copies have 0.0008 and more, pale pages up to 0.0005."""

_MANY_SPECKS = 0.001
"""Specks of up to three pixels per pixel of page from which they hinder reading."""


_GRAIN = 6.5
"""Median difference between a pixel and its surroundings from which a page is smoothed before it is read: the grain of
noisy sensors makes 11 and more, that of photographs 5, clean paper 0 to 2 (in greys of levelled paper)."""

_GREY_INK = 90
"""Grey of the darkest letters from which a page is old or dirty; pages of clean ink have 10 to 55, bad ones 96 to 128."""

_BACK = 30
"""Greys by which the usual edge between ink and paper must lie above that of the darkest ink: 55 where the other side
shows through, 10 to 20 on pale and blurred pages."""

_RED_PRINT = (45.0, 25.0, 3.5)
"""Least width and most height in millimetres, and least width by height, of red ink that is a printed line. A seal is
as high as it is wide, a stamp of secrecy 30 mm wide."""

_BORDER = 0.45
"""Brightness beside that of paper up to which a patch at the edge of a picture is a black border; shadows have more."""

_MOST_SCAN_LINES = 8
"""More of them are the rules of a register that was scanned to its edges."""

_SCAN_LINE, _EDGE_TO_EDGE = 0.4, 0.97
"""Most millimetres of the height of a line drawn by dirt, and least share of the side of a page it goes over: the rules
of tables end at the margins, borders of certificates have 0.95 at most."""

WIDEST_FRAME = 0.12
"""Share of the page that a printed border may take from each side."""


def is_blank(picture: Picture) -> bool:
    """Whether the page carries no text, stamp, drawing or photograph; edges, specks and show-through do not count."""
    factor = 100 / picture.dpi
    small = resize(picture.pixels, (max(1, round(picture.width * factor)), max(1, round(picture.height * factor))))
    small = cv2.medianBlur(small if small.ndim == 2 else small.min(axis=2), 3)
    level = small.astype(np.float32) / np.maximum(find_paper(small, picture.dpi * factor), 1)
    edge_y, edge_x = small.shape[0] // 25, small.shape[1] // 25
    inner = level[edge_y : small.shape[0] - edge_y, edge_x : small.shape[1] - edge_x]
    middle = float(np.median(inner))
    grain = 1.5 * float(np.median(np.abs(inner - middle)))
    return bool((inner < middle - max(_FAINTEST_INK, 6 * grain)).mean() < _BLANK_INK)


def drop_red_ink(picture: Picture) -> Picture:
    """The page in grey, red ink gone: seen in red light seals and stamps are almost as pale as paper."""
    pixels = picture.pixels
    if pixels.ndim == 2:
        return picture
    if not has_colour(pixels):
        return Picture(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), picture.dpi)
    red, green, blue = cv2.split(pixels)
    redness = cv2.subtract(red, cv2.max(green, blue))
    only_red = (redness > 40) & (red > 150)  # black letters under a seal are dark in red light too
    seen: Pixels = red.copy()
    seen[only_red] = np.maximum(red[only_red], 235)
    for line in _find_red_print(redness, picture.dpi):
        tint = float(np.median(red[line])) / max(1.0, float(np.median(green[line])))  # coloured paper stays as pale
        seen[line] = np.clip(green[line] * tint, 0, 255).astype(np.uint8)
    return Picture(seen, picture.dpi)


def _find_red_print(redness: Pixels, dpi: float) -> list[tuple[slice, slice]]:
    """Where lines are printed in red, as the titles of certificates are; seals and stamps are not among them."""
    factor = 50 / dpi
    size = (max(1, round(redness.shape[1] * factor)), max(1, round(redness.shape[0] * factor)))
    small = (cv2.resize(redness, size, interpolation=cv2.INTER_AREA) > 30).astype(np.uint8)
    joined = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((3, 21), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    wide, high, shape = _RED_PRINT
    lines: list[tuple[slice, slice]] = []
    for left, top, width, height, area in stats[1:count].tolist():
        across, down = width * 25.4 / 50, height * 25.4 / 50
        if across < wide or not 2.5 < down < high or across < shape * down or area < 0.4 * width * height:
            continue
        box = [round(side / factor) for side in (left - 1, top - 1, left + width + 1, top + height + 1)]
        lines.append((slice(max(0, box[1]), box[3]), slice(max(0, box[0]), box[2])))
    return lines


def drop_scan_lines(picture: Picture) -> Picture:
    """The lines taken off that a fax or a scanner with dirt on its glass draws from edge to edge through the letters, in a
    picture as it was scanned; of the letters they cross everything but the hair's breadth of the line stays."""
    thick = max(2, round(_SCAN_LINE / 25.4 * picture.dpi))
    edge = 0.6 * float(np.median(picture.pixels[::7, ::7]))
    upright = picture.pixels.swapaxes(0, 1)
    lines = _find_lines(picture.pixels, edge, thick), _find_lines(upright, edge, thick)
    if not any(lines) or max(map(len, lines)) > _MOST_SCAN_LINES:
        return picture
    cleaned = picture.pixels.copy()
    paper = np.median(cleaned[::7, ::7], axis=(0, 1))
    for found, pixels in zip(lines, (cleaned, cleaned.swapaxes(0, 1)), strict=True):
        for start, end in found:
            sides = (
                _is_dark(pixels[rows], edge).any(axis=0) for rows in (slice(start - 2, start), slice(end, end + 2))
            )
            above, below = (np.convolve(side, np.ones(5), "same") > 0 for side in sides)  # strokes slant
            pixels[start:end, ~(above & below)] = paper
    return Picture(cleaned, picture.dpi)


def _find_lines(pixels: Pixels, edge: float, thick: int) -> list[tuple[int, int]]:
    """First row and the one after the last of each line from edge to edge at most `thick` rows high."""
    full = _is_dark(pixels[:, ::8], edge).mean(axis=1) >= _EDGE_TO_EDGE
    steps = np.diff(np.concatenate(([0], full.astype(np.int8), [0])))
    inside = range(4 * thick, len(pixels) - 4 * thick)  # a border is no line
    pairs = zip(np.flatnonzero(steps == 1).tolist(), np.flatnonzero(steps == -1).tolist(), strict=True)
    return [(start, end) for start, end in pairs if end - start <= thick and start in inside]


def _is_dark(pixels: Pixels, edge: float) -> Pixels:
    """What is darker than `edge` and of no colour."""
    return np.asarray((pixels if pixels.ndim == 2 else pixels.max(axis=2)) < edge)


def drop_frame(picture: Picture) -> Picture:
    """The printed border of a certificate painted over, with its ornaments; what is written outside of it stays."""
    factor = 60 / picture.dpi
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    small = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA)
    paper = np.median(small, axis=(0, 1)).astype(np.uint8)
    if small.ndim == 3:
        small = small.min(axis=2)  # most borders are red
    ink = (small < 0.85 * float(np.median(small))).astype(np.uint8)
    dark = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    large = (stats[:, 2] > (1 - 2 * WIDEST_FRAME) * size[0]) & (stats[:, 3] > (1 - 2 * WIDEST_FRAME) * size[1])
    large[0] = False
    if not large.any():
        return picture
    _, _, fields, _ = cv2.connectedComponentsWithStats(1 - large[labels].astype(np.uint8), connectivity=4)
    left, top, width, height, _ = max(fields[1:].tolist(), key=lambda field: int(field[4]))
    margin = [WIDEST_FRAME * size[0], WIDEST_FRAME * size[1]]
    if not (0 < left < margin[0] and 0 < size[0] - left - width < margin[0]):
        return picture
    if not (0 < top < margin[1] and 0 < size[1] - top - height < margin[1]):
        return picture
    outer = stats[large]
    around = [outer[:, 0].min(), outer[:, 1].min(), *(outer[:, :2] + outer[:, 2:4]).max(axis=0)]
    around = [round(float(side) / factor) for side in around]
    inside = [round(side / factor) for side in (left + 1, top + 1, left + width - 1, top + height - 1)]
    cleaned = picture.pixels.copy()
    cleaned[around[1] : around[3], around[0] : around[2]] = paper
    cleaned[inside[1] : inside[3], inside[0] : inside[2]] = picture.pixels[inside[1] : inside[3], inside[0] : inside[2]]
    return Picture(cleaned, picture.dpi)


def drop_photographs(picture: Picture) -> Picture:
    """Photographs and black borders painted over: dark patches of at least 14 mm with a sharp edge hold no lines."""
    grey = picture.pixels
    factor = 40 / picture.dpi
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    paper = float(np.median(small))
    dark = (small < paper * 0.8).astype(np.uint8)
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((13, 13), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    cleaned = grey
    for patch in range(1, count):
        left, top, width, height, area = stats[patch].tolist()
        if min(width, height) < 22 or area > small.size * 0.3 or not _is_sharp(small, labels == patch, paper):
            continue
        edges = (left < 3, top < 3, left + width > size[0] - 3, top + height > size[1] - 3)
        if any(edges) and np.median(small[labels == patch]) > _BORDER * paper:
            continue  # the shadow over a corner of a page that was photographed, with writing in it
        if cleaned is grey:
            cleaned = grey.copy()
        top, bottom = _whole_height(dark[:, left : left + width], top, top + height)
        box = [round(side / factor) for side in (left - 2, top - 2, left + width + 2, bottom + 2)]
        cleaned[max(0, box[1]) : box[3], max(0, box[0]) : box[2]] = round(paper)
    return picture if cleaned is grey else Picture(cleaned, picture.dpi)


def _whole_height(strip: Pixels, top: int, bottom: int) -> tuple[int, int]:
    """Rows of a photograph with its pale parts, a face or a shirt: as far as a quarter of each row is dark."""
    shares = strip.mean(axis=1)
    while bottom < len(shares) and shares[bottom] > 0.25:
        bottom += 1
    while top > 0 and shares[top - 1] > 0.25:
        top -= 1
    return top, bottom


def _is_sharp(small: Pixels, patch: Pixels, paper: float) -> bool:
    """Whether a patch ends at once, as a photograph does and a shadow does not; `small` has 40 dpi."""
    mask = patch.astype(np.uint8)
    ring = cv2.dilate(mask, np.ones((9, 9), np.uint8)) - cv2.dilate(mask, np.ones((5, 5), np.uint8))
    edge = mask - cv2.erode(mask, np.ones((5, 5), np.uint8))
    if not ring.any():
        return True
    return bool(np.median(small[ring > 0]) - np.median(small[edge > 0]) > 0.15 * paper)


def level_paper(picture: Picture) -> Picture:
    """The page divided by the brightness of its paper: shadows, yellow and creases become white."""
    paper = find_paper(picture.pixels, picture.dpi)
    if paper.min() > 240:
        return picture
    return Picture(cv2.divide(picture.pixels, np.maximum(paper, 1), scale=255), picture.dpi)


def find_paper(grey: Pixels, dpi: float) -> Pixels:
    """Brightness of the bare paper at every pixel, guessed from its surroundings of about 8 mm."""
    factor = 40 / dpi
    size = (max(1, round(grey.shape[1] * factor)), max(1, round(grey.shape[0] * factor)))
    tiny = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(tiny, np.ones((5, 5), np.uint8)), 13)
    return cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)


def drop_specks(picture: Picture) -> Picture:
    """The dust of bad copies taken off by a median of 3 × 3; pages with few specks keep their fine marks."""
    if _share_of_specks(picture) < _MANY_SPECKS:
        return picture
    return Picture(cv2.medianBlur(picture.pixels, 3), picture.dpi)


def drop_grain(picture: Picture) -> Picture:
    """The page a little out of focus when it is full of the grain of a sensor; other pages keep their sharpness."""
    height, width = picture.pixels.shape[0] // 4, picture.pixels.shape[1] // 4
    middle = picture.pixels[height : 3 * height, width : 3 * width]
    grain = float(np.median(cv2.absdiff(middle, cv2.GaussianBlur(middle, (0, 0), 1.5))))
    return smooth_grain(picture) if grain > _GRAIN else picture


def is_grainy(picture: Picture) -> bool:
    """Whether a page that reads badly is more likely full of dust than pale."""
    return _share_of_specks(picture) > _GRAINY


def _share_of_specks(picture: Picture) -> float:
    dark = (picture.pixels < 128).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    return float((stats[1:, 4] <= 3).sum()) / dark.size


def drop_leaders(picture: Picture) -> Picture:
    """Leaders painted over, which read as letters: six and more dots close together on one line, or a thin stroke
    of at least 6 mm, as dots become when they are blurred."""
    grey = picture.pixels
    dark = (grey < 150).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    biggest = max(3, round(picture.dpi / 300 * 10))
    boxes = stats[1:count, :4]
    dots = boxes[(boxes[:, 2] <= biggest) & (boxes[:, 3] <= biggest)]
    strokes = boxes[(boxes[:, 2] >= 7 * biggest) & (boxes[:, 3] <= 1.2 * biggest)]
    runs = _find_runs(dots, biggest) + [(left, top, width, height) for left, top, width, height in strokes.tolist()]
    runs = [run for run in runs if _is_bare(grey, run, biggest)]
    if not runs:
        return picture
    cleaned = grey.copy()
    for left, top, width, height in runs:
        cleaned[max(0, top - 2) : top + height + 2, max(0, left - 2) : left + width + 2] = 255
    return Picture(cleaned, picture.dpi)


def _is_bare(grey: Pixels, run: tuple[int, int, int, int], biggest: int) -> bool:
    """Whether paper is right above and below a run; beside feet and caps of faint letters is the rest of them."""
    left, top, width, height = run
    bottom, near = top + height, 2 * biggest
    beside = np.concatenate((grey[max(0, top - near) : max(0, top - 1)], grey[bottom + 1 : bottom + near]))
    return float((beside[:, left : left + width] < _INKED).mean()) < _MOST_BESIDE


def _find_runs(dots: Pixels, biggest: int) -> list[tuple[int, int, int, int]]:
    """Boxes around rows of at least six dots, each at most three dot widths from the next."""
    centres = dots[:, 1] + dots[:, 3] / 2
    order = np.lexsort((dots[:, 0], np.round(centres / biggest)))
    left, top, width, height = dots[order].T.astype(np.int64)
    gap = left[1:] - (left + width)[:-1]
    level = np.abs(np.diff(top + height / 2)) <= biggest / 2
    breaks = np.flatnonzero(~((gap >= 0) & (gap <= 2.2 * biggest) & level)) + 1
    found: list[tuple[int, int, int, int]] = []
    for start, end in zip([0, *breaks.tolist()], [*breaks.tolist(), len(left)], strict=True):
        if end - start < 6:
            continue
        run = slice(start, end)
        highest, lowest = int(top[run].min()), int((top + height)[run].max())
        found.append((int(left[start]), highest, int(left[end - 1] + width[end - 1] - left[start]), lowest - highest))
    return found


def fit_letters(picture: Picture) -> Picture:
    """The page scaled so that small letters are about X_HEIGHT pixels tall; left alone when they nearly are."""
    height = find_letter_height(picture)
    factor = X_HEIGHT / height if height else 300 / picture.dpi
    factor = max(factor, 0.5, min(1.0, 280 / picture.dpi))  # blurred letters stick together and look tall
    factor = min(factor, 2.5, max(1.0, _MOST_DPI / picture.dpi), (RASTER_LIMIT / picture.pixels.size) ** 0.5)
    if 0.8 <= factor <= 1.2:  # letters scanned at 150 dpi are just below
        return picture
    size = (round(picture.width * factor), round(picture.height * factor))
    return Picture(resize(picture.pixels, size), picture.dpi * factor)


def shrink_letters(picture: Picture) -> Picture:
    """The page a fifth smaller: Tesseract takes other letters for other words then, and a fifth less time."""
    size = (round(picture.width * _SMALLER), round(picture.height * _SMALLER))
    return Picture(resize(picture.pixels, size), picture.dpi * _SMALLER)


def find_letter_height(picture: Picture) -> float:
    """Median height in pixels of what looks like small letters; 0 when there are too few to tell."""
    threshold, _ = cv2.threshold(picture.pixels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = (picture.pixels <= threshold).astype(np.uint8)  # the threshold of two tones is the darker of them
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    width, height, area = stats[1:, 2], stats[1:, 3], stats[1:, 4]
    least, most = picture.dpi / 300 * 12, picture.dpi / 300 * 60
    letters = (height > least) & (height < most) & (width > least / 2) & (width < most) & (area > least * least / 3)
    if letters.sum() < 30:
        return 0.0
    return float(np.percentile(height[letters], 35))  # letters with marks are components with and without them


def sharpen_ink(picture: Picture) -> Picture:
    """Grey pulled apart into ink and paper with a soft edge: faint letters darken, show-through and grain disappear.

    On pages whose ink is grey, old and dirty ones, the edge lies at most half way from ink to white: what is paler comes
    from the other side or is grain (CER .28 to .08). Dark ink keeps its thin strokes instead: figures need them.
    """
    pixels = picture.pixels
    threshold, _ = cv2.threshold(pixels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ink = pixels[::2, ::2][pixels[::2, ::2] < threshold]
    darkness = float(np.percentile(ink, 15)) if ink.size else 0.0
    if darkness > _GREY_INK:
        threshold = min(threshold, 127.5 + darkness / 2)
    values = np.arange(256, dtype=np.float32)
    curve = 255.0 / (1.0 + np.exp(-(values - min(max(threshold, 90.0), 215.0)) / 14.0))
    return Picture(cv2.LUT(pixels, curve.astype(np.uint8)), picture.dpi)


def find_back_edge(picture: Picture) -> float | None:
    """The grey between the ink of a page and what shows through from its back; `None` when the two are not apart."""
    threshold, _ = cv2.threshold(picture.pixels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ink = picture.pixels[::2, ::2][picture.pixels[::2, ::2] < threshold]
    darkness = float(np.percentile(ink, 5)) if ink.size else 0.0
    edge = darkness + 0.4 * (255 - darkness)
    return edge if threshold - edge > _BACK else None


def drop_back(picture: Picture, edge: float) -> Picture:
    """Only what is darker than `edge`, softly: a page whose other side shows through as dark as thin letters."""
    curve = 255.0 / (1.0 + np.exp(-(np.arange(256, dtype=np.float32) - edge) / 14.0))
    return Picture(cv2.LUT(picture.pixels, curve.astype(np.uint8)), picture.dpi)


def darken_ink(picture: Picture) -> Picture:
    """Middle greys made darker and nothing cut off: the broken letters of faint and blurred pages close again."""
    curve = (np.arange(256) / 255.0) ** 1.6 * 255
    return Picture(cv2.LUT(picture.pixels, curve.astype(np.uint8)), picture.dpi)


def smooth_grain(picture: Picture) -> Picture:
    """The page seen a little out of focus (a tenth of a millimetre): grain and dust sink into paper and ink."""
    return Picture(cv2.GaussianBlur(picture.pixels, (0, 0), picture.dpi / 250), picture.dpi)
