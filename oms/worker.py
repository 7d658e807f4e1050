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
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from huey import Huey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from oms import accounts, checks, db, jobs, packages, reading, reorganisation, scan_folders, search, stacks, staging
from oms.audit import sealing
from oms.custody import mass
from oms.errors import N_, OmsError, Unavailable
from oms.faults import refusal_behind
from oms.models import Account, Job
from oms.permissions import Actor
from oms.settings import Settings

log = logging.getLogger(__name__)

Handler = Callable[..., list[str]]
HANDLERS: dict[str, Handler] = {
    "read_scan": reading.start_scan,
    "read_page": reading.read_one_page,
    "finish_scan": reading.finish_scan,
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
# Kinds that do not queue behind pages being read; how often it is looked for them is LOOK_SECONDS.
QUICK = ("finish_scan", "check_dossier", "index_unit", "reorganise")
# What was filed a moment ago is looked for next: nothing is in front of it, and it is no heavy work. Their lane alone
# does them: the threads of the queue are held back for people at their screens.
FILED = ("index_scan", "index_dossier")
# Kinds that look at the whole index: behind neither of the two, which would make them wait for days or be late.
WHOLE = ("measure_index", "mend_index", "rebuild_index", "renew_index")
# A step for a whole batch takes minutes; people wait for it, and it must not hold up the quick ones.
MASS = ("mass_transfer", "divide_stack", "take_in_stack", "import_folder")
LANES = {"filed": FILED, "quick": QUICK, "index": WHOLE, "mass": MASS}
LOOK_SECONDS = 0.5
# How often it is looked whether a checkpoint of the audit log is due.
SEAL_SECONDS = 30
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
        self._sweeps = 0

    def _take(self, job_id: str) -> None:
        """Do the job of a message; what was just filed is left to its lane, whose thread is not held back."""
        with db.reading(self.engine) as session:
            job = session.get(Job, job_id)
            has_lane = job is not None and job.kind in FILED
        if not has_lane:
            self.run(job_id)

    def run(self, job_id: str) -> None:
        """Claim one job and do it; a refusal in words fails it, a fault of ours gives it back.

        What is only out of reach for now (disk full, index being written) is put off and tried again.
        """
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
        except Unavailable as error:
            log.warning("job %s (%s) put off: %s", job_id, kind, error.message)
            with db.writing(self.engine) as session:
                jobs.put_off(session, session.get_one(Job, job_id))
            return
        except OmsError as error:
            failure = error
        except Exception as error:
            if isinstance(refusal_behind(error), Unavailable):  # not the job's fault: it must not use up its tries
                log.warning("job %s (%s) put off: %s", job_id, kind, error)
                with db.writing(self.engine) as session:
                    jobs.put_off(session, session.get_one(Job, job_id))
                return
            log.exception("job %s (%s) failed by a fault of ours", job_id, kind)
            with db.writing(self.engine) as session:
                job = session.get_one(Job, job_id)
                if gave_up := jobs.give_back(session, job):
                    self._fail(session, job, gave_up)
            return
        with db.writing(self.engine) as session:
            job = session.get_one(Job, job_id)
            if failure is None:
                jobs.finish(job)
            else:
                self._fail(session, job, failure)
        for next_id in enqueued:
            self.queue.send(next_id)
        self._mark(enqueued)

    def _fail(self, session: Session, job: Job, failure: OmsError) -> None:
        jobs.finish(job, failure)
        reading.give_up(session, job.kind, job.subject_id, failure)
        packages.give_up(session, job.kind, job.subject_id, failure)
        scan_folders.give_up(session, job.kind, job.subject_id, failure)
        stacks.give_up(session, job.kind, job.subject_id, failure)

    def _actor(self, session: Session, job: Job) -> Actor | None:
        """The actor a job works for, with the rights of this moment, not of the moment it was ordered."""
        account = session.get(Account, job.account_id) if job.account_id else None
        return accounts.actor_of(session, account, via="job") if account else None

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
        self._mark(forgotten)
        for job_id in forgotten:
            self.queue.send(job_id)

    def serve(self, *, until_idle: bool = False) -> None:
        """Work until told to stop (SIGINT, SIGTERM), or until nothing is left to do."""
        lanes = {name: threading.Thread(target=self._work_in_lane, args=(LANES[name],), name=name) for name in LANES}
        lanes["filed"].start()
        os.nice(NICENESS)  # on Linux that of this thread, and of all it starts from now on
        consumer = Consumer(
            self.queue.huey,
            workers=self.settings.workers,
            periodic=False,
            initial_delay=0.05,
            max_delay=0.5,
        )
        consumer.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self.stopping.set())
        lanes["seal"] = threading.Thread(target=self._seal_the_log, name="seal")
        for name, lane in lanes.items():
            if name != "filed":
                lane.start()
        lease = self.settings.job_lease
        beat = 0
        while not self.stopping.wait(1):
            beat += 1
            if beat % max(1, lease // 3) == 0:
                with db.writing(self.engine) as session:
                    jobs.renew(session, self.holder, lease=lease)
            if beat == 1 or beat % SWEEP_SECONDS == 0:
                search.mend_damage(self.engine, self.settings)
                self.sweep()
            if until_idle and self._is_idle():
                break
        self.stopping.set()
        consumer.stop(graceful=True)
        for lane in lanes.values():
            lane.join()

    def _work_in_lane(self, kinds: Sequence[str]) -> None:
        """Do jobs of these kinds at once: a filed document is found while a long scan is still being read."""
        while not self.stopping.wait(LOOK_SECONDS):
            try:
                with db.reading(self.engine) as session:
                    waiting = jobs.waiting(session, kinds)
                for job_id in waiting:
                    self.run(job_id)
            except Exception:
                log.exception("the jobs of a lane are tried again")

    def _seal_the_log(self) -> None:
        """Sign checkpoints of the audit log as they fall due, where no other user of the machine does it."""
        while not self.stopping.wait(SEAL_SECONDS):
            try:
                sealing.seal_when_due(self.engine, self.settings)
            except OmsError:
                pass  # the log was told, and the page of the administrator says it
            except Exception:
                log.exception("the audit log is sealed next time")

    def _is_idle(self) -> bool:
        with db.reading(self.engine) as session:
            return jobs.is_idle(session)
