"""How long after it was filed a document is found, while people work at their screens and others file, too.

An installation of its own with server and worker, as `oms serve --with-worker` starts them. Some readers ask for pages
and searches without a pause, each as an account of its own; two officers file scans one after the other. From
the commit of each filing on the index is asked until it has the document. Rights cost nothing here: who may see it is
asked from the database in each search.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from oms import accounts, catalogue, db, dossiers, installation, review, search
from oms.models import Category, Page, PageState, Quality, Role, Scan, ScanState, Unit, UnitKind
from oms.people import NewPerson
from oms.permissions import Actor
from oms.settings import Settings
from oms.web import create_app
from searching import corpus

READERS = 4
"""People who ask for page after page; more than one server process answers on a common machine."""
PEOPLE, PAGES = 100, 2000
"""Dossiers, and pages in the index before the measurement."""
FILED = 60
"""Documents whose time is taken."""
PAUSE = 0.4
"""Seconds between two filings of one officer: ten times as fast as a person."""
GIVEN_UP = 60.0
PASSWORD = "Bench-OMS-2026-load"


@dataclass
class Waits:
    """Seconds from commit to found, and how many pages the readers got meanwhile."""

    seconds: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)


def measure(name: str) -> list[float]:
    """Seconds until each filed document was found, by one engine."""
    with tempfile.TemporaryDirectory(prefix="oms-bench-load-") as folder:
        settings = Settings(home=Path(folder), search=name)
        os.environ["OMS_HOME"], os.environ["OMS_SEARCH"] = folder, name
        database = installed(settings)
        waiting = fill(database, PAGES + FILED)[-FILED:]
        search.rebuild(database, settings)
        cookies = _cookies(database, settings)
        waits = Waits()
        with _serving(settings) as port:
            stop = threading.Event()
            readers = [threading.Thread(target=_read, args=(port, cookie, stop, waits.answers)) for cookie in cookies]
            halves = waiting[::2], waiting[1::2]
            filers = [
                threading.Thread(target=_file, args=(database, settings, scans, f"canbo{at}", waits.seconds))
                for at, scans in enumerate(halves)
            ]
            for thread in (*readers, *filers):
                thread.start()
            for thread in filers:
                thread.join()
            stop.set()
            for thread in readers:
                thread.join()
        database.dispose()
        middle = statistics.median(waits.answers) if waits.answers else float("nan")
        print(f"{name}: {len(waits.answers)} pages answered meanwhile, each in {middle:.2f} s (median)", flush=True)
        return waits.seconds


def told(waits: Sequence[float]) -> str:
    """The figures in words."""
    ranked = sorted(waits)
    return (
        f"{len(ranked)} documents filed under load, found after {statistics.median(ranked):.2f} s (median), "
        f"{ranked[int(len(ranked) * 0.95)]:.2f} s (95th), {ranked[-1]:.2f} s (longest)"
    )


def installed(settings: Settings) -> Engine:
    """The empty database of a new installation."""
    installation.prepare_folders(settings)
    database = db.connect(settings.database)
    installation.upgrade(settings, database)
    return database


def fill(database: Engine, pages: int) -> list[str]:
    """Two units, officers, dossiers with scans of one read page each; the ids of the scans."""
    with db.writing(database) as session:
        for number in range(2):
            session.add(Unit(code=f"so{number}", kind=UnitKind.GRASSROOTS_COMMITTEE, name=f"Sở {number}"))
        session.flush()
        units = session.query(Unit).order_by(Unit.code).all()
        for number in range(2 + READERS):
            more = {"role": Role.OFFICER, "unit": units[number % 2], "actor": None, "password": PASSWORD}
            accounts.create_account(session, username=f"canbo{number}", full_name=f"Cán bộ {number}", **more)
    invented = corpus.papers(pages, 4)
    with db.writing(database) as session:
        actors = [accounts.get_actor(session, f"canbo{number}", via="cli") for number in range(2)]
        units = session.query(Unit).order_by(Unit.code).all()
        scans: list[str] = []
        opened = []
        for number, person in enumerate(corpus.people(pages, 4)[:PEOPLE]):
            new = NewPerson(full_name=f"{person.name} {number}")
            more = {"category": Category.CIVIL_SERVANT, "custodian": units[number % 2], "new_person": new}
            opened.append(dossiers.open_dossier(session, actor=actors[number % 2], **more))
        for number, paper in enumerate(invented):
            place = number % len(opened)
            scans.append(_scan(session, opened[place].id, actors[place % 2], number, paper.item.text))
    return scans


def _scan(session: Session, dossier_id: str, actor: Actor, number: int, text: str) -> str:
    """A scan of one page as the worker leaves it."""
    about = {"sha256": f"{number:064x}", "file_name": f"quet-{number}.pdf", "media_type": "application/pdf"}
    scan = Scan(
        dossier_id=dossier_id,
        size=1000,
        page_count=1,
        received_by_id=actor.account_id,
        state=ScanState.READ,
        **about,
    )
    session.add(scan)
    session.flush()
    read = {"text_read": text, "text": text, "quality": Quality.GOOD, "confidence": 95.0, "expected_error": 0.01}
    session.add(Page(scan_id=scan.id, number=1, state=PageState.READ, width=1654, height=2339, **read))
    return scan.id


def _cookies(database: Engine, settings: Settings) -> list[str]:
    """One signed-in session for each reader."""
    app = create_app(settings)
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookies = []
    with db.writing(database) as session:
        for number in range(2, 2 + READERS):
            secret, _ = accounts.sign_in(session, accounts.get_actor(session, f"canbo{number}", via="cli").account_id)
            signed = signer.dumps({"_user_id": secret, "_fresh": True})
            cookies.append(f"{app.config['SESSION_COOKIE_NAME']}={signed}")
    return cookies


@contextmanager
def _serving(settings: Settings) -> Iterator[int]:
    """Server and worker of the installation, and their port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environment = {**os.environ, "OMS_HOME": str(settings.home), "OMS_SEARCH": settings.search}
    program = [sys.executable, "-m", "oms.cli", "serve", "--with-worker", "--port", str(port)]
    process = subprocess.Popen(program, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2)
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


