"""The type of a Word file has 71 letters."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"

_COLUMNS = (("scans", "media_type"), ("attached_files", "media_type"), ("subject_requests", "proof_type"))


def upgrade() -> None:
    """Types of files may be longer."""
    for table, column in _COLUMNS:
        _resize(table, column, 40, 100)


def downgrade() -> None:
    """They may not; a version that knows no Word files gives these out as plain bytes."""
    for table, column in _COLUMNS:
        long: sa.ColumnClause[str] = sa.column(column)
        op.execute(
            sa.update(sa.table(table, long))
            .where(sa.func.length(long) > 40)
            .values({column: "application/octet-stream"})
        )
        _resize(table, column, 100, 40)


def _resize(table: str, column: str, before: int, after: int) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(table, column, type_=sa.String(after), existing_type=sa.String(before))
        return
    # SQLite keeps no length: only the words of the table change. Rebuilding it would drop its rules, which nobody reads
    # back; this way is SQLite's own for changes that touch no row (https://www.sqlite.org/lang_altertable.html, 7).
    connection = op.get_bind()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.execute(
        sa.text("UPDATE sqlite_master SET sql = replace(sql, :before, :after) WHERE type = 'table' AND name = :name"),
        {"before": f"{column} VARCHAR({before})", "after": f"{column} VARCHAR({after})", "name": table},
    )
    version = int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
