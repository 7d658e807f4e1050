"""What a letterhead says about its own paper, and nothing it merely mentions."""

from datetime import date

import pytest

from oms.vietnamese.letterheads import Head, read_head

DECISION = """UBND TỈNH SƠN LA CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
SỞ NỘI VỤ Độc lập - Tự do - Hạnh phúc
Số: 15/QĐ-SNV Sơn La, ngày 12 tháng 3 năm 2015
QUYẾT ĐỊNH
Về việc nâng bậc lương thường xuyên
đối với công chức
GIÁM ĐỐC SỞ NỘI VỤ
Căn cứ Nghị định số 24/2014/NĐ-CP ngày 04 tháng 4 năm 2014;
"""


def test_the_head_of_a_decision() -> None:
    head = read_head(DECISION)
    assert head.number == "15/QĐ-SNV"
    assert head.dated is not None and head.dated.first == date(2015, 3, 12)
    assert head.title == "Quyết định về việc nâng bậc lương thường xuyên đối với công chức"


def test_the_head_of_a_party_resolution() -> None:
    head = read_head("ĐẢNG BỘ KHỐI\n*\nSố 05-NQ/ĐUK\nSơn La, ngày 03 tháng 02 năm 2020\nNGHỊ QUYẾT\nvề công tác cán bộ")
    assert (head.number, head.title) == ("05-NQ/ĐUK", "Nghị quyết về công tác cán bộ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Căn cứ Nghị định số 24/2014/NĐ-CP ngày 04 tháng 4 năm 2014",
        "Ông Nguyễn Văn An sinh ngày 04 tháng 4 năm 1974, theo Quyết định số 15/QĐ-SNV",
        "Số: ......\nSơn La, ngày .... tháng .... năm ....",
    ],
)
def test_what_is_only_mentioned_is_not_proposed(text: str) -> None:
    assert read_head(text) == Head()


def test_two_answers_are_no_answer() -> None:
    head = read_head("Số: 15/QĐ-SNV\nSố: 16/QĐ-SNV\nSơn La, ngày 1 tháng 2 năm 2015\nHà Nội, ngày 3 tháng 2 năm 2015")
    assert (head.number, head.dated) == (None, None)
