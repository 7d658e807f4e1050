"""A hundred people at work: how fast the running server answers, and how many answers a second it gives.

    python bench/load.py [--minutes 15] [--documents 3000] [--home FOLDER] [--pages 2000] [--only LD-1,LD-2,LD-3]

LD-1: a hundred users who think for five seconds between two acts: half of them lists, a fifth searches, a fifth pictures of
pages, the rest uploads of 2 MB and small edits. LD-2: 32 connections that do not think, for 30 seconds each: a list, a
search, a picture. LD-3: LD-1 while the worker reads `--pages` pages. Beside LD-2 stands a program of three lines behind the
same server on the same machine, asked by the same client: what counts on another machine are the ratios to it.
The bar is 100,000 documents and 15 minutes on a quiet machine with two cores; the client runs on it, too. FOLDER keeps the
installation for the next run. Ends with 1 where a bar is missed or an answer was no success.
"""

import argparse
import http.client
import io
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import household
from doors import large_picture
from dossier_room import fill
from PIL import Image
from sqlalchemy import select, update

from oms import accounts, db, installation, intake, jobs, search, storage
from oms.models import Dossier, Job, JobState, Page, Role, Unit, now
from oms.settings import Settings
from oms.web import create_app
from tests import factories

USERS, THINKING, CONNECTIONS, SECONDS = 100, 5.0, 32, 30.0
EACH = 30
"""Documents of one dossier."""
MIX = {"list": 50, "search": 20, "image": 20, "upload": 5, "edit": 5}
LISTS = ("/people", "/people?page=2", "/intake", "/transfers", "/completeness", "/")
WORDS = ("quyết định bổ nhiệm", "Nguyễn Văn", "nâng bậc lương", "điều động", "tên:Trần", "Hà 12", "số:3-QĐ/TU")
P95 = {"list": 0.3, "search": 0.8, "image": 0.3, "upload": 1.5, "edit": 0.8}
"""Seconds within which 95 of 100 are answered; an upload has besides what looking at its page takes (`LOOK`)."""
LOOK = 1.0
LEAST, SLOWEST = 18.0, 1.0
"""Acts a second of all users together; seconds for 99 of 100 of those who do not think."""
RATES = {"list": 150.0, "search": 40.0, "image": 150.0}
MEANWHILE = 2.0
"""Times as long it may take while pages are read."""
TINY = """
PAGE = b"x" * 20_000
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "20000")])
    return [PAGE]
"""


@dataclass
class User:
    """Somebody signed in, by browser and by a program of theirs."""

    cookie: str
    token: str
    csrf: str = ""


@dataclass
class House:
    """A running installation, and what can be asked of it."""

    settings: Settings
    port: int
    users: list[User]
    dossiers: list[tuple[str, str]]
    pages: list[str]


@dataclass
class Told:
    """Seconds of every answer by kind, and those that were no success."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, kind: str, seconds: float, status: int, path: str) -> None:
        """One answer."""
        with self.lock:
            self.took[kind].append(seconds)
            if status not in (200, 202, 302):
                self.faults.append(f"{kind}: {path} answered {status}")

    def part(self, kind: str, hundredth: int) -> float:
        """The seconds within which so many of a hundred were answered."""
        took = self.took[kind]
        return statistics.quantiles(took, n=100, method="inclusive")[hundredth - 1] if len(took) > 1 else sum(took)


def install(settings: Settings, documents: int) -> None:
    """Units, a hundred officers of one office, and its dossiers with pages, pictures and index."""
    began = time.monotonic()
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    installation.upgrade(settings, engine)
    pictures = []
    for number in range(20):  # grey noise of the size pages are kept in: some 200 KB
        noise = Image.frombytes("L", (310, 440), random.Random(number).randbytes(310 * 440)).resize((1240, 1754))
        noise.save(out := io.BytesIO(), "JPEG", quality=70, restart_marker_rows=1)  # as `write_screen`
        pictures.append(storage.put(settings.scans, [out.getvalue()])[0])
    with db.writing(engine) as session:
        fill(session, max(documents // EACH, 1), EACH)
        for place, sha256 in enumerate(pictures):
            some = Page.id.like(f"{place % 16:x}%") if place < 16 else Page.id.like(f"_{place % 16:x}%")
            session.execute(update(Page).where(some).values(image_sha256=sha256))
        office = session.get_one(Unit, session.scalars(select(Dossier.custodian_id)).first())
        for number in range(USERS):
            factories.make_account(session, f"nguoi.{number:03d}", Role.OFFICER, office)
        session.execute(update(Job).values(state=JobState.DONE, finished_at=now()))
    search.rebuild(engine, settings)
    engine.dispose()
    search._engine_at.cache_clear()
    print(f"installed      {documents} documents in {time.monotonic() - began:.0f} s", flush=True)


@contextmanager
def running(settings: Settings, log: Path) -> Iterator[House]:
    """Server and worker, with everybody signed in."""
    engine = db.connect(settings.database)
    app = create_app(settings, engine)
    cookies = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    users = []
    with db.writing(engine) as session:
        for number in range(USERS):
            account = accounts.get_actor(session, f"nguoi.{number:03d}", via="cli").account_id
            browser, _ = accounts.sign_in(session, account)
            program, _ = accounts.sign_in(session, account, kind="api")
            users.append(User(f"oms={cookies.dumps({'_user_id': browser, '_fresh': True})}", program))
        dossiers = [(id, number) for id, number in session.execute(select(Dossier.id, Dossier.number).limit(5000))]
        pages = list(session.scalars(select(Page.id).where(Page.image_sha256.is_not(None)).limit(5000)))
    engine.dispose()
    search._engine_at.cache_clear()
    programs = household.Programs(settings, log=log)
    try:
        programs.first_answer()
        yield House(settings, programs.port, users, dossiers, pages)
    finally:
        programs.kill()


class Line:
    """One connection that is kept as long as the server keeps it."""

    def __init__(self, port: int) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Status, body and headers of one answer; asked again where the server had closed what was kept."""
        for again in (True, False):
            try:
                self.line.request(method, path, body or None, headers)
                answer = self.line.getresponse()
                return answer.status, answer.read(), answer.headers
            except (OSError, http.client.HTTPException):
                self.line.close()
                if not again:
                    return 0, b"", http.client.HTTPMessage()
        raise AssertionError("the second time returns")


