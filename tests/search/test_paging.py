"""Whatever the names, the question, the order and the size of a page: totals are exact and pages join without a gap."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oms.search.interface import Item, Query, Sort
from oms.vietnamese.names import sort_key
from tests.search.conftest import open_engine

FAMILIES = ("Nguyễn", "Trần", "Đặng", "Dương", "Âu Dương", "Lê")
GIVEN = ("An", "Ân", "Ánh", "Bình", "Dung", "Đức", "Đường", "Hoa", "Hòa", "Hoà", "Hoá", "Hỏa", "Ước", "Yến")
# The same given name stands as the alphabet of the dictionaries has it: a ă â, d đ, then no mark ` ? ~ ´ .
ALPHABET = ["An", "Ánh", "Ân", "Bình", "Dung", "Đức", "Đường", "Hoa", "Hòa", "Hỏa", "Hoá", "Ước", "Yến"]

people = st.lists(
    st.tuples(
        st.sampled_from(FAMILIES),
        st.sampled_from(("Thị", "Văn", "")),
        st.sampled_from(GIVEN),
        st.sampled_from(("", "2015-03-02", "2019-11-20", "2021-01-01")),
    ),
    min_size=1,
    max_size=40,
)
QUESTIONS = ("", "nguyen", "hoa", "Hòa", "duong", "Đường thi", "nguyen -thi", "an")


def _items(rows: list[tuple[str, str, str, str]]) -> list[Item]:
    items = []
    for number, (family, middle, given_name, day) in enumerate(rows):
        name = " ".join(part for part in (family, middle, given_name) if part)
        items.append(
            Item(
                id=f"dossier:{number:03d}",
                kind="dossier",
                dossier=f"d{number}",
                heading=name,
                text="",
                names=name,
                order=sort_key(name),
                date=day,
                year=int(day[:4]) if day else None,
            )
        )
    return items


@pytest.mark.parametrize("name", ["whoosh", "tantivy"])
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=people,
    words=st.sampled_from(QUESTIONS),
    sort=st.sampled_from(("relevance", "date", "name")),
    size=st.integers(1, 9),
)
def test_pages_of_any_question_join(
    name: str, rows: list[tuple[str, str, str, str]], words: str, sort: Sort, size: int
) -> None:
    with TemporaryDirectory() as folder:
        engine = open_engine(name, Path(folder) / "index")
        items = _items(rows)
        engine.rebuild(items)
        seen = frozenset(item.dossier for item in items[::2] or items)
        asked = Query(
            words.split(" -", maxsplit=1)[0], seen, without=tuple(words.split(" -")[1:]), sort=sort, limit=1_000
        )
        whole = engine.find(asked)
        parts = []
        while True:
            part = engine.find(Query(**{**vars(asked), "offset": len(parts), "limit": size}))
            assert part.total == whole.total
            if not part.matches:
                break
            parts += part.matches
        engine.close()
    assert tuple(parts) == whole.matches and len({match.id for match in parts}) == whole.total
    assert {match.dossier for match in parts} <= seen
    if not words:
        assert whole.total == len(seen)
    by_id = {item.id: item for item in items}
    found = [by_id[match.id] for match in parts]
    if sort == "name":
        assert [item.order for item in found] == sorted(item.order for item in found)
        ranks = [ALPHABET.index(item.heading.split()[-1].replace("Hoà", "Hòa")) for item in found]
        assert ranks == sorted(ranks), "the given name first, in the order of the alphabet"
    if sort == "date":
        days = [item.date for item in found]
        assert days == sorted(days, reverse=True), "newest first, undated last"
    if sort == "relevance":
        tiers = [match.tier for match in parts]
        assert tiers == sorted(tiers)
