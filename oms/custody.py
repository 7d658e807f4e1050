"""Hand over: a transfer moves a dossier from one custodian to the next along a table of arrows.

`STEPS` is the whole diagram. Pages show `steps_open_to`, read from the same table that `take`
enforces. Accepting changes the custodian in the same transaction, and with it who may see and find
the dossier. Source: TT 11/2012/TT-BNV Đ12, TT 07/2019/TT-BNV Đ13; who approves is a dated rule
of the catalogue.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.exc import StaleDataError

from oms import audit, catalogue, dossiers, jobs, organisation
from oms.errors import N_, BadInput, Conflict, NotFound, Refused
from oms.models import (
    OPEN_STATES,
    Document,
    Dossier,
    Page,
    Scan,
    ScanState,
    Transfer,
    TransferEvent,
    TransferState,
    Unit,
    UnitKind,
    now,
)
from oms.permissions import Action, Actor, allowed, can, require

DRAFT, SUBMITTED, APPROVED, IN_TRANSIT = (
    TransferState.DRAFT,
    TransferState.SUBMITTED,
    TransferState.APPROVED,
    TransferState.IN_TRANSIT,
)
ACCEPTED, RESERVED = TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS
REJECTED, CANCELLED = TransferState.REJECTED, TransferState.CANCELLED
# From approval on the dossier is read-only: what was approved is what is sent.
STILL = frozenset({APPROVED, IN_TRANSIT})


@dataclass(frozen=True)
class Step:
    """One arrow of the transfer diagram."""

    name: str
    label: str
    action: Action
    start: frozenset[TransferState]
    end: TransferState
    needs_reason: bool = False
    # The person who prepared the transfer may not take this step.
    other_person: bool = False


STEPS: tuple[Step, ...] = (
    Step("submit", N_("Submit for approval"), Action.TRANSFER_PREPARE, frozenset({DRAFT}), SUBMITTED),
    Step("approve", N_("Approve"), Action.TRANSFER_APPROVE, frozenset({SUBMITTED}), APPROVED, other_person=True),
    Step("return", N_("Return for correction"), Action.TRANSFER_APPROVE, frozenset({SUBMITTED}), DRAFT, True, True),
    Step("reject", N_("Reject"), Action.TRANSFER_APPROVE, frozenset({SUBMITTED}), REJECTED, True, True),
    Step("dispatch", N_("Dispatch"), Action.TRANSFER_SEND, frozenset({APPROVED}), IN_TRANSIT),
    Step("recall", N_("Recall"), Action.TRANSFER_SEND, frozenset({IN_TRANSIT}), DRAFT, True),
    Step("cancel", N_("Cancel"), Action.TRANSFER_SEND, frozenset({DRAFT, SUBMITTED, APPROVED}), CANCELLED, True),
    Step("accept", N_("Accept"), Action.TRANSFER_RECEIVE, frozenset({IN_TRANSIT}), ACCEPTED, other_person=True),
    Step(
        "accept-with-reservations",
        N_("Accept with reservations"),
        Action.TRANSFER_RECEIVE,
        frozenset({IN_TRANSIT}),
        RESERVED,
        True,
        True,
    ),
    Step("return", N_("Send back"), Action.TRANSFER_RECEIVE, frozenset({IN_TRANSIT}), DRAFT, True),
    Step("reject", N_("Refuse to receive"), Action.TRANSFER_RECEIVE, frozenset({IN_TRANSIT}), REJECTED, True),
)
STEP_NAMES = tuple(dict.fromkeys(step.name for step in STEPS))


def approving_unit(session: Session, sender: Unit, receiver: Unit) -> Unit:
    """The unit whose head approves, by the rule in force today; `Refused` when such units hand over none."""
    rule = catalogue.transfer_rule(sender.kind.value, receiver.kind.value, organisation.today())
    if rule.approver == catalogue.Approver.SENDING_HEAD:
        return sender
    keeper = organisation.dossier_keeper(session, sender)
    if keeper is None:
        raise Refused(
            N_(
                "No board keeps the dossiers of the committee above %(unit)s, so nobody can approve. Ask the administrator."
            ),
            unit=sender.name,
        )
    return keeper


def prepare(session: Session, dossier: Dossier, receiver: Unit, reason: str, *, actor: Actor) -> Transfer:
    """Begin a transfer of a dossier to another custodian; one open transfer per dossier."""
    require(actor, Action.DOSSIER_EDIT, dossier)
    require(actor, Action.TRANSFER_PREPARE, Transfer(from_unit_id=dossier.custodian_id))
    sender = dossier.custodian
    if receiver.id == sender.id:
        raise BadInput(N_("%(unit)s holds this dossier already. Choose another unit."), unit=sender.name)
    if receiver not in organisation.custodians(session, organisation.today()):
        raise BadInput(N_("%(unit)s keeps no dossiers today. Choose a unit that keeps dossiers."), unit=receiver.name)
    if not reason.strip():
        raise BadInput(N_("Write the reason, for instance the number and date of the decision to move the person."))
    year = organisation.today().year
    transfer = Transfer(
        number=f"CH-{year}-{dossiers.next_number(session, f'transfer-{year}'):04d}",
        dossier_id=dossier.id,
        from_unit_id=sender.id,
        to_unit_id=receiver.id,
        approving_unit_id=approving_unit(session, sender, receiver).id,
        reason=reason.strip(),
        prepared_by_id=actor.account_id,
    )
    try:
        with session.begin_nested():
            session.add(transfer)
    except IntegrityError:
        raise Conflict(
            N_("Dossier %(number)s is already in an open transfer. Finish or cancel that one first."),
            number=dossier.number,
        ) from None
    _write_event(session, transfer, "new", None, reason.strip(), actor)
    audit.record(
        session, "transfer:new", transfer, actor=actor, words=reason.strip(), to=receiver.id, number=transfer.number
    )
    return transfer


def find_steps(transfer: Transfer, name: str) -> list[Step]:
    """The arrows called `name` that start where the transfer stands."""
    return [step for step in STEPS if step.name == name and transfer.state in step.start]


def steps_open_to(transfer: Transfer, *, actor: Actor) -> list[Step]:
    """The steps the actor can take now: the buttons of the page."""
    return [
        step
        for step in STEPS
        if transfer.state in step.start
        and can(actor, step.action, transfer)
        and not (step.other_person and actor.account_id == transfer.prepared_by_id)
    ]


def choose_step(transfer: Transfer, name: str, *, actor: Actor) -> Step:
    """The arrow `name` for this actor; raises `BadInput`, `Conflict` or `Refused`, saying what is possible."""
    if name not in STEP_NAMES:
        raise BadInput(N_("There is no step “%(name)s”. Steps: %(steps)s."), name=name, steps=", ".join(STEP_NAMES))
    arrows = find_steps(transfer, name)
    if not arrows:
        raise Conflict(
            N_("Transfer %(number)s is not at a point where this can be done. Reload the page to see how it stands."),
            number=transfer.number,
        )
    for step in arrows:
        if can(actor, step.action, transfer):
            return step
    raise Refused(N_("This step belongs to %(who)s. Ask there."), who=_who(transfer, arrows[0]))


def _who(transfer: Transfer, step: Step) -> str:
    units = {
        Action.TRANSFER_APPROVE: transfer.approving_unit,
        Action.TRANSFER_RECEIVE: transfer.to_unit,
    }
    return units.get(step.action, transfer.from_unit).name


def take(session: Session, step: Step, transfer: Transfer, *, actor: Actor, reason: str = "") -> None:
    """Move `transfer` along `step`, with its audit entry and its consequences, or raise.

    Raises `Conflict` when somebody else moved it first.
    """
    dossiers.hold(session, transfer.dossier)
    require(actor, step.action, transfer)
    if step.other_person and actor.account_id == transfer.prepared_by_id:
        raise Refused(N_("Whoever prepared a transfer does not approve or receive it. Ask another person."))
    if transfer.state not in step.start:
        raise Conflict(
            N_("Transfer %(number)s is not at a point where this can be done. Reload the page to see how it stands."),
            number=transfer.number,
        )
    if step.needs_reason and not reason.strip():
        raise BadInput(N_("Write the reason in one sentence: the other side reads it."))
    start, transfer.state = transfer.state, step.end
    _consequences(session, step, transfer, actor)
    transfer.dossier.frozen = transfer.state in STILL
    try:
        session.flush()
    except StaleDataError:
        raise Conflict(N_("Somebody else just changed this transfer. Reload the page to see how it stands.")) from None
    _write_event(session, transfer, step.name, start, reason.strip(), actor)
    audit.record(
        session,
        f"transfer:{step.name}",
        transfer,
        actor=actor,
        words=reason.strip(),
        start=start.value,
        end=step.end.value,
        manifest=transfer.manifest_sha256,
        custodian=transfer.dossier.custodian_id,
    )


def _consequences(session: Session, step: Step, transfer: Transfer, actor: Actor) -> None:
    dossier = transfer.dossier
    if step.end == APPROVED:
        if reading := _unread(session, dossier):
            raise Conflict(
                N_("%(count)s scans of this dossier are still being read. Approve when they are done."), count=reading
            )
        transfer.approved_by_id = actor.account_id
        transfer.manifest = seal(session, dossier)
        transfer.manifest_sha256 = manifest_hash(transfer.manifest)
        limit = catalogue.time_limit("receive_transfer", organisation.today())
        transfer.due_on = limit.ends(organisation.today())
    elif step.end == IN_TRANSIT:
        transfer.dispatched_at = now()
    elif step.end == DRAFT:
        transfer.approved_by_id = transfer.manifest = transfer.manifest_sha256 = transfer.dispatched_at = None
        transfer.due_on = None
    elif step.end in (ACCEPTED, RESERVED):
        transfer.received_by_id = actor.account_id
        _move(session, transfer, actor)
    if not step.end.is_open:
        transfer.closed_at = now()


def _unread(session: Session, dossier: Dossier) -> int:
    return (
        session.scalar(
            select(func.count(Scan.id)).where(
                Scan.dossier_id == dossier.id, Scan.state.in_((ScanState.RECEIVED, ScanState.READING))
            )
        )
        or 0
    )


def _move(session: Session, transfer: Transfer, actor: Actor) -> None:
    """Custody passes: the one place where it does."""
    dossier = transfer.dossier
    if dossier.custodian_id != transfer.from_unit_id:
        raise Conflict(N_("The dossier is no longer with the sender. Call the administrator."))
    dossier.custodian_id = transfer.to_unit_id
    dossier.custodian = transfer.to_unit
    dossier.using_body_id = transfer.to_unit_id
    dossier.shelf_room = dossier.shelf = dossier.shelf_box = None
    if transfer.to_unit.kind != UnitKind.BOARD:
        dossier.person.unit_id = transfer.to_unit_id
    jobs.enqueue(session, "index_dossier", dossier.id, actor=actor)


def seal(session: Session, dossier: Dossier) -> dict[str, Any]:
    """The contents list as it is sent: documents with their pages, scans with their SHA-256."""
    documents = dossiers.contents(session, dossier)
    counts: dict[str | None, int] = dict(
        session.execute(
            select(Page.document_id, func.count())
            .join(Scan)
            .where(Scan.dossier_id == dossier.id)
            .group_by(Page.document_id)
        ).tuples()
    )
    scans = session.scalars(select(Scan).where(Scan.dossier_id == dossier.id).order_by(Scan.received_at, Scan.id))
    return {
        "dossier": dossier.number,
        "documents": [_sealed_document(document, counts.get(document.id, 0)) for document in documents],
        "scans": [{"sha256": scan.sha256, "pages": scan.page_count, "size": scan.size} for scan in scans],
        "waiting_pages": counts.get(None, 0),
    }


def _sealed_document(document: Document, pages: int) -> dict[str, Any]:
    return {
        "id": document.id,
        "component": document.component_id,
        "title": document.title,
        "number": document.number,
        "issued_on": document.issued_on.isoformat() if document.issued_on else None,
        "pages": pages,
    }


def manifest_hash(manifest: dict[str, Any]) -> str:
    """SHA-256 over the manifest in canonical JSON: the check code of the sealed list."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _write_event(
    session: Session, transfer: Transfer, step: str, start: TransferState | None, reason: str, actor: Actor
) -> None:
    session.add(
        TransferEvent(
            transfer_id=transfer.id,
            step=step,
            start=start,
            end=transfer.state,
            reason=reason,
            taken_by_id=actor.account_id,
        )
    )


