"""A virus scanner that finds, finds nothing, is down, slow, cut off or talks nonsense: only “OK” lets a file in."""

import io
import socket
import struct
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from oms import db, gate, health, intake, staging, storage, viruses
from oms.errors import FileNotNow, FileRefused
from oms.models import AuditEntry
from oms.permissions import Actor
from oms.settings import Settings
from oms.specimens import word_files
from tests import factories
from tests.factories import World

PICTURE = factories.png_of(factories.draw_page("QUYẾT ĐỊNH", size=(310, 440)))
BAD = b"EVIL"
FOUND, TOO_LARGE = b"stream: Win.Test.EVIL-1 FOUND", b"INSTREAM size limit exceeded. ERROR"
ANSWERS = {
    "found": (FOUND, 422, viruses.VirusFound),
    "clean": (b"stream: OK", 0, None),
    "larger than it reads": (TOO_LARGE, 413, viruses.NotWholeScanned),
    "larger than it unpacks": (b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND", 413, viruses.NotWholeScanned),
    "nonsense": (b"HTTP/1.1 200 OK", 503, viruses.ScannerSilent),
    "almost": (b"stream: OK\n", 503, viruses.ScannerSilent),
    "a fault": (b"stream: Can't allocate memory ERROR", 503, viruses.ScannerSilent),
    "endless": (b"x" * 5000, 503, viruses.ScannerSilent),
    "nothing": (b"", 503, viruses.ScannerSilent),
    "cut off": (None, 503, viruses.ScannerSilent),
}


class Scanner(threading.Thread):
    """A clamd on a socket of its own; finds what holds `BAD`, or says `answer`. `silent`: never says anything."""

    def __init__(self, place: Path) -> None:
        super().__init__(daemon=True)
        self.answer: bytes | None = b""
        self.fixed, self.silent, self.hangs_up = False, False, False
        self.heard: list[bytes] = []
        self.ear = socket.socket(socket.AF_UNIX)
        self.ear.bind(str(place))
        self.ear.listen()

    def say(self, answer: bytes | None) -> None:
        self.answer, self.fixed = answer, True

    def run(self) -> None:
        while True:
            try:
                line = self.ear.accept()[0]
            except OSError:
                return
            with line:
                self._serve(line)

    def _serve(self, line: socket.socket) -> None:
        asked = b""
        while not asked.endswith(b"\0"):
            asked += line.recv(1)
        if asked == b"zVERSION\0":
            line.sendall((self.answer or b"" if self.fixed else b"ClamAV 1.4.6/27801/Sat Nov 28 09:26:09 2026") + b"\0")
            return
        assert asked == b"zINSTREAM\0"
        content = b""
        while not self.hangs_up and (length := struct.unpack(">I", line.recv(4, socket.MSG_WAITALL))[0]):
            content += line.recv(length, socket.MSG_WAITALL)
        self.heard.append(content)
        if self.silent:
            line.recv(1)
        elif not self.fixed:
            line.sendall((FOUND if BAD in content else b"stream: OK") + b"\0")
        elif self.answer is not None:
            line.sendall(self.answer + b"\0")

    def end(self) -> None:
        self.ear.shutdown(socket.SHUT_RDWR)
        self.ear.close()
        self.join()


@pytest.fixture
def scanner() -> Iterator[Scanner]:
    with tempfile.TemporaryDirectory() as folder:  # names of sockets are short
        made = Scanner(Path(folder) / "clamd.ctl")
        made.start()
        yield made
        made.end()


@pytest.fixture
def guarded(settings: Settings, scanner: Scanner, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The installation asks the scanner; the look for marks of secrecy has tests of its own."""
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in ()))
    return replace(settings, clamd=scanner.ear.getsockname())


def marked() -> dict[str, bytes]:
    """Files of several kinds that are as they should be, but for what the scanner looks for."""
    return {"a.png": PICTURE + BAD, "b.pdf": factories.pdf_of(factories.draw_page("x")) + BAD, "c.docx": _word()}


def _word() -> bytes:
    return word_files.draw(parts={"word/media/x.bin": BAD * 9}) + BAD


def outcomes(engine: Engine, action: str) -> list[str]:
    with db.reading(engine) as session:
        return list(session.scalars(select(AuditEntry.outcome).where(AuditEntry.action == action)))


@pytest.mark.parametrize("said", ANSWERS)
def test_only_ok_lets_a_file_on(guarded: Settings, scanner: Scanner, said: str) -> None:
    answer, status, kind = ANSWERS[said]
    scanner.say(answer)
    if kind is None:
        intake.discard(intake.examine(guarded, [PICTURE], "a.png"))
    else:
        with pytest.raises(kind) as refusal:
            intake.examine(guarded, [PICTURE], "a.png")
        assert refusal.value.status == status and "a.png" in str(refusal.value)
        assert ("seconds" in refusal.value.values) == (status == 503)
    assert list(staging.folder(guarded).iterdir()) == [] and scanner.heard == [PICTURE]


def test_a_scanner_that_hangs_up_beyond_its_limit_is_heard(guarded: Settings, scanner: Scanner) -> None:
    scanner.say(TOO_LARGE)
    scanner.hangs_up = True
    with pytest.raises(viruses.NotWholeScanned):
        intake.examine(guarded, [PICTURE + bytes(5_000_000)], "a.png")


def test_a_scanner_that_is_down_or_slow_takes_nothing_in(
    guarded: Settings, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viruses, "SECONDS", 0.1)
    scanner.silent = True
    for settings in (guarded, replace(guarded, clamd="/nowhere/clamd.ctl")):
        with pytest.raises(viruses.ScannerSilent) as refusal:
            intake.examine(settings, [PICTURE], "a.png")
        assert refusal.value.status == 503 and refusal.value.values["seconds"] == viruses.AGAIN
    assert list(staging.folder(guarded).iterdir()) == []


def test_without_the_setting_nothing_is_asked(settings: Settings, guarded: Settings, scanner: Scanner) -> None:
    intake.discard(intake.examine(settings, [PICTURE + BAD], "a.png"))
    assert scanner.heard == []


def test_what_is_found_is_refused_with_one_entry_by_every_kind_and_nothing_of_it_stays(
    guarded: Settings, engine: Engine, world: World, actor: Callable[[str], Actor], scanner: Scanner
) -> None:
    with db.writing(engine) as session:
        id = factories.make_dossier(session, world.units["sonv"]).id
    given = {"officer": actor("canbo.sonv"), "send": lambda _job: None}
    for name, content in marked().items():
        with pytest.raises(viruses.VirusFound):
            gate.take_in(engine, guarded, id, [content], name, actor=given["officer"], send=given["send"])
    assert list(storage.names(guarded.scans)) == [] and outcomes(engine, "scan:upload") == ["refused"] * 3
    gate.take_in(engine, guarded, id, [PICTURE], "a.png", actor=given["officer"], send=given["send"])
    assert outcomes(engine, "scan:upload") == ["refused"] * 3 + ["done"]
    with db.reading(engine) as session:
        bodies = [entry.body for entry in session.scalars(select(AuditEntry)) if entry.action == "scan:upload"]
    assert not any(name in body or "EVIL" in body for name in marked() for body in bodies[:3])


def test_on_the_command_line_a_silent_scanner_leaves_an_entry_and_a_job_that_asks_again_none(
    engine: Engine, guarded: Settings, world: World, actor: Any
) -> None:
    """`oms upload` and folders on a disk go through `gate.take_in`, and so does a ZIP, in the background."""
    with db.writing(engine) as session:
        id = factories.make_dossier(session, world.units["sonv"]).id
    guarded = replace(guarded, clamd=f"{guarded.clamd}.gone")
    for via, entries in (("job", []), ("cli", ["refused"])):
        officer = replace(actor("canbo.sonv"), via=via)
        with pytest.raises(viruses.ScannerSilent):
            gate.take_in(engine, guarded, id, [PICTURE], "a.png", actor=officer, send=str)
        assert outcomes(engine, "scan:upload") == entries, via
    assert list(storage.names(guarded.scans)) == []


@pytest.fixture
def behind(app: Any, guarded: Settings, engine: Engine) -> Settings:
    """The web program on the installation with the scanner."""
    from oms.web import open_house

    open_house(app, guarded, engine)
    return guarded


def test_form_and_api_say_it_in_words(
    behind: Settings, client_as: Any, app: Any, engine: Engine, world: World, scanner: Scanner
) -> None:
    from oms import accounts

    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        id, number = dossier.id, dossier.number
        secret, _ = accounts.sign_in(session, world.accounts["canbo.sonv"], kind="api")
    browser, program = client_as("canbo.sonv"), app.test_client()
    english = {"Accept-Language": "en", "X-Requested-With": "fetch"}
    with_token = {"Accept-Language": "en", "Authorization": f"Bearer {secret}"}

    def both(content: bytes) -> list[Any]:
        form = browser.post(f"/intake/{id}/scans", data={"file": (io.BytesIO(content), "a.png")}, headers=english)
        address = f"/api/v1/dossiers/{number}/scans"
        return [form, program.post(address, data={"file": (io.BytesIO(content), "a.png")}, headers=with_token)]

    assert [answer.status_code for answer in both(PICTURE + BAD)] == [422, 422]
    scanner.say(b"")
    answers = both(PICTURE)
    assert [(one.status_code, one.headers["Retry-After"]) for one in answers] == [(503, str(viruses.AGAIN))] * 2
    assert outcomes(engine, "scan:upload") == ["refused"] * 4 and list(storage.names(behind.scans)) == []


def test_tables_and_photographs_are_looked_at_before_they_are_opened(
    behind: Settings, client_as: Any, engine: Engine, world: World, scanner: Scanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_as("canbo.sonv")

    def opened(*_given: object, **_more: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr("oms.first_load.read", opened)
    monkeypatch.setattr("oms.stocktaking.read_photograph", opened)
    file = {"file": (io.BytesIO(BAD), "a.xlsx"), "act": "check"}
    answer = client.post("/people/load", data=file)
    assert answer.status_code == 422 and "vi-rút" in answer.text and "a.xlsx" in answer.text
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
    address = client.post("/stocktaking", data={"label": "OMS-KE:sonv/Kho 1/Giá A"}).headers["Location"]
    client.post(f"{address}/scan", data={"photograph": (io.BytesIO(BAD), "b.jpg")})
    shown = client.get(address)
    assert "vi-rút" in shown.text and "b.jpg" in shown.text
    assert scanner.heard == [BAD, BAD] and list(staging.folder(behind).iterdir()) == []


def test_the_system_page_says_what_the_scanner_said_last(
    settings: Settings, guarded: Settings, scanner: Scanner, session: Any
) -> None:
    def told(one: Settings) -> tuple[str, str]:
        found = next(each for each in health.diagnose(session, one) if each.name == "Virus scanner")
        return found.tone, found.sentence % dict(found.values)

    assert told(settings)[0] == health.GOOD and "No virus scanner" in told(settings)[1]
    assert "ClamAV 1.4.6, signatures 27801 of Sat Nov 28 09:26:09 2026" in told(guarded)[1]
    scanner.say(b"<script>")
    assert told(guarded)[0] == health.DANGER and "script" not in told(guarded)[1]
    assert told(replace(guarded, clamd="/nowhere"))[0] == health.DANGER


def test_a_refusal_that_is_nobodys_fault_can_be_told_from_others() -> None:
    assert issubclass(viruses.ScannerSilent, FileNotNow) and issubclass(viruses.VirusFound, FileRefused)
    assert not issubclass(viruses.VirusFound, FileNotNow)
