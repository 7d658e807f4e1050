"""Checking a scan in a real Chromium: paging and saving keep the filing form, words are tied both ways, keys work."""

import io
import re

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect
from sqlalchemy import Engine

from oms import accounts, db, desk, review, storage
from oms.models import Dossier, Scan
from oms.reading import pack_words
from oms.recognition import Word
from oms.settings import Settings
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.browser


@pytest.fixture
def scan_id(engine: Engine, world: World, settings: Settings) -> str:
    """Two read pages with images of Sở Nội vụ."""
    out = io.BytesIO()
    factories.draw_page("trang").convert("RGB").save(out, "JPEG")
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        officer = world.accounts["canbo.sonv"]
        scan = factories.make_scan(session, dossier, officer, ("bổ nhiêm ông Nam", "trang hai"))
        for page in review.list_pages(session, scan):
            page.image_sha256, _ = storage.put(settings.scans, [out.getvalue()])
        return scan.id


def test_turning_pages_keeps_what_was_typed(tab: Tab, scan_id: str) -> None:
    tab.goto(f"/review/{scan_id}")
    tab.fill("#title", "Quyết định bổ nhiệm")
    tab.get_by_text("Correct the text").click()
    tab.locator("#text").press_sequentially("Nháp ")
    tab.locator("[data-viewer-next]").click()
    expect(tab.get_by_role("heading", name="Text of page 2")).to_be_visible()
    expect(tab.locator("#title")).to_have_value("Quyết định bổ nhiệm")
    tab.keyboard.press("Alt+PageUp")
    expect(tab.get_by_role("heading", name="Text of page 1")).to_be_visible()
    expect(tab.locator("#title")).to_have_value("Quyết định bổ nhiệm")
    tab.reload()
    expect(tab.locator("#title")).to_have_value("Quyết định bổ nhiệm")
    expect(tab.locator("#text")).to_have_value(re.compile("Nháp"))
    expect(tab.locator("#page-words")).to_contain_text("It is kept for you and not saved yet")


def test_a_word_is_shown_on_both_sides(tab: Tab, scan_id: str) -> None:
    tab.goto(f"/review/{scan_id}")
    expect(tab.locator(".word-box")).to_have_count(4)
    tab.get_by_text("Correct the text").click()
    tab.locator("#page-words [data-word]").nth(2).click()
    expect(tab.locator(".word-box.is-chosen")).to_have_count(1)
    chosen = tab.evaluate(
        "(area => area.value.slice(area.selectionStart, area.selectionEnd))(document.querySelector('#text'))"
    )
    assert chosen == "ông"
    tab.locator("#text").press("Control+Home")
    expect(tab.locator("#page-words .is-chosen")).to_have_text("bổ")


def test_saving_with_the_keyboard_then_somebody_else(tab: Tab, scan_id: str, engine: Engine) -> None:
    tab.goto(f"/review/{scan_id}")
    tab.fill("#title", "Quyết định bổ nhiệm")
    tab.get_by_text("Correct the text").click()
    tab.fill("#text", "bổ nhiệm ông Nam")
    tab.keyboard.press("Control+s")
    expect(tab.locator(".flashes")).to_contain_text("The text of page 1 is saved.")
    expect(tab.locator("#page-words .page-text")).to_contain_text("nhiệm")
    with db.writing(engine) as session:
        other = accounts.get_actor(session, "canbo2.sonv", via="web")
        scan = session.get_one(Scan, scan_id)
        desk.take_over(session, scan, actor=other)
        review.correct(session, review.get_page(session, scan, 1), "của người khác", actor=other)
    tab.get_by_text("Correct the text").click()
    tab.fill("#text", "của tôi")
    tab.get_by_role("button", name="Save the text").click()
    expect(tab.get_by_role("alert")).to_contain_text("Tài khoản canbo2.sonv is working on this scan")
    expect(tab.get_by_text("của tôi")).to_be_visible()
    tab.get_by_role("button", name="Take it over").click()
    expect(tab.locator("#text")).to_have_value("của tôi")
    expect(tab.locator("#page-words")).to_contain_text("Below you see both")
    expect(tab.locator("#title")).to_have_value("Quyết định bổ nhiệm")


