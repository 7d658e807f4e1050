"""Reading ahead: only where it was asked for, once for each index, and without any other answer."""

import threading
from typing import ClassVar

import pytest

from oms.search import warming
from oms.search.interface import Engine, Query
from oms.search.warming import warm
from tests.search.conftest import opened
from tests.search.corpus import EVERY_DOSSIER, LETTERS

ASKED = [Query(words, EVERY_DOSSIER) for words in ("hòa", "quyet dinh", "trần")]
NAMES_NOTHING = Query("", EVERY_DOSSIER)


@pytest.fixture(autouse=True)
def every_index_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "WARM_FROM", 0)


def kept(engine: Engine) -> set[str]:
    """The words whose lists the engine has in memory, once nobody reads ahead any more."""
    for thread in threading.enumerate():
        if thread.name == warming.THREAD:
            thread.join()
    lists = engine._cache if hasattr(engine, "_cache") else engine._rows.lists  # type: ignore[attr-defined]
    return {word for _, _, word in lists._kept}


def again(engine: Engine) -> Engine:
    """The same index as another process opens it."""
    return type(engine)(engine._folder)  # type: ignore[attr-defined, call-arg, no-any-return]


def test_reading_ahead_changes_no_answer(engine: Engine) -> None:
    engine.rebuild(LETTERS)
    fresh = again(engine)
    fresh.warm_up()
    assert {"hoa", "quyet", "quyet dinh"} <= kept(fresh)
    assert list(map(fresh.find, ASKED)) == list(map(engine.find, ASKED))


def test_a_new_index_is_read_ahead_at_the_next_question(engine: Engine) -> None:
    engine.rebuild(LETTERS[:1])
    engine.warm_up()
    assert "dinh" in kept(engine) and "tran" not in kept(engine)
    engine.rebuild(LETTERS[3:])
    assert "tran" not in kept(engine)
    assert engine.find(NAMES_NOTHING).total == len(LETTERS[3:])
    assert "tran" in kept(engine)


def test_what_was_closed_is_read_ahead_when_it_is_opened_again(engine: Engine) -> None:
    engine.rebuild(LETTERS)
    engine.warm_up()
    before = kept(engine)
    engine.close()
    engine.find(NAMES_NOTHING)
    assert kept(engine) == before
    with opened(engine) as snapshot:
        assert snapshot.cold() == 0


def test_the_same_index_is_read_ahead_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.rebuild(LETTERS)
    engine.warm_up()
    assert kept(engine)
    monkeypatch.setattr(warming, "warm", lambda _: pytest.fail("read twice"))
    monkeypatch.setattr(warming.Warming, "_start", lambda _: pytest.fail("read twice"))
    assert list(map(engine.find, ASKED)) == list(map(again(engine).find, ASKED))


def test_nobody_reads_ahead_who_was_not_told_to(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming.Warming, "_start", lambda _: pytest.fail("nobody asked for it"))
    engine.rebuild(LETTERS)
    engine.find(NAMES_NOTHING)
    engine.put(LETTERS[:2])
    engine.remove([LETTERS[0].id])
    assert engine.healthy() and len(engine.stamps()) == len(LETTERS) - 1
    engine.rebuild(LETTERS, resume=True)
    assert len(engine.ids()) == len(LETTERS)


def test_an_index_too_small_is_not_read_ahead(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "WARM_FROM", len(LETTERS))
    engine.rebuild(LETTERS)
    engine.warm_up()
    engine.find(NAMES_NOTHING)
    assert not kept(engine)


def test_a_missing_index_is_told_by_the_question_alone(engine: Engine) -> None:
    nowhere = type(engine)(engine._folder / "nowhere")  # type: ignore[attr-defined, call-arg]
    nowhere.warm_up()
    assert not kept(nowhere)
    nowhere.rebuild(LETTERS)
    nowhere.find(NAMES_NOTHING)
    assert "hoa" in kept(nowhere)


def test_words_on_many_pages_are_read_ahead_the_longest_last() -> None:
    class Index:
        size = 100
        read: ClassVar[list[str]] = []

        def count(self, field: str, word: str) -> int:
            counts = {("folded", "hoa"): 90, ("folded", "quyet"): 30, ("folded", "bo"): 2, ("pairs", "quyet hoa"): 40}
            return counts.get((field, word), 0)

        def postings(self, field: str, word: str) -> None:
            self.read.append(f"{field} {word}")

    warm(Index())  # type: ignore[arg-type]
    assert Index.read == ["folded quyet", "pairs quyet hoa", "folded hoa"]
