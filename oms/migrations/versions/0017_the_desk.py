"""The review desk: leases of scans, drafts, and what one did in a day."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    """Add the three tables."""
    op.create_table(
        "desk_leases",
        sa.Column("scan_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("seat", sa.String(length=16), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        _refers("desk_leases", "scan_id", "scans"),
        _refers("desk_leases", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("scan_id", name=op.f("pk_desk_leases")),
    )
    op.create_index(op.f("ix_desk_leases_account_id"), "desk_leases", ["account_id"])
    op.create_table(
        "desk_drafts",
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("scan_id", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("place >= 0", name=op.f("ck_desk_drafts_form_or_page")),
        _refers("desk_drafts", "account_id", "accounts"),
        _refers("desk_drafts", "scan_id", "scans"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_drafts")),
        sa.UniqueConstraint("scan_id", "account_id", "place", name=op.f("uq_desk_drafts_scan_id_account_id_place")),
    )
    op.create_index("ix_desk_drafts_account_id_saved_at", "desk_drafts", ["account_id", "saved_at"])
    op.create_table(
        "desk_days",
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("pages >= 0 AND seconds >= 0", name=op.f("ck_desk_days_counts")),
        _refers("desk_days", "account_id", "accounts"),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_desk_days")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("desk_days")
    op.drop_table("desk_drafts")
    op.drop_table("desk_leases")
