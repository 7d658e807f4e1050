"""Turns drawn papers into scan files: the sheets of a careless office scanner, the same for the same seed.

What happens to a page: yellowed paper, uneven light, a slightly crooked feed, noise, blur, JPEG. The truth of each
page stays beside it.
"""

import io
import random
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt
import pikepdf
from PIL import Image

from oms.errors import N_, BadInput
from oms.specimens import forms, papers
from oms.specimens.layout import Paper, draw_appendix
from oms.specimens.people import SyntheticPerson
from oms.specimens.sheet import DPI

Pixels = npt.NDArray[np.uint8]

MIDDLE_GREY = 128
"""Where noise has its zero while it is held in bytes."""

MAX_SKEW = 2.0
"""Degrees a sheet is fed crooked at most, either way."""


class PaperKind(StrEnum):
    """What is drawn."""

    PAY_RISE = "pay_rise"
    """State decision on a pay rise."""
    APPOINTMENT = "appointment"
    """State decision on a leading post."""
    ASSIGNMENT = "assignment"
    """State decision sending to another department."""
    RECRUITMENT = "recruitment"
    """State decision of the first day."""
    REWARD = "reward"
    """State decision on an emulation title."""
    PARTY_APPOINTMENT = "party_appointment"
    """Party decision on a place in a committee."""
    ADMISSION = "admission"
    """Party decision admitting a member."""
    FULL_MEMBERSHIP = "full_membership"
    """Party decision recognising full membership."""
    ADMISSION_RESOLUTION = "admission_resolution"
    """Resolution of a grassroots organisation."""
    VERIFICATION_LETTER = "verification_letter"
    """Official Party letter."""
    SHORT_CV = "short_cv"
    """CV form in the manner of 2C."""
    REVIEW = "review"
    """Yearly assessment."""
    CERTIFICATE = "certificate"
    """Certificate of a course."""


COMPONENTS: dict[str, dict[PaperKind, str]] = {
    "civil_servant": {
        PaperKind.SHORT_CV: "cs_short_cv",
        PaperKind.RECRUITMENT: "cs_recruitment_decision",
        PaperKind.PAY_RISE: "cs_personnel_decision",
        PaperKind.APPOINTMENT: "cs_appointment_file",
        PaperKind.ASSIGNMENT: "cs_personnel_decision",
        PaperKind.REWARD: "cs_personnel_decision",
        PaperKind.REVIEW: "cs_self_review",
        PaperKind.CERTIFICATE: "cs_diploma",
    },
    "public_employee": {
        PaperKind.SHORT_CV: "pe_short_cv",
        PaperKind.RECRUITMENT: "pe_recruitment_decision",
        PaperKind.PAY_RISE: "pe_personnel_decision",
        PaperKind.APPOINTMENT: "pe_appointment_file",
        PaperKind.ASSIGNMENT: "pe_personnel_decision",
        PaperKind.REWARD: "pe_personnel_decision",
        PaperKind.REVIEW: "pe_assessment",
        PaperKind.CERTIFICATE: "pe_diploma",
    },
    "contract_worker": {
        PaperKind.SHORT_CV: "cw_short_cv",
        PaperKind.PAY_RISE: "cw_pay_discipline",
        PaperKind.REWARD: "cw_pay_discipline",
        PaperKind.REVIEW: "cw_assessment",
        PaperKind.CERTIFICATE: "cw_diploma",
    },
    "cadre": {
        PaperKind.SHORT_CV: "cs_short_cv",
        PaperKind.PARTY_APPOINTMENT: "cadre_party_decision",
        PaperKind.APPOINTMENT: "cs_appointment_file",
        PaperKind.REVIEW: "cadre_party_assessment",
        PaperKind.CERTIFICATE: "cs_diploma",
    },
    "party_member": {
        PaperKind.VERIFICATION_LETTER: "pm_97",
        PaperKind.ADMISSION_RESOLUTION: "pm_45",
        PaperKind.ADMISSION: "pm_05",
        PaperKind.FULL_MEMBERSHIP: "pm_07",
        PaperKind.REVIEW: "pm_61",
        PaperKind.CERTIFICATE: "pm_70",
    },
}
"""Which papers a dossier of each category holds, and the component each is filed under."""

