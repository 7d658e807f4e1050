"""A whole dossier as files: a ZIP of one PDF per document in the order of the contents list, or one PDF of them all.

What leaves the protection of the house asks for the password, needs a purpose and is written down. A ZIP is made while
it is sent: never more than one document is in memory; a PDF is put together by qpdf in a folder that goes with it. Members' dossiers
have the folders and names of the catalogue (`catalogue/naming.yaml`), the others “STT.Tên tài liệu.pdf”. All names come
from one look at the contents list: a paper that is older renumbers the later ones in the same stroke.
"""

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pikepdf
from sqlalchemy.orm import Session

from oms import audit, catalogue, dossiers, organisation, staging, storage
from oms.errors import N_, BadInput, Conflict
from oms.models import Document, Dossier
from oms.papers.dossiers import contents_list
from oms.papers.issuing import Paper, Printing
from oms.permissions import Action, require, require_confirmed
from oms.settings import Settings
from oms.vietnamese.paper_names import as_file_name
from oms.vietnamese.text import without_marks

NAME_LENGTH = 120
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
    folder: str = ""


def take(session: Session, dossier: Dossier, *, printing: Printing, home: Path | None = None) -> Bundle:
    """Gather the documents and write down that they leave; raises `ConfirmationNeeded` without a fresh password.

    `home` is the data folder of the installation, which may have its own templates of names.
    """
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
    folder, names = name_all(dossier, documents, home)
    pieces = tuple(
        Piece(name, tuple((str(page.scan.pdf_sha256), page.number) for page in pages[document.id]))
        for name, document in zip(names, documents, strict=True)
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
    return Bundle(f"{dossier.number}.zip", contents, pieces, folder)


def name_all(dossier: Dossier, documents: Sequence[Document], home: Path | None = None) -> tuple[str, list[str]]:
    """The folder of the dossier, "" for none, and the file name of every document, in the order of the contents list."""
    naming = catalogue.naming(dossier.category.value, organisation.today(), home)
    if naming is None:
        return "", [file_name_of(place, one.title, len(documents)) for place, one in enumerate(documents, 1)]
    person = dossier.person
    unit_code = person.unit.party_code or dossier.custodian.party_code or dossier.custodian.code
    folder = naming.folder_of(unit_code, person.personal_id or "", without_marks(person.full_name))
    of_kind = Counter(one.component_id for one in documents)
    seen: Counter[str] = Counter()
    names = []
    for document in documents:
        kind = catalogue.component(document.component_id, dossier.category.value)
        seen[kind.id] += 1
        n = seen[kind.id] if of_kind[kind.id] > 1 else None
        names.append(naming.file_of(kind.type_code or "00", kind.file_stem or without_marks(kind.label_vi), n))
    return folder, names


def lacks_id(dossier: Dossier, home: Path | None = None) -> bool:
    """True when the folder would be named by the personal id and the person has none: then by the name alone."""
    naming = catalogue.naming(dossier.category.value, organisation.today(), home)
    return naming is not None and not dossier.person.personal_id


def file_name_of(place: int, title: str, total: int) -> str:
    """“03.Quyết định tuyển dụng.pdf”: as many digits as the last one needs, no sign a file system refuses."""
    digits = max(2, len(str(total)))
    words = as_file_name(title)[:NAME_LENGTH].strip(" .")
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
        folder = f"{bundle.folder}/" if bundle.folder else ""
        packed.writestr(_entry(f"{folder}00.Mục lục.pdf"), bundle.contents.body)
        yield outlet.drain()
        for piece in bundle.pieces:
            packed.writestr(_entry(folder + piece.name), _draw(piece, scans))
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
    with ExitStack() as sources, pikepdf.new() as document:
        for sha256, number in piece.pages:
            if sha256 not in opened:
                path = sources.enter_context(storage.proved(scans, sha256))
                opened[sha256] = sources.enter_context(pikepdf.open(path))
            document.pages.append(opened[sha256].pages[number - 1])
        document.save(out, deterministic_id=True)
    return out.getvalue()


def stream_pdf(bundle: Bundle, settings: Settings) -> Iterator[bytes]:
    """All documents behind their contents list as one PDF, with a bookmark for each.

    It is put together in a folder of its own that goes when the sending ends or breaks off; what a dying program leaves
    there is named by `oms check` as any folder of a reading is.
    """
    with (
        staging.own_folder(settings, "reading") as folder,
        _bind(bundle, settings.scans, folder).open("rb") as bound,
    ):
        yield from storage.chunks(bound)


def _bind(bundle: Bundle, scans: Path, folder: Path) -> Path:
    """The one PDF; qpdf joins file by file, so memory does not grow with the bytes of the scans (pikepdf would)."""
    front, joined, bound = folder / "front.pdf", folder / "joined.pdf", folder / "bound.pdf"
    front.write_bytes(bundle.contents.body)
    with pikepdf.open(front) as listed:
        at = len(listed.pages)
    wanted, marks = [str(front), "1-z"], []
    with ExitStack() as sources:
        paths: dict[str, str] = {}
        for piece in bundle.pieces:
            marks.append((piece.name.removesuffix(".pdf"), at))
            for sha256, pages in groupby(piece.pages, key=itemgetter(0)):
                if sha256 not in paths:
                    paths[sha256] = str(sources.enter_context(storage.proved(scans, sha256)))
                numbers = [str(number) for _sha256, number in pages]
                wanted += [paths[sha256], ",".join(numbers)]
                at += len(numbers)
        pikepdf.Job(["qpdf", "--empty", "--pages", *wanted, "--", str(joined)]).run()
    with pikepdf.open(joined) as document:
        with document.open_outline() as outline:
            outline.root.extend(pikepdf.OutlineItem(title, page) for title, page in marks)
        document.save(bound, deterministic_id=True)
    return bound
