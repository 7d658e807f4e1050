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
from pathlib import Path

import pytest

from oms import cli, search
from oms.settings import Settings

PATIENCE = 40


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
    """The living processes of the terminal session, with their command lines."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[3]) == session_id:
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                if state != "Z":
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
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


def _find(process: subprocess.Popen[str], word: str) -> list[int]:
    return [pid for pid, command in _members(process.pid).items() if word in command and "--parent" in command]


def _running(process: subprocess.Popen[str], port: int) -> Callable[[], bool]:
    return lambda: _is_up(port) and bool(_find(process, "oms.cli worker"))


@pytest.mark.slow
def test_ctrl_c_stops_everything(household, port):
    until(_running(household, port))
    household.send_signal(signal.SIGINT)
    assert household.wait(PATIENCE) == 0
    assert _members(household.pid) == {} and not _is_up(port)


@pytest.mark.slow
def test_a_child_that_dies_is_started_again_and_a_killed_parent_leaves_nobody(household, port):
    until(_running(household, port))
    (first,) = _find(household, "oms.cli worker")
    os.kill(first, signal.SIGKILL)
    until(lambda: _find(household, "oms.cli worker") not in ([], [first]))
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


def test_a_program_that_cannot_live_stops_the_whole(oms, world):
    from oms.cli.serving import TRIES, Household
    from oms.errors import Unavailable

    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    programs = Household(
        {
            "web": [sys.executable, "-c", "import sys; sys.exit(7)"],
            "worker": [sys.executable, "-c", "import signal; signal.pause()"],
        }
    )
    try:
        with pytest.raises(Unavailable, match=f"{TRIES} times"):
            programs.run()
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    assert all(child.poll() is not None for child in programs.children.values())


def test_worker_ends_when_idle(oms, world, settings):
    environment = os.environ | {"OMS_HOME": str(settings.home)}
    if settings.database_url:
        environment["OMS_DATABASE_URL"] = settings.database_url
    done = subprocess.run(
        [sys.executable, "-m", "oms.cli", "worker", "--until-idle"], env=environment, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0
