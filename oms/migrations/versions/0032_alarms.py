"""Alarms: what was noticed, who was mailed, who settled it."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

KINDS = (
    "bulk_reading",
    "unusual_reading",
    "night_reading",
    "many_exports",
    "wrong_sign_ins",
    "wrong_sign_ins_everywhere",
    "log_broken",
    "files_damaged",
    "disk_full",
)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "alarms",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="alarmkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("account_id", sa.String(length=16), nullable=True),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.String(length=16), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("(settled_by_id IS NULL) = (settled_at IS NULL)", name=op.f("ck_alarms_settled")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_alarms_account_id_accounts"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["accounts.id"], name=op.f("fk_alarms_settled_by_id_accounts"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("key", name=op.f("uq_alarms_key")),
    )
    for column in ("account_id", "raised_at", "settled_by_id"):
        op.create_index(op.f(f"ix_alarms_{column}"), "alarms", [column])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("alarms")
