"""Which scan comes next at the desk: the rule of the order, its filters, and the next one that nobody has.

The order is one list of reasons, the strongest first (`REASONS`); within a reason the scan with the worst page comes
first, in steps of `STEP`, and of those alike the one that waits longest.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, exists, false, func, or_, select
from sqlalchemy.orm import Session, joinedload

from oms import completeness
from oms.desk.leases import Seat, take
from oms.errors import N_
from oms.models import (
    Account,
    Category,
    Consultation,
    ConsultationState,
    DeskLease,
    Dossier,
    Page,
    Quality,
    RequestState,
    Scan,
    ScanState,
    SecrecyClearance,
    Transfer,
    TransferRequest,
    TransferState,
    Unit,
    now,
)
from oms.permissions import Action, Actor, allowed, kept

STEP = 0.05
"""Share of wrong characters that makes one scan worse than another: less is a matter of chance, not of reading."""


class Reading(StrEnum):
    """How well the pages that wait in a scan were read, for whoever wants to see one sort of them."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    HANDWRITING = "handwriting"

    @property
    def label(self) -> str:
        """The sort in words."""
        return _READINGS[self]


_READINGS = {
    Reading.GOOD: N_("Read well"),
    Reading.DOUBTFUL: N_("Read with doubts"),
    Reading.HANDWRITING: N_("Handwriting"),
}


@dataclass(frozen=True)
class Filters:
    """What of the queue somebody wants to work on; empty means everything."""

    unit_id: str = ""
    kind: str = ""
    reading: str = ""


@dataclass(frozen=True)
class Reason:
    """Why a scan comes before others, in words, and as a condition on it."""

    label: str
    rows: Callable[[], ColumnElement[bool]]


def _waited_for() -> ColumnElement[bool]:
    """Another body asked for the dossier, to have it or to read it, or a transfer of it is being prepared."""
    asked = select(TransferRequest.dossier_id).where(TransferRequest.state == RequestState.ASKED)
    read = select(Consultation.dossier_id).where(Consultation.state == ConsultationState.REQUESTED)
    going = select(Transfer.dossier_id).where(Transfer.state.in_((TransferState.DRAFT, TransferState.SUBMITTED)))
    return or_(*(Scan.dossier_id.in_(ids.where(ids.selected_columns[0].is_not(None))) for ids in (asked, read, going)))


def _lacking() -> ColumnElement[bool]:
    """The dossier lacks a paper it must hold; of members' papers those of the first priority count."""
    return or_(false(), *(completeness.lacks(category, urgently=True) for category in Category))


REASONS: tuple[Reason, ...] = (
    Reason(N_("Somebody waits for this dossier"), _waited_for),
    Reason(N_("The dossier lacks papers it must hold"), _lacking),
)


def _rank() -> ColumnElement[int]:
    """The place of the first reason that holds; the number of reasons when none does."""
    return case(*((reason.rows(), place) for place, reason in enumerate(REASONS)), else_=len(REASONS))


def _worst() -> ColumnElement[float]:
    """The share of wrong characters to expect on the worst page that waits and that nobody corrected, in steps."""
    worst = (
        select(func.max(Page.expected_error))
        .where(Page.scan_id == Scan.id, Page.document_id.is_(None), Page.corrected.is_(False))
        .correlate(Scan)
        .scalar_subquery()
    )
    return func.round(func.coalesce(worst, 0) / STEP)


