"""The scripts in a real Chromium under the strict policy, trusted types included: no report, and everything moves."""

import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.templates.desk import create_desk

pytestmark = pytest.mark.browser


@pytest.fixture
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_desk(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page whose console stays free of faults and policy reports (a refused upload's 422 is the test's own)."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=address)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type in ("error", "warning") else None)
    yield page
    context.close()
    assert [fault for fault in faults if "422" not in fault] == []


def test_rows_are_found_without_marks(page: Page) -> None:
    page.goto("/design")
    page.get_by_label("Filter the rows of this page").fill("duc tai")
    expect(page.locator("#dossiers tbody tr:visible")).to_have_count(1)
    expect(page.locator("#dossiers-count")).to_have_text("1 of 4 rows")
    page.get_by_label("Filter the rows of this page").fill("đưc")
    expect(page.get_by_text("No row of this page fits.")).to_be_visible()


def test_a_long_list_takes_typing_without_marks_by_keyboard_alone(page: Page) -> None:
    page.goto("/design")
    field, select = page.get_by_role("combobox", name="Unit", exact=True), page.locator("select[name=unit]")
    field.focus()
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("so noi")
    option = page.get_by_role("option")
    expect(option).to_have_text(["Đảng ủy Sở Nội vụ"])
    expect(option).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "none")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Đảng ủy Sở Nội vụ")
    expect(select).to_have_value("2")
    expect(option).to_have_count(0)
    page.keyboard.press("ArrowDown")
    expect(option).to_have_count(5)
    expect(page.get_by_role("option", selected=True)).to_have_text("Đảng ủy Sở Nội vụ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(select).to_have_value("2")
    expect(page).to_have_url(re.compile("/design$"))


def test_what_was_typed_without_a_choice_counts_only_when_one_thing_fits(page: Page) -> None:
    page.goto("/design")
    field, select = page.get_by_role("combobox", name="Unit", exact=True), page.locator("select[name=unit]")
    for typed, value, text in (
        ("so y", "4", "Đảng ủy Sở Y tế"),
        ("so", "4", "Đảng ủy Sở Y tế"),
        ("không có", "4", "Đảng ủy Sở Y tế"),
        ("", "", ""),
    ):
        field.fill(typed)
        page.get_by_label("Full name as born").focus()
        expect(select).to_have_value(value)
        expect(field).to_have_value(text)


def test_a_choice_made_for_the_select_shows_in_its_field(page: Page) -> None:
    page.goto("/design")
    page.locator("select[name=unit]").select_option("3")
    expect(page.locator("#unit")).to_have_value("Đảng ủy Sở Tài chính")
    page.locator("#unit").click()
    page.get_by_role("option", name="Đảng ủy Sở Y tế").click()
    expect(page.locator("select[name=unit]")).to_have_value("4")
    assert page.evaluate("new FormData(document.querySelector('select[name=unit]').form).getAll('unit')") == ["4"]


def test_without_script_a_long_list_is_a_plain_select(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/design")
    expect(page.get_by_label("Unit", exact=True)).to_have_js_property("tagName", "SELECT")
    context.close()


def test_a_step_with_a_reason_asks_in_a_dialog(page: Page) -> None:
    page.goto("/design")
    button = page.get_by_role("button", name="Reject")
    button.click()
    expect(page.get_by_role("dialog").get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_a_polled_part_goes_on_until_there_is_nothing_to_wait_for(page: Page) -> None:
    page.goto("/reading")
    expect(page.locator("#reading:not([data-poll])")).to_contain_text("page 3 of 3")


def test_each_file_of_an_upload_gets_its_own_answer(page: Page) -> None:
    page.goto("/upload")
    expect(page.locator("form.is-ready")).to_be_attached()
    page.locator("#upload-files").set_input_files(
        [
            {"name": "one.pdf", "mimeType": "application/pdf", "buffer": b"x" * 300_000},
            {"name": "empty.pdf", "mimeType": "application/pdf", "buffer": b""},
            {"name": "two.pdf", "mimeType": "application/pdf", "buffer": b"y"},
        ]
    )
    expect(page.locator("[data-upload-summary]")).to_have_text(
        "2 received, 0 already here, 1 refused, 0 to be decided, 0 to go"
    )
    expect(page.locator("li", has_text="empty.pdf")).to_contain_text("This file is empty.")
    expect(page.locator("li", has_text="one.pdf").get_by_role("link")).to_have_attribute("href", "/design")


def test_a_word_is_marked_on_both_sides(page: Page) -> None:
    page.goto("/design")
    boxes = page.locator(".word-box")
    expect(boxes).to_have_count(16)
    page.locator("[data-word='13']").click()
    expect(boxes.nth(12)).to_have_class("word-box is-hit is-same is-chosen")
    boxes.nth(0).click()
    expect(page.locator("[data-word='1']")).to_have_class("is-same is-chosen")
    page.locator("[data-viewer-stage]").press("n")
    expect(page.locator("[data-word].is-chosen")).to_have_text("Nguyễn")  # from hit to hit


def test_zoom_and_turning_size_the_sheet(page: Page) -> None:
    page.goto("/design")
    expect(page.locator(".word-box")).to_have_count(16)
    frame = page.locator(".viewer-turn")
    before = frame.bounding_box()
    page.get_by_role("button", name="Turn right").click()
    turned = frame.bounding_box()
    assert before and turned
    assert turned["height"] < turned["width"]
    assert turned["width"] == pytest.approx(before["width"], abs=20)
    page.get_by_role("button", name="Larger").click()
    expect(page.locator("[data-zoom-shown]")).to_have_text("125 %")


def test_the_chosen_look_stays(page: Page) -> None:
    page.goto("/design")
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.context.add_cookies([{"name": "theme", "value": "light", "url": page.url}])
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "light")


def test_nothing_is_wider_than_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/design")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Menu").click()
    expect(page.locator("#navigation")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#navigation")).to_be_hidden()
