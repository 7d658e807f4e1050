"""Members ask to move from their own account."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_KINDS = ("official", "temporary", "internal")
_STATES = ("asked", "prepared", "refused", "withdrawn")


def _enum(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def _references(*columns: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [column], [f"{table}.id"], name=op.f(f"fk_membership_askings_{column}_{table}"), ondelete="RESTRICT"
        )
        for column, table in columns
    ]


def upgrade() -> None:
    """Add the wishes of members."""
    op.create_table(
        "membership_askings",
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("asked_by_id", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", _enum(_KINDS, "membershipkind"), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", _enum(_STATES, "askingstate"), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by_id", sa.String(length=16), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("move_id", sa.String(length=16), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(state = 'prepared') = (move_id IS NOT NULL)", name=op.f("ck_membership_askings_prepared_by_move")
        ),
        sa.CheckConstraint(
            "answered_by_id IS NULL OR answered_by_id <> asked_by_id", name=op.f("ck_membership_askings_two_people")
        ),
        *_references(
            ("dossier_id", "dossiers"),
            ("asked_by_id", "accounts"),
            ("answered_by_id", "accounts"),
            ("move_id", "membership_transfers"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_askings")),
    )
    for column in ("asked_by_id", "move_id", "state"):
        op.create_index(op.f(f"ix_membership_askings_{column}"), "membership_askings", [column])
    waits = sa.text("state = 'asked'")
    op.create_index(
        "uq_membership_askings_one_waits_per_dossier",
        "membership_askings",
        ["dossier_id"],
        unique=True,
        sqlite_where=waits,
        postgresql_where=waits,
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("membership_askings")
