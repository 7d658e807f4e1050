"""The job runner: killed at any moment, two at once, messages lost or poisoned; nothing is lost or done twice."""

import http.client
import json
import os
import pickle
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huey.consumer import Consumer
from sqlalchemy import func, select, update

from oms import db, fixity, jobs, search, worker
from oms.errors import N_, OmsError
from oms.models import AuditEntry, Job, JobState, Page, PageState, Scan, ScanState, new_id, now
from oms.settings import Settings
from oms.worker import Worker
from tests import factories

REDIS = os.environ.get("OMS_TEST_REDIS", "")
PATIENCE = 90
KILLS, UPLOADS = 6, 10
"""A short run of `bench/kills.py`, on both databases."""


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def queued(request, settings: Settings, engine) -> Iterator[Settings]:
    """The settings with each broker in turn; the queue is empty before and after."""
    address = {
        "sqlite": f"sqlite:///{settings.home / 'queue.sqlite3'}",
        "postgresql": settings.database_url,
        "redis": REDIS,
    }
    if not address[request.param]:
        pytest.skip(f"no {request.param} server: set OMS_TEST_{request.param.upper()}")
    chosen = Settings(
        home=settings.home,
        database_url=settings.database_url,
        queue_url=address[request.param],
        job_lease=settings.job_lease,
        workers=1,
    )
    worker.connect_queue(chosen).flush()
    yield chosen
    worker.connect_queue(chosen).flush()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., list[str]]], None]:
    """`work(function)`: jobs of the kind "note" run that function."""

    def add(function: Callable[..., list[str]]) -> None:
        monkeypatch.setitem(worker.HANDLERS, "note", function)

    return add


@contextmanager
def running(*workers: Worker) -> Iterator[None]:
    """Huey's consumer threads of each worker; the signal handlers of the test run are put back."""
    kept = {
        number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
    }
    consumers = [
        Consumer(one.queue.huey, workers=1, periodic=False, initial_delay=0.02, max_delay=0.1) for one in workers
    ]
    for consumer in consumers:
        consumer.start()
    try:
        yield
    finally:
        for consumer in consumers:
            consumer.stop(graceful=True)
        for number, handler in kept.items():
            signal.signal(number, handler)


def until(what: Callable[[], bool]) -> None:
    """Wait for what must come; fail when it does not."""
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        pause.wait(0.05)


def add_jobs(engine, count: int) -> list[str]:
    """Committed jobs nobody has been told of yet."""
    with db.writing(engine) as session:
        for _ in range(count):
            jobs.enqueue(session, "note", new_id(), actor=None)
        return list(session.info.pop("enqueued"))


def states(engine) -> dict[JobState, int]:
    with db.reading(engine) as session:
        return dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())


def test_two_workers_share_the_jobs_and_each_is_done_once(engine, queued, work):
    done: list[str] = []
    holders: set[str] = set()
    together = threading.Barrier(2)

    def note(database, _settings, subject_id, *, actor):
        with db.reading(database) as session:
            holders.add(session.scalars(select(Job.holder).where(Job.subject_id == subject_id)).one())
        if len(done) < 2:
            # Passes only when two workers are in here at the same time.
            together.wait(PATIENCE)
        done.append(subject_id)
        return []

    work(note)
    ids = add_jobs(engine, 20)
    one, other = Worker(engine, queued), Worker(engine, queued)
    with running(one, other):
        for job_id in ids:
            one.queue.send(job_id)
            other.queue.send(job_id)  # every message twice: the row decides
        until(lambda: states(engine) == {JobState.DONE: 20})
    assert len(done) == len(set(done)) == 20
    assert holders == {one.holder, other.holder}
    with db.reading(engine) as session:
        assert set(session.scalars(select(Job.attempts))) == {1}


def test_a_lost_message_is_handed_over_again(engine, queued, work):
    work(lambda *_args, actor: [])
    add_jobs(engine, 3)
    one = Worker(engine, queued)
    with running(one):
        one.sweep()
        until(lambda: states(engine) == {JobState.DONE: 3})


