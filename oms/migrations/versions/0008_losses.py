"""Two people declare a dossier lost, and minutes tell of it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_KINDS = (
    "transfer-slip",
    "handover-slip",
    "handover-minutes",
    "contents-list",
    "control-sheet",
    "supplement-request",
    "consultation-slip",
    "consultation-log",
    "envelope",
    "dossier-label",
    "disposal-minutes",
    "transfer-letter",
    "dossier-register",
    "handover-register",
    "consultation-register",
    "membership-register",
)


def _allow_papers(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("paper_issues") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_issues_paperkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_paper_issues_paperkind"), f"kind IN ({listed})")


def upgrade() -> None:
    """Add the second person and the paper."""
    with op.batch_alter_table("transfer_events") as batch_op:
        batch_op.add_column(sa.Column("second_id", sa.String(length=16), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_transfer_events_second_id_accounts"), "accounts", ["second_id"], ["id"], ondelete="RESTRICT"
        )
        batch_op.create_check_constraint(
            op.f("ck_transfer_events_second_is_another"), "second_id IS NULL OR second_id <> taken_by_id"
        )
    _allow_papers((*_KINDS, "loss-minutes"))


def downgrade() -> None:
    """Take them away; the event of the loss stays."""
    op.execute("DELETE FROM paper_issues WHERE kind = 'loss-minutes'")
    _allow_papers(_KINDS)
    with op.batch_alter_table("transfer_events") as batch_op:
        batch_op.drop_constraint(op.f("ck_transfer_events_second_is_another"), type_="check")
        batch_op.drop_constraint(op.f("fk_transfer_events_second_id_accounts"), type_="foreignkey")
        batch_op.drop_column("second_id")
