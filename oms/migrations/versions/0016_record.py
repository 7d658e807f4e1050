"""What is said about the values of a record, one statement after the other; none is altered."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_REFERENCES = (("dossier_id", "dossiers"), ("page_id", "pages"), ("stated_by_id", "accounts"))


def upgrade() -> None:
    """Add the statements and the trigger that refuses to alter one."""
    op.create_table(
        "record_statements",
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "read", "keyed", "decided", name="statementkind", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("page_id", sa.String(length=16), nullable=True),
        sa.Column("box", sa.JSON(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("flag", sa.Text(), nullable=True),
        sa.Column("stated_by_id", sa.String(length=16), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_record_statements_counted_from_one")),
        sa.CheckConstraint("kind <> 'read' OR page_id IS NOT NULL", name=op.f("ck_record_statements_read_from_a_page")),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_record_statements_says_something")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_record_statements_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in _REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_statements")),
        sa.UniqueConstraint("dossier_id", "key", "number", name=op.f("uq_record_statements_dossier_id_key_number")),
    )
    op.create_index(op.f("ix_record_statements_page_id"), "record_statements", ["page_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER record_statements_no_update BEFORE UPDATE ON record_statements "
            "BEGIN SELECT RAISE(ABORT, 'statements are only added'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_statement_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'statements are only added'; END $$"
    )
    op.execute(
        "CREATE TRIGGER record_statements_no_update BEFORE UPDATE ON record_statements "
        "FOR EACH ROW EXECUTE FUNCTION refuse_statement_change()"
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("record_statements")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_statement_change()")
