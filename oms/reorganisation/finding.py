"""Reorganisations one may see: the list, one of them, what waits for a decision, what was tried out and carried out."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, organisation
from oms.errors import N_, NotFound
from oms.models import Reorganisation, ReorganisationChange, ReorganisationState, Unit
from oms.permissions import Action, Actor, allowed, is_own, require
from oms.reorganisation.outcome import DryRun, Report, landings_from_json


def get_reorganisation(session: Session, number: str, *, actor: Actor) -> Reorganisation:
    """The reorganisation of a number, from those of the actor's board; else `NotFound`."""
    query = select(Reorganisation).where(
        Reorganisation.number == number.strip().upper(), allowed(actor, Action.REORGANISATION_READ)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound(N_("There is no reorganisation %(number)s of your board. Check the number."), number=number)
    return found


def list_reorganisations(session: Session, *, actor: Actor, limit: int = 200) -> list[Reorganisation]:
    """Those of the actor's board, the newest first; the look at the list is written down."""
    query = (
        select(Reorganisation)
        .where(allowed(actor, Action.REORGANISATION_READ))
        .options(joinedload(Reorganisation.prepared_by), joinedload(Reorganisation.board))
        .order_by(Reorganisation.prepared_at.desc(), Reorganisation.id.desc())
        .limit(limit)
    )
    found = list(session.scalars(query))
    audit.record(session, "reorganisation:list", actor=actor, total=len(found))
    return found


def view(session: Session, change: Reorganisation, *, actor: Actor) -> None:
    """Write down that the actor looked at a reorganisation."""
    require(actor, Action.REORGANISATION_READ, change)
    audit.record(session, "reorganisation:view", change, actor=actor)


def to_decide(session: Session, *, actor: Actor) -> list[Reorganisation]:
    """What waits for this actor: a plan of somebody else to approve, an approved one whose day has come."""
    query = (
        select(Reorganisation)
        .where(
            allowed(actor, Action.REORGANISATION_APPROVE),
            Reorganisation.state.in_((ReorganisationState.SUBMITTED, ReorganisationState.APPROVED)),
        )
        .order_by(Reorganisation.effective_on, Reorganisation.number)
    )
    return [change for change in session.scalars(query) if _waits_for(actor, change)]


def _waits_for(actor: Actor, change: Reorganisation) -> bool:
    if change.state == ReorganisationState.APPROVED:
        return change.effective_on <= organisation.today()
    return not is_own(actor, Action.REORGANISATION_APPROVE, change.board_id, change.prepared_by_id)


def last_dry_run(change: Reorganisation) -> DryRun | None:
    """The dry run that was kept when the plan was submitted."""
    return None if change.preview is None else DryRun.from_json(change.preview)


def outcome_of(session: Session, change: Reorganisation) -> Report | None:
    """What the execution did, by unit, and how many rows of the database it touched; None before it."""
    if change.report is None:
        return None
    rows = session.scalar(select(func.count()).where(ReorganisationChange.reorganisation_id == change.id)) or 0
    return Report(dict(change.report["counts"]), landings_from_json(change.report["landings"]), rows)


def unit_names(session: Session, told: DryRun | Report) -> dict[str, str]:
    """The short names of the units a dry run or report tells of, by code; one that was only tried out is left out."""
    codes = {code for one in told.landings for code in (one.start, one.end)}
    codes |= set(told.nobody) if isinstance(told, DryRun) else set()
    return {unit.code: unit.short_name for unit in session.scalars(select(Unit).where(Unit.code.in_(codes)))}


def may_undo_until(change: Reorganisation) -> date | None:
    """The last day on which it can be taken back; None when it was not carried out, was taken back, or it is too late."""
    if change.state != ReorganisationState.EXECUTED or change.undo_until is None:
        return None
    return change.undo_until if change.undo_until >= organisation.today() else None
