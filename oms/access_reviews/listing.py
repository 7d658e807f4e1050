"""The accounts a review is about: what each may do, when it was last used, and what speaks against it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from oms import catalogue, organisation
from oms.errors import N_
from oms.models import (
    Account,
    Assignment,
    Consultation,
    ConsultationState,
    Delegation,
    Dossier,
    Leaving,
    LeavingState,
    Role,
    SignIn,
    Transfer,
    TransferState,
    Unit,
    UnitKind,
    now,
)
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor

MARKS: Mapping[str, str] = {
    "left": N_("has left the service"),
    "moved": N_("dossier handed over to another unit since"),
    "unused": N_("not used for long"),
    "never": N_("never used"),
    "closed": N_("account is closed"),
}
_LEFT = (LeavingState.OPEN, LeavingState.CONSENTED, LeavingState.CLOSED)
_ACCEPTED = (TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS)


@dataclass(frozen=True)
class Holding:
    """What one account may do in a unit, and what speaks against it (ids of `MARKS`)."""

    account: Account
    assignments: tuple[Assignment, ...]
    delegations: tuple[Delegation, ...]
    consultations: tuple[Consultation, ...]
    last_sign_in: datetime | None
    marks: tuple[str, ...]

    @property
    def rights_sha256(self) -> str:
        """The same as long as the rights are the same; looks granted and sign-ins come and go."""
        rights = [[*told_role(one).values(), one.id] for one in self.assignments]
        lent = [[one.id, one.valid_to.isoformat(), *one.actions] for one in self.delegations]
        return sha256_of([sorted(rights, key=str), sorted(lent, key=str), self.account.disabled])


def sha256_of(value: object) -> str:
    """The hash of something JSON knows, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def covered(session: Session, unit: Unit) -> ColumnElement[bool]:
    """Which assignments the review of a unit is about."""
    keeping = organisation.custodians(session, today())
    below = organisation.units_below(session, {unit.id})
    others = {one.id for one in keeping if one.id in below} - {unit.id}
    own = set(below - organisation.units_below(session, others) if others else below)
    heads: set[str] = set()
    if unit.kind == UnitKind.BOARD and unit.parent_id:
        own.add(unit.parent_id)
        beside = organisation.units_below(session, {unit.parent_id})
        heads = {one.id for one in keeping if one.id in beside} - own
    return or_(Assignment.unit_id.in_(own), and_(Assignment.unit_id.in_(heads), Assignment.role == Role.HEAD)) & or_(
        Assignment.valid_to.is_(None), Assignment.valid_to >= today()
    )


def holdings(session: Session, unit: Unit) -> list[Holding]:
    """Every account with a role the review of the unit is about, by user name."""
    found = session.scalars(
        select(Assignment)
        .join(Assignment.account)
        .where(covered(session, unit))
        .options(joinedload(Assignment.account), joinedload(Assignment.unit))
        .order_by(Account.username, Assignment.valid_from, Assignment.id)
    ).all()
    roles: dict[str, list[Assignment]] = {}
    for assignment in found:
        roles.setdefault(assignment.account_id, []).append(assignment)
    units = {assignment.unit_id for assignment in found}
    lent = _grouped(
        session.scalars(
            select(Delegation)
            .where(
                Delegation.delegate_id.in_(roles),
                Delegation.unit_id.in_(units),
                Delegation.ended_at.is_(None),
                Delegation.valid_to >= today(),
            )
            .options(joinedload(Delegation.head))
            .order_by(Delegation.valid_from, Delegation.id)
        ).all(),
        "delegate_id",
    )
    looks = _grouped(
        session.scalars(
            select(Consultation)
            .where(
                Consultation.asked_by_id.in_(roles),
                Consultation.unit_id.in_(units),
                Consultation.state == ConsultationState.APPROVED,
                Consultation.ends_at > now(),
            )
            .order_by(Consultation.number)
        ).all(),
        "asked_by_id",
    )
    used = _last_sign_ins(session, roles)
    gone = _gone(session, list(roles.values()))
    return [
        Holding(
            own[0].account,
            tuple(own),
            tuple(lent.get(account_id, ())),
            tuple(looks.get(account_id, ())),
            used.get(account_id),
            _marks(own[0].account, used.get(account_id), gone.get(account_id)),
        )
        for account_id, own in roles.items()
    ]


