"""The short CV (sơ yếu lý lịch, Mẫu 2C) as PDF and as Word: the same lines, tables and signatures, item by item.

What is not known is dotted; what nobody verified is marked, and what the reader may not see says so: an empty line would
be a lie. The Word file comes from a template of the form (`forms/*.docx`), which `forms.making` makes.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Table

from oms.catalogue.form_prints import PLACE, FormPrint, PrintedBlock
from oms.printing.sheet import WIDTH, Column, Imprint, Signer, build, line, plain, signatures, table
from oms.vietnamese.text import nfc

DOTTED = "....................."
WITHHELD = "(không hiển thị)"
UNVERIFIED = " (*)"
FOOTNOTE = "(*) Giá trị chưa được xác minh."
DRAFT = "Bản in từ hệ thống, chưa có giá trị khi chưa ký và đóng dấu."
PER_BAND = 5
"""Entries of pay that stand beside each other; more go on below."""

FOLDER = Path(__file__).parent / "forms"
Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ShortCv:
    """A filled form: `values` and `tables` by key, those nobody verified, those the reader may not see."""

    printed: FormPrint
    imprint: Imprint
    values: Mapping[str, str]
    tables: Mapping[str, Rows]
    unverified: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()

    def shown(self, key: str) -> str:
        """The value as it is printed."""
        if key in self.withheld:
            return WITHHELD
        text = " ".join(nfc(self.values.get(key, "")).split())
        if not text:
            return DOTTED
        return text + (UNVERIFIED if key in self.unverified else "")

    def lines_of(self, key: str) -> list[str]:
        """A free text as paragraphs; empty when nothing is said."""
        if key in self.withheld:
            return [WITHHELD]
        said = [" ".join(part.split()) for part in nfc(self.values.get(key, "")).splitlines() if part.strip()]
        return [*said[:-1], said[-1] + UNVERIFIED] if said and key in self.unverified else said

    def rows_of(self, block: PrintedBlock) -> Rows:
        """The rows of a table in the width of its columns; one to write on by hand when there is none."""
        key = block.table_key or block.key
        width = len(block.columns)
        if key in self.withheld:
            return ((WITHHELD, *[""] * (width - 1)),)
        found = tuple(
            tuple((*(" ".join(nfc(cell).split()) for cell in row), *[""] * width)[:width])
            for row in self.tables.get(key, ())
        )
        return found or ((DOTTED[:9],) * width,)

    def bands_of(self, block: PrintedBlock) -> list[tuple[str, ...]]:
        """A lying table: for each band of entries one row per head, all rows equally long."""
        bands = []
        rows = self.rows_of(block)
        for first in range(0, len(rows), PER_BAND):
            entries = rows[first : first + PER_BAND]
            for place, (head, _width) in enumerate(block.columns):
                cells = [entry[place] for entry in entries]
                bands.append((head, *cells, *[""] * (PER_BAND - len(cells))))
        return bands

    @property
    def note(self) -> str:
        """What stands below the signatures."""
        marked = any(self.values.get(key) or self.tables.get(key) for key in self.unverified - self.withheld)
        return f"{FOOTNOTE} {DRAFT}" if marked else DRAFT


def draw_short_cv(cv: ShortCv) -> bytes:
    """The form as a PDF."""
    printed = cv.printed
    story: list[Flowable] = [*_head(cv), *_lines(cv)]
    for block in printed.blocks:
        story += _block(cv, block)
    left, right = printed.signs
    story += [
        line(f"<i>{plain(left.text)}.</i>", 12, above=8),
        line(f"<i>{plain(right.text)}</i>", 12, "right"),
        signatures(Signer(left.title, left.hint), Signer(right.title, right.hint)),
        line(f"<i>{plain(cv.note)}</i>", 9, above=6),
    ]
    return build(story, cv.imprint, title=f"{printed.corner} {cv.values.get('full_name', '')}".strip())


def _head(cv: ShortCv) -> list[Flowable]:
    printed = cv.printed
    left = [line(_filled(cv, text), 11, below=2) for text in printed.left]
    right = [line(f"<b>{plain(printed.corner)}</b>", 11, "right", below=0)]
    if printed.note:
        right.append(line(f"<i>{plain(printed.note)}</i>", 9, "right", below=2))
    right += [line(_filled(cv, text), 11, "right", below=0) for text in printed.right]
    top = Table([[left, right]], colWidths=[WIDTH * 0.56, WIDTH * 0.44], style=[("VALIGN", (0, 0), (-1, -1), "TOP")])
    return [top, line(f"<b>{plain(printed.title)}</b>", 15, "center", above=8, below=8)]


def _lines(cv: ShortCv) -> list[Flowable]:
    """The numbered lines; the first ones beside the frame of the photograph where the form has one."""
    printed = cv.printed
    drawn: list[Flowable] = [line(_filled(cv, text), 12, below=4) for text in printed.lines]
    if not printed.photo:
        return drawn
    frame = Table(
        [[line(plain(printed.photo), 10, "center")]],
        colWidths=[40 * mm],
        rowHeights=[60 * mm],
        style=[("BOX", (0, 0), (-1, -1), 0.7, "black"), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")],
    )
    beside = Table(
        [[frame, drawn[: printed.beside_photo]]],
        colWidths=[44 * mm, WIDTH - 44 * mm],
        style=[("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, 0), 0)],
    )
    return [beside, *drawn[printed.beside_photo :]]


def _filled(cv: ShortCv, text: str) -> str:
    """A printed line with its values, as marked-up text; the name stands out as the form asks."""
    parts = PLACE.split(text)
    drawn = []
    for place, part in enumerate(parts):
        if place % 2 == 0:
            drawn.append(plain(part))
        elif part == "full_name":
            drawn.append(f"<b>{plain(cv.shown(part).upper())}</b>")
        else:
            drawn.append(plain(cv.shown(part)))
    return "".join(drawn)


def _block(cv: ShortCv, block: PrintedBlock) -> list[Flowable]:
    drawn: list[Flowable] = [_heading(f"<b>{plain(block.heading)}</b>", above=6)]
    if block.table_key:
        if block.also_heading:
            drawn.append(_heading(plain(block.also_heading)))
        drawn.append(_grid(cv, block))
        if block.table_key in cv.unverified and cv.tables.get(block.table_key):
            drawn.append(line(f"<i>{plain(FOOTNOTE)}</i>", 9))
    if block.text_key:
        said = cv.lines_of(block.text_key)
        drawn += [line(plain(part if said else f"{part} {DOTTED}"), 12) for part in block.parts]
        drawn += [line(plain(text), 12) for text in said or ([] if block.parts else [DOTTED * 4])]
    if block.note:
        drawn.append(line(f"<i>{plain(block.note)}</i>", 9))
    return drawn


def _heading(text: str, above: float = 0) -> Paragraph:
    """A line that never stands alone at the end of a page."""
    drawn = line(text, 12, above=above)
    drawn.keepWithNext = 1
    return drawn


def _grid(cv: ShortCv, block: PrintedBlock) -> Table:
    full = WIDTH / mm
    if not block.lying:
        columns = [Column(head, full * width / 100) for head, width in block.columns]
        return table(columns, cv.rows_of(block), size=10)
    first = block.columns[0][1]
    widths = [full * first / 100, *[full * (100 - first) / 100 / PER_BAND] * PER_BAND]
    cells = [
        [line(f"<b>{plain(row[0])}</b>", 10), *(line(plain(cell), 10, "center") for cell in row[1:])]
        for row in cv.bands_of(block)
    ]
    marks: list[Any] = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]
    starts = range(0, len(cells), len(block.columns))
    marks += [("NOSPLIT", (0, start), (0, start + len(block.columns) - 1)) for start in starts]
    return Table(cells, colWidths=[width * mm for width in widths], style=marks)


def write_short_cv(cv: ShortCv) -> bytes:
    """The form as a Word file, made from its template."""
    template = DocxTemplate(str(template_of(cv.printed)))
    template.render(_context(cv), autoescape=True)
    out = io.BytesIO()
    template.save(out)
    return out.getvalue()


def template_of(printed: FormPrint) -> Path:
    """The Word template of a form."""
    return FOLDER / f"{printed.id.replace('/', '-')}.docx"


def _context(cv: ShortCv) -> dict[str, Any]:
    printed = cv.printed
    values = {key: cv.shown(key) for key in printed.keys}
    values["full_name"] = cv.shown("full_name").upper()
    grids: dict[str, Sequence[Any]] = {}
    texts: dict[str, list[str]] = {}
    said: dict[str, bool] = {}
    for block in printed.blocks:
        if block.table_key:
            rows = cv.bands_of(block) if block.lying else cv.rows_of(block)
            grids[block.table_key] = [list(row) for row in rows]
        if block.text_key:
            lines = cv.lines_of(block.text_key)
            said[block.key] = bool(lines)
            texts[block.key] = lines or ([] if block.parts else [DOTTED * 4])
    imprint = cv.imprint
    foot = " · ".join(
        part
        for part in (
            imprint.number,
            f"Người in: {imprint.printed_by}",
            f"{imprint.printed_at:%d/%m/%Y %H:%M}",
            f"Mục đích: {imprint.purpose}" if imprint.purpose else "",
        )
        if part
    )
    marked = {key: key in cv.unverified and bool(cv.tables.get(key)) for key in grids}
    return {"v": values, "t": grids, "x": texts, "said": said, "marked": marked, "note": cv.note, "foot": foot}
