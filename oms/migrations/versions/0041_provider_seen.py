"""When the office's identity provider last saw an account: a passkey of OMS alone does not outlive the person there."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Nobody was seen yet: whoever has a passkey goes by the provider once."""
    op.add_column("accounts", sa.Column("provider_seen_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Passkeys open by themselves again."""
    op.drop_column("accounts", "provider_seen_at")
