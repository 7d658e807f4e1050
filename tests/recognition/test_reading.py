"""Whole pages, read by the real Tesseract."""

import subprocess

import numpy as np
import pytest
from PIL import Image, ImageFilter

from oms.recognition import FailedPage, open_scan, page_image, read_file, read_page
from tests.recognition.sheets import LETTER, add_noise, draw_sheet, error_rate, lean, seal, stamp

TRUTH = " ".join(LETTER)


def read(image, path, **options):
    image.save(path, dpi=(200, 200), **options)
    return read_page(open_scan(path), 1, path.parent)


def copied(pdf):
    """What a person gets who copies the text of a PDF."""
    return subprocess.run(["pdftotext", pdf, "-"], capture_output=True, check=True).stdout.decode()


def test_a_clean_page_is_read_whole(tmp_path):
    page = read(draw_sheet(), tmp_path / "a.png")
    reading = page.reading
    assert error_rate(reading.text, TRUTH) < 0.02
    assert (reading.number, reading.quality, reading.rotation, reading.source) == (1, "good", 0, "ocr")
    assert reading.confidence > 85
    assert reading.secrecy == ()
    assert reading.form is None
    assert reading.text.split() == [word.text for word in reading.words]


def test_lines_and_paragraphs_are_kept(tmp_path):
    text = read(draw_sheet(), tmp_path / "a.png").reading.text
    assert [line.split()[0] for line in text.splitlines() if line] == [line.split()[0] for line in LETTER if line]
    first, second, *_ = text.split("\n\n")
    assert first.startswith("Kính gửi") and len(first.splitlines()) == 1
    assert len(second.splitlines()) == 3


def test_the_boxes_lie_on_the_words_of_the_page_image(tmp_path):
    page = read(lean(draw_sheet(), 2.0), tmp_path / "a.png")
    with Image.open(page.image) as image:
        assert image.size == (page.reading.width, page.reading.height)
        ink = np.asarray(image.convert("L")) < 128
    inside = np.zeros_like(ink)
    for word in page.reading.words:
        box = ink[word.top : word.top + word.height, word.left : word.left + word.width]
        assert box.mean() > 0.05, word
        inside[word.top - 3 : word.top + word.height + 3, word.left - 3 : word.left + word.width + 3] = True
    assert ink[inside].sum() > 0.97 * ink.sum()


@pytest.mark.parametrize("degrees", [-3.0, 1.2])
def test_a_leaning_page_is_made_level(tmp_path, degrees):
    reading = read(lean(draw_sheet(), degrees), tmp_path / "a.png").reading
    assert reading.skew == pytest.approx(degrees, abs=0.2)
    assert error_rate(reading.text, TRUTH) < 0.03


@pytest.mark.parametrize("clockwise", [90, 180, 270])
def test_a_page_that_lies_wrong_is_turned(tmp_path, clockwise):
    page = read(draw_sheet().rotate(clockwise, expand=True), tmp_path / "a.tif")
    assert page.reading.rotation == clockwise
    assert error_rate(page.reading.text, TRUTH) < 0.03
    with Image.open(page.image) as image:
        assert image.width > image.height


def test_a_short_heading_upside_down_is_turned(tmp_path):
    heading = draw_sheet(["QUYẾT ĐỊNH", "VỀ VIỆC TIẾP NHẬN VÀ ĐIỀU ĐỘNG CÁN BỘ"], height=3).rotate(180)
    reading = read(heading, tmp_path / "a.png").reading
    assert reading.rotation == 180
    assert "QUYẾT ĐỊNH" in reading.text


def test_seal_noise_and_yellow_paper_do_not_hide_the_text(tmp_path):
    sheet = add_noise(seal(draw_sheet(paper=232), x=4.0, y=1.9))
    tinted = Image.fromarray((np.asarray(sheet) * np.array([1.0, 0.95, 0.78])).astype(np.uint8))
    page = read(tinted, tmp_path / "a.jpg", quality=85)
    assert error_rate(page.reading.text, TRUTH) < 0.03
    with Image.open(page.image) as image:  # people still see the seal
        red, green, _ = np.asarray(image.convert("RGB")).astype(int).transpose(2, 0, 1)
        assert (red - green > 80).sum() > 1000


