"""The order of a dossier (sắp xếp hồ sơ): pages and documents change places, documents are split and joined.

No byte of a scan is touched. Each act says how what it touches shall lie; `_lay` alone moves pages, and every page it
takes up it puts down again: in one document, or among those that wait. The act is kept with how things lay before and
after, so that it can be undone while nobody changed the same documents since.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from oms import audit, dossiers, gate, jobs, review
from oms.errors import N_, BadInput, Conflict
from oms.models import Document, Dossier, Original, Page, PageState, Precision, Rearrangement, Scan, Transfer, now
from oms.models.base import new_id
from oms.permissions import Action, Actor, require

# What an entry of the log calls each act.
REORDER_PAGES, SPLIT, MERGE, MOVE = "document:reorder_pages", "document:split", "document:merge", "document:move_pages"
REORDER, TURN, UNDO = "dossier:reorder_documents", "page:turn", "dossier:undo_rearranging"

_HEAD = (
    "component_id",
    "title",
    "number",
    "issued_on",
    "issued_precision",
    "issuing_body",
    "signer",
    "original",
    "position",
    "sheets",
    "filed_by_id",
    "filed_at",
)
_READ_BACK = {
    "issued_on": date.fromisoformat,
    "issued_precision": Precision,
    "original": Original,
    "filed_at": datetime.fromisoformat,
}
# By document: its head and the ids of its pages in order, or nothing where there is no such document; by page: how it
# is turned. Plain values, as they lie in a JSON column.
Layout = dict[str, Any]


def reorder_pages(
    session: Session, document: Document, page_ids: Sequence[str], *, actor: Actor, version: int | None = None
) -> None:
    """Put the pages of a document into this order; every one of them must be named, each once."""
    _begin(session, [(document, version)], actor)
    before = _layout(session, [document])
    if sorted(page_ids) != sorted(before[document.id]["pages"]):
        raise Conflict(N_("The pages of this document were changed meanwhile. Reload the page and look again."))
    after = {document.id: {**before[document.id], "pages": list(page_ids)}}
    _act(session, document.dossier, REORDER_PAGES, before, after, actor=actor)


def split(session: Session, document: Document, page_id: str, *, actor: Actor, version: int | None = None) -> Document:
    """From this page on the document becomes one of its own, with the same head until somebody describes it."""
    _begin(session, [(document, version)], actor)
    before = _layout(session, [document])
    lay = before[document.id]
    if page_id not in lay["pages"][1:]:
        raise BadInput(N_("Choose the page with which the second document begins; it cannot be the first one."))
    at = lay["pages"].index(page_id)
    made = new_id()
    head = {**lay["head"], "sheets": None, "filed_by_id": actor.account_id, "filed_at": now().isoformat()}
    after = {
        document.id: {"head": {**lay["head"], "sheets": None}, "pages": lay["pages"][:at]},
        made: {"head": head, "pages": lay["pages"][at:]},
    }
    _act(session, document.dossier, SPLIT, {**before, made: None}, after, actor=actor)
    return session.get_one(Document, made)


def merge(
    session: Session,
    document: Document,
    other: Document,
    *,
    actor: Actor,
    version: int | None = None,
    other_version: int | None = None,
) -> None:
    """Append the pages of `other` to `document`, whose head stays; `other` is gone from the contents list."""
    _begin(session, [(document, version), (other, other_version)], actor)
    if document.id == other.id or document.component_id != other.component_id:
        raise BadInput(N_("Only two documents of the same component can be joined. Choose another one."))
    before = _layout(session, [document, other])
    first, second = before[document.id], before[other.id]
    after = {
        document.id: {"head": {**first["head"], "sheets": None}, "pages": first["pages"] + second["pages"]},
        other.id: None,
    }
    _act(session, document.dossier, MERGE, before, after, actor=actor)


def move_pages(
    session: Session,
    document: Document,
    page_ids: Sequence[str],
    *,
    target: Document | None,
    actor: Actor,
    version: int | None = None,
    target_version: int | None = None,
) -> None:
    """Move pages to the end of another document, or back among those that wait; a document left empty is gone."""
    told = [(document, version), *([(target, target_version)] if target else [])]
    _begin(session, told, actor)
    if target is not None and target.id == document.id:
        raise BadInput(N_("The pages lie in this document already. Choose another one."))
    before = _layout(session, [one for one, _version in told])
    lay = before[document.id]
    moved = [id for id in lay["pages"] if id in set(page_ids)]
    if not moved or len(moved) != len(page_ids):
        raise BadInput(N_("Choose the pages to move: at least one, each once."))
    rest = [id for id in lay["pages"] if id not in set(moved)]
    after: Layout = {document.id: {"head": {**lay["head"], "sheets": None}, "pages": rest} if rest else None}
    if target is not None:
        there = before[target.id]
        after[target.id] = {"head": {**there["head"], "sheets": None}, "pages": there["pages"] + moved}
    _act(session, document.dossier, MOVE, before, after, actor=actor)


def reorder_documents(session: Session, dossier: Dossier, document_ids: Sequence[str], *, actor: Actor) -> None:
    """Put documents of one component that bear the same date (or none) into this order; all of them must be named."""
    dossiers.hold(session, dossier)
    require(actor, Action.DOCUMENT_FILE, dossier)
    listed = {one.id: one for one in dossiers.contents(session, dossier)}
    alike = [one for one in listed.values() if document_ids and one.id in listed and _alike(one, listed, document_ids)]
    if len(alike) < 2 or sorted(document_ids) != sorted(one.id for one in alike):
        raise Conflict(N_("Only documents of one component and the same date change places. Reload the page."))
    before = _layout(session, alike)
    # Documents that were split off have the same position: counting on makes each one's own.
    first = min(one.position for one in alike)
    places = sorted({one.position for one in alike})
    if len(places) < len(alike):
        places = list(range(first, first + len(alike)))
    after = {
        id: {**before[id], "head": {**before[id]["head"], "position": place}}
        for id, place in zip(document_ids, places, strict=True)
    }
    _act(session, dossier, REORDER, before, after, actor=actor)


def _alike(one: Document, listed: Mapping[str, Document], ids: Sequence[str]) -> bool:
    first = listed.get(ids[0])
    return first is not None and (one.component_id, one.issued_on) == (first.component_id, first.issued_on)


def turn_page(session: Session, page: Page, degrees: int, *, actor: Actor, version: int | None = None) -> None:
    """Show a page turned by 0, 90, 180 or 270 degrees; its text, its words and their boxes stay what they are."""
    dossier = page.scan.dossier
    dossiers.hold(session, dossier)
    require(actor, Action.DOCUMENT_FILE, dossier)
    require(actor, Action.PAGE_READ, page)
    if version is not None and version != page.version:
        raise Conflict(N_("Somebody else just changed this page. Reload it and look at the text again."))
    if degrees not in (0, 90, 180, 270):
        raise BadInput(N_("A page is turned by a quarter, a half or three quarters."))
    before, after = {"turned": {page.id: page.turned}}, {"turned": {page.id: degrees}}
    _act(session, dossier, TURN, before, after, actor=actor)


def latest(session: Session, dossier: Dossier, *, actor: Actor) -> Rearrangement | None:
    """What the actor did last to the order of the dossier and can still undo."""
    query = (
        select(Rearrangement)
        .where(
            Rearrangement.dossier_id == dossier.id,
            Rearrangement.done_by_id == actor.account_id,
            Rearrangement.undone_at.is_(None),
        )
        .order_by(Rearrangement.done_at.desc(), Rearrangement.id)
        .limit(1)
    )
    return session.scalar(query)


def undo(session: Session, dossier: Dossier, rearrangement_id: str, *, actor: Actor) -> None:
    """Lay what an act touched as it lay before; `Conflict` when somebody changed any of it since."""
    dossiers.hold(session, dossier)
    require(actor, Action.DOCUMENT_FILE, dossier)
    done = session.get(Rearrangement, rearrangement_id, populate_existing=True)
    if done is None or done.dossier_id != dossier.id or done.undone_at is not None:
        raise Conflict(N_("This was undone already. Reload the page and look again."))
    if _as_it_is(session, done.after) != done.after:
        raise Conflict(N_("These documents were changed since, so it cannot be undone any more. Change them anew."))
    done.undone_by_id, done.undone_at = actor.account_id, now()
    _lay(session, dossier, done.after, done.before, actor=actor)
    audit.record(session, UNDO, dossier, actor=actor, rearrangement=done.id, undone=done.action)


def _begin(session: Session, told: Sequence[tuple[Document, int | None]], actor: Actor) -> None:
    """Hold the dossier, see its documents as they are, and check right, place and version of each."""
    dossier = told[0][0].dossier
    dossiers.hold(session, dossier)
    for document, version in told:
        review.see_anew(session, document)
        require(actor, Action.DOCUMENT_FILE, document.dossier)
        require(actor, Action.DOCUMENT_READ, document)
        if document.dossier_id != dossier.id:
            raise BadInput(N_("Pages stay in their dossier. Choose a document of the same dossier."))
        if version is not None and version != document.version:
            raise Conflict(N_("Somebody else just changed this document. Reload it and look again."))


def _layout(session: Session, documents: Sequence[Document]) -> Layout:
    pages: dict[str, list[str]] = {document.id: [] for document in documents}
    query = select(Page.document_id, Page.id).where(Page.document_id.in_(pages)).order_by(Page.document_position)
    for document_id, page_id in session.execute(query):
        pages[str(document_id)].append(page_id)
    return {document.id: {"head": _head_of(document), "pages": pages[document.id]} for document in documents}


def _head_of(document: Document) -> dict[str, Any]:
    values = {name: getattr(document, name) for name in _HEAD}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def _as_it_is(session: Session, like: Layout) -> Layout:
    """How the documents and pages of `like` lie now."""
    ids = [id for id in like if id != "turned"]
    documents = session.scalars(
        select(Document).where(Document.id.in_(ids), ~Document.sealed).execution_options(populate_existing=True)
    ).all()
    found: Layout = {**dict.fromkeys(ids), **_layout(session, documents)}
    if "turned" in like:
        pages = select(Page.id, Page.turned).where(Page.id.in_(like["turned"]))
        found["turned"] = dict(session.execute(pages).all())
    return found


def _act(session: Session, dossier: Dossier, action: str, before: Layout, after: Layout, *, actor: Actor) -> None:
    """Lay things anew, keep how to undo it and write it down; nothing happens where nothing changes."""
    if before == after:
        return
    _lay(session, dossier, before, after, actor=actor)
    done = Rearrangement(dossier_id=dossier.id, action=action, before=before, after=after, done_by_id=actor.account_id)
    session.add(done)
    session.flush()
    audit.record(
        session,
        action,
        dossier,
        actor=actor,
        rearrangement=done.id,
        documents=[id for id in after if id != "turned"] or None,
        page=next(iter(after.get("turned", ())), None),
    )


def _lay(session: Session, dossier: Dossier, before: Layout, after: Layout, *, actor: Actor) -> None:
    """Take up the pages of both layouts and put each down where `after` wants it, else among those that wait."""
    for page_id, turned in after.get("turned", {}).items():
        session.get_one(Page, page_id).turned = turned
    wanted: dict[str, Any] = {id: lay for id, lay in after.items() if id != "turned"}
    if not wanted:
        session.flush()
        return
    ids = {
        id
        for layout in (before, after)
        for key, lay in layout.items()
        if lay and key != "turned"
        for id in lay["pages"]
    }
    pages = {
        page.id: page
        for page in session.scalars(
            select(Page).where(Page.id.in_(ids)).with_for_update().execution_options(populate_existing=True)
        )
    }
    placed = [id for lay in wanted.values() if lay for id in lay["pages"]]
    _check_ledger(pages, ids, placed, wanted.keys())
    for page in pages.values():
        page.document_id = page.document_position = None
    session.flush()
    for id, lay in wanted.items():
        _set_document(session, dossier, id, lay)
    for id, lay in wanted.items():
        for place, page_id in enumerate(lay["pages"] if lay else (), start=1):
            pages[page_id].document_id, pages[page_id].document_position = id, place
    session.flush()
    session.expire(dossier, ["documents"])
    for scan in session.scalars(select(Scan).where(Scan.id.in_({page.scan_id for page in pages.values()}))):
        review.settle(session, scan)
    jobs.dossier_changed(session, dossier.id, actor=actor)


def _check_ledger(
    pages: Mapping[str, Page], ids: set[str], placed: Sequence[str], documents: Mapping[str, Any] | Any
) -> None:
    """Every page exists, goes to one place only, comes from these documents or the waiting list, and may be filed."""
    changed = N_("The pages of this document were changed meanwhile. Reload the page and look again.")
    if pages.keys() != ids or len(set(placed)) != len(placed):
        raise Conflict(changed)
    waiting = [page for page in pages.values() if page.document_id is None and page.id in set(placed)]
    if any(page.document_id not in {None, *documents} for page in pages.values()):
        raise Conflict(changed)
    if any(page.state == PageState.WAITING for page in waiting):
        raise Conflict(N_("A page you chose is still being read. Wait until it is done, then file it."))
    for page in waiting:
        if marked := gate.suspected(page.scan, [page]):
            raise Conflict(
                N_(
                    "Page %(page)s seems to bear the mark %(mark)s. Two people must decide about it before it is filed."
                ),
                page=marked[0][0],
                mark=marked[0][1],
            )


def _set_document(session: Session, dossier: Dossier, id: str, lay: dict[str, Any] | None) -> None:
    """Make, change or delete one document as its lay says."""
    document = session.get(Document, id)
    if lay is None:
        if document is not None:
            if session.scalar(select(Transfer.id).where(Transfer.proof_id == id).limit(1)):
                raise Conflict(
                    N_("“%(title)s” is the proof of a transfer, so it stays a document."), title=document.title
                )
            session.delete(document)
            session.flush()
        return
    if document is None:
        document = Document(id=id, dossier_id=dossier.id)
        session.add(document)
    for name, value in lay["head"].items():
        setattr(document, name, _READ_BACK[name](value) if name in _READ_BACK and value is not None else value)
    if document in session and document.version is not None:
        flag_modified(document, "title")  # whoever saw it before sees that it changed, also where only pages moved
    session.flush()
