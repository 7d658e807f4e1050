"""The stages of a reorganisation: drafted, dry run, approved by another person, carried out, taken back in time."""

import hashlib
import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit, catalogue, db, jobs, organisation
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
    Dossier,
    Reorganisation,
    ReorganisationChange,
    ReorganisationState,
    Unit,
    UnitSuccession,
    now,
)
from oms.permissions import Action, Actor, is_own, require, require_confirmed
from oms.reorganisation.carrying_out import Work
from oms.reorganisation.ledger import take_back
from oms.reorganisation.outcome import DryRun, Outcome, landings_as_json
from oms.reorganisation.trying import codes_of, try_out

DRAFT, SUBMITTED, APPROVED = ReorganisationState.DRAFT, ReorganisationState.SUBMITTED, ReorganisationState.APPROVED
EXECUTED, UNDONE, CANCELLED = ReorganisationState.EXECUTED, ReorganisationState.UNDONE, ReorganisationState.CANCELLED


def submit(session: Session, change: Reorganisation, *, actor: Actor, version: int | None = None) -> DryRun:
    """Keep the dry run and give it to the head; `Conflict` while anything stands in the way."""
    open_step(session, change, Action.REORGANISATION_PREPARE, {DRAFT}, actor, version)
    if not change.plan["changes"]:
        raise BadInput(N_("The plan has no change yet. Add what the decision changes."))
    result = try_out(session, change, actor)
    _refuse_blocked(result)
    change.preview = result.as_json()
    change.preview_sha256 = _digest(change)
    change.state = SUBMITTED
    session.flush()
    audit.record(session, "reorganisation:submit", change, actor=actor, preview=change.preview_sha256)
    return result


def approve(session: Session, change: Reorganisation, *, actor: Actor, version: int | None = None) -> None:
    """The head agrees to the plan as the dry run showed it; never the person who prepared it."""
    open_step(session, change, Action.REORGANISATION_APPROVE, {SUBMITTED}, actor, version)
    if is_own(actor, Action.REORGANISATION_APPROVE, change.board_id, change.prepared_by_id):
        raise Refused(N_("Whoever prepared a reorganisation does not approve it. Ask another person."))
    require_confirmed(actor)
    change.approved_by_id, change.approved_at, change.state = actor.account_id, now(), APPROVED
    session.flush()
    audit.record(session, "reorganisation:approve", change, actor=actor, preview=change.preview_sha256)


def execute(session: Session, change: Reorganisation, *, actor: Actor, version: int | None = None) -> Outcome:
    """Carry everything out in the caller's one transaction; an audit entry for the whole and one for each move."""
    open_step(session, change, Action.REORGANISATION_APPROVE, {APPROVED}, actor, version)
    require_confirmed(actor)
    check_due(change)
    work = Work(session, change, actor.account_id)
    moves = [_move(change.id, moved.dossier_id, moved.before, moved.after, actor) for moved in work.run()]
    if work.outcome.blockers:
        sentence, values = work.outcome.blockers[0]
        raise Conflict(sentence, **values)
    audit.record_all(session, moves)
    _index_again(session, work.outcome.touched | {end for _start, end in work.outcome.moves}, actor)
    session.refresh(change)
    limit = catalogue.time_limit("undo_reorganisation", organisation.today())
    change.state, change.executed_by_id, change.executed_at = EXECUTED, actor.account_id, now()
    landings = work.outcome.landings(codes_of(session, work.outcome))
    change.undo_until = limit.ends(organisation.today())
    change.report = {"counts": work.outcome.counts, "landings": landings_as_json(landings)}
    session.flush()
    counts, ledger = work.outcome.counts, work.ledger.sha256
    audit.record(session, "reorganisation:execute", change, actor=actor, counts=counts, ledger=ledger)
    return work.outcome


def check_due(change: Reorganisation) -> None:
    """Raise `Conflict` before the day of effect, and for a plan that is not the one that was approved."""
    if change.effective_on > organisation.today():
        day = change.effective_on.strftime("%d/%m/%Y")
        raise Conflict(N_("The decision takes effect on %(day)s. Carry it out on that day."), day=day)
    if change.preview_sha256 != _digest(change):
        raise Conflict(N_("The plan is no longer the one that was approved. Submit it again."))


