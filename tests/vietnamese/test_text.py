"""Letters: what is stored, and the two ways of comparing."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oms.vietnamese.syllables import all_syllables
from oms.vietnamese.text import TONES, fold, nfc, tone_key, word_spans, words

VIETNAMESE = st.text(
    alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyAĐÊƠƯáàảãạếềểễệốồổỗộớờởỡợứừửữựýỳỷỹỵ "
    "\u0301\u0323\u0302ƣÐ\u00a0\u200bﬁ'’-/.0123456789\n",
    max_size=60,
)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("tƣ liệu Ƣu tiên", "tư liệu Ưu tiên"),
        ("t\u01a3\u0301", "tứ"),
        ("Ðảng uỷ Ɖức", "Đảng uỷ Đức"),
        ("Hà\u00a0Nội", "Hà Nội"),
        ("ngh\u00adị quyết\u200b", "nghị quyết"),
        ("ﬁnal ﬂow", "final flow"),
        (unicodedata.normalize("NFD", "Nguyễn Thị Được"), "Nguyễn Thị Được"),
        ("e\u0301\u0302", "ế"),
        ("Y Ƀơ̆r", "Y Ƀơ̆r"),
    ],
)
def test_look_alikes_and_invisible_letters_are_repaired(written: str, stored: str) -> None:
    assert nfc(written) == stored


@pytest.mark.parametrize(
    ("written", "folded"),
    [("Đảng ủy", "dang uy"), ("ĐƯỜNG", "duong"), ("Nguyễn Thị Hoà", "nguyen thi hoa"), ("H'Hen Niê", "h'hen nie")],
)
def test_fold_is_what_people_type(written: str, folded: str) -> None:
    assert fold(written) == folded
    assert fold(unicodedata.normalize("NFD", written)) == folded


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hòa", "hoà"),
        ("thủy", "thuỷ"),
        ("khỏe", "khoẻ"),
        ("Ủy", "Uỷ"),
        ("qúy", "quý"),
        ("gía", "giá"),
        ("hòang", "hoàng"),
        ("hùynh", "huỳnh"),
        ("túê", "tuế"),
    ],
)
def test_both_tone_placements_compare_equal(old: str, new: str) -> None:
    assert tone_key(old) == tone_key(new) == new.lower()


def test_correct_words_keep_their_tone_where_it_is() -> None:
    text = "người nước nguyễn thị huệ chuyển quyết giữa mùa của ngoài khuỷu hươu giếng gì tuổi cứu rượu lịa quả già"
    assert tone_key(text) == text


def test_tone_key_keeps_what_differs_in_meaning() -> None:
    assert len({tone_key(word) for word in ("đường", "dương", "dường", "đương", "duong")}) == 5


def test_tone_key_of_every_syllable_is_a_syllable_with_the_same_letters() -> None:
    for syllable in all_syllables():
        key = tone_key(syllable)
        assert key in all_syllables()
        assert fold(key) == fold(syllable)


@given(st.text())
def test_nfc_is_stable(text: str) -> None:
    assert nfc(nfc(text)) == nfc(text)
    assert unicodedata.is_normalized("NFC", nfc(text))


@given(st.one_of(st.text(), VIETNAMESE))
def test_fold_is_idempotent_and_blind_to_marks(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded
    assert not any(tone in folded for tone in TONES)


@given(st.one_of(st.text(), VIETNAMESE))
@example("Ý\u01a0\u0302")
def test_tone_key_is_idempotent(text: str) -> None:
    assert tone_key(tone_key(text)) == tone_key(text)


def test_words_split_at_everything_that_is_no_letter_or_digit() -> None:
    assert words("Số: 15/QĐ-BNV, K'Bris_2") == ["Số", "15", "QĐ", "BNV", "K", "Bris", "2"]


@given(VIETNAMESE)
def test_spans_cut_the_same_words(text: str) -> None:
    stored = nfc(text)
    assert [stored[start:end] for start, end in word_spans(stored)] == words(text)
