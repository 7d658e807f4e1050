"""Files that mean no good against the running server, by form, by API, inside the ZIP of a folder; ZIPs as such a ZIP.

    python bench/hostile.py [--files FOLDER] [--at-once N] [--ways form,API,door,ZIP]

Starts `oms serve --with-worker` on an installation of its own, gives every file in and asks `/healthz` ten times a second
meanwhile. FOLDER holds more files, with `expected.json` beside them: {name: {"expected": ok, soft, reject or locked}}.
Ends with 1 where a file came to what it must not, was not answered, left something behind, knocked at a door, changed
on its way into the store, or kept others waiting.
"""

import argparse
import hashlib
import http.client
import io
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image
from sqlalchemy import func, select

from oms import db, installation, search, staging, storage
from oms.models import AuditEntry, FolderImport, FolderImportLine, ImportState, Job, JobState, Page, Scan
from oms.settings import Settings
from oms.specimens import hostile
from tests import factories

FATES = {"ok": hostile.OK, "soft": hostile.EITHER, "reject": hostile.REFUSED, "locked": hostile.LOCKED}
OFFICER, FOLDER = "canbo.sonv", "068085001234_NGUYEN_THI_HOA"
BY_FILE = {
    "zip_nested_1.zip", "zip_nested_42.zip", "zip_mixed_good_bad.zip", "zip_name_trailing.zip", "zip_size_lie_small.zip",
}  # fmt: skip
"""ZIPs with files of kinds that are not taken, or longer than their list says: these are left out, file by file."""
PIXELS_ONLY = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "progressive", "progression"}
"""What the picture of a page may say of itself."""
SLOWEST_HEALTH, MOST_GROWTH = 0.3, 50
"""Seconds in which `/healthz` answers in 95 of 100, and MB by which a process of the server may grow."""
PATIENCE = 240
"""Seconds for one answer: a page may be drawn for a minute, and the machine has two cores."""

Answer = tuple[int, bytes]


LONGEST_WAIT = 3_700
"""Seconds; more is the limit of a day, which a bench is told of."""


class Waited(threading.local):
    """How long this thread has waited because it was told to: no time the server took."""

    seconds = 0


WAITED = Waited()


