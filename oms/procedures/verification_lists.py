"""The lists of verifications: by the day the next thing is due, what is late, what of it is soon; those of a dossier."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue
from oms.models import Dossier, Verification, VerificationState
from oms.models.verifications import RUNNING
from oms.organisation import today
from oms.permissions import Action, Actor, allowed
from oms.procedures.verifications import LIMIT

PAGE_SIZE = 50
REMINDERS = 20
"""Reminders of the start page at most; the list has all of them."""

_NEXT_DUE = case(
    (Verification.state == VerificationState.ENDED, Verification.minutes_due_on), else_=Verification.due_on
)
_PEOPLE = (
    joinedload(Verification.dossier).joinedload(Dossier.person),
    joinedload(Verification.dossier).joinedload(Dossier.custodian),
)


@dataclass(frozen=True)
class Chosen:
    """What the list is narrowed to: those that run (None), those in one state, or those over their day."""

    state: VerificationState | None = None
    late: bool = False
    every: bool = False


def list_cases(
    session: Session, chosen: Chosen, *, actor: Actor, page: int = 1, size: int = PAGE_SIZE
) -> tuple[list[Verification], int]:
    """A page of the verifications of a choice, what is due first in front; and how many in all."""
    condition = allowed(actor, Action.VERIFICATION_READ) & _condition(chosen)
    found = session.scalars(
        select(Verification)
        .where(condition)
        .options(*_PEOPLE)
        .order_by(Verification.state.not_in(RUNNING), _NEXT_DUE, Verification.number)
        .limit(size)
        .offset((max(page, 1) - 1) * size)
    ).all()
    total = session.scalar(select(func.count()).select_from(Verification).where(condition)) or 0
    audit.record(session, "verification:list", actor=actor, total=total)
    return list(found), total


def _condition(chosen: Chosen) -> ColumnElement[bool]:
    if chosen.late:
        return Verification.state.in_(RUNNING) & (today() > _NEXT_DUE)
    if chosen.state is not None:
        return Verification.state == chosen.state
    return Verification.id.is_not(None) if chosen.every else Verification.state.in_(RUNNING)


def due_soon(session: Session, *, actor: Actor) -> Sequence[Verification]:
    """Verifications and minutes the actor has to see to now: over their day, or due within the days of warning."""
    until = today() + timedelta(days=catalogue.time_limit(LIMIT, today()).warn_before)
    ended = Verification.state == VerificationState.ENDED
    return session.scalars(
        select(Verification)
        .where(
            allowed(actor, Action.VERIFICATION_LEAD),
            Verification.state.in_(RUNNING),
            ended | (Verification.due_on <= until),
        )
        .options(*_PEOPLE)
        .order_by(_NEXT_DUE, Verification.number)
        .limit(REMINDERS)
    ).all()


def of_dossier(session: Session, dossier: Dossier, *, actor: Actor) -> Sequence[Verification]:
    """The verifications of a dossier, those that run first, then the latest."""
    return session.scalars(
        select(Verification)
        .where(Verification.dossier_id == dossier.id, allowed(actor, Action.VERIFICATION_READ))
        .order_by(Verification.state.not_in(RUNNING), Verification.opened_at.desc(), Verification.id)
    ).all()


def of_findings(session: Session, finding_ids: Sequence[str], *, actor: Actor) -> dict[str, Verification]:
    """The latest verification of each contradiction, with one query."""
    rows = session.scalars(
        select(Verification)
        .where(Verification.finding_id.in_(finding_ids), allowed(actor, Action.VERIFICATION_READ))
        .order_by(Verification.opened_at)
    )
    return {str(row.finding_id): row for row in rows}
