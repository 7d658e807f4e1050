"""What the unit that keeps a dossier does with the requests of its person: acknowledge, refuse, accept, hand over.

An accepted correction becomes a proposal like any other (`oms.procedures.corrections`); a copy put forward by the
officer is granted by the head, another person. Nobody answers about the own dossier.
"""

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, db, dossiers, intake
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
    Correction,
    Dossier,
    Scan,
    SubjectRequest,
    SubjectRequestKind,
    SubjectRequestState,
    now,
)
from oms.models.subject_requests import OPEN_REQUESTS
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor, allowed, authority, is_own, require, require_confirmed
from oms.procedures.corrections import Proposal, propose
from oms.procedures.requests import OPEN_COPY, asked_documents, let_proof_go
from oms.procedures.writing import check_reason
from oms.settings import Settings

EXTENSION = "subject_request_extension"
"""The limit of `catalogue/time_limits.yaml`."""
PAGE_SIZE = 50
REMINDERS = 20
"""Requests the start page names at most; the list has all of them."""
ASKED = (SubjectRequestState.ASKED, SubjectRequestState.ACKNOWLEDGED)
"""States in which the officer answers."""
_NEXT_DUE = case(
    (SubjectRequest.state == SubjectRequestState.ASKED, SubjectRequest.acknowledge_due_on), else_=SubjectRequest.due_on
)
_PEOPLE = (
    joinedload(SubjectRequest.dossier).joinedload(Dossier.person),
    joinedload(SubjectRequest.dossier).joinedload(Dossier.custodian),
)


def acknowledge(session: Session, request: SubjectRequest, *, actor: Actor, version: int | None = None) -> None:
    """Tell the person that the request was read and is being looked into."""
    _begin(session, request, Action.REQUEST_ANSWER, (SubjectRequestState.ASKED,), actor, version)
    _acknowledged(request, actor)
    request.state = SubjectRequestState.ACKNOWLEDGED
    session.flush()
    audit.record(session, "request:acknowledge", request, actor=actor)


def _acknowledged(request: SubjectRequest, actor: Actor) -> None:
    if request.acknowledged_at is None:
        request.acknowledged_by_id, request.acknowledged_at = actor.account_id, now()


def extend(session: Session, request: SubjectRequest, reason: str, *, actor: Actor, version: int | None = None) -> None:
    """Give the answer more days, once, while its days still run; the person reads why."""
    _begin(session, request, Action.REQUEST_ANSWER, ASKED, actor, version)
    limit = catalogue.time_limit(EXTENSION, today())
    if request.extended_on is not None:
        raise Refused(
            N_(
                "The days of this request were extended already, and are extended once only (%(basis)s). Answer it now."
            ),
            basis=limit.basis,
        )
    if today() > request.due_on:
        raise Refused(N_("The days of this request are over. They are extended only while they run: answer it now."))
    words = check_reason(reason)
    request.first_due_on, request.due_on = request.due_on, limit.ends(request.due_on)
    request.extended_by_id, request.extended_on, request.extension_reason = actor.account_id, today(), words
    _acknowledged(request, actor)
    request.state = SubjectRequestState.ACKNOWLEDGED
    session.flush()
    audit.record(session, "request:extend", request, actor=actor, words=words)


def refuse(
    session: Session,
    settings: Settings,
    request: SubjectRequest,
    reason: str,
    *,
    actor: Actor,
    version: int | None = None,
) -> Callable[[], None]:
    """Refuse with a reason the person reads: the officer what was asked, the head a copy that was put forward.

    The proof goes; what comes back is called after the commit and removes its bytes.
    """
    by_head = request.state == SubjectRequestState.FORWARDED
    action = Action.REQUEST_DECIDE if by_head else Action.REQUEST_ANSWER
    _begin(session, request, action, (*ASKED, SubjectRequestState.FORWARDED), actor, version)
    if by_head:
        _refuse_same_person(request, actor)
    words = check_reason(reason)
    if by_head:
        request.decided_by_id, request.decided_at = actor.account_id, now()
    else:
        _answered(request, actor)
    request.state, request.answer = SubjectRequestState.REFUSED, words
    remove_bytes = let_proof_go(session, settings, request)
    told = authority(actor, action, request.dossier.custodian_id) if by_head else {}
    audit.record(session, "request:refuse", request, actor=actor, words=words, **told)
    return remove_bytes


