"""A strip of a page image: the line around one word, cut out when it is looked at, kept nowhere."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from oms.recognition.pages import Word
from oms.recognition.pictures import open_raster

STRIP_SHARE = 0.45
"""Of the width of the page at most: read on a telephone, a whole line would be a hair."""
STRIP_WIDTH = 720
"""Pixels a strip is shown with at most."""
_MARK = (12, 92, 99)


def cut_line(path: Path, words: Sequence[Word], number: int) -> bytes:
    """The line of word `number` as a JPEG, the word underlined; `IndexError` when there is no such word."""
    word = words[number]
    line = [other for other in words if other.line == word.line]
    pad = max(8, word.height // 2)
    top = max(0, min(other.top for other in line) - pad)
    bottom = max(other.top + other.height for other in line) + pad
    out = io.BytesIO()
    with open_raster(path) as image:
        whole = image.size
        room = max(int(whole[0] * STRIP_SHARE), word.width + 2 * pad)
        middle = word.left + word.width // 2
        left = max(0, min(middle - room // 2, whole[0] - room))
        image.draft(image.mode, (int(whole[0] * STRIP_WIDTH / room), 1))
        scale = image.width / whole[0]
        box = (left, top, min(left + room, whole[0]), min(bottom, whole[1]))
        edges = [round(side * scale) for side in box]
        strip = image.crop((edges[0], edges[1], edges[2], edges[3])).convert("RGB")
    below = round((word.top + word.height + pad // 3 - top) * scale)
    ends = [(round((side - left) * scale), below) for side in (word.left, word.left + word.width)]
    ImageDraw.Draw(strip).line(ends, fill=_MARK, width=max(2, round(4 * scale)))
    if strip.width > STRIP_WIDTH:
        strip = strip.resize((STRIP_WIDTH, round(strip.height * STRIP_WIDTH / strip.width)), Image.Resampling.BILINEAR)
    strip.save(out, "JPEG", quality=75)
    return out.getvalue()
