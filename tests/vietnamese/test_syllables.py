"""The finite set of possible syllables."""

import pytest

from oms.vietnamese.syllables import all_syllables, is_syllable, syllable_share

REAL = """
Nguyễn quyết định bổ nhiệm nghị giếng gì quốc Đảng ủy uỷ thuỷ thủy Hòa hoà khuỷu khuya yêu yến oanh uyên xoong quýt
quỳnh huỳnh Vy Thy Lý Mỹ Kỳ ý gia giàu giữ nghiêng kiểm kế quê quần quở quắt nghĩa chiếc được trưởng thuở hươu thuế
loè oẻ bưởi cứu xuất tuấn khuân ngoằn ngoèo giặc giết gìn voan buýt phuy toa quản quẹt quỵ quặng quay quậy LÂM ĐỒNG
"""
IMPOSSIBLE = "nghuyễn kbai cguyễn ngi ge ka gii hăn̂g ieu ìêu bcd and with quôn zalo học̀ ac tich hôp ươc tràc bẻt w 1998"


@pytest.mark.parametrize("word", REAL.split())
def test_real_words_are_possible(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", [*IMPOSSIBLE.split(), ""])
def test_misread_words_are_impossible(word: str) -> None:
    assert not is_syllable(word)


def test_the_set_has_the_size_the_rules_predict() -> None:
    assert 15_000 < len(all_syllables()) < 19_000


def test_share_counts_words_with_letters_only() -> None:
    assert syllable_share(["Số", "15", "ngày", "3"]) == 1.0
    assert syllable_share(["Quyết", "kbai"]) == 0.5
    assert syllable_share(["12", "-"]) == 0.0
    assert syllable_share([]) == 0.0
