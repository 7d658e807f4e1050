"""Sheets and pages (tờ, trang): a sheet of paper bears one page or two, and only a person who has it can count.

Until somebody has counted, a number is proposed from the pages: one sheet for each, or half as many where a blank side
among them shows that both sides were scanned. What is counted is what slips and lists say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from oms import audit, dossiers
from oms.errors import N_, BadInput, Conflict
from oms.models import Document, Dossier, Page, Quality
from oms.permissions import Action, Actor, require

MOST_SHEETS = 10_000
"""Sheets of one document: more is a slip of the hand."""


@dataclass(frozen=True)
class Sheets:
    """How many sheets a document has, and whether somebody counted them."""

    count: int
    counted: bool


def of(document: Document, pages: Sequence[Page]) -> Sheets:
    """The count that was entered, or the one proposed from the pages."""
    if document.sheets is not None:
        return Sheets(document.sheets, counted=True)
    return Sheets(propose(pages), counted=False)


def propose(pages: Sequence[Page]) -> int:
    """One sheet a page; where a side is blank both sides were scanned, so one for two pages."""
    two_sided = any(page.quality == Quality.BLANK for page in pages)
    return -(-len(pages) // 2) if two_sided else len(pages)


def of_dossier(session: Session, dossier: Dossier) -> dict[str, Sheets]:
    """The sheets of every document of the contents list, by its id, with one query."""
    documents = dossiers.contents(session, dossier)
    pages = dossiers.pages_of(session, [document.id for document in documents])
    return {document.id: of(document, pages[document.id]) for document in documents}


def count(session: Session, dossier: Dossier, counted: Mapping[str, int], *, actor: Actor) -> int:
    """Write down how many sheets the documents have, by their ids; how many counts are new or changed.

    Raises `BadInput` for what no paper has, `Conflict` for a document that is no longer on the contents list.
    """
    dossiers.hold(session, dossier)
    require(actor, Action.DOSSIER_EDIT, dossier)
    documents = {document.id: document for document in dossiers.contents(session, dossier)}
    if not counted.keys() <= documents.keys():
        raise Conflict(N_("The contents list was changed meanwhile. Reload the page and count again."))
    changed = 0
    for id, sheets in counted.items():
        if not 1 <= sheets <= MOST_SHEETS:
            raise BadInput(
                N_("“%(title)s”: enter the number of sheets, from 1 to %(most)s."),
                title=documents[id].title,
                most=MOST_SHEETS,
            )
        changed += documents[id].sheets != sheets
        documents[id].sheets = sheets
    session.flush()
    if changed:
        audit.record(session, "dossier:count_sheets", dossier, actor=actor, documents=changed)
    return changed
