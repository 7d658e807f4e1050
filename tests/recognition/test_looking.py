"""The look at the door: stamps of secrecy in every state an office leaves them in, and what must raise no alarm."""

import io
import random
import subprocess
from datetime import datetime

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageChops

from oms.printing.cover_sheet import CoverSheet, draw_cover_sheets
from oms.printing.sheet import Imprint
from oms.recognition import frames, looking, open_scan, secrecy
from oms.recognition.errors import PageNotRendered
from oms.recognition.pictures import Picture
from oms.specimens import ink
from oms.stacks.codes import Sheet, write_code
from tests.recognition.sheets import draw_sheet, draw_table, seal

DPI = 200


def press(
    sheet: Image.Image, stamp: Image.Image, place: tuple[int, int] = (180, 400), turn: float = 2.0
) -> Image.Image:
    layer = Image.new("RGB", sheet.size, "white")
    layer.paste(stamp.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor="white"), place)
    return ImageChops.multiply(sheet, layer)


def look(sheet: Image.Image) -> looking.Suspicion | None:
    return looking.look_at_picture(Picture(np.asarray(sheet.convert("RGB")), DPI))


@pytest.fixture(scope="module")
def sheet() -> Image.Image:
    return draw_sheet(height=8, top=2.6)


@pytest.mark.parametrize("level", secrecy.LEVELS)
def test_a_red_stamp_is_a_clear_mark(sheet, level):
    found = look(press(sheet, ink.level_stamp(level)))
    assert found and found.clear and level in found.levels


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_sheet_that_lies_wrong_is_turned_first(sheet, turned):
    assert look(press(sheet, ink.level_stamp("TỐI MẬT")).rotate(turned, expand=True))


def test_a_grey_copy_of_a_stamp_raises_at_least_a_doubt(sheet):
    assert look(press(sheet, ink.level_stamp("MẬT")).convert("L"))


def test_a_stamp_whose_word_is_hidden_is_a_doubt_by_its_double_frame(sheet):
    covered = press(sheet, ink.level_stamp("####"))
    found = look(covered)
    assert found and not found.clear and found.levels == ()


def test_a_level_printed_beside_a_text_is_a_doubt():
    sheet = draw_sheet(["TUYỆT MẬT Về việc chuyển hồ sơ của đồng chí", "", "Kính gửi: Ban Tổ chức"], height=8, top=1.0)
    found = look(sheet)
    assert found and not found.clear and found.levels == ("TUYỆT MẬT",)


@pytest.mark.parametrize("text", ["KHẨN", "THƯỢNG KHẨN", "HOẢ TỐC", "GIẢI MẬT", "LƯU HÀNH NỘI BỘ"])
def test_other_stamps_raise_no_alarm(sheet, text):
    assert look(press(sheet, ink.level_stamp(text, double=False, width=42))) is None


@pytest.mark.parametrize("text", ["HOẢ TỐC", "XEM XONG TRẢ LẠI"])
def test_letters_close_behind_a_single_frame_are_no_second_frame(text):
    for seed in range(4):
        stamp = ink.worn(ink.level_stamp(text, double=False, width=42), random.Random(seed))
        page = press(Image.new("RGB", (900, 600), "white"), stamp, (300, 200), turn=seed - 1.5)
        found = list(frames.find(255 - np.asarray(page.convert("L")), DPI))
        assert found and not any(frame.double for frame in found)


def test_seals_register_stamps_and_tables_raise_no_alarm(sheet):
    sealed = seal(sheet.copy(), x=5, y=4)
    assert look(press(sealed, ink.box_stamp(("ĐẾN", "Số: 520", "Ngày: 12/01/2025")))) is None
    table = draw_table([["TT", "Họ và tên"], ["1", "Trần Văn Dũng"], ["2", "Vàng A Páo"]], [1.0, 2.0])
    assert look(table) is None


