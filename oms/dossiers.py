"""Dossiers: opening one, listing them, the contents list, and filing documents in them."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from oms import audit, catalogue, jobs, people
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import (
    Account,
    Category,
    Counter,
    Document,
    Dossier,
    Hold,
    Page,
    Person,
    Precision,
    Scan,
    Unit,
)
from oms.people import NewPerson
from oms.permissions import Action, Actor, allowed, require
from oms.vietnamese.dates import ImpossibleDate, parse_date
from oms.vietnamese.text import nfc

PAGE_SIZE = 50
PLACE_LENGTH = 60


def next_number(session: Session, series: str) -> int:
    """Take the next number of a series inside the caller's transaction: no gaps, no doubles."""
    return take_numbers(session, series, 1)[0]


def take_numbers(session: Session, series: str, count: int) -> range:
    """Take the next `count` numbers of a series inside the caller's transaction: no gaps, no doubles."""
    counter = session.get(Counter, series, with_for_update=True)
    if counter is None:
        try:
            with session.begin_nested():
                session.add(Counter(series=series, last=0))
        except IntegrityError:
            pass  # another transaction began the series a moment ago
        counter = session.get_one(Counter, series, with_for_update=True, populate_existing=True)
    first = counter.last + 1
    counter.last += count
    session.flush()
    return range(first, first + count)


def as_number(place: int) -> str:
    """The number of the dossier that was entered at this place of the series."""
    return f"HS-{place:06d}"


def open_dossier(
    session: Session,
    *,
    actor: Actor,
    category: Category,
    custodian: Unit,
    managing_body: Unit | None = None,
    person: Person | None = None,
    new_person: NewPerson | None = None,
    shelf_room: str | None = None,
    shelf: str | None = None,
    shelf_box: str | None = None,
) -> Dossier:
    """Open a dossier for a person (entered with it when new), held by `custodian`."""
    require(actor, Action.DOSSIER_CREATE)
    if custodian.id not in actor.units[Action.DOSSIER_CREATE]:
        raise BadInput(N_("A new dossier is held by your own unit. Choose your unit as its holder."))
    if person is None:
        if new_person is None:
            raise BadInput(N_("A dossier needs a person. Enter the name first."))
        person = people.add_person(session, new_person, custodian)
    else:
        require(actor, Action.PERSON_READ, person)
    dossier = Dossier(
        number=as_number(next_number(session, "dossier")),
        person_id=person.id,
        category=category,
        custodian_id=custodian.id,
        managing_body_id=(managing_body or custodian).id,
        using_body_id=person.unit_id,
        shelf_room=shelf_room,
        shelf=shelf,
        shelf_box=shelf_box,
        held=session.scalar(select(Hold.id).where(Hold.person_id == person.id, Hold.lifted_at.is_(None))) is not None,
    )
    try:
        with session.begin_nested():
            session.add(dossier)
    except IntegrityError:
        raise Conflict(
            N_("This person already has a dossier of this category with this managing body. Open that one.")
        ) from None
    audit.record(session, "dossier:create", dossier, actor=actor, custodian=custodian.id, category=category.value)
    jobs.dossier_changed(session, dossier.id, actor=actor)
    return dossier


def list_dossiers(
    session: Session,
    *,
    actor: Actor,
    unit_id: str | None = None,
    category: Category | None = None,
    page: int = 1,
    size: int = PAGE_SIZE,
) -> tuple[list[Dossier], int]:
    """Dossiers the actor may read, by the name of the person (given name first); and how many in all."""
    query = select(Dossier).join(Dossier.person).where(allowed(actor, Action.DOSSIER_READ))
    if unit_id:
        query = query.where(Dossier.custodian_id == unit_id)
    if category:
        query = query.where(Dossier.category == category)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(
        query.options(joinedload(Dossier.person), joinedload(Dossier.custodian))
        .order_by(Person.sort_key, Dossier.number)
        .limit(size)
        .offset((max(page, 1) - 1) * size)
    )
    audit.record(session, "dossier:list", actor=actor, total=total)
    return list(rows), total


def get_dossier(session: Session, number: str, *, actor: Actor, action: Action = Action.DOSSIER_READ) -> Dossier:
    """The dossier of a number, from those the actor may act on; else `NotFound`, whether it exists or not."""
    query = select(Dossier).where(Dossier.number == number.strip().upper(), allowed(actor, Action.DOSSIER_READ))
    dossier = session.scalar(query)
    if dossier is None:
        raise NotFound(
            N_("There is no dossier %(number)s among those your unit holds. Check the number."), number=number
        )
    require(actor, action, dossier)
    return dossier


