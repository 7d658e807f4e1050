"""The sealed contents list: what is sent, page by page and file by file, under one check code."""

import hashlib
import json
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms import dossiers, sheets
from oms.models import Document, Dossier, Page, Scan, Transfer


def seal(session: Session, dossier: Dossier) -> dict[str, Any]:
    """The contents list as it is sent: documents with their pages, scans with their SHA-256."""
    documents = dossiers.contents(session, dossier)
    papers = sheets.of_dossier(session, dossier)
    counts: dict[str | None, int] = dict(
        session.execute(
            select(Page.document_id, func.count())
            .join(Scan)
            .where(Scan.dossier_id == dossier.id, ~Scan.sealed)
            .group_by(Page.document_id)
        ).all()
    )
    received = session.scalars(
        select(Scan).where(Scan.dossier_id == dossier.id).order_by(Scan.received_at, Scan.id)
    ).all()
    scans = [scan for scan in received if not scan.sealed]
    return {
        "dossier": dossier.number,
        "documents": [
            _sealed_document(document, counts.get(document.id, 0), papers[document.id]) for document in documents
        ],
        "scans": [{"sha256": scan.sha256, "pages": scan.page_count, "size": scan.size} for scan in scans],
        "waiting_pages": counts.get(None, 0),
        # One hash for all sealed inserts, there also where there is none: it binds them and does not tell of them.
        "sealed": hashlib.sha256(
            "\n".join([dossier.id, *sorted(scan.sha256 for scan in received if scan.sealed)]).encode()
        ).hexdigest(),
    }


def _sealed_document(document: Document, pages: int, paper: sheets.Sheets) -> dict[str, Any]:
    return {
        "id": document.id,
        "component": document.component_id,
        "title": document.title,
        "number": document.number,
        "issued_on": document.issued_on.isoformat() if document.issued_on else None,
        "issued_precision": document.issued_precision.value if document.issued_precision else None,
        "pages": pages,
        "sheets": paper.count,
        "sheets_counted": paper.counted,
    }


def is_as_sealed(session: Session, transfer: Transfer) -> bool:
    """True while the dossier still holds the documents and scans of the sealed list: a secret may have been destroyed."""
    sealed, present = transfer.manifest or {}, seal(session, transfer.dossier)
    return all(
        {row[key] for row in sealed.get(part, ())} == {row[key] for row in present[part]}
        for part, key in (("documents", "id"), ("scans", "sha256"))
    )


def manifest_hash(manifest: dict[str, Any]) -> str:
    """SHA-256 over the manifest in canonical JSON: the check code of the sealed list."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
