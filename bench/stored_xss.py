"""Words that would like to be a program, in every text of the database, shown by every page in a real browser.

    python bench/stored_xss.py [--who NAME,NAME]

Builds the canary organisation (`tests/oracle/`), puts all payloads behind the text of every column that holds words of
people (those of the log but its own rules forbid it), and opens each page that somebody may see in Chromium, with the
headers it is sent with. Ends with 1 where anything ran, or where a page came into conflict with its own rules (CSP):
then a word had become markup, or the page does what it forbids.
"""

import argparse
import logging
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Dialog, Page, Route, sync_playwright

from bench.authorisation import open_house
from oms.models import Base
from tests.oracle import oracle
from tests.oracle.asking import House, cells
from tests.oracle.organisation import NOBODYS, is_worded

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


def poison(path: Path) -> int:
    """Put every payload behind every text; how many columns hold them now."""
    everything = " ".join(PAYLOADS)
    sinks = 0
    with sqlite3.connect(path) as opened:
        opened.execute("PRAGMA foreign_keys = OFF")
        opened.execute("PRAGMA ignore_check_constraints = ON")
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if table.name in NOBODYS or not is_worded(column):
                    continue
                try:
                    told = opened.execute(
                        f"UPDATE OR IGNORE {table.name} SET {column.name} = {column.name} || ' ' || ? WHERE {column.name} LIKE '%canary%'"
                        f" OR length({column.name}) > 8",
                        (everything,),
                    )
                    sinks += told.rowcount > 0
                except sqlite3.DatabaseError:  # a rule of the table, or a log nobody changes
                    continue
    return sinks


class Watcher:
    """A browser that shows what somebody would be sent, and takes note of what ran."""

    def __init__(self, page: Page, house: House) -> None:
        self.page, self.house, self.who = page, house, ""
        self.ran: list[str] = []
        self.broken: list[str] = []
        self.at = ""
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
        answer = self.house.ask(self.who, "GET", asked.path + (f"?{asked.query}" if asked.query else ""))
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "set-cookie"}
        route.fulfill(status=answer.status_code, headers=headers, body=answer.get_data())

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
        if answer.status_code != 200 or answer.mimetype != "text/html":
            return False
        self.page.goto(PLACE + address, wait_until="load", timeout=60_000)
        return True


def main() -> None:
    """Poison, look, judge."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--who", default="canbo.sonv,kiemtra.khoi,quantri,nguoilaodong.sonv")
    options.add_argument("--seconds", type=int, default=3600)
    chosen = options.parse_args()
    logging.disable(logging.ERROR)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="oms-xss-") as folder, sync_playwright() as play:
        house = open_house(Path(folder))
        sinks = poison(Path(house.path))
        house.keep()
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        watcher, pages, seen = Watcher(browser.new_page(), house), 0, set[tuple[str, str]]()
        shown: set[int] = set()
        watcher.prove()
        for cell in cells(house.app, house.organisation, nothing=False):
            wanted = cell.method == "GET" and cell.expected == oracle.IN and cell.who in chosen.who.split(",")
            if not wanted or cell.address.startswith("/api/") or (cell.who, cell.endpoint) in seen:
                continue
            if time.monotonic() - began > chosen.seconds:
                print("stopped: no time left")
                break
            seen.add((cell.who, cell.endpoint))
            if watcher.look(cell.who, cell.address):
                pages += 1
                shown.add(watcher.page.content().count("top.ran"))
        browser.close()
        print(
            f"{len(PAYLOADS)} payloads in {sinks} columns; {pages} pages of {chosen.who}, at most {max(shown)} words on one"
        )
        print(
            f"{len(watcher.ran)} ran, {len(watcher.broken)} conflicts with the rules of a page; {time.monotonic() - began:.0f} s"
        )
        print(*watcher.ran[:20], *watcher.broken[:20], sep="\n")
        sys.exit(bool(watcher.ran or watcher.broken or sinks < 40))


if __name__ == "__main__":
    main()
