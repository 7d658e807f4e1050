"""The look before anything is stored: does a page bear a mark of a state secret?

A page is looked at, not read: turned upright, its red ink and its small frames read stamp by stamp, and the upper left
part, where the level stands (box 10a of the layout of NĐ 30/2020), read for words. A mark read whole in its frame is
clear; whatever only looks like one is a doubt, and a person decides. What this look does not see, the reading may
still find (`secrecy.find_marks`).
"""

import io
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial

import cv2
import numpy as np
from PIL import Image

from oms.recognition import cleaning, orientation, secrecy
from oms.recognition.embedded import find_embedded_words
from oms.recognition.engine import read_words
from oms.recognition.errors import PageNotRendered
from oms.recognition.opening import OpenedScan
from oms.recognition.pages import Word
from oms.recognition.pictures import Picture, Pixels, scale_to
from oms.recognition.rendering import inner_image, is_drawn_white_by_mistake, page_image

LOOKING_DPI = 200
"""Letters of a stamp are 4 mm high, 30 pixels; the words beside it 2 mm."""

_HEAD_ACROSS, _HEAD_DOWN = 0.62, 0.42
"""Share of the page, from its upper left corner, in which a level is printed or stamped."""

AT_ONCE = 2
"""Pages looked at together in one process: an office server has two cores."""

_SMALL, _STAMP_ACROSS = 400, 2.0
"""Pixels of a picture that is no page by itself, and inches it is shown wide then."""

_ONE_LINE, _ONE_BLOCK, _SCATTERED = 7, 6, 11
_SECONDS = 30


@dataclass(frozen=True)
class Suspicion:
    """A page that seems to bear a mark: its levels, whether they stand there clearly, and the page as a JPEG to show
    (a file may have two thousand of them: pixels would fill the memory)."""

    number: int
    levels: tuple[str, ...]
    clear: bool
    image: bytes


def look_at(scan: OpenedScan, after_page: Callable[[], None] = lambda: None) -> Generator[Suspicion]:
    """The pages of a file that seem to bear a mark of secrecy, in order; raises `ReadingFailed` for a page that
    cannot be shown, because what nobody can look at cannot be cleared. `after_page` is called for every page looked at."""
    waiting: deque[Future[Suspicion | None]] = deque()
    try:
        looks = _looks(scan)
        for place, look in enumerate(looks, start=1):
            waiting.append(_lookers().submit(look))
            if place < len(looks) and len(waiting) < 2 * AT_ONCE:
                continue
            while len(waiting) >= (1 if place == len(looks) else 2 * AT_ONCE):
                found = waiting.popleft().result()
                after_page()
                if found is not None:
                    yield found
    finally:
        for page in waiting:
            page.cancel()
        for page in waiting:  # whoever wipes the folder must not be overtaken by a page that is still being drawn
            if not page.cancelled():
                page.exception()


def _looks(scan: OpenedScan) -> list[Callable[[], Suspicion | None]]:
    """What is to be looked at: every page, and each picture in a Word file whole, whatever its page shows of it."""
    pages = [partial(_look_at_page, scan, number) for number in range(1, scan.pages + 1)]
    inner = scan.layout.inner if scan.layout is not None else ()
    return [*pages, *(partial(_look_at_inner, scan, place, number) for place, number in inner)]


@cache
def _lookers() -> ThreadPoolExecutor:
    """Shared by all files of a process, so that many uploads at once take turns page by page."""
    return ThreadPoolExecutor(AT_ONCE, "look")


def _look_at_page(scan: OpenedScan, number: int) -> Suspicion | None:
    picture = page_image(scan, number)
    found = None
    if not cleaning.is_blank(picture):
        found = look_at_picture(_as_looked_at(picture), number)
    elif is_drawn_white_by_mistake(scan, number):
        raise PageNotRendered(scan.name, number)
    if found is None and scan.layout is not None:  # its words need no reading, so all are looked at, however few
        levels = secrecy.join_levels(secrecy.find_marks(_written(scan, number)))
        return Suspicion(number, levels, False, _as_jpeg(_as_looked_at(picture))) if levels else None
    return found


def _look_at_inner(scan: OpenedScan, place: int, number: int) -> Suspicion | None:
    picture = inner_image(scan, place, number)
    if max(picture.pixels.shape[:2]) < _SMALL:
        return look_at_picture(_on_a_page(picture), number)
    return None if cleaning.is_blank(picture) else look_at_picture(_as_looked_at(picture), number)


def _on_a_page(picture: Picture) -> Picture:
    """A small picture as a stamp at the head of an empty page: no page tells how large it is meant."""
    page = Image.new("RGB", (round(8.27 * LOOKING_DPI), round(11.69 * LOOKING_DPI)), "white")
    image = Image.fromarray(picture.pixels).convert("RGB")
    across = round(_STAMP_ACROSS * LOOKING_DPI)
    page.paste(image.resize((across, max(1, min(3 * across, round(across * image.height / image.width))))), (150, 150))
    return Picture(np.asarray(page), LOOKING_DPI)


def _as_looked_at(picture: Picture) -> Picture:
    return scale_to(picture, LOOKING_DPI) if picture.dpi > LOOKING_DPI else picture


def _written(scan: OpenedScan, number: int) -> list[Word]:
    found = find_embedded_words(scan, number, dpi=LOOKING_DPI)
    return [Word(w.text, w.left, w.top, w.width, w.height, w.confidence, w.line) for w in found]


def look_at_picture(picture: Picture, number: int = 1) -> Suspicion | None:
    """What one page shows."""
    turn, lean = orientation.find_stance(picture, _reads_well)
    upright = orientation.deskew(orientation.rotate(picture, turn), lean)
    framed, hidden = secrecy.find_frames(upright, _read_line)
    stamps = secrecy.join_levels(framed, secrecy.find_stamps(upright, _read_line))
    levels = secrecy.join_levels(stamps, secrecy.find_marks(_read_head(upright)))
    if not levels and not hidden:
        return None
    return Suspicion(number, levels, bool(stamps), _as_jpeg(upright))


def _reads_well(sample: Picture) -> float:
    sample = Picture(_grey(sample), sample.dpi)
    words = read_words(sample, layout=_ONE_BLOCK, seconds=_SECONDS)
    return sum(word.confidence for word in words) / len(words) / 100 if words else 0.0


def _read_line(stamp: Picture) -> str:
    return " ".join(word.text for word in read_words(stamp, layout=_ONE_LINE, seconds=_SECONDS))


def _read_head(picture: Picture) -> list[Word]:
    """The words of the upper left part of the page."""
    part = _grey(picture)[: round(picture.height * _HEAD_DOWN), : round(picture.width * _HEAD_ACROSS)]
    found = read_words(Picture(part, picture.dpi), layout=_SCATTERED, seconds=_SECONDS)
    return [Word(w.text, w.left, w.top, w.width, w.height, w.confidence, w.line) for w in found]


def _as_jpeg(picture: Picture) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture.pixels).save(out, "JPEG", quality=75)
    return out.getvalue()


def _grey(picture: Picture) -> Pixels:
    return picture.pixels if picture.pixels.ndim == 2 else cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
