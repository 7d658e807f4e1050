"""What people see of their own dossier: the papers the law lets them see, what was corrected, who looked and why.

Titles of papers, no images: reading goes on at the place of storage with the head's consent (TT 11/2012 Đ13, Đ21).
Bodies are named and not their officers. Inspectors' looks are not told, and no purpose while a hold is in force: what
is being verified must not be warned of (TT 11/2012 Đ21.2 keeps verification papers from the person, too).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from oms import audit
from oms.errors import N_, NotFound
from oms.models import (
    Assignment,
    AuditEntry,
    AuditWords,
    Consultation,
    ConsultationState,
    Correction,
    CorrectionState,
    Document,
    Dossier,
    Role,
    SubjectRequest,
    Unit,
    now,
)
from oms.organisation import today
from oms.permissions import Action, Actor, require
from oms.procedures.requests import own_requests, readable

DAYS = 365
"""Days back that looks are told of."""
NEWEST = 2000
"""Entries of the log that are read at most: a page of its own has room for no more."""
_INSPECTORS = select(Assignment.account_id).where(Assignment.role == Role.INSPECTOR)
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
# What counts as looking into a dossier, in the words of the person concerned.
LOOKS: dict[str, str] = {
    "dossier:view": N_("opened the dossier"),
    "page:view": N_("looked at pages"),
    "scan:view": N_("looked at a scan"),
    "record:view": N_("looked at the values of the record"),
    "consultation:look": N_("looked at pages that were granted"),
    "scan:download": N_("took a scan as a file"),
    "dossier:export": N_("took the whole dossier as a file"),
    "copy:take": N_("took a copy away"),
    "paper:print": N_("printed a paper about the dossier"),
    "paper:short_cv": N_("printed the short CV"),
    "package:export": N_("sealed the dossier as a package"),
    "loan:hand_out": N_("lent the paper dossier"),
    "correction:decide": N_("corrected a value by decision"),
}


# Acts whose words in the log say what for; the words of others are notes of officers.
_FOR = ("consultation:look", "dossier:export", "paper:print", "paper:short_cv")


@dataclass(frozen=True)
class Looked:
    """What one body did on one day, how often, and what for where that was asked and may be told."""

    day: date
    unit: Unit | None
    action: str
    times: int
    purpose: str = ""


@dataclass(frozen=True)
class OwnDossier:
    """One dossier as its person sees it: `requests` are those of the person, `consultations` have their purposes where
    they may be told."""

    dossier: Dossier
    documents: tuple[Document, ...]
    corrections: tuple[Correction, ...]
    consultations: tuple[tuple[Consultation, str], ...]
    looks: tuple[Looked, ...]
    requests: tuple[SubjectRequest, ...] = ()


def own_dossier(session: Session, dossier_id: str, *, actor: Actor) -> OwnDossier:
    """The own dossier of the actor; that of anybody else does not exist. Looking at it is written down."""
    require(actor, Action.OWN_READ)
    query = select(Dossier).where(Dossier.id == dossier_id, Dossier.person_id == actor.person_id)
    dossier = session.scalar(query.options(joinedload(Dossier.custodian), joinedload(Dossier.managing_body)))
    if dossier is None or actor.person_id is None:
        raise NotFound()
    corrections = session.scalars(
        select(Correction)
        .where(Correction.dossier_id == dossier.id, Correction.state != CorrectionState.WITHDRAWN)
        .order_by(Correction.proposed_at.desc(), Correction.id)
    ).all()
    granted = session.scalars(
        select(Consultation)
        .where(
            Consultation.dossier_id == dossier.id,
            Consultation.state.in_((ConsultationState.APPROVED, ConsultationState.ENDED)),
            Consultation.asked_by_id.not_in(_INSPECTORS),
        )
        .options(joinedload(Consultation.unit))
        .order_by(Consultation.decided_at.desc(), Consultation.id)
    ).all()
    found = OwnDossier(
        dossier,
        tuple(readable(session, dossier)),
        tuple(corrections),
        tuple((one, "" if dossier.held else one.purpose) for one in granted),
        tuple(_looks(session, dossier, actor)),
        tuple(own_requests(session, dossier, actor=actor)),
    )
    audit.record(session, "own:view", dossier, actor=actor)
    return found


def _looks(session: Session, dossier: Dossier, actor: Actor) -> Sequence[Looked]:
    """Looks of others by day, body and kind, the latest first."""
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.unit_id, AuditEntry.action, AuditWords.words)
        .outerjoin(AuditWords, AuditWords.seq == AuditEntry.seq)
        .where(
            AuditEntry.dossier_id == dossier.id,
            AuditEntry.action.in_(LOOKS),
            AuditEntry.outcome == "done",
            AuditEntry.at >= now() - timedelta(days=DAYS),
            AuditEntry.account_id.is_not(None),
            AuditEntry.account_id != actor.account_id,
            AuditEntry.account_id.not_in(_INSPECTORS),
        )
        .order_by(AuditEntry.seq.desc())
        .limit(NEWEST)
    ).all()
    counted = Counter(
        (at.astimezone(_ZONE).date(), unit, action, "" if dossier.held or action not in _FOR else words or "")
        for at, unit, action, words in rows
    )
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_({key[1] for key in counted})))}
    return [
        Looked(day, units.get(unit or ""), action, times, purpose)
        for (day, unit, action, purpose), times in counted.items()
    ]


def told_since() -> date:
    """The first day of which looks are told."""
    return today() - timedelta(days=DAYS)
