"""Issuing bodies write themselves as offices do."""

from datetime import date

import pytest

from oms import catalogue
from oms.specimens import SyntheticPerson, make_people, seats_of
from oms.specimens.bodies import initials, invent_signer, split_lines, state_body


@pytest.fixture(scope="module")
def by_host() -> dict[str, SyntheticPerson]:
    return {person.host: person for person in make_people(200, 1, seats_of(catalogue.units_on(date(2025, 2, 28))))}


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Sở Nội vụ", "SNV"),
        ("Sở Văn hóa, Thể thao và Du lịch", "SVHTTDL"),
        ("Ban Tổ chức Tỉnh ủy", "BTCTU"),
        ("Sở Giáo dục và Đào tạo", "SGDĐT"),
    ],
)
def test_symbols_are_the_first_letters(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_headings_break_evenly_and_lose_nothing() -> None:
    name = "VĂN PHÒNG ĐOÀN ĐẠI BIỂU QUỐC HỘI VÀ HỘI ĐỒNG NHÂN DÂN TỈNH"
    lines = split_lines(name, 26)
    assert " ".join(lines) == name and len(lines) == 3
    assert max(map(len, lines)) - min(map(len, lines)) < 8
    assert split_lines("SỞ NỘI VỤ", 26) == ("SỞ NỘI VỤ",)


@pytest.mark.parametrize(
    ("host", "upper", "who"),
    [
        ("Sở Nội vụ", ("ỦY BAN NHÂN DÂN", "TỈNH LÂM ĐỒNG"), "GIÁM ĐỐC SỞ NỘI VỤ"),
        ("Thanh tra tỉnh", ("ỦY BAN NHÂN DÂN", "TỈNH LÂM ĐỒNG"), "CHÁNH THANH TRA TỈNH"),
        ("Văn phòng Tỉnh ủy", ("TỈNH ỦY LÂM ĐỒNG",), "CHÁNH VĂN PHÒNG TỈNH ỦY"),
        ("Bệnh viện Nhi tỉnh", ("SỞ Y TẾ LÂM ĐỒNG",), "GIÁM ĐỐC BỆNH VIỆN NHI TỈNH"),
        ("Cục Thuế tỉnh", (), "CỤC TRƯỞNG CỤC THUẾ TỈNH"),
    ],
)
def test_who_decides(by_host: dict[str, SyntheticPerson], host: str, upper: tuple[str, ...], who: str) -> None:
    body = state_body(by_host[host])
    assert body.upper == upper
    assert " ".join(body.who_decides) == who
    assert body.party == (upper == ("TỈNH ỦY LÂM ĐỒNG",))


def test_a_body_has_one_signer() -> None:
    assert invent_signer("Sở Nội vụ") == invent_signer("Sở Nội vụ") != invent_signer("Sở Tài chính")
