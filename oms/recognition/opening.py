"""Opening a file that came in: what it is, whether it is whole, how many pages it has.

Cheap enough for the moment of upload: no page is drawn. The type is told by the content, never by the name.
No exception of an outside library leaves this module: what cannot be understood is damaged.
"""

from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image

from oms.errors import N_, DamagedFile, EmptyFile, FileTooLarge, LockedFile, OmsError, UnsupportedFile
from oms.recognition.pictures import PIXEL_LIMIT, open_raster

PAGE_LIMIT = 2_000
"""Most pages one file may have: a dossier of a whole career stays below 500."""

SHORTEST_SIDE, LONGEST_SIDE = 0.001 / 0.0254 * 72, 5 / 0.0254 * 72
"""1 mm and 5 m in points: sides of a PDF page outside of this are no paper."""


@dataclass(frozen=True)
class OpenedScan:
    """A file that was opened and found whole; `name` is what people call it."""

    path: Path
    media_type: str
    pages: int
    signed: bool
    name: str = ""


def open_scan(path: Path, *, name: str = "") -> OpenedScan:
    """Look at a file and tell type and pages, or refuse it with an error of `oms.errors` that says what to do."""
    name = name or path.name
    with path.open("rb") as file:
        start = file.read(1024)
    if not start:
        raise EmptyFile(N_("%(name)s is empty. Scan the paper again and upload the new file."), name=name)
    media_type = _media_type(start)
    if not media_type:
        raise UnsupportedFile(
            N_("%(name)s is not a file of a kind that is taken. Upload it as PDF, TIFF, JPEG or PNG."), name=name
        )
    look = {"application/pdf": _look_into_pdf, "image/tiff": _look_into_tiff}.get(media_type, _look_into_image)
    try:
        pages, signed = look(path, name)
    except OmsError:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels(name) from None
    except pikepdf.PasswordError:
        raise LockedFile(
            N_("%(name)s is locked with a password. Save it without the password and upload the new file."), name=name
        ) from None
    except Exception:  # a damaged file can make a library fail in any way; the person gets one sentence
        raise _damaged(name) from None
    return OpenedScan(path, media_type, pages, signed, name)


def _media_type(start: bytes) -> str:
    if b"%PDF-" in start:
        return "application/pdf"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "image/tiff"
    return ""


def _look_into_image(path: Path, name: str) -> tuple[int, bool]:
    """Decode the whole image, a JPEG at an eighth of its size: cheap, and a truncated one does not pass."""
    with open_raster(path) as image:
        _check_pixels(image, name)
        image.draft("RGB", (image.width // 8, image.height // 8))
        image.load()
    return 1, False


def _look_into_tiff(path: Path, name: str) -> tuple[int, bool]:
    """Walk over the frames, at most one too many, and check that each one's data lies inside the file.

    Nothing is decoded, and the frames are not counted first: Pillow's count is quadratic, and a small file can
    claim a hundred thousand of them.
    """
    size = path.stat().st_size
    pages = 0
    with open_raster(path) as image:
        while True:
            try:
                image.seek(pages)
            except EOFError:
                return pages, False
            pages += 1
            _check_pages(pages, name)
            _check_pixels(image, name)
            tags = getattr(image, "tag_v2", {})
            for offsets, lengths in ((273, 279), (324, 325)):  # strips, tiles
                ends = [a + b for a, b in zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False)]
                if ends and max(ends) > size:
                    raise _damaged(name)


def _look_into_pdf(path: Path, name: str) -> tuple[int, bool]:
    """Open every page object; a file that had to be repaired and has no end was cut off on its way."""
    with pikepdf.open(path) as pdf:
        pages = len(pdf.pages)
        if pages == 0 or (pdf.get_warnings() and not _has_end(path)):
            raise _damaged(name)
        _check_pages(pages, name)
        for page in pdf.pages:
            _check_pdf_page(page, name)
        if pages != int(pdf.Root.Pages.get("/Count", pages)):
            raise _damaged(name)
        return pages, _is_signed(pdf)


def _check_pdf_page(page: pikepdf.Page, name: str) -> None:
    unit = float(page.obj.get("/UserUnit", 1))
    left, bottom, right, top = (float(side) * unit for side in page.cropbox.as_list())
    for side in (abs(right - left), abs(top - bottom)):
        if not SHORTEST_SIDE <= side <= LONGEST_SIDE:
            raise FileTooLarge(
                N_("%(name)s has a page shorter than 1 mm or longer than 5 m. Scan the paper again as A4 or A3."),
                name=name,
            )
    contents = page.obj.get("/Contents")
    streams = contents.as_list() if isinstance(contents, pikepdf.Array) else [contents]
    for stream in streams:
        if contents is not None and not isinstance(stream, pikepdf.Stream):
            raise _damaged(name)
    for image in list_images(page):
        if int(image.get("/Width", 0)) * int(image.get("/Height", 0)) > PIXEL_LIMIT:
            raise _too_many_pixels(name)


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


def _has_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2048))
        return b"%%EOF" in file.read()


def _check_pages(pages: int, name: str) -> None:
    if pages > PAGE_LIMIT:
        raise FileTooLarge(
            N_("%(name)s has %(pages)s pages; at most %(limit)s are taken. Split it and upload the parts."),
            name=name,
            pages=pages,
            limit=PAGE_LIMIT,
        )


def _check_pixels(image: Image.Image, name: str) -> None:
    if image.width * image.height > PIXEL_LIMIT:
        raise _too_many_pixels(name)


def _too_many_pixels(name: str) -> FileTooLarge:
    return FileTooLarge(
        N_("A page of %(name)s has more than 200 million pixels. Scan the paper again at 300 dpi."), name=name
    )


def _damaged(name: str) -> DamagedFile:
    return DamagedFile(
        N_(
            "%(name)s is damaged and cannot be opened whole. "
            "Copy the file again or scan the paper again, and upload it."
        ),
        name=name,
    )
