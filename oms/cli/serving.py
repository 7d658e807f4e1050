"""`oms serve` and `oms worker`: the programs that keep running.

`oms serve --with-worker` is both under one roof: it loads the whole program once and forks off each of them, forks off
again what died, and takes all of them along when it ends, however it ends.
"""

import contextlib
import ctypes
import gc
import importlib
import multiprocessing
import os
import pkgutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import click

from oms import box, db, installation, search, staging
from oms.cli import memory
from oms.cli.installing import demo_when_new
from oms.cli.opening import House, open_house
from oms.cli.output import _, say
from oms.errors import N_, Unavailable
from oms.settings import Settings
from oms.vault import KeyRefused, VaultClosed
from oms.words import sentence_of
from oms.worker import Part, Worker

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
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
WORKERS = {"worker": ("worker", "--part", "others"), "index": ("worker", "--part", "filed")}


@click.command(help=_("Run the web server (gunicorn); --with-worker also runs the job runner beside it."))
@click.option("--port", type=click.IntRange(1, 65535), help=_("Port to listen on; otherwise OMS_PORT or 8000."))
@click.option("--with-worker", is_flag=True, help=_("Start the job runner too; Ctrl-C stops both."))
@click.option("--demo", "with_demo", is_flag=True, help=_("Load the demonstration first when the data folder is new."))
def serve(port: int | None, with_worker: bool, with_demo: bool) -> None:
    """Serve pages and API until told to stop."""
    if with_demo:
        demo_when_new()
    memory.give_back()
    try:
        house = open_house()
    except (VaultClosed, KeyRefused) as closed:
        say(sentence_of(closed))
        settings = Settings.from_environment()
        _run_gunicorn(settings, settings.port if port is None else port)  # answers that it is closed
        return
    installation.require_box(house.settings, house.engine)
    installation.require_tls(house.settings, house.engine)
    _check_settings(house.settings)
    box.close_all()  # whoever serves starts boxes of its own
    chosen = house.settings.port if port is None else port
    _check_port(house.settings.host, chosen)
    house.engine.dispose()
    if with_worker:
        _load_pages()
        Household(_commands({"web": ("serve", "--port", str(chosen)), **WORKERS})).run()
        return
    say(_("OMS answers at http://%(host)s:%(port)s", host=house.settings.host, port=chosen))
    # Bodies on their way in and pages being looked at lie in memory: a stamped one must not touch a disk.
    with installation.keep_in_use(house.settings), staging.for_temporary_files(house.settings):
        _run_gunicorn(house.settings, chosen)


@click.command(help=_("Run the jobs that wait: reading scans, indexing."))
@click.option("--until-idle", is_flag=True, help=_("End when nothing is left to do."))
@click.option("--part", type=click.Choice(["filed", "others"]), hidden=True)
def worker(until_idle: bool, part: Part | None) -> None:
    """Work until told to stop: in two processes, so that what was filed is found while pages are being read."""
    memory.give_back()
    house: House = open_house()
    installation.require_box(house.settings, house.engine)
    if part is None and not until_idle:
        box.close_all()
        house.engine.dispose()
        Household(_commands(WORKERS)).run()
        return
    with installation.keep_in_use(house.settings):
        Worker(house.engine, house.settings).serve(part or "all", until_idle=until_idle)


def _check_settings(settings: Settings) -> None:
    """Say before anything is forked off what each of its processes would die of."""
    from oms.web import check_settings

    check_settings(settings)


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

    from oms.web.connections import PatientWorker, make_room
    from oms.web.headers import teach_gunicorn

    class Server(BaseApplication):  # type: ignore[misc]
        """Gunicorn configured in code; each process opens the house for itself."""

        def load_config(self) -> None:
            for name, value in _gunicorn_options(settings, port).items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return _program(settings)

    _load_pages()  # before it forks: each of its processes has them at once, and all have them once
    teach_gunicorn(settings.https)
    PatientWorker.longest = settings.max_upload
    make_room()
    sys.argv = sys.argv[:1]  # gunicorn would read our options as its own
    Server().run()


def _program(settings: Settings) -> Any:
    """The program of one process of the server, ready to be asked; what takes long goes on in the background."""
    from oms.web import create_app, settle

    db.Turn.patience = db.PROMPT  # people wait here
    program = create_app(settings)
    settle()
    if "oms" in program.extensions:  # not while the vault is closed
        search.warm_up(settings)
    return program


def _gunicorn_options(settings: Settings, port: int) -> dict[str, Any]:
    from oms.web.connections import CONNECTIONS, PatientWorker

    beats = Path("/dev/shm")  # nosec B108 - gunicorn makes a file of its own there and unlinks it
    return {
        "bind": f"[{settings.host}]:{port}" if ":" in settings.host else f"{settings.host}:{port}",
        "worker_class": PatientWorker,
        "worker_connections": CONNECTIONS,
        "workers": PROCESSES,
        "threads": THREADS,
        "graceful_timeout": GRACE,
        # Heartbeats are written all the time: in memory where there is some, else with the other run files.
        "worker_tmp_dir": str(beats if os.access(beats, os.W_OK) else settings.home / "run"),
        "control_socket_disable": True,
        "errorlog": "-",
        "loglevel": os.environ.get("LOGLEVEL", "warning").lower(),
        "proc_name": "oms-web",
    }


def _load_pages() -> None:
    """Load every module of pages and API: what is forked off afterwards needs not load it again."""
    for room in ("oms.web", "oms.api"):
        for module in pkgutil.iter_modules(importlib.import_module(room).__path__, f"{room}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # so that a child's collector leaves these pages of memory shared


def _commands(arguments: Mapping[str, tuple[str, ...]]) -> dict[str, Callable[[], object]]:
    from oms import cli

    def run(*given: str) -> None:
        sys.exit(cli.run(list(given)))

    return {name: partial(run, *given) for name, given in arguments.items()}


class Household:
    """Several long-running programs under one parent: none is left behind, none stays dead unnoticed.

    Each is a function, run in a process of its own that is forked off here: nothing may be open when `run` begins.
    """

    def __init__(self, commands: Mapping[str, Callable[[], object]]) -> None:
        self.commands = commands
        self.children: dict[str, ForkProcess] = {}
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
                    if child.exitcode is not None and not self.stopping.is_set():
                        self._replace(name, child.exitcode)
        finally:
            self._stop_all()

    def _stop(self) -> None:
        """Once: everything comes to its end in order. Twice: at once (nothing is lost, it only starts over)."""
        if not self.stopping.is_set():
            self.stopping.set()
            return
        for child in self.children.values():
            _kill(child)

    def _start(self, name: str) -> None:
        self.started[name] = time.monotonic()
        begin = partial(_live, name, self.commands[name], os.getpid())
        self.children[name] = multiprocessing.get_context("fork").Process(target=begin)
        self.children[name].start()

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
            child.terminate()
        deadline = time.monotonic() + GRACE + 3  # half a minute for all of it
        for child in self.children.values():
            child.join(max(0.1, deadline - time.monotonic()))
            _kill(child)
            child.join()


def _kill(child: ForkProcess) -> None:
    """End a program and all it started."""
    if child.exitcode is None and child.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


def _live(name: str, command: Callable[[], object], parent: int) -> None:
    """In the child: run a program that ends with its parent, also when that is killed."""
    # An own process group: Ctrl-C reaches the parent alone, which then stops the children in order.
    os.setpgid(0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(OSError, AttributeError):
        kernel = ctypes.CDLL(None)
        kernel.prctl(_PR_SET_NAME, f"oms-{name}".encode())  # what `ps -e` and `top` show
        kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command()
