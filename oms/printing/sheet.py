"""The paper all printed forms are made of: A4 with the margins of NĐ 30/2020/NĐ-CP, a Times-like font and a footer.

The same content gives the same bytes. The foot of every page says which paper it is, which page of how many, who
printed it when and for what, and the check code of the list it belongs to. Knows no database and no request.
"""

import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any
from xml.sax.saxutils import escape

import segno
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepTogether, PageTemplate, Paragraph, Spacer, Table

from oms.specimens.fonts import find_family

# NĐ 30/2020/NĐ-CP, Phụ lục I: left 30–35 mm, right 15–20 mm, above and below 20–25 mm.
LEFT, RIGHT, TOP, BOTTOM = 30 * mm, 15 * mm, 20 * mm, 20 * mm
WIDTH = A4[0] - LEFT - RIGHT
# A bound register is turned on its side: the margin to the binding stays the wide one.
WIDE = A4[1] - LEFT - RIGHT
REGULAR, BOLD, ITALIC, BOTH = "OMS-Serif", "OMS-Serif-Bold", "OMS-Serif-Italic", "OMS-Serif-BoldItalic"
DOTS = "…………………"
_ALIGN: dict[str, Any] = {"left": TA_LEFT, "center": TA_CENTER, "right": TA_RIGHT, "justify": TA_JUSTIFY}


@dataclass(frozen=True)
class Imprint:
    """What the foot of each page says: the number of the paper, who printed it, when (local time) and for what.

    `address` is what the QR code opens; `times` how often the paper was printed so far, this time included.
    """

    number: str
    printed_by: str
    printed_at: datetime
    purpose: str = ""
    request: str = ""
    check_code: str = ""
    address: str = ""
    times: int = 1


@cache
def add_fonts() -> None:
    """Make the font family known to reportlab, once for the process; `Unavailable` when there is none."""
    for name, path in zip((REGULAR, BOLD, ITALIC, BOTH), find_family().files, strict=True):
        pdfmetrics.registerFont(TTFont(name, str(path)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=ITALIC, boldItalic=BOTH)


def plain(text: object) -> str:
    """A value as it may stand in marked-up text: composed letters, no markup, no control characters."""
    composed = unicodedata.normalize("NFC", str(text))
    return escape("".join(sign for sign in composed if sign.isprintable() or sign == "\n")).replace("\n", "<br/>")


def or_dots(text: object, dots: str = DOTS) -> str:
    """A value, or the dots on which it is written by hand."""
    return plain(text) if text not in (None, "") else dots


@cache
def style(
    size: float = 13, align: str = "left", above: float = 0, below: float = 0, indent: float = 0
) -> ParagraphStyle:
    """A style of running text; sizes in points."""
    add_fonts()
    return ParagraphStyle(
        f"text-{size}-{align}-{above}-{below}-{indent}",
        fontName=REGULAR,
        fontSize=size,
        leading=size * 1.22,
        alignment=_ALIGN[align],
        spaceBefore=above,
        spaceAfter=below,
        firstLineIndent=indent,
    )


def line(text: str, size: float = 13, align: str = "left", above: float = 0, below: float = 3) -> Paragraph:
    """A paragraph of marked-up text (`plain` what comes from people)."""
    return Paragraph(text, style(size, align, above, below))


def running(text: str) -> Paragraph:
    """A paragraph as decisions and minutes have it: justified, the first line set in by 10 mm."""
    return Paragraph(text, style(13, "justify", 0, 5, 10 * mm))


def entry(label: str, value: object, *, bold: bool = False) -> Paragraph:
    """“Label: value”, with dots to write on where the value is not known."""
    shown = or_dots(value, DOTS * 2)
    return line(f"{plain(label)}: {f'<b>{shown}</b>' if bold else shown}", below=4)


def space(height: float) -> Spacer:
    """Empty space in millimetres."""
    return Spacer(1, height * mm)


@dataclass(frozen=True)
class Column:
    """A column of a table: heading, width in millimetres, and how its cells stand."""

    heading: str
    width: float
    align: str = "left"


@dataclass(frozen=True)
class Group:
    """A heading across all columns of a table."""

    title: str


def table(
    columns: Sequence[Column], rows: Sequence[Sequence[object] | Group], *, size: float = 11, height: float = 0
) -> Table:
    """A ruled table whose head stands again on every page; `height` (mm) leaves rows to write on by hand."""
    head = [Paragraph(f"<b>{plain(column.heading)}</b>", style(size, "center")) for column in columns]
    body: list[list[Any]] = []
    marks: list[tuple[Any, ...]] = []
    for place, row in enumerate(rows, 1):
        if isinstance(row, Group):
            body.append([Paragraph(f"<b>{plain(row.title)}</b>", style(size))] + [""] * (len(columns) - 1))
            marks += [("SPAN", (0, place), (-1, place)), ("NOSPLIT", (0, place), (-1, min(place + 1, len(rows))))]
        else:
            cells = zip(columns, row, strict=True)
            body.append([Paragraph("" if cell is None else plain(cell), style(size, c.align)) for c, cell in cells])
    if height:
        marks.append(("BOTTOMPADDING", (0, 1), (-1, -1), height * mm))
    if not body:
        body.append([Paragraph("<i>(Không có)</i>", style(size, "center"))] + [""] * (len(columns) - 1))
        marks.append(("SPAN", (0, 1), (-1, 1)))
    drawn = Table([head, *body], colWidths=[column.width * mm for column in columns], repeatRows=1)
    drawn.spaceAfter = 4
    drawn.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.5, "black"),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("VALIGN", (0, 0), (-1, 0), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            *marks,
        ]
    )
    return drawn


