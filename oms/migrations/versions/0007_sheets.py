"""Sheets of paper are counted apart from pages."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the count."""
    with op.batch_alter_table("documents") as batch_op:
        batch_op.add_column(sa.Column("sheets", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(op.f("ck_documents_sheets_counted_from_one"), "sheets IS NULL OR sheets >= 1")


def downgrade() -> None:
    """Forget it."""
    with op.batch_alter_table("documents") as batch_op:
        batch_op.drop_constraint(op.f("ck_documents_sheets_counted_from_one"), type_="check")
        batch_op.drop_column("sheets")
