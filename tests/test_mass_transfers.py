"""Mass transfers: many ordinary transfers as one batch; who stays behind is named and blocks nobody."""

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from openpyxl import Workbook
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import accounts, audit, custody, db, holds
from oms.custody import mass
from oms.errors import BadInput, ConfirmationNeeded, Conflict, NotFound, OmsError, Refused
from oms.models import (
    AuditEntry,
    CheckOutcome,
    Dossier,
    Job,
    MassTransfer,
    MassTransferMember,
    MassTransferRun,
    PaperState,
    Transfer,
    TransferState,
    Unit,
)
from oms.organisation import today
from oms.permissions import Action, Actor
from oms.reorganisation import landing
from oms.settings import Settings
from tests import factories
from tests.factories import World

DECISION = mass.Decision("45-QĐ/TU", date(2026, 2, 3), "Sáp nhập hai cơ quan")
WAY = (
    ("submit", "canbo.sonv"),
    ("approve", "truongban.khoi"),
    ("dispatch", "canbo.sonv"),
    ("check", "canbo.sotc"),
    ("accept", "canbo.sotc"),
)
STATES = {
    "draft": 0,
    "submitted": 1,
    "approved": 2,
    "in_transit": 3,
    "checked": 4,
    "accepted": 5,
}
Actors = Callable[[str], Actor]


@pytest.fixture
def by(engine: Engine, world: World) -> Actors:
    """`by("canbo.sonv")`: that account, its password given a moment ago."""

    def find(username: str) -> Actor:
        with db.reading(engine) as reader:
            return replace(accounts.get_actor(reader, username, via="web"), confirmed=True)

    return find


def take(session: Session, batch: MassTransfer, act: str, actor: Actor, **more: object) -> MassTransferRun:
    """Order an act and carry it out to its end."""
    run = mass.order(session, batch, act, actor=actor, **{"reason": "Theo quyết định", **more})
    while mass.carry_on(session, batch, actor=actor):
        pass
    return run


def make_batch(
    session: Session, world: World, by: Actors, count: int = 3, *, upto: str = "draft", receiver: str = "sotc"
) -> MassTransfer:
    """A batch of Sở Nội vụ with one filed document in each dossier, brought to a state."""
    officer = by("canbo.sonv")
    units = {code: session.get_one(Unit, world.units[code]) for code in ("sonv", receiver)}
    made = []
    for number in range(count):
        dossier = factories.make_dossier(session, units["sonv"].id, f"Lê Văn {number}")
        scan = factories.make_scan(session, dossier, officer.account_id, (f"trang {number}",))
        factories.make_document(session, dossier, scan, actor=officer)
        made.append(dossier.id)
    batch = mass.begin(session, units["sonv"], units[receiver], DECISION, actor=officer)
    assert mass.add(session, batch, made, actor=officer) == count
    take(session, batch, "prepare", officer)
    for act, username in WAY[: STATES[upto]]:
        take(session, batch, act, by(username))
    return batch


def transfers_of(session: Session, batch: MassTransfer) -> list[Transfer]:
    query = select(Transfer).join(MassTransferMember, MassTransferMember.transfer_id == Transfer.id)
    return list(session.scalars(query.where(MassTransferMember.mass_id == batch.id).order_by(Transfer.number)))


def states_of(session: Session, batch: MassTransfer) -> list[str]:
    return [transfer.state.value for transfer in transfers_of(session, batch)]


def entries(session: Session, action: str) -> int:
    return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == action)) or 0


def test_the_whole_way_of_a_batch_is_the_way_of_its_transfers(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, upto="accepted")
    assert batch.number == f"DCH-SONV-{today().year}-001" and not batch.is_open
    for transfer in transfers_of(session, batch):
        steps = [event.step for event in custody.events_of(session, transfer)]
        assert steps == ["new", "submit", "approve", "dispatch", "accept"]
        assert transfer.dossier.custodian_id == world.units["sotc"] and not transfer.dossier.frozen
        assert transfer.manifest and custody.manifest_hash(transfer.manifest) == transfer.manifest_sha256
        assert transfer.approved_by_id == world.accounts["truongban.khoi"]
        assert (transfer.basis_number, transfer.basis_on) == (DECISION.number, DECISION.day)
    for action in ("new", "submit", "approve", "dispatch", "check", "accept"):
        assert entries(session, f"transfer:{action}") == 3
    assert [(run.act, run.total, run.moved, run.stayed) for run in mass.runs_of(session, batch)] == [
        ("prepare", 3, 3, 0),
        *((act, 3, 3, 0) for act, _who in WAY),
    ]
    assert not audit.verify(session).finding


