"""Text to record: a person compares image and text, corrects, and files pages as documents.

What was read stays beside what was corrected, with who and when. A page lies in exactly one
document or waits; filing moves it, taking a document apart lets its pages wait again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, joinedload, selectinload, undefer

from oms import audit, catalogue, desk, dossiers, gate, jobs, protection_flags
from oms.checks import strangers
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import (
    Account,
    Document,
    Dossier,
    Original,
    Page,
    PageCorrection,
    PageState,
    Precision,
    Scan,
    ScanState,
)
from oms.organisation import today
from oms.permissions import Action, Actor, require
from oms.vietnamese.text import nfc

TEXT_LENGTH = 100_000
TITLE_LENGTH = 300


@dataclass(frozen=True)
class Filing:
    """What a person says about a document when filing it."""

    component_id: str
    title: str
    number: str | None = None
    issued_on: date | None = None
    issued_precision: Precision | None = None
    issuing_body: str | None = None
    signer: str | None = None
    original: Original = Original.ORIGINAL
    # Why a page that seems to be about somebody else belongs here all the same.
    despite: str = ""


def look_at(session: Session, page: Page, words: str = "", *, actor: Actor) -> None:
    """Write down that the actor looked at a page, and for which words."""
    require(actor, Action.PAGE_READ, page)
    audit.record(session, "page:view", page, actor=actor, words=words, number=page.number)


def correct(session: Session, page: Page, text: str, *, actor: Actor, version: int | None = None) -> None:
    """Put `text` in place of the page's text; the text before stays, with who and when.

    `version` is the one the editor saw; raises `Conflict` when somebody changed the page since.
    """
    dossiers.hold(session, page.scan.dossier)
    see_anew(session, page)
    require(actor, Action.PAGE_REVIEW, page)
    desk.refuse_others(session, [page.scan_id], actor=actor)
    if version is not None and version != page.version:
        raise Conflict(N_("Somebody else just changed this page. Reload it and look at the text again."))
    new = nfc(text.replace("\r\n", "\n")).strip()
    if len(new) > TEXT_LENGTH:
        raise BadInput(N_("A page can hold %(limit)s characters of text. Shorten it."), limit=TEXT_LENGTH)
    desk.discard(session, page.scan, page.number, actor=actor)
    if new == page.text:
        return
    correction = PageCorrection(
        page_id=page.id, text_before=page.text, text_after=new, corrected_by_id=actor.account_id
    )
    session.add(correction)
    page.text, page.corrected = new, True
    jobs.enqueue(session, "index_scan", page.scan_id, actor=actor)
    if page.document_id is not None:
        jobs.enqueue(session, "check_dossier", page.scan.dossier_id, actor=actor)
    audit.record(session, "page:correct", page, actor=actor, correction=correction.id)


def see_anew(session: Session, thing: Page | Document) -> None:
    """Whoever waited for the dossier may have loaded `thing` before the one in front changed it, or took it away."""
    if session.get(type(thing), thing.id, populate_existing=True) is None:
        raise Conflict(N_("Somebody else just took this document apart. Reload the page."))


def check_filing(dossier: Dossier, filing: Filing) -> None:
    """Raise `BadInput` for a component, title or date that cannot be."""
    component = catalogue.component(filing.component_id, dossier.category.value)
    if not component.store_in_system:
        raise BadInput(
            N_("“%(component)s” is only referred to, its paper never lies in this system. Take it out of the scan."),
            component=component.label_vi,
        )
    if not filing.title.strip() or len(filing.title) > TITLE_LENGTH:
        raise BadInput(N_("Enter the title of the document (at most %(limit)s characters)."), limit=TITLE_LENGTH)
    if filing.issued_on and filing.issued_on > today():
        raise BadInput(N_("The date of the document lies in the future. Check day, month and year."))


def file_pages(session: Session, scan: Scan, page_ids: Sequence[str], filing: Filing, *, actor: Actor) -> Document:
    """File waiting pages of one scan as a document of its dossier, in the order given."""
    dossier = scan.dossier
    dossiers.hold(session, dossier)
    require(actor, Action.DOCUMENT_FILE, dossier)
    desk.refuse_others(session, [scan.id], actor=actor)
    check_filing(dossier, filing)
    protection_flags.refuse_withheld(session, filing.title)
    pages = {
        page.id: page
        for page in session.scalars(
            select(Page)
            .where(Page.scan_id == scan.id, Page.id.in_(page_ids))
            .options(undefer(Page.findings), undefer(Page.text))
            .with_for_update()
        )
    }
    if not page_ids or len(pages) != len(set(page_ids)) or len(page_ids) != len(set(page_ids)):
        raise BadInput(N_("Choose the pages of the document first: at least one, each once."))
    if marked := gate.suspected(scan, list(pages.values())):
        raise Conflict(
            N_("Page %(page)s seems to bear the mark %(mark)s. Two people must decide about it before it is filed."),
            page=marked[0][0],
            mark=marked[0][1],
        )
    if any(page.document_id is not None for page in pages.values()):
        raise Conflict(N_("A page you chose is filed already. Reload the scan and choose again."))
    if any(page.state == PageState.WAITING for page in pages.values()):
        raise Conflict(N_("A page you chose is still being read. Wait until it is done, then file it."))
    desk.refuse_unsaved(session, scan, list(pages.values()), actor=actor)
    strange = strangers.confirm(session, dossier, [pages[id] for id in page_ids], filing.despite, actor=actor)
    last = session.scalar(select(func.max(Document.position)).where(Document.dossier_id == dossier.id)) or 0
    document = Document(
        dossier_id=dossier.id,
        position=last + 1,
        filed_by_id=actor.account_id,
        **_columns(filing),
    )
    session.add(document)
    session.flush()
    for place, page_id in enumerate(page_ids, start=1):
        pages[page_id].document_id, pages[page_id].document_position = document.id, place
    session.flush()
    settle(session, scan)
    desk.discard(session, scan, desk.FORM, actor=actor)
    if scan.state == ScanState.FILED:
        desk.forget_forms(session, scan)
    jobs.dossier_changed(session, dossier.id, actor=actor)
    audit.record(
        session,
        "document:file",
        document,
        actor=actor,
        scan=scan.id,
        pages=[pages[i].number for i in page_ids],
        words=filing.despite.strip() if strange else "",
        strange=[one.page.number for one in strange] or None,
    )
    return document


def _columns(filing: Filing) -> dict[str, object]:
    return {
        "component_id": filing.component_id,
        "title": nfc(filing.title).strip(),
        "number": nfc(filing.number).strip() if filing.number else None,
        "issued_on": filing.issued_on,
        "issued_precision": (filing.issued_precision or Precision.DAY) if filing.issued_on else None,
        "issuing_body": nfc(filing.issuing_body).strip() if filing.issuing_body else None,
        "signer": nfc(filing.signer).strip() if filing.signer else None,
        "original": filing.original,
    }


def describe(session: Session, document: Document, filing: Filing, *, actor: Actor, version: int | None = None) -> None:
    """Correct what is said about a filed document; the log names the fields that changed."""
    dossiers.hold(session, document.dossier)
    see_anew(session, document)
    require(actor, Action.DOCUMENT_FILE, document.dossier)
    if version is not None and version != document.version:
        raise Conflict(N_("Somebody else just changed this document. Reload it and look again."))
    check_filing(document.dossier, filing)
    protection_flags.refuse_withheld(session, filing.title)
    changed = [name for name, value in _columns(filing).items() if getattr(document, name) != value]
    for name, value in _columns(filing).items():
        setattr(document, name, value)
    if changed:
        jobs.dossier_changed(session, document.dossier_id, actor=actor)
        audit.record(session, "document:describe", document, actor=actor, fields=changed)


def take_apart(session: Session, document: Document, *, actor: Actor) -> list[Scan]:
    """Undo a filing: the pages of the document wait again and the document is gone from the contents list."""
    dossiers.hold(session, document.dossier)
    see_anew(session, document)
    require(actor, Action.DOCUMENT_FILE, document.dossier)
    # Not DISTINCT: PostgreSQL cannot compare the JSON columns of a scan.
    lying_in = select(Page.scan_id).where(Page.document_id == document.id)
    scans = list(session.scalars(select(Scan).where(Scan.id.in_(lying_in)).order_by(Scan.received_at, Scan.id)))
    desk.refuse_others(session, [scan.id for scan in scans], actor=actor)
    session.execute(
        update(Page)
        .where(Page.document_id == document.id)
        .values(document_id=None, document_position=None, version=Page.version + 1)
    )
    audit.record(session, "document:take_apart", document, actor=actor, title_length=len(document.title))
    dossier_id = document.dossier_id
    session.delete(document)
    session.flush()
    session.expire_all()
    for scan in scans:
        settle(session, scan)
    jobs.dossier_changed(session, dossier_id, actor=actor)
    return scans


def settle(session: Session, scan: Scan) -> None:
    """Filed when every page lies in a document, else waiting for a check."""
    waits = session.scalar(select(Page.id).where(Page.scan_id == scan.id, Page.document_id.is_(None)).limit(1))
    if scan.state in (ScanState.READ, ScanState.FILED):
        scan.state = ScanState.READ if waits else ScanState.FILED


def pages_with_text(session: Session, scan: Scan) -> list[Page]:
    """All pages of a scan with text and corrections, in order."""
    return list(
        session.scalars(
            select(Page).where(Page.scan_id == scan.id).options(selectinload(Page.corrections)).order_by(Page.number)
        )
    )


def get_page(session: Session, scan: Scan, number: int) -> Page:
    """Page `number` (from 1) of a scan, or `NotFound`."""
    page = session.scalar(select(Page).where(Page.scan_id == scan.id, Page.number == number))
    if page is None:
        raise NotFound()
    return page


def list_pages(session: Session, scan: Scan) -> list[Page]:
    """All pages of a scan in order, each with the document it lies in and what was found on it; without their texts."""
    return list(
        session.scalars(
            select(Page)
            .where(Page.scan_id == scan.id)
            .options(joinedload(Page.document), undefer(Page.findings))
            .order_by(Page.number)
        )
    )


@dataclass(frozen=True)
class Place:
    """Where a page lies: `number` of `total` in its document (in its scan while not filed), and its neighbours."""

    number: int
    total: int
    previous_id: str | None
    next_id: str | None


def place_of(session: Session, page: Page) -> Place:
    """The place of a page in its document, or in its scan while it waits."""
    if page.document_id is not None:
        query = select(Page.id).where(Page.document_id == page.document_id).order_by(Page.document_position)
    else:
        query = select(Page.id).where(Page.scan_id == page.scan_id).order_by(Page.number)
    ids = list(session.scalars(query))
    at = ids.index(page.id)
    return Place(at + 1, len(ids), ids[at - 1] if at > 0 else None, ids[at + 1] if at + 1 < len(ids) else None)


def corrections_of(session: Session, page: Page) -> list[tuple[PageCorrection, str]]:
    """The corrections of a page with the names of who made them, newest first."""
    rows = session.execute(
        select(PageCorrection, Account.full_name)
        .join(Account, Account.id == PageCorrection.corrected_by_id)
        .where(PageCorrection.page_id == page.id)
        .order_by(PageCorrection.corrected_at.desc(), PageCorrection.id)
    )
    return [(row[0], row[1]) for row in rows]


def tie_words(text: str, read: Sequence[str]) -> list[list[tuple[int, str]]]:
    """The lines of `text`, each word with the number of the read word it stands for.

    A word a person typed anew gets a number beyond those of the read ones: it has no place on the image.
    """
    lines = [line.split() for line in text.splitlines()]
    typed = [word for line in lines for word in line]
    numbers = list(range(len(read), len(read) + len(typed)))
    for kind, start, end, first, last in SequenceMatcher(None, read, typed, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and end - start == last - first):
            numbers[first:last] = range(start, end)
    pairs = iter(zip(numbers, typed, strict=True))
    return [[next(pairs) for _word in line] for line in lines if line]
