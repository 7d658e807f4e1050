"""What does not fit together in a dossier."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_KINDS = (
    "stranger",
    "name",
    "birth",
    "value",
    "order",
    "age",
    "probation",
    "career_gap",
    "career_overlap",
    "pay_step",
    "pay_backwards",
    "document_date",
    "double",
)
_STATES = ("open", "accepted", "explained", "sent", "gone")


def _one_of(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    """Add findings and the places they are seen at."""
    op.create_table(
        "findings",
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("other_id", sa.String(length=16), nullable=True),
        sa.Column("kind", _one_of(_KINDS, "findingkind"), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("state", _one_of(_STATES, "findingstate"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by_id", sa.String(length=16), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(state = 'sent') = (due_on IS NOT NULL)", name=op.f("ck_findings_sent_with_its_limit")),
        sa.CheckConstraint(
            "(settled_by_id IS NULL) = (settled_at IS NULL)", name=op.f("ck_findings_settled_by_somebody")
        ),
        sa.CheckConstraint(
            "state NOT IN ('accepted', 'explained', 'sent') OR length(reason) > 0", name=op.f("ck_findings_reasoned")
        ),
        _refers("findings", "dossier_id", "dossiers"),
        _refers("findings", "other_id", "dossiers"),
        _refers("findings", "settled_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("dossier_id", "fingerprint", name=op.f("uq_findings_dossier_id_fingerprint")),
    )
    op.create_index(op.f("ix_findings_other_id"), "findings", ["other_id"])
    op.create_index("ix_findings_state_kind", "findings", ["state", "kind"])
    op.create_table(
        "finding_places",
        sa.Column("finding_id", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.String(length=16), nullable=True),
        sa.Column("box", sa.JSON(), nullable=True),
        sa.Column("key", sa.String(length=60), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        _refers("finding_places", "finding_id", "findings"),
        _refers("finding_places", "page_id", "pages"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_places")),
        sa.UniqueConstraint("finding_id", "place", name=op.f("uq_finding_places_finding_id_place")),
    )
    op.create_index(op.f("ix_finding_places_page_id"), "finding_places", ["page_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("finding_places")
    op.drop_table("findings")
