"""Reading order: lines from top to bottom, and column by column in the head and foot of official documents.

Tesseract is told that a page is one column; it still puts indented lines after others, and reads the rows of a head
across both columns. Here lines come back into their order, and the left column goes before the right one, as people
read the boxes of NĐ 30/2020 Phụ lục I: issuing body, number and abstract, then country and date; receivers, then
signer. Rows of forms are kept as rows; `oms.recognition.tables` does ruled tables.
"""

import re
import statistics
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import groupby, pairwise

from oms.recognition.engine import ReadWord
from oms.vietnamese.text import fold

_HEADS = ("conghoaxahoichunghiavietnam", "dangcongsanvietnam")
"""How the right column of a head begins: CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM, ĐẢNG CỘNG SẢN VIỆT NAM."""

_FOOT, _ADDRESS = "noinhan", "kinhgui"
"""Nơi nhận opens a foot, Kính gửi closes a head."""

_ALIKE = 0.8
"""How alike (`difflib`) the letters of such words must be: faxes read GỘNG HÒA, `HỘILCHỦ` and Xơi nhận."""

_DATE = re.compile(r"\bngay( \S*){1,2} thang( \S*){1,2} nam( \S*){1,2}$")
"""A figure may have been read as two signs, or as one that is none."""

_MOST_ROWS = 8
"""Rows a head has at most: issuing bodies, number, abstract over several lines."""

_PLAIN = re.compile(r"\W")

Line = list[ReadWord]


def order_page(words: Sequence[ReadWord]) -> list[ReadWord]:
    """The words outside ruled tables as a person reads them."""
    return order_columns(order_rows(words))


def lines_of(words: Sequence[ReadWord]) -> list[Line]:
    """The words line by line."""
    return [list(line) for _, line in groupby(words, key=lambda word: word.line)]


def order_rows(words: Sequence[ReadWord]) -> list[ReadWord]:
    """The words line by line from top to bottom; lines that Tesseract split at a wide gap are one again."""
    lines = lines_of(words)
    lines.sort(key=_middle)
    rows: list[Line] = []
    for line in lines:
        if rows and _is_beside(rows[-1], line):
            merged = [*rows[-1], *(replace(word, paragraph=rows[-1][0].paragraph) for word in line)]
            rows[-1] = sorted(merged, key=lambda word: word.left)
        else:
            rows.append(line)
    return count_anew(rows)


def _is_beside(row: Line, line: Line) -> bool:
    """Whether two lines stand at one height, none over the other."""
    level = abs(_middle(row) - _middle(line)) < 0.4 * min(_height(row), _height(line))
    return level and (_right(row[-1]) <= line[0].left or _right(line[-1]) <= row[0].left)