def _waiting(actor: Actor, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [allowed(actor, Action.SCAN_READ), Scan.state == ScanState.READ]
    if filters.unit_id:
        conditions.append(Scan.dossier_id.in_(select(Dossier.id).where(Dossier.custodian_id == filters.unit_id)))
    if filters.kind:
        conditions.append(_has_page(Page.kind == filters.kind))
    if filters.reading == Reading.HANDWRITING:
        conditions.append(_has_page(Page.quality == Quality.HANDWRITING))
    elif filters.reading:
        doubtful = _has_page(Page.quality.in_((Quality.CHECK, Quality.POOR)))
        conditions.append(doubtful if filters.reading == Reading.DOUBTFUL else ~doubtful)
    return conditions


def _has_page(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Page.scan_id == Scan.id, Page.document_id.is_(None), condition)


def _order() -> tuple[ColumnElement[Any], ...]:
    """The rule of the desk as columns to sort by; the query joins the dossier."""
    return _rank().label("rank"), _worst().desc(), Scan.received_at.asc(), Scan.id.asc()


@dataclass(frozen=True)
class Queued:
    """A scan of the queue, why it stands there (empty: it waits like others) and who has it (empty: nobody)."""

    scan: Scan
    reason: str
    holder: str


def waiting_scans(
    session: Session, *, actor: Actor, filters: Filters | None = None, limit: int = 200, skip: int = 0
) -> list[Queued]:
    """Scans that are read and have pages to file, in the order of the desk; `skip` leaves out the first ones."""
    rank, *others = _order()
    rows = session.execute(
        select(Scan, rank, Account.full_name)
        .join(Dossier, Dossier.id == Scan.dossier_id)
        .outerjoin(DeskLease, and_(DeskLease.scan_id == Scan.id, DeskLease.until > now()))
        .outerjoin(Account, Account.id == DeskLease.account_id)
        .where(*_waiting(actor, filters or Filters()))
        .options(joinedload(Scan.dossier).joinedload(Dossier.person))
        .order_by(rank, *others)
        .limit(limit)
        .offset(skip)
    )
    reasons = [*(reason.label for reason in REASONS), ""]
    return [Queued(scan, reasons[rank], holder or "") for scan, rank, holder in rows]


def count_waiting(session: Session, *, actor: Actor, filters: Filters | None = None) -> int:
    """How many scans wait for a check by the actor."""
    return session.scalar(_number(actor, filters or Filters())) or 0


@kept(Action.SCAN_READ)
def _number(actor: Actor, filters: Filters) -> Select[int]:
    return select(func.count()).select_from(Scan).where(*_waiting(actor, filters))


def take_next(
    session: Session,
    *,
    actor: Actor,
    filters: Filters | None = None,
    beside: str = "",
    backwards: bool = False,
) -> tuple[Scan, Seat] | None:
    """Take the next scan nobody else has and where something can be filed; None when there is none.

    `beside` is the scan the actor comes from: the one after it in the order, or before it when going backwards.
    """
    lease = exists().where(
        DeskLease.scan_id == Scan.id, DeskLease.until > now(), DeskLease.account_id != actor.account_id
    )
    free = (allowed(actor, Action.DOCUMENT_FILE), ~_stopped(), or_(~lease, Scan.id == beside))
    query = select(Scan.id).join(Dossier, Dossier.id == Scan.dossier_id)
    ids = list(session.scalars(query.where(*_waiting(actor, filters or Filters()), *free).order_by(*_order())))
    at = ids.index(beside) if beside in ids else -1
    for scan_id in reversed(ids[: max(at, 0)]) if backwards else ids[at + 1 :]:
        scan = session.get_one(Scan, scan_id)
        seat = take(session, scan, actor=actor, opening=True)
        if seat.mine:
            return scan, seat
    return None


def _stopped() -> ColumnElement[bool]:
    """A page that waits may be secret and two people have not decided yet: at the desk nothing can be done about it."""
    marked = cast(Page.secrecy, String).not_in(("null", "[]"))
    cleared = exists().where(SecrecyClearance.scan_id == Scan.id)
    return and_(_has_page(and_(Page.secrecy.is_not(None), marked)), ~cleared)


def list_units(session: Session, *, actor: Actor) -> Sequence[tuple[str, str]]:
    """Units whose scans the actor checks, by name: id and name."""
    units = actor.units.get(Action.SCAN_READ, frozenset())
    rows = session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(units)).order_by(Unit.name))
    return [(row.id, row.name) for row in rows]


@dataclass(frozen=True)
class Waiting:
    """What of a scan waits for a check: pages not filed, how many of them need a look, suspected secrecy, and the
    share of characters (0 to 1) that are probably wrong on the worst of them that nobody corrected."""

    pages: int = 0
    doubtful: int = 0
    secret: bool = False
    worst: float = 0.0


def waiting_pages(session: Session, scan_ids: Sequence[str]) -> dict[str, Waiting]:
    """What waits in several scans, with one query."""
    found = dict.fromkeys(scan_ids, Waiting())
    columns = (Page.scan_id, Page.quality, Page.secrecy, Page.expected_error, Page.corrected)
    for scan_id, quality, secrecy, error, corrected in session.execute(
        select(*columns).where(Page.scan_id.in_(scan_ids), Page.document_id.is_(None))
    ):
        before = found[scan_id]
        doubtful = quality not in (Quality.GOOD, Quality.BLANK)
        found[scan_id] = Waiting(
            before.pages + 1,
            before.doubtful + doubtful,
            before.secret or bool(secrecy),
            max(before.worst, 0.0 if corrected else error or 0.0),
        )
    return found
