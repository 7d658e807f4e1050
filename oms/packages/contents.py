"""What of a dossier goes into a package, as files of the bag. The words of docs/packages.md, version 1."""

import json
from collections.abc import Iterator
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload, undefer

from oms import __version__, custody, dossiers, reading, storage
from oms.models import (
    Account,
    AuditEntry,
    Document,
    Dossier,
    Page,
    PageCorrection,
    Person,
    Scan,
    Transfer,
    Unit,
)
from oms.packages.bag import Item
from oms.recognition import word

SCHEMA = 1
EXTENSIONS = {
    "application/pdf": "pdf",
    "image/tiff": "tif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/heic": "heic",
    word.MEDIA_TYPE: "docx",
}
PERSON: tuple[str, ...] = (
    "full_name",
    "gender",
    "birth_date",
    "birth_precision",
    "personal_id",
    "staff_code",
    "home_town",
)
PERSON += ("ethnicity", "position", "party_join_date", "party_official_date")
DOCUMENT: tuple[str, ...] = (
    "component_id",
    "title",
    "number",
    "issued_on",
    "issued_precision",
    "issuing_body",
    "signer",
    "original",
)
DOCUMENT += ("sheets",)
PAGE: tuple[str, ...] = (
    "number",
    "state",
    "error",
    "error_values",
    "text_read",
    "text",
    "confidence",
    "expected_error",
    "quality",
)
PAGE += ("rotation", "skew", "width", "height", "secrecy", "kind", "findings", "seconds", "corrected")


def gather(session: Session, scans: Path, transfer: Transfer) -> Iterator[Item]:
    """Every file of the payload; the pages are fetched one scan at a time."""
    dossier = transfer.dossier
    received = sorted(dossiers.scans_of(session, dossier), key=lambda scan: (scan.received_at, scan.id))
    yield _document("dossier.json", describe(session, dossier, received))
    yield _document("transfer.json", {"number": transfer.number, "manifest": transfer.manifest})
    yield _document("history.json", {"transfers": list(_history(session, dossier))})
    extract = b"".join(_encode(entry) + b"\n" for entry in _entries(session, dossier))
    yield Item("audit.jsonl", len(extract), [extract])
    for scan in received:
        yield from _pages(session, scan)
        yield _stored(scans, scan.sha256, scan_file(scan.sha256, scan.media_type))
        if scan.pdf_sha256:
            yield _stored(scans, scan.pdf_sha256, f"searchable/{scan.sha256}.pdf")


def log_item(log: dict[str, Any] | None) -> list[Item]:
    """The newest checkpoint of the sender's log, where one was signed."""
    return [_document("log.json", log)] if log else []


def scan_file(sha256: str, media_type: str) -> str:
    """Where an original lies in the payload."""
    return f"scans/{sha256}.{EXTENSIONS[media_type]}"


def describe(session: Session, dossier: Dossier, scans: list[Scan]) -> dict[str, Any]:
    """The metadata of a dossier: person, documents with their pages, scans."""
    documents = sorted(dossiers.contents(session, dossier), key=lambda document: document.position)
    pages = dossiers.pages_of(session, [document.id for document in documents])
    return {
        "schema": SCHEMA,
        "program": __version__,
        "dossier": {
            "number": dossier.number,
            "category": dossier.category.value,
            "status": dossier.status.value,
            "created_at": dossier.created_at.isoformat(),
            "custodian": _unit(dossier.custodian),
            "managing_body": _unit(dossier.managing_body),
        },
        "person": _person(dossier.person),
        "documents": [_filed(document, pages[document.id]) for document in documents],
        "scans": [_scan(scan) for scan in scans],
    }


def _unit(unit: Unit) -> dict[str, Any]:
    return {"code": unit.code, "name": unit.name, "party_code": unit.party_code}


def _person(person: Person) -> dict[str, Any]:
    aliases = [{"name": alias.name, "source": alias.source} for alias in person.aliases]
    return {**_fields(person, PERSON), "aliases": aliases}


