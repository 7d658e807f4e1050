"""Dossiers that were closed by mistake: who said so and why, and what the head decided."""

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0029"
down_revision = "0028"

_STATES = ("open", "consented", "closed", "cancelled", "reopened")
_CHECKS = {
    "mistake_of_a_closing": "mistake_by_id IS NULL OR state IN ('closed', 'annulled')",
    "mistake_reported_when": "(mistake_by_id IS NULL) = (mistake_at IS NULL)",
    "annulled_by_somebody": (
        "(state = 'annulled') = (annulled_by_id IS NOT NULL) AND (annulled_by_id IS NULL) = (annulled_on IS NULL)"
    ),
    "annulled_by_two_people": ("annulled_by_id IS NULL OR (closed_on IS NOT NULL AND mistake_by_id <> annulled_by_id)"),
}
_PEOPLE = ("mistake_by_id", "annulled_by_id")


def _key(column: str) -> str:
    return op.f(f"fk_leavings_{column}_accounts")


def _allow_states(batch_op: BatchOperations, *states: str) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    batch_op.drop_constraint(op.f("ck_leavings_leavingstate"), type_="check")
    batch_op.create_check_constraint(op.f("ck_leavings_leavingstate"), f"state IN ({listed})")


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("leavings") as batch_op:
        for text in ("mistake", "kept_because"):
            batch_op.add_column(sa.Column(text, sa.Text(), nullable=False, server_default=""))
        for person in _PEOPLE:
            batch_op.add_column(sa.Column(person, sa.String(length=16), nullable=True))
            batch_op.create_foreign_key(_key(person), "accounts", [person], ["id"], ondelete="RESTRICT")
        batch_op.add_column(sa.Column("mistake_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("annulled_on", sa.Date(), nullable=True))
        _allow_states(batch_op, *_STATES, "annulled")
        for name, rule in _CHECKS.items():
            batch_op.create_check_constraint(op.f(f"ck_leavings_{name}"), rule)
    with op.batch_alter_table("leavings") as batch_op:
        for text in ("mistake", "kept_because"):
            batch_op.alter_column(text, server_default=None)


def downgrade() -> None:
    """Take them away; a leaving that was annulled reads as cancelled, with the reason."""
    op.execute("UPDATE leavings SET mistake_by_id = NULL, mistake_at = NULL WHERE state <> 'annulled'")
    with op.batch_alter_table("leavings") as batch_op:
        for name in _CHECKS:
            batch_op.drop_constraint(op.f(f"ck_leavings_{name}"), type_="check")
    op.execute("UPDATE leavings SET state = 'cancelled', cancelled_because = mistake WHERE state = 'annulled'")
    with op.batch_alter_table("leavings") as batch_op:
        _allow_states(batch_op, *_STATES)
        for person in _PEOPLE:
            batch_op.drop_constraint(_key(person), type_="foreignkey")
        for column in (*_PEOPLE, "mistake", "kept_because", "mistake_at", "annulled_on"):
            batch_op.drop_column(column)
