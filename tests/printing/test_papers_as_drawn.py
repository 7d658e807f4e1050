"""Every form as it comes out: its words are there in composed letters, its pages are counted, its bytes are the same."""

import io
import subprocess
import unicodedata
from collections.abc import Callable
from datetime import date, datetime

import pikepdf
import pytest

from oms import printing
from oms.printing import Body, Imprint, Listed, Subject, write_number

PARTY = Body("Đảng ủy Khối các cơ quan tỉnh", "Tỉnh ủy Lâm Đồng", True, "ĐUK", "Lâm Đồng")
STATE = Body("Sở Nội vụ", "Ủy ban nhân dân tỉnh", False, "SNV", "Lâm Đồng")
DAY = date(2026, 1, 5)
NAME = "K' Brõi H'Niê <Thuỷ> & Ưỡng"
SUBJECT = Subject(NAME, "HS-000123", "Công chức", birth="02/3/1985", home_town="Xã Đạ K'Nàng")
NOBODY = Subject("Ô", "HS-000124")


def imprint(body: Body = PARTY, kind: str = "PC", **more) -> Imprint:
    return Imprint(
        write_number(5, kind, body),
        "Trần Thị Ngọc Hân",
        datetime(2026, 11, 25, 14, 3),
        **{"purpose": "giao nhận", "check_code": "A1B2 C3D4 E5F6 0718", "address": "https://oms.example/x", **more},
    )


def rows(count: int) -> tuple[Listed, ...]:
    return tuple(
        Listed(f"Quyết định {n}", f"{n:02}/QĐ-SNV", "2019", "Bản chính", 2, f"Nhóm {n // 50}") for n in range(count)
    )


def draw_slip(body: Body = PARTY, count: int = 3, subject: Subject = SUBJECT, **more) -> bytes:
    slip = printing.TransferSlip(
        body, imprint(body, **more), DAY, subject, "Sở Tài chính", "Điều động", "CH-2026-0007", rows(count)
    )
    return printing.draw_transfer_slip(slip)


DRAWN: dict[str, Callable[[Subject], bytes]] = {
    "PHIẾU CHUYỂN HỒ SƠ": lambda who: draw_slip(subject=who),
    "PHIẾU GIAO NHẬN HỒ SƠ": lambda who: printing.draw_handover_slip(
        printing.HandoverSlip(PARTY, imprint(), DAY, who, "Bên A", "Bên B", "CH-2026-0007", rows(2))
    ),
    "BIÊN BẢN GIAO NHẬN HỒ SƠ": lambda who: printing.draw_handover_minutes(
        printing.HandoverMinutes(PARTY, imprint(), DAY, who, "Bên A", "Bên B", "CH-2026-0007")
    ),
    "MỤC LỤC TÀI LIỆU TRONG HỒ SƠ": lambda who: printing.draw_contents_list(
        printing.ContentsList(PARTY, imprint(), DAY, who)
    ),
    "PHIẾU KIỂM SOÁT HỒ SƠ": lambda who: printing.draw_control_sheet(
        printing.ControlSheet(PARTY, imprint(), DAY, who, (("Khai sinh", 0),))
    ),
    "HỒ SƠ": lambda who: printing.draw_envelope(printing.Envelope(PARTY, who)),
    "PHIẾU NGHIÊN CỨU HỒ SƠ": lambda who: printing.draw_consultation_slip(
        printing.ConsultationSlip(PARTY, imprint(), DAY, who, "Lê C", "Sở Y tế", "Xét bổ nhiệm")
    ),
    "GIẤY GIỚI THIỆU SINH HOẠT ĐẢNG": lambda who: printing.draw_transfer_letter(
        printing.TransferLetter(PARTY, imprint(), DAY, "Chuyển sinh hoạt đảng chính thức", who.full_name)
    ),
    "PHIẾU THEO DÕI SỬ DỤNG": lambda who: printing.draw_consultation_log(
        printing.ConsultationLog(PARTY, imprint(), DAY, who)
    ),
}


