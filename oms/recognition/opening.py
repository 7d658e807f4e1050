"""Opening a file that came in: what it is, whether it is whole, how many pages it has.

Cheap enough for the moment of upload: no page is drawn. The type is told by the content, never by the name.
The file is parsed in the box (`look_into`); what it says there are words and numbers, and what it does not understand,
or does not survive, is damaged.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pikepdf
from PIL import Image

from oms import box
from oms.errors import N_, DamagedFile, EmptyFile, FileRefused, FileTooLarge, LockedFile, UnsupportedFile
from oms.recognition import heif, word
from oms.recognition.pictures import PIXEL_LIMIT, open_raster

PAGE_LIMIT = 2_000
"""Most pages one file may have: a dossier of a whole career stays below 500."""

SHORTEST_SIDE, LONGEST_SIDE = 0.001 / 0.0254 * 72, 5 / 0.0254 * 72
"""1 mm and 5 m in points: sides of a PDF page outside of this are no paper."""


_OTHER_KINDS = (b"<", b"PK", b"\xff\xd8\xff", b"\x89PNG", b"II", b"MM", b"GIF8", b"MZ", b"\x7fELF", b"%!", b"#!")
"""How files of other kinds begin; one that goes on as a PDF is two files in one, and no scanner writes it."""

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How the files of Office began before 2007, and those of today when they are locked."""


@dataclass(frozen=True)
class OpenedScan:
    """A file that was opened and found whole; `name` is what people call it."""

    path: Path
    media_type: str
    pages: int
    signed: bool
    name: str = ""
    layout: word.Layout | None = field(default=None, repr=False, compare=False)

    @property
    def drawn(self) -> tuple[Path | bytes, str]:
        """What its pages are drawn from, and of which kind that is: the file itself, or our layout of a Word file."""
        return (self.path, self.media_type) if self.layout is None else (self.layout.pdf, "application/pdf")


def open_scan(path: Path, *, name: str = "") -> OpenedScan:
    """Look at a file and tell type and pages, or refuse it with an error of `oms.errors` that says what to do."""
    name = name or path.name
    with path.open("rb") as file:
        start = file.read(1024)
    if not start:
        raise EmptyFile(N_("%(name)s is empty. Scan the paper again and upload the new file."), name=name)
    if start.startswith(_OLD_OFFICE):
        raise UnsupportedFile(
            N_(
                "%(name)s is a file of an old Office program, or locked with a password. Open it in Word, save it as "
                ".docx or PDF without a password, and upload that."
            ),
            name=name,
        )
    media_type = _media_type(start)
    if not media_type:
        raise UnsupportedFile(
            N_("%(name)s is not a file of a kind that is taken. Upload it as PDF, TIFF, JPEG, PNG, HEIC or DOCX."),
            name=name,
        )
    if media_type == word.MEDIA_TYPE:
        layout = word.open_word(path, name)
        return OpenedScan(path, media_type, layout.pages, layout.signed, name, layout)
    try:
        value, _ = box.call(look_into, path, media_type=media_type)
        pages, signed = value
        if type(pages) is not int or type(signed) is not bool or not 0 < pages <= PAGE_LIMIT:
            raise _damaged(name)
    except box.Said as said:
        raise _refusal(said, name, heif.IMAGE_LIMIT if media_type == heif.MEDIA_TYPE else PAGE_LIMIT) from None
    except (box.Broke, TypeError, ValueError):  # it ended the program that looked at it
        raise _damaged(name) from None
    return OpenedScan(path, media_type, pages, signed, name)


def look_into(file: BinaryIO, media_type: str) -> tuple[tuple[int, bool], bytes]:
    """In the box: how many pages a file has and whether it is signed; `box.Said` with the word of a refusal."""
    looks = {"application/pdf": _look_into_pdf, "image/tiff": _look_into_tiff, heif.MEDIA_TYPE: _look_into_heif}
    look = looks.get(media_type, _look_into_image)
    try:
        return look(file), b""
    except box.Said:
        raise
    except Image.DecompressionBombError:
        raise box.Said("pixels") from None
    except pikepdf.PasswordError:
        raise box.Said("locked") from None
    except Exception:  # a damaged file can make a library fail in any way; the person gets one sentence
        raise box.Said("damaged") from None


def _media_type(start: bytes) -> str:
    if b"%PDF-" in start:  # with a few lines of a mail program before it at most, never with another file
        return "" if start.startswith(_OTHER_KINDS) else "application/pdf"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "image/tiff"
    if start.startswith(b"PK\x03\x04"):  # or another ZIP: the box tells
        return word.MEDIA_TYPE
    return heif.MEDIA_TYPE if heif.is_heif(start) else ""


def _look_into_heif(file: BinaryIO) -> tuple[int, bool]:
    """Count the images and decode the first whole; the others are decoded when they are looked at."""
    with heif.open_heif(file) as image:
        frames = int(getattr(image, "n_frames", 1))
        if frames > heif.IMAGE_LIMIT:
            raise box.Said("pages", pages=frames)
        for frame in range(frames):
            image.seek(frame)
            _check_pixels(image)
        image.seek(0)
        image.load()
        return frames, False


