"""The flag that somebody has a protection file elsewhere, and the register of sealed prints."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    """Add both tables."""
    flags, prints = "protection_flags", "file_prints"
    op.create_table(
        flags,
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.String(length=16), nullable=False),
        sa.Column("kept_at", sa.Text(), nullable=False),
        sa.Column("set_by_id", sa.String(length=16), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        _to(flags, "person_id", "people"),
        _to(flags, "set_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protection_flags")),
        sa.UniqueConstraint("person_id", name=op.f("uq_protection_flags_person_id")),
    )
    op.create_index(op.f("ix_protection_flags_set_by_id"), flags, ["set_by_id"])
    op.create_table(
        prints,
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("opening_id", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("printed_by_id", sa.String(length=16), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1 AND pages >= 1", name=op.f("ck_file_prints_counted")),
        _to(prints, "opening_id", "insert_openings"),
        _to(prints, "printed_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_prints")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_file_prints_year_number")),
    )
    op.create_index(op.f("ix_file_prints_opening_id"), prints, ["opening_id"])
    op.create_index(op.f("ix_file_prints_printed_by_id"), prints, ["printed_by_id"])


def downgrade() -> None:
    """Take both tables away."""
    op.drop_table("file_prints")
    op.drop_table("protection_flags")