def test_dropped_files_show_in_the_list_by_themselves(tab: Tab, scan_id: str, engine: Engine) -> None:
    with db.reading(engine) as session:
        dossier_id = session.query(Dossier).one().id
    tab.goto(f"/intake?dossier={dossier_id}")
    good = factories.png_of(factories.draw_page("QUYẾT ĐỊNH"))
    tab.set_input_files(
        "input[type=file]",
        [
            {"name": "tốt.png", "mimeType": "image/png", "buffer": good},
            {"name": "trống.pdf", "mimeType": "application/pdf", "buffer": b""},
        ],
    )
    expect(tab.locator(".upload-summary")).to_contain_text(
        "1 received, 0 already here, 1 refused, 0 to be decided, 0 to go",
        timeout=120_000,  # as long as a box may take; nobody waits for it otherwise
    )
    expect(tab.locator("#scans")).to_contain_text("tốt.png")
    with tab.expect_request("**/intake/progress**") as asked:
        pass
    assert asked.value.headers["x-requested-with"] == "poll"


def test_a_doubtful_word_is_replaced_by_keys_alone(tab: Tab, scan_id: str, engine: Engine) -> None:
    with db.writing(engine) as session:
        page = review.get_page(session, session.get_one(Scan, scan_id), 1)
        words = [
            Word("trang", 50, 60, 90, 30, 97.0, 0),
            Word("nhiêm", 170, 60, 90, 30, 20.0, 0),
            Word("quyêt", 290, 60, 90, 30, 20.0, 0),
        ]
        page.words, page.text = pack_words(words), "trang nhiêm quyêt"
    tab.goto(f"/review/{scan_id}")
    expect(tab.locator("li[data-doubt]")).to_have_count(2)
    tab.keyboard.press("F2")
    tab.keyboard.press("1")
    tab.keyboard.press("1")
    readings = [
        row.locator("[data-reading]").first.get_attribute("data-reading") for row in tab.locator("li[data-doubt]").all()
    ]
    expect(tab.locator("textarea[name=text]")).to_have_value(f"trang {readings[0]} {readings[1]}")
    tab.keyboard.press("Control+s")
    expect(tab.get_by_text("History of this text (1)")).to_be_visible()
    expect(tab.locator("li[data-doubt]")).to_have_count(0)


def test_a_scan_is_looked_at_and_left_by_keys_alone(tab: Tab, scan_id: str, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Lê Bình")
        other = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("giấy khác",)).id
    tab.goto(f"/review/{scan_id}")
    confirm = tab.locator("[data-confirm]")
    expect(confirm).to_be_in_viewport()
    tab.keyboard.press("?")
    expect(tab.get_by_role("dialog", name="Keys of this page")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog", name="Keys of this page")).to_be_hidden()
    stage = tab.locator("[data-viewer-stage]")
    stage.focus()
    tab.keyboard.press("f")
    assert stage.evaluate("stage => stage.scrollHeight <= stage.clientHeight"), "the whole page is in sight"
    tab.keyboard.press("0")
    expect(tab.locator("[data-zoom-shown]")).to_have_text("100 %")
    stage.hover()
    tab.keyboard.down("Control")
    tab.mouse.wheel(0, -100)
    tab.keyboard.up("Control")
    expect(tab.locator("[data-zoom-shown]")).to_have_text("125 %")
    composing = "{ key: 'F8', bubbles: true, cancelable: true, isComposing: true }"
    free = tab.evaluate(
        f"() => document.querySelector('#title').dispatchEvent(new KeyboardEvent('keydown', {composing}))"
    )
    assert free, "a key of an input method is none of ours"
    tab.keyboard.press("F8")
    tab.wait_for_url(f"**/review/{other}")
    tab.keyboard.press("Shift+F8")
    tab.wait_for_url(f"**/review/{scan_id}")
    tab.locator("#filing select[name=component]").select_option(index=1)
    tab.fill("#title", "Quyết định bổ nhiệm")
    tab.get_by_text("Correct the text").click()
    tab.fill("#text", "bổ nhiệm ông Nam")
    for box in tab.locator("#filing input[name=pages]").all():
        box.check()
    tab.keyboard.press("Control+Enter")
    tab.wait_for_url(f"**/review/{other}")
    with db.reading(engine) as session:
        filed = session.get_one(Scan, scan_id)
        assert [page.text for page in filed.pages] == ["bổ nhiệm ông Nam", "trang hai"]
        assert {page.document.title for page in filed.pages} == {"Quyết định bổ nhiệm"}
