"""Dates as papers write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.vietnamese.dates import (
    ImpossibleDate,
    Precision,
    WrittenDate,
    find_date,
    format_date,
    format_in_words,
    guess_date,
    parse_date,
)


@pytest.mark.parametrize(
    ("written", "first", "precision"),
    [
        ("03/02/1998", date(1998, 2, 3), "day"),
        ("3-2-1998", date(1998, 2, 3), "day"),
        ("3.2.1998.", date(1998, 2, 3), "day"),
        ("ngày 3 tháng 2 năm 1998", date(1998, 2, 3), "day"),
        ("Ngày ...03... tháng ...02.... năm 1998", date(1998, 2, 3), "day"),
        ("ngày 3/2/1998", date(1998, 2, 3), "day"),
        ("29/02/2024", date(2024, 2, 29), "day"),
        ("02/1998", date(1998, 2, 1), "month"),
        ("tháng 2/1998", date(1998, 2, 1), "month"),
        ("tháng 2 năm 1998", date(1998, 2, 1), "month"),
        ("1998", date(1998, 1, 1), "year"),
        ("năm 1998", date(1998, 1, 1), "year"),
    ],
)
def test_each_way_of_writing_is_read(written: str, first: date, precision: str) -> None:
    assert parse_date(written) == WrittenDate(first, Precision(precision))


@pytest.mark.parametrize("written", ["", "đến nay", "3/2", "3/2/98", "12345", "1/2/3/1998", "15/QĐ-BNV"])
def test_what_is_no_date_is_not_guessed(written: str) -> None:
    assert parse_date(written) is None


@pytest.mark.parametrize("written", ["31/02/1998", "ngày 29 tháng 2 năm 2023", "13/1998", "00/01/1998", "1/0/1998"])
def test_impossible_days_are_named(written: str) -> None:
    with pytest.raises(ImpossibleDate, match="is not a day") as caught:
        parse_date(written)
    assert caught.value.written == written


def test_the_date_of_a_letter_is_found_in_its_text() -> None:
    text = "Căn cứ Quyết định số 12/QĐ-UBND ngày 01/7/2019;\nLâm Đồng, ngày 05 tháng 8 năm 2020"
    assert find_date(text) == WrittenDate(date(2020, 8, 5))
    assert find_date("từ 31/02/2001 đến 28/02/2001") == WrittenDate(date(2001, 2, 28))
    assert find_date("QĐ 30/2020/NĐ-CP") is None


@given(st.dates(min_value=date(1800, 1, 1), max_value=date(2199, 12, 31)), st.sampled_from(Precision))
def test_what_is_formatted_is_read_back(day: date, precision: Precision) -> None:
    first = day.replace(day=1 if precision != "day" else day.day, month=1 if precision == "year" else day.month)
    written = WrittenDate(first, precision)
    assert parse_date(format_date(written)) == written
    assert parse_date(format_in_words(written)) == written


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Hà Nam, ngày 0Ì tháng TÌ năm 2009", date(2009, 11, 1)),
        ("ngày O2 tháng ll năm 2019", date(2019, 11, 2)),
        ("ngày 3l tháng 02 năm 2019", None),
        ("ngày xx tháng 02 năm 2019", None),
        ("ngày .. tháng .. năm ....", None),
        ("tháng 02 năm 2019", None),
    ],
)
def test_a_guess_takes_letters_for_the_figures_they_look_like(text: str, first: date | None) -> None:
    found = guess_date(text)
    assert (found.first if found else None) == first


@pytest.mark.parametrize(
    ("written", "found"),
    [("ngày ló tháng 1l năm 2022", "16/11/2022"), ("ngày 08 tháng l1] năm 2022", "08/11/2022"), ("ngày 08 tháng xx năm 2022", None)],
)  # fmt: skip
def test_letters_and_brackets_in_the_gaps_of_a_date_are_guessed(written: str, found: str | None) -> None:
    guess = guess_date(written)
    assert (format_date(guess) if guess else None) == found
