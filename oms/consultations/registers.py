"""What the printed log of a dossier (HS07) and the register of a body and a year (HS08c) contain.

Made from the requests, the loans and the audit log; keeps nothing of its own.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit
from oms.models import AuditEntry, Consultation, ConsultationKind, ConsultationState, Dossier, Loan, Unit
from oms.organisation import HANOI
from oms.permissions import Action, Actor, require


@dataclass(frozen=True)
class LogLine:
    """One request in the log of a dossier: who, from where, why, what was opened and looked at, and the return."""

    number: str
    register_number: str
    reader: str
    unit: str
    purpose: str
    basis: str
    kind: ConsultationKind
    state: ConsultationState
    decided_by: str
    decided_at: datetime | None
    ends_at: datetime | None
    pages_granted: int
    pages_looked_at: int
    first_look: datetime | None
    last_look: datetime | None
    copies: tuple[str, ...]
    loan: Loan | None


def log_of(session: Session, dossier: Dossier, *, actor: Actor) -> list[LogLine]:
    """Every request about the dossier that was decided, the first one first; reading the log is written down."""
    require(actor, Action.DOSSIER_READ, dossier)
    audit.record(session, "consultation:list", dossier, actor=actor)
    looks = _looks(session, dossier)
    requests = session.scalars(_DECIDED.where(Consultation.dossier_id == dossier.id))
    return [_line(request, looks.get(request.id, {})) for request in requests.unique()]


def register(session: Session, unit: Unit, year: int, *, actor: Actor) -> list[Consultation]:
    """The requests a body decided in a year, by their number in its register."""
    require(actor, Action.LOAN_HAND_OUT, Consultation(dossier=None, holder_id=unit.id))
    start, end = datetime(year, 1, 1, tzinfo=HANOI), datetime(year + 1, 1, 1, tzinfo=HANOI)
    audit.record(session, "consultation:list", unit, actor=actor, year=year)
    return list(
        session.scalars(
            _DECIDED.where(
                Consultation.holder_id == unit.id,
                Consultation.decided_at >= start,
                Consultation.decided_at < end,
                Consultation.register_number.is_not(None),
            )
        ).unique()
    )


_DECIDED = (
    select(Consultation)
    .where(Consultation.decided_at.is_not(None))
    .options(
        joinedload(Consultation.asked_by),
        joinedload(Consultation.unit),
        joinedload(Consultation.decided_by),
        joinedload(Consultation.loan),
        joinedload(Consultation.dossier).joinedload(Dossier.person),
        selectinload(Consultation.grants),
        selectinload(Consultation.copies),
    )
    .order_by(Consultation.decided_at, Consultation.id)
)

Looks = dict[str, tuple[datetime, datetime]]
"""First and last look at each page by its id."""


def _looks(session: Session, dossier: Dossier) -> dict[str, Looks]:
    """The looks at pages of the dossier by request, as the audit log has them."""
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.object_id, AuditEntry.body)
        .where(
            AuditEntry.dossier_id == dossier.id,
            AuditEntry.action == "consultation:look",
            AuditEntry.outcome == "done",
        )
        .order_by(AuditEntry.seq)
    )
    found: dict[str, Looks] = defaultdict(dict)
    for at, looked_at, body in rows:
        page_id = str(looked_at)
        request_id = (json.loads(body)["detail"] or {}).get("consultation", "")
        first, _last = found[request_id].get(page_id, (at, at))
        found[request_id][page_id] = (first, at)
    return found


def _line(request: Consultation, looks: Looks) -> LogLine:
    return LogLine(
        number=request.number,
        register_number=request.register_number or "",
        reader=request.asked_by.full_name,
        unit=request.unit.name,
        purpose=request.purpose,
        basis=request.basis,
        kind=request.kind,
        state=request.state,
        decided_by=request.decided_by.full_name if request.decided_by is not None else "",
        decided_at=request.decided_at,
        ends_at=request.ends_at,
        pages_granted=len(request.grants),
        pages_looked_at=len(looks),
        first_look=min((first for first, _last in looks.values()), default=None),
        last_look=max((last for _first, last in looks.values()), default=None),
        copies=tuple(order.number for order in request.copies if order.number is not None),
        loan=request.loan,
    )
