"""One page of an opened file as a picture. One page at a time: memory does not grow with the file.

A PDF page that is nothing but one scanned image gives that image, as it is; anything else is drawn by Poppler.
"""

import io
from pathlib import Path

import numpy as np
import pikepdf
from pdf2image import convert_from_path
from pdf2image.exceptions import PDFPopplerTimeoutError, PopplerNotInstalledError
from PIL import Image

from oms.recognition.errors import PageNotRendered, RendererMissing, RenderingTimedOut
from oms.recognition.opening import OpenedScan
from oms.recognition.pictures import PIXEL_LIMIT, RASTER_LIMIT, Picture, fit_resolution, load_frame, scale_to

READING_DPI = 300
"""What Tesseract's Vietnamese model reads best; finer rasters cost time and read no better."""

LOWEST_DPI = 200
"""The least a scan may have (NĐ 30/2020 Phụ lục I); a scan made at 200 is not blown up by the renderer."""

RENDERING_SECONDS = 60
"""An ordinary page takes a fifth of a second; small hostile files run for minutes."""


MOST_DPI = 310
"""Images finer than this are made smaller before anything else: 300 and what scanners round it to."""


def page_image(scan: OpenedScan, number: int, folder: Path) -> Picture:
    """Page `number` (from 1) as the viewer would show it; `folder` takes temporary files. Raises `ReadingFailed`."""
    if scan.media_type == "application/pdf":
        return _render_pdf_page(scan, number, folder)
    try:
        return load_frame(scan.path, number)
    except Exception:  # the file was whole when it came; whatever fails now fails for this page
        raise PageNotRendered(scan.name, number) from None


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
    if scan.media_type != "application/pdf":
        return False
    with pikepdf.open(scan.path) as pdf:
        image = picture_of(pdf.pages[number - 1])
        try:
            decoded = image is not None and _decode(image)
            if decoded:
                decoded.load()
        except Exception:
            return True
    return False


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


def _render_pdf_page(scan: OpenedScan, number: int, folder: Path) -> Picture:
    try:
        with pikepdf.open(scan.path) as pdf:
            page = pdf.pages[number - 1]
            picture = _take_image(page)
            if picture is not None:
                return picture
            dpi = round(page_resolution(page))
        folder.mkdir(parents=True, exist_ok=True)
        images = convert_from_path(
            scan.path,
            dpi=max(1, dpi),
            first_page=number,
            last_page=number,
            use_cropbox=True,
            timeout=RENDERING_SECONDS,
        )
        if len(images) == 1:
            return Picture(np.array(images[0].convert("RGB")), float(dpi))
    except PopplerNotInstalledError:
        raise RendererMissing from None
    except PDFPopplerTimeoutError:
        raise RenderingTimedOut(scan.name, number, RENDERING_SECONDS) from None
    except Exception:  # pdf2image, Pillow and pikepdf each fail in their own ways on a bad page
        raise PageNotRendered(scan.name, number) from None
    # Poppler ends with success and no picture on pages that crash it: only the picture counts.
    raise PageNotRendered(scan.name, number)
