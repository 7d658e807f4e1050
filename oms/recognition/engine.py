"""The reading program: Tesseract through pytesseract, one page and one thread a call. Knows no PDF and no cleaning.

A `Reader` is anything that finds words in a picture; `read_words` is the one that is asked first. A second opinion is
another `Reader`, as `Tesseract("Vietnamese")` for another model: nothing else has to change for it.
"""

import math
import os
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import pytesseract

from oms.recognition.errors import (
    EngineCrashed,
    EngineGarbled,
    EngineMissing,
    EngineOutOfMemory,
    EngineTimedOut,
    LanguageMissing,
)
from oms.recognition.pictures import Picture
from oms.vietnamese.text import nfc

LANGUAGE = "vie"

ONE_COLUMN = 4
"""Tesseract's page segmentation mode for text of different sizes, line under line."""

READING_SECONDS = 180
"""A dense page takes about two seconds of an idle core; machines are busy, hangs are endless."""

_COLUMNS = "level page_num block_num par_num line_num word_num left top width height conf text"
_WORD_LEVEL = "5"


@dataclass(frozen=True)
class ReadWord:
    """A word where Tesseract found it, in pixels of the picture it was given; paragraphs and lines count from 0.
    In a ruled table `row` and `cell` say where; both are 0 outside."""

    text: str
    left: int
    top: int
    width: int
    height: int
    confidence: float
    paragraph: int
    line: int
    row: int = 0
    cell: int = 0


class Reader(Protocol):
    """Finds the words of a picture; one that cannot raises the `ReadingFailed` of the kind that fits."""

    def __call__(self, picture: Picture, *, layout: int = ONE_COLUMN, seconds: int = READING_SECONDS) -> list[ReadWord]:
        """The words in reading order, NFC; `layout` is a page segmentation mode of Tesseract, a hint to others."""


@dataclass(frozen=True)
class Tesseract:
    """The `Reader` that calls Tesseract with one language. Raises `EngineMissing`, `LanguageMissing`, `EngineCrashed`,
    `EngineOutOfMemory`, `EngineTimedOut` or `EngineGarbled`."""

    language: str = LANGUAGE

    def __call__(self, picture: Picture, *, layout: int = ONE_COLUMN, seconds: int = READING_SECONDS) -> list[ReadWord]:
        """The words in reading order, NFC; `layout` is Tesseract's page segmentation mode."""
        config = f"--psm {layout} --dpi {round(picture.dpi)} -c tessedit_create_tsv=1"
        with tempfile.TemporaryDirectory(prefix="oms-read-") as folder:
            path = Path(folder) / "page.pgm"
            cv2.imwrite(str(path), picture.pixels)
            return _parse(_run(path, self.language, config, seconds))


read_words: Reader = Tesseract()


def _run(path: Path, language: str, config: str, seconds: int) -> str:
    os.environ["OMP_THREAD_LIMIT"] = "1"  # Tesseract's own threads double the CPU time and halve nothing
    try:
        return str(
            pytesseract.run_and_get_output(str(path), extension="tsv", lang=language, config=config, timeout=seconds)
        )
    except pytesseract.TesseractNotFoundError:
        raise EngineMissing from None
    except pytesseract.TesseractError as error:
        said = error.message.lower()
        if error.status == -signal.SIGKILL or "bad_alloc" in said or "out of memory" in said:
            raise EngineOutOfMemory from None  # only the system kills outright, when memory runs out
        if error.status > 0 and ("language" in said or "traineddata" in said):
            raise LanguageMissing(language) from None
        raise EngineCrashed from None
    except RuntimeError:  # pytesseract's only sign that the time was up
        raise EngineTimedOut(seconds) from None
    except (UnicodeDecodeError, OSError):  # the answer is no text, or there is none
        raise EngineGarbled from None


def _parse(table: str) -> list[ReadWord]:
    lines = table.split("\n")
    if lines[0].split() != _COLUMNS.split():
        raise EngineGarbled
    words: list[ReadWord] = []
    paragraphs: dict[tuple[str, ...], int] = {}
    text_lines: dict[tuple[str, ...], int] = {}
    for line in lines[1:]:
        cells = line.rstrip("\r").split("\t")
        if cells[0] != _WORD_LEVEL:
            continue
        try:
            left, top, width, height = (int(cell) for cell in cells[6:10])
            confidence = float(cells[10])
            text = nfc(cells[11]).strip()
        except (ValueError, IndexError):
            raise EngineGarbled from None
        if not math.isfinite(confidence) or min(width, height) < 0:
            raise EngineGarbled
        if not text or confidence < 0:
            continue
        paragraph = paragraphs.setdefault(tuple(cells[2:4]), len(paragraphs))
        number = text_lines.setdefault(tuple(cells[2:5]), len(text_lines))
        words.append(ReadWord(text, left, top, width, height, min(confidence, 100.0), paragraph, number))
    return words
