"""What an account may do today: the `Actor` behind it, and whom to ask where."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, String, bindparam, or_, select
from sqlalchemy.orm import Session, contains_eager

from oms import profile
from oms.errors import N_, BadInput
from oms.models import Account, Assignment, Delegation, Role, Unit, UnitKind
from oms.organisation import today, units_below
from oms.permissions import IN_CLOSED, ROLE_ACTIONS, Action, Actor, Units, opened_to


def _in_force(day: date | ColumnElement[date]) -> ColumnElement[bool]:
    return (Assignment.valid_from <= day) & or_(Assignment.valid_to.is_(None), Assignment.valid_to >= day)


# Asked with every request: put together once, that takes longer than the answers. Of an `account` on a `day`.
_ACCOUNT, _DAY = bindparam("account", type_=String), bindparam("day", type_=Date)
_ASSIGNMENTS = (
    select(Assignment)
    .where(Assignment.account_id == _ACCOUNT, _in_force(_DAY))
    .order_by(Assignment.valid_from, Assignment.id)
)
_DELEGATIONS = (
    select(Delegation)
    .join(Delegation.head)
    .where(
        Delegation.delegate_id == _ACCOUNT,
        Delegation.ended_at.is_(None),
        Delegation.valid_from <= _DAY,
        Delegation.valid_to >= _DAY,
        ~Account.disabled,
        select(Assignment.id)
        .where(
            Assignment.account_id == Delegation.head_id,
            Assignment.unit_id == Delegation.unit_id,
            Assignment.role == Role.HEAD,
            _in_force(_DAY),
        )
        .exists(),
    )
    .order_by(Delegation.given_at, Delegation.id)
)


def actor_of(session: Session, account: Account, *, via: str = "web", confirmed: bool = False, **origin: Any) -> Actor:
    """The `Actor` an account is today: the units of each action from its valid assignments."""
    current = session.scalars(_ASSIGNMENTS, {"account": account.id, "day": today()}).all()
    units: dict[Action, set[str]] = defaultdict(set)
    for assignment in current:
        here = units_below(session, {assignment.unit_id}) if assignment.with_units_below else {assignment.unit_id}
        for action in ROLE_ACTIONS[assignment.role]:
            units[action] |= here
    # Of the closed installation: nobody acts there in another's name, and nobody has a dossier of their own.
    closed = profile.is_closed(session)
    delegated = {} if closed else _delegated(session, account, units)
    frozen: dict[Action, Units] = {
        action: frozenset(ids) for action, ids in units.items() if not closed or action in IN_CLOSED
    }
    return Actor(
        account_id=account.id,
        username=account.username,
        name=account.full_name,
        units=frozen,
        via=via,
        unit_id=current[0].unit_id if current else None,
        person_id=None if closed else account.person_id,
        role=current[0].role if current else None,
        confirmed=confirmed,
        delegated=delegated,
        opened=opened_to(session, account.id) if closed else None,
        **origin,
    )


def _delegated(session: Session, account: Account, units: dict[Action, set[str]]) -> dict[Action, dict[str, str]]:
    """Add to `units` what heads let the account do today; return in whose name it acts, by action and unit.

    A head lends only what the head's own role gives there today; what the account may do itself is its own act.
    """
    day, found = today(), defaultdict[Action, dict[str, str]](dict)
    for delegation in session.scalars(_DELEGATIONS, {"account": account.id, "day": day}):
        for action in map(Action, delegation.actions):
            if action in ROLE_ACTIONS[Role.HEAD] and delegation.unit_id not in units[action]:
                units[action].add(delegation.unit_id)
                found[action][delegation.unit_id] = delegation.head_id
    return dict(found)


def get_actor(session: Session, username: str, *, via: str) -> Actor:
    """The actor of a user name, for the command line and for jobs; raises `BadInput`.

    Whoever runs commands on the machine is past the password already.
    """
    account = session.scalar(select(Account).where(Account.username == username))
    if account is None or account.disabled:
        raise BadInput(N_("There is no active account %(username)s. “oms user list” shows them."), username=username)
    return actor_of(session, account, via=via, confirmed=True)


def holders(session: Session, role: Role, unit_ids: Iterable[str]) -> dict[str, list[Account]]:
    """Who has `role` in each of the units today, by user name: whom to ask there."""
    found: dict[str, list[Account]] = {unit_id: [] for unit_id in unit_ids}
    for assignment in session.scalars(
        select(Assignment)
        .join(Assignment.account)
        .where(Assignment.unit_id.in_(found), Assignment.role == role, _in_force(today()), ~Account.disabled)
        .options(contains_eager(Assignment.account))
        .order_by(Account.username)
    ):
        found[assignment.unit_id].append(assignment.account)
    return found


def roles_in_words(session: Session, account: Account) -> frozenset[str]:
    """The roles of today by name, and "board" for whoever works in an organisation board."""
    rows = session.execute(
        select(Assignment.role, Unit.kind)
        .join(Assignment.unit)
        .where(Assignment.account_id == account.id, _in_force(today()))
    ).all()
    return frozenset(role.value for role, _kind in rows) | {"board" for _role, kind in rows if kind == UnitKind.BOARD}
