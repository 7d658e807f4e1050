"""The reading room: the granted pages of one request, marked in the pixels, each look written down.

Nothing else of the dossier is shown here: no text, no download, no search.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from oms import audit, dossiers, grants, marks, storage
from oms.errors import N_, NotFound, Refused
from oms.models import Consultation, CopyOrder, CopyState, Document, Grant, Page, now
from oms.organisation import HANOI
from oms.permissions import Action, Actor, allowed, require, require_confirmed
from oms.recognition.marking import bind, mark
from oms.settings import Settings

COPY_LIMIT = 300
"""Pages of one copy: more are copied in several requests, so that one answer stays in memory."""


@dataclass(frozen=True)
class OpenDocument:
    """A document of which pages lie open: the pages in its order, and how many it has."""

    document: Document
    pages: Sequence[Page]
    total: int


def open_documents(session: Session, request: Consultation, *, actor: Actor) -> list[OpenDocument]:
    """What lies open by this request now, in the order of the contents list."""
    pages = session.scalars(
        select(Page)
        .join(Grant, Grant.page_id == Page.id)
        .where(Grant.consultation_id == request.id, allowed(actor, Action.CONSULTATION_LOOK))
        .options(joinedload(Page.document))
        .order_by(Page.document_position)
    ).all()
    if not pages or request.dossier is None or not grants.is_running(request):
        return []
    documents = [
        document
        for document in dossiers.contents(session, request.dossier)
        if any(page.document_id == document.id for page in pages)
    ]
    totals = dossiers.pages_of(session, [document.id for document in documents])
    return [
        OpenDocument(document, [page for page in pages if page.document_id == document.id], len(totals[document.id]))
        for document in documents
    ]


def enter(session: Session, request: Consultation, *, actor: Actor) -> list[OpenDocument]:
    """Open the reading room of a request: what lies there, written down. `NotFound` for everybody but the reader."""
    if request.asked_by_id != actor.account_id:
        raise NotFound()
    documents = open_documents(session, request, actor=actor)
    if not documents:
        raise Refused(
            N_("Nothing is open by request %(number)s any more. A new request can be made."), number=request.number
        )
    audit.record(session, "consultation:enter", request, actor=actor, number=request.number)
    return documents


def get_page(session: Session, request: Consultation, page_id: str, *, actor: Actor) -> Page:
    """A page that lies open by this request now, else `NotFound`."""
    page = session.scalar(
        select(Page)
        .join(Grant, Grant.page_id == Page.id)
        .where(Page.id == page_id, Grant.consultation_id == request.id, allowed(actor, Action.CONSULTATION_LOOK))
    )
    if page is None or request.asked_by_id != actor.account_id or not grants.is_running(request):
        raise NotFound()
    return page


def look_at(session: Session, request: Consultation, page: Page, *, actor: Actor) -> None:
    """Write down that the reader looked at a page, and for what purpose the request was granted."""
    require(actor, Action.CONSULTATION_LOOK, page)
    audit.record(
        session,
        "consultation:look",
        page,
        actor=actor,
        words=request.purpose,
        consultation=request.id,
        request=request.number,
        document=page.document_id,
        number=page.document_position,
    )


def seconds_left(request: Consultation, *, actor: Actor) -> int:
    """Seconds until nothing is open any more; 0 when that is so now."""
    if request.asked_by_id != actor.account_id or not grants.is_running(request) or request.ends_at is None:
        return 0
    return max(0, int((request.ends_at - now()).total_seconds()))


def mark_lines(request: Consultation, actor: Actor, moment: datetime, copy: str = "") -> tuple[str, ...]:
    """What stands in the pixels: who looks, when, by which request, and the number of the copy."""
    when = moment.astimezone(HANOI).strftime("%d/%m/%Y %H:%M:%S")
    numbers = f"{request.number} · {when}" + (f" · BẢN SAO {copy}" if copy else "")
    return (f"{actor.name} ({actor.username})", numbers)


def marked_image(settings: Settings, request: Consultation, page: Page, *, actor: Actor) -> bytes:
    """The page for this reader, now, as a JPEG."""
    require(actor, Action.CONSULTATION_LOOK, page)
    return _marked(settings, page, mark_lines(request, actor, now()), actor)


def _marked(settings: Settings, page: Page, lines: Sequence[str], actor: Actor) -> bytes:
    if page.image_sha256 is None:
        raise NotFound(N_("There is no image of this page yet. Ask the officer of the holding unit."))
    with storage.proved(settings.scans, page.image_sha256) as path:
        return mark(path, lines, marks.pattern_for(settings, actor, page.id))


def take_copy(session: Session, settings: Settings, order: CopyOrder, *, actor: Actor) -> bytes:
    """The approved copy as a PDF of marked pages; asks for the password, and each taking is written down first."""
    request = order.consultation
    if order.asked_by_id != actor.account_id:
        raise NotFound()
    documents = open_documents(session, request, actor=actor)
    if order.state != CopyState.APPROVED or not documents:
        raise Refused(N_("This copy is not approved, or the pages are not open any more."))
    require_confirmed(actor)
    pages = [page for one in documents for page in one.pages if page.image_sha256 is not None]
    if not pages or len(pages) > COPY_LIMIT:
        raise Refused(N_("A copy has 1 to %(limit)s pages. Ask for fewer pages at once."), limit=COPY_LIMIT)
    lines = mark_lines(request, actor, now(), str(order.number))
    content = bind([_marked(settings, page, lines, actor) for page in pages])
    order.taken += 1
    session.flush()
    audit.record(session, "copy:take", request, actor=actor, copy=order.number, pages=len(pages), times=order.taken)
    return content
