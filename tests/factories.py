"""Synthetic things for tests. Every function writes in the session it is given and commits nothing."""

import io
from dataclasses import dataclass
from datetime import date

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from oms import accounts, custody, dossiers, people, reading, review
from oms.models import (
    Account,
    Assignment,
    Category,
    Document,
    Dossier,
    Page,
    PageState,
    Person,
    Quality,
    Role,
    Scan,
    ScanState,
    Unit,
    UnitKind,
)
from oms.people import NewPerson
from oms.recognition import Word
from oms.specimens.fonts import find_family
from oms.specimens.ink import level_stamp

PASSWORD = "Mot-cau-that-dai-2026"
# Hashing takes a fifth of a second by design; once is enough for all tests.
# Number and day of the decision that a transfer in a test rests on.
PROOF = custody.Proof("12-QĐ/TU", date(2026, 2, 3))
_HASH = accounts.hash_password(PASSWORD)


@dataclass(frozen=True)
class World:
    """Ids by name: the bloc, its organisation board and three grassroots units, with an account per role."""

    units: dict[str, str]
    accounts: dict[str, str]


# username: (role, unit)
ACCOUNTS = {
    "canbo.khoi": (Role.OFFICER, "btc"),
    "truongban.khoi": (Role.HEAD, "btc"),
    "canbo.sonv": (Role.OFFICER, "sonv"),
    "canbo2.sonv": (Role.OFFICER, "sonv"),
    "bithu.sonv": (Role.HEAD, "sonv"),
    "canbo.sotc": (Role.OFFICER, "sotc"),
    "bithu.sotc": (Role.HEAD, "sotc"),
    "canbo.soyt": (Role.OFFICER, "soyt"),
    "kiemtra.khoi": (Role.INSPECTOR, "khoi"),
    "nguoilaodong.sonv": (Role.SUBJECT, "sonv"),
    "quantri": (Role.ADMINISTRATOR, "khoi"),
}


def make_world(session: Session) -> World:
    """The units and accounts every test can count on."""
    khoi = make_unit(session, "khoi", UnitKind.UPPER_COMMITTEE, "Đảng bộ Khối các cơ quan tỉnh")
    units = {
        "khoi": khoi,
        "btc": make_unit(session, "btc", UnitKind.BOARD, "Ban Tổ chức Đảng ủy Khối", khoi, keeps_dossiers=True),
        "sonv": make_unit(session, "sonv", UnitKind.GRASSROOTS_COMMITTEE, "Đảng bộ cơ sở Sở Nội vụ", khoi),
        "sotc": make_unit(session, "sotc", UnitKind.GRASSROOTS_COMMITTEE, "Đảng bộ cơ sở Sở Tài chính", khoi),
        "soyt": make_unit(session, "soyt", UnitKind.GRASSROOTS_COMMITTEE, "Đảng bộ cơ sở Sở Y tế", khoi),
    }
    units["sonv_c1"] = make_unit(session, "sonv_c1", UnitKind.CELL, "Chi bộ Văn phòng Sở", units["sonv"])
    made = {name: make_account(session, name, role, units[unit]) for name, (role, unit) in ACCOUNTS.items()}
    return World({code: unit.id for code, unit in units.items()}, {name: account.id for name, account in made.items()})


def make_unit(
    session: Session, code: str, kind: UnitKind, name: str, parent: Unit | None = None, **more: object
) -> Unit:
    """A unit below `parent`."""
    unit = Unit(code=code, kind=kind, name=name, parent_id=parent.id if parent else None, **more)
    session.add(unit)
    session.flush()
    return unit


def make_account(session: Session, username: str, role: Role, unit: Unit) -> Account:
    """An account whose password is `PASSWORD`."""
    account = Account(username=username, full_name=f"Tài khoản {username}", password_hash=_HASH)
    session.add(account)
    session.flush()
    session.add(Assignment(account_id=account.id, role=role, unit_id=unit.id, valid_from=date(2020, 1, 1)))
    session.flush()
    return account