def _answered(request: SubjectRequest, actor: Actor) -> None:
    _acknowledged(request, actor)
    request.answered_by_id, request.answered_at = actor.account_id, now()


def take_proof_in(session: Session, settings: Settings, request: SubjectRequest, *, actor: Actor) -> Scan:
    """Take the proof into the dossier as a scan, to be read and filed like any other."""
    _begin(session, request, Action.REQUEST_ANSWER, ASKED, actor, None)
    if request.proof_sha256 is None:
        raise Conflict(N_("There is no proof to take in. It is among the scans of the dossier, or none was sent."))
    kept = intake.Kept(
        request.proof_name or "",
        request.proof_sha256,
        request.proof_type or "",
        request.proof_size or 0,
        request.proof_pages or 0,
        request.proof_signed,
    )
    scan, _is_new = intake.enter(session, request.dossier, kept, actor=actor)
    let_proof_go(session, settings, request)
    audit.record(session, "request:take_proof", request, actor=actor, scan=scan.id)
    return scan


def accept_correction(
    session: Session, request: SubjectRequest, document_id: str, *, actor: Actor, version: int | None = None
) -> Correction:
    """Propose the correction that is asked for, by a document of the dossier; the head decides about it."""
    _begin(session, request, Action.REQUEST_ANSWER, ASKED, actor, version)
    if request.kind != SubjectRequestKind.CORRECTION:
        raise Conflict(N_("This request asks for a copy."))
    if request.proof_sha256 is not None:
        raise Conflict(N_("Take the proof of the person into the dossier first, and file it where it belongs."))
    reason = f"{request.number}: {request.reason}"[:1000]
    proposal = Proposal(request.field or "", request.wanted_value, reason, document_id)
    correction = propose(session, request.dossier, proposal, actor=actor)
    _answered(request, actor)
    request.state, request.correction_id = SubjectRequestState.PROPOSED, correction.id
    session.flush()
    audit.record(session, "request:accept", request, actor=actor, correction=correction.id)
    return correction


def forward(session: Session, request: SubjectRequest, *, actor: Actor, version: int | None = None) -> None:
    """Put the copy before the head."""
    _begin(session, request, Action.REQUEST_ANSWER, ASKED, actor, version)
    if request.kind != SubjectRequestKind.COPY:
        raise Conflict(N_("This request asks for a correction."))
    if not asked_documents(session, request):
        raise Conflict(N_("None of the papers is in the contents list any more. Refuse the request and say so."))
    _answered(request, actor)
    request.state = SubjectRequestState.FORWARDED
    session.flush()
    audit.record(session, "request:forward", request, actor=actor)


def grant(session: Session, request: SubjectRequest, *, actor: Actor, version: int | None = None) -> None:
    """Approve the copy, which gives it its number and opens it to the person."""
    _begin(session, request, Action.REQUEST_DECIDE, (SubjectRequestState.FORWARDED,), actor, version)
    _refuse_same_person(request, actor)
    require_confirmed(actor)
    holder, year = request.dossier.custodian_id, today().year
    # One series of copies for each body, as for those of the reading room.
    request.copy_number = f"BS-{dossiers.next_number(session, f'copy-{holder}-{year}'):03d}/{year}"
    request.open_until = catalogue.time_limit(OPEN_COPY, today()).ends(today())
    request.decided_by_id, request.decided_at = actor.account_id, now()
    request.state = SubjectRequestState.GRANTED
    session.flush()
    told = authority(actor, Action.REQUEST_DECIDE, holder)
    audit.record(session, "request:grant", request, actor=actor, copy=request.copy_number, **told)


def _refuse_same_person(request: SubjectRequest, actor: Actor) -> None:
    holder = request.dossier.custodian_id
    for account_id in (request.asked_by_id, request.answered_by_id):
        if is_own(actor, Action.REQUEST_DECIDE, holder, account_id):
            raise Refused(
                N_("Nobody decides about a copy they asked for or put forward. Another head, or a delegate, does.")
            )


