"""Posting lists as they are kept in memory: smaller, and the same when they are asked for again."""

from dataclasses import replace

import numpy as np
import pytest

from oms.search.cards import BETWEEN, Texts, ranks
from oms.search.interface import Engine
from oms.search.postings import (
    LIST,
    Allowed,
    Kept,
    Listed,
    PostingCache,
    Postings,
    Spread,
    beginning,
    posted,
    shared,
    side_by_side,
)
from tests.search.conftest import open_engine, opened
from tests.search.corpus import LETTERS

KEY = ("segment", "folded", "hoa")
SIZE = 2000


def postings(*places: int) -> Listed:
    return Listed(np.array(places, dtype=np.int32), np.full(len(places), 5, dtype=np.uint8))


def drawn(share: float, seed: int = 1) -> dict[int, int]:
    """A word on some of the places, with its weights."""
    chance = np.random.default_rng(seed)
    places = np.flatnonzero(chance.random(SIZE) < share).tolist()
    return dict(zip(places, chance.integers(1, 16, len(places)).tolist(), strict=True))


def kept(truth: dict[int, int], size: int = SIZE) -> Postings:
    return posted(np.array([*truth], dtype=np.int32), np.array([*truth.values()], dtype=np.uint8), size)


def told(postings: Postings) -> dict[int, int]:
    assert postings.places.dtype == np.int32
    return dict(zip(postings.places.tolist(), postings.weights.tolist(), strict=True))


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.3, 1], ids=lambda share: f"on {share}")
def test_a_list_says_the_same_however_it_is_kept(share: float) -> None:
    truth = drawn(share)
    word = kept(truth)
    assert isinstance(word, Spread) == (share > 0.1)
    assert told(word) == truth and len(word) == len(truth)
    assert word.count(5) == sum(weight == 5 for weight in truth.values())
    for every in (1, 2, 3, 97, 1999):
        wanted = np.arange(0, SIZE, every, dtype=np.int32)
        assert word.at(wanted).tolist() == [truth.get(place, 0) for place in wanted.tolist()]
        allowed = Allowed(np.isin(np.arange(SIZE), wanted))
        assert told(word.within(allowed)) == {place: truth[place] for place in wanted.tolist() if place in truth}
    assert told(beginning(word, 700)) == {place: weight for place, weight in truth.items() if place < 700}


@pytest.mark.parametrize("shares", [(0, 0.1), (0.1, 0.1), (0.1, 0.5), (0.5, 0.1), (0.5, 0.5), (0, 0.5), (0.5, 0)])
def test_stretches_of_an_index_are_one_list(shares: tuple[float, float]) -> None:
    one, other = drawn(shares[0]), drawn(shares[1], seed=2)
    whole = side_by_side([(0, kept(one)), (SIZE, kept(other))], 2 * SIZE)
    assert told(whole) == one | {place + SIZE: weight for place, weight in other.items()}
    assert whole.has(np.array([0, 2 * SIZE - 1], dtype=np.int32)).tolist() == [0 in one, SIZE - 1 in other]


def test_only_what_is_in_every_list_is_shared() -> None:
    truths = [drawn(share, seed) for seed, share in enumerate((0.9, 0.05, 0.4))]
    assert shared(map(kept, truths)).tolist() == sorted(set.intersection(*map(set, truths)))
    assert shared([kept({}), kept(truths[0])]).tolist() == []


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.3, 1], ids=lambda share: f"on {share}")
def test_a_list_comes_back_as_it_was_kept(share: float) -> None:
    cache = PostingCache()
    truth = drawn(share)
    cache.keep(KEY, kept(truth), SIZE)
    upto, found = cache.get(KEY) or (0, postings(99))
    assert upto == SIZE and told(found) == truth
    assert Kept(found, SIZE).nbytes - LIST <= min(5 * len(truth), SIZE // 2)


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


def test_how_often_a_word_stands_is_known_without_reading_where(engine: Engine) -> None:
    engine.rebuild(LETTERS)
    with opened(engine) as snapshot:
        for field, word in (("folded", "hoa"), ("marked", "hoà"), ("folded", "thaug"), ("folded", "123")):
            assert snapshot.count(field, word) == len(snapshot.postings(field, word))


def test_a_state_that_is_still_asked_sees_nothing_of_a_newer_one(tmp_path) -> None:
    pytest.importorskip("tantivy")
    engine = open_engine("tantivy", tmp_path / "index")
    engine.rebuild(LETTERS)
    older = engine._snapshot()  # type: ignore[attr-defined]
    engine.put([replace(LETTERS[0], id="another")])
    newer = engine._snapshot()  # type: ignore[attr-defined]
    for word in ("hoa", "quyet", "vo"):
        after, before = newer.postings("folded", word), older.postings("folded", word)
        assert before.places.tolist() == [place for place in after.places.tolist() if place < older.size]
    assert len(older.postings("folded", "vo")) == len(newer.postings("folded", "vo")) - 1
