"""How fast the engine finds, against the plain Whoosh interface on the same words.

    python bench/search.py [items]

Prints indexing speed, milliseconds per kind of query (median, 95th percentile) with exact counts and facets, and
the ratio to Whoosh's own searcher. Ratios count; absolute times belong to the machine.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from whoosh import fields
from whoosh.analysis import RegexTokenizer
from whoosh.index import create_in, open_dir
from whoosh.query import And, Or, Term

from oms.search.interface import Item, Query
from oms.search.whoosh_engine import WhooshEngine
from oms.vietnamese.syllables import all_syllables
from oms.vietnamese.text import fold

WORDS_PER_PAGE = 220
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Võ", "Đặng", "Bùi", "Đỗ", "Lương")
MIDDLE = ("Văn", "Thị", "Hữu", "Minh", "Ngọc", "Thanh", "Đức", "Quốc")
GIVEN = ("An", "Ân", "Bình", "Dung", "Dương", "Đường", "Hòa", "Hoa", "Hạnh", "Lan", "Sơn", "Thủy", "Toản", "Vy")
PLAIN_PAGES = 3000
"""Whoosh's own searcher is only tried on this many pages: more takes too long."""


def pages(count: int, chance: random.Random) -> Iterator[Item]:
    """Invented pages: words by a Zipf law over 4,000 syllables, a name on each, ten pages a dossier."""
    syllables = chance.sample(sorted(all_syllables()), 4000)
    weights = [1 / rank for rank in range(1, len(syllables) + 1)]
    for number in range(count):
        name = " ".join(chance.choice(part) for part in (FAMILY, MIDDLE, GIVEN))
        text = " ".join(chance.choices(syllables, weights, k=WORDS_PER_PAGE))
        yield Item(
            id=f"page:{number}",
            kind="page",
            dossier=f"dossier-{number // 10}",
            heading=f"{name}\n{number % 999 + 1}-QĐ/TW",
            text=f"{text} {name}",
            component=f"c{number % 20}",
            year=1990 + number % 35,
            order=name,
        )


def queries(items: list[Item], chance: random.Random) -> dict[str, list[str]]:
    """Forty of each kind, drawn from the items."""
    drawn = chance.sample(items, 40)
    words = [item.text.split() for item in drawn]
    return {
        "one word": [chance.choice(page) for page in words],
        "two words": [" ".join(chance.sample(page, 2)) for page in words],
        "phrase": [" ".join(page[50:54]) for page in words],
        "name, no marks": [fold(item.order) for item in drawn],
        "number": [item.heading.splitlines()[1] for item in drawn],
        "half a word": [" ".join(item.order.split()[:2]) + " " + item.order.split()[2][:-1] for item in drawn],
        "one letter wrong": [fold(item.order)[:-1] + "x" for item in drawn],
    }


def timed(ask: Callable[[str], object], typed: list[str]) -> list[float]:
    """Milliseconds of each query; every one is asked twice and the second time counts."""
    times = []
    for words in typed:
        ask(words)
        start = time.perf_counter()
        ask(words)
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)


def plain_whoosh(folder: Path, items: list[Item]) -> Callable[[str], object]:
    """The way tutorials show it: analysed text, a filter of dossiers, facets by Whoosh."""
    schema = fields.Schema(text=fields.TEXT(RegexTokenizer()), dossier=fields.ID, component=fields.ID(sortable=True))
    writer = create_in(folder, schema).writer()
    for item in items:
        writer.add_document(text=fold(f"{item.heading} {item.text}"), dossier=item.dossier, component=item.component)
    writer.commit()
    searcher = open_dir(folder).searcher()
    allowed = Or([Term("dossier", name) for name in sorted({item.dossier for item in items})])

    def ask(words: str) -> object:
        query = And([Term("text", word) for word in fold(words).split()])
        found = searcher.search(query, filter=allowed, limit=20, groupedby="component")
        return len(found), found.groups("component")

    return ask


def main(count: int) -> None:
    """Build, ask, print."""
    chance = random.Random(4)
    items = list(pages(count, chance))
    dossiers = frozenset(item.dossier for item in items)
    asked = queries(items[:PLAIN_PAGES], chance)
    with tempfile.TemporaryDirectory() as folder:
        engine = WhooshEngine(Path(folder) / "ours")
        start = time.process_time()
        engine.rebuild(items)
        size = sum(file.stat().st_size for file in (Path(folder) / "ours").iterdir()) / 2**20
        print(f"indexed {count} pages: {count / (time.process_time() - start):.0f} a CPU second, {size:.0f} MB")
        ours = {kind: timed(lambda words: engine.find(Query(words, dossiers)), typed) for kind, typed in asked.items()}
        (Path(folder) / "plain").mkdir()
        plain = plain_whoosh(Path(folder) / "plain", items[:PLAIN_PAGES])
        for kind, times in ours.items():
            line = f"{kind:18} median {statistics.median(times):6.1f} ms   95th {times[-2]:6.1f} ms"
            if kind in ("one word", "two words", "name, no marks"):
                ratio = statistics.median(timed(plain, asked[kind])) / statistics.median(times)
                line += f"   plain Whoosh on {min(count, PLAIN_PAGES)} pages takes {ratio:.1f} times as long"
            print(line)
        start = time.perf_counter()
        engine.put([items[0]])
        print(f"one page put and durable: {(time.perf_counter() - start) * 1000:.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000)
