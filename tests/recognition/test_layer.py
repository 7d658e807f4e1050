"""The searchable PDF: copied text, determinism, and files of many pages."""

import subprocess

import numpy as np
import pikepdf
import pytest
from pikepdf import pdfa
from PIL import Image

from oms.recognition import Word, write_pdf
from oms.recognition.layer import write_layer
from oms.recognition.pictures import Picture
from tests.recognition.sheets import draw_sheet, seal

ALL_MARKS = "nắng bằng chẳng ẵm gặp ế dề để dễ lệ tố ồn ổn lỗi hộ ớt ờ mở mỡ lợi ứng từ tử chữ sự ý kỳ kỷ kỹ kỵ Đà ƠN ƯU ẮT HỆ BỘ SỰ nghĩ ngũ"


@pytest.fixture
def image():
    return Picture(np.full((400, 1200), 255, np.uint8), 200.0)


def place(text):
    words, left = [], 20
    for word in text.split():
        words.append(Word(word, left, 50, 9 * len(word), 30, 90.0, 0))
        left += 9 * len(word) + 6
    return words


def copied(pdf, *options):
    return subprocess.run(["pdftotext", *options, pdf, "-"], capture_output=True, check=True).stdout.decode()


def test_every_vietnamese_letter_is_copied_as_it_was_read(image, tmp_path):
    layer = write_layer(image, place(ALL_MARKS), 200, tmp_path / "page.pdf")
    assert copied(layer).split() == ALL_MARKS.split()


def test_words_that_touch_are_copied_as_two(image, tmp_path):
    touching = [Word("Nguyễn", 20, 50, 150, 30, 90.0, 0), Word("Phượng", 168, 50, 150, 30, 90.0, 0)]
    assert copied(write_layer(image, touching, 200, tmp_path / "page.pdf")).split() == ["Nguyễn", "Phượng"]


def test_text_lies_where_the_word_is(image, tmp_path):
    layer = write_layer(image, [Word("Phượng", 400, 200, 300, 40, 90.0, 0)], 200, tmp_path / "page.pdf")
    sides = [float(side) for side in copied(layer, "-bbox").split("<word ")[1].split('"')[1:8:2]]
    assert sides[0] == pytest.approx(400 * 0.36, abs=1) and sides[2] == pytest.approx(700 * 0.36, abs=1)
    assert sides[1] < 220 * 0.36 < sides[3]


def test_many_pages_are_joined_in_order_with_one_font_and_the_same_bytes(image, tmp_path):
    layers = [write_layer(image, place(f"trang {n}"), 200, tmp_path / f"{n}.pdf") for n in range(1, 206)]
    write_pdf(layers, tmp_path / "one.pdf")
    write_pdf(layers, tmp_path / "two.pdf")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert copied(tmp_path / "one.pdf").split() == " ".join(f"trang {n}" for n in range(1, 206)).split()
    with pikepdf.open(tmp_path / "one.pdf") as pdf:
        assert len({page.Resources.Font.Text.objgen for page in pdf.pages}) == 1


def a_page_in_colour():
    return Picture(np.asarray(seal(draw_sheet(), x=4, y=2.2)), 200.0)


def test_the_file_keeps_pdf_a_2b(image, tmp_path):
    layers = [
        write_layer(image, place(ALL_MARKS), 200, tmp_path / "1.pdf"),
        write_layer(a_page_in_colour(), place("Phượng"), 200, tmp_path / "2.pdf"),
        write_layer(Picture(np.full((400, 300), 90, np.uint8), 100.0), [], 100, tmp_path / "3.pdf"),
    ]
    write_pdf(layers, tmp_path / "all.pdf")
    report = pdfa.validate_written(tmp_path / "all.pdf", "2b")
    assert report.findings == []
    assert subprocess.run(["qpdf", "--check", tmp_path / "all.pdf"], capture_output=True, check=False).returncode == 0
    fonts = subprocess.run(["pdffonts", tmp_path / "all.pdf"], capture_output=True, check=True).stdout.decode()
    assert fonts.splitlines()[2].split()[-5:-2] == ["yes", "yes", "yes"]  # embedded, a part only, readable


def test_the_checker_of_pdf_a_finds_what_is_wrong(image, tmp_path):
    write_pdf([write_layer(image, place("chữ"), 200, tmp_path / "1.pdf")], tmp_path / "all.pdf")
    with pikepdf.open(tmp_path / "all.pdf") as pdf:
        del pdf.Root.OutputIntents
        pdf.save(tmp_path / "wrong.pdf")
    assert not pdfa.validate_written(tmp_path / "wrong.pdf", "2b").passed


def test_the_file_says_nothing_about_people_or_devices(image, tmp_path):
    write_pdf([write_layer(image, place("chữ"), 200, tmp_path / "1.pdf")], tmp_path / "all.pdf")
    with pikepdf.open(tmp_path / "all.pdf") as pdf:
        assert "/Info" not in pdf.trailer and len(pdf.trailer.ID) == 2
        metadata = pdf.Root.Metadata.read_bytes().decode()
        assert str(pdf.Root.Lang) == "vi-VN"
    assert "pdfaid:part>2<" in metadata and "pdfaid:conformance>B<" in metadata
    assert not any(word in metadata for word in ("title", "creator", "Date", "Producer"))


def test_the_picture_looks_like_the_page(tmp_path):
    page = a_page_in_colour()
    write_layer(page, [], 200, tmp_path / "1.pdf")
    subprocess.run(["pdftoppm", "-r", "200", "-png", tmp_path / "1.pdf", tmp_path / "shown"], check=True)
    with Image.open(next(tmp_path.glob("shown*.png"))) as shown:
        difference = np.abs(np.asarray(shown.convert("RGB"), int) - page.pixels.astype(int))
    assert difference.mean() < 4
    red = (page.pixels[:, :, 0] > 150) & (page.pixels[:, :, 1] < 90)
    assert np.median(difference[red]) < 40


def test_lines_are_copied_in_their_order(image, tmp_path):
    words = [
        Word(text, left, top, 100, 30, 90.0, line)
        for line, (left, top, text) in enumerate(
            [(20, 20, "TỈNH"), (20, 60, "SỞ"), (700, 20, "CỘNG"), (700, 60, "Độc"), (20, 200, "Kính"), (20, 260, "Căn")]
        )
    ]
    layer = write_layer(image, words, 200, tmp_path / "page.pdf")
    assert copied(layer, "-raw").split("\n")[:6] == [word.text for word in words]
