"""Reading a page from beginning to end: render, turn, clean, read, judge, write. The order of the steps is here.

Knows neither where scans are kept nor who asks.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from oms.recognition import cleaning, judge, orientation, secrecy, tables
from oms.recognition.coverage import Letters, find_letters, unread_share
from oms.recognition.embedded import find_embedded_words
from oms.recognition.engine import ONE_COLUMN, READING_SECONDS, ReadWord, read_words
from oms.recognition.errors import EngineMissing, EngineTimedOut, LanguageMissing, ReadingFailed
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
from oms.recognition.voting import Reading, difference, vote

_SAMPLE_SECONDS = 30
_AGAIN_SECONDS = 60
"""For a second and third reading: most pages take three to ten on a busy machine."""
_PAGE_SECONDS = 240
"""For all readings of one page together: then the best so far stands, and a person looks at it."""

_LEAST_SECONDS = 10
"""Less is left for no reading."""

_OWN_CHOICE, _ONE_LINE, _ONE_BLOCK, _SCATTERED = 3, 7, 6, 11
"""Tesseract's page segmentation modes for a second opinion, a stamp, a sample of text, and the cells of a table."""


_LEAST_PICTURE = 0.5
"""Inches: in a picture of a Word file that is smaller there is no text to read, but a coat of arms or a signature."""

_SURE = 0.01
"""Expected error up to which a page is read once. Of 138 generated pages it was every fourth, the worst of them with a CER
under .05; read twice, all pages have a mean CER of .0387, so .0389."""

_DOUBTFUL = 0.06
"""Expected error, and difference between two readings, from which a page is read a third time. It was 28 % of 138 generated
pages, half of them of bad conditions; from 0.04 or 0.1 on made no difference."""


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
    difference: float = 0.0
    error: float = 0.0


@dataclass(frozen=True)
class _Page:
    """An upright page made ready: grey without rules, the cells of its tables, its resolution, where letters stand."""

    plain: Picture
    cells: Sequence[tables.Cell]
    dpi: float
    letters: Letters


def read_page(scan: OpenedScan, number: int, folder: Path) -> ReadPage:
    """Read page `number` (from 1) and write its image and its PDF layer into `folder`. Raises `ReadingFailed`."""
    started = time.monotonic()
    picture = page_image(scan, number)
    embedded = find_embedded_words(scan, number, dpi=picture.dpi)
    if scan.layout is not None:
        sheet = _read_laid(picture, embedded, [sides for page, *sides in scan.layout.boxes if page == number])
    elif embedded:
        sheet = _Sheet(picture, embedded, 1.0, "embedded", stamps=secrecy.find_stamps(picture, _read_stamp))
    else:
        sheet = _read_picture(picture)
    return _write(sheet, number, folder, started)


def _read_laid(picture: Picture, words: Sequence[ReadWord], boxes: Sequence[Sequence[float]]) -> _Sheet:
    """A page of a Word file: its text as it is, and what its pictures say, read and put where they stand. The page is as
    sure as its pictures are."""
    stamps = secrecy.find_stamps(picture, _read_stamp)
    found, worst, apart = list(words), 0.0, 0.0
    is_read = False
    for left, top, width, height in boxes:
        scale = picture.dpi / 72
        rows = slice(max(0, round(top * scale)), round((top + height) * scale))
        columns = slice(max(0, round(left * scale)), round((left + width) * scale))
        part = Picture(np.ascontiguousarray(picture.pixels[rows, columns]), picture.dpi)
        if min(part.pixels.shape[:2]) < _LEAST_PICTURE * picture.dpi or cleaning.is_blank(part):
            continue
        best = _read_best(part)
        stamps = secrecy.join_levels(stamps, best.marks)
        if not best.words or _score(best.words) < _NONSENSE:  # a photograph, a coat of arms
            continue
        is_read, worst, apart = True, max(worst, best.error), max(apart, best.difference)
        found = _put_in(found, best, columns.start, rows.start)
    blank = not found and cleaning.is_blank(picture)
    return _Sheet(picture, found, 1.0, "ocr" if is_read else "embedded", 0, 0.0, blank, stamps, apart, worst)


