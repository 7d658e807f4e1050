"""Reading a page from beginning to end: render, turn, clean, read, judge, write. The order of the steps is here.

Knows neither where scans are kept nor who asks.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from oms.recognition import cleaning, judge, orientation, secrecy, tables
from oms.recognition.coverage import unread_share
from oms.recognition.embedded import find_embedded_words
from oms.recognition.engine import ONE_COLUMN, READING_SECONDS, ReadWord, read_words
from oms.recognition.errors import EngineTimedOut
from oms.recognition.handwriting import unevenness
from oms.recognition.junk import drop_junk
from oms.recognition.knowing import know_page
from oms.recognition.layer import write_layer
from oms.recognition.opening import OpenedScan
from oms.recognition.ordering import order_page
from oms.recognition.pages import PageReading, Quality, ReadPage, Source, Word
from oms.recognition.pictures import Picture
from oms.recognition.rendering import page_image
from oms.recognition.screen import screen_picture, write_screen

_SAMPLE_SECONDS = 30
_ONE_LINE, _ONE_BLOCK, _SCATTERED = 7, 6, 11
"""Tesseract's page segmentation modes for a stamp, for a sample of text, and for the cells of a table."""


_ENOUGH = 0.90
"""Score (`judge.reading_score`) from which a page is not read again. On 91 pages, mostly of bad conditions, the mean CER
was .082 without a second reading, .070 with one under 0.86 (24 % of the pages), .068 under 0.90 (35 %), .067 under 0.94
(60 %); .064 would be the better one each time. Of ordinary pages every tenth is read again."""


_NONSENSE = 0.4
"""Score under which a page may stand on its head though its lines seemed to tell; of 101 generated pages only one with
its ink lost and one with the other side as dark as its own had less while upright, the next had 0.60."""


@dataclass(frozen=True)
class _Sheet:
    """An upright page with what was found on it; boxes of `found` are pixels of `picture` times `scale`."""

    picture: Picture
    found: Sequence[ReadWord]
    scale: float
    source: Source
    rotation: int = 0
    skew: float = 0.0
    blank: bool = False
    stamps: tuple[str, ...] = ()
    unread: float = 0.0
    junk: float = 0.0


@dataclass(frozen=True)
class _Reading:
    """The words of one reading in their order, boxes in pixels of the page times `scale`; `junk` is the share of what was
    read where nothing is written."""

    words: Sequence[ReadWord]
    scale: float
    junk: float

    @property
    def score(self) -> float:
        """What decides between two readings of a page."""
        return judge.reading_score(_place(self.words, 1.0))


def read_page(scan: OpenedScan, number: int, folder: Path) -> ReadPage:
    """Read page `number` (from 1) and write its image and its PDF layer into `folder`. Raises `ReadingFailed`."""
    started = time.monotonic()
    picture = page_image(scan, number)
    embedded = find_embedded_words(scan, number, dpi=picture.dpi)
    if embedded:
        sheet = _Sheet(picture, embedded, 1.0, "embedded", stamps=secrecy.find_stamps(picture, _read_stamp))
    else:
        sheet = _read_picture(picture)
    return _write(sheet, number, folder, started)


def show_page(scan: OpenedScan, number: int, folder: Path) -> ReadPage:
    """Page `number` as a picture without text, for a page that could not be read: a person types what it says."""
    started = time.monotonic()
    return _write(_Sheet(page_image(scan, number), [], 1.0, "ocr"), number, folder, started)


def _read_picture(picture: Picture) -> _Sheet:
    if cleaning.is_blank(picture):
        return _Sheet(picture, [], 1.0, "ocr", blank=True)
    rotation, skew = orientation.find_stance(cleaning.drop_frame(picture), _score_sample)
    picture = orientation.deskew(orientation.rotate(picture, rotation), skew)
    best = _read_best(picture)
    if best.score < _NONSENSE and _is_upside_down(picture):
        rotation, picture = (rotation + 180) % 360, orientation.rotate(picture, 180)
        best = _read_best(picture)
    stamps = secrecy.find_stamps(picture, _read_stamp)
    unread = unread_share(cleaning.drop_red_ink(cleaning.drop_frame(picture)), best.words, best.scale)
    return _Sheet(picture, best.words, best.scale, "ocr", rotation, skew, False, stamps, unread, best.junk)


def _is_upside_down(picture: Picture) -> bool:
    """Whether the busiest part of a page that read as nonsense reads well the other way up."""
    part = orientation.busiest_part(picture, orientation.find_ink(picture), margin=cleaning.WIDEST_FRAME)
    return _score_sample(orientation.rotate(part, 180)) >= orientation.READS_WELL


def _read_best(picture: Picture) -> _Reading:
    """The better of at most two readings, each of a differently cleaned page.

    Only a doubtful page is read again, and the judgement decides, never the length of the text. A table is not: what
    is doubtful in it are figures, and they do not get better.
    """
    plain, cells = tables.drop_rules(_clear_page(picture))
    started = time.monotonic()
    first = _read(_sharpen(plain), cells, picture.dpi)
    if first.score >= _ENOUGH or not first.words or tables.is_table(cells):
        return first
    limit = min(READING_SECONDS, 5 + round(1.5 * (time.monotonic() - started)))
    try:
        again = _read(_clean_otherwise(plain), cells, picture.dpi, seconds=limit)
    except EngineTimedOut:
        return first
    return again if again.score > first.score else first


