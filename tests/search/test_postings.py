"""Posting lists as they are kept in memory: smaller, and the same when they are asked for again."""

import numpy as np
import pytest

from oms.search.interface import Query
from oms.search.postings import BETWEEN, PostingCache, Postings, Texts, ranks
from tests.search.conftest import open_engine
from tests.search.corpus import EVERY_DOSSIER, LETTERS

KEY = ("segment", "folded", "hoa")


def postings(*places: int) -> Postings:
    return Postings(np.array(places, dtype=np.int32), np.full(len(places), 5, dtype=np.uint8))


@pytest.mark.parametrize("places", [(), (3,), (0, 1, 2, 3, 5, 7, 8, 9)], ids=["none", "rare", "nearly everywhere"])
def test_a_list_comes_back_as_it_was_kept(places: tuple[int, ...]) -> None:
    cache = PostingCache()
    cache.keep(KEY, postings(*places), 10)
    upto, kept = cache.get(KEY) or (0, postings(99))
    assert upto == 10
    assert kept.places.tolist() == list(places) and kept.places.dtype == np.int32
    assert kept.weights.tolist() == [5] * len(places)


def test_the_list_not_asked_for_longest_goes_first() -> None:
    cache = PostingCache(limit=1000)
    for number in range(3):
        cache.keep(("segment", "folded", str(number)), postings(1), 100)
        cache.get(("segment", "folded", "0"))
    assert cache.get(("segment", "folded", "0")) is not None
    assert cache.get(("segment", "folded", "1")) is None


def test_a_longer_list_takes_the_place_of_the_shorter_one() -> None:
    cache = PostingCache(limit=1000)
    for upto in range(1, 50):
        cache.keep(KEY, postings(*range(upto)), upto)
    assert (cache.get(KEY) or (0, postings()))[0] == 49


def test_names_sort_by_order_key_then_id() -> None:
    cards = [("hòa", "b"), ("hòa", "a"), ("hòa an", "a"), ("an", "z"), ("", "q")]
    texts = Texts(order + BETWEEN + id for order, id in cards)
    standing = ranks(texts.raw(range(len(texts)))).tolist()
    assert [cards[place] for place in np.argsort(standing)] == sorted(cards)
    assert texts[0] == "hòa\0b" and list(texts)[4] == "\0q"


def test_reading_ahead_changes_no_answer(tmp_path) -> None:
    pytest.importorskip("tantivy")
    engine = open_engine("tantivy", tmp_path / "index")
    engine.rebuild(LETTERS)
    before = [engine.find(Query(words, EVERY_DOSSIER)) for words in ("hòa", "quyet dinh", "trần")]
    engine._snapshot().warm()  # type: ignore[attr-defined]
    assert [engine.find(Query(words, EVERY_DOSSIER)) for words in ("hòa", "quyet dinh", "trần")] == before
