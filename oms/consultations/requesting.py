"""Asking: for a look into a dossier named by number or by a name, for its paper, for a copy; and taking it back.

Whoever asks gets one answer, whether the dossier exists or not: what fits none is given to the board that keeps the
dossiers of the Bloc. So a request tells nobody who is kept where.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from oms import audit, catalogue, db, grants, organisation
from oms.dossiers import find_wanted, next_number
from oms.errors import N_, BadInput, Conflict, Refused
from oms.models import (
    Consultation,
    ConsultationKind,
    ConsultationState,
    CopyOrder,
    CopyState,
    Unit,
)
from oms.organisation import today
from oms.permissions import Action, Actor, require
from oms.vietnamese.text import nfc

LINE_LENGTH = 300
TEXT_LENGTH = 2000
# The limit of the catalogue that bounds each kind.
LIMITS = {ConsultationKind.SCREEN: "consult_on_screen", ConsultationKind.PAPER: "return_loan"}


@dataclass(frozen=True)
class Wish:
    """What somebody asks for: `wanted` is a dossier number or the full name of a person."""

    wanted: str
    kind: ConsultationKind
    purpose: str
    basis: str
    needed: str
    until: date
    basis_on: date | None = None


def request(session: Session, wish: Wish, *, actor: Actor) -> Consultation:
    """Ask for a look; the answer is the same whether there is such a dossier or not. Raises `BadInput`."""
    require(actor, Action.CONSULTATION_REQUEST)
    _check(wish)
    unit = requesting_unit(session, actor)
    dossier = find_wanted(session, wish.wanted)
    keeper = organisation.dossier_keeper(session, unit) or unit
    year = today().year
    found = Consultation(
        number=f"KT-{year}-{next_number(session, f'consultation-{year}'):04d}",
        kind=wish.kind,
        asked_by_id=actor.account_id,
        unit_id=unit.id,
        wanted=_line(wish.wanted),
        dossier_id=dossier.id if dossier is not None else None,
        holder_id=None if dossier is not None else keeper.id,
        purpose=_text(wish.purpose),
        basis=_line(wish.basis),
        basis_on=wish.basis_on,
        needed=_text(wish.needed),
        until=wish.until,
    )
    session.add(found)
    session.flush()
    audit.record(session, "consultation:request", found, actor=actor, words=_text(wish.purpose), number=found.number)
    return found


def requesting_unit(session: Session, actor: Actor) -> Unit:
    """The unit in whose name the actor asks."""
    units = actor.units.get(Action.CONSULTATION_REQUEST, frozenset())
    chosen = actor.unit_id if actor.unit_id in units else min(units, default=None)
    if chosen is None:
        raise Refused(N_("Your account belongs to no unit. Ask the administrator."))
    return session.get_one(Unit, chosen)


def last_day(kind: ConsultationKind, start: date | None = None) -> date:
    """The last day that may be granted today."""
    day = start or today()
    return catalogue.time_limit(LIMITS[kind], day).ends(day)


def _check(wish: Wish) -> None:
    if not wish.wanted.strip():
        raise BadInput(N_("Enter the number of the dossier or the full name of the person."))
    if not wish.purpose.strip():
        raise BadInput(N_("Write what the dossier is needed for. The head who decides reads it."))
    if not wish.basis.strip():
        raise BadInput(N_("Enter the number of the decision or the letter of introduction."))
    if not wish.needed.strip():
        raise BadInput(N_("Write which documents are needed. Only these can be granted."))
    if wish.until < today():
        raise BadInput(N_("The last day lies in the past. Choose today or a later day."))
    if wish.basis_on is not None and wish.basis_on > today():
        raise BadInput(N_("The date of the decision or letter lies in the future. Correct it."))


def _line(words: str) -> str:
    return " ".join(nfc(words).split())[:LINE_LENGTH]


def _text(words: str) -> str:
    return nfc(words).strip()[:TEXT_LENGTH]


def withdraw(session: Session, found: Consultation, *, actor: Actor) -> None:
    """Take the own request back before it was decided."""
    db.lock(session, found)
    if found.asked_by_id != actor.account_id:
        raise Refused(N_("Only whoever asked can withdraw the request."))
    if found.state != ConsultationState.REQUESTED:
        raise Conflict(N_("Request %(number)s is decided already. Reload the page."), number=found.number)
    found.state = ConsultationState.WITHDRAWN
    session.flush()
    audit.record(session, "consultation:withdraw", found, actor=actor)


def request_copy(session: Session, found: Consultation, reason: str, *, actor: Actor) -> CopyOrder:
    """Ask to take a marked copy of the granted pages away; the head of the holder decides about it by itself."""
    db.lock(session, found)
    if found.asked_by_id != actor.account_id or not grants.is_running(found):
        raise Refused(N_("A copy is asked for by whoever reads, while the pages are open."))
    if not reason.strip():
        raise BadInput(N_("Write what the copy is needed for. The head who decides reads it."))
    if any(order.state == CopyState.REQUESTED for order in found.copies):
        raise Conflict(N_("A copy is asked for already. Wait for the decision."))
    order = CopyOrder(consultation_id=found.id, asked_by_id=actor.account_id, reason=_text(reason))
    session.add(order)
    session.flush()
    session.expire(found, ["copies"])
    audit.record(session, "copy:request", found, actor=actor, words=_text(reason), copy=order.id)
    return order
