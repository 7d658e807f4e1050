"""Values of CV forms from words and boxes: labels misread, several on a line, hints, leaders, rows, sense, two readings."""

from datetime import date

import numpy as np
import pytest

from oms import catalogue
from oms.recognition.forms import find_form, read_form, sense
from oms.recognition.forms.again import Again, find_slant, has_ink
from oms.recognition.forms.anchors import find_anchors
from oms.recognition.forms.strip import distance, make_strip
from oms.recognition.forms.twice import choose
from oms.recognition.forms.values import cut_values
from oms.recognition.forms.words import mend_choice, mend_phrases, mend_province
from oms.recognition.pages import FoundValue, Word
from oms.recognition.pictures import Picture

TODAY = date(2026, 11, 25)


def page(*lines: str, confidence: float = 96.0) -> list[Word]:
    """Words of lines of 40 pixels, 14 pixels a letter; a tab is a wide gap."""
    words = []
    for number, line in enumerate(lines):
        left = 100
        for part in line.replace("\t", " ").split(" "):
            if part:
                words.append(Word(part, left, 60 + 50 * number, 14 * len(part), 30, confidence, number))
            left += 14 * (len(part) + 1)
    return words


def read(*lines: str, confidence: float = 96.0) -> dict[str, FoundValue]:
    found = read_form(page("Mẫu 2C-BNV/2008", *lines, confidence=confidence), "Mẫu 2C-BNV/2008", today=TODAY)
    assert found.form == "2C-BNV/2008"
    return dict(found.fields)


def values(*lines: str) -> dict[str, str]:
    return {key: found.value for key, found in read(*lines).items()}


def test_several_values_on_a_line_hints_and_leaders() -> None:
    found = values(
        "1) Họ và tên khai sinh (viết chữ in hoa): VÀNG A PÁO ........",
        "6) Dân tộc: Mông ....... 7) Tôn giáo: Không .....",
        "12) Chức vụ (chức danh) hiện tại: Chuyên viên chính",
        "(Về chính quyền hoặc Đảng, đoàn thể, kể cả chức vụ kiêm nhiệm)",
        "14) Ngạch công chức (viên chức): Chuyên viên Mã ngạch: 01.003",
        "Bậc lương: 3 Hệ số: 3,00 Ngày hưởng: 01/03/2015 Phụ cấp chức vụ: 0,3",
        "15.1- Trình độ giáo dục phổ thông (đã tốt nghiệp lớp mấy/thuộc hệ nào): 12/12",
    )
    assert found == {
        "full_name": "VÀNG A PÁO",
        "ethnicity": "Mông",
        "religion": "Không",
        "current_position": "Chuyên viên chính",
        "rank_name": "Chuyên viên",
        "rank_code": "01.003",
        "salary_step": "3",
        "salary_coefficient": "3,00",
        "salary_from": "01/03/2015",
        "position_allowance": "0,3",
        "general_education": "12/12",
    }


def test_a_value_on_the_next_line_and_the_title_between() -> None:
    found = values(
        "Cơ quan, đơn vị sử dụng CBCC: Sở Tài chính",
        "SƠ YẾU LÝ LỊCH CÁN BỘ, CÔNG CHỨC",
        "8) Nơi đăng ký hộ khẩu thường trú: .......",
        "Số 12, đường Lê Lợi, huyện Văn Lâm",
        "9) Nơi ở hiện nay: Xã Xuân Long",
    )
    assert found == {
        "using_agency": "Sở Tài chính",
        "permanent_address": "Số 12, đường Lê Lợi, huyện Văn Lâm",
        "current_address": "Xã Xuân Long",
    }


def test_labels_misread_are_found_and_their_values_kept_as_read() -> None:
    found = values(
        "l3) Cônq việc chinh đuợc giao: Tấng hụp", "17) Ngày tham øia tổ chức chính tri - xã hội: 27/11/1981"
    )
    assert found == {"main_duty": "Tấng hụp", "mass_org_date": "27/11/1981"}


