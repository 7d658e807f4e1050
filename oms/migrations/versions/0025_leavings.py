"""Leavings: retirement, leaving the service, death; the copies that were given."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

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
    "verification-minutes",
    "attestation",
    "transfer-letter",
    "dossier-register",
    "handover-register",
    "consultation-register",
    "membership-register",
)
_CHECKS = {
    "two_people": "consented_by_id IS NULL OR consented_by_id <> opened_by_id",
    "consented_when": "(consented_by_id IS NULL) = (consented_at IS NULL)",
    "closed_with_its_list": (
        "(closed_by_id IS NULL) = (closed_on IS NULL) AND (closed_on IS NULL) = (sealed_sha256 IS NULL)"
    ),
    "closed_on_a_day": "state NOT IN ('closed', 'reopened') OR closed_on IS NOT NULL",
    "reopened_by_somebody": "(state = 'reopened') = (reopened_by_id IS NOT NULL)",
}
_REFERENCES = (
    ("dossier_id", "dossiers"),
    ("opened_by_id", "accounts"),
    ("consented_by_id", "accounts"),
    ("closed_by_id", "accounts"),
    ("reopened_by_id", "accounts"),
)


def _one_of(*values: str, name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="RESTRICT")


def _allow_papers(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("paper_issues") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_issues_paperkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_paper_issues_paperkind"), f"kind IN ({listed})")


def upgrade() -> None:
    """Add both tables and the paper."""
    states = _one_of("open", "consented", "closed", "cancelled", "reopened", name="leavingstate")
    op.create_table(
        "leavings",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("way", _one_of("retirement", "resignation", "death", name="leavingway"), nullable=False),
        sa.Column("decision_number", sa.String(length=80), nullable=False),
        sa.Column("decision_on", sa.Date(), nullable=False),
        sa.Column("leaves_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("state", states, nullable=False),
        sa.Column("opened_by_id", sa.String(length=16), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("consented_by_id", sa.String(length=16), nullable=True),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.String(length=16), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=True),
        sa.Column("without_copy_because", sa.Text(), nullable=False),
        sa.Column("cancelled_because", sa.Text(), nullable=False),
        sa.Column("reopened_by_id", sa.String(length=16), nullable=True),
        sa.Column("reopened_on", sa.Date(), nullable=True),
        sa.Column("reopening", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_leavings_{name}")) for name, rule in _CHECKS.items()),
        *(_refers("leavings", column, other) for column, other in _REFERENCES),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leavings")),
        sa.UniqueConstraint("number", name=op.f("uq_leavings_number")),
    )
    for column in ("dossier_id", "state"):
        op.create_index(op.f(f"ix_leavings_{column}"), "leavings", [column])
    running = sa.text("state IN ('open', 'consented', 'closed')")
    op.create_index(
        "uq_leavings_one_at_a_time",
        "leavings",
        ["dossier_id"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_table(
        "leaving_copies",
        sa.Column("leaving_id", sa.String(length=16), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("handed_on", sa.Date(), nullable=False),
        sa.Column("handed_by_id", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        _refers("leaving_copies", "leaving_id", "leavings"),
        _refers("leaving_copies", "handed_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leaving_copies")),
    )
    op.create_index(op.f("ix_leaving_copies_leaving_id"), "leaving_copies", ["leaving_id"])
    _allow_papers(*_KINDS, "leaving-minutes")


def downgrade() -> None:
    """Take them away; a dossier that was closed is in use again, for nothing could open it any more."""
    op.execute(
        "UPDATE dossiers SET status = 'open' WHERE id IN (SELECT dossier_id FROM leavings WHERE state = 'closed')"
    )
    op.execute("DELETE FROM paper_issues WHERE kind = 'leaving-minutes'")
    _allow_papers(*_KINDS)
    op.drop_table("leaving_copies")
    op.drop_table("leavings")
