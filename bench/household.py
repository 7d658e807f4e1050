"""A house at work, for benches that pull the plug or kill: the real programs, officers at the door, what they were told.

Officers upload scans, file what was read and hand dossiers over, all by HTTP; an answer of success is a promise and is
written down. Whoever gets no answer sends the same again later, as a browser or a program would. `broken` says which
promises an installation does not keep; what else should hold is asked of `oms check`.
"""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hostile import Door
from sqlalchemy import Engine, func, select, update

import oms.worker
from oms import accounts, db, dossiers, fixity, installation, search, storage
from oms.audit import sealing
from oms.models import AuditEntry, Document, Job, JobState, Page, Scan, Transfer, now
from oms.settings import Settings
from oms.worker import Worker
from tests import factories

DESKS, MOVING = 10, 400
"""Dossiers papers come in for, and dossiers that wait to be handed over."""
STATES = ("draft", "submitted", "approved", "in_transit", "accepted")
STEPS = (
    ("submit", "canbo.sonv"),
    ("approve", "truongban.khoi"),
    ("dispatch", "canbo.sonv"),
    ("accept", "canbo.sotc"),
)
NOT_NOW = (503, 507)
"""Refusals that are told: too much at once, or the small disk of a bench is full."""
PACE = 0.5
"""Seconds between two uploads: pages are read about as fast as they come in."""
PATIENCE = 60
"""Seconds for everything that waits to be done after a start."""
STARTING = 300
"""Seconds after which a start counts as failed; how long it took is told."""


@dataclass
class Promises:
    """What the officers were told is done, and what they sent without an answer."""

    scans: dict[str, str] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)
    unanswered: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.scans) + len(self.documents) + sum(STATES.index(state) + 1 for state in self.steps.values())


@dataclass(frozen=True)
class Place:
    """What the officers of an installation work with: numbers of dossiers."""

    desks: tuple[str, ...]
    moving: tuple[str, ...]
    component: str


def install(settings: Settings) -> Place:
    """A new installation with units, accounts and dossiers, indexed and sealed once."""
    installation.prepare_folders(settings)
    engine = db.connect(settings.database)
    installation.upgrade(settings, engine)
    sha256, size = storage.put(settings.scans, [factories.png_of(factories.draw_page("QUYẾT ĐỊNH"))])
    with db.writing(engine) as session:
        world = factories.make_world(session)
        unit = world.units["sonv"]
        officer = accounts.get_actor(session, "canbo.sonv", via="cli")
        desks = [factories.make_dossier(session, unit, f"Trần Bàn {number}") for number in range(DESKS)]
        moving = []
        for number in range(MOVING):
            dossier = factories.make_dossier(session, unit, f"Lê Đi {number}")
            scan = factories.make_scan(session, dossier, officer.account_id)
            scan.sha256, scan.size, scan.media_type = sha256, size, "image/png"
            factories.make_document(session, dossier, scan, actor=officer)
            moving.append(dossier.number)
        component = dossiers.components_of(desks[0])[0].id
    with db.writing(engine) as session:
        session.execute(update(Job).values(state=JobState.DONE, finished_at=now()))
    search.rebuild(engine, settings)
    sealing.seal(engine, settings)
    engine.dispose()
    return Place(tuple(desk.number for desk in desks), tuple(moving), component)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Programs:
    """Server and worker of an installation, in a session of their own."""

    def __init__(
        self, settings: Settings, *, log: Path, port: int = 0, within: Sequence[str] = (), **environment: str
    ) -> None:
        self.port = port or _free_port()
        chosen = {"OMS_HOME": str(settings.home), "OMS_JOB_LEASE": "3", "OMS_WORKERS": "1", "OMS_LANGUAGE": "en"}
        if settings.database_url:
            chosen["OMS_DATABASE_URL"] = settings.database_url
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OMS_")}
        program = [*within, sys.executable, "-m", "oms.cli", "serve", "--with-worker", "--port", str(self.port)]
        self.log, self.began = log, time.monotonic()
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                program, env={**kept, **chosen, **environment}, stdout=out, stderr=out, start_new_session=True
            )

    def first_answer(self) -> float:
        """Seconds from the start to the first answer; raises when none comes."""
        while time.monotonic() - self.began < STARTING:
            with suppress(OSError, HTTPException):
                if Door(self.port).ask("GET", "/readyz")[0] == 200:
                    return time.monotonic() - self.began
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise SystemExit("the programs do not come up:\n" + self.log.read_text("utf-8", "replace")[-2000:])

    def members(self) -> dict[int, str]:
        """Living processes, with their short names."""
        found = {}
        for entry in Path("/proc").iterdir():
            with suppress(OSError, IndexError, ValueError):
                if not entry.name.isdecimal():
                    continue
                state, _parent, _group, session = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:4]
                if int(session) == self.process.pid and state != "Z":
                    found[int(entry.name)] = (entry / "comm").read_text().strip()
        return found

    def kill(self) -> None:
        """All of them at once, boxes too."""
        while living := self.members():
            for pid in living:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()


