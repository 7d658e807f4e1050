"""Papers inside a dossier that are missing, damaged or lost: two people declare it, copies of the issuing body replace it.

What was lost stays in the account of the dossier; what was made anew is filed beside it and marked. An original that
turns up again prevails (TT 07/2019/TT-BNV Đ12.5). Limit: TT 11/2012/TT-BNV Đ9.4.a, Đ11.2.a, as dated data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, db, dossiers, gate
from oms.errors import N_, BadInput, Conflict
from oms.models import Document, Dossier, PaperLoss, PaperLossKind, PaperLossState
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, can, require
from oms.procedures.writing import LINE_LENGTH, check_reason, check_text
from oms.vietnamese.text import nfc

LIMIT = "remake_paper"
PAGE_SIZE = 50
REMINDERS = 20
"""Reminders of the start page at most; the list has all of them."""
_PEOPLE = (
    joinedload(PaperLoss.dossier).joinedload(Dossier.person),
    joinedload(PaperLoss.dossier).joinedload(Dossier.custodian),
)


@dataclass(frozen=True)
class Declaration:
    """What two people declare: a document of the contents list, or a component of which no document is there."""

    kind: PaperLossKind
    noticed_on: date
    circumstances: str
    document_id: str = ""
    component_id: str = ""
    title: str = ""


@dataclass(frozen=True)
class Remark:
    """What the contents list says beside a document: its paper is gone or damaged, or it was made anew."""

    loss: PaperLoss
    remade: bool


def declare(session: Session, dossier: Dossier, said: Declaration, *, second: Actor, actor: Actor) -> PaperLoss:
    """Declare a paper missing, damaged or lost, together with a second person who may read the dossier."""
    dossiers.hold(session, dossier)
    require(actor, Action.PAPER_LOSS_DECLARE, dossier)
    gate.check_second(second, dossier, actor=actor)
    if not date(1945, 9, 2) <= said.noticed_on <= today():
        raise BadInput(N_("Write the day on which it was noticed: today or before."))
    circumstances = check_text(
        said.circumstances, N_("Write how it was noticed, where it was looked for and who was asked.")
    )
    document = _document(session, dossier, said.document_id, actor) if said.document_id else None
    component = document.component_id if document else said.component_id
    if component not in {row.id for row in dossiers.components_of(dossier)}:
        raise BadInput(N_("Choose the document that is gone, or what kind of paper it was."))
    title = document.title if document else " ".join(nfc(said.title).split())[:LINE_LENGTH]
    if not title:
        raise BadInput(N_("Write what paper it was, with its number and date as far as they are known."))
    limit = catalogue.time_limit(LIMIT, today())
    year = today().year
    loss = PaperLoss(
        number=f"MH-{year}-{dossiers.next_number(session, f'paper-loss-{year}'):04d}",
        dossier_id=dossier.id,
        document_id=document.id if document else None,
        component_id=component,
        title=title,
        kind=said.kind,
        noticed_on=said.noticed_on,
        circumstances=circumstances,
        declared_by_id=actor.account_id,
        second_id=second.account_id,
        due_on=limit.ends(said.noticed_on),
        basis=limit.basis,
    )
    try:
        with session.begin_nested():
            session.add(loss)
    except IntegrityError:
        raise Conflict(N_("This document is declared already. Look at the list of lost papers.")) from None
    audit.record(
        session,
        "paper_loss:declare",
        loss,
        actor=actor,
        words=circumstances,
        second=second.account_id,
        kind_of=said.kind.value,
    )
    return loss


def _document(session: Session, dossier: Dossier, document_id: str, actor: Actor) -> Document:
    found = session.get(Document, document_id)
    if found is None or found.dossier_id != dossier.id or not can(actor, Action.DOCUMENT_READ, found):
        raise BadInput(N_("Choose a document of this dossier. File the paper first if need be."))
    return found


def make_anew(
    session: Session,
    loss: PaperLoss,
    document_id: str,
    *,
    issued_by: str,
    on: date,
    actor: Actor,
    version: int | None = None,
) -> None:
    """Name the document that was made anew from a copy of the issuing body: filed under the same kind of paper."""
    dossier = _begin(session, loss, (PaperLossState.OPEN, PaperLossState.GIVEN_UP), actor, version)
    document = _document(session, dossier, document_id, actor)
    if document.id == loss.document_id or document.component_id != loss.component_id:
        raise BadInput(N_("Choose the new document, filed under the same kind of paper as the one that is gone."))
    body = " ".join(nfc(issued_by).split())[:LINE_LENGTH]
    if not body:
        raise BadInput(N_("Write which body issued the copy it was made from."))
    if on > today():
        raise BadInput(N_("The day lies in the future. Correct the day."))
    loss.remade_document_id, loss.remade_from, loss.remade_on = document.id, body, on
    _settle(session, loss, PaperLossState.REMADE, actor)
    audit.record(session, "paper_loss:make_anew", loss, actor=actor, words=body, document=document.id)


def find_again(
    session: Session, loss: PaperLoss, note: str, on: date, *, actor: Actor, version: int | None = None
) -> None:
    """The original turned up: it prevails from now on, and what was made anew is for reference only."""
    states = (PaperLossState.OPEN, PaperLossState.REMADE, PaperLossState.GIVEN_UP)
    _begin(session, loss, states, actor, version)
    if not loss.noticed_on <= on <= today():
        raise BadInput(N_("It was found between the day it was noticed and today. Correct the day."))
    loss.note = check_reason(note)
    _settle(session, loss, PaperLossState.FOUND, actor, on)
    audit.record(session, "paper_loss:find_again", loss, actor=actor, words=loss.note)


def give_up(session: Session, loss: PaperLoss, reason: str, *, actor: Actor, version: int | None = None) -> None:
    """No body has a copy any more: say so, the gap stays."""
    _begin(session, loss, (PaperLossState.OPEN,), actor, version)
    loss.note = check_reason(reason)
    _settle(session, loss, PaperLossState.GIVEN_UP, actor)
    audit.record(session, "paper_loss:give_up", loss, actor=actor, words=loss.note)


def _settle(session: Session, loss: PaperLoss, state: PaperLossState, actor: Actor, on: date | None = None) -> None:
    loss.state, loss.settled_by_id, loss.settled_on = state, actor.account_id, on or today()
    session.flush()


def _begin(
    session: Session, loss: PaperLoss, states: tuple[PaperLossState, ...], actor: Actor, version: int | None
) -> Dossier:
    dossiers.hold(session, loss.dossier)
    db.lock(session, loss)
    require(actor, Action.PAPER_LOSS_SETTLE, loss)
    if version is not None and version != loss.version:
        raise Conflict(N_("Somebody else just changed this entry. Reload the page and look again."))
    if loss.state not in states:
        raise Conflict(N_("%(number)s is settled already. Reload the page."), number=loss.number)
    return loss.dossier


def list_losses(
    session: Session, *, actor: Actor, state: str = "", page: int = 1, size: int = PAGE_SIZE
) -> tuple[list[PaperLoss], int]:
    """A page of the losses of dossiers of the unit, open ones first by their day; `state` may be "late" or a state."""
    condition = allowed(actor, Action.PAPER_LOSS_READ) & _condition(state)
    found = session.scalars(
        select(PaperLoss)
        .where(condition)
        .options(*_PEOPLE)
        .order_by(PaperLoss.state != PaperLossState.OPEN, PaperLoss.due_on, PaperLoss.number)
        .limit(size)
        .offset((max(page, 1) - 1) * size)
    ).all()
    total = session.scalar(select(func.count()).select_from(PaperLoss).where(condition)) or 0
    audit.record(session, "paper_loss:list", actor=actor, total=total)
    return list(found), total


def _condition(state: str) -> ColumnElement[bool]:
    if state == "late":
        return (PaperLoss.state == PaperLossState.OPEN) & (PaperLoss.due_on < today())
    if state in set(PaperLossState):
        return PaperLoss.state == PaperLossState(state)
    return PaperLoss.id.is_not(None)


def due_soon(session: Session, *, actor: Actor) -> Sequence[PaperLoss]:
    """What is to be made anew within the days of warning, or is over its day."""
    until = today() + timedelta(days=catalogue.time_limit(LIMIT, today()).warn_before)
    return session.scalars(
        select(PaperLoss)
        .where(
            allowed(actor, Action.PAPER_LOSS_SETTLE), PaperLoss.state == PaperLossState.OPEN, PaperLoss.due_on <= until
        )
        .options(*_PEOPLE)
        .order_by(PaperLoss.due_on, PaperLoss.number)
        .limit(REMINDERS)
    ).all()


def of_dossier(session: Session, dossier: Dossier, *, actor: Actor) -> Sequence[PaperLoss]:
    """The losses of a dossier, open ones first, then the latest."""
    return session.scalars(
        select(PaperLoss)
        .where(PaperLoss.dossier_id == dossier.id, allowed(actor, Action.PAPER_LOSS_READ))
        .order_by(PaperLoss.state != PaperLossState.OPEN, PaperLoss.declared_at.desc(), PaperLoss.id)
    ).all()


def naming(session: Session, document_ids: Sequence[str]) -> Sequence[PaperLoss]:
    """The losses that name documents of a dossier as gone or as made anew, with one query; for lists of its documents."""
    either = PaperLoss.document_id.in_(document_ids) | PaperLoss.remade_document_id.in_(document_ids)
    return session.scalars(select(PaperLoss).where(either)).all()


def remarks(losses: Sequence[PaperLoss]) -> dict[str, Remark]:
    """What stands beside each document; the latest loss of a document decides."""
    found: dict[str, Remark] = {}
    for loss in sorted(losses, key=lambda one: one.declared_at):
        if loss.document_id is not None:
            found[loss.document_id] = Remark(loss, remade=False)
        if loss.remade_document_id is not None:
            found[loss.remade_document_id] = Remark(loss, remade=True)
    return found


def view(session: Session, loss: PaperLoss, *, actor: Actor) -> None:
    """Write down that the actor opened a loss."""
    require(actor, Action.PAPER_LOSS_READ, loss)
    audit.record(session, "paper_loss:view", loss, actor=actor, number=loss.number)
