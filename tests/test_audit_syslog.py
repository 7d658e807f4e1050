"""Checkpoints in the syslog of the house: every one as a line, a silent syslog stops nobody, and its text proves the log."""

import fcntl
import json
import re
import select
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from oms import certificates, db, health, log_standing
from oms.audit import exchanging, proof, sealing, syslog
from oms.audit.verifying import rows
from oms.errors import Conflict
from oms.permissions import Actor
from oms.settings import Settings, SettingsError
from oms.web import create_app
from oms.words import translate
from tests.factories import World
from tests.test_audit import without_triggers
from tests.test_audit_seal import edit, recompute, write

Find = Callable[[str], Actor]
# RFC 5424: priority and version, time, host, program, process, kind of message, no structured data, the words.
LINE = re.compile(
    r"<109>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 [A-Za-z0-9.-]{1,255} oms-audit - checkpoint - "
    r"oms-audit/[0-9a-f]{12}(/\d+)? (\d+|segment) oms-note:[A-Za-z0-9+/]+=*"
)


class Unix:
    """The socket of a machine, as its syslog opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.line.bind(str(path))

    def said(self) -> list[str]:
        """What came until now."""
        lines = list[str]()
        with suppress(BlockingIOError):
            while True:
                lines.append(self.line.recv(65536, socket.MSG_DONTWAIT).decode("ascii"))
        return lines

    def stop(self) -> None:
        """As when the syslog is ended: its socket stays and nobody hears it."""
        self.line.close()


@pytest.fixture(name="place")
def a_place() -> Iterator[Path]:
    """A short path: that of a socket may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="oms-") as folder:
        yield Path(folder) / "log"


@pytest.fixture(name="house")
def a_house(tmp_path: Path, place: Path) -> Settings:
    return Settings(home=tmp_path / "home", seal_syslog=str(place))


def seal_more(engine: Engine, house: Settings, actor: Find, times: int = 1) -> None:
    for _ in range(times):
        write(engine, actor("canbo.sonv"), 2)
        assert sealing.seal(engine, house)


def told(engine: Engine, house: Settings) -> tuple[str, str]:
    with db.reading(engine) as session:
        tone, sentence, values = log_standing.seal(session, house)
    return tone, translate(sentence, values, "en")


def test_each_checkpoint_is_a_line_of_rfc_5424_and_stands_in_it_whole(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World
) -> None:
    local = Unix(place)
    seal_more(engine, house, actor, 3)
    lines = local.said()
    assert len(lines) == 3 and all(LINE.fullmatch(line) for line in lines)
    text = place.parent / "checkpoints.log"
    text.write_text("\n".join(["Nov 30 02:00:01 cron: something else", *lines]), "utf-8")
    for taken in (text, text.parent):
        assert proof.read_notes(taken, sealing.keys(house)) == proof.read_notes(sealing.folder(house))
    assert told(engine, house)[0] == health.GOOD
    sealing.seal(engine, house)
    assert local.said() == [], "what was sent is not sent again"


def test_a_silent_syslog_stops_nobody_is_told_of_and_gets_what_it_lacks(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World
) -> None:
    seal_more(engine, house, actor)
    local = Unix(place)
    seal_more(engine, house, actor)
    assert len(local.said()) == 1, "an installation that had no syslog begins with its newest checkpoint"
    local.stop()
    seal_more(engine, house, actor, 3)
    tone, sentence = told(engine, house)
    assert tone == health.WARNING and "has taken no checkpoint since" in sentence and str(place) in sentence
    since = sealing.state_of(house).syslog_silent_since
    assert since is not None
    seal_more(engine, house, actor)
    assert sealing.state_of(house).syslog_silent_since == since, "since the first one that was not taken"
    place.unlink()
    local = Unix(place)
    assert sealing.seal_when_due(engine, house) is None, "nothing new is to be signed"
    notes = proof.read_notes(sealing.folder(house))
    assert len(local.said()) == 4 and len(notes) == 6
    assert sealing.state_of(house).syslog_silent_since is None and told(engine, house)[0] == health.GOOD


def test_a_long_silence_is_made_good_in_portions(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = Unix(place)
    seal_more(engine, house, actor)
    local.stop()
    seal_more(engine, house, actor, 5)
    place.unlink()
    monkeypatch.setattr(syslog, "TOGETHER", 2)
    local = Unix(place)
    assert sealing.seal_when_due(engine, house) is None
    assert len(local.said()) == 5


def test_what_was_sent_of_a_file_that_was_written_anew_is_sent_again(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World
) -> None:
    local = Unix(place)
    seal_more(engine, house, actor, 2)
    path = sealing.folder(house) / proof.NOTES_FILE
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(keepends=True))))
    assert len(local.said()) == 2
    syslog.deliver(sealing.folder(house), house, (proof.NOTES_FILE,))
    assert len(local.said()) == 2


