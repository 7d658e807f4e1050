"""Whom a paper is about: the one person it names with a birth date, or nobody."""

import pytest

from oms.recognition.forms.sense import LOOKALIKE
from oms.recognition.mentions import find_person
from oms.recognition.pages import Word


def words(text: str, confidence: float = 95.0) -> list[Word]:
    """The words of lines, each line below the other."""
    return [
        Word(word, 100 + 120 * place, 100 + 50 * row, 100, 30, confidence, row)
        for row, line in enumerate(text.split("\n"))
        for place, word in enumerate(line.split())
    ]


@pytest.mark.parametrize(
    ("text", "name", "day"),
    [
        ("Điều 1. Bổ nhiệm bà Ka Thị Lan, sinh ngày 02/11/1977, giữ chức vụ", "Ka Thị Lan", "02/11/1977"),
        ("Kết nạp quần chúng Võ Văn\nTiến, sinh ngày 26/6/1995, quê quán", "Võ Văn Tiến", "26/06/1995"),
        ("Cấp cho: Bà H'Mai Byă\nSinh ngày: 02/11/1979 Dân tộc: Ê Đê", "H'Mai Byă", "02/11/1979"),
        ("Họ và tên: Lê Thị Minh Ngày sinh: 5/4/1980", "Lê Thị Minh", "05/04/1980"),
        ("Điều 1. Bổ nhiệm ông Kiều Vĩ, sinh ngày 24 tháng 06 năm 1967, giữ chức", "Kiều Vĩ", "24/06/1967"),
        ("Tặng cho Bà: Võ Thị Thiện\nSinh ngày: 13 /háng 8 năm 1960", "Võ Thị Thiện", "13/08/1960"),
        (
            "Bổ nhiệm ông Lê Văn An, sinh ngày 01/02/1980. Ông Lê Văn An, sinh ngày 01/02/1980, chịu trách nhiệm",
            "Lê Văn An",
            "01/02/1980",
        ),
    ],
)
def test_the_person_of_a_paper(text: str, name: str, day: str) -> None:
    found = find_person(words(text))
    assert (found["person"].value, found["birth_date"].value) == (name, day)
    assert found["person"].flag is None


@pytest.mark.parametrize(
    "text",
    [
        "Nâng bậc lương đối với ông Lê Văn An từ ngày 01/02/2020",
        "ông Lê Văn An, sinh ngày 01/02/1980 và bà Trần Thị Bình, sinh ngày 03/04/1981",
        "ông Lê Văn An, sinh ngày 31/02/1980",
        "bà phụ trách công tác, sinh ngày 01/02/1980",
        "Sinh ngày: 02/11/1979",
        "",
    ],
)
def test_what_is_not_sure_says_nothing(text: str) -> None:
    assert find_person(words(text)) == {}


def test_letters_in_the_place_of_figures_are_taken_for_them_and_flagged() -> None:
    found = find_person(words("đối với ông Lê Văn An, sinh ngày I9 tháng 02 năm 1977, Chánh Thanh tra"))["birth_date"]
    assert (found.value, found.flag) == ("19/02/1977", LOOKALIKE)
    assert find_person(words("ông Lê Văn An, sinh ngày 31 tháng 02 năm 1977")) == {}


def test_letters_that_are_hardly_read_are_flagged_or_left() -> None:
    line = "bà Ka Thị Lan, sinh ngày 02/11/1977,"
    assert find_person(words(line, 70.0))["birth_date"].flag
    assert find_person(words(line, 40.0)) == {}
