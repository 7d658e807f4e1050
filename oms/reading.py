"""From bytes to pages of text, in the background, page by page.

Each page is read outside any transaction and its result committed by itself, so a worker may be
killed at any moment: what was committed stays, what was not is read again. A page somebody has
corrected keeps its corrected text whatever is read later. `recognition` does the reading; this
module knows the rows.
"""

import json
import logging
import zlib
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, joinedload

from oms import audit, db, jobs, staging, storage
from oms.errors import N_, OmsError
from oms.models import Page, PageState, Quality, Scan, ScanState
from oms.permissions import Actor
from oms.recognition import OpenedScan, PageReading, ReadPage, Word, open_scan, read_page, show_page, write_pdf
from oms.settings import Settings

log = logging.getLogger(__name__)


def pack_words(words: Sequence[Word]) -> bytes:
    """Words as compressed JSON rows [text, left, top, width, height, confidence, line]."""
    rows = [[w.text, w.left, w.top, w.width, w.height, round(w.confidence, 1), w.line] for w in words]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode())


def unpack_words(packed: bytes | None) -> list[Word]:
    """The words of a page in reading order; none when it has not been read."""
    return [] if packed is None else [Word(*row) for row in json.loads(zlib.decompress(packed))]


def layer_path(settings: Settings, page_id: str) -> Path:
    """Where the one-page PDF of a page waits until the whole scan is read."""
    folder = staging.work_folder(settings, "layers") if settings.protected else settings.scans / "layers"
    return folder / f"{page_id}.pdf"


def start_scan(engine: Engine, _settings: Settings, scan_id: str, *, actor: Actor | None) -> list[str]:
    """Job `read_scan`: enqueue the pages that still wait; return the ids of the jobs to deliver."""
    with db.writing(engine) as session:
        scan = session.get(Scan, scan_id)
        if scan is None:
            return []
        waiting = session.scalars(
            select(Page.id).where(Page.scan_id == scan_id, Page.state == PageState.WAITING).order_by(Page.number)
        ).all()
        if waiting:
            scan.state = ScanState.READING
        for page_id in waiting:
            jobs.enqueue(session, "read_page", page_id, actor=actor)
        if not waiting:
            jobs.enqueue(session, "finish_scan", scan_id, actor=actor)
        return list(session.info.pop("enqueued", []))


def read_one_page(engine: Engine, settings: Settings, page_id: str, *, actor: Actor | None) -> list[str]:
    """Job `read_page`: read one page and keep the result; the last page of a scan starts its finishing."""
    with db.reading(engine) as session:
        page = session.get(Page, page_id, options=[joinedload(Page.scan)])
        if page is None or page.state != PageState.WAITING:
            return _after_page(engine, page.scan_id, actor) if page else []
        scan_id, sha256, name, number = page.scan_id, page.scan.sha256, page.scan.file_name, page.number
    with staging.own_folder(settings, "reading") as folder:
        _keep_page(engine, settings, page_id, *_try_page(settings, sha256, name, number, folder))
    return _after_page(engine, scan_id, actor)


def _try_page(
    settings: Settings, sha256: str, name: str, number: int, folder: Path
) -> tuple[ReadPage | None, OmsError | None]:
    """What was read and why it failed: a page that cannot be read is at least shown, so that a person can type it."""
    try:
        with storage.opened(settings.scans, sha256) as path:
            return _read_or_show(open_scan(path, name=name), number, folder)
    except OmsError as error:
        return None, error


def _read_or_show(scan: OpenedScan, number: int, folder: Path) -> tuple[ReadPage | None, OmsError | None]:
    try:
        return read_page(scan, number, folder), None
    except OmsError as error:
        log.warning("page %s of a scan failed: %s", number, type(error).__name__)
        failure = error
    try:
        return show_page(scan, number, folder), failure
    except OmsError:
        return None, failure


def _keep_page(
    engine: Engine, settings: Settings, page_id: str, result: ReadPage | None, failure: OmsError | None
) -> None:
    image_sha256 = None
    if result is not None:
        image_sha256, _size = storage.put_file(settings.scans, result.image)
        # Before the row that says “read”: a layer that a power cut tore would keep the scan from ever being finished.
        storage.move(result.layer, layer_path(settings, page_id))
    with db.writing(engine) as session:
        page = session.get_one(Page, page_id, with_for_update=True)
        if page.state != PageState.WAITING:
            return  # another worker was faster; its result holds
        page.image_sha256 = image_sha256
        if failure is not None:
            page.state, page.error = PageState.FAILED, failure.message
            page.error_values = {key: str(value) for key, value in failure.values.items()}
        else:
            page.state, page.error, page.error_values = PageState.READ, None, None
        if result is not None:
            _write_reading(page, result.reading)
        if failure is not None:
            page.quality, page.expected_error = Quality.POOR, 1.0


