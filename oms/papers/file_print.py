"""The watermarked print: the only way out of the closed installation, on paper, numbered in its register.

Within an opening only, with a fresh password; every page bears both names, the time, the purpose of the opening and
the number. The number is taken and committed before the first page is drawn; drawing holds no transaction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from oms import audit, dossiers, marks, openings, organisation, profile, storage
from oms.errors import N_, BadInput, Conflict, NotFound
from oms.models import Account, Document, Dossier, FilePrint, InsertOpening, Page, now
from oms.organisation import HANOI
from oms.papers.issuing import PDF, Paper
from oms.permissions import Action, Actor, allowed, require, require_confirmed
from oms.printing.file_print import FilePrintHead, draw_file_print
from oms.recognition.hidden_marks import hide_in
from oms.settings import Settings

MOST_PAGES = 200
"""Pages of one print: more is printed in parts, each with a number of its own."""


@dataclass(frozen=True)
class Sheet:
    """One page to draw: the title of its document, its picture, by how much it is turned, and its id."""

    title: str
    sha256: str
    turned: int
    page_id: str


@dataclass(frozen=True)
class Taken:
    """A print that has its number in the register and waits to be drawn."""

    head: FilePrintHead
    sheets: tuple[Sheet, ...]
    account_id: str


def take_number(session: Session, dossier: Dossier, document_ids: Sequence[str], *, actor: Actor) -> Taken:
    """Enter the chosen documents of an open file, in the order of the contents list; raises `ConfirmationNeeded`."""
    opening = _opening_of(session, dossier, actor=actor)
    chosen = [document for document in dossiers.contents(session, dossier) if document.id in set(document_ids)]
    for document in chosen:
        require(actor, Action.DOCUMENT_READ, document)
    if not chosen:
        raise BadInput(N_("Choose the documents to print first."))
    pages = dossiers.pages_of(session, [document.id for document in chosen])
    sheets = [(document, page) for document in chosen for page in pages[document.id]]
    if not sheets or len(sheets) > MOST_PAGES:
        raise BadInput(N_("A print has 1 to %(most)s pages. Choose fewer documents."), most=MOST_PAGES)
    if any(page.image_sha256 is None for _document, page in sheets):
        raise Conflict(N_("A page has not been read yet. Print when the scans are done."))
    require_confirmed(actor)
    head = _enter(session, dossier, opening, sheets, actor=actor)
    drawn = tuple(Sheet(document.title, str(page.image_sha256), page.turned, page.id) for document, page in sheets)
    return Taken(head, drawn, actor.account_id)


def draw(settings: Settings, taken: Taken) -> Paper:
    """The print as a PDF; needs no database."""
    head = taken.head
    body = draw_file_print(head, _pictures(settings, taken), len(taken.sheets))
    return Paper(f"ban-in-{head.number.replace('/', '-')}.pdf", PDF, body, head.number)


def write_down_failure(session: Session, dossier: Dossier, taken: Taken, *, actor: Actor) -> None:
    """Say in the log that the number was taken and nothing could be printed under it."""
    audit.record(session, "file:print", dossier, actor=actor, outcome="failed", number=taken.head.number)


def _opening_of(session: Session, dossier: Dossier, *, actor: Actor) -> InsertOpening:
    if not profile.is_closed(session):
        raise NotFound()
    require(actor, Action.INSERT_OPEN, dossier)
    opening = openings.find(session, dossier, actor=actor)
    if opening is None:
        raise NotFound()
    return opening


def _enter(
    session: Session,
    dossier: Dossier,
    opening: InsertOpening,
    sheets: Sequence[tuple[Document, Page]],
    *,
    actor: Actor,
) -> FilePrintHead:
    year = organisation.today().year
    taken = FilePrint(
        opening_id=opening.id,
        year=year,
        number=dossiers.next_number(session, f"file-print-{year}"),
        pages=len(sheets),
        printed_by_id=actor.account_id,
    )
    session.add(taken)
    session.flush()
    number = f"{taken.number:04d}/{year}"
    documents = sorted({document.id for document, _page in sheets})
    audit.record(
        session,
        "file:print",
        dossier,
        actor=actor,
        words=opening.purpose,
        number=number,
        pages=len(sheets),
        documents=documents,
        second=openings.other(opening, actor),
    )
    second = session.get_one(Account, openings.other(opening, actor)).full_name
    return FilePrintHead(number, dossier.number, actor.name, second, now().astimezone(HANOI), opening.purpose)


def _pictures(settings: Settings, taken: Taken) -> Iterator[tuple[str, Image.Image]]:
    key = marks.key_of(settings)
    for sheet in taken.sheets:
        hidden = marks.pattern_of(key, taken.account_id, sheet.page_id, taken.head.printed_at.date())
        with storage.proved(settings.scans, sheet.sha256) as path, Image.open(path) as picture:
            yield sheet.title, hide_in(picture, hidden, picture.size).rotate(-sheet.turned, expand=True)


def register(session: Session, *, actor: Actor) -> list[tuple[FilePrint, Dossier, Account]]:
    """The prints of the files the actor may know of, the newest first, each with the second name; one look, one entry."""
    if not profile.is_closed(session) or not actor.has(Action.INSERT_OPEN):
        raise NotFound()
    rows = session.execute(
        select(FilePrint, Dossier, Account)
        .join(InsertOpening, InsertOpening.id == FilePrint.opening_id)
        .join(Dossier, Dossier.id == InsertOpening.dossier_id)
        .join(
            Account,
            Account.id.in_((InsertOpening.opened_by_id, InsertOpening.second_id))
            & (Account.id != FilePrint.printed_by_id),
        )
        .where(allowed(actor, Action.DOSSIER_READ))
        .options(joinedload(FilePrint.opening), joinedload(FilePrint.printed_by))
        .order_by(FilePrint.year.desc(), FilePrint.number.desc())
        .limit(500)
    )
    audit.record(session, "file:list_prints", actor=actor)
    return [(row[0], row[1], row[2]) for row in rows]
