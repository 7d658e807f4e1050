"""The ledger of a reorganisation: every row it changes, before and after, so that it can be taken back exactly.

Knows tables and columns, and nothing of units or dossiers.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms.errors import N_, Conflict
from oms.models import Base, Reorganisation, ReorganisationChange, new_id

BATCH = 500


class Ledger:
    """Changes rows and writes down how they were; holds at most `BATCH` lines in memory."""

    def __init__(self, session: Session, reorganisation: Reorganisation) -> None:
        self.session, self.reorganisation = session, reorganisation
        self.lines: list[dict[str, Any]] = []
        self.written = 0

    def add(self, model: type[Any], **values: Any) -> str:
        """Insert a row; return its id."""
        id = values.setdefault("id", new_id())
        self.session.execute(insert(_table(model)).values(**values))
        self._write(_table(model), id, None, values)
        return str(id)

    def change(self, model: type[Any], id: str, **values: Any) -> None:
        """Change columns of a row; a column that stays as it is leaves no line."""
        table = _table(model)
        row = self.session.execute(select(*(table.c[name] for name in values)).where(table.c.id == id)).one()
        before = {name: value for name, value in row._mapping.items() if value != values[name]}
        if not before:
            return
        after = {name: values[name] for name in before}
        self.session.execute(update(table).where(table.c.id == id).values(**after, **_next_version(table)))
        self._write(table, id, before, after)

    def close(self) -> None:
        """Put down the lines that are still in memory."""
        if self.lines:
            self.session.execute(insert(ReorganisationChange), self.lines)
            self.lines = []

    def _write(self, table: Table, id: str, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        self.written += 1
        self.lines.append(
            {
                "reorganisation_id": self.reorganisation.id,
                "position": self.written,
                "table_name": table.name,
                "row_id": id,
                "before": None if before is None else {name: _plain(value) for name, value in before.items()},
                "after": {name: _plain(value) for name, value in after.items()},
            }
        )
        if len(self.lines) >= BATCH:
            self.close()


def take_back(session: Session, reorganisation: Reorganisation) -> int:
    """Put every row back as it was, the last one first; raises `Conflict` when one was changed since."""
    lines = (
        select(ReorganisationChange)
        .where(ReorganisationChange.reorganisation_id == reorganisation.id)
        .order_by(ReorganisationChange.position.desc())
    )
    count = 0
    last: int | None = None
    while True:
        part = lines if last is None else lines.where(ReorganisationChange.position < last)
        rows = session.scalars(part.limit(BATCH)).all()
        if not rows:
            return count
        for row in rows:
            _undo(session, row)
            count, last = count + 1, row.position
            session.expunge(row)


def _undo(session: Session, row: ReorganisationChange) -> None:
    table = Base.metadata.tables[row.table_name]
    found = session.execute(
        select(*(table.c[name] for name in row.after)).where(table.c.id == row.row_id)
    ).one_or_none()
    if found is None or any(_plain(found._mapping[name]) != value for name, value in row.after.items()):
        raise _changed_since(row)
    if row.before is not None:
        values = {name: _typed(table, name, value) for name, value in row.before.items()}
        session.execute(update(table).where(table.c.id == row.row_id).values(**values, **_next_version(table)))
        return
    try:
        session.execute(delete(table).where(table.c.id == row.row_id))
    except IntegrityError:
        raise _changed_since(row) from None


def _changed_since(row: ReorganisationChange) -> Conflict:
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


def _next_version(table: Table) -> dict[str, Any]:
    return {"version": table.c.version + 1} if "version" in table.c else {}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _typed(table: Table, name: str, value: Any) -> Any:
    kind = table.c[name].type.python_type
    if value is not None and kind in (date, datetime):
        return kind.fromisoformat(value)
    return value
