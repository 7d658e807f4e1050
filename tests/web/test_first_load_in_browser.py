"""An Excel file of people in Chromium: the chosen file stays chosen between looking and entering."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, select

from oms import db
from oms.models import Person
from tests.test_first_load import excel

pytestmark = pytest.mark.browser


def test_a_file_is_corrected_looked_at_and_entered(tab: Page, engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "ds.xlsx"
    file.write_bytes(excel((1, "Trần Văn An", "31/02/1980", "", "Công chức")))
    tab.goto("/people/load")
    tab.set_input_files("#file", file)
    tab.get_by_role("button", name="Look at the file").click()
    expect(tab.get_by_role("rowheader", name="C2")).to_be_visible()
    file.write_bytes(excel((1, "Trần Văn An", "28/02/1980", "", "Công chức")))
    tab.set_input_files("#file", file)
    tab.get_by_role("button", name="Look at the file").click()
    expect(tab.get_by_text("1 rows can be entered")).to_be_visible()
    tab.get_by_role("button", name="Enter everybody").click()
    expect(tab.get_by_text("1 dossiers of 1 new people were entered")).to_be_visible()
    with db.reading(engine) as session:
        assert session.scalars(select(Person.full_name)).all() == ["Trần Văn An"]