def _put_in(words: Sequence[ReadWord], read: Reading, left: int, top: int) -> list[ReadWord]:
    """The words of a page with those read in a picture, before the first line that stands below its upper edge."""
    lines, paragraphs = (max((getattr(w, of) for w in words), default=-1) + 1 for of in ("line", "paragraph"))
    moved = [
        replace(
            word,
            left=left + round(word.left / read.scale),
            top=top + round(word.top / read.scale),
            width=round(word.width / read.scale),
            height=round(word.height / read.scale),
            line=lines + word.line,
            paragraph=paragraphs + word.paragraph,
        )
        for word in read.words
    ]
    place = next((at for at, word in enumerate(words) if word.top > top), len(words))
    while 0 < place < len(words) and words[place - 1].line == words[place].line:
        place -= 1
    return [*words[:place], *moved, *words[place:]]


def show_page(scan: OpenedScan, number: int, folder: Path) -> ReadPage:
    """Page `number` as a picture without text, for a page that could not be read: a person types what it says."""
    started = time.monotonic()
    return _write(_Sheet(page_image(scan, number), [], 1.0, "ocr", error=1.0), number, folder, started)


def _read_picture(picture: Picture) -> _Sheet:
    if cleaning.is_blank(picture):
        return _Sheet(picture, [], 1.0, "ocr", blank=True)
    legible = cleaning.drop_scan_lines(picture)  # while they are still level
    rotation, skew = orientation.find_stance(cleaning.drop_frame(legible), _score_sample)
    upright = _stand_up(legible, rotation, skew)
    best = _read_best(upright)
    if _score(best.words) < _NONSENSE and _is_upside_down(upright):
        rotation = (rotation + 180) % 360
        upright = _stand_up(legible, rotation, skew)
        best = _read_best(upright)
    picture = upright if legible is picture else _stand_up(picture, rotation, skew)
    stamps = (*secrecy.find_stamps(picture, _read_stamp), *best.marks)
    found = (best.difference, best.error)
    return _Sheet(picture, best.words, best.scale, "ocr", rotation, skew, False, stamps, *found)


def _stand_up(picture: Picture, rotation: int, skew: float) -> Picture:
    return orientation.deskew(orientation.rotate(picture, rotation), skew)


def _is_upside_down(picture: Picture) -> bool:
    """Whether the busiest part of a page that read as nonsense reads well the other way up."""
    part = orientation.busiest_part(picture, orientation.find_ink(picture), margin=cleaning.WIDEST_FRAME)
    return _score_sample(orientation.rotate(part, 180)) >= orientation.READS_WELL


def _read_best(picture: Picture) -> Reading:
    """What two readings of the differently cleaned page say together, and a third one where they leave doubt; a page
    that is surely right the first time is read once.

    The reading with the least expected error gives the words and their order, and all of them vote on the text of each
    word.
    """
    ends = time.monotonic() + _PAGE_SECONDS
    bare = cleaning.drop_red_ink(cleaning.drop_frame(picture))
    plain, cells = tables.drop_rules(_clear_page(bare))
    page = _Page(plain, cells, picture.dpi, find_letters(bare))
    first = _read(_sharpen(plain), page)
    if not first.words or first.error <= _SURE:
        return first
    readings = [first]
    try:
        readings.append(_read(_shrink(plain), page, layout=_OWN_CHOICE, seconds=_left(ends)))
        doubt = max(min(reading.error for reading in readings), difference(*readings))
        if doubt > _DOUBTFUL:
            readings.append(_read(_clean_otherwise(plain), page, seconds=_left(ends)))
    except (EngineMissing, LanguageMissing):
        raise
    except ReadingFailed:
        return _unopposed(_agree(readings))
    return _agree(readings)


def _left(ends: float) -> int:
    """Seconds for one more reading of a page; raises `EngineTimedOut` where too few are left of all its time."""
    left = round(ends - time.monotonic())
    if left < _LEAST_SECONDS:
        raise EngineTimedOut(_PAGE_SECONDS)
    return min(left, _AGAIN_SECONDS)


