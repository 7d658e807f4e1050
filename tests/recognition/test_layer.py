"""The searchable PDF: copied text, determinism, and files of many pages."""

import subprocess

import numpy as np
import pikepdf
import pytest

from oms.recognition import Word, write_pdf
from oms.recognition.layer import write_layer
from oms.recognition.pictures import Picture

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
