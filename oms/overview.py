"""What the start page counts: figures of the units the actor works for, latest changes, state of the log.

Only counts and lists of what other rooms decide may be seen; knows no role and no page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from oms import audit
from oms.audit import sealing
from oms.audit.proof import Break
from oms.errors import N_
from oms.models import Account, AuditEntry, Base, Document, Dossier, Page, PageState, Person, Scan, ScanState, now
from oms.permissions import Action, Actor, allowed, require
from oms.settings import Settings

# Changes people want to read about, in words; looks and searches are no news.
CHANGES: Mapping[str, str] = {
    "dossier:create": N_("Dossier opened"),
    "dossier:place": N_("Place on the shelf written down"),
    "scan:upload": N_("Scan received"),
    "document:file": N_("Document filed"),
    "document:describe": N_("Document described anew"),
    "document:take_apart": N_("Document taken apart"),
    "document:split": N_("Document split"),
    "document:merge": N_("Documents joined"),
    "document:move_pages": N_("Pages moved"),
    "page:correct": N_("Text of a page corrected"),
    "package:import": N_("Dossier taken in from a package"),
    "paper:move": N_("Place of the paper written down"),
    "transfer:accept": N_("Dossier taken over"),
    "transfer:accept-with-reservations": N_("Dossier taken over with reservations"),
}
# How far back the start page looks; the audit log itself has everything.
CHANGES_WITHIN = 5_000
# Entries of the chain that the start page checks in a tenth of a second.
QUICK_CHECK = 1_000
REFUSALS_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Figures:
    """How much there is in the units whose dossiers the actor may read."""

    people: int
    dossiers: int
    documents: int
    waiting_pages: int


def count_figures(session: Session, *, actor: Actor) -> Figures:
    """Count what the actor may read."""

    def count(model: type[Base], action: Action, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(model).where(allowed(actor, action), *conditions)
        return session.scalar(query) or 0

    return Figures(
        people=count(Person, Action.PERSON_READ),
        dossiers=count(Dossier, Action.DOSSIER_READ),
        documents=count(Document, Action.DOCUMENT_READ),
        waiting_pages=count(Page, Action.PAGE_READ, Page.document_id.is_(None), Page.state != PageState.WAITING),
    )


def count_scans(session: Session, *, actor: Actor) -> dict[ScanState, int]:
    """How many scans the actor may read are in each state, with one query."""
    query = select(Scan.state, func.count()).where(allowed(actor, Action.SCAN_READ)).group_by(Scan.state)
    return dict(session.execute(query).all())


@dataclass(frozen=True)
class Change:
    """Something that happened in a dossier the actor may read."""

    label: str
    at: datetime
    who: str
    dossier: Dossier
    times: int = 1


def latest_changes(session: Session, *, actor: Actor, limit: int = 8) -> list[Change]:
    """The newest changes in the dossiers the actor may read, the newest first; the same one again is counted."""
    last = session.scalar(select(func.max(AuditEntry.seq))) or 0
    rows = session.execute(
        select(AuditEntry, Dossier, Account.full_name)
        .join(Dossier, Dossier.id == AuditEntry.dossier_id)
        .outerjoin(Account, Account.id == AuditEntry.account_id)
        .where(
            AuditEntry.seq > last - CHANGES_WITHIN,
            AuditEntry.action.in_(CHANGES),
            AuditEntry.outcome == "done",
            allowed(actor, Action.DOSSIER_READ),
        )
        .options(joinedload(Dossier.person))
        .order_by(AuditEntry.seq.desc())
        .limit(limit * 10)
    )
    changes: list[Change] = []
    for entry, dossier, name in rows:
        change = Change(CHANGES[entry.action], entry.at, name or "", dossier)
        last_one = changes[-1] if changes else None
        if last_one and (last_one.label, last_one.who, last_one.dossier) == (change.label, change.who, dossier):
            changes[-1] = replace(last_one, times=last_one.times + 1)
        else:
            changes.append(change)
    return changes[:limit]


@dataclass(frozen=True)
class LogState:
    """The audit log at a glance: how long it is, what was refused lately, whether its newest part holds."""

    entries: int
    last_at: datetime | None
    refused: int
    broken_at: int | None
    checked: int
    breaks: tuple[Break, ...]


def log_state(session: Session, settings: Settings, *, actor: Actor) -> LogState:
    """Count the log and check its newest entries; the whole chain is checked by `audit.verify`."""
    require(actor, Action.AUDIT_READ)
    entries, last_at = session.execute(select(func.max(AuditEntry.seq), func.max(AuditEntry.at))).one()
    refused = session.scalar(
        select(func.count()).where(AuditEntry.outcome == "refused", AuditEntry.at > now() - REFUSALS_WITHIN)
    )
    seal = sealing.state_of(settings)
    found = audit.verify_newest(session, QUICK_CHECK, seal.first)
    return LogState(
        entries=entries or 0,
        last_at=last_at,
        refused=refused or 0,
        broken_at=found.seq if found.finding else None,
        checked=min((entries or 0) - seal.first + 1, QUICK_CHECK),
        breaks=seal.breaks,
    )


def look(session: Session, *, actor: Actor) -> None:
    """Write down that the actor saw the work waiting and the names in it."""
    require(actor, Action.OWN_READ)
    audit.record(session, "work:list", actor=actor)
