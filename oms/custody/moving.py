"""Preparing a transfer and moving it: every rule about custody is enforced here.

Accepting changes the custodian in the same transaction, and with it who may see and find the
dossier. Who approves is a dated rule of the catalogue.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from oms import audit, catalogue, db, dossiers, holds, jobs, organisation, whereabouts
from oms.custody.checking import forget_check, require_checked
from oms.custody.losses import require_free, require_second
from oms.custody.readiness import require_ready
from oms.custody.sealing import is_as_sealed, manifest_hash, seal
from oms.custody.steps import (
    ACCEPTED,
    APPROVED,
    ARRIVED,
    DRAFT,
    IN_TRANSIT,
    LOST,
    REJECTED,
    RESERVED,
    STILL,
    SUBMITTED,
    Step,
)
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
    Document,
    Dossier,
    PaperState,
    Transfer,
    TransferEvent,
    TransferState,
    Unit,
    UnitKind,
    now,
)
from oms.permissions import Action, Actor, authority, is_own, require, require_confirmed
from oms.vietnamese.text import nfc

# The ends of the steps that a hold stops.
_ONWARD = frozenset({TransferState.SUBMITTED, APPROVED, IN_TRANSIT, ACCEPTED, RESERVED})


def approving_unit(session: Session, sender: Unit, receiver: Unit) -> Unit:
    """The unit whose head approves, by the rule in force today; `Refused` when such units hand over none."""
    rule = catalogue.transfer_rule(sender.kind.value, receiver.kind.value, organisation.today())
    if rule.approver == catalogue.Approver.SENDING_HEAD:
        return sender
    if rule.approver == catalogue.Approver.RECEIVING_HEAD:
        return receiver
    keeper = organisation.dossier_keeper(session, sender)
    if keeper is None:
        raise Refused(
            N_(
                "No board keeps the dossiers of the committee above %(unit)s, so nobody can approve. Ask the administrator."
            ),
            unit=sender.name,
        )
    return keeper


@dataclass(frozen=True)
class Route:
    """Where a dossier may go under one rule in force: to whom, and whose head approves."""

    rule: catalogue.TransferRule
    approving_unit: Unit
    receivers: tuple[Unit, ...]


def routes(session: Session, sender: Unit) -> list[Route]:
    """Every way out of `sender` today, by rule: what is told before a transfer is prepared."""
    day = organisation.today()
    receivers: dict[str, list[Unit]] = {}
    found: dict[str, tuple[catalogue.TransferRule, Unit]] = {}
    for unit in organisation.custodians(session, day):
        if unit.id == sender.id:
            continue
        try:
            rule = catalogue.transfer_rule(sender.kind.value, unit.kind.value, day)
            if rule.id not in found:
                found[rule.id] = rule, approving_unit(session, sender, unit)
        except Refused:
            continue
        receivers.setdefault(rule.id, []).append(unit)
    return [Route(rule, approver, tuple(receivers[rule.id])) for rule, approver in found.values()]


@dataclass(frozen=True)
class Proof:
    """What entitles the receiver: number and day of the decision or letter, or the document that shows it."""

    number: str = ""
    day: date | None = None
    document: Document | None = None


def prepare(
    session: Session, dossier: Dossier, receiver: Unit, reason: str, *, actor: Actor, proof: Proof = Proof()
) -> Transfer:
    """Begin a transfer of a dossier to another custodian or outside; one open transfer per dossier."""
    dossiers.hold(session, dossier)
    require(actor, Action.DOSSIER_EDIT, dossier)
    require(actor, Action.TRANSFER_PREPARE, Transfer(from_unit_id=dossier.custodian_id))
    holds.require_none(session, dossier)
    sender = dossier.custodian
    if receiver.id == sender.id:
        raise BadInput(N_("%(unit)s holds this dossier already. Choose another unit."), unit=sender.name)
    outside = receiver.kind == UnitKind.OUTSIDE_BODY
    if not outside and receiver not in organisation.custodians(session, organisation.today()):
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
    _show_proof(transfer, dossier, proof)
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


def _show_proof(transfer: Transfer, dossier: Dossier, proof: Proof) -> None:
    if proof.day is not None and proof.day > organisation.today():
        raise BadInput(N_("The date of the decision or letter lies in the future. Correct it."))
    if proof.document is not None and (proof.document.dossier_id != dossier.id or proof.document.sealed):
        raise BadInput(N_("The proof is a document of this dossier. Choose it from the contents list."))
    transfer.basis_number = " ".join(nfc(proof.number).split())[:80] or None
    transfer.basis_on = proof.day
    transfer.proof_id = proof.document.id if proof.document is not None else None


def prove(session: Session, transfer: Transfer, proof: Proof, *, actor: Actor) -> None:
    """Say anew what entitles the receiver, while the transfer is being prepared."""
    dossiers.hold(session, transfer.dossier)
    db.lock(session, transfer)
    require(actor, Action.TRANSFER_PREPARE, transfer)
    if transfer.state != DRAFT:
        raise Conflict(N_("The proof is entered while the transfer is being prepared. Have it returned first."))
    _show_proof(transfer, transfer.dossier, proof)
    session.flush()
    audit.record(session, "transfer:prove", transfer, actor=actor, proof=transfer.proof_id)


def take(
    session: Session,
    step: Step,
    transfer: Transfer,
    *,
    actor: Actor,
    reason: str = "",
    version: int | None = None,
    paper_came: bool = True,
    second: Actor | None = None,
) -> None:
    """Move `transfer` along `step`, with its audit entry and its consequences, or raise.

    Raises `Conflict` when somebody else moved it first; `version` is the one the actor saw. `paper_came` says at
    the acceptance that the paper is there too; without it paper and file are apart until that is settled. `second` is
    the other person of a loss that two declare.
    """
    dossiers.hold(session, transfer.dossier)
    # Whoever waited for the dossier may have loaded the transfer before the one in front moved it.
    session.refresh(transfer)
    if version is not None and version != transfer.version:
        raise Conflict(N_("Somebody else just changed this transfer. Reload the page to see how it stands."))
    require(actor, step.action, transfer)
    if step.other_person and is_own(actor, step.action, transfer.approving_unit_id, transfer.prepared_by_id):
        raise Refused(N_("Whoever prepared a transfer does not approve or receive it. Ask another person."))
    if transfer.state not in step.start:
        raise Conflict(
            N_("Transfer %(number)s is not at a point where this can be done. Reload the page to see how it stands."),
            number=transfer.number,
        )
    if step.end in _ONWARD:
        # Held, a transfer stays where it is; the way back to the sender, and ending it, stay open.
        holds.require_none(session, transfer.dossier)
    if not step.fits(transfer):
        raise Conflict(N_("This can be done when the time limit for receipt has ended. Ask the receiving unit first."))
    if step.needs_reason and not reason.strip():
        raise BadInput(N_("Write the reason in one sentence: the other side reads it."))
    if step.binding:
        require_confirmed(actor)
    _require_fit(session, step, transfer)
    if step.end == LOST:
        require_second(transfer, second, actor=actor)
    start, transfer.state = transfer.state, step.end
    _consequences(session, step, transfer, actor, paper_came=paper_came)
    transfer.dossier.frozen = transfer.state in STILL
    try:
        session.flush()
    except StaleDataError:
        raise Conflict(N_("Somebody else just changed this transfer. Reload the page to see how it stands.")) from None
    _write_event(session, transfer, step.name, start, reason.strip(), actor, second)
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
        **({"second": second.account_id} if second is not None else {}),
        **authority(actor, step.action, transfer.approving_unit_id),
    )


def _require_fit(session: Session, step: Step, transfer: Transfer) -> None:
    """Before anything is changed: ready to be sent, or checked on arrival, where the step asks for it."""
    if step.end in (SUBMITTED, APPROVED, IN_TRANSIT):
        require_ready(session, transfer)
    if step.end == IN_TRANSIT and not is_as_sealed(session, transfer):
        raise Conflict(
            N_(
                "Something was taken out of the dossier after its list was sealed. Cancel this transfer, prepare it anew."
            )
        )
    elif LOST in step.start:
        require_free(session, transfer)
    elif step.end in (ACCEPTED, RESERVED) and not step.outside:
        require_checked(session, transfer, reservations=step.end == RESERVED)


def _consequences(session: Session, step: Step, transfer: Transfer, actor: Actor, *, paper_came: bool) -> None:
    dossier = transfer.dossier
    if step.end == APPROVED:
        transfer.approved_by_id = actor.account_id
        transfer.manifest = seal(session, dossier)
        transfer.manifest_sha256 = manifest_hash(transfer.manifest)
        limit = catalogue.time_limit("receive_transfer", organisation.today())
        transfer.due_on = limit.ends(organisation.today())
    elif step.end == IN_TRANSIT:
        transfer.dispatched_at = now()
        whereabouts.mark(session, dossier, PaperState.IN_TRANSIT, actor=actor, note=transfer.number)
    elif step.end == DRAFT:
        transfer.approved_by_id = transfer.manifest = transfer.manifest_sha256 = transfer.dispatched_at = None
        transfer.due_on = transfer.closed_at = None
    elif step.confirms:
        transfer.approved_by_id = actor.account_id
    elif step.end in (ACCEPTED, RESERVED):
        transfer.received_by_id = actor.account_id
        _move(session, transfer, transfer.to_unit, actor)
        whereabouts.follow(session, dossier, transfer.to_unit if paper_came else transfer.from_unit, actor=actor)
    elif step.end == LOST:
        whereabouts.mark(session, dossier, PaperState.UNKNOWN, actor=actor, note=transfer.number)
    if LOST in step.start:
        forget_check(session, transfer)
        found_at = transfer.to_unit if step.action == Action.TRANSFER_RECEIVE else transfer.from_unit
        whereabouts.follow(session, dossier, found_at, actor=actor, note=transfer.number)
    if IN_TRANSIT in step.start and step.end in (DRAFT, REJECTED):
        forget_check(session, transfer)
        whereabouts.follow(session, dossier, transfer.from_unit, actor=actor, note=transfer.number)
    if ARRIVED in step.start and step.end == REJECTED and (transfer.manifest or {}).get("opened"):
        # It was opened for what came, so it goes back with it; a dossier that was here before stays.
        _move(session, transfer, transfer.from_unit, actor)
        whereabouts.follow(session, dossier, transfer.from_unit, actor=actor, note=transfer.number)
    if not step.end.is_open:
        transfer.closed_at = now()


def _move(session: Session, transfer: Transfer, unit: Unit, actor: Actor) -> None:
    """Custody passes to one side of the transfer from the other: the one place where it does."""
    dossier = transfer.dossier
    if dossier.custodian_id != (transfer.from_unit_id if unit.id == transfer.to_unit_id else transfer.to_unit_id):
        raise Conflict(N_("The dossier is no longer with the sender. Call the administrator."))
    dossier.custodian_id = unit.id
    dossier.custodian = unit
    dossier.using_body_id = unit.id
    dossier.shelf_room = dossier.shelf = dossier.shelf_box = None
    if unit.kind != UnitKind.BOARD:
        dossier.person.unit_id = unit.id
    jobs.dossier_changed(session, dossier.id, actor=actor)


def _write_event(
    session: Session,
    transfer: Transfer,
    step: str,
    start: TransferState | None,
    reason: str,
    actor: Actor,
    second: Actor | None = None,
) -> None:
    session.add(
        TransferEvent(
            transfer_id=transfer.id,
            step=step,
            start=start,
            end=transfer.state,
            reason=reason,
            taken_by_id=actor.account_id,
            second_id=second.account_id if second is not None else None,
        )
    )
