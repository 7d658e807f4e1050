"""What people wrote in a record, as it lies in the database; nothing that was taken from a page which is sealed now."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from oms.models import Dossier, Page, RecordRow, RecordStatement, Scan


def statements_of(session: Session, dossier: Dossier, key: str | None = None) -> dict[str, list[RecordStatement]]:
    """All writings of values by key, in the order they were written; `key` asks for one alone."""
    query = _of_open_pages(RecordStatement, dossier).order_by(RecordStatement.key, RecordStatement.place)
    found: dict[str, list[RecordStatement]] = {}
    for statement in session.scalars(query.where(RecordStatement.key == key) if key else query):
        found.setdefault(statement.key, []).append(statement)
    return found


def rows_of(session: Session, dossier: Dossier) -> dict[str, list[RecordRow]]:
    """The rows of tables as each stands now, by key and in order; what was taken out is not there."""
    query = _of_open_pages(RecordRow, dossier).order_by(RecordRow.place)
    last = {row.line: row for row in session.scalars(query)}
    found: dict[str, list[RecordRow]] = {}
    for row in sorted(last.values(), key=lambda row: (row.position, row.at)):
        if not row.removed:
            found.setdefault(row.key, []).append(row)
    return found


def _of_open_pages(model: type[Any], dossier: Dossier) -> Select[Any]:
    return (
        select(model)
        .outerjoin(Page, Page.id == model.page_id)
        .outerjoin(Scan, Scan.id == Page.scan_id)
        .where(model.dossier_id == dossier.id, Scan.id.is_(None) | ~Scan.sealed)
        .options(joinedload(model.account))
    )
