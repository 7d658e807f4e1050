"""Suggestions by keyboard alone, as ARIA 1.2 describes a combobox, under the strict policy of the house."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from oms import db, search
from oms.settings import Settings
from tests import factories
from tests.factories import World

pytestmark = pytest.mark.browser


@pytest.fixture
def page(tab: Page, engine: Engine, world: World, settings: Settings) -> Page:
    with db.writing(engine) as session:
        for name in ("Nguyễn Thị Hòa", "Nguyễn Văn Nam"):
            factories.make_dossier(session, world.units["sonv"], name)
    search.rebuild(engine, settings)
    tab.goto("/")
    tab.wait_for_selector("#topbar-query")
    return tab


def test_a_dossier_is_opened_without_a_mouse(page: Page) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.keyboard.press("/")
    field, options = page.locator("#topbar-query"), page.locator("#topbar-query ~ [role=listbox] [role=option]")
    expect(field).to_be_focused()
    page.keyboard.type("nguyen")
    expect(options).to_have_count(2)
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", options.first.get_attribute("id") or "none")
    page.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("nguyen")
    page.keyboard.press("ArrowDown")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Nguyễn Văn Nam")
    assert problems == []


def test_enter_without_a_choice_searches(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("hoa nguyen")
    expect(page.locator("[role=option]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".hit-title").first).to_have_text("Nguyễn Thị Hòa")


def test_a_short_select_takes_letters_without_marks(page: Page) -> None:
    page.goto("/completeness")
    field = page.locator("select#category")
    field.evaluate("(select) => { select.querySelector('[value=party_member]').text = 'Đảng viên' }")
    field.focus()
    page.keyboard.type("dang")
    expect(field).to_have_value("party_member")
