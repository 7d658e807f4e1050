"""The rules SL-1 to SL-9 on the functions themselves: search tells nothing of what the actor may not see."""

import dataclasses
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from oms import audit, consultations, db, saved_searches, search
from oms.errors import BadInput
from oms.models import AuditEntry, AuditWords, Consultation, ConsultationKind, Document, Dossier, Page, Scan, now
from oms.organisation import today
from oms.search import exporting, finding, suggesting
from tests import leaks
from tests.leaks import CANARIES, SEALED


@pytest.fixture(params=["whoosh", "tantivy"])
def index(request, settings):
    pytest.importorskip(request.param)
    return search.open_engine(dataclasses.replace(settings, search=request.param))


@pytest.fixture
def ids(engine, settings, world, index):
    with db.writing(engine) as session:
        made = leaks.furnish(session, world)
    with db.reading(engine) as session:
        index.rebuild(search.records.all_items(session))
    yield made
    search._engine_at.cache_clear()


@pytest.fixture
def officer(actor):
    return actor("canbo.sonv")


def find(engine, index, words, actor, **more) -> finding.Results:
    with db.reading(engine) as session:
        return finding.look_up(session, index, words, finding.Filters(**more), actor=actor)


def shape(results: finding.Results) -> tuple:
    hits = [(h.dossier.id, h.document and h.document.id, h.page and h.page.id, h.tier, h.score) for h in results.hits]
    return results.total, hits, {name: dict(counts) for name, counts in results.facets.items()}, results.respelled


def test_sl_1_no_answer_has_a_word_of_another_unit(engine, index, ids, officer) -> None:
    for words in ("", "quyet dinh", "nang bac luong", *CANARIES, ids.foreign_number, "so tai chinh"):
        found = find(engine, index, words, officer)
        for hit in found.hits:
            assert hit.dossier.id == ids.own
            assert not leaks.told("".join(text for text, _ in hit.snippet)), words
        assert not leaks.told(found.respelled)


@pytest.mark.parametrize("word", [*CANARIES, SEALED])
def test_sl_2_no_beginning_of_a_foreign_word_is_completed_or_respelled(engine, index, ids, officer, word: str) -> None:
    with db.reading(engine) as session:
        for end in range(2, len(word) + 1):
            typed = word[:end]
            for found in suggesting.suggest(session, index, typed, actor=officer):
                assert not leaks.told(f"{found.text} {found.note}"), typed
            assert not leaks.told(finding.look_up(session, index, typed, finding.Filters(), actor=officer).respelled)
        total, matches = finding.count(session, index, word, finding.Filters(), actor=officer)
        assert not [match for match in matches if match.dossier != ids.own] and total == len(matches)
        assert saved_searches.list_recent(session, actor=officer) == []


def test_sl_3_counts_are_the_database_s_and_facets_sum_to_the_total(engine, index, ids, officer) -> None:
    with db.reading(engine) as session:
        documents = select(func.count()).where(Document.dossier_id == ids.own, ~Document.sealed)
        pages = select(func.count()).where(Page.scan_id == Scan.id, Scan.dossier_id == ids.own, ~Scan.sealed)
        oracle = {"dossier": 1, "document": session.scalar(documents), "page": session.scalar(pages)}
    found = find(engine, index, "", officer)
    assert found.facets["kind"] == oracle and found.total == sum(oracle.values()) == 4
    for name in ("kind", "unit", "category"):
        assert sum(found.facets[name].values()) == found.total, name
    for name in ("component", "year", "quality", "state"):
        assert sum(found.facets.get(name, {}).values()) <= found.total
    for kind, count in oracle.items():
        assert find(engine, index, "", officer, kind=kind).total == count


@pytest.mark.parametrize(
    "typed",
    [
        '"canarius"',
        "-hòa canarius",
        "tên:canarius",
        "số:987-QĐ/CANARI",
        "năm:1900..2100",
        "-zzz",
        '"',
        "ten:",
        "*",
        "[]",
    ],
)
def test_sl_4_no_operator_opens_a_way_around_the_rights(engine, index, ids, officer, typed: str) -> None:
    try:
        found = find(engine, index, typed, officer)
    except BadInput:
        return
    assert {hit.dossier.id for hit in found.hits} <= {ids.own}
    assert not leaks.told("".join(text for hit in found.hits for text, _ in hit.snippet))


def test_sl_4_a_question_too_long_is_refused_before_anything_is_asked(engine, index, ids, officer, monkeypatch) -> None:
    monkeypatch.setattr(type(index), "find", lambda *_: pytest.fail("the engine was asked"))
    for typed in ("canarius " * 5_000, "a" * 10_000):
        with pytest.raises(BadInput):
            find(engine, index, typed, officer)