def test_boxes_lie_around_the_value_only() -> None:
    found = read("6) Dân tộc: Mông ....... 7) Tôn giáo: Không")
    assert found["ethnicity"].box == (100 + 14 * 12, 110, 14 * 4, 30)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("3) Sinh ngày: 04 tháng 7 năm 1966 Giới tính: Nam", "04/07/1966"),
        ("3) Sinh ngày: .... tháng 7 năm 1966 Giới tính: Nam", "07/1966"),
        ("3) Sinh ngày: .... tháng .... năm 1966 Giới tính: Nam", "1966"),
        ("3) Sinh ngày: 04 tháng 7 wăm 1966 Giới tính: Nam", "04/07/1966"),
    ],
)
def test_a_birth_date_is_as_exact_as_the_form(line: str, value: str) -> None:
    found = read(line)["birth_date"]
    assert (found.value, found.flag) == (value, None)


@pytest.mark.parametrize(
    ("line", "key", "flag"),
    [
        ("3) Sinh ngày: 31 tháng 02 năm 1966", "birth_date", sense.NO_DAY),
        ("11) Ngày tuyển dụng: 21/0/1973", "recruitment_date", sense.NO_DAY),
        ("11) Ngày tuyển dụng: 21/05/2073", "recruitment_date", sense.FUTURE),
        ("11) Ngày tuyển dụng: 2¬/05/1993", "recruitment_date", sense.NO_DATE),
        ("25) Số CMND/CCCD: 0900399O2", "id_number", sense.NO_NUMBER),
        ("14) Ngạch công chức: Chuyên viên Hệ số: 3,37", "salary_coefficient", sense.NO_COEFFICIENT),
        ("25) Số CMND/CCCD: 09003990925", "id_number", sense.NO_NUMBER),
        ("6) Dân tộc: Mùng", "ethnicity", sense.UNUSUAL),
        ("9) Nơi ở hiện nay: Số 7, tố 3, Xã Bản Lang", "current_address", sense.MENDED),
        ("5) Quê quán: Xở Hươnq Bình", "home_town", sense.NO_WORD),
        ("15.1- Trình độ giáo dục phổ thông: 70/70", "general_education", sense.NO_FIGURE),
        ("5) Quê quán: Xã Hươnq Bình", "home_town", sense.NO_WORD),
        ("2) Tên gọi khác: Không 7) Nơi", "other_names", sense.LABEL_INSIDE),
    ],
)
def test_what_cannot_be_is_flagged_and_stays_as_read(line: str, key: str, flag: str) -> None:
    assert read("1) Họ và tên khai sinh: VÀNG A PÁO", line)[key].flag == flag


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("11) Ngày tuyển dụng: 2l/05/1993", "recruitment_date", "21/05/1993"),
        ("3) Sinh ngày: 28 tháng Đ8 năm 1968 Giới tính: Nam", "birth_date", "28/08/1968"),
        ("14) Ngạch công chức: Cán sự Mã ngạch: V.Ø7.05.15", "rank_code", "V.07.05.15"),
        ("23) Tình trạng sức khoẻ: Tốt Chiều cao: lm68 Cân nặng: 7lkg", "height_cm", "1m68"),
        ("Bậc lương: 3 Hệ số: 3,00 Phụ cấp chức vụ: Ô; 4", "position_allowance", "0,4"),
    ],
)
def test_letters_in_the_place_of_figures_are_taken_for_them_and_flagged(line: str, key: str, value: str) -> None:
    found = read(line)[key]
    assert (found.value, found.flag) == (value, sense.LOOKALIKE)


@pytest.mark.parametrize(
    ("lines", "key", "value"),
    [
        (("6) Dân tộc: Kinh t) Tôn giáo: Không",), "ethnicity", "Kinh"),
        (("10) Nghề nghiệp khi được tuyển dụng: Bộ đội", "1J) Ngày tuyển dụng: 03/08/1985"), "occupation_at_recruitment", "Bộ đội"),
        (("15.5- Ngoại ngữ: Tiếng Anh C 15.6- Tin học: B",), "foreign_language", "Tiếng Anh C"),
        (("12) Chức vụ.(chức danh), hiện tại: Phó Giám đốc",), "current_position", "Phó Giám đốc"),
        (("Bậc lương: 3 Hệ xố: 3,00 Phụ cấp chức vụ: 0,4",), "salary_step", "3"),
        (("20) Sở trường côag tgc: Tổng hợp", "21) Khen thưởng: Giấy khen"), "work_strength", "Tổng hợp"),
    ],
)  # fmt: skip
def test_the_next_label_misread_is_no_part_of_a_value(lines: tuple[str, ...], key: str, value: str) -> None:
    assert read(*lines)[key].value == value


