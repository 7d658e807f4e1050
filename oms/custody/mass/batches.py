"""Batches: beginning one, adding dossiers, finding those that concern the actor, and what is late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, db, dossiers, organisation
from oms.custody.finding import LIMITS
from oms.custody.mass import acts
from oms.custody.mass.acts import Act, Standing
from oms.custody.moving import approving_unit
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import (
    Dossier,
    MassTransfer,
    MassTransferMember,
    Transfer,
    TransferEvent,
    TransferState,
    Unit,
    UnitKind,
)
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor, allowed, kept, require
from oms.vietnamese.text import nfc


@dataclass(frozen=True)
class Decision:
    """What the batch rests on: number and day of the decision, and why the dossiers go."""

    number: str
    day: date | None
    reason: str


def senders(session: Session, *, actor: Actor) -> list[Unit]:
    """The units in whose name the actor may send a batch; the own one first."""
    own = actor.units.get(Action.TRANSFER_PREPARE, frozenset())
    found = [unit for unit in organisation.custodians(session, today()) if unit.id in own]
    return sorted(found, key=lambda unit: (unit.id != actor.unit_id, unit.code))


def begin(session: Session, sender: Unit, receiver: Unit, decision: Decision, *, actor: Actor) -> MassTransfer:
    """Begin a batch from one unit to another; dossiers are added to it afterwards."""
    require(actor, Action.TRANSFER_PREPARE, Transfer(from_unit_id=sender.id))
    if receiver.id == sender.id:
        raise BadInput(N_("%(unit)s holds these dossiers already. Choose another unit."), unit=sender.name)
    if receiver.kind != UnitKind.OUTSIDE_BODY and receiver not in organisation.custodians(session, today()):
        raise BadInput(N_("%(unit)s keeps no dossiers today. Choose a unit that keeps dossiers."), unit=receiver.name)
    number, reason = " ".join(nfc(decision.number).split())[:80], nfc(decision.reason).strip()
    if not number or decision.day is None:
        raise BadInput(N_("Enter number and date of the decision by which the dossiers are handed over."))
    if decision.day > today():
        raise BadInput(N_("The date of the decision or letter lies in the future. Correct it."))
    if not reason:
        raise BadInput(N_("Write the reason, for instance what the decision orders. All units concerned read it."))
    year = today().year
    taken = dossiers.next_number(session, f"mass-transfer-{sender.id}-{year}")
    batch = MassTransfer(
        number=f"DCH-{sender.code.upper()}-{year}-{taken:03d}",
        from_unit_id=sender.id,
        to_unit_id=receiver.id,
        approving_unit_id=approving_unit(session, sender, receiver).id,
        reason=reason,
        basis_number=number,
        basis_on=decision.day,
        prepared_by_id=actor.account_id,
    )
    session.add(batch)
    session.flush()
    audit.record(session, "mass_transfer:begin", batch, actor=actor, words=reason, number=batch.number, to=receiver.id)
    return batch


def add(session: Session, batch: MassTransfer, dossier_ids: Sequence[str], *, actor: Actor) -> int:
    """Put dossiers of the sender into the batch, those already there aside; how many. `running.order` prepares them."""
    require(actor, Action.MASS_TRANSFER_READ, batch)
    require(actor, Action.TRANSFER_PREPARE, Transfer(from_unit_id=batch.from_unit_id))
    db.lock(session, batch)
    members = MassTransferMember.mass_id == batch.id
    there = set(session.scalars(select(MassTransferMember.dossier_id).where(members)))
    mine = session.scalars(
        select(Dossier.id).where(
            Dossier.id.in_(dossier_ids),
            Dossier.custodian_id == batch.from_unit_id,
            allowed(actor, Action.DOSSIER_READ),
        )
    )
    new = sorted(set(mine) - there)
    session.add_all(MassTransferMember(mass_id=batch.id, dossier_id=id) for id in new)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(N_("Somebody else just changed this. Reload the page and look again.")) from error
    audit.record(session, "mass_transfer:add", batch, actor=actor, number=batch.number, count=len(new))
    return len(new)


_WITH_UNITS: tuple[Any, ...] = (
    joinedload(MassTransfer.from_unit),
    joinedload(MassTransfer.to_unit),
    joinedload(MassTransfer.approving_unit),
    joinedload(MassTransfer.prepared_by),
)


def get(session: Session, number: str, *, actor: Actor) -> MassTransfer:
    """The batch of a number, from those the actor may know of; else `NotFound`."""
    batch = session.scalar(
        select(MassTransfer)
        .where(MassTransfer.number == number.strip().upper(), allowed(actor, Action.MASS_TRANSFER_READ))
        .options(*_WITH_UNITS)
    )
    if batch is None:
        raise NotFound(N_("There is no batch %(number)s that concerns your unit. Check the number."), number=number)
    return batch


@dataclass(frozen=True)
class Overview:
    """A batch with where its members stand and what the actor can order."""

    batch: MassTransfer
    counts: dict[TransferState | None, int]
    acts: list[tuple[Act, int]]

    @property
    def total(self) -> int:
        """How many members it has."""
        return sum(self.counts.values())

    @property
    def due(self) -> list[tuple[Act, int]]:
        """The acts that wait for the actor."""
        return [(act, count) for act, count in self.acts if act.name in acts.DUE]


def overview(session: Session, batch: MassTransfer, *, actor: Actor) -> Overview:
    """One batch as it stands for the actor."""
    return _overview(batch, acts.standings(session, [batch.id], actor=actor)[batch.id], actor)


def _overview(batch: MassTransfer, stands: list[Standing], actor: Actor) -> Overview:
    return Overview(batch, acts.counts(stands), acts.open_acts(batch, stands, actor=actor))


def list_batches(
    session: Session, *, actor: Actor, open_only: bool = False, limit: int = 200, offset: int = 0
) -> list[Overview]:
    """Batches the actor may know of, the latest first, as they stand; three queries however many there are, one for none."""
    batches = list(session.scalars(_listing(actor, open_only, limit, offset)))
    if not batches:  # every page asks, for its menu
        return []
    stands = acts.standings(session, [batch.id for batch in batches], actor=actor)
    return [_overview(batch, stands[batch.id], actor) for batch in batches]


@kept(Action.MASS_TRANSFER_READ)
def _listing(actor: Actor, open_only: bool, limit: int, offset: int) -> Select[MassTransfer]:
    query = select(MassTransfer).where(allowed(actor, Action.MASS_TRANSFER_READ)).options(*_WITH_UNITS)
    if open_only:
        query = query.where(MassTransfer.is_open)
    return query.order_by(MassTransfer.prepared_at.desc(), MassTransfer.id).limit(limit).offset(offset)


def count_batches(session: Session, *, actor: Actor) -> int:
    """How many batches the actor may know of."""
    mine = allowed(actor, Action.MASS_TRANSFER_READ)
    return session.scalar(select(func.count()).select_from(MassTransfer).where(mine)) or 0


def waiting_for(session: Session, *, actor: Actor) -> list[Overview]:
    """Open batches in which the actor's step is due."""
    if not actor.has(Action.MASS_TRANSFER_READ):
        return []
    return [one for one in list_batches(session, actor=actor, open_only=True) if one.due]


