"""Ruled tables: their rules taken off before reading, and the words put back cell by cell, row by row, after it.

Rules read as letters ("|", "l", "_") and tie the letters of neighbouring cells together. Knows no table without rules.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from oms.recognition.engine import ReadWord
from oms.recognition.ordering import count_anew, lines_of
from oms.recognition.pictures import Picture, Pixels

_RULE = 12.0
"""Least length of a rule in millimetres; the longest strokes of letters and signatures are shorter."""

_BREAK = 0.15
"""Millimetres a rule may be broken for; with more, the feet of the letters of a line run together to a rule."""

_THICKEST = 1.2
"""Millimetres; what is thicker is a border, a seal or a photograph."""

_MIDDLE_GREYS = 0.03
"""Share of greys between ink and paper under which a page was scanned in two tones, where rules are ragged."""

_PIECE, _BESIDE, _APART = 3.0, 0.8, 6.0
"""Millimetres: least piece of a ragged rule, height of the bare paper above and below it, most between two pieces."""

_MOST_BESIDE = 0.15
"""Share of ink beside a piece of a rule; the feet of a line of letters have two and three times as much above."""

_PALEST, _DARKEST = 225, 150
"""Greys of levelled paper between which lies the palest rule that is looked for; the more grain, the darker."""

_LEAST_CELL = 2.5
"""Millimetres across and down: less than a line of text needs."""

_LEAST_CELLS = 4
"""Fewer fields in one frame are no table but a box."""


_MANY_CELLS = 24
"""Cells from which a page is mostly a table, and read as scattered pieces."""

_MOST_BETWEEN = 0.05
"""Share of the words that may stand in a table but in none of its cells: more, and the cells are not to be trusted."""


Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Cell:
    """A field between rules, in pixels; `table` counts from 0, `row` from 1 in each table."""

    left: int
    top: int
    right: int
    bottom: int
    table: int
    row: int


def find_rules(picture: Picture) -> Pixels:
    """Where rules may lie, level or upright (a map of 0 and 1), on an upright grey page with white paper."""
    sample = picture.pixels[::7, ::7]
    middle = float(np.median(sample))
    grain = float(np.median(np.abs(sample - middle)))
    dark = (picture.pixels < min(max(middle - 6 * grain, _DARKEST), _PALEST)).astype(np.uint8)
    length = max(3, round(_RULE / 25.4 * picture.dpi))
    thick = max(3, round(_THICKEST / 25.4 * picture.dpi))
    gap = max(1, round(_BREAK / 25.4 * picture.dpi))
    level, upright = (_keep_thin(_keep_long(dark, length, gap, across), thick, across) for across in (False, True))
    rules = np.asarray(cv2.bitwise_or(level, upright))
    if ((sample > 32) & (sample < 223)).mean() >= _MIDDLE_GREYS:
        return rules
    level, upright = _find_ragged(dark, picture.dpi), _find_ragged(np.ascontiguousarray(dark.T), picture.dpi).T
    return np.asarray(cv2.bitwise_or(rules, cv2.bitwise_or(level, np.ascontiguousarray(upright))))


def _find_ragged(dark: Pixels, dpi: float) -> Pixels:
    """Level rules that a fax or a copier broke: short straight pieces with bare paper on both sides, in one line."""
    millimetre = dpi / 25.4

    def line(size: float) -> Pixels:
        return np.ones((1, max(3, round(size * millimetre))), np.uint8)

    solid = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, line(0.6))
    pieces = cv2.morphologyEx(solid, cv2.MORPH_OPEN, line(_PIECE))
    band = max(1, round(_BESIDE * millimetre))
    ink = cv2.blur(dark * 255, (max(3, round(_PIECE * millimetre)), band))
    away = round(0.5 * millimetre) + band // 2
    crowded = np.zeros_like(ink)
    crowded[away:] = ink[:-away]
    crowded[:-away] = np.maximum(crowded[:-away], ink[away:])
    pieces[crowded > 255 * _MOST_BESIDE] = 0
    joined = cv2.morphologyEx(cv2.dilate(pieces, np.ones((3, 1), np.uint8)), cv2.MORPH_CLOSE, line(_APART))
    return np.asarray(cv2.morphologyEx(joined, cv2.MORPH_OPEN, line(_RULE)))


def _keep_long(dark: Pixels, length: int, gap: int, across: bool) -> Pixels:
    """Strokes of at least `length`, small breaks forgiven."""

    def line(size: int) -> Pixels:
        return np.ones((size, 1) if across else (1, size), np.uint8)

    return np.asarray(
        cv2.morphologyEx(cv2.morphologyEx(dark, cv2.MORPH_CLOSE, line(gap)), cv2.MORPH_OPEN, line(length))
    )


def _keep_thin(strokes: Pixels, thick: int, across: bool) -> Pixels:
    """Without what is `thick` and more the other way."""
    solid = cv2.morphologyEx(strokes, cv2.MORPH_OPEN, np.ones((1, thick) if across else (thick, 1), np.uint8))
    return np.asarray(cv2.subtract(strokes, solid))


def drop_rules(picture: Picture) -> tuple[Picture, list[Cell]]:
    """The page without the rules of its tables, and the cells they made; the same page when it has no table.

    Rules outside tables stay: the feet of a blurred line of letters look like one.
    """
    rules = find_rules(picture)
    cells, frames = find_cells(rules, picture.dpi)
    if not cells:
        return picture, []
    near = cv2.resize(frames, (picture.width, picture.height), interpolation=cv2.INTER_NEAREST)
    cleaned = picture.pixels.copy()
    cleaned[cv2.dilate(cv2.bitwise_and(rules, near), np.ones((5, 5), np.uint8)) > 0] = 255
    return Picture(cleaned, picture.dpi), cells


def is_table(cells: Sequence[Cell]) -> bool:
    """Whether a page is mostly a table."""
    return len(cells) >= _MANY_CELLS


def find_cells(rules: Pixels, dpi: float) -> tuple[list[Cell], Pixels]:
    """The fields that `rules` close on four sides, table by table and row by row from the left; and a small map (0 and
    1) of the rules that make them."""
    factor = min(1.0, 100 / dpi)
    size = (max(1, round(rules.shape[1] * factor)), max(1, round(rules.shape[0] * factor)))
    small = cv2.resize(rules * 255, size, interpolation=cv2.INTER_AREA)
    walls = cv2.morphologyEx((small > 25).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    walls = cv2.copyMakeBorder(walls, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0,))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - walls, connectivity=4)
    _, frames = cv2.connectedComponents(walls, connectivity=8)
    least = _LEAST_CELL / 25.4 * dpi * factor
    boxes: dict[int, list[tuple[int, int, int, int]]] = {}
    for field in range(1, count):
        left, top, width, height, area = stats[field].tolist()
        if field == labels[0, 0] or min(width, height) < least or area < max(0.7 * width * height, 1):
            continue
        frame = int(frames[top - 1, left + width // 2])
        boxes.setdefault(frame, []).append((left - 1, top - 1, left - 1 + width, top - 1 + height))
    tables = {frame: fields for frame, fields in boxes.items() if frame and len(fields) >= _LEAST_CELLS}
    found: list[Cell] = []
    apart = [group for fields in tables.values() for group in _split_at_gaps(fields, least)]
    for number, fields in enumerate(sorted(apart)):
        found += _count_rows(fields, number, factor, least)
    return found, np.isin(frames, list(tables))[1:-1, 1:-1].astype(np.uint8)


def _split_at_gaps(boxes: Sequence[Box], least: float) -> list[list[Box]]:
    """Tables that a crease or what shows through joins to one: a line of text fits between their fields."""
    groups: list[list[Box]] = []
    lowest = 0.0
    for box in sorted(boxes, key=lambda box: box[1]):
        if not groups or box[1] - lowest > least:
            groups.append([])
            lowest = box[3]
        groups[-1].append(box)
        lowest = max(lowest, box[3])
    return groups


def _count_rows(boxes: Sequence[Box], table: int, factor: float, least: float) -> list[Cell]:
    """Cells whose tops lie at one height are one row; the page may still lean a little."""
    cells: list[Cell] = []
    row, last = 0, -1e9
    for left, top, right, bottom in sorted(boxes, key=lambda box: box[1]):
        if top - last > least / 2:
            row += 1
        last = top
        cells.append(
            Cell(round(left / factor), round(top / factor), round(right / factor), round(bottom / factor), table, row)
        )
    return sorted(cells, key=lambda cell: (cell.row, cell.left))


def find_unread(picture: Picture, words: Sequence[ReadWord], cells: Sequence[Cell], scale: float) -> list[Pixels]:
    """Boxes (left, top, right, bottom in pixels of `picture`) of the ink in cells where no word was read: single
    figures, which Tesseract takes for dirt when they stand alone in a column."""
    _, inside = _put_into_cells(words, cells, scale)
    inset, least = round(0.4 / 25.4 * picture.dpi), 1.2 / 25.4 * picture.dpi
    found: list[Pixels] = []
    for place, cell in enumerate(cells):
        if place in inside:
            continue
        left, top = round(cell.left * scale) + inset, round(cell.top * scale) + inset
        field = picture.pixels[top : round(cell.bottom * scale) - inset, left : round(cell.right * scale) - inset]
        if not field.size:
            continue
        _, _, stats, _ = cv2.connectedComponentsWithStats((field < 140).astype(np.uint8), connectivity=8)
        letters = stats[1:][stats[1:, 3] >= least]
        if len(letters):
            starts, ends = letters[:, :2].min(axis=0), (letters[:, :2] + letters[:, 2:4]).max(axis=0)
            found.append(np.concatenate((starts, ends)) + np.array([left, top, left, top]))
    return found


def stack(picture: Picture, boxes: Sequence[Pixels]) -> tuple[Picture, list[int]]:
    """The boxes one below the other on white paper, to be read as lines, and the top of each there."""
    margin = round(1.5 / 25.4 * picture.dpi)
    tops: list[int] = []
    bottom = margin
    for box in boxes:
        tops.append(bottom)
        bottom += int(box[3] - box[1]) + margin
    sheet = np.full((bottom, int(max(box[2] - box[0] for box in boxes)) + 2 * margin), 255, np.uint8)
    for box, top in zip(boxes, tops, strict=True):
        left, upper, right, lower = box.tolist()
        sheet[top : top + lower - upper, margin : margin + right - left] = picture.pixels[upper:lower, left:right]
    return Picture(sheet, picture.dpi), tops


def unstack(words: Sequence[ReadWord], boxes: Sequence[Pixels], tops: Sequence[int], dpi: float) -> list[ReadWord]:
    """The words read from a stack, back where their boxes are."""
    margin = round(1.5 / 25.4 * dpi)
    placed: list[ReadWord] = []
    for word in words:
        place = int(np.searchsorted(tops, _down(word), side="right")) - 1
        if place >= 0:
            left, top = (int(side) for side in boxes[place][:2])
            placed.append(replace(word, left=word.left - margin + left, top=word.top - tops[place] + top))
    return placed


def split_tables(
    words: Sequence[ReadWord], cells: Sequence[Cell], scale: float
) -> tuple[list[ReadWord], list[list[ReadWord]]]:
    """The words outside tables as they came, and those of each table cell by cell, row by row, marked with row and
    cell. `scale` turns pixels of the cells into those of the words. A table whose rules were only half seen is none.
    """
    outside = list(words)
    tables: list[list[ReadWord]] = []
    for table in sorted({cell.table for cell in cells}):
        own = [cell for cell in cells if cell.table == table]
        rest, inside = _put_into_cells(outside, own, scale)
        left, right = min(cell.left for cell in own) * scale, max(cell.right for cell in own) * scale
        top, bottom = own[0].top * scale, max(cell.bottom for cell in own) * scale
        between = sum(left < _across(word) < right and top < _down(word) < bottom for word in rest)
        if not inside or between > _MOST_BETWEEN * len(outside):
            continue
        outside = rest
        first = len(tables) * 1000
        tables.append(
            [
                replace(word, paragraph=-1 - table, line=line, row=first + own[place].row, cell=first + place)
                for place in sorted(inside)
                for line, words_of_line in enumerate(_find_lines(inside[place]), 1000 * place)
                for word in words_of_line
            ]
        )
    return outside, tables


def place_tables(words: Sequence[ReadWord], tables: Sequence[Sequence[ReadWord]]) -> list[ReadWord]:
    """The lines of a page with each table before the first line below its top; lines and paragraphs counted anew."""
    waiting = [(min(word.top for word in table), list(table)) for table in tables]
    waiting.sort(key=lambda table: table[0])
    ordered: list[list[ReadWord]] = []
    for line in lines_of(words):
        while waiting and line[0].top > waiting[0][0]:
            ordered += lines_of(waiting.pop(0)[1])
        ordered.append(line)
    ordered += [line for _, table in waiting for line in lines_of(table)]
    return count_anew(ordered)


def _put_into_cells(
    words: Sequence[ReadWord], cells: Sequence[Cell], scale: float
) -> tuple[list[ReadWord], dict[int, list[ReadWord]]]:
    outside: list[ReadWord] = []
    inside: dict[int, list[ReadWord]] = {}
    for word in words:
        across, down = _across(word) / scale, _down(word) / scale
        for place, cell in enumerate(cells):
            if cell.left <= across <= cell.right and cell.top <= down <= cell.bottom:
                inside.setdefault(place, []).append(word)
                break
        else:
            outside.append(word)
    return outside, inside


def _find_lines(words: Sequence[ReadWord]) -> list[list[ReadWord]]:
    """The lines of one cell, each from left to right; how Tesseract cut lines says nothing about cells."""
    lines: list[list[ReadWord]] = []
    for word in sorted(words, key=_down):
        if lines and _down(word) - _down(lines[-1][-1]) < 0.5 * max(word.height, lines[-1][-1].height):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word.left) for line in lines]


def _across(word: ReadWord) -> float:
    return word.left + word.width / 2


def _down(word: ReadWord) -> float:
    return word.top + word.height / 2
