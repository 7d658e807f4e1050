"""What figures are counted from can be read from indexes alone."""

from alembic import op

revision = "0024"
down_revision = "0023"

# Name, table, columns before (None: there was none), columns now.
_INDEXES = (
    ("ix_documents_component_id", "documents", ["component_id"], ["component_id", "dossier_id", "sealed"]),
    ("ix_documents_filed_at", "documents", None, ["filed_at", "sealed"]),
    ("ix_scans_state", "scans", ["state"], ["state", "sealed", "page_count"]),
    ("ix_scans_received_at", "scans", ["received_at"], ["received_at", "sealed", "page_count"]),
    ("ix_record_statements_key", "record_statements", None, ["key", "dossier_id"]),
)


def upgrade() -> None:
    """Widen the indexes and add new ones."""
    for name, table, before, now in _INDEXES:
        if before is not None:
            op.drop_index(name, table_name=table)
        op.create_index(name, table, now)


def downgrade() -> None:
    """Make them as they were."""
    for name, table, before, _now in _INDEXES:
        op.drop_index(name, table_name=table)
        if before is not None:
            op.create_index(name, table, before)
