"""The record of a dossier: values and rows as people wrote them down."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_TABLES = ("record_statements", "record_rows")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    """Add both tables, and the triggers that refuse to alter what was written."""
    kinds = sa.Enum("keyed", "decided", name="statementkind", native_enum=False, create_constraint=True, length=40)
    op.create_table(
        "record_statements",
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", kinds, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("read_text", sa.Text(), nullable=False),
        sa.Column("page_id", sa.String(length=16), nullable=True),
        sa.Column("box", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("place >= 1", name=op.f("ck_record_statements_counted_from_one")),
        sa.CheckConstraint(
            "kind = 'keyed' OR length(reason) > 0", name=op.f("ck_record_statements_decided_for_a_reason")
        ),
        _refers("record_statements", "dossier_id", "dossiers"),
        _refers("record_statements", "page_id", "pages"),
        _refers("record_statements", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_statements")),
        sa.UniqueConstraint("dossier_id", "key", "place", name=op.f("uq_record_statements_dossier_id_key_place")),
    )
    op.create_index(op.f("ix_record_statements_page_id"), "record_statements", ["page_id"])
    op.create_table(
        "record_rows",
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("line", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("page_id", sa.String(length=16), nullable=True),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("place >= 1", name=op.f("ck_record_rows_counted_from_one")),
        _refers("record_rows", "dossier_id", "dossiers"),
        _refers("record_rows", "page_id", "pages"),
        _refers("record_rows", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_rows")),
        sa.UniqueConstraint("line", "place", name=op.f("uq_record_rows_line_place")),
    )
    op.create_index("ix_record_rows_dossier_id_key", "record_rows", ["dossier_id", "key"])
    op.create_index(op.f("ix_record_rows_page_id"), "record_rows", ["page_id"])
    if op.get_bind().dialect.name == "sqlite":
        for table in _TABLES:
            op.execute(
                f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the record is only added to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_record_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the record is only added to'; END $$"
    )
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_record_change()"
        )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("record_rows")
    op.drop_table("record_statements")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_record_change()")
