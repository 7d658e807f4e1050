"""A house at work for one drill or several: programs that serve it, a caller with a token, promises, faults in words."""

import http.client
import json
import re
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import household
from sqlalchemy import func, select

from oms import accounts, db, fixity, search, staging
from oms.models import Account, AuditEntry, Job, JobState, Scan, ScanState
from oms.settings import Settings
from tests import factories

OFFICER, PATIENCE = "canbo.sonv", 300
"""Seconds for one answer, of a machine that does other things, too."""
RECOVERED = 30.0
"""Seconds after which all is as before."""
_OF_A_FAULT = re.compile(r"[\w.]+(Error|Exception|Busy|Full)\b|ERROR")
household.MOVING, household.DESKS = 12, 4


class Told(list[str]):
    """Lines of figures, each said as it comes."""

    def __init__(self, lines: Sequence[str] = ()) -> None:
        super().__init__()
        for line in lines:
            self.append(line)

    def append(self, line: str) -> None:
        """Say it and keep it."""
        print(line, flush=True)
        super().append(line)


@dataclass(frozen=True)
class Answer:
    """What came back: status, `Retry-After`, content, seconds it took."""

    status: int
    again: str
    content: bytes
    seconds: float

    @property
    def told(self) -> bool:
        """Whether it refuses for now, and says when to come again."""
        return self.status in (503, 507) and self.again.isdigit()


@dataclass
class Caller:
    """An officer's program: by the API with its token, on pages with the session of a browser."""

    port: int
    token: str = ""
    cookie: str = ""

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One question."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        headers = {"Accept-Language": "en", **headers}
        if path.startswith("/api/") and self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        elif self.cookie:
            headers["Cookie"] = f"oms={self.cookie}; language=en"
        began = time.monotonic()
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            content = answer.read()
        finally:
            line.close()
        return Answer(answer.status, answer.headers.get("Retry-After", ""), content, time.monotonic() - began)

    def post(self, path: str, given: dict[str, Any]) -> Answer:
        """A change by the API."""
        return self.ask("POST", f"/api/v1/{path}", json.dumps(given).encode(), **{"Content-Type": "application/json"})

    def send(self, number: str, content: bytes, name: str = "a.png") -> Answer:
        """A scan for a dossier."""
        kind, body = form(content, name)
        return self.ask("POST", f"/api/v1/dossiers/{number}/scans", body, **{"Content-Type": kind})


def form(content: bytes, name: str) -> tuple[str, bytes]:
    """A form with one file: its type and its bytes."""
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return f"multipart/form-data; boundary={mark}", head.encode() + content + f"\r\n--{mark}--\r\n".encode()


def picture() -> bytes:
    """A page nobody has sent before."""
    return factories.png_of(factories.draw_page(f"SO {uuid.uuid4().hex[:6]}", size=(420, 300)))


