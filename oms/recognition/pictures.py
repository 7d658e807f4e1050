"""Pictures in memory: arrays of 8-bit grey or RGB with their resolution. Knows no files but JPEG, PNG and TIFF.

Everything OpenCV does in this house runs in one thread: pages are read in parallel, one thread each.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin

cv2.setNumThreads(1)

Pixels = NDArray[Any]
"""Rows × columns of uint8 grey, or rows × columns × 3 of RGB."""

PIXEL_LIMIT = 200_000_000
"""Most pixels one image may declare: about 1.5 m² at 300 dpi, 600 MB in memory."""

RASTER_LIMIT = 80_000_000
"""Most pixels that are worked on; a larger page is read at a lower resolution."""

PAPER_LONG_SIDE = 11.69
"""Inches of the long side of A4, taken for paper whose image does not say its resolution."""

Image.preinit()  # the formats we take are at hand before a document comes; none is looked for then
assert TiffImagePlugin
Image.MAX_IMAGE_PIXELS = PIXEL_LIMIT  # Pillow's own alarm rings at the same limit, not at half of it


@dataclass(frozen=True)
class Picture:
    """One page as pixels (uint8, grey or RGB) at `dpi` dots per inch in both directions."""

    pixels: Pixels
    dpi: float

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])


Opening = Callable[[Any], AbstractContextManager[Image.Image]]
"""Opens a file of one kind or several, without decoding it."""


@contextmanager
def open_raster(file: Path | BinaryIO) -> Iterator[Image.Image]:
    """Open a JPEG, PNG or TIFF without decoding it; no other format of Pillow is ever tried."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # PIXEL_LIMIT is checked by the callers
        with Image.open(file, formats=("JPEG", "PNG", "TIFF")) as image:
            image.info.pop("comment", None)  # saved again, it would stand in every picture made from this one
            yield image


def load_frame(file: Path | BinaryIO, number: int, opening: Opening = open_raster) -> Picture:
    """Frame `number` (from 1) of a raster file, turned as its EXIF orientation says, square pixels, grey or RGB."""
    with opening(file) as image:
        image.seek(number - 1)
        across, down = _declared_resolution(image)
        upright = ImageOps.exif_transpose(image)
        if image.getexif().get(0x0112, 1) >= 5:  # a quarter turn swaps the two resolutions
            across, down = down, across
        pixels = _as_pixels(upright)
    return fit_resolution(pixels, across, down)


def fit_resolution(pixels: Pixels, across: float, down: float) -> Picture:
    """Pixels made square and at most RASTER_LIMIT; a resolution that makes no sheet of paper is guessed as A4."""
    height, width = pixels.shape[:2]
    if not (_is_sheet(width / across if across else 0) and _is_sheet(height / down if down else 0)):
        across = down = max(width, height) / PAPER_LONG_SIDE
    dpi = min(across, down) if max(across, down) < 1.05 * min(across, down) else max(across, down)
    size = (round(width * dpi / across), round(height * dpi / down))
    shrink = min(1.0, (RASTER_LIMIT / (size[0] * size[1])) ** 0.5)
    size = (max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink)))
    if size != (width, height):
        pixels = resize(pixels, size)
    return Picture(pixels, dpi * shrink)


def scale_to(picture: Picture, dpi: float) -> Picture:
    """The same page at another resolution."""
    factor = dpi / picture.dpi
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return Picture(resize(picture.pixels, size), dpi)


def resize(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Pixels at `size` (width, height): averaged when shrinking, cubic when growing."""
    method = cv2.INTER_AREA if size[0] < pixels.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(pixels, size, interpolation=method)


def has_colour(pixels: Pixels) -> bool:
    """Whether the page shows coloured ink; the tint of old paper, which colours everything, does not count."""
    if pixels.ndim == 2:
        return False
    step = max(1, min(pixels.shape[:2]) // 800)
    small = cv2.resize(pixels[::step, ::step], (200, 200), interpolation=cv2.INTER_AREA).astype(np.float32)
    tint = np.maximum(np.median(small.reshape(-1, 3), axis=0), 1)
    spread = np.ptp(np.clip(small * (255 / tint), 0, 255), axis=2)
    return bool((spread > 40).mean() > 0.0005)


def is_grey(pixels: Pixels) -> bool:
    """Whether nothing is lost when the page is kept in grey: no coloured ink and no coloured paper."""
    if pixels.ndim == 2:
        return True
    paper = np.median(pixels[::16, ::16].reshape(-1, 3), axis=0)
    return bool(np.ptp(paper) < 6) and not has_colour(pixels)


def has_two_tones(pixels: Pixels) -> bool:
    """Whether a page was scanned in black and white without grey; to be asked before it is turned or scaled."""
    sample = pixels[::5, ::5]
    return bool(((sample > 32) & (sample < 223)).mean() < 0.001)


def _is_sheet(inches: float) -> bool:
    return 1.5 <= inches <= 60


def _declared_resolution(image: Image.Image) -> tuple[float, float]:
    """Dots per inch across and down as the file says; 72 and less is what cameras write who know nothing."""
    try:
        across, down = (float(value) for value in image.info.get("dpi", (0, 0)))
    except (TypeError, ValueError, ZeroDivisionError):
        return 0.0, 0.0
    if not (72 < across < 2400 and 72 < down < 2400):
        return 0.0, 0.0
    return across, down


def _as_pixels(image: Image.Image) -> Pixels:
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits of grey
        values = np.asarray(image, dtype=np.float32)
        top = 65535.0 if values.max(initial=0) > 255 else 255.0
        return (values * (255.0 / top)).clip(0, 255).astype(np.uint8)
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"))
    if "A" in image.getbands() or "transparency" in image.info:  # what shows through is paper
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    return np.array(image.convert("RGB"))