def _read(port: int, cookie: str, stop: threading.Event, answers: list[float]) -> None:
    """Ask for page after page."""
    asked = 0
    while not stop.is_set():
        asked += 1
        address = ("/", "/dossiers", f"/search?q={corpus.FAMILY[asked % 20].encode().hex()[:4]}+nguyen", "/review")[
            asked % 4
        ]
        begin = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", address, headers={"Cookie": cookie})
            connection.getresponse().read()
            answers.append(time.perf_counter() - begin)
        except OSError:
            continue
        finally:
            connection.close()


def _file(database: Engine, settings: Settings, scans: Sequence[str], who: str, waits: list[float]) -> None:
    """File one scan after the other; after each, ask the index until it has the document."""
    engine = search.open_engine(settings)
    component = next(iter(catalogue.components(Category.CIVIL_SERVANT.value))).id
    watching = []
    for number, scan_id in enumerate(scans):
        with db.writing(database) as session:
            actor = accounts.get_actor(session, who, via="cli")
            scan = session.get_one(Scan, scan_id)
            filing = review.Filing(component_id=component, title=f"Giấy tờ số {number}", despite="giấy của người này")
            document = review.file_pages(session, scan, [page.id for page in scan.pages], filing, actor=actor)
            item = search.records.document_item_id(document.id)
        filed = time.perf_counter()
        watch = threading.Thread(target=_watch, args=(engine, item, filed, waits))
        watch.start()
        watching.append(watch)
        time.sleep(PAUSE)
    for watch in watching:
        watch.join()


def _watch(engine: search.Engine, item: str, filed: float, waits: list[float]) -> None:
    while time.perf_counter() - filed < GIVEN_UP and engine.stamp(item) is None:
        time.sleep(0.05)
    waits.append(time.perf_counter() - filed)
