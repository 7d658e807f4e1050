"""Requests, loans and questions the actor may know of, and what is open in a dossier now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit, grants
from oms.models import (
    OPEN_LOANS,
    Consultation,
    ConsultationKind,
    ConsultationState,
    CopyOrder,
    CopyState,
    Document,
    Dossier,
    Grant,
    Loan,
    LoanState,
    Page,
    now,
)
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, require

_WITH_NAMES: tuple[Any, ...] = (
    joinedload(Consultation.asked_by),
    joinedload(Consultation.unit),
    joinedload(Consultation.dossier).joinedload(Dossier.person),
    joinedload(Consultation.dossier).joinedload(Dossier.custodian),
    joinedload(Consultation.loan),
)


def mine(session: Session, *, actor: Actor, limit: int = 200) -> list[Consultation]:
    """What the actor asked for, the latest first."""
    return _list(session, Consultation.asked_by_id == actor.account_id, limit)


def to_decide(session: Session, *, actor: Actor, limit: int = 200) -> list[Consultation]:
    """Requests that wait for a decision of the actor, the oldest first; never the actor's own."""
    waiting = (Consultation.state == ConsultationState.REQUESTED) | Consultation.copies.any(
        CopyOrder.state == CopyState.REQUESTED
    )
    mine_to_decide = allowed(actor, Action.CONSULTATION_APPROVE) & (Consultation.asked_by_id != actor.account_id)
    return _list(session, waiting & mine_to_decide, limit)[::-1]


def given(session: Session, *, actor: Actor, limit: int = 200) -> list[Consultation]:
    """What is granted or lent now from the dossiers of the actor's units, and what those were asked."""
    running = (Consultation.kind == ConsultationKind.SCREEN) & (Consultation.ends_at > now())
    lent = Consultation.loan.has(Loan.state.in_(OPEN_LOANS))
    open_now = (Consultation.state == ConsultationState.APPROVED) & or_(running, lent)
    waiting = Consultation.state == ConsultationState.REQUESTED
    return _list(session, (open_now | waiting) & allowed(actor, Action.LOAN_HAND_OUT), limit)


def overdue(session: Session, *, actor: Actor | None, day: date | None = None) -> list[Consultation]:
    """Loans past their last day that the actor lent or asked for, the oldest first; without an actor all of them."""
    late = Consultation.loan.has((Loan.state == LoanState.OUT) & (Loan.due_on < (day or today())))
    if actor is not None:
        late &= or_(allowed(actor, Action.LOAN_HAND_OUT), Consultation.asked_by_id == actor.account_id)
    found = _list(session, late, limit=1000)
    return sorted(found, key=lambda request: request.loan.due_on if request.loan else date.max)


def _list(session: Session, condition: ColumnElement[bool], limit: int) -> list[Consultation]:
    query = select(Consultation).where(condition).options(*_WITH_NAMES)
    return list(session.scalars(query.order_by(Consultation.asked_at.desc(), Consultation.id).limit(limit)))


def look_at_list(session: Session, *, actor: Actor, shown: int) -> None:
    """Write down that the actor looked at a list of requests."""
    audit.record(session, "consultation:list", actor=actor, total=shown)


def view(session: Session, request: Consultation, *, actor: Actor) -> None:
    """Write down that the actor opened a request."""
    require(actor, Action.CONSULTATION_READ, request)
    # The log of a dossier has what its holder saw; a request that waits is not yet part of it.
    audit.record(session, "consultation:view", request, actor=actor)


def open_loans(session: Session, *dossier_ids: str) -> list[Loan]:
    """Paper of the dossiers that was promised or is away now, at most one each: a transfer waits for it."""
    return list(
        session.scalars(
            select(Loan)
            .where(Loan.dossier_id.in_(dossier_ids), Loan.state.in_(OPEN_LOANS))
            .options(joinedload(Loan.consultation).options(joinedload(Consultation.asked_by)))
        )
    )


def grants_of(session: Session, dossier: Dossier) -> list[Consultation]:
    """The consultations that open pages of the dossier now, with who reads and until when."""
    rows = session.scalars(
        select(Consultation)
        .where(Consultation.dossier_id == dossier.id, Consultation.state == ConsultationState.APPROVED)
        .options(joinedload(Consultation.asked_by), joinedload(Consultation.unit), selectinload(Consultation.grants))
        .order_by(Consultation.ends_at, Consultation.id)
    )
    return [request for request in rows if grants.is_running(request)]


@dataclass(frozen=True)
class OpenNow:
    """What of a dossier is open to others now: readers on the screen and paper on loan."""

    readers: Sequence[Consultation]
    loans: Sequence[Loan]


def open_now(session: Session, dossier: Dossier) -> OpenNow:
    """Readers and loans of a dossier, for the page of the dossier."""
    return OpenNow(grants_of(session, dossier), open_loans(session, dossier.id))


def granted_documents(session: Session, request: Consultation) -> list[tuple[Document, list[int]]]:
    """The documents of which pages were granted, with the numbers of these pages; what is gone is left out."""
    rows = session.execute(
        select(Document, Page.document_position)
        .join(Page, Page.document_id == Document.id)
        .join(Grant, (Grant.page_id == Page.id) & (Grant.document_id == Document.id))
        .where(Grant.consultation_id == request.id, ~Document.sealed)
        .order_by(Document.position, Page.document_position)
    )
    found: dict[str, tuple[Document, list[int]]] = {}
    for document, number in rows:
        found.setdefault(document.id, (document, []))[1].append(number or 0)
    return list(found.values())


def count_to_decide(session: Session, *, actor: Actor) -> int:
    """How many requests wait for a decision of the actor."""
    query = select(func.count(Consultation.id)).where(
        Consultation.state == ConsultationState.REQUESTED,
        Consultation.asked_by_id != actor.account_id,
        allowed(actor, Action.CONSULTATION_APPROVE),
    )
    return session.scalar(query) or 0
