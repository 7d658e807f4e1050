"""Work that is done later: rows committed with their cause, handed to the queue after the commit.

The row is the truth; the queue (Huey on SQLite, PostgreSQL or Redis) is only the messenger and
carries ids. A lost message is handed over again by `hand_over_forgotten`; a job whose worker died
is free again when its lease ends. So every job may run twice, and every handler must bear it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms.errors import N_, NotFound, OmsError
from oms.models import Job, JobState, is_near, now
from oms.permissions import Action, Actor, can

# A job that failed by a fault of ours this often is not tried again by itself.
MAX_ATTEMPTS = 3
# A job during which the worker died this often is taken for the cause (a page that eats all memory).
MAX_CRASHES = 10
# A message that was not picked up after this many seconds is sent again.
HAND_OVER_AGAIN = 60
# What cannot be done just now (disk full, database held by somebody) is tried again after so many.
PUT_OFF = 15
# No lease is longer (seconds): one that ends later was written by a clock that was ahead, and holds nobody.
LONGEST_LEASE = 3600


def enqueue(session: Session, kind: str, subject_id: str, *, actor: Actor | None) -> None:
    """Add a job in the caller's transaction; one waiting job per kind and subject is enough."""
    session.flush()
    if _is_waiting(session, kind, subject_id):
        return
    job = Job(kind=kind, subject_id=subject_id, account_id=actor.account_id if actor else None)
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError:  # another transaction was faster: its job will do
        return
    session.info.setdefault("enqueued", []).append(job.id)


def dossier_changed(session: Session, dossier_id: str, *, actor: Actor | None) -> None:
    """What a dossier says, or who holds it, has changed: it is indexed and looked through for contradictions anew."""
    enqueue(session, "index_dossier", dossier_id, actor=actor)
    enqueue(session, "check_dossier", dossier_id, actor=actor)


def repeat(session: Session, kind: str, subject_id: str, *, every: timedelta) -> None:
    """Add a job that comes by the clock when it is due; of the runs before only the last one's row is kept."""
    if not is_due(session, kind, subject_id, every=every):
        return
    done = (JobState.DONE, JobState.FAILED)
    session.execute(delete(Job).where(Job.kind == kind, Job.subject_id == subject_id, Job.state.in_(done)))
    enqueue(session, kind, subject_id, actor=None)


def is_due(session: Session, kind: str, subject_id: str, *, every: timedelta) -> bool:
    """True when a job that comes by the clock is not under way and its last run ended `every` ago."""
    last = find_latest(session, kind, subject_id)
    return last is None or (last.finished_at is not None and not is_near(last.finished_at, every))


def deliver(session: Session, send: Callable[[str], None]) -> None:
    """After the commit: hand the ids of the new jobs to the queue. A failure here loses nothing."""
    for job_id in session.info.pop("enqueued", []):
        send(job_id)


def forgotten(session: Session, *, everything: bool = False) -> list[str]:
    """Ids of jobs nobody is working on: never delivered, or their worker's lease has ended."""
    moment, again = now(), timedelta(seconds=HAND_OVER_AGAIN)
    told = ~Job.handed_over_at.between(moment if everything else moment - again, moment + again)
    return list(
        session.scalars(
            select(Job.id)
            .where(
                or_(
                    (Job.state == JobState.QUEUED) & or_(Job.handed_over_at.is_(None), told),
                    (Job.state == JobState.RUNNING) & _is_over(moment),
                )
            )
            .order_by(Job.created_at, Job.id)
        )
    )


def waiting(session: Session, kinds: Sequence[str], *, limit: int | None = None) -> list[str]:
    """Ids of the jobs of these kinds that wait and are not put off, or whose worker died, the oldest first."""
    moment = now()
    is_free = or_(
        (Job.state == JobState.QUEUED) & or_(Job.lease_until.is_(None), _is_over(moment)),
        (Job.state == JobState.RUNNING) & _is_over(moment),
    )
    query = select(Job.id).where(Job.kind.in_(kinds), is_free).order_by(Job.created_at, Job.id)
    return list(session.scalars(query.limit(limit)))


def mark_handed_over(session: Session, ids: list[str]) -> None:
    """Remember that the queue has been told."""
    session.execute(update(Job).where(Job.id.in_(ids)).values(handed_over_at=now()))


def _is_over(moment: datetime) -> ColumnElement[bool]:
    """Whether a lease has ended."""
    return or_(Job.lease_until <= moment, Job.lease_until > moment + timedelta(seconds=LONGEST_LEASE))