def test_numbers_run_by_body_and_year(session: Session, world: World, by: Actors) -> None:
    first, second = (make_batch(session, world, by, 1) for _ in range(2))
    units = [session.get_one(Unit, world.units[code]) for code in ("sotc", "btc")]
    other = mass.begin(session, *units, DECISION, actor=by("canbo.sotc"))
    year = today().year
    assert [one.number for one in (first, second, other)] == [
        f"DCH-SONV-{year}-001",
        f"DCH-SONV-{year}-002",
        f"DCH-SOTC-{year}-001",
    ]


@pytest.mark.parametrize(
    ("upto", "username", "offered"),
    [
        ("draft", "canbo.sonv", {"submit", "cancel", "leave-out"}),
        ("draft", "bithu.sonv", {"cancel", "leave-out"}),
        ("submitted", "truongban.khoi", {"approve", "return", "reject"}),
        ("submitted", "canbo.khoi", set()),
        ("submitted", "canbo.sonv", {"cancel"}),
        ("approved", "bithu.sonv", {"dispatch", "cancel"}),
        ("in_transit", "canbo.sotc", {"check", "accept", "send-back", "refuse"}),
        ("in_transit", "canbo.sonv", {"recall"}),
        ("accepted", "canbo.sotc", set()),
    ],
)
def test_who_can_order_what(
    session: Session, world: World, by: Actors, upto: str, username: str, offered: set[str]
) -> None:
    batch = make_batch(session, world, by, 2, upto=upto)
    found = mass.overview(session, batch, actor=by(username))
    assert {act.name for act, _count in found.acts} == offered
    before = states_of(session, batch)
    for name in set(mass.ACTS) - offered:
        with pytest.raises((Refused, Conflict)):
            mass.order(session, batch, name, actor=by(username), reason="vì")
    assert states_of(session, batch) == before and mass.under_way(session, batch) is None


@pytest.mark.parametrize(
    ("upto", "seen"),
    [
        ("draft", {"canbo.sonv", "canbo2.sonv", "bithu.sonv"}),
        ("submitted", {"canbo.sonv", "canbo2.sonv", "bithu.sonv", "truongban.khoi", "canbo.khoi"}),
        (
            "in_transit",
            {"canbo.sonv", "canbo2.sonv", "bithu.sonv", "truongban.khoi", "canbo.khoi", "canbo.sotc", "bithu.sotc"},
        ),
    ],
)
def test_a_batch_that_does_not_concern_you_does_not_exist(
    session: Session, world: World, by: Actors, upto: str, seen: set[str]
) -> None:
    batch = make_batch(session, world, by, 1, upto=upto)
    session.refresh(batch)
    for username in factories.ACCOUNTS:
        listed = [one.batch.id for one in mass.list_batches(session, actor=by(username))]
        assert listed == ([batch.id] if username in seen else []), username
        if username in seen:
            assert mass.get(session, batch.number.lower(), actor=by(username)) is batch
        else:
            with pytest.raises(NotFound):
                mass.get(session, batch.number, actor=by(username))
            with pytest.raises(Refused):
                mass.order(session, batch, "cancel", actor=by(username), reason="vì")


def test_who_decides_and_who_receives_see_what_was_given_to_them(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, 4)
    officer, held = by("canbo.sonv"), transfers_of(session, batch)
    left = session.scalars(select(MassTransferMember.id).where(MassTransferMember.transfer_id == held[0].id)).all()
    mass.take_out(session, batch, left, "Sẽ chuyển sau", actor=officer)
    factories.make_scan(session, held[1].dossier, world.accounts["canbo.sonv"], ("chưa xếp",))
    taken = held[0].dossier
    for act, username in WAY[:3]:
        take(session, batch, act, by(username), partly=True)
    for username, count in (("canbo.sonv", 4), ("truongban.khoi", 3), ("bithu.sotc", 2)):
        somebody = by(username)
        rows, total = mass.page_of(session, batch, actor=somebody)
        assert mass.overview(session, batch, actor=somebody).total == len(rows) == total == count, username
        if count < 4:
            assert held[1].dossier.number not in {row.member.dossier.number for row in rows}
            assert mass.not_ready(session, batch, actor=somebody) == {}
            assert mass.count_stayed(session, batch, actor=somebody) == 0
    assert taken.custodian_id == world.units["sonv"]
    assert len(list(mass.listed(session, batch, actor=by("bithu.sotc")))) == 2