@dataclass(frozen=True)
class Signer:
    """One block of a signature: in whose name or as what, the hint below, the name where it is known."""

    title: str
    hint: str = "(Ký, ghi rõ họ tên)"
    name: str = ""


def signatures(*signers: Signer, width: float = WIDTH, note: str = "") -> KeepTogether:
    """The blocks beside each other, never alone on a page of their own without the line before."""
    columns = [[line(f"<b>{plain(signer.title)}</b>", 13, "center")] for signer in signers]
    for column, signer in zip(columns, signers, strict=True):
        column += [line(f"<i>{plain(signer.hint)}</i>", 12, "center"), Spacer(1, 22 * mm)]  # type: ignore[list-item]
        column.append(line(f"<b>{plain(signer.name)}</b>", 13, "center"))
    drawn = Table(
        [columns], colWidths=[width / len(signers)] * len(signers), style=[("VALIGN", (0, 0), (-1, -1), "TOP")]
    )
    before = [line(f"<i>{plain(note)}</i>", 13, "right", 6)] if note else []
    return KeepTogether([Spacer(1, 6 * mm), *before, drawn])


class Rule(Flowable):
    """A short line in the middle of its column, `length` in points."""

    def __init__(self, length: float, above: float = 2, below: float = 4) -> None:
        """Prepare the line; draws nothing yet."""
        super().__init__()
        self.length, self.below, self.height = length, below, above + below

    def wrap(self, available: float, _height: float) -> tuple[float, float]:
        """Take the whole width of the column."""
        self.width = available
        return available, self.height

    def draw(self) -> None:
        """Draw it in the middle."""
        start = (self.width - self.length) / 2
        self.canv.setLineWidth(0.7)
        self.canv.line(start, self.below, start + self.length, self.below)


class Code(Flowable):
    """A QR code of an address, `size` in points, drawn as squares: it stays sharp at any size."""

    def __init__(self, address: str, size: float, *, error: str = "m") -> None:
        """Prepare the code; draws nothing yet. `error` is how much of it may be spoilt: l, m, q or h."""
        super().__init__()
        self.rows = [bytes(row) for row in segno.make(address, error=error, micro=False).matrix]
        self.width = self.height = size

    def draw(self) -> None:
        """Draw the dark squares, a run of them as one."""
        side = self.width / len(self.rows)
        for place, row in enumerate(self.rows):
            start = None
            for column, dark in enumerate([*row, 0]):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    top = self.height - (place + 1) * side
                    self.canv.rect(start * side, top, (column - start) * side, side, stroke=0, fill=1)
                    start = None


class _Numbered(Canvas):
    """A canvas that knows how many pages there are before it draws the foot of the first."""

    def __init__(self, *arguments: Any, imprint: Imprint | None, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._imprint = imprint
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            if self._imprint:
                self._draw_foot(self._imprint, number, len(self._pages))
            super().showPage()
        super().save()

    def _draw_foot(self, imprint: Imprint, number: int, pages: int) -> None:
        right, height = self._pagesize[0] - RIGHT, 13 * mm  # type: ignore[attr-defined]
        self.setLineWidth(0.4)
        self.line(LEFT, height + 11, right, height + 11)
        times = f"In lần {imprint.times}" if imprint.times > 1 else ""
        code = f"Mã kiểm tra: {imprint.check_code}" if imprint.check_code else ""
        who = f"Người in: {imprint.printed_by}"
        purpose = f"Mục đích: {imprint.purpose}" if imprint.purpose else ""
        request = f"Yêu cầu số: {imprint.request}" if imprint.request else ""
        for row, parts in enumerate(
            ((imprint.number, times, code), (who, f"{imprint.printed_at:%d/%m/%Y %H:%M}", purpose, request))
        ):
            text = unicodedata.normalize("NFC", " · ".join(part for part in parts if part))
            self.setFont(REGULAR, 8.5)
            room = right - LEFT - 24 * mm
            while text and pdfmetrics.stringWidth(text, REGULAR, 8.5) > room:
                text = text[:-2].rstrip() + "…"
            self.drawString(LEFT, height - row * 10.5, text)
        self.drawRightString(right, height, f"Trang {number}/{pages}")


def build(story: Sequence[Flowable], imprint: Imprint | None, *, title: str, wide: bool = False) -> bytes:
    """The PDF of a story on A4, upright or `wide`; deterministic."""
    add_fonts()
    size = landscape(A4) if wide else A4
    return build_on(size, (LEFT, RIGHT, TOP, BOTTOM), story, imprint, title)


def build_on(
    size: tuple[float, float],
    margins: tuple[float, float, float, float],
    story: Sequence[Flowable],
    imprint: Imprint | None,
    title: str,
) -> bytes:
    """The PDF of a story on paper of any size; margins left, right, above, below in points."""
    out = io.BytesIO()
    left, right, top, bottom = margins
    frame = Frame(left, bottom, size[0] - left - right, size[1] - top - bottom, 0, 0, 0, 0)
    document = BaseDocTemplate(
        out,
        pagesize=size,
        title=title,
        author="OMS",
        creator="OMS",
        lang="vi",
        invariant=1,
        pageTemplates=[PageTemplate("page", [frame])],
    )
    document.build(list(story), canvasmaker=partial(_Numbered, imprint=imprint))
    return out.getvalue()
