"""How many pages one filed at the desk and in what time: for the own eyes only.

No function here takes another person's account, nothing of it is in the log, in a list or in a file, and after a week
it is gone. Time counts while somebody works: between two signs of life at most `GAP` apart.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from oms import db
from oms.models import DeskDay, now
from oms.organisation import today
from oms.permissions import Actor

GAP = timedelta(minutes=3)
"""Pages that are open and used say so every minute; three without a word are a break."""
ENOUGH = timedelta(minutes=10)
"""Less time says nothing about pages an hour."""
DAYS = 7


@dataclass(frozen=True)
class Pace:
    """Pages filed in a span of days and how many that makes an hour; None when the time was too short to tell."""

    pages: int
    an_hour: int | None


def note(session: Session, *, actor: Actor, pages: int = 0) -> None:
    """Count a sign of life of the actor at the desk, and the pages just filed."""
    moment, day = now(), today()
    dialect = sqlite if db.is_sqlite(session) else postgresql
    new = dialect.insert(DeskDay).values(account_id=actor.account_id, day=day, pages=0, seconds=0, seen_at=moment)
    session.execute(new.on_conflict_do_nothing())
    row = session.get_one(DeskDay, (actor.account_id, day), with_for_update=True, populate_existing=True)
    gap = moment - row.seen_at
    row.seconds += round(gap.total_seconds()) if timedelta() < gap <= GAP else 0
    row.pages += pages
    row.seen_at = moment
    session.execute(
        delete(DeskDay).where(DeskDay.account_id == actor.account_id, DeskDay.day <= day - timedelta(days=DAYS))
    )
    session.flush()


def own_pace(session: Session, *, actor: Actor) -> tuple[Pace, Pace]:
    """The actor's own pace today and in the last seven days."""
    day = today()
    rows = session.execute(
        select(DeskDay.day, DeskDay.pages, DeskDay.seconds).where(
            DeskDay.account_id == actor.account_id, DeskDay.day > day - timedelta(days=DAYS)
        )
    ).all()
    return _pace([(row.day, row.pages, row.seconds) for row in rows if row.day == day]), _pace(
        [(row.day, row.pages, row.seconds) for row in rows]
    )


def _pace(rows: list[tuple[date, int, int]]) -> Pace:
    pages = sum(row[1] for row in rows)
    seconds = sum(row[2] for row in rows)
    return Pace(pages, round(3600 * pages / seconds) if seconds >= ENOUGH.total_seconds() else None)