def test_who_prepared_the_batch_does_not_approve_it(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, 2, receiver="btc", upto="submitted")
    assert batch.approving_unit_id == world.units["sonv"]
    with pytest.raises(Refused):
        mass.order(session, batch, "approve", actor=by("canbo.sonv"))
    take(session, batch, "approve", by("bithu.sonv"))
    assert states_of(session, batch) == ["approved"] * 2


def test_binding_acts_ask_for_the_password(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, 1)
    with pytest.raises(ConfirmationNeeded):
        mass.order(session, batch, "submit", actor=replace(by("canbo.sonv"), confirmed=False))


def test_one_that_cannot_go_stops_all_until_somebody_says_otherwise(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by)
    held = transfers_of(session, batch)[1]
    reason = "Đang xác minh đơn thư"
    holds.order(session, held.dossier, whole_person=False, reason=reason, decision=reason, actor=by("bithu.sonv"))
    with pytest.raises(Conflict) as refusal:
        mass.order(session, batch, "submit", actor=by("canbo.sonv"))
    assert held.dossier.number in str(refusal.value) and states_of(session, batch) == ["draft"] * 3
    run = take(session, batch, "submit", by("canbo.sonv"), partly=True)
    assert (run.moved, run.stayed) == (2, 1)
    assert states_of(session, batch) == ["submitted", "draft", "submitted"]
    stayed = session.scalars(select(MassTransferMember).where(MassTransferMember.refusal.is_not(None))).one()
    assert stayed.transfer_id == held.id and "hold" in (stayed.refusal or "")
    take(session, batch, "leave-out", by("canbo.sonv"))
    assert states_of(session, batch) == ["submitted", "cancelled", "submitted"]


def test_leaving_out_takes_the_red_ones_only(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by)
    red = transfers_of(session, batch)[2]
    factories.make_scan(session, red.dossier, world.accounts["canbo.sonv"], ("chưa xếp",))
    assert [one.number for one in mass.not_ready(session, batch, actor=by("canbo.sonv")).values()] == [
        red.dossier.number
    ]
    run = take(session, batch, "leave-out", by("canbo.sonv"), reason="Chưa đủ điều kiện")
    assert (run.moved, run.stayed) == (1, 0)
    assert states_of(session, batch) == ["draft", "draft", "cancelled"]
    assert mass.not_ready(session, batch, actor=by("canbo.sonv")) == {}


def test_a_dossier_in_another_open_transfer_is_named_and_blocks_nobody(
    session: Session, world: World, by: Actors
) -> None:
    first = make_batch(session, world, by, 2)
    taken = [transfer.dossier_id for transfer in transfers_of(session, first)]
    free = factories.make_dossier(session, world.units["sonv"], "Người Còn Lại").id
    units = [session.get_one(Unit, world.units[code]) for code in ("sonv", "soyt")]
    second = mass.begin(session, *units, DECISION, actor=by("canbo2.sonv"))
    mass.add(session, second, [*taken, free], actor=by("canbo2.sonv"))
    run = take(session, second, "prepare", by("canbo2.sonv"))
    assert (run.moved, run.stayed) == (1, 2)
    assert [transfer.dossier_id for transfer in transfers_of(session, second)] == [free]
    red = mass.not_ready(session, second, actor=by("canbo2.sonv"))
    assert len(red) == 2 and all("open transfer" in one.message for one in red.values())
    take(session, first, "cancel", by("canbo.sonv"))
    assert take(session, second, "prepare", by("canbo2.sonv")).moved == 2


def test_only_what_the_sender_holds_gets_in(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, 1)
    foreign = factories.make_dossier(session, world.units["sotc"], "Người Khác").id
    assert mass.add(session, batch, [foreign, "0" * 16], actor=by("canbo.sonv")) == 0
    with pytest.raises(Refused):
        mass.add(session, batch, [foreign], actor=by("canbo.sotc"))
    with pytest.raises(Refused):
        mass.begin(session, batch.from_unit, batch.to_unit, DECISION, actor=by("canbo.sotc"))


