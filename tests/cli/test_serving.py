"""`oms serve`: answers, keeps its children alive, and leaves nobody behind."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oms import cli, db, search
from oms.cli import serving
from oms.search import warming
from oms.settings import Settings
from tests.search.conftest import opened
from tests.search.corpus import LETTERS

PATIENCE = 120


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def household(settings: Settings, engine, world, port) -> Iterator[subprocess.Popen[str]]:
    """`oms serve --with-worker` on the world, as its own session like a terminal gives it."""
    search.rebuild(engine, settings)
    search._engine_at.cache_clear()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMS_")}
    environment |= {"OMS_HOME": str(settings.home), "OMS_LANGUAGE": "en", "PYTHONPATH": str(Path(__file__).parents[2])}
    if settings.database_url:
        environment["OMS_DATABASE_URL"] = settings.database_url
    command = [sys.executable, "-m", "oms.cli", "serve", "--with-worker", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, start_new_session=True, stderr=subprocess.PIPE, text=True)
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()
    until(lambda: not _members(process.pid))


def until(what: Callable[[], bool]) -> None:
    """Wait for what must come; fail when it does not."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        pause.wait(0.05)


def _members(session_id: int) -> dict[int, str]:
    """The living processes of the terminal session, with their short names."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[3]) == session_id:
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                if state != "Z":
                    found[int(entry.name)] = (entry / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _is_up(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _find(process: subprocess.Popen[str], name: str) -> list[int]:
    return [pid for pid, called in _members(process.pid).items() if called == name]


def _running(process: subprocess.Popen[str], port: int) -> Callable[[], bool]:
    return lambda: _is_up(port) and {"oms-web", "oms-worker", "oms-index"} <= set(_members(process.pid).values())


@pytest.mark.slow
def test_ctrl_c_stops_everything(household, port):
    until(_running(household, port))
    household.send_signal(signal.SIGINT)
    assert household.wait(PATIENCE) == 0
    until(lambda: not _members(household.pid))  # a box ends with whoever started it, a moment later
    assert not _is_up(port)


@pytest.mark.slow
def test_a_child_that_dies_is_started_again_and_a_killed_parent_leaves_nobody(household, port):
    until(_running(household, port))
    (first,) = _find(household, "oms-worker")
    os.kill(first, signal.SIGKILL)
    until(lambda: _find(household, "oms-worker") not in ([], [first]))
    household.kill()
    until(lambda: not _members(household.pid))
    assert "“worker” ended (code -9)" in household.stderr.read()


def test_a_taken_port_is_said_in_words(oms, world, port, monkeypatch):
    from oms.cli import serving

    monkeypatch.setattr(serving, "PORT_PATIENCE", 0.0)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        answer = oms("serve", "--port", port)
    assert answer.code == cli.OUR_FAULT
    assert str(port) in answer.err and "--port" in answer.err


STUBBORN = """
import signal, sys
from oms.cli.serving import Household
from oms.errors import Unavailable

programs = Household({"web": lambda: sys.exit(7), "worker": signal.pause})
try:
    programs.run()
except Unavailable as error:
    print(error.values["times"], error.values["code"])
print([child.exitcode is not None for child in programs.children.values()])
"""


def test_a_program_that_cannot_live_stops_the_whole() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUBBORN], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.stdout.splitlines() == [f"{serving.TRIES} 7", "[True, True]"], done.stderr


def test_a_full_disk_of_the_log_stops_nobody() -> None:
    """What a parent says about its children goes to a file that takes nothing any more."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", STUBBORN],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert done.stdout.splitlines() == [f"{serving.TRIES} 7", "[True, True]"]


def test_worker_ends_when_idle(oms, world, settings):
    environment = os.environ | {"OMS_HOME": str(settings.home)}
    if settings.database_url:
        environment["OMS_DATABASE_URL"] = settings.database_url
    done = subprocess.run(
        [sys.executable, "-m", "oms.cli", "worker", "--until-idle"], env=environment, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0


def test_a_process_of_the_server_reads_ahead_before_anybody_asks(
    settings: Settings, engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    search.open_engine(settings).rebuild(LETTERS)
    monkeypatch.setattr("oms.web.settle", lambda: None)  # these two are for the life of a process
    monkeypatch.setattr(db.Turn, "patience", None)
    monkeypatch.setattr(warming, "WARM_FROM", 0)
    serving._program(settings)
    for thread in threading.enumerate():
        if thread.name == warming.THREAD:
            thread.join()
    with opened(search.open_engine(settings)) as snapshot:
        assert snapshot.size > 0 and snapshot.cold() == 0


def test_a_server_starts_without_a_search_engine(settings: Settings, engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oms.web.settle", lambda: None)
    monkeypatch.setattr(db.Turn, "patience", None)
    assert serving._program(replace(settings, search="none")) is not None
