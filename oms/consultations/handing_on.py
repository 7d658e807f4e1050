"""When units end: what they asked for, what they were asked, and what they granted goes on with their successors.

A transfer ends grants; a reorganisation does not: there the body goes on under another name.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import audit
from oms.models import Consultation, ConsultationState, Dossier, LocateAnswer, LocateRequest, Unit
from oms.permissions import Actor

_ALIVE = (ConsultationState.REQUESTED, ConsultationState.APPROVED)


def go_on_with_custody(session: Session, dossier: Dossier, before: Unit, *, actor: Actor | None) -> int:
    """The grants and loans of a dossier that passed from an ended unit to its successor stay open; how many."""
    found = session.scalars(
        select(Consultation).where(
            Consultation.dossier_id == dossier.id,
            Consultation.holder_id == before.id,
            Consultation.state == ConsultationState.APPROVED,
        )
    ).all()
    for request in found:
        request.holder_id = dossier.custodian_id
        audit.record(session, "consultation:hand_on", request, actor=actor, unit=dossier.custodian_id)
    session.flush()
    return len(found)


def hand_on(session: Session, before: Unit, after: Unit, *, actor: Actor | None) -> int:
    """Requests and questions of an ended unit, and those put to it, are its successor's; how many changed hands."""
    asked = session.scalars(
        select(Consultation).where(Consultation.unit_id == before.id, Consultation.state.in_(_ALIVE))
    ).all()
    given = session.scalars(
        select(Consultation).where(
            Consultation.holder_id == before.id,
            Consultation.dossier_id.is_(None),
            Consultation.state == ConsultationState.REQUESTED,
        )
    ).all()
    for request in {*asked, *given}:
        request.unit_id = after.id if request.unit_id == before.id else request.unit_id
        request.holder_id = after.id if request in given else request.holder_id
        audit.record(session, "consultation:hand_on", request, actor=actor, unit=after.id)
    questions = session.scalars(select(LocateRequest).where(LocateRequest.unit_id == before.id)).all()
    for question in questions:
        question.unit_id = after.id
    waiting = session.scalars(
        select(LocateAnswer).where(LocateAnswer.unit_id == before.id, LocateAnswer.answer.is_(None))
    ).all()
    for answer in waiting:
        there = select(LocateAnswer.id).where(
            LocateAnswer.question_id == answer.question_id, LocateAnswer.unit_id == after.id
        )
        if session.scalar(there):
            session.delete(answer)  # the successor was asked already: one answer is enough
        else:
            answer.unit_id = after.id
    session.flush()
    return len({*asked, *given}) + len(questions) + len(waiting)
