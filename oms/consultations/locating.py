"""Where is the dossier of somebody? The question goes to who holds it, or to the board of the Bloc; they answer.

The question itself tells nothing: it is taken with the same words and the same work whether anybody is found or not.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit, db, organisation, people
from oms.consultations.requesting import LINE_LENGTH, TEXT_LENGTH, requesting_unit
from oms.dossiers import next_number
from oms.errors import N_, BadInput, Conflict
from oms.models import Dossier, LocateAnswer, LocateRequest, Whereabout, now
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, require
from oms.vietnamese.names import name_key
from oms.vietnamese.text import nfc

FIRST_YEAR = 1900
ASKED_AT_ONCE = 20
"""Bodies one question goes to: a common name is asked for with the year of birth."""


@dataclass(frozen=True)
class Sought:
    """Who is looked for and why."""

    full_name: str
    reason: str
    birth_year: int | None = None


def ask(session: Session, sought: Sought, *, actor: Actor) -> LocateRequest:
    """Ask the holders; the answer to the asker is the same whoever is found. Raises `BadInput`."""
    require(actor, Action.CONSULTATION_REQUEST)
    name = " ".join(nfc(sought.full_name).split())[:LINE_LENGTH]
    if not name_key(name):
        raise BadInput(N_("Enter the full name of the person."))
    if not sought.reason.strip():
        raise BadInput(N_("Write why the dossier is looked for. Whoever answers reads it."))
    if sought.birth_year is not None and not FIRST_YEAR <= sought.birth_year <= today().year:
        raise BadInput(N_("Write the year of birth with four digits, for instance 1975, or leave it out."))
    unit = requesting_unit(session, actor)
    keeper = organisation.dossier_keeper(session, unit) or unit
    holders = _holders(session, name, sought.birth_year)
    year = today().year
    question = LocateRequest(
        number=f"TH-{year}-{next_number(session, f'locate-{year}'):04d}",
        asked_by_id=actor.account_id,
        unit_id=unit.id,
        full_name=name,
        birth_year=sought.birth_year,
        reason=nfc(sought.reason).strip()[:TEXT_LENGTH],
    )
    session.add(question)
    session.flush()
    for unit_id in holders or [keeper.id]:
        session.add(LocateAnswer(question_id=question.id, unit_id=unit_id))
    session.flush()
    audit.record(session, "locate:ask", question, actor=actor, words=question.reason, number=question.number)
    return question


def _holders(session: Session, name: str, year: int | None) -> list[str]:
    ids = people.named(session, name, born=year)
    found = select(Dossier.custodian_id).where(Dossier.person_id.in_(ids[:500])).distinct()
    return sorted(session.scalars(found))[:ASKED_AT_ONCE]


def asked_by(session: Session, *, actor: Actor, limit: int = 50) -> list[LocateRequest]:
    """The actor's own questions with the answers given so far, the latest first."""
    return list(
        session.scalars(
            select(LocateRequest)
            .where(LocateRequest.asked_by_id == actor.account_id)
            .options(selectinload(LocateRequest.answers).joinedload(LocateAnswer.unit))
            .order_by(LocateRequest.asked_at.desc(), LocateRequest.id)
            .limit(limit)
        )
    )


def to_answer(session: Session, *, actor: Actor, limit: int = 200) -> list[LocateAnswer]:
    """Questions that wait for an answer of the actor's units, the oldest first; never the actor's own."""
    return list(
        session.scalars(
            select(LocateAnswer)
            .join(LocateAnswer.question)
            .where(
                allowed(actor, Action.LOCATE_ANSWER),
                LocateAnswer.answer.is_(None),
                LocateRequest.asked_by_id != actor.account_id,
            )
            .options(joinedload(LocateAnswer.question).options(joinedload(LocateRequest.asked_by)))
            .options(joinedload(LocateAnswer.question).joinedload(LocateRequest.unit), joinedload(LocateAnswer.unit))
            .order_by(LocateRequest.asked_at, LocateAnswer.id)
            .limit(limit)
        )
    )


def answer(session: Session, asked: LocateAnswer, given: Whereabout, note: str, *, actor: Actor) -> None:
    """Answer for the body that was asked; only this tells the asker anything."""
    db.lock(session, asked)
    require(actor, Action.LOCATE_ANSWER, asked)
    if asked.answer is not None:
        raise Conflict(N_("Somebody else answered this question already. Reload the page."))
    if given == Whereabout.CONTACT and not note.strip():
        raise BadInput(N_("Write whom to contact and how."))
    asked.answer = given
    asked.note = nfc(note).strip()[:TEXT_LENGTH]
    asked.answered_by_id, asked.answered_at = actor.account_id, now()
    session.flush()
    audit.record(session, "locate:answer", asked, actor=actor, words=asked.note, answer=given.value)
