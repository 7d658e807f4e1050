"""One page of an opened file as a picture. One page at a time: memory does not grow with the file.

A PDF page that is nothing but one scanned image gives that image, as it is; anything else is drawn by Poppler. Both
happens in the box; what comes out of it are pixels and their resolution, never a part of the document.
"""

import io
import signal
from typing import Any, BinaryIO

import numpy as np
import pikepdf
from PIL import Image

from oms import box
from oms.box import running
from oms.recognition import word
from oms.recognition.errors import PageNotRendered, RendererMissing, RenderingTimedOut
from oms.recognition.heif import MEDIA_TYPE as HEIF
from oms.recognition.heif import open_heif
from oms.recognition.opening import OpenedScan
from oms.recognition.pictures import (
    PIXEL_LIMIT,
    RASTER_LIMIT,
    Picture,
    Pixels,
    fit_resolution,
    load_frame,
    open_raster,
    scale_to,
)

READING_DPI = 300
"""What Tesseract's Vietnamese model reads best; finer rasters cost time and read no better."""

LOWEST_DPI = 200
"""The least a scan may have (NĐ 30/2020 Phụ lục I); a scan made at 200 is not blown up by the renderer."""

RENDERING_SECONDS = 60
"""By the clock, on a machine that is busy with other things."""

DRAWING_SECONDS = 20
"""Of the processor: an ordinary page takes a fifth of a second, small hostile files run for minutes and hold a box."""


MOST_DPI = 310
"""Images finer than this are made smaller before anything else: 300 and what scanners round it to."""

HIGHEST_DPI = 100_000
"""More is no resolution: a frame of 200 million pixels on the side of a postage stamp has less."""


def page_image(scan: OpenedScan, number: int) -> Picture:
    """Page `number` (from 1) as the viewer would show it. Raises `ReadingFailed`."""
    document, kind = scan.drawn
    try:
        value, data = box.call(draw_page, document, most=3 * RASTER_LIMIT, media_type=kind, number=number)
        return _believe(value, data)
    except box.Said as said:
        if said.word == "no-renderer":
            raise RendererMissing from None
        if said.word == "slow":
            raise RenderingTimedOut(scan.name, number, RENDERING_SECONDS) from None
    except box.Broke as error:
        if error.late:
            raise RenderingTimedOut(scan.name, number, RENDERING_SECONDS) from None
    except (TypeError, ValueError, KeyError, OverflowError, OSError):
        pass
    # The file was whole when it came; whatever fails now fails for this page.
    raise PageNotRendered(scan.name, number)


def inner_image(scan: OpenedScan, place: int, number: int) -> Picture:
    """One of the pictures in a Word file, whole, as it lies there; page `number` is named where it cannot be shown."""
    try:
        return _believe(*box.call(word.picture_inside, scan.path, most=3 * RASTER_LIMIT, place=place))
    except (box.Said, box.Broke, TypeError, ValueError, KeyError, OverflowError):
        raise PageNotRendered(scan.name, number) from None


def _believe(value: Any, data: bytearray) -> Picture:
    """Pixels as they came out of the box, if they are what they say."""
    height, width, *colours = value["shape"]
    dpi = float(value["dpi"])
    if not 0 < dpi <= HIGHEST_DPI or colours not in ([], [3]) or min(height, width) < 1:
        raise ValueError("no picture")
    return Picture(np.frombuffer(data, np.uint8).reshape(height, width, *colours), dpi)


@running.starts_program
def draw_page(file: BinaryIO, media_type: str, number: int) -> tuple[dict[str, Any], Pixels]:
    """In the box: the pixels of a page, with their resolution; `box.Said` for one that cannot be drawn."""
    if media_type == "application/pdf":
        picture = _draw_pdf_page(file, number)
    else:
        picture = load_frame(file, number, open_heif if media_type == HEIF else open_raster)
    pixels = np.ascontiguousarray(picture.pixels)
    return {"shape": pixels.shape, "dpi": picture.dpi}, pixels


def page_resolution(page: pikepdf.Page) -> float:
    """The dpi to draw a PDF page at: that of its only image between 200 and 300, else 300, less for huge pages."""
    width, height = page_size(page)
    dpi = float(READING_DPI)
    image = picture_of(page)
    if image is not None:
        dpi = min(dpi, max(LOWEST_DPI, _image_dpi(image, width, height)))
    fitting = float((RASTER_LIMIT / (width * height)) ** 0.5 * 72)
    return min(dpi, fitting)


def page_size(page: pikepdf.Page) -> tuple[float, float]:
    """Width and height of a PDF page in points, before its own rotation."""
    unit = float(page.obj.get("/UserUnit", 1))
    left, bottom, right, top = (float(side) * unit for side in page.cropbox.as_list())
    return abs(right - left), abs(top - bottom)


def picture_of(page: pikepdf.Page) -> pikepdf.Stream | None:
    """The one image a scanned page consists of; None for pages that were written by a program."""
    images = list(page.get_images().values())
    if len(images) != 1 or not isinstance(images[0], pikepdf.Stream):
        return None
    width, height = page_size(page)
    dpi = _image_dpi(images[0], width, height)
    return images[0] if dpi >= 90 else None  # a letterhead logo is far from filling the page