@dataclass
class House:
    """One installation that is served."""

    settings: Settings
    place: household.Place
    log: Path
    within: Sequence[str] = ()
    promises: household.Promises = field(default_factory=household.Promises)
    faults: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.time)

    def start(self, **environment: str) -> float:
        """Start the programs and sign in; seconds to the first answer."""
        self.programs = household.Programs(self.settings, log=self.log, within=self.within, **environment)
        took = self.programs.first_answer()
        self.caller = Caller(self.programs.port)
        credentials = {"username": OFFICER, "password": factories.PASSWORD}
        answer = self.caller.post("tokens", credentials)
        if answer.status != 201:
            raise SystemExit(f"{OFFICER} cannot sign in: {answer.status} {answer.content!r}")
        self.caller.token = json.loads(answer.content)["token"]
        with household.opened(self.settings) as engine, db.writing(engine) as session:
            account = session.scalars(select(Account).where(Account.username == OFFICER)).one()
            secret, _ = accounts.sign_in(session, account.id)
        from oms.web import create_app

        app = create_app(self.settings)
        signer: Any = app.session_interface
        cookie = signer.get_signing_serializer(app).dumps({"_user_id": secret, "_fresh": True})
        app.extensions["oms"].engine.dispose()
        self.caller.cookie = cookie.decode() if isinstance(cookie, bytes) else cookie
        return took

    def expect(self, what: str, holds: bool) -> None:
        """Note a miss."""
        if not holds:
            self.faults.append(what)

    def upload(self) -> Answer:
        """Send a new page; what was received is a promise."""
        content = picture()
        answer = self.caller.send(self.place.desks[0], content)
        if answer.status == 202:
            (told,) = json.loads(answer.content)
            self.promises.scans[told["sha256"]] = told["scan"]
        return answer

    def change(self) -> Answer:
        """Begin to hand over a dossier nobody has begun with; on success a promise."""
        self.tried = getattr(self, "tried", -1) + 1
        number = self.place.moving[self.tried % len(self.place.moving)]
        given = {"dossier": number, "to": "sotc", "reason": "Điều động", "basis_number": "12-QĐ/TU"}
        answer = self.caller.post("transfers", {**given, "basis_on": "2026-02-03"})
        if answer.status == 201:
            self.promises.steps[json.loads(answer.content)["number"]] = "draft"
        return answer

    def look(self) -> Answer:
        """Read what is written down in the log: no entry, no answer."""
        return self.caller.ask("GET", "/api/v1/dossiers")

    def find(self) -> Answer:
        """Search."""
        return self.caller.ask("GET", "/api/v1/search?q=Tr%E1%BA%A7n")

    def idle_look(self) -> list[Answer]:
        """Pages that show nothing of anybody, so write nothing down."""
        return [self.caller.ask("GET", path) for path in ("/healthz", "/readyz", "/intake/progress")]

    def entries(self) -> tuple[int, int]:
        """How many entries the log has, and how many scans there are."""
        with household.opened(self.settings) as engine, db.reading(engine) as session:
            return (
                session.scalar(select(func.count(AuditEntry.seq))) or 0,
                session.scalar(select(func.count(Scan.id))) or 0,
            )

    def wait_until(self, what: str, holds: Any, seconds: float = PATIENCE) -> float:
        """Seconds until it holds; a fault when it does not come."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if holds():
                return time.monotonic() - began
            time.sleep(0.2)
        self.faults.append(f"{what}: not within {seconds:.0f} s")
        return seconds

    def are_read(self) -> bool:
        """Whether every scan has been read and no job waits."""
        with household.opened(self.settings) as engine, db.reading(engine) as session:
            under_way = (JobState.QUEUED, JobState.RUNNING)
            kinds = ("read_scan", "read_page", "finish_scan", "index_scan")
            waits = session.scalar(select(func.count(Job.id)).where(Job.state.in_(under_way), Job.kind.in_(kinds)))
            unread = (ScanState.RECEIVED, ScanState.READING)
            return not waits and not session.scalar(select(func.count(Scan.id)).where(Scan.state.in_(unread)))

    def kept(self, what: str) -> None:
        """Compare all promises and ask `oms check`; what does not hold is a fault."""
        with household.opened(self.settings) as engine:
            found = household.broken(engine, self.settings, self.promises)
            found += [f"oms check: {row.kind} {row.where}" for row in fixity.check(engine, self.settings)]
        self.faults += [f"{what}: {row}" for row in found]
        search._engine_at.cache_clear()


@contextmanager
def house(folder: Path | None = None, *, log: Path | None = None, within: Sequence[str] = ()) -> Iterator[House]:
    """A new installation, served until the block ends."""
    with tempfile.TemporaryDirectory(prefix="oms-faults-") as temporary:
        home = folder or Path(temporary) / "home"
        settings = Settings(home=home)
        made = House(settings, household.install(settings), log or Path(temporary) / "log", within)
        search._engine_at.cache_clear()
        try:
            made.start()
            yield made
        finally:
            if programs := getattr(made, "programs", None):
                programs.kill()
            if made.faults:
                said = made.log.read_text("utf-8", "replace").splitlines()
                print(*dict.fromkeys(line for line in said if _OF_A_FAULT.match(line)), sep="\n", flush=True)
            staging.forget(settings)
