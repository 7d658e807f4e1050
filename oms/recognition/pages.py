"""What reading gives back: words with boxes, and pages of them. Plain data, no rules."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Quality = Literal["good", "check", "poor", "handwriting", "blank"]
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
class FoundValue:
    """A value that stands on the page: `box` is left, top, width, height in pixels of the page image.

    `flag` is the sentence that says why a person has to look before believing it; None when nothing speaks against it.
    """

    value: str
    box: tuple[int, int, int, int] | None
    confidence: float
    flag: str | None = None


@dataclass(frozen=True)
class PageReading:
    """One page as read: text in NFC with lines and paragraphs kept, and an honest judgement of it.

    `rotation` (clockwise) and `skew` are the degrees that made the page upright; `width`, `height` (pixels) and
    `dpi` are those of the upright page image; `secrecy` holds suspected marks of a secrecy level. `expected_error` is
    the share of characters (0 to 1) that are probably wrong or missing (`oms.recognition.judge`).

    `kind` is what the page is; `head` what the paper says about itself (number, date, issuer, subject, signer);
    `form`, `fields` and `tables` are those of a printed form, by its keys; `codes` the texts of QR codes.
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
    expected_error: float = 0.0
    kind: str = "other"
    head: Mapping[str, FoundValue] = field(default_factory=dict)
    form: str | None = None
    fields: Mapping[str, FoundValue] = field(default_factory=dict)
    tables: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    codes: tuple[str, ...] = ()

    def findings(self) -> dict[str, Any]:
        """What was found on the page as plain values that JSON can hold."""
        values = asdict(self)
        return {key: values[key] for key in ("head", "form", "fields", "tables", "codes")}

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
