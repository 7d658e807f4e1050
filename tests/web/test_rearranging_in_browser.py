"""Arranging in a real Chromium: a page is dragged, moved by keys, the document split, joined, and the last act undone."""

import io

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from sqlalchemy import Engine

from oms import accounts, db, dossiers, storage
from oms.settings import Settings
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.browser


def test_a_dossier_is_arranged(tab: Tab, engine: Engine, world: World, settings: Settings) -> None:
    out = io.BytesIO()
    factories.draw_page("Trang").convert("RGB").save(out, "JPEG")
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, officer.account_id, ("một", "hai", "ba"))
        document = factories.make_document(session, dossier, scan, title="Lý lịch", actor=officer)
        for page in scan.pages:
            page.image_sha256, _ = storage.put(settings.scans, [out.getvalue()])
        first, second, third = (page.id for page in scan.pages)
        dossier_id, document_id = dossier.id, document.id

    def lying() -> list[str]:
        with db.reading(engine) as session:
            return [page.id for page in dossiers.pages_of(session, [document_id])[document_id]]

    tab.goto(f"/dossiers/{dossier_id}/arrange")
    sheets = tab.locator(".sheet")
    sheets.nth(2).drag_to(sheets.nth(0))
    expect(tab.get_by_text("The order of the pages is saved.")).to_be_visible()
    assert lying() == [third, first, second]
    handle = tab.locator("[data-arrange-handle]").nth(0)
    handle.focus()
    handle.press("ArrowRight")
    tab.get_by_role("button", name="Save the order of Lý lịch").click()
    expect(tab.locator("[data-arrange-item] input[type=checkbox]").first).to_have_value(first)
    assert lying() == [first, third, second]
    tab.get_by_role("button", name="Split before page 3 of Lý lịch").click()
    expect(tab.locator("form[data-arrange-document]")).to_have_count(2)
    assert lying() == [first, third]
    tab.get_by_role("button", name="Join with Lý lịch").first.click()
    expect(tab.locator("form[data-arrange-document]")).to_have_count(1)
    assert lying() == [first, third, second]
    tab.get_by_role("button", name="Undo: Join two documents").click()
    expect(tab.locator("form[data-arrange-document]")).to_have_count(2)
    assert lying() == [first, third]
