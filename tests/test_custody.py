"""Hand over: the whole table of arrows, who may take them, and what moves with a dossier."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import accounts, custody, db, intake, review, search
from oms.errors import BadInput, Conflict, OmsError, Refused
from oms.models import (
    Assignment,
    Dossier,
    Job,
    Role,
    Transfer,
    TransferState,
    Unit,
)
from oms.organisation import today
from oms.permissions import Action, Actor, allowed, can
from oms.search import finding
from oms.settings import Settings
from tests import factories
from tests.factories import ACCOUNTS, World

DRAFT, SUBMITTED, APPROVED, IN_TRANSIT = "draft", "submitted", "approved", "in_transit"
SENDERS = {"canbo.sonv", "canbo2.sonv", "bithu.sonv"}
OFFICERS = {"canbo.sonv", "canbo2.sonv"}
RECEIVERS = {"canbo.sotc", "bithu.sotc"}
APPROVERS = {"truongban.khoi"}
HEADS = {"bithu.sonv", "bithu.sotc"}

# The diagram written down a second time: for a transfer from Sở Nội vụ to Sở Tài chính, who may take which step
# where, and where it leads. What is not here is refused.
ARROWS: dict[tuple[str, str], tuple[set[str], str]] = {
    (DRAFT, "submit"): (OFFICERS, SUBMITTED),
    (DRAFT, "cancel"): (SENDERS, "cancelled"),
    (SUBMITTED, "approve"): (APPROVERS, APPROVED),
    (SUBMITTED, "return"): (APPROVERS, DRAFT),
    (SUBMITTED, "reject"): (APPROVERS, "rejected"),
    (SUBMITTED, "cancel"): (SENDERS, "cancelled"),
    (APPROVED, "dispatch"): (SENDERS, IN_TRANSIT),
    (APPROVED, "cancel"): (SENDERS, "cancelled"),
    (IN_TRANSIT, "recall"): (SENDERS, DRAFT),
    (IN_TRANSIT, "accept"): (RECEIVERS, "accepted"),
    (IN_TRANSIT, "accept-with-reservations"): (RECEIVERS, "accepted_with_reservations"),
    (IN_TRANSIT, "return"): (RECEIVERS, DRAFT),
    (IN_TRANSIT, "reject"): (RECEIVERS, "rejected"),
    (IN_TRANSIT, "declare-lost"): (APPROVERS | HEADS, "lost"),
    ("lost", "found"): (SENDERS | RECEIVERS, DRAFT),
}
NEED_REASON = {"return", "reject", "recall", "cancel", "accept-with-reservations", "declare-lost", "found"}
NAMES = ("submit", "approve", "dispatch", "accept", "accept-with-reservations", "reject", "return", "recall", "cancel")
NAMES += ("slip-returned", "declare-lost", "found")

# How to bring a transfer to each state: the steps with who takes them.
WAYS: dict[str, tuple[tuple[str, str], ...]] = {
    DRAFT: (),
    SUBMITTED: (("submit", "canbo.sonv"),),
    APPROVED: (("submit", "canbo.sonv"), ("approve", "truongban.khoi")),
    IN_TRANSIT: (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv")),
}
WAYS["accepted"] = (*WAYS[IN_TRANSIT], ("accept", "canbo.sotc"))
WAYS["accepted_with_reservations"] = (*WAYS[IN_TRANSIT], ("accept-with-reservations", "canbo.sotc"))
WAYS["lost"] = (*WAYS[IN_TRANSIT], ("declare-lost", "truongban.khoi"))
WAYS["rejected"] = (*WAYS[SUBMITTED], ("reject", "truongban.khoi"))
WAYS["cancelled"] = (("cancel", "canbo.sonv"),)

Actors = Callable[[str], Actor]


def prepare(session: Session, world: World, by: Actor, *, sender: str = "sonv", receiver: str = "sotc") -> Transfer:
    dossier = factories.make_dossier(session, world.units[sender])
    return custody.prepare(
        session,
        dossier,
        session.get_one(Unit, world.units[receiver]),
        "QĐ 12-QĐ/TU ngày 03/02/2026",
        actor=by,
        proof=factories.PROOF,
    )


def step(session: Session, transfer: Transfer, name: str, by: Actor, reason: str = "Theo quyết định") -> None:
    if name.startswith("accept") and custody.may_check(transfer, actor=by):
        custody.tick_rest(session, transfer, actor=by)
    if name == "declare-lost" and transfer.due_on is not None:
        transfer.due_on = today() - timedelta(days=1)
    second = accounts.get_actor(session, "canbo2.sonv", via="web") if name == "declare-lost" else None
    arrow = custody.choose_step(transfer, name, actor=by)
    custody.take(session, arrow, transfer, actor=by, reason=reason, second=second)


def bring(session: Session, transfer: Transfer, state: str, actor: Actors) -> Transfer:
    for name, username in WAYS[state]:
        step(session, transfer, name, actor(username))
    assert transfer.state == state
    return transfer


@pytest.mark.parametrize("state", [TransferState(state) for state in WAYS])
def test_every_step_of_every_account_in_every_state(
    session: Session, world: World, actor: Actors, state: TransferState
) -> None:
    transfer = bring(session, prepare(session, world, actor("canbo.sonv")), state.value, actor)
    for username in ACCOUNTS:
        somebody = actor(username)
        if state == IN_TRANSIT:
            transfer.due_on = today() - timedelta(days=1)
        offered = {arrow.name for arrow in custody.steps_open_to(transfer, actor=somebody)}
        for name in NAMES:
            who, end = ARROWS.get((state.value, name), (set(), state.value))
            before = (transfer.state, transfer.dossier.custodian_id)
            attempt = session.begin_nested()
            try:
                step(session, transfer, name, somebody)
                taken = True
                assert transfer.state == end, (name, username)
            except (Refused, Conflict):
                taken = False
            attempt.rollback()
            assert taken == (username in who), (name, username)
            assert (name in offered) == taken, (name, username)
            assert (transfer.state, transfer.dossier.custodian_id) == before


@pytest.mark.parametrize("name", sorted(NEED_REASON))
def test_a_step_that_needs_a_reason_gets_one(session: Session, world: World, actor: Actors, name: str) -> None:
    for (state, arrow), (who, _end) in ARROWS.items():
        if arrow == name:
            transfer = bring(session, prepare(session, world, actor("canbo.sonv")), state, actor)
            with pytest.raises(BadInput):
                step(session, transfer, name, actor(min(who)), reason="  ")
            assert transfer.state == state


def test_an_unknown_step_is_named_with_those_there_are(session: Session, world: World, actor: Actors) -> None:
    transfer = prepare(session, world, actor("canbo.sonv"))
    with pytest.raises(BadInput) as refusal:
        step(session, transfer, "teleport", actor("canbo.sonv"))
    assert "submit" in str(refusal.value) and "teleport" in str(refusal.value)


@pytest.mark.parametrize(
    ("sender", "receiver", "approver"),
    [("sonv", "sotc", "btc"), ("sonv", "btc", "sonv"), ("btc", "sonv", "btc")],
)
def test_the_rule_in_force_names_the_approver(
    session: Session, world: World, sender: str, receiver: str, approver: str
) -> None:
    units = {code: session.get_one(Unit, world.units[code]) for code in (sender, receiver, approver)}
    assert custody.approving_unit(session, units[sender], units[receiver]).code == approver
    told = [route for route in custody.routes(session, units[sender]) if units[receiver] in route.receivers]
    assert [route.approving_unit.code for route in told] == [approver]
    assert told[0].rule.basis


def test_a_cell_and_the_own_unit_receive_nothing(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"])
    for code in ("sonv_c1", "sonv", "khoi"):
        with pytest.raises((BadInput, Refused)):
            custody.prepare(
                session, dossier, session.get_one(Unit, world.units[code]), "QĐ 1", actor=officer, proof=factories.PROOF
            )
    receivers = {unit.code for route in custody.routes(session, dossier.custodian) for unit in route.receivers}
    assert receivers == {"btc", "sotc", "soyt"}


def give_roles(session: Session, world: World, username: str, *roles: tuple[Role, str]) -> Actor:
    for role, unit in roles:
        session.add(
            Assignment(account_id=world.accounts[username], role=role, unit_id=world.units[unit], valid_from=today())
        )
    session.flush()
    return accounts.get_actor(session, username, via="web")


def test_who_prepared_does_not_approve_with_whatever_roles(session: Session, world: World, actor: Actors) -> None:
    both = give_roles(session, world, "canbo.sonv", (Role.HEAD, "sonv"))
    transfer = prepare(session, world, both, receiver="btc")
    step(session, transfer, "submit", both)
    for name in ("approve", "return", "reject"):
        with pytest.raises(Refused):
            step(session, transfer, name, both)
    assert not {"approve", "return", "reject"} & {s.name for s in custody.steps_open_to(transfer, actor=both)}
    step(session, transfer, "approve", actor("bithu.sonv"))
    assert transfer.approved_by_id == world.accounts["bithu.sonv"]


def test_who_prepared_does_not_receive(session: Session, world: World, actor: Actors) -> None:
    both = give_roles(session, world, "canbo.sonv", (Role.OFFICER, "sotc"))
    transfer = bring(session, prepare(session, world, both), IN_TRANSIT, actor)
    for name in ("accept", "accept-with-reservations"):
        with pytest.raises(Refused):
            step(session, transfer, name, both)
    assert transfer.dossier.custodian_id == world.units["sonv"]


def test_the_database_too_keeps_approver_and_preparer_apart(session: Session, world: World, actor: Actors) -> None:
    transfer = prepare(session, world, actor("canbo.sonv"))
    transfer.approved_by_id = transfer.prepared_by_id
    with pytest.raises(IntegrityError):
        session.flush()


def test_one_open_transfer_per_dossier(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    receiver = session.get_one(Unit, world.units["btc"])
    with pytest.raises(Conflict):
        custody.prepare(session, transfer.dossier, receiver, "QĐ 2", actor=officer, proof=factories.PROOF)
    step(session, transfer, "cancel", officer)
    second = custody.prepare(session, transfer.dossier, receiver, "QĐ 2", actor=officer, proof=factories.PROOF)
    assert second.state == TransferState.DRAFT and second.number != transfer.number


def test_the_database_has_the_last_word_on_two_open_transfers(session: Session, world: World, actor: Actors) -> None:
    transfer = prepare(session, world, actor("canbo.sonv"))
    session.add(
        Transfer(
            number="CH-X",
            dossier_id=transfer.dossier_id,
            from_unit_id=transfer.from_unit_id,
            to_unit_id=world.units["btc"],
            approving_unit_id=world.units["sonv"],
            reason="hai",
            prepared_by_id=transfer.prepared_by_id,
        )
    )
    with pytest.raises(IntegrityError):
        session.flush()


@pytest.mark.parametrize("state", [DRAFT, SUBMITTED, APPROVED, IN_TRANSIT])
def test_a_dossier_is_held_still_from_approval_to_arrival(
    session: Session, settings: Settings, world: World, actor: Actors, state: str
) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    scan = factories.make_scan(session, transfer.dossier, officer.account_id, ("một", "hai"))
    pages = review.pages_with_text(session, scan)
    first = factories.make_document(session, transfer.dossier, scan, actor=officer)
    bring(session, transfer, state, actor)
    arrival = intake.examine(settings, [factories.png_of(Image.new("L", (300, 300), 255))], "trang.png")
    component = first.component_id
    changes: dict[str, Callable[[], object]] = {
        "upload": lambda: intake.receive(session, transfer.dossier, arrival, actor=officer),
        "correct": lambda: review.correct(session, pages[0], "khác", actor=officer),
        "describe": lambda: review.describe(
            session, first, review.Filing(component_id=component, title="Tên khác"), actor=officer
        ),
        "take_apart": lambda: review.take_apart(session, first, actor=officer),
    }
    try:
        for name, change in changes.items():
            if state in (APPROVED, IN_TRANSIT):
                with pytest.raises(Refused, match="held still"):
                    change()
            else:
                change()
            assert transfer.dossier.frozen == (state in (APPROVED, IN_TRANSIT)), name
    finally:
        intake.discard(arrival)


def test_nothing_is_approved_while_scans_are_being_read(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    step(session, transfer, "submit", officer)
    factories.make_scan(session, transfer.dossier, officer.account_id, read=False)
    with pytest.raises(Conflict, match="still being read"):
        step(session, transfer, "approve", actor("truongban.khoi"))


def test_the_sealed_list_names_documents_pages_and_hashes(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    scan = factories.make_scan(session, transfer.dossier, officer.account_id, ("một", "hai"))
    factories.make_document(session, transfer.dossier, scan, title="Quyết định bổ nhiệm", actor=officer)
    bring(session, transfer, APPROVED, actor)
    assert transfer.manifest is not None
    assert [(line["title"], line["pages"]) for line in transfer.manifest["documents"]] == [("Quyết định bổ nhiệm", 2)]
    assert [line["sha256"] for line in transfer.manifest["scans"]] == [scan.sha256]
    assert transfer.manifest_sha256 == custody.manifest_hash(transfer.manifest)
    assert custody.manifest_hash({**transfer.manifest, "waiting_pages": 1}) != transfer.manifest_sha256
    assert transfer.due_on is not None and transfer.due_on > today()


def test_a_transfer_that_comes_back_is_sealed_anew(session: Session, world: World, actor: Actors) -> None:
    transfer = bring(session, prepare(session, world, actor("canbo.sonv")), IN_TRANSIT, actor)
    step(session, transfer, "return", actor("canbo.sotc"))
    assert (transfer.manifest, transfer.manifest_sha256, transfer.approved_by_id, transfer.due_on) == (None,) * 4
    assert not transfer.dossier.frozen
    assert not can(actor("canbo.sotc"), Action.TRANSFER_READ, transfer)


def _sees(engine: Engine, settings: Settings, actor: Actor, words: str) -> tuple[bool, int]:
    """Whether the actor sees any dossier, and how many things a search finds for them."""
    with db.reading(engine) as session:
        rows = session.scalars(select(Dossier.id).where(allowed(actor, Action.DOSSIER_READ))).all()
        found = finding.find(session, search.open_engine(settings), words, actor=actor)
    return bool(rows), found.total


def test_custody_sight_and_search_change_in_one_commit(
    engine: Engine, settings: Settings, world: World, actor: Actors
) -> None:
    sender, receiver = actor("canbo.sonv"), actor("canbo.sotc")
    with db.writing(engine) as session:
        transfer = bring(session, prepare(session, world, sender), IN_TRANSIT, actor)
        name, transfer_id = transfer.dossier.person.full_name, transfer.id
    search.rebuild(engine, settings)
    assert _sees(engine, settings, sender, name) == (True, 1)
    assert _sees(engine, settings, receiver, name) == (False, 0)
    with db.writing(engine) as session:
        transfer = session.get_one(Transfer, transfer_id)
        step(session, transfer, "accept", receiver)
        assert _sees(engine, settings, sender, name) == (True, 1), "nothing before the commit"
    # The index still says what it said: the database decides, and the job for the index is in the same commit.
    assert _sees(engine, settings, sender, name) == (False, 0)
    assert _sees(engine, settings, receiver, name) == (True, 1)
    with db.reading(engine) as session:
        transfer = session.get_one(Transfer, transfer_id)
        assert not transfer.dossier.frozen
        assert transfer.dossier.person.unit_id == world.units["sotc"]
        assert session.scalar(select(Job.id).where(Job.kind == "index_dossier", Job.subject_id == transfer.dossier_id))
        assert can(sender, Action.TRANSFER_READ, transfer), "the sender keeps the transfer, not the dossier"


@pytest.mark.parametrize("names", [("accept", "accept"), ("accept", "recall"), ("reject", "accept")])
def test_two_people_at_once_one_wins(engine: Engine, world: World, actor: Actors, names: tuple[str, str]) -> None:
    """Both have the page open; whoever comes second is told so and nothing moves twice."""
    with db.writing(engine) as session:
        transfer_id = bring(session, prepare(session, world, actor("canbo.sonv")), IN_TRANSIT, actor).id
    who = {"accept": "canbo.sotc", "recall": "canbo.sonv", "reject": "bithu.sotc"}
    people = (
        [actor(who[name]) for name in names] if names[0] != names[1] else [actor("canbo.sotc"), actor("bithu.sotc")]
    )
    start, results = threading.Barrier(2), []

    def move(name: str, somebody: Actor) -> None:
        start.wait()
        try:
            with db.writing(engine) as session:
                step(session, session.get_one(Transfer, transfer_id), name, somebody)
            results.append("done")
        except OmsError as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=move, args=pair) for pair in zip(names, people, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["Conflict", "done"]
    with db.reading(engine) as session:
        transfer = session.get_one(Transfer, transfer_id)
        assert len(transfer.events) == len(WAYS[IN_TRANSIT]) + 2  # with "new" and the one that won
        assert (transfer.dossier.custodian_id == transfer.to_unit_id) == (transfer.state == TransferState.ACCEPTED)


def test_a_page_that_is_out_of_date_moves_nothing(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    seen = transfer.version
    step(session, transfer, "submit", officer)
    step(session, transfer, "return", actor("truongban.khoi"))
    with pytest.raises(Conflict, match="Somebody else"):
        arrow = custody.choose_step(transfer, "submit", actor=officer)
        custody.take(session, arrow, transfer, actor=officer, version=seen)


def test_every_state_has_its_words(session: Session, world: World, actor: Actors) -> None:
    for state in map(TransferState, WAYS):
        transfer = bring(session, prepare(session, world, actor("canbo.sonv")), state.value, actor)
        sentence, values = custody.what_next(transfer)
        assert values["unit"] in sentence % values
        labels = [custody.event_label(event) for event in custody.events_of(session, transfer)]
        assert len(labels) == 1 + len(WAYS[state.value]) and labels[0] == "Prepared" and "Prepared" not in labels[1:]