def test_a_name_that_begins_like_no_family_name_is_flagged_and_stays_as_read() -> None:
    found = read("1) Họ và tên khai sinh: NGUYÊN BÍCH ĐAN")["full_name"]
    assert (found.value, found.flag) == ("NGUYÊN BÍCH ĐAN", sense.UNUSUAL)


@pytest.mark.parametrize(
    ("written", "value", "flag"),
    [
        ("Số 144, tố 7, Xả Đồng Hóa, Huyên Kim Bảng", "Số 144, tổ 7, Xã Đồng Hóa, Huyện Kim Bảng", sense.MENDED),
        ("Xở Quơn Long, Tinh Tiền Giang", "Xã Quơn Long, Tỉnh Tiền Giang", sense.MENDED),
        ("Số270, tổ27, Xã Sơn Nham", "Số 270, tổ 27, Xã Sơn Nham", None),
        ("Tổ dân phố 3, Thi trấn Sa Pa", "Tổ dân phố 3, Thị trấn Sa Pa", sense.MENDED),
        ("Số 172, rổ 39, Xã Mường Mô", "Số 172, tổ 39, Xã Mường Mô", sense.MENDED),
        ("To Hạp, Khánh Sơn", "To Hạp, Khánh Sơn", None),
        ("Xã Tố Như, Huyện Xa Lung", "Xã Tố Như, Huyện Xa Lung", None),
    ],
)
def test_common_words_of_an_address_are_put_right_and_flagged_names_never(written: str, value: str, flag: str) -> None:
    found = read(f"9) Nơi ở hiện nay: {written}")["current_address"]
    assert (found.value, found.flag) == (value, flag)


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("6) Dân tộc: Mòng", "ethnicity", "Mông"),
        ("3) Sinh ngày: 04 tháng 7 năm 1966 Giới tính: NỮ", "gender", "Nữ"),
        ("15.3- Lý luận chính trị: Cứ nhân", "political_theory", "Cử nhân"),
        ("23) Tình trạng sức khoẻ: Tốt Nhóm máu: Ø", "blood_group", "O"),
        ("13) Công việc chính được giao: Kế toán tống hợp", "main_duty", "Kế toán tổng hợp"),
        ("15.2- Trình độ chuyên môn cao nhất: Cuo đẳng Luật", "highest_qualification", "Cao đẳng Luật"),
        ("21) Khen thưởng: Băng khen UBND tỉnh", "awards_summary", "Bằng khen UBND tỉnh"),
        ("5) Quê quán: Xã Trực Hùng, Tỉnh Naw Định", "home_town", "Xã Trực Hùng, Tỉnh Nam Định"),
    ],
)
def test_words_of_closed_lists_and_of_known_pairs_are_put_as_they_are_written_and_flagged(
    line: str, key: str, value: str
) -> None:
    found = read(line)[key]
    assert (found.value, found.flag) == (value, sense.MENDED)


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("1) Họ và tên khai sinh: TRẦN BÍ THƯ", "full_name", "TRẦN BÍ THƯ"),
        ("2) Tên gọi khác: Ban Tố Chức", "other_names", "Ban Tố Chức"),
        ("25) Số CMND/CCCD: 03600399021", "id_number", "03600399021"),
        ("5) Quê quán: Xã Vạn Thắng, Huyện Van Ninh", "home_town", "Xã Vạn Thắng, Huyện Van Ninh"),
        ("15.2- Trình độ chuyên môn cao nhất: Đại học Luật", "highest_qualification", "Đại học Luật"),
    ],
)
def test_names_and_numbers_stay_as_they_were_read(line: str, key: str, value: str) -> None:
    assert read(line)[key].value == value


@pytest.mark.parametrize(
    "right",
    [
        "Về việc công nhận đảng viên chính thức",
        "công nhận kết quả thi nâng ngạch",
        "Giúp việc ông Nguyễn Văn Phong",
        "ông Lê Văn Thu, bà Nguyễn Thanh Trà, bà Trần Bình Thương",
        "Trường tiểu học Nguyễn Văn Thụ",
        "Trần Tiến Sĩ, Nguyễn Hiếu Trương, Đặng Bộ Tình",
        "UỶ BAN NHÂN DÂN TỈNH SƠN LA",
        "cộng tác viên, viêm gan cấp tính, trường bắn, giả định",
        "Đại Học Luật, Học Viện Hành Chính, Thiếu uý",
        "Huyện Lập Thạch, Tỉnh Vĩnh Phú",
        "phường 2, Tỉnh Hoà Bình",
    ],
)
def test_right_words_that_resemble_common_ones_stay(right: str) -> None:
    """What is a word of its own, or a name, is no misreading of another one."""
    assert mend_province(mend_phrases(right)) == right


