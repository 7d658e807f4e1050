"""Writes into the pixels of a page image who looks at it, when, and by which request.

The words run across the whole page, dense enough that no line of text can be cut out without them, and light enough
that the text under them stays readable. Knows no accounts: it draws the lines it is given.
"""

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw

from oms.recognition.hidden_marks import Pattern, hide_in
from oms.recognition.pictures import open_raster
from oms.specimens.fonts import find_family

LONGEST_SIDE = 2000
"""Pixels: A4 at 170 dpi, enough to read every word and too little for a print that passes as the original."""

ANGLE = 30
"""Degrees by which the words rise; no line of print runs that way."""

INK = (24, 60, 140)
STRENGTH = 72
"""Of 255: at 72 the words are read at a glance, and black print under them keeps two thirds of its contrast."""

QUALITY = 82
"""Of the JPEG."""


def mark(path: Path, lines: Sequence[str], hidden: Pattern | None = None) -> bytes:
    """The page as a JPEG with `lines` across it again and again, and a hidden pattern for who cuts or paints them out."""
    with open_raster(path) as image:
        whole = image.size
        if max(image.size) > LONGEST_SIDE:
            image.draft(image.mode, (LONGEST_SIDE, LONGEST_SIDE))
        page = image.convert("RGB")
    page.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    page.paste(INK, (0, 0), _mask(page.size, tuple(lines)))
    if hidden is not None:
        page = hide_in(page, hidden, whole)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def bind(pages: Sequence[bytes]) -> bytes:
    """JPEG pages as one PDF of images, each on its own sheet of A4 height."""
    pictures = [Image.open(io.BytesIO(page)) for page in pages]
    out = io.BytesIO()
    pictures[0].save(out, "PDF", resolution=pictures[0].height / 11.69, save_all=True, append_images=pictures[1:])
    return out.getvalue()


@lru_cache(maxsize=4)
def _mask(size: tuple[int, int], lines: tuple[str, ...]) -> Image.Image:
    """Where the ink goes, and how strong: 0 nowhere, STRENGTH on the letters."""
    block = _block(lines, max(16, min(size) // 44))
    side = int((size[0] ** 2 + size[1] ** 2) ** 0.5) + 1
    sheet = Image.new("L", (side, side), 0)
    across, down = block.width + block.height, round(block.height * 2.1)
    for row, top in enumerate(range(-block.height, side, down)):
        # Every second row is moved by half a block: no column of the page stays free.
        for left in range(-(across // 2) * (row % 2) - across, side, across):
            sheet.paste(block, (left, top))
    turned = sheet.rotate(ANGLE, Image.Resampling.BILINEAR)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


def _block(lines: Sequence[str], height: int) -> Image.Image:
    """The lines once, horizontal, letters `height` pixels high."""
    font = find_family().font("bold", height)
    step = round(height * 1.35)
    width = max((int(font.getlength(line)) for line in lines), default=1) + 2
    block = Image.new("L", (max(1, width), step * max(1, len(lines))), 0)
    pen = ImageDraw.Draw(block)
    for place, line in enumerate(lines):
        pen.text((0, place * step), line, font=font, fill=STRENGTH)
    return block
