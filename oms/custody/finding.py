"""Transfers the actor may know of: lists, one by number, and its events."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit, catalogue
from oms.custody.steps import Step, steps_open_to
from oms.errors import N_, NotFound
from oms.models import OPEN_STATES, Dossier, MassTransferMember, Transfer, TransferEvent, TransferState
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor, allowed, can, kept, require


def list_transfers(
    session: Session,
    *,
    actor: Actor,
    open_only: bool = False,
    closed_only: bool = False,
    single_only: bool = False,
    limit: int = 200,
    offset: int = 0,
) -> list[Transfer]:
    """Transfers the actor may know of, the latest first; `single_only` without those that go in a batch."""
    return list(session.scalars(_listing(actor, open_only, closed_only, single_only, limit, offset)))


@kept(Action.TRANSFER_READ)
def _listing(
    actor: Actor, open_only: bool, closed_only: bool, single_only: bool, limit: int, offset: int
) -> Select[Transfer]:
    query = select(Transfer).where(allowed(actor, Action.TRANSFER_READ))
    if single_only:
        query = query.where(single())
    if open_only:
        query = query.where(Transfer.state.in_(OPEN_STATES))
    if closed_only:
        query = query.where(Transfer.state.not_in(OPEN_STATES))
    query = query.options(*_WITH_UNITS).order_by(Transfer.prepared_at.desc(), Transfer.id)
    return query.limit(limit).offset(offset)


def single() -> ColumnElement[bool]:
    """The condition for transfers that go by themselves and not in a batch."""
    return ~select(MassTransferMember.id).where(MassTransferMember.transfer_id == Transfer.id).exists()


def count_transfers(session: Session, *, actor: Actor) -> tuple[int, int]:
    """How many transfers the actor may know of are open and go by themselves, and how many in all are closed."""
    mine, is_open = allowed(actor, Action.TRANSFER_READ), Transfer.state.in_(OPEN_STATES)
    opened = session.scalar(select(func.count()).where(mine, is_open, single())) or 0
    closed = session.scalar(select(func.count()).where(mine, ~is_open)) or 0
    return opened, closed


_WITH_UNITS: tuple[Any, ...] = (
    joinedload(Transfer.from_unit),
    joinedload(Transfer.to_unit),
    joinedload(Transfer.approving_unit),
    joinedload(Transfer.dossier).joinedload(Dossier.person),
)


def waiting_for(session: Session, *, actor: Actor) -> list[tuple[Transfer, list[Step]]]:
    """Open transfers on which the actor's step is due: not those that only could be called back, nor of a batch."""
    due = {"submit", "approve", "dispatch", "accept", "confirm"}
    waiting = []
    for transfer in list_transfers(session, actor=actor, open_only=True, single_only=True):
        steps = [step for step in steps_open_to(transfer, actor=actor) if step.name in due]
        if steps:
            waiting.append((transfer, steps))
    return waiting


def get_transfer(session: Session, number: str, *, actor: Actor) -> Transfer:
    """The transfer of a number, from those the actor may know of; else `NotFound`."""
    transfer = session.scalar(
        select(Transfer)
        .where(Transfer.number == number.strip().upper(), allowed(actor, Action.TRANSFER_READ))
        .options(selectinload(Transfer.events), *_WITH_UNITS)
    )
    if transfer is None:
        raise NotFound(N_("There is no transfer %(number)s that concerns your unit. Check the number."), number=number)
    return transfer


def open_transfer_of(session: Session, dossier: Dossier) -> Transfer | None:
    """The open transfer of a dossier, if there is one."""
    return session.scalar(
        select(Transfer).where(Transfer.dossier_id == dossier.id, Transfer.state.in_(OPEN_STATES)).options(*_WITH_UNITS)
    )


def transfers_of(session: Session, dossier: Dossier, *, actor: Actor) -> list[Transfer]:
    """The transfers of a dossier the actor may know of, the latest first."""
    return list(
        session.scalars(
            select(Transfer)
            .where(Transfer.dossier_id == dossier.id, allowed(actor, Action.TRANSFER_READ))
            .options(*_WITH_UNITS)
            .order_by(Transfer.prepared_at.desc(), Transfer.id)
        )
    )


def view(session: Session, transfer: Transfer, *, actor: Actor) -> None:
    """Write down that the actor opened the transfer."""
    require(actor, Action.TRANSFER_READ, transfer)
    audit.record(session, "transfer:view", transfer, actor=actor)


def may_read_list(transfer: Transfer, *, actor: Actor) -> bool:
    """True while the sealed list is open to both sides; afterwards it belongs to whoever holds the dossier."""
    return transfer.state.is_open or can(actor, Action.DOSSIER_READ, transfer.dossier)


def look_at_list(session: Session, *, actor: Actor, shown: int) -> None:
    """Write down that the actor looked at a list of transfers."""
    audit.record(session, "transfer:list", actor=actor, total=shown)


def stopped_at(session: Session, transfer: Transfer) -> TransferState:
    """Where a rejected or cancelled transfer stood when it ended."""
    start = session.scalar(
        select(TransferEvent.start)
        .where(TransferEvent.transfer_id == transfer.id, TransferEvent.end == transfer.state)
        .order_by(TransferEvent.at.desc())
        .limit(1)
    )
    return start or TransferState.DRAFT


def events_of(session: Session, transfer: Transfer) -> list[TransferEvent]:
    """The steps taken so far with who took them, the first one first."""
    return list(
        session.scalars(
            select(TransferEvent)
            .where(TransferEvent.transfer_id == transfer.id)
            .options(joinedload(TransferEvent.taken_by), joinedload(TransferEvent.second))
            .order_by(TransferEvent.at, TransferEvent.id)
        )
    )


# Which limit of the catalogue runs in a state, from the step that led into it.
LIMITS = {
    TransferState.SUBMITTED: "decide_transfer",
    TransferState.APPROVED: "dispatch_transfer",
    TransferState.ARRIVED: "decide_transfer",
}


def overdue(session: Session, *, actor: Actor, day: date | None = None) -> list[tuple[Transfer, date]]:
    """Open transfers the actor may know of that stand past their last day, with that day, the longest first.

    A transfer on its way is due by `due_on`; one that waits for a decision or for dispatch by the limit of that.
    Those of a batch are told by the batch.
    """
    day = day or today()
    mine = allowed(actor, Action.TRANSFER_READ)
    began = dict(
        session.execute(
            select(Transfer.id, func.max(TransferEvent.at))
            .join(TransferEvent, (TransferEvent.transfer_id == Transfer.id) & (TransferEvent.end == Transfer.state))
            .where(mine, single(), Transfer.state.in_(LIMITS))
            .group_by(Transfer.id)
        ).all()
    )
    found = []
    for transfer in list_transfers(session, actor=actor, open_only=True, single_only=True, limit=1000):
        due = transfer.due_on if transfer.state == TransferState.IN_TRANSIT else None
        if transfer.id in began:
            start = began[transfer.id].astimezone(HANOI).date()
            due = catalogue.time_limit(LIMITS[transfer.state], start).ends(start)
        if due is not None and due < day:
            found.append((transfer, due))
    return sorted(found, key=lambda row: (row[1], row[0].number))
