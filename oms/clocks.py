"""The clock of the machine: where it was put forward or back, the log says so.

Entries are in order by their number whatever the clock does; between two of them whose times do not fit stands why. A
clock that was wrong before the program began is noticed only when the newest entry lies ahead of it.
"""

import time
from datetime import timedelta

from sqlalchemy import Engine, select

from oms import audit, db
from oms.models import AuditEntry, now

# Seconds: NTP moves a clock by less, a person or a dead battery by more.
NOTICED = 60


class ClockWatch:
    """Holds the clock against the time that really passed since the last look."""

    def __init__(self) -> None:
        self._apart: float | None = None

    def look(self, engine: Engine) -> float:
        """Write down a jump; its seconds (negative: back), 0 when there was none."""
        apart = time.time() - time.monotonic()
        moved = -_newest_ahead(engine) if self._apart is None else apart - self._apart
        if abs(moved) >= NOTICED:
            with db.writing(engine) as session:
                audit.record(session, "system:clock", actor=None, words=f"{moved:+.0f} s", seconds=round(moved))
        self._apart = apart  # what NTP moves little by little adds up to no jump
        return moved if abs(moved) >= NOTICED else 0


def _newest_ahead(engine: Engine) -> float:
    """Seconds by which the newest entry of the log lies ahead of the clock."""
    with db.reading(engine) as session:
        last = session.scalar(select(AuditEntry.at).order_by(AuditEntry.seq.desc()).limit(1))
    return 0 if last is None else max(timedelta(), last - now()).total_seconds()
