"""Whether dossiers hold what they must: by the list in force on a day, for one dossier, a unit or all one may read.

What only some people need is left out: nobody can tell from the contents list that it is missing. Sealed inserts count
for nothing, as everywhere. Knows the lists (`catalogue`), not how they are shown.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, literal, select
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
# Ids in one question to the database.
_AT_ONCE = 500
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


@dataclass(frozen=True)
class Look:
    """How the dossiers somebody may read stand, those that lack something, a page of them, and how many there are."""

    standing: Standing
    lacking: list[Lacking]
    total: int


@dataclass(frozen=True)
class Wish:
    """Which dossiers somebody wants to see of those that lack something: all without a choice."""

    unit_id: str = ""
    category: Category | None = None
    component_id: str = ""
    on: date | None = None

    def among(self, rows: "Sequence[_Held]") -> list[str]:
        """The ids of those of the dossiers that lack what is asked for."""
        chosen = [category for category in Category if self.category in (None, category)]
        bits = {category: _bits(category, self.on) for category in chosen}
        asked = {
            category: every.get(self.component_id, 0) if self.component_id else sum(every.values())
            for category, every in bits.items()
        }
        return [
            id
            for id, category, unit_id, there in rows
            if self.unit_id in ("", unit_id) and asked.get(category, 0) & ~there
        ]


ALL = Wish()
"""Every dossier that lacks something, today."""


def look(session: Session, wish: Wish = ALL, *, actor: Actor, page: int = 1) -> Look:
    """How the dossiers the actor may read stand, and one page of those the wish asks for: each dossier is asked once."""
    rows = _held(session, allowed(actor, Action.DOSSIER_READ), wish.on)
    kinds = Counter((category, unit_id, there) for _id, category, unit_id, there in rows)
    found = wish.among(rows)
    audit.record(session, "completeness:list", actor=actor, total=len(found), component=wish.component_id or None)
    return Look(
        standing=_standing(session, kinds, wish.on),
        lacking=_lacking(session, found[(max(page, 1) - 1) * PAGE_SIZE :][:PAGE_SIZE], wish.on),
        total=len(found),
    )


def stand(session: Session, dossiers: ColumnElement[bool], on: date | None = None) -> Standing:
    """How the dossiers of a condition stand, with two queries; the caller answers for whom it counts."""
    one = select(Dossier.category, Dossier.custodian_id, _there(on)).where(dossiers).subquery()
    rows = session.execute(select(func.count(), *one.c).group_by(*one.c))
    kinds = Counter({(category, unit_id, there): number for number, category, unit_id, there in rows})
    return _standing(session, kinds, on)


def _standing(session: Session, kinds: "Counter[tuple[Category, str, int]]", on: date | None) -> Standing:
    """Dossiers counted by category, holder and what lies there, told holder by holder and in all."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    lacking: dict[str, Counter[tuple[Category, int]]] = defaultdict(Counter)
    needed = {category: sum(_bits(category, on).values()) for category in Category}
    for (category, unit_id, there), number in kinds.items():
        whole = needed[category].bit_count()
        row = (number, number if there == needed[category] else 0, number * whole, number * there.bit_count())
        sums[unit_id] = [one + other for one, other in zip(sums[unit_id], row, strict=True)]
        absent = needed[category] & ~there
        while absent:  # bit by bit: a component is found by its number, ten thousand times
            lowest = absent & -absent
            lacking[unit_id][category, lowest] += number
            absent ^= lowest
    lists = {category: wanted(category, on) for category in Category}

    def gaps(counted: Counter[tuple[Category, int]]) -> Gaps:
        found = (
            (row, counted[category, 1 << place]) for category, rows in lists.items() for place, row in enumerate(rows)
        )
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


# A dossier: its id, category, holder, and a bit for each paper it must hold that lies there.
_Held = tuple[str, Category, str, int]


def _bits(category: Category, on: date | None) -> dict[str, int]:
    """The bit of each component a dossier of the category must hold; no list has more than a whole number has bits."""
    return {row.id: 1 << place for place, row in enumerate(wanted(category, on))}


def _there(on: date | None) -> ColumnElement[int]:
    """What lies in a dossier of the papers it must hold, as bits.

    Asked dossier by dossier, and of each only for what its category wants: one index answers, however few are asked.
    """
    return _lying_by_category(tuple((category, tuple(_bits(category, on).items())) for category in Category))


@lru_cache(maxsize=32)
def _lying_by_category(lists: tuple[tuple[Category, tuple[tuple[str, int], ...]], ...]) -> ColumnElement[int]:
    """The same for these lists of components, each with its bit; put together once, that takes longer than the answer."""
    return case(*((Dossier.category == category, _lying(dict(bits))) for category, bits in lists)).label("there")


