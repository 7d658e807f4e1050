"""What the index is made of: rows of the database as search items, whole and by dossier.

Every dossier, every document and every page that was read is one item. The database is the truth;
an item can be made anew at any time, and `stale` compares the two.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from oms import catalogue
from oms.errors import NotFound
from oms.models import Document, Dossier, Page, PageState, Person, Precision, Scan, Unit, UnitSuccession
from oms.search.interface import Item
from oms.vietnamese.dates import Precision as Exactness
from oms.vietnamese.dates import WrittenDate, format_date

BATCH = 200


def dossier_item_id(dossier_id: str) -> str:
    """Id of a dossier in the index."""
    return f"dossier:{dossier_id}"


def document_item_id(document_id: str) -> str:
    """Id of a document in the index."""
    return f"document:{document_id}"


def page_item_id(page_id: str) -> str:
    """Id of a page in the index."""
    return f"page:{page_id}"


def items_of_dossiers(session: Session, dossier_ids: Sequence[str]) -> Iterator[Item]:
    """All items of some dossiers, a dossier at a time."""
    dossiers = session.scalars(
        select(Dossier)
        .where(Dossier.id.in_(dossier_ids))
        .options(
            joinedload(Dossier.person).selectinload(Person.aliases),
            joinedload(Dossier.custodian).selectinload(Unit.former_names),
        )
        .execution_options(populate_existing=True)
    ).all()
    before = _names_before(session, {dossier.custodian_id for dossier in dossiers})
    for dossier in dossiers:
        yield _dossier_item(dossier, before[dossier.custodian_id])
        documents = session.scalars(select(Document).where(Document.dossier_id == dossier.id, ~Document.sealed)).all()
        by_id = {document.id: document for document in documents}
        for document in documents:
            yield _document_item(dossier, document)
        pages = (
            select(Page)
            .join(Scan)
            .where(Scan.dossier_id == dossier.id, Page.state == PageState.READ, ~Scan.sealed)
            .options(undefer(Page.text))
            .execution_options(yield_per=BATCH, populate_existing=True)
        )
        for page in session.scalars(pages):
            yield _page_item(dossier, page, by_id.get(page.document_id or ""))


def all_dossier_ids(session: Session) -> list[str]:
    """Ids of all dossiers, in a fixed order, for a rebuild that can go on where it stopped."""
    return list(session.scalars(select(Dossier.id).order_by(Dossier.id)))


def all_items(session: Session) -> Iterator[Item]:
    """Every item there should be."""
    ids = all_dossier_ids(session)
    for start in range(0, len(ids), BATCH):
        yield from items_of_dossiers(session, ids[start : start + BATCH])
        session.expunge_all()


def component_label(component_id: str, category: str) -> str:
    """The printed title of a component; the bare id when the catalogue no longer has it."""
    try:
        return catalogue.component(component_id, category).label_vi
    except NotFound:
        return component_id


def _names_before(session: Session, unit_ids: set[str]) -> dict[str, list[str]]:
    """For each unit its former names, and the names of the units it took over from, at any remove."""
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(unit_ids)))}
    links: dict[str, set[str]] = {unit_id: set() for unit_id in unit_ids}
    reached = set(unit_ids)
    while reached:
        found = session.execute(
            select(UnitSuccession.successor_id, UnitSuccession.predecessor_id).where(
                UnitSuccession.successor_id.in_(reached)
            )
        ).all()
        reached = {earlier for _, earlier in found} - links.keys()
        for later, earlier in found:
            links[later].add(earlier)
        links |= {earlier: set() for earlier in reached}
        units |= {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(reached)))}
    return {unit_id: _names_along(unit_id, units, links) for unit_id in unit_ids}


def _names_along(unit_id: str, units: dict[str, Unit], links: dict[str, set[str]]) -> list[str]:
    names: dict[str, None] = {}
    seen, waiting = {unit_id}, [unit_id]
    while waiting:
        here = waiting.pop()
        if here != unit_id:
            names[units[here].name] = None
        names |= {former.name: None for former in units[here].former_names}
        waiting.extend(links[here] - seen)
        seen |= links[here]
    return sorted(names)


def _names(dossier: Dossier) -> list[str]:
    person = dossier.person
    return [person.full_name, *(alias.name for alias in person.aliases)]


def born(person: Person) -> str | None:
    """The date of birth in figures, as much of it as the papers say."""
    if person.birth_date is None:
        return None
    return format_date(WrittenDate(person.birth_date, Exactness((person.birth_precision or Precision.DAY).value)))


def _issued(document: Document) -> str | None:
    """The date of a document in figures, as much of it as the paper says."""
    if document.issued_on is None:
        return None
    return format_date(WrittenDate(document.issued_on, Exactness((document.issued_precision or Precision.DAY).value)))


def _dossier_item(dossier: Dossier, units_before: list[str]) -> Item:
    """Names and numbers head a dossier and nothing else: whoever types a name finds the person first.

    Units that were renamed or joined keep finding: people remember the name of the time.
    """
    person = dossier.person
    category = catalogue.term("category", dossier.category.value).label_vi
    numbers = [dossier.number, person.staff_code, person.personal_id]
    text = [category, dossier.custodian.name, *units_before, person.position, person.home_town, born(person)]
    return Item(
        id=dossier_item_id(dossier.id),
        kind="dossier",
        dossier=dossier.id,
        heading="\n".join([*_names(dossier), *(number for number in numbers if number)]),
        text="\n".join(part for part in text if part),
        category=dossier.category.value,
        order=person.sort_key,
        names="\n".join(_names(dossier)),
        numbers="\n".join(number for number in numbers if number),
        state=dossier.status.value,
    )


def _document_item(dossier: Dossier, document: Document) -> Item:
    label = component_label(document.component_id, dossier.category.value)
    facts = [document.title, document.number, label, _issued(document), dossier.number]
    return Item(
        id=document_item_id(document.id),
        kind="document",
        dossier=dossier.id,
        heading="\n".join(fact for fact in facts if fact),
        text="\n".join([*(part for part in (document.issuing_body, document.signer) if part), *_names(dossier)]),
        component=document.component_id,
        category=dossier.category.value,
        year=document.issued_on.year if document.issued_on else None,
        order=dossier.person.sort_key,
        date=document.issued_on.isoformat() if document.issued_on else "",
        names="\n".join(_names(dossier)),
        numbers="\n".join(number for number in (document.number, dossier.number) if number),
        state=document.original.value if document.original else "",
    )


def _page_item(dossier: Dossier, page: Page, document: Document | None) -> Item:
    heading = [document.title, document.number or ""] if document is not None else []
    return Item(
        id=page_item_id(page.id),
        kind="page",
        dossier=dossier.id,
        heading="\n".join(part for part in heading if part),
        text="\n".join([page.text, *_names(dossier)]),
        component=document.component_id if document else "",
        category=dossier.category.value,
        year=document.issued_on.year if document and document.issued_on else None,
        order=f"{dossier.person.sort_key} {page.number:05d}",
        date=document.issued_on.isoformat() if document and document.issued_on else "",
        names="\n".join(_names(dossier)),
        numbers="\n".join(number for number in (document and document.number, dossier.number) if number),
        state="corrected" if page.corrected else "filed" if page.document_id else "waiting",
        quality=page.quality.value if page.quality else "",
    )