def _grouped(rows: Sequence[Any], column: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(getattr(row, column), []).append(row)
    return found


def _last_sign_ins(session: Session, ids: Mapping[str, object]) -> dict[str, datetime]:
    query = (
        select(SignIn.account_id, func.max(SignIn.created_at))
        .where(SignIn.account_id.in_(ids), SignIn.kind != "half")
        .group_by(SignIn.account_id)
    )
    return dict(session.execute(query).all())


def _gone(session: Session, roles: Sequence[Sequence[Assignment]]) -> dict[str, str]:
    """Accounts tied to a person who left, or whose dossier went on to another unit after the role began."""
    people: dict[str, list[Sequence[Assignment]]] = {}
    for own in roles:
        if own[0].account.person_id:
            people.setdefault(own[0].account.person_id, []).append(own)
    if not people:
        return {}
    left = set(
        session.scalars(
            select(Dossier.person_id)
            .join(Leaving, Leaving.dossier_id == Dossier.id)
            .where(Dossier.person_id.in_(people), Leaving.state.in_(_LEFT), Leaving.leaves_on <= today())
        )
    )
    found = {own[0].account_id: "left" for person_id in left for own in people[person_id]}
    moves = session.execute(
        select(Dossier.person_id, Transfer.from_unit_id, Transfer.closed_at)
        .join(Dossier, Transfer.dossier_id == Dossier.id)
        .where(Dossier.person_id.in_(people), Transfer.state.in_(_ACCEPTED), Transfer.closed_at.is_not(None))
    )
    for person_id, unit_id, moment in moves:
        day = moment.astimezone(HANOI).date() if moment else None
        for own in people[person_id]:
            if day and any(one.unit_id == unit_id and one.valid_from <= day for one in own):
                found.setdefault(own[0].account_id, "moved")
    return found


def _marks(account: Account, used: datetime | None, gone: str | None) -> tuple[str, ...]:
    rule = catalogue.access_review_rule(today())
    marks = [gone] if gone else []
    if account.disabled:
        marks.append("closed")
    elif rule is not None:
        since = now() - timedelta(days=rule.unused_days)
        if used is None and account.created_at < since:
            marks.append("never")
        elif used is not None and used < since:
            marks.append("unused")
    return tuple(marks)


def leavers(session: Session, *, actor: Actor) -> list[tuple[Account, str]]:
    """Accounts that can sign in although their person has left or moved, as far as the actor answers for them."""
    wanted = select(Assignment).join(Assignment.account).where(~Account.disabled, Account.person_id.is_not(None))
    wanted = wanted.where(or_(Assignment.valid_to.is_(None), Assignment.valid_to >= today()))
    if not actor.has(Action.ACCOUNT_MANAGE):
        signing = units_of(session, actor, Action.ACCESS_REVIEW_SIGN)
        if not signing:
            return []
        wanted = wanted.where(or_(*(covered(session, unit) for unit in signing)))
    rows = session.scalars(wanted.options(joinedload(Assignment.account)).order_by(Account.username)).all()
    by_account = _grouped([row for row in rows if row.role != Role.SUBJECT], "account_id")
    gone = _gone(session, list(by_account.values()))
    return [(own[0].account, gone[account_id]) for account_id, own in by_account.items() if account_id in gone]


def units_of(session: Session, actor: Actor, action: Action) -> list[Unit]:
    """The keeping units in which the actor may do this."""
    ids = actor.units.get(action, frozenset())
    return [unit for unit in organisation.custodians(session, today()) if unit.id in ids]


def told_role(role: Assignment) -> dict[str, Any]:
    """A role as it is kept and hashed."""
    return {
        "role": role.role.value,
        "unit": role.unit_id,
        "below": role.with_units_below,
        "from": role.valid_from.isoformat(),
        "to": role.valid_to.isoformat() if role.valid_to else None,
    }
