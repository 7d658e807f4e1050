"""Handwriting told from bad print."""

import numpy as np
import pytest
from PIL import Image

from oms.recognition import open_scan, read_page
from oms.recognition.handwriting import LIKE_A_HAND, unevenness
from oms.recognition.judge import judge_page
from oms.recognition.pages import Word
from oms.recognition.pictures import Picture
from oms.specimens.faults import spoil
from oms.specimens.handwriting import write_by_hand
from tests.recognition.sheets import LETTER, draw_sheet

LINES = [line for line in LETTER if line]


def scan_of(page: Image.Image, condition: str) -> Picture:
    spoilt = spoil(np.asarray(page), condition, np.random.default_rng(3))
    return Picture(spoilt.pixels, float(spoilt.dpi))


@pytest.mark.parametrize("condition", ["office", "ccitt", "fade", "blur"])
def test_a_hand_is_uneven_and_bad_print_is_not(condition):
    assert unevenness(scan_of(write_by_hand(LINES, 11), condition)) >= LIKE_A_HAND
    assert unevenness(scan_of(draw_sheet(), condition)) < LIKE_A_HAND


def test_a_page_with_little_ink_is_no_handwriting():
    assert unevenness(Picture(np.full((1000, 800), 255, np.uint8), 150.0)) == 0.0
    assert unevenness(scan_of(draw_sheet(["Trang 2"]), "office")) == 0.0


def test_the_same_words_from_a_page_written_by_hand_are_called_so_unless_they_were_read_well():
    badly = [Word(text, 0, 0, 10, 10, 30.0, 0) for text in ["kíuh", "gửi", "bơn", "tổ", "chưc", "đảng", "ủv", "khôi"]]
    assert judge_page(badly) == "poor"
    assert judge_page(badly, unevenness=lambda: 0.7) == "handwriting"
    assert judge_page([], unevenness=lambda: 0.7) == "handwriting"
    assert judge_page([], blank=True, unevenness=lambda: 0.7) == "blank"
    well = [Word(text, 0, 0, 10, 10, 96.0, 0) for text in ["kính", "gửi", "ban", "tổ", "chức", "đảng", "ủy", "khối"]]
    assert judge_page(well, unevenness=lambda: 0.7) == "good"


def test_a_letter_written_by_hand_comes_out_as_handwriting(tmp_path):
    path = tmp_path / "thu-tay.png"
    write_by_hand(LINES[:4], 12).save(path, dpi=(200, 200))
    reading = read_page(open_scan(path), 1, tmp_path).reading
    assert reading.quality == "handwriting"
    assert reading.expected_error > 0.1
