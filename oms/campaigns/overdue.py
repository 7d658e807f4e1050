"""What is late: supplements that were not handed in, and new dossiers whose original set is not whole yet.

Each row has its own last day. What the data cannot tell is said: a dossier without a dated recruitment decision is
counted from the day it was opened here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue, completeness
from oms.campaigns.finding import HAS_ACCOUNT, NOT_HANDED_IN, STILL_ASKED
from oms.catalogue import Component, TimeLimit
from oms.errors import N_
from oms.exporting import Translate, require_purpose, who_took_it
from oms.models import Campaign, Category, Declaration, Document, Dossier, Person, Precision
from oms.organisation import HANOI, today, units_below
from oms.permissions import Action, Actor, allowed
from oms.permissions.declaring import USING
from oms.spreadsheets import Value, write_list

PAGE_SIZE = 50
LISTS = {"supplements": N_("Supplements not handed in"), "new-dossiers": N_("New dossiers that are not whole")}


@dataclass(frozen=True)
class Owed:
    """A supplement that was not handed in, and whether the person can declare by an account of their own."""

    declaration: Declaration
    account: bool

    @property
    def days_late(self) -> int:
        """Days since its last day; 0 while there is time."""
        return max((today() - self.declaration.campaign.ends_on).days, 0)


@dataclass(frozen=True)
class NewDossier:
    """A dossier that lacks parts of its original set; `recruited` None: counted from the day it was opened here."""

    dossier: Dossier
    missing: tuple[Component, ...]
    recruited: date | None
    ends_on: date

    @property
    def start(self) -> date:
        """The day the limit is counted from."""
        return self.recruited or opened_on(self.dossier)

    @property
    def days_late(self) -> int:
        """Days since its last day; 0 while there is time."""
        return max((today() - self.ends_on).days, 0)


def opened_on(dossier: Dossier) -> date:
    """The day a dossier was opened in this installation."""
    return dossier.created_at.astimezone(HANOI).date()


def supplements(
    session: Session,
    *,
    actor: Actor,
    campaign_id: str = "",
    unit_id: str = "",
    late_only: bool = False,
    page: int = 1,
    size: int | None = PAGE_SIZE,
) -> tuple[list[Owed], int]:
    """Who has not handed in, what is owed longest first; of people the actor may know of."""
    condition = and_(
        Declaration.state.in_(NOT_HANDED_IN),
        STILL_ASKED,
        Campaign.starts_on <= today(),
        allowed(actor, Action.DECLARATION_READ),
    )
    if campaign_id:
        condition &= Campaign.id == campaign_id
    if unit_id:
        condition &= USING.in_(units_below(session, {unit_id}))
    if late_only:
        condition &= Campaign.ends_on < today()
    query = (
        select(Declaration, HAS_ACCOUNT)
        .join(Declaration.campaign)
        .join(Declaration.dossier)
        .join(Dossier.person)
        .where(condition)
        .options(
            joinedload(Declaration.campaign),
            joinedload(Declaration.dossier).joinedload(Dossier.person).joinedload(Person.unit),
        )
        .order_by(Campaign.ends_on, Person.sort_key, Dossier.number)
    )
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    if size is not None:
        query = query.limit(size).offset((max(page, 1) - 1) * size)
    rows = [Owed(declaration, account) for declaration, account in session.execute(query)]
    audit.record(session, "declaration:list", actor=actor, total=total)
    return rows, total


def new_dossiers(
    session: Session,
    *,
    actor: Actor,
    unit_id: str = "",
    late_only: bool = False,
    page: int = 1,
    size: int | None = PAGE_SIZE,
) -> tuple[list[NewDossier], int]:
    """Dossiers of recent years that lack parts of their original set, the one opened first in front."""
    limit = catalogue.time_limit("build_original_set", today())
    recruited = (
        select(func.min(Document.issued_on))
        .where(
            Document.dossier_id == Dossier.id,
            Document.component_id.in_(catalogue.recruited_by()),
            Document.issued_precision == Precision.DAY,
            ~Document.sealed,
        )
        .correlate(Dossier)
        .scalar_subquery()
    )
    lacking = or_(*(completeness.lacks(Category(name)) for name in limit.applies_to))
    condition = and_(allowed(actor, Action.DOSSIER_READ), lacking)
    if unit_id:
        condition &= Dossier.custodian_id.in_(units_below(session, {unit_id}))
    if late_only:
        last = _latest_late(limit)
        opened_before = datetime.combine(last + timedelta(days=1), time.min, HANOI)
        condition &= or_(recruited <= last, and_(recruited.is_(None), Dossier.created_at < opened_before))
    query = (
        select(Dossier, recruited)
        .where(condition)
        .options(joinedload(Dossier.person).joinedload(Person.unit), joinedload(Dossier.custodian))
        .order_by(func.coalesce(recruited, func.date(Dossier.created_at)), Dossier.number)
    )
    total = session.scalar(select(func.count()).select_from(Dossier).where(condition)) or 0
    if size is not None:
        query = query.limit(size).offset((max(page, 1) - 1) * size)
    found = session.execute(query).all()
    missing = {row.dossier.id: row.missing for row in completeness.lacking_of(session, [row[0] for row in found])}
    audit.record(session, "completeness:list", actor=actor, total=total)
    return [
        NewDossier(dossier, missing[dossier.id], day, limit.ends(day or opened_on(dossier))) for dossier, day in found
    ], total


def _latest_late(limit: TimeLimit) -> date:
    """The latest day from which the limit has ended by now."""
    day = today()
    while limit.ends(day) >= today():
        day -= timedelta(days=1)
    return day


def export(
    session: Session,
    what: str,
    *,
    actor: Actor,
    purpose: str,
    translate: Translate,
    campaign_id: str = "",
    unit_id: str = "",
    late_only: bool = False,
) -> bytes:
    """One of the two lists as an Excel file, days as days; `BadInput` without a purpose."""
    reason = require_purpose(purpose, actor=actor)
    if what == "supplements":
        owed, _total = supplements(
            session, actor=actor, campaign_id=campaign_id, unit_id=unit_id, late_only=late_only, size=None
        )
        columns, rows = _OWED, [_owed(number, row, translate) for number, row in enumerate(owed, start=1)]
    else:
        lacking, _total = new_dossiers(session, actor=actor, unit_id=unit_id, late_only=late_only, size=None)
        columns, rows = _LACKING, [_new(number, row, translate) for number, row in enumerate(lacking, start=1)]
    basis = catalogue.time_limit("build_original_set", today()).basis
    facts: list[tuple[str, Value]] = [
        (translate(N_("Rows")), len(rows)),
        *([(translate(N_("Basis")), basis)] if what != "supplements" else []),
        *who_took_it(reason, actor=actor, translate=translate),
    ]
    audit.record(session, "declaration:export", actor=actor, words=reason, what=what, rows=len(rows))
    headings = [(translate(heading), width) for heading, width in columns]
    return write_list(translate(LISTS[what]), headings, rows, (translate(N_("About this file")), facts))


_PERSON: tuple[tuple[str, float], ...] = (
    (N_("No."), 6),
    (N_("Full name"), 28),
    (N_("Number of the dossier"), 16),
    (N_("Category of dossier"), 22),
    (N_("Unit"), 34),
)
_OWED = (
    *_PERSON,
    (N_("Campaign"), 34),
    (N_("State"), 18),
    (N_("Account"), 14),
    (N_("Hand in by"), 14),
    (N_("Days late"), 10),
)
_LACKING = (
    *_PERSON,
    (N_("Missing papers"), 60),
    (N_("Counted from"), 14),
    (N_("What the day is"), 26),
    (N_("Complete by"), 14),
    (N_("Days late"), 10),
)


def _person(number: int, dossier: Dossier, translate: Translate) -> list[Value]:
    person = dossier.person
    return [number, person.full_name, dossier.number, translate(dossier.category.label), person.unit.name]


def _owed(number: int, row: Owed, translate: Translate) -> Sequence[Value]:
    declaration = row.declaration
    return [
        *_person(number, declaration.dossier, translate),
        declaration.campaign.name,
        translate(declaration.state.label),
        translate(N_("has one") if row.account else N_("none")),
        declaration.campaign.ends_on,
        row.days_late,
    ]


def _new(number: int, row: NewDossier, translate: Translate) -> Sequence[Value]:
    return [
        *_person(number, row.dossier, translate),
        "; ".join(component.label_vi for component in row.missing),
        row.start,
        translate(N_("recruitment decision") if row.recruited else N_("opened here")),
        row.ends_on,
        row.days_late,
    ]
