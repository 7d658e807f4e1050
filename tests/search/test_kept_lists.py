"""Arrays are short cuts: whichever way lists are kept and documents are looked at, the answer is the same."""

import random
from dataclasses import replace
from itertools import count

import pytest

from oms.search import postings
from oms.search.cards import FACETS, Alike, Codes
from oms.search.interface import Engine, Query
from tests.search.conftest import opened
from tests.search.corpus import EVERY_DOSSIER, LETTERS, item


def test_no_answer_depends_on_how_lists_are_kept(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    spelled = [
        "cộng",
        "hòa",
        "độc",
        "lập",
        "quyết",
        "định",
        "bổ",
        "nhiệm",
        "ông",
        "bà",
        "Trần",
        "Thị",
        "Hòa",
        "Hoà",
        "Hoa",
        "Toản",
        "Tuản",
        "Võ",
        "Vo",
        "thaug",
        "123-QĐ/TW",
    ]
    frequent = range(len(spelled), 0, -1)

    def some(count: int) -> str:
        return " ".join(chance.choices(spelled, frequent, k=count))

    items = [
        item(
            f"p{n}", some(chance.randrange(4)), some(12), dossier=f"d{n % 40}", year=2000 + n % 9, component=f"c{n % 5}"
        )
        for n in range(300)
    ]
    engine.rebuild(items)
    everything, few = frozenset(f"d{n}" for n in range(40)), frozenset({"d1", "d2"})
    asked = [Query(some(chance.randrange(1, 5)), chance.choice((everything, few)), limit=9) for _ in range(60)]
    asked += [Query(query.words[:-1], everything, unfinished=True, year=2003) for query in asked[:20]]
    answers = []
    for listed, few_of in ((5, 8), (0, 1), (1000, 1000)):
        monkeypatch.setattr(postings, "LISTED", listed)
        monkeypatch.setattr(postings, "FEW_OF", few_of)
        fresh = type(engine)(engine._folder)  # type: ignore[attr-defined, call-arg]
        answers.append([fresh.find(query) for query in asked])
        fresh.close()
    assert sum(found.total > 0 for found in answers[0]) > 40
    assert answers[0] == answers[1] == answers[2]


def test_documents_of_a_new_sort_change_no_question_that_is_being_answered(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.rebuild([replace(item, state="open", quality="good") for item in LETTERS])
    narrow = Query("", EVERY_DOSSIER, kind="page", component="c1", state="open", quality="good")
    asked = (narrow, replace(narrow, year=2019), replace(narrow, years=(2000, None)))
    before = list(map(engine.find, asked))
    assert [found.total for found in before] == [2, 1, 1]
    others = count(3000)

    def grow(alike: Alike) -> None:
        """What another thread does that takes in a commit: a document with new values in everything."""
        alike.number((str(next(others)),) * len(FACETS))

    table, chosen = Alike._table, Codes.chosen
    monkeypatch.setattr(Alike, "_table", lambda self, field: (grow(self), table(self, field), grow(self))[1])
    with opened(engine) as snapshot:
        alike = snapshot.alike
    monkeypatch.setattr(Codes, "chosen", lambda self, names: (grow(alike), chosen(self, names), grow(alike))[1])
    assert list(map(engine.find, asked)) == before
    assert next(others) > 3010
