"""One page of an opened file as a picture. One page at a time: memory does not grow with the file."""

from pathlib import Path

import numpy as np
import pikepdf
from pdf2image import convert_from_path
from pdf2image.exceptions import PDFPopplerTimeoutError, PopplerNotInstalledError

from oms.recognition.errors import PageNotRendered, RendererMissing, RenderingTimedOut
from oms.recognition.opening import OpenedScan
from oms.recognition.pictures import RASTER_LIMIT, Picture, load_frame

READING_DPI = 300
"""What Tesseract's Vietnamese model reads best; finer rasters cost time and read no better."""

LOWEST_DPI = 200
"""The least a scan may have (NĐ 30/2020 Phụ lục I); a scan made at 200 is not blown up by the renderer."""

RENDERING_SECONDS = 60
"""An ordinary page takes a fifth of a second; small hostile files run for minutes."""


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


def picture_of(page: pikepdf.Page) -> pikepdf.Object | None:
    """The one image a scanned page consists of; None for pages that were written by a program."""
    images = list(page.get_images().values())
    if len(images) != 1:
        return None
    width, height = page_size(page)
    dpi = _image_dpi(images[0], width, height)
    return images[0] if dpi >= 90 else None  # a letterhead logo is far from filling the page


def _image_dpi(image: pikepdf.Object, width: float, height: float) -> float:
    across, down = int(image.get("/Width", 0)), int(image.get("/Height", 0))
    return max(min(across / width, down / height), min(across / height, down / width)) * 72


def _render_pdf_page(scan: OpenedScan, number: int, folder: Path) -> Picture:
    try:
        with pikepdf.open(scan.path) as pdf:
            dpi = round(page_resolution(pdf.pages[number - 1]))
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
