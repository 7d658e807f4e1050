"""What was read where nothing is written is left out; what may be a word or a figure never."""

import pytest

from oms.recognition.engine import ReadWord
from oms.recognition.junk import drop_junk


def word(text: str, confidence: float, height: int = 30) -> ReadWord:
    return ReadWord(text, 0, 0, 20 * len(text), height, confidence, 0, 0)


@pytest.mark.parametrize(
    "junk",
    [
        word("“*“:#”", 40),
        word("ˆ", 55),
        word("Ỷ", 20),
        word("\"'a", 20),
        word("ồn", 35, height=90),
        word("ba", 35, height=9),
    ],
)
def test_signs_single_letters_and_words_of_odd_size_that_were_guessed_are_left_out(junk):
    others = [word("Căn", 95), word("cứ", 90), word("Quyết", 92)]
    assert drop_junk([*others, junk]) == others


@pytest.mark.parametrize(
    "kept",
    [
        word("-", 80),
        word("Ỷ", 50),
        word("4", 5),
        word("3,66", 10),
        word("hồ", 5),
        word("“a”", 60),
        word("ồn", 60, height=90),
    ],
)
def test_figures_words_and_what_is_surely_read_stay(kept):
    words = [word("Căn", 95), word("cứ", 90), kept]
    assert drop_junk(words) == words


def test_no_words_are_no_trouble():
    assert drop_junk([]) == []
