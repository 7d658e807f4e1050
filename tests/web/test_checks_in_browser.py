"""Resolving a contradiction in a real Chromium: both places are drawn, a link opens the page there, a reason settles it."""

import io

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from sqlalchemy import Engine, select

from oms import checks, db, storage
from oms.models import Finding, FindingState
from oms.settings import Settings
from tests import factories
from tests.factories import World
from tests.test_checks import NAME, dossier_of, put

pytestmark = pytest.mark.browser


@pytest.fixture
def dossier_id(engine: Engine, world: World, settings: Settings) -> str:
    """A dossier whose two papers give different birth dates."""
    out = io.BytesIO()
    factories.draw_page("Sinh ngày 03/05/1981").convert("RGB").save(out, "JPEG")
    with db.writing(engine) as session:
        dossier = dossier_of(session, world, born=None)
        for born in ("03/05/1980", "03/05/1981"):
            page = put(session, dossier, {"full_name": NAME, "birth_date": born})
            page.image_sha256, _ = storage.put(settings.scans, [out.getvalue()])
        checks.check(session, dossier, actor=None)
        return dossier.id


def test_a_contradiction_is_looked_at_and_settled(tab: Tab, dossier_id: str, engine: Engine) -> None:
    tab.goto(f"/checks/dossiers/{dossier_id}")
    pieces = tab.locator("canvas.piece")
    expect(pieces).to_have_count(2)
    drawn = "piece => piece.getContext('2d').getImageData(0, 0, piece.width, piece.height).data.some(part => part > 0)"
    tab.wait_for_function(f"[...document.querySelectorAll('canvas.piece')].every({drawn})")
    tab.locator("figure.evidence a").first.click()
    expect(tab.locator(".word-box.is-chosen")).to_have_count(1)
    tab.go_back()
    tab.locator("summary").filter(has_text="Send to verification").click()
    tab.get_by_role("textbox", name="Reason").fill("Xác minh tại nơi sinh")
    tab.get_by_role("form", name="Send to verification").get_by_role("button").first.click()
    expect(tab.get_by_text("Xác minh tại nơi sinh")).to_be_visible()
    with db.reading(engine) as session:
        assert session.scalars(select(Finding.state)).all() == [FindingState.SENT]
