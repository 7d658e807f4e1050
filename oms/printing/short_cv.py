"""The short CV (sơ yếu lý lịch, Mẫu 2C) as PDF and as Word: the same lines, tables and signatures, item by item.

What is not known is dotted as on the form; what nobody verified is marked, and what the reader may not see says so: an
empty line would be a lie. The Word file comes from a template of the form (`forms/*.docx`), which `forms.making` makes.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table

from oms.catalogue.form_prints import IN_WORDS, PLACE, FormPrint, PrintedBlock
from oms.printing.sheet import WIDTH, Column, Imprint, build, line, plain, table
from oms.vietnamese.dates import ImpossibleDate, Precision, parse_date
from oms.vietnamese.text import nfc

DOTTED = "....................."
DOTTED_LINES = [DOTTED * 7] * 3
"""Where a free text is written by hand."""
DATED = {"date": "....../....../............", "month_year": "....../............"}
"""Where a date is written by hand, by the type of the value."""
WITHHELD = "(không hiển thị)"
UNVERIFIED = " (*)"
FOOTNOTE = "(*) Giá trị chưa được xác minh."
DRAFT = "Bản in từ hệ thống, chưa có giá trị khi chưa ký và đóng dấu."
PER_BAND = 5
"""Entries of pay that stand beside each other; more go on below."""

_HINT = re.compile(r" \((?:[^()]|\([^()]*\))*\)")

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
        text = self._text(key)
        return text + self._mark(key) if text else self._blank(key)

    def in_words(self, key: str) -> str:
        """A date as the form asks for it, day, month and year apart; what is not known of it is dotted."""
        if key in self.withheld:
            return WITHHELD
        day, month, year = "......", "......", "............"
        text = self._text(key)
        if text:
            try:
                found = parse_date(text)
            except ImpossibleDate:
                found = None
            if found is None:
                return text + self._mark(key)
            year = f"{found.first.year:04d}"
            month = month if found.precision is Precision.YEAR else f"{found.first.month:02d}"
            day = f"{found.first.day:02d}" if found.precision is Precision.DAY else day
        return f"{day} tháng {month} năm {year}" + (self._mark(key) if text else "")

    def _text(self, key: str) -> str:
        return " ".join(nfc(self.values.get(key, "")).split())

    def _mark(self, key: str) -> str:
        return UNVERIFIED if key in self.unverified else ""

    def _blank(self, key: str) -> str:
        types = {item.key: item.type for item in self.printed.form.items}
        return self.printed.blanks.get(key) or DATED.get(types.get(key, ""), DOTTED)

    def lines_of(self, key: str) -> list[str]:
        """A free text as paragraphs; empty when nothing is said."""
        if key in self.withheld:
            return [WITHHELD]
        said = [" ".join(part.split()) for part in nfc(self.values.get(key, "")).splitlines() if part.strip()]
        return [*said[:-1], said[-1] + UNVERIFIED] if said and key in self.unverified else said

    def answers_of(self, block: PrintedBlock) -> list[list[str]]:
        """A free text by the parts it is asked in, what stands below all of them last: one paragraph for each part
        answers them in their order, any other number stands together."""
        said = self.lines_of(block.key)
        if len(block.parts) > 1 and len(said) == len(block.parts):
            return [*([text] for text in said), []]
        below = said or ([] if block.parts else DOTTED_LINES)
        return [*([] for _part in block.parts), below]

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
    story.append(_signs(cv))
    return build(story, cv.imprint, title=f"{printed.corner} {cv.values.get('full_name', '')}".strip())


def _signs(cv: ShortCv) -> KeepTogether:
    """Both signatures with the words above them, and the note, on one page."""
    signs = cv.printed.signs
    rows = [
        [line(f"<i>{plain(sign.text)}</i>", 12, "center") for sign in signs],
        [line(f"<b>{plain(sign.title)}</b>", 13, "center") for sign in signs],
        [line(f"<i>{plain(sign.hint)}</i>", 12, "center") for sign in signs],
    ]
    marks: list[Any] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("TOPPADDING", (0, 1), (-1, -1), 0)]
    drawn = Table(rows, colWidths=[WIDTH / 2] * 2, style=marks)
    note = line(f"<i>{plain(cv.note)}</i>", 9)
    return KeepTogether([Spacer(1, 4 * mm), drawn, Spacer(1, 25 * mm), note])


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
    """A printed line with its values, as marked-up text; the name stands out as the form asks, hints in italics."""
    parts = PLACE.split(text)
    drawn = [plain(parts[0])]
    for place, words in zip(parts[1::2], parts[2::2], strict=True):
        value = plain(printed_value(cv, place))
        drawn.append(f"<b>{value}</b>" if place == "full_name" else value)
        hint, rest = split_hint(words)
        drawn.append(f"<i>{plain(hint)}</i>{plain(rest)}")
    return "".join(drawn)


def printed_value(cv: ShortCv, place: str) -> str:
    """What stands at a place of a printed line."""
    if place == "full_name":
        return cv.shown(place).upper()
    return cv.in_words(place.removesuffix(IN_WORDS)) if place.endswith(IN_WORDS) else cv.shown(place)


def split_hint(words: str) -> tuple[str, str]:
    """What is printed behind a value: the hint in parentheses right behind it, and the rest."""
    found = _HINT.match(words)
    return (found[0], words[found.end() :]) if found else ("", words)


def _block(cv: ShortCv, block: PrintedBlock) -> list[Flowable]:
    drawn: list[Flowable] = [_heading(f"<b>{plain(block.heading)}</b>", above=6)]
    if block.table_key:
        if block.also_heading:
            drawn.append(_heading(plain(block.also_heading)))
        drawn.append(_grid(cv, block))
        if block.table_key in cv.unverified and cv.tables.get(block.table_key):
            drawn.append(line(f"<i>{plain(FOOTNOTE)}</i>", 9))
    if block.text_key:
        *answers, below = cv.answers_of(block)
        dots = "" if cv.lines_of(block.text_key) else f" {DOTTED}"
        for part, answer in zip(block.parts, answers, strict=True):
            drawn += [line(plain(part + dots), 12), *(line(plain(text), 12) for text in answer)]
        drawn += [line(plain(text), 12) for text in below]
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
    lines = (*printed.left, *printed.right, *printed.lines)
    places = (place for text in lines for place in PLACE.findall(text))
    values = {place.replace(" ", "_"): printed_value(cv, place) for place in places}
    grids: dict[str, Sequence[Any]] = {}
    texts: dict[str, list[list[str]]] = {}
    said: dict[str, bool] = {}
    for block in printed.blocks:
        if block.table_key:
            rows = cv.bands_of(block) if block.lying else cv.rows_of(block)
            grids[block.table_key] = [list(row) for row in rows]
        if block.text_key:
            said[block.key] = bool(cv.lines_of(block.text_key))
            texts[block.key] = cv.answers_of(block)
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
