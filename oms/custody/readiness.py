"""Is a dossier ready to be handed over? One line for each thing that must be so, green or red.

Which lines there are and which of them block is dated data (`catalogue/readiness.yaml`); how each is looked at is
here. Changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
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


Wrong = dict[str, dict[str, Any]]
"""What is wrong, by the id of the dossier, as the values of the sentence."""
Look = Callable[[Session, Sequence[Transfer]], Wrong]


def _proof(session: Session, transfers: Sequence[Transfer]) -> Wrong:
    unshown = [one for one in transfers if one.proof_id is None and not (one.basis_number and one.basis_on)]
    return {transfer.dossier_id: {} for transfer in unshown if not proofs(session, transfer)}


def _hold(_session: Session, transfers: Sequence[Transfer]) -> Wrong:
    return {transfer.dossier_id: {"number": transfer.dossier.number} for transfer in transfers if transfer.dossier.held}


def _unread(session: Session, transfers: Sequence[Transfer]) -> Wrong:
    query = select(Scan.dossier_id, func.count(Scan.id)).group_by(Scan.dossier_id)
    unread = Scan.state.in_((ScanState.RECEIVED, ScanState.READING))
    return _counted(session, query.where(unread, _among(Scan.dossier_id, transfers)))


def _unfiled(session: Session, transfers: Sequence[Transfer]) -> Wrong:
    query = select(Scan.dossier_id, func.count(Page.id)).join(Page.scan).group_by(Scan.dossier_id)
    read = Scan.state.not_in((ScanState.RECEIVED, ScanState.READING))
    unfiled = Page.document_id.is_(None) & read & ~Scan.sealed
    return _counted(session, query.where(unfiled, _among(Scan.dossier_id, transfers)))


def _loan(session: Session, transfers: Sequence[Transfer]) -> Wrong:
    loans = consultations.open_loans(session, *(transfer.dossier_id for transfer in transfers))
    return {loan.dossier_id: {"name": loan.consultation.asked_by.full_name} for loan in loans}


def _sheetless(session: Session, transfers: Sequence[Transfer]) -> Wrong:
    paged = select(Page.id).where(Page.document_id == Document.id).exists()
    query = select(Document.dossier_id, func.count(Document.id)).group_by(Document.dossier_id)
    return _counted(session, query.where(~paged, ~Document.sealed, _among(Document.dossier_id, transfers)))


def _sheets(session: Session, transfers: Sequence[Transfer]) -> Wrong:
    query = select(Document.dossier_id, func.count(Document.id)).group_by(Document.dossier_id)
    return _counted(
        session, query.where(Document.sheets.is_(None), ~Document.sealed, _among(Document.dossier_id, transfers))
    )


def _paper(_session: Session, transfers: Sequence[Transfer]) -> Wrong:
    return {
        transfer.dossier_id: {"unit": whereabouts.unit_of(transfer.dossier).name}
        for transfer in transfers
        if whereabouts.differs(transfer.dossier)
    }


def _among(column: Any, transfers: Sequence[Transfer]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_([transfer.dossier_id for transfer in transfers])
    return found


def _counted(session: Session, query: Any) -> Wrong:
    return {dossier_id: {"count": count} for dossier_id, count in session.execute(query)}


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
    return readiness_of(session, [transfer])[transfer.dossier_id]


def readiness_of(session: Session, transfers: Sequence[Transfer]) -> dict[str, list[Finding]]:
    """The lines of many transfers by the id of their dossier, each line with one query for all of them."""
    found: dict[str, list[Finding]] = {transfer.dossier_id: [] for transfer in transfers}
    for rule in catalogue.readiness_on(organisation.today()).values():
        label, look, message = LINES[rule.id]
        wrong = look(session, transfers)
        for dossier_id, lines in found.items():
            values = wrong.get(dossier_id)
            lines.append(Finding(rule.id, label, values is None, rule.blocks, message, values or {}))
    return found


def blocking(findings: Sequence[Finding]) -> Finding | None:
    """The first red line that blocks, or None when the dossier may be sent."""
    return next((finding for finding in findings if not finding.ok and finding.blocks), None)


def require_ready(session: Session, transfer: Transfer) -> None:
    """Raise with the sentence of the first red line that blocks."""
    if finding := blocking(readiness(session, transfer)):
        raise (Refused if finding.id == "hold" else Conflict)(finding.message, **finding.values)
