"""A member asks to move: in plain words, from the own account; the officer who keeps the member dossier answers.

The member sees the own membership, the own moves and how they stand, and nothing of the dossier.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from oms import audit, db
from oms.errors import N_, BadInput, Conflict, Refused
from oms.membership.preparing import Wish, prepare
from oms.membership.ways import home_of
from oms.models import (
    AskingState,
    Category,
    Dossier,
    MembershipAsking,
    MembershipKind,
    MembershipTransfer,
    Unit,
    now,
)
from oms.permissions import Action, Actor, allowed, require
from oms.vietnamese.text import nfc

LINE_LENGTH, TEXT_LENGTH = 200, 2000


@dataclass(frozen=True)
class Asking:
    """What a member writes: the kind of move, where to, and why."""

    kind: MembershipKind
    destination: str
    reason: str


@dataclass(frozen=True)
class Own:
    """The membership of whoever looks: where it is, the moves and the wishes, the latest first."""

    home: Unit | None
    moves: tuple[MembershipTransfer, ...]
    askings: tuple[MembershipAsking, ...]


def own(session: Session, *, actor: Actor) -> Own:
    """The own membership; looking at it is written down."""
    require(actor, Action.MEMBERSHIP_ASK)
    dossier = _own_dossier(session, actor)
    audit.record(session, "membership:own", actor=actor)
    if dossier is None:
        return Own(None, (), ())
    moves = session.scalars(
        select(MembershipTransfer)
        .where(MembershipTransfer.person_id == actor.person_id)
        .options(joinedload(MembershipTransfer.from_unit), joinedload(MembershipTransfer.to_unit))
        .order_by(MembershipTransfer.prepared_at.desc(), MembershipTransfer.id)
    ).all()
    askings = session.scalars(
        select(MembershipAsking)
        .where(MembershipAsking.asked_by_id == actor.account_id)
        .order_by(MembershipAsking.asked_at.desc(), MembershipAsking.id)
    ).all()
    return Own(home_of(dossier), tuple(moves), tuple(askings))


def _own_dossier(session: Session, actor: Actor) -> Dossier | None:
    if actor.person_id is None:
        return None
    query = select(Dossier).where(Dossier.person_id == actor.person_id, Dossier.category == Category.PARTY_MEMBER)
    return session.scalars(query.order_by(Dossier.number.desc())).first()


def ask(session: Session, asking: Asking, *, actor: Actor) -> MembershipAsking:
    """Ask to move; one wish waits at a time. Raises `BadInput`, `Conflict`, `Refused`."""
    require(actor, Action.MEMBERSHIP_ASK)
    dossier = _own_dossier(session, actor)
    if dossier is None:
        raise Refused(N_("No member dossier is tied to your account. Ask the dossier officer of your unit."))
    destination, reason = " ".join(nfc(asking.destination).split())[:LINE_LENGTH], nfc(asking.reason).strip()
    if not destination or not reason:
        raise BadInput(N_("Write where you move to and why, with number and date of the decision where there is one."))
    found = MembershipAsking(
        dossier_id=dossier.id,
        asked_by_id=actor.account_id,
        kind=asking.kind,
        destination=destination,
        reason=reason[:TEXT_LENGTH],
    )
    try:
        with session.begin_nested():
            session.add(found)
    except IntegrityError:
        raise Conflict(N_("A wish of yours waits for an answer already. Withdraw it first to write another.")) from None
    audit.record(session, "membership:ask", found, actor=actor, words=reason[:TEXT_LENGTH])
    return found


def withdraw(session: Session, asking_id: str, *, actor: Actor) -> None:
    """Take the own wish back before it is answered; another's does not exist."""
    require(actor, Action.MEMBERSHIP_ASK)
    found = session.scalar(
        select(MembershipAsking)
        .where(MembershipAsking.id == asking_id, MembershipAsking.asked_by_id == actor.account_id)
        .with_for_update()
    )
    if found is None or found.state != AskingState.ASKED:
        raise Conflict(N_("This wish is answered already. Reload the page."))
    found.state = AskingState.WITHDRAWN
    session.flush()
    audit.record(session, "membership:withdraw_asking", found, actor=actor)


def askings_to_answer(session: Session, *, actor: Actor) -> list[MembershipAsking]:
    """Wishes that wait for the officer, the oldest first."""
    return list(
        session.scalars(
            select(MembershipAsking)
            .where(allowed(actor, Action.MEMBERSHIP_ANSWER), MembershipAsking.state == AskingState.ASKED)
            .options(joinedload(MembershipAsking.dossier).joinedload(Dossier.person))
            .order_by(MembershipAsking.asked_at, MembershipAsking.id)
        )
    )


def look_at_asking(session: Session, found: MembershipAsking, *, actor: Actor) -> None:
    """Write down that the officer opened a wish."""
    require(actor, Action.MEMBERSHIP_ANSWER, found)
    audit.record(session, "membership:view_asking", found, actor=actor)


def answer(session: Session, found: MembershipAsking, wish: Wish, *, actor: Actor) -> MembershipTransfer:
    """Answer with a move that is prepared; the boxes follow as always."""
    _begin(session, found, actor)
    move = prepare(session, found.dossier, wish, actor=actor)
    found.state, found.move_id = AskingState.PREPARED, move.id
    _answered(session, found, "membership:answer", "", actor)
    return move


def refuse(session: Session, found: MembershipAsking, reason: str, *, actor: Actor) -> None:
    """Say no, with a reason that the member reads."""
    _begin(session, found, actor)
    words = nfc(reason).strip()[:TEXT_LENGTH]
    if not words:
        raise BadInput(N_("Write the reason in one sentence: whoever asked reads it."))
    found.state, found.answer = AskingState.REFUSED, words
    _answered(session, found, "membership:refuse_asking", words, actor)


def _begin(session: Session, found: MembershipAsking, actor: Actor) -> None:
    db.lock(session, found)
    require(actor, Action.MEMBERSHIP_ANSWER, found)
    if found.asked_by_id == actor.account_id:
        raise Refused(N_("Nobody signs or decides about their own membership. Another person of the unit does."))
    if found.state != AskingState.ASKED:
        raise Conflict(N_("This wish is answered already. Reload the page."))


def _answered(session: Session, found: MembershipAsking, action: str, words: str, actor: Actor) -> None:
    found.answered_by_id, found.answered_at = actor.account_id, now()
    session.flush()
    audit.record(session, action, found, actor=actor, words=words)
