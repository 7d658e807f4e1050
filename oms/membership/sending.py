"""The member dossier goes with an official move: its transfer is prepared from the move, and the two name each other."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit, custody, db
from oms.errors import N_, Conflict
from oms.membership.steps import INTRODUCING, UNDER_WAY
from oms.membership.ways import holder_for
from oms.models import OPEN_STATES, MembershipKind, MembershipTransfer, Transfer, UnitKind
from oms.permissions import Action, Actor, can, require


def may_send_dossier(move: MembershipTransfer, *, actor: Actor) -> bool:
    """True when the actor can prepare the transfer of the member dossier for this move now."""
    return (
        _is_due(move)
        and can(actor, Action.MEMBERSHIP_PREPARE, move)
        and can(actor, Action.TRANSFER_PREPARE, Transfer(from_unit_id=move.dossier.custodian_id))
    )


def _is_due(move: MembershipTransfer) -> bool:
    linked = move.transfer is not None and move.transfer.state.is_open
    return (
        move.kind == MembershipKind.OFFICIAL
        and move.from_unit.kind != UnitKind.OUTSIDE_BODY
        and move.state in (INTRODUCING, UNDER_WAY)
        and move.dossier.custodian_id != holder_for(move.to_unit).id
        and not linked
    )


def send_dossier(session: Session, move: MembershipTransfer, *, actor: Actor) -> Transfer:
    """Prepare the transfer of the member dossier to where the membership goes, the letter as its proof.

    A transfer of the dossier to the same unit that is open already is taken for it. Raises `Conflict`.
    """
    db.lock(session, move)
    db.lock(session, move)
    require(actor, Action.MEMBERSHIP_PREPARE, move)
    if not _is_due(move):
        raise Conflict(N_("No transfer of the dossier is due for this move. Reload the page to see how it stands."))
    receiver = holder_for(move.to_unit)
    transfer = session.scalar(
        select(Transfer).where(
            Transfer.dossier_id == move.dossier_id, Transfer.to_unit_id == receiver.id, Transfer.state.in_(OPEN_STATES)
        )
    )
    if transfer is None:
        transfer = custody.prepare(
            session,
            move.dossier,
            receiver,
            f"Chuyển sinh hoạt đảng chính thức {move.number}, {move.basis_number}",
            actor=actor,
            proof=custody.Proof(move.basis_number, move.basis_on),
        )
    move.transfer_id = transfer.id
    session.flush()
    session.expire(move, ["transfer"])
    audit.record(session, "membership:send_dossier", move, actor=actor, transfer=transfer.id)
    return transfer