def act(house: House, line: Line, user: User, kind: str, chance: random.Random, told: Told) -> None:
    """One act of one user, with its time."""
    path, body, method, headers = "", b"", "GET", {"Cookie": user.cookie, "Accept-Language": "vi"}
    if kind == "list":
        path = chance.choice(LISTS)
    elif kind == "search":
        path = "/search?q=" + quote(chance.choice(WORDS))
    elif kind == "image":
        path = f"/pages/{chance.choice(house.pages)}/image.jpg"
    elif kind == "upload":
        picture = large_picture(chance.randrange(10**9), 2 * 1024 * 1024)
        path, method = f"/api/v1/dossiers/{chance.choice(house.dossiers)[1]}/scans", "POST"
        mark = "oms-load-boundary"
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        body = head.encode() + picture + f"\r\n--{mark}--\r\n".encode()
        kept = f"multipart/form-data; boundary={mark}"
        headers = {"Authorization": f"Bearer {user.token}", "Content-Type": kept}
    elif kind == "edit":
        path, method = f"/dossiers/{chance.choice(house.dossiers)[0]}/shelf", "POST"
        if not user.csrf:
            _, page, given = line.ask("GET", path, **headers)
            user.csrf = page.decode().partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
            user.cookie = (given.get("Set-Cookie") or user.cookie).partition(";")[0]
            headers["Cookie"] = user.cookie
        body = f"csrf_token={quote(user.csrf)}&shelf_room=P{chance.randrange(99)}&shelf=1&shelf_box=2".encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    began = time.perf_counter()
    status, _said, _headers = line.ask(method, path, body, **headers)
    told.write(kind, time.perf_counter() - began, status, path)


def at_work(house: House, seconds: float) -> Told:
    """LD-1: everybody acts and thinks, for so long."""
    told, until = Told(), time.monotonic() + seconds

    def work(place: int) -> None:
        chance, line = random.Random(place), Line(house.port)
        time.sleep(chance.uniform(0, min(THINKING, seconds / 2)))
        while time.monotonic() < until:
            kind = chance.choices(list(MIX), list(MIX.values()))[0]
            act(house, line, house.users[place], kind, chance, told)
            time.sleep(chance.uniform(0.5, 1.5) * THINKING)

    _together(USERS, work)
    return told


def without_thinking(port: int, seconds: float, ask: Callable[[Line, int, random.Random, Told], None]) -> Told:
    """LD-2: so many connections, one question after the other."""
    told, until = Told(), time.monotonic() + seconds

    def work(place: int) -> None:
        chance, line, count = random.Random(place), Line(port), 0
        while time.monotonic() < until:
            ask(line, place + CONNECTIONS * count, chance, told)
            count += 1

    _together(CONNECTIONS, work)
    return told


def _together(number: int, work: Callable[[int], None]) -> None:
    crowd = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(number)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()


def ld_1(house: House, seconds: float, name: str = "LD-1") -> tuple[Told, list[str]]:
    """Figures of the crowd, and what misses the bar."""
    told = at_work(house, seconds)
    rate = sum(map(len, told.took.values())) / seconds
    print(f"{name}           {rate:.1f} acts/s, {len(told.faults)} faults", flush=True)
    missed = [f"{name}: {fault}" for fault in told.faults[:10]]
    missed += [f"{name}: {rate:.1f} acts/s"] * (rate < LEAST)
    for kind, least in P95.items():
        p95, bar = told.part(kind, 95), least + LOOK * (kind == "upload")
        print(
            f"  {kind:12} {len(told.took[kind]):6}  median {told.part(kind, 50):.3f} s  p95 {p95:.3f} s  (bar {bar} s)"
        )
        if name == "LD-1" and p95 > bar:
            missed.append(f"{name}: {kind} p95 {p95:.3f} s")
    return told, missed


