"""The place a hit stands at, in pieces of plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.search.snippets import LONGEST_SNIPPET, mark, matching_words, snippet
from oms.vietnamese.text import nfc

TEXT = "Căn cứ quy định. Xét đề nghị của chi bộ; bổ nhiệm đồng chí Nguyễn Văn Đường, sinh 03/02/1998, số 123-QĐ/TW."
LONG = "Lời mở đầu dài dòng. " * 40 + TEXT + " Phần kết không cần thiết." * 40


def hits(pieces: list[tuple[str, bool]]) -> list[str]:
    return [text for text, hit in pieces if hit]


def test_neighbouring_words_are_one_hit_and_marks_are_not_needed() -> None:
    assert hits(mark(TEXT, "nguyen van duong")) == ["Nguyễn Văn Đường"]
    assert hits(mark(TEXT, "bo nhiem 3/2/1998")) == ["bộ", "bổ nhiệm", "03", "02", "1998"]


def test_typed_marks_are_respected_where_they_occur() -> None:
    text = "Dương đi trên đường"
    assert hits(mark(text, "đường")) == ["đường"]
    assert hits(mark(text, "duong")) == ["Dương", "đường"]
    assert hits(mark("Lê Văn Dương", "đường")) == ["Dương"]
    assert hits(mark("Võ Thị Hoà", "Hòa")) == ["Hoà"]


def test_half_typed_and_misread_words_are_marked_only_when_nothing_better_stands_there() -> None:
    assert hits(mark("Trần Quốc Toản", "quoc toa")) == ["Quốc Toản"]
    assert hits(mark("Trần Quốc Toản, toa tàu", "quoc toa")) == ["Quốc", "toa"]
    assert hits(mark("Lê Quổc Tuản", "toan")) == ["Tuản"]


def test_the_parts_of_a_number_are_marked_where_they_stand_together() -> None:
    assert hits(mark("123 trang, theo QĐ 123-QĐ/TW của TW", "123-QĐ/TW")) == ["123", "QĐ", "TW"]


def test_the_snippet_shows_the_place_with_most_of_the_words() -> None:
    pieces = snippet(LONG, "nguyen van duong nhiem")
    shown = "".join(text for text, _ in pieces)
    assert hits(pieces) == ["nhiệm", "Nguyễn Văn Đường"]
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert shown[1:-1] in LONG


def test_without_a_hit_the_beginning_is_shown() -> None:
    pieces = snippet(LONG, "xyzzy")
    assert pieces[0][0].startswith("Lời mở đầu")
    assert snippet("", "hoa") == []
    assert snippet("ngắn", "") == [("ngắn", False)]


def test_words_of_a_page_image_are_chosen_by_the_same_rules() -> None:
    page = ["Số:", "123-QĐ/TW,", "đồng", "chí", "Nguyễn", "Văn", "Đường,", "trang", "123"]
    assert matching_words(page, "nguyen duong") == {4, 6}
    assert matching_words(page, "số 123-QĐ/TW") == {1}
    assert matching_words(page, "123") == {1, 8}
    assert matching_words(page, "") == set()
    assert matching_words([], "123") == set()


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "a & b", "{{ 7*7 }}"])
def test_text_stays_text(hostile: str) -> None:
    assert "".join(text for text, _ in snippet(hostile, "script")) == hostile


@given(st.text(max_size=300), st.text(max_size=30))
def test_marking_changes_no_letter(text: str, query: str) -> None:
    assert "".join(piece for piece, _ in mark(text, query)) == nfc(text)


@given(st.text(alphabet="ab ăđờ-'\n.1", max_size=900), st.text(alphabet="ab ăđờ-1", max_size=12), st.integers(20, 240))
def test_a_snippet_is_never_longer_than_asked(text: str, query: str, length: int) -> None:
    pieces = snippet(text, query, length)
    assert sum(len(piece) for piece, _ in pieces) <= length <= LONGEST_SNIPPET
    assert all(piece for piece, _ in pieces)