@pytest.mark.parametrize(
    ("decision", "receiver"),
    [
        (replace(DECISION, number=" "), "sotc"),
        (replace(DECISION, day=None), "sotc"),
        (replace(DECISION, day=today() + timedelta(days=1)), "sotc"),
        (replace(DECISION, reason=" "), "sotc"),
        (DECISION, "sonv"),
        (DECISION, "sonv_c1"),
    ],
)
def test_a_batch_needs_a_decision_and_a_receiver(
    session: Session, world: World, by: Actors, decision: mass.Decision, receiver: str
) -> None:
    units = [session.get_one(Unit, world.units[code]) for code in ("sonv", receiver)]
    with pytest.raises(BadInput):
        mass.begin(session, *units, decision, actor=by("canbo.sonv"))
    assert session.scalar(select(func.count()).select_from(MassTransfer)) == 0


def test_the_receiver_takes_the_good_ones_and_reserves_the_others(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, upto="in_transit")
    receiver = by("canbo.sotc")
    odd = transfers_of(session, batch)[0]
    custody.tick(session, odd, 1, CheckOutcome.MISSING, actor=receiver)
    with pytest.raises(Conflict):
        mass.order(session, batch, "accept", actor=receiver)
    run = take(session, batch, "check", receiver)
    assert (run.moved, run.stayed) == (2, 1)
    with pytest.raises(Conflict):
        mass.order(session, batch, "accept", actor=receiver)
    take(session, batch, "accept", receiver, partly=True)
    assert states_of(session, batch) == ["in_transit", "accepted", "accepted"]
    step = custody.choose_step(odd, "accept-with-reservations", actor=receiver)
    custody.take(session, step, odd, actor=receiver, reason="Thiếu một tờ")
    session.refresh(batch)
    assert not batch.is_open and odd.dossier.custodian_id == world.units["sotc"]


def test_papers_that_have_not_come_are_apart_from_their_files(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, 2, upto="checked")
    take(session, batch, "accept", by("canbo.sotc"), paper_came=False)
    for transfer in transfers_of(session, batch):
        assert transfer.dossier.paper_unit_id == world.units["sonv"]
        assert transfer.dossier.paper_state == PaperState.ON_SHELF


@pytest.mark.parametrize(
    ("upto", "act", "username", "end"),
    [
        ("draft", "cancel", "canbo.sonv", "cancelled"),
        ("submitted", "return", "truongban.khoi", "draft"),
        ("submitted", "reject", "truongban.khoi", "rejected"),
        ("approved", "cancel", "bithu.sonv", "cancelled"),
        ("in_transit", "recall", "canbo.sonv", "draft"),
        ("in_transit", "send-back", "canbo.sotc", "draft"),
        ("in_transit", "refuse", "bithu.sotc", "rejected"),
    ],
)
def test_every_state_has_a_way_out(
    session: Session, world: World, by: Actors, upto: str, act: str, username: str, end: str
) -> None:
    batch = make_batch(session, world, by, 2, upto=upto)
    with pytest.raises(BadInput):
        mass.order(session, batch, act, actor=by(username), reason=" ")
    take(session, batch, act, by(username))
    assert states_of(session, batch) == [end] * 2
    session.refresh(batch)
    assert batch.is_open == (end == "draft")
    for transfer in transfers_of(session, batch):
        assert transfer.dossier.custodian_id == world.units["sonv"] and not transfer.dossier.frozen


def test_an_empty_batch_can_be_given_up(session: Session, world: World, by: Actors) -> None:
    units = [session.get_one(Unit, world.units[code]) for code in ("sonv", "sotc")]
    batch = mass.begin(session, *units, DECISION, actor=by("canbo.sonv"))
    assert batch.is_open
    take(session, batch, "cancel", by("canbo.sonv"))
    assert not batch.is_open


def test_single_members_are_taken_out_or_none(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by)
    members = session.scalars(select(MassTransferMember.id).where(MassTransferMember.mass_id == batch.id)).all()
    with pytest.raises(OmsError):
        mass.take_out(session, batch, members[:1], "vì", actor=by("canbo.sotc"))
    assert states_of(session, batch) == ["draft"] * 3
    assert mass.take_out(session, batch, members[:2], "Sẽ chuyển sau", actor=by("canbo.sonv")) == 2
    assert sorted(states_of(session, batch)) == ["cancelled", "cancelled", "draft"]