def ld_2(house: House, seconds: float) -> list[str]:
    """Answers a second of each kind, beside those of a program of three lines; what misses the bar."""
    missed = []
    with tiny_program() as port:
        plain = without_thinking(port, seconds / 3, _ask_plainly)
    reference = len(plain.took["reference"]) / (seconds / 3)
    print(f"LD-2           reference: {reference:.0f}/s, p99 {plain.part('reference', 99):.3f} s", flush=True)
    for kind, least in RATES.items():

        def ask(line: Line, number: int, chance: random.Random, told: Told, kind: str = kind) -> None:
            act(house, line, house.users[number % USERS], kind, chance, told)

        told = without_thinking(house.port, seconds, ask)
        rate, p99 = len(told.took[kind]) / seconds, told.part(kind, 99)
        print(f"  {kind:12} {rate:6.1f}/s (bar {least:.0f}/s), {rate / reference:.1%} of the reference, p99 {p99:.3f} s, "
              f"{len(told.faults)} faults", flush=True)  # fmt: skip
        missed += [f"LD-2: {fault}" for fault in told.faults[:5]]
        missed += [f"LD-2: {kind} {rate:.1f}/s"] * (rate < least) + [f"LD-2: {kind} p99 {p99:.3f} s"] * (p99 > SLOWEST)
    return missed


def _ask_plainly(line: Line, _number: int, _chance: random.Random, told: Told) -> None:
    began = time.perf_counter()
    status = line.ask("GET", "/")[0]
    told.write("reference", time.perf_counter() - began, status, "/")


@contextmanager
def tiny_program() -> Iterator[int]:
    """A page of 20 KB from the same server with as many processes and threads."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tiny.py").write_text(TINY)
        port = household._free_port()
        options = ["-k", "oms.web.connections.PatientWorker", "-w", "2", "--threads", "8", "-b", f"127.0.0.1:{port}"]
        command = [sys.executable, "-m", "gunicorn", *options, "--log-level", "error", "--chdir", folder, "tiny:app"]
        process = subprocess.Popen(command)
        try:
            for _ in range(300):
                with suppress(OSError):
                    http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
                    break
                time.sleep(0.1)
            yield port
        finally:
            process.terminate()
            process.wait()


def give_to_read(house: House, pages: int) -> None:
    """Enter scans of ten pages whose reading waits, as if they had just come in."""
    engine = db.connect(house.settings.database)
    for number in range(0, pages, 10):
        frames = [factories.draw_page(f"QUYẾT ĐỊNH số {number + place}") for place in range(min(10, pages - number))]
        frames[0].save(out := io.BytesIO(), "PDF", save_all=True, append_images=frames[1:])
        arrival = replace(intake.arrive(house.settings, [out.getvalue()], f"{number}.pdf"), looked=True)
        intake.keep(house.settings, arrival)
        with db.writing(engine) as session:
            officer = accounts.get_actor(session, "nguoi.000", via="cli")
            dossier = session.get_one(Dossier, house.dossiers[number % len(house.dossiers)][0])
            intake.receive(session, dossier, arrival, actor=officer)
        intake.discard(arrival)
    engine.dispose()


def ld_3(house: House, seconds: float, pages: int, alone: Told) -> list[str]:
    """The crowd again while pages are read; what takes more than twice as long."""
    give_to_read(house, pages)
    told, missed = ld_1(house, seconds, "LD-3")
    engine = db.connect(house.settings.database)
    with db.reading(engine) as session:
        left = jobs.waiting(session, ("read_page", "read_scan"), limit=10_000)
    engine.dispose()
    print(f"  of {pages} pages some of {len(left)} jobs were left at the end")
    if not left:
        missed.append("LD-3: all pages were read before the end: give --pages more")
    for kind in MIX:
        times = told.part(kind, 95) / (alone.part(kind, 95) or 1)
        print(f"  {kind:12} p95 {times:.1f} times as long")
        missed += [f"LD-3: {kind} {times:.1f} times as long"] * (times > MEANWHILE)
    return missed


def main() -> int:
    """Install, or take what is there; the parts asked for; 1 when a bar is missed."""
    reading = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reading.add_argument("--minutes", type=float, default=15)
    reading.add_argument("--documents", type=int, default=3_000)
    reading.add_argument("--pages", type=int, default=2_000)
    reading.add_argument("--home", type=Path)
    reading.add_argument("--only", default="LD-1,LD-2,LD-3")
    chosen = reading.parse_args()
    parts, missed = chosen.only.split(","), list[str]()
    household.end_in_order()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=chosen.home or Path(folder) / "home")
        if not (settings.home / "oms.sqlite3").exists():
            install(settings, chosen.documents)
        with running(settings, Path(folder) / "log") as house:
            seconds, alone = chosen.minutes * 60, Told()
            if {"LD-1", "LD-3"} & set(parts):
                alone, missed = ld_1(house, seconds)
            if "LD-2" in parts:
                missed += ld_2(house, min(SECONDS, seconds))
            if "LD-3" in parts:
                missed += ld_3(house, seconds, chosen.pages, alone)
    print(*missed, sep="\n")
    print(f"load: {len(missed)} bars missed; {chosen.documents} documents, {chosen.minutes:g} minutes")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
