"""A request that fits no single dossier: the head who got it chooses among those of the own unit, or says “not here”.

“Not here” hands the request on, by code, to the next unit that holds a dossier of that name; the last one's answer is
the refusal. Whoever asked sees neither the candidates nor who was asked.
"""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, organisation, people
from oms.consultations.deciding import begin, refuse
from oms.errors import N_, BadInput, Conflict
from oms.models import Consultation, Dossier, Person, Unit, UnitKind
from oms.permissions import Action, Actor, allowed, require
from oms.vietnamese.names import name_key
from oms.vietnamese.text import nfc

MOST_CANDIDATES = 50


def candidates(session: Session, request: Consultation, words: str = "", *, actor: Actor) -> list[Dossier]:
    """Dossiers of the answering unit whose person bears every word asked for, or `words` in its place, by name.

    Writes down how many were shown.
    """
    require(actor, Action.CONSULTATION_APPROVE, request)
    wanted = set(name_key(words or request.wanted).split())
    query = (
        select(Dossier)
        .join(Dossier.person)
        .where(allowed(actor, Action.DOSSIER_READ), Dossier.custodian_id == request.holder_id)
        .options(joinedload(Dossier.person))
        .order_by(Person.sort_key, Dossier.number)
    )
    fitting = [dossier for dossier in session.scalars(query) if wanted and _fits(wanted, dossier)][:MOST_CANDIDATES]
    audit.record(session, "consultation:candidates", request, actor=actor, words=nfc(words)[:300], total=len(fitting))
    return fitting


def _fits(wanted: set[str], dossier: Dossier) -> bool:
    person = dossier.person
    known = " ".join((person.full_name, dossier.number, person.personal_id or ""))
    return wanted <= set(name_key(known).split())


def choose(
    session: Session, request: Consultation, dossier: Dossier, *, actor: Actor, version: int | None = None
) -> None:
    """Say that the request means this dossier; from now on it is decided about like one that named it."""
    _begin(session, request, actor, version)
    require(actor, Action.DOSSIER_READ, dossier)
    request.dossier_id, request.holder_id = dossier.id, None
    session.flush()
    session.expire(request, ["dossier", "holder"])
    audit.record(session, "consultation:choose", request, actor=actor, number=request.number, dossier=dossier.number)


def not_here(session: Session, request: Consultation, reason: str, *, actor: Actor, version: int | None = None) -> bool:
    """Say that no dossier of the unit is meant: True when another unit is asked now, else the reason is the refusal."""
    _begin(session, request, actor, version)
    if not reason.strip():
        raise BadInput(N_("Write the reason in one sentence: whoever asked reads it."))
    successor = _next_unit(session, request)
    if successor is None:
        refuse(session, request, reason, actor=actor)
        return False
    request.holder_id = successor.id
    session.flush()
    session.expire(request, ["holder"])
    audit.record(session, "consultation:not_here", request, actor=actor, words=nfc(reason).strip()[:2000])
    return True


def _begin(session: Session, request: Consultation, actor: Actor, version: int | None) -> None:
    if begin(session, request, actor, version) is not None:
        raise Conflict(N_("Request %(number)s is tied to a dossier already. Reload the page."), number=request.number)


def _next_unit(session: Session, request: Consultation) -> Unit | None:
    """The next unit that holds a dossier of that name or number of a person, after those asked: the board, then by code."""
    keeper = organisation.dossier_keeper(session, request.unit) or request.unit
    words = nfc(request.wanted).strip()
    fitting = [*people.named(session, words)]
    of_person = or_(Dossier.person_id.in_(fitting), Person.personal_id == words[:12])
    holders: Sequence[Unit] = session.scalars(
        select(Unit)
        .where(Unit.id.in_(select(Dossier.custodian_id).join(Dossier.person).where(of_person)), Unit.id != keeper.id)
        .where(Unit.kind != UnitKind.OUTSIDE_BODY)
        .order_by(Unit.code)
    ).all()
    asked = session.get(Unit, request.holder_id) if request.holder_id not in (None, keeper.id) else None
    return next((unit for unit in holders if asked is None or unit.code > asked.code), None)