def test_a_step_goes_on_after_a_crash_between_two_portions(
    engine: Engine, settings: Settings, world: World, by: Actors
) -> None:
    with db.writing(engine) as session:
        id = make_batch(session, world, by, 5).id
        mass.order(session, session.get_one(MassTransfer, id), "submit", actor=by("canbo.sonv"))
    with db.writing(engine) as session:
        assert mass.carry_on(session, session.get_one(MassTransfer, id), actor=by("canbo.sonv"), size=2) == 3
    with db.reading(engine) as session:
        batch = session.get_one(MassTransfer, id)
        assert sorted(states_of(session, batch)) == ["draft"] * 3 + ["submitted"] * 2
        assert mass.under_way(session, batch) is not None
    with db.writing(engine) as session, pytest.raises(Conflict):
        mass.order(session, session.get_one(MassTransfer, id), "cancel", actor=by("canbo.sonv"), reason="vì")
    mass.work_off(engine, settings, id, actor=by("canbo.sonv"))
    mass.work_off(engine, settings, id, actor=by("canbo.sonv"))
    with db.reading(engine) as session:
        batch = session.get_one(MassTransfer, id)
        assert states_of(session, batch) == ["submitted"] * 5
        assert mass.under_way(session, batch) is None
        assert entries(session, "transfer:submit") == 5 and entries(session, "mass_transfer:done") == 2


def test_a_stopped_step_leaves_the_others_where_they_are(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, 3)
    officer = by("canbo.sonv")
    mass.order(session, batch, "submit", actor=officer)
    mass.carry_on(session, batch, actor=officer, size=1)
    with pytest.raises(Refused):
        mass.stop(session, batch, actor=by("bithu.sonv"))
    run = mass.stop(session, batch, actor=by("canbo2.sonv"))
    assert run.stopped and run.moved == 1
    assert mass.carry_on(session, batch, actor=officer) == 0
    assert sorted(states_of(session, batch)) == ["draft", "draft", "submitted"]
    take(session, batch, "submit", officer)
    assert states_of(session, batch) == ["submitted"] * 3


def test_a_right_that_ends_meanwhile_lets_the_members_stay_behind(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, 2)
    officer = by("canbo.sonv")
    mass.order(session, batch, "submit", actor=officer)
    assert mass.carry_on(session, batch, actor=replace(officer, units={})) == 0
    assert states_of(session, batch) == ["draft"] * 2
    run = mass.runs_of(session, batch)[-1]
    assert (run.moved, run.stayed) == (0, 2) and run.finished_at is not None


def test_a_large_batch_is_handed_to_a_job(session: Session, world: World, by: Actors, monkeypatch) -> None:
    batch = make_batch(session, world, by, 3)
    monkeypatch.setattr(mass.running.carry_on, "__kwdefaults__", {"size": 2})
    mass.order(session, batch, "submit", actor=by("canbo.sonv"))
    assert mass.start(session, batch, actor=by("canbo.sonv")) == 1
    job = session.scalars(select(Job).where(Job.kind == "mass_transfer")).one()
    assert (job.subject_id, job.account_id) == (batch.id, world.accounts["canbo.sonv"])


def test_members_show_as_one_line_and_not_as_hundreds(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, upto="submitted")
    head = by("truongban.khoi")
    assert custody.waiting_for(session, actor=head) == []
    assert custody.count_transfers(session, actor=head) == (0, 0)
    (found,) = mass.waiting_for(session, actor=head)
    assert found.batch is batch and [(act.name, count) for act, count in found.due] == [("approve", 3)]
    assert mass.waiting_for(session, actor=by("canbo.sonv")) == []
    transfer = transfers_of(session, batch)[0]
    assert mass.batch_of(session, transfer, actor=head) is batch
    assert mass.batch_of(session, transfer, actor=by("canbo.sotc")) is None


