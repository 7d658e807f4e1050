"""Words that would like to be a program, in every text of the database, shown by every page in a real browser.

    python bench/stored_xss.py [--who NAME,NAME]

Builds the canary organisation (`tests/oracle/`), puts all payloads behind the words of people in every column that
holds some, and opens each page in Chromium for one of each role it is open to, with the headers it is sent with; then
searches for the payloads. Ends with 1 where anything ran, the server was at fault, or a page came into conflict with
its own rules (CSP): then a word had become markup, or the page does what it forbids.
"""

import argparse
import json
import logging
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Dialog, Page, Route, sync_playwright
from sqlalchemy import JSON, String
from werkzeug.test import TestResponse

from oms import search
from oms.models import Base
from tests.oracle import oracle
from tests.oracle.asking import House, cells, open_house
from tests.oracle.organisation import ID, WORD

CHROMIUM = "/usr/bin/chromium"
PLACE = "http://localhost"
_CONTROL = "/control-"
_RUN = "top.ran&&top.ran(%d)"
_SHAPES = (
    "<script>%s</script>",
    "</script><script>%s</script>",
    "<ScRiPt src=//127.0.0.1:9/>%s</sCrIpT>",
    "<img src=x onerror=%s>",
    "<svg onload=%s>",
    "<svg><script>%s</script></svg>",
    "<body onload=%s>",
    "<details open ontoggle=%s>",
    "<input autofocus onfocus=%s>",
    "<video><source onerror=%s></video>",
    "<iframe srcdoc='<script>%s</script>'></iframe>",
    "<iframe src='javascript:%s'></iframe>",
    "<object data='javascript:%s'></object>",
    "<a href='javascript:%s'>x</a>",
    "<form action='javascript:%s'><button>x</button></form>",
    "<base href='javascript:%s//'>",
    "<meta http-equiv=refresh content='0;url=javascript:%s'>",
    "<style>@import 'javascript:%s'</style>",
    "<div style='background:url(javascript:%s)'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=%s>",
    "<template><script>%s</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=%s>'>",
    "<!--><img src=x onerror=%s>-->",
    "<![CDATA[><img src=x onerror=%s>]]>",
    '"><img src=x onerror=%s>',
    "'><img src=x onerror=%s>",
    '" autofocus onfocus=%s x="',
    "' onmouseover=%s x='",
    "` onerror=%s `",
    "</title><img src=x onerror=%s>",
    "</textarea><img src=x onerror=%s>",
    "</option></select><img src=x onerror=%s>",
    "</style><img src=x onerror=%s>",
    '";%s;//',
    "';%s;//",
    '\\";%s;//',
    "${%s}",
    "{{constructor.constructor('%s')()}}",
    "{%% print %s %%}",
    "javascript:%s",
    "data:text/html,<script>%s</script>",
    "&lt;img src=x onerror=%s&gt;",
    "&#60;img src=x onerror=%s&#62;",
    "\u003cimg src=x onerror=%s\u003e",
    "%%3Cimg src=x onerror=%s%%3E",
    "\uff1cimg src=x onerror=%s\uff1e",
    "\u2028%s\u2028",
    "+ADw-script+AD4-%s+ADw-/script+AD4-",
    "<img src=x:x onerror\n=%s>",
    "<img/src=x/onerror=%s>",
    "<<img src=x onerror=%s>",
    "<svg/onload\t=\t%s>",
    "<marquee onstart=%s>",
    "<xss style=animation-name:x onanimationstart=%s>",
    "<button popovertarget=x>x</button><p popover id=x onbeforetoggle=%s>",
    "<link rel=stylesheet href='javascript:%s'>",
    "<embed src='javascript:%s'>",
    "<isindex type=image src=x onerror=%s>",
    "<p id=csrf_token name=csrf_token onclick=%s>",
    "<form id=__proto__><input name=innerHTML value='%s'></form>",
    "=cmd|'%s'!A1",
)
PAYLOADS = [shape % (_RUN % number) for number, shape in enumerate(_SHAPES)]
# Names that are the same for everybody in the house.
NAMES = {
    "accounts.full_name",
    "units.name",
    "units.symbol",
    "unit_names.name",
    "sign_ins.device",
    "trusted_installations.name",
}
SENTENCES = {"findings.message"}
"""Sentences of the catalogue with places for values: nobody's words, and not to be read with others in them."""
SEARCHES = ("quyet dinh", "zq", "nang bac luong")
"""Searched for in everybody's name, and each payload in that of the first: what is found shows texts, what is not shows
the words asked for."""
LEAST_SINKS = 40
SETTLED = 50
"""Milliseconds for what runs only after a page has been loaded."""
WHO = "canbo.sonv,bithu.sonv,kiemtra.khoi,nguoilaodong.sonv,quantri,canbo.soyt,"
"""One of each role, a reader of lent pages, and (an empty name) somebody who has not signed in."""


