"""A real house for journeys: server and worker as processes, Chromium in front of them."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from oms.settings import Settings
from tests.factories import PASSWORD, World

DESK, TELEPHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}
# Reading a page takes a second or two; a busy machine takes longer.
PATIENCE = 120_000
PICTURES = os.environ.get("OMS_TEST_PICTURES", "")


class Desk:
    """One person at one browser, with the verbs of the work."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, path: str) -> int:
        """Open an address; return the status."""
        answer = self.page.goto(self.address + path)
        assert answer is not None
        return answer.status

    def sign_in(self, username: str, password: str = PASSWORD) -> "Desk":
        """Sign in and land on the start page."""
        self.go("/sign-in")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", password)
        self.page.locator("main form button").first.click()
        self.page.wait_for_url(self.address + "/")
        return self

    def upload(self, dossier_id: str, *files: Path) -> None:
        """Choose files on the upload page and wait until each has its answer."""
        self.go(f"/intake?dossier={dossier_id}")
        self.page.set_input_files("input[type=file]", list(files))
        if self.page.locator("[data-upload-button]").is_visible():
            self.page.locator("[data-upload-button]").click()
        expect(self.page.locator("[data-upload-list] > li")).to_have_count(len(files))
        expect(self.page.locator("[data-upload-list] progress:visible")).to_have_count(0, timeout=PATIENCE)

    def answers(self) -> list[str]:
        """What was said about each uploaded file."""
        return self.page.locator("[data-upload-list] > li").all_inner_texts()

    def search(self, words: str) -> Locator:
        """Type into the search field at the top; return the hits."""
        field = self.page.locator("#topbar-query")
        field.fill(words)
        field.press("Enter")
        self.page.wait_for_url(re.compile(r"/search\?"))
        return self.page.locator("li.hit")

    def take_step(self, transfer_path: str, step: str, reason: str = "") -> None:
        """Take one step of a transfer by its button."""
        self.go(transfer_path)
        form = self.page.locator(f"form[action$='/{step}']").first
        if label := form.get_attribute("aria-label"):  # the step asks first: its button opens the question
            self.page.locator(".steps summary").get_by_text(label, exact=True).click()
        if reason:
            form.locator("textarea[name=reason]").fill(reason)
        form.locator("button").first.click()
        self.page.wait_for_load_state()

    def keep_picture(self, name: str) -> None:
        """A screenshot for people to look at, where `OMS_TEST_PICTURES` says."""
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.fixture
def running(settings: Settings, world: World) -> Iterator[str]:
    """Server and worker on the test's installation; yields the address, stops both cleanly."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMS_")}
    environment |= {"OMS_HOME": str(settings.home), "OMS_DATABASE_URL": settings.database_url, "OMS_JOB_LEASE": "5"}
    process = subprocess.Popen(
        [sys.executable, "-m", "oms.cli", "serve", "--with-worker", "--port", str(port)], env=environment
    )
    address = f"http://127.0.0.1:{port}"
    wait_for(lambda: _answers(f"{address}/readyz"), "the server")
    yield address
    process.terminate()
    assert process.wait(60) == 0


def _answers(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def wait_for(condition: Callable[[], Any], what: str, seconds: float = PATIENCE / 1000) -> Any:
    """Ask again and again until it is so; fail with a word about what did not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come within {seconds:.0f} seconds")


@pytest.fixture
def desk_of(browser: Browser, running: str) -> Iterator[Callable[..., Desk]]:
    """`desk_of("canbo.sonv")`: that person at a browser of their own, signed in; no script may complain."""
    desks: list[Desk] = []

    def open_desk(username: str, *, size: dict[str, int] = DESK) -> Desk:
        context = browser.new_context(viewport=size, locale="vi-VN")  # type: ignore[arg-type]
        desk = Desk(context.new_page(), running)
        desks.append(desk)
        return desk.sign_in(username) if username else desk

    yield open_desk
    for desk in desks:
        desk.page.context.close()
        ours = [line for line in desk.complaints if "404" not in line and "422" not in line and "415" not in line]
        assert ours == []