def test_an_overdue_batch_is_told_once_with_its_earliest_day(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, upto="in_transit")
    head = by("bithu.sotc")
    assert mass.overdue(session, actor=head) == []
    days = [today() - timedelta(days=4), today() - timedelta(days=9), today() + timedelta(days=1)]
    for transfer, day in zip(transfers_of(session, batch), days, strict=True):
        transfer.due_on = day
    session.flush()
    assert mass.overdue(session, actor=head) == [(batch, min(days), 2)]
    assert custody.overdue(session, actor=head) == []
    assert mass.overdue(session, actor=by("canbo.soyt")) == []


def test_waiting_for_approval_too_long_is_overdue(session: Session, world: World, by: Actors) -> None:
    make_batch(session, world, by, 2, upto="submitted")
    head = by("truongban.khoi")
    assert mass.overdue(session, actor=head) == []
    ((_batch, _day, count),) = mass.overdue(session, actor=head, day=today() + timedelta(days=60))
    assert count == 2


NAMES = "Nguyễn Thị Hòa\nHS-000002\n\nkhông có ai\nHS-000002\n079085000001"


def test_lines_name_dossiers_by_number_id_or_name(session: Session, world: World, by: Actors) -> None:
    unit = session.get_one(Unit, world.units["sonv"])
    first, second, third = (factories.make_dossier(session, unit.id, name) for name in ("Nguyễn Thị Hoà", "A", "B"))
    third.person.personal_id = "079085000001"
    session.flush()
    choice = mass.choose(session, mass.lines_of(NAMES), unit, actor=by("canbo.sonv"))
    assert choice.ids == (first.id, second.id, third.id)
    assert [(fault.row, fault.wanted) for fault in choice.faults] == [(4, "không có ai"), (5, "HS-000002")]


def test_a_name_of_several_and_a_dossier_of_others_are_faults(session: Session, world: World, by: Actors) -> None:
    unit = session.get_one(Unit, world.units["sonv"])
    twins = [factories.make_dossier(session, unit.id, "Lê Văn Hai") for _ in range(2)]
    foreign = factories.make_dossier(session, world.units["sotc"], "Người Khác")
    lines = ["Lê Văn Hai", foreign.number, "HS-999999"]
    choice = mass.choose(session, lines, unit, actor=by("canbo.sonv"))
    assert choice.ids == () and [fault.row for fault in choice.faults] == [1, 2, 3]
    assert twins[1].number in str(choice.faults[0].values)
    assert choice.faults[1].message == choice.faults[2].message, "what others hold is as what does not exist"


def excel(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "table",
    [
        excel(("STT", "Số hồ sơ"), (1, "HS-000001"), (2, None), (3, " HS-000003 ")),
        "STT;Số hồ sơ\r\n1;HS-000001\r\n2;\r\n3;HS-000003\r\n".encode("utf-8-sig"),
        "Số hồ sơ\nHS-000001\n\nHS-000003\n".encode(),
        "STT\tSố hồ sơ\n1\tHS-000001\n2\t\n3\tHS-000003\n".encode("utf-16"),
    ],
)
def test_tables_are_read_by_row(table: bytes) -> None:
    lines = mass.read_table("danh sách.xlsx", table)
    assert (lines[0], lines[1], lines[-1]) == ("", "HS-000001", "HS-000003")


def test_a_table_without_headings_is_its_first_column() -> None:
    assert mass.read_table("a.xlsx", excel(("HS-000001",), (79085000001.0,))) == ["HS-000001", "79085000001"]


@pytest.mark.parametrize("body", [b"PK\x03\x04 no zip", b"\x00\xff\xfe\x00", b"a\x00b", excel(("a",))[:200]])
def test_what_is_no_table_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(BadInput):
        mass.read_table("x.xlsx", body)


def test_a_list_beyond_the_limit_is_refused() -> None:
    with pytest.raises(BadInput):
        mass.lines_of("HS-1\n" * (mass.choosing.MOST_ROWS + 1))


def test_a_filter_finds_what_is_not_yet_in(session: Session, world: World, by: Actors) -> None:
    batch = make_batch(session, world, by, 1)
    names = ("Trần Thị Bích", "Trần Văn An", "Lê Thị Bình")
    made = {name: factories.make_dossier(session, world.units["sonv"], name).id for name in names}
    factories.make_dossier(session, world.units["sotc"], "Trần Văn Khác")
    officer = by("canbo.sonv")
    everything = mass.fitting(session, batch, mass.Wanted(), actor=officer)
    assert everything == [made[name] for name in ("Trần Văn An", "Trần Thị Bích", "Lê Thị Bình")]
    assert mass.fitting(session, batch, mass.Wanted(name="tran b"), actor=officer) == [made["Trần Thị Bích"]]
    assert mass.fitting(session, batch, mass.Wanted(unit_id=world.units["sonv_c1"]), actor=officer) == []
    assert len(mass.fitting(session, batch, mass.Wanted(unit_id=world.units["khoi"]), actor=officer)) == 3


