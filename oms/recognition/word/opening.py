"""Opening a Word file: the part that runs in the box, and the part outside that believes what it can check."""

import io
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from oms import box
from oms.errors import N_, DamagedFile, FileRefused, FileTooLarge, LockedFile, UnsupportedFile
from oms.recognition.pictures import PIXEL_LIMIT, Pixels, load_frame, open_raster
from oms.recognition.word.content import Reader
from oms.recognition.word.laying import MOST_PAGES, OURS, add_fonts, lay_out
from oms.recognition.word.package import Package
from oms.specimens.fonts import find_family

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LARGEST = 20 * 1024 * 1024
_LARGEST_LAYOUT = 128 * 1024 * 1024
_LEAST_SIDE = 400
"""Pixels of the long side of a picture that is looked at by itself in any case: a smaller one is read where it stands,
if it stands on a page whole and can be read there."""

_MOST_LOOKED_AT = 300

__all__ = ["LARGEST", "MEDIA_TYPE", "OURS", "Layout", "lay_out_word", "open_word", "picture_inside"]


class Layout:
    """A Word file as laid out: a PDF of ours, where pictures stand on its pages, and which pictures are looked at by
    themselves: place among all pictures of the file, and the page it belongs to."""

    def __init__(self, value: Any, pdf: bytearray) -> None:
        """Believe what came out of the box; raises `ValueError` and its like for anything else."""
        self.pdf = bytes(pdf)
        self.pages, self.signed = value["pages"], value["signed"]
        if type(self.pages) is not int or not 0 < self.pages <= MOST_PAGES or type(self.signed) is not bool:
            raise ValueError("no pages")
        self.boxes = tuple((int(page), *map(float, sides)) for page, *sides in value["boxes"])
        self.inner = tuple((int(place), int(page)) for place, page in value["inner"])
        if not self.pdf.startswith(b"%PDF-") or any(len(each) != 5 for each in self.boxes):
            raise ValueError("no layout")
        if any(not 0 < page <= self.pages for page, *_ in self.boxes) or any(
            not 0 < page <= self.pages for _, page in self.inner
        ):
            raise ValueError("no such page")


def open_word(path: Path, name: str) -> Layout:
    """Lay a Word file out, or refuse it with a sentence."""
    if path.stat().st_size > LARGEST:
        raise FileTooLarge(
            N_("%(name)s is larger than %(limit)s MB. Scan it in several parts and upload these."),
            name=name,
            limit=LARGEST >> 20,
        )
    try:
        return Layout(
            *box.call(lay_out_word, path, most=_LARGEST_LAYOUT, fonts=[str(path) for path in find_family().files])
        )
    except box.Said as said:
        raise _refusal(said, name) from None
    except box.Broke as error:
        raise _refusal(box.Said("long" if error.late else "damaged"), name) from None
    except (TypeError, ValueError, KeyError, OverflowError):
        raise _refusal(box.Said("damaged"), name) from None


def lay_out_word(file: BinaryIO, fonts: list[str]) -> tuple[dict[str, Any], bytes]:
    """In the box: the file as a PDF, with what `Layout` wants to know."""
    package = Package(file)
    add_fonts(fonts)
    made = lay_out(Reader(package).read(), package)
    first: dict[str, int] = {}
    for part, page, *_ in made.pictures:
        first.setdefault(part.lower(), page)
    inner = []
    for place, part in enumerate(package.pictures()):
        if _is_looked_at(package.take(part), is_shown=part in made.whole):
            inner.append((place, first.get(part, made.count)))
    if len(inner) > _MOST_LOOKED_AT:
        raise box.Said("long")
    boxes = [(page, *(round(side, 1) for side in sides)) for _, page, *sides in made.pictures]
    return {"pages": made.count, "signed": package.is_signed, "boxes": boxes, "inner": inner}, made.pdf


def _is_looked_at(data: bytes, *, is_shown: bool) -> bool:
    try:
        with open_raster(io.BytesIO(data)) as image:
            if image.width * image.height > PIXEL_LIMIT:
                raise box.Said("pixels")
            return not is_shown or max(image.size) >= _LEAST_SIDE
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise box.Said("unshown") from None


def picture_inside(file: BinaryIO, place: int) -> tuple[dict[str, Any], Pixels]:
    """In the box: the pixels of one of the pictures in a Word file, whole, whatever of it is shown."""
    package = Package(file)
    picture = load_frame(io.BytesIO(package.take(package.pictures()[place])), 1)
    pixels = np.ascontiguousarray(picture.pixels)
    return {"shape": pixels.shape, "dpi": picture.dpi}, pixels


def _refusal(said: box.Said, name: str) -> FileRefused:
    """What the box said, in a sentence for people; a word nobody knows says that the file is damaged."""
    sentences: dict[str, tuple[type[FileRefused], str]] = {
        "kind": (
            UnsupportedFile,
            N_("%(name)s is not a file of a kind that is taken. Upload it as PDF, TIFF, JPEG, PNG, HEIC or DOCX."),
        ),
        "macro": (
            UnsupportedFile,
            N_("%(name)s holds a program (macros). Save it as .docx without macros, or as PDF, and upload that."),
        ),
        "dtd": (
            DamagedFile,
            N_("%(name)s is no Word file as Word writes it. Open it in Word, save it anew and upload that."),
        ),
        "unshown": (
            UnsupportedFile,
            N_(
                "%(name)s holds something that cannot be shown here, so nobody can check it: another file, a chart, "
                "a field filled from elsewhere, text in a place where it cannot be read, "
                "or a picture that is neither JPEG, PNG nor TIFF. Save it as PDF and upload that."
            ),
        ),
        "locked": (
            LockedFile,
            N_("%(name)s is locked with a password. Save it without the password and upload the new file."),
        ),
        "pixels": (
            FileTooLarge,
            N_("A page of %(name)s has more than 200 million pixels. Scan the paper again at 300 dpi."),
        ),
    }
    sentences |= dict.fromkeys(
        ("long", "bytes", "entries", "pages"),
        (FileTooLarge, N_("%(name)s is too long or too intricate to be laid out. Save it as PDF and upload that.")),
    )
    kind, sentence = sentences.get(said.word, (DamagedFile, ""))
    if not sentence:
        sentence = N_(
            "%(name)s is damaged and cannot be opened whole. "
            "Copy the file again or scan the paper again, and upload it."
        )
    return kind(sentence, name=name)
