"""What never breaks, whatever anybody tries: each dossier in one place, one open transfer, one entry for each move,
nobody decides what they asked for, nothing changes on its way, and the old unit finds nothing by any route.

`OMS_TEST_LONG=1` tries far more, and other things each time; the usual run tries the same ones, quickly.
"""

import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.orm import Session

from oms import custody, db, desk, dossiers, intake, overview, people
from oms.errors import NotFound, OmsError
from oms.models import (
    OPEN_STATES,
    AccessReview,
    Attestation,
    AuditEntry,
    Campaign,
    Consultation,
    ConsultationState,
    Correction,
    Declaration,
    Disposal,
    Document,
    Dossier,
    Finding,
    FolderImport,
    Grant,
    Hold,
    LatePaper,
    Leaving,
    LocateAnswer,
    MassTransfer,
    MembershipAsking,
    MembershipTransfer,
    Package,
    PackageArrival,
    Page,
    PaperLoss,
    Person,
    Reorganisation,
    Scan,
    Stack,
    Stocktaking,
    SubjectRequest,
    Transfer,
    TransferEvent,
    TransferRequest,
    TransferState,
    Verification,
)
from oms.permissions import GUARDS, Action, Actor, allowed
from oms.search import finding
from oms.settings import Settings
from tests import factories
from tests.acts import PEOPLE, Acts, Nothing, make_dossiers
from tests.factories import ACCOUNTS, World

# Hypothesis deals the acts and one seed for each: what it would choose itself comes back to the same few too often.
# Out of the range of numbers that stand in code: it tries those of every module that happens to be loaded, and the
# same test would then do other things alone than in the whole suite.
SEEDS = st.integers(3 * 10**15, 4 * 10**15)
LONG = bool(os.environ.get("OMS_TEST_LONG"))
STILL = (TransferState.APPROVED, TransferState.IN_TRANSIT)
# What is not about handing over; first what seldom finds something to be done with.
SELDOM = ("tick", "add_extra", "settle", "refuse_or_withdraw", "lift_hold", "decide_look", "end_look", "end_delegation")
OFTEN = ("ask", "upload", "file", "take_apart", "correct", "place", "order_hold", "request_look", "delegate")

# Which rows of a guarded table are about a dossier; a model that is guarded and not named here fails the test.
ABOUT: dict[type[Any], Callable[[Dossier], ColumnElement[bool]]] = {
    Dossier: lambda d: Dossier.id == d.id,
    Person: lambda d: Person.id == d.person_id,
    Scan: lambda d: Scan.dossier_id == d.id,
    Page: lambda d: Page.scan_id.in_(select(Scan.id).where(Scan.dossier_id == d.id)),
    Document: lambda d: Document.dossier_id == d.id,
    Transfer: lambda d: Transfer.dossier_id == d.id,
    TransferRequest: lambda d: TransferRequest.dossier_id == d.id,
    Consultation: lambda d: Consultation.dossier_id == d.id,
    Hold: lambda d: (Hold.dossier_id == d.id) | (Hold.person_id == d.person_id),
    Package: lambda d: Package.dossier_id == d.id,
    LatePaper: lambda d: LatePaper.dossier_id == d.id,
    Finding: lambda d: Finding.dossier_id == d.id,
    Correction: lambda d: Correction.dossier_id == d.id,
    Attestation: lambda d: Attestation.dossier_id == d.id,
    Leaving: lambda d: Leaving.dossier_id == d.id,
    Declaration: lambda d: Declaration.dossier_id == d.id,
    Verification: lambda d: Verification.dossier_id == d.id,
    SubjectRequest: lambda d: SubjectRequest.dossier_id == d.id,
    PaperLoss: lambda d: PaperLoss.dossier_id == d.id,
}
# Guarded, and about a house or a matter of its own, not about one dossier.
ABOUT_NO_DOSSIER = (
    AccessReview,
    Campaign,
    Disposal,
    FolderImport,
    LocateAnswer,
    MassTransfer,
    MembershipAsking,
    MembershipTransfer,
    PackageArrival,
    Reorganisation,
    Stack,
    Stocktaking,
)


