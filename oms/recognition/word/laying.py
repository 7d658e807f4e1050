"""Blocks laid out on A4 pages: a PDF of ours, and where pictures stand on it. Runs in the box.

The pages do not break where Word breaks them, and nobody claims so: the foot of each says whose layout it is.
"""

import html
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from PIL import Image as Pillow
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT, TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    Image,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Spacer,
)
from reportlab.platypus import Paragraph as Laid
from reportlab.platypus import Table as Ruled
from reportlab.platypus.doctemplate import LayoutError

from oms import box
from oms.recognition.pictures import PIXEL_LIMIT, open_raster
from oms.recognition.word.blocks import Block, Document, Look, NewPage, Paragraph, Run, Section, Shown, Table
from oms.recognition.word.content import PAGE_NUMBER
from oms.recognition.word.package import Package

MOST_PAGES = 500
"""Pages of ours: a longer text is no paper of a dossier."""

_NAME = "Word"
_FONTS = (_NAME, f"{_NAME}-Bold", f"{_NAME}-Italic", f"{_NAME}-BoldItalic")
_ALIGN: dict[str, Any] = {"left": TA_LEFT, "center": TA_CENTER, "right": TA_RIGHT, "justify": TA_JUSTIFY}
_MOST_PICTURES, _PICTURE_DPI = 1_000, 300
_LEGIBLE = 20.0
"""Points a picture is wide and high at least for its letters to be read on the page."""
_MOST_COLUMNS = 200
"""Of a table laid out as one; a wider one is laid out cell under cell."""
_LONGEST_TEXT = 20_000
"""Characters laid out as one paragraph: the time it takes grows faster than they do."""

OURS = "Bố cục do OMS dựng lại từ tệp Word; bản gốc tải về được."
_BESIDES = "Trong tệp Word còn có, không thuộc nội dung văn bản:"
_NOTES = "Chú thích"
FOOT = 14.0
"""Points at the foot of each page that are ours: no text of the document stands there."""


@dataclass
class Pages:
    """What came of it: the PDF, how many pages, and part, page and box (points from the upper left) of each picture,
    and which parts stand somewhere uncut and large enough to be read."""

    pdf: bytes = b""
    count: int = 0
    pictures: list[tuple[str, int, float, float, float, float]] = field(default_factory=list)
    whole: set[str] = field(default_factory=set)


def add_fonts(files: Sequence[str]) -> None:
    """Make four font files known: regular, bold, italic, both."""
    for name, path in zip(_FONTS, files, strict=True):
        pdfmetrics.registerFont(TTFont(name, path))
    pdfmetrics.registerFontFamily(_NAME, *_FONTS)


def lay_out(document: Document, package: Package) -> Pages:
    """The document on pages; a table that fits no page is laid out cell under cell."""
    for flat in (False, True):
        try:
            return _Layout(package, flat=flat).lay(document)
        except LayoutError:
            continue
    raise box.Said("unshown")


