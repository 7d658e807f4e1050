"""The short CV forms: Word and PDF say the same, item by item, in the words of the form."""

import io
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

import pikepdf
import pytest
from docx import Document

from oms import catalogue
from oms.catalogue.form_prints import FormPrint, form_print, form_prints, read_prints
from oms.printing.forms.making import make
from oms.printing.sheet import Imprint
from oms.printing.short_cv import (
    DOTTED,
    FOOTNOTE,
    UNVERIFIED,
    WITHHELD,
    ShortCv,
    draw_short_cv,
    template_of,
    write_short_cv,
)

IMPRINT = Imprint("HS-000007", "Nguyễn Thị Hòa (canbo.sonv)", datetime(2026, 11, 29, 9, 30), "Bổ nhiệm lại")
FORMS = [printed.id for printed in form_prints()]
LONG = "Phó Chánh Văn phòng, Chủ tịch Công đoàn cơ sở, Ủy viên Ban Chấp hành Đảng bộ " * 4


def filled(id: str) -> ShortCv:
    """A form with a value of its own behind every label."""
    printed = form_print(id)
    values = {key: f"trị {place}" for place, key in enumerate(printed.keys)}
    values |= {"full_name": "Y Thông <K'Bris> & Ma", "current_position": LONG.strip()}
    values |= {block.key: f"Lời khai {block.key}\nDòng hai" for block in printed.blocks if block.text_key}
    tables = {
        block.table_key: tuple(
            tuple(f"{block.table_key[:6]} {row}{column}" for column in range(len(block.columns))) for row in range(7)
        )
        for block in printed.blocks
        if block.table_key
    }
    return ShortCv(printed, IMPRINT, values, tables)


def text_of(pdf: bytes) -> str:
    """The text of a PDF in the order it was drawn: columns do not mix."""
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode()


def words(text: str) -> str:
    return " ".join(text.split())


def word_text(content: bytes) -> str:
    """All that a Word file says, tables among it, in the order of the paper."""
    document = Document(io.BytesIO(content))
    said = []
    for element in document.element.body.iter():
        if element.tag.endswith("}t"):
            said.append(element.text or "")
        elif element.tag.endswith("}p"):
            said.append("\n")
    return words("".join(said))


@pytest.mark.parametrize("id", FORMS)
def test_every_item_stands_behind_its_printed_label(id: str) -> None:
    cv = filled(id)
    printed = cv.printed
    lines = [
        words(_fill(text, {**cv.values, "full_name": cv.values["full_name"].upper()}))
        for text in (*printed.left, *printed.right, *printed.lines)
    ]
    for said in (word_text(write_short_cv(cv)), words(text_of(draw_short_cv(cv)))):
        places = [said.find(line) for line in lines]
        assert -1 not in places, [line for line, place in zip(lines, places, strict=True) if place < 0]
        own = places[len(printed.left) + len(printed.right) :]
        assert own == sorted(own), "the lines stand in printed order"
        for block in printed.blocks:
            assert words(block.heading) in said
            for part in block.parts:
                assert words(part) in said
        assert printed.title in said and printed.corner in said
        assert all(words(part) in said for sign in printed.signs for part in (sign.title, sign.hint, sign.text))


def _fill(text: str, values: dict[str, str]) -> str:
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value).replace(f"{{{key} in words}}", value)
    return text


@pytest.mark.parametrize("id", FORMS)
def test_tables_keep_their_columns_and_rows(id: str) -> None:
    cv = filled(id)
    document = Document(io.BytesIO(write_short_cv(cv)))
    found = {tuple(cell.text for cell in table.rows[0].cells): table for table in document.tables}
    for block in cv.printed.blocks:
        if not block.table_key:
            continue
        if block.lying:
            bands = cv.bands_of(block)
            (table,) = [table for heads, table in found.items() if heads == bands[0]]
            assert [tuple(cell.text for cell in row.cells) for row in table.rows] == bands
            assert len(bands) == 2 * len(block.columns), "seven entries need a second band"
        else:
            table = found[tuple(head for head, _width in block.columns)]
            rows = [tuple(cell.text for cell in row.cells) for row in table.rows[1:]]
            assert rows == list(cv.tables[block.table_key])


def test_what_is_empty_is_dotted_and_what_is_withheld_says_so() -> None:
    cv = ShortCv(
        form_print("2C-BNV/2008"), IMPRINT, {"full_name": "Vàng A Páo"}, {}, withheld=frozenset({"family_self"})
    )
    for said in (word_text(write_short_cv(cv)), words(text_of(draw_short_cv(cv)))):
        assert f"2) Tên gọi khác: {DOTTED}" in said and "VÀNG A PÁO" in said
        assert said.count(WITHHELD) == 1 and FOOTNOTE not in said
        assert "Ảnh màu (4 x 6 cm)" in said


def test_what_nobody_verified_is_marked() -> None:
    cv = replace(filled("2C/TCTW-98"), unverified=frozenset({"gender", "work_history", "religion"}))
    cv = replace(cv, withheld=frozenset({"religion"}))
    for said in (word_text(write_short_cv(cv)), words(text_of(draw_short_cv(cv)))):
        assert f"{cv.values['gender']}{UNVERIFIED}" in said and FOOTNOTE in said
        assert said.count(UNVERIFIED.strip()) == 3, "the value, the table and the note"
        assert cv.values["religion"] + " " not in said and WITHHELD in said


def test_who_printed_it_and_why_stands_below() -> None:
    cv = filled("2C-BNV/2008")
    foot = Document(io.BytesIO(write_short_cv(cv))).sections[0].footer.paragraphs[0].text
    facts = Document(io.BytesIO(write_short_cv(cv))).core_properties
    assert (facts.author, facts.comments) == ("OMS", "") and cv.printed.corner in facts.title
    assert foot == "HS-000007 · Người in: Nguyễn Thị Hòa (canbo.sonv) · 29/11/2026 09:30 · Mục đích: Bổ nhiệm lại"
    assert "Mục đích: Bổ nhiệm lại" in words(text_of(draw_short_cv(cv)))
    with pikepdf.open(io.BytesIO(draw_short_cv(cv))) as pdf:
        assert 2 <= len(pdf.pages) <= 5


@pytest.mark.parametrize("id", FORMS)
def test_the_template_is_that_of_the_catalogue(id: str) -> None:
    """After a change of the prints: python -m oms.printing.forms.making."""
    printed = form_print(id)
    assert _content(template_of(printed).read_bytes()) == _content(make(printed))


def _content(made: bytes) -> list[bytes]:
    with ZipFile(io.BytesIO(made)) as archive:
        return [archive.read(name) for name in archive.namelist() if name.startswith("word/")]


def test_a_print_that_leaves_a_value_out_is_refused(tmp_path: Path) -> None:
    source = (Path(catalogue.__file__).parent / "form_prints.yaml").read_text("utf-8")
    path = tmp_path / "form_prints.yaml"
    path.write_text(source.replace("2) Tên gọi khác: {other_names}", "2) Tên gọi khác:"), encoding="utf-8")
    with pytest.raises(catalogue.CatalogueError, match="do not agree") as raised:
        read_prints(path)
    assert raised.value.values["keys"] == "other_names"


def test_every_form_in_full_use_is_printed() -> None:
    assert {"2C-BNV/2008", "2C/TCTW-98"} <= {printed.id for printed in form_prints()}
    assert all(isinstance(printed, FormPrint) for printed in form_prints())
