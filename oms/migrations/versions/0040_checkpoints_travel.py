"""Packages and answers carry the newest checkpoint of the audit log; each side keeps what came."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

COLUMNS = ("log_sent", "log_received")


def upgrade() -> None:
    """Room for both; what travelled before carried none."""
    for name in COLUMNS:
        op.add_column("packages", sa.Column(name, sa.JSON(), nullable=True))


def downgrade() -> None:
    """What other houses gave is no longer kept."""
    for name in COLUMNS:
        op.drop_column("packages", name)