def _lying(bits: Mapping[str, int]) -> ColumnElement[int]:
    if not bits:
        return literal(0, BigInteger)
    each = {id: literal(bit, BigInteger) for id, bit in bits.items()}
    there = func.coalesce(func.sum(case(each, value=Document.component_id).distinct()), 0)
    return select(cast(there, BigInteger)).where(_of_dossier(bits)).correlate(Dossier).scalar_subquery()


def _held(session: Session, dossiers: ColumnElement[bool], on: date | None) -> Sequence[_Held]:
    """Dossiers by the name of the person."""
    columns = (Dossier.id, Dossier.category, Dossier.custodian_id, _there(on))
    query = select(*columns).join(Dossier.person).where(dossiers).order_by(Person.sort_key, Dossier.number)
    return session.execute(query).all()


def list_lacking(session: Session, wish: Wish = ALL, *, actor: Actor) -> list[Lacking]:
    """All dossiers that lack something (or the one component), by the name of the person."""
    found = wish.among(_held(session, allowed(actor, Action.DOSSIER_READ), wish.on))
    audit.record(session, "completeness:list", actor=actor, total=len(found), component=wish.component_id or None)
    return _lacking(session, found, wish.on)


def _lacking(session: Session, dossier_ids: Sequence[str], on: date | None) -> list[Lacking]:
    """The dossiers, in this order, with what they lack."""
    found: dict[str, Dossier] = {}
    for start in range(0, len(dossier_ids), _AT_ONCE):
        some = Dossier.id.in_(dossier_ids[start : start + _AT_ONCE])
        options = (joinedload(Dossier.person).joinedload(Person.unit), joinedload(Dossier.custodian))
        found |= {row.id: row for row in session.scalars(select(Dossier).where(some).options(*options))}
    return lacking_of(session, [found[id] for id in dossier_ids], on)


def lacking_of(session: Session, dossiers: Sequence[Dossier], on: date | None = None) -> list[Lacking]:
    """What each of the dossiers lacks; the actor was asked about them before."""
    there = _lying_in(session, [row.id for row in dossiers])
    found = []
    for dossier in dossiers:
        components = wanted(dossier.category, on)
        missing = tuple(row for row in components if row.id not in there[dossier.id])
        found.append(Lacking(dossier, missing, len(components)))
    return found


def _of_dossier(ids: Collection[str]) -> ColumnElement[bool]:
    """Documents of the dossier that are one of the components `ids` and count."""
    return and_(Document.dossier_id == Dossier.id, Document.component_id.in_(ids), _counts())


def lacks(category: Category, *, urgently: bool = False) -> ColumnElement[bool]:
    """The condition for dossiers of a category that lack something; `urgently`: of the first priority, where there is one."""
    components = wanted(category)
    first = [row for row in components if row.priority == 1] if urgently else []
    return _fewer(category, tuple(row.id for row in first or components))


@lru_cache(maxsize=64)
def _fewer(category: Category, ids: tuple[str, ...]) -> ColumnElement[bool]:
    here = select(func.count(Document.component_id.distinct())).where(_of_dossier(ids))
    return and_(Dossier.category == category, here.correlate(Dossier).scalar_subquery() < len(ids))


def _lying_in(session: Session, dossier_ids: Sequence[str]) -> dict[str, set[str]]:
    """The components that lie in each of the dossiers."""
    found: dict[str, set[str]] = defaultdict(set)
    for first in range(0, len(dossier_ids), _AT_ONCE):
        some = dossier_ids[first : first + _AT_ONCE]
        query = select(Document.dossier_id, Document.component_id).where(Document.dossier_id.in_(some), _counts())
        for dossier_id, component_id in session.execute(query.distinct()):
            found[dossier_id].add(component_id)
    return found


def export(session: Session, wish: Wish = ALL, *, actor: Actor, purpose: str, translate: Translate) -> bytes:
    """The list of dossiers that lack something as an Excel file, one row for each missing paper."""
    reason = require_purpose(purpose, actor=actor)
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
        for row in list_lacking(session, wish, actor=actor)
        for component in row.missing
        if wish.component_id in ("", component.id)
    ]
    facts: list[tuple[str, Value]] = [
        (translate(N_("List in force on")), wish.on or today()),
        (translate(N_("Rows")), len(rows)),
        *who_took_it(reason, actor=actor, translate=translate),
    ]
    audit.record(session, "completeness:export", actor=actor, words=reason, rows=len(rows))
    columns = [(translate(heading), width) for heading, width in _COLUMNS]
    return write_list(translate(N_("Missing papers")), columns, rows, (translate(N_("About this file")), facts))