def test_a_faint_page_out_of_focus_is_read(tmp_path):
    soft = draw_sheet(ink=165, paper=250).filter(ImageFilter.GaussianBlur(1.1))
    reading = read(add_noise(soft, strength=4), tmp_path / "a.png").reading
    assert error_rate(reading.text, TRUTH) < 0.05


def test_dotted_leaders_are_not_read_as_letters(tmp_path):
    lines = [f"{label} {'.' * dots}" for label, dots in (("Họ và tên:", 70), ("Quê quán:", 72), ("Dân tộc:", 74))]
    reading = read(draw_sheet(lines, height=3), tmp_path / "a.png").reading
    assert error_rate(reading.text, "Họ và tên: Quê quán: Dân tộc:") < 0.05


def test_a_blank_page_stays_blank(tmp_path):
    page = read(add_noise(draw_sheet([], paper=240), strength=6), tmp_path / "a.png")
    reading = page.reading
    assert (reading.quality, reading.text, reading.words, reading.confidence) == ("blank", "", (), 0.0)
    assert copied(page.layer).strip() == ""


def test_a_page_with_a_seal_alone_is_not_called_blank(tmp_path):
    assert read(seal(draw_sheet([]), x=4, y=3), tmp_path / "a.png").reading.quality in ("poor", "check")


def test_a_page_of_scribble_is_called_poor(tmp_path):
    random = np.random.default_rng(3)
    pixels = np.full((1000, 1600), 255, np.uint8)
    for _ in range(400):
        x, y = random.integers(20, 1500), random.integers(20, 950)
        pixels[y : y + random.integers(3, 25), x : x + random.integers(3, 25)] = 0
    assert read(Image.fromarray(pixels), tmp_path / "a.png").reading.quality == "poor"


def test_the_copied_text_of_the_layer_is_the_text_of_the_page(tmp_path):
    page = read(lean(draw_sheet(), -2.0).rotate(90, expand=True), tmp_path / "a.png")
    assert copied(page.layer).split() == page.reading.text.split()


def test_the_photo_of_a_telephone_is_turned_by_its_own_mark(tmp_path):
    photo = draw_sheet(dpi=250).rotate(90, expand=True)
    mark = Image.Exif()
    mark[0x0112] = 6  # the camera was held upright: turn clockwise to show
    photo.save(tmp_path / "a.jpg", exif=mark, quality=90)
    page = read_page(open_scan(tmp_path / "a.jpg"), 1, tmp_path)
    assert page.reading.rotation == 0
    assert error_rate(page.reading.text, TRUTH) < 0.03
    with Image.open(page.image) as image:
        assert not image.getexif()


