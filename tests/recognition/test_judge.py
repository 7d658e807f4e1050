"""Judging a reading without its truth, and finding marks of secrecy among its words."""

import pytest

from oms.recognition import Word, doubtful_words
from oms.recognition.forms import find_form
from oms.recognition.judge import (
    dirty_share,
    expected_error,
    judge_page,
    mean_confidence,
    reading_score,
    syllable_share,
)
from oms.recognition.secrecy import find_marks

GOOD = "Căn cứ Quyết định số 15/QĐ-UBND ngày 21 tháng 9 năm 1973 của Tỉnh ủy"
MISREAD = "Cãn cư Quyêt đjnh sỗ l5/QB UBNO ngáv thàngg nâm cùaa Tĩnhh ủyv"


def words(*lines, confidence=95.0, gap=10):
    placed = []
    for number, line in enumerate(lines):
        left = 0
        for text in line.split():
            if text == "|":  # a wide gap on the line
                left += 300
                continue
            placed.append(Word(text, left, number * 40, 20 * len(text), 30, confidence, number))
            left += 20 * len(text) + gap
    return placed


def test_right_text_is_good_and_misread_text_is_not():
    assert judge_page(words(GOOD)) == "good"
    assert judge_page(words(MISREAD, confidence=75)) in ("check", "poor")
    assert judge_page(words("ehb dzx qklm trws fggn pmm", confidence=55)) == "poor"


def test_low_confidence_makes_right_looking_text_doubtful():
    assert judge_page(words(GOOD, confidence=60)) == "check"
    assert judge_page(words(GOOD, confidence=40)) == "poor"


def test_what_no_word_covers_makes_right_words_doubtful():
    assert judge_page(words(GOOD), error=expected_error(words(GOOD), unread=0.02)) == "good"
    assert judge_page(words(GOOD), error=expected_error(words(GOOD), unread=0.2)) == "check"
    assert judge_page(words(GOOD), error=expected_error(words(GOOD), unread=0.6)) == "poor"
    assert expected_error(words(GOOD)) < expected_error(words(GOOD), unread=0.3) < expected_error(words(GOOD), unread=1)


def test_junk_makes_right_words_doubtful():
    assert judge_page(words(GOOD), error=expected_error(words(GOOD), junk=0.02)) == "good"
    assert judge_page(words(GOOD), error=expected_error(words(GOOD), junk=0.25)) == "check"


def test_readings_that_agree_in_nothing_make_right_words_doubtful():
    assert judge_page(words(GOOD), difference=0.3) == "good"
    assert judge_page(words(GOOD), difference=0.5) == "check"


def test_one_guessed_word_tells_more_than_many_that_are_nearly_sure():
    nearly = words(GOOD, confidence=90)
    guessed = [*words(GOOD, confidence=100)[:-1], *words("ủy", confidence=10)]
    assert mean_confidence(guessed) > mean_confidence(nearly)
    assert expected_error(guessed) > expected_error(nearly)


def test_the_expected_error_grows_with_doubt():
    errors = [expected_error(words(GOOD, confidence=confidence)) for confidence in (97, 90, 75, 50, 20)]
    assert errors == sorted(errors)
    assert errors[0] < 0.02 and errors[-1] > 0.35
    assert expected_error(words(GOOD, confidence=85)) < expected_error(words(MISREAD, confidence=85))
    assert expected_error([]) == 1.0


@pytest.mark.parametrize("figures", ["I987 0l.003 2,34", "31/13/1990 2,34 15/10", "21/0/1973 4,65 1987"])
def test_figures_that_nobody_writes_make_a_page_doubtful(figures):
    assert judge_page(words("Căn cứ Luật Cán bộ, công chức của Quốc hội", figures)) == "check"


@pytest.mark.parametrize(
    "figures", ["15/10/1993 2,34 01.003 1m71 52kg", "02/2008/QĐ-BNV V.07.05.15 15.1- 7)", "(1990)"]
)
def test_figures_of_forms_and_documents_are_no_reason_to_doubt(figures):
    assert dirty_share(figures.split()) == 0.0
    assert judge_page(words(GOOD, figures)) == "good"


def test_another_language_is_looked_at_by_a_person():
    assert judge_page(words("This certificate was awarded for the completion of training courses")) == "check"


def test_a_page_without_words_is_blank_only_when_it_has_no_ink():
    assert judge_page([], blank=True) == "blank"
    assert judge_page([]) == "poor"
    assert judge_page(words("- . 12 ;")) == "poor"


def test_two_words_are_too_few_to_be_called_good():
    assert judge_page(words("Trang bìa")) == "check"


def test_symbols_in_capitals_do_not_count_against_a_page():
    assert syllable_share(["Số", "15", "QĐ", "UBND", "TW"]) == 1.0
    assert syllable_share([]) == 0.0
    assert 0 < syllable_share(MISREAD.split()) < 0.7


def test_the_mean_counts_long_words_more():
    assert mean_confidence([Word("nghiêng", 0, 0, 1, 1, 90.0, 0), Word(".", 0, 0, 1, 1, 10.0, 0)]) == 80.0
    assert mean_confidence([]) == 0.0
    assert reading_score([]) == 0.0


def test_doubtful_words_are_those_misread_or_unsure():
    read = [*words("Căn cứ Quyêtt định UBND 1973"), Word("năm", 0, 0, 1, 1, 30.0, 0)]
    assert doubtful_words(read) == [2, 6]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["MẬT"], ("MẬT",)),
        (["TỐI MẬT"], ("TỐI MẬT",)),
        (["TUYỆT", "TUYỆT MẬT"], ("TUYỆT MẬT",)),
        (["| MẬT |", "TỐI MẬT"], ("TỐI MẬT", "MẬT")),
        (["MAT"], ("MẬT",)),
        (["MẶT"], ("MẬT",)),
        (["TÓI MẬT"], ("TỐI MẬT",)),
        (["TUYET MAT"], ("TUYỆT MẬT",)),
        (["[ MẬT ]"], ("MẬT",)),
        (["MẬT | Số: 15-QĐ/TU"], ("MẬT",)),
        (["Độ mật: Tối mật"], ("TỐI MẬT",)),
        (["Căn cứ Luật Bảo vệ bí mật nhà nước"], ()),
        (["chế độ bảo mật hồ sơ"], ()),
        (["QUY CHẾ BẢO VỆ BÍ", "MẬT"], ()),
        (["VỀ BẢO VỆ BÍ MẬT NHÀ NƯỚC"], ()),
        (["mật"], ()),
        (["KHẨN"], ()),
        (["HOẢ TỐC"], ()),
        (["THƯỢNG KHẨN"], ()),
        (["GIẢI MẬT"], ()),
        (["MẶT TRẬN TỔ QUỐC"], ()),
        (["LƯU HÀNH NỘI BỘ"], ()),
        ([], ()),
    ],
)
def test_only_marks_that_stand_alone_are_reported(lines, found):
    assert find_marks(words(*lines)) == found


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Mẫu 2C-BNV/2008 ban hành kèm theo Quyết định", "2C-BNV/2008"),
        ("Mẫu 2C/TCTW-98", "2C/TCTW-98"),
        ("HS02-VC/BNV", "HS02-VC/BNV"),
        ("Quyết định số 2/BNV ngày 2 tháng 9 năm 2008", None),
    ],
)
def test_a_form_is_known_by_its_title(text, form):
    assert find_form(text) == form
