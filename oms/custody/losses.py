"""Lost on the way, and found again: what the arrows of a loss ask for beyond the diagram.

Heads of either side declare it when the limit for receipt is over, with a second person where the dated rule of the
catalogue asks for one. The file stays with its sender; paper that turns up brings the transfer back to its beginning.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import catalogue, organisation
from oms.custody.steps import IN_TRANSIT
from oms.errors import N_, Conflict, Refused
from oms.models import OPEN_STATES, Transfer
from oms.permissions import Action, Actor, can


def needs_second(transfer: Transfer) -> bool:
    """Whether a second person declares the loss too, by the rule in force today; yes where no rule is in force."""
    kinds = transfer.from_unit.kind.value, transfer.to_unit.kind.value
    try:
        return catalogue.transfer_rule(*kinds, organisation.today()).loss_by_two
    except Refused:
        return True


def may_declare_lost(transfer: Transfer, *, actor: Actor) -> bool:
    """True for the heads concerned when the limit for receipt is over."""
    late = transfer.due_on is not None and transfer.due_on < organisation.today()
    return late and transfer.state == IN_TRANSIT and can(actor, Action.TRANSFER_LOSE, transfer)


def require_second(transfer: Transfer, second: Actor | None, *, actor: Actor) -> None:
    """Raise `Refused` unless another person of one of the units declares the loss too, where the rule asks for it."""
    if second is None and not needs_second(transfer):
        return
    if second is None or second.account_id == actor.account_id:
        raise Refused(N_("A loss is declared by two people: open the transfer and have a second person sign there."))
    rights = (Action.TRANSFER_SEND, Action.TRANSFER_RECEIVE, Action.TRANSFER_LOSE)
    if not any(can(second, right, transfer) for right in rights):
        raise Refused(N_("The second person must be one who may read this transfer: another officer or the head."))


def require_free(session: Session, transfer: Transfer) -> None:
    """Raise `Conflict` when the dossier has gone another way since it was lost."""
    others = select(Transfer.number).where(
        Transfer.dossier_id == transfer.dossier_id, Transfer.state.in_(OPEN_STATES), Transfer.id != transfer.id
    )
    if transfer.dossier.custodian_id != transfer.from_unit_id or session.scalar(others) is not None:
        raise Conflict(
            N_("The dossier has gone on since it was lost. Say on the page of paper and file where the paper is.")
        )
