"""What a consultation opens now, asked twice: as a condition on pages, and about one page.

Every condition is read from the database at the moment of asking: a decision taken back, an end date that passed, a
dossier that moved, a page filed elsewhere or a role that ended closes the page in the same second. Knows no roles.
"""

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import object_session

from oms.models import Consultation, ConsultationKind, ConsultationState, Document, Dossier, Grant, Page, now

Units = frozenset[str]


def page_rows(account_id: str, units: Units) -> ColumnElement[bool]:
    """The pages that lie open before the account now, asked for on behalf of one of `units`."""
    return exists(
        select(Grant.id)
        .join(Consultation, Grant.consultation_id == Consultation.id)
        .join(Dossier, Consultation.dossier_id == Dossier.id)
        .join(Document, Grant.document_id == Document.id)
        .where(
            Grant.page_id == Page.id,
            Document.id == Page.document_id,
            Document.dossier_id == Dossier.id,
            ~Document.sealed,
            Consultation.asked_by_id == account_id,
            Consultation.unit_id.in_(units),
            Consultation.kind == ConsultationKind.SCREEN,
            Consultation.state == ConsultationState.APPROVED,
            Consultation.ends_at > now(),
            Consultation.holder_id == Dossier.custodian_id,
        )
        .correlate(Page)
    )


def is_open(account_id: str, units: Units, page: Page) -> bool:
    """The same about one page."""
    return bool(opening(account_id, units, page))


def opening(account_id: str, units: Units, page: Page) -> list[Consultation]:
    """The consultations that open the page to the account now."""
    session = object_session(page)
    if session is None:
        return []
    rows = session.scalars(
        select(Consultation).join(Grant, Grant.consultation_id == Consultation.id).where(Grant.page_id == page.id)
    ).all()
    return [
        consultation
        for consultation in rows
        if consultation.asked_by_id == account_id and consultation.unit_id in units and _opens(consultation, page)
    ]


def is_running(consultation: Consultation) -> bool:
    """True while a consultation on the screen opens anything at all."""
    dossier = consultation.dossier
    return (
        consultation.kind == ConsultationKind.SCREEN
        and consultation.state == ConsultationState.APPROVED
        and consultation.ends_at is not None
        and consultation.ends_at > now()
        and dossier is not None
        and dossier.custodian_id == consultation.holder_id
    )


def _opens(consultation: Consultation, page: Page) -> bool:
    document = page.document
    return (
        is_running(consultation)
        and document is not None
        and not document.sealed
        and document.dossier_id == consultation.dossier_id
        and any(grant.page_id == page.id and grant.document_id == document.id for grant in consultation.grants)
    )
