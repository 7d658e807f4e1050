"""How fast the engines find, against plain tantivy and PostgreSQL with unaccent, on the same words in one run.

    python bench/search.py [items]          (OMS_TEST_POSTGRESQL=postgresql://… adds PostgreSQL)

Each engine runs in a process of its own; ours find what another process has indexed, as a server does, so that their
memory is that of finding. Prints indexing speed, bytes of index a document, memory, the time of one
put, milliseconds of mixed queries with exact counts and facets, over all units and within one, and the ratios.
Ratios count; absolute times belong to the machine.
"""

import json
import multiprocessing
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from oms.search.interface import Engine, Item, Query
from oms.vietnamese.syllables import all_syllables
from oms.vietnamese.text import fold

WORDS_PER_PAGE = 220
UNITS = 60
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Võ", "Đặng", "Bùi", "Đỗ", "Lương")
MIDDLE = ("Văn", "Thị", "Hữu", "Minh", "Ngọc", "Thanh", "Đức", "Quốc")
GIVEN = ("An", "Ân", "Bình", "Dung", "Dương", "Đường", "Hòa", "Hoa", "Hạnh", "Lan", "Sơn", "Thủy", "Toản", "Vy")
Asked = tuple[str, frozenset[str]]


def pages(count: int) -> Iterator[Item]:
    """Invented pages of repeated sentences over 4,000 syllables, a name on each, ten pages a dossier."""
    chance = random.Random(4)
    syllables = chance.sample(sorted(all_syllables()), 4000)
    weights = [1 / rank for rank in range(1, len(syllables) + 1)]
    sentences = [" ".join(chance.choices(syllables, weights, k=20)) for _ in range(20_000)]
    for number in range(count):
        name = " ".join(chance.choice(part) for part in (FAMILY, MIDDLE, GIVEN))
        text = ". ".join(chance.choices(sentences, k=WORDS_PER_PAGE // 20))
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


def queries(count: int) -> list[Asked]:
    """Mixed words, each for all units and for one."""
    chance = random.Random(5)
    drawn = chance.sample(list(pages(min(count, 3000))), 30)
    everything = frozenset(f"dossier-{number}" for number in range(count // 10 + 1))
    asked: list[Asked] = []
    for item in drawn:
        words = item.text.split()
        kinds = (
            chance.choice(words),
            " ".join(chance.sample(words, 2)),
            " ".join(words[50:54]),
            fold(item.order),
            item.heading.splitlines()[1],
            " ".join(item.order.split()[:2]) + " " + item.order.split()[2][:-1],
            fold(item.order)[:-1] + "x",
        )
        unit = int(item.dossier.removeprefix("dossier-")) % UNITS
        one = frozenset(f"dossier-{number}" for number in range(unit, count // 10 + 1, UNITS))
        asked += [(fold(words), scope) for words in kinds for scope in (everything, one)]
    return asked


def engine(name: str, folder: Path) -> Engine:
    """One of our engines."""
    if name == "whoosh":
        from oms.search.whoosh_engine import WhooshEngine

        return WhooshEngine(folder)
    from oms.search.tantivy_engine import TantivyEngine

    return TantivyEngine(folder)


def build(name: str, folder: Path, count: int, seconds: Any) -> None:
    """Index the pages by one of our engines, as the worker does; put the CPU seconds into the queue `seconds`."""
    engine(name, folder).rebuild(pages(count))
    seconds.put(time.process_time())


def ours(name: str, folder: Path, count: int) -> tuple[Callable[[Asked], object], Callable[[], object], float]:
    """How one of our engines finds what another process has indexed, how it takes one page, and the cost of building."""
    context = multiprocessing.get_context("spawn")
    seconds = context.Queue()
    builder = context.Process(target=build, args=(name, folder, count, seconds))
    builder.start()
    taken = float(seconds.get())
    builder.join()
    opened = engine(name, folder)
    one = next(pages(1))
    return lambda asked: opened.find(Query(*asked)), lambda: opened.put([one]), taken


def plain_tantivy(folder: Path, count: int) -> Callable[[Asked], object]:
    """tantivy by itself: BM25, a filter of dossiers, facets by its aggregations."""
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text")
    for field in ("dossier", "component"):
        builder.add_text_field(field, fast=True, tokenizer_name="raw", index_option="basic")
    schema = builder.build()
    folder.mkdir()
    index = tantivy.Index(schema, path=str(folder))
    writer = index.writer(50_000_000, 1)
    for item in pages(count):
        text = fold(f"{item.heading} {item.text}")
        writer.add_document(tantivy.Document(text=text, dossier=item.dossier, component=item.component))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def find(asked: Asked) -> object:
        words = [
            tantivy.Query.term_query(schema, "text", word)
            for word in asked[0].replace("-", " ").replace("/", " ").split()
        ]
        allowed = tantivy.Query.term_set_query(schema, "dossier", list(asked[1]))
        query = words[0].and_must_match(*words[1:], tantivy.Query.const_score_query(allowed, 0.0))
        facets = {name: {"terms": {"field": name, "size": 65000}} for name in ("component", "dossier")}
        return searcher.search(query, 20), searcher.aggregate(query, facets)

    return find


def postgresql(address: str, count: int) -> Callable[[Asked], object]:
    """PostgreSQL: unaccent, a GIN index, ranked page, exact count and facets in three questions."""
    import psycopg

    connection: Any = psycopg.connect(address.replace("postgresql+psycopg", "postgresql"), autocommit=True)
    connection.execute("CREATE EXTENSION IF NOT EXISTS unaccent")
    connection.execute("CREATE TEMP TABLE pages (dossier text, component text, words tsvector)")
    with connection.cursor() as cursor, cursor.copy("COPY pages FROM STDIN") as copy:
        for item in pages(count):
            # Folded by us, which costs PostgreSQL nothing: unaccent on each row would only slow it down.
            words = " ".join(f"'{word}'" for word in fold(f"{item.heading} {item.text}").replace("/", " ").split())
            copy.write_row((item.dossier, item.component, words))
    connection.execute("CREATE INDEX ON pages USING gin (words)")
    connection.execute("CREATE INDEX ON pages (dossier)")
    connection.execute("ANALYZE pages")
    where = "words @@ plainto_tsquery('simple', unaccent(%s)) AND dossier = ANY(%s)"

    def find(asked: Asked) -> object:
        words, dossiers = asked[0], list(asked[1])
        rank = "ts_rank(words, plainto_tsquery('simple', unaccent(%s)))"
        page = f"SELECT dossier FROM pages WHERE {where} ORDER BY {rank} DESC LIMIT 20"
        answers = [connection.execute(page, (words, dossiers, words)).fetchall()]
        for field in ("component", "dossier"):
            facet = f"SELECT {field}, count(*) FROM pages WHERE {where} GROUP BY 1"
            answers.append(connection.execute(facet, (words, dossiers)).fetchall())
        return answers

    return find


def measure(name: str, count: int, answers: Any) -> None:
    """Build and ask one engine; put the figures into the queue `answers`."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "index"
        put: Callable[[], object] | None = None
        taken = 0.0
        start = time.process_time()
        if name in ("whoosh", "tantivy"):
            find, put, taken = ours(name, folder, count)
        elif name == "plain tantivy":
            find = plain_tantivy(folder, count)
        else:
            find = postgresql(os.environ["OMS_TEST_POSTGRESQL"], count)
        building = taken or time.process_time() - start
        asked = queries(count)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.exists() else 0
        times: list[list[float]] = [[], []]
        for number, question in enumerate(asked):
            begin = time.perf_counter()
            find(question)
            times[number % 2].append((time.perf_counter() - begin) * 1000)
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
        begin = time.perf_counter()
        if put is not None:
            put()
        answers.put(
            {
                "engine": name,
                "documents a CPU second": round(count / building),
                "bytes a document": round(size / count),
                "resident MB": round(resident),
                "put ms": round((time.perf_counter() - begin) * 1000) if put else None,
                "all units": _figures(times[0]),
                "one unit": _figures(times[1]),
            }
        )


def _figures(times: list[float]) -> dict[str, float]:
    ranked = sorted(times)
    return {"median": round(statistics.median(ranked), 1), "95th": round(ranked[int(len(ranked) * 0.95)], 1)}


def main(count: int) -> None:
    """Measure one after the other, print each and the ratios."""
    names = ["whoosh", "tantivy", "plain tantivy"]
    if os.environ.get("OMS_TEST_POSTGRESQL"):
        names.append("PostgreSQL")
    figures: dict[str, Any] = {}
    for name in names:
        context = multiprocessing.get_context("spawn")
        answers = context.Queue()
        process = context.Process(target=measure, args=(name, count, answers))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{name} could not be measured")
        figures[name] = answers.get()
        print(json.dumps(figures[name]), flush=True)
    for one in ("whoosh", "tantivy"):
        for other in names[2:]:
            ratios = [figures[one]["all units"][key] / figures[other]["all units"][key] for key in ("median", "95th")]
            print(f"{one} against {other}: median {ratios[0]:.2f}, 95th {ratios[1]:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1500)