def _index_again(session: Session, units: set[str], actor: Actor) -> None:
    """Dossiers of units with a new name, place or predecessor are found under all their names at once."""
    query = select(Dossier.custodian_id).where(Dossier.custodian_id.in_(units)).distinct()
    for unit_id in sorted(session.scalars(query)):
        jobs.enqueue(session, "index_unit", unit_id, actor=actor)


def undo(session: Session, change: Reorganisation, reason: str, *, actor: Actor, version: int | None = None) -> int:
    """Take everything back exactly; `Conflict` when the time is over or something was changed since."""
    open_step(session, change, Action.REORGANISATION_APPROVE, {EXECUTED}, actor, version)
    require_confirmed(actor)
    if not reason.strip():
        raise BadInput(N_("Write why the reorganisation is taken back."))
    if change.undo_until is None or change.undo_until < organisation.today():
        raise Conflict(N_("The time for taking this reorganisation back is over. It needs a new decision."))
    count = take_back(session, change)
    session.expire_all()
    change.state, change.undone_by_id, change.undone_at, change.reason = (
        UNDONE,
        actor.account_id,
        now(),
        reason.strip(),
    )
    session.flush()
    _index_again(session, _write_moves_back(session, change, actor), actor)
    audit.record(session, "reorganisation:undo", change, actor=actor, words=reason.strip(), rows=count)
    return count


def _write_moves_back(session: Session, change: Reorganisation, actor: Actor) -> set[str]:
    """An audit entry for each dossier that went back; returns the units concerned by the reorganisation."""
    units, moves = set[str](), list[audit.Line]()
    tables = [table.__tablename__ for table in (Unit, UnitSuccession, Dossier)]
    for row in session.execute(
        select(ReorganisationChange.table_name, ReorganisationChange.row_id)
        .add_columns(ReorganisationChange.before, ReorganisationChange.after)
        .where(ReorganisationChange.reorganisation_id == change.id, ReorganisationChange.table_name.in_(tables))
        .order_by(ReorganisationChange.position)
    ).all():
        if row.table_name == Unit.__tablename__:
            units.add(row.row_id)
        elif row.table_name == UnitSuccession.__tablename__:
            units.add(row.after["successor_id"])
        elif "custodian_id" in row.after:
            start, end = row.after["custodian_id"], row.before["custodian_id"]
            units.add(end)
            moves.append(_move(change.id, row.row_id, start, end, actor))
    audit.record_all(session, moves)
    return units


def _move(change_id: str, dossier_id: str, start: str, end: str, actor: Actor) -> audit.Line:
    detail = (("end", end), ("reorganisation", change_id), ("start", start))
    return audit.Line("dossier:move", actor=actor, dossier_id=dossier_id, detail=detail)


def cancel(session: Session, change: Reorganisation, reason: str, *, actor: Actor, version: int | None = None) -> None:
    """Give the plan up before it is carried out."""
    open_step(session, change, Action.REORGANISATION_PREPARE, {DRAFT, SUBMITTED, APPROVED}, actor, version)
    if not reason.strip():
        raise BadInput(N_("Write why the plan is given up."))
    change.state, change.reason = CANCELLED, reason.strip()
    session.flush()
    audit.record(session, "reorganisation:cancel", change, actor=actor, words=reason.strip())


def open_step(
    session: Session,
    change: Reorganisation,
    action: Action,
    start: set[ReorganisationState],
    actor: Actor,
    version: int | None = None,
) -> None:
    """What every step asks first, with the row locked: the right, the state, and that the actor saw how it stands."""
    session.flush()
    db.lock(session, change)
    require(actor, action, change)
    if version is not None and version != change.version:
        raise Conflict(N_("Somebody else just changed this. Reload the page and look again."))
    if change.state not in start:
        raise Conflict(
            N_("Reorganisation %(number)s is not at a point where this can be done. Reload the page."),
            number=change.number,
        )


def _refuse_blocked(result: DryRun) -> None:
    if result.blockers:
        sentence, values = result.blockers[0]
        raise Conflict(sentence, **values)


def _digest(change: Reorganisation) -> str:
    body = {"plan": change.plan, "preview": change.preview, "on": change.effective_on.isoformat()}
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
