"""Stacks of scans that are divided by cover sheets, and what a sheet said of a scan."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="RESTRICT")


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _id(name: str, *, null: bool = False) -> "sa.Column[Any]":
    return sa.Column(name, sa.String(length=16), nullable=null)


def _one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add the three tables and the column."""
    _add_stacks()
    _add_pieces()
    _add_pages()
    with op.batch_alter_table("scans") as table:
        table.add_column(sa.Column("component_id", sa.String(length=60), nullable=True))


def _add_stacks() -> None:
    states = _one_of(("received", "divided", "ordered", "taken_in", "failed"), "stackstate")
    op.create_table(
        "stacks",
        _id("unit_id"),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("pages_done", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_values", sa.JSON(), nullable=True),
        sa.Column("doubtful", sa.JSON(), nullable=False),
        sa.Column("clearance", sa.Text(), nullable=True),
        _id("cleared_by_id", null=True),
        _id("confirmed_by_id", null=True),
        _id("given_by_id"),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _id("id"),
        _check("stacks", "not_empty", "size > 0 AND page_count > 0"),
        _check("stacks", "ended_when_taken_in", "(ended_at IS NOT NULL) = (state = 'taken_in')"),
        _check(
            "stacks",
            "cleared_by_two",
            "(cleared_by_id IS NULL) = (confirmed_by_id IS NULL) AND (cleared_by_id IS NULL) = (clearance IS NULL)",
        ),
        _refers("stacks", "unit_id", "units"),
        *(_refers("stacks", column, "accounts") for column in ("cleared_by_id", "confirmed_by_id", "given_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stacks")),
    )
    for column in ("unit_id", "sha256", "given_at"):
        op.create_index(op.f(f"ix_stacks_{column}"), "stacks", [column])
    waiting = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_stacks_waiting",
        "stacks",
        ["unit_id", "sha256"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _add_pieces() -> None:
    op.create_table(
        "stack_pieces",
        _id("stack_id"),
        sa.Column("code", sa.String(length=120), nullable=False),
        _id("dossier_id", null=True),
        sa.Column("component_id", sa.String(length=60), nullable=True),
        sa.Column("left_out", sa.Boolean(), nullable=False),
        _id("scan_id", null=True),
        _id("id"),
        _check("stack_pieces", "scan_in_a_dossier", "scan_id IS NULL OR (dossier_id IS NOT NULL AND NOT left_out)"),
        _refers("stack_pieces", "stack_id", "stacks"),
        _refers("stack_pieces", "dossier_id", "dossiers"),
        _refers("stack_pieces", "scan_id", "scans"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stack_pieces")),
    )
    for column in ("stack_id", "dossier_id", "scan_id"):
        op.create_index(op.f(f"ix_stack_pieces_{column}"), "stack_pieces", [column])


def _add_pages() -> None:
    op.create_table(
        "stack_pages",
        _id("stack_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", _one_of(("page", "sheet", "back"), "stackpagekind"), nullable=False),
        _id("piece_id", null=True),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("blank", sa.Boolean(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        _id("id"),
        _check("stack_pages", "counted_from_one", "number >= 1"),
        _check("stack_pages", "in_a_piece_or_a_sheet", "(kind = 'page') = (piece_id IS NOT NULL)"),
        _refers("stack_pages", "stack_id", "stacks"),
        _refers("stack_pages", "piece_id", "stack_pieces"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stack_pages")),
        sa.UniqueConstraint("stack_id", "number", name=op.f("uq_stack_pages_stack_id_number")),
    )
    op.create_index(op.f("ix_stack_pages_piece_id"), "stack_pages", ["piece_id"])


def downgrade() -> None:
    """Take them away; stacks that were not taken in are lost, the scans stay."""
    with op.batch_alter_table("scans") as table:
        table.drop_column("component_id")
    for table_name in ("stack_pages", "stack_pieces", "stacks"):
        op.drop_table(table_name)
