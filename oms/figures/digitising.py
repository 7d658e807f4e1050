"""How far the paper of a scope is digitised: documents, pages read, waiting and checked, month by month.

Counts scans and documents, never what is in them. Sealed inserts count for nothing, as everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from oms.figures.scopes import Scope
from oms.models import Document, Dossier, Page, Scan, ScanState
from oms.organisation import HANOI
from oms.vietnamese.spans import add_months

MONTHS = 12


@dataclass(frozen=True)
class Month:
    """What came in and what was filed in one month."""

    first: date
    pages: int
    documents: int


@dataclass(frozen=True)
class Digitising:
    """Where the pages of a scope are: filed in a document by a person, or still `open`.

    Of the open ones `unread` and `failed` are those of scans that wait for the reading or could not be read.
    """

    dossiers: int
    dossiers_begun: int
    documents: int
    pages: int
    open: int
    unread: int
    failed: int
    months: tuple[Month, ...]

    @property
    def checked(self) -> int:
        """Pages a person looked at and filed in a document."""
        return self.pages - self.open

    @property
    def waiting(self) -> int:
        """Pages that were read and wait for somebody to check and file them."""
        return max(0, self.open - self.unread - self.failed)


def count_work(session: Session, scope: Scope, on: date) -> Digitising:
    """Dossiers, documents and pages of a scope, with the last twelve months; seven queries however many there are."""
    begun = select(Document.dossier_id).where(Document.dossier_id == Dossier.id, ~Document.sealed).exists()
    dossiers, with_documents = session.execute(
        select(func.count(), func.sum(case((begun, 1), else_=0))).select_from(Dossier).where(scope.dossiers)
    ).one()
    documents = session.scalar(_within(scope, select(func.count()), Document)) or 0
    states: dict[ScanState, int] = dict(
        session.execute(_within(scope, select(Scan.state, func.sum(Scan.page_count)), Scan).group_by(Scan.state)).all()
    )
    return Digitising(
        dossiers=dossiers,
        dossiers_begun=int(with_documents or 0),
        documents=documents,
        pages=sum(states.values()),
        unread=states.get(ScanState.RECEIVED, 0) + states.get(ScanState.READING, 0),
        failed=states.get(ScanState.FAILED, 0),
        open=_open(session, scope),
        months=_by_month(session, scope, on),
    )


def _within(scope: Scope, query: Any, model: type[Scan | Document]) -> Any:
    """The rows of a scope; where the scope is everything no dossier needs to be looked up, which is most of the time."""
    query = query.select_from(model).where(~model.sealed)
    if scope.everything:
        return query
    return query.join(Dossier, Dossier.id == model.dossier_id).where(scope.dossiers)


def _open(session: Session, scope: Scope) -> int:
    """Pages that lie in no document yet; what lies in a sealed insert is filed."""
    if scope.everything:
        return session.scalar(select(func.count()).select_from(Page).where(Page.document_id.is_(None))) or 0
    # Counted scan by scan: the way to these pages is by their dossiers, not by the open pages of everybody.
    of_scan = select(func.count()).where(Page.scan_id == Scan.id, Page.document_id.is_(None)).scalar_subquery()
    return int(session.scalar(_within(scope, select(func.sum(of_scan)), Scan)) or 0)


def _by_month(session: Session, scope: Scope, on: date) -> tuple[Month, ...]:
    firsts = [add_months(on.replace(day=1), -back) for back in range(MONTHS - 1, -2, -1)]
    pages = _sums(session, scope, Scan, Scan.received_at, func.sum(Scan.page_count), firsts)
    documents = _sums(session, scope, Document, Document.filed_at, func.count(), firsts)
    return tuple(Month(first, pages[place], documents[place]) for place, first in enumerate(firsts[:-1]))


def moment_of(day: date) -> datetime:
    """The first moment of a day in Vietnam."""
    return datetime(day.year, day.month, day.day, tzinfo=HANOI).astimezone(UTC)


def _sums(
    session: Session,
    scope: Scope,
    model: type[Scan | Document],
    moment: InstrumentedAttribute[datetime],
    what: ColumnElement[int],
    firsts: Sequence[date],
) -> list[int]:
    """A sum for each month between the first days given: of a scope with one pass, of everything by ranges of the index."""
    starts = [moment_of(first) for first in firsts]
    ranges = list(pairwise(starts))
    if scope.everything:
        each = [
            _within(scope, select(what), model).where(moment >= start, moment < end).scalar_subquery()
            for start, end in ranges
        ]
        return [int(value or 0) for value in session.execute(select(*each)).one()]
    # No condition on the moment: the way to these rows is by their dossiers, not by the days of everybody's.
    whens = [(and_(moment >= start, moment < end), literal(place)) for place, (start, end) in enumerate(ranges)]
    query = _within(scope, select(case(*whens).label("month"), what), model).group_by("month")
    sums = {place: int(value or 0) for place, value in session.execute(query)}
    return [sums.get(place, 0) for place in range(len(ranges))]
