"""The report of a year on the work on dossiers (TT 11/2012/TT-BNV Đ15, TT 07/2019/TT-BNV Đ16): what came, went, was put
right or lost, counted from transfers, leavings, losses, corrections and verifications.

Counts dossiers, names nobody. What the house does not record is a line to be written by hand, never a nought.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from oms import audit, completeness
from oms.errors import N_, BadInput
from oms.exporting import Translate, require_purpose, who_took_it
from oms.figures.scopes import get_scope
from oms.models import (
    CheckOutcome,
    Correction,
    CorrectionState,
    DifferenceKind,
    Dossier,
    Leaving,
    LeavingState,
    LeavingWay,
    PaperLoss,
    PaperLossKind,
    PaperLossState,
    PaperState,
    StockDifference,
    Stocktaking,
    Transfer,
    TransferCheck,
    TransferEvent,
    TransferState,
    Unit,
    UnitKind,
    Verification,
    VerificationState,
)
from oms.organisation import HANOI, today
from oms.permissions import Action, Actor, require
from oms.spreadsheets import Value, write_list

FIRST_YEAR = 2020
_ARRIVED = (TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS)


@dataclass(frozen=True)
class Line:
    """One line of the report: a message, its number (None: to be written by hand), and what is said beside it."""

    label: str
    count: int | None
    note: str = ""


@dataclass(frozen=True)
class WorkReport:
    """The lines of a year, of the dossiers that the units of a scope hold."""

    unit: Unit
    year: int
    day: date
    lines: tuple[Line, ...]


def read_report(session: Session, unit: Unit | None, year: int, *, actor: Actor) -> WorkReport:
    """The report of a unit with those below it, or of the first one the actor has; `NotFound` for what is not theirs."""
    require(actor, Action.FIGURES_READ)
    if not FIRST_YEAR <= year <= today().year:
        raise BadInput(N_("Reports exist for the years from %(first)s on. Choose one of them."), first=FIRST_YEAR)
    scope = get_scope(session, unit, actor=actor)
    units = scope.below if scope.beyond else scope.below & scope.open_units
    audit.record(session, "figures:report", scope.unit, actor=actor, report="work", year=year)
    counting = _Counting(session, units, _first_moment(year), _first_moment(year + 1))
    return WorkReport(scope.unit, year, today(), (*_held(session, units), *counting.lines()))


def _first_moment(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=HANOI).astimezone(UTC)


def _held(session: Session, units: Collection[str]) -> list[Line]:
    here = Dossier.custodian_id.in_(units)
    standing = completeness.stand(session, here)
    nowhere = select(func.count()).select_from(Dossier).where(here, Dossier.paper_state == PaperState.UNKNOWN)
    on_the_day = N_("on the day of the report")
    return [
        Line(N_("Dossiers held"), sum(state.dossiers for state in standing.states), on_the_day),
        Line(N_("of them complete"), sum(state.complete for state in standing.states), on_the_day),
        Line(N_("of them without known place of the paper"), session.scalar(nowhere) or 0, on_the_day),
    ]


@dataclass(frozen=True)
class _Counting:
    """What happened to the dossiers of some units between two moments."""

    session: Session
    units: Collection[str]
    start: datetime
    end: datetime

    def lines(self) -> list[Line]:
        declared = N_("declared by two people in the year and not found again")
        by_hand = N_("not recorded here: to be written by hand")
        going, coming = self._handed_over(), self._received()
        outside = select(Unit.id).where(Unit.kind == UnitKind.OUTSIDE_BODY)
        return [
            Line(N_("New dossiers"), self._new(), N_("opened in the year in a unit of the report")),
            Line(N_("Papers made anew"), self._made_anew(), N_("after they were missing, damaged or lost")),
            Line(N_("Whole dossiers made anew after a loss"), None, by_hand),
            Line(N_("Dossiers received"), self._count(coming)),
            Line(N_("of them from bodies outside"), self._count(coming.where(Transfer.from_unit_id.in_(outside)))),
            Line(N_("Dossiers handed over"), self._count(going)),
            Line(N_("of them to bodies outside"), self._count(going.where(Transfer.to_unit_id.in_(outside)))),
            Line(N_("Dossiers of people who retired"), self._left(LeavingWay.RETIREMENT), N_("closed in the year")),
            Line(
                N_("Dossiers of people who left the service"),
                self._left(LeavingWay.RESIGNATION),
                N_("closed in the year"),
            ),
            Line(N_("Dossiers of people who died"), self._left(LeavingWay.DEATH), N_("closed in the year")),
            Line(N_("Papers missing in dossiers"), self._paper_losses(PaperLossKind.MISSING), declared),
            Line(N_("Papers damaged in dossiers"), self._paper_losses(PaperLossKind.DAMAGED), declared),
            Line(N_("Papers lost from dossiers"), self._paper_losses(PaperLossKind.LOST), declared),
            Line(N_("Dossiers lost on the way"), self._lost(), N_("declared in the year and not found again")),
            Line(N_("Papers missing at a hand-over"), self._missed(CheckOutcome.MISSING), N_("as the receiver noted")),
            Line(N_("Papers damaged at a hand-over"), self._missed(CheckOutcome.DAMAGED), N_("as the receiver noted")),
            Line(N_("Dossiers not found in their place"), self._not_found(), N_("at stock-takings of the year")),
            Line(N_("Dossiers corrected by decision"), self._corrected(Correction.dossier_id.distinct())),
            Line(N_("Values corrected in them"), self._corrected(Correction.id)),
            Line(N_("Verifications concluded"), self._verified(), N_("by minutes of the year")),
            Line(N_("Conditions of storage"), None, by_hand),
        ]

    def _count(self, query: Select[Any]) -> int:
        return self.session.scalar(query) or 0

    def _in_time(self, moment: Any) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = (moment >= self.start) & (moment < self.end)
        return condition

    def _arrived(self) -> Select[Any]:
        arrived = select(func.count(Transfer.id)).where(Transfer.state.in_(_ARRIVED))
        return arrived.where(self._in_time(Transfer.closed_at))

    def _received(self) -> Select[Any]:
        """What went between units of the report is neither received nor handed over."""
        return self._arrived().where(Transfer.to_unit_id.in_(self.units), Transfer.from_unit_id.not_in(self.units))

    def _handed_over(self) -> Select[Any]:
        return self._arrived().where(Transfer.from_unit_id.in_(self.units), Transfer.to_unit_id.not_in(self.units))

    def _new(self) -> int:
        """Opened here: where the dossier lay before its first hand-over, or lies since; not what came from outside."""
        earlier = aliased(Transfer)
        first = (
            select(earlier.from_unit_id)
            .where(earlier.dossier_id == Dossier.id, earlier.state.in_(_ARRIVED))
            .order_by(earlier.closed_at, earlier.id)
            .limit(1)
            .correlate(Dossier)
            .scalar_subquery()
        )
        opened = func.coalesce(first, Dossier.custodian_id)
        query = select(func.count()).select_from(Dossier).where(self._in_time(Dossier.created_at))
        return self._count(query.where(opened.in_(self.units)))

    def _lost(self) -> int:
        query = select(func.count(TransferEvent.transfer_id.distinct())).join(TransferEvent.transfer)
        return self._count(
            query.where(
                TransferEvent.end == TransferState.LOST,
                self._in_time(TransferEvent.at),
                Transfer.state == TransferState.LOST,
                Transfer.from_unit_id.in_(self.units),
            )
        )

    def _missed(self, outcome: CheckOutcome) -> int:
        query = select(func.count(TransferCheck.id)).join(TransferCheck.transfer)
        return self._count(
            query.where(
                TransferCheck.outcome == outcome,
                self._in_time(TransferCheck.checked_at),
                Transfer.to_unit_id.in_(self.units),
            )
        )

    def _days(self, day: Any) -> ColumnElement[bool]:
        """A day of the calendar in the year."""
        first, end = (moment.astimezone(HANOI).date() for moment in (self.start, self.end))
        condition: ColumnElement[bool] = (day >= first) & (day < end)
        return condition

    def _of_dossiers(self, model: Any, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count(model.id)).join(Dossier, Dossier.id == model.dossier_id)
        return self._count(query.where(Dossier.custodian_id.in_(self.units), *conditions))

    def _left(self, way: LeavingWay) -> int:
        """Closed after a leaving, and not opened again since."""
        closed = Leaving.state == LeavingState.CLOSED
        return self._of_dossiers(Leaving, Leaving.way == way, closed, self._days(Leaving.closed_on))

    def _paper_losses(self, kind: PaperLossKind) -> int:
        still = PaperLoss.state != PaperLossState.FOUND
        return self._of_dossiers(PaperLoss, PaperLoss.kind == kind, still, self._in_time(PaperLoss.declared_at))

    def _made_anew(self) -> int:
        remade = PaperLoss.state == PaperLossState.REMADE
        return self._of_dossiers(PaperLoss, remade, self._days(PaperLoss.remade_on))

    def _not_found(self) -> int:
        query = select(func.count(StockDifference.id)).join(StockDifference.stocktaking)
        return self._count(
            query.where(
                StockDifference.kind == DifferenceKind.MISSING,
                self._in_time(Stocktaking.finished_at),
                Stocktaking.unit_id.in_(self.units),
            )
        )

    def _corrected(self, what: Any) -> int:
        query = select(func.count(what)).join(Dossier, Dossier.id == Correction.dossier_id)
        return self._count(
            query.where(
                Correction.state == CorrectionState.DECIDED,
                self._in_time(Correction.decided_at),
                Dossier.custodian_id.in_(self.units),
            )
        )

    def _verified(self) -> int:
        concluded = Verification.state == VerificationState.CONCLUDED
        return self._of_dossiers(Verification, concluded, self._days(Verification.minutes_on))


def export_report(
    session: Session, unit: Unit | None, year: int, *, actor: Actor, purpose: str, translate: Translate
) -> bytes:
    """The report as an Excel file; what is written by hand is an empty cell."""
    reason = require_purpose(purpose, actor=actor)
    report = read_report(session, unit, year, actor=actor)
    rows = [
        [number, translate(one.label), one.count, translate(one.note) if one.note else None]
        for number, one in enumerate(report.lines, start=1)
    ]
    headings = ((N_("No."), 6), (N_("What is counted"), 52), (N_("Number"), 12), (N_("Note"), 44))
    facts: list[tuple[str, Value]] = [
        (translate(N_("Unit")), report.unit.name),
        (translate(N_("Year")), year),
        (translate(N_("Counted on")), report.day),
        *who_took_it(reason, actor=actor, translate=translate),
    ]
    audit.record(session, "figures:export", report.unit, actor=actor, words=reason, report="work", year=year)
    columns = [(translate(heading), width) for heading, width in headings]
    return write_list(translate(N_("Work on dossiers")), columns, rows, (translate(N_("About this file")), facts))