def poison(path: Path) -> int:
    """Put every payload behind every text that bears a canary, and behind every name; how many columns hold them now.

    The rules of the tables are taken away in this copy: what the log keeps was written once by somebody, too.
    """
    everything = " " + " ".join(PAYLOADS)
    sinks = 0
    with sqlite3.connect(path) as opened:
        opened.execute("PRAGMA foreign_keys = OFF")
        opened.execute("PRAGMA ignore_check_constraints = ON")
        for (trigger,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            opened.execute(f"DROP TRIGGER {trigger}")
        for table, column in texts():
            held = opened.execute(f'SELECT rowid, "{column}" FROM {table}').fetchall()
            changed = [
                (worse, row) for row, text in held if (worse := poisoned(table, column, text, everything)) != text
            ]
            opened.executemany(f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?', changed)
            sinks += bool(changed)
    return sinks


def texts() -> Iterator[tuple[str, str]]:
    """Tables and columns that hold text, or structures with text in them."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            plain = isinstance(column.type, String | JSON) and not hasattr(column.type, "enums")
            # A number the program gives itself is nobody's word; that of a dossier may be typed.
            ours = column.name == "number" and column.unique and table.name != "dossiers"
            ours = ours or f"{table.name}.{column.name}" in SENTENCES
            if plain and not column.foreign_keys and not ours:
                yield table.name, column.name


def poisoned(table: str, column: str, text: str | None, everything: str) -> str | None:
    """A text with all payloads behind its first canary, a structure behind each; names bear no canary."""
    if not text:
        return text
    if f"{table}.{column}" in NAMES:
        return text + everything
    structure = text[0] in "[{"
    inside = json.dumps(everything)[1:-1] if structure else everything
    return WORD.sub(lambda word: word[0] + inside, text, count=0 if structure else 1)


class Watcher:
    """A browser that shows what somebody would be sent, and takes note of what ran."""

    def __init__(self, page: Page, house: House) -> None:
        self.page, self.house, self.who = page, house, ""
        self.ran: list[str] = []
        self.broken: list[str] = []
        self.at = ""
        self.faults: list[str] = []
        # The page to be opened, asked for already; and the files beside all pages, asked for once.
        self.asked: tuple[str, TestResponse] | None = None
        self.beside: dict[str, TestResponse] = {}
        page.expose_function("ran", lambda number: self.ran.append(f"{self.who} {self.at}: payload {number}"))
        page.expose_function("conflict", lambda said: self.broken.append(f"{self.who} {self.at}: {said}"))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => conflict(`${e.effectiveDirective} ${e.blockedURI} ${e.sample}`))"
        )
        page.on("dialog", self._speak)
        page.route("**/*", self._serve)

    def _speak(self, dialog: Dialog) -> None:
        self.ran.append(f"{self.who} {self.at}: dialog")
        dialog.dismiss()

    def _serve(self, route: Route) -> None:
        asked = urlsplit(route.request.url)
        if asked.netloc != "localhost" or route.request.method != "GET":
            self.broken.append(f"{self.who} {self.at}: asks for {route.request.method} {route.request.url[:80]}")
            route.abort()
            return
        if asked.path.startswith(_CONTROL):
            rules = {"Content-Security-Policy": "default-src 'none'"} if asked.path.endswith("ruled") else {}
            route.fulfill(status=200, headers={"Content-Type": "text/html", **rules}, body=PAYLOADS[4])
            return
        address = asked.path + (f"?{asked.query}" if asked.query else "")
        answer = self.beside.get(address) or self._answer(address)
        if address.startswith("/static/"):
            self.beside[address] = answer
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "set-cookie"}
        route.fulfill(status=answer.status_code, headers=headers, body=answer.get_data())

    def _answer(self, address: str) -> TestResponse:
        known, self.asked = self.asked, None
        if known and known[0] == address:
            return known[1]
        return self.house.ask(self.who, "GET", address)

    def prove(self) -> None:
        """That what runs is noticed, and what a rule of the page stops: else silence would mean nothing."""
        self.page.goto(f"{PLACE}{_CONTROL}free", wait_until="load")
        self.page.wait_for_timeout(300)
        self.page.goto(f"{PLACE}{_CONTROL}ruled", wait_until="load")
        self.page.wait_for_timeout(300)
        assert len(self.ran) == 1 and self.broken, "the browser notices nothing"
        self.ran.clear()
        self.broken.clear()

    def look(self, who: str, address: str) -> bool:
        """Open a page; whether it is one."""
        self.who, self.at = who, address
        answer = self.house.ask(who, "GET", address)
        if answer.status_code >= 500 and address != "/searchz":
            self.faults.append(f"{who} {address}: {answer.status_code}")
        if answer.status_code in (301, 302, 303, 308) or answer.mimetype != "text/html":
            return False
        self.asked = address, answer
        self.page.goto(PLACE + address, wait_until="load", timeout=60_000)
        self.page.wait_for_timeout(SETTLED)
        return True


def pages(house: House, everybody: list[str]) -> Iterator[tuple[str, str]]:
    """Each page with one thing of each kind it can be about, for whom it is open to; then what they search for."""
    seen = set[tuple[str, str, str]]()
    for cell in cells(house.app, house.organisation, nothing=False):
        key = (cell.who, cell.kind, ID.sub("", cell.address))
        wanted = cell.method == "GET" and cell.expected == oracle.IN and cell.who in everybody
        if wanted and not cell.address.startswith("/api/") and key not in seen:
            seen.add(key)
            yield cell.who, cell.address
    for who in everybody:
        asked = SEARCHES if who != everybody[0] else (*SEARCHES, *PAYLOADS)
        yield from ((who, f"/search?q={quote(words)}") for words in asked)


def main() -> None:
    """Poison, look, judge."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--who", default=WHO)
    everybody = options.parse_args().who.split(",")
    logging.disable(logging.ERROR)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="oms-xss-") as folder, sync_playwright() as play:
        house = open_house(Path(folder))
        sinks = poison(Path(house.path))
        house.keep()
        search.rebuild(house.engine, house.app.extensions["oms"].settings)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        watcher = Watcher(browser.new_page(), house)
        watcher.prove()
        opened, words = Counter[str](), 0
        for who, address in pages(house, everybody):
            if watcher.look(who, address):
                opened[who] += 1
                words = max(words, watcher.page.content().count("top.ran"))
        browser.close()
        by_person = ", ".join(f"{count} of {who or 'nobody'}" for who, count in opened.items())
        print(
            f"{len(PAYLOADS)} payloads in {sinks} columns; {opened.total()} pages ({by_person}), at most {words} words on one"
        )
        print(
            f"{len(watcher.ran)} ran, {len(watcher.broken)} conflicts with the rules of a page, {len(watcher.faults)} faults"
            f" of the server; {time.monotonic() - began:.0f} s"
        )
        wrong = [*watcher.ran, *watcher.broken, *watcher.faults]
        print(*wrong[:60], sep="\n")
        sys.exit(bool(wrong or sinks < LEAST_SINKS or set(everybody) - set(opened)))


if __name__ == "__main__":
    main()
