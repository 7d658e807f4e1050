"""Files that hang on a transfer and lie in no dossier."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "attached_files",
        sa.Column("transfer_id", sa.String(length=16), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("proof", "late", name="filepurpose", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("added_by_id", sa.String(length=16), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clearance", sa.Text(), nullable=False),
        sa.Column("cleared_by_id", sa.String(length=16), nullable=True),
        sa.Column("confirmed_by_id", sa.String(length=16), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("size > 0", name=op.f("ck_attached_files_not_empty")),
        sa.CheckConstraint(
            "(cleared_by_id IS NULL) = (confirmed_by_id IS NULL)", name=op.f("ck_attached_files_cleared_by_two")
        ),
        sa.CheckConstraint(
            "cleared_by_id IS NULL OR cleared_by_id <> confirmed_by_id", name=op.f("ck_attached_files_two_people")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_attached_files_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in (
                ("transfer_id", "transfers"),
                ("added_by_id", "accounts"),
                ("cleared_by_id", "accounts"),
                ("confirmed_by_id", "accounts"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attached_files")),
        sa.UniqueConstraint(
            "transfer_id", "purpose", "sha256", name=op.f("uq_attached_files_transfer_id_purpose_sha256")
        ),
    )
    op.create_index(op.f("ix_attached_files_sha256"), "attached_files", ["sha256"])


def downgrade() -> None:
    """Take it away; the bytes stay until `oms check --repair`."""
    op.drop_table("attached_files")