def _read(readable: Picture, cells: Sequence[tables.Cell], dpi: float, *, seconds: int = READING_SECONDS) -> _Reading:
    """The words in reading order; what no word was found for in the cells of a table is read once more, together. `dpi`
    is that of the page."""
    layout, scale = _SCATTERED if tables.is_table(cells) else ONE_COLUMN, readable.dpi / dpi
    found = read_words(readable, layout=layout, seconds=seconds)
    words = drop_junk(found)
    junk = 1 - len(words) / len(found) if found else 0.0
    unread = tables.find_unread(readable, words, cells, scale)
    if unread and words:
        sheet, tops = tables.stack(readable, unread)
        words += tables.unstack(read_words(sheet, layout=_ONE_BLOCK, seconds=seconds), unread, tops, readable.dpi)
    return _Reading(_order(words, cells, scale), scale, junk)


def _order(words: Sequence[ReadWord], cells: Sequence[tables.Cell], scale: float) -> list[ReadWord]:
    outside, inside = tables.split_tables(words, cells, scale)
    return tables.place_tables(order_page(outside), inside)


def clean_page(picture: Picture) -> Picture:
    """The upright page as Tesseract gets it first: grey, nothing but ink on white paper, letters to size."""
    return _sharpen(tables.drop_rules(_clear_page(picture))[0])


def _clear_page(picture: Picture) -> Picture:
    picture = cleaning.drop_red_ink(cleaning.drop_frame(picture))
    picture = cleaning.level_paper(cleaning.drop_photographs(picture))
    return cleaning.drop_grain(cleaning.drop_specks(picture))  # specks first: out of focus they become letters


def _sharpen(picture: Picture) -> Picture:
    picture = cleaning.fit_letters(picture)
    picture = cleaning.drop_leaders(picture)
    return cleaning.sharpen_ink(picture)


def _clean_otherwise(picture: Picture) -> Picture:
    """The page for a second reading, by what is most likely wrong with it: grain, its other side, or pale ink."""
    if cleaning.is_grainy(picture):
        return _smooth(picture)
    edge = cleaning.find_back_edge(picture)
    if edge is not None:
        return cleaning.drop_leaders(cleaning.drop_back(cleaning.fit_letters(picture), edge))
    return _darken(picture)


def _darken(picture: Picture) -> Picture:
    return cleaning.drop_leaders(cleaning.fit_letters(cleaning.darken_ink(picture)))


def _smooth(picture: Picture) -> Picture:
    picture = cleaning.fit_letters(cleaning.smooth_grain(picture))
    return cleaning.sharpen_ink(cleaning.drop_leaders(picture))


def _score_sample(sample: Picture) -> float:
    """How much a part of a page looks like Vietnamese this way up."""
    found = read_words(clean_page(sample), layout=_ONE_BLOCK, seconds=_SAMPLE_SECONDS)
    return judge.reading_score(_place(found, 1.0))


def _read_stamp(stamp: Picture) -> str:
    return " ".join(word.text for word in read_words(stamp, layout=_ONE_LINE, seconds=_SAMPLE_SECONDS))


def _place(found: Sequence[ReadWord], factor: float) -> tuple[Word, ...]:
    """The words with boxes in the pixels of the page image."""
    return tuple(
        Word(
            word.text,
            round(word.left * factor),
            round(word.top * factor),
            max(1, round(word.width * factor)),
            max(1, round(word.height * factor)),
            word.confidence,
            word.line,
        )
        for word in found
    )


def _join_text(found: Sequence[ReadWord]) -> str:
    """Words joined by spaces, cells of a table row by tabs, lines and rows by line ends, paragraphs by empty lines."""
    paragraphs = []
    for _, paragraph in groupby(found, key=lambda word: word.paragraph):
        lines = []
        for _, line in groupby(paragraph, key=lambda word: (word.row, 0 if word.row else word.line)):
            cells = groupby(line, key=lambda word: word.cell)
            lines.append("\t".join(" ".join(word.text for word in cell) for _, cell in cells))
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs)


def _judge(sheet: _Sheet, words: Sequence[Word]) -> Quality:
    return judge.judge_page(
        words, blank=sheet.blank, unread=sheet.unread, junk=sheet.junk, unevenness=lambda: unevenness(sheet.picture)
    )


def _write(sheet: _Sheet, number: int, folder: Path, started: float) -> ReadPage:
    screen = screen_picture(sheet.picture)
    words = _place(sheet.found, screen.dpi / sheet.picture.dpi / sheet.scale)
    text = _join_text(sheet.found)
    folder.mkdir(parents=True, exist_ok=True)
    image = write_screen(screen, folder / f"page-{number:04}.jpg")
    good = sheet.source == "embedded"
    layer = write_layer(sheet.picture, words, screen.dpi, folder / f"page-{number:04}.pdf")
    reading = PageReading(
        number=number,
        text=text,
        words=words,
        confidence=judge.mean_confidence(words),
        quality="good" if good else _judge(sheet, words),
        rotation=sheet.rotation,
        skew=sheet.skew,
        width=screen.width,
        height=screen.height,
        dpi=round(screen.dpi),
        secrecy=secrecy.join_levels(secrecy.find_marks(words), sheet.stamps),
        seconds=round(time.monotonic() - started, 3),
        source=sheet.source,
        expected_error=0.0
        if good or sheet.blank
        else judge.expected_error(words, unread=sheet.unread, junk=sheet.junk),
    )
    return ReadPage(know_page(reading, screen), image, layer)