def _image_dpi(image: pikepdf.Stream, width: float, height: float) -> float:
    across, down = int(image.get("/Width", 0)), int(image.get("/Height", 0))
    return max(min(across / width, down / height), min(across / height, down / width)) * 72


def _take_image(page: pikepdf.Page) -> Picture | None:
    """The image of a page that shows one JPEG or fax image upright from edge to edge and nothing else; else `None`.

    Saves a drawing (0.15 to 0.35 s of CPU) and a rescaling that would blur the letters.
    """
    image = picture_of(page)
    if image is None or page.obj.get("/Annots") or page.obj.get("/UserUnit") or not _fills_page(page):
        return None
    across, down = int(image.Width), int(image.Height)
    if across * down > PIXEL_LIMIT or any(key in image for key in ("/Decode", "/SMask", "/Mask", "/ImageMask")):
        return None
    try:
        decoded = _decode(image)
    except Exception:  # what this cannot decode, Poppler may
        return None
    if decoded is None or decoded.size != (across, down):
        return None
    width, height = page_size(page)
    picture = fit_resolution(np.array(decoded), across / width * 72, down / height * 72)
    if picture.dpi > MOST_DPI:
        picture = scale_to(picture, READING_DPI)
    turn = int(page.obj.get("/Rotate", 0)) % 360
    return Picture(np.ascontiguousarray(np.rot90(picture.pixels, -turn // 90)), picture.dpi) if turn else picture


def _decode(image: pikepdf.Stream) -> Image.Image | None:
    """The pixels of an image in plain grey, RGB or black and white; `None` for what needs more than decoding."""
    kind, colours = image.get("/Filter"), image.get("/ColorSpace")
    if isinstance(kind, pikepdf.Array):
        kind = kind[0] if len(kind) == 1 else None
    if kind == pikepdf.Name.DCTDecode and not isinstance(colours, pikepdf.Array):
        decoded = Image.open(io.BytesIO(image.read_raw_bytes()), formats=("JPEG",))
        mode = {"/DeviceGray": "L", "/DeviceRGB": "RGB"}.get(str(colours))
        return decoded if decoded.mode == mode else None
    if kind == pikepdf.Name.CCITTFaxDecode and colours == pikepdf.Name.DeviceGray:
        return pikepdf.PdfImage(image).as_pil_image().convert("L")
    return None


def is_drawn_white_by_mistake(scan: OpenedScan, number: int) -> bool:
    """Whether a page that came out white is one image that cannot be decoded: Poppler says nothing and leaves paper."""
    if scan.media_type != "application/pdf":  # an empty page of a Word file is one: its pictures were decoded by us
        return False
    try:
        return box.call(holds_broken_image, scan.path, number=number)[0] is not False
    except (box.Said, box.Broke):
        return True


def holds_broken_image(file: BinaryIO, number: int) -> tuple[bool, bytes]:
    """In the box: whether the one image of a page cannot be decoded."""
    with pikepdf.open(file) as pdf:
        image = picture_of(pdf.pages[number - 1])
        try:
            decoded = image is not None and _decode(image)
            if decoded:
                decoded.load()
        except Exception:
            return True, b""
    return False, b""


def _fills_page(page: pikepdf.Page) -> bool:
    """Whether all that is drawn is one image, neither turned nor mirrored, over the whole visible page."""
    drawn = 0
    scale = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    for instruction in pikepdf.parse_content_stream(page):
        operator = str(instruction.operator)
        if operator == "cm":
            values = [float(value) for value in instruction.operands]
            if scale != [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]:
                return False
            scale = values
        elif operator == "Do":
            drawn += 1
        elif operator not in ("q", "Q"):
            return False
    left, bottom, right, top = (float(side) for side in page.cropbox.as_list())
    across, lean, slant, down, x, y = scale
    edges = (x - left, y - bottom, x + across - right, y + down - top)
    return drawn == 1 and lean == slant == 0 and max(abs(edge) for edge in edges) < 1.5


def _draw_pdf_page(file: BinaryIO, number: int) -> Picture:
    with pikepdf.open(file) as pdf:
        page = pdf.pages[number - 1]
        picture = _take_image(page)
        if picture is not None:
            return picture
        dpi = max(1, round(page_resolution(page)))
    drawn = run_poppler("pdftoppm", file, "-r", str(dpi), "-f", str(number), "-l", str(number), "-cropbox", "-")
    # Poppler ends with success and no picture on pages that crash it: only the picture counts.
    with Image.open(io.BytesIO(drawn.said), formats=("PPM",)) as image:
        return Picture(np.asarray(image.convert("RGB")), float(dpi))


def run_poppler(program: str, file: BinaryIO, *options: str) -> running.Ended:
    """In the box: what a program of Poppler makes of a PDF that it gets on its standard input; once for a question."""
    file.seek(0)
    try:
        ended = running.run(program, *options, document=file.fileno(), cpu=DRAWING_SECONDS, seconds=RENDERING_SECONDS)
    except TimeoutError:
        raise box.Said("slow") from None
    if ended.code == running.NOT_THERE:
        raise box.Said("no-renderer")
    if ended.code == -signal.SIGXCPU:
        raise box.Said("slow")
    return ended
