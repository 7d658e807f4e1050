"""Text that a PDF already carries: found with its boxes, judged, and kept only when it is right.

Old files carry text in TCVN3 or VNI letters, which is converted. Scanner programs often leave a text layer read without
Vietnamese; it fails the judgement and the page is read anew from its picture.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

import pikepdf

from oms import box
from oms.box import running
from oms.recognition import word as word_files
from oms.recognition.engine import ReadWord
from oms.recognition.errors import RendererMissing
from oms.recognition.judge import syllable_share
from oms.recognition.opening import OpenedScan, list_images
from oms.recognition.rendering import page_size, run_poppler
from oms.vietnamese import encodings
from oms.vietnamese.text import nfc

GOOD_SHARE = 0.75
"""Least share of letters in possible syllables; right text with names and symbols has 0.9, misread text under 0.6."""

_FILLING_DPI = 72
"""Resolution an image would have if it filled the page: letterheads and seals in files of word processors have less."""

_FEWEST_WORDS = 4
_GAP = 0.6
"""Space between two lines from which a paragraph begins, in heights of letters."""

_LONGEST_LAYOUT = 16 * 1024**2
"""Bytes: a page full of words in small print has half a megabyte."""

_TAG = re.compile(r'<(block|line|word) xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">([^<]*)')
_BROKEN = re.compile("[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f]")


def find_embedded_words(scan: OpenedScan, number: int, *, dpi: float) -> list[ReadWord]:
    """The words the PDF carries on page `number`, boxes in pixels at `dpi`; none when they are not good enough."""
    document, kind = scan.drawn
    if kind != "application/pdf":
        return []
    is_ours = scan.layout is not None
    try:
        is_scan, layout = box.call(read_layout, document, most=_LONGEST_LAYOUT, number=number, as_written=is_ours)
        if is_ours:
            return _leave_out_foot(_in_order(layout.decode("utf-8", "replace"), dpi / 72))
        words = _decode(_parse(layout.decode("utf-8", "replace"), dpi / 72))
    except box.Said as said:
        if said.word == "no-renderer":
            raise RendererMissing from None
        return []
    except (box.Broke, ValueError, OverflowError):  # then the picture is read
        return []
    return words if _is_good([word.text for word in words], is_scan=is_scan is not False) else []


def _leave_out_foot(words: Sequence[ReadWord]) -> list[ReadWord]:
    """The words of a Word file, in Unicode already and right as they are, without our own line at the foot."""
    ours = word_files.OURS.split()
    texts = [word.text for word in words]
    for place in range(len(texts) - len(ours), -1, -1):
        if texts[place : place + len(ours)] == ours:
            return [*words[:place], *words[place + len(ours) :]]
    return list(words)


def _decode(words: Sequence[ReadWord]) -> list[ReadWord]:
    """The words in NFC, converted when they are in an old encoding; what is empty then is left out."""
    encoding = encodings.detect(" ".join(word.text for word in words))
    texts = (encodings.convert(word.text, encoding) if encoding else nfc(word.text) for word in words)
    decoded = (replace(word, text=text.strip()) for word, text in zip(words, texts, strict=True))
    return [word for word in decoded if word.text]


def _is_good(texts: Sequence[str], *, is_scan: bool) -> bool:
    """Vietnamese by its syllables; on a page a program wrote, plain ASCII (another language) is right as well."""
    lettered = [text for text in texts if any(map(str.isalpha, text))]
    if len(lettered) < _FEWEST_WORDS or any(_BROKEN.search(text) for text in texts):
        return False
    if syllable_share(texts) >= GOOD_SHARE and any(not text.isascii() for text in texts):
        return True
    return not is_scan and sum(text.isascii() for text in texts) >= 0.98 * len(texts)


@running.starts_program
def read_layout(file: BinaryIO, number: int, *, as_written: bool = False) -> tuple[bool, bytes]:
    """In the box: whether the page is a scan, and what pdftotext finds on it; `as_written` in the order of the file, not
    in that of columns it sees."""
    page = str(number)
    how = ("-raw", "-bbox") if as_written else ("-bbox-layout",)
    found = run_poppler("pdftotext", file, "-f", page, "-l", page, "-cropbox", *how, "-", "-")
    return _is_scan(file, number), found.said if found.code == 0 else b""


def _is_scan(file: BinaryIO, number: int) -> bool:
    """Whether an image fills the page, alone or as one layer of several, as our own files and many scanners have it."""
    try:
        with pikepdf.open(file) as pdf:
            page = pdf.pages[number - 1]
            width, height = page_size(page)
            return any(
                min(int(image.get("/Width", 0)) / width, int(image.get("/Height", 0)) / height) * 72 >= _FILLING_DPI
                for image in list_images(page)
            )
    except Exception:  # rendering the page says in its own words what is wrong
        return True


def _parse(layout: str, scale: float) -> list[ReadWord]:
    words: list[ReadWord] = []
    block = line = -1
    for kind, *sides, text in _TAG.findall(layout):
        if kind == "block":
            block += 1
        elif kind == "line":
            line += 1
        else:
            left, top, right, bottom = (float(side) * scale for side in sides)
            size = max(1, round(right - left)), max(1, round(bottom - top))
            place = round(left), round(top), *size
            words.append(ReadWord(html.unescape(text), *place, 100.0, max(block, 0), max(line, 0)))
    return words


def _in_order(layout: str, scale: float) -> list[ReadWord]:
    """The words of a page of ours as we wrote them, cell after cell; lines and paragraphs by where they stand."""
    words: list[ReadWord] = []
    paragraph = line = 0
    for _, *sides, text in _TAG.findall(layout):
        left, top, right, bottom = (float(side) * scale for side in sides)
        box_of = round(left), round(top), max(1, round(right - left)), max(1, round(bottom - top))
        if words:
            last = words[-1]
            middle, below = (top + bottom) / 2, last.top + last.height
            if not last.top < middle < below or left < last.left:
                line += 1
                paragraph += top < last.top or top - below > _GAP * last.height
        words.append(ReadWord(nfc(html.unescape(text)), *box_of, 100.0, paragraph, line))
    return words
