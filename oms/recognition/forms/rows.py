"""The tables of a form as rows of cells, without their printed heads; pay that runs from left to right is turned.

Only ruled tables are rows: the reading separates their cells by tabs. Free text below a heading is no table.
"""

from collections.abc import Sequence
from itertools import zip_longest

from oms.catalogue import FormTable
from oms.recognition.forms.anchors import Anchor, squeeze
from oms.recognition.forms.strip import Strip, distance

Row = tuple[str, ...]


def read_tables(strip: Strip, text: str, anchors: Sequence[Anchor]) -> dict[str, tuple[Row, ...]]:
    """The rows under each heading found, by the key of the table; tables without a ruled row are left out."""
    if not anchors:
        return {}
    lines = _numbered_lines(text)
    if lines and lines[-1][0] + len(lines[-1][1].split()) != len(strip.words):
        return {}  # a text that is not the words in their order cannot say where a row stands
    found: dict[str, tuple[Row, ...]] = {}
    ends = [*(strip.word_at(anchor.start) for anchor in anchors[1:]), len(strip.words)]
    for anchor, end in zip(anchors, ends, strict=True):
        if not isinstance(anchor.thing, FormTable) or not anchor.thing.columns:
            continue
        start = strip.word_at(anchor.end - 1)
        rows = [
            tuple(cell.strip().replace("⁄", "/") for cell in line.split("\t"))
            for at, line in lines
            if start < at < end and "\t" in line
        ]
        if rows:
            found[anchor.key] = _without_heads(rows, anchor.thing)
    return found


def _numbered_lines(text: str) -> list[tuple[int, str]]:
    """The lines with text, each with the number of its first word."""
    lines, number = [], 0
    for line in text.splitlines():
        if words := len(line.split()):
            lines.append((number, line))
            number += words
    return lines


def _without_heads(rows: Sequence[Row], table: FormTable) -> tuple[Row, ...]:
    if table.lying:
        turned = [tuple(row) for row in zip_longest(*rows, fillvalue="")]
        return tuple(turned[1:] if _is_head(turned[0], table) else turned)
    return tuple(rows[1:] if _is_head(rows[0], table) else rows)


def _is_head(row: Row, table: FormTable) -> bool:
    """Whether a row holds the printed heads: at least half its cells begin like one, letters misread or not."""
    heads = [squeeze(column)[:12] for column in table.columns]
    cells = [squeeze(cell) for cell in row if cell]
    alike = sum(any(distance(head, cell[:14])[0] <= len(head) // 4 for head in heads) for cell in cells)
    return bool(cells) and 2 * alike >= len(cells)
