"""Finding: as people type, only what they may see, counted exactly."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms.search import analysis
from oms.search.interface import EXACT, MISREAD, UNMARKED, Engine, Found, IndexDamaged, Item, Query
from oms.vietnamese.text import fold, words

from .conftest import open_engine
from .corpus import EVERY_DOSSIER, LETTERS, item


def ids(found: Found) -> list[str]:
    return [match.id for match in found.matches]


@pytest.fixture
def letters(engine: Engine) -> Engine:
    engine.put(LETTERS)
    return engine


def look(engine: Engine, words: str, dossiers: frozenset[str] = EVERY_DOSSIER, **more: object) -> Found:
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
def test_what_people_type_finds_what_they_mean(letters: Engine, typed: str, first: str) -> None:
    assert ids(look(letters, typed))[0] == first


def test_both_tone_placements_find_both_spellings(letters: Engine) -> None:
    for typed in ("Hòa", "Hoà"):
        found = look(letters, typed)
        assert set(ids(found)) == {"hoa", "hoa-new"}
        assert {match.tier for match in found.matches} == {EXACT}


def test_typed_marks_come_first_and_the_others_follow(letters: Engine) -> None:
    found = look(letters, "đường")
    assert ids(found) == ["road", "duong"]
    assert [match.tier for match in found.matches] == [EXACT, UNMARKED]
    assert [match.tier for match in look(letters, "duong").matches] == [UNMARKED, UNMARKED]


def test_a_number_means_its_parts_together(letters: Engine) -> None:
    assert ids(look(letters, "123-QĐ/TW")) == ["hoa"]
    assert set(ids(look(letters, "123 QĐ TW"))) == {"hoa", "number-scattered"}


def test_a_misread_or_missing_word_is_said_so(letters: Engine) -> None:
    assert [match.tier for match in look(letters, "Quốc Toàm").matches] == [MISREAD]
    assert [match.tier for match in look(letters, "quốc toản thạc sĩ").matches] == [MISREAD]
    assert look(letters, "xyzzy").total == 0
    assert look(letters, "124-QĐ/TX").total == 0


def test_an_unfinished_word_is_completed_when_asked(letters: Engine) -> None:
    letters.put([item("hong", "Võ Thị Hồng")])
    assert set(ids(look(letters, "võ thị ho"))) == {"hoa", "hoa-new", "hong"}
    letters.put([item("ho", "Võ Thị Hồ")])
    assert [match.tier for match in look(letters, "vo thi ho").matches] == [UNMARKED, MISREAD, MISREAD]
    assert ids(look(letters, "vo thi ho"))[0] == "ho"
    assert set(ids(look(letters, "vo thi ho", unfinished=True))) == {"ho", "hoa", "hoa-new", "hong"}
    assert ids(look(letters, "vo thi ho", unfinished=True))[0] == "ho"


def test_only_the_named_dossiers_are_found_counted_and_weighed(letters: Engine) -> None:
    found = look(letters, "hoa", frozenset({"d2"}))
    assert ids(found) == ["hoa-new"]
    assert (found.total, dict(found.by_dossier)) == (1, {"d2": 1})
    counted = {name: counts for name, counts in found.facets.items() if counts}
    assert counted == {"kind": {"page": 1}, "component": {"c2": 1}, "year": {"2020": 1}}
    before = look(letters, "nhan xet", frozenset({"d2"}))
    letters.put([item(f"foreign-{n}", "nhận xét", dossier="foreign") for n in range(50)])
    assert look(letters, "nhan xet", frozenset({"d2"})) == before  # not even the weights tell of foreign pages


@pytest.mark.parametrize("typed", ["", "hoa", "123-QĐ/TW", "khong co", '"'])
def test_no_dossiers_no_results(letters: Engine, typed: str) -> None:
    assert look(letters, typed, frozenset()) == Found()
    assert look(letters, typed, frozenset({"unknown"})).total == 0
    assert look(letters, typed, frozenset({"unknown"})).by_dossier == {}


def test_filters_narrow_and_facets_count_the_whole_result(letters: Engine) -> None:
    assert ids(look(letters, "", component="c2", category="civil_servant")) == ["road"]
    assert ids(look(letters, "hoa", year=2020)) == ["hoa-new"]
    assert ids(look(letters, "", kind="dossier")) == ["minority"]
    assert look(letters, "hoa", component="none").total == 0
    everything = look(letters, "", limit=2)
    assert (everything.total, len(everything.matches)) == (len(LETTERS), 2)
    assert everything.facets["kind"] == {"page": 6, "dossier": 1}
    assert everything.by_dossier == {"d1": 3, "d2": 2, "d3": 2}
    assert look(letters, "?!").total == 0


def test_pages_of_results_join_without_gap_or_overlap(engine: Engine) -> None:
    engine.put([item(f"p{n:02d}", "như nhau", order=f"{n % 7}") for n in range(40)])
    whole = look(engine, "nhu nhau", limit=100)
    assert [(m.id[1:]) for m in whole.matches] == [f"{n:02d}" for n in sorted(range(40), key=lambda n: (n % 7, n))]
    parts = [look(engine, "nhu nhau", offset=offset, limit=7) for offset in range(0, 49, 7)]
    assert tuple(match for part in parts for match in part.matches) == whole.matches
    assert {part.total for part in parts} == {40}


def test_putting_replaces_and_removing_removes(letters: Engine) -> None:
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


def test_of_two_items_with_one_id_the_last_one_is_put(engine: Engine) -> None:
    engine.put([item("one", "cũ"), item("one", "mới")])
    assert (look(engine, "moi").total, look(engine, "", EVERY_DOSSIER).total) == (1, 1)
    with pytest.raises(ValueError, match="two items"):
        engine.rebuild([item("one", "cũ"), item("one", "mới")])
    assert look(engine, "moi").total == 1


def test_stamps_tell_what_is_missing_and_what_is_stale(letters: Engine) -> None:
    assert letters.stamps() == {one.id: one.stamp for one in LETTERS}
    changed = Item(**{**vars_of(LETTERS[0]), "text": "khác"})
    assert letters.stamp("hoa") != changed.stamp


def vars_of(one: Item) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_another_process_sees_a_commit_at_once(letters: Engine, tmp_path: Path) -> None:
    reader = type(letters)(tmp_path / "index")
    assert look(reader, "hoa").total == 2
    letters.remove(["hoa"])
    assert ids(look(reader, "hoa")) == ["hoa-new"]
    letters.put([item("hoa", "Võ Thị Hòa"), item("hoa-new", "Võ Thị Hoà Bình", dossier="d2")])
    assert set(ids(look(reader, "vo thi hoa"))) == {"hoa", "hoa-new"}
    assert look(reader, "binh").total == 1
    letters.rebuild([item("new", "Hòa Bình")])
    assert ids(look(reader, "hoa")) == ["new"]
    reader.close()


def test_strange_letters_are_taken_and_found(engine: Engine) -> None:
    engine.put([item("odd", "tƣ liệu Ðảng\ud800 \x1f 漢字", "x" * 5000, order="\x1f", component="a\x1fb")])
    assert ids(look(engine, "tư liệu đảng 漢字")) == ["odd"]
    assert look(engine, "tư " * 1000).total == 1


WORD = st.sampled_from(["hòa", "hoà", "hoa", "Dương", "đường", "12", "an", "ân", "Nguyễn", "QĐ", "TW"])
TEXT = st.lists(WORD, max_size=6).map(" ".join)
CORPUS = st.lists(st.tuples(TEXT, TEXT, st.sampled_from("abc")), min_size=1, max_size=12)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CORPUS, st.lists(WORD, min_size=1, max_size=3), st.sets(st.sampled_from("abc"), min_size=1))
def test_totals_equal_a_plain_look_at_every_item(
    engine: Engine, corpus: list[tuple[str, str, str]], typed: list[str], dossiers: set[str]
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


def test_many_small_commits_are_merged_and_stay_right(engine: Engine) -> None:
    for n in range(40):
        engine.put([item(f"p{n}", f"Trần {n}"), item("same", f"bản {n}")])
    engine.remove([f"p{n}" for n in range(20)])
    assert engine.ids() == {"same", *(f"p{n}" for n in range(20, 40))}
    assert look(engine, "tran", limit=50).total == 20
    assert ids(look(engine, "ban 39"))[0] == "same"


@pytest.mark.parametrize("name", ["whoosh", "tantivy"])
def test_without_an_index_nothing_pretends_to_be_searched(name: str, tmp_path: Path) -> None:
    engine = open_engine(name, tmp_path / "index")
    with pytest.raises(IndexDamaged):
        look(engine, "hoa")
    with pytest.raises(IndexDamaged):
        engine.put([LETTERS[0]])
    assert not engine.healthy()
    engine.rebuild(LETTERS)
    assert engine.healthy()
    assert look(engine, "", EVERY_DOSSIER).total == len(LETTERS)


BESIDE = [
    item("said", "", "Bổ nhiệm ông Nguyễn Xuân Thắng giữ chức vụ"),
    item("misread", "", "Bổ nhiệm ông Nguyễn Xuân Thaug giữ chức vụ"),
    item("other", "", "Bổ nhiệm ông Nguyễn Xuân Thăng giữ chức vụ"),
    item("split", "", "Bổ nhiệm ông Nguyễn Xuân Th ắng giữ chức vụ"),
    item("slip", "", "Bổ nhiệm ông Nguyễn Xuân Tháng giữ chức vụ, Nguyễn Xuân Thanh"),
    item("stranger", "", "Nguyễn Văn Thanh, mùa xuân này giữ chức vụ, bổ nhiệm"),
]


def test_a_name_misread_on_the_page_is_found_behind_the_right_one_and_named(engine: Engine) -> None:
    engine.put(BESIDE)
    found = look(engine, "bổ nhiệm Nguyễn Xuân Thắng")
    assert ids(found)[0] == "said"
    tiers = {match.id: match.tier for match in found.matches}
    assert tiers == {
        **{"said": EXACT, "other": UNMARKED, "slip": UNMARKED},
        **{"misread": MISREAD, "split": MISREAD},
    }
    instead = {match.id: match.instead for match in found.matches}
    assert instead["said"] == ()
    assert instead["split"] == (("thang", "th ang"),)
    assert look(engine, "Nguyễn Xuân Thanh").matches[0].id == "slip"


def test_a_slip_of_the_hand_finds_the_name_and_says_what_it_took(engine: Engine) -> None:
    engine.put(BESIDE)
    found = look(engine, "bo nhiem nguyen xuna thang")
    assert "said" in ids(found)
    assert {match.tier for match in found.matches} == {MISREAD}
    assert found.matches[0].instead == (("xuna", "xuan"),)
    assert look(engine, "nguyen xuan thang").matches[0].where == "text"


LETTERHEAD = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập Tự do Hạnh phúc"
BODY = " ".join(["các quy định của pháp luật về cán bộ, công chức và người lao động trong cơ quan"] * 6)


def paper(id: str, title: str, name: str, body: str = "") -> Item:
    return item(id, "", f"{LETTERHEAD} {title} ông (bà) {name}, sinh ngày 3/2/1970. {BODY} {body}")


MANY = [paper(f"m{n}", "Hợp đồng lao động", f"{family} Văn {given}") for n, (family, given) in enumerate(
    (family, given) for family in ("Trần", "Lê", "Phạm", "Võ", "Đỗ") for given in ("Trí", "Dũng", "Hải", "Tâm", "Sơn"))]  # fmt: skip


def test_what_a_paper_is_and_whom_it_concerns_stands_at_its_top(engine: Engine) -> None:
    named = paper("named", "Bổ nhiệm", "Lê Thị Hoa")
    mentioned = paper("mentioned", "Hợp đồng lao động", "Võ Văn Tâm", "bổ nhiệm, bổ nhiệm lại, và Lê Thị Hoa")
    engine.put([*MANY, mentioned, named])
    assert ids(look(engine, "bo nhiem le thi hoa"))[:2] == ["named", "mentioned"]


@pytest.mark.parametrize("read", ["Vau", "V ăn", "Văm", "Vă"])
def test_a_frequent_name_misread_is_found_before_what_only_mentions_the_words(engine: Engine, read: str) -> None:
    misread = paper("misread", "Bổ nhiệm", f"Phan {read} Trí")
    said = paper("said", "Bổ nhiệm", "Phan Văn Trí")
    apart = paper("apart", "Hợp đồng lao động", "Lê Văn Sơn", "bổ nhiệm; Phan Thị Mai; duy ý trí")
    engine.put([*MANY, misread, apart])
    found = look(engine, "bo nhiem phan van tri")
    assert ids(found)[:2] == ["misread", "apart"]
    assert (found.matches[0].tier, found.matches[0].instead) == (MISREAD, (("van", fold(read)),))
    engine.put([said])
    assert ids(look(engine, "bo nhiem phan van tri"))[:2] == ["said", "misread"]


def test_a_long_title_does_not_outweigh_the_name_behind_it(engine: Engine) -> None:
    title = "Công văn xác nhận quá trình công tác"
    named = paper("named", "Công văn xác n hận quá trình công tác", "Hoàng Khánh Ly")
    titled = [paper(f"t{n}", title, f"{one} Văn Sơn", "Hoàng Sa; Khánh Hòa; Ly Sơn") for n, one in enumerate("ABC")]
    engine.put([*MANY, *titled, named])
    assert ids(look(engine, "cong van xac nhan qua trinh cong tac hoang khanh ly"))[0] == "named"


def test_another_name_that_many_bear_stands_behind_what_can_only_be_misread(engine: Engine) -> None:
    others = [paper(f"o{n}", "Bổ nhiệm", "Phan Văn Thành") for n in range(30)]
    engine.put([*others, paper("said", "Bổ nhiệm", "Phan Văn Thắng"), paper("misread", "Bổ nhiệm", "Phan Văn Thaug")])
    assert ids(look(engine, "bo nhiem phan van thang"))[:2] == ["said", "misread"]


def test_did_you_mean_is_made_of_allowed_words_only(letters: Engine) -> None:
    assert letters.respell("quyet dinh bo nhiem", EVERY_DOSSIER) is None
    assert letters.respell("quyet dinh bo nhiemm", EVERY_DOSSIER) == "quyet dinh bo nhiem"
    assert letters.respell("Trần Quốc Toảm", EVERY_DOSSIER) == "trần quốc toản"
    assert letters.respell("tran quoc toam", frozenset({"d1"})) is None
    assert letters.respell("tran quoc toam", frozenset()) is None
    letters.put([item(f"foreign-{n}", "toan toam toàn", dossier="foreign") for n in range(30)])
    assert letters.respell("tran quoc toam", EVERY_DOSSIER) == "tran quoc toan"


ASKED = [
    item("a", "Lê An\n12/QĐ", "đi đường", names="Lê An", numbers="12/QĐ", year=2015, date="2015-03-01", order="2"),
    item("b", "Lê Anh", "gặp Dương", names="Lê Anh", state="open", quality="poor", year=2019, order="1"),
    item("c", "Đơn", "của Lê An, số 12/QĐ", names="Võ Bình", year=2015, date="2015-04-01", order="3"),
]


def test_names_numbers_years_and_what_must_not_occur(engine: Engine) -> None:
    engine.put(ASKED)
    assert ids(look(engine, "", names="le an")) == ["a"]
    assert ids(look(engine, "lê", numbers="12/qđ")) == ["a"]
    assert ids(look(engine, "", years=(2016, None))) == ["b"]
    assert set(ids(look(engine, "", years=(None, 2015)))) == {"a", "c"}
    assert ids(look(engine, "le", without=("đường", "le anh"))) == ["c"]
    assert ids(look(engine, "", without=("duong",))) == ["c"]
    assert ids(look(engine, "", state="open", quality="poor")) == ["b"]
    assert look(engine, "").facets["quality"] == {"poor": 1}


def test_sorted_as_asked(engine: Engine) -> None:
    engine.put(ASKED)
    assert ids(look(engine, "le", sort="name")) == ["b", "a", "c"]
    assert ids(look(engine, "le", sort="date")) == ["c", "a", "b"]
    assert ids(look(engine, "le", sort="date", offset=1, limit=1)) == ["a"]


def test_a_broken_off_rebuild_goes_on_where_it_stopped(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{type(engine).__module__}.BATCH", 2)
    engine.put([item("old", "cũ")])

    def broken() -> Iterator[Item]:
        yield from LETTERS[:4]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.rebuild(broken())
    assert engine.ids() == {"old"}
    analysed: list[str] = []
    real = analysis.analyse
    monkeypatch.setattr(f"{type(engine).__module__}.analyse", lambda one: analysed.append(one.id) or real(one))
    changed = item("hoa", "Võ Thị Hòa", "khác")
    engine.rebuild([changed, *LETTERS[2:]], resume=True)
    assert set(analysed) == {"hoa", *(one.id for one in LETTERS[4:])}
    assert engine.stamps() == {one.id: one.stamp for one in (changed, *LETTERS[2:])}
    assert engine.healthy()


def test_all_engines_answer_alike(tmp_path: Path) -> None:
    engines = [open_engine(name, tmp_path / name) for name in ("whoosh", "tantivy")]
    for one in engines:
        one.rebuild([*BESIDE, *ASKED][:6])
        one.put([*BESIDE, *LETTERS, *ASKED])
        one.remove(["hoa"])
    for typed in ("thang", "nguyen xuan thang", "đường", "12/QĐ", "le an", "xuna", "bo nhiem", "hoa", ""):
        first, second = (look(one, typed, limit=50) for one in engines)
        assert first == second, typed


def test_a_thousand_foreign_documents_change_neither_order_nor_score_nor_proposals(letters: Engine) -> None:
    mine = frozenset({"d1", "d2"})
    asked = ("hoa", "Võ Thị Hòa", "vo thi", "quyet dinh bo nhiemm", "hoaf", "duong le", "123-QĐ/TW", "vo thi hoam")
    before = [look(letters, typed, mine) for typed in asked]
    half_typed = [look(letters, typed, mine, unfinished=True) for typed in ("vo th", "le v", "du")]
    respelled = [letters.respell(typed, mine) for typed in asked]
    words = "võ vỡ thị thí hoà hoạ hoam hoaf bổ nhiệm nhiemm quyết định dương đường lê lệ thx"
    letters.put([item(f"f{n}", words, f"{words} vo thi hoam {n}", dossier=f"foreign-{n % 9}") for n in range(1000)])
    assert [look(letters, typed, mine) for typed in asked] == before
    assert [look(letters, typed, mine, unfinished=True) for typed in ("vo th", "le v", "du")] == half_typed
    assert [letters.respell(typed, mine) for typed in asked] == respelled


WRITER = """
import sys
from pathlib import Path
from tests.search.conftest import open_engine
from tests.search.corpus import item
engine = open_engine(sys.argv[1], Path(sys.argv[2]))
for number in range(500):
    engine.put([item(f"{sys.argv[3]}-{number}", f"lần {number}", "chung")])
    print(f"{sys.argv[3]}-{number}", flush=True)