class _Layout:
    """One attempt to lay a document out."""

    def __init__(self, package: Package, *, flat: bool) -> None:
        self._package, self._flat = package, flat
        self._made = Pages()
        self._shown = 0
        self._decoded: dict[tuple[Shown, int], io.BytesIO] = {}

    def lay(self, document: Document) -> Pages:
        out = io.BytesIO()
        template = BaseDocTemplate(out, pagesize=A4, invariant=1, pageCompression=1, title="", author="")
        flow: list[Flowable] = []
        for place, section in enumerate(document.sections):
            kinds = self._templates(section, place)
            template.addPageTemplates(kinds)
            if place:
                flow += [NextPageTemplate(str(kinds[0].id)), PageBreak()]
            if len(kinds) > 1:
                flow.append(NextPageTemplate(str(kinds[1].id)))
            flow += self._flow(section.blocks, _frame_of(section)[2], top=True)
        last = document.sections[-1]
        width = _frame_of(last)[2]
        if document.notes:
            flow += [Spacer(1, 14), _plain(_NOTES, bold=True), *self._flow(document.notes, width)]
        if document.besides:
            flow += [PageBreak(), _plain(_BESIDES, bold=True)]
            for kind, texts in document.besides:  # each on a line of its own: a level is one that stands alone
                flow.append(_plain(kind))
                flow += self._flow([Paragraph((Run(text),), below=6) for text in texts], width)
        template.build(flow or [Spacer(1, 1)])
        self._made.pdf, self._made.count = out.getvalue(), template.page
        return self._made

    def _templates(self, section: Section, place: int) -> list[PageTemplate]:
        """The page of a section, and where it begins otherwise, its first page before."""
        size = landscape(A4) if section.wide else A4
        left, bottom, width, height = _frame_of(section)
        kinds = ["first", "default"] if section.has_title else ["default"]
        made = []
        for kind in kinds:
            even = "even" if section.has_even and kind == "default" else kind
            sides = [tuple(said.get(each, ()) for said in (section.heads, section.feet)) for each in (kind, even)]
            up, down = (max(_height(self._flow(side[end], width), width) for side in sides) for end in (0, 1))
            top = min(bottom + height, size[1] - section.head_at - up - 6 if up else size[1])
            base = max(bottom, section.foot_at + down + 6 if down else 0)
            if top - base < 120:  # heads and feet that leave no room are no heads and feet
                raise box.Said("unshown")
            heads, feet = ([side[end] for side in sides] for end in (0, 1))
            head = partial(self._draw_head, heads, left, size[1] - section.head_at, width)
            foot = partial(self._draw_foot, feet, left, section.foot_at, width)
            frame = Frame(left, base, width, top - base, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
            made.append(PageTemplate(f"{place}-{kind}", [frame], onPage=head, onPageEnd=foot, pagesize=size))
        return made

    def _draw_head(
        self, sides: Sequence[Sequence[Block]], left: float, top: float, width: float, canvas: Canvas, document: Any
    ) -> None:
        if document.page > MOST_PAGES:
            raise box.Said("pages", pages=document.page)
        _draw(self._flow(sides[(document.page + 1) % 2], width, page=document.page), canvas, left, top, width)

    def _draw_foot(
        self, sides: Sequence[Sequence[Block]], left: float, bottom: float, width: float, canvas: Canvas, document: Any
    ) -> None:
        """The foot of the document, and whose layout it is."""
        flow = self._flow(sides[(document.page + 1) % 2], width, page=document.page)
        _draw(flow, canvas, left, bottom + _height(flow, width), width)
        canvas.setFont(_NAME, 6.5)
        canvas.setFillGray(0.45)
        canvas.drawString(left, 5, OURS)
        canvas.setFillGray(0)

    def _flow(self, blocks: Sequence[Block], width: float, *, page: int = 0, top: bool = False) -> list[Flowable]:
        flow: list[Flowable] = []
        for block in blocks:
            if isinstance(block, NewPage):
                flow.append(PageBreak() if top else Spacer(1, 6))
            elif isinstance(block, Table):
                flow += self._table(block, width, page)
            else:
                if block.new_page and top and flow:
                    flow.append(PageBreak())
                flow += self._paragraph(block, width, page)
        return flow

    def _paragraph(self, block: Paragraph, width: float, page: int) -> Iterator[Flowable]:
        """Text and pictures of a paragraph, one after the other."""
        text, label, largest = list[Run](), block.label, 0
        for piece in [*block.pieces, None]:
            if isinstance(piece, Run):
                text.append(piece)
                continue
            if text or label or (piece is None and not largest):
                yield from _set(block, text, label, page, width)
                text, label = [], ""
            if isinstance(piece, Shown):
                largest += 1
                yield self._picture(piece, block, width)

    def _picture(self, shown: Shown, block: Paragraph, width: float) -> Flowable:
        self._shown += 1
        if self._shown > _MOST_PICTURES:
            raise box.Said("long")
        assert shown.part is not None
        across, down = shown.width, shown.height
        if min(across, down) < 1:
            across, down = self._size(shown.part)
        fit = min(1.0, (width - 1) / across, (A4[0] if width > A4[0] else A4[1] - 160) / down)
        across, down = max(4.0, across * fit), max(4.0, down * fit)
        key = shown, round(across)
        if key not in self._decoded:
            self._decoded[key] = _decode(self._package.take(shown.part), shown, across)
        made = _Placed(self._decoded[key], across, down, partial(self._note, shown))
        made.hAlign = "CENTER" if block.align == "center" else "RIGHT" if block.align == "right" else "LEFT"
        return made

    def _size(self, part: str) -> tuple[float, float]:
        with open_raster(io.BytesIO(self._package.take(part))) as image:
            return image.width * 72 / 150, image.height * 72 / 150

    def _note(self, shown: Shown, canvas: Canvas, width: float, height: float) -> None:
        assert shown.part is not None
        if not any(shown.cut) and min(width, height) >= _LEGIBLE:
            self._made.whole.add(shown.part.lower())
        left, bottom = canvas.absolutePosition(0, 0)
        page = canvas.getPageNumber()
        above = float(canvas._pagesize[1]) - bottom - height  # type: ignore[attr-defined]
        self._made.pictures.append((shown.part, page, left, above, width, height))

    def _table(self, table: Table, width: float, page: int) -> Iterator[Flowable]:
        columns = max((sum(cell.span for cell in row) for row in table.rows), default=0)
        if not columns:
            return  # no cell at all
        if self._flat or columns > _MOST_COLUMNS:
            for row in table.rows:
                for cell in row:
                    yield from self._flow(cell.blocks, width, page=page)
            return
        widths = _widths(table, columns, width)
        rows, marks = _grid(table, columns)
        laid: list[list[Any]] = []
        for row in rows:
            line: list[Any] = []
            for at, cell in enumerate(row):
                inner = sum(widths[at : at + cell.span]) - 2 * _PADDING if cell is not None else 0
                line.append(self._flow(cell.blocks, max(inner, 8), page=page) if cell is not None else "")
            laid.append(line)
        made = Ruled(
            laid,
            colWidths=widths,
            repeatRows=min(table.heads, len(laid) - 1),
            splitByRow=1,
            splitInRow=1,
            hAlign="LEFT",
        )
        made.setStyle([*_PLAIN, *marks])
        yield made


_PADDING = 4.0
_PLAIN: list[tuple[Any, ...]] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
    ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
    ("TOPPADDING", (0, 0), (-1, -1), 1),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
]


