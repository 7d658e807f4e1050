"""Makes the Word templates of the short CV forms: `python -m oms.printing.forms.making`.

The templates lie beside this file and are what the program fills in. Made anew they say the same, so a test can tell
when the catalogue of prints has changed and they have not.
"""

import io
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import _Cell

from oms.catalogue.form_prints import PLACE, FormPrint, PrintedBlock, form_prints
from oms.printing.short_cv import DOTTED, FOOTNOTE, PER_BAND, split_hint, template_of

FONT = "Times New Roman"
# NĐ 30/2020/NĐ-CP, Phụ lục I, in mm; the same paper as the PDF.
LEFT, RIGHT, TOP, BOTTOM = 30, 15, 20, 20
LINE = 210 - LEFT - RIGHT
CENTER, TO_RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT


def make(printed: FormPrint) -> bytes:
    """The Word template of a form."""
    document = Document()
    _prepare(document, f"{printed.title} ({printed.corner})")
    _head(document, printed)
    _lines(document, printed)
    for block in printed.blocks:
        _block(document, block)
    _signs(document, printed)
    _say(document.add_paragraph(), "{{ note }}", size=9, italic=True)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _prepare(document: Any, title: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(LEFT), Mm(RIGHT)
    section.top_margin, section.bottom_margin = Mm(TOP), Mm(BOTTOM)
    facts = document.core_properties
    facts.author = facts.last_modified_by = "OMS"
    facts.title, facts.comments, facts.language = title, "", "vi"
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(12)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    normal.paragraph_format.space_after = Pt(4)
    foot = section.footer.paragraphs[0]
    _say(foot, "{{ foot }}", size=8.5)


def _say(paragraph: Any, text: str, *, size: float = 12, bold: bool = False, italic: bool = False) -> Any:
    run = paragraph.add_run(text)
    run.font.size, run.bold, run.italic = Pt(size), bold, italic
    return paragraph


def _fill(paragraph: Any, text: str, size: float = 12) -> None:
    """A printed line: its words, and a field of the template where a value stands, the hint behind it in italics."""
    first, *rest = PLACE.split(text)
    if first:
        _say(paragraph, first, size=size)
    for place, words in zip(rest[::2], rest[1::2], strict=True):
        _say(paragraph, f"{{{{ v.{place.replace(' ', '_')} }}}}", size=size, bold=place == "full_name")
        hint, others = split_hint(words)
        if hint:
            _say(paragraph, hint, size=size, italic=True)
        if others:
            _say(paragraph, others, size=size)


def _cells(document: Any, *widths: float) -> list[_Cell]:
    """A row without lines, its cells as wide as said (mm)."""
    table = document.add_table(rows=1, cols=len(widths))
    table.autofit = False
    for cell, width in zip(table.rows[0].cells, widths, strict=True):
        cell.width = Mm(width)
    return list(table.rows[0].cells)


def _head(document: Any, printed: FormPrint) -> None:
    left, right = _cells(document, LINE * 0.56, LINE * 0.44)
    for place, text in enumerate(printed.left):
        _fill(left.paragraphs[0] if place == 0 else left.add_paragraph(), text, 11)
    _say(right.paragraphs[0], printed.corner, size=11, bold=True).alignment = TO_RIGHT
    if printed.note:
        _say(right.add_paragraph(), printed.note, size=9, italic=True).alignment = TO_RIGHT
    for text in printed.right:
        paragraph = right.add_paragraph()
        paragraph.alignment = TO_RIGHT
        _fill(paragraph, text, 11)
    _say(document.add_paragraph(), printed.title, size=15, bold=True).alignment = CENTER


def _lines(document: Any, printed: FormPrint) -> None:
    beside = printed.beside_photo if printed.photo else 0
    if printed.photo:
        frame, lines = _cells(document, 40, LINE - 40)
        _draw_box(frame)
        frame._tc.getparent().get_or_add_trPr().append(_height(60))
        _say(frame.paragraphs[0], printed.photo, size=10).alignment = CENTER
        for place, text in enumerate(printed.lines[:beside]):
            _fill(lines.paragraphs[0] if place == 0 else lines.add_paragraph(), text)
    for text in printed.lines[beside:]:
        _fill(document.add_paragraph(), text)


def _draw_box(cell: _Cell) -> None:
    borders = OxmlElement("w:tcBorders")
    for side in ("top", "left", "bottom", "right"):
        edge = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
            edge.set(qn(f"w:{name}"), value)
        borders.append(edge)
    cell._tc.get_or_add_tcPr().append(borders)


def _height(millimetres: float) -> Any:
    height = OxmlElement("w:trHeight")
    height.set(qn("w:val"), str(round(millimetres * 56.7)))
    height.set(qn("w:hRule"), "atLeast")
    return height


def _block(document: Any, block: PrintedBlock) -> None:
    _say(document.add_paragraph(), block.heading, bold=True)
    if block.table_key:
        if block.also_heading:
            _say(document.add_paragraph(), block.also_heading)
        _grid(document, block, block.table_key)
        _when(document, f"marked.{block.table_key}", FOOTNOTE, size=9, italic=True)
    if block.text_key:
        for place, part in enumerate(block.parts):
            text = f"{part}{{% if not said.{block.key} %}} {DOTTED}{{% endif %}}"
            _say(document.add_paragraph(), text)
            _repeat(document, f"x.{block.key}[{place}]")
        _repeat(document, f"x.{block.key}[{len(block.parts)}]")
    if block.note:
        _say(document.add_paragraph(), block.note, size=9, italic=True)


def _repeat(document: Any, texts: str) -> None:
    _say(document.add_paragraph(), f"{{%p for text in {texts} %}}")
    _say(document.add_paragraph(), "{{ text }}")
    _say(document.add_paragraph(), "{%p endfor %}")


def _when(document: Any, condition: str, text: str, **looks: Any) -> None:
    _say(document.add_paragraph(), f"{{%p if {condition} %}}")
    _say(document.add_paragraph(), text, **looks)
    _say(document.add_paragraph(), "{%p endif %}")


def _grid(document: Any, block: PrintedBlock, key: str) -> None:
    """A table with one row that repeats; the head stands again on every page."""
    first = block.columns[0][1]
    shares = (
        [first, *[(100 - first) / PER_BAND] * PER_BAND] if block.lying else [width for _head, width in block.columns]
    )
    table = document.add_table(rows=0, cols=len(shares))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    if not block.lying:
        heads = table.add_row()
        repeat = OxmlElement("w:tblHeader")
        repeat.set(qn("w:val"), "true")
        heads._tr.get_or_add_trPr().append(repeat)
        for cell, (head, _width) in zip(heads.cells, block.columns, strict=True):
            _say(cell.paragraphs[0], head, size=10, bold=True).alignment = CENTER
    for texts in (
        [f"{{%tr for row in t.{key} %}}"],
        [f"{{{{ row[{i}] }}}}" for i in range(len(shares))],
        ["{%tr endfor %}"],
    ):
        for place, (cell, text) in enumerate(zip(table.add_row().cells, texts, strict=False)):
            _say(cell.paragraphs[0], text, size=10, bold=block.lying and place == 0)
    for row in table.rows:
        for cell, share in zip(row.cells, shares, strict=True):
            cell.width = Mm(LINE * share / 100)


def _signs(document: Any, printed: FormPrint) -> None:
    cells = _cells(document, LINE / 2, LINE / 2)
    for cell, sign in zip(cells, printed.signs, strict=True):
        _say(cell.paragraphs[0], sign.text, italic=True).alignment = CENTER
        _say(cell.add_paragraph(), sign.title, bold=True).alignment = CENTER
        _say(cell.add_paragraph(), sign.hint, italic=True).alignment = CENTER
        for _empty in range(4):
            cell.add_paragraph()


def main() -> None:
    """Write all templates."""
    for printed in form_prints():
        path: Path = template_of(printed)
        path.write_bytes(make(printed))


if __name__ == "__main__":
    main()
