"""Carrying a reorganisation out behind the pages: ordered by the head with the password, done by the worker in one go.

Five thousand people take longer than a page may wait; whoever ordered it can close the browser.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from oms import audit, db, jobs
from oms.errors import N_, Conflict, NotFound, Refused
from oms.models import Job, JobState, Reorganisation, ReorganisationState
from oms.permissions import Action, Actor, require_confirmed
from oms.reorganisation.planning import reopen
from oms.reorganisation.steps import APPROVED, approve, cancel, check_due, execute, open_step, submit, undo
from oms.settings import Settings

JOB = "reorganise"


def order(session: Session, change: Reorganisation, *, actor: Actor, version: int | None = None) -> None:
    """Have an approved plan carried out by the worker; `Conflict` when that was ordered before and is under way."""
    open_step(session, change, Action.REORGANISATION_APPROVE, {APPROVED}, actor, version)
    require_confirmed(actor)
    check_due(change)
    if is_under_way(session, change):
        raise Conflict(N_("It is being carried out already. The page of the plan tells when it is done."))
    jobs.enqueue(session, JOB, change.id, actor=actor)
    audit.record(session, "reorganisation:order", change, actor=actor)


def latest_order(session: Session, change: Reorganisation) -> Job | None:
    """The last order to carry a plan out that still says something: waiting, at work, or failed with a sentence."""
    if change.state != ReorganisationState.APPROVED:
        return None
    job = jobs.find_latest(session, JOB, change.id)
    if job is None or (change.approved_at is not None and job.created_at < change.approved_at):
        return None  # of an approval before this one
    return job


def is_under_way(session: Session, change: Reorganisation) -> bool:
    """True while the worker has the order and has not finished."""
    job = latest_order(session, change)
    return job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)


def carry_out(engine: Engine, _settings: Settings, change_id: str, *, actor: Actor | None) -> list[str]:
    """Job `reorganise`: everything in one transaction; a second run finds it done. Returns the jobs to deliver."""
    if actor is None:
        raise Refused(N_("Nobody is known any more who ordered this. Order it anew."))
    with db.writing(engine) as session:
        change = session.get(Reorganisation, change_id)
        if change is None or change.state == ReorganisationState.EXECUTED:
            return []
        # The password was given with the order; rights and state are asked anew.
        execute(session, change, actor=replace(actor, confirmed=True))
        session.flush()
        return list(session.info.pop("enqueued", []))


_Step = Callable[[Session, Reorganisation, str, Actor, int | None], object]
_STEPS: Mapping[str, _Step] = {
    "submit": lambda s, change, _why, actor, seen: submit(s, change, actor=actor, version=seen),
    "approve": lambda s, change, _why, actor, seen: approve(s, change, actor=actor, version=seen),
    "execute": lambda s, change, _why, actor, seen: order(s, change, actor=actor, version=seen),
    "undo": lambda s, change, why, actor, seen: undo(s, change, why, actor=actor, version=seen),
    "cancel": lambda s, change, why, actor, seen: cancel(s, change, why, actor=actor, version=seen),
    "reopen": lambda s, change, why, actor, seen: reopen(s, change, why, actor=actor, version=seen),
}
STEP_NAMES = tuple(_STEPS)


def take(
    session: Session, change: Reorganisation, step: str, *, actor: Actor, reason: str = "", version: int | None = None
) -> None:
    """Take a step by its name; the execution is ordered from the worker. Raises `NotFound` for another name."""
    if step not in _STEPS:
        raise NotFound()
    _STEPS[step](session, change, reason, actor, version)
