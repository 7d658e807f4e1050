"""Finding: as people type, only what they may see, counted exactly."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms.search import whoosh_segments
from oms.search.interface import EXACT, MISREAD, UNMARKED, Found, IndexDamaged, Item, Query
from oms.search.whoosh_engine import WhooshEngine
from oms.vietnamese.text import fold, words

from .corpus import EVERY_DOSSIER, LETTERS, item


def ids(found: Found) -> list[str]:
    return [match.id for match in found.matches]


@pytest.fixture
def letters(engine: WhooshEngine) -> WhooshEngine:
    engine.put(LETTERS)
    return engine


def look(engine: WhooshEngine, words: str, dossiers: frozenset[str] = EVERY_DOSSIER, **more: object) -> Found:
    return engine.find(Query(words, dossiers, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("vo thi hoa", "hoa-new"),
        ("Hòa Võ Thị", "hoa-new"),
        ("quyet dinh bo nhiem 2019", "hoa"),
        ("123-QĐ/TW", "hoa"),
        ("so 0123-qd/tw", "hoa"),
        ("toan quoc tran", "page-only"),
        ("trần quốc to", "page-only"),
        ("15/QĐ-BNV", "page-only"),
        ("3/2/1998", "page-only"),
        ("K'Bris", "minority"),
        ("kbris", "minority"),
        ("k bris", "minority"),
        ("đường", "road"),
        ("duong tran phu", "road"),
        ("Trần Quốc Tuản", "page-only"),
        ("TRẦN QUỐC TOẢN hưu trí", "page-only"),
        ('"bổ nhiệm công chức"', "hoa"),
    ],
)
def test_what_people_type_finds_what_they_mean(letters: WhooshEngine, typed: str, first: str) -> None:
    assert ids(look(letters, typed))[0] == first


def test_both_tone_placements_find_both_spellings(letters: WhooshEngine) -> None:
    for typed in ("Hòa", "Hoà"):
        found = look(letters, typed)
        assert set(ids(found)) == {"hoa", "hoa-new"}
        assert {match.tier for match in found.matches} == {EXACT}


def test_typed_marks_come_first_and_the_others_follow(letters: WhooshEngine) -> None:
    found = look(letters, "đường")
    assert ids(found) == ["road", "duong"]
    assert [match.tier for match in found.matches] == [EXACT, UNMARKED]
    assert [match.tier for match in look(letters, "duong").matches] == [UNMARKED, UNMARKED]


def test_a_number_means_its_parts_together(letters: WhooshEngine) -> None:
    assert ids(look(letters, "123-QĐ/TW")) == ["hoa"]
    assert set(ids(look(letters, "123 QĐ TW"))) == {"hoa", "number-scattered"}


def test_a_misread_or_missing_word_is_said_so(letters: WhooshEngine) -> None:
    assert [match.tier for match in look(letters, "Quốc Toàm").matches] == [MISREAD]
    assert [match.tier for match in look(letters, "quốc toản thạc sĩ").matches] == [MISREAD]
    assert look(letters, "xyzzy").total == 0
    assert look(letters, "124-QĐ/TX").total == 0


def test_an_unfinished_word_is_completed_when_asked(letters: WhooshEngine) -> None:
    letters.put([item("hong", "Võ Thị Hồng")])
    assert set(ids(look(letters, "võ thị ho"))) == {"hoa", "hoa-new", "hong"}
    letters.put([item("ho", "Võ Thị Hồ")])
    assert ids(look(letters, "vo thi ho")) == ["ho"]
    assert set(ids(look(letters, "vo thi ho", unfinished=True))) == {"ho", "hoa", "hoa-new", "hong"}
    assert ids(look(letters, "vo thi ho", unfinished=True))[0] == "ho"


def test_only_the_named_dossiers_are_found_counted_and_weighed(letters: WhooshEngine) -> None:
    found = look(letters, "hoa", frozenset({"d2"}))
    assert ids(found) == ["hoa-new"]
    assert (found.total, dict(found.by_dossier)) == (1, {"d2": 1})
    counted = {name: counts for name, counts in found.facets.items() if counts}
    assert counted == {"kind": {"page": 1}, "component": {"c2": 1}, "year": {"2020": 1}}
    before = look(letters, "nhan xet", frozenset({"d2"}))
    letters.put([item(f"foreign-{n}", "nhận xét", dossier="foreign") for n in range(50)])
    assert look(letters, "nhan xet", frozenset({"d2"})) == before  # not even the weights tell of foreign pages


@pytest.mark.parametrize("typed", ["", "hoa", "123-QĐ/TW", "khong co", '"'])
def test_no_dossiers_no_results(letters: WhooshEngine, typed: str) -> None:
    assert look(letters, typed, frozenset()) == Found()
    assert look(letters, typed, frozenset({"unknown"})).total == 0
    assert look(letters, typed, frozenset({"unknown"})).by_dossier == {}


def test_filters_narrow_and_facets_count_the_whole_result(letters: WhooshEngine) -> None:
    assert ids(look(letters, "", component="c2", category="civil_servant")) == ["road"]
    assert ids(look(letters, "hoa", year=2020)) == ["hoa-new"]
    assert ids(look(letters, "", kind="dossier")) == ["minority"]
    assert look(letters, "hoa", component="none").total == 0
    everything = look(letters, "", limit=2)
    assert (everything.total, len(everything.matches)) == (len(LETTERS), 2)
    assert everything.facets["kind"] == {"page": 6, "dossier": 1}
    assert everything.by_dossier == {"d1": 3, "d2": 2, "d3": 2}
    assert look(letters, "?!").total == 0


def test_pages_of_results_join_without_gap_or_overlap(engine: WhooshEngine) -> None:
    engine.put([item(f"p{n:02d}", "như nhau", order=f"{n % 7}") for n in range(40)])
    whole = look(engine, "nhu nhau", limit=100)
    assert [(m.id[1:]) for m in whole.matches] == [f"{n:02d}" for n in sorted(range(40), key=lambda n: (n % 7, n))]
    parts = [look(engine, "nhu nhau", offset=offset, limit=7) for offset in range(0, 49, 7)]
    assert tuple(match for part in parts for match in part.matches) == whole.matches
    assert {part.total for part in parts} == {40}


def test_putting_replaces_and_removing_removes(letters: WhooshEngine) -> None:
    moved = item("hoa", "Võ Thị Hòa", "Quyết định bổ nhiệm", dossier="d9")
    letters.put([moved])
    assert look(letters, "vo thi hoa", frozenset({"d1"})).total == 0
    assert ids(look(letters, "bo nhiem", frozenset({"d9"}))) == ["hoa"]
    assert letters.stamp("hoa") == moved.stamp
    letters.remove(["hoa", "never-there"])
    assert letters.stamp("hoa") is None
    assert letters.ids() == {one.id for one in LETTERS} - {"hoa"}
    letters.remove([])
    letters.put([])
    assert look(letters, "vo thi hoa", frozenset({"d9"})).total == 0


def test_of_two_items_with_one_id_the_last_one_is_put(engine: WhooshEngine) -> None:
    engine.put([item("one", "cũ"), item("one", "mới")])
    assert (look(engine, "moi").total, look(engine, "", EVERY_DOSSIER).total) == (1, 1)
    with pytest.raises(ValueError, match="two items"):
        engine.rebuild([item("one", "cũ"), item("one", "mới")])
    assert look(engine, "moi").total == 1


def test_stamps_tell_what_is_missing_and_what_is_stale(letters: WhooshEngine) -> None:
    assert letters.stamps() == {one.id: one.stamp for one in LETTERS}
    changed = Item(**{**vars_of(LETTERS[0]), "text": "khác"})
    assert letters.stamp("hoa") != changed.stamp


def vars_of(one: Item) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_another_process_sees_a_commit_at_once(letters: WhooshEngine, tmp_path: Path) -> None:
    reader = WhooshEngine(tmp_path / "index")
    assert look(reader, "hoa").total == 2
    letters.remove(["hoa"])
    assert ids(look(reader, "hoa")) == ["hoa-new"]
    letters.rebuild([item("new", "Hòa Bình")])
    assert ids(look(reader, "hoa")) == ["new"]
    reader.close()


def test_strange_letters_are_taken_and_found(engine: WhooshEngine) -> None:
    engine.put([item("odd", "tƣ liệu Ðảng\ud800 \x1f 漢字", "x" * 5000, order="\x1f", component="a\x1fb")])
    assert ids(look(engine, "tư liệu đảng 漢字")) == ["odd"]
    assert look(engine, "tư " * 1000).total == 1


WORD = st.sampled_from(["hòa", "hoà", "hoa", "Dương", "đường", "12", "an", "ân", "Nguyễn", "QĐ", "TW"])
TEXT = st.lists(WORD, max_size=6).map(" ".join)
CORPUS = st.lists(st.tuples(TEXT, TEXT, st.sampled_from("abc")), min_size=1, max_size=12)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CORPUS, st.lists(WORD, min_size=1, max_size=3), st.sets(st.sampled_from("abc"), min_size=1))
def test_totals_equal_a_plain_look_at_every_item(
    engine: WhooshEngine, corpus: list[tuple[str, str, str]], typed: list[str], dossiers: set[str]
) -> None:
    items = [item(str(n), heading, text, dossier=d) for n, (heading, text, d) in enumerate(corpus)]
    engine.rebuild(items[: len(items) // 2])
    engine.put(items[len(items) // 2 :])
    seen = [one for one in items if one.dossier in dossiers]
    expected = {
        one.id for one in seen if set(map(fold, typed)) <= {fold(w) for w in words(f"{one.heading} {one.text}")}
    }
    found = engine.find(Query(" ".join(typed), frozenset(dossiers), limit=100))
    assert all(match.dossier in dossiers for match in found.matches)
    assert found.total == len(found.matches) == sum(found.by_dossier.values())
    assert list(found.matches) == sorted(found.matches, key=lambda m: (m.tier, -m.score, "", m.id))
    if expected:
        assert set(ids(found)) == expected


def test_blocks_and_single_steps_read_the_same(engine: WhooshEngine) -> None:
    engine.put([item(f"p{n}", "chung " * (n % 3), "chung riêng " * (n % 5) + f"số {n}") for n in range(5000)])
    with engine._snapshot() as snapshot:
        for segment in snapshot.segments:
            for word in ("chung", "rieng", "so", "77"):

                def matcher() -> object:
                    return segment._terms.matcher("folded", word.encode(), segment._schema["folded"].format)  # noqa: B023

                blocks, steps = whoosh_segments._decode(matcher()), whoosh_segments._step(matcher())
                assert len(steps.places)
                assert np.array_equal(blocks.places, steps.places)
                assert np.array_equal(blocks.weights, steps.weights)


def test_many_small_commits_are_merged_and_stay_right(engine: WhooshEngine) -> None:
    for n in range(40):
        engine.put([item(f"p{n}", f"Trần {n}"), item("same", f"bản {n}")])
    engine.remove([f"p{n}" for n in range(20)])
    assert engine.ids() == {"same", *(f"p{n}" for n in range(20, 40))}
    assert look(engine, "tran", limit=50).total == 20
    assert ids(look(engine, "ban 39"))[0] == "same"
    with engine._snapshot() as snapshot:
        assert len(snapshot.segments) < 15


def test_without_an_index_nothing_pretends_to_be_searched(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index")
    with pytest.raises(IndexDamaged):
        look(engine, "hoa")
    with pytest.raises(IndexDamaged):
        engine.put([LETTERS[0]])
    engine.rebuild(LETTERS)
    assert look(engine, "", EVERY_DOSSIER).total == len(LETTERS)
