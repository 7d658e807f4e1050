"""Whether dossiers hold what they must: by the list in force on a day, for one dossier, a unit or all one may read.

What only some people need is left out: nobody can tell from the contents list that it is missing. Sealed inserts count
for nothing, as everywhere. Knows the lists (`catalogue`), not how they are shown.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, True_, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, catalogue
from oms.catalogue import Component, TimeLimit
from oms.errors import N_
from oms.exporting import Translate, require_purpose, who_took_it
from oms.models import Campaign, Category, Declaration, Document, Dossier, PaperLoss, Person, Unit
from oms.models.paper_losses import DOSSIERS, GONE
from oms.organisation import today
from oms.permissions import Action, Actor, allowed
from oms.spreadsheets import Value, write_list
from oms.vietnamese.names import name_key

PAGE_SIZE = 50
# Heading and width in characters.
_COLUMNS = (
    (N_("Full name"), 28),
    (N_("Number of the dossier"), 16),
    (N_("Category of dossier"), 24),
    (N_("Unit that holds it"), 34),
    (N_("Unit"), 30),
    (N_("Missing paper"), 60),
    (N_("Number of the form"), 16),
    (N_("Basis"), 40),
)


@dataclass(frozen=True)
class Presence:
    """A component every such dossier must have, and how many documents of it lie there."""

    component: Component
    documents: int


@dataclass(frozen=True)
class YearlyGap:
    """A paper that comes every year: years without one, and whether there is none at all."""

    component: Component
    years: tuple[int, ...]
    none: bool


@dataclass(frozen=True)
class Lacking:
    """A dossier with the components it lacks, in the order of the contents list, and how many it must have."""

    dossier: Dossier
    missing: tuple[Component, ...]
    wanted: int


# Components, each with how many dossiers lack it, the worst first; what nobody lacks is left out.
Gaps = tuple[tuple[Component, int], ...]


@dataclass(frozen=True)
class UnitState:
    """How the dossiers of one holder stand: how many, how many whole, papers wanted and there, and what they lack."""

    unit: Unit
    gaps: Gaps
    dossiers: int
    complete: int
    wanted: int
    present: int

    @property
    def share(self) -> int:
        """Papers that are there, in per cent of those wanted, rounded down: 100 means whole."""
        return 100 * self.present // self.wanted if self.wanted else 100


def wanted(category: Category, on: date | None = None) -> tuple[Component, ...]:
    """What every dossier of a category must hold on a day: the original set (hồ sơ gốc).

    A category without an original set by rule is measured by its required components.
    """
    rows = [row for row in _listed(category, on) if not row.applies_to and not row.recurring]
    return tuple([row for row in rows if row.original] or [row for row in rows if row.required])


def limit_on(category: Category, day: date) -> TimeLimit | None:
    """How long a gap in the original set may last; None where no rule says so."""
    limit = catalogue.time_limit("missing_component", day)
    return limit if category.value in limit.applies_to else None


def _listed(category: Category, on: date | None) -> list[Component]:
    return [row for row in catalogue.components(category.value, on or today()) if row.store_in_system]


def _counts() -> ColumnElement[bool]:
    """Documents that count as being there: not sealed, and their paper was not declared missing or lost.

    The dossier is asked first: it stands in the index figures are counted from, the id of the document does not.
    """
    return ~Document.sealed & ~(Document.dossier_id.in_(DOSSIERS) & Document.id.in_(GONE))


def counting(session: Session, documents: Sequence[Document]) -> list[Document]:
    """Those of the documents of a dossier that count as being there; what was lost is listed and counts for nothing."""
    gone = set(session.scalars(GONE.where(PaperLoss.document_id.in_([document.id for document in documents]))))
    return [document for document in documents if document.id not in gone]


def presences(dossier: Dossier, documents: Sequence[Document], on: date | None = None) -> list[Presence]:
    """The components the dossier must hold and what of them is there."""
    counts = Counter(document.component_id for document in documents)
    return [Presence(row, counts[row.id]) for row in wanted(dossier.category, on)]


def told_years(session: Session, dossier: Dossier) -> dict[str, int]:
    """The years that signed supplements tell of, by document: one signed in January mostly tells of the year before."""
    query = select(Declaration.document_id, Campaign.year).join(Campaign, Campaign.id == Declaration.campaign_id)
    rows = session.execute(query.where(Declaration.dossier_id == dossier.id, Declaration.document_id.is_not(None)))
    return {str(document_id): year for document_id, year in rows}


def yearly_gaps(
    dossier: Dossier, documents: Sequence[Document], on: date | None = None, *, told: Mapping[str, int] | None = None
) -> list[YearlyGap]:
    """Years without the paper that every year brings, from the first that is there to the last one that is due.

    A paper is of the year of its date, unless `told` says otherwise. Where none lies there nobody can say since when they are owed: `none` says so and no year is named.
    """
    day = on or today()
    found: dict[str, set[int]] = defaultdict(set)
    for document in documents:
        year = (told or {}).get(document.id) or (document.issued_on.year if document.issued_on else None)
        if year is not None:
            found[document.component_id].add(year)
    there = {document.component_id for document in documents}
    gaps = []
    for row in _listed(dossier.category, day):
        if row.recurring != "yearly" or not row.required or row.applies_to:
            continue
        last = _last_due(row, day)
        years = found[row.id]
        absent = tuple(year for year in range(min(years), last + 1) if year not in years) if years else ()
        if absent or row.id not in there:
            gaps.append(YearlyGap(row, absent, row.id not in there))
    return gaps


# A due day in the first months of a year is that of the paper of the year before (mẫu 4a-BNV: by 15 January).
_DUE_NEXT_YEAR = 3


def _last_due(row: Component, day: date) -> int:
    """The year of the newest paper that is owed on the day."""
    if row.due is None:
        return day.year - 1
    month, of_month = (int(part) for part in row.due.split("-"))
    year = day.year - (1 if month <= _DUE_NEXT_YEAR else 0)
    return year if day > date(day.year, month, of_month) else year - 1


@dataclass(frozen=True)
class Standing:
    """How some dossiers stand: their holders, the worst first, and what all of them lack."""

    states: tuple[UnitState, ...]
    gaps: Gaps


def by_unit(session: Session, *, actor: Actor, on: date | None = None) -> Standing:
    """How the dossiers the actor may read stand, by their holder."""
    standing = stand(session, allowed(actor, Action.DOSSIER_READ), on)
    audit.record(session, "completeness:list", actor=actor, total=sum(state.dossiers for state in standing.states))
    return standing


def stand(session: Session, dossiers: ColumnElement[bool], on: date | None = None) -> Standing:
    """How the dossiers of a condition stand, with two queries; the caller answers for whom it counts."""
    lists = {category: wanted(category, on) for category in Category}
    bits = {id: place for place, id in enumerate(sorted({row.id for rows in lists.values() for row in rows}))}
    needed = {category: sum(1 << bits[row.id] for row in rows) for category, rows in lists.items()}
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    lacking: dict[str, Counter[tuple[Category, int]]] = defaultdict(Counter)
    for category, unit_id, number, *there in session.execute(_what_lies_there(list(bits), dossiers)):
        mask = sum(int(part or 0) << _WORD * place for place, part in enumerate(there)) & needed[category]
        whole = needed[category].bit_count()
        row = (number, number if mask == needed[category] else 0, number * whole, number * mask.bit_count())
        sums[unit_id] = [one + other for one, other in zip(sums[unit_id], row, strict=True)]
        absent = needed[category] & ~mask
        while absent:  # bit by bit: a component is found by its number, ten thousand times
            lowest = absent & -absent
            lacking[unit_id][category, lowest.bit_length() - 1] += number
            absent ^= lowest

    def gaps(counted: Counter[tuple[Category, int]]) -> Gaps:
        found = ((row, counted[category, bits[row.id]]) for category, rows in lists.items() for row in rows)
        return tuple(sorted((gap for gap in found if gap[1]), key=lambda gap: (-gap[1], gap[0].id)))

    units = session.scalars(select(Unit).where(Unit.id.in_(sums)))
    return Standing(
        states=tuple(
            sorted(
                (UnitState(unit, gaps(lacking[unit.id]), *sums[unit.id]) for unit in units),
                key=lambda row: (row.share, name_key(row.unit.name)),
            )
        ),
        gaps=gaps(sum(lacking.values(), Counter())),
    )


# Components told in one number, a bit for each: as many as every database adds up exactly.
_WORD = 60


def _what_lies_there(ids: Sequence[str], dossiers: ColumnElement[bool]) -> Select[Any]:
    """Dossiers by category, holder and what lies in them of the components `ids`, as numbers of `_WORD` bits each.

    The documents are read from one index alone, and of few dossiers only theirs.
    """
    words = [
        func.sum(
            case(
                *(
                    (Document.component_id == id, literal(1 << place, BigInteger))
                    for place, id in enumerate(ids[start : start + _WORD])
                ),
                else_=literal(0, BigInteger),
            ).distinct()
        ).label(f"there_{start}")
        for start in range(0, len(ids), _WORD)
    ]
    there = select(Document.dossier_id, *words).where(Document.component_id.in_(ids), _counts())
    if not isinstance(dossiers, True_):
        there = there.where(Document.dossier_id.in_(select(Dossier.id).where(dossiers)))
    found = there.group_by(Document.dossier_id).subquery()
    kinds = (Dossier.category, Dossier.custodian_id)
    columns = [found.c[word.name] for word in words]
    return (
        select(*kinds, func.count(), *columns)
        .outerjoin(found, found.c.dossier_id == Dossier.id)
        .where(dossiers)
        .group_by(*kinds, *columns)
    )


def list_lacking(
    session: Session,
    *,
    actor: Actor,
    unit_id: str = "",
    category: Category | None = None,
    component_id: str = "",
    on: date | None = None,
    page: int = 1,
    size: int | None = PAGE_SIZE,
) -> tuple[list[Lacking], int]:
    """Dossiers that lack something (or the one component), by the name of the person; and how many in all.

    `size` None gives all of them.
    """
    chosen = [category] if category else list(Category)
    query = (
        select(Dossier)
        .join(Dossier.person)
        .where(allowed(actor, Action.DOSSIER_READ), or_(*(lacks(kind, component_id, on) for kind in chosen)))
    )
    if unit_id:
        query = query.where(Dossier.custodian_id == unit_id)
    # How many in all comes with each row, so that what a dossier lacks is asked once.
    listed = (
        query.options(joinedload(Dossier.person).joinedload(Person.unit), joinedload(Dossier.custodian))
        .add_columns(func.count().over())
        .order_by(Person.sort_key, Dossier.number)
    )
    if size is not None:
        listed = listed.limit(size).offset((max(page, 1) - 1) * size)
    counted = session.execute(listed).all()
    rows = [dossier for dossier, _total in counted]
    total = counted[0][1] if counted else session.scalar(select(func.count()).select_from(query.subquery())) or 0
    audit.record(session, "completeness:list", actor=actor, total=total, component=component_id or None)
    return lacking_of(session, rows, on), total


def lacking_of(session: Session, dossiers: Sequence[Dossier], on: date | None = None) -> list[Lacking]:
    """What each of the dossiers lacks; the actor was asked about them before."""
    there = _there(session, [row.id for row in dossiers])
    found = []
    for dossier in dossiers:
        components = wanted(dossier.category, on)
        missing = tuple(row for row in components if row.id not in there[dossier.id])
        found.append(Lacking(dossier, missing, len(components)))
    return found


def _of_dossier(ids: Collection[str]) -> ColumnElement[bool]:
    """Documents of the dossier that are one of the components `ids` and count."""
    return and_(Document.dossier_id == Dossier.id, Document.component_id.in_(ids), _counts())


def lacks(category: Category, component_id: str = "", on: date | None = None) -> ColumnElement[bool]:
    """The condition for dossiers of a category that lack something (or the one component)."""
    ids = [row.id for row in wanted(category, on)]
    if component_id:
        ids = [id for id in ids if id == component_id]
    here = select(func.count(Document.component_id.distinct())).where(_of_dossier(ids))
    return and_(Dossier.category == category, here.correlate(Dossier).scalar_subquery() < len(ids))


def _there(session: Session, dossier_ids: Sequence[str]) -> dict[str, set[str]]:
    """The components that lie in each of the dossiers."""
    found: dict[str, set[str]] = defaultdict(set)
    for first in range(0, len(dossier_ids), 500):
        some = dossier_ids[first : first + 500]
        query = select(Document.dossier_id, Document.component_id).where(Document.dossier_id.in_(some), _counts())
        for dossier_id, component_id in session.execute(query.distinct()):
            found[dossier_id].add(component_id)
    return found


def export(
    session: Session,
    *,
    actor: Actor,
    purpose: str,
    translate: Translate,
    unit_id: str = "",
    category: Category | None = None,
    component_id: str = "",
    on: date | None = None,
) -> bytes:
    """The list of dossiers that lack something as an Excel file, one row for each missing paper."""
    reason = require_purpose(purpose, actor=actor)
    lacking, _total = list_lacking(
        session, actor=actor, unit_id=unit_id, category=category, component_id=component_id, on=on, size=None
    )
    rows = [
        [
            row.dossier.person.full_name,
            row.dossier.number,
            translate(row.dossier.category.label),
            row.dossier.custodian.name,
            row.dossier.person.unit.short_name,
            component.label_vi,
            component.form,
            component.basis,
        ]
        for row in lacking
        for component in row.missing
        if component_id in ("", component.id)
    ]
    facts: list[tuple[str, Value]] = [
        (translate(N_("List in force on")), on or today()),
        (translate(N_("Rows")), len(rows)),
        *who_took_it(reason, actor=actor, translate=translate),
    ]
    audit.record(session, "completeness:export", actor=actor, words=reason, rows=len(rows))
    columns = [(translate(heading), width) for heading, width in _COLUMNS]
    return write_list(translate(N_("Missing papers")), columns, rows, (translate(N_("About this file")), facts))
