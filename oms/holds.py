"""Holds: an order that a dossier, or every dossier of a person, stays as and where it is.

While one is in force nothing is edited, filed, uploaded, moved or destroyed (`permissions._UNFROZEN`, and what calls
`require_none`); reading goes on. A head orders it at once; lifting it is asked for by one person and decided by the
head as another. Nothing here knows pages or transfers.
"""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, db, dossiers, organisation
from oms.errors import N_, BadInput, Conflict, NotFound, Refused
from oms.models import Dossier, Hold, now
from oms.permissions import (
    Action,
    Actor,
    allowed,
    authority,
    can,
    holds_on,
    is_own,
    refuse_held,
    require,
    require_confirmed,
)

IN_THE_LOG = {
    "hold:read": N_("Read a hold"),
    "hold:list": N_("List holds"),
    "hold:view": N_("Open a hold"),
    "hold:order": N_("Order a hold"),
    "hold:ask": N_("Ask to lift a hold"),
    "hold:lift": N_("Lift a hold"),
}
"""What is done here, as the log says it."""
WORDS = 10, 500
"""Characters of a reason and of the decision that orders a hold."""


def require_none(session: Session, dossier: Dossier) -> None:
    """Raise `Refused` while a hold on the dossier or its person is in force; the sentence says who can lift it."""
    session.refresh(dossier, ["held"])
    if dossier.held:
        refuse_held(dossier)


def order(
    session: Session,
    dossier: Dossier,
    *,
    whole_person: bool,
    reason: str,
    decision: str,
    actor: Actor,
) -> Hold:
    """Put the dossier, or all dossiers of its person also those opened later, under a hold from now on."""
    require(actor, Action.HOLD_ORDER, dossier)
    require_confirmed(actor)
    reason, decision = _words(reason), _words(decision)
    dossiers.hold(session, dossier)
    year = organisation.today().year
    units = actor.units[Action.HOLD_ORDER]
    hold = Hold(
        number=f"NP-{year}-{dossiers.next_number(session, f'hold-{year}'):04d}",
        person_id=dossier.person_id if whole_person else None,
        dossier_id=None if whole_person else dossier.id,
        unit_id=dossier.custodian_id if dossier.custodian_id in units else dossier.managing_body_id,
        reason=reason,
        decision=decision,
        ordered_by_id=actor.account_id,
    )
    session.add(hold)
    session.flush()
    concerned = _concerned(session, hold)
    for one in concerned:
        one.held = True
    session.flush()
    _record(session, "hold:order", hold, concerned, words=reason, actor=actor)
    return hold


def _record(
    session: Session, action: str, hold: Hold, concerned: Sequence[Dossier], *, words: str = "", actor: Actor
) -> None:
    """One entry for each dossier it stops or lets go: the trail of none of them lacks it."""
    told = authority(actor, Action.HOLD_ORDER, hold.unit_id)
    dossier_ids: list[str | None] = [one.id for one in concerned]
    for dossier_id in dossier_ids or [None]:
        audit.record(session, action, hold, actor=actor, dossier_id=dossier_id, words=words, number=hold.number, **told)


def ask_lifting(session: Session, hold: Hold, reason: str, *, actor: Actor, version: int | None = None) -> None:
    """Ask that a hold be lifted; somebody else decides (`lift`)."""
    _refresh(session, hold, version)
    require(actor, Action.HOLD_READ, hold)
    _require_in_force(hold)
    hold.lift_asked_by_id, hold.lift_reason = actor.account_id, _words(reason)
    session.flush()
    audit.record(session, "hold:ask", hold, actor=actor, words=hold.lift_reason, number=hold.number)


