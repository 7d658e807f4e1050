"""The query language: what people type, what is asked, and what is explained instead of guessed."""

import pytest

from oms.errors import BadInput
from oms.search.asking import Asked, understand, words_to_mark


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("nguyen thi hoa", Asked("nguyen thi hoa")),
        ('"bổ nhiệm lại" phòng', Asked('"bổ nhiệm lại" phòng')),
        ('"mở mà không đóng', Asked('"mở mà không đóng"')),
        ("“quyết định”", Asked('"quyết định"')),
        ("nâng lương -thôi", Asked("nâng lương", without=("thôi",))),
        ('hòa -"thôi việc"', Asked("hòa", without=("thôi việc",))),
        ("123-QĐ/TW - một", Asked("123-QĐ/TW - một")),
        ('tên:"Nguyễn Thị Hòa" lương', Asked("lương", names="Nguyễn Thị Hòa")),
        ("ten: hoa", Asked(names="hoa")),
        ("TEN:Hòa ten:Lan", Asked(names="Hòa Lan")),
        ("Số: 123-QĐ/TW", Asked(numbers="123-QĐ/TW")),
        ("so:HS-000012", Asked(numbers="HS-000012")),
        ("năm:2015..2019 hòa", Asked("hòa", years=(2015, 2019))),
        ("nam:2015", Asked(years=(2015, 2015))),
        ("nam:2015..", Asked(years=(2015, None))),
        ("nam:..2019", Asked(years=(None, 2019))),
        ("nam:2015-2019", Asked(years=(2015, 2019))),
        ("Kính gửi: Ban Tổ chức", Asked("Kính gửi: Ban Tổ chức")),
        ("tết 10:30", Asked("tết 10:30")),
        ("-ten:hoa lan", Asked("lan", without=("hoa",))),
        ("", Asked()),
        ('""', Asked()),
    ],
)
def test_what_is_asked(typed: str, asked: Asked) -> None:
    assert understand(typed) == asked


@pytest.mark.parametrize(
    "typed", ["ten:", 'tên:""', "ten:-", "so:", "số:…", "nam:", "năm:abc", "nam:15", "nam:..", "-nam:"]
)
def test_a_field_without_its_value_is_explained(typed: str) -> None:
    with pytest.raises(BadInput, match=r"After (tên|số|năm):"):
        understand(typed)


def test_years_backwards_are_named_the_right_way_round() -> None:
    with pytest.raises(BadInput, match=r"năm:2015\.\.2019"):
        understand("nam:2019..2015")


def test_what_was_understood_can_be_typed_again() -> None:
    for typed in ('hòa "bổ nhiệm" -thôi -"kỷ luật" năm:2015.. tên:"Lê Nam" số:12/QĐ', "x năm:2014", "năm:..2019 y"):
        asked = understand(typed)
        assert understand(asked.typed(asked.words)) == asked


def test_pages_are_marked_with_the_words_even_of_a_question_nobody_understands() -> None:
    assert words_to_mark('ten:"Lê Nam" lương -thôi') == "lương Lê Nam"
    assert words_to_mark("nam:abc") == "nam:abc"


@pytest.mark.parametrize(
    "typed", ['"' * 300, "-" * 300, "so:" * 100, "ten:" * 75, ":" * 300, '-"' * 150, "\x00ten:a", "😀 -😀"]
)
def test_hostile_questions_end(typed: str) -> None:
    try:
        assert isinstance(understand(typed), Asked)
    except BadInput as error:
        assert "After" in error.message