def test_a_poisoned_message_is_not_executed(engine, queued, work, tmp_path):
    work(lambda *_args, actor: [])
    trap = tmp_path / "trap"

    class Poison:
        def __reduce__(self):
            return (Path.touch, (trap,))

    (job_id,) = add_jobs(engine, 1)
    one = Worker(engine, queued)
    one.queue.huey.storage.enqueue(pickle.dumps(Poison()))
    one.queue.huey.storage.enqueue(b'{"message": ["no", "such", "shape"]}')
    one.queue.send(job_id)
    with running(one):
        until(lambda: states(engine) == {JobState.DONE: 1})
    assert not trap.exists()


def test_a_dead_workers_job_is_free_again_when_its_lease_ends(engine, settings, work):
    seen: list[str] = []

    def note(_database, _settings, subject_id, *, actor):
        seen.append(subject_id)
        return []

    work(note)
    (job_id,) = add_jobs(engine, 1)
    with db.writing(engine) as session:
        assert jobs.claim(session, job_id, holder="dead", lease=60) is not None
    living = Worker(engine, settings)
    living.run(job_id)
    assert seen == [], "the lease still holds"
    with db.writing(engine) as session:
        session.execute(update(Job).values(lease_until=now()))
    living.run(job_id)
    living.run(job_id)
    assert len(seen) == 1 and states(engine) == {JobState.DONE: 1}


def test_a_fault_is_tried_again_and_then_said(engine, settings, work, caplog):
    tries: list[int] = []

    def note(*_args, actor):
        tries.append(1)
        raise ZeroDivisionError

    work(note)
    (job_id,) = add_jobs(engine, 1)
    one = Worker(engine, settings)
    for _ in range(jobs.MAX_ATTEMPTS + 2):
        one.run(job_id)
    assert len(tries) == jobs.MAX_ATTEMPTS
    with db.reading(engine) as session:
        job = session.get_one(Job, job_id)
        assert job.state == JobState.FAILED and "administrator" in (job.error or "")


def test_a_refusal_is_kept_as_its_sentence(engine, settings, work):
    def note(*_args, actor):
        raise OmsError(N_("Scan %(name)s is upside down."), name="a.pdf")

    work(note)
    (job_id,) = add_jobs(engine, 1)
    Worker(engine, settings).run(job_id)
    with db.reading(engine) as session:
        job = session.get_one(Job, job_id)
        assert (job.state, job.error, job.error_values) == (
            JobState.FAILED,
            "Scan %(name)s is upside down.",
            {"name": "a.pdf"},
        )


