"""Who may see what is doubtful or lacking in a dossier: contradictions, verifications of them, papers that were lost."""

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased

from oms.models import Document, Dossier, Finding, FindingPlace, Page, PaperLoss, Scan, Verification

Units = frozenset[str]


def finding_rows(units: Units) -> ColumnElement[bool]:
    """The contradictions of dossiers the units hold."""
    # A finding about two dossiers is for who holds both; one that shows a sealed page is for nobody.
    other = aliased(Dossier)
    both = (
        select(Dossier.id)
        .outerjoin(other, other.id == Finding.other_id)
        .where(Dossier.id == Finding.dossier_id, Dossier.custodian_id.in_(units))
        .where(Finding.other_id.is_(None) | (other.custodian_id == Dossier.custodian_id))
    )
    sealed = (
        select(FindingPlace.id)
        .join(Page, Page.id == FindingPlace.page_id)
        .join(Scan, Scan.id == Page.scan_id)
        .where(FindingPlace.finding_id == Finding.id, Scan.sealed)
    )
    return both.exists() & ~sealed.exists()


def finding_units(finding: Finding) -> tuple[str | None, ...]:
    """As `finding_rows`, for one."""
    holder = finding.dossier.custodian_id
    if finding.other is not None and finding.other.custodian_id != holder:
        return ()
    sealed = any(place.page is not None and place.page.scan.sealed for place in finding.places)
    return () if sealed else (holder,)


def case_rows(units: Units) -> ColumnElement[bool]:
    """The verifications of dossiers the units hold."""
    # What came from a contradiction quotes it: it is for whoever may see the contradiction.
    seen = select(Finding.id).where(finding_rows(units))
    held = Verification.dossier_id.in_(select(Dossier.id).where(Dossier.custodian_id.in_(units)))
    return held & (Verification.finding_id.is_(None) | Verification.finding_id.in_(seen))


def case_units(verification: Verification) -> tuple[str | None, ...]:
    """As `case_rows`, for one."""
    if verification.finding is not None:
        return finding_units(verification.finding)
    return (verification.dossier.custodian_id,)


def loss_rows(units: Units) -> ColumnElement[bool]:
    """The losses of dossiers the units hold; one that names a sealed paper is for nobody."""
    held = PaperLoss.dossier_id.in_(select(Dossier.id).where(Dossier.custodian_id.in_(units)))
    named = or_(Document.id == PaperLoss.document_id, Document.id == PaperLoss.remade_document_id)
    return held & ~select(Document.id).where(named, Document.sealed).exists()


def loss_units(loss: PaperLoss) -> tuple[str | None, ...]:
    """As `loss_rows`, for one."""
    sealed = any(document is not None and document.sealed for document in (loss.document, loss.remade))
    return () if sealed else (loss.dossier.custodian_id,)
