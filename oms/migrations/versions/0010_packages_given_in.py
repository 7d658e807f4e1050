"""Packages that were given in on a page wait for a job."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_STATES = ("waiting", "proving", "looking", "keeping", "code_needed", "taken_in", "refused")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "package_arrivals",
        sa.Column("package_id", sa.String(length=32), nullable=False),
        sa.Column("transfer_number", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("given_by_id", sa.String(length=16), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*_STATES, name="arrivalstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("pages_done", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("taken_id", sa.String(length=16), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('taken_in', 'refused'))",
            name=op.f("ck_package_arrivals_ended_at_its_end"),
        ),
        sa.CheckConstraint(
            "(taken_id IS NOT NULL) = (state = 'taken_in')", name=op.f("ck_package_arrivals_taken_with_package")
        ),
        sa.ForeignKeyConstraint(
            ["given_by_id"], ["accounts.id"], ondelete="RESTRICT", name=op.f("fk_package_arrivals_given_by_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["taken_id"], ["packages.id"], ondelete="RESTRICT", name=op.f("fk_package_arrivals_taken_id_packages")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], ondelete="RESTRICT", name=op.f("fk_package_arrivals_unit_id_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_arrivals")),
    )
    op.create_index(op.f("ix_package_arrivals_unit_id"), "package_arrivals", ["unit_id"])


def downgrade() -> None:
    """What waits is given in again."""
    op.drop_table("package_arrivals")
