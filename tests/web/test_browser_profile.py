"""What stays in a browser after a day of dossiers (SE): its whole profile is searched for words and pictures of people.

Chromium writes the cookie of a session into its profile, too, encrypted with a key everybody knows where the machine has
no keyring: what it says is read, and it must be gone after the next start. Beside all that stands a page whose words,
picture, storage and cookie may be kept: they must be found, or nothing was searched.

`OMS_TEST_LONG=1` opens fifty dossiers where the suite opens six.
"""

import hashlib
import io
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import Engine, select, update

from oms import db, storage
from oms.models import Page, Scan
from oms.settings import Settings
from tests import factories
from tests.conftest import CHROMIUM, FLAGS
from tests.factories import World
from tests.web.conftest import served

pytestmark = pytest.mark.browser
DOSSIERS = 50 if os.environ.get("OMS_TEST_LONG") else 6
KEPT = "kiemchungluulai"
"""A word of a page that may be kept: it must be found, or nothing was searched."""
PAGE = f"""<!doctype html><title>{KEPT}title</title><p>{KEPT}body<img src="/picture.jpg">
<script>localStorage.setItem("kept", "{KEPT}storage")</script>"""


class Keeper(BaseHTTPRequestHandler):
    """Answers with a page, a picture and a cookie that browsers keep."""

    def do_GET(self) -> None:
        picture = self.path.endswith(".jpg")
        body = jpeg_of(KEPT) if picture else PAGE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg" if picture else "text/html")
        self.send_header("Cache-Control", "max-age=3600")
        self.send_header("Set-Cookie", f"kept={KEPT}cookie; Max-Age=3600")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def keeper() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def jpeg_of(text: str) -> bytes:
    """A page as it is kept for the screen."""
    out = io.BytesIO()
    factories.draw_page(text, size=(620, 880)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def dossiers(engine: Engine, settings: Settings, world: World) -> list[tuple[str, str, str]]:
    """Dossier, scan and page of people whose names, texts, titles and pictures nobody else has."""
    made = []
    with db.writing(engine) as session:
        for number in range(DOSSIERS):
            dossier = factories.make_dossier(session, world.units["sonv"], f"Canaria{number:02d}ten")
            scan = factories.make_scan(
                session, dossier, world.accounts["canbo.sonv"], (f"chu canaria{number:02d}chu cua trang",)
            )
            picture = jpeg_of(f"CANARIA {number}")
            sha256, size = storage.put(settings.scans, [picture])
            scan.sha256, scan.size, scan.file_name = sha256, size, f"canaria{number:02d}tep.pdf"
            session.execute(update(Page).where(Page.scan_id == scan.id).values(image_sha256=sha256))
            page_id = session.scalars(select(Page.id).where(Page.scan_id == scan.id)).one()
            made.append((dossier.id, scan.id, page_id))
    return made


def found_in(profile: Path, needles: dict[str, bytes]) -> set[str]:
    """Which needles stand in any file of the profile, with the file."""
    found = set()
    for path in profile.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes().lower()
            found |= {f"{name} in {path.relative_to(profile)}" for name, needle in needles.items() if needle in content}
    return found


def words(*said: str) -> dict[str, bytes]:
    """A word as browsers may write it."""
    return {f"{word} ({code})": word.lower().encode(code) for word in said for code in ("utf-8", "utf-16-le")}


def cookies_in(profile: Path) -> dict[str, str]:
    """Name and value of the cookies that lie in a profile."""
    key = hashlib.pbkdf2_hmac("sha1", b"peanuts", b"saltysalt", 1, 16)  # of a machine without a keyring
    found = {}
    for path in profile.rglob("Cookies"):
        with closing(sqlite3.connect(path)) as opened:
            for name, sealed in opened.execute("SELECT name, encrypted_value FROM cookies"):
                assert sealed[:3] == b"v10", "another kind of encryption: nothing could be read"
                opener = Cipher(algorithms.AES(key), modes.CBC(b" " * 16)).decryptor()
                said = opener.update(sealed[3:]) + opener.finalize()
                found[name] = said[32 : -said[-1]].decode()  # behind the hash of its host
    return found


def opened_with(browser: Browser, profile: Path, address: str) -> BrowserContext:
    """A browser that keeps its profile in this folder."""
    context: BrowserContext = browser.browser_type.launch_persistent_context(
        profile, executable_path=CHROMIUM, args=[*FLAGS, "--password-store=basic"], base_url=address
    )
    return context


def piece_of(picture: bytes) -> bytes:
    """What tells one picture from all others."""
    return picture[2000:2040].lower()


def test_nothing_of_anybody_stays_in_the_profile_of_the_browser(
    app: Flask,
    client_as: Callable[[str], FlaskClient],
    browser: Browser,
    engine: Engine,
    settings: Settings,
    dossiers: list[tuple[str, str, str]],
    keeper: str,
    tmp_path: Path,
) -> None:
    cookie = client_as("canbo.sonv").get_cookie("oms")
    assert cookie is not None
    profile = tmp_path / "profile"
    with served(app) as address:
        context = opened_with(browser, profile, address)
        context.add_cookies([{"name": "oms", "value": cookie.value, "url": address}])
        tab = context.new_page()
        tab.goto(keeper)
        shown = 0
        for dossier_id, scan_id, page_id in dossiers:
            for path in (f"/dossiers/{dossier_id}", f"/scans/{scan_id}", f"/pages/{page_id}", "/intake", "/people"):
                answer = tab.goto(path)
                assert answer is not None and answer.status == 200, path
                shown += "canaria" in tab.content().lower()
            tab.wait_for_function("[...document.images].every(image => image.complete)")
        assert shown >= 3 * len(dossiers), "people were on the screen"
        tab.goto("/")
        tab.wait_for_timeout(1_000)  # what a browser writes later
        session_now = next(one["value"] for one in context.cookies() if one["name"] == "oms")
        context.close()
        may_be_kept = words(f"{KEPT}title", f"{KEPT}body", f"{KEPT}storage") | {"picture": piece_of(jpeg_of(KEPT))}
        kept = {one.split(" ")[0] for one in found_in(profile, may_be_kept)}
        assert kept == {f"{KEPT}title", f"{KEPT}body", f"{KEPT}storage", "picture"}, "what may be kept is found"
        with db.reading(engine) as session:
            pictures = {
                f"picture {place}": piece_of(storage.read(settings.scans, sha256))
                for place, sha256 in enumerate(session.scalars(select(Scan.sha256)))
            }
        assert found_in(profile, words("canaria") | pictures) == set()
        assert found_in(profile, words(cookie.value, session_now)) == set(), "nor the session in plain words"
        assert cookies_in(profile)["oms"] == session_now, "the cookie of a session is read where it lies"
        context = opened_with(browser, profile, address)
        answer = context.new_page().goto("/people")
        assert answer is not None and "/sign-in" in answer.url
        context.close()
    again = cookies_in(profile)
    assert again["kept"] == f"{KEPT}cookie", "the browser has kept what it may"
    assert again.get("oms") != session_now, "after the next start the session is gone"
