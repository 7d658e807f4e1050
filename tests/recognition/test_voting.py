"""The readings of one page against each other."""

import pytest

from oms.recognition.engine import ReadWord
from oms.recognition.voting import Reading, difference, vote


def read(*words, scale=1.0):
    """A reading of words (text, confidence) side by side on one line."""
    placed = [
        ReadWord(text, round(100 * place * scale), 0, round(80 * scale), round(30 * scale), confidence, 0, 0)
        for place, (text, confidence) in enumerate(words)
    ]
    return Reading(placed, scale)


def texts(words):
    return [word.text for word in words]


def test_the_surer_word_of_each_place_is_taken():
    own = read(("Quyết", 95.0), ("đjnh", 60.0), ("số", 40.0))
    other = read(("Quyêt", 70.0), ("định", 90.0), ("sỗ", 90.0), scale=0.5)
    chosen = vote(own, [other])
    assert texts(chosen) == ["Quyết", "định", "sỗ"]
    assert [word.left for word in chosen] == [word.left for word in own.words]
    assert [word.confidence for word in chosen] == [70.0, 60.0, 40.0], "a name or figure they differ on is not sure"


def test_a_possible_syllable_beats_a_somewhat_surer_impossible_one():
    assert texts(vote(read(("thẩmq", 85.0)), [read(("thẩm", 70.0))])) == ["thẩm"]


def test_two_that_agree_beat_one_that_is_surer():
    others = [read(("1958", 60.0)), read(("1958", 60.0))]
    assert texts(vote(read(("1953", 90.0)), others)) == ["1958"]
    assert texts(vote(read(("1953", 90.0)), others[:1])) == ["1953"]


def test_agreement_makes_a_word_as_sure_as_its_surest_reading_and_dissent_does_not():
    """A birth date read twice alike is no doubtful one, however unsure the first reading was."""
    own = read(("18/10/1983", 37.0), ("Kinh", 40.0))
    chosen = vote(own, [read(("18/10/1983", 92.0), ("Kính", 95.0)), read(("18/10/1983", 60.0), ("Kinh", 30.0))])
    assert [(word.text, word.confidence) for word in chosen] == [("18/10/1983", 92.0), ("Kính", 40.0)]


def test_nothing_comes_out_that_no_reading_has():
    own, other = read(("ĐỒ", 50.0), ("THỊ", 50.0)), read(("ĐÕ", 60.0), ("THI", 40.0))
    assert set(texts(vote(own, [other]))) <= {"ĐỒ", "THỊ", "ĐÕ", "THI"}
    assert texts(vote(own, [])) == texts(vote(own, [Reading([], 1.0)])) == ["ĐỒ", "THỊ"]
    assert vote(Reading([], 1.0), [own]) == []


def test_a_word_that_another_reading_cut_otherwise_stays():
    own = Reading([ReadWord("trườnghợp", 0, 0, 180, 30, 50.0, 0, 0)], 1.0)
    assert texts(vote(own, [read(("trường", 99.0), ("hợp", 99.0))])) == ["trườnghợp"]
    assert texts(vote(read(("trường", 50.0), ("hợp", 50.0)), [own])) == ["trường", "hợp"]


def test_a_piece_of_a_word_is_not_the_word():
    whole = Reading([ReadWord("12/05/1985", 0, 0, 180, 30, 60.0, 0, 0)], 1.0)
    piece = Reading([ReadWord("1985", 110, 0, 70, 30, 95.0, 0, 0)], 1.0)
    assert texts(vote(whole, [piece])) == ["12/05/1985"]


def test_a_table_of_thousands_of_figures_is_compared_in_parts():
    figures = [ReadWord(str(place), 40 * (place % 50), 20 * (place // 50), 30, 15, 50.0, 0, 0) for place in range(1500)]
    surer = [ReadWord(f"{word.text}.", word.left, word.top, 30, 15, 90.0, 0, 0) for word in figures]
    assert texts(vote(Reading(figures, 1.0), [Reading(surer, 1.0)])) == texts(surer)


def test_readings_differ_by_letters_and_by_order():
    one, swapped = read(("Căn", 90.0), ("cứ", 90.0)), read(("cứ", 90.0), ("Căn", 90.0))
    assert difference(one, one) == 0.0
    assert difference(one, swapped) > 0.5
    assert difference(one, read(("Căn", 90.0), ("cử", 90.0))) == pytest.approx(1 / 6)
    assert difference(one, Reading([], 1.0)) == difference(Reading([], 1.0), one) == 1.0
