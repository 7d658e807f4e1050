"""Corrections by decision."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_REFERENCES = (("dossier_id", "dossiers"), ("proposed_by_id", "accounts"), ("decided_by_id", "accounts"))


def _one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Add their table."""
    op.create_table(
        "corrections",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("old_value", sa.Text(), nullable=False),
        sa.Column("new_value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_id", sa.String(length=16), nullable=False),
        sa.Column("decider", _one_of(("managing_body", "custodian"), "decidedby"), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("state", _one_of(("proposed", "decided", "refused", "withdrawn"), "correctionstate"), nullable=False),
        sa.Column("proposed_by_id", sa.String(length=16), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision_number", sa.String(length=80), nullable=True),
        sa.Column("decision_on", sa.Date(), nullable=True),
        sa.Column("decided_by_id", sa.String(length=16), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> proposed_by_id", name=op.f("ck_corrections_two_people")
        ),
        sa.CheckConstraint(
            "(state = 'decided') = (decision_number IS NOT NULL) AND (decision_number IS NULL) = (decision_on IS NULL)",
            name=op.f("ck_corrections_by_decision"),
        ),
        sa.CheckConstraint("old_value <> new_value", name=op.f("ck_corrections_changes")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_corrections_{column}_{table}"), ondelete="RESTRICT"
            )
            for column, table in _REFERENCES
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("number", name=op.f("uq_corrections_number")),
    )
    for column in ("dossier_id", "state"):
        op.create_index(op.f(f"ix_corrections_{column}"), "corrections", [column])
    waits = sa.text("state = 'proposed'")
    op.create_index(
        "uq_corrections_one_waits_per_value",
        "corrections",
        ["dossier_id", "field"],
        unique=True,
        sqlite_where=waits,
        postgresql_where=waits,
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("corrections")