@dataclass
class Door:
    """The server, and an officer at it."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Status and body of the answer to one question."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            with suppress(BrokenPipeError):  # refused before all was sent: browsers read what was said, too
                line.request(method, path, body, {"Accept-Language": "en", **headers})
            answer = line.getresponse()
            content = answer.read()
        finally:
            line.close()
        for said in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = said.partition(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status == 429 and 0 < (wait := int(answer.headers["Retry-After"] or 0)) <= LONGEST_WAIT:
            time.sleep(wait)  # as the upload page does: 300 files an hour
            WAITED.seconds += wait
            return self.ask(method, path, body, **headers)
        if answer.status == 302:
            return 302, (answer.headers["Location"] or "").encode()
        return answer.status, content

    def word(self, path: str) -> str:
        """The word that forms of this page must bring along."""
        found = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', self.ask("GET", path)[1])
        assert found, f"no form on {path}"
        return found[1].decode()

    def send(self, path: str, content: bytes, name: str, fields: dict[str, str]) -> Answer:
        """A form with one file."""
        mark = uuid.uuid4().hex
        said = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        ]
        said.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n')
        body = "".join(said).encode() + content + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        return self.ask("POST", path, body, **{"Content-Type": kind, "X-Requested-With": "fetch"})


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[int, int]]:
    """Server and worker on the installation: port and process id; ended with all they started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "OMS_HOME": str(settings.home), "OMS_LANGUAGE": "en"}
    program = [sys.executable, "-m", "oms.cli", "serve", "--with-worker", "--port", str(port)]
    process = subprocess.Popen(program, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(900):
            with suppress(OSError):
                if Door(port).ask("GET", "/readyz")[0] == 200:
                    break
            time.sleep(0.2)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def family(pid: int) -> list[int]:
    """A process with all below it."""
    below = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [pid, *(other for child in below for other in family(child))]


def memory(pid: int) -> dict[str, int]:
    """MB each process of server and worker has for itself, by its id; of all boxes together, with their number."""
    found = Counter[str]()
    for each in family(pid):
        with suppress(OSError):
            box = b"oms.box.program" in Path(f"/proc/{each}/cmdline").read_bytes()
            own = re.findall(r"^Private_\w+:\s+(\d+)", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE)
            found["boxes" if box else str(each)] += sum(map(int, own)) // 1024
            found["box processes"] += box
    return dict(found)


class Watch:
    """Asks `/healthz` ten times a second, and listens where nobody may knock."""

    def __init__(self, port: int) -> None:
        self.port, self.took, self.knocks, self.over = port, list[float](), 0, threading.Event()
        self.threads = [threading.Thread(target=each) for each in (self._ask, self._listen)]
        for thread in self.threads:
            thread.start()

    def _ask(self) -> None:
        while not self.over.wait(0.1):
            began = time.monotonic()
            try:
                fine = Door(self.port).ask("GET", "/healthz")[0] == 200
            except OSError:
                fine = False
            self.took.append(time.monotonic() - began if fine else float("inf"))

    def _listen(self) -> None:
        with socket.socket() as ear:
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                ear.bind(("127.0.0.1", hostile.LISTENER))
            except PermissionError:
                print("not root: nobody listens where files would knock")
                return
            ear.listen()
            ear.settimeout(0.2)
            while not self.over.is_set():
                with suppress(TimeoutError):
                    ear.accept()[0].close()
                    self.knocks += 1

    def end(self) -> None:
        """Stop asking and listening."""
        self.over.set()
        for thread in self.threads:
            thread.join()


def specimens(folder: Path | None) -> list[hostile.Specimen]:
    """Our own, and those of the folder."""
    found = list(hostile.draw_all())
    if folder is not None:
        for name, about in json.loads((folder / "expected.json").read_text("utf-8")).items():
            fate = about["without_scanner"] if "without_scanner" in about else about["expected"]
            if (folder / name).is_file():
                found.append(hostile.Specimen(name, FATES[fate], (folder / name).read_bytes()))
    return found


def judge(specimen: hostile.Specimen, status: int, words: str) -> str:
    """What is wrong with the answer; "" for nothing."""
    if not 200 <= status < 500:
        return f"answered {status}"
    locked = "password" in words or "mật khẩu" in words
    came = hostile.OK if status < 300 else hostile.LOCKED if locked else hostile.REFUSED
    fate = specimen.fate
    if specimen.name.endswith(".zip") and came != hostile.OK:
        return ""  # ZIPs have a door of their own
    return "" if fate in (came, hostile.EITHER) else f"{came}, not {fate}"


def give_all(door: Door, way: str, path: str, files: list[hostile.Specimen], word: str, at_once: int) -> list[str]:
    """Give every file in; what is wrong, in lines. Prints a line of figures."""
    faults, came, took = list[str](), Counter[str](), list[float]()

    def give(specimen: hostile.Specimen) -> None:
        began, WAITED.seconds = time.monotonic(), 0
        try:
            status, content = door.send(path, specimen.content, specimen.name, {"csrf_token": word} if word else {})
        except OSError as error:
            status, content = 0, type(error).__name__.encode()
        took.append(time.monotonic() - began - WAITED.seconds)
        came["taken" if 200 <= status < 300 else "refused" if status < 500 else "failed"] += 1
        words = content.decode("utf-8", "replace")
        with suppress(ValueError, AttributeError):
            words = str(json.loads(words).get("message", words))  # letters of Vietnamese as letters
        fault = judge(specimen, status, words)
        if fault:
            faults.append(f"{way}: {specimen.name}: {fault}: {words[:200]}")
        if took[-1] > 10:
            print(f"  {took[-1]:5.0f} s  {specimen.name}  {status}", flush=True)

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(give, files))
    said = ", ".join(f"{count} {what}" for what, count in sorted(came.items()))
    print(
        f"{way:14} {len(files)} files: {said}; median {statistics.median(took):.2f} s, longest {max(took):.0f} s",
        flush=True,
    )
    return faults


