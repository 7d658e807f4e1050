"""Takes the pictures of the README from a demo of its own; run by `make screenshots`.

Data folder and port are temporary; server and worker are stopped at the end, whatever happens.
"""

import io
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from oms.vietnamese.text import fold

PICTURES = Path(__file__).parent / "pictures"
OMS = Path(sys.executable).with_name("oms")
PASSWORD = "Demo-OMS-2026"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
LARGEST = 250_000
"""Bytes of one picture at most: a README is read over slow lines too."""

READY = "HS-000168"
"""A dossier of the demo whose pages all lie in documents: it can be handed over at once."""

WITH_A_CV = "HS-000435"
"""A dossier of the demo, held by the Bloc's board, in which a short CV is filed."""

PATIENCE = 600.0
"""Seconds until the worker must have read all scans of the demo."""


@contextmanager
def running_demo() -> Iterator[str]:
    """A demo behind an address, gone afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="oms-pictures-") as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OMS_")}
        environment |= {"OMS_HOME": folder, "PORT": port}
        subprocess.run([OMS, "demo"], env=environment, check=True, stdout=subprocess.DEVNULL)
        process = subprocess.Popen(
            [OMS, "serve", "--with-worker"], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: _answers(address), 60)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _answers(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def wait_until(done: Callable[[], object], seconds: float) -> None:
    """Return as soon as it is so; give up after the seconds."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"The demo was not ready within {seconds:.0f} seconds.")
        time.sleep(0.5)


def sign_in(browser: Browser, address: str, username: str) -> Page:
    """A page at 1366×768, Vietnamese and light, with the start page open."""
    desk = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="vi-VN", color_scheme="light", base_url=address
    )
    page = desk.new_page()
    page.goto("/sign-in")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_url(f"{address}/")
    return page


def keep(page: Page, name: str) -> None:
    """Write the window as a PNG, with a palette of 256 colours when it would be too large."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement?.blur()")
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    path = PICTURES / f"{name}.png"
    picture.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path} has {path.stat().st_size} bytes, more than {LARGEST}.")
    print(path.relative_to(PICTURES.parent.parent), path.stat().st_size)


def _all_read(page: Page) -> bool:
    page.goto("/intake")
    return page.locator("#recent progress").count() == 0 and page.locator("#recent tbody tr").count() > 0


def take(browser: Browser, address: str) -> None:
    """The pictures: start, checking, search, a dossier with documents, a transfer on its way, figures, a value of the
    record, a reorganisation."""
    officer = sign_in(browser, address, "canbo.sonv")
    wait_until(lambda: _all_read(officer), PATIENCE)
    officer.goto("/")
    keep(officer, "start")

    _open_scan(officer, "quyet-dinh-bo-nhiem")
    # A word chosen in the text shows its place on the image.
    officer.locator(".word-box").first.wait_for(state="attached")
    officer.locator("[data-viewer-text] [data-word]").nth(12).click()
    keep(officer, "review")
    person = officer.locator(".page-words > p").inner_text().split(" · ")[0].strip()
    title = file_document(officer, "cs_appointment_file")
    _open_scan(officer, "quyet-dinh-dieu-dong")
    file_document(officer, "cs_personnel_decision")

    words = urllib.parse.quote(fold(person))
    wait_until(lambda: officer.goto(f"/search?q={words}") and officer.locator(".hit-title", has_text=title).count(), 60)
    keep(officer, "search")

    officer.locator(".hit", has_text=title).locator(".hit-meta a").first.click()
    officer.wait_for_url("**/dossiers/*")
    keep(officer, "dossier")
    take_search(officer)

    keep(send_away(browser, address, officer, READY), "transfer")
    board = sign_in(browser, address, "canbo.khoi")
    board.goto("/figures")
    keep(board, "figures")
    take_record(board)
    plan_reorganisation(board)


SEARCHES = {
    "search-tiers": "tinh dang",
    "search-facets": "đảng tỉnh",
    "search-line": "đảng tỉnh",
    "search-empty": "zzyyxx",
}
"""Of docs/search.md: what is typed for each picture; the demo's scans are drawn the same each time."""


def take_search(officer: Page) -> None:
    """Unmarked words in three groups, filters, the line of a doubtful word, and an empty result that helps."""
    for name, words in SEARCHES.items():
        officer.goto(f"/search?q={urllib.parse.quote(words)}")
        if name == "search-line":
            officer.locator("main img[src*='/lines/']").first.scroll_into_view_if_needed()
        keep(officer, name)


