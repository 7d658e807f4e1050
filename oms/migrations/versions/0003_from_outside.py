"""What comes from outside waits for a second person."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_OPEN = ("draft", "submitted", "approved", "in_transit")
_STATES = (*_OPEN, "accepted", "accepted_with_reservations", "rejected", "cancelled", "lost")
_COLUMNS = (
    ("transfers", "state", "transferstate"),
    ("transfer_events", '"end"', "transferstate"),
    ("transfer_events", "start", "start"),
)


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _allow(states: tuple[str, ...], open_ones: tuple[str, ...]) -> None:
    """Say anew in which states a transfer can be, and in which of them it is open."""
    op.drop_index("uq_transfers_one_open_per_dossier", "transfers")
    for table, column, name in _COLUMNS:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), f"{column} IN ({_listed(states)})")
    condition = sa.text(f"state IN ({_listed(open_ones)})")
    op.create_index(
        "uq_transfers_one_open_per_dossier",
        "transfers",
        ["dossier_id"],
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def upgrade() -> None:
    """Allow the state."""
    _allow((*_STATES, "arrived"), (*_OPEN, "arrived"))


def downgrade() -> None:
    """What waited is told as received: the dossier is here."""
    op.execute("UPDATE transfers SET state = 'accepted', closed_at = dispatched_at WHERE state = 'arrived'")
    op.execute("UPDATE transfer_events SET \"end\" = 'accepted' WHERE \"end\" = 'arrived'")
    op.execute("UPDATE transfer_events SET start = NULL WHERE start = 'arrived'")
    _allow(_STATES, _OPEN)