def hand_out(session: Session, request: SubjectRequest, on: date, *, actor: Actor, version: int | None = None) -> None:
    """Write down that the person collected the copy on paper and signed for it on that day."""
    _begin(session, request, Action.REQUEST_ANSWER, (SubjectRequestState.GRANTED,), actor, version)
    granted = request.decided_at.astimezone(HANOI).date() if request.decided_at else today()
    if not granted <= on <= today():
        raise BadInput(N_("The copy is collected between the day it was approved and today. Correct the day."))
    request.state, request.collected_on = SubjectRequestState.HANDED_OVER, on
    request.handed_out_by_id = actor.account_id
    session.flush()
    audit.record(session, "request:hand_out", request, actor=actor, copy=request.copy_number)


def _begin(
    session: Session,
    request: SubjectRequest,
    action: Action,
    states: tuple[SubjectRequestState, ...],
    actor: Actor,
    version: int | None,
) -> None:
    dossiers.hold(session, request.dossier)
    db.lock(session, request)
    require(actor, action, request)
    if request.dossier.person_id == actor.person_id or request.asked_by_id == actor.account_id:
        raise Refused(N_("Nobody answers a request about their own dossier. Another officer does."))
    if version is not None and version != request.version:
        raise Conflict(N_("Somebody else just changed this request. Reload the page and look again."))
    if request.state not in states:
        raise Conflict(
            N_("Request %(number)s is not at the point where this is done. Reload the page."), number=request.number
        )


def list_requests(
    session: Session, *, actor: Actor, state: str = "", page: int = 1, size: int = PAGE_SIZE
) -> tuple[list[SubjectRequest], int]:
    """A page of the requests about dossiers of the unit, open ones first by their day; `state` may be "late" or a state."""
    condition = allowed(actor, Action.REQUEST_READ) & _condition(state)
    found = session.scalars(
        select(SubjectRequest)
        .where(condition)
        .options(*_PEOPLE)
        .order_by(SubjectRequest.state.not_in(OPEN_REQUESTS), _NEXT_DUE, SubjectRequest.number)
        .limit(size)
        .offset((max(page, 1) - 1) * size)
    ).all()
    total = session.scalar(select(func.count()).select_from(SubjectRequest).where(condition)) or 0
    audit.record(session, "request:list", actor=actor, total=total)
    return list(found), total


def _condition(state: str) -> ColumnElement[bool]:
    if state == "late":
        return SubjectRequest.state.in_(OPEN_REQUESTS) & (today() > _NEXT_DUE)
    if state in set(SubjectRequestState):
        return SubjectRequest.state == SubjectRequestState(state)
    return SubjectRequest.id.is_not(None)


def waiting(session: Session, *, actor: Actor) -> Sequence[SubjectRequest]:
    """Requests that wait for the actor: as officer those to answer or hand over, as head those put forward."""
    as_officer = allowed(actor, Action.REQUEST_ANSWER) & SubjectRequest.state.in_((*ASKED, SubjectRequestState.GRANTED))
    as_head = allowed(actor, Action.REQUEST_DECIDE) & (SubjectRequest.state == SubjectRequestState.FORWARDED)
    own = select(Dossier.id).where(Dossier.person_id == (actor.person_id or ""))
    return session.scalars(
        select(SubjectRequest)
        .where(
            as_officer | (as_head & (SubjectRequest.answered_by_id != actor.account_id)),
            SubjectRequest.dossier_id.not_in(own),
        )
        .options(*_PEOPLE)
        .order_by(_NEXT_DUE, SubjectRequest.number)
        .limit(REMINDERS)
    ).all()


def view(session: Session, request: SubjectRequest, *, actor: Actor) -> None:
    """Write down that the actor opened a request."""
    require(actor, Action.REQUEST_READ, request)
    audit.record(session, "request:view", request, actor=actor, number=request.number)


def view_own(session: Session, request: SubjectRequest, *, actor: Actor) -> None:
    """Write down that the person opened the own request."""
    require(actor, Action.REQUEST_ASK)
    audit.record(session, "request:view", request, actor=actor, number=request.number)


def open_proof(session: Session, request: SubjectRequest, *, actor: Actor) -> tuple[str, str, str]:
    """SHA-256, media type and name of the proof, and the entry that it was opened; `Conflict` when it is not here."""
    require(actor, Action.REQUEST_ANSWER, request)
    if request.proof_sha256 is None:
        raise Conflict(N_("There is no proof to take in. It is among the scans of the dossier, or none was sent."))
    audit.record(session, "request:open_proof", request, actor=actor)
    return request.proof_sha256, request.proof_type or "", request.proof_name or ""
