"""Two officers open together what neither may see alone, for a purpose and a while.

One mechanism for the sealed part of a dossier (`inserts`) and for a whole protection file (`protection`): an opening is
a row with both, the purpose and an end that comes by itself. Does not know what it opens, nor what is logged about it.
"""

from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from oms.errors import N_, BadInput, Refused
from oms.models import Dossier, InsertOpening, now
from oms.permissions import Action, Actor, can

REASON_LENGTH = 10, 500


def add(
    session: Session, dossier: Dossier, purpose: str, minutes: int, *, second: Actor, actor: Actor
) -> InsertOpening:
    """Open for the minutes; the caller has checked both people and writes the entry."""
    opening = InsertOpening(
        dossier_id=dossier.id,
        opened_by_id=actor.account_id,
        second_id=second.account_id,
        purpose=purpose,
        ends_at=now() + timedelta(minutes=minutes),
    )
    session.add(opening)
    session.flush()
    return opening


def find(session: Session, dossier: Dossier, *, actor: Actor) -> InsertOpening | None:
    """The opening that lets the actor look now, the one that lasts longest."""
    return session.scalar(
        select(InsertOpening)
        .where(
            InsertOpening.dossier_id == dossier.id,
            InsertOpening.ends_at > now(),
            or_(InsertOpening.opened_by_id == actor.account_id, InsertOpening.second_id == actor.account_id),
        )
        .order_by(InsertOpening.ends_at.desc())
        .limit(1)
    )


def other(opening: InsertOpening, actor: Actor) -> str:
    """The account of the other one of the two."""
    return opening.second_id if opening.opened_by_id == actor.account_id else opening.opened_by_id


def check_two(second: Actor, dossier: Dossier, actor: Actor) -> None:
    """Raise `Refused` unless the second person is somebody else who may open what the dossier holds."""
    if second.account_id == actor.account_id:
        raise Refused(N_("The second person must be somebody else: nobody confirms what they said themselves."))
    if not can(second, Action.INSERT_OPEN, dossier):
        raise Refused(N_("The second person must be an officer or the head of the unit that holds the dossier."))


def words(text: str) -> str:
    """A purpose or reason on one line; raises `BadInput` when it is too short or too long."""
    found = " ".join(text.split())
    if not REASON_LENGTH[0] <= len(found) <= REASON_LENGTH[1]:
        raise BadInput(
            N_("Say in %(least)s to %(most)s characters what it is for. It is kept in the log."),
            least=REASON_LENGTH[0],
            most=REASON_LENGTH[1],
        )
    return found
