"""The searchable PDF: each page its picture with the words, invisible, exactly over their images.

Only pixels that were encoded anew and plain text go in; nothing of a received PDF is copied.
"""

import statistics
import tempfile
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

from oms.recognition.glyphless import ADVANCE, DESCENT, EM, add_font, encode
from oms.recognition.pages import Word
from oms.recognition.pictures import Picture
from oms.recognition.screen import screen_picture, write_screen

_LEAST_GAP = 0.25
"""Space between two words as a part of the letter size: less, and programs copy them as one word."""

_BATCH = 100
"""Files open at once while pages are joined; systems commonly allow 1,024."""


def write_layer(picture: Picture, words: Sequence[Word], words_dpi: float, out: Path) -> Path:
    """One PDF page: the picture, and `words` (boxes in pixels at `words_dpi`) as invisible text over it."""
    screen = screen_picture(picture)
    image = write_screen(screen, out.with_suffix(".layer.jpg"))
    width, height, dpi = screen.width, screen.height, words_dpi
    with Image.open(image, formats=("JPEG",)) as jpeg:
        colours = Name.DeviceGray if jpeg.mode == "L" else Name.DeviceRGB
    scale = 72 / dpi
    pdf = pikepdf.new()
    photo = pikepdf.Stream(
        pdf,
        image.read_bytes(),
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=width,
        Height=height,
        ColorSpace=colours,
        BitsPerComponent=8,
        Filter=Name.DCTDecode,
    )
    resources = Dictionary(XObject=Dictionary(Page=photo), Font=Dictionary(Text=add_font(pdf)))
    drawing = f"q {width * scale:.3f} 0 0 {height * scale:.3f} 0 0 cm /Page Do Q\n".encode("ascii")
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(width * scale, 3), round(height * scale, 3)]),
        Resources=resources,
        Contents=pikepdf.Stream(pdf, drawing + _draw_words(words, scale, height)),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    pdf.save(out, deterministic_id=True)
    image.unlink()
    return out


def write_pdf(layers: Sequence[Path], out: Path) -> None:
    """Join one-page layers into one searchable PDF; the same layers always give the same bytes."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".join-") as folder:
        parts = list(layers)
        while len(parts) > _BATCH:
            parts = [
                _join(parts[start : start + _BATCH], Path(folder) / f"{len(parts)}-{start}.pdf")
                for start in range(0, len(parts), _BATCH)
            ]
        _join(parts, out)


def _join(parts: Sequence[Path], out: Path) -> Path:
    joined = pikepdf.new()
    sources = [pikepdf.open(part) for part in parts]
    try:
        for source in sources:
            joined.pages.extend(source.pages)
        font = add_font(joined)
        for page in joined.pages:  # each layer brought the same font; one is enough
            page.obj.Resources.Font = Dictionary(Text=font)
        joined.Root.Lang = pikepdf.String("vi-VN")
        joined.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    finally:
        for source in sources:
            source.close()
    return out


def _draw_words(words: Sequence[Word], scale: float, height: int) -> bytes:
    """Text operators (mode 3: invisible), line by line; a real space follows each word but the last of a line."""
    drawn = ["BT 3 Tr"]
    for _, group in groupby(words, key=lambda word: word.line):
        line = list(group)
        size = max(1.0, statistics.median(word.height for word in line) * scale)
        bottom = statistics.median(word.top + word.height for word in line)
        base = (height - bottom) * scale - size * DESCENT / EM / 2  # not every word has a descender
        drawn.append(f"/Text {size:.2f} Tf")
        for word, following in zip(line, [*line[1:], None], strict=True):
            left, right = word.left * scale, (word.left + word.width) * scale
            space = ""
            if following:
                limit = following.left * scale - _LEAST_GAP * size
                if left < limit < right:
                    right = limit
                space = " "
            natural = len(encode(word.text)) / 2 * size * ADVANCE / EM
            stretch = max(1.0, 100 * (right - left) / natural)
            codes = encode(word.text + space).hex().upper()
            drawn.append(f"{stretch:.2f} Tz 1 0 0 1 {left:.2f} {base:.2f} Tm <{codes}> Tj")
    return "\n".join([*drawn, "ET"]).encode("ascii")
