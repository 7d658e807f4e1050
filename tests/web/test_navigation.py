"""The menu: groups by the work people do, rows only for those who may, one row marked; whole in an old window."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page

from oms.web import navigation
from tests.factories import World

Browser = Callable[[str], FlaskClient]

HEADING = re.compile(r'<p class="menu-group" id="[^"]+">([^<]+)</p>')
ROW = re.compile(r'<a class="menu-link([^"]*)" href="([^"]+)"( aria-current="\w+")?>')

OFFICER = ["Dossiers", "Scanning", "Handing over", "Use and keeping", "Organisation, figures"]


def rows(page: str) -> dict[str, str | None]:
    """The addresses of the menu, and how the marked one is marked."""
    return {url: mark.split('"')[1] if mark else None for _looks, url, mark in ROW.findall(page)}


def test_each_role_has_the_rows_it_may_open(client_as: Browser, world: World) -> None:
    officer = client_as("canbo.sonv").get("/").text
    assert HEADING.findall(officer) == OFFICER
    found = rows(officer)
    assert {"/people", "/review", "/transfers", "/stocktaking"} <= {url.split("?")[0] for url in found}
    assert not [url for url in found if url.startswith(("/audit", "/accounts", "/system", "/reorganisations"))]
    client = client_as("canbo.sonv")
    assert {url: client.get(url).status_code for url in found} == dict.fromkeys(found, 200)


def test_a_short_menu_has_no_headings(client_as: Browser, world: World) -> None:
    for username in ("quantri", "kiemtra.khoi"):
        page = client_as(username).get("/").text
        assert HEADING.findall(page) == [] and 1 < len(rows(page)) <= navigation.FEW
        assert "/people" not in rows(page)


def test_one_row_is_marked_in_every_room_of_it(client_as: Browser, world: World) -> None:
    client = client_as("canbo.sonv")
    marks = {"/people": ("/people", "page"), "/people/load": ("/people", "true"), "/stacks": ("/intake", "true")}
    for address, (row, mark) in marks.items():
        found = rows(client.get(address, follow_redirects=True).text)
        assert {url: how for url, how in found.items() if how} == {row: mark}, address


def test_every_room_for_officers_has_its_row(app: Flask) -> None:
    said = [room for _label, entries in navigation.GROUPS for entry in entries for room in entry.rooms]
    assert len(said) == len(set(said))
    own = {
        "account",
        "office",
        "second_factor",
        "passkeys",
        "own_declarations",
        "own_dossiers",
        "own_membership",
        "own_requests",
    }
    no_page = {"csp_reports", "design", "health", *(name for name in app.blueprints if name.startswith("api"))}
    assert set(app.blueprints) - own - no_page == set(said)


@pytest.mark.browser
def test_the_whole_menu_stands_in_an_old_window(tab: Page) -> None:
    tab.goto("/")
    for height in (768, 640):  # a screen of 768 px, and what the bars of a browser leave of it
        tab.set_viewport_size({"width": 1366, "height": height})
        assert tab.evaluate("document.querySelector('.sidebar').scrollHeight") == height
    assert tab.locator(".menu-link").first.bounding_box()["height"] >= 24  # type: ignore[index]


def given_to_pages() -> set[str]:
    """The names under which the rooms hand things to their pages."""
    names = set()
    for source in Path(navigation.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(source.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "render_template":
                names |= {keyword.arg for keyword in call.keywords if keyword.arg}
    return names


def test_no_page_takes_a_name_of_the_frame(app: Flask) -> None:
    """What a page is given hides what the frame reads under the same name."""
    frame = set(app.jinja_env.globals)
    with app.test_request_context("/"):
        for fill in app.template_context_processors[None]:
            frame |= fill().keys()
    given = given_to_pages()
    assert {"page_ends", "navigation"} <= frame and "dossier" in given
    assert not frame & given
