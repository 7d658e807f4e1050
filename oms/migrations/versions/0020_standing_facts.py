"""What dossiers say of days to come, gathered by the job that looks them through."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the table; it fills when the dossiers are looked through (`oms check-truth`)."""
    kinds = sa.Enum(
        "pay",
        "post",
        "contract",
        "discipline",
        name="standingkind",
        native_enum=False,
        create_constraint=True,
        length=40,
    )
    precisions = sa.Enum("day", "month", "year", name="precision", native_enum=False, create_constraint=True, length=40)
    op.create_table(
        "standing_facts",
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("kind", kinds, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("precision", precisions, nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint("(day IS NULL) = (precision IS NULL)", name=op.f("ck_standing_facts_day_with_precision")),
        sa.ForeignKeyConstraint(
            ["dossier_id"],
            ["dossiers.id"],
            name=op.f("fk_standing_facts_dossier_id_dossiers"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standing_facts")),
        sa.UniqueConstraint("dossier_id", "kind", "place", name=op.f("uq_standing_facts_dossier_id_kind_place")),
    )
    op.create_index("ix_standing_facts_kind_day", "standing_facts", ["kind", "day"])


def downgrade() -> None:
    """Take it away."""
    op.drop_table("standing_facts")