@pytest.mark.parametrize(
    "state",
    [
        "",
        "[]",
        '{"ends": {"checkpoints.jsonl": [1]}, "silent_since": ""}',
        '{"ends": [], "silent_since": ""}',
        '{"ends": {}, "silent_since": "yesterday"}',
    ],
)
def test_a_spoilt_memory_of_what_was_sent_begins_as_on_the_first_day(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World, state: str
) -> None:
    local = Unix(place)
    seal_more(engine, house, actor, 2)
    local.said()
    (sealing.folder(house) / syslog.STATE).write_text(state)
    assert told(engine, house)[0] == health.GOOD
    seal_more(engine, house, actor)
    assert len(local.said()) == 1


@pytest.mark.parametrize(
    "value", ["log.example.vn", "log.example.vn:0", "log.example.vn:99999", "http://a:1", "a b:514"]
)
def test_a_setting_that_names_no_syslog_stops_the_start_and_no_seal(
    engine: Engine, house: Settings, actor: Find, world: World, value: str
) -> None:
    house = replace(house, seal_syslog=value)
    with pytest.raises(SettingsError, match="HOST:PORT"):
        create_app(house, engine)
    seal_more(engine, house, actor)
    assert sealing.state_of(house).syslog_silent_since is not None


@contextmanager
def listening(
    site: Path, *, name: str = "tls", reads: bool = True, closes: threading.Event | None = None
) -> Iterator[tuple[int, bytearray]]:
    """A syslog by TLS: its port, and the bytes it got; one that `closes` says so before it hangs up, and sets
    the event where it read nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(site / name / "oms.crt", site / name / "oms.key")
    ear, got = socket.create_server(("127.0.0.1", 0)), bytearray()

    def serve() -> None:
        while True:
            try:
                line, _ = ear.accept()
            except OSError:
                return
            with suppress(OSError), context.wrap_socket(line, server_side=True) as secured:
                while reads and (piece := secured.recv(65536)):
                    got.extend(piece)
                if closes and reads:
                    secured.unwrap()
                elif closes:
                    secured.settimeout(0)
                    with suppress(ssl.SSLError):
                        secured.unwrap()  # says that this was all; the answer is not waited for
                    closes.set()
                    select.select([secured], [], [], 5)
                    time.sleep(0.2)
                # hangs up: what came and was not read is lost

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield ear.getsockname()[1], got
    ear.shutdown(socket.SHUT_RDWR)
    ear.close()
    thread.join()


@pytest.fixture(name="site", scope="module")
def a_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority with the certificate of a syslog, and a strange one with another."""
    folder = tmp_path_factory.mktemp("site")
    for authority, server in (("ca", "tls"), ("strange", "other")):
        certificates.new_authority(folder / authority, "Sở Nội vụ")
        certificates.new_server(folder / authority, ("127.0.0.1",), folder / server)
    return folder


def over_tls(house: Settings, site: Path, port: int) -> Settings:
    return replace(house, seal_syslog=f"127.0.0.1:{port}", seal_syslog_ca=str(site / "ca" / "ca.crt"))


def test_by_tls_the_lines_are_framed_by_their_length(
    engine: Engine, house: Settings, actor: Find, site: Path, world: World
) -> None:
    with listening(site) as (port, got):
        house = over_tls(house, site, port)
        seal_more(engine, house, actor)
        house = replace(house, seal_syslog="127.0.0.1:1")
        seal_more(engine, house, actor, 2)
        assert sealing.state_of(house).syslog_silent_since is not None
        house = over_tls(house, site, port)
        assert sealing.seal_when_due(engine, house) is None
    rest, lines = bytes(got).decode("ascii"), list[str]()
    while rest:
        length, _, rest = rest.partition(" ")
        lines.append(rest[: int(length)])
        rest = rest[int(length) :]
    assert len(lines) == 3 and all(LINE.fullmatch(line) for line in lines)
    assert sealing.state_of(house).syslog_silent_since is None


def test_who_is_not_the_syslog_of_the_house_gets_nothing(
    engine: Engine, house: Settings, actor: Find, site: Path, world: World
) -> None:
    """A certificate of a strange authority; another name than the one asked for."""
    with listening(site, name="other") as (port, got):
        house = over_tls(house, site, port)
        seal_more(engine, house, actor)
        assert not got and sealing.state_of(house).syslog_silent_since is not None
    with listening(site) as (port, got):
        house = replace(over_tls(house, site, port), seal_syslog=f"localhost:{port}")
        assert sealing.seal_when_due(engine, house) is None
        assert not got and sealing.state_of(house).syslog_silent_since is not None


