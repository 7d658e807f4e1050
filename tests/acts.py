"""What people do with a few dossiers, one act a method: for the tests in which anybody tries anything, alone or at once.

A method writes in the session it is given and raises what the domain raises; it commits nothing. `pick` chooses one
thing of a list that may be empty: a state machine gives one that Hypothesis shrinks, a thread one of its own dice.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import accounts, consultations, custody, dossiers, holds, intake, review
from oms.accounts import delegations
from oms.consultations import Wish
from oms.models import (
    OPEN_STATES,
    Account,
    CheckOutcome,
    Consultation,
    ConsultationKind,
    ConsultationState,
    Delegation,
    Document,
    Dossier,
    Hold,
    Page,
    PageState,
    RequestState,
    Role,
    Scan,
    ScanState,
    Transfer,
    TransferRequest,
    TransferState,
    Unit,
)
from oms.organisation import today
from oms.permissions import Action, Actor
from tests import factories
from tests.factories import ACCOUNTS, World

T = TypeVar("T")
Pick = Callable[[Sequence[T]], T]
PEOPLE = sorted(ACCOUNTS)
HEADS = [name for name, (role, _unit) in ACCOUNTS.items() if role == Role.HEAD]
OFFICER_OF = {"sonv": "canbo.sonv", "sotc": "canbo.sotc", "soyt": "canbo.soyt", "btc": "canbo.khoi"}
STEPS = ("submit", "approve", "dispatch", "accept", "accept-with-reservations", "reject", "return", "recall", "cancel")
STEPS += ("slip-returned", "declare-lost")
FORWARD = ("submit", "approve", "dispatch", "accept", "accept-with-reservations", "slip-returned")
REASON, DECISION = "Theo quyết định của cấp trên", "QĐ 12-QĐ/TU ngày 03/02/2026"


class Nothing(Exception):
    """There is nothing to do this act with."""


class Acts:
    """The acts on some dossiers in one session."""

    def __init__(
        self, session: Session, world: World, dossier_ids: Sequence[str], arrival: intake.Arrival, pick: Pick[Any]
    ) -> None:
        self.session, self.world, self.arrival = session, world, arrival
        self.dossier_ids, self.pick = dossier_ids, pick

    def actor(self, username: str) -> Actor:
        """The account with its rights of this moment, the password just given."""
        return accounts.get_actor(self.session, username, via="web")

    def somebody(self) -> Actor:
        """Anyone at all."""
        return self.actor(self.pick(PEOPLE))

    def dossier(self) -> Dossier:
        """One of the dossiers."""
        return self.session.get_one(Dossier, self.pick(self.dossier_ids))

    def officer_of(self, unit: Unit) -> Actor:
        """The officer of a unit; nobody works at a body outside."""
        if unit.code not in OFFICER_OF:
            raise Nothing
        return self.actor(OFFICER_OF[unit.code])

    def mostly_officer_of(self, unit: Unit) -> Actor:
        """The one who should, two times of three; else anyone."""
        return self.pick([self.officer_of, self.officer_of, lambda _unit: self.somebody()])(unit)

    def mostly_head(self) -> Actor:
        """Somebody who decides, or who would like to."""
        return self.actor(self.pick([*HEADS, *HEADS, *PEOPLE]))

    def one(self, query: Any) -> Any:
        """One of what the query finds."""
        rows = self.session.scalars(query).all()
        if not rows:
            raise Nothing
        return self.pick(rows)

    def transfer(self, *states: TransferState) -> Transfer:
        """One of the last transfers, in one of the states where some are named."""
        query = select(Transfer).where(Transfer.dossier_id.in_(self.dossier_ids))
        if states:
            query = query.where(Transfer.state.in_(states))
        found: Transfer = self.one(query.order_by(Transfer.number.desc()).limit(6))
        return found

    # --- handing over

    def prepare_anyhow(self) -> Transfer:
        """Anybody, to anywhere, with and without a reason."""
        receiver = self.one(select(Unit).where(Unit.id.in_(self.world.units.values())).order_by(Unit.code))
        return self._prepare(self.dossier(), receiver, self.pick(["", REASON]), self.somebody())

    def prepare(self) -> Transfer:
        """As it should be: by the officer of the holder, to another unit or to a body outside."""
        dossier = self.dossier()
        ways = [unit for route in custody.routes(self.session, dossier.custodian) for unit in route.receivers]
        outside = custody.outside_bodies(self.session)
        receivers = sorted([*ways, *outside], key=lambda unit: unit.code)
        if not receivers:
            raise Nothing
        return self._prepare(dossier, self.pick(receivers), REASON, self.officer_of(dossier.custodian))

    def _prepare(self, dossier: Dossier, receiver: Unit, reason: str, by: Actor) -> Transfer:
        return custody.prepare(self.session, dossier, receiver, reason, actor=by, proof=factories.PROOF)

    def step_anyhow(self) -> tuple[Transfer, str]:
        """Anybody tries any step of any transfer."""
        transfer, name, by = self.transfer(), self.pick(STEPS), self.somebody()
        self._take(transfer, custody.choose_step(transfer, name, actor=by), by, self.pick(["", REASON]))
        return transfer, name

    def step(self) -> tuple[Transfer, str]:
        """Somebody presses a button that is shown to them; what a step waits for was done before."""
        transfer = self.transfer(*OPEN_STATES)
        ways: dict[str, list[tuple[Actor, custody.Step]]] = {}
        for by in map(self.actor, PEOPLE):
            for step in custody.steps_open_to(transfer, actor=by):
                ways.setdefault(step.name, []).append((by, step))
        # Most transfers arrive.
        by, step = self.pick(ways[self.pick([name for name in ways for _ in range(6 if name in FORWARD else 1)])])
        if custody.may_check(transfer, actor=by) and step.name.startswith("accept"):
            custody.tick_rest(self.session, transfer, actor=by)
        self._take(transfer, step, by, REASON)
        return transfer, step.name

    def _take(self, transfer: Transfer, step: custody.Step, by: Actor, reason: str) -> None:
        custody.take(self.session, step, transfer, actor=by, reason=reason, paper_came=self.pick([True, True, False]))

    def tick(self) -> None:
        """A line of the list is found complete or not."""
        outcome, transfer = (
            self.pick([CheckOutcome.PRESENT, CheckOutcome.MISSING, CheckOutcome.DAMAGED]),
            self.transfer(TransferState.IN_TRANSIT),
        )
        by = self.mostly_officer_of(transfer.to_unit)
        custody.tick(self.session, transfer, self.pick([1, 1, 2]), outcome, "rách góc", actor=by)

    def add_extra(self) -> None:
        """A paper that was not listed."""
        transfer = self.transfer(TransferState.IN_TRANSIT)
        custody.add_extra(self.session, transfer, "Bản sao bằng", actor=self.mostly_officer_of(transfer.to_unit))

    def settle(self) -> None:
        """A discrepancy is settled."""
        transfer = self.transfer(TransferState.ACCEPTED_WITH_RESERVATIONS)
        by = self.mostly_officer_of(transfer.to_unit)
        custody.settle(self.session, transfer, self.pick([1, 2]), "Đã gửi bổ sung", actor=by)

    # --- asking for it

    def ask(self) -> None:
        """A unit asks for a dossier."""
        asking = custody.Asking(self.dossier().number, "12-QĐ/TU", today(), REASON)
        custody.ask(self.session, asking, actor=self.actor(self.pick([*OFFICER_OF.values(), *PEOPLE])))

    def _waiting_request(self) -> TransferRequest:
        waiting = select(TransferRequest).where(TransferRequest.state == RequestState.ASKED)
        found: TransferRequest = self.one(waiting.order_by(TransferRequest.number))
        return found

    def answer(self) -> Transfer:
        """The holder answers with a transfer."""
        request = self._waiting_request()
        holder = request.dossier.custodian if request.dossier else request.unit
        return custody.answer(self.session, request, actor=self.mostly_officer_of(holder))

    def refuse_or_withdraw(self) -> None:
        """A request comes to nothing."""
        request, by = self._waiting_request(), self.somebody()
        if self.pick([True, False]):
            custody.refuse(self.session, request, REASON, actor=by)
        else:
            custody.withdraw(self.session, request, actor=by)

    # --- working on it

    def upload(self) -> None:
        """Paper comes in; the worker has read it when this returns."""
        dossier = self.dossier()
        by = self.mostly_officer_of(dossier.custodian)
        name = f"{dossier.id}-{self.pick(range(1000))}"
        arrival = replace(self.arrival, sha256=hashlib.sha256(name.encode()).hexdigest())
        scan, _new = intake.receive(self.session, dossier, arrival, actor=by)
        for page in self.session.scalars(select(Page).where(Page.scan_id == scan.id)):
            page.state, page.text_read, page.text = PageState.READ, name, name
        if scan.state == ScanState.RECEIVED:
            scan.state = ScanState.READ
        self.session.flush()

    def file(self) -> None:
        """Waiting pages become a document."""
        dossier = self.dossier()
        by = self.mostly_officer_of(dossier.custodian)
        scan = self.one(
            select(Scan).where(Scan.dossier_id == dossier.id, Scan.state == ScanState.READ).order_by(Scan.received_at)
        )
        factories.make_document(self.session, dossier, scan, actor=by)

    def take_apart(self) -> None:
        """A document is undone."""
        dossier = self.dossier()
        document = self.one(select(Document).where(Document.dossier_id == dossier.id).order_by(Document.position))
        review.take_apart(self.session, document, actor=self.mostly_officer_of(dossier.custodian))

    def correct(self) -> None:
        """A page gets another text."""
        dossier = self.dossier()
        page = self.one(
            select(Page).join(Scan).where(Scan.dossier_id == dossier.id).order_by(Scan.received_at, Page.number)
        )
        by = self.mostly_officer_of(dossier.custodian)
        review.correct(self.session, page, f"đã sửa {self.pick(range(1000))}", actor=by)

    def place(self) -> None:
        """The paper is put on another shelf."""
        dossier, box = self.dossier(), str(self.pick(range(10)))
        by = self.mostly_officer_of(dossier.custodian)
        dossiers.place(self.session, dossier, room="P1", shelf="G2", box=box, actor=by)

    # --- stopping it

    def order_hold(self) -> None:
        """A head stops a dossier."""
        whole, by = self.pick([True, False]), self.mostly_head()
        holds.order(self.session, self.dossier(), whole_person=whole, reason=REASON, decision=DECISION, actor=by)

    def lift_hold(self) -> None:
        """Somebody asks to lift a hold, somebody lifts it."""
        hold = self.one(select(Hold).where(Hold.lifted_at.is_(None)).order_by(Hold.number))
        if hold.lift_asked_by_id is None or self.pick([False, False, True]):
            holds.ask_lifting(self.session, hold, REASON, actor=self.mostly_officer_of(hold.unit))
        else:
            holds.lift(self.session, hold, actor=self.mostly_head())

    # --- looking into it

    def request_look(self) -> None:
        """Somebody asks for a look or for the paper."""
        kind = self.pick([ConsultationKind.SCREEN, ConsultationKind.SCREEN, ConsultationKind.PAPER])
        wish = Wish(self.dossier().number, kind, "Thẩm tra", "12-CV/ĐU", "Quyết định", today() + timedelta(days=2))
        consultations.request(self.session, wish, actor=self.somebody())

    def _look(self, state: ConsultationState) -> Consultation:
        query = select(Consultation).where(Consultation.state == state)
        found: Consultation = self.one(query.order_by(Consultation.number.desc()).limit(4))
        return found

    def decide_look(self) -> None:
        """Somebody decides about a look."""
        request, by = self._look(ConsultationState.REQUESTED), self.mostly_head()
        if self.pick([True, True, False]):
            offered = consultations.offer(self.session, request)
            pages = consultations.chosen_pages(offered, {document.id: "" for document, _pages in offered})
            until = today() + timedelta(days=2)
            consultations.approve(self.session, request, pages, until, actor=by)
        else:
            consultations.refuse(self.session, request, REASON, actor=by)

    def end_look(self) -> None:
        """A look or a loan comes to its end."""
        request = self._look(ConsultationState.APPROVED)
        by = self.mostly_officer_of(
            self.pick([request.unit, request.dossier.custodian if request.dossier else request.unit])
        )
        way = self.pick(["end", "out", "back"])
        if way == "end":
            consultations.end(self.session, request, REASON, actor=by)
        elif way == "out":
            consultations.hand_out(self.session, request, fetched_by="Người đến lấy", sheets=3, actor=by)
        else:
            consultations.take_back(self.session, request, sheets=3, damage="", actor=by)

    # --- standing in for somebody

    def delegate(self) -> None:
        """A head lets somebody of the unit act in their name."""
        head = self.pick(HEADS)
        delegate = self.pick([name for name in PEOPLE if ACCOUNTS[name][1] == ACCOUNTS[head][1]])
        delegations.give(
            self.session,
            self.session.get_one(Account, self.world.accounts[delegate]),
            self.session.get_one(Unit, self.world.units[ACCOUNTS[head][1]]),
            [Action.TRANSFER_APPROVE, Action.CONSULTATION_APPROVE, Action.HOLD_ORDER],
            decision=DECISION,
            valid_from=today(),
            valid_to=today() + timedelta(days=5),
            actor=self.actor(head),
        )

    def end_delegation(self) -> None:
        """A delegation ends."""
        given = self.one(select(Delegation).where(Delegation.ended_at.is_(None)).order_by(Delegation.given_at))
        delegations.end(self.session, given, actor=self.somebody())


def make_dossiers(session: Session, world: World, actor: Callable[[str], Actor]) -> list[str]:
    """Three dossiers in three houses, each with a filed document; and a body outside to which one may go."""
    custody.find_outside_body(session, "Đảng ủy Khối tỉnh Bình Thuận", actor=actor("canbo.khoi"))
    made = []
    for code, name in (("sonv", "Nguyễn Thị Hòa"), ("sotc", "Trần Văn Bình"), ("btc", "K' Brếu")):
        officer = actor(OFFICER_OF[code])
        dossier = factories.make_dossier(session, world.units[code], name)
        scan = factories.make_scan(session, dossier, officer.account_id, (f"{name} một", f"{name} hai"))
        factories.make_document(session, dossier, scan, actor=officer)
        made.append(dossier.id)
    return made