def give_zip(door: Door, settings: Settings, files: list[hostile.Specimen]) -> list[str]:
    """All files in the ZIP of one person's folder, looked at by the worker."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for place, specimen in enumerate(files):
            suffix = Path(specimen.name).suffix or ".pdf"
            packed.writestr(f"{FOLDER}/{place % 99 + 1:02}.Giấy {place}.1{suffix}", specimen.content)
    began = time.monotonic()
    state, address = give_folder(door, settings, out.getvalue(), 60 + 10 * len(files))
    if state != ImportState.LOOKED:
        return [f"ZIP: {state}"]
    faults, came = list[str](), Counter[str]()
    engine = db.connect(settings.database)
    with db.reading(engine) as session:
        lines = {line.file: line for line in session.scalars(select(FolderImportLine))}
    engine.dispose()
    for number, specimen in enumerate(files):
        state = next((str(line.state) for file, line in lines.items() if f"Giấy {number}.1" in file), "missing")
        came[state] += 1
        status = {"would_take": 202, "known": 202, "left_out": 422}.get(state, 500)
        if fault := judge(specimen, status, "password" if specimen.fate == hostile.LOCKED else ""):
            faults.append(f"ZIP: {specimen.name}: {fault}")
    said = ", ".join(f"{count} {what}" for what, count in sorted(came.items()))
    print(f"{'inside a ZIP':14} {len(files)} files: {said}; {time.monotonic() - began:.0f} s", flush=True)
    leave_folder(door, address)
    return faults


def give_folder(door: Door, settings: Settings, content: bytes, seconds: float) -> tuple[str, str]:
    """A ZIP of a folder, looked through: its state, or what went wrong, and its address ("" when refused at the door)."""
    began = time.monotonic()
    status, place = door.send("/scan-folders", content, "folder.zip", {"csrf_token": door.word("/scan-folders")})
    address = place.decode("utf-8", "replace")
    if status == 302 and address.endswith("/scan-folders"):
        return ImportState.REFUSED, ""
    if status != 302 or "/scan-folders/" not in address:
        return f"answered {status} {address[:200]}", ""
    while b"data-poll" in door.ask("GET", address)[1]:
        if time.monotonic() - began > seconds:
            return "never looked through", address
        time.sleep(0.3)
    engine = db.connect(settings.database)
    with db.reading(engine) as session:
        state = session.get_one(FolderImport, address.rsplit("/", 1)[-1]).state
    engine.dispose()
    return state, address


def leave_folder(door: Door, address: str) -> None:
    """Have the ZIP wiped."""
    word = urlencode({"csrf_token": door.word("/scan-folders")}).encode()
    door.ask("POST", f"{address}/discard", word, **{"Content-Type": "application/x-www-form-urlencoded"})


def give_zips(door: Door, settings: Settings, files: list[hostile.Specimen]) -> list[str]:
    """Each ZIP at the door for ZIPs: one that is none, climbs, hides or swells is refused whole or loses that file."""
    faults, came, began = list[str](), Counter[str](), time.monotonic()
    for specimen in files:
        state, address = give_folder(door, settings, specimen.content, PATIENCE)
        came[state] += 1
        whole = state == ImportState.LOOKED
        if state not in (ImportState.LOOKED, ImportState.REFUSED):
            faults.append(f"door for ZIPs: {specimen.name}: {state}")
        elif specimen.fate != hostile.EITHER and whole != (specimen.fate == hostile.OK or specimen.name in BY_FILE):
            faults.append(f"door for ZIPs: {specimen.name}: {state}, not {specimen.fate}")
        if address:
            leave_folder(door, address)
    said = ", ".join(f"{count} {what}" for what, count in sorted(came.items()))
    print(f"{'door for ZIPs':14} {len(files)} files: {said}; {time.monotonic() - began:.0f} s", flush=True)
    return faults


def kept_whole(settings: Settings, files: list[hostile.Specimen]) -> list[str]:
    """Originals are the bytes that came, pictures bear pixels only, no text is one of this machine."""
    given = {hashlib.sha256(each.content).hexdigest(): each.name for each in files}
    engine, faults, pictures = db.connect(settings.database), list[str](), 0
    with db.reading(engine) as session:
        kept = set(session.scalars(select(Scan.sha256)))
        read = session.execute(select(Page.image_sha256, Page.text)).all()
    engine.dispose()
    for name in kept:
        content = storage.path_of(settings.scans, name).read_bytes()
        if name not in given or hashlib.sha256(content).hexdigest() != name:
            faults.append(f"{name} is no file that came")
    for name, text in read:
        if "root:x:0:" in text:
            faults.append(f"a text of this machine on {name}")
        if name is not None:
            with Image.open(storage.path_of(settings.scans, name)) as picture:
                borne = set(picture.info) - PIXELS_ONLY
            pictures += 1
            faults += [f"{name} bears {borne}"] if borne else []
    for path in settings.home.rglob("*"):
        outside = path.is_file() and settings.scans not in path.parents and 0 < path.stat().st_size < 50_000_000
        if outside and hashlib.sha256(path.read_bytes()).hexdigest() in given:
            faults.append(f"lies outside the store: {path}")
    print(f"{'kept':14} {len(kept)} originals as they came, {pictures} pictures; {len(faults)} otherwise", flush=True)
    return faults


def left_behind(settings: Settings, attempts: int) -> list[str]:
    """What must not be there when all is over, once the worker has nothing left to do."""
    engine = db.connect(settings.database)
    deadline = time.monotonic() + 20 * 60
    while True:
        with db.reading(engine) as session:
            busy = session.scalar(select(func.count(Job.id)).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING))))
        if not busy or time.monotonic() > deadline:
            break
        time.sleep(1)
    with db.reading(engine) as session:
        actions = ("scan:upload", "secrecy:doubt")
        entries = session.scalar(select(func.count(AuditEntry.seq)).where(AuditEntry.action.in_(actions)))
        scans = Counter(str(state.value) for state in session.scalars(select(Scan.state)))
    engine.dispose()
    print(f"{'read':14} {dict(scans)}; {entries} entries for {attempts} files given in", flush=True)
    faults = [f"{busy} jobs never ended"] if busy else []
    faults += [] if entries == attempts else [f"{entries} entries in the log, {attempts} files given in"]
    held = [place for place in staging.folder(settings).iterdir() if not place.name.startswith("held-")]
    faults += [f"left in staging: {place}" for place in held]
    return faults + ([f"{hostile.TRACE} was written"] if Path(hostile.TRACE).exists() else [])


def main() -> None:
    """Give in, watch, judge."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=Path)
    options.add_argument("--at-once", type=int, default=2)
    options.add_argument("--ways", default="form,API,door,ZIP")
    chosen = options.parse_args()
    files = specimens(chosen.files)
    with tempfile.TemporaryDirectory(prefix="oms-hostile-") as folder:
        settings = Settings(home=Path(folder))
        installation.prepare_folders(settings)
        engine = db.connect(settings.database)
        installation.upgrade(settings, engine)
        with db.writing(engine) as session:
            world = factories.make_world(session)
            by_form, by_api = (
                factories.make_dossier(session, world.units["sonv"], name) for name in ("Trần An", "Lý Bình")
            )
            in_folder = factories.make_dossier(session, world.units["sonv"])
            in_folder.person.personal_id = FOLDER.partition("_")[0]
            form, number = by_form.id, by_api.number
        search.rebuild(engine, settings)
        engine.dispose()
        with serving(settings) as (port, server):
            sys.exit(run(settings, port, server, files, form, number, chosen))


