"""Reviews of access rights: what the head said of each account, and the minutes in the book of papers."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

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
    "paper-loss-minutes",
    "transfer-letter",
    "dossier-register",
    "handover-register",
    "consultation-register",
    "membership-register",
)
_OPEN = sa.text("signed_at IS NULL")


def _allow_papers(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("paper_issues") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_issues_paperkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_paper_issues_paperkind"), f"kind IN ({listed})")


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    """Add the tables and the minutes."""
    reviews, rows = "access_reviews", "access_review_rows"
    op.create_table(
        reviews,
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("unit_id", sa.String(length=16), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("started_by_id", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by_id", sa.String(length=16), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(signed_by_id IS NULL) = (signed_at IS NULL) AND (signed_at IS NULL) = (sealed_sha256 IS NULL)",
            name=op.f("ck_access_reviews_signed_whole"),
        ),
        _to(reviews, "unit_id", "units"),
        _to(reviews, "started_by_id", "accounts"),
        _to(reviews, "signed_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_reviews")),
        sa.UniqueConstraint("number", name=op.f("uq_access_reviews_number")),
    )
    op.create_index(op.f("ix_access_reviews_unit_id"), reviews, ["unit_id"])
    op.create_index(
        "uq_access_reviews_one_open", reviews, ["unit_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    verdict = sa.Enum(
        "confirmed", "revoked", name="reviewverdict", native_enum=False, create_constraint=True, length=40
    )
    op.create_table(
        rows,
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("review_id", sa.String(length=16), nullable=False),
        sa.Column("account_id", sa.String(length=16), nullable=False),
        sa.Column("verdict", verdict, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rights_sha256", sa.String(length=64), nullable=False),
        sa.Column("told", sa.JSON(), nullable=True),
        _to(rows, "review_id", "access_reviews"),
        _to(rows, "account_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_review_rows")),
        sa.UniqueConstraint("review_id", "account_id", name=op.f("uq_access_review_rows_review_id_account_id")),
    )
    op.create_index(op.f("ix_access_review_rows_review_id"), rows, ["review_id"])
    _allow_papers(*_KINDS, "access-review")


def downgrade() -> None:
    """Take them away, the numbers of their minutes too."""
    op.execute("DELETE FROM paper_issues WHERE kind = 'access-review'")
    _allow_papers(*_KINDS)
    op.drop_table("access_review_rows")
    op.drop_table("access_reviews")
