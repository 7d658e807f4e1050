"""The job runner: takes ids from the queue, claims the job rows and runs their handlers.

Huey only carries messages: SQLite on one machine, PostgreSQL or Redis when there are more. The
messages are JSON with one id; nothing that arrives by the queue is ever unpickled. A thread renews
the leases of what this worker is doing, another hands over again what was forgotten.
"""

import json
import logging
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

from huey import Huey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import (
    accounts,
    alarms,
    checks,
    clocks,
    db,
    jobs,
    packages,
    reading,
    rekeying,
    reorganisation,
    scan_folders,
    search,
    signatures,
    stacks,
    staging,
    vault,
)
from oms.audit import sealing
from oms.custody import mass
from oms.errors import N_, DatabaseDamaged, FileNotNow, OmsError, Unavailable
from oms.faults import refusal_behind
from oms.models import Account, Job
from oms.permissions import Actor
from oms.settings import Settings

log = logging.getLogger(__name__)

Part = Literal["all", "filed", "others"]
"""What one process does: everything, what was filed a moment ago, or everything else."""

Handler = Callable[..., list[str]]
HANDLERS: dict[str, Handler] = {
    "read_scan": reading.start_scan,
    "read_page": reading.read_one_page,
    "finish_scan": reading.finish_scan,
    signatures.JOB: signatures.check,
    "show_scan": packages.show_scan,
    "import_folder": scan_folders.work_off,
    "divide_stack": stacks.divide,
    "take_in_stack": stacks.take_in,
    "take_in_package": packages.take_in_arrival,
    "check_dossier": checks.check_dossier,
    "mass_transfer": mass.work_off,
    "index_scan": search.index_scan,
    "index_dossier": search.index_dossier,
    "index_unit": search.index_unit,
    "measure_index": search.measure_index,
    "mend_index": search.mend_index,
    "rebuild_index": search.rebuild_index,
    "renew_index": search.renew_index,
    "reorganise": reorganisation.carry_out,
}
SWEEP_SECONDS = 5
# Kinds that do not queue behind pages being read; it is looked for them every LOOK_SECONDS.
QUICK = ("finish_scan", signatures.JOB, "check_dossier", "index_unit", "reorganise")
# What was filed a moment ago is looked for next: nothing is in front of it, and it is no heavy work. Their lane alone
# does them: the threads of the queue are held back for people at their screens. So many share a commit of the index.
FILED = ("index_scan", "index_dossier")
TOGETHER = 20
# The index is being written by somebody else: it is tried again after so many seconds.
INDEX_BUSY_SECONDS = 2
# Kinds that look at the whole index: behind neither of the two, which would make them wait for days or be late.
WHOLE = ("measure_index", "mend_index", "rebuild_index", "renew_index")
# A step for a whole batch takes minutes; people wait for it, and it must not hold up the quick ones.
MASS = ("mass_transfer", "divide_stack", "take_in_stack", "import_folder")
LANES = {"quick": QUICK, "index": WHOLE, "mass": MASS}
LOOK_SECONDS = 0.5
FILED_SECONDS = 0.2
# How often it is looked whether a checkpoint of the audit log is due.
SEAL_SECONDS = 30
# How often it is looked whether files of a closed installation still lie under former keys.
REKEY_SECONDS = 30
# An alarm is raised within a minute.
WATCH_SECONDS = 30
# Reading is heavy and never urgent: people at their screens go first, and what they just filed.
NICENESS = 10


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Messages as JSON: whoever can write to the queue still cannot run code here."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps({"message": list(data)} if isinstance(data, Message) else data).encode()

    def _deserialize(self, data: bytes) -> Any:
        value = json.loads(data)
        return Message(*value["message"]) if isinstance(value, dict) and "message" in value else value


def connect_queue(settings: Settings) -> Huey:
    """The queue of `settings.queue`: sqlite:///path, redis://… or postgresql://…"""
    scheme = urlsplit(settings.queue).scheme.split("+")[0]
    options: dict[str, Any] = {"results": False, "serializer": JsonSerializer()}
    if scheme == "sqlite":
        return SqliteHuey("oms", filename=settings.queue.removeprefix("sqlite:///"), **options)
    if scheme in ("redis", "rediss"):
        return RedisHuey("oms", url=settings.queue, **options)
    if scheme in ("postgres", "postgresql"):
        from huey.contrib.sql_huey import SqlHuey

        return SqlHuey("oms", database=settings.queue.replace("postgresql+psycopg", "postgresql"), **options)
    raise OmsError(N_("OMS_QUEUE_URL must begin with sqlite:, redis: or postgresql:."))


class Queue:
    """Both ends of the queue: `send` hands over the id of a committed job, `task` receives it."""

    def __init__(self, settings: Settings, run: Callable[[str], None] = lambda _job_id: None) -> None:
        self.huey = connect_queue(settings)
        self.task = self.huey.task(name="run")(run)

    def send(self, job_id: str) -> None:
        """Tell the workers of a job; when the queue cannot be reached, the sweep tells them later."""
        try:
            self.task(job_id)
        except Exception as error:
            log.error("queue not reached (%s); job %s waits for the sweep", type(error).__name__, job_id)


