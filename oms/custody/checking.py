"""The check on arrival: each line of the sealed list is found complete, missing, damaged or otherwise than listed.

Nothing is accepted before every line was looked at; with a discrepancy only with reservations. A discrepancy stays
with both units until one of them has written how it was settled (TT 11/2012/TT-BNV Đ12.3, biên bản giao nhận).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, db, dossiers, organisation
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import CheckOutcome, Transfer, TransferCheck, TransferState, now
from oms.organisation import HANOI
from oms.permissions import Action, Actor, allowed, can, require
from oms.vietnamese.text import nfc

NOTE_LENGTH = 500
# What came lies before the receiver, who looks at it line by line.
_HERE = frozenset({TransferState.IN_TRANSIT, TransferState.ARRIVED})


@dataclass(frozen=True)
class Line:
    """A line of the list with what was found of it; `document` is empty for what is not on the list."""

    position: int
    document: Mapping[str, Any]
    check: TransferCheck | None


def lines(session: Session, transfer: Transfer) -> list[Line]:
    """The sealed list line by line, then what lay there without being listed."""
    checks = {check.position: check for check in _checks(session, transfer)}
    documents = _listed(transfer)
    listed = [Line(place, document, checks.pop(place, None)) for place, document in enumerate(documents, start=1)]
    return listed + [Line(position, {}, check) for position, check in sorted(checks.items())]


def _listed(transfer: Transfer) -> list[dict[str, Any]]:
    return list(transfer.manifest["documents"]) if transfer.manifest else []


def _checks(session: Session, transfer: Transfer) -> list[TransferCheck]:
    query = select(TransferCheck).where(TransferCheck.transfer_id == transfer.id).order_by(TransferCheck.position)
    return list(session.scalars(query.options(joinedload(TransferCheck.checked_by))))


def discrepancies(session: Session, transfer: Transfer) -> list[Line]:
    """The lines that are not as listed, settled or not."""
    return [line for line in lines(session, transfer) if line.check and line.check.outcome != CheckOutcome.PRESENT]


def tick(
    session: Session, transfer: Transfer, position: int, outcome: CheckOutcome, note: str = "", *, actor: Actor
) -> None:
    """Write down what was found of one line; it may be said anew until the dossier is accepted."""
    _begin(session, transfer, actor)
    if not 1 <= position <= len(_listed(transfer)) or outcome == CheckOutcome.EXTRA:
        raise BadInput(N_("The list has no line %(position)s. Reload the page."), position=position)
    words = nfc(note).strip()[:NOTE_LENGTH]
    if outcome in (CheckOutcome.DAMAGED, CheckOutcome.DIFFERENT) and not words:
        raise BadInput(N_("Write in a few words what is damaged or different: the sending unit reads it."))
    known = session.scalar(
        select(TransferCheck).where(TransferCheck.transfer_id == transfer.id, TransferCheck.position == position)
    )
    check = known or TransferCheck(transfer_id=transfer.id, position=position)
    check.outcome, check.note = outcome, words
    check.checked_by_id, check.checked_at = actor.account_id, now()
    session.add(check)
    _written(session, transfer, actor, words, line=position, outcome=outcome.value)


def tick_rest(session: Session, transfer: Transfer, *, actor: Actor) -> int:
    """Say of every line not yet looked at that it is complete; how many these were."""
    _begin(session, transfer, actor)
    rest = [line.position for line in lines(session, transfer) if line.check is None]
    session.add_all(
        TransferCheck(
            transfer_id=transfer.id, position=position, outcome=CheckOutcome.PRESENT, checked_by_id=actor.account_id
        )
        for position in rest
    )
    if rest:
        _written(session, transfer, actor, "", lines=len(rest), outcome=CheckOutcome.PRESENT.value)
    return len(rest)


def add_extra(session: Session, transfer: Transfer, note: str, *, actor: Actor) -> None:
    """Write down a paper that lay there without being on the list."""
    _begin(session, transfer, actor)
    words = nfc(note).strip()[:NOTE_LENGTH]
    if not words:
        raise BadInput(N_("Write which paper lay there without being on the list."))
    last = max((line.position for line in lines(session, transfer)), default=0)
    session.add(
        TransferCheck(
            transfer_id=transfer.id,
            position=last + 1,
            outcome=CheckOutcome.EXTRA,
            note=words,
            checked_by_id=actor.account_id,
        )
    )
    _written(session, transfer, actor, words, line=last + 1, outcome=CheckOutcome.EXTRA.value)


def _begin(session: Session, transfer: Transfer, actor: Actor) -> None:
    # The dossier first, then its transfer: the order in which `take` locks them.
    dossiers.hold(session, transfer.dossier)
    db.lock(session, transfer)
    require(actor, Action.TRANSFER_RECEIVE, transfer)
    if transfer.state not in _HERE:
        raise Conflict(
            N_("Transfer %(number)s is not on its way, so nothing is checked now. Reload the page."),
            number=transfer.number,
        )


def _written(session: Session, transfer: Transfer, actor: Actor, words: str, **detail: Any) -> None:
    session.flush()
    session.expire(transfer, ["checks"])
    audit.record(session, "transfer:check", transfer, actor=actor, words=words, **detail)


def may_check(transfer: Transfer, *, actor: Actor) -> bool:
    """True while the actor may write down what arrived."""
    return transfer.state in _HERE and can(actor, Action.TRANSFER_RECEIVE, transfer)


def require_checked(session: Session, transfer: Transfer, *, reservations: bool) -> None:
    """Raise `Conflict` unless every line was looked at, and all were complete where nothing is reserved."""
    found = lines(session, transfer)
    if open_lines := sum(line.check is None for line in found):
        raise Conflict(
            N_("%(count)s lines of the list are not checked yet. Check them against the papers first."),
            count=open_lines,
        )
    if not reservations and any(line.check and line.check.outcome != CheckOutcome.PRESENT for line in found):
        raise Conflict(N_("Not everything is as listed. Accept with reservations, or send the dossier back."))


def forget_check(session: Session, transfer: Transfer) -> None:
    """What was ticked belongs to a list that comes back; a new one is checked anew."""
    session.execute(delete(TransferCheck).where(TransferCheck.transfer_id == transfer.id))
    session.expire(transfer, ["checks"])


def may_settle(transfer: Transfer, *, actor: Actor) -> bool:
    """True for the officers of both units once the dossier is accepted with reservations."""
    done = transfer.state == TransferState.ACCEPTED_WITH_RESERVATIONS
    return done and (can(actor, Action.TRANSFER_SEND, transfer) or can(actor, Action.TRANSFER_RECEIVE, transfer))


def settle(session: Session, transfer: Transfer, position: int, how: str, *, actor: Actor) -> None:
    """Write down how a discrepancy was settled: the paper was sent after, found, made anew, or struck off the list."""
    db.lock(session, transfer)
    require(actor, Action.TRANSFER_READ, transfer)
    if not may_settle(transfer, actor=actor):
        raise Refused(N_("Discrepancies are settled by the two units after the dossier is accepted with reservations."))
    words = nfc(how).strip()[:NOTE_LENGTH]
    if not words:
        raise BadInput(N_("Write how the discrepancy was settled: both units read it."))
    check = session.scalar(
        select(TransferCheck).where(TransferCheck.transfer_id == transfer.id, TransferCheck.position == position)
    )
    if check is None or check.outcome == CheckOutcome.PRESENT or check.settled_at is not None:
        raise Conflict(N_("This discrepancy is settled already. Reload the page."))
    check.settlement, check.settled_by_id, check.settled_at = words, actor.account_id, now()
    session.flush()
    audit.record(session, "transfer:settle", transfer, actor=actor, words=words, line=position)


def unsettled(session: Session, *, actor: Actor) -> list[tuple[Transfer, date]]:
    """Transfers of the actor's units with an open discrepancy, and the last day for settling it; the oldest first."""
    open_ones = Transfer.checks.any(
        (TransferCheck.outcome != CheckOutcome.PRESENT) & TransferCheck.settled_at.is_(None)
    )
    query = (
        select(Transfer)
        .where(
            allowed(actor, Action.TRANSFER_READ), Transfer.state == TransferState.ACCEPTED_WITH_RESERVATIONS, open_ones
        )
        .options(joinedload(Transfer.from_unit), joinedload(Transfer.to_unit), joinedload(Transfer.dossier))
        .order_by(Transfer.closed_at, Transfer.id)
    )
    limit = catalogue.time_limit("settle_discrepancy", organisation.today())
    return [
        (transfer, limit.ends((transfer.closed_at or transfer.prepared_at).astimezone(HANOI).date()))
        for transfer in session.scalars(query)
        if may_settle(transfer, actor=actor)
    ]
