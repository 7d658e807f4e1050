"""Whose dossiers somebody may see is asked many times for every page: an index that answers without the rows."""

from alembic import op

revision = "0044"
down_revision = "0043"

_COLUMNS = ["custodian_id", "id", "person_id"]


def upgrade() -> None:
    """The index of the holders gets what is asked about their dossiers."""
    op.create_index("ix_dossiers_custodian_id_id_person_id", "dossiers", _COLUMNS)
    op.drop_index(op.f("ix_dossiers_custodian_id"), "dossiers")


def downgrade() -> None:
    """The index of the column alone."""
    op.create_index(op.f("ix_dossiers_custodian_id"), "dossiers", _COLUMNS[:1])
    op.drop_index("ix_dossiers_custodian_id_id_person_id", "dossiers")