class Officers:
    """People at their screens; `promises` is what they were told so far."""

    def __init__(self, place: Place, promises: Promises) -> None:
        self.place, self.promises = place, promises
        self.lock, self.over = threading.Lock(), threading.Event()
        self.faults: list[str] = []
        self.doors: dict[str, Door] = {}
        self.threads: list[threading.Thread] = []
        self.tried: set[str] = set()

    def begin(self, port: int) -> None:
        """Sign in and work until `end`; what had no answer is sent again first."""
        self.doors = {name: _signed_in(port, name) for name in ("canbo.sonv", "truongban.khoi", "canbo.sotc")}
        self.over = threading.Event()
        works = (self._send_again, self._upload, self._file, self._hand_over)
        self.threads = [threading.Thread(target=self._work, args=(work,), daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        """Everybody stops after the act at hand."""
        self.over.set()
        for thread in self.threads:
            thread.join()

    def told(self) -> Promises:
        """What holds at this moment: each of these answers came before."""
        with self.lock:
            return deepcopy(self.promises)

    def wait_for_more(self, than: Promises) -> None:
        """Wait until more was promised than that; for a minute at most, then it goes on as it is."""
        deadline = time.monotonic() + PATIENCE
        while self.told().number <= than.number and time.monotonic() < deadline:
            time.sleep(0.02)

    def _work(self, work: Any) -> None:
        over = self.over
        while not over.is_set():
            try:
                work()
            except (OSError, HTTPException, json.JSONDecodeError):
                time.sleep(0.05)  # nobody there: as people do, try again

    def _ask(self, who: str, method: str, path: str, given: Any = None) -> tuple[int, Any]:
        body = b"" if given is None else json.dumps(given).encode()
        status, content = self.doors[who].ask(method, f"/api/v1/{path}", body, **{"Content-Type": "application/json"})
        if status >= 500 and status not in NOT_NOW:
            self.faults.append(f"{method} {path} answered {status}")
        return status, json.loads(content) if content else None

    def _upload(self) -> None:
        name = uuid.uuid4().hex
        picture = factories.png_of(factories.draw_page(f"SO {name[:6]}", size=(420, 300)))
        number = self.place.desks[int(name[:4], 16) % len(self.place.desks)]
        with self.lock:
            self.promises.unanswered[hashlib.sha256(picture).hexdigest()] = number, picture
        self._send(number, picture)
        self.over.wait(PACE)

    def _send_again(self) -> None:
        with self.lock:
            waiting = [sha for sha in self.promises.unanswered if sha not in self.tried]
            self.tried |= set(waiting)
            again = [self.promises.unanswered[sha] for sha in waiting]
        for number, picture in again if waiting and not self.over.is_set() else ():
            self._send(number, picture)
        self.over.wait()

    def _send(self, number: str, picture: bytes) -> None:
        status, content = self.doors["canbo.sonv"].send(f"/api/v1/dossiers/{number}/scans", picture, "a.png", {})
        if status == 202:
            (told,) = json.loads(content)
            with self.lock:
                self.promises.unanswered.pop(told["sha256"], None)
                self.promises.scans[told["sha256"]] = told["scan"]
        elif status >= 500 and status not in NOT_NOW:
            self.faults.append(f"an upload answered {status}")

    def _file(self) -> None:
        with self.lock:
            waiting = [id for id in self.promises.scans.values() if id not in self.promises.documents.values()]
        for id in waiting[-5:]:
            if self.over.is_set():
                return
            status, scan = self._ask("canbo.sonv", "GET", f"scans/{id}")
            if status == 200 and scan["state"] == "read":
                given = {"component": self.place.component, "title": "Quyết định", "despite": "thử"}
                status, document = self._ask("canbo.sonv", "POST", f"scans/{id}/verify", given)
                if status == 201:
                    with self.lock:
                        self.promises.documents[document["id"]] = id
        self.over.wait(0.1)

    def _hand_over(self) -> None:
        with self.lock:
            open_ones = [number for number, state in self.promises.steps.items() if state != STATES[-1]]
        if not open_ones:
            number = self.place.moving[int(uuid.uuid4().hex[:6], 16) % len(self.place.moving)]
            given = {"dossier": number, "to": "sotc", "reason": "Điều động", "basis_number": "12-QĐ/TU"}
            status, transfer = self._ask("canbo.sonv", "POST", "transfers", {**given, "basis_on": "2026-02-03"})
            if status == 201:
                self._step(transfer)
            return
        status, transfer = self._ask("canbo.sonv", "GET", f"transfers/{open_ones[0]}")
        if status != 200:
            return  # its database session was cut: people ask again
        self._step(transfer)  # where it stands, after an answer that was lost
        if transfer["state"] not in STATES[:-1]:
            return
        step, who = STEPS[STATES.index(transfer["state"])]
        if step == "accept":
            self._ask(who, "POST", f"transfers/{transfer['number']}/checks", {})
        status, transfer = self._ask(who, "POST", f"transfers/{transfer['number']}/{step}", {})
        if status == 200:
            self._step(transfer)

    def _step(self, transfer: dict[str, Any]) -> None:
        with self.lock:
            self.promises.steps[transfer["number"]] = transfer["state"]


def _signed_in(port: int, username: str) -> Door:
    door, credentials = Door(port), {"username": username, "password": factories.PASSWORD}
    kind = {"Content-Type": "application/json"}
    status, said = door.ask("POST", "/api/v1/tokens", json.dumps(credentials).encode(), **kind)
    if status != 201:
        raise SystemExit(f"{username} cannot sign in: {status} {said!r}")
    door.token, door.cookies = json.loads(said)["token"], {}
    return door


def broken(engine: Engine, settings: Settings, promises: Promises) -> list[str]:
    """Promises that are not kept, in words; and what is there though nobody sent it, or twice."""
    found: list[str] = []
    with db.reading(engine) as session:
        rows = dict(session.execute(select(Scan.id, Scan.sha256)).tuples().all())
        written = Counter(session.scalars(select(AuditEntry.object_id).where(AuditEntry.action == "scan:upload")))
        for sha256, id in promises.scans.items():
            path = storage.path_of(settings.scans, sha256)
            if rows.get(id) != sha256:
                found.append(f"lost: scan {id}")
            elif not path.is_file() or storage.hash_of(path) != sha256:
                found.append(f"lost: the bytes of scan {id}")
            elif not written[id]:
                found.append(f"no entry in the log about scan {id}")
        sent = Counter(sha for sha in rows.values() if sha in promises.scans or sha in promises.unanswered)
        found += [f"taken in twice: {sha}" for sha, times in sent.items() if times > 1]
        for id in promises.documents:
            pages = session.scalar(select(func.count(Page.id)).where(Page.document_id == id))
            if session.get(Document, id) is None or not pages:
                found.append(f"lost: document {id}")
        transfers = dict(session.execute(select(Transfer.number, Transfer.state)).tuples().all())
        for number, told in promises.steps.items():
            state = transfers.get(number, "none")
            if state not in STATES or STATES.index(state) < STATES.index(told):
                found.append(f"lost: transfer {number} was {told}, is {state}")
    return found


def without_row(engine: Engine, settings: Settings) -> int:
    """Stored files no row names: what was on its way."""
    with db.reading(engine) as session:
        named = {sha256 for sha256, _owner, _size in fixity.named_files(session)}
    return len(set(storage.names(settings.scans)) - named)


def settle(engine: Engine, settings: Settings) -> None:
    """What the next worker does, to the end: leases of the dead have ended, everything that waits is done."""
    with db.writing(engine) as session:
        session.execute(update(Job).where(Job.state == JobState.RUNNING).values(lease_until=now()))
    oms.worker.NICENESS = 0  # nobody sits at a screen here, and who compares afterwards is this process
    worker = Worker(engine, settings)
    watch = threading.Timer(PATIENCE, worker.stopping.set)
    watch.start()
    worker.serve(until_idle=True)
    watch.cancel()


def end_in_order() -> None:
    """When somebody stops the bench: programs are killed and disks unmounted first; a second word changes nothing."""

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(1)

    signal.signal(signal.SIGTERM, end)


@contextmanager
def opened(settings: Settings) -> Iterator[Engine]:
    """The database of an installation."""
    engine = db.connect(settings.database)
    try:
        yield engine
    finally:
        engine.dispose()
