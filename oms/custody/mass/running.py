"""Taking a step for a whole batch: ordered once, carried out member after member, in portions of one transaction each.

5 000 members take minutes, and on SQLite nobody else could write meanwhile; so a portion is committed by itself, and
what is still to do is in the rows. The request does the first portion, a job the others; whoever carries on after a
crash goes on where it stopped. A member that cannot go stays where it is with the sentence that says why.

Locks, always in this order: the batch, its dossiers by id, their people by id, their transfers.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Engine, Select, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from oms import audit, db, jobs
from oms.custody import checking, moving
from oms.custody.mass import acts
from oms.custody.mass.acts import ACTS, CHECK, LEAVE_OUT, PREPARE, Act
from oms.custody.mass.looking import stopped
from oms.custody.readiness import blocking, readiness
from oms.custody.steps import choose_step
from oms.errors import N_, BadInput, Conflict, OmsError, Refused, Unavailable
from oms.models import (
    CheckOutcome,
    Dossier,
    MassTransfer,
    MassTransferMember,
    MassTransferRun,
    Person,
    Transfer,
    TransferCheck,
    now,
)
from oms.permissions import Action, Actor, can, require, require_confirmed
from oms.settings import Settings
from oms.vietnamese.text import nfc

# Members of one transaction: about a second on a small machine, so that other writers hardly notice.
PORTION = 100
KIND = "mass_transfer"


def order(
    session: Session,
    batch: MassTransfer,
    name: str,
    *,
    actor: Actor,
    reason: str = "",
    partly: bool = False,
    paper_came: bool = True,
) -> MassTransferRun:
    """Order an act for all members it concerns. Unless `partly`, nothing is begun when one of them cannot go."""
    require(actor, Action.MASS_TRANSFER_READ, batch)
    db.lock(session, batch)
    if name not in ACTS:
        raise BadInput(N_("There is no step “%(name)s”. Steps: %(steps)s."), name=name, steps=", ".join(ACTS))
    act, total = _offered(session, batch, ACTS[name], actor)
    words = nfc(reason).strip()
    if act.needs_reason and not words:
        raise BadInput(N_("Write the reason in one sentence: the other side reads it."))
    if act.binding:
        require_confirmed(actor)
    if act.onward and not partly:
        _require_all(session, batch, act, total, actor)
    run = MassTransferRun(
        mass_id=batch.id, act=name, reason=words, paper_came=paper_came, ordered_by_id=actor.account_id, total=total
    )
    try:
        with session.begin_nested():
            session.add(run)
    except IntegrityError:
        raise Conflict(
            N_("A step of batch %(number)s is being taken. Wait until it is done, or stop it."), number=batch.number
        ) from None
    audit.record(
        session,
        f"mass_transfer:{name}",
        batch,
        actor=actor,
        words=words,
        number=batch.number,
        count=total,
        partly=partly,
    )
    return run


def _offered(session: Session, batch: MassTransfer, act: Act, actor: Actor) -> tuple[Act, int]:
    stands = acts.standings(session, [batch.id], actor=actor)[batch.id]
    for open_act, count in acts.open_acts(batch, stands, actor=actor):
        if open_act is act:
            return act, count
    if any(stand.state in act.start for stand in stands):
        raise Refused(N_("This step is not for you: it belongs to another unit or another person. Ask there."))
    raise Conflict(
        N_("No dossier of batch %(number)s is at a point where this can be done. Reload the page."),
        number=batch.number,
    )


def _require_all(session: Session, batch: MassTransfer, act: Act, total: int, actor: Actor) -> None:
    if found := stopped(session, batch, act, actor=actor):
        raise Conflict(
            N_(
                "%(count)s of %(total)s dossiers cannot go, the first is %(dossier)s. Settle what is red, leave them "
                "out, or take the step for the others only; nothing has been done."
            ),
            count=len(found),
            total=total,
            dossier=found[0].number,
        )


def under_way(session: Session, batch: MassTransfer) -> MassTransferRun | None:
    """The run that is being carried out, if there is one."""
    query = select(MassTransferRun).where(MassTransferRun.mass_id == batch.id, MassTransferRun.finished_at.is_(None))
    return session.scalar(query.options(joinedload(MassTransferRun.ordered_by)))


def runs_of(session: Session, batch: MassTransfer) -> list[MassTransferRun]:
    """What was done for the batch, the first one first: its report."""
    query = select(MassTransferRun).where(MassTransferRun.mass_id == batch.id)
    return list(
        session.scalars(
            query.options(joinedload(MassTransferRun.ordered_by)).order_by(
                MassTransferRun.ordered_at, MassTransferRun.id
            )
        )
    )


def carry_on(session: Session, batch: MassTransfer, *, actor: Actor | None, size: int = PORTION) -> int:
    """Take the step under way for the next members and return how many are left; the caller commits.

    `actor` is who ordered it, with the rights of now: a right that ended meanwhile lets the members stay behind.
    """
    db.lock(session, batch)
    run = under_way(session, batch)
    if run is None:
        return 0
    # The password was given when the step was ordered; whoever is gone may do nothing more.
    by = replace(actor, confirmed=True) if actor is not None and actor.account_id == run.ordered_by_id else None
    act = ACTS[run.act]
    members = _next(session, run, act, size)
    _lock(session, members)
    for member in members:
        _take_turn(session, run, act, member, by)
    session.flush()
    left = session.scalar(_waiting(run, act).with_only_columns(func.count()).order_by(None)) or 0
    if not left:
        finish(session, batch, run, actor=actor)
    return left


def _waiting(run: MassTransferRun, act: Act) -> Select[MassTransferMember]:
    """Members that stand where the act starts and had no turn in this run, in the order of locks."""
    states = [state for state in act.start if state is not None]
    there: ColumnElement[bool] = Transfer.state.in_(states)
    if None in act.start:
        there = or_(there, MassTransferMember.transfer_id.is_(None))
    return (
        select(MassTransferMember)
        .outerjoin(MassTransferMember.transfer)
        .where(MassTransferMember.mass_id == run.mass_id, there)
        .where(or_(MassTransferMember.run_id.is_(None), MassTransferMember.run_id != run.id))
        .order_by(MassTransferMember.dossier_id)
    )


def _next(session: Session, run: MassTransferRun, act: Act, size: int) -> Sequence[MassTransferMember]:
    found: Sequence[MassTransferMember] = session.scalars(_waiting(run, act).limit(size)).all()
    return found


def _lock(session: Session, members: Sequence[MassTransferMember]) -> None:
    """Lock what this portion may change and see it as it is now; the same order for everybody, so nobody waits in a ring."""
    ids = [member.dossier_id for member in members]
    fresh = {"populate_existing": True}
    found = session.scalars(
        select(Dossier).where(Dossier.id.in_(ids)).order_by(Dossier.id).with_for_update().execution_options(**fresh)
    ).all()
    session.scalars(
        select(Person)
        .where(Person.id.in_({dossier.person_id for dossier in found}))
        .order_by(Person.id)
        .with_for_update(key_share=True)
    ).all()
    session.scalars(
        select(Transfer)
        .where(Transfer.id.in_([member.transfer_id for member in members if member.transfer_id]))
        .order_by(Transfer.dossier_id)
        .with_for_update()
        .execution_options(**fresh)
    ).all()


def _take_turn(
    session: Session, run: MassTransferRun, act: Act, member: MassTransferMember, actor: Actor | None
) -> None:
    """One member: it goes along, or it stays as it was with the reason."""
    try:
        if actor is None:
            raise Refused(N_("Whoever ordered this step has no account with the right to it any more."))
        with session.begin_nested():
            went = _do(session, run, act, member, actor)
    except Unavailable:
        raise
    except OmsError as error:
        run.stayed += 1
        member.refusal = error.message
        member.refusal_values = {key: str(value) for key, value in error.values.items()}
    else:
        run.moved += went
        member.refusal = member.refusal_values = None
    if member in session:
        member.run_id = run.id


def _do(session: Session, run: MassTransferRun, act: Act, member: MassTransferMember, actor: Actor) -> bool:
    """What the act is for one member; False when it did not concern it."""
    transfer = member.transfer
    if act is PREPARE:
        member.transfer = _prepare(session, member, actor)
    elif transfer is None:
        session.delete(member)
        session.flush()
    elif act is LEAVE_OUT:
        if blocking(readiness(session, transfer)) is None:
            return False
        moving.take(session, choose_step(transfer, "cancel", actor=actor), transfer, actor=actor, reason=run.reason)
    elif act is CHECK:
        _check(session, transfer, actor)
    else:
        assert act.step is not None
        arrow = choose_step(transfer, act.step.name, actor=actor)
        moving.take(session, arrow, transfer, actor=actor, reason=run.reason, paper_came=run.paper_came)
    return True


def _prepare(session: Session, member: MassTransferMember, actor: Actor) -> Transfer:
    batch, dossier = member.mass, member.dossier
    if dossier.custodian_id != batch.from_unit_id:
        raise Conflict(N_("Dossier %(number)s is no longer with the sender."), number=dossier.number)
    proof = moving.Proof(batch.basis_number, batch.basis_on)
    return moving.prepare(session, dossier, batch.to_unit, batch.reason, actor=actor, proof=proof)


def _check(session: Session, transfer: Transfer, actor: Actor) -> None:
    """Every line not yet looked at is complete; not where somebody found a discrepancy and is still at it."""
    differs = (TransferCheck.transfer_id == transfer.id) & (TransferCheck.outcome != CheckOutcome.PRESENT)
    if session.scalar(select(TransferCheck.id).where(differs).limit(1)):
        raise Conflict(N_("Not everything is as listed. Accept with reservations, or send the dossier back."))
    checking.tick_rest(session, transfer, actor=actor)


def finish(
    session: Session, batch: MassTransfer, run: MassTransferRun, *, actor: Actor | None, stopped_by_hand: bool = False
) -> None:
    """Close the run: what was done stays, and everybody reads how many went and how many stayed."""
    run.finished_at, run.stopped = now(), stopped_by_hand
    session.flush()
    session.refresh(batch)
    audit.record(
        session,
        "mass_transfer:stop" if stopped_by_hand else "mass_transfer:done",
        batch,
        actor=actor,
        number=batch.number,
        act=run.act,
        moved=run.moved,
        stayed=run.stayed,
    )


def may_stop(batch: MassTransfer, run: MassTransferRun, *, actor: Actor) -> bool:
    """True for whoever may order the act in the unit that ordered it."""
    alike = Transfer(
        from_unit_id=batch.from_unit_id, to_unit_id=batch.to_unit_id, approving_unit_id=batch.approving_unit_id
    )
    return can(actor, ACTS[run.act].action, alike)


def stop(session: Session, batch: MassTransfer, *, actor: Actor) -> MassTransferRun:
    """End the step under way between two portions: who had their turn went, the others stay where they are."""
    require(actor, Action.MASS_TRANSFER_READ, batch)
    db.lock(session, batch)
    run = under_way(session, batch)
    if run is None:
        raise Conflict(N_("Nothing is being done with batch %(number)s now. Reload the page."), number=batch.number)
    if not may_stop(batch, run, actor=actor):
        raise Refused(N_("This step is not for you: it belongs to another unit or another person. Ask there."))
    finish(session, batch, run, actor=actor, stopped_by_hand=True)
    return run


def start(session: Session, batch: MassTransfer, *, actor: Actor) -> int:
    """Right after the order: the first portion now, a job for the rest; how many are left."""
    left = carry_on(session, batch, actor=actor)
    if left:
        jobs.enqueue(session, KIND, batch.id, actor=actor)
    return left


def go_on(session: Session, batch: MassTransfer, *, actor: Actor) -> None:
    """Have a step that stands still (its job failed) carried on in the name of who ordered it."""
    require(actor, Action.MASS_TRANSFER_READ, batch)
    run = under_way(session, batch)
    if run is None or run.ordered_by_id != actor.account_id:
        raise Refused(N_("Whoever ordered this step lets it go on. Others of the unit can stop it and order it anew."))
    jobs.enqueue(session, KIND, batch.id, actor=actor)
    audit.record(session, "mass_transfer:go_on", batch, actor=actor, number=batch.number, act=run.act)


def work_off(engine: Engine, _settings: Settings, batch_id: str, *, actor: Actor | None) -> list[str]:
    """The job: portion after portion until nobody is left. May run twice: the second finds what the first left."""
    enqueued: list[str] = []
    left = 1
    while left:
        with db.writing(engine) as session:
            batch = session.get(MassTransfer, batch_id)
            left = carry_on(session, batch, actor=actor) if batch is not None else 0
        enqueued += session.info.pop("enqueued", [])
    return enqueued


def take_out(session: Session, batch: MassTransfer, member_ids: Sequence[str], reason: str, *, actor: Actor) -> int:
    """Take single members out before they are sent: their transfers are cancelled; all of them, or none with a sentence."""
    require(actor, Action.MASS_TRANSFER_READ, batch)
    db.lock(session, batch)
    members = session.scalars(
        select(MassTransferMember)
        .where(MassTransferMember.mass_id == batch.id, MassTransferMember.id.in_(member_ids))
        .order_by(MassTransferMember.dossier_id)
    ).all()
    if not members:
        raise BadInput(N_("Choose the dossiers first."))
    _lock(session, members)
    numbers = [member.dossier.number for member in members]
    for member in members:
        if member.transfer is None:
            require(actor, Action.TRANSFER_PREPARE, Transfer(from_unit_id=batch.from_unit_id))
            session.delete(member)
        else:
            arrow = choose_step(member.transfer, "cancel", actor=actor)
            moving.take(session, arrow, member.transfer, actor=actor, reason=reason)
    session.flush()
    audit.record(
        session,
        "mass_transfer:take_out",
        batch,
        actor=actor,
        words=nfc(reason).strip(),
        number=batch.number,
        out=numbers,
    )
    return len(members)
