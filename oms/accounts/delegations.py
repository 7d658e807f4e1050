"""Delegation: a head lets somebody of the unit act in the head's name, for chosen acts and from one day to another.

Only the head's own rights of today are lent (`rights.actor_of`): when the head loses the role, nothing is left to act
with, and what was delegated is not delegated on. Who acts stays who acts; the log names the head beside them.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, db
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import AccessReview, Account, Assignment, Delegation, Role, Unit, now
from oms.organisation import today
from oms.permissions import Action, Actor, require, require_confirmed

# What a head may let others do, in words; everything else stays with the head.
DELEGABLE: Mapping[Action, str] = {
    Action.TRANSFER_APPROVE: N_("Approve transfers"),
    Action.MEMBERSHIP_SIGN: N_("Sign letters of introduction of members"),
    Action.CONSULTATION_APPROVE: N_("Decide on requests to look into dossiers"),
    Action.HOLD_ORDER: N_("Order and lift holds"),
    Action.CORRECTION_DECIDE: N_("Decide on corrections of a value"),
    Action.ATTESTATION_GIVE: N_("Attest short CVs and dossiers"),
    Action.LEAVING_CONSENT: N_("Consent when dossiers of people who leave are closed"),
    Action.DECLARATION_ATTEST: N_("Attest yearly supplements"),
    Action.REQUEST_DECIDE: N_("Decide on copies people ask of their own dossier"),
    Action.DISPOSAL_DECIDE: N_("Decide on disposals"),
}
LONGEST = 366
"""Days a delegation may last: it is for absences, not a second head."""
DECISION_LENGTH = 10, 300


def give(
    session: Session,
    delegate: Account,
    unit: Unit,
    actions: Sequence[str],
    *,
    decision: str,
    valid_from: date,
    valid_to: date,
    actor: Actor,
) -> Delegation:
    """Let `delegate` do `actions` in the name of the acting head of `unit` on these days."""
    require(actor, Action.DELEGATION_GIVE)
    if not _holds(session, actor.account_id, unit.id, {Role.HEAD}):
        raise Refused(N_("Only the head of a unit delegates, and only for that unit."))
    if delegate.id == actor.account_id:
        raise BadInput(N_("Nobody delegates to themselves. Choose another person of the unit."))
    if delegate.disabled or not _holds(session, delegate.id, unit.id, {Role.OFFICER, Role.HEAD}):
        raise BadInput(N_("Choose somebody who works with dossiers in this unit today."))
    chosen = sorted(set(actions))
    if not chosen or not set(chosen) <= {action.value for action in DELEGABLE}:
        raise BadInput(N_("Choose at least one act that is delegated."))
    if valid_from < today() or valid_to < valid_from or (valid_to - valid_from).days > LONGEST:
        raise BadInput(N_("A delegation begins today or later, ends after it begins and lasts at most one year."))
    words = " ".join(decision.split())
    if not DECISION_LENGTH[0] <= len(words) <= DECISION_LENGTH[1]:
        raise BadInput(N_("Write the number and date of the letter of delegation, or why it is given."))
    require_confirmed(actor)
    delegation = Delegation(
        head_id=actor.account_id,
        delegate_id=delegate.id,
        unit_id=unit.id,
        actions=chosen,
        decision=words,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    session.add(delegation)
    session.flush()
    audit.record(
        session,
        "delegation:give",
        delegation,
        actor=actor,
        words=words,
        delegate=delegate.id,
        unit=unit.id,
        actions=chosen,
        until=valid_to.isoformat(),
    )
    return delegation


def end(session: Session, delegation: Delegation, *, actor: Actor) -> None:
    """The head who gave it, or the delegate who no longer wants it, ends a delegation at once."""
    db.lock(session, delegation)
    if actor.account_id not in (delegation.head_id, delegation.delegate_id):
        raise Refused(N_("A delegation is ended by the head who gave it, or by the one who received it."))
    if delegation.ended_at is not None:
        raise Conflict(N_("This delegation has ended already. Nothing is left to do."))
    delegation.ended_at = now()
    session.flush()
    audit.record(session, "delegation:end", delegation, actor=actor, unit=delegation.unit_id)


def end_reviewed(session: Session, delegation: Delegation, review: AccessReview, *, actor: Actor) -> None:
    """End a delegation at once because the head revoked the rights of the delegate in a review of the unit."""
    require(actor, Action.ACCESS_REVIEW_SIGN, review)
    require_confirmed(actor)
    delegation.ended_at = now()
    session.flush()
    audit.record(session, "delegation:end", delegation, actor=actor, unit=delegation.unit_id, review=review.number)


def list_delegations(session: Session, *, actor: Actor) -> list[Delegation]:
    """The delegations the actor gave or received, and those of the units the actor works for; the latest first."""
    require(actor, Action.DELEGATION_READ)
    found = session.scalars(
        select(Delegation)
        .where(
            Delegation.unit_id.in_(actor.units[Action.DELEGATION_READ])
            | (Delegation.head_id == actor.account_id)
            | (Delegation.delegate_id == actor.account_id)
        )
        .options(joinedload(Delegation.head), joinedload(Delegation.delegate), joinedload(Delegation.unit))
        .order_by(Delegation.ended_at.is_not(None), Delegation.valid_to.desc(), Delegation.id)
    ).all()
    audit.record(session, "delegation:list", actor=actor, total=len(found))
    return list(found)


def of_unit(session: Session, unit: Unit) -> list[Delegation]:
    """The delegations in force in a unit today: what the page of the unit tells everybody."""
    day = today()
    return list(
        session.scalars(
            select(Delegation)
            .where(
                Delegation.unit_id == unit.id,
                Delegation.ended_at.is_(None),
                Delegation.valid_from <= day,
                Delegation.valid_to >= day,
            )
            .options(joinedload(Delegation.head), joinedload(Delegation.delegate))
            .order_by(Delegation.valid_to)
        )
    )


def headed(session: Session, *, actor: Actor) -> list[Unit]:
    """The units whose head the actor is today: those it can delegate for."""
    units = select(Assignment.unit_id).where(*_today(actor.account_id, {Role.HEAD}))
    return list(session.scalars(select(Unit).where(Unit.id.in_(units)).order_by(Unit.name)))


def candidates(session: Session, units: Sequence[Unit], *, actor: Actor) -> list[Account]:
    """Who works with dossiers in one of the units today, without the actor."""
    day = today()
    ids = select(Assignment.account_id).where(
        Assignment.unit_id.in_([unit.id for unit in units]),
        Assignment.role.in_([Role.OFFICER, Role.HEAD]),
        Assignment.valid_from <= day,
        Assignment.valid_to.is_(None) | (Assignment.valid_to >= day),
    )
    query = select(Account).where(Account.id.in_(ids), ~Account.disabled, Account.id != actor.account_id)
    return list(session.scalars(query.order_by(Account.full_name)))


def _holds(session: Session, account_id: str, unit_id: str, roles: set[Role]) -> bool:
    query = select(Assignment.id).where(Assignment.unit_id == unit_id, *_today(account_id, roles))
    return session.scalar(query.limit(1)) is not None


def _today(account_id: str, roles: set[Role]) -> tuple[ColumnElement[bool], ...]:
    day = today()
    return (
        Assignment.account_id == account_id,
        Assignment.role.in_(sorted(roles)),
        Assignment.valid_from <= day,
        Assignment.valid_to.is_(None) | (Assignment.valid_to >= day),
    )
