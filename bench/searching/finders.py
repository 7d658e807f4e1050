"""The engines that are measured: ours, tantivy by itself, PostgreSQL with unaccent, all over the same papers.

Each is built by a process of its own and asked in another one, as a server does, so that its memory is that of finding.
"""

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from oms.search.interface import Engine, Item, Query
from oms.vietnamese.text import fold, words
from searching.corpus import Invented
from searching.given import Given

OURS = ("whoosh", "tantivy")
PLAIN, POSTGRESQL = "plain tantivy", "PostgreSQL"
ADDRESS = "OMS_TEST_POSTGRESQL"
SHOWN = 20
_BACKENDS: list[int] = []
"""Processes of the database server that work for this one."""

Find = Callable[[str, frozenset[str]], list[str]]
"""Answers words within dossiers with the ids of the best pages; counts and facets are made too."""


Source = Invented | Given
"""Where the papers and the questions come from."""


@dataclass(frozen=True)
class Built:
    """What building cost: CPU seconds, bytes on disk."""

    seconds: float
    size: int


def engine(name: str, folder: Path) -> Engine:
    """One of our engines."""
    if name == "whoosh":
        from oms.search.whoosh_engine import WhooshEngine

        return WhooshEngine(folder)
    from oms.search.tantivy_engine import TantivyEngine

    return TantivyEngine(folder)


def place(name: str, folder: Path, source: Source) -> Path:
    """Where the index of one engine over these papers lies."""
    return folder / f"{name.replace(' ', '-')}-{source.key}"


def build(name: str, folder: Path, source: Source) -> Built:
    """Index the papers, in another process; what is there already, from an earlier run, is taken over."""
    report = folder.with_suffix(".json")
    if not report.exists():
        process = multiprocessing.get_context("spawn").Process(target=_build, args=(name, folder, source, report))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(f"{name} could not be built")
    return Built(**json.loads(report.read_text()))


def opened(name: str, folder: Path, source: Source) -> Find:
    """How to ask what `build` has made."""
    if name in OURS:
        ours = engine(name, folder)
        ours.warm_up()  # as the web server does
        return lambda asked, dossiers: [match.id for match in ours.find(Query(asked, dossiers)).matches]
    if name == PLAIN:
        return _plain_tantivy(folder)
    return _postgresql(os.environ[ADDRESS], source)


def cpu_seconds() -> float:
    """Of this process and of the servers that work for it, as far as the kernel tells of them."""
    nanoseconds = 0
    for backend in _BACKENDS:
        with suppress(OSError):
            nanoseconds += int(Path(f"/proc/{backend}/schedstat").read_text().split()[0])
    return time.process_time() + nanoseconds / 1e9


def _build(name: str, folder: Path, source: Source, report: Path) -> None:
    start = time.process_time()
    if name in OURS:
        engine(name, folder).rebuild(source.items())
    elif name == PLAIN:
        _build_plain_tantivy(folder, source.items())
    seconds = time.process_time() - start
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder.exists() else 0
    report.write_text(json.dumps(asdict(Built(seconds, size))))


def _plain_schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("text", tokenizer_name="whitespace")
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for field in ("dossier", "component"):
        builder.add_text_field(field, fast=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _folded(text: str) -> str:
    return " ".join(map(fold, words(text)))


def _build_plain_tantivy(folder: Path, items: Iterable[Item]) -> None:
    import tantivy

    folder.mkdir()
    writer = tantivy.Index(_plain_schema(), path=str(folder)).writer(50_000_000, 1)
    for item in items:
        text = _folded(f"{item.heading} {item.text}")
        writer.add_document(tantivy.Document(id=item.id, text=text, dossier=item.dossier, component=item.component))
    writer.commit()
    writer.wait_merging_threads()


def _plain_tantivy(folder: Path) -> Find:
    """All words, BM25, a filter of dossiers, facets by its aggregations."""
    import tantivy

    schema, index = _plain_schema(), tantivy.Index.open(str(folder))
    searcher = index.searcher()
    facets = {name: {"terms": {"field": name, "size": 65_000}} for name in ("component", "dossier")}

    def find(asked: str, dossiers: frozenset[str]) -> list[str]:
        typed = [tantivy.Query.term_query(schema, "text", word) for word in _folded(asked).split()]
        allowed = tantivy.Query.term_set_query(schema, "dossier", list(dossiers))
        query = typed[0].and_must_match(*typed[1:], tantivy.Query.const_score_query(allowed, 0.0))
        searcher.aggregate(query, facets)
        return [searcher.doc(address)["id"][0] for _, address in searcher.search(query, SHOWN).hits]

    return find


def _postgresql(address: str, source: Source) -> Find:
    """unaccent, a GIN index, the heading weighted; a ranked page, an exact count and facets in three questions."""
    import psycopg

    table = _table(source)
    connection: Any = psycopg.connect(address.replace("postgresql+psycopg", "postgresql"), autocommit=True)
    connection.execute("CREATE EXTENSION IF NOT EXISTS unaccent")
    connection.execute("SET max_parallel_workers_per_gather = 0")  # what helpers of the server cost could not be told
    _BACKENDS.append(connection.info.backend_pid)
    if connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()[0] is None:
        _fill_postgresql(connection, table, source)
    where = "words @@ plainto_tsquery('simple', unaccent(%s)) AND dossier = ANY(%s)"
    rank = "ts_rank(words, plainto_tsquery('simple', unaccent(%s)))"
    page = f"SELECT id FROM {table} WHERE {where} ORDER BY {rank} DESC, id LIMIT {SHOWN}"

    def find(asked: str, dossiers: frozenset[str]) -> list[str]:
        asked, listed = " ".join(words(asked)), list(dossiers)
        found = connection.execute(page, (asked, listed, asked)).fetchall()
        for field in ("component", "dossier"):
            facet = f"SELECT {field}, count(*) FROM {table} WHERE {where} GROUP BY 1"
            connection.execute(facet, (asked, listed)).fetchall()
        return [row[0] for row in found]

    return find


def forget(source: Source) -> None:
    """Drop the table of these papers."""
    import psycopg

    address = os.environ[ADDRESS].replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"DROP TABLE IF EXISTS {_table(source)}")  # type: ignore[call-overload]


def _table(source: Source) -> str:
    return f"oms_bench_{source.key.replace('-', '_')}"


def _fill_postgresql(connection: Any, table: str, source: Source) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(f"CREATE UNLOGGED TABLE {table} (id text, dossier text, component text, words tsvector)")
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in _vectors(source):
                copy.write_row(row)
        cursor.execute(f"CREATE INDEX ON {table} USING gin (words)")
        cursor.execute(f"CREATE INDEX ON {table} (dossier)")
    connection.execute(f"VACUUM ANALYZE {table}")


def _vectors(source: Source) -> Iterator[tuple[str, str, str, str]]:
    """The papers as rows, folded by us, which costs PostgreSQL nothing: unaccent on each row would only slow it down."""
    for item in source.items():
        heading, text = (_folded(part).split() for part in (item.heading, item.text))
        places: dict[str, list[str]] = {}
        for place, word in enumerate((*heading, *text), start=1):
            places.setdefault(word, []).append(f"{min(place, 16383)}{'A' if place <= len(heading) else ''}")
        vector = " ".join(f"'{word}':{','.join(where[:255])}" for word, where in places.items())
        yield item.id, item.dossier, item.component, vector
