"""Mass transfers: batches that group transfers, their members and the steps taken for all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_KINDS = (
    "transfer-slip",
    "handover-slip",
    "handover-minutes",
    "contents-list",
    "control-sheet",
    "consultation-slip",
    "consultation-log",
    "envelope",
    "dossier-label",
    "disposal-minutes",
    "dossier-register",
    "handover-register",
    "consultation-register",
    "transfer-letter",
    "membership-register",
    "supplement-request",
    "loss-minutes",
)


def _allow(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("paper_issues") as batch_op:
        batch_op.drop_constraint(op.f("ck_paper_issues_paperkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_paper_issues_paperkind"), f"kind IN ({listed})")


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="RESTRICT")


def _index(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def upgrade() -> None:
    """Add the tables, and the hand-over list among the papers."""
    op.create_table(
        "mass_transfers",
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("from_unit_id", sa.String(length=16), nullable=False),
        sa.Column("to_unit_id", sa.String(length=16), nullable=False),
        sa.Column("approving_unit_id", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis_number", sa.String(length=80), nullable=False),
        sa.Column("basis_on", sa.Date(), nullable=False),
        sa.Column("prepared_by_id", sa.String(length=16), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        _reference("mass_transfers", "from_unit_id", "units"),
        _reference("mass_transfers", "to_unit_id", "units"),
        _reference("mass_transfers", "approving_unit_id", "units"),
        _reference("mass_transfers", "prepared_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_transfers")),
        sa.UniqueConstraint("number", name=op.f("uq_mass_transfers_number")),
    )
    _index("mass_transfers", "from_unit_id", "to_unit_id", "approving_unit_id", "prepared_by_id", "prepared_at")
    op.create_table(
        "mass_transfer_runs",
        sa.Column("mass_id", sa.String(length=16), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paper_came", sa.Boolean(), nullable=False),
        sa.Column("ordered_by_id", sa.String(length=16), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("stayed", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        _reference("mass_transfer_runs", "mass_id", "mass_transfers"),
        _reference("mass_transfer_runs", "ordered_by_id", "accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_transfer_runs")),
    )
    _index("mass_transfer_runs", "mass_id")
    op.create_index(
        "uq_mass_transfer_runs_one_under_way",
        "mass_transfer_runs",
        ["mass_id"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "mass_transfer_members",
        sa.Column("mass_id", sa.String(length=16), nullable=False),
        sa.Column("dossier_id", sa.String(length=16), nullable=False),
        sa.Column("transfer_id", sa.String(length=16), nullable=True),
        sa.Column("run_id", sa.String(length=16), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("refusal_values", sa.JSON(), nullable=True),
        sa.Column("id", sa.String(length=16), nullable=False),
        _reference("mass_transfer_members", "mass_id", "mass_transfers"),
        _reference("mass_transfer_members", "dossier_id", "dossiers"),
        _reference("mass_transfer_members", "transfer_id", "transfers"),
        _reference("mass_transfer_members", "run_id", "mass_transfer_runs"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_transfer_members")),
        sa.UniqueConstraint("mass_id", "dossier_id", name=op.f("uq_mass_transfer_members_mass_id_dossier_id")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_mass_transfer_members_transfer_id")),
    )
    _index("mass_transfer_members", "dossier_id", "run_id")
    _allow(*_KINDS, "handover-list")


def downgrade() -> None:
    """Take the tables away; the transfers of the batches stay as they are."""
    op.execute("DELETE FROM paper_issues WHERE kind = 'handover-list'")
    _allow(*_KINDS)
    op.drop_table("mass_transfer_members")
    op.drop_table("mass_transfer_runs")
    op.drop_table("mass_transfers")
