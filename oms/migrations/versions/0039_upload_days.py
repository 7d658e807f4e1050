"""How much an account brought in within a day."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "upload_days",
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("files >= 0 AND octets >= 0", name=op.f("ck_upload_days_counts")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_upload_days_account_id_accounts"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_upload_days")),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("upload_days")
