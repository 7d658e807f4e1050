"""Hand over, what arrives and what does not: readiness, the check line by line, losses, bodies outside, requests."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import consultations, custody, db, papers, whereabouts
from oms.consultations import Wish
from oms.errors import BadInput, Conflict, OmsError, Refused
from oms.models import (
    AuditEntry,
    CheckOutcome,
    ConsultationKind,
    Loan,
    LoanState,
    Person,
    Scan,
    ScanState,
    Transfer,
    TransferState,
    Unit,
)
from oms.organisation import today
from oms.permissions import Action, can
from tests import factories
from tests.factories import World
from tests.test_custody import APPROVED, IN_TRANSIT, Actors, bring, prepare, step


def arrived(session: Session, world: World, actor: Actors) -> Transfer:
    """On its way, with two documents on the list."""
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    for title in ("Quyết định bổ nhiệm", "Lý lịch"):
        scan = factories.make_scan(session, transfer.dossier, officer.account_id, (title,))
        factories.make_document(session, transfer.dossier, scan, title=title, actor=officer)
    return bring(session, transfer, IN_TRANSIT, actor)


def take(session: Session, transfer: Transfer, name: str, by: object, **more: object) -> None:
    """A step as it is, without the ticks that `step` makes."""
    chosen = custody.choose_step(transfer, name, actor=by)
    custody.take(session, chosen, transfer, actor=by, reason="Theo biên bản giao nhận", **more)


def entries(session: Session, action: str) -> int:
    return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)) or 0


def red(session: Session, transfer: Transfer) -> set[str]:
    """The red lines, without the note that sheets are not counted: factories count none."""
    return {line.id for line in custody.readiness(session, transfer) if not line.ok and line.id != "sheets"}


def test_the_lines_turn_red_and_green(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    assert red(session, transfer) == set()
    custody.prove(session, transfer, custody.Proof(), actor=officer)
    assert red(session, transfer) == {"proof"}
    attempt = session.begin_nested()
    with pytest.raises(Conflict):
        take(session, transfer, "submit", officer)
    attempt.rollback()
    custody.prove(session, transfer, factories.PROOF, actor=officer)
    assert entries(session, "transfer:prove") == 2
    scan = factories.make_scan(session, transfer.dossier, officer.account_id)
    assert red(session, transfer) == {"unfiled"}
    factories.make_document(session, transfer.dossier, scan, actor=officer)
    assert red(session, transfer) == set()
    state, scan.state = scan.state, ScanState.READING
    session.flush()
    assert red(session, transfer) == {"unread"}
    scan.state = state
    transfer.dossier.held = True
    session.flush()
    assert red(session, transfer) == {"hold"}
    attempt = session.begin_nested()
    with pytest.raises(Refused):
        take(session, transfer, "submit", officer)
    attempt.rollback()
    transfer.dossier.held = False
    transfer.dossier.paper_unit_id = world.units["sotc"]
    session.flush()
    assert red(session, transfer) == {"paper"}
    assert session.scalar(select(func.count(Scan.id))) == 1


def test_readiness_is_looked_at_again_at_the_dispatch(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    transfer = prepare(session, world, officer)
    scan = factories.make_scan(session, transfer.dossier, officer.account_id)
    document = factories.make_document(session, transfer.dossier, scan, actor=officer)
    bring(session, transfer, APPROVED, actor)
    wish = Wish(transfer.dossier.number, ConsultationKind.PAPER, "Thẩm tra", "1-CV", "Quyết định", today())
    request = consultations.request(session, wish, actor=actor("canbo.soyt"))
    loan = Loan(consultation_id=request.id, dossier_id=transfer.dossier_id, due_on=today(), state=LoanState.READY)
    session.add(loan)
    session.flush()
    assert red(session, transfer) == {"loan"}
    with pytest.raises(Conflict, match="lent to"):
        take(session, transfer, "dispatch", officer)
    loan.state = LoanState.CANCELLED
    document.title, document.dossier_id = "Đã tiêu hủy", factories.make_dossier(session, world.units["sonv"]).id
    session.flush()
    with pytest.raises(Conflict, match="taken out"):
        take(session, transfer, "dispatch", officer)
    document.dossier_id = transfer.dossier_id
    session.flush()
    assert transfer.state == APPROVED and entries(session, "transfer:dispatch") == 0
    take(session, transfer, "dispatch", officer)
    assert entries(session, "transfer:dispatch") == 1


def test_nothing_is_accepted_before_every_line_was_looked_at(session: Session, world: World, actor: Actors) -> None:
    transfer, receiver = arrived(session, world, actor), actor("canbo.sotc")
    custody.tick(session, transfer, 1, CheckOutcome.MISSING, actor=receiver)
    for name in ("accept", "accept-with-reservations"):
        attempt = session.begin_nested()
        with pytest.raises(Conflict, match="not checked yet"):
            take(session, transfer, name, receiver)
        attempt.rollback()
    assert custody.tick_rest(session, transfer, actor=receiver) == 1
    attempt = session.begin_nested()
    with pytest.raises(Conflict, match="with reservations"):
        take(session, transfer, "accept", receiver)
    attempt.rollback()
    custody.add_extra(session, transfer, "Một thẻ đảng cũ", actor=receiver)
    take(session, transfer, "accept-with-reservations", receiver)
    assert transfer.dossier.custodian_id == world.units["sotc"]
    assert [line.position for line in custody.discrepancies(session, transfer)] == [1, 3]
    assert entries(session, "transfer:check") == 3


def test_a_discrepancy_is_settled_once_by_either_unit(session: Session, world: World, actor: Actors) -> None:
    transfer, receiver = arrived(session, world, actor), actor("canbo.sotc")
    custody.tick(session, transfer, 2, CheckOutcome.MISSING, actor=receiver)
    custody.tick_rest(session, transfer, actor=receiver)
    take(session, transfer, "accept-with-reservations", receiver)
    assert [found.id for found, _last in custody.unsettled(session, actor=receiver)] == [transfer.id]
    with pytest.raises(BadInput):
        custody.settle(session, transfer, 2, " ", actor=receiver)
    with pytest.raises(Conflict):
        custody.settle(session, transfer, 1, "Đã gửi bổ sung", actor=receiver)
    custody.settle(session, transfer, 2, "Đã gửi bổ sung", actor=actor("canbo.sonv"))
    with pytest.raises(Conflict):
        custody.settle(session, transfer, 2, "Đã gửi bổ sung", actor=receiver)
    assert custody.unsettled(session, actor=receiver) == []
    assert entries(session, "transfer:settle") == 1


def test_what_is_ticked_needs_a_line_and_words_and_the_receiver(session: Session, world: World, actor: Actors) -> None:
    transfer, receiver = arrived(session, world, actor), actor("canbo.sotc")
    for position, outcome in ((0, CheckOutcome.PRESENT), (3, CheckOutcome.PRESENT), (1, CheckOutcome.EXTRA)):
        with pytest.raises(BadInput):
            custody.tick(session, transfer, position, outcome, actor=receiver)
    with pytest.raises(BadInput):
        custody.tick(session, transfer, 1, CheckOutcome.DAMAGED, actor=receiver)
    with pytest.raises(Refused):
        custody.tick(session, transfer, 1, CheckOutcome.PRESENT, actor=actor("canbo.sonv"))
    assert entries(session, "transfer:check") == 0


@pytest.mark.parametrize(("name", "by"), [("recall", "canbo.sonv"), ("return", "canbo.sotc")])
def test_the_way_back_forgets_the_ticks(session: Session, world: World, actor: Actors, name: str, by: str) -> None:
    transfer = arrived(session, world, actor)
    custody.tick_rest(session, transfer, actor=actor("canbo.sotc"))
    take(session, transfer, name, actor(by))
    assert custody.lines(session, transfer) == []


def test_the_paper_that_did_not_come_is_said_to_be_elsewhere(session: Session, world: World, actor: Actors) -> None:
    transfer, receiver = arrived(session, world, actor), actor("canbo.sotc")
    custody.tick_rest(session, transfer, actor=receiver)
    take(session, transfer, "accept", receiver, paper_came=False)
    assert whereabouts.differs(transfer.dossier)
    assert transfer.dossier.paper_unit_id == world.units["sonv"]


def test_lost_only_after_the_limit_and_the_dossier_stays_with_the_sender(
    session: Session, world: World, actor: Actors
) -> None:
    transfer, head, second = arrived(session, world, actor), actor("bithu.sotc"), actor("bithu.sonv")
    assert not custody.may_declare_lost(transfer, actor=head)
    with pytest.raises((Conflict, Refused)):
        take(session, transfer, "declare-lost", head, second=second)
    transfer.due_on = today() - timedelta(days=1)
    assert custody.may_declare_lost(transfer, actor=head) and custody.needs_second(transfer)
    for nobody in (None, head, actor("canbo.soyt"), actor("quantri")):
        with pytest.raises(Refused):
            take(session, transfer, "declare-lost", head, second=nobody)
    for officer in ("canbo.sonv", "canbo.sotc", "canbo.khoi"):
        with pytest.raises(Refused):
            take(session, transfer, "declare-lost", actor(officer), second=second)
    assert transfer.state == IN_TRANSIT and entries(session, "transfer:declare-lost") == 0
    take(session, transfer, "declare-lost", head, second=second)
    assert transfer.state == TransferState.LOST and not transfer.dossier.frozen
    assert transfer.dossier.custodian_id == world.units["sonv"]
    assert whereabouts.differs(transfer.dossier)
    event = custody.events_of(session, transfer)[-1]
    assert (event.taken_by_id, event.second_id) == (head.account_id, second.account_id)
    assert entries(session, "transfer:declare-lost") == 1
    minutes = papers.loss_minutes(session, transfer, printing=papers.Printing(second, "handover"))
    assert minutes.body.startswith(b"%PDF") and "BBM" in minutes.number


@pytest.mark.parametrize(("by", "where"), [("canbo.sonv", "sonv"), ("canbo.sotc", "sotc")])
def test_found_again_it_begins_anew_from_where_the_paper_is(
    session: Session, world: World, actor: Actors, by: str, where: str
) -> None:
    transfer = arrived(session, world, actor)
    transfer.due_on = today() - timedelta(days=1)
    custody.tick(session, transfer, 1, CheckOutcome.MISSING, actor=actor("canbo.sotc"))
    take(session, transfer, "declare-lost", actor("bithu.sonv"), second=actor("canbo.sotc"))
    take(session, transfer, "found", actor(by))
    assert transfer.state == "draft" and transfer.closed_at is None and transfer.manifest is None
    assert custody.lines(session, transfer) == []
    assert whereabouts.unit_of(transfer.dossier).id == world.units[where]
    assert whereabouts.differs(transfer.dossier) is (where == "sotc")
    with pytest.raises(Conflict, match="count as lost"):
        papers.loss_minutes(session, transfer, printing=papers.Printing(actor("bithu.sonv"), "handover"))


def test_what_has_gone_on_is_not_found_by_the_old_transfer(session: Session, world: World, actor: Actors) -> None:
    transfer, officer = arrived(session, world, actor), actor("canbo.sonv")
    transfer.due_on = today() - timedelta(days=1)
    take(session, transfer, "declare-lost", actor("bithu.sonv"), second=officer)
    receiver = session.get_one(Unit, world.units["soyt"])
    custody.prepare(session, transfer.dossier, receiver, "QĐ 13", actor=officer, proof=factories.PROOF)
    with pytest.raises(Conflict, match="gone on"):
        take(session, transfer, "found", officer)
    assert transfer.state == "lost" and entries(session, "transfer:found") == 0


def test_one_same_answer_whether_there_is_such_a_dossier_or_not(session: Session, world: World, actor: Actors) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    asking = custody.Asking(dossier.number, "12-QĐ/TU", today(), "Cán bộ về nhận công tác")
    known = custody.ask(session, asking, actor=actor("canbo.sotc"))
    unknown = custody.ask(session, replace(asking, wanted="HS-0000-9999"), actor=actor("canbo.sotc"))
    assert (known.dossier_id, known.keeper_id) == (dossier.id, None)
    assert unknown.dossier_id is None and unknown.keeper_id is not None
    assert entries(session, "transfer:ask") == 2
    for wrong in (replace(asking, wanted=" "), replace(asking, reason=""), replace(asking, basis_on=None)):
        with pytest.raises(BadInput):
            custody.ask(session, wrong, actor=actor("canbo.sotc"))
    transfer = custody.answer(session, known, actor=actor("canbo.sonv"))
    assert (transfer.to_unit_id, transfer.basis_number) == (world.units["sotc"], "12-QĐ/TU")
    with pytest.raises(Conflict):
        custody.answer(session, known, actor=actor("canbo.sonv"))
    assert not can(actor("canbo.sonv"), Action.TRANSFER_REQUEST_READ, unknown)


def test_a_name_borne_by_several_names_no_dossier(session: Session, world: World, actor: Actors) -> None:
    person = factories.make_dossier(session, world.units["sonv"], "Lê Văn Giả").person
    asking = custody.Asking("lê văn giả", "12-QĐ/TU", today(), "Cán bộ về nhận công tác")
    assert custody.ask(session, asking, actor=actor("canbo.sotc")).dossier_id is not None
    left_out = ("id", "personal_id", "version")
    same = {c.key: getattr(person, c.key) for c in Person.__table__.columns if c.key not in left_out}
    session.add_all([Person(**same), Person(**same)])
    session.flush()
    request = custody.ask(session, asking, actor=actor("canbo.sotc"))
    assert request.dossier_id is None and request.keeper_id is not None


def test_outside_the_slip_comes_back_to_another_person(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    body = custody.find_outside_body(session, "Ban Tổ chức Tỉnh ủy Giả định", actor=officer)
    assert custody.find_outside_body(session, "ban to chuc tinh uy gia dinh", actor=officer) is body
    dossier = factories.make_dossier(session, world.units["sonv"])
    transfer = custody.prepare(session, dossier, body, "Chuyển công tác", actor=officer, proof=factories.PROOF)
    step(session, transfer, "submit", officer)
    head = next(n for n in ("truongban.khoi", "bithu.sonv") if can(actor(n), Action.TRANSFER_APPROVE, transfer))
    step(session, transfer, "approve", actor(head))
    assert transfer.state == APPROVED
    step(session, transfer, "dispatch", officer)
    with pytest.raises((Refused, Conflict)):
        take(session, transfer, "slip-returned", officer)
    take(session, transfer, "slip-returned", actor("canbo2.sonv"))
    assert dossier.custodian_id == body.id
    assert not any(can(actor(name), Action.DOSSIER_READ, dossier) for name in factories.ACCOUNTS)


SLIP = custody.Arrival("07-PC/BTC", today(), (custody.Came("Giấy khai sinh", 1, "12/KS"), custody.Came("Lý lịch", 4)))


def came(session: Session, world: World, actor: Actors, *, opened: bool = True) -> Transfer:
    officer = actor("canbo.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"])
    body = custody.find_outside_body(session, "Ban Tổ chức Tỉnh ủy Giả định", actor=officer)
    return custody.receive_from_outside(session, dossier, body, SLIP, actor=officer, opened=opened)


def test_what_comes_from_outside_is_entered_whole(session: Session, world: World, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"])
    body = custody.find_outside_body(session, "Ban Tổ chức Tỉnh ủy Giả định", actor=officer)
    tomorrow = today() + timedelta(days=1)
    for wrong in (
        {"slip_number": " "},
        {"slip_on": tomorrow},
        {"documents": ()},
        {"documents": (custody.Came("", 1),)},
    ):
        with pytest.raises(BadInput):
            custody.receive_from_outside(session, dossier, body, replace(SLIP, **wrong), actor=officer)
    with pytest.raises(BadInput):
        unit = session.get_one(Unit, world.units["sotc"])
        custody.receive_from_outside(session, dossier, unit, SLIP, actor=officer)
    for stranger in ("bithu.sonv", "canbo.sotc"):
        with pytest.raises(Refused):
            custody.receive_from_outside(session, dossier, body, SLIP, actor=actor(stranger))
    assert entries(session, "transfer:from_outside") == 0
    transfer = custody.receive_from_outside(session, dossier, body, SLIP, actor=officer)
    assert (transfer.state, transfer.from_unit_id, transfer.basis_number) == ("arrived", body.id, "07-PC/BTC")
    sentence, values = custody.what_next(transfer)
    assert "confirms" in sentence and "Sở Nội vụ" in sentence % values
    assert [custody.event_label(event) for event in custody.events_of(session, transfer)] == ["Came from outside"]
    assert [line.document["sheets"] for line in custody.lines(session, transfer)] == [1, 4]
    assert can(officer, Action.SCAN_UPLOAD, dossier) and entries(session, "transfer:from_outside") == 1
    with pytest.raises(Conflict):
        custody.receive_from_outside(session, dossier, body, SLIP, actor=officer)


def test_a_slip_is_read_line_by_line() -> None:
    assert custody.read_slip("Giấy khai sinh; 12/KS; 1\n\n Lý lịch;4 ") == tuple(SLIP.documents)
    for wrong in ("Giấy khai sinh", "Giấy khai sinh; hai", "a; b; c; 1", "Lý lịch; ²"):
        with pytest.raises(BadInput, match="Line 1"):
            custody.read_slip(wrong)


def test_another_person_confirms_what_was_checked(session: Session, world: World, actor: Actors) -> None:
    transfer, head = came(session, world, actor), actor("bithu.sonv")
    for somebody in ("canbo.sonv", "canbo2.sonv", "truongban.khoi"):
        with pytest.raises(Refused):
            custody.choose_step(transfer, "confirm", actor=actor(somebody))
    with pytest.raises(Conflict, match="not checked yet"):
        take(session, transfer, "confirm", head)
    custody.tick(session, transfer, 1, CheckOutcome.MISSING, actor=actor("canbo.sonv"))
    custody.tick_rest(session, transfer, actor=actor("canbo.sonv"))
    with pytest.raises(Conflict, match="with reservations"):
        take(session, transfer, "confirm", head)
    custody.relist(session, transfer, replace(SLIP, documents=SLIP.documents[1:]), actor=actor("canbo2.sonv"))
    assert [line.check for line in custody.lines(session, transfer)] == [None]
    custody.tick_rest(session, transfer, actor=actor("canbo.sonv"))
    take(session, transfer, "confirm", head)
    assert (transfer.state, transfer.approved_by_id) == ("accepted", head.account_id)
    assert transfer.dossier.custodian_id == world.units["sonv"] and not transfer.dossier.frozen
    assert entries(session, "transfer:confirm") == 1 and entries(session, "transfer:relist") == 1
    with pytest.raises(Conflict):
        custody.relist(session, transfer, SLIP, actor=actor("canbo2.sonv"))


@pytest.mark.parametrize("opened", [True, False])
def test_what_is_sent_back_outside_takes_only_its_own_dossier_along(
    session: Session, world: World, actor: Actors, opened: bool
) -> None:
    transfer, officer = came(session, world, actor, opened=opened), actor("canbo.sonv")
    take(session, transfer, "reject", actor("bithu.sonv"))
    assert transfer.state == "rejected" and transfer.closed_at is not None
    expected = transfer.from_unit_id if opened else world.units["sonv"]
    assert transfer.dossier.custodian_id == expected
    assert can(officer, Action.DOSSIER_READ, transfer.dossier) is not opened


def test_an_entry_withdrawn_leaves_the_dossier_free(session: Session, world: World, actor: Actors) -> None:
    transfer, officer = came(session, world, actor), actor("canbo.sonv")
    take(session, transfer, "cancel", officer)
    assert transfer.state == "cancelled" and transfer.dossier.custodian_id == world.units["sonv"]
    again = custody.receive_from_outside(session, transfer.dossier, transfer.from_unit, SLIP, actor=officer)
    assert again.number != transfer.number


def test_of_twenty_who_accept_at_once_one_does(engine: Engine, world: World, actor: Actors) -> None:
    """The dossier moves once, with one event and one entry; the other nineteen are told so."""
    with db.writing(engine) as session:
        transfer = bring(session, prepare(session, world, actor("canbo.sonv")), IN_TRANSIT, actor)
        transfer_id, receiver = transfer.id, actor("canbo.sotc")
        custody.tick_rest(session, transfer, actor=receiver)
    start, results = threading.Barrier(20), []

    def accept() -> None:
        start.wait()
        try:
            with db.writing(engine) as session:
                take(session, session.get_one(Transfer, transfer_id), "accept", receiver)
            results.append("done")
        except OmsError as error:
            results.append(type(error).__name__)

    threads = [threading.Thread(target=accept) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("done") == 1 and len(results) == 20
    assert set(results) <= {"done", "Conflict", "Refused"}
    with db.reading(engine) as session:
        assert session.get_one(Transfer, transfer_id).dossier.custodian_id == world.units["sotc"]
        assert entries(session, "transfer:accept") == 1
