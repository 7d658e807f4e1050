"""The lists of findings: of one dossier, of a unit, of all one may read; counted, narrowed, as an Excel file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit
from oms.errors import N_
from oms.exporting import Translate, require_purpose, who_took_it
from oms.models import Dossier, Finding, FindingKind, FindingPlace, FindingState, Page, Person, Unit, Verification
from oms.models.verifications import RUNNING
from oms.organisation import today
from oms.permissions import Action, Actor, allowed
from oms.spreadsheets import Value, write_list
from oms.vietnamese.names import name_key

PAGE_SIZE = 50
_COLUMNS = (
    (N_("Full name"), 28),
    (N_("Number of the dossier"), 16),
    (N_("Unit that holds it"), 34),
    (N_("What does not fit"), 26),
    (N_("In words"), 70),
    (N_("State"), 24),
    (N_("Due on"), 12),
    (N_("Reason"), 40),
)


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; `state` None means everything that is not gone."""

    unit_id: str = ""
    kind: FindingKind | None = None
    state: FindingState | None = FindingState.OPEN
    late: bool = False


def list_findings(
    session: Session, filters: Filters, *, actor: Actor, page: int = 1, size: int | None = PAGE_SIZE
) -> tuple[list[Finding], int]:
    """The findings of a choice, by the name of the person; and how many in all. `size` None gives all of them."""
    query = (
        select(Finding)
        .join(Dossier, Dossier.id == Finding.dossier_id)
        .join(Person, Person.id == Dossier.person_id)
        .where(allowed(actor, Action.CHECK_READ), *_conditions(filters))
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    query = query.options(
        joinedload(Finding.dossier).joinedload(Dossier.person),
        joinedload(Finding.dossier).joinedload(Dossier.custodian),
    ).order_by(Person.sort_key, Dossier.number, Finding.kind, Finding.id)
    if size is not None:
        query = query.limit(size).offset((max(page, 1) - 1) * size)
    rows = list(session.scalars(query))
    audit.record(session, "check:list", actor=actor, total=total, kind_of=filters.kind.value if filters.kind else None)
    return rows, total


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.unit_id:
        found.append(Dossier.custodian_id == filters.unit_id)
    if filters.kind:
        found.append(Finding.kind == filters.kind)
    if filters.late:
        found.append(and_(Finding.state == FindingState.SENT, Finding.due_on < today()))
    elif filters.state:
        found.append(Finding.state == filters.state)
    else:
        found.append(Finding.state != FindingState.GONE)
    return found


@dataclass(frozen=True)
class UnitFindings:
    """How the dossiers of one holder stand."""

    unit: Unit
    open: int
    sent: int
    settled: int


def by_unit(session: Session, *, actor: Actor) -> list[UnitFindings]:
    """Findings by the unit that holds the dossier, the one with the most open ones first."""
    counts: dict[str, dict[FindingState, int]] = {}
    query = (
        select(Dossier.custodian_id, Finding.state, func.count())
        .join(Finding, Finding.dossier_id == Dossier.id)
        .where(allowed(actor, Action.CHECK_READ))
        .group_by(Dossier.custodian_id, Finding.state)
    )
    for unit_id, state, number in session.execute(query):
        counts.setdefault(unit_id, {})[state] = number
    units = session.scalars(select(Unit).where(Unit.id.in_(counts)))
    rows = [
        UnitFindings(
            unit,
            counts[unit.id].get(FindingState.OPEN, 0),
            counts[unit.id].get(FindingState.SENT, 0),
            sum(counts[unit.id].get(state, 0) for state in (FindingState.ACCEPTED, FindingState.EXPLAINED)),
        )
        for unit in units
    ]
    return sorted(rows, key=lambda row: (-row.open, name_key(row.unit.name)))


@dataclass(frozen=True)
class Waiting:
    """What waits on the start page: findings nobody looked at, and those sent to verification that are over their day
    without a case that says so itself (`oms.procedures.verifications`)."""

    open: int
    late: int
    next_due: date | None


def count_waiting(session: Session, *, actor: Actor) -> Waiting:
    """The counts of the start page, with one query."""
    case = select(Verification.id).where(Verification.finding_id == Finding.id, Verification.state.in_(RUNNING))
    sent = (Finding.state == FindingState.SENT) & ~case.exists()
    row = session.execute(
        select(
            func.count().filter(Finding.state == FindingState.OPEN),
            func.count().filter(sent & (Finding.due_on < today())),
            func.min(Finding.due_on).filter(sent),
        ).where(allowed(actor, Action.CHECK_READ), Finding.state.in_((FindingState.OPEN, FindingState.SENT)))
    ).one()
    return Waiting(row[0] or 0, row[1] or 0, row[2])


def of_dossier(session: Session, dossier: Dossier, *, actor: Actor) -> list[Finding]:
    """The findings of a dossier with their places, what is open first; those that are gone last."""
    order = {state: place for place, state in enumerate(FindingState)}
    rows = session.scalars(
        select(Finding)
        .where(Finding.dossier_id == dossier.id, allowed(actor, Action.CHECK_READ))
        .options(
            joinedload(Finding.settled_by),
            selectinload(Finding.places).joinedload(FindingPlace.page).joinedload(Page.document),
            selectinload(Finding.places).joinedload(FindingPlace.page).joinedload(Page.scan),
        )
    )
    return sorted(rows, key=lambda row: (order[row.state], row.found_at, row.id))


def count_open(session: Session, dossier: Dossier, *, actor: Actor) -> int:
    """How many findings of a dossier nobody looked at yet."""
    query = select(func.count(Finding.id)).where(
        Finding.dossier_id == dossier.id, Finding.state == FindingState.OPEN, allowed(actor, Action.CHECK_READ)
    )
    return session.scalar(query) or 0


def look_at(session: Session, dossier: Dossier, findings: Sequence[Finding], *, actor: Actor) -> None:
    """Write down that the actor looked at the findings of a dossier."""
    audit.record(session, "check:view", dossier, actor=actor, shown=len(findings))


def export(session: Session, filters: Filters, *, purpose: str, actor: Actor, translate: Translate) -> bytes:
    """The list as an Excel file, one row for each finding."""
    reason = require_purpose(purpose, actor=actor)
    found, _total = list_findings(session, filters, actor=actor, size=None)
    rows: list[list[Value]] = [
        [
            row.dossier.person.full_name,
            row.dossier.number,
            row.dossier.custodian.name,
            translate(row.kind.label),
            translate(row.message) % row.details,
            translate(row.state.label),
            row.due_on,
            row.reason,
        ]
        for row in found
    ]
    facts: list[tuple[str, Value]] = [
        (translate(N_("Rows")), len(rows)),
        *who_took_it(reason, actor=actor, translate=translate),
    ]
    audit.record(session, "check:export", actor=actor, words=reason, rows=len(rows))
    columns = [(translate(heading), width) for heading, width in _COLUMNS]
    return write_list(translate(N_("Truth checks")), columns, rows, (translate(N_("About this file")), facts))
