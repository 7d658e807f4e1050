"""Verifications with their minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_KINDS = (
    "transfer-slip",
    "handover-slip",
    "handover-minutes",
    "handover-list",
    "loss-minutes",
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
_REFERENCES = (
    ("dossier_id", "dossiers"),
    ("finding_id", "findings"),
    ("opened_by_id", "accounts"),
    ("extended_by_id", "accounts"),
    ("concluded_by_id", "accounts"),
    ("correction_id", "corrections"),
)
_CHECKS = {
    "extended_in_writing": (
        "(extended_by_id IS NULL) = (extended_on IS NULL) AND (extended_by_id IS NULL) = (first_due_on IS NULL)"
    ),
    "extension_is_longer": "first_due_on IS NULL OR first_due_on < due_on",
    "minutes_have_their_limit": "(ended_on IS NULL) = (minutes_due_on IS NULL)",
    "ended_on_a_day": "state NOT IN ('ended', 'concluded') OR ended_on IS NOT NULL",
    "concluded_by_minutes": "(state = 'concluded') = (outcome IS NOT NULL) AND (outcome IS NULL) = (minutes_on IS NULL)",
}


def _one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _allow_papers(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("paper_issues") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_issues_paperkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_paper_issues_paperkind"), f"kind IN ({listed})")


def upgrade() -> None:
    """Add their table and the paper."""
    op.create_table(
        "verifications",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("finding_id", sa.String(length=16), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=True),
        sa.Column("document_id", sa.String(length=16), nullable=True),
        sa.Column("verifiers", sa.Text(), nullable=False),
        sa.Column("bodies", sa.Text(), nullable=False),
        sa.Column("state", _one_of(("open", "ended", "concluded", "cancelled"), "verificationstate"), nullable=False),
        sa.Column("opened_by_id", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=True),
        sa.Column("extended_on", sa.Date(), nullable=True),
        sa.Column("extension_document", sa.String(length=80), nullable=False),
        sa.Column("extension_reason", sa.Text(), nullable=False),
        sa.Column("extended_by_id", sa.String(length=16), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("minutes_due_on", sa.Date(), nullable=True),
        sa.Column("minutes_on", sa.Date(), nullable=True),
        sa.Column("present", sa.Text(), nullable=False),
        sa.Column("compared", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("outcome", _one_of(("wrong", "stands", "unclear"), "verificationoutcome"), nullable=True),
        sa.Column("right_value", sa.Text(), nullable=False),
        sa.Column("concluded_by_id", sa.String(length=16), nullable=True),
        sa.Column("minutes_document_id", sa.String(length=16), nullable=True),
        sa.Column("correction_id", sa.String(length=16), nullable=True),
        sa.Column("given_up_because", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_verifications_{name}")) for name, rule in _CHECKS.items()),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_verifications_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in _REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
        sa.UniqueConstraint("number", name=op.f("uq_verifications_number")),
    )
    for column in ("dossier_id", "finding_id", "state"):
        op.create_index(op.f(f"ix_verifications_{column}"), "verifications", [column])
    running = sa.text("state IN ('open', 'ended')")
    op.create_index(
        "uq_verifications_one_runs_per_finding",
        "verifications",
        ["finding_id"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    _allow_papers(*_KINDS, "verification-minutes")


def downgrade() -> None:
    """Take both away; the contradictions stay sent."""
    op.execute("DELETE FROM paper_issues WHERE kind = 'verification-minutes'")
    _allow_papers(*_KINDS)
    op.drop_table("verifications")