def _grid(table: Table, columns: int) -> tuple[list[list[Any]], list[tuple[Any, ...]]]:
    """The cells by row and column (None where another one lies over the place), with spans and rules."""
    rows: list[list[Any]] = []
    marks: list[tuple[Any, ...]] = []
    begun: dict[int, tuple[int, int]] = {}
    for place, row in enumerate(table.rows):
        line: list[Any] = [None] * columns
        at = 0
        for cell in row:
            end = min(at + cell.span, columns) - 1
            if cell.goes_on and at in begun:
                above = rows[begun[at][0]]
                if _says(cell.blocks):  # what the file hides behind the cell above is shown in it
                    above[at] = replace(above[at], blocks=[*above[at].blocks, *cell.blocks])
                begun[at] = begun[at][0], place
            else:
                _end(begun.pop(at, None), at, marks)
                begun[at] = place, place
                line[at] = cell
                if end > at:
                    marks.append(("SPAN", (at, place), (end, place)))
            ruled = zip(("LINEABOVE", "LINEAFTER", "LINEBELOW", "LINEBEFORE"), cell.sides, strict=True)
            marks += [(side, (at, place), (end, place), 0.5, "black") for side, is_ruled in ruled if is_ruled]
            at = end + 1
        rows.append(line)
    for at, rows_of in begun.items():
        _end(rows_of, at, marks)
    return rows, marks


def _says(blocks: Sequence[Block]) -> bool:
    return any(
        not isinstance(block, Paragraph)
        or block.label
        or any(isinstance(p, Shown) or p.text.strip() for p in block.pieces)
        for block in blocks
    )


def _end(rows: tuple[int, int] | None, left: int, marks: list[tuple[Any, ...]]) -> None:
    if rows is not None and rows[1] > rows[0]:
        marks.append(("SPAN", (left, rows[0]), (left, rows[1])))


def _widths(table: Table, columns: int, width: float) -> list[float]:
    """The widths of the columns, made to fit the page."""
    said = [max(6.0, each) for each in table.widths[:columns]]
    said += [sum(said) / len(said) if said else width / columns] * (columns - len(said))
    fit = min(1.0, width / sum(said))
    return [each * fit for each in said]


class _Placed(Image):
    """A picture that says where it was drawn."""

    def __init__(self, data: io.BytesIO, width: float, height: float, note: Callable[..., None]) -> None:
        data.seek(0)
        super().__init__(io.BytesIO(data.getvalue()), width, height, lazy=0)
        self._note = note

    def draw(self) -> None:
        """Draw it, and say where."""
        self._note(self.canv, self.drawWidth, self.drawHeight)
        super().draw()


