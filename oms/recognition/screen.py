"""The picture of a page for the screen: what people look at beside the text while they check it."""

from pathlib import Path

import cv2
from PIL import Image

from oms.recognition.pictures import Picture, is_grey, scale_to

SCREEN_DPI = 200
"""Resolution of the page image for the screen: the least that counts as a copy (NĐ 30/2020 Phụ lục I)."""

SCREEN_QUALITY = 80
"""JPEG quality at which letters of 10 points and seals show no blocks."""


def screen_picture(picture: Picture) -> Picture:
    """The page at the resolution of the screen; never enlarged."""
    return picture if picture.dpi <= SCREEN_DPI else scale_to(picture, SCREEN_DPI)


def write_screen(picture: Picture, path: Path) -> Path:
    """The page as a JPEG without any data about the scanner or camera; grey pages are kept in grey.

    Each row of blocks stands apart, with the common tables of codes: 4 % more bytes, and a mark for whoever looks at the
    page is written into a few rows without the others being decoded (`hidden_marks`).
    """
    pixels = picture.pixels
    if pixels.ndim == 3 and is_grey(pixels):
        pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    dpi = round(picture.dpi)
    Image.fromarray(pixels).save(path, "JPEG", quality=SCREEN_QUALITY, restart_marker_rows=1, dpi=(dpi, dpi))
    return path
