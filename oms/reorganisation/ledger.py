"""The ledger of a reorganisation: every row it changes, before and after, so that it can be taken back exactly.

Knows tables and columns, and nothing of units or dossiers. A line without `before` is a row that began, one with an
empty `after` a row that was taken away. Rows that change alike are changed together: thousands cost few statements.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms.errors import N_, Conflict
from oms.models import Base, Reorganisation, ReorganisationChange, new_id

BATCH = 2000
Values = dict[str, Any]


class Ledger:
    """Changes rows and writes down how they were; holds at most `BATCH` lines in memory."""

    def __init__(self, session: Session, reorganisation: Reorganisation) -> None:
        self.session, self.reorganisation_id = session, reorganisation.id
        self.lines: list[Values] = []
        self.written = 0
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Over all lines: with it in the audit log nobody alters the ledger unseen."""
        return self._hash.hexdigest()

    def add(self, model: type[Any], **values: Any) -> str:
        """Insert a row; return its id."""
        self.add_many(model, [values])
        return str(values["id"])

    def add_many(self, model: type[Any], rows: Sequence[Values]) -> None:
        """Insert rows that fill the same columns; each gets its id."""
        table = _table(model)
        for values in rows:
            values.setdefault("id", new_id())
        if rows:
            self.session.execute(insert(table), list(rows))
        for values in rows:
            self._write(table, values["id"], None, values)

    def change(self, model: type[Any], id: str, **values: Any) -> None:
        """Change columns of a row; a column that stays as it is leaves no line."""
        table = _table(model)
        row = self.session.execute(select(*(table.c[name] for name in values)).where(table.c.id == id)).one()
        self.change_many(model, [(id, dict(row._mapping), values)])

    def change_many(self, model: type[Any], rows: Sequence[tuple[str, Values, Values]]) -> None:
        """Change rows that were just read: each with its id, its columns as they are, and as they shall be."""
        table = _table(model)
        alike: dict[str, tuple[Values, list[str]]] = {}
        for id, before, after in rows:
            new = {name: value for name, value in after.items() if value != before[name]}
            if new:
                plain = {name: _plain(value) for name, value in new.items()}
                alike.setdefault(json.dumps(plain, sort_keys=True), (new, []))[1].append(id)
                self._write(table, id, {name: before[name] for name in new}, new)
        for new, ids in alike.values():
            _update(self.session, table, ids, new)

    def remove(self, model: type[Any], id: str) -> None:
        """Take a row away."""
        table = _table(model)
        row = self.session.execute(select(table).where(table.c.id == id)).one()
        self.session.execute(delete(table).where(table.c.id == id))
        self._write(table, id, dict(row._mapping), {})

    def close(self) -> None:
        """Put down the lines that are still in memory."""
        if self.lines:
            self.session.execute(insert(_table(ReorganisationChange)), self.lines)
            self.lines = []

    def _write(self, table: Table, id: str, before: Values | None, after: Values) -> None:
        self.written += 1
        line: Values = {
            "position": self.written,
            "table_name": table.name,
            "row_id": id,
            "before": None if before is None else {name: _plain(value) for name, value in before.items()},
            "after": {name: _plain(value) for name, value in after.items()},
        }
        self._hash.update(json.dumps(line, sort_keys=True).encode() + b"\n")
        self.lines.append({"reorganisation_id": self.reorganisation_id, **line})
        if len(self.lines) >= BATCH:
            self.close()


def take_back(session: Session, reorganisation: Reorganisation) -> int:
    """Put every row back as it was, the last one first; raises `Conflict` when one was changed since."""
    columns = ReorganisationChange.__table__.c
    lines = (
        select(columns.position, columns.table_name, columns.row_id, columns.before, columns.after)
        .where(columns.reorganisation_id == reorganisation.id)
        .order_by(columns.position.desc())
    )
    count = 0
    last: int | None = None
    while True:
        part = lines if last is None else lines.where(columns.position < last)
        rows = session.execute(part.limit(BATCH)).all()
        if not rows:
            return count
        for alike in _alike(rows):
            _undo(session, alike)
        count, last = count + len(rows), rows[-1].position


def _alike(rows: Sequence[Any]) -> Iterator[list[Any]]:
    """The lines in their order, those that follow each other in one table and one way together, each row once."""
    group: list[Any] = []
    way: tuple[Any, ...] = ()
    ids: set[str] = set()
    for row in rows:
        its_way = (row.table_name, row.before is None, tuple(sorted(row.after)))
        if group and (its_way != way or row.row_id in ids):
            yield group
            group, ids = [], set()
        way = its_way
        group.append(row)
        ids.add(row.row_id)
    if group:
        yield group


def _undo(session: Session, rows: list[Any]) -> None:
    """Put the rows of one table back that were begun, changed in the same columns, or taken away."""
    table = Base.metadata.tables[rows[0].table_name]
    ids, names = [row.row_id for row in rows], list(rows[0].after)
    there = {
        found.id: found._mapping
        for found in session.execute(select(table.c.id, *(table.c[n] for n in names)).where(table.c.id.in_(ids)))
    }
    for row in rows:
        found = there.get(row.row_id)
        untouched = not row.after if found is None else bool(row.after) and _agrees(found, row.after)
        if not untouched:
            raise _changed_since(row)
    try:
        if rows[0].before is None:
            # One after the other: a unit that began may lie below another one that began.
            for id in ids:
                session.execute(delete(table).where(table.c.id == id))
        elif not names:
            session.execute(insert(table), [_typed_all(table, row.before) for row in rows])
        else:
            alike: dict[str, list[Any]] = defaultdict(list)
            for row in rows:
                alike[json.dumps(row.before, sort_keys=True)].append(row)
            for group in alike.values():
                _update(session, table, [row.row_id for row in group], _typed_all(table, group[0].before))
    except IntegrityError:
        raise _changed_since(rows[0]) from None


def _agrees(found: Any, after: Values) -> bool:
    return all(_plain(found[name]) == value for name, value in after.items())


def _update(session: Session, table: Table, ids: list[str], values: Values) -> None:
    version = {"version": table.c.version + 1} if "version" in table.c else {}
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        session.execute(update(table).where(table.c.id.in_(part)).values(**values, **version))


def _changed_since(row: Any) -> Conflict:
    return Conflict(
        N_(
            "The reorganisation can no longer be taken back: something it touched was changed since (%(table)s, "
            "%(id)s). Set it right by a new decision."
        ),
        table=row.table_name,
        id=row.row_id,
    )


def _table(model: type[Any]) -> Table:
    table: Table = model.__table__
    return table


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _typed_all(table: Table, values: Values) -> Values:
    return {name: _typed(table, name, value) for name, value in values.items()}


def _typed(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type.python_type
    if value is not None and kind in (date, datetime):
        return kind.fromisoformat(value)
    return value
