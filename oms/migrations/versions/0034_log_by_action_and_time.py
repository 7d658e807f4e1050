"""The log by account and by action is asked for a span of time: every half minute, whatever its length."""

from alembic import op

revision = "0034"
down_revision = "0033"

_COLUMNS = ("action", "account_id")


def upgrade() -> None:
    """Each index gets the time behind its column."""
    for column in _COLUMNS:
        op.create_index(f"ix_audit_entries_{column}_at", "audit_entries", [column, "at"])
        op.drop_index(op.f(f"ix_audit_entries_{column}"), "audit_entries")


def downgrade() -> None:
    """The indexes of the columns alone."""
    for column in _COLUMNS:
        op.create_index(op.f(f"ix_audit_entries_{column}"), "audit_entries", [column])
        op.drop_index(f"ix_audit_entries_{column}_at", "audit_entries")
