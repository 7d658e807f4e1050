"""Indexes that answer by themselves what lies in dossiers, which scans wait, and how badly their pages were read."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Order by dossier first; let the pages that wait tell their state and quality."""
    op.drop_index("ix_documents_component_id", "documents")
    op.create_index("ix_documents_dossier_id_component_id", "documents", ["dossier_id", "component_id", "sealed"])
    op.create_index("ix_scans_dossier_id_state", "scans", ["dossier_id", "state", "sealed"])
    op.drop_index("ix_pages_waiting", "pages")
    columns = ["scan_id", "document_id", "state", "corrected", "expected_error"]
    op.create_index("ix_pages_waiting", "pages", columns)


def downgrade() -> None:
    """Put back the narrower ones."""
    op.drop_index("ix_pages_waiting", "pages")
    op.create_index("ix_pages_waiting", "pages", ["scan_id", "document_id"])
    op.drop_index("ix_scans_dossier_id_state", "scans")
    op.drop_index("ix_documents_dossier_id_component_id", "documents")
    op.create_index("ix_documents_component_id", "documents", ["component_id", "dossier_id", "sealed"])