FILE_WORDS: dict[PaperKind, str] = {
    PaperKind.PAY_RISE: "quyet-dinh-nang-luong",
    PaperKind.APPOINTMENT: "quyet-dinh-bo-nhiem",
    PaperKind.ASSIGNMENT: "quyet-dinh-dieu-dong",
    PaperKind.RECRUITMENT: "quyet-dinh-tuyen-dung",
    PaperKind.REWARD: "quyet-dinh-khen-thuong",
    PaperKind.PARTY_APPOINTMENT: "quyet-dinh-chi-dinh-cap-uy",
    PaperKind.ADMISSION: "quyet-dinh-ket-nap-dang",
    PaperKind.FULL_MEMBERSHIP: "quyet-dinh-cong-nhan-chinh-thuc",
    PaperKind.ADMISSION_RESOLUTION: "nghi-quyet-de-nghi-ket-nap",
    PaperKind.VERIFICATION_LETTER: "cong-van-tham-tra-ly-lich",
    PaperKind.SHORT_CV: "so-yeu-ly-lich",
    PaperKind.REVIEW: "phieu-danh-gia",
    PaperKind.CERTIFICATE: "chung-chi",
}
"""What a scan room calls the file of each paper: Vietnamese without marks."""

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "tiff": "image/tiff",
    "jpeg": "image/jpeg",
    "png": "image/png",
}


@dataclass(frozen=True)
class SyntheticScan:
    """A scan file with what an officer would say about it; `pages` is the true text of each page."""

    file_name: str
    media_type: str
    data: bytes
    pages: tuple[str, ...]
    category: str
    component_id: str
    kind: PaperKind
    title: str
    number: str | None
    date: date | None


def kinds_for(person: SyntheticPerson, category: str | None = None) -> tuple[PaperKind, ...]:
    """The papers that fit into the dossier of this category (default: the main one) of this person."""
    known = COMPONENTS[category or person.categories[0]]
    return tuple(kind for kind in known if kind != PaperKind.FULL_MEMBERSHIP or person.party_official_date)


def draw_paper(
    person: SyntheticPerson, kind: PaperKind | str, seed: int, *, pages: int | None = None, category: str | None = None
) -> Paper:
    """The clean paper; `pages` cuts it or lengthens it with appendix pages. `BadInput` for a paper that does not fit."""
    category = category or _category_for(person, PaperKind(kind))
    if kind not in COMPONENTS[category]:
        raise BadInput(
            N_("The demo draws no paper “%(kind)s” for a dossier of the category %(category)s. Choose another."),
            kind=str(kind),
            category=category,
        )
    source = random.Random(f"{seed}/{person.personal_id}/{kind}/{category}")
    if kind == PaperKind.SHORT_CV:
        paper = forms.draw_short_cv(person, source, category)
    elif kind == PaperKind.REVIEW:
        paper = forms.draw_review(person, source, category)
    else:
        paper = (papers.DRAWERS | forms.DRAWERS)[kind](person, source)
    next_row = 1
    while pages is not None and len(paper.sheets) < pages:
        sheet, next_row = draw_appendix(
            paper.title.upper(), paper.number or "01", paper.day or person.last_day, source, next_row
        )
        paper.sheets.append(sheet)
    del paper.sheets[pages or len(paper.sheets) :]
    return paper


def make_scan(
    person: SyntheticPerson,
    kind: PaperKind | str,
    seed: int,
    *,
    pages: int | None = None,
    category: str | None = None,
    file_type: str | None = None,
) -> SyntheticScan:
    """Draw a paper about the person and scan it; `file_type` "pdf", "tiff", "jpeg" or "png" (default: by chance).

    JPEG and PNG hold one page only. Same arguments, same bytes.
    """
    category = category or _category_for(person, PaperKind(kind))
    source = random.Random(f"scan {seed}/{person.personal_id}/{kind}/{category}")
    chosen = file_type or _file_type(source, pages)
    if chosen not in MEDIA_TYPES:
        message = N_("The demo writes no “%(file_type)s” files. Choose pdf, tiff, jpeg or png.")
        raise BadInput(message, file_type=chosen)
    one_page = chosen in ("jpeg", "png")
    paper = draw_paper(person, kind, seed, pages=1 if one_page else pages, category=category)
    numbers = np.random.default_rng(source.getrandbits(64))
    scanned = [scan_page(sheet.image, numbers) for sheet in paper.sheets]
    return SyntheticScan(
        file_name=_file_name(PaperKind(kind), paper, chosen),
        media_type=MEDIA_TYPES[chosen],
        data=_WRITERS[chosen](scanned),
        pages=tuple(sheet.text for sheet in paper.sheets),
        category=category,
        component_id=_component(person, PaperKind(kind), category),
        kind=PaperKind(kind),
        title=paper.title,
        number=paper.number,
        date=paper.day,
    )


