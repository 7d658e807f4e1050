"""Is a dossier ready to be handed over? One line for each thing that must be so, green or red.

Which lines there are and which of them block is dated data (`catalogue/readiness.yaml`); how each is looked at is
here. Changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms import catalogue, consultations, organisation, whereabouts
from oms.custody.proofs import proofs
from oms.errors import N_, Conflict, Refused
from oms.models import Document, Page, Scan, ScanState, Transfer


@dataclass(frozen=True)
class Finding:
    """One line: green when `ok`; else `message` with `values` says what is wrong and what to do."""

    id: str
    label: str
    ok: bool
    blocks: bool
    message: str
    values: dict[str, Any]


Look = Callable[[Session, Transfer], dict[str, Any] | None]
"""What is wrong, as the values of the sentence, or None."""


def _proof(session: Session, transfer: Transfer) -> dict[str, Any] | None:
    shown = transfer.proof_id is not None or (transfer.basis_number and transfer.basis_on)
    return None if shown or proofs(session, transfer) else {}


def _hold(_session: Session, transfer: Transfer) -> dict[str, Any] | None:
    return {"number": transfer.dossier.number} if transfer.dossier.held else None


def _unread(session: Session, transfer: Transfer) -> dict[str, Any] | None:
    unread = Scan.state.in_((ScanState.RECEIVED, ScanState.READING))
    return _counted(session, select(func.count(Scan.id)).where(Scan.dossier_id == transfer.dossier_id, unread))


def _unfiled(session: Session, transfer: Transfer) -> dict[str, Any] | None:
    query = select(func.count(Page.id)).join(Scan).where(Scan.dossier_id == transfer.dossier_id)
    read = Scan.state.not_in((ScanState.RECEIVED, ScanState.READING))
    return _counted(session, query.where(Page.document_id.is_(None), read, ~Scan.sealed))


def _loan(session: Session, transfer: Transfer) -> dict[str, Any] | None:
    loans = consultations.open_loans(session, transfer.dossier)
    return {"name": loans[0].consultation.asked_by.full_name} if loans else None


def _sheetless(session: Session, transfer: Transfer) -> dict[str, Any] | None:
    paged = select(Page.id).where(Page.document_id == Document.id).exists()
    query = select(func.count(Document.id)).where(Document.dossier_id == transfer.dossier_id, ~paged)
    return _counted(session, query.where(~Document.sealed))


def _sheets(session: Session, transfer: Transfer) -> dict[str, Any] | None:
    query = select(func.count(Document.id)).where(Document.dossier_id == transfer.dossier_id, ~Document.sealed)
    return _counted(session, query.where(Document.sheets.is_(None)))


def _paper(_session: Session, transfer: Transfer) -> dict[str, Any] | None:
    if not whereabouts.differs(transfer.dossier):
        return None
    return {"unit": whereabouts.unit_of(transfer.dossier).name}


def _counted(session: Session, query: Any) -> dict[str, Any] | None:
    count = session.scalar(query) or 0
    return {"count": count} if count else None


# id: what must be so, how it is looked at, what is said when it is not
LINES: dict[str, tuple[str, Look, str]] = {
    "proof": (
        N_("The decision or letter is shown"),
        _proof,
        N_("Enter the number and date of the decision or letter, upload it, or choose the document that shows it."),
    ),
    "hold": (
        N_("No hold is in force"),
        _hold,
        N_("Dossier %(number)s is under a hold. It can be handed over when the hold is lifted."),
    ),
    "unread": (
        N_("Every scan is read"),
        _unread,
        N_("%(count)s scans of this dossier are still being read. Go on when they are done."),
    ),
    "unfiled": (
        N_("Every page lies in a document"),
        _unfiled,
        N_("%(count)s pages lie in no document. File them, or have their scan taken away, before the hand-over."),
    ),
    "loan": (
        N_("No paper is on loan"),
        _loan,
        N_("The paper is lent to %(name)s. It is given back before the dossier is handed over."),
    ),
    "sheetless": (
        N_("Every document has its pages"),
        _sheetless,
        N_("%(count)s documents of the contents list have no scanned page."),
    ),
    "sheets": (
        N_("The sheets of every document are counted"),
        _sheets,
        N_("The sheets of %(count)s documents are not counted; the list says what is proposed from their pages."),
    ),
    "paper": (
        N_("Paper and file are in the same place"),
        _paper,
        N_("The paper is with %(unit)s or not found. Settle this first where you can."),
    ),
}


def readiness(session: Session, transfer: Transfer) -> list[Finding]:
    """The lines in force today, in the order of the catalogue."""
    found = []
    for rule in catalogue.readiness_on(organisation.today()).values():
        label, look, message = LINES[rule.id]
        wrong = look(session, transfer)
        found.append(Finding(rule.id, label, wrong is None, rule.blocks, message, wrong or {}))
    return found


def require_ready(session: Session, transfer: Transfer) -> None:
    """Raise with the sentence of the first red line that blocks."""
    for finding in readiness(session, transfer):
        if not finding.ok and finding.blocks:
            raise (Refused if finding.id == "hold" else Conflict)(finding.message, **finding.values)