def list_transfers(session: Session, *, actor: Actor, open_only: bool = False, limit: int = 200) -> list[Transfer]:
    """Transfers the actor may know of, the latest first."""
    query = select(Transfer).where(allowed(actor, Action.TRANSFER_READ))
    if open_only:
        query = query.where(Transfer.state.in_(OPEN_STATES))
    return list(
        session.scalars(query.options(*_WITH_UNITS).order_by(Transfer.prepared_at.desc(), Transfer.id).limit(limit))
    )


_WITH_UNITS: tuple[Any, ...] = (
    joinedload(Transfer.from_unit),
    joinedload(Transfer.to_unit),
    joinedload(Transfer.approving_unit),
    joinedload(Transfer.dossier).joinedload(Dossier.person),
)


def waiting_for(session: Session, *, actor: Actor) -> list[tuple[Transfer, list[Step]]]:
    """Open transfers on which the actor's step is due: not those that only could be called back."""
    due = {"submit", "approve", "dispatch", "accept"}
    waiting = []
    for transfer in list_transfers(session, actor=actor, open_only=True):
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


def view(session: Session, transfer: Transfer, *, actor: Actor) -> None:
    """Write down that the actor opened the transfer."""
    require(actor, Action.TRANSFER_READ, transfer)
    audit.record(session, "transfer:view", transfer, actor=actor)