def test_another_way_of_writing_a_word_of_a_list_is_no_misreading() -> None:
    assert mend_choice("Tin Lành", ("Tin lành", "Phật giáo")) == "Tin Lành"
    assert mend_choice("Cơ-tu", ("Cơ Tu", "Kinh")) == "Cơ-tu"
    assert mend_choice("Kính", ("Kinh", "Tày")) == "Kinh"


def test_two_readings_that_agree_are_believed_when_one_of_them_is_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    words = page("Mẫu 2C-BNV/2008", "1) Họ và tên khai sinh: LÂM THẾ CÁT", confidence=70.0)
    picture = Picture(np.full((400, 900), 255, np.uint8), 200.0)
    for sure, flag in ((60.0, sense.UNSURE), (90.0, None)):
        again = {"full_name": Again("LÂM THẾ CÁT", sure)}
        monkeypatch.setattr("oms.recognition.forms.twice.read_again", lambda *_, again=again: again)
        found = read_form(words, "Mẫu 2C-BNV/2008", picture, today=TODAY).fields["full_name"]
        assert (found.value, found.flag) == ("LÂM THẾ CÁT", flag)


@pytest.mark.parametrize(
    ("said", "value", "flag"),
    [
        ((("12/05/1992", 97.0), ("12/05/1992", 70.0)), "12/05/1992", None),
        ((("12/95/1992", 97.0), ("12/05/1992", 60.0)), "12/05/1992", sense.UNSURE),
        ((("12/06/1992", 97.0), ("12/05/1992", 85.0), ("12/05/1992", 85.0)), "12/05/1992", sense.UNSURE),
        ((("12/95/1992", 97.0), ("12/95/1992", 97.0)), "12/95/1992", sense.NO_DAY),
        ((("12/05/1992", 97.0),), "12/05/1992", sense.UNSURE),
        ((("", 0.0), ("12/05/1992", 97.0)), "12/05/1992", sense.UNSURE),
    ],
)
def test_of_several_readings_the_one_most_speaks_for_is_proposed(
    said: tuple[tuple[str, float], ...], value: str, flag: str | None
) -> None:
    item = next(item for item in catalogue.form("2C-BNV/2008").items if item.key == "recruitment_date")
    readings = [FoundValue(text, (0, 0, 9, 9), sure, sense.find_flaw(item, text, TODAY)) for text, sure in said]
    found = choose(item, readings)
    assert (found.value, found.flag) == (value, flag)


def test_what_is_read_again_is_cut_out_with_its_marks() -> None:
    """Typed letters stand higher than printed labels: cut close to the label, Ủ loses its mark and reads as U."""
    strip = make_strip(page("Cơ quan, đơn vị sử dụng CBCC: Sở Y tế"))
    (cut,) = cut_values(strip, find_anchors(strip, catalogue.form("2C-BNV/2008")))
    ((_, top, _, height),) = cut.regions
    assert top <= 60 - 9 and top + height >= 90 + 4


def test_dates_that_contradict_each_other_are_flagged() -> None:
    found = read("16) Ngày vào Đảng Cộng sản Việt Nam: 21/05/1997 Ngày chính thức: 21/08/1998")
    assert found["party_join_date"].flag == found["party_official_date"].flag == sense.TWO_DAYS
    found = read("18) Ngày nhập ngũ: 01/03/1999 Ngày xuất ngũ: 01/03/1998")
    assert found["enlist_date"].flag == sense.ORDER


def test_little_certainty_is_said() -> None:
    assert read("2) Tên gọi khác: Không", confidence=70.0)["other_names"].flag == sense.UNSURE
    assert read("2) Tên gọi khác: Không")["other_names"].flag is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Mẫu 2C-BNV/2008", "2C-BNV/2008"),
        ("Mẫu 2a-BNV/2007", "2C-BNV/2008"),
        ("Mẫu 2C/TCTW-98", "2C/TCTW-98"),
        ("Mẫu HS02-VC/BNV", "HS02-VC/BNV"),
        ("Quyết định số 2008/QĐ-BNV", None),
    ],
)
def test_the_code_in_the_corner_tells_the_form(text: str, form: str | None) -> None:
    assert find_form(text) == form


