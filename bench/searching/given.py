"""Papers and questions that somebody else made, to measure what was not chosen by us.

An SQLite file with `persons(id, name, unit)` and `docs(id, person_id, dtype, year, name, so_hieu, cccd, doc_no, title,
body)`, and for quality a file with one question a line: {"mode": …, "text": …, "rel": [ids of docs that answer it]}.
"""

import json
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from oms.search.interface import Item
from searching.corpus import UNITS, Question, mixed

WAYS = {
    "clean": "as written",
    "nodiac": "without marks",
    "oldtone": "old tone",
    "partial": "partly marked",
    "typo": "one letter wrong",
    "scan": "name in the text only",
    "ocr": "name misread",
}


@dataclass(frozen=True)
class Given:
    """The first `count` papers of a file."""

    file: Path
    count: int
    asked: Path | None = None

    @property
    def key(self) -> str:
        """Tells indexes of different papers apart."""
        return f"{self.file.stem}-{self.count}"

    def items(self) -> Iterator[Item]:
        """The papers as an engine takes them."""
        columns = "id, person_id, dtype, year, name, so_hieu, cccd, doc_no, title, body"
        for row in self._rows(f"SELECT {columns} FROM docs WHERE id <= ? ORDER BY id", self.count):
            id, person, kind, year, name, *numbers, title, body = row
            told = [number for number in numbers if number]
            yield Item(
                id=f"page:{id}",
                kind="page",
                dossier=f"dossier-{person}",
                heading="\n".join(part for part in (title, name, *told) if part),
                text=body,
                component=f"c{kind}",
                year=year,
                order=name,
                names=name,
                numbers="\n".join(told),
            )

    def scopes(self) -> tuple[frozenset[str], list[frozenset[str]]]:
        """All dossiers, and those of each unit."""
        units: list[set[str]] = [set() for _ in range(UNITS)]
        for id, unit in self._rows("SELECT id, unit FROM persons"):
            units[unit % UNITS].add(f"dossier-{id}")
        return frozenset().union(*units), [frozenset(unit) for unit in units]

    def known(self, each: int) -> list[Question]:
        """Questions with known answers, `each` of every way at most."""
        assert self.asked is not None, "no questions were given"
        questions: dict[str, list[Question]] = {}
        for line in self.asked.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            way = WAYS.get(row["mode"], row["mode"])
            right = frozenset(f"page:{id}" for id in row["rel"])
            questions.setdefault(way, []).append(Question(way, row["text"], right))
        return [question for those in questions.values() for question in those[:each]]

    def mixed(self, each: int, seed: int) -> list[tuple[str, str, int]]:
        """Questions for timing."""
        query = (
            "SELECT docs.body, persons.name, docs.so_hieu, persons.unit FROM docs JOIN persons ON persons.id = person_id "
            "WHERE docs.id <= ? AND docs.so_hieu <> '' AND docs.id % ? = 0"
        )
        drawn = list(self._rows(query, self.count, max(self.count // 3000, 1)))
        return mixed(drawn, each, random.Random(seed))

    def _rows(self, query: str, *values: int) -> Iterator[tuple[object, ...]]:
        database = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)
        try:
            yield from database.execute(query, values)
        finally:
            database.close()