def scan_page(picture: Image.Image, numbers: np.random.Generator) -> Pixels:
    """The page as a scanner sees it, RGB in the same size."""
    page = np.asarray(picture, dtype=np.uint8)
    height, width = page.shape[:2]
    if numbers.random() < 0.25:
        page = cv2.GaussianBlur(page, (3, 3), float(numbers.uniform(0.4, 0.8))).astype(np.uint8)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(numbers.uniform(-MAX_SKEW, MAX_SKEW)), 1.0)
    page = cv2.warpAffine(
        page, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(255, 255, 255)
    ).astype(np.uint8)
    ground = _paper_ground(height, width, numbers)
    page = cv2.multiply(page, ground, scale=1 / 255).astype(np.uint8)
    noise = numbers.normal(MIDDLE_GREY, numbers.uniform(2, 7), (height // 2, width // 2)).astype(np.uint8)
    grain = cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
    seen = cv2.addWeighted(page, 1, cv2.merge([grain, grain, grain]), 1, -MIDDLE_GREY)
    return np.asarray(seen, dtype=np.uint8)


def _paper_ground(height: int, width: int, numbers: np.random.Generator) -> Pixels:
    """The colour of the empty paper: white to yellowed, darker towards one edge."""
    tones = ((250, 249, 246), (247, 244, 234), (240, 230, 205))
    base = np.array(tones[numbers.choice(3, p=(0.5, 0.35, 0.15))], dtype=np.float32)
    light = numbers.uniform(0.88, 1.0, (4, 3)).astype(np.float32)
    fall = cv2.resize(light, (width // 8, height // 8), interpolation=cv2.INTER_CUBIC)
    small = np.clip(fall[:, :, None] * base, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _jpeg(page: Pixels, quality: int = 72) -> bytes:
    _, data = cv2.imencode(".jpg", page[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def _write_pdf(pages: list[Pixels]) -> bytes:
    """A PDF 1.4 of one JPEG per page, as multifunction devices write it; no dates, so the bytes repeat."""
    with pikepdf.new() as pdf:
        for page in pages:
            height, width = page.shape[:2]
            image = pikepdf.Stream(pdf, _jpeg(page))
            image.stream_dict.update(
                pikepdf.Dictionary(
                    Type=pikepdf.Name.XObject,
                    Subtype=pikepdf.Name.Image,
                    Width=width,
                    Height=height,
                    ColorSpace=pikepdf.Name.DeviceRGB,
                    BitsPerComponent=8,
                    Filter=pikepdf.Name.DCTDecode,
                )
            )
            size = (round(width * 72 / DPI, 2), round(height * 72 / DPI, 2))
            pdf.add_blank_page(page_size=size)
            new = pdf.pages[-1]
            new.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=image))
            new.Contents = pikepdf.Stream(pdf, f"q {size[0]} 0 0 {size[1]} 0 0 cm /Scan Do Q".encode())
        out = io.BytesIO()
        pdf.save(out, force_version="1.4", deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def _write_tiff(pages: list[Pixels]) -> bytes:
    """Black and white fax pages in one TIFF, as older office scanners write them."""
    sheets = []
    for page in pages:
        grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
        level, black = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        del level
        sheets.append(Image.fromarray(black.astype(np.uint8)).convert("1"))
    out = io.BytesIO()
    sheets[0].save(out, "TIFF", save_all=True, append_images=sheets[1:], compression="group4", dpi=(DPI, DPI))
    return out.getvalue()


def _write_jpeg(pages: list[Pixels]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pages[0]).save(out, "JPEG", quality=78, dpi=(DPI, DPI))
    return out.getvalue()


def _write_png(pages: list[Pixels]) -> bytes:
    """A grey page without its lowest three bits: noise of that size only makes the file large."""
    grey = np.asarray(cv2.cvtColor(pages[0], cv2.COLOR_RGB2GRAY), dtype=np.uint8) & np.uint8(0xF8)
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG", compress_level=3, dpi=(DPI, DPI))
    return out.getvalue()


_WRITERS = {"pdf": _write_pdf, "tiff": _write_tiff, "jpeg": _write_jpeg, "png": _write_png}


def _file_type(source: random.Random, pages: int | None) -> str:
    if pages == 1:
        return source.choices(("pdf", "tiff", "jpeg", "png"), (60, 12, 20, 8))[0]
    return source.choices(("pdf", "tiff"), (85, 15))[0]


def _category_for(person: SyntheticPerson, kind: PaperKind) -> str:
    """The first category of the person whose dossier holds such a paper; the main one when none does."""
    fitting = (category for category in person.categories if kind in COMPONENTS[category])
    return next(fitting, person.categories[0])


def _component(person: SyntheticPerson, kind: PaperKind, category: str) -> str:
    """The component of the paper; a grassroots cell resolves as a cell (type 43), not as a committee (45)."""
    if kind == PaperKind.ADMISSION_RESOLUTION and person.seat.symbol == "CB":
        return "pm_43"
    return COMPONENTS[category][kind]


def _file_name(kind: PaperKind, paper: Paper, file_type: str) -> str:
    """What a scan room calls the file: kind and year, without marks; whose it is says the dossier."""
    ending = {"jpeg": "jpg", "tiff": "tif"}.get(file_type, file_type)
    return "-".join([FILE_WORDS[kind], *([str(paper.day.year)] if paper.day else [])]) + f".{ending}"
