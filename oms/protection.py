"""Protection files in the closed installation: opened by two officers together, closed by themselves.

Who has a file and where its paper stands is told to those who may read it. What lies in it, taking papers in too,
takes an opening (`permissions.NEEDS_OPENING`); here they begin and end. In a general installation there is nothing here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from oms import audit, catalogue, openings, profile
from oms.errors import N_, Conflict, NotFound, Refused
from oms.models import Account, Assignment, AuditEntry, Dossier, InsertOpening, now
from oms.organisation import today
from oms.permissions import Action, Actor, require, require_confirmed

SETTLES_IN = timedelta(hours=24)
"""An account an administrator just let in opens nothing for so long: those whose files they are learn of it before."""
TOLD_FOR = timedelta(days=30)
_LETS_IN = ("account:create", "account:assign", "account:reset_password", "account:second_factor_off")


def open_together(session: Session, dossier: Dossier, purpose: str, *, second: Actor, actor: Actor) -> InsertOpening:
    """Open the file to both for the minutes of the rule in force; raises `ConfirmationNeeded` without a fresh password."""
    _only_closed(session)
    require(actor, Action.INSERT_OPEN, dossier)
    openings.check_two(second, dossier, actor)
    _refuse_just_let_in(session, second, actor)
    purpose = openings.words(purpose)
    require_confirmed(actor)
    rule = catalogue.opening_rule(today())
    if rule is None:
        raise Conflict(N_("No rule for opening protection files is in force today. The administrator must add one."))
    opening = openings.add(session, dossier, purpose, rule.minutes, second=second, actor=actor)
    audit.record(
        session, "file:open", dossier, actor=actor, words=purpose, second=second.account_id, minutes=rule.minutes
    )
    return opening


def close(session: Session, dossier: Dossier, *, actor: Actor) -> None:
    """Close the file before its time, for both, whatever else the two have opened of it."""
    _only_closed(session)
    require(actor, Action.INSERT_OPEN, dossier)
    opening = openings.find(session, dossier, actor=actor)
    if opening is None:
        raise NotFound(N_("This file is closed already. Nothing is left to do."))
    two = {opening.opened_by_id, opening.second_id}
    running = select(InsertOpening).where(InsertOpening.dossier_id == dossier.id, InsertOpening.ends_at > now())
    for one in session.scalars(running):
        if {one.opened_by_id, one.second_id} == two:
            one.ends_at = now()
    session.flush()
    audit.record(session, "file:close", dossier, actor=actor, second=openings.other(opening, actor))


@dataclass(frozen=True)
class LetIn:
    """An administrator made an account, gave a role or a new first password, or took a factor away."""

    at: datetime
    action: str
    account: Account
    by: Account


def let_in(session: Session, *, actor: Actor) -> list[LetIn]:
    """For the head: whom administrators let in to the head's units in the last while, the newest first."""
    _only_closed(session)
    require(actor, Action.ACCESS_REVIEW_STATE)
    units = actor.units.get(Action.ACCESS_REVIEW_SIGN, frozenset())
    here = select(Assignment.account_id).where(Assignment.unit_id.in_(units))
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.action, AuditEntry.object_id, AuditEntry.account_id)
        .where(_by_somebody_else(TOLD_FOR), AuditEntry.object_id.in_(here))
        .order_by(AuditEntry.seq.desc())
        .limit(20)
    ).all()
    return [
        LetIn(row.at, row.action, session.get_one(Account, row.object_id), session.get_one(Account, row.account_id))
        for row in rows
    ]


def _refuse_just_let_in(session: Session, *people: Actor) -> None:
    """Raise `Refused` where one of the two is, or may be, an administrator with a password they made themselves."""
    ids = [one.account_id for one in people]
    found = select(AuditEntry.object_id).where(_by_somebody_else(SETTLES_IN), AuditEntry.object_id.in_(ids)).limit(1)
    if session.scalar(found) is not None:
        raise Refused(
            N_(
                "The account of one of you two was made or changed by an administrator in the last %(hours)s hours: it "
                "opens no file yet. The head of the unit sees the change on the start page. Ask another officer."
            ),
            hours=round(SETTLES_IN.total_seconds() / 3600),
        )


def _by_somebody_else(within: timedelta) -> ColumnElement[bool]:
    """Entries of what lets somebody in; who runs commands on the machine has its key anyway and writes no account."""
    return (
        (AuditEntry.object_kind == "account")
        & AuditEntry.action.in_(_LETS_IN)
        & (AuditEntry.outcome == "done")
        & (AuditEntry.account_id != AuditEntry.object_id)
        & (AuditEntry.at > now() - within)
    )


def _only_closed(session: Session) -> None:
    if not profile.is_closed(session):
        raise NotFound()
