"""Papers of a dossier that are missing, damaged or lost, and what was made anew."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

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
    "leaving-minutes",
    "transfer-letter",
    "dossier-register",
    "handover-register",
    "consultation-register",
    "membership-register",
)
_REFERENCES = (
    ("dossier_id", "dossiers"),
    ("declared_by_id", "accounts"),
    ("second_id", "accounts"),
    ("settled_by_id", "accounts"),
)
_CHECKS = {
    "two_people": "declared_by_id <> second_id",
    "remade_from": "state <> 'remade' OR (remade_on IS NOT NULL AND length(remade_from) > 0)",
    "settled_by_somebody": "(state = 'open') = (settled_by_id IS NULL)",
    "settled_on_a_day": "(settled_by_id IS NULL) = (settled_on IS NULL)",
}


def _one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _allow_papers(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("paper_issues") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_issues_paperkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_paper_issues_paperkind"), f"kind IN ({listed})")


def upgrade() -> None:
    """Add the table and the minutes."""
    op.create_table(
        "paper_losses",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("document_id", sa.String(length=16), nullable=True),
        sa.Column("component_id", sa.String(length=60), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", _one_of(("missing", "damaged", "lost"), "paperlosskind"), nullable=False),
        sa.Column("state", _one_of(("open", "remade", "found", "given_up"), "paperlossstate"), nullable=False),
        sa.Column("noticed_on", sa.Date(), nullable=False),
        sa.Column("circumstances", sa.Text(), nullable=False),
        sa.Column("declared_by_id", sa.String(length=16), nullable=False),
        sa.Column("second_id", sa.String(length=16), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("remade_document_id", sa.String(length=16), nullable=True),
        sa.Column("remade_from", sa.Text(), nullable=False),
        sa.Column("remade_on", sa.Date(), nullable=True),
        sa.Column("settled_by_id", sa.String(length=16), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_paper_losses_{name}")) for name, rule in _CHECKS.items()),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_paper_losses_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in _REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_losses")),
        sa.UniqueConstraint("number", name=op.f("uq_paper_losses_number")),
    )
    for column in ("dossier_id", "document_id", "state", "remade_document_id"):
        op.create_index(op.f(f"ix_paper_losses_{column}"), "paper_losses", [column])
    still_open = sa.text("state = 'open' AND document_id IS NOT NULL")
    op.create_index(
        "uq_paper_losses_one_open_per_document",
        "paper_losses",
        ["document_id"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    _allow_papers(*_KINDS, "paper-loss-minutes")


def downgrade() -> None:
    """Take both away."""
    op.execute("DELETE FROM paper_issues WHERE kind = 'paper-loss-minutes'")
    _allow_papers(*_KINDS)
    op.drop_table("paper_losses")