def test_without_a_code_the_labels_tell_the_form() -> None:
    lines = (
        "1) Họ và tên khai sinh: LÒ THỊ MAI Nam, nữ: Nữ",
        "3) Cấp ủy hiện tại: Không, Cấp ủy kiêm: Không",
        "7) Nơi ở hiện nay (Xã, huyện, tỉnh): Sơn La, đ/thoại: 0912345678",
        "10) Thành phần gia đình xuất thân: Nông dân",
        "11) Nghề nghiệp bản thân trước khi được tuyển dụng: Học sinh",
    )
    found = read_form(page(*lines), "\n".join(lines), today=TODAY)
    assert found.form == "2C/TCTW-98"
    assert found.fields["family_background"].value == "Nông dân"


@pytest.mark.parametrize("line", ["Căn cứ Luật Cán bộ, công chức ngày 13 tháng 11 năm 2008;", ""])
def test_other_papers_are_no_form(line: str) -> None:
    assert read_form(page(line, line), line, today=TODAY).form is None


def test_tables_are_rows_without_heads_and_lying_ones_are_turned() -> None:
    lines = [
        "Mẫu 2C-BNV/2008",
        "28) TÓM TẮT QUÁ TRÌNH CÔNG TÁC",
        "Từ tháng, năm đến tháng, năm\tChức danh, chức vụ, đơn vị công tác",
        "10/2000 - 08/2003\tPhó Giám đốc, Sở Nội vụ",
        "31) DIỄN BIẾN QUÁ TRÌNH LƯƠNG",
        "Tháng/năm\t03/2001\t08/2004",
        "Mã ngạch/bậc\t01.003/1\t01.003/2",
        "Hệ số lương\t2,34\t2,67",
    ]
    found = read_form(page(*lines), "\n".join(lines), today=TODAY).tables
    assert found == {
        "work_history": (("10/2000 - 08/2003", "Phó Giám đốc, Sở Nội vụ"),),
        "salary_history": (("03/2001", "01.003/1", "2,34"), ("08/2004", "01.003/2", "2,67")),
    }


def test_every_label_of_every_form_is_found_on_its_own_form() -> None:
    for form in catalogue.forms():
        lines = [f"{thing.item + ') ' if thing.item else ''}{thing.labels[0]}: x" for thing in form.things]
        found = [anchor.key for anchor in find_anchors(make_strip(page(*lines)), form)]
        assert len(found) >= 0.95 * len(form.things), form.id


def test_distance_counts_changes_to_the_nearest_beginning() -> None:
    assert distance("heso", "heso300") == (0, 4)
    assert distance("heso", "neso300") == (1, 4)
    assert distance("heso", "hso300")[0] == 1


def test_the_lean_of_letters_is_measured() -> None:
    upright = np.full((40, 600), 255, np.uint8)
    for place in range(20, 580, 24):
        upright[5:35, place : place + 4] = 0
    leaning = np.full((40, 600), 255, np.uint8)
    for row in range(5, 35):
        for place in range(20, 580, 24):
            at = place + round((35 - row) * 0.25)
            leaning[row, at : at + 4] = 0
    assert find_slant(Picture(upright, 200), [(0, 0, 600, 40)]) == 0
    assert find_slant(Picture(leaning, 200), [(0, 0, 600, 40)]) in (0.2, 0.25, 0.3)


def test_ink_that_was_not_read_is_seen_and_leaders_are_none() -> None:
    sheet = np.full((60, 400), 255, np.uint8)
    sheet[40:43, 20:380:8] = 0
    assert not has_ink(Picture(sheet, 200), [(0, 0, 400, 60)])
    sheet[15:42, 100:104] = sheet[15:18, 100:116] = sheet[28:31, 100:112] = 0
    assert has_ink(Picture(sheet, 200), [(0, 0, 400, 60)])


def test_pages_without_numbers_and_colons_are_not_searched_for_labels() -> None:
    lines = ("Ngày vào Đảng Cộng sản Việt Nam và ngày chính thức", "Nơi ở hiện nay, quê quán, dân tộc, tôn giáo")
    assert read_form(page(*lines), "\n".join(lines), today=TODAY).form is None
