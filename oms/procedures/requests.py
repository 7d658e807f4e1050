"""What a person asks of the own dossier: a value corrected, with a proof, or a copy; and what of it they see.

A request is received when it is committed; its clocks are dated data (`catalogue/time_limits.yaml`). Source:
NĐ 356/2025/NĐ-CP Đ5; TT 11/2012/TT-BNV Đ13, Đ18.3, Đ21.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, db, dossiers, intake, marks, purging, quotas, storage
from oms.errors import N_, BadInput, Conflict, NotFound, Refused
from oms.models import (
    Document,
    Dossier,
    Page,
    SubjectRequest,
    SubjectRequestKind,
    SubjectRequestState,
    now,
)
from oms.models.subject_requests import OPEN_REQUESTS
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor, require, require_confirmed
from oms.procedures.corrections import why_fixed
from oms.procedures.fields import FIELDS
from oms.procedures.writing import check_reason
from oms.recognition.marking import bind, mark
from oms.settings import Settings

ACKNOWLEDGE, ANSWER, OPEN_COPY = "acknowledge_request", "answer_request", "own_copy"
"""The limits of `catalogue/time_limits.yaml`."""
MOST_OPEN = 5
"""Requests of one dossier that wait at the same time: more are not read sooner."""
COPY_LIMIT = 300
"""Pages of one copy, so that one answer stays in memory."""


@dataclass(frozen=True)
class Wish:
    """What is asked: a value as it should read, or documents to copy; and why."""

    kind: SubjectRequestKind
    reason: str
    field: str = ""
    value: str = ""
    document_ids: tuple[str, ...] = ()


def own_dossier_of(session: Session, dossier_id: str, *, actor: Actor) -> Dossier:
    """The own dossier of the actor; that of anybody else does not exist."""
    require(actor, Action.REQUEST_ASK)
    query = select(Dossier).where(Dossier.id == dossier_id, Dossier.person_id == actor.person_id)
    dossier = session.scalar(query.options(joinedload(Dossier.custodian)))
    if dossier is None or actor.person_id is None:
        raise NotFound()
    return dossier


def readable(session: Session, dossier: Dossier) -> list[Document]:
    """The documents the law lets the person know of (`subject_may_read`), sealed ones never."""
    open_to = {row.id for row in catalogue.components(dossier.category.value) if row.subject_may_read}
    return [one for one in dossiers.contents(session, dossier) if one.component_id in open_to]


def ask(
    session: Session, dossier: Dossier, wish: Wish, *, actor: Actor, proof: intake.Arrival | None = None
) -> SubjectRequest:
    """Enter a request of the person of the dossier; `proof` is a file that was looked at and kept."""
    own_dossier_of(session, dossier.id, actor=actor)
    db.lock(session, dossier)
    waiting = session.scalars(
        select(SubjectRequest).where(SubjectRequest.dossier_id == dossier.id, SubjectRequest.state.in_(OPEN_REQUESTS))
    ).all()
    if len(waiting) >= MOST_OPEN:
        raise Conflict(
            N_("%(most)s of your requests wait already. Wait for an answer, or withdraw one."), most=MOST_OPEN
        )
    reason = check_reason(wish.reason)
    made = SubjectRequest(
        dossier_id=dossier.id,
        kind=wish.kind,
        asked_by_id=actor.account_id,
        reason=reason,
        acknowledge_due_on=catalogue.time_limit(ACKNOWLEDGE, today()).ends(today()),
        due_on=catalogue.time_limit(ANSWER, today()).ends(today()),
    )
    if wish.kind == SubjectRequestKind.CORRECTION:
        if any(one.field == wish.field for one in waiting):
            raise Conflict(N_("Your request about this value waits already. Its state is on your page."))
        made.field, made.wanted_value = wish.field, _value(session, dossier, wish)
    else:
        made.document_ids = _documents(session, dossier, wish.document_ids)
    if proof is not None:
        _hang_on(made, proof)
        quotas.count(session, proof.size, actor=actor)
    year = today().year
    made.number = f"YC-{year}-{dossiers.next_number(session, f'subject-request-{year}'):04d}"
    session.add(made)
    session.flush()
    audit.record(session, "request:ask", made, actor=actor, words=reason, kind_of=wish.kind.value, field=made.field)
    return made


def _value(session: Session, dossier: Dossier, wish: Wish) -> str:
    if wish.field not in FIELDS:
        raise BadInput(N_("Choose the value that is wrong."))
    field = FIELDS[wish.field]
    rule = why_fixed(session, dossier, wish.field)
    if rule is not None:
        raise Refused(N_("The law keeps this value as it is (%(basis)s): it is not corrected."), basis=rule.basis)
    value = field.checked(wish.value)
    if value == field.written(session, dossier):
        raise BadInput(N_("The dossier says so already. Write how the value should read."))
    return value


def _documents(session: Session, dossier: Dossier, wanted: Sequence[str]) -> list[str]:
    known = [one.id for one in readable(session, dossier)]
    chosen = [id for id in known if id in wanted]
    if not chosen or len(chosen) != len(set(wanted)):
        raise BadInput(N_("Choose the papers you want a copy of."))
    pages = dossiers.pages_of(session, chosen)
    if sum(len(some) for some in pages.values()) > COPY_LIMIT:
        raise BadInput(N_("A copy has at most %(limit)s pages. Ask for fewer papers at once."), limit=COPY_LIMIT)
    return chosen


def _hang_on(request: SubjectRequest, proof: intake.Arrival) -> None:
    request.proof_sha256, request.proof_name = proof.sha256, proof.name
    request.proof_type, request.proof_size = proof.opened.media_type, proof.size
    request.proof_pages, request.proof_signed = proof.opened.pages, proof.opened.signed


def let_proof_go(session: Session, settings: Settings, request: SubjectRequest) -> Callable[[], None]:
    """Forget the proof; what comes back is called after the commit and removes bytes nobody else names."""
    sha256 = request.proof_sha256
    request.proof_sha256 = request.proof_name = request.proof_type = None
    request.proof_size = request.proof_pages = None
    session.flush()
    named = sha256 is None or purging.is_named(session, sha256)
    engine: Engine = session.info["engine"]

    def remove_bytes() -> None:
        if sha256 is not None and not named:
            purging.remove_file(engine, settings, sha256)

    return remove_bytes


def own_requests(session: Session, dossier: Dossier, *, actor: Actor) -> Sequence[SubjectRequest]:
    """What the actor asked about an own dossier, the latest first."""
    require(actor, Action.REQUEST_ASK)
    return session.scalars(
        select(SubjectRequest)
        .where(SubjectRequest.dossier_id == dossier.id, SubjectRequest.asked_by_id == actor.account_id)
        .options(joinedload(SubjectRequest.correction))
        .order_by(SubjectRequest.asked_at.desc(), SubjectRequest.id)
    ).all()


def get_own(session: Session, dossier_id: str, request_id: str, *, actor: Actor) -> SubjectRequest:
    """One request of the actor about an own dossier, else `NotFound`."""
    dossier = own_dossier_of(session, dossier_id, actor=actor)
    found = session.scalar(
        select(SubjectRequest).where(
            SubjectRequest.id == request_id,
            SubjectRequest.dossier_id == dossier.id,
            SubjectRequest.asked_by_id == actor.account_id,
        )
    )
    if found is None:
        raise NotFound()
    return found


def withdraw(session: Session, settings: Settings, request: SubjectRequest, *, actor: Actor) -> Callable[[], None]:
    """Take the own request back before it is answered; what comes back is called after the commit."""
    require(actor, Action.REQUEST_ASK)
    db.lock(session, request)
    if request.asked_by_id != actor.account_id:
        raise NotFound()
    if not request.is_open or request.state == SubjectRequestState.GRANTED:
        raise Conflict(N_("Request %(number)s is answered already."), number=request.number)
    request.state = SubjectRequestState.WITHDRAWN
    remove_bytes = let_proof_go(session, settings, request)
    audit.record(session, "request:withdraw", request, actor=actor)
    return remove_bytes


def asked_documents(session: Session, request: SubjectRequest) -> list[Document]:
    """The documents of a copy that still lie in the dossier and are open to the person, in their order."""
    return [one for one in readable(session, request.dossier) if one.id in request.document_ids]


def may_take(request: SubjectRequest) -> bool:
    """True while the copy can be taken as a file."""
    ready = request.state in (SubjectRequestState.GRANTED, SubjectRequestState.HANDED_OVER)
    return ready and request.collected_on is None and request.open_until is not None and request.open_until >= today()


def take_copy(session: Session, settings: Settings, request: SubjectRequest, *, actor: Actor) -> bytes:
    """The copy as a PDF of pages marked with who took it and when; asks for the password, each taking is written down."""
    db.lock(session, request)
    if request.asked_by_id != actor.account_id or request.dossier.person_id != actor.person_id:
        raise NotFound()
    if not may_take(request):
        raise Refused(N_("This copy is not open any more. Ask the officer, or send a new request."))
    require_confirmed(actor)
    documents = asked_documents(session, request)
    pages = [page for some in dossiers.pages_of(session, [one.id for one in documents]).values() for page in some]
    pages = [page for page in pages if page.image_sha256 is not None]
    if not 1 <= len(pages) <= COPY_LIMIT:
        raise Refused(N_("The papers are not in the contents list any more. Ask the officer."))
    when = now().astimezone(HANOI).strftime("%d/%m/%Y %H:%M:%S")
    lines = (f"{actor.name} ({actor.username})", f"{request.number} · {when} · BẢN SAO {request.copy_number}")
    content = bind([_marked(settings, page, lines, actor) for page in pages])
    request.state = SubjectRequestState.HANDED_OVER
    request.taken, request.taken_at = request.taken + 1, now()
    session.flush()
    audit.record(
        session,
        "request:take_copy",
        request,
        actor=actor,
        copy=request.copy_number,
        pages=len(pages),
        times=request.taken,
    )
    return content


def _marked(settings: Settings, page: Page, lines: Sequence[str], actor: Actor) -> bytes:
    with storage.proved(settings.scans, page.image_sha256 or "") as path:
        return mark(path, lines, marks.pattern_for(settings, actor, page.id))


def limit_days() -> tuple[int, int]:
    """Working days until the acknowledgement, and days until the answer, as the form tells them."""
    day: date = today()
    return catalogue.time_limit(ACKNOWLEDGE, day).amount, catalogue.time_limit(ANSWER, day).amount