def make_dossier(
    session: Session,
    unit_id: str,
    name: str = "Nguyễn Thị Hòa",
    *,
    category: Category = Category.CIVIL_SERVANT,
    person: Person | None = None,
    birth_date: date | None = date(1985, 3, 2),
) -> Dossier:
    """A dossier held by the unit, entered as that unit's officer would."""
    unit = session.get_one(Unit, unit_id)
    new = person or people.add_person(session, NewPerson(full_name=name, birth_date=birth_date), unit)
    dossier = Dossier(
        number=f"HS-{dossiers.next_number(session, 'dossier'):06d}",
        person_id=new.id,
        category=category,
        custodian_id=unit.id,
        managing_body_id=unit.id,
    )
    session.add(dossier)
    session.flush()
    return dossier


def make_scan(
    session: Session,
    dossier: Dossier,
    uploader_id: str,
    texts: tuple[str, ...] = ("QUYẾT ĐỊNH bổ nhiệm",),
    *,
    read: bool = True,
) -> Scan:
    """A scan with one page per text; read already (its image is not in storage), or waiting to be."""
    scan = Scan(
        dossier_id=dossier.id,
        sha256=f"{abs(hash((dossier.id, texts, read))):064x}"[:64],
        file_name="quyết định.pdf",
        media_type="application/pdf",
        size=1000,
        page_count=len(texts),
        received_by_id=uploader_id,
        state=ScanState.READ if read else ScanState.RECEIVED,
    )
    session.add(scan)
    session.flush()
    for number, text in enumerate(texts, start=1):
        page = Page(scan_id=scan.id, number=number)
        if read:
            page.state, page.text_read, page.text = PageState.READ, text, text
            page.quality, page.confidence = Quality.GOOD, 95.0
            page.width, page.height = 1000, 1400
            page.words = reading.pack_words(
                [Word(word, 50 + 120 * place, 60, 100, 30, 95.0, 0) for place, word in enumerate(text.split())]
            )
        session.add(page)
    session.flush()
    return scan


def make_document(
    session: Session, dossier: Dossier, scan: Scan, *, title: str = "Quyết định bổ nhiệm", actor
) -> Document:
    """All waiting pages of a scan, filed as one document."""
    page_ids = [page.id for page in review.pages_with_text(session, scan) if page.document_id is None]
    component = dossiers.components_of(dossier)[0].id
    return review.file_pages(session, scan, page_ids, review.Filing(component_id=component, title=title), actor=actor)


def draw_page(*lines: str, size: tuple[int, int] = (1240, 1754)) -> Image.Image:
    """A clean page with black text that Tesseract can read; A4 at 150 dpi unless told."""
    page = Image.new("L", size, 255)
    pen = ImageDraw.Draw(page)
    font = find_family().font("regular", 34)
    for row, line in enumerate(lines):
        pen.text((120, 140 + row * 60), line, font=font, fill=0)
    return page


def pdf_of(*pages: Image.Image) -> bytes:
    """The pages as an image-only PDF at 150 dpi."""
    out = io.BytesIO()
    pages[0].save(out, "PDF", resolution=150, save_all=True, append_images=list(pages[1:]))
    return out.getvalue()


def png_of(page: Image.Image) -> bytes:
    """The page as PNG at 150 dpi."""
    out = io.BytesIO()
    page.save(out, "PNG", dpi=(150, 150))
    return out.getvalue()


def stamped_png(text: str) -> bytes:
    """A page at 200 dpi with a red stamp in a double frame, as marks of secrecy have it."""
    page = draw_page("Kính gửi: Ban Tổ chức", size=(1654, 1400)).convert("RGB")
    page.paste(level_stamp(text), (200, 400))
    out = io.BytesIO()
    page.save(out, "PNG", dpi=(200, 200))
    return out.getvalue()


def tiff_with_unreadable_page(page: Image.Image) -> bytes:
    """Two pages; the bytes of the second one's picture are no picture."""
    out = io.BytesIO()
    page.save(out, "TIFF", compression="tiff_adobe_deflate", save_all=True, append_images=[page])
    with Image.open(out) as image:
        image.seek(1)
        starts, lengths = image.tag_v2[273], image.tag_v2[279]
    data = bytearray(out.getvalue())
    for start, length in zip(starts, lengths, strict=True):
        data[start : start + length] = b"\xff" * length
    return bytes(data)