def test_sl_5_custody_and_grants_count_at_once_though_nothing_was_indexed(
    engine, index, ids, officer, actor, world
) -> None:
    stranger = actor("canbo.sotc")
    assert find(engine, index, "canarius", stranger).total > 0
    with db.writing(engine) as session:
        request = consultations.request(
            session,
            consultations.Wish(
                ids.own_number, ConsultationKind.SCREEN, "Thẩm tra", "12-CV", "Quyết định", today() + timedelta(3)
            ),
            actor=stranger,
        )
        offered = consultations.offer(session, request)
        pages = consultations.chosen_pages(offered, {offered[0][0].id: ""})
        consultations.approve(session, request, pages, today() + timedelta(3), actor=actor("bithu.sonv"))
        request_id = request.id
    assert find(engine, index, "nang bac luong", stranger).facets["unit"] == {world.units["sotc"]: 1}
    with db.writing(engine) as session:
        session.get_one(Consultation, request_id).ends_at = now() - timedelta(seconds=1)
        session.get_one(Dossier, ids.own).custodian_id = world.units["sotc"]
    assert shape(find(engine, index, "", officer))[:2] == (0, [])
    taken = find(engine, index, "nguyen thi hoa", stranger)
    assert taken.hits[0].dossier.id == ids.own and taken.facets["unit"] == {world.units["sotc"]: taken.total}
    with db.reading(engine) as session:
        assert suggesting.suggest(session, index, "nguyen", actor=officer) == []


def test_sl_6_a_foreign_crowd_changes_neither_order_nor_score_nor_proposals(engine, index, ids, officer, world) -> None:
    questions = ("nang bac luong", "lương thường xuyên", "hoa", "dieu khoan", "thuong xuyem", "nguyeen")
    before = [shape(find(engine, index, words, officer)) for words in questions]
    with db.writing(engine) as session:
        leaks.crowd(session, world, "lương thường xuyêm nguyeen", 300)
    with db.reading(engine) as session:
        index.rebuild(search.records.all_items(session))
    assert [shape(find(engine, index, words, officer)) for words in questions] == before


def test_sl_7_a_foreign_word_costs_as_much_as_a_word_nobody_has(engine, index, ids, officer, monkeypatch) -> None:
    """Work is counted, not time: statements to the database, questions to the engine, dossiers named to it."""
    work: Counter[str] = Counter()

    def count(name: str) -> None:
        real = getattr(type(index), name)

        def counted(self, *arguments):
            work[name] += 1
            return real(self, *arguments)

        monkeypatch.setattr(type(index), name, counted)

    def cost(words: str) -> Counter[str]:
        work.clear()
        find(engine, index, words, officer)
        with db.reading(engine) as session:
            suggesting.suggest(session, index, words, actor=officer)
        return Counter(work)

    count("find")
    count("respell")

    @event.listens_for(engine, "before_cursor_execute")
    def _statement(*_rest) -> None:
        work["statements"] += 1

    nowhere = cost("zyxwvutsrq")
    assert nowhere["find"] and nowhere["statements"]
    for word in ("Canarius", "Mậtcanarikín", SEALED):
        assert cost(word) == nowhere, word


def test_sl_8_a_number_of_another_unit_is_a_number_nobody_has(engine, index, ids, officer) -> None:
    nowhere = shape(find(engine, index, "số:HS-009999", officer))
    assert nowhere[0] == 0
    assert shape(find(engine, index, f"số:{ids.foreign_number}", officer)) == nowhere
    assert shape(find(engine, index, "số:987-QĐ/CANARI", officer)) == shape(
        find(engine, index, "số:986-QĐ/ZYXWVU", officer)
    )
    assert find(engine, index, "", officer, dossier_id=ids.foreign).total == 0
    assert find(engine, index, "", officer, dossier_id="f" * 16).total == 0


def test_sl_9_a_sealed_paper_is_not_in_the_index_at_all(engine, index, ids, officer, actor) -> None:
    assert not [item for item in index.stamps() if ids.sealed_document in item]
    for who in (officer, actor("canbo2.sonv"), actor("bithu.sonv")):
        found = find(engine, index, SEALED, who)
        assert (found.total, found.respelled) == (0, "")
        whole = find(engine, index, "", who)
        assert "cs_verified_complaint" not in whole.facets.get("component", {}) and whole.total == 4
    with db.reading(engine) as session:
        content = exporting.export(
            session,
            index,
            "",
            purpose="x",
            actor=officer,
            filters=finding.Filters(),
            sort="relevance",
            translate=str,
        )
        assert session.info["looks"][-1].detail == (("rows", 4),)
    assert content.startswith(b"PK")


def test_each_search_is_in_the_log_with_words_apart(engine, index, ids, officer) -> None:
    with db.reading(engine) as session:
        finding.find(session, index, "Canarius", actor=officer)
        audit.write_looks(session)
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "search:find")).one()
        assert "Canarius" not in entry.body and '"total":0' in entry.body
        assert session.scalar(select(AuditWords.words).where(AuditWords.seq == entry.seq)) == "Canarius"
