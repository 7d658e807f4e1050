"""Small pictures of pages, for lists."""

import io
from pathlib import Path

from PIL import Image

from oms.recognition.pictures import Picture, open_raster, resize

THUMBNAIL_WIDTH = 240
"""Pixels; two of them stand side by side on a telephone."""


def shrink(path: Path, width: int = THUMBNAIL_WIDTH) -> bytes:
    """The image as a JPEG `width` pixels wide; a JPEG is decoded at a fraction of its size, so this takes milliseconds."""
    out = io.BytesIO()
    with open_raster(path) as image:
        height = max(1, round(image.height * width / image.width))
        image.draft(image.mode, (width * 2, height * 2))
        image.convert("L" if image.mode in ("1", "L") else "RGB").resize(
            (width, height), Image.Resampling.BILINEAR
        ).save(out, "JPEG", quality=70)
    return out.getvalue()


def shrink_picture(picture: Picture, width: int = THUMBNAIL_WIDTH) -> bytes:
    """A page in memory as a small JPEG."""
    size = (width, max(1, round(picture.height * width / picture.width)))
    out = io.BytesIO()
    Image.fromarray(resize(picture.pixels, size)).save(out, "JPEG", quality=60)
    return out.getvalue()