def _look_into_image(file: BinaryIO) -> tuple[int, bool]:
    """Decode the whole image, a JPEG at an eighth of its size: cheap, and a truncated one does not pass."""
    with open_raster(file) as image:
        _check_pixels(image)
        image.draft("RGB", (image.width // 8, image.height // 8))
        image.load()
    return 1, False


def _look_into_tiff(file: BinaryIO) -> tuple[int, bool]:
    """Walk over the frames, at most one too many, and check that each one's data lies inside the file.

    Nothing is decoded, and the frames are not counted first: Pillow's count is quadratic, and a small file can
    claim a hundred thousand of them.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    pages = 0
    with open_raster(file) as image:
        while True:
            try:
                image.seek(pages)
            except EOFError:
                return pages, False
            pages += 1
            _check_pages(pages)
            _check_pixels(image)
            tags = getattr(image, "tag_v2", {})
            for offsets, lengths in ((273, 279), (324, 325)):  # strips, tiles
                ends = [a + b for a, b in zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False)]
                if ends and max(ends) > size:
                    raise box.Said("damaged")


def _look_into_pdf(file: BinaryIO) -> tuple[int, bool]:
    """Open every page object; a file that had to be repaired and has no end was cut off on its way."""
    with pikepdf.open(file) as pdf:
        pages = len(pdf.pages)
        if pages == 0 or (pdf.get_warnings() and not _has_end(file)):
            raise box.Said("damaged")
        _check_pages(pages)
        for page in pdf.pages:
            _check_pdf_page(page)
        if pages != int(pdf.Root.Pages.get("/Count", pages)):
            raise box.Said("damaged")
        return pages, _is_signed(pdf)


def _check_pdf_page(page: pikepdf.Page) -> None:
    unit = float(page.obj.get("/UserUnit", 1))
    left, bottom, right, top = (float(side) * unit for side in page.cropbox.as_list())
    for side in (abs(right - left), abs(top - bottom)):
        if not SHORTEST_SIDE <= side <= LONGEST_SIDE:
            raise box.Said("sides")
    contents = page.obj.get("/Contents")
    streams = contents.as_list() if isinstance(contents, pikepdf.Array) else [contents]
    for stream in streams:
        if contents is not None and not isinstance(stream, pikepdf.Stream):
            raise box.Said("damaged")
    for image in list_images(page):
        if int(image.get("/Width", 0)) * int(image.get("/Height", 0)) > PIXEL_LIMIT:
            raise box.Said("pixels")


def list_images(page: pikepdf.Page) -> list[pikepdf.Object]:
    """Every image a page names, stencils (which pikepdf leaves out) and masks of images too."""
    named = page.obj.get("/Resources", pikepdf.Dictionary()).get("/XObject", pikepdf.Dictionary())
    images = [thing for _, thing in named.items() if thing.get("/Subtype") == pikepdf.Name.Image]
    masks = [image.get(key) for image in images for key in ("/Mask", "/SMask")]
    return images + [mask for mask in masks if isinstance(mask, pikepdf.Stream)]


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    """Whether a signature field holds a signature: such a file must never be rewritten."""
    form = pdf.Root.get("/AcroForm")
    if form is None:
        return False
    waiting = list(form.get("/Fields", []))
    for _ in range(10_000):  # a form that is a ring must not hold us
        if not waiting:
            break
        field = waiting.pop()
        if field.get("/FT") == pikepdf.Name.Sig and field.get("/V") is not None:
            return True
        waiting.extend(field.get("/Kids", []))
    return False


def _has_end(file: BinaryIO) -> bool:
    file.seek(max(0, file.seek(0, os.SEEK_END) - 2048))
    return b"%%EOF" in file.read()


def _check_pages(pages: int) -> None:
    if pages > PAGE_LIMIT:
        raise box.Said("pages", pages=pages)


def _check_pixels(image: Image.Image) -> None:
    if image.width * image.height > PIXEL_LIMIT:
        raise box.Said("pixels")


def _refusal(said: box.Said, name: str, most_pages: int) -> FileRefused:
    """What the box said, in a sentence for people; a word nobody knows says that the file is damaged."""
    if said.word == "pages":
        return FileTooLarge(
            N_("%(name)s has %(pages)s pages; at most %(limit)s are taken. Split it and upload the parts."),
            name=name,
            pages=said.numbers.get("pages", 0),
            limit=most_pages,
        )
    if said.word == "pixels":
        return FileTooLarge(
            N_("A page of %(name)s has more than 200 million pixels. Scan the paper again at 300 dpi."), name=name
        )
    if said.word == "sides":
        return FileTooLarge(
            N_("%(name)s has a page shorter than 1 mm or longer than 5 m. Scan the paper again as A4 or A3."),
            name=name,
        )
    if said.word == "locked":
        return LockedFile(
            N_("%(name)s is locked with a password. Save it without the password and upload the new file."), name=name
        )
    return _damaged(name)


def _damaged(name: str) -> DamagedFile:
    return DamagedFile(
        N_(
            "%(name)s is damaged and cannot be opened whole. "
            "Copy the file again or scan the paper again, and upload it."
        ),
        name=name,
    )
