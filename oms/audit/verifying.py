"""Whether the log in the database is what was written, entry by entry and against checkpoints."""

from collections.abc import Iterable, Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from oms.audit.proof import COLUMNS, GENESIS, Break, Checkpoint, Row, Verdict
from oms.audit.proof import verify as prove
from oms.models import AuditEntry, AuditWords


def verify(session: Session, signed: Iterable[Checkpoint | Break] = ()) -> Verdict:
    """Check the whole log; its finding is empty when every entry is as it was written."""
    return prove(rows(session), signed)


def verify_newest(session: Session, count: int, since: int = 1) -> Verdict:
    """Check the newest `count` entries only, none before `since`, in constant time: quick news, no proof of the rest."""
    last = session.scalar(select(func.max(AuditEntry.seq))) or 0
    if last < since > 1:
        return Verdict("truncated", since, last, GENESIS)
    first = max(last - count + 1, since)
    return prove(rows(session, first), first=first)


def rows(session: Session, first: int = 1) -> Iterator[Row]:
    """The entries from `first` on, a thousand at a time."""
    found = session.execute(
        select(AuditEntry, AuditWords.words)
        .outerjoin(AuditWords, AuditWords.seq == AuditEntry.seq)
        .where(AuditEntry.seq >= first)
        .order_by(AuditEntry.seq)
        .execution_options(yield_per=1000)
    )
    for entry, words in found:
        columns = {name: getattr(entry, column) for column, name in COLUMNS.items()}
        columns["at"] = entry.at.isoformat(timespec="microseconds")
        yield Row(entry.seq, entry.previous, entry.hash, entry.body, columns, words)
