"""A day at the review desk in one window: does memory grow over 300 documents, in Chromium and in the server?

    python bench/desk.py [--documents N] [--pages N]

Draws scans, signs one officer in at a server of its own and files one scan after the other by keys alone: next page,
next word, a word typed, Ctrl+Enter. Every 50 documents it collects the garbage of the page and prints heap, nodes and
listeners (Chrome's own counters) and the memory of the server; then it turns as many pages inside one scan, where no
navigation clears anything.
"""

import argparse
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image, ImageDraw
from playwright.sync_api import CDPSession, Page, sync_playwright
from sqlalchemy.orm import Session

from oms import accounts, db, dossiers, installation, reading, search, storage
from oms.models import Category, PageState, Quality, Role, Scan, ScanState, Unit, UnitKind
from oms.models import Page as ScanPage
from oms.people import NewPerson
from oms.recognition import Word
from oms.settings import Settings

PASSWORD = "Bench-OMS-2026-desk"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
WORDS = [
    "Căn",
    "cứ",
    "Quyết",
    "định",
    "của",
    "Ủy",
    "ban",
    "nhân",
    "dân",
    "tỉnh",
    "quy",
    "định",
    "chức",
    "năng",
    "nhiệm",
    "vụ",
    "quyền",
    "hạn",
    "và",
    "cơ",
    "cấu",
    "tổ",
    "chức",
]
WORDS_ON_PAGE = 300
SAMPLES = 6


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=300)
    options.add_argument("--pages", type=int, default=2, help="pages of each scan")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="oms-desk-") as folder:
        settings = Settings(home=Path(folder))
        long = fill(settings, chosen.documents, chosen.pages)
        with serving(folder) as (address, server), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            tab = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=address).new_page()
            sign_in(tab)
            print(f"{'':24}{'heap MB':>9}{'nodes':>8}{'listeners':>11}{'server MB':>11}{'s':>7}")
            work(tab, server, chosen.documents)
            turn(tab, server, long, chosen.documents)
            browser.close()


def fill(settings: Settings, documents: int, pages: int) -> str:
    """An installation with one officer and scans that wait; the id of the one with many pages, which comes last."""
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    installation.upgrade(settings, engine)
    search.rebuild(engine, settings)
    out = io.BytesIO()
    draw().save(out, "JPEG", quality=80)
    image, _ = storage.put(settings.scans, [out.getvalue()])
    with db.writing(engine) as session:
        unit = Unit(code="sonv", kind=UnitKind.GRASSROOTS_COMMITTEE, name="Sở Nội vụ")
        session.add(unit)
        session.flush()
        more = {"role": Role.OFFICER, "unit": unit, "actor": None, "password": PASSWORD}
        accounts.create_account(session, username="canbo", full_name="Cán bộ", **more)
    with db.writing(engine) as session:
        actor = accounts.get_actor(session, "canbo", via="cli")
        unit = session.query(Unit).one()
        dossier_id = ""
        for number in range(documents):
            if number % 30 == 0:
                person = NewPerson(full_name=f"Nguyễn Văn {number}")
                category = Category.CIVIL_SERVANT
                opened = dossiers.open_dossier(
                    session, actor=actor, category=category, custodian=unit, new_person=person
                )
                dossier_id = opened.id
            add_scan(session, dossier_id, actor.account_id, image, pages, number)
        long = add_scan(session, dossier_id, actor.account_id, image, 10, documents)
    engine.dispose()
    return long


def draw() -> Image.Image:
    """A page of the size 200 dpi gives."""
    page = Image.new("L", (1654, 2339), 245)
    pen = ImageDraw.Draw(page)
    for line in range(50):
        pen.line((150, 150 + 40 * line, 1500, 150 + 40 * line), fill=30, width=3)
    return page