def find_wanted(session: Session, wanted: str) -> Dossier | None:
    """The one dossier a line of a request means: by its number, the personal id, or a name only one person bears.

    Every question is put whether or not the one before found something: the time tells nothing.
    """
    words = nfc(wanted).strip()
    numbered = session.scalar(select(Dossier).where(Dossier.number == words.upper()))
    ids = people.named(session, words)
    identified = session.scalars(select(Person.id).where(Person.personal_id == words[:12])).all()
    fitting = sorted({*identified, *ids})
    of_people = select(Dossier).where(Dossier.person_id.in_(fitting[:2]))
    named = session.scalars(of_people.limit(2)).all()
    return numbered if numbered is not None else named[0] if len(fitting) == len(named) == 1 else None


def hold(session: Session, dossier: Dossier) -> None:
    """Lock the dossier for the rest of the transaction and see it as it is now: nobody freezes or moves it meanwhile."""
    session.flush()
    session.refresh(dossier, ["custodian_id", "frozen", "held", "status", "version"], with_for_update=True)


def view(session: Session, dossier: Dossier, *, actor: Actor) -> None:
    """Write down that the actor opened the dossier."""
    require(actor, Action.DOSSIER_READ, dossier)
    audit.record(session, "dossier:view", dossier, actor=actor)


def place(
    session: Session,
    dossier: Dossier,
    *,
    room: str | None,
    shelf: str | None,
    box: str | None,
    actor: Actor,
    version: int | None = None,
) -> None:
    """Write down where the paper stands; `version` is the one the editor saw, else `Conflict`."""
    hold(session, dossier)
    require(actor, Action.DOSSIER_EDIT, dossier)
    if version is not None and version != dossier.version:
        raise Conflict(N_("Somebody else just changed this dossier. Reload the page and look again."))
    new = tuple(nfc(part).strip()[:PLACE_LENGTH] or None if part else None for part in (room, shelf, box))
    if new == (dossier.shelf_room, dossier.shelf, dossier.shelf_box):
        return
    dossier.shelf_room, dossier.shelf, dossier.shelf_box = new
    session.flush()
    audit.record(session, "dossier:place", dossier, actor=actor)


def count_by_custodian(session: Session, *, actor: Actor) -> dict[str, int]:
    """How many dossiers the actor may read at each unit that holds any, with one query."""
    query = (
        select(Dossier.custodian_id, func.count())
        .where(allowed(actor, Action.DOSSIER_READ))
        .group_by(Dossier.custodian_id)
    )
    return dict(session.execute(query).all())


def components_of(dossier: Dossier, on: date | None = None) -> tuple[catalogue.Component, ...]:
    """The components that may lie in a dossier by the list in force on the day, in the order of the contents list."""
    return tuple(row for row in catalogue.components(dossier.category.value, on) if row.store_in_system)


def contents(session: Session, dossier: Dossier) -> list[Document]:
    """The documents of a dossier as its contents list has them: by component, then by date; undated ones last.

    Sealed inserts are not among them, for nobody.
    """
    order = {row.id: place for place, row in enumerate(catalogue.components(dossier.category.value))}
    documents = session.scalars(select(Document).where(Document.dossier_id == dossier.id, ~Document.sealed))
    return sorted(
        documents,
        key=lambda d: (order.get(d.component_id, len(order)), d.issued_on or date.max, d.position, d.filed_at, d.id),
    )


def pages_of(session: Session, document_ids: Sequence[str]) -> dict[str, list[Page]]:
    """The pages of several documents, in order, with one query."""
    pages: dict[str, list[Page]] = {document_id: [] for document_id in document_ids}
    for page in session.scalars(
        select(Page)
        .where(Page.document_id.in_(document_ids), Page.scan_id.not_in(select(Scan.id).where(Scan.sealed)))
        .options(selectinload(Page.scan))
        .order_by(Page.document_position)
    ):
        pages[str(page.document_id)].append(page)
    return pages


def filers_of(session: Session, documents: Sequence[Document]) -> dict[str, str]:
    """The names of the accounts that filed the documents, by account, with one query."""
    ids = {document.filed_by_id for document in documents}
    return dict(session.execute(select(Account.id, Account.full_name).where(Account.id.in_(ids))).all())


def scans_of(session: Session, dossier: Dossier) -> list[Scan]:
    """The scans received for a dossier, newest first."""
    return list(
        session.scalars(
            select(Scan).where(Scan.dossier_id == dossier.id, ~Scan.sealed).order_by(Scan.received_at.desc(), Scan.id)
        )
    )


def written_date(text: str) -> tuple[date | None, Precision | None]:
    """A typed date (dd/mm/yyyy, mm/yyyy or yyyy) with its precision, nothing for nothing; raises `BadInput`."""
    if not text.strip():
        return None, None
    try:
        found = parse_date(text)
    except ImpossibleDate:
        raise BadInput(
            N_("Date of the document: %(written)s is not a day of the calendar. Look at the paper again."),
            written=text.strip(),
        ) from None
    if found is None:
        raise BadInput(
            N_("Date of the document: “%(written)s” is not a date. Write 03/02/1998, 02/1998 or 1998."),
            written=text.strip(),
        )
    return found.first, Precision(found.precision.value)