def lift(session: Session, hold: Hold, *, actor: Actor, version: int | None = None) -> None:
    """The head, as another person than who asked for it, ends a hold: work may go on where no other hold stops it."""
    _refresh(session, hold, version)
    require(actor, Action.HOLD_READ, hold)
    if not may_lift(hold, actor):
        raise Refused(N_("A hold is lifted by the head of the body that ordered it, or that holds the dossier."))
    _require_in_force(hold)
    if hold.lift_asked_by_id is None:
        raise Conflict(N_("Nobody has asked to lift this hold. Somebody else has to ask first, with the reason."))
    if is_own(actor, Action.HOLD_ORDER, hold.unit_id, hold.lift_asked_by_id):
        raise Refused(N_("Whoever asks to lift a hold does not lift it. Another head decides."))
    require_confirmed(actor)
    hold.lifted_by_id, hold.lifted_at = actor.account_id, now()
    session.flush()
    concerned = _concerned(session, hold)
    for dossier in concerned:
        dossier.held = session.scalar(select(Hold.id).where(holds_on(dossier)).limit(1)) is not None
    session.flush()
    _record(session, "hold:lift", hold, concerned, actor=actor)


def may_lift(hold: Hold, actor: Actor) -> bool:
    """True for heads of the ordering body and of the bodies that hold or manage a dossier concerned."""
    dossiers_of = [hold.dossier] if hold.dossier else hold.person.dossiers if hold.person else []
    return hold.unit_id in actor.units.get(Action.HOLD_ORDER, frozenset()) or any(
        can(actor, Action.HOLD_ORDER, dossier) for dossier in dossiers_of
    )


def in_force(session: Session, dossier: Dossier) -> Sequence[Hold]:
    """The holds that stop a dossier now, the oldest first."""
    if not dossier.held:
        return []
    return session.scalars(
        select(Hold).where(holds_on(dossier)).options(joinedload(Hold.unit)).order_by(Hold.ordered_at)
    ).all()


def list_holds(session: Session, *, actor: Actor) -> Sequence[Hold]:
    """The holds the actor may know of: those in force first, then the latest."""
    found = session.scalars(
        select(Hold)
        .where(allowed(actor, Action.HOLD_READ))
        .options(joinedload(Hold.unit), joinedload(Hold.person), joinedload(Hold.dossier).joinedload(Dossier.person))
        .order_by(Hold.lifted_at.is_not(None), Hold.ordered_at.desc(), Hold.id)
    ).all()
    audit.record(session, "hold:list", actor=actor, total=len(found))
    return found


def to_decide(session: Session, *, actor: Actor) -> list[Hold]:
    """Holds whose lifting was asked for by somebody else and that the actor may lift."""
    found = session.scalars(
        select(Hold)
        .where(allowed(actor, Action.HOLD_READ), Hold.lifted_at.is_(None), Hold.lift_asked_by_id.is_not(None))
        .order_by(Hold.ordered_at)
    ).all()
    return [hold for hold in found if may_lift(hold, actor) and hold.lift_asked_by_id != actor.account_id]


def view(session: Session, hold: Hold, *, actor: Actor) -> None:
    """Write down that the actor opened a hold."""
    require(actor, Action.HOLD_READ, hold)
    audit.record(session, "hold:view", hold, actor=actor, number=hold.number)


def find_dossier(session: Session, number: str, *, actor: Actor) -> Dossier:
    """The dossier of a number that the actor may put under a hold; else `NotFound`, whether it exists or not."""
    found = session.scalar(
        select(Dossier).where(Dossier.number == number.strip().upper(), allowed(actor, Action.HOLD_ORDER))
    )
    if found is None:
        raise NotFound(N_("There is no dossier %(number)s that your unit holds or manages."), number=number.strip())
    return found


def _concerned(session: Session, hold: Hold) -> Sequence[Dossier]:
    return session.scalars(
        select(Dossier)
        .where(or_(Dossier.id == hold.dossier_id, Dossier.person_id == hold.person_id))
        .order_by(Dossier.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _refresh(session: Session, hold: Hold, version: int | None) -> None:
    db.lock(session, hold)
    if version is not None and version != hold.version:
        raise Conflict(N_("Somebody else just changed this hold. Reload the page and look again."))


def _require_in_force(hold: Hold) -> None:
    if hold.lifted_at is not None:
        raise Conflict(N_("Hold %(number)s is lifted already. Nothing is left to do."), number=hold.number)


def _words(text: str) -> str:
    words = " ".join(text.split())
    if not WORDS[0] <= len(words) <= WORDS[1]:
        raise BadInput(
            N_("Write the reason and the decision in %(least)s to %(most)s characters each."),
            least=WORDS[0],
            most=WORDS[1],
        )
    return words
