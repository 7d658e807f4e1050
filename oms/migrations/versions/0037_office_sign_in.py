"""Signing in by the office's identity provider: who an account is there, and whether two factors were shown."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Nobody is tied yet, and no session of before showed two factors there."""
    op.add_column("accounts", sa.Column("provider_subject", sa.String(64), nullable=True))
    op.create_index("ix_accounts_provider_subject", "accounts", ["provider_subject"], unique=True)
    op.add_column("sign_ins", sa.Column("two_factors", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Whoever signs in after that proves a password."""
    op.drop_column("sign_ins", "two_factors")
    op.drop_index("ix_accounts_provider_subject", "accounts")
    op.drop_column("accounts", "provider_subject")