def _decode(data: bytes, shown: Shown, across: float) -> io.BytesIO:
    """A picture encoded anew: what is shown of it, no finer than a scan."""
    out = io.BytesIO()
    try:
        with open_raster(io.BytesIO(data)) as image:
            if image.width * image.height > PIXEL_LIMIT:
                raise box.Said("pixels")
            picture = image.convert("RGBA") if image.mode in ("P", "LA", "PA", "RGBA") else image
            if picture.mode == "RGBA":
                paper = Pillow.new("RGBA", picture.size, "white")
                paper.alpha_composite(picture)
                picture = paper
            left, above, right, below = shown.cut
            wide, high = picture.size
            picture = picture.convert("L" if picture.mode in ("1", "L") else "RGB").crop(
                (round(wide * left), round(high * above), round(wide * (1 - right)), round(high * (1 - below)))
            )
            finest = max(1, round(across / 72 * _PICTURE_DPI))
            if picture.width > finest:
                picture = picture.resize((finest, max(1, round(picture.height * finest / picture.width))))
            picture.save(out, "JPEG", quality=90)
    except (OSError, ValueError, SyntaxError):
        raise box.Said("unshown") from None
    return out


def _frame_of(section: Section) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of the text of a page."""
    size = landscape(A4) if section.wide else A4
    above, right, below, left = section.margins
    if size[0] - left - right < 200:
        left = right = 56.0
    below = max(below, FOOT + 4)
    return left, below, size[0] - left - right, size[1] - above - below


def _height(flow: Sequence[Flowable], width: float) -> float:
    return sum(each.wrap(width, 10_000)[1] + each.getSpaceBefore() + each.getSpaceAfter() for each in flow)


def _draw(flow: Sequence[Flowable], canvas: Canvas, left: float, top: float, width: float) -> None:
    for each in flow:
        height = each.wrap(width, 10_000)[1]
        top -= each.getSpaceBefore() + height
        each.drawOn(canvas, left, top)
        top -= each.getSpaceAfter()


def _plain(text: str, *, bold: bool = False) -> Flowable:
    words = _mark_up(text, 0)
    style = ParagraphStyle("plain", fontName=_NAME, fontSize=11, leading=14, spaceAfter=6)
    return Laid(f"<b>{words}</b>" if bold else words, style)


def _set(block: Paragraph, runs: Sequence[Run], label: str, page: int, width: float) -> Iterator[Flowable]:
    """Letters as one paragraph, or several where there are very many."""
    largest = max((run.look.size for run in runs if run.text.strip()), default=block.label_look.size)
    style = ParagraphStyle(
        "text",
        fontName=_NAME,
        fontSize=largest,
        leading=largest * block.leading,
        alignment=_ALIGN[block.align],
        leftIndent=min(block.left, width / 2),
        rightIndent=min(block.right, width / 3),
        firstLineIndent=max(-min(block.left, width / 2), min(block.first, width / 2)),
        spaceBefore=block.above,
        spaceAfter=block.below,
    )
    head = _dress(_mark_up(label, page), block.label_look) + "&nbsp; " if label else ""
    if not head and not any(run.text.strip() for run in runs):
        yield Spacer(1, largest * block.leading + block.above + block.below)
        return
    marked, length = [head], 0
    for run in runs:
        for start in range(0, len(run.text), _LONGEST_TEXT):
            part = run.text[start : start + _LONGEST_TEXT]
            if length + len(part) > _LONGEST_TEXT:
                yield Laid("".join(marked), style)
                marked, length = [], 0
            marked.append(_dress(_mark_up(part, page), run.look))
            length += len(part)
    yield Laid("".join(marked), style)


def _mark_up(text: str, page: int) -> str:
    text = text.replace(PAGE_NUMBER, str(page or ""))
    kept = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t\u00a0\u202f")
    tabs = html.escape(kept, quote=False).replace("\t", "&nbsp;&nbsp;&nbsp;&nbsp; ")
    return tabs.replace("\n", "<br/>")


def _dress(words: str, look: Look) -> str:
    colour = f' color="{look.colour}"' if look.colour else ""
    dressed = f'<font size="{look.size:g}"{colour}>{words}</font>'
    tags = {"b": look.bold, "i": look.italic, "u": look.underlined, "strike": look.struck}
    for tag in [name for name, is_on in tags.items() if is_on] + ([look.place] if look.place else []):
        dressed = f"<{tag}>{dressed}</{tag}>"
    return dressed
