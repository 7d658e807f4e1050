"""The watermarked print of a protection file: its pages as pictures, each with the watermark burnt in and both names around it.

The mark is part of the picture, so it does not come off the paper or out of the file. Knows no database.
"""

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape

from PIL import Image, ImageDraw
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from oms.printing.sheet import BOLD, REGULAR, add_fonts
from oms.specimens.fonts import find_family

# Pixels of the longer side of a printed page: 150 dpi on A4, enough to read and too coarse for a second original.
LONGEST = 1754
MARK_SIZE, MARK_GREY, MARK_EVERY = 30, 150, 330
EDGE, HEAD, FOOT = 12 * mm, 24 * mm, 32 * mm
LAST_LINE = 6 * mm
"""Below it many printers print nothing."""


@dataclass(frozen=True)
class FilePrintHead:
    """What stands on every page: number in the register, file, who printed, with whom, when (local time), what for."""

    number: str
    file_number: str
    printed_by: str
    second: str
    printed_at: datetime
    purpose: str

    @property
    def mark(self) -> str:
        """The words of the watermark."""
        return f"BẢN IN {self.number} · {self.printed_by} – {self.second} · {self.printed_at:%d/%m/%Y %H:%M}"


def draw_file_print(head: FilePrintHead, pages: Iterator[tuple[str, Image.Image]], total: int) -> bytes:
    """The print as a PDF; `pages` are the title of the document and the upright picture of each page, one at a time."""
    add_fonts()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, lang="vi")
    canvas.setTitle(f"Bản in {head.number}")
    canvas.setAuthor("OMS")
    for number, (title, picture) in enumerate(pages, 1):
        _draw_words(canvas, head, title, number, total)
        _draw_picture(canvas, burn(picture, head.mark))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw_words(canvas: Canvas, head: FilePrintHead, title: str, number: int, total: int) -> None:
    width, height = A4
    canvas.setFont(BOLD, 11)
    canvas.drawCentredString(
        width / 2, height - 12 * mm, "HỒ SƠ BẢO VỆ CHÍNH TRỊ NỘI BỘ – BẢN IN CÓ KIỂM SOÁT, KHÔNG SAO CHỤP"
    )
    canvas.setFont(REGULAR, 9)
    canvas.drawString(EDGE, height - 18 * mm, _fitting(canvas, f"{head.file_number} · {title}", width - 60 * mm))
    canvas.drawRightString(width - EDGE, height - 18 * mm, f"Số sổ in: {head.number}")
    _draw_foot(canvas, head, number, total)


def _draw_foot(canvas: Canvas, head: FilePrintHead, number: int, total: int) -> None:
    """Who, when and what for, whole: a long purpose is set smaller, never cut."""
    top, width = FOOT - 2 * mm, A4[0] - 2 * EDGE
    words = "<br/>".join(
        escape(unicodedata.normalize("NFC", line), quote=False)
        for line in (
            f"Trang {number}/{total} · Người in: {head.printed_by} · Cùng mở hồ sơ: {head.second}"
            f" · {head.printed_at:%d/%m/%Y %H:%M}",
            f"Mục đích: {head.purpose}",
        )
    )
    for size in (9, 8, 7, 6, 5):
        style = ParagraphStyle("foot", fontName=REGULAR, fontSize=size, leading=size * 1.25, splitLongWords=True)
        foot = Paragraph(words, style)
        _wide, high = foot.wrap(width, top)
        if high <= top - LAST_LINE:
            break
    foot.drawOn(canvas, EDGE, top - high)


def _fitting(canvas: Canvas, text: str, room: float) -> str:
    text = unicodedata.normalize("NFC", text)
    while text and canvas.stringWidth(text, REGULAR, 9) > room:
        text = text[:-2].rstrip() + "…"
    return text


def _draw_picture(canvas: Canvas, picture: bytes) -> None:
    reader = ImageReader(io.BytesIO(picture))
    wide, high = reader.getSize()
    room_x, room_y = A4[0] - 2 * EDGE, A4[1] - HEAD - FOOT
    scale = min(room_x / wide, room_y / high)
    left, below = (A4[0] - wide * scale) / 2, FOOT + (room_y - high * scale) / 2
    canvas.drawImage(reader, left, below, wide * scale, high * scale)
    canvas.setLineWidth(0.5)
    canvas.rect(left, below, wide * scale, high * scale)


def burn(picture: Image.Image, mark: str) -> bytes:
    """The picture as JPEG with the words across it, over and over."""
    page = picture.convert("RGB")
    page.thumbnail((LONGEST, LONGEST))
    font = find_family().font("bold", MARK_SIZE)
    side = int((page.width**2 + page.height**2) ** 0.5) + 1
    layer = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(layer)
    words = f"{unicodedata.normalize('NFC', mark)}     " * 4
    for row, top in enumerate(range(0, side, MARK_EVERY)):
        pen.text((-200 * (row % 3), top), words, font=font, fill=110)
    layer = layer.rotate(35)
    left, top = (side - page.width) // 2, (side - page.height) // 2
    grey = Image.new("RGB", page.size, (MARK_GREY,) * 3)
    page.paste(grey, (0, 0), layer.crop((left, top, left + page.width, top + page.height)))
    out = io.BytesIO()
    page.save(out, "JPEG", quality=80)
    return out.getvalue()
