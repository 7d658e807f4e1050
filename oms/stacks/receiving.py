"""A stack in, and out again: entered when its bytes are safe, withdrawn when it should not have come."""

from collections.abc import Callable

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, db, gate, intake, jobs, purging, quotas, storage
from oms.errors import N_, Conflict, NotFound
from oms.intake import Arrival
from oms.models import Job, Stack, StackPage, StackPiece, StackState, Unit, now
from oms.permissions import Action, Actor, require
from oms.settings import Settings

DIVIDE, TAKE_IN = "divide_stack", "take_in_stack"


def units_of(session: Session, *, actor: Actor) -> list[Unit]:
    """The units the actor may give a stack in for; the own one first."""
    ids = actor.units.get(Action.STACK_DIVIDE, frozenset())
    return sorted(
        session.scalars(select(Unit).where(Unit.id.in_(ids))), key=lambda unit: (unit.id != actor.unit_id, unit.name)
    )


def give(
    session: Session, unit: Unit, arrival: Arrival, *, actor: Actor, clearance: gate.Clearance | None = None
) -> tuple[Stack, bool]:
    """Enter a kept stack and order its division; return it and False when the same file waits already.

    “Received” is true after the commit of the caller's transaction.
    """
    if unit.id not in actor.units.get(Action.STACK_DIVIDE, frozenset()):
        raise NotFound()
    if twin := _find_waiting(session, unit, arrival.sha256):
        return _known(session, twin, actor)
    stack = Stack(
        unit_id=unit.id,
        sha256=arrival.sha256,
        file_name=arrival.name,
        media_type=arrival.opened.media_type,
        size=arrival.size,
        page_count=arrival.opened.pages,
        doubtful=[],
        given_by_id=actor.account_id,
    )
    if clearance is not None:
        gate.check_second(clearance.second, unit, actor=actor)
        stack.clearance, stack.doubtful = clearance.reason, list(clearance.pages)
        stack.cleared_by_id, stack.confirmed_by_id = actor.account_id, clearance.second.account_id
    try:
        with session.begin_nested():
            session.add(stack)
    except IntegrityError:  # somebody sent the same file a moment ago
        twin = _find_waiting(session, unit, arrival.sha256)
        if twin is None:
            raise
        return _known(session, twin, actor)
    quotas.count(session, stack.size, actor=actor)
    jobs.enqueue(session, DIVIDE, stack.id, actor=actor)
    audit.record(session, "stack:give", stack, actor=actor, sha256=stack.sha256, pages=stack.page_count)
    if clearance is not None:
        second = clearance.second.account_id
        audit.record(session, "secrecy:clear", stack, actor=actor, words=clearance.reason, second=second)
    return stack, True


def _find_waiting(session: Session, unit: Unit, sha256: str) -> Stack | None:
    return session.scalar(
        select(Stack).where(Stack.unit_id == unit.id, Stack.sha256 == sha256, Stack.ended_at.is_(None))
    )


def _known(session: Session, twin: Stack, actor: Actor) -> tuple[Stack, bool]:
    audit.record(session, "stack:give", twin, actor=actor, outcome="known", sha256=twin.sha256)
    return twin, False


def withdraw(session: Session, settings: Settings, stack: Stack, *, actor: Actor) -> Callable[[], None]:
    """Forget a stack that was not taken in, with everything found in it; call the result after the commit: it takes the
    file away."""
    db.lock(session, stack)
    require(actor, Action.STACK_DIVIDE, stack)
    if stack.state in (StackState.ORDERED, StackState.TAKEN_IN):
        raise Conflict(N_("This stack is in its dossiers, or on its way there. Reload the page."))
    audit.record(session, "stack:withdraw", stack, actor=actor, pages=stack.page_count)
    purging.overwrite_deleted(session)
    sha256, given_at = stack.sha256, stack.given_at
    session.execute(delete(StackPage).where(StackPage.stack_id == stack.id))
    session.execute(delete(StackPiece).where(StackPiece.stack_id == stack.id))
    session.execute(delete(Job).where(Job.subject_id == stack.id))
    session.delete(stack)
    session.flush()
    named = purging.is_named(session, sha256)
    return lambda: None if named else remove_file(settings, sha256, (now() - given_at).total_seconds())


def remove_file(settings: Settings, sha256: str, seconds: float) -> None:
    """Take the bytes of a stack away, unless somebody sent the same ones again within these seconds."""
    storage.remove_old(settings.scans, sha256, seconds)


def divide_again(session: Session, stack: Stack, *, actor: Actor) -> None:
    """Look for cover sheets once more in a stack that could not be divided."""
    db.lock(session, stack)
    require(actor, Action.STACK_DIVIDE, stack)
    if stack.state != StackState.FAILED:
        raise Conflict(N_("This stack changed meanwhile. Reload the page."))
    stack.state, stack.error, stack.error_values, stack.pages_done = StackState.RECEIVED, None, None, 0
    jobs.enqueue(session, DIVIDE, stack.id, actor=actor)
    audit.record(session, "stack:divide", stack, actor=actor, outcome="done")


def refuse(session: Session, unit: Unit, reason: str, *, actor: Actor) -> None:
    """Write down that a stack was refused and why; no name and no hash of it is kept."""
    intake.refuse(session, unit, reason, actor=actor, action="stack:give")
