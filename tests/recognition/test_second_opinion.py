"""How often a page is read and what comes of it, with a reader whose answers are known."""

import pytest

from oms.recognition import open_scan, read_page, reading
from oms.recognition.engine import ReadWord
from oms.recognition.errors import EngineCrashed, EngineOutOfMemory, EngineTimedOut
from tests.recognition.sheets import draw_sheet

RIGHT = "Căn cứ Quyết định của Ban Thường vụ"
WRONG = "Cãn cử Quyêt định của Bạn Thưòng vụ"


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Reads a page with these answers, each (text, confidence) or an error, and gives the reading and the layouts."""

    def run(*answers):
        waiting, layouts = list(answers), []

        def reader(picture, *, layout, seconds):
            layouts.append(layout)
            answer = waiting.pop(0)
            if isinstance(answer, Exception):
                raise answer
            text, confidence = answer
            words = text.split()
            side = picture.width // len(words)
            return [
                ReadWord(word, place * side, 0, side, picture.height, confidence, 0, 0)
                for place, word in enumerate(words)
            ]

        monkeypatch.setattr(reading, "read_words", reader)
        draw_sheet().save(tmp_path / "a.png", dpi=(200, 200))
        return read_page(open_scan(tmp_path / "a.png"), 1, tmp_path).reading, layouts

    return run


def test_a_page_that_is_surely_right_is_read_once(read):
    page, layouts = read((RIGHT, 95.0))
    assert (page.text, page.quality, layouts) == (RIGHT, "good", [4])


def test_a_page_that_reads_the_same_twice_is_not_read_again(read):
    page, layouts = read((RIGHT, 85.0), (RIGHT, 90.0))
    assert (page.text, page.quality, layouts) == (RIGHT, "good", [4, 3])


def test_where_two_readings_differ_a_third_decides_with_them(read):
    page, layouts = read((WRONG, 80.0), (RIGHT, 70.0), (RIGHT, 60.0))
    assert (page.text, layouts) == (RIGHT, [4, 3, 4])


def test_two_uncertain_readings_are_asked_a_third_time_even_if_they_agree(read):
    page, layouts = read((RIGHT, 60.0), (RIGHT, 60.0), (RIGHT, 60.0))
    assert (page.text, page.quality, layouts) == (RIGHT, "check", [4, 3, 4])


def test_readings_that_have_nothing_in_common_are_for_a_person(read):
    other = "vụ Thường Ban của định Quyết cứ Căn"
    page, _ = read((RIGHT, 87.0), (other, 86.0), ("Không có gì giống như trên đây cả", 85.0))
    assert page.quality == "check"
    assert page.expected_error < 0.05


@pytest.mark.parametrize(
    "fault", [EngineTimedOut(5), EngineCrashed(), EngineOutOfMemory()], ids=lambda e: type(e).__name__
)
def test_a_second_reading_that_fails_costs_the_first_nothing_and_somebody_looks(read, fault):
    page, layouts = read((RIGHT, 85.0), fault)
    assert (page.text, page.quality, layouts) == (RIGHT, "check", [4, 3])


def test_a_figure_on_which_readings_differ_is_for_a_person(read):
    """The surer one is taken, and its value is marked: one of the two is wrong."""
    page, _ = read(("Sinh ngày 12/05/1985 tại Đà Lạt", 85.0), ("Sinh ngày 12/06/1985 tại Đà Lạt", 84.0), (RIGHT, 10.0))
    figure = next(word for word in page.words if "1985" in word.text)
    assert (figure.text, figure.confidence < 80) == ("12/05/1985", True)


def test_a_mark_of_secrecy_is_not_voted_away(read):
    page, _ = read(("MẬT", 55.0), ("MÁY", 70.0), ("MÁY", 70.0))
    assert page.secrecy == ("MẬT",)


def test_when_the_time_of_a_page_is_over_the_best_reading_so_far_stands(read, monkeypatch):
    monkeypatch.setattr(reading, "_PAGE_SECONDS", 0)
    page, layouts = read((WRONG, 80.0), (RIGHT, 70.0))
    assert (page.text, page.quality, layouts) == (WRONG, "check", [4])
