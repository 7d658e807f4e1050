"""XS-4: what looks like a template stays what somebody wrote, in Word, PDF and Excel: nothing of it is worked out."""

import io
from dataclasses import fields, replace

import pytest
from docxtpl import DocxTemplate
from openpyxl import load_workbook

from oms.printing import short_cv
from oms.printing.short_cv import draw_short_cv, write_short_cv
from oms.spreadsheets import write_list
from tests.printing.test_papers_as_drawn import DRAWN, SUBJECT, text_of
from tests.printing.test_short_cv import FORMS, filled, word_text

# The product is none that a paper has otherwise.
WORDS = (
    "{{1337*7331}}",
    "${1337*7331}",
    "#{1337*7331}",
    "{%if 1%}yes{%endif%}",
    "%s %(x)s %d",
    "<%=1337*7331%>",
    "{0.x}",
)
PRODUCT = "9801547"


def bare(text: str) -> str:
    """Without blanks: a line may break anywhere."""
    return "".join(text.split())


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("id", FORMS)
def test_a_short_cv_works_out_nothing(id: str, word: str) -> None:
    plain = filled(id)
    values = {key: f"{word} {place}" for place, key in enumerate(plain.values)}
    tables = {key: tuple(tuple(word for _cell in row) for row in rows) for key, rows in plain.tables.items()}
    cv = replace(plain, values=values, tables=tables)
    written, drawn = bare(word_text(write_short_cv(cv))), bare(text_of(draw_short_cv(cv)))
    for made in (written, drawn):
        assert PRODUCT not in made
        assert made.count(bare(word)) >= len(values) - 3, "a page may end within one"


def test_a_template_of_what_was_written_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = filled(FORMS[0])
    cv = replace(plain, values=dict.fromkeys(plain.values, WORDS[0]))
    once = write_short_cv(cv)

    def twice(self: DocxTemplate, *arguments: object, **more: object) -> None:
        plainly(self, *arguments, **more)
        buffer = io.BytesIO()
        self.save(buffer)
        again = DocxTemplate(io.BytesIO(buffer.getvalue()))
        plainly(again, {}, autoescape=True)
        self.docx = again.docx

    plainly = DocxTemplate.render
    monkeypatch.setattr(short_cv.DocxTemplate, "render", twice)
    assert PRODUCT not in word_text(once) and PRODUCT in word_text(write_short_cv(cv))


@pytest.mark.parametrize("title", DRAWN)
def test_a_drawn_paper_works_out_nothing(title: str) -> None:
    texts = {field.name for field in fields(SUBJECT) if isinstance(getattr(SUBJECT, field.name), str)}
    for word in WORDS:
        drawn = bare(text_of(DRAWN[title](replace(SUBJECT, **dict.fromkeys(texts, word)))))
        assert bare(word) in drawn or bare(word).upper() in drawn
        assert PRODUCT not in drawn


def test_a_list_in_excel_works_out_nothing() -> None:
    made = write_list("Danh sách", [(word, 30.0) for word in WORDS], [WORDS, WORDS])
    sheet = load_workbook(io.BytesIO(made)).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert set(WORDS) <= {cell.value for cell in cells}
    assert all(cell.data_type != "f" for cell in cells)
