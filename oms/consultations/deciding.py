"""Deciding: the head of the body that holds the dossier grants pages until a day, refuses with a reason, or ends.

Never the person who asked. What is granted is a list of pages of filed documents; loans and copies are decided here too.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, db, dossiers, grants
from oms.consultations.requesting import TEXT_LENGTH, last_day
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
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
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor, authority, is_own, require, require_confirmed
from oms.vietnamese.text import nfc


def offer(session: Session, request: Consultation) -> list[tuple[Document, list[Page]]]:
    """The documents of the dossier with their pages, in the order of the contents list: what can be granted."""
    if request.dossier is None:
        return []
    documents = dossiers.contents(session, request.dossier)
    pages = dossiers.pages_of(session, [document.id for document in documents])
    return [(document, pages[document.id]) for document in documents]


def chosen_pages(offered: Sequence[tuple[Document, list[Page]]], ranges: Mapping[str, str]) -> list[Page]:
    """The pages of the chosen documents: "" is all of a document, "1-3, 5" some of it. Raises `BadInput`."""
    found: list[Page] = []
    for document, pages in offered:
        if document.id not in ranges:
            continue
        numbers = _numbers(ranges[document.id], len(pages), document.title)
        found += [page for place, page in enumerate(pages, start=1) if not numbers or place in numbers]
    return found


def _numbers(written: str, last: int, title: str) -> set[int]:
    found: set[int] = set()
    for part in filter(None, written.replace(";", ",").replace(" ", "").split(",")):
        start, _, end = part.replace("–", "-").partition("-")
        try:
            first, final = int(start), int(end or start)
        except ValueError:
            first, final = 0, 0
        if not 1 <= first <= final <= last:
            raise BadInput(
                N_("“%(title)s” has pages 1 to %(last)s. Write the pages as 1-3, 5."), title=title, last=last
            )
        found |= set(range(first, final + 1))
    return found


def approve(
    session: Session,
    request: Consultation,
    pages: Sequence[Page],
    until: date,
    *,
    actor: Actor,
    answer: str = "",
    version: int | None = None,
) -> None:
    """Grant the pages, or lend the paper, until the end of the day `until`.

    Raises `Refused` for whoever asked, `BadInput` for no page or a day beyond the limit, `Conflict` when it is decided.
    """
    dossier = begin(session, request, actor, version)
    if dossier is None:
        raise BadInput(N_("No dossier is tied to this request. Refuse it and say what is missing."))
    final = last_day(request.kind)
    if not today() <= until <= final:
        raise BadInput(
            N_("The last day can be from today to %(last)s. Choose another day."), last=final.strftime("%d/%m/%Y")
        )
    require_confirmed(actor)
    request.holder_id = dossier.custodian_id
    if request.kind == ConsultationKind.SCREEN:
        _grant(session, request, dossier, pages)
    else:
        _lend(session, request, dossier, until)
    request.state = ConsultationState.APPROVED
    request.ends_at = end_of(until)
    request.register_number = _register_number(session, dossier.custodian_id)
    _decided(session, request, "consultation:approve", answer, actor, pages=len(pages), until=until.isoformat())


def end_of(day: date) -> datetime:
    """The moment at which a day is over in Vietnam."""
    return datetime.combine(day + timedelta(days=1), time.min, HANOI)


def begin(session: Session, request: Consultation, actor: Actor, version: int | None) -> Dossier | None:
    """Lock request and dossier, and check that the actor decides here and nobody has."""
    if request.dossier is not None:
        dossiers.hold(session, request.dossier)
    db.lock(session, request)
    require(actor, Action.CONSULTATION_APPROVE, request)
    if is_own(actor, Action.CONSULTATION_APPROVE, _holder(request), request.asked_by_id):
        raise Refused(N_("Nobody decides about their own request. Ask another head who may."))
    if request.state != ConsultationState.REQUESTED or (version is not None and version != request.version):
        raise Conflict(
            N_("Somebody else just decided about request %(number)s. Reload the page."), number=request.number
        )
    return request.dossier


def _grant(session: Session, request: Consultation, dossier: Dossier, pages: Sequence[Page]) -> None:
    filed = [page for page in pages if page.document is not None and page.document.dossier_id == dossier.id]
    if not filed or len(filed) != len(pages):
        raise BadInput(N_("Choose at least one document. Only pages of filed documents can be granted."))
    for page in filed:
        session.add(Grant(consultation_id=request.id, document_id=str(page.document_id), page_id=page.id))


def _lend(session: Session, request: Consultation, dossier: Dossier, until: date) -> None:
    if dossier.frozen:
        raise Conflict(N_("The dossier is being handed over. Its paper is lent when the transfer is finished."))
    try:
        with session.begin_nested():
            session.add(Loan(consultation_id=request.id, dossier_id=dossier.id, due_on=until))
    except IntegrityError:
        raise Conflict(
            N_("The paper of %(number)s is lent or promised already. Decide when it is back."), number=dossier.number
        ) from None


def _register_number(session: Session, unit_id: str) -> str:
    year = today().year
    return f"{dossiers.next_number(session, f'consulted-{unit_id}-{year}'):03d}/{year}"


def _decided(session: Session, request: Consultation, action: str, answer: str, actor: Actor, **detail: Any) -> None:
    request.answer = nfc(answer).strip()[:TEXT_LENGTH]
    request.decided_by_id, request.decided_at = actor.account_id, now()
    session.flush()
    session.expire(request, ["grants", "loan"])
    detail |= authority(actor, Action.CONSULTATION_APPROVE, _holder(request))
    audit.record(session, action, request, actor=actor, words=request.answer, number=request.number, **detail)


def _holder(request: Consultation) -> str | None:
    """The unit whose head decides."""
    return request.dossier.custodian_id if request.dossier is not None else request.holder_id


def refuse(session: Session, request: Consultation, reason: str, *, actor: Actor, version: int | None = None) -> None:
    """Say no, with a reason that the requester reads."""
    dossier = begin(session, request, actor, version)
    if not reason.strip():
        raise BadInput(N_("Write the reason in one sentence: whoever asked reads it."))
    request.holder_id = dossier.custodian_id if dossier is not None else request.holder_id
    request.state = ConsultationState.REFUSED
    _decided(session, request, "consultation:refuse", reason, actor)


def end(session: Session, request: Consultation, reason: str, *, actor: Actor) -> None:
    """Close a granted consultation before its time; paper that is away stays on loan until it is back."""
    db.lock(session, request)
    if request.asked_by_id != actor.account_id:
        require(actor, Action.CONSULTATION_APPROVE, request)
    if request.state != ConsultationState.APPROVED:
        raise Conflict(N_("Request %(number)s is not open any more. Reload the page."), number=request.number)
    loan = request.loan
    if loan is not None and loan.state == LoanState.OUT:
        raise Conflict(N_("The paper is still away. It is given back first, with the return check."))
    if loan is not None and loan.state == LoanState.READY:
        loan.state = LoanState.CANCELLED
    request.state = ConsultationState.ENDED
    request.ended_by_id, request.ended_at = actor.account_id, now()
    session.flush()
    audit.record(session, "consultation:end", request, actor=actor, words=nfc(reason).strip()[:TEXT_LENGTH])


def decide_copy(
    session: Session, order: CopyOrder, *, approved: bool, actor: Actor, answer: str = "", version: int | None = None
) -> None:
    """Approve a copy, which gives it its number, or refuse it with a reason; never the person who asked."""
    db.lock(session, order)
    request = order.consultation
    require(actor, Action.CONSULTATION_APPROVE, request)
    if is_own(actor, Action.CONSULTATION_APPROVE, _holder(order.consultation), order.asked_by_id):
        raise Refused(N_("Nobody decides about their own request. Ask another head who may."))
    if order.state != CopyState.REQUESTED or (version is not None and version != order.version):
        raise Conflict(N_("Somebody else just decided about this copy. Reload the page."))
    if not approved and not answer.strip():
        raise BadInput(N_("Write the reason in one sentence: whoever asked reads it."))
    if approved:
        if not grants.is_running(request):
            raise Conflict(N_("The pages are not open any more, so nothing can be copied. Refuse the copy."))
        require_confirmed(actor)
        year = today().year
        order.number = f"BS-{dossiers.next_number(session, f'copy-{request.holder_id}-{year}'):03d}/{year}"
    order.state = CopyState.APPROVED if approved else CopyState.REFUSED
    order.answer = nfc(answer).strip()[:TEXT_LENGTH]
    order.decided_by_id, order.decided_at = actor.account_id, now()
    session.flush()
    if approved:
        audit.record(session, "copy:approve", request, actor=actor, words=order.answer, copy=order.number)
    else:
        audit.record(session, "copy:refuse", request, actor=actor, words=order.answer, copy=order.id)


def find_order(session: Session, request: Consultation, order_id: str) -> CopyOrder | None:
    """The copy order of a request by its id, if it is one of it."""
    return session.scalar(select(CopyOrder).where(CopyOrder.id == order_id, CopyOrder.consultation_id == request.id))
