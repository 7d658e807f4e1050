"""Document numbers of state and Party."""

import pytest

from oms.vietnamese.numbers import find_numbers, number_key, number_parts, parse_number


@pytest.mark.parametrize(
    ("written", "number", "year", "kind", "body", "party"),
    [
        ("Số: 15/QĐ-BNV", "15", "", "QĐ", "BNV", False),
        ("Số: 30/2020/NĐ-CP", "30", "2020", "NĐ", "CP", False),
        ("Số 08/QyĐ-UBND", "08", "", "QyĐ", "UBND", False),
        ("số 123/BC-SNN&PTNT", "123", "", "BC", "SNN&PTNT", False),
        ("Số 05-NQ/ĐUK", "05", "", "NQ", "ĐUK", True),
        ("số 18- NQ/TW", "18", "", "NQ", "TW", True),
        ("Số 12-QĐ/BTCĐUK", "12", "", "QĐ", "BTCĐUK", True),
        ("123-QĐ/TW", "123", "", "QĐ", "TW", True),
        ("Số: 15/QĐ-\nBNV", "15", "", "QĐ", "BNV", False),
        ("Số: 467 QĐ/UB", "467", "", "QĐ", "UB", False),
        ("Số:\n07-KL/TU", "07", "", "KL", "TU", True),
    ],
)
def test_numbers_are_taken_apart(written: str, number: str, year: str, kind: str, body: str, party: bool) -> None:
    found = parse_number(written)
    assert found is not None
    assert (found.number, found.year, found.kind, found.body, found.party) == (number, year, kind, body, party)
    again = parse_number(str(found))
    assert again is not None
    assert str(again) == str(found)


@pytest.mark.parametrize(
    "text", ["Số:      /QĐ-UBND", "3/2/1998", "Nhà 12/B", "bậc 4/9", "hệ số 2,34", "", "15/", "bậc 4 A/B C"]
)
def test_what_is_no_number_is_left_alone(text: str) -> None:
    assert find_numbers(text) == []
    assert parse_number(text) is None


def test_numbers_inside_a_letter_are_found_in_order() -> None:
    text = "Căn cứ Nghị định số 30/2020/NĐ-CP; theo Kết luận số 12-KL/ĐUK và Tờ trình số 9/TTr-SNV ngày 1/2/2020"
    assert [str(number) for number in find_numbers(text)] == ["30/2020/NĐ-CP", "12-KL/ĐUK", "9/TTr-SNV"]


def test_writings_of_one_number_meet_in_one_key() -> None:
    writings = ("Số 05-NQ/ĐUK", "5-nq/duk", "so: 05 - NQ/ĐUK", "05–NQ/ĐUK")
    assert {number_key(written) for written in writings} == {"5-nq-duk"}
    assert number_parts("123-QĐ/TW") == ("123", "qd", "tw")
    assert number_key("Số: 467 QĐ/UB") == number_key("467-qđ/ub") == "467-qd-ub"
    assert number_key("Nguyễn Văn An") == number_key("2019") == ""