def _middle(line: Line) -> float:
    middles = sorted(word.top + word.height / 2 for word in line)
    return middles[len(middles) // 2]


def order_columns(words: Sequence[ReadWord]) -> list[ReadWord]:
    """The words with head and foot read column by column, lines and paragraphs counted anew."""
    lines = lines_of(words)
    ordered: list[Line] = []
    sides = [side for word in words for side in (word.left, _right(word))]
    middle = (min(sides, default=0) + max(sides, default=0)) / 2
    usual = _usual_size(words)
    while lines:
        split = _find_split(lines[0], middle, below=len(ordered) > 5)
        taken = _take_columns(lines, split, usual) if split else []
        if len(taken) > 1:
            left = [part for part, _ in taken if part]
            right = [part for _, part in taken if part]
            ordered += _as_paragraph(left, 1 + 2 * len(lines)) + _as_paragraph(right, 2 + 2 * len(lines))
            lines = lines[len(taken) :]
        else:
            ordered.append(lines.pop(0))
    return count_anew(ordered)


def _usual_size(words: Sequence[ReadWord]) -> float:
    """The height of words, or what parts them on a line where that is more: on a typewriter as much as a letter."""
    gaps = [after.left - _right(word) for word, after in pairwise(words) if word.line == after.line]
    heights = [word.height for word in words]
    return max(statistics.median(heights or [0]), 1.5 * statistics.median(gaps or [0]))


def _ends_in_date(plain: Sequence[str]) -> bool:
    """Whether a line ends in the day of signing: "Hà Giang, ngày 26 tháng 9 năm 2006", the figures misread or not."""
    return bool(_DATE.search(" ".join(plain)))


def _find_split(line: Line, middle: float, *, below: bool) -> float | None:
    """Where the right column begins when this line opens a head or a foot of two columns; a date opens a foot right of
    the `middle` and `below` the head."""
    plain = _plain(line)
    likeness, place = max(((_like_head(plain[place:]), place) for place in range(1, len(line))), default=(0.0, 0))
    if likeness >= _ALIKE and plain[place - 1] != "nuoc":
        return line[place].left
    if below and _ends_in_date(plain):
        gap, place = _widest_gap(line)
        start = line[place].left if gap > 2 * _height(line) else line[0].left
        if start > middle:
            return start
    if _begins_with(line, _FOOT):
        gap, place = _widest_gap(line)
        if gap > 2 * _height(line):
            return line[place].left
    return None


def _plain(line: Line) -> list[str]:
    return [_PLAIN.sub("", fold(word.text)) for word in line]


def _begins_with(line: Line, opening: str) -> bool:
    """Whether a line begins with these two words, run together or not."""
    plain = _plain(line[:2])
    return max(_likeness("".join(plain), opening), _likeness(plain[0], opening)) >= _ALIKE


def _like_head(plain: Sequence[str]) -> float:
    return max(_likeness("".join(plain), head) for head in _HEADS)


def _likeness(read: str, right: str) -> float:
    return SequenceMatcher(None, read, right, autojunk=False).ratio()


def _take_columns(lines: Sequence[Line], split: float, usual: float) -> list[tuple[Line, Line]]:
    """The rows from here on that fall into two columns at `split`, each as (left part, right part); `usual` is the
    height of the words, which marks and dirt do not have."""
    first = next(place for place, word in enumerate(lines[0]) if word.left >= split)
    rows = [(lines[0][:first], lines[0][first:])]
    gutter = (_right(lines[0][first - 1]) if first else 0.0, split)
    for line in lines[1:_MOST_ROWS]:
        if _begins_with(line, _ADDRESS):
            break
        gaps = [(_shared(line[place - 1], line[place], gutter, split, usual), place) for place in range(1, len(line))]
        shared, place = max(gaps, default=(0.0, 0))
        if shared > 0:
            rows.append((line[:place], line[place:]))
            gutter = (max(gutter[0], _right(line[place - 1])), min(gutter[1], line[place].left))
        elif _right(line[-1]) < split + 2 * usual:
            rows.append((line, []))
        elif line[0].left > split - 2 * usual:
            rows.append(([], line))
        else:
            break
    return rows


def _shared(word: ReadWord, following: ReadWord, gutter: tuple[float, float], split: float, usual: float) -> float:
    """How much of the gap between two neighbours lies in the `gutter` that all rows above leave free; a wide gap near
    the split is one, too, where dirt lies in the gutter. Not positive where it is too narrow to part columns."""
    start, end = _right(word), following.left
    if end - start <= usual:
        return 0.0
    if end - start > 2 * usual and abs(end - split) < 12 * usual:
        return end - start
    return min(gutter[1], end) - max(gutter[0], start) - usual / 2


def _as_paragraph(parts: list[Line], number: int) -> list[Line]:
    return [[replace(word, paragraph=-number) for word in part] for part in parts]


def count_anew(lines: Sequence[Line]) -> list[ReadWord]:
    """The words of all lines, with lines and paragraphs counted from 0 in this order."""
    counted: list[ReadWord] = []
    paragraph, last = -1, None
    for number, line in enumerate(lines):
        if line[0].paragraph != last:
            paragraph, last = paragraph + 1, line[0].paragraph
        counted += [replace(word, line=number, paragraph=paragraph) for word in line]
    return counted


def _widest_gap(line: Line) -> tuple[float, int]:
    gaps = [(line[place].left - _right(line[place - 1]), place) for place in range(1, len(line))]
    return max(gaps, default=(0, 0))


def _height(line: Line) -> float:
    return sorted(word.height for word in line)[len(line) // 2]


def _right(word: ReadWord) -> int:
    return word.left + word.width
