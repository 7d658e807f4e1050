"""Named folders given in as ZIP, and what became of each file."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

_STATES = ("looking", "looked", "taking", "done", "gone", "refused")
_CATEGORIES = ("cadre", "civil_servant", "public_employee", "contract_worker", "party_member")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="RESTRICT")


def _id(name: str, *, null: bool = False) -> "sa.Column[Any]":
    return sa.Column(name, sa.String(length=16), nullable=null)


def _one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "folder_imports",
        _id("given_by_id"),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("category", _one_of(_CATEGORIES, "category"), nullable=True),
        sa.Column("state", _one_of(_STATES, "importstate"), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_values", sa.JSON(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        _id("id"),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('done', 'gone', 'refused'))",
            name=op.f("ck_folder_imports_ended_at_its_end"),
        ),
        _refers("folder_imports", "given_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder_imports")),
    )
    op.create_index(op.f("ix_folder_imports_given_at"), "folder_imports", ["given_at"])
    still = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_folder_imports_open",
        "folder_imports",
        ["given_by_id"],
        unique=True,
        sqlite_where=still,
        postgresql_where=still,
    )
    op.create_table(
        "folder_import_lines",
        _id("import_id"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        _id("dossier_id", null=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_values", sa.JSON(), nullable=True),
        sa.Column("by_name_only", sa.Boolean(), nullable=False),
        _id("id"),
        _refers("folder_import_lines", "import_id", "folder_imports"),
        _refers("folder_import_lines", "dossier_id", "dossiers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder_import_lines")),
        sa.UniqueConstraint("import_id", "position", name=op.f("uq_folder_import_lines_import_id_position")),
    )
    op.create_index(op.f("ix_folder_import_lines_dossier_id"), "folder_import_lines", ["dossier_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("folder_import_lines")
    op.drop_table("folder_imports")