def test_a_blank_page_is_not_read(tmp_path, monkeypatch):
    Image.new("RGB", (1654, 2339), "white").save(tmp_path / "a.png")
    monkeypatch.setattr(looking, "read_words", None)
    assert list(looking.look_at(open_scan(tmp_path / "a.png"))) == []


def test_a_broken_image_in_a_pdf_is_no_blank_page(tmp_path, sheet):
    sheet.save(tmp_path / "a.pdf", resolution=DPI)
    with pikepdf.open(tmp_path / "a.pdf", allow_overwriting_input=True) as pdf:
        image = next(iter(pdf.pages[0].get_images().values()))
        image.write(image.read_raw_bytes()[:40], filter=pikepdf.Name.DCTDecode)
        pdf.save(tmp_path / "a.pdf")
    with pytest.raises(PageNotRendered):
        list(looking.look_at(open_scan(tmp_path / "a.pdf")))


@pytest.mark.parametrize("lean", [-14, -7, 0, 4, 11])
def test_a_frame_is_found_at_any_lean_and_told_double_or_single(lean):
    for double in (True, False):
        stamp = ink.level_stamp("MẬT", double=double)
        page = press(Image.new("RGB", (900, 600), "white"), stamp, (300, 200), turn=lean or 0.01)
        darkness = 255 - np.asarray(page.convert("L"))
        assert [frame.double for frame in frames.find(darkness, DPI)] == [double]


@pytest.fixture(scope="module")
def cover_sheet() -> Image.Image:
    """A cover sheet as a scanner sees it, whose code has squares that look like frames of stamps."""
    code = write_code(b"k" * 32, Sheet("HS-000003", "cs_diploma"))
    drawn = draw_cover_sheets(
        [CoverSheet(code, "Nguyễn Đức Nghĩa", "HS-000003", "Công chức", "Sở Nội vụ", "Văn bằng")],
        Imprint("Tờ bìa quét", "Nguyễn Thị Hòa", datetime(2026, 1, 1), "quét"),
    )
    page = subprocess.run(["pdftoppm", "-r", str(DPI), "-png"], input=drawn, capture_output=True, check=True).stdout
    return Image.open(io.BytesIO(page)).convert("RGB")


def test_the_squares_of_a_code_are_no_frame(cover_sheet, monkeypatch):
    darkness = 255 - np.asarray(cover_sheet.convert("L"))
    assert any(frames.find(darkness, DPI))
    monkeypatch.setattr(looking, "_read_line", None)
    assert look(cover_sheet) is None
    assert look(cover_sheet.rotate(1.2, fillcolor="white")) is None


def test_a_stamp_on_a_cover_sheet_is_still_seen(cover_sheet):
    for stamp, place in (("MẬT", (1000, 1500)), ("####", (1000, 1500)), ("####", (660, 300))):
        assert look(press(cover_sheet, ink.level_stamp(stamp), place)), (stamp, place)


def test_pages_are_looked_at_in_order_and_counted(tmp_path, sheet):
    stamped = press(sheet, ink.level_stamp("MẬT"))
    path = tmp_path / "a.pdf"
    blank = Image.new("RGB", sheet.size, "white")
    stamped.save(path, "PDF", resolution=DPI, save_all=True, append_images=[blank, stamped, blank, blank, blank])
    seen = []
    found = list(looking.look_at(open_scan(path), lambda: seen.append(1)))
    assert [page.number for page in found] == [1, 3]
    assert len(seen) == 6


def test_a_page_that_cannot_be_shown_cannot_be_cleared(tmp_path, sheet):
    path = tmp_path / "a.png"
    sheet.save(path)
    scan = open_scan(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(PageNotRendered):
        list(looking.look_at(scan))


def test_worn_ink_is_still_a_mark(sheet):
    assert look(press(sheet, ink.worn(ink.level_stamp("TUYỆT MẬT"), random.Random(2)), turn=0.5))
