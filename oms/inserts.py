"""Sealed inserts: complaint and discipline papers that nobody finds, and that two people together open for a while.

A sealed document and the scans it lies on are outside every guard (`permissions`), outside the contents list and
outside the index. The only way to them is an opening: an officer or head of the unit that holds the dossier, a second
one with the own password, a purpose, and an end that comes by itself. Each look names both.
"""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, undefer

from oms import audit, catalogue, desk, dossiers, jobs, milestones, openings
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import Document, Dossier, InsertOpening, Page, Scan, now
from oms.organisation import today
from oms.permissions import Action, Actor, can, require


def sealable(document: Document) -> bool:
    """True when papers of its component may be sealed today."""
    rule = catalogue.insert_rule(today())
    return rule is not None and document.component_id in rule.components


def seal(session: Session, document: Document, reason: str, *, second: Actor, actor: Actor) -> None:
    """Two people take a document and its scans out of everybody's sight.

    Raises `BadInput` for a component that is not sealed, `Conflict` when a scan also holds other papers.
    """
    dossier = document.dossier
    dossiers.hold(session, dossier)
    require(actor, Action.DOCUMENT_FILE, dossier)
    require(actor, Action.DOCUMENT_READ, document)
    openings.check_two(second, dossier, actor)
    reason = openings.words(reason)
    if not sealable(document):
        raise BadInput(N_("Papers of this component are not sealed. Only complaint and discipline papers are."))
    scans = _scans_of(session, document)
    if _holds_others(session, document, scans):
        raise Conflict(
            N_("A scan of this document also holds other papers. Scan the sealed paper by itself and file it again.")
        )
    _set(session, document, scans, True)
    milestones.forget(session, [dossier.id])
    jobs.dossier_changed(session, dossier.id, actor=actor)
    audit.record(session, "insert:seal", dossier, actor=actor, words=reason, second=second.account_id)


def unseal(session: Session, document: Document, reason: str, *, second: Actor, actor: Actor) -> None:
    """Two people put a sealed document back into the contents list, from an opening of the dossier."""
    dossier = document.dossier
    dossiers.hold(session, dossier)
    require(actor, Action.DOCUMENT_FILE, dossier)
    opening_of(session, dossier, actor=actor)
    openings.check_two(second, dossier, actor)
    reason = openings.words(reason)
    if not document.sealed:
        raise Conflict(N_("This document is not sealed any more. Nothing is left to do."))
    _set(session, document, _scans_of(session, document), False)
    jobs.dossier_changed(session, dossier.id, actor=actor)
    audit.record(session, "insert:unseal", dossier, actor=actor, words=reason, second=second.account_id)


def has_inserts(session: Session, dossier: Dossier, *, actor: Actor) -> bool:
    """Whether the dossier has a sealed part: told only to those who may open it together, without a number."""
    if not can(actor, Action.INSERT_OPEN, dossier):
        return False
    query = select(Document.id).where(Document.dossier_id == dossier.id, Document.sealed)
    return session.scalar(query.limit(1)) is not None


def open_together(session: Session, dossier: Dossier, purpose: str, *, second: Actor, actor: Actor) -> InsertOpening:
    """Open the sealed part to the two for the minutes of the rule in force."""
    require(actor, Action.INSERT_OPEN, dossier)
    openings.check_two(second, dossier, actor)
    purpose = openings.words(purpose)
    rule = catalogue.insert_rule(today())
    if rule is None or not has_inserts(session, dossier, actor=actor):
        raise NotFound()
    opening = openings.add(session, dossier, purpose, rule.minutes, second=second, actor=actor)
    audit.record(session, "insert:open", dossier, actor=actor, words=purpose, second=second.account_id)
    return opening


def opening_of(session: Session, dossier: Dossier, *, actor: Actor) -> InsertOpening:
    """The opening that lets the actor look now; `NotFound` when there is none, or its time is over."""
    opening = openings.find(session, dossier, actor=actor)
    if opening is None or not can(actor, Action.INSERT_OPEN, dossier):
        raise NotFound(N_("Nothing is open here. Two people open the sealed part together, for a short while."))
    return opening


def list_opened(session: Session, dossier: Dossier, *, actor: Actor) -> list[tuple[Document, list[Page]]]:
    """The sealed documents of an opened dossier with their pages; the look names both people."""
    opening = opening_of(session, dossier, actor=actor)
    documents = session.scalars(
        select(Document).where(Document.dossier_id == dossier.id, Document.sealed).order_by(Document.position)
    ).all()
    pages = session.scalars(
        select(Page)
        .where(Page.document_id.in_([document.id for document in documents]))
        .order_by(Page.document_position)
    ).all()
    audit.record(session, "insert:list", dossier, actor=actor, second=openings.other(opening, actor))
    return [(document, [page for page in pages if page.document_id == document.id]) for document in documents]


def look(session: Session, dossier: Dossier, page_id: str, *, actor: Actor) -> Page:
    """One page of an opened insert, with its text; one entry that names both people."""
    page = get_page(session, dossier, page_id, actor=actor)
    audit.record(
        session,
        "insert:look",
        dossier,
        actor=actor,
        page=page.id,
        second=openings.other(opening_of(session, dossier, actor=actor), actor),
    )
    return page


def get_page(session: Session, dossier: Dossier, page_id: str, *, actor: Actor) -> Page:
    """The page while the dossier is open to the actor, for the parts of a page that was looked at."""
    opening_of(session, dossier, actor=actor)
    page = session.scalar(
        select(Page)
        .join(Document, Page.document_id == Document.id)
        .where(Page.id == page_id, Document.dossier_id == dossier.id, Document.sealed)
        .options(undefer(Page.text), joinedload(Page.document))
    )
    if page is None:
        raise NotFound()
    return page


def close(session: Session, dossier: Dossier, *, actor: Actor) -> None:
    """Close the sealed part before its time, for both."""
    opening = opening_of(session, dossier, actor=actor)
    opening.ends_at = now()
    session.flush()
    audit.record(session, "insert:close", dossier, actor=actor, second=openings.other(opening, actor))


def _scans_of(session: Session, document: Document) -> list[Scan]:
    lying_in = select(Page.scan_id).where(Page.document_id == document.id)
    return list(session.scalars(select(Scan).where(Scan.id.in_(lying_in)).order_by(Scan.id).with_for_update()))


def _holds_others(session: Session, document: Document, scans: list[Scan]) -> bool:
    """True when a page of these scans lies elsewhere or waits."""
    query = select(Page.id).where(
        Page.scan_id.in_([scan.id for scan in scans]),
        or_(Page.document_id.is_(None), Page.document_id != document.id),
    )
    return session.scalar(query.limit(1)) is not None


def _set(session: Session, document: Document, scans: list[Scan], sealed: bool) -> None:
    document.sealed = sealed
    for scan in scans:
        scan.sealed = sealed
    desk.forget(session, [scan.id for scan in scans])
    session.flush()