def claim(session: Session, job_id: str, *, holder: str, lease: int) -> Job | None:
    """Take a job for `lease` seconds, or None when somebody else has it or it is done."""
    moment = now()
    taken = session.execute(
        update(Job)
        .where(
            Job.id == job_id,
            or_(Job.state == JobState.QUEUED, (Job.state == JobState.RUNNING) & _is_over(moment)),
        )
        .values(
            state=JobState.RUNNING,
            attempts=Job.attempts + 1,
            holder=holder,
            lease_until=moment + timedelta(seconds=min(lease, LONGEST_LEASE)),
        )
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        return None
    return session.get_one(Job, job_id, populate_existing=True)


def renew(session: Session, holder: str, ids: Collection[str], *, lease: int) -> None:
    """Prolong the lease of what `holder` is working on, and of nothing it has lost sight of."""
    session.execute(
        update(Job)
        .where(Job.holder == holder, Job.state == JobState.RUNNING, Job.id.in_(ids))
        .values(lease_until=now() + timedelta(seconds=min(lease, LONGEST_LEASE)))
    )


def finish(job: Job, error: OmsError | None = None) -> None:
    """Close a job, with the sentence of its failure where it failed."""
    job.state = JobState.DONE if error is None else JobState.FAILED
    job.error = error.message if error else None
    job.error_values = {key: str(value) for key, value in error.values.items()} if error else None
    job.finished_at, job.lease_until, job.holder = now(), None, None


def give_back(session: Session, job: Job) -> OmsError | None:
    """Return a job after a fault of ours; after `MAX_ATTEMPTS` it is failed and the sentence returned."""
    if job.attempts >= MAX_ATTEMPTS:
        finish(job, failure := gave_up(job))
        return failure
    if _is_waiting(session, job.kind, job.subject_id):
        finish(job)  # a younger job for the same subject does the work
        return None
    job.state, job.lease_until, job.holder, job.handed_over_at = JobState.QUEUED, None, None, None
    return None


def put_off(session: Session, job: Job, *, seconds: int = PUT_OFF) -> None:
    """Return a job that nobody can do just now; it is looked for, or handed over, again after `seconds`."""
    if _is_waiting(session, job.kind, job.subject_id):
        finish(job)
        return
    job.state, job.holder, job.attempts = JobState.QUEUED, None, job.attempts - 1
    job.handed_over_at = now() - timedelta(seconds=HAND_OVER_AGAIN - seconds)
    job.lease_until = now() + timedelta(seconds=seconds)  # until then nobody is to look for it


def gave_up(job: Job) -> OmsError:
    """The sentence for a job that is not tried again."""
    return OmsError(
        N_("This did not work in %(tries)s tries. The administrator finds the reason in the log."), tries=job.attempts
    )


def _is_waiting(session: Session, kind: str, subject_id: str) -> bool:
    waiting = select(Job.id).where(Job.kind == kind, Job.subject_id == subject_id, Job.state == JobState.QUEUED)
    return session.scalar(waiting) is not None


def is_under_way(session: Session, kind: str, subject_id: str) -> bool:
    """True when such a job waits or runs."""
    still = (JobState.QUEUED, JobState.RUNNING)
    query = select(Job.id).where(Job.kind == kind, Job.subject_id == subject_id, Job.state.in_(still))
    return session.scalar(query.limit(1)) is not None


def is_idle(session: Session) -> bool:
    """True when no job waits or runs."""
    return session.scalar(select(Job.id).where(Job.state.in_((JobState.QUEUED, JobState.RUNNING))).limit(1)) is None


@dataclass(frozen=True)
class Backlog:
    """Jobs by state, and since when the longest waiting one waits."""

    queued: int
    running: int
    failed: int
    oldest: datetime | None
    indexing: int


def backlog(session: Session) -> Backlog:
    """How much work waits, with two queries."""
    counts: dict[JobState, int] = dict(
        session.execute(select(Job.state, func.count()).where(Job.state != JobState.DONE).group_by(Job.state)).all()
    )
    waiting = Job.state == JobState.QUEUED
    oldest, indexing = session.execute(
        select(func.min(Job.created_at), func.count().filter(Job.kind.startswith("index_"))).where(waiting)
    ).one()
    return Backlog(
        queued=counts.get(JobState.QUEUED, 0),
        running=counts.get(JobState.RUNNING, 0),
        failed=counts.get(JobState.FAILED, 0),
        oldest=oldest,
        indexing=indexing,
    )


def latest_failures(session: Session, *, limit: int = 20) -> list[Job]:
    """The jobs that failed last, the newest first."""
    query = select(Job).where(Job.state == JobState.FAILED).order_by(Job.finished_at.desc(), Job.id).limit(limit)
    return list(session.scalars(query))


def get_job(session: Session, id: str, *, actor: Actor) -> Job:
    """A job the actor ordered, or any for who looks after the system; else `NotFound`."""
    job = session.get(Job, id)
    if job is None or not (job.account_id == actor.account_id or can(actor, Action.SYSTEM_READ)):
        raise NotFound()
    return job


def find_latest(session: Session, kind: str, subject_id: str) -> Job | None:
    """The youngest job of a kind for a subject, done or not."""
    query = select(Job).where(Job.kind == kind, Job.subject_id == subject_id)
    return session.scalar(query.order_by(Job.created_at.desc(), Job.id).limit(1))