def may_keep(action: Action, row: Any, dossier: Dossier, actor: Actor, units: frozenset[str]) -> bool:
    """What a unit that no longer holds a dossier may still see of it, and why; everything else is gone."""
    if isinstance(row, Transfer):  # each side keeps its slip, without the list
        in_it = {row.from_unit_id, row.approving_unit_id, row.to_unit_id}
        return bool(units & in_it) and (row.state.is_open or not custody.may_read_list(row, actor=actor))
    if isinstance(row, TransferRequest):  # what the unit itself asked
        return row.unit_id in units
    if isinstance(row, LatePaper):  # what the unit itself sends on
        return row.unit_id in units
    if isinstance(row, Consultation):  # what the person asked
        return row.asked_by_id == actor.account_id
    if isinstance(row, Attestation | Leaving | Correction | Declaration):  # the body that manages the dossier
        return dossier.managing_body_id in units
    if isinstance(row, Hold):  # who ordered it, and the body that manages the dossier
        return row.unit_id in units or dossier.managing_body_id in units
    if action in (Action.HOLD_ORDER, Action.PROTECTION_FLAG_READ, Action.PROTECTION_FLAG_SET):
        return dossier.managing_body_id in units
    if action in (Action.PAPER_READ, Action.PAPER_MOVE):  # who still has the paper
        return dossier.paper_unit_id in units
    if action == Action.CONSULTATION_LOOK:  # what the new holder granted to this person
        return any(
            grant.consultation.asked_by_id == actor.account_id
            and grant.consultation.state == ConsultationState.APPROVED
            and grant.consultation.holder_id == dossier.custodian_id
            for grant in row_grants(row)
        )
    return False


def row_grants(page: Page) -> list[Grant]:
    """The grants of a page."""
    session = Session.object_session(page)
    assert session is not None
    return list(session.scalars(select(Grant).where(Grant.page_id == page.id)))


def assert_closed(session: Session, dossier: Dossier, actor: Actor, units: frozenset[str]) -> None:
    """Nothing of the dossier is open to the actor by any right, list, number or search."""
    for action, guard in GUARDS.items():
        if guard.model in ABOUT_NO_DOSSIER:
            continue
        rows = session.scalars(select(guard.model).where(ABOUT[guard.model](dossier), allowed(actor, action)))
        for row in rows:
            assert may_keep(action, row, dossier, actor, units), (action, type(row).__name__, actor.username)
    assert dossier.id not in finding.visible(session, actor, finding.Filters())
    with pytest.raises(NotFound):
        dossiers.get_dossier(session, dossier.number, actor=actor)
    assert dossier.id not in {found.id for found in dossiers.list_dossiers(session, actor=actor)[0]}
    assert dossier.id not in {scan.dossier_id for scan in intake.list_scans(session, actor=actor)}
    assert dossier.id not in {one.scan.dossier_id for one in desk.waiting_scans(session, actor=actor)}
    assert dossier.id not in {found for found, _words in intake.open_dossiers(session, actor=actor)}
    assert dossier.person_id not in {found.id for found in people.list_people(session, actor=actor)[0]}
    overview.count_figures(session, actor=actor)


def content_of(session: Session, dossier: Dossier) -> str:
    """Everything of a dossier that must be the same when it arrives."""
    scans = select(Scan.id).where(Scan.dossier_id == dossier.id)
    rows = [
        session.execute(
            select(Document.id, Document.title, Document.component_id, Document.version)
            .where(Document.dossier_id == dossier.id)
            .order_by(Document.id)
        ).all(),
        session.execute(
            select(Page.id, Page.document_id, Page.document_position, Page.text, Page.version)
            .where(Page.scan_id.in_(scans))
            .order_by(Page.id)
        ).all(),
        session.execute(select(Scan.id, Scan.sha256, Scan.state).where(Scan.id.in_(scans)).order_by(Scan.id)).all(),
    ]
    return repr([*rows, dossier.shelf_room, dossier.shelf, dossier.shelf_box])


