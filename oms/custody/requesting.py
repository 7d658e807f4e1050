"""The receiving body asks in writing for the dossier of a person who comes to it; the holder answers with a transfer.

Whoever asks reads one sentence, whether there is such a dossier or not: what fits none goes to the board that keeps
the dossiers of the Bloc. Source: TT 11/2012/TT-BNV Đ12.1; TT 07/2019/TT-BNV Đ13.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from oms import audit, db, dossiers, organisation
from oms.custody.moving import Proof, prepare
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import Dossier, RequestState, Transfer, TransferRequest, Unit, now
from oms.permissions import Action, Actor, allowed, require
from oms.vietnamese.text import nfc

LINE_LENGTH, TEXT_LENGTH = 80, 2000


@dataclass(frozen=True)
class Asking:
    """A request: `wanted` is a dossier number, a personal id or a full name; the decision that brings the person."""

    wanted: str
    basis_number: str
    basis_on: date | None
    reason: str


def ask(session: Session, asking: Asking, *, actor: Actor) -> TransferRequest:
    """Ask for a dossier in the name of the actor's unit. Raises `BadInput`; says nothing about who holds it."""
    require(actor, Action.TRANSFER_ASK)
    wanted = " ".join(nfc(asking.wanted).split())[: LINE_LENGTH * 2]
    if not wanted:
        raise BadInput(N_("Enter the number of the dossier, the personal id or the full name of the person."))
    if not asking.basis_number.strip() or asking.basis_on is None:
        raise BadInput(N_("Enter number and date of the decision by which the person comes to your unit."))
    if asking.basis_on > organisation.today():
        raise BadInput(N_("The date of the decision or letter lies in the future. Correct it."))
    if not asking.reason.strip():
        raise BadInput(N_("Write why the dossier is asked for: the unit that holds it reads this."))
    unit = _asking_unit(session, actor)
    dossier = dossiers.find_wanted(session, wanted)
    keeper = organisation.dossier_keeper(session, unit) or unit
    year = organisation.today().year
    request = TransferRequest(
        number=f"YC-{year}-{dossiers.next_number(session, f'transfer-request-{year}'):04d}",
        asked_by_id=actor.account_id,
        unit_id=unit.id,
        wanted=wanted,
        dossier_id=dossier.id if dossier is not None else None,
        keeper_id=None if dossier is not None else keeper.id,
        basis_number=" ".join(nfc(asking.basis_number).split())[:LINE_LENGTH],
        basis_on=asking.basis_on,
        reason=nfc(asking.reason).strip()[:TEXT_LENGTH],
    )
    session.add(request)
    session.flush()
    audit.record(session, "transfer:ask", request, actor=actor, words=request.reason, number=request.number)
    return request


def _asking_unit(session: Session, actor: Actor) -> Unit:
    units = actor.units.get(Action.TRANSFER_ASK, frozenset())
    holders = {unit.id: unit for unit in organisation.custodians(session, organisation.today()) if unit.id in units}
    if not holders:
        raise Refused(N_("Your unit keeps no dossiers, so it asks for none. Ask the board of the committee above."))
    return holders.get(actor.unit_id or "") or min(holders.values(), key=lambda unit: unit.code)


def requests(session: Session, *, actor: Actor, limit: int = 200) -> list[TransferRequest]:
    """Requests the actor's unit made or has to answer, the latest first."""
    query = _WITH_NAMES.where(allowed(actor, Action.TRANSFER_REQUEST_READ))
    return list(session.scalars(query.order_by(TransferRequest.asked_at.desc(), TransferRequest.id).limit(limit)))


_WITH_NAMES = select(TransferRequest).options(
    joinedload(TransferRequest.unit),
    joinedload(TransferRequest.asked_by),
    joinedload(TransferRequest.transfer),
    joinedload(TransferRequest.dossier).joinedload(Dossier.person),
)


def look_at_requests(session: Session, *, actor: Actor, shown: int) -> None:
    """Write down that the actor looked at the list of requests."""
    audit.record(session, "transfer:list_requests", actor=actor, total=shown)


def requests_to_answer(session: Session, *, actor: Actor) -> list[TransferRequest]:
    """Requests that wait for an answer of the actor, the oldest first."""
    query = _WITH_NAMES.where(
        allowed(actor, Action.TRANSFER_REQUEST_ANSWER), TransferRequest.state == RequestState.ASKED
    )
    return list(session.scalars(query.order_by(TransferRequest.asked_at, TransferRequest.id)))


def answer(session: Session, request: TransferRequest, *, actor: Actor) -> Transfer:
    """Answer with a transfer to the unit that asked, its decision as proof; approval and dispatch follow as always."""
    _begin(session, request, actor)
    if request.dossier is None:
        raise Conflict(N_("The request names no dossier that could be told. Refuse it and say what is missing."))
    proof = Proof(request.basis_number, request.basis_on)
    transfer = prepare(session, request.dossier, request.unit, request.reason, actor=actor, proof=proof)
    request.state, request.transfer_id = RequestState.ANSWERED, transfer.id
    _answered(session, request, "transfer:answer", "", actor)
    return transfer


def refuse(session: Session, request: TransferRequest, reason: str, *, actor: Actor) -> None:
    """Refuse with a reason that the asking unit reads."""
    _begin(session, request, actor)
    if not reason.strip():
        raise BadInput(N_("Write the reason in one sentence: whoever asked reads it."))
    request.state, request.answer = RequestState.REFUSED, nfc(reason).strip()[:TEXT_LENGTH]
    _answered(session, request, "transfer:refuse_request", request.answer, actor)


def withdraw(session: Session, request: TransferRequest, *, actor: Actor) -> None:
    """Take a request back before it is answered: whoever asked, or an officer of the same unit."""
    db.lock(session, request)
    if request.unit_id not in actor.units.get(Action.TRANSFER_ASK, frozenset()):
        raise Refused(N_("A request is withdrawn by the unit that made it."))
    _require_waiting(request)
    request.state = RequestState.WITHDRAWN
    _answered(session, request, "transfer:withdraw_request", "", actor)


def _begin(session: Session, request: TransferRequest, actor: Actor) -> None:
    db.lock(session, request)
    require(actor, Action.TRANSFER_REQUEST_ANSWER, request)
    _require_waiting(request)


def _require_waiting(request: TransferRequest) -> None:
    if request.state != RequestState.ASKED:
        raise Conflict(N_("Request %(number)s is answered already. Reload the page."), number=request.number)


def _answered(session: Session, request: TransferRequest, action: str, words: str, actor: Actor) -> None:
    request.answered_by_id, request.answered_at = actor.account_id, now()
    session.flush()
    audit.record(session, action, request, actor=actor, words=words, number=request.number)
