"""What reading gives back: words with boxes, and pages of them. Plain data, no rules."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Quality = Literal["good", "check", "poor", "blank"]
Source = Literal["ocr", "embedded"]


@dataclass(frozen=True)
class Word:
    """One word as read; the box in pixels of the upright page image, `confidence` 0 to 100, `line` from 0."""

    text: str
    left: int
    top: int
    width: int
    height: int
    confidence: float
    line: int


@dataclass(frozen=True)
class PageReading:
    """One page as read: text in NFC with lines and paragraphs kept, and an honest judgement of it.

    `rotation` (clockwise) and `skew` are the degrees that made the page upright; `width`, `height` (pixels) and
    `dpi` are those of the upright page image; `secrecy` holds suspected marks of a secrecy level.
    """

    number: int
    text: str
    words: tuple[Word, ...]
    confidence: float
    quality: Quality
    rotation: int
    skew: float
    width: int
    height: int
    dpi: int
    secrecy: tuple[str, ...]
    seconds: float
    source: Source
    form: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The reading as plain values that JSON can hold, the number under the key `page`."""
        values = asdict(self)
        return {"page": values.pop("number"), **values}


@dataclass(frozen=True)
class ReadPage:
    """A reading with its files: `image` for the screen (JPEG), `layer` a one-page PDF, picture and invisible text."""

    reading: PageReading
    image: Path
    layer: Path