class Custody(RuleBasedStateMachine):
    """Anyone tries anything with three dossiers; what must never happen is looked for after every try."""

    def __init__(self, engine: Engine, world: World, arrival: intake.Arrival, done: Counter[str]) -> None:
        super().__init__()
        self.turn = db.take_turn(engine)
        self.session = session = db.open_session(engine, writing=True)
        self.world, self.arrival, self.done = world, arrival, done
        self.acts = Acts(session, world, [], arrival, self._choose)
        self.dossier_ids = self.acts.dossier_ids = make_dossiers(session, world, self.acts.actor)
        self.first_entry = session.scalar(select(func.max(AuditEntry.seq))) or 0
        self.place = {id: session.get_one(Dossier, id).custodian_id for id in self.dossier_ids}
        self.told: dict[str, list[str]] = {}
        self.still: dict[str, str] = {}
        self.moved: set[str] = set()
        self.tries = 0

    def _choose(self, choices: Sequence[Any]) -> Any:
        return self.dice.choice(choices)

    def _try(self, name: str) -> Any:
        """Do an act in a savepoint, as a request does it in a transaction; what stopped it when it was refused."""
        act = getattr(self.acts, name)
        try:
            with self.session.begin_nested():
                found = act()
        except (OmsError, Nothing) as refusal:
            self.done[f"{name}: {type(refusal).__name__}"] += 1
            return refusal
        self.done[name] += 1
        return found

    # One rule: Hypothesis leaves some of several out of a run, and a transfer needs all of them.
    @rule(seed=SEEDS)
    def act(self, seed: int) -> None:
        """Somebody does something."""
        # With the number of the act: the same seed a second time is something else.
        self.tries += 1
        self.dice = random.Random(f"{seed} {self.tries}")
        if self.dice.random() < 0.55:
            self._hand_over()
        else:
            self._do_something_else()

    def _hand_over(self) -> None:
        """A transfer is begun or goes on; mostly by those who may, and begun when none is open."""
        name = self.dice.choice(["prepare", "answer", "prepare_anyhow", "step_anyhow", *["step"] * 8])
        taken = self._try(name)
        if isinstance(taken, Nothing):
            taken = self._try("prepare")
        if isinstance(taken, Transfer):
            self.told[taken.id] = ["new"]
        elif isinstance(taken, tuple):
            transfer, step = taken
            self.done[step] += 1
            self.told[transfer.id].append(step)
            if transfer.state in (TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS):
                self.place[transfer.dossier_id] = transfer.to_unit_id
                self.moved.add(transfer.dossier_id)

    def _do_something_else(self) -> None:
        """The rest of a working day."""
        seldom = self.dice.sample(SELDOM, len(SELDOM)) if self.dice.random() < 0.5 else []
        for name in (*seldom, *self.dice.sample(OFTEN, len(OFTEN))):
            if not isinstance(self._try(name), Nothing):
                break

    def _dossiers(self) -> Iterator[Dossier]:
        return (self.session.get_one(Dossier, id, populate_existing=True) for id in self.dossier_ids)

    @invariant()
    def each_dossier_is_where_the_last_acceptance_put_it(self) -> None:
        self.session.flush()
        rows = self.session.execute(select(Dossier.id, Dossier.custodian_id).where(Dossier.id.in_(self.place))).all()
        assert dict(rows) == self.place

    @invariant()
    def at_most_one_transfer_is_open_and_what_is_on_its_way_stays_as_it_was_sealed(self) -> None:
        opened = select(Transfer).where(Transfer.state.in_(OPEN_STATES), Transfer.dossier_id.in_(self.dossier_ids))
        transfers = {transfer.dossier_id: transfer for transfer in self.session.scalars(opened)}
        assert len(transfers) == self.session.scalar(select(func.count()).select_from(opened.subquery()))
        for dossier in self._dossiers():
            transfer = transfers.get(dossier.id)
            is_still = transfer is not None and transfer.state in STILL
            assert dossier.frozen == is_still
            if transfer is None or not is_still:
                self.still.pop(dossier.id, None)
                continue
            assert custody.manifest_hash(custody.seal(self.session, dossier)) == transfer.manifest_sha256
            content = content_of(self.session, dossier)
            assert self.still.setdefault(dossier.id, content) == content

    @invariant()
    def one_event_and_one_entry_for_each_move(self) -> None:
        events, entries = defaultdict(list), defaultdict(list)
        for id, step in self.session.execute(
            select(TransferEvent.transfer_id, TransferEvent.step)
            .where(TransferEvent.transfer_id.in_(self.told))
            .order_by(TransferEvent.at)
        ):
            events[id].append(step)
        names = [f"transfer:{name}" for name in ("new", *custody.STEP_NAMES)]
        for id, action in self.session.execute(
            select(AuditEntry.object_id, AuditEntry.action)
            .where(AuditEntry.seq > self.first_entry, AuditEntry.action.in_(names), AuditEntry.outcome == "done")
            .order_by(AuditEntry.seq)
        ):
            entries[id].append(action.removeprefix("transfer:"))
        assert events == self.told == entries

    @invariant()
    def nobody_decides_what_they_asked_for(self) -> None:
        for transfer in self.session.scalars(select(Transfer).where(Transfer.id.in_(self.told))):
            assert transfer.prepared_by_id not in (transfer.approved_by_id, transfer.received_by_id)
        for request in self.session.scalars(select(Consultation)):
            assert request.asked_by_id != request.decided_by_id
        for hold in self.session.scalars(select(Hold).where(Hold.lifted_at.is_not(None))):
            assert hold.lifted_by_id != hold.lift_asked_by_id
        approvals = select(AuditEntry.body, Transfer.prepared_by_id).join(Transfer, Transfer.id == AuditEntry.object_id)
        for body, prepared_by in self.session.execute(approvals.where(AuditEntry.action == "transfer:approve")):
            assert json.loads(body)["detail"].get("in_the_name_of") != prepared_by

    @invariant()
    def the_old_unit_finds_nothing_by_any_route(self) -> None:
        for dossier_id in sorted(self.moved):
            dossier = self.session.get_one(Dossier, dossier_id, populate_existing=True)
            for username in PEOPLE:
                unit_id = self.world.units[ACCOUNTS[username][1]]
                if unit_id != dossier.custodian_id:
                    actor = self.acts.actor(username)
                    assert_closed(self.session, dossier, actor, frozenset({unit_id}))
                    self.done["closed"] += 1
        self.moved.clear()

    def teardown(self) -> None:
        """Leave nothing behind for the next run."""
        self.session.rollback()
        self.session.close()
        self.turn.release()


@pytest.fixture
def arrival(settings: Settings) -> Iterator[intake.Arrival]:
    """A file that came in and was looked at."""
    found = intake.examine(
        settings, [factories.png_of(factories.draw_page("Giấy khai sinh", size=(300, 400)))], "a.png"
    )
    yield found
    intake.discard(found)


def test_anyone_tries_anything(engine: Engine, world: World, arrival: intake.Arrival) -> None:
    done: Counter[str] = Counter()
    run_state_machine_as_test(
        lambda: Custody(engine, world, arrival, done),
        settings=hypothesis_settings(
            max_examples=400 if LONG else 8,
            stateful_step_count=80 if LONG else 40,
            derandomize=not LONG,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # A machine that gets nowhere proves nothing.
    assert len({*SELDOM, *OFTEN} & set(done)) > 12 and done["closed"] > 20, done


def test_every_guarded_model_is_looked_at() -> None:
    assert {guard.model for guard in GUARDS.values()} == set(ABOUT) | set(ABOUT_NO_DOSSIER)