def together(count: int, work: Callable[[int], None]) -> list[BaseException]:
    start, faults = threading.Barrier(count), []

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def test_two_overlapping_batches_and_twenty_threads_leave_each_dossier_in_one_place(
    engine: Engine, settings: Settings, world: World, by: Actors
) -> None:
    """Half prepare, half work on; single transfers cross them; no deadlock, no dossier in two open transfers."""
    officer = by("canbo.sonv")
    with db.writing(engine) as session:
        ids = [factories.make_dossier(session, world.units["sonv"], f"Người {n}").id for n in range(24)]
        sender = session.get_one(Unit, world.units["sonv"])
        batches = []
        for receiver, chosen in (("sotc", ids[:16]), ("soyt", ids[8:])):
            batch = mass.begin(session, sender, session.get_one(Unit, world.units[receiver]), DECISION, actor=officer)
            mass.add(session, batch, chosen[::-1], actor=officer)
            mass.order(session, batch, "prepare", actor=officer)
            batches.append(batch.id)

    def work(number: int) -> None:
        if number < 16:
            left = 1
            while left:
                with db.writing(engine) as session:
                    left = mass.carry_on(
                        session, session.get_one(MassTransfer, batches[number % 2]), actor=officer, size=3
                    )
            return
        with db.writing(engine) as session:
            dossier, receiver = session.get_one(Dossier, ids[number]), session.get_one(Unit, world.units["btc"])
            try:
                custody.prepare(session, dossier, receiver, "QĐ 1", actor=officer, proof=factories.PROOF)
            except Conflict:
                session.rollback()

    assert together(20, work) == []
    with db.reading(engine) as session:
        opened = session.execute(select(Transfer.dossier_id, func.count()).group_by(Transfer.dossier_id)).all()
        assert sorted(id for id, _count in opened) == sorted(ids) and all(count == 1 for _id, count in opened)
        members = session.scalars(select(MassTransferMember)).all()
        assert len(members) == 32 and all(bool(one.transfer_id) != bool(one.refusal) for one in members)
        assert entries(session, "transfer:new") == 24
        assert not audit.verify(session).finding
    for act, username in (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "bithu.sonv")):
        actor = by(username)
        with db.writing(engine) as session:
            for id in batches:
                mass.order(session, session.get_one(MassTransfer, id), act, actor=actor, partly=True)
        assert (
            together(20, lambda n, actor=actor: mass.work_off(engine, settings, batches[n % 2], actor=actor) and None)
            == []
        )
    with db.reading(engine) as session:
        single = select(Transfer.id).where(custody.finding.single())
        sent = session.scalars(select(Transfer).where(Transfer.id.not_in(single))).all()
        assert {transfer.state for transfer in sent} == {TransferState.IN_TRANSIT}
        assert entries(session, "transfer:dispatch") == len(sent)
        assert all(transfer.dossier.custodian_id == world.units["sonv"] for transfer in sent)


def test_the_right_to_see_batches_is_that_of_officers_and_heads(by: Actors) -> None:
    may = {name for name in factories.ACCOUNTS if by(name).has(Action.MASS_TRANSFER_READ)}
    assert may == {name for name in factories.ACCOUNTS if name.startswith(("canbo", "bithu", "truongban"))}


def test_an_open_batch_hangs_on_its_units_and_goes_on_with_their_successors(
    session: Session, world: World, by: Actors
) -> None:
    batch, done = make_batch(session, world, by, 1, upto="submitted"), make_batch(session, world, by, 1)
    take(session, done, "cancel", by("canbo.sonv"))
    found = [
        session.scalars(hanging.query.where(hanging.column == world.units[code])).all()
        for hanging, code in zip(
            [row for row in landing.HANGING if row.model is MassTransfer], ("sonv", "sotc", "btc"), strict=True
        )
    ]
    assert found == [[batch.id]] * 3