def _filed(document: Document, pages: list[Page]) -> dict[str, Any]:
    places = [{"scan": page.scan.sha256, "page": page.number} for page in pages]
    return {"id": document.id, **_fields(document, DOCUMENT), "pages": places}


def _scan(scan: Scan) -> dict[str, Any]:
    return {
        "sha256": scan.sha256,
        "file": scan_file(scan.sha256, scan.media_type),
        "name": scan.file_name,
        "media_type": scan.media_type,
        "size": scan.size,
        "pages": scan.page_count,
        "signed": scan.signed,
        "received_at": scan.received_at.isoformat(),
        "clearances": [{"reason": one.reason, "at": one.cleared_at.isoformat()} for one in scan.clearances],
    }


def _fields(thing: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _plain(getattr(thing, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


def _pages(session: Session, scan: Scan) -> Iterator[Item]:
    """One file for each page of a scan."""
    query = select(Page).where(Page.scan_id == scan.id).order_by(Page.number).execution_options(populate_existing=True)
    wide = (undefer(Page.text), undefer(Page.text_read), undefer(Page.words), undefer(Page.findings))
    people = selectinload(Page.corrections)
    names = _names_of_correctors(session, scan)
    for page in session.scalars(query.options(*wide, people).execution_options(yield_per=50)):
        yield _document(f"pages/{scan.sha256}/{page.number:04}.json", _page(page, names))
        session.expunge(page)


def _page(page: Page, names: dict[str, str]) -> dict[str, Any]:
    words = [
        [word.text, word.left, word.top, word.width, word.height, round(word.confidence, 1), word.line]
        for word in reading.unpack_words(page.words)
    ]
    corrections = [
        {
            "before": one.text_before,
            "after": one.text_after,
            "by": names[one.corrected_by_id],
            "at": one.corrected_at.isoformat(),
        }
        for one in page.corrections
    ]
    read = page.words is not None
    return {**_fields(page, PAGE), "words": words if read else None, "corrections": corrections}


def _names_of_correctors(session: Session, scan: Scan) -> dict[str, str]:
    ids = select(PageCorrection.corrected_by_id).join(PageCorrection.page).where(Page.scan_id == scan.id)
    return dict(session.execute(select(Account.id, Account.full_name).where(Account.id.in_(ids))).all())


def _history(session: Session, dossier: Dossier) -> Iterator[dict[str, Any]]:
    """The transfers of the dossier so far, with their steps."""
    transfers = session.scalars(
        select(Transfer).where(Transfer.dossier_id == dossier.id).order_by(Transfer.prepared_at, Transfer.id)
    )
    for transfer in transfers:
        yield {
            "number": transfer.number,
            "from": transfer.from_unit.name,
            "to": transfer.to_unit.name,
            "state": transfer.state.value,
            "reason": transfer.reason,
            "events": [
                {
                    "label": custody.event_label(event),
                    "at": event.at.isoformat(),
                    "by": event.taken_by.full_name,
                    "reason": event.reason,
                }
                for event in custody.events_of(session, transfer)
            ],
        }


def _entries(session: Session, dossier: Dossier) -> Iterator[dict[str, Any]]:
    """The entries of the log about this dossier, as they were hashed, with the names of who acted."""
    rows = session.execute(
        select(AuditEntry, Account.full_name)
        .outerjoin(Account, Account.id == AuditEntry.account_id)
        .where(AuditEntry.dossier_id == dossier.id)
        .order_by(AuditEntry.seq)
        .execution_options(yield_per=1000)
    )
    for entry, name in rows:
        yield {
            "seq": entry.seq,
            "previous": entry.previous,
            "hash": entry.hash,
            "body": entry.body,
            "who": name or "",
        }


def _stored(folder: Path, sha256: str, name: str) -> Item:
    return Item(name, storage.size_of(folder, sha256), storage.pieces(folder, sha256))


def _document(name: str, content: dict[str, Any]) -> Item:
    data = _encode(content)
    return Item(name, len(data), [data])


def _encode(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
