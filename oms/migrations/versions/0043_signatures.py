"""Verdicts on digital signatures: each look at a scan, and each signature as it was judged in it."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"

VERDICTS = ("valid", "altered", "changed", "revoked", "expired", "unknown", "unjudged")
MOMENTS = ("valid_from", "valid_until", "revoked_at", "signed_at", "stamped_at", "judged_for")


def upgrade() -> None:
    """Room for both; scans that are here already are judged when somebody asks."""
    op.create_table(
        "signature_checks",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("scan_id", sa.String(16), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_by_id", sa.String(16), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("authorities", sa.Integer(), nullable=False),
        sa.Column("lists", sa.Integer(), nullable=False),
        sa.Column("authorities_sha256", sa.String(64), nullable=False),
        sa.CheckConstraint("total IS NULL OR total >= 0", name=op.f("ck_signature_checks_counted")),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["scans.id"], name=op.f("fk_signature_checks_scan_id_scans"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["checked_by_id"],
            ["accounts.id"],
            name=op.f("fk_signature_checks_checked_by_id_accounts"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature_checks")),
    )
    for name in ("scan_id", "checked_by_id"):
        op.create_index(op.f(f"ix_signature_checks_{name}"), "signature_checks", [name])
    op.create_table(
        "file_signatures",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("check_id", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum(*VERDICTS, name="signatureverdict", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("signer", "organisation", "issuer")),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in MOMENTS),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_file_signatures_counted_from_one")),
        sa.ForeignKeyConstraint(
            ["check_id"],
            ["signature_checks.id"],
            name=op.f("fk_file_signatures_check_id_signature_checks"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_signatures")),
        sa.UniqueConstraint("check_id", "number", name=op.f("uq_file_signatures_check_id_number")),
    )


def downgrade() -> None:
    """What was found out about signatures is no longer kept; the files and their signatures are."""
    op.drop_table("file_signatures")
    op.drop_table("signature_checks")
