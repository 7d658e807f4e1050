"""Requests for missing papers are numbered as every paper is."""

from alembic import op

revision = "0005"
down_revision = "0004"

_KINDS = (
    "transfer-slip",
    "handover-slip",
    "handover-minutes",
    "contents-list",
    "control-sheet",
    "consultation-slip",
    "consultation-log",
    "envelope",
    "dossier-label",
    "disposal-minutes",
    "dossier-register",
    "handover-register",
    "consultation-register",
    "transfer-letter",
    "membership-register",
)


def _allow(kinds: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("paper_issues") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_issues_paperkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_paper_issues_paperkind"), f"kind IN ({listed})")


def upgrade() -> None:
    """Allow the kind."""
    _allow((*_KINDS, "supplement-request"))


def downgrade() -> None:
    """Forget the requests; their entries in the log stay."""
    op.execute("DELETE FROM paper_issues WHERE kind = 'supplement-request'")
    _allow(_KINDS)
