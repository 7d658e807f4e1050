"""Reading order of rows and of the two columns of a head and a foot."""

from dataclasses import replace

import pytest

from oms.recognition.engine import ReadWord
from oms.recognition.ordering import order_columns, order_rows


def read(*lines):
    """Words from (top, left, text) in the order in which the program gave the lines."""
    words = []
    for number, (top, left, text) in enumerate(lines):
        place = left
        for word in text.split():
            if word == "|":
                place += 200
                continue
            words.append(ReadWord(word, place, top, 20 * len(word), 30, 90.0, number, number))
            place += 20 * len(word) + 10
    return words


def lines_of(words):
    lines = {}
    for word in words:
        lines.setdefault(word.line, []).append(word.text)
    return [" ".join(line) for line in lines.values()]


def test_an_indented_line_comes_back_to_its_place():
    words = read((0, 0, "Sơ yếu lý lịch"), (100, 0, "9) Nơi ở"), (50, 300, "1) Họ và tên"), (150, 0, "10) Nghề nghiệp"))
    assert lines_of(order_rows(words)) == ["Sơ yếu lý lịch", "1) Họ và tên", "9) Nơi ở", "10) Nghề nghiệp"]


def test_a_row_split_at_a_wide_gap_is_one_line_again():
    words = read((50, 600, "Giới tính: Nam"), (52, 0, "Sinh ngày: 21"), (100, 0, "Nơi sinh"))
    assert lines_of(order_rows(words)) == ["Sinh ngày: 21 Giới tính: Nam", "Nơi sinh"]


def test_a_head_is_read_column_by_column():
    words = read(
        (0, 0, "TỈNH ỦY LÂM ĐỒNG | ĐẢNG CỘNG SẢN VIỆT NAM"),
        (50, 0, "BAN TỔ CHỨC"),
        (100, 0, "Số 15-CV/BTC | | Đà Lạt, ngày 02 tháng 9 năm 2026"),
        (150, 0, "V/v chuyển hồ sơ"),
        (250, 200, "Kính gửi: Ban Thường vụ Đảng ủy Khối các cơ quan tỉnh"),
    )
    ordered = order_columns(words)
    assert lines_of(ordered) == [
        "TỈNH ỦY LÂM ĐỒNG",
        "BAN TỔ CHỨC",
        "Số 15-CV/BTC",
        "V/v chuyển hồ sơ",
        "ĐẢNG CỘNG SẢN VIỆT NAM",
        "Đà Lạt, ngày 02 tháng 9 năm 2026",
        "Kính gửi: Ban Thường vụ Đảng ủy Khối các cơ quan tỉnh",
    ]
    assert len({word.paragraph for word in ordered}) == 3


def test_the_receivers_come_before_the_signer():
    words = read(
        (0, 0, "Đề nghị đồng chí xem xét, giải quyết."),
        (50, 0, "Nơi nhận: | | TRƯỞNG BAN"),
        (100, 0, "- Như trên;"),
        (150, 0, "- Lưu. | | | Cao Thị Mận"),
    )
    assert lines_of(order_columns(words))[1:] == ["Nơi nhận:", "- Như trên;", "- Lưu.", "TRƯỞNG BAN", "Cao Thị Mận"]


def test_rows_of_a_form_stay_rows_and_nothing_is_lost():
    words = read((0, 0, "6) Dân tộc: Kinh | 7) Tôn giáo: Không"), (50, 0, "Số: 12 | Cỡ: 20"))
    assert lines_of(order_columns(words)) == ["6) Dân tộc: Kinh 7) Tôn giáo: Không", "Số: 12 Cỡ: 20"]
    assert order_columns([]) == order_rows([]) == []


def test_the_name_of_the_state_inside_a_sentence_is_no_head():
    text = "công dân nước Cộng hòa xã hội chủ nghĩa Việt Nam có quyền"
    words = read((0, 0, text), (50, 0, "được bảo đảm về việc làm"))
    assert lines_of(order_columns(words)) == [text, "được bảo đảm về việc làm"]


