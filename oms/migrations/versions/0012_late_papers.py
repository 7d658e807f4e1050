"""Papers that come after the dossier has gone on."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_STATES = ("waiting", "sent", "filed", "returned", "withdrawn", "destroyed")
_REFERENCES = (
    ("transfer_id", "transfers"),
    ("dossier_id", "dossiers"),
    ("unit_id", "units"),
    ("file_id", "attached_files"),
    ("brought_by_id", "accounts"),
    ("answered_by_id", "accounts"),
)


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "late_papers",
        sa.Column("transfer_id", sa.String(length=16), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("file_id", sa.String(length=16), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*_STATES, name="latestate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("brought_by_id", sa.String(length=16), nullable=False),
        sa.Column("brought_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.String(length=16), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(state IN ('waiting', 'sent', 'returned')) = (file_id IS NOT NULL)",
            name=op.f("ck_late_papers_file_while_open"),
        ),
        sa.CheckConstraint(
            "(answered_by_id IS NULL) = (answered_at IS NULL)", name=op.f("ck_late_papers_answered_by_somebody")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_late_papers_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in _REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_papers")),
    )
    for column in ("transfer_id", "dossier_id", "unit_id", "file_id"):
        op.create_index(op.f(f"ix_late_papers_{column}"), "late_papers", [column])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("late_papers")
