"""Having signatures judged again in a real Chromium: the page waits for the worker and then tells, on a telephone, too."""

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from sqlalchemy import Engine

from oms import db, signatures, storage
from oms.models import Scan
from oms.settings import Settings
from tests import factories, signing
from tests.factories import World

pytestmark = pytest.mark.browser


@pytest.fixture
def scan_id(engine: Engine, world: World, settings: Settings) -> str:
    """A PDF that two people signed; of the first it was changed afterwards."""
    house = signing.house()
    changed = signing.update(signing.sign(signing.blank(), house.an), signing.cover_the_page)
    both = signing.sign(changed, house.binh, name="Chuky2", stamper=house.stamper)
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"])
        scan.signed, (scan.sha256, scan.size) = True, storage.put(settings.scans, [both])
        return scan.id


def test_the_page_waits_for_the_verdict_and_fits_a_telephone(
    tab: Tab, scan_id: str, engine: Engine, settings: Settings
) -> None:
    tab.goto(f"/scans/{scan_id}")
    tab.get_by_role("button", name="Check again").click()
    expect(tab.get_by_text("The signatures are being judged; this page")).to_be_visible()
    signatures.check(engine, settings, scan_id, actor=None)
    with db.writing(engine) as session:
        job = signatures.jobs.find_latest(session, signatures.JOB, scan_id)
        assert job is not None
        job.state = signatures.JobState.DONE
    expect(tab.locator("li.verdict")).to_have_count(2, timeout=30_000)
    expect(tab.locator("li.verdict").first).to_contain_text("changed after signing")
    expect(tab.locator("li.verdict").last).to_contain_text("authority not known here")
    tab.locator("li.verdict summary").first.click()
    for width in (1366, 390):
        tab.set_viewport_size({"width": width, "height": 768})
        assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), width
    with db.reading(engine) as session:
        assert len(session.get_one(Scan, scan_id).pages) == 1
