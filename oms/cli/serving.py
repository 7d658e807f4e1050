"""`oms serve` and `oms worker`: the programs that keep running.

`oms serve --with-worker` is both under one roof: it starts them as children of its own, starts a
child again that died, and takes all of them along when it ends, however it ends.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import click

from oms import backup, box, installation, staging
from oms.cli.installing import demo_when_new
from oms.cli.opening import House, open_house
from oms.cli.output import _, say
from oms.errors import N_, Unavailable
from oms.settings import Settings
from oms.worker import Worker

# Two processes of eight threads: one may be busy with a heavy page while the other answers, and an
# office of a few hundred people never waits for a thread (a request takes some 50 ms).
PROCESSES, THREADS = 2, 8
# Seconds for open requests and pages being read to come to their end.
GRACE = 25
# A child that dies sooner than this after its start is not helped by starting it again …
HEALTHY_SECONDS = 10
# … and after so many times in a row the whole stops.
TRIES = 3
# Seconds to wait for a port that is taken.
PORT_PATIENCE = 3.0
_PR_SET_PDEATHSIG = 1


@click.command(help=_("Run the web server (gunicorn); --with-worker also runs the job runner beside it."))
@click.option("--port", type=click.IntRange(1, 65535), help=_("Port to listen on; otherwise OMS_PORT or 8000."))
@click.option("--with-worker", is_flag=True, help=_("Start the job runner too; Ctrl-C stops both."))
@click.option("--demo", "with_demo", is_flag=True, help=_("Load the demonstration first when the data folder is new."))
@click.option("--parent", type=int, hidden=True)
def serve(port: int | None, with_worker: bool, with_demo: bool, parent: int | None) -> None:
    """Serve pages and API until told to stop."""
    _die_with(parent)
    if with_demo:
        demo_when_new()
    house = open_house()
    installation.require_box(house.settings, house.engine)
    box.close_all()  # whoever serves starts boxes of its own
    chosen = house.settings.port if port is None else port
    _check_port(house.settings.host, chosen)
    house.engine.dispose()
    if with_worker:
        program = [sys.executable, "-m", "oms.cli"]
        Household({"web": [*program, "serve", "--port", str(chosen)], "worker": [*program, "worker"]}).run()
        return
    say(_("OMS answers at http://%(host)s:%(port)s", host=house.settings.host, port=chosen))
    # Bodies on their way in and pages being looked at lie in memory: a stamped one must not touch a disk.
    with backup.keep_in_use(house.settings), staging.for_temporary_files(house.settings):
        _run_gunicorn(house.settings, chosen)


@click.command(help=_("Run the jobs that wait: reading scans, indexing."))
@click.option("--until-idle", is_flag=True, help=_("End when nothing is left to do."))
@click.option("--parent", type=int, hidden=True)
def worker(until_idle: bool, parent: int | None) -> None:
    """Work until told to stop."""
    _die_with(parent)
    house: House = open_house()
    installation.require_box(house.settings, house.engine)
    with backup.keep_in_use(house.settings):
        Worker(house.engine, house.settings).serve(until_idle=until_idle)


def _check_port(host: str, port: int) -> None:
    """Say in words what gunicorn says in a traceback; a server that just ended may hold the port a moment longer."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    deadline = time.monotonic() + PORT_PATIENCE
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Unavailable(
                        N_("Port %(port)s of %(host)s cannot be used (%(reason)s). Choose another with --port."),
                        port=port,
                        host=host,
                        reason=os.strerror(error.errno or 0),
                    ) from error
        time.sleep(0.1)


def _run_gunicorn(settings: Settings, port: int) -> None:
    from gunicorn.app.base import BaseApplication

    from oms.web.headers import teach_gunicorn

    class Server(BaseApplication):  # type: ignore[misc]
        """Gunicorn configured in code; each process opens the house for itself."""

        def load_config(self) -> None:
            for name, value in _gunicorn_options(settings, port).items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from oms.web import create_app, settle

            program = create_app(settings)
            settle()
            return program

    teach_gunicorn(settings.https)
    sys.argv = sys.argv[:1]  # gunicorn would read our options as its own
    Server().run()


def _gunicorn_options(settings: Settings, port: int) -> dict[str, Any]:
    memory = Path("/dev/shm")
    return {
        "bind": f"[{settings.host}]:{port}" if ":" in settings.host else f"{settings.host}:{port}",
        "worker_class": "gthread",
        "workers": PROCESSES,
        "threads": THREADS,
        "graceful_timeout": GRACE,
        # Heartbeats are written all the time: in memory where there is some, else with the other run files.
        "worker_tmp_dir": str(memory if os.access(memory, os.W_OK) else settings.home / "run"),
        "control_socket_disable": True,
        "errorlog": "-",
        "loglevel": os.environ.get("LOGLEVEL", "warning").lower(),
        "proc_name": "oms-web",
    }


class Household:
    """Several long-running programs under one parent: none is left behind, none stays dead unnoticed."""

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self.commands = commands
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.started: dict[str, float] = {}
        self.failures = dict.fromkeys(commands, 0)
        self.stopping = threading.Event()

    def run(self) -> None:
        """Keep all of them running until told to stop; raises `Unavailable` when one cannot be kept alive."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop())
        try:
            for name in self.commands:
                self._start(name)
            while not self.stopping.wait(0.2):
                for name, child in list(self.children.items()):
                    if child.poll() is not None and not self.stopping.is_set():
                        self._replace(name, child.returncode)
        finally:
            self._stop_all()

    def _stop(self) -> None:
        """Once: everything comes to its end in order. Twice: at once (nothing is lost, it only starts over)."""
        if not self.stopping.is_set():
            self.stopping.set()
            return
        for child in self.children.values():
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)

    def _start(self, name: str) -> None:
        self.started[name] = time.monotonic()
        # An own process group: Ctrl-C reaches the parent alone, which then stops the children in order.
        self.children[name] = subprocess.Popen([*self.commands[name], "--parent", str(os.getpid())], process_group=0)

    def _replace(self, name: str, code: int) -> None:
        healthy = time.monotonic() - self.started[name] >= HEALTHY_SECONDS
        self.failures[name] = 0 if healthy else self.failures[name] + 1
        if self.failures[name] >= TRIES:
            raise Unavailable(
                N_("The program “%(name)s” ended %(times)s times right after its start (code %(code)s). OMS stops."),
                name=name,
                times=TRIES,
                code=code,
            )
        say(_("The program “%(name)s” ended (code %(code)s) and is started again.", name=name, code=code))
        self._start(name)

    def _stop_all(self) -> None:
        say(_("Stopping; pages that are being read are finished first. Ctrl-C again stops at once."))
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + GRACE + 5
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _die_with(parent: int | None) -> None:
    """Ask the kernel for SIGTERM when the parent dies, also by SIGKILL; end at once when it is gone already."""
    if parent is None:
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)