class Program:
    """`oms …` as a process group of its own, killed without warning and started again."""

    def __init__(self, settings: Settings, *arguments: str) -> None:
        self.command = [sys.executable, "-m", "oms.cli", *arguments]
        known = {name: value for name, value in os.environ.items() if not name.startswith("OMS_")}
        self.environment = known | {
            "OMS_HOME": str(settings.home),
            "OMS_DATABASE_URL": settings.database_url,
            "OMS_JOB_LEASE": "2",
            "OMS_WORKERS": "2",
            "OMP_THREAD_LIMIT": "1",
            "PYTHONPATH": str(Path(__file__).parent.parent),
        }
        if not settings.database_url:
            del self.environment["OMS_DATABASE_URL"]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, env=self.environment, start_new_session=True)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(
            method, path, body or None, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _is_up(port: int) -> bool:
    try:
        return _ask(port, "GET", "/healthz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def _upload(port: int, token: str, number: str, name: str, data: bytes) -> dict[str, str]:
    """Send one file until it is received, however often the server dies meanwhile."""
    boundary = secrets.token_hex(8)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
    body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline:
        until(lambda: _is_up(port))
        try:
            status, answer = _ask(
                port,
                "POST",
                f"/api/v1/dossiers/{number}/scans",
                body,
                Authorization=f"Bearer {token}",
                Content_Type=f"multipart/form-data; boundary={boundary}",
            )
        except (OSError, http.client.HTTPException):
            continue
        assert status == 202, answer
        (outcome,) = json.loads(answer)
        return outcome
    raise AssertionError("never received")


@pytest.mark.slow
def test_kill_server_and_worker_at_random_moments_during_uploads(engine, settings, world):
    chance = random.Random(seed := secrets.randbits(32))
    print(f"seed {seed}")
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    search.rebuild(engine, settings)
    files = [factories.png_of(factories.draw_page(f"Trang số {n}", size=(620, 300))) for n in range(1, UPLOADS + 1)]
    port = _free_port()
    web, runner = Program(settings, "serve", "--port", str(port)), Program(settings, "worker")
    finished, kills = threading.Event(), []

    def kill_now_and_then() -> None:
        while len(kills) < KILLS and not finished.wait(chance.uniform(0.2, 2.5)):
            victim = runner if chance.random() < 0.7 else web
            victim.kill()
            kills.append(victim.command[3])
            victim.start()

    killer = threading.Thread(target=kill_now_and_then)
    try:
        until(lambda: _is_up(port))
        credentials = json.dumps({"username": "canbo.sonv", "password": factories.PASSWORD}).encode()
        status, answer = _ask(port, "POST", "/api/v1/tokens", credentials, Content_Type="application/json")
        assert status == 201, answer
        token = json.loads(answer)["token"]
        killer.start()
        received = [_upload(port, token, number, f"{n}.png", data) for n, data in enumerate(files, start=1)]
        killer.join()
    finally:
        finished.set()
        web.stop()
        runner.kill()
    last = Program(settings, "worker", "--until-idle")
    assert last.process.wait(3 * PATIENCE) == 0
    assert len(kills) == KILLS
    with db.reading(engine) as session:
        scans = {scan.id: scan for scan in session.scalars(select(Scan))}
        assert {outcome["scan"] for outcome in received} == set(scans), (
            "what was called received is there, and nothing else"
        )
        assert len(scans) == len({scan.sha256 for scan in scans.values()}) == UPLOADS
        assert {scan.state for scan in scans.values()} == {ScanState.READ}
        pages = session.scalars(select(Page)).all()
        assert len(pages) == UPLOADS and {page.state for page in pages} == {PageState.READ}
        told = session.scalar(select(func.count()).where(AuditEntry.action == "scan:read"))
        assert told == UPLOADS, "each scan was finished once"
    assert [problem.kind for problem in fixity.check(engine, settings)] == []
    search._engine_at.cache_clear()


def test_a_short_job_does_not_queue_behind_long_ones(
    engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filing is found while a long scan is being read: the pages hold every thread, the index job is done all the same."""
    free, indexed = threading.Event(), threading.Event()

    def read_slowly(*_arguments: object, **_more: object) -> list[str]:
        free.wait(PATIENCE)
        return []

    monkeypatch.setitem(worker.HANDLERS, "read_page", read_slowly)
    monkeypatch.setattr(search, "index_dossiers", lambda *_: indexed.set())
    with db.writing(engine) as session:
        for _ in range(5):
            jobs.enqueue(session, "read_page", new_id(), actor=None)
        jobs.enqueue(session, "index_dossier", new_id(), actor=None)
    one = Worker(engine, settings)
    with running(one):
        one.sweep()
        lane = one._start("filed", one.index_filed, 0.01)
        assert indexed.wait(PATIENCE)
        assert not free.is_set()
        free.set()
        one.stopping.set()
        lane.join()


def test_a_job_put_off_is_left_alone_for_a_while(engine) -> None:
    with db.writing(engine) as session:
        jobs.enqueue(session, "index_dossier", new_id(), actor=None)
        job = session.query(Job).one()
        assert jobs.waiting(session, ["index_dossier"]) == [job.id]
        claimed = jobs.claim(session, job.id, holder="somebody", lease=30)
        assert claimed is not None and jobs.waiting(session, ["index_dossier"]) == []
        jobs.put_off(session, claimed)
        session.flush()
        assert claimed.state == JobState.QUEUED and claimed.attempts == 0
        assert jobs.waiting(session, ["index_dossier"]) == []