def batch_of(session: Session, transfer: Transfer, *, actor: Actor) -> MassTransfer | None:
    """The batch a transfer goes in, where the actor may know of it."""
    if not actor.has(Action.MASS_TRANSFER_READ):
        return None
    return session.scalar(
        select(MassTransfer)
        .join(MassTransferMember, MassTransferMember.mass_id == MassTransfer.id)
        .where(MassTransferMember.transfer_id == transfer.id, allowed(actor, Action.MASS_TRANSFER_READ))
    )


def overdue(session: Session, *, actor: Actor, day: date | None = None) -> list[tuple[MassTransfer, date, int]]:
    """Batches with members past their last day: the earliest of these days, and how many members; longest first."""
    if not actor.has(Action.MASS_TRANSFER_READ):
        return []
    day = day or today()
    # When each waiting member came to where it stands: a member returned and submitted anew counts from the last time.
    began = (
        select(TransferEvent.transfer_id, func.max(TransferEvent.at).label("at"))
        .join(Transfer, (Transfer.id == TransferEvent.transfer_id) & (Transfer.state == TransferEvent.end))
        .where(Transfer.state.in_(LIMITS))
        .group_by(TransferEvent.transfer_id)
        .subquery()
    )
    open_batches = select(MassTransfer.id).where(allowed(actor, Action.MASS_TRANSFER_READ), MassTransfer.is_open)
    members = (
        select(MassTransferMember.mass_id, Transfer.state, Transfer.due_on, began.c.at, func.count())
        .join(MassTransferMember.transfer)
        .outerjoin(began, began.c.transfer_id == Transfer.id)
        .where(MassTransferMember.mass_id.in_(open_batches), acts.seen_by(actor))
        .where(Transfer.state.in_((TransferState.IN_TRANSIT, *LIMITS)))
        .group_by(MassTransferMember.mass_id, Transfer.state, Transfer.due_on, began.c.at)
    )
    late: dict[str, tuple[date, int]] = {}
    for id, state, due_on, at, count in session.execute(members):
        due = due_on
        if state in LIMITS:
            start = at.astimezone(HANOI).date()
            due = catalogue.time_limit(LIMITS[state], start).ends(start)
        if due is not None and due < day:
            first, several = late.get(id, (due, 0))
            late[id] = min(first, due), several + count
    batches = session.scalars(select(MassTransfer).where(MassTransfer.id.in_(late)).options(*_WITH_UNITS))
    return sorted(((one, *late[one.id]) for one in batches), key=lambda row: (row[1], row[0].number))


def view(session: Session, batch: MassTransfer, *, actor: Actor) -> None:
    """Write down that the actor opened the batch."""
    require(actor, Action.MASS_TRANSFER_READ, batch)
    audit.record(session, "mass_transfer:view", batch, actor=actor, number=batch.number)


def look_at_list(session: Session, *, actor: Actor, shown: int) -> None:
    """Write down that the actor looked at the list of batches."""
    audit.record(session, "mass_transfer:list", actor=actor, total=shown)