def _unopposed(reading: Reading) -> Reading:
    """A reading whose second opinion failed: it stands, and a person looks at it."""
    return replace(reading, difference=1.0)


def _agree(readings: Sequence[Reading]) -> Reading:
    """The likeliest reading, its words put to the vote of all; it is as far from certain as from its nearest other."""
    best = min(readings, key=lambda reading: reading.error)
    others = [reading for reading in readings if reading is not best]
    apart = min((difference(best, other) for other in others), default=0.0)
    voted = vote(best, others)
    # The judgement of the page was fitted to how sure the one reading is: agreement makes words surer, not pages.
    texts = [replace(own, text=word.text) for own, word in zip(best.words, voted, strict=True)]
    error = judge.expected_error(_place(texts, 1.0), unread=best.unread, junk=best.junk)
    # A mark of secrecy counts when any of them read it: a miss costs more than a person's look.
    marks = secrecy.join_levels(*(secrecy.find_marks(_place(reading.words, 1.0)) for reading in readings))
    return replace(best, words=voted, difference=apart, error=error, marks=marks)


def _read(readable: Picture, page: _Page, *, layout: int = ONE_COLUMN, seconds: int = READING_SECONDS) -> Reading:
    """The words in reading order; what no word was found for in the cells of a table is read once more, together."""
    scale = readable.dpi / page.dpi
    found = read_words(readable, layout=_SCATTERED if tables.is_table(page.cells) else layout, seconds=seconds)
    words = drop_junk(found)
    junk = 1 - len(words) / len(found) if found else 0.0
    unread = tables.find_unread(readable, words, page.cells, scale)
    if unread and words:
        sheet, tops = tables.stack(readable, unread)
        words += tables.unstack(read_words(sheet, layout=_ONE_BLOCK, seconds=seconds), unread, tops, readable.dpi)
    words = _order(words, page.cells, scale)
    missed = unread_share(page.letters, words, scale)
    error = judge.expected_error(_place(words, 1.0), unread=missed, junk=junk)
    return Reading(words, scale, junk, missed, error)


def _order(words: Sequence[ReadWord], cells: Sequence[tables.Cell], scale: float) -> list[ReadWord]:
    outside, inside = tables.split_tables(words, cells, scale)
    return tables.place_tables(order_page(outside), inside)


def clean_page(picture: Picture) -> Picture:
    """The upright page as Tesseract gets it first: grey, nothing but ink on white paper, letters to size."""
    bare = cleaning.drop_red_ink(cleaning.drop_frame(picture))
    return _sharpen(tables.drop_rules(_clear_page(bare))[0])


def _clear_page(picture: Picture) -> Picture:
    picture = cleaning.level_paper(cleaning.drop_photographs(picture))
    return cleaning.drop_grain(cleaning.drop_specks(picture))  # specks first: out of focus they become letters


def _sharpen(picture: Picture) -> Picture:
    picture = cleaning.fit_letters(picture)
    picture = cleaning.drop_leaders(picture)
    return cleaning.sharpen_ink(picture)


def _shrink(picture: Picture) -> Picture:
    """The page for the second reading: pale ink closed and smaller letters, cheaper and wrong in other places."""
    picture = cleaning.shrink_letters(cleaning.fit_letters(cleaning.darken_ink(picture)))
    return cleaning.sharpen_ink(cleaning.drop_leaders(picture))


def _clean_otherwise(picture: Picture) -> Picture:
    """The page for a third reading, by what is most likely wrong with it: grain, its other side, or pale ink."""
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
    return _score(read_words(clean_page(sample), layout=_ONE_BLOCK, seconds=_SAMPLE_SECONDS))


def _score(found: Sequence[ReadWord]) -> float:
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
        words,
        blank=sheet.blank,
        error=sheet.error,
        difference=sheet.difference,
        unevenness=lambda: unevenness(sheet.picture),
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
        expected_error=sheet.error,
    )
    return ReadPage(know_page(reading, screen), image, layer)
