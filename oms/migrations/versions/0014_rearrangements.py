"""The order of a dossier can be changed and changed back; a page is shown turned; positions are counted from one."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def _refers(column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_rearrangements_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    """Add the table, and to pages how they are shown."""
    op.create_table(
        "rearrangements",
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("done_by_id", sa.String(length=16), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_by_id", sa.String(length=16), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(undone_by_id IS NULL) = (undone_at IS NULL)", name=op.f("ck_rearrangements_undone_by_somebody")
        ),
        _refers("dossier_id", "dossiers"),
        _refers("done_by_id", "accounts"),
        _refers("undone_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rearrangements")),
    )
    for column in ("dossier_id", "done_by_id", "undone_by_id"):
        op.create_index(op.f(f"ix_rearrangements_{column}"), "rearrangements", [column])
    with op.batch_alter_table("pages") as batch_op:
        batch_op.add_column(sa.Column("turned", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_check_constraint(op.f("ck_pages_turned_by_quarters"), "turned IN (0, 90, 180, 270)")
        batch_op.create_check_constraint(
            op.f("ck_pages_placed_from_one"), "document_position IS NULL OR document_position >= 1"
        )


def downgrade() -> None:
    """Forget both."""
    with op.batch_alter_table("pages") as batch_op:
        batch_op.drop_constraint(op.f("ck_pages_placed_from_one"), type_="check")
        batch_op.drop_constraint(op.f("ck_pages_turned_by_quarters"), type_="check")
        batch_op.drop_column("turned")
    op.drop_table("rearrangements")