def test_the_opening_slip_has_the_code_on_one_page_and_nobody_s_name() -> None:
    code = " ".join(f"{group:04}" for group in range(9))
    foot = Imprint("", "Trần Thị Ngọc Hân", datetime(2026, 11, 25, 14, 3), request="CH-2026-0007")
    slip = printing.OpeningSlip(PARTY, foot, DAY, "Bên B", "Đảng bộ Khối B", "CH-2026-0007", "3f2a", "08:00", code)
    pdf = printing.draw_opening_slip(slip)
    words = text_of(pdf)
    assert page_count(pdf) == 1 and "PHIẾU MÃ MỞ GÓI HỒ SƠ" in words and "Trang 1/1" in words
    assert all(group in words for group in code.split())
    assert NAME not in words and pdf == printing.draw_opening_slip(slip)


def text_of(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def page_count(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return len(document.pages)


@pytest.mark.parametrize("title", DRAWN)
@pytest.mark.parametrize("subject", [SUBJECT, NOBODY], ids=["all known", "little known"])
def test_a_form_says_its_name_and_whose_it_is(title: str, subject: Subject) -> None:
    text = text_of(DRAWN[title](subject))
    assert title in text
    assert (subject.full_name.upper() if title == "HỒ SƠ" else subject.full_name) in text
    assert unicodedata.is_normalized("NFC", text)


def test_the_body_chooses_the_head() -> None:
    party, state = text_of(draw_slip(PARTY)), text_of(draw_slip(STATE))
    assert "ĐẢNG CỘNG SẢN VIỆT NAM" in party and "Số 05-PC/ĐUK" in party and "CỘNG HÒA" not in party
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in state and "Số: 05/PC-SNV" in state and "ĐẢNG CỘNG" not in state
    assert "Lâm Đồng, ngày 05 tháng 01 năm 2026" in party


def test_the_foot_of_every_page_counts_and_names() -> None:
    pdf = draw_slip(count=120, times=3)
    pages = page_count(pdf)
    text = text_of(pdf)
    assert pages > 3
    for number in range(1, pages + 1):
        assert f"Trang {number}/{pages}" in text
    assert text.count("Mã kiểm tra: A1B2 C3D4 E5F6 0718") == text.count("In lần 3") == pages
    assert text.count("Tên tài liệu") >= pages - 1, "the head of the table stands again on each page"


def test_the_same_input_gives_the_same_bytes() -> None:
    assert draw_slip() == draw_slip()


def test_letters_in_parts_are_put_together() -> None:
    parted = unicodedata.normalize("NFD", "Nguyễn Thị Thuỷ")
    assert "Nguyễn Thị Thuỷ" in text_of(draw_slip(subject=Subject(parted, "HS-1")))


def test_the_envelope_has_its_real_size() -> None:
    with pikepdf.open(io.BytesIO(printing.draw_envelope(printing.Envelope(PARTY, SUBJECT)))) as document:
        box = [float(side) / 72 * 25.4 for side in document.pages[0].mediabox]
    assert box[2:] == pytest.approx([340, 250], abs=0.1)


def test_labels_go_on_as_many_sheets_as_they_need() -> None:
    label = printing.Label("HS-000001", NAME, "Đảng bộ cơ sở Sở Nội vụ", "Kho 1", "https://oms.example/d/1")
    assert page_count(printing.draw_labels([label] * 14)) == 1
    assert page_count(printing.draw_labels([label] * 15)) == 2


def test_the_columns_of_the_registers_fill_the_page() -> None:
    for columns in (printing.DOSSIERS, printing.HANDOVERS, printing.CONSULTATIONS, printing.MEMBERSHIPS):
        assert sum(column.width for column in columns) == 252


def test_a_register_of_three_hundred_lines() -> None:
    lines = tuple((n, f"HS-{n:06}", NAME, "1985", "Công chức", DAY, "Sở Nội vụ", "") for n in range(1, 301))
    register = printing.Register(PARTY, imprint(), DAY, "Sổ đăng ký hồ sơ", "Năm 2026", printing.DOSSIERS, lines)
    text = text_of(printing.draw_register(register))
    assert "HS-000300" in text and "Cộng: 300 dòng." in text
