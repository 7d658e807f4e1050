"""The columns of the Excel file by which an office enters its people at once.

Knows how offices head their columns; does not know people.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from oms.catalogue.reading import FOLDER, open_file
from oms.catalogue.terms import Labelled, read_labels, refuse_repeated

WAYS_OF_READING = ("text", "name", "names", "gender", "date", "personal_id", "category", "unit")


@dataclass(frozen=True, kw_only=True)
class PeopleColumn(Labelled):
    """One column: how its cells are read, other `headings` it goes by, `width` in characters."""

    reads: str
    required: bool
    width: int
    headings: tuple[str, ...]


def read_people_columns(path: Path) -> tuple[PeopleColumn, ...]:
    """The columns of a file in their order; raises `CatalogueError`."""
    top = open_file(path)
    columns: list[PeopleColumn] = []
    for entry in top.entries("columns"):
        labels = read_labels(entry)
        refuse_repeated(entry, labels["id"], [column.id for column in columns])
        columns.append(
            PeopleColumn(
                **labels,
                reads=entry.choice("reads", WAYS_OF_READING),
                required=entry.flag("required"),
                width=entry.number("width"),
                headings=entry.texts("headings"),
            )
        )
        entry.finish()
    top.finish()
    return tuple(columns)


@cache
def people_columns() -> tuple[PeopleColumn, ...]:
    """The columns in the order of the template."""
    return read_people_columns(FOLDER / "people_columns.yaml")


def people_column(id: str) -> PeopleColumn:
    """One column by its id."""
    return next(column for column in people_columns() if column.id == id)
