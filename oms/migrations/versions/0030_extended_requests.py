"""Requests of people whose days were extended: the day before, by whom and why."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

_CHECKS = {
    "extended_once": (
        "(extended_by_id IS NULL) = (extended_on IS NULL) AND (extended_by_id IS NULL) = (first_due_on IS NULL)"
    ),
    "extension_is_longer": "first_due_on IS NULL OR first_due_on < due_on",
}
_KEY = "fk_subject_requests_extended_by_id_accounts"


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("subject_requests") as batch_op:
        batch_op.add_column(sa.Column("first_due_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("extended_by_id", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("extended_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("extension_reason", sa.Text(), nullable=False, server_default=""))
        batch_op.create_foreign_key(op.f(_KEY), "accounts", ["extended_by_id"], ["id"], ondelete="RESTRICT")
        for name, rule in _CHECKS.items():
            batch_op.create_check_constraint(op.f(f"ck_subject_requests_{name}"), rule)
    with op.batch_alter_table("subject_requests") as batch_op:
        batch_op.alter_column("extension_reason", server_default=None)


def downgrade() -> None:
    """Take them away; the later day stays the day that is due."""
    with op.batch_alter_table("subject_requests") as batch_op:
        for name in _CHECKS:
            batch_op.drop_constraint(op.f(f"ck_subject_requests_{name}"), type_="check")
        batch_op.drop_constraint(op.f(_KEY), type_="foreignkey")
        for column in ("first_due_on", "extended_by_id", "extended_on", "extension_reason"):
            batch_op.drop_column(column)
