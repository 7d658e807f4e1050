"""Leavings as lists: by the day they are due, on the page of a dossier, on the start page."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue
from oms.models import RUNNING_LEAVINGS, Dossier, Leaving, LeavingState, Unit, UnitKind
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, require
from oms.procedures.leavings import LIMIT

PAGE_SIZE = 50


def list_leavings(
    session: Session,
    *,
    actor: Actor,
    state: LeavingState | None = None,
    late: bool = False,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> tuple[list[Leaving], int]:
    """A page of the leavings the actor may know of: those that run first, by the day they are due; and how many in all."""
    condition = allowed(actor, Action.LEAVING_READ)
    if state is not None:
        condition &= Leaving.state == state
    if late:
        condition &= Leaving.state.in_(RUNNING_LEAVINGS) & (Leaving.due_on < today())
    found = session.scalars(
        select(Leaving)
        .where(condition)
        .options(
            joinedload(Leaving.dossier).joinedload(Dossier.person),
            joinedload(Leaving.dossier).joinedload(Dossier.custodian),
        )
        .order_by(Leaving.state.not_in(RUNNING_LEAVINGS), Leaving.due_on, Leaving.id)
        .limit(size)
        .offset((max(page, 1) - 1) * size)
    ).all()
    total = session.scalar(select(func.count()).select_from(Leaving).where(condition)) or 0
    audit.record(session, "leaving:list", actor=actor, total=total)
    return list(found), total


def of_dossier(session: Session, dossier: Dossier, *, actor: Actor) -> Sequence[Leaving]:
    """The leavings of a dossier that were not cancelled, the latest first; shown on its page."""
    if not actor.has(Action.LEAVING_READ):
        return ()
    return session.scalars(
        select(Leaving)
        .where(
            Leaving.dossier_id == dossier.id,
            Leaving.state != LeavingState.CANCELLED,
            allowed(actor, Action.LEAVING_READ),
        )
        .order_by(Leaving.opened_at.desc(), Leaving.id)
    ).all()


def due_soon(session: Session, *, actor: Actor) -> Sequence[Leaving]:
    """What the officer has to give and close, from some days before the limit on, the first due in front."""
    ahead = today() + timedelta(days=catalogue.time_limit(LIMIT, today()).warn_before)
    return session.scalars(
        select(Leaving)
        .where(
            allowed(actor, Action.LEAVING_HANDLE),
            (Leaving.state == LeavingState.CONSENTED)
            | (Leaving.state.in_(RUNNING_LEAVINGS) & (Leaving.due_on <= ahead)),
        )
        .options(joinedload(Leaving.dossier).joinedload(Dossier.person))
        .order_by(Leaving.due_on, Leaving.id)
    ).all()


def to_consent(session: Session, *, actor: Actor) -> Sequence[Leaving]:
    """What waits for the actor as head, closings that were reported as mistakes too, the first due in front.

    What lies with a body outside is mended there: nothing of it waits here.
    """
    outside = select(Dossier.id).join(Dossier.custodian).where(Unit.kind == UnitKind.OUTSIDE_BODY)
    mistaken = (Leaving.state == LeavingState.CLOSED) & (Leaving.mistake_by_id != actor.account_id)
    return session.scalars(
        select(Leaving)
        .where(
            allowed(actor, Action.LEAVING_CONSENT),
            or_(
                (Leaving.state == LeavingState.OPEN) & (Leaving.opened_by_id != actor.account_id),
                mistaken & Leaving.dossier_id.not_in(outside),
            ),
        )
        .options(joinedload(Leaving.dossier).joinedload(Dossier.person))
        .order_by(Leaving.due_on, Leaving.id)
    ).all()


def view(session: Session, leaving: Leaving, *, actor: Actor) -> None:
    """Write down that the actor opened a leaving."""
    require(actor, Action.LEAVING_READ, leaving)
    audit.record(session, "leaving:view", leaving, actor=actor, number=leaving.number)