def test_a_fax_with_two_resolutions_is_made_square(tmp_path):
    sheet = draw_sheet(dpi=204, height=6).convert("1")
    flat = sheet.resize((sheet.width, sheet.height // 2))
    flat.save(tmp_path / "a.tif", compression="group4", dpi=(204, 102))
    picture = page_image(open_scan(tmp_path / "a.tif"), 1)
    assert picture.height / picture.width == pytest.approx(6 / 8.27, rel=0.01)


def test_a_scanned_pdf_keeps_its_resolution_and_a_form_is_known(tmp_path):
    sheet = draw_sheet(["Mẫu 2C-BNV/2008", "SƠ YẾU LÝ LỊCH CÁN BỘ, CÔNG CHỨC"], height=4)
    sheet.save(tmp_path / "a.pdf", resolution=200)
    reading = read_page(open_scan(tmp_path / "a.pdf"), 1, tmp_path).reading
    assert reading.dpi == 200
    assert reading.form == "2C-BNV/2008"


@pytest.mark.parametrize(
    ("mark", "found"),
    [("MẬT", ("MẬT",)), ("TỐI MẬT", ("TỐI MẬT",)), ("TUYỆT MẬT", ("TUYỆT MẬT",)), ("KHẨN", ()), ("HOẢ TỐC", ())],
)
def test_a_red_stamp_of_a_secrecy_level_is_found_and_others_are_not(tmp_path, mark, found):
    sheet = stamp(draw_sheet(LETTER[2:5], height=4, top=1.6), mark, left=0.9, top=0.5)
    assert read(sheet, tmp_path / "a.png").reading.secrecy == found


def test_good_text_of_a_pdf_is_kept_with_its_boxes(tmp_path):
    page = read(draw_sheet(), tmp_path / "a.png")
    own = read_page(open_scan(page.layer), 1, tmp_path / "own")
    assert own.reading.source == "embedded"
    assert (own.reading.confidence, own.reading.quality) == (100, "good")
    assert own.reading.text.split() == page.reading.text.split()
    before, after = page.reading.words[5], own.reading.words[5]
    assert after.left == pytest.approx(before.left, abs=4)
    assert after.top == pytest.approx(before.top, abs=12)
    assert copied(own.layer).split() == own.reading.text.split()


def test_text_without_vietnamese_under_a_scan_is_read_anew(tmp_path):
    from oms.recognition import Word
    from oms.recognition.layer import write_layer
    from oms.recognition.pictures import Picture

    wrong = [
        Word(text, 100 + 200 * place, 100, 150, 30, 90.0, 0) for place, text in enumerate(["Kfnh", "gui:", "Bnn", "T6"])
    ]
    write_layer(Picture(np.asarray(draw_sheet()), 200.0), wrong, 200, tmp_path / "a.pdf")
    reading = read_page(open_scan(tmp_path / "a.pdf"), 1, tmp_path / "out").reading
    assert reading.source == "ocr"
    assert error_rate(reading.text, TRUTH) < 0.03


def test_a_file_is_read_in_order_and_joined_to_one_pdf(tmp_path):
    frames = [draw_sheet([f"Trang số {word}", "Quyết định tuyển dụng"], height=3) for word in ("một", "hai", "ba")]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:], dpi=(200, 200))
    readings = list(read_file(tmp_path / "a.tif", workers=2, pdf=tmp_path / "out.pdf"))
    assert [reading.number for reading in readings] == [1, 2, 3]
    assert [reading.text.split()[2] for reading in readings] == ["một", "hai", "ba"]
    assert copied(tmp_path / "out.pdf").split() == " ".join(reading.text for reading in readings).split()


def test_a_bad_page_costs_only_itself(tmp_path):
    sheets = [draw_sheet([f"Trang số {word}"], height=2) for word in ("một", "hai", "ba")]
    sheets[0].save(tmp_path / "a.tif", save_all=True, append_images=sheets[1:], dpi=(200, 200), compression="tiff_lzw")
    with Image.open(tmp_path / "a.tif") as frames:
        frames.seek(1)
        start, length = frames.tag_v2[273][0], frames.tag_v2[279][0]
    content = bytearray((tmp_path / "a.tif").read_bytes())
    content[start : start + length] = b"\xff" * length  # the data of the second sheet is overwritten
    (tmp_path / "a.tif").write_bytes(content)
    first, second, third = read_file(tmp_path / "a.tif", name="Tờ khai.tif", pdf=tmp_path / "out.pdf")
    assert isinstance(second, FailedPage)
    assert second.number == 2
    assert "Page 2 of Tờ khai.tif" in str(second.error)
    assert (first.text, third.text) == ("Trang số một", "Trang số ba")


def test_a_reading_can_be_written_as_json(tmp_path):
    import json

    values = read(draw_sheet(LETTER[:1], height=2), tmp_path / "a.png").reading.to_dict()
    again = json.loads(json.dumps(values, ensure_ascii=False))
    assert again["page"] == 1
    assert {"text", "confidence", "quality", "rotation", "skew", "form", "fields", "secrecy", "seconds"} <= set(again)
    assert again["words"][0]["text"] == "Kính"
