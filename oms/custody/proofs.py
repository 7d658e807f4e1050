"""Proof of entitlement as files: the decision or letter itself, hung on the transfer.

They pass the same gate and lie in the same storage as every scan, are read by whoever may read the transfer, and stay
with it when the dossier has gone on. They are no part of the dossier: nothing of them is searched or counted there.
"""

from collections.abc import Callable

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, db, dossiers, gate, intake, purging, quotas
from oms.errors import N_, Conflict, NotFound
from oms.models import AttachedFile, FilePurpose, Transfer, TransferState
from oms.permissions import Action, Actor, can, require
from oms.settings import Settings

MOST_PROOFS = 20
"""Files of one transfer: a decision, a letter and their annexes are fewer."""


def may_add_proof(transfer: Transfer, *, actor: Actor) -> bool:
    """True while the actor may add and take away proof: the sender while preparing, the receiver of what came."""
    if transfer.state == TransferState.ARRIVED:
        return can(actor, Action.TRANSFER_RECEIVE, transfer)
    return transfer.state == TransferState.DRAFT and can(actor, Action.TRANSFER_PREPARE, transfer)


def proofs(session: Session, transfer: Transfer) -> list[AttachedFile]:
    """The files that prove it, in the order they were added."""
    return list(
        session.scalars(
            select(AttachedFile)
            .where(AttachedFile.transfer_id == transfer.id, AttachedFile.purpose == FilePurpose.PROOF)
            .options(joinedload(AttachedFile.added_by))
            .order_by(AttachedFile.added_at, AttachedFile.id)
        )
    )


def add_proof(
    session: Session,
    transfer: Transfer,
    arrival: intake.Arrival,
    *,
    actor: Actor,
    clearance: gate.Clearance | None = None,
) -> AttachedFile:
    """Hang a kept file on the transfer; the same bytes twice are one file."""
    _begin(session, transfer, actor)
    here = proofs(session, transfer)
    if twin := next((one for one in here if one.sha256 == arrival.sha256), None):
        audit.record(session, "transfer:add_proof", transfer, actor=actor, outcome="known", sha256=twin.sha256)
        return twin
    if len(here) >= MOST_PROOFS:
        raise Conflict(N_("A transfer carries at most %(most)s files. Take one away first."), most=MOST_PROOFS)
    return attach(session, transfer, arrival, FilePurpose.PROOF, "transfer:add_proof", actor=actor, clearance=clearance)


def attach(
    session: Session,
    transfer: Transfer,
    arrival: intake.Arrival,
    purpose: FilePurpose,
    action: str,
    *,
    actor: Actor,
    clearance: gate.Clearance | None,
) -> AttachedFile:
    """Enter the row of a kept file, with what two people said about a doubt; the caller has asked whether it may."""
    if clearance is not None:
        gate.check_second(clearance.second, transfer, actor=actor)
    file = AttachedFile(
        transfer_id=transfer.id,
        purpose=purpose,
        sha256=arrival.sha256,
        file_name=arrival.name,
        media_type=arrival.opened.media_type,
        size=arrival.size,
        page_count=arrival.opened.pages,
        signed=arrival.opened.signed,
        added_by_id=actor.account_id,
        clearance=gate.check_reason(clearance.reason) if clearance else "",
        cleared_by_id=actor.account_id if clearance else None,
        confirmed_by_id=clearance.second.account_id if clearance else None,
    )
    session.add(file)
    session.flush()
    quotas.count(session, file.size, actor=actor)
    audit.record(session, action, transfer, actor=actor, file=file.id, sha256=file.sha256, pages=file.page_count)
    if clearance is not None:
        audit.record(
            session,
            "secrecy:clear",
            transfer,
            actor=actor,
            words=file.clearance,
            second=clearance.second.account_id,
            file=file.id,
        )
    return file


def find_proof(session: Session, transfer: Transfer, file_id: str) -> AttachedFile:
    """One file of a transfer, or `NotFound`."""
    found = next((one for one in proofs(session, transfer) if one.id == file_id), None)
    if found is None:
        raise NotFound()
    return found


def take_proof(session: Session, transfer: Transfer, file_id: str, *, actor: Actor) -> AttachedFile:
    """Write down that the actor takes a copy of the proof."""
    require(actor, Action.TRANSFER_READ, transfer)
    found = find_proof(session, transfer, file_id)
    audit.record(session, "transfer:proof", transfer, actor=actor, file=found.id)
    return found


def remove_proof(
    session: Session, settings: Settings, transfer: Transfer, file_id: str, *, actor: Actor
) -> Callable[[], None]:
    """Take a wrong file away; what comes back is called after the commit and removes bytes nobody else names."""
    _begin(session, transfer, actor)
    return detach(session, settings, find_proof(session, transfer, file_id), "transfer:remove_proof", actor=actor)


def detach(
    session: Session, settings: Settings, file: AttachedFile, action: str, *, actor: Actor
) -> Callable[[], None]:
    """Delete the row of a file; the caller has asked whether it may."""
    sha256, transfer = file.sha256, file.transfer
    session.delete(file)
    session.flush()
    audit.record(session, action, transfer, actor=actor, sha256=sha256)
    named = purging.is_named(session, sha256)
    engine: Engine = session.info["engine"]

    def remove_bytes() -> None:
        if not named:
            purging.remove_file(engine, settings, sha256)

    return remove_bytes


def _begin(session: Session, transfer: Transfer, actor: Actor) -> None:
    dossiers.hold(session, transfer.dossier)
    db.lock(session, transfer)
    require_may_add_proof(transfer, actor=actor)


def require_may_add_proof(transfer: Transfer, *, actor: Actor) -> None:
    """Raise unless `may_add_proof`, saying whose it is and when."""
    if not may_add_proof(transfer, actor=actor):
        require(actor, Action.TRANSFER_PREPARE, transfer)
        raise Conflict(N_("The proof is entered while the transfer is being prepared. Have it returned first."))
