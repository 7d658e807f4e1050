"""Giving and ending roles: in a unit, with or without the units below, from one day to another.

Nobody changes their own. Whoever loses or gains a role is signed out everywhere, so the next page
shows the new rights.
"""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from oms import audit
from oms.accounts.sessions import end_sessions
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import AccessReview, Account, Assignment, Role, Unit
from oms.organisation import today
from oms.permissions import Action, Actor, require, require_confirmed


def _refuse_own(account: Account, actor: Actor) -> None:
    require(actor, Action.ACCOUNT_MANAGE)
    if account.id == actor.account_id:
        raise Refused(N_("Nobody changes their own roles. Ask another administrator."))
    require_confirmed(actor)


def assign(
    session: Session,
    account: Account,
    role: Role,
    unit: Unit,
    *,
    actor: Actor | None,
    with_units_below: bool = True,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Assignment:
    """Give an account a role in a unit from one day (today) to another (open); its sessions end.

    Raises `Conflict` when it has that role there on one of these days already.
    """
    if actor is not None:
        _refuse_own(account, actor)
    begins = valid_from or today()
    if valid_to is not None and valid_to < begins:
        raise BadInput(N_("The last day lies before the first one. Correct the two days."))
    same = select(Assignment.id).where(
        Assignment.account_id == account.id,
        Assignment.role == role,
        Assignment.unit_id == unit.id,
        or_(Assignment.valid_to.is_(None), Assignment.valid_to >= begins),
    )
    if valid_to is not None:
        same = same.where(Assignment.valid_from <= valid_to)
    if session.scalar(same.limit(1)):
        raise Conflict(
            N_("%(username)s has this role in %(unit)s on these days already. End it first."),
            username=account.username,
            unit=unit.name,
        )
    assignment = Assignment(
        account_id=account.id,
        role=role,
        unit_id=unit.id,
        with_units_below=with_units_below,
        valid_from=begins,
        valid_to=valid_to,
    )
    session.add(assignment)
    session.flush()
    end_sessions(session, account)
    audit.record(session, "account:assign", account, actor=actor, **_told(assignment))
    return assignment


def end_assignment(
    session: Session, assignment: Assignment, *, actor: Actor | None, last_day: date | None = None
) -> None:
    """End a role after `last_day`, or at once; the sessions of the account end.

    A role that has not begun before that day is taken away whole: the log keeps that it was given.
    """
    account = session.get_one(Account, assignment.account_id)
    if actor is not None:
        _refuse_own(account, actor)
    _end(session, account, assignment, last_day, actor)


def end_reviewed(session: Session, assignment: Assignment, review: AccessReview, *, actor: Actor) -> None:
    """End a role at once because the head revoked it in a review of the unit; the sessions of the account end."""
    require(actor, Action.ACCESS_REVIEW_SIGN, review)
    account = session.get_one(Account, assignment.account_id)
    if account.id == actor.account_id:
        raise Refused(N_("Nobody changes their own roles. Ask another administrator."))
    require_confirmed(actor)
    _end(session, account, assignment, None, actor, review=review.number)


def _end(
    session: Session,
    account: Account,
    assignment: Assignment,
    last_day: date | None,
    actor: Actor | None,
    **more: str,
) -> None:
    last = last_day or today() - timedelta(days=1)
    told = _told(assignment) | {"last_day": last.isoformat()} | more
    if last < assignment.valid_from:
        session.delete(assignment)
    else:
        assignment.valid_to = last
    session.flush()
    session.expire(account, ["assignments"])
    end_sessions(session, account)
    audit.record(session, "account:end_role", account, actor=actor, **told)


def _told(assignment: Assignment) -> dict[str, Any]:
    return {
        "role": assignment.role.value,
        "unit": assignment.unit_id,
        "below": assignment.with_units_below,
        "from": assignment.valid_from.isoformat(),
        "to": assignment.valid_to.isoformat() if assignment.valid_to else None,
    }
