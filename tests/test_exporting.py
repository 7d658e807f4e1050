"""Results as an Excel file: text stays text, dates are dates, and who took it what for is written down."""

import dataclasses
import io
from collections.abc import Callable
from datetime import date, datetime

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, select

from oms import audit, db, search
from oms.errors import BadInput, ConfirmationNeeded
from oms.models import AuditEntry, AuditWords, Document, Precision
from oms.permissions import Actor
from oms.search import Filters, exporting
from oms.settings import Settings
from tests import factories
from tests.factories import World


@pytest.fixture
def filled(engine: Engine, settings: Settings, world: World, actor: Callable[[str], Actor]) -> None:
    officer = actor("canbo.sonv")
    with db.writing(engine) as session:
        for number, (title, day, precision) in enumerate(
            [
                ('=HYPERLINK("x";"y") lương', date(2019, 3, 1), Precision.DAY),
                ("+lương\x07 tăng", date(2020, 5, 1), Precision.MONTH),
                ("@lương", None, None),
            ]
        ):
            dossier = factories.make_dossier(session, world.units["sonv"], f"Lê Văn {number}")
            scan = factories.make_scan(session, dossier, officer.account_id)
            document = factories.make_document(session, dossier, scan, title="Tên", actor=officer)
            row = session.get_one(Document, document.id)
            row.title, row.issued_on, row.issued_precision = title, day, precision
        foreign = factories.make_dossier(session, world.units["sotc"], "Canary Lương")
        assert foreign
    search.rebuild(engine, settings)


def export(engine: Engine, settings: Settings, who: Actor, words: str, purpose: str = "Rà soát lương") -> bytes:
    with db.reading(engine) as session:
        content = exporting.export(
            session,
            search.open_engine(settings),
            words,
            purpose=purpose,
            actor=who,
            filters=Filters(kind="document"),
            sort="name",
            translate=str,
        )
        audit.write_looks(session)
        return content


def test_a_file_says_what_was_found_for_whom_and_why(engine, settings, filled, actor) -> None:
    book = load_workbook(io.BytesIO(export(engine, settings, actor("canbo.sonv"), "lương")))
    sheet, about = book.worksheets
    rows = list(sheet.iter_rows(min_row=2))
    assert [row[6].value for row in rows] == ['=HYPERLINK("x";"y") lương', "+lương tăng", "@lương"]
    assert all(row[6].data_type == "s" and row[6].quotePrefix for row in rows), "no formula, ever"
    assert [row[8].value for row in rows] == [datetime(2019, 3, 1), "05/2020", None]
    assert rows[0][8].number_format == "dd/mm/yyyy"
    told = {row[0].value: row[1].value for row in about.iter_rows()}
    assert told["Purpose"] == "Rà soát lương" and told["Rows"] == 3 and "canbo.sonv" in told["Exported by"]
    text = " ".join(str(cell.value) for one in book.worksheets for row in one.iter_rows() for cell in row)
    assert "Canary" not in text
    with db.reading(engine) as session:
        assert session.scalars(select(AuditEntry.action)).all()[-1] == "search:export"
        assert session.scalars(select(AuditWords.words)).all()[-1] == "Rà soát lương · lương"


def test_a_file_leaves_after_the_password_only(engine, settings, filled, actor) -> None:
    with pytest.raises(ConfirmationNeeded):
        export(engine, settings, dataclasses.replace(actor("canbo.sonv"), confirmed=False), "lương")
    with db.reading(engine) as session:
        assert "search:export" not in session.scalars(select(AuditEntry.action)).all()


@pytest.mark.parametrize(("words", "purpose"), [("lương", "  "), ("khongcogi", "Vì thế")])
def test_nothing_leaves_without_purpose_or_hit(engine, settings, filled, actor, words: str, purpose: str) -> None:
    with pytest.raises(BadInput):
        export(engine, settings, actor("canbo.sonv"), words, purpose)
    with db.reading(engine) as session:
        assert "search:export" not in session.scalars(select(AuditEntry.action)).all()


def test_a_long_list_is_refused_and_not_cut(engine, settings, filled, actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST_ROWS", 2)
    with pytest.raises(BadInput, match="Narrow the search"):
        export(engine, settings, actor("canbo.sonv"), "lương")