"""


def test_what_a_killed_writer_said_is_there_is_there(engine: Engine, tmp_path: Path) -> None:
    name = "whoosh" if "whoosh" in type(engine).__module__ else "tantivy"
    told: set[str] = set()
    for turn in range(2):
        command = [sys.executable, "-c", WRITER, name, str(tmp_path / "index"), str(turn)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told |= {writer.stdout.readline().strip() for _ in range(3)}
            writer.kill()
        assert engine.healthy()
        assert told <= engine.ids()
        engine.put([item(f"after-{turn}", "còn ghi được", "chung")])  # the lock died with its process
        told.add(f"after-{turn}")
        assert look(engine, "chung", limit=500).total == len(engine.ids())


def test_a_reader_overtaken_by_a_rebuild_looks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = (open_engine("tantivy", tmp_path / "index") for _ in range(2))
    writer.rebuild(LETTERS)
    seen = [reader._place()]  # type: ignore[attr-defined]
    writer.rebuild([item("new", "mới")])
    real = reader._place  # type: ignore[attr-defined]
    monkeypatch.setattr(reader, "_place", lambda: seen.pop() if seen else real())
    assert reader.ids() == {"new"}
    assert ids(look(reader, "moi")) == ["new"]


REBUILDER = """
import sys
from pathlib import Path
from tests.search.conftest import open_engine
from tests.search.corpus import item
engine = open_engine(sys.argv[1], Path(sys.argv[2]))
for number in range(6):
    engine.rebuild([item(f"p{n}", "chung", f"lần {number}") for n in range(3)])
    engine.put([item("p3", "chung", f"lần {number}")])
    engine.remove(["p3"])
"""


@pytest.mark.usefixtures("hurried")
def test_readers_go_on_while_another_process_rebuilds_puts_and_removes(engine: Engine, tmp_path: Path) -> None:
    engine.rebuild([item(f"p{n}", "chung") for n in range(3)])
    name = "whoosh" if "whoosh" in type(engine).__module__ else "tantivy"
    failures: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        reader = open_engine(name, tmp_path / "index")
        try:
            while not done.is_set():
                found = look(reader, "chung")
                assert found.total == len(found.matches)
                assert found.total in (3, 4)
        except BaseException as error:
            failures.append(error)
        finally:
            reader.close()

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    command = [sys.executable, "-c", REBUILDER, name, str(tmp_path / "index")]
    rebuilt = subprocess.run(command, check=False, capture_output=True, text=True)
    done.set()
    for thread in threads:
        thread.join()
    assert (rebuilt.returncode, failures) == (0, []), rebuilt.stderr