def _open_scan(officer: Page, name: str) -> None:
    officer.goto("/review")
    officer.locator("tbody a", has_text=name).first.click()
    officer.wait_for_url("**/review/*")


def file_document(officer: Page, component: str) -> str:
    """File the scan that is open as the proposal says; its title."""
    filing = officer.locator("form#filing")
    title = filing.locator("input[name=title]").input_value()
    filing.locator("select[name=component]").select_option(component)
    officer.locator("[data-confirm]").click()
    officer.wait_for_load_state()
    return title


def open_dossier(officer: Page, number: str) -> str:
    """Open a dossier by its number; its id."""
    officer.goto(f"/search?q={number}")
    officer.locator(".hit a", has_text=number).first.click()
    officer.wait_for_url("**/dossiers/*")
    return officer.url.rpartition("/")[2]


def take_record(officer: Page) -> None:
    """A value of the record beside its place on the paper."""
    officer.goto(f"/record/{open_dossier(officer, WITH_A_CV)}")
    officer.locator("a[href*='/values/']", has_text="Họ và tên").first.click()
    officer.wait_for_function(
        "() => { const c = document.querySelector('canvas.piece');"
        " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(part => part > 0) }"
    )
    keep(officer, "record")


def send_away(browser: Browser, address: str, officer: Page, number: str) -> Page:
    """Send the dossier to the Bloc's board; the transfer as the receiving officer sees it."""
    officer.goto(f"/transfers/new?dossier={open_dossier(officer, number)}")
    board = officer.locator("select[name=unit] option", has_text="Ban Tổ chức Đảng ủy Khối").first
    officer.select_option("select[name=unit]", board.get_attribute("value"))
    officer.fill("input[name=basis_number]", "15/QĐ-SNV")
    officer.fill("input[name=basis_on]", "20/11/2026")
    officer.fill("textarea[name=reason]", "Điều động theo Quyết định số 15/QĐ-SNV ngày 20/11/2026")
    officer.locator("main form button").last.click()
    officer.wait_for_url(re.compile(r"/transfers/[0-9a-f]{16}$"))
    path = officer.url.removeprefix(address)
    head = sign_in(browser, address, "bithu.sonv")
    for page, step in ((officer, "submit"), (head, "approve"), (officer, "dispatch")):
        page.goto(path)
        form = page.locator(f"form[action$='/{step}']").first
        if label := form.get_attribute("aria-label"):  # the step asks first: its button opens the question
            page.locator(".steps summary").get_by_text(label, exact=True).click()
        form.locator("button").first.click()
        page.wait_for_load_state()
    receiver = sign_in(browser, address, "canbo.khoi")
    receiver.goto(path)
    return receiver


def plan_reorganisation(officer: Page) -> None:
    """A plan that merges two units into a new one, as its form looks and as it was tried out."""
    officer.goto("/reorganisations/new")
    for field, value in (
        ("decision_number", "412-QĐ/TU"),
        ("decided_on", "20/11/2026"),
        ("decision_body", "Ban Thường vụ Tỉnh ủy"),
        ("effective_on", "01/12/2026"),
    ):
        officer.fill(f"[name={field}]", value)
    _save(officer)
    plan = officer.url.split("#")[0]
    officer.goto(f"{plan}/changes/create")
    officer.fill("[name=name]", "Đảng bộ cơ sở Sở Xây dựng và Giao thông")
    _narrow(officer, "parent", "dang bo khoi cap tren")
    _save(officer)
    officer.goto(f"{plan}/changes/merge")
    for words in ("so xay dung khoi", "so giao thong khoi"):
        officer.locator("input[data-choices]").fill(words)
        officer.locator("#from-choices li:visible input:not(:checked)").first.check()
    _narrow(officer, "to", "xay dung va giao thong")
    keep(officer, "reorganisation-merge")
    _save(officer)
    officer.locator("form[action$='/try'] button").click()
    officer.wait_for_load_state()
    officer.goto(plan)
    keep(officer, "reorganisation")


def _save(officer: Page) -> None:
    officer.locator("main form .form-actions button").last.click()
    officer.wait_for_url(re.compile(r"/reorganisations/[0-9a-f]{16}(#.*)?$"))


def _narrow(officer: Page, field: str, words: str) -> None:
    officer.locator(f"select[name={field}]").locator("xpath=preceding-sibling::input[1]").fill(words)


def main() -> None:
    """Start a demo, take the pictures, stop it."""
    PICTURES.mkdir(exist_ok=True)
    with running_demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        take(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
