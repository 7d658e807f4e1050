"""Attestations of short CVs and dossiers."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

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
    "transfer-letter",
    "dossier-register",
    "handover-register",
    "consultation-register",
    "membership-register",
)


def _one_of(*values: str, name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _allow_papers(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("paper_issues") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_issues_paperkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_paper_issues_paperkind"), f"kind IN ({listed})")


def upgrade() -> None:
    """Add the table and the paper."""
    references = (("dossier_id", "dossiers"), ("asked_by_id", "accounts"), ("decided_by_id", "accounts"))
    op.create_table(
        "attestations",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("kind", _one_of("short_cv", "dossier", name="attestationkind"), nullable=False),
        sa.Column("form_id", sa.String(length=60), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("decider", _one_of("managing_body", "custodian", name="decidedby"), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column(
            "state",
            _one_of("asked", "attested", "refused", "withdrawn", name="attestationstate"),
            nullable=False,
        ),
        sa.Column("asked_by_id", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.String(length=16), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attested_on", sa.Date(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> asked_by_id", name=op.f("ck_attestations_two_people")
        ),
        sa.CheckConstraint(
            "(state = 'attested') = (attested_on IS NOT NULL) AND (attested_on IS NULL) = (content IS NULL)",
            name=op.f("ck_attestations_attested_on_a_day"),
        ),
        sa.CheckConstraint("(kind = 'short_cv') = (form_id IS NOT NULL)", name=op.f("ck_attestations_a_cv_has_a_form")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_attestations_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in references
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attestations")),
        sa.UniqueConstraint("number", name=op.f("uq_attestations_number")),
    )
    for column in ("dossier_id", "state"):
        op.create_index(op.f(f"ix_attestations_{column}"), "attestations", [column])
    waits = sa.text("state = 'asked'")
    op.create_index(
        "uq_attestations_one_waits_per_kind",
        "attestations",
        ["dossier_id", "kind"],
        unique=True,
        sqlite_where=waits,
        postgresql_where=waits,
    )
    _allow_papers(*_KINDS, "attestation")


def downgrade() -> None:
    """Take both away."""
    op.execute("DELETE FROM paper_issues WHERE kind = 'attestation'")
    _allow_papers(*_KINDS)
    op.drop_table("attestations")