def run(
    settings: Settings,
    port: int,
    server: int,
    files: list[hostile.Specimen],
    form: str,
    number: str,
    chosen: argparse.Namespace,
) -> int:
    """All ways in at a running server; 1 when anything was wrong."""
    browser, caller = Door(port), Door(port)
    credentials = {"username": OFFICER, "password": factories.PASSWORD}
    signed = urlencode({**credentials, "csrf_token": browser.word("/sign-in")}).encode()
    browser.ask("POST", "/sign-in", signed, **{"Content-Type": "application/x-www-form-urlencoded"})
    said = caller.ask(
        "POST", "/api/v1/tokens", json.dumps(credentials).encode(), **{"Content-Type": "application/json"}
    )
    caller.token = json.loads(said[1])["token"]
    good = next(hostile.draw_all())
    word = browser.word("/intake")
    faults = give_all(browser, "a good one", f"/intake/{form}/scans", [good], word, 1)
    before, watch, ways = memory(server), Watch(port), chosen.ways.split(",")
    if "form" in ways:
        faults += give_all(browser, "form", f"/intake/{form}/scans", files, word, chosen.at_once)
    if "API" in ways:
        faults += give_all(caller, "API", f"/api/v1/dossiers/{number}/scans", files, "", chosen.at_once)
    if "door" in ways:
        faults += give_zips(browser, settings, [each for each in files if each.name.endswith(".zip")])
    if "ZIP" in ways:
        faults += give_zip(browser, settings, [each for each in files if len(each.content) < 50_000_000])
    watch.end()
    faults += left_behind(settings, len({"form", "API"} & set(ways)) * len(files) + 1)
    again = hostile.Specimen("another good one.pdf", hostile.OK, good.content + b"%\n")
    faults += give_all(browser, "a good one", f"/intake/{form}/scans", [again], word, 1)
    faults += kept_whole(settings, [*files, good, again])
    took, after = sorted(watch.took), memory(server)
    p95 = took[int(0.95 * len(took))]
    print(f"/healthz       {len(took)} times, p95 {p95:.3f} s, longest {took[-1]:.3f} s; {watch.knocks} knocks")
    print(f"memory, MB     before {before}, after {after}")
    faults += [f"{watch.knocks} knocks"] if watch.knocks else []
    faults += [f"/healthz took {p95:.3f} s"] if p95 > SLOWEST_HEALTH else []
    grown = {pid: after[pid] - mb for pid, mb in before.items() if pid.isdigit() and pid in after}
    faults += [f"process {pid} grew by {mb} MB" for pid, mb in grown.items() if mb > MOST_GROWTH]
    print(*faults, sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    main()