def _write_reading(page: Page, reading: PageReading) -> None:
    """What the machine read, beside the text that holds: a person's correction is never overwritten."""
    page.text_read = reading.text
    if not page.corrected:
        page.text = reading.text
    page.words = pack_words(reading.words)
    page.confidence, page.quality = reading.confidence, Quality(reading.quality)
    page.expected_error = reading.expected_error
    page.rotation, page.skew = reading.rotation, reading.skew
    page.width, page.height = reading.width, reading.height
    page.secrecy = list(reading.secrecy) or None
    page.kind, page.findings = reading.kind, reading.findings()
    page.seconds = reading.seconds


def _after_page(engine: Engine, scan_id: str, actor: Actor | None) -> list[str]:
    with db.writing(engine) as session:
        if _count(session, scan_id, PageState.WAITING) == 0 and _state(session, scan_id) == ScanState.READING:
            jobs.enqueue(session, "finish_scan", scan_id, actor=actor)
        return list(session.info.pop("enqueued", []))


def _count(session: Session, scan_id: str, state: PageState) -> int:
    return session.scalar(select(func.count(Page.id)).where(Page.scan_id == scan_id, Page.state == state)) or 0


def _state(session: Session, scan_id: str) -> ScanState | None:
    return session.scalar(select(Scan.state).where(Scan.id == scan_id))


def finish_scan(engine: Engine, settings: Settings, scan_id: str, *, actor: Actor | None) -> list[str]:
    """Job `finish_scan`: put the pages together to the searchable PDF and hand the text to search."""
    with db.reading(engine) as session:
        pages = list(session.scalars(select(Page).where(Page.scan_id == scan_id).order_by(Page.number)))
        state = _state(session, scan_id)
    if state != ScanState.READING:
        return []
    lost = [p.id for p in pages if p.state == PageState.READ and not layer_path(settings, p.id).exists()]
    if lost or any(page.state == PageState.WAITING for page in pages):
        return _read_lost_pages(engine, settings, scan_id, lost, actor)
    read = [page for page in pages if page.state == PageState.READ]
    layers = [layer for page in pages if (layer := layer_path(settings, page.id)).exists()]
    pdf_sha256 = _write_pdf(settings, layers) if read else None
    with db.writing(engine) as session:
        scan = session.get_one(Scan, scan_id, with_for_update=True)
        if scan.state != ScanState.READING:
            return []
        scan.pdf_sha256 = pdf_sha256
        waits = any(page.document_id is None for page in pages)
        scan.state = (ScanState.READ if waits else ScanState.FILED) if read else ScanState.FAILED
        scan.error, scan.error_values = _sentence(pages, read)
        if read:
            jobs.enqueue(session, "index_scan", scan_id, actor=actor)
        if any(page.document_id for page in pages):  # read again: what was filed may say something else now
            jobs.enqueue(session, "check_dossier", scan.dossier_id, actor=actor)
        audit.record(session, "scan:read", scan, actor=actor, pages=len(read), failed=len(pages) - len(read))
        enqueued = list(session.info.pop("enqueued", []))
    for layer in layers:
        layer.unlink(missing_ok=True)
    return enqueued


def _read_lost_pages(
    engine: Engine, settings: Settings, scan_id: str, lost: list[str], actor: Actor | None
) -> list[str]:
    """Layers are not backed up: after a restore in mid-work the pages concerned are read again."""
    with db.writing(engine) as session:
        for page in session.scalars(select(Page).where(Page.id.in_(lost))):
            page.state = PageState.WAITING
    return start_scan(engine, settings, scan_id, actor=actor)


def _write_pdf(settings: Settings, layers: list[Path]) -> str:
    with staging.own_folder(settings, "reading") as folder:
        out = folder / "scan.pdf"
        write_pdf(layers, out)
        sha256, _size = storage.put_file(settings.scans, out)
    return sha256


def _sentence(pages: list[Page], read: list[Page]) -> tuple[str | None, dict[str, str] | None]:
    if not read:
        first = pages[0]
        return first.error, first.error_values
    if failed := [str(page.number) for page in pages if page.state == PageState.FAILED]:
        message = N_("Pages %(numbers)s could not be read. Look at them in the original, or have them read again.")
        return message, {"numbers": ", ".join(failed)}
    return None, None


def give_up(session: Session, kind: str, subject_id: str, error: OmsError) -> None:
    """A reading job failed for good: say so on the page or the scan, so that nothing waits for ever."""
    values = {key: str(value) for key, value in error.values.items()}
    if kind == "read_page" and (page := session.get(Page, subject_id)) is not None:
        if page.state == PageState.WAITING:
            page.state, page.error, page.error_values = PageState.FAILED, error.message, values
            session.flush()
            if _count(session, page.scan_id, PageState.WAITING) == 0:
                jobs.enqueue(session, "finish_scan", page.scan_id, actor=None)
    elif kind in ("read_scan", "finish_scan"):
        scan = session.get(Scan, subject_id)
        if scan is not None and scan.state in (ScanState.RECEIVED, ScanState.READING):
            scan.state, scan.error, scan.error_values = ScanState.FAILED, error.message, values