class Worker:
    """One process that works: threads of Huey, the renewal of leases and the sweep."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self.holder = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.queue = Queue(settings, self._take)
        self.stopping = threading.Event()
        self._in_hand: set[str] = set()
        self._missed: set[str] = set()
        self._sweeps = 0

    def _take(self, job_id: str) -> None:
        """Do the job of a message; what was just filed is left to its lane, whose thread is not held back."""
        with db.reading(self.engine) as session:
            job = session.get(Job, job_id)
            has_lane = job is not None and job.kind in FILED
        if has_lane:
            return
        try:
            self.run(job_id)
        except Exception as error:
            if not _is_for_later(error):
                raise
            log.warning("job %s could not be taken: %s", job_id, type(error).__name__)
            self._missed.add(job_id)  # its message is used up

    def run(self, job_id: str) -> None:
        """Claim one job and do it; a refusal in words fails it, a fault of ours gives it back.

        What is only out of reach for now (disk full, index being written) is put off and tried again.
        """
        with self._holding([job_id]):
            self._run(job_id)

    @contextmanager
    def _holding(self, ids: Sequence[str]) -> Iterator[None]:
        """These jobs are in hand: their leases are renewed for as long, and not after it, whatever happens."""
        self._in_hand |= set(ids)
        try:
            yield
        finally:
            self._in_hand -= set(ids)

    def _run(self, job_id: str) -> None:
        with db.writing(self.engine) as session:
            job = jobs.claim(session, job_id, holder=self.holder, lease=self.settings.job_lease)
            if job is None:
                return
            if job.attempts > jobs.MAX_CRASHES:
                self._fail(session, job, jobs.gave_up(job))
                return
            kind, subject_id, actor = job.kind, job.subject_id, self._actor(session, job)
        failure: OmsError | None = None
        enqueued: list[str] = []
        try:
            enqueued = HANDLERS[kind](self.engine, self.settings, subject_id, actor=actor)
        except Exception as error:
            if _is_for_later(error):  # not the job's fault: it must not use up its tries
                log.warning("job %s (%s) put off: %s", job_id, kind, error)
                with db.writing(self.engine) as session:
                    jobs.put_off(session, session.get_one(Job, job_id))
                return
            if not isinstance(error, OmsError):
                log.exception("job %s (%s) failed by a fault of ours", job_id, kind)
                with db.writing(self.engine) as session:
                    job = session.get_one(Job, job_id)
                    if gave_up := jobs.give_back(session, job):
                        self._fail(session, job, gave_up)
                return
            failure = error
        with db.writing(self.engine) as session:
            job = session.get_one(Job, job_id)
            if failure is None:
                jobs.finish(job)
            else:
                self._fail(session, job, failure)
        for next_id in enqueued:
            self.queue.send(next_id)
        self._mark(enqueued)

    def index_filed(self) -> None:
        """Do what waits to be found, many jobs with one commit of the index; what failed among others is done alone."""
        with db.reading(self.engine) as session:
            ids = jobs.waiting(session, FILED, limit=TOGETHER)
            attempts = {job.id: job.attempts for job in session.scalars(select(Job).where(Job.id.in_(ids)))}
        if fresh := [id for id in ids if not attempts[id]]:
            with self._holding(fresh):
                self._index_together(fresh)
        for id in ids:
            if attempts[id] and not self.stopping.is_set():
                self.run(id)

    def _index_together(self, ids: Sequence[str]) -> None:
        lease = self.settings.job_lease
        with db.writing(self.engine) as session:
            claimed = [job for id in ids if (job := jobs.claim(session, id, holder=self.holder, lease=lease))]
        try:
            search.index_dossiers(self.engine, self.settings, [(job.kind, job.subject_id) for job in claimed])
        except Exception as error:
            log.warning("%s index jobs put off: %s: %s", len(claimed), type(error).__name__, error)
            with db.writing(self.engine) as session:
                for job in session.scalars(select(Job).where(Job.id.in_([job.id for job in claimed]))):
                    if _is_for_later(error):
                        jobs.put_off(session, job, seconds=INDEX_BUSY_SECONDS)
                    else:
                        jobs.give_back(session, job)
            return
        with db.writing(self.engine) as session:
            for job in session.scalars(select(Job).where(Job.id.in_([job.id for job in claimed]))):
                jobs.finish(job)

    def _fail(self, session: Session, job: Job, failure: OmsError) -> None:
        jobs.finish(job, failure)
        reading.give_up(session, job.kind, job.subject_id, failure)
        packages.give_up(session, job.kind, job.subject_id, failure)
        scan_folders.give_up(session, self.settings, job.kind, job.subject_id, failure)
        stacks.give_up(session, job.kind, job.subject_id, failure)

    def _actor(self, session: Session, job: Job) -> Actor | None:
        """The actor a job works for, with the rights of this moment, not of the moment it was ordered; None: closed."""
        account = session.get(Account, job.account_id) if job.account_id else None
        return accounts.actor_of(session, account, via="job") if account and not account.disabled else None

    def _mark(self, ids: list[str]) -> None:
        if ids:
            with db.writing(self.engine) as session:
                jobs.mark_handed_over(session, ids)

    def sweep(self) -> None:
        """Hand over again what nobody works on, at the start everything that waits; empty what a killed upload left."""
        with db.reading(self.engine) as session:
            forgotten = jobs.forgotten(session, everything=self._sweeps == 0)
        self._sweeps += 1
        staging.wipe_old(self.settings)
        staging.wipe_forgotten(self.settings)
        missed = set(self._missed)
        forgotten += sorted(missed.difference(forgotten))
        self._mark(forgotten)
        for job_id in forgotten:
            self.queue.send(job_id)
        self._missed -= missed

    def serve(self, part: Part = "all", *, until_idle: bool = False) -> None:
        """Do this part of the work until told to stop (SIGINT, SIGTERM), or until nothing is left to do.

        What was filed has a process of its own where people wait for it: beside pages being read it would wait for
        the interpreter, held by threads that are themselves held back.
        """
        lanes: list[threading.Thread] = []
        consumer: Consumer | None = None
        if part != "others":
            lanes.append(self._start("filed", self.index_filed, FILED_SECONDS))
        if part != "filed":
            os.nice(NICENESS)  # on Linux that of this thread, and of all it starts from now on
            workers = self.settings.workers
            consumer = Consumer(self.queue.huey, workers=workers, periodic=False, initial_delay=0.05, max_delay=0.5)
            consumer.start()
            lanes += [
                self._start(name, partial(self._do_waiting, kinds), LOOK_SECONDS) for name, kinds in LANES.items()
            ]
            lanes.append(self._start("seal", self._seal_the_log, SEAL_SECONDS))
            if self.settings.protected:
                lanes.append(self._start("keys", self._bring_under_new_keys, REKEY_SECONDS))
            if self.settings.ldap_reader:
                lanes.append(self._start("leavers", self._end_for_leavers, accounts.ASKED_EVERY))
            lanes.append(self._start("alarms", partial(alarms.watch, self.engine, self.settings), WATCH_SECONDS))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stopping.set())
        lease, clock = self.settings.job_lease, clocks.ClockWatch()
        beat = 0
        while not self.stopping.wait(1):
            beat += 1
            try:
                if beat % max(1, lease // 3) == 0:
                    self._renew()
                if part != "filed" and (beat == 1 or beat % SWEEP_SECONDS == 0):
                    search.mend_damage(self.engine, self.settings)
                    self.sweep()
                    clock.look(self.engine)
                if until_idle and self._is_idle():
                    break
            except Exception:  # the database is away for a moment: without renewal and sweep nothing would go on
                log.exception("the worker goes on")
        self.stopping.set()
        if consumer is not None:
            consumer.stop(graceful=True)
        for lane in lanes:
            lane.join()

    def _renew(self) -> None:
        if self._in_hand:
            with db.writing(self.engine) as session:
                jobs.renew(session, self.holder, list(self._in_hand), lease=self.settings.job_lease)

    def _start(self, name: str, work: Callable[[], None], every: float) -> threading.Thread:
        """A thread that looks for work of its lane again and again."""

        def look() -> None:
            while not self.stopping.wait(every):
                try:
                    work()
                except Exception:
                    log.exception("the lane %s goes on", name)

        lane = threading.Thread(target=look, name=name)
        lane.start()
        return lane

    def _do_waiting(self, kinds: Sequence[str]) -> None:
        """Do jobs of these kinds: a change is looked through while a long scan is still being read."""
        with db.reading(self.engine) as session:
            waiting = jobs.waiting(session, kinds)
        for job_id in waiting:
            if self.stopping.is_set():
                return
            self.run(job_id)

    def _seal_the_log(self) -> None:
        """Sign checkpoints of the audit log as they fall due, where no other user of the machine does it."""
        with suppress(OmsError):  # the log was told, and the page of the administrator says it
            sealing.seal_when_due(self.engine, self.settings)

    def _bring_under_new_keys(self) -> None:
        """Go on with a change of the data keys, when there is one."""
        done = rekeying.go_on(self.engine, self.settings, stopping=self.stopping.is_set)
        if done is not None:
            log.info(
                "under the former keys: %s of %s, damaged %s, old %s",
                done.left,
                done.total,
                len(done.damaged),
                done.old,
            )

    def _end_for_leavers(self) -> None:
        """End the sessions of people who left the office's directory."""
        accounts.end_for_leavers(self.engine, self.settings)

    def _is_idle(self) -> bool:
        with db.reading(self.engine) as session:
            return jobs.is_idle(session)


def _is_for_later(error: Exception) -> bool:
    """Whether something is only out of reach for now: disk full, index being written, database locked; not damage."""
    if isinstance(error, vault.Damaged | DatabaseDamaged):
        return False
    return isinstance(error, Unavailable | FileNotNow) or isinstance(refusal_behind(error), Unavailable)
