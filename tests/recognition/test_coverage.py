"""How much of a page no word covers."""

import numpy as np

from oms.recognition.coverage import find_letters, unread_share
from oms.recognition.engine import ReadWord
from oms.recognition.pictures import Picture
from tests.recognition.sheets import draw_sheet


def word(left, top, width, height):
    return ReadWord("chữ", left, top, width, height, 90.0, 0, 0)


def test_words_over_half_of_the_lines_leave_the_other_half_unread():
    lines = ["Căn cứ Quyết định của Ban Thường vụ Tỉnh ủy về việc tiếp nhận"] * 8
    page = Picture(np.asarray(draw_sheet(lines)), 200.0)
    assert unread_share(find_letters(page), [word(0, 0, page.width, page.height)], 1.0) == 0.0
    assert unread_share(find_letters(page), [], 1.0) == 1.0
    rows = np.flatnonzero((page.pixels.min(axis=2) < 128).any(axis=1))
    middle = int(rows[0] + rows[-1]) // 2
    assert 0.4 < unread_share(find_letters(page), [word(0, 0, page.width, middle)], 1.0) < 0.6


def test_the_scale_of_the_words_counts():
    page = Picture(np.asarray(draw_sheet()), 200.0)
    assert unread_share(find_letters(page), [word(0, 0, 2 * page.width, 2 * page.height)], 2.0) == 0.0


def test_a_page_without_letters_has_nothing_unread():
    assert unread_share(find_letters(Picture(np.asarray(draw_sheet([])), 200.0)), [], 1.0) == 0.0