def test_a_head_misread_in_one_letter_is_still_a_head():
    words = read(
        (0, 0, "ỦY BAN NHÂN DÂN | GỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), (50, 0, "TỈNH LÂM ĐỒNG"), (100, 0, "Số: 5")
    )
    assert lines_of(order_columns(words)) == [
        "ỦY BAN NHÂN DÂN",
        "TỈNH LÂM ĐỒNG",
        "Số: 5",
        "GỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    ]


def test_a_head_whose_words_run_together_is_still_a_head():
    words = read((0, 0, "TỈNH ỦY | CỘNG HÒA XÃ HỘILCHỦ NGHĨA VIỆTNAM"), (50, 0, "Số: 5 | Độc lập - Tự do"))
    assert lines_of(order_columns(words)) == [
        "TỈNH ỦY",
        "Số: 5",
        "CỘNG HÒA XÃ HỘILCHỦ NGHĨA VIỆTNAM",
        "Độc lập - Tự do",
    ]


def test_a_long_name_in_the_left_column_may_reach_below_the_right_one():
    words = read(
        (0, 200, "ỦY BAN NHÂN DÂN | CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        (50, 0, "SỞ NÔNG NGHIỆP VÀ PHÁT TRIỂN"),
        (52, 740, "Độc lập - Tự do - Hạnh phúc"),
    )
    assert lines_of(order_columns(order_rows(words))) == [
        "ỦY BAN NHÂN DÂN",
        "SỞ NÔNG NGHIỆP VÀ PHÁT TRIỂN",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
    ]


def test_a_head_ends_where_the_letter_is_addressed():
    sentence = [(200, 0, "Kính gửi: các"), (200, 320, "sở, ban, ngành cấp tỉnh trực thuộc")]
    words = read((0, 0, "TỈNH ỦY | CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), (50, 0, "BAN TỔ CHỨC"), *sentence)
    assert lines_of(order_columns(order_rows(words)))[-1] == "Kính gửi: các sở, ban, ngành cấp tỉnh trực thuộc"


def test_the_wide_gaps_of_a_typewriter_part_no_columns():
    text = "Họ và tên đồng chí: Nguyễn Duy Chánh, quê quán xã Sơn Hải"
    words = read((0, 0, "ỦY BAN NHÂN DÂN | CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), (50, 0, "SỞ NỘI VỤ"), (150, 0, text))
    typed = [replace(word, height=18, left=word.left + 20 * place) for place, word in enumerate(words[-13:])]
    typed[8:] = [replace(word, left=word.left + 20) for word in typed[8:]]
    head = [replace(word, height=18) for word in words[:-13]]
    assert lines_of(order_columns([*head, *typed]))[-1] == text


def test_dirt_between_the_words_of_a_sentence_parts_no_columns():
    sentence = [(200, 0, "Căn cứ Luật Cán bộ, công chức, viên chức"), (200, 770, "và đề nghị của ông")]
    words = read((0, 0, "ỦY BAN NHÂN DÂN TỈNH | CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), (50, 0, "SỞ NỘI VỤ"), *sentence)
    assert (
        lines_of(order_columns(order_rows(words)))[-1] == "Căn cứ Luật Cán bộ, công chức, viên chức và đề nghị của ông"
    )


@pytest.mark.parametrize("opening", ["Xơi nhận:", "Nơinhận:", "Nơi nhân:"])
def test_a_misread_foot_with_the_stroke_of_a_pen_is_still_a_foot(opening):
    words = read((0, 0, f"{opening} | | TRƯỞNG BAN"), (100, 0, "- Như trên;"), (150, 0, "- Lưu. | | | Cao Thị Mận"))
    pen = [ReadWord("^", 0, 50, 10, 4, 20.0, 9, 9), ReadWord("£", 600, 50, 10, 4, 20.0, 9, 9)]
    read_so = lines_of(order_columns(order_rows([*words, *pen])))
    assert read_so == [opening, "^", "- Như trên;", "- Lưu.", "TRƯỞNG BAN", "£", "Cao Thị Mận"]


def certificate(*foot):
    body = [(50 * row, 100, "Đã hoàn thành chương trình bồi dưỡng ngạch chuyên viên chính") for row in range(7)]
    return [line for line in lines_of(order_columns(read(*body, *foot))) if not line.startswith("Đã")]


@pytest.mark.parametrize("day", ["26", "! !", "2Ó"])
def test_the_left_part_of_a_dated_foot_is_read_before_the_right(day):
    assert certificate(
        (500, 900, f"Hà Giang, ngày {day} tháng 9 năm 2006"),
        (550, 0, "Quyết định số: 1325 | | | GIÁM ĐỐC"),
        (600, 0, "Vào sổ số: 6084"),
        (650, 1000, "Trịnh Minh Canh"),
    ) == [
        "Quyết định số: 1325",
        "Vào sổ số: 6084",
        f"Hà Giang, ngày {day} tháng 9 năm 2006",
        "GIÁM ĐỐC",
        "Trịnh Minh Canh",
    ]


def test_a_date_in_a_sentence_opens_no_foot():
    lines = ["Quyết định có hiệu lực từ ngày 26 tháng 9 năm 2006", "Nơi | | | nhận"]
    assert certificate((500, 0, lines[0]), (550, 0, lines[1])) == [lines[0], lines[1].replace("| ", "")]
