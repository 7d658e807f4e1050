"""An alarm may be about stored files nobody looked at for too long."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

_KINDS = (
    "bulk_reading",
    "unusual_reading",
    "night_reading",
    "many_exports",
    "wrong_sign_ins",
    "wrong_sign_ins_everywhere",
    "log_broken",
    "files_damaged",
    "disk_full",
    "certificate_ends",
)
_NEW = "look_overdue"


def _allow(*kinds: str) -> None:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("alarms") as batch_op:
        batch_op.drop_constraint(op.f("ck_alarms_alarmkind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_alarms_alarmkind"), f"kind IN ({listed})")


def upgrade() -> None:
    """One kind more."""
    _allow(*_KINDS, _NEW)


def downgrade() -> None:
    """Without it; alarms of that kind go."""
    alarms = sa.table("alarms", sa.column("kind", sa.String))
    op.execute(alarms.delete().where(alarms.c.kind == _NEW))
    _allow(*_KINDS)
