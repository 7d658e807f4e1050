"""A whole dossier as a ZIP: one PDF per document in the order of the contents list, and the list itself.

The file leaves the protection of the house, so it asks for the password, needs a purpose and is written down. It is
made while it is sent: never more than one document is in memory. Names follow “STT.Tên tài liệu.pdf” (CV 1361-CV/BTCTW).
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from sqlalchemy.orm import Session

from oms import audit, dossiers, storage
from oms.errors import N_, BadInput, Conflict
from oms.models import Dossier
from oms.papers.dossiers import contents_list
from oms.papers.issuing import Paper, Printing
from oms.permissions import Action, require, require_confirmed
from oms.vietnamese.text import nfc

NAME_LENGTH = 120
_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
# Entries carry no time of their own: the same dossier gives the same file but for the printed list.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Piece:
    """One document: the name of its file, and its pages as (SHA-256 of a PDF, number of the page in it)."""

    name: str
    pages: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Bundle:
    """What is sent: nothing is read from the database any more once this is known."""

    file_name: str
    contents: Paper
    pieces: tuple[Piece, ...]


def take(session: Session, dossier: Dossier, *, printing: Printing) -> Bundle:
    """Gather the documents and write down that they leave; raises `ConfirmationNeeded` without a fresh password."""
    actor = printing.actor
    require(actor, Action.DOSSIER_READ, dossier)
    require_confirmed(actor)
    documents = dossiers.contents(session, dossier)
    if not documents:
        raise BadInput(N_("No document is filed in this dossier, so there is nothing to take."))
    pages = dossiers.pages_of(session, [document.id for document in documents])
    for scan in {page.scan_id: page.scan for rows in pages.values() for page in rows}.values():
        require(actor, Action.SCAN_DOWNLOAD, scan)
        if scan.pdf_sha256 is None:
            raise Conflict(N_("Scans of this dossier are still being read. Take the dossier when they are done."))
    pieces = tuple(
        Piece(
            file_name_of(place, document.title, len(documents)),
            tuple((str(page.scan.pdf_sha256), page.number) for page in pages[document.id]),
        )
        for place, document in enumerate(documents, 1)
    )
    contents = contents_list(session, dossier, printing=printing)
    audit.record(
        session,
        "dossier:export",
        dossier,
        actor=actor,
        words=printing.purpose_words,
        documents=len(pieces),
        pages=sum(len(piece.pages) for piece in pieces),
    )
    return Bundle(f"{dossier.number}.zip", contents, pieces)


def file_name_of(place: int, title: str, total: int) -> str:
    """“03.Quyết định tuyển dụng.pdf”: as many digits as the last one needs, no sign a file system refuses."""
    digits = max(2, len(str(total)))
    words = " ".join(_UNFIT.sub(" ", nfc(title)).split())[:NAME_LENGTH].strip(" .")
    return f"{place:0{digits}}.{words or 'Tài liệu'}.pdf"


class _Outlet(io.RawIOBase):
    """What was written and not yet sent."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        self._waiting += bytes(piece)  # type: ignore[call-overload]
        return len(bytes(piece))  # type: ignore[call-overload]

    def drain(self) -> bytes:
        sent = bytes(self._waiting)
        self._waiting.clear()
        return sent


def stream(bundle: Bundle, scans: Path) -> Iterator[bytes]:
    """The ZIP piece by piece; `scans` is the folder of stored bytes."""
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr(_entry("00.Mục lục.pdf"), bundle.contents.body)
        yield outlet.drain()
        for piece in bundle.pieces:
            packed.writestr(_entry(piece.name), _draw(piece, scans))
            yield outlet.drain()
    yield outlet.drain()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _NO_TIME)
    entry.external_attr = 0o600 << 16
    return entry


def _draw(piece: Piece, scans: Path) -> bytes:
    """The pages of one document as a PDF of their own."""
    out = io.BytesIO()
    opened: dict[str, pikepdf.Pdf] = {}
    with pikepdf.new() as document:
        try:
            for sha256, number in piece.pages:
                if sha256 not in opened:
                    opened[sha256] = pikepdf.open(storage.get(scans, sha256))
                document.pages.append(opened[sha256].pages[number - 1])
            document.save(out, deterministic_id=True)
        finally:
            for source in opened.values():
                source.close()
    return out.getvalue()
