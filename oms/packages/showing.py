"""Job `show_scan`: pictures and searchable PDF of a scan that came in a package, made anew from its original.

The text and its boxes came with the package; only pixels of the original that went through the gate are shown.
"""

from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, undefer

from oms import db, jobs, reading, staging, storage
from oms.models import Page, PageState, Scan
from oms.permissions import Actor
from oms.recognition import OpenedScan, open_scan, page_image, write_pdf
from oms.recognition.layer import write_layer
from oms.recognition.orientation import deskew, rotate
from oms.recognition.screen import screen_picture, write_screen
from oms.settings import Settings


def show_scan(engine: Engine, settings: Settings, scan_id: str, *, actor: Actor | None) -> list[str]:
    """Make what is missing; run again it goes on where it stopped, page by page."""
    with db.reading(engine) as session:
        scan = session.get(Scan, scan_id)
        if scan is None or scan.pdf_sha256 is not None:
            return []
        original, name = scan.sha256, scan.file_name
        pages = list(
            session.scalars(
                select(Page).where(Page.scan_id == scan_id).options(undefer(Page.words)).order_by(Page.number)
            )
        )
    with staging.own_folder(settings, "reading") as folder:
        with storage.opened(settings.scans, original) as path:
            opened = open_scan(path, name=name)
            layers = [_show_page(engine, settings, opened, page, folder) for page in pages]
        write_pdf(layers, folder / "scan.pdf")
        sha256, _size = storage.put_file(settings.scans, folder / "scan.pdf")
    with db.writing(engine) as session:
        _finish(session, scan_id, sha256, actor)
        return list(session.info.pop("enqueued", []))


def _show_page(engine: Engine, settings: Settings, opened: OpenedScan, page: Page, folder: Path) -> Path:
    """The picture of one page, upright as it was read, and its layer for the PDF."""
    picture = deskew(rotate(page_image(opened, page.number), page.rotation), page.skew)
    screen = screen_picture(picture)
    image = write_screen(screen, folder / f"page-{page.number:04}.jpg")
    words = reading.unpack_words(page.words) if page.state == PageState.READ else []
    layer = write_layer(picture, words, screen.dpi, folder / f"page-{page.number:04}.pdf")
    sha256, _size = storage.put_file(settings.scans, image)
    image.unlink()
    with db.writing(engine) as session:
        session.get_one(Page, page.id, with_for_update=True).image_sha256 = sha256
    return layer


def _finish(session: Session, scan_id: str, sha256: str, actor: Actor | None) -> None:
    scan = session.get_one(Scan, scan_id, with_for_update=True)
    scan.pdf_sha256 = sha256
    jobs.enqueue(session, "index_scan", scan_id, actor=actor)