def test_one_that_takes_the_line_and_says_nothing_stops_nobody(
    engine: Engine, house: Settings, actor: Find, site: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syslog, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as ear:
        house = over_tls(house, site, ear.getsockname()[1])
        seal_more(engine, house, actor, 2)
    assert sealing.state_of(house).syslog_silent_since is not None
    assert len(proof.read_notes(sealing.folder(house))) == 2


@pytest.mark.parametrize("closes", [None, threading.Event()])
def test_what_the_other_side_did_not_read_is_sent_again(
    engine: Engine, house: Settings, actor: Find, site: Path, world: World, monkeypatch: pytest.MonkeyPatch, closes: threading.Event | None
) -> None:  # fmt: skip
    """Neither a hang-up nor a close of TLS that was said before the lines were read counts as taken."""
    seal_more(engine, replace(house, seal_syslog=""), actor)
    moments = iter([lambda: True, lambda: not closes or closes.wait(5)])  # of the deadline, and before the first line
    with listening(site, reads=False, closes=closes) as (port, _got), monkeypatch.context() as late:
        house = over_tls(house, site, port)
        clock = SimpleNamespace(monotonic=lambda: 0.0 * next(moments, bool)())
        late.setattr(syslog, "time", clock)
        assert sealing.seal_when_due(engine, house) is None
        assert sealing.state_of(house).syslog_silent_since is not None
    with listening(site, closes=closes) as (port, got):
        house = over_tls(house, site, port)
        assert sealing.seal_when_due(engine, house) is None
    assert got.count(b"oms-note:") == 1 and sealing.state_of(house).syslog_silent_since is None


def test_a_spoilt_line_stops_none_behind_it(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World
) -> None:
    local = Unix(place)
    seal_more(engine, house, actor)
    assert len(local.said()) == 1
    local.stop()
    seal_more(engine, house, actor, 2)
    path = sealing.folder(house) / proof.NOTES_FILE
    first, second, third = path.read_bytes().splitlines(keepends=True)
    spoilt = [b"\n", b"nothing\n", b"\xff\n", b"[]\n", b"[" * 100_000 + b"\n"]
    spoilt += [b'{"note": %s}\n' % said for said in (b"null", b"1", b'"one line"', b'"\\u00e9\\n1\\n"')]
    path.write_bytes(b"".join([first, *spoilt, second, *spoilt, third]))
    place.unlink()
    local = Unix(place)
    assert sealing.seal_when_due(engine, house) is None
    assert len(local.said()) == 2 and sealing.state_of(house).syslog_silent_since is None


def test_lines_that_are_all_spoilt_are_no_answer_of_a_silent_syslog(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_more(engine, house, actor)
    local = Unix(place)
    assert sealing.seal_when_due(engine, house) is None and len(local.said()) == 1
    local.stop()
    seal_more(engine, house, actor)
    monkeypatch.setattr(syslog, "TOGETHER", 1)
    path = sealing.folder(house) / proof.NOTES_FILE
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([first, b"nothing\n", second]))
    assert sealing.seal_when_due(engine, house) is None
    assert sealing.state_of(house).syslog_silent_since is not None


def test_what_sending_raises_stops_no_seal(
    engine: Engine, house: Settings, actor: Find, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syslog, "deliver", lambda *_: {}["nobody thought of this"])
    seal_more(engine, house, actor, 2)
    assert len(proof.read_notes(sealing.folder(house))) == 2
    assert sealing.state_of(house).syslog_silent_since is not None, "and is told of"


def test_the_log_is_checked_and_signed_before_anything_is_sent_and_nobody_waits_for_it(
    engine: Engine, house: Settings, actor: Find, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = list[tuple[int, bool]]()

    def deliver(place: Path, *_: object) -> None:
        with (place / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # `BlockingIOError` where the seal still holds it
        rounds.append((len(proof.read_notes(place)), (place / sealing.REFUSED).exists()))

    monkeypatch.setattr(syslog, "deliver", deliver)
    seal_more(engine, house, actor, 2)
    write(engine, actor("canbo.sonv"), sealing.ENTRIES)
    assert sealing.seal_when_due(engine, house)
    with without_triggers(engine) as session:
        recompute(session)
    write(engine, actor("canbo.sonv"), sealing.ENTRIES)
    with pytest.raises(Conflict):
        sealing.seal_when_due(engine, house)
    assert rounds == [(1, False), (2, False), (3, False), (3, True)]


def test_a_round_that_has_lasted_long_enough_begins_no_further_line_and_none_is_sent_twice(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = Unix(place)
    seal_more(engine, house, actor)
    sent = local.said()
    local.stop()
    seal_more(engine, house, actor, 5)
    place.unlink()
    local = Unix(place)
    late = syslog.ROUND + 1
    moments = chain([0.0, 1.0, 2.0], repeat(late))
    with monkeypatch.context() as slow:
        slow.setattr(syslog, "time", SimpleNamespace(monotonic=lambda: next(moments)))
        assert sealing.seal_when_due(engine, house) is None
    sent += (came := local.said())
    assert len(came) == 2
    assert sealing.seal_when_due(engine, house) is None
    sent += local.said()
    notes = [line.partition(proof.SPOKEN)[2] for line in sent]
    assert len(notes) == len(set(notes)) == 6


def test_copies_in_the_socket_of_this_machine_are_not_elsewhere(
    engine: Engine, house: Settings, actor: Find, place: Path, site: Path, world: World
) -> None:
    local = Unix(place)
    seal_more(engine, house, actor)
    assert local.said() and "on this machine alone" in told(engine, house)[1]
    with listening(site) as (port, _got):
        house = over_tls(house, site, port)
        seal_more(engine, house, actor)
    assert "on this machine alone" not in told(engine, house)[1]


@pytest.mark.parametrize("name", ["partner.txt", "checkpoints", "partner.jsonl"])
def test_checkpoints_a_partner_kept_are_notes_whatever_their_file_is_called(
    engine: Engine, house: Settings, actor: Find, world: World, tmp_path: Path, name: str
) -> None:
    house = replace(house, seal_syslog="")
    seal_more(engine, house, actor)
    held = exchanging.newest(house)
    assert held is not None
    file = tmp_path / "kept" / name
    file.parent.mkdir()
    (file.parent / "checkpoints.d").mkdir()
    file.write_bytes(exchanging.as_anchor([held]))
    for taken in (file, file.parent) if name == "checkpoints" else (file,):
        assert proof.read_notes(taken) == held["notes"] and sealing.holds_notes(house, taken)
    with db.reading(engine) as session:
        assert sealing.verify_log(session, house, [file]) == sealing.verify_log(session, house)
    with without_triggers(engine) as session:
        recompute(session)
    shutil.rmtree(sealing.folder(house))
    with db.reading(engine) as session:
        found = sealing.verify_log(session, house, [file])
    assert found.finding == "bad-signature", "its key is not known here any more: it is read all the same"


@pytest.mark.parametrize(("change", "finding"), [(recompute, "contradicts-checkpoint"), (edit, "contradicts-body")])
def test_the_log_is_held_against_the_text_of_a_syslog(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World, tmp_path: Path, change: Callable, finding: str
) -> None:  # fmt: skip
    """By OMS, and by the program that knows nothing of it; then with a log signed anew by whoever rewrote it."""
    local = Unix(place)
    seal_more(engine, house, actor, 6)
    text, lines, program, key = (tmp_path / name for name in ("messages", "log.jsonl", "proof.py", "audit.pub"))
    noise = "Nov 30 02:24:47 srv oms-audit: oms-note:AAAA and oms-note: nothing"
    text.write_text("\n".join([noise, *local.said()]), "utf-8")
    key.write_bytes((sealing.folder(house) / sealing.KEYS).read_bytes())
    shutil.copy(Path(proof.__file__), program)

    def alone() -> tuple[str, int]:
        with db.reading(engine) as session:
            lines.write_bytes(b"".join(proof.line(row) for row in rows(session)))
        command = [sys.executable, "-I", program, "verify", lines, "--key", key, "--anchors", text, "--json"]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
        said = json.loads(done.stdout)
        assert done.returncode == bool(said["finding"])
        return said["finding"], said["checkpoints"]

    def by_oms() -> str:
        with db.reading(engine) as session:
            return sealing.verify_log(session, house, [text]).finding

    assert (by_oms(), alone()) == ("", ("", 6))
    with without_triggers(engine) as session:
        change(session)
    assert (by_oms(), alone()) == (finding, (finding, 0))
    if change is recompute:
        shutil.rmtree(sealing.folder(house))
        house = replace(house, seal_syslog="")
        seal_more(engine, house, actor)
        assert by_oms() == "" and not sealing.holds_notes(house, text), "the machine alone looks whole, and says why"
        assert alone() == (finding, 0)


def test_a_text_without_a_checkpoint_of_this_log_proves_nothing(
    engine: Engine, house: Settings, actor: Find, place: Path, world: World, tmp_path: Path
) -> None:
    local = Unix(place)
    seal_more(engine, house, actor)
    text = tmp_path / "messages"
    text.write_text(local.said()[0], "utf-8")
    assert sealing.holds_notes(house, text)
    other = replace(house, home=tmp_path / "other", seal_syslog="")
    seal_more(engine, other, actor)
    assert not sealing.holds_notes(other, text), "signed by another house"
    program = [sys.executable, "-I", proof.__file__, "verify", "no.jsonl", "--anchors", str(text)]
    key = str(sealing.folder(other) / sealing.KEYS)
    done = subprocess.run([*program, "--key", key], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "no note in" in done.stderr
