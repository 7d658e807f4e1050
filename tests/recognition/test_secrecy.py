"""What a red stamp is taken for, by what was read in it; the letters of a stamp over a photograph are read badly."""

import numpy as np
import pytest

from oms.recognition import secrecy
from oms.recognition.pictures import Picture
from tests.recognition.sheets import draw_sheet, seal, stamp


def find(sheet, text):
    return secrecy.find_stamps(Picture(np.asarray(sheet), 200.0), lambda _: text)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("_M Ậ TS |", "MẬT"),
        ("“MẬ ¬", "MẬT"),
        ("RAÂmT", "MẬT"),
        ("TNẬT _", "MẬT"),
        ("TỐI M Ậ", "TỐI MẬT"),
        ("TUYỆT MẬ", "TUYỆT MẬT"),
    ],
)
def test_a_stamp_read_in_part_is_reported(text, level):
    assert find(stamp(draw_sheet(height=4), "MẬT", left=1, top=0.3), text) == (level,)


@pytest.mark.parametrize("text", ["GIẢI MẬT", "GIẢI MẬ", "MẪU", "ĐẾN Số", "SAO Y BẢN CHÍNH", "LUẬT", "TÂM"])
def test_other_stamps_are_not(text):
    assert find(stamp(draw_sheet(height=4), "KHẨN", left=1, top=0.3), text) == ()


@pytest.mark.parametrize("text", ["KHẨN", "THƯỢNG KHẨN", "HOẢ TỐC", "ŒÂTỐC- |", "ŒÂTỐ"])
def test_marks_of_urgency_are_not_however_badly_read(text):
    assert find(stamp(draw_sheet(height=4), "KHẨN", left=1, top=0.3), text) == ()


def test_a_round_seal_is_not_even_read():
    assert find(seal(draw_sheet(), x=4, y=2), "MẬT") == ()
