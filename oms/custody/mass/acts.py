"""What can be done for a whole batch: the arrows of one transfer, and the acts only a batch knows.

An act is taken for every member that stands where it starts; which are open to whom is read from the same table of
arrows as for one transfer (`custody.STEPS`). Accepting with reservations and declaring lost are said of one dossier
and stay on its own page.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from oms.custody.steps import ARRIVED, DRAFT, IN_TRANSIT, STEPS, Step
from oms.errors import N_
from oms.models import MassTransfer, MassTransferMember, Transfer, TransferState, UnitKind
from oms.permissions import Action, Actor, allowed, can, is_own


@dataclass(frozen=True)
class Act:
    """One thing that can be done for all members that stand at `start`; None there are those without a transfer."""

    name: str
    label: str
    action: Action
    start: frozenset[TransferState | None]
    # The arrow each member takes; without one the act is the batch's own.
    step: Step | None = None
    needs_reason: bool = False
    # It moves the dossiers on, so that it is asked whether all of them can go.
    onward: bool = False

    @property
    def binding(self) -> bool:
        """True for an act that asks for the password again."""
        return self.step is not None and self.step.binding


_SINGLE_ONLY = frozenset({"accept-with-reservations", "declare-lost"})
_ONWARD = frozenset({"submit", "approve", "dispatch", "accept", "slip-returned"})
# Two arrows of one name are two acts: the approver's and the receiver's.
_OF_RECEIVER = {"return": "send-back", "reject": "refuse"}

PREPARE = Act("prepare", N_("Prepare the transfers"), Action.TRANSFER_PREPARE, frozenset({None}))
LEAVE_OUT = Act(
    "leave-out",
    N_("Leave out those that are not ready"),
    Action.TRANSFER_SEND,
    frozenset({None, DRAFT}),
    needs_reason=True,
)
CHECK = Act("check", N_("All as listed"), Action.TRANSFER_RECEIVE, frozenset({IN_TRANSIT}))


def _of_arrow(step: Step) -> Act:
    name = _OF_RECEIVER.get(step.name, step.name) if step.action == Action.TRANSFER_RECEIVE else step.name
    start: frozenset[TransferState | None] = frozenset(step.start)
    if name == "cancel":
        start |= {None}
    return Act(name, step.label, step.action, start, step, step.needs_reason, name in _ONWARD)


# What comes from outside is entered one by one.
_ARROWS = [_of_arrow(step) for step in STEPS if step.name not in _SINGLE_ONLY and ARRIVED not in step.start]
ACTS: Mapping[str, Act] = {act.name: act for act in (PREPARE, *_ARROWS, CHECK, LEAVE_OUT)}
# What waits for somebody: not what only could be called back or ended.
DUE = frozenset({"prepare", "submit", "approve", "dispatch", "accept"})


@dataclass(frozen=True)
class Standing:
    """How many members stand at a state, by who prepared them; a state of None is: no transfer yet."""

    state: TransferState | None
    prepared_by_id: str | None
    count: int


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """The condition for members the actor may know of: who decides or receives sees what was submitted or sent.

    The query joins the transfers from outside; a member without one is known to the sender alone.
    """
    own = actor.units.get(Action.TRANSFER_READ, frozenset())
    sent_by_own = MassTransferMember.mass_id.in_(select(MassTransfer.id).where(MassTransfer.from_unit_id.in_(own)))
    return or_(allowed(actor, Action.TRANSFER_READ), MassTransferMember.transfer_id.is_(None) & sent_by_own)


def standings(session: Session, batch_ids: list[str], *, actor: Actor) -> dict[str, list[Standing]]:
    """Where the members of these batches that the actor may know of stand, with one query."""
    found: dict[str, list[Standing]] = {id: [] for id in batch_ids}
    query = (
        select(MassTransferMember.mass_id, Transfer.state, Transfer.prepared_by_id, func.count())
        .outerjoin(MassTransferMember.transfer)
        .where(MassTransferMember.mass_id.in_(batch_ids), seen_by(actor))
        .group_by(MassTransferMember.mass_id, Transfer.state, Transfer.prepared_by_id)
    )
    for id, state, prepared_by_id, count in session.execute(query):
        found[id].append(Standing(state, prepared_by_id, count))
    return found


def counts(stands: list[Standing]) -> dict[TransferState | None, int]:
    """How many members stand at each state."""
    found: dict[TransferState | None, int] = {}
    for stand in stands:
        found[stand.state] = found.get(stand.state, 0) + stand.count
    return found


def open_acts(batch: MassTransfer, stands: list[Standing], *, actor: Actor) -> list[tuple[Act, int]]:
    """The acts the actor can order now, each with how many members it concerns: the buttons of the page."""
    offered = []
    for act in ACTS.values():
        if not _is_open_to(batch, act, actor):
            continue
        count = sum(stand.count for stand in stands if stand.state in act.start and _may(batch, act, stand, actor))
        # An empty batch can be given up, and nothing else.
        if count or (act.name == "cancel" and not stands):
            offered.append((act, count))
    return offered


def _is_open_to(batch: MassTransfer, act: Act, actor: Actor) -> bool:
    if act.step is not None and act.step.outside and batch.to_unit.kind != UnitKind.OUTSIDE_BODY:
        return False
    # The units of the batch stand for those of its members; each member is asked again when its turn comes.
    alike = Transfer(
        from_unit_id=batch.from_unit_id, to_unit_id=batch.to_unit_id, approving_unit_id=batch.approving_unit_id
    )
    return can(actor, act.action, alike)


def _may(batch: MassTransfer, act: Act, stand: Standing, actor: Actor) -> bool:
    other_person = act.step is not None and act.step.other_person
    return not (other_person and is_own(actor, act.action, batch.approving_unit_id, stand.prepared_by_id))


# What the log calls the acts on a batch.
IN_THE_LOG: Mapping[str, str] = {
    "mass_transfer:read": N_("Read a batch of transfers"),
    "mass_transfer:view": N_("Open a batch of transfers"),
    "mass_transfer:list": N_("List batches of transfers"),
    "mass_transfer:begin": N_("Begin a batch of transfers"),
    "mass_transfer:add": N_("Add dossiers to a batch"),
    "mass_transfer:prepare": N_("Prepare the transfers of a batch"),
    "mass_transfer:leave-out": N_("Leave out the dossiers of a batch that are not ready"),
    "mass_transfer:submit": N_("Submit a batch for approval"),
    "mass_transfer:approve": N_("Approve a batch"),
    "mass_transfer:return": N_("Return a batch for correction"),
    "mass_transfer:reject": N_("Reject a batch"),
    "mass_transfer:dispatch": N_("Dispatch a batch"),
    "mass_transfer:recall": N_("Recall a batch"),
    "mass_transfer:cancel": N_("Cancel a batch"),
    "mass_transfer:check": N_("Write down a batch as complete on arrival"),
    "mass_transfer:accept": N_("Accept a batch"),
    "mass_transfer:send-back": N_("Send a batch back"),
    "mass_transfer:refuse": N_("Refuse to receive a batch"),
    "mass_transfer:slip-returned": N_("Finish a batch that went outside by the returned slips"),
    "mass_transfer:take_out": N_("Take dossiers out of a batch"),
    "mass_transfer:stop": N_("Stop a step of a batch"),
    "mass_transfer:go_on": N_("Let a step of a batch go on"),
    "mass_transfer:done": N_("A step of a batch is done"),
}
