"""Each migration with rows in every table (UP-1, UP-5): down to the first one, up again, and no value is lost.

The rows are those of the canary organisation, and made-up ones where it has none; the schema of each version holds what
of them it has a place for.
"""

import uuid
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Engine, Enum, Table, inspect, select, text
from sqlalchemy.exc import IntegrityError

from oms import audit, db, installation
from oms.models import Base
from tests.oracle.organisation import build

MADE_UP = {
    bool: True,
    int: 1,
    float: 1.0,
    str: "x",
    bytes: b"x",
    dict: {},
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
    date: date(2026, 1, 1),
    uuid.UUID: uuid.UUID(int=1),
}
"""What stands in a column of this kind of values."""

TRIGGERS = {
    "sqlite": "SELECT name || sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgrelid::regclass || tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def fill(engine: Engine) -> None:
    """A row in each table that has none: with all its columns, or those it must have where all together are no state."""
    for table in Base.metadata.sorted_tables:
        with engine.connect() as connection:
            if connection.execute(select(table).limit(1)).first() is not None:
                continue
            given: Counter[Column[Any]] = Counter()
            row = {column.name: value_for(column, connection, given) for column in asked_of(table)}
            least = {name: value for name, value in row.items() if not table.columns[name].nullable}
        try:
            with engine.begin() as connection:
                connection.execute(table.insert().values(row))
        except IntegrityError:
            with engine.begin() as connection:
                connection.execute(table.insert().values(least))


def asked_of(table: Table) -> list[Column[Any]]:
    """The columns the database does not number by itself."""
    return [column for column in table.columns if column is not table.autoincrement_column or column.foreign_keys]


def value_for(column: Column[Any], connection: Any, given: Counter[Column[Any]]) -> object:
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        given[target] += 1
        return connection.execute(select(target).order_by(target).offset(given[target] - 1).limit(1)).scalar()
    if isinstance(column.type, Enum):
        return next(iter(column.type.enum_class or column.type.enums))
    inner = getattr(column.type, "impl_instance", column.type)
    return next((MADE_UP[kind] for kind in MADE_UP if inner.python_type is kind), "x")


def rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """All that lies in the database, table by table, as it lies there."""
    tables = set(inspect(engine).get_table_names()) - {"alembic_version"}
    with engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(text(f'SELECT * FROM "{name}"')).mappings()]
            for name in sorted(tables)
        }


def lost(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Tables in which something that stood there before does not stand there any more."""
    found = []
    for table, old in before.items():
        new = after.get(table, [])
        columns = [column for column in (old[0] if old else ()) if not new or column in new[0]]
        values = [sorted(repr([row[column] for column in columns]) for row in each) for each in (old, new)]
        if values[0] != values[1] or (old and len(columns) < len(old[0])):
            found.append(table)
    return found


def in_words(value: object) -> str:
    return str({key: str(inner) for key, inner in value.items()} if isinstance(value, dict) else value)


def shape(engine: Engine) -> set[str]:
    """Columns, keys, indices, checks and triggers, in words."""
    seen = inspect(engine)
    said = set()
    for table in set(seen.get_table_names()) - {"alembic_version"}:
        said |= {
            f"{table} {column['name']} {column['type']} {column['nullable']}" for column in seen.get_columns(table)
        }
        for kind in ("indexes", "unique_constraints", "check_constraints", "foreign_keys"):
            told = getattr(seen, f"get_{kind}")(table)
            said |= {f"{table} {kind} {sorted((key, in_words(value)) for key, value in one.items())}" for one in told}
    with engine.connect() as connection:
        return said | set(connection.execute(text(TRIGGERS[engine.dialect.name])).scalars())


def test_no_migration_loses_a_value_and_the_way_up_leads_to_a_fresh_schema(engine, settings):
    fresh = shape(engine)
    build(engine, settings)
    fill(engine)
    assert [table for table, found in rows(engine).items() if not found] == []
    config = installation.alembic_config(engine)
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    for _ in steps[1:]:
        command.downgrade(config, "-1")
    before = rows(engine)
    assert [table for table, found in before.items() if not found] == []
    for step in steps[1:]:
        command.upgrade(config, step)
        after = rows(engine)
        assert (step, lost(before, after)) == (step, [])
        before = after
    assert shape(engine) == fresh
    with db.reading(engine) as session:
        assert not audit.verify(session).finding


def test_no_row_is_left_when_everything_is_taken_down(engine, world):
    command.downgrade(installation.alembic_config(engine), "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    command.upgrade(installation.alembic_config(engine), "head")
    assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ({"units": [{"id": 1, "name": "a"}]}, []),
        ({"units": [{"id": 1, "name": "a", "kind": ""}]}, []),
        ({"units": [{"id": 1, "name": "b"}]}, ["units"]),
        ({"units": [{"id": 1}]}, ["units"]),
        ({"units": []}, ["units"]),
        ({}, ["units"]),
    ],
)
def test_what_is_lost_is_seen(after, told):
    assert lost({"units": [{"id": 1, "name": "a"}], "empty": []}, after) == told
