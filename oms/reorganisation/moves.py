"""Open moves between units, of dossiers and of members: they go on between the successors, or end where both became one."""

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from oms.models import (
    OPEN_MOVES,
    Dossier,
    MembershipEvent,
    MembershipState,
    MembershipTransfer,
    PaperState,
    Person,
    Reorganisation,
    RequestState,
    Transfer,
    TransferEvent,
    TransferRequest,
    TransferState,
    now,
)
from oms.reorganisation.landing import GOING_ON
from oms.reorganisation.ledger import Ledger
from oms.reorganisation.outcome import Outcome
from oms.reorganisation.routes import Routes

STEP = "reorganise"
"""As the histories of transfers and of moves of members call it."""


class Moves:
    """Brings the open moves of one plan to the successors."""

    def __init__(
        self,
        session: Session,
        change: Reorganisation,
        ledger: Ledger,
        outcome: Outcome,
        routes: Routes,
        actor_id: str,
    ) -> None:
        self.session, self.ledger, self.outcome, self.routes = session, ledger, outcome, routes
        self.actor_id, self.words = actor_id, f"{change.number} · {change.decision_number}"

    def run(self) -> None:
        """After people and before dossiers: what was lost goes on only from the unit that still holds the dossier."""
        self._transfers()
        self._members()

    def _transfers(self) -> None:
        """Open transfers go on between the successors; one between two units that became one is cancelled."""
        sides = (Transfer.from_unit_id, Transfer.to_unit_id, Transfer.approving_unit_id)
        query = (
            select(Transfer.id, Transfer.number, *sides, Transfer.state, Transfer.dossier_id, Dossier.custodian_id)
            .add_columns(
                Transfer.closed_at, Dossier.paper_state, Dossier.frozen, Dossier.person_id, Person.unit_id.label("home")
            )
            .join(Dossier, Transfer.dossier_id == Dossier.id)
            .join(Person)
            .where(or_(*(side.in_(list(self.routes.ended)) for side in sides)), GOING_ON)
            .with_for_update(of=Transfer)
        )
        changed, events, dossiers = [], [], []
        for row in self.session.execute(query.order_by(Transfer.id)).all():
            before = {side.key: getattr(row, side.key) for side in sides}
            after = self._sides(row, before)
            if after["from_unit_id"] == after["to_unit_id"] or self._lost_to_outside(row):
                after, end = before | {"state": TransferState.CANCELLED, "closed_at": now()}, TransferState.CANCELLED
                before |= {"state": row.state, "closed_at": row.closed_at}
                dossiers.append(self._let_go(row))
                self.outcome.transfers_cancelled += 1
            else:
                end = row.state
                for name, unit_id in before.items():
                    if unit_id != after[name]:
                        self.outcome.land("transfers", unit_id, after[name], row.number)
            changed.append((row.id, before, after))
            events.append(self._event(row, end))
        self.ledger.change_many(Transfer, changed)
        self.ledger.change_many(Dossier, dossiers)
        self.ledger.add_many(TransferEvent, events)

    def _event(self, row: Any, end: Any) -> dict[str, Any]:
        told = {"step": STEP, "start": row.state, "end": end, "reason": self.words, "at": now()}
        return {"transfer_id": row.id, "taken_by_id": self.actor_id, **told}

    def _let_go(self, row: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """The dossier of a cancelled transfer; paper under way within one body is an alarm until somebody finds it."""
        before = {"frozen": row.frozen, "paper_state": row.paper_state}
        under_way = row.paper_state == PaperState.IN_TRANSIT
        return (
            row.dossier_id,
            before,
            {"frozen": False, "paper_state": PaperState.UNKNOWN if under_way else row.paper_state},
        )

    def _sides(self, row: Any, before: dict[str, str]) -> dict[str, str]:
        chosen = self.routes.choice(row.person_id)
        receiver = self.routes.keeper(row.to_unit_id, row.home, chosen)
        if row.state == TransferState.ACCEPTED_WITH_RESERVATIONS:
            # What was noted on arrival is settled by the receiver; who sent it is history.
            return before if receiver == row.from_unit_id else before | {"to_unit_id": receiver}
        if row.state == TransferState.ARRIVED and row.to_unit_id in self.routes.ended:
            # What came from outside lies with its receiver already, and goes where the dossier goes.
            receiver = self.routes.keeper(row.custodian_id, row.home, chosen)
        sender = self.routes.keeper(row.from_unit_id, row.home, chosen)
        approver = self.routes.keeper(row.approving_unit_id, row.home, None)
        return {"from_unit_id": sender, "to_unit_id": receiver, "approving_unit_id": approver}

    def _lost_to_outside(self, row: Any) -> bool:
        """Paper that was lost between here and a unit that leaves the system is not waited for any more."""
        sides = {row.from_unit_id, row.to_unit_id}
        leaving = {unit for unit in sides if self.outcome.endings.get(unit) == "transfer_out"}
        return row.state == TransferState.LOST and bool(leaving)

    def settle_with_oneself(self) -> None:
        """A request for a dossier that its own unit now holds asks for nothing any more."""
        query = (
            select(TransferRequest.id)
            .join(Dossier, TransferRequest.dossier_id == Dossier.id)
            .where(
                TransferRequest.state == RequestState.ASKED,
                TransferRequest.unit_id == Dossier.custodian_id,
                Dossier.custodian_id.in_({end for _kind, _start, end in self.outcome.landed}),
            )
        )
        for id in self.session.scalars(query).all():
            self.ledger.change(
                TransferRequest,
                id,
                state=RequestState.WITHDRAWN,
                answer=self.words,
                answered_by_id=self.actor_id,
                answered_at=now(),
            )
            self.outcome.requests_withdrawn += 1

    def _members(self) -> None:
        """Moves of Party members between two organisations; the rest of a move goes by `HANGING`."""
        sides = (MembershipTransfer.from_unit_id, MembershipTransfer.to_unit_id)
        query = (
            select(MembershipTransfer.id, MembershipTransfer.number, *sides, MembershipTransfer.state)
            .add_columns(MembershipTransfer.person_id, Person.unit_id.label("home"))
            .join(Person, MembershipTransfer.person_id == Person.id)
            .where(or_(*(side.in_(list(self.routes.ended)) for side in sides)))
            .where(MembershipTransfer.state.in_(OPEN_MOVES))
            .order_by(MembershipTransfer.id)
        )
        for row in self.session.execute(query).all():
            before = {side.key: getattr(row, side.key) for side in sides}
            chosen = self.routes.choice(row.person_id)
            after = {name: self.routes.follow(unit_id, row.home, chosen) for name, unit_id in before.items()}
            end = row.state
            if after["from_unit_id"] == after["to_unit_id"]:
                end = MembershipState.CANCELLED
                self.ledger.change(MembershipTransfer, row.id, state=end, closed_at=now(), waiting_unit_id=None)
            else:
                self.ledger.change_many(MembershipTransfer, [(row.id, before, after)])
                for name, unit_id in before.items():
                    if unit_id != after[name]:
                        self.outcome.land("memberships", unit_id, after[name], row.number)
            self.ledger.add(MembershipEvent, **self._event(row, end))
