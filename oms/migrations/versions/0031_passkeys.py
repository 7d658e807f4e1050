"""Passkeys of accounts, and the challenges they are asked to sign."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def _account(table: str, column: str, *, required: bool) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_{column}_accounts")
    return (
        sa.Column(column, sa.String(length=16), nullable=not required),
        sa.ForeignKeyConstraint([column], ["accounts.id"], name=name, ondelete="RESTRICT"),
    )


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("synced", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *_account("passkeys", "account_id", required=True),
        *_account("passkeys", "removal_asked_by_id", required=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_account_id"), "passkeys", ["account_id"])
    op.create_table(
        "passkey_challenges",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=10), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        *_account("passkey_challenges", "account_id", required=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_challenges")),
    )
    op.create_index(op.f("ix_passkey_challenges_made_at"), "passkey_challenges", ["made_at"])


def downgrade() -> None:
    """Take them away: people sign in with password and app again."""
    op.drop_table("passkey_challenges")
    op.drop_table("passkeys")