def add_scan(session: Session, dossier_id: str, account_id: str, image: str, pages: int, number: int) -> str:
    """A scan as the worker leaves it: pages read, with words, boxes and doubts."""
    scan = Scan(
        dossier_id=dossier_id,
        sha256=f"{number:064x}",
        file_name=f"quyet-dinh-{number}.pdf",
        media_type="application/pdf",
        size=1000,
        page_count=pages,
        received_by_id=account_id,
        state=ScanState.READ,
    )
    session.add(scan)
    session.flush()
    texts = [WORDS[place % len(WORDS)] for place in range(WORDS_ON_PAGE)]
    sure = [20.0 if place % 40 == 7 else 95.0 for place in range(WORDS_ON_PAGE)]
    words = [
        Word(text, 150 + 130 * (place % 10), 150 + 60 * (place // 10), 120, 35, sure[place], place // 10)
        for place, text in enumerate(texts)
    ]
    text = "\n".join(" ".join(texts[start : start + 10]) for start in range(0, WORDS_ON_PAGE, 10))
    for page in range(1, pages + 1):
        session.add(
            ScanPage(
                scan_id=scan.id,
                number=page,
                state=PageState.READ,
                text_read=text,
                text=text,
                quality=Quality.CHECK,
                confidence=90.0,
                expected_error=0.05,
                width=1654,
                height=2339,
                image_sha256=image,
                words=reading.pack_words(words),
            )
        )
    return scan.id


@contextmanager
def serving(folder: str) -> Iterator[tuple[str, int]]:
    """A server on the installation: its address and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "OMS_HOME": folder, "PORT": str(port)}
    program = [sys.executable, "-m", "oms.cli", "serve", "--port", str(port)]
    process = subprocess.Popen(program, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=2)
                break
            except OSError:
                time.sleep(0.2)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def sign_in(tab: Page) -> None:
    """The officer at the start page."""
    tab.goto("/sign-in")
    tab.fill("input[name=username]", "canbo")
    tab.fill("input[name=password]", PASSWORD)
    tab.locator("main form button").first.click()
    tab.wait_for_url("**/")


def work(tab: Page, server: int, documents: int) -> None:
    """File one scan after the other by keys."""
    chrome = tab.context.new_cdp_session(tab)
    tab.goto("/review")
    tab.locator("form[action$='/next'] button").click()
    began = time.monotonic()
    every = max(1, documents // SAMPLES)
    for number in range(1, documents + 1):
        before = tab.url
        tab.locator(".word-box").first.wait_for(state="attached")
        if number % 10 == 1:
            look(tab)
        tab.keyboard.press("F2")
        tab.wait_for_load_state()
        tab.locator("#filing select[name=component]").select_option(index=1)
        tab.fill("#title", f"Quyết định {number}")
        for box in tab.locator("#filing input[name=pages]").all():
            box.check()
        tab.keyboard.press("Control+Enter")
        tab.wait_for_url(lambda address, last=before: address != last and "/review/" in address)
        if number % every == 0 or number == 1:
            sample(f"after {number} documents", chrome, server, time.monotonic() - began)


def look(tab: Page) -> None:
    """What an officer does on a doubtful page: larger, turned, the next page, a word typed and saved."""
    tab.locator("[data-viewer-stage]").focus()
    for key in ("+", "r", "Shift+R", "0", "n"):
        tab.keyboard.press(key)
    tab.keyboard.press("Alt+PageDown")
    tab.wait_for_function("() => window.location.search.endsWith('page=2')")
    details = tab.locator("[data-correct]")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    tab.locator("#text").press("Control+End")
    tab.keyboard.type(" sửa")
    tab.keyboard.press("Control+s")
    tab.locator(".corrections").wait_for(state="attached")


def turn(tab: Page, server: int, scan_id: str, times: int) -> None:
    """Turn pages inside one scan."""
    tab.goto(f"/review/{scan_id}")
    chrome = tab.context.new_cdp_session(tab)
    began = time.monotonic()
    every = max(1, times // SAMPLES)
    way = "PageDown"
    for number in range(1, times + 1):
        link = {"PageDown": "[data-viewer-next]", "PageUp": "[data-viewer-previous]"}[way]
        if tab.locator(link).count() == 0:
            way = {"PageDown": "PageUp", "PageUp": "PageDown"}[way]
        shown = tab.locator("#page-words h2").inner_text()
        tab.keyboard.press(f"Alt+{way}")
        tab.wait_for_function("text => document.querySelector('#page-words h2').innerText !== text", arg=shown)
        tab.locator(".word-box").first.wait_for(state="attached")
        if number % every == 0 or number == 1:
            sample(f"after {number} turns", chrome, server, time.monotonic() - began)


def sample(name: str, chrome: CDPSession, server: int, seconds: float) -> None:
    """Print what is left after the garbage is collected."""
    chrome.send("HeapProfiler.enable")
    chrome.send("HeapProfiler.collectGarbage")
    chrome.send("Performance.enable")
    found = {row["name"]: row["value"] for row in chrome.send("Performance.getMetrics")["metrics"]}
    heap = found["JSHeapUsedSize"] / 1e6
    print(
        f"{name:24}{heap:9.1f}{found['Nodes']:8.0f}{found['JSEventListeners']:11.0f}{memory(server):11.0f}{seconds:7.0f}",
        flush=True,
    )


def memory(process: int) -> float:
    """Resident megabytes of a process and those it started."""
    family = subprocess.run(
        ["ps", "-o", "rss=", "--pid", str(process), "--ppid", str(process)], capture_output=True, check=True
    )
    return sum(int(line) for line in family.stdout.split()) / 1000


if __name__ == "__main__":
    main()
