"""Reading order: lines from top to bottom, and column by column in the head and foot of official documents.

Tesseract is told that a page is one column; it still puts indented lines after others, and reads the rows of a head
across both columns. Here lines come back into their order, and the left column goes before the right one, as people
read the boxes of NĐ 30/2020 Phụ lục I: issuing body, number and abstract, then country and date; receivers, then
signer. Rows of forms are kept as rows; `oms.recognition.tables` does ruled tables.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from oms.recognition.engine import ReadWord
from oms.vietnamese.text import fold

_HEADS = (["cong", "hoa", "xa", "hoi", "chu", "nghia", "viet", "nam"], ["dang", "cong", "san", "viet", "nam"])
"""How the right column of a head begins: CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM, ĐẢNG CỘNG SẢN VIỆT NAM."""

_ALIKE = 0.6
"""Share of the words of a head that must be read right: faxes read GỘNG HÒA XÃ HỘI."""

_FOOT = ("noi", "nhan")

_DATE = ("ngay", "thang", "nam")

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
    while lines:
        split = _find_split(lines[0], middle, below=len(ordered) > 5)
        taken = _take_columns(lines, split) if split else []
        if len(taken) > 1:
            left = [part for part, _ in taken if part]
            right = [part for _, part in taken if part]
            ordered += _as_paragraph(left, 1 + 2 * len(lines)) + _as_paragraph(right, 2 + 2 * len(lines))
            lines = lines[len(taken) :]
        else:
            ordered.append(lines.pop(0))
    return count_anew(ordered)


def _ends_in_date(plain: Sequence[str]) -> bool:
    """Whether a line ends in the day of signing: "Hà Giang, ngày 26 tháng 9 năm 2006"."""
    return len(plain) >= 6 and (plain[-6], plain[-4], plain[-2]) == _DATE


def _find_split(line: Line, middle: float, *, below: bool) -> float | None:
    """Where the right column begins when this line opens a head or a foot of two columns; a date opens a foot right of
    the `middle` and `below` the head."""
    plain = [_PLAIN.sub("", fold(word.text)) for word in line]
    for head in _HEADS:
        for place in range(1, len(line) - len(head) + 1):
            alike = sum(word == right for word, right in zip(plain[place:], head, strict=False))
            if alike >= _ALIKE * len(head) and plain[place - 1] not in ("nuoc",):
                return line[place].left
    if below and _ends_in_date(plain):
        gap, place = _widest_gap(line)
        start = line[place].left if gap > 2 * _height(line) else line[0].left
        if start > middle:
            return start
    if tuple(plain[: len(_FOOT)]) == _FOOT:
        gap, place = _widest_gap(line)
        if gap > 2 * _height(line):
            return line[place].left
    return None


def _take_columns(lines: Sequence[Line], split: float) -> list[tuple[Line, Line]]:
    """The rows from here on that fall into two columns at `split`, each as (left part, right part)."""
    rows: list[tuple[Line, Line]] = []
    for line in lines[:_MOST_ROWS]:
        height = _height(line)
        cuts = [
            place
            for place in range(1, len(line))
            if line[place].left - _right(line[place - 1]) > height and abs(line[place].left - split) < 12 * height
        ]
        if not rows:
            cuts = [next(place for place, word in enumerate(line) if word.left >= split)]
        if cuts:
            place = max(cuts, key=lambda place: line[place].left - _right(line[place - 1]))
            rows.append((line[:place], line[place:]))
        elif _right(line[-1]) < split + 2 * height:
            rows.append((line, []))
        elif line[0].left > split - 2 * height:
            rows.append(([], line))
        else:
            break
    return rows


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
