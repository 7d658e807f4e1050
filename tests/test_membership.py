"""Membership moves: the boxes in their turn, who may sign them, what moves and what stays, and every way out."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import accounts, catalogue, custody, db, holds, membership, papers
from oms.errors import BadInput, ConfirmationNeeded, Conflict, NotFound, Refused
from oms.membership import Wish
from oms.models import (
    Account,
    Assignment,
    AuditEntry,
    Category,
    Dossier,
    MembershipKind,
    MembershipState,
    MembershipTransfer,
    PaperKind,
    Role,
    Unit,
    UnitKind,
)
from oms.organisation import today
from oms.papers import Printing, registers
from oms.permissions import Action, Actor, can
from tests import factories
from tests.factories import ACCOUNTS, World

Actors = Callable[[str], Actor]
DECIDED = date(2026, 6, 1)
DRAFT, INTRODUCING, UNDER_WAY, AWAY, LOST = "draft", "introducing", "under_way", "away", "lost"
OFFICERS, HEADS = {"canbo.sonv", "canbo2.sonv"}, {"bithu.sonv"}

# The diagram written down a second time, for an official move from a cell of Sở Nội vụ to one of Sở Tài chính: the
# boxes signed so far, the step, who may take it, and where it leads. What is not here is refused.
ARROWS: dict[tuple[int, str, str], tuple[set[str], str]] = {
    (0, DRAFT, "submit"): (OFFICERS, INTRODUCING),
    (0, DRAFT, "cancel"): (OFFICERS, "cancelled"),
    (0, INTRODUCING, "sign"): (HEADS, INTRODUCING),
    (0, INTRODUCING, "return"): (HEADS, DRAFT),
    (2, INTRODUCING, "sign"): ({"truongban.khoi"}, UNDER_WAY),
    (2, INTRODUCING, "return"): ({"truongban.khoi"}, DRAFT),
    (3, UNDER_WAY, "sign"): ({"bithu.sotc"}, UNDER_WAY),
    (3, UNDER_WAY, "return"): ({"bithu.sotc"}, DRAFT),
    (4, UNDER_WAY, "confirm"): ({"canbo.sotc", "bithu.sotc"}, "taken_up"),
    (4, UNDER_WAY, "return"): ({"bithu.sotc"}, DRAFT),
    (3, LOST, "reissue"): ({"truongban.khoi"}, UNDER_WAY),
    (3, LOST, "found"): (OFFICERS, UNDER_WAY),
}
for _signed in (0, 2):
    ARROWS |= {
        (_signed, INTRODUCING, name): (OFFICERS, end) for name, end in (("recall", DRAFT), ("cancel", "cancelled"))
    }
for _signed in (3, 4):
    ARROWS |= {
        (_signed, UNDER_WAY, name): (OFFICERS, end) for name, end in (("recall", DRAFT), ("cancel", "cancelled"))
    }
    ARROWS[_signed, UNDER_WAY, "report-lost"] = (OFFICERS, LOST)
ARROWS |= {(3, LOST, name): (OFFICERS, end) for name, end in (("recall", DRAFT), ("cancel", "cancelled"))}
PLACES = sorted({(signed, state) for signed, state, _name in ARROWS})


@pytest.fixture
def cells(session: Session, world: World) -> dict[str, Unit]:
    """Cells of two organisations, and a second one in Sở Nội vụ."""
    units = {code: session.get_one(Unit, world.units[code]) for code in ("sonv", "sotc", "sonv_c1")}
    named = {"sonv_c1": units["sonv_c1"]}
    for code, name, parent in (("sonv_c2", "Chi bộ Thanh tra Sở", "sonv"), ("sotc_c1", "Chi bộ Ngân sách", "sotc")):
        named[code] = factories.make_unit(session, code, UnitKind.CELL, name, units[parent])
    return named


@pytest.fixture
def member(session: Session, world: World, cells: dict[str, Unit]) -> Dossier:
    return make_member(session, world)


def make_member(session: Session, world: World, unit: str = "sonv", name: str = "Vàng A Páo") -> Dossier:
    dossier = factories.make_dossier(session, world.units[unit], name, category=Category.PARTY_MEMBER)
    if unit == "sonv":
        dossier.person.unit_id = world.units["sonv_c1"]
        session.flush()
        session.refresh(dossier.person)
    return dossier


def wish(receiver: Unit, kind: MembershipKind = MembershipKind.OFFICIAL, **more: object) -> Wish:
    return Wish(kind, receiver, "214-QĐ/ĐUK", DECIDED, "Điều động công tác", **more)


@pytest.fixture
def who(session: Session, cells: dict[str, Unit]) -> Actors:
    """`who("bithu.sotc")`: that account with its rights of now, cells included."""
    return lambda username: accounts.get_actor(session, username, via="cli")


def step(
    session: Session, move: MembershipTransfer, name: str, by: Actor, reason: str = "Theo quyết định", **more
) -> None:
    membership.take(session, membership.choose_step(move, name, actor=by), move, actor=by, reason=reason, **more)


def bring(session: Session, move: MembershipTransfer, who: Actors, signed: int, state: str = "") -> MembershipTransfer:
    """Submit, and sign the first boxes."""
    if state != DRAFT and move.state == DRAFT:
        step(session, move, "submit", who("canbo.sonv"))
    signers = ("bithu.sonv", "bithu.sonv", "truongban.khoi", "bithu.sotc")
    for name in signers[sum(box.signed_on is not None for box in move.boxes) : signed]:
        step(session, move, "sign", who(name))
    if state == LOST:
        step(session, move, "report-lost", who("canbo.sonv"))
    return move


def hand_over(session: Session, move: MembershipTransfer, who: Actors) -> None:
    transfer = membership.send_dossier(session, move, actor=who("canbo.sonv"))
    scan = factories.make_scan(session, transfer.dossier, who("canbo.sonv").account_id)
    factories.make_document(session, transfer.dossier, scan, actor=who("canbo.sonv"))
    for name, username in (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv")):
        custody.take(session, custody.choose_step(transfer, name, actor=who(username)), transfer, actor=who(username))
    custody.tick_rest(session, transfer, actor=who("canbo.sotc"))
    receiver = who("bithu.sotc")
    custody.take(session, custody.choose_step(transfer, "accept", actor=receiver), transfer, actor=receiver)


def entries(session: Session) -> list[str]:
    found = session.scalars(select(AuditEntry).where(AuditEntry.action.like("membership:%")).order_by(AuditEntry.seq))
    return [entry.action.removeprefix("membership:") for entry in found]


def test_the_way_leads_up_and_down_box_by_box(session: Session, member: Dossier, cells, who: Actors) -> None:
    move = membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv"))
    assert [(box.unit.code, box.receiving) for box in move.boxes] == [
        ("sonv_c1", False),
        ("sonv", False),
        ("btc", False),
        ("sotc", True),
        ("sotc_c1", True),
    ]
    assert move.due_on == catalogue.time_limit("start_membership_transfer").ends(DECIDED)
    inside = [s.unit.code for s in membership.way(session, MembershipKind.INTERNAL, cells["sonv_c1"], cells["sonv_c2"])]
    assert inside == ["sonv_c1", "sonv", "sonv_c2"]


@pytest.mark.parametrize(("signed", "state"), PLACES)
def test_every_step_of_every_account_at_every_place(
    session: Session, member: Dossier, cells, who: Actors, signed: int, state: str
) -> None:
    move = membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo2.sonv"))
    step_by = {name: who(name) for name in ACCOUNTS}
    bring(session, move, who, signed, state)
    if signed == 4:
        member.custodian_id = cells["sotc_c1"].parent_id  # the dossier is there already
        session.flush()
    for username, somebody in step_by.items():
        offered = {arrow.name for arrow in membership.steps_open_to(move, actor=somebody)}
        for name in membership.STEP_NAMES:
            allowed_ones, end = ARROWS.get((signed, state, name), (set(), state))
            may = username in allowed_ones
            assert (name in offered) is may, (name, username)
            attempt = session.begin_nested()
            try:
                step(session, move, name, somebody)
                assert move.state == end, (name, username)
                taken = True
            except (Refused, Conflict) as refusal:
                # With the dossier there, the way back is open only when it comes back first.
                taken = may and signed == 4 and "dossier" in str(refusal)
            attempt.rollback()
            session.expire_all()
            assert taken is may, (name, username)


def test_an_official_move_from_start_to_end(session: Session, member: Dossier, cells, who: Actors) -> None:
    move = membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv"))
    bring(session, move, who, 3)
    assert move.issued_on == today() and move.state == UNDER_WAY
    assert move.due_on == catalogue.time_limit("present_membership_letter").ends(today())
    bring(session, move, who, 4)
    assert member.person.party_unit_id is None
    with pytest.raises(Conflict, match="handed over first"):
        step(session, move, "confirm", who("canbo.sotc"))
    hand_over(session, move, who)
    step(session, move, "confirm", who("canbo.sotc"))
    assert move.state == MembershipState.TAKEN_UP and move.closed_at is not None
    assert member.person.party_unit_id == cells["sotc_c1"].id and member.custodian_id == cells["sotc_c1"].parent_id
    assert membership.home_of(member).code == "sotc_c1"
    assert [(box.signer, box.signed_on) for box in move.boxes[:1]] == [("Tài khoản bithu.sonv", today())]
    assert entries(session) == ["new", "submit", "sign", "sign", "sign", "sign", "send_dossier", "confirm"]
    assert [event.step for event in membership.events_of(session, move)] == [
        "new", "submit", "sign", "sign", "issue", "sign", "confirm",
    ]  # fmt: skip


def test_the_other_side_learns_of_it_when_the_letter_is_issued(session, member, cells, who: Actors) -> None:
    move = membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv"))
    seen = {name: who(name) for name in ("canbo.sotc", "bithu.sotc", "truongban.khoi", "canbo.soyt")}

    def readers() -> set[str]:
        session.expire(move)
        return {name for name, somebody in seen.items() if can(somebody, Action.MEMBERSHIP_READ, move)}

    assert readers() == set()
    bring(session, move, who, 0)
    assert readers() == {"truongban.khoi"}
    bring(session, move, who, 3)
    assert readers() == {"truongban.khoi", "canbo.sotc", "bithu.sotc"}
    with pytest.raises(NotFound):
        membership.get_move(session, move.number, actor=seen["canbo.soyt"])
    step(session, move, "return", who("bithu.sotc"))
    assert readers() == set() and all(box.signed_on is None for box in move.boxes)


def test_nobody_signs_what_they_prepared_or_their_own(session, world, member, cells, who: Actors) -> None:
    session.add(
        Assignment(
            account_id=world.accounts["canbo.sonv"], role=Role.HEAD, unit_id=world.units["sonv"], valid_from=today()
        )
    )
    session.flush()
    move = membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv"))
    step(session, move, "submit", who("canbo.sonv"))
    with pytest.raises(Refused, match="prepared the move"):
        step(session, move, "sign", who("canbo.sonv"))
    session.get_one(Account, world.accounts["bithu.sonv"]).person_id = member.person_id
    session.flush()
    with pytest.raises(Refused, match="own membership"):
        step(session, move, "sign", who("bithu.sonv"))
    move.received_by_id = move.prepared_by_id
    with pytest.raises(IntegrityError):
        session.flush()


def test_who_introduced_does_not_receive(session, world, member, cells, who: Actors) -> None:
    session.add(
        Assignment(
            account_id=world.accounts["bithu.sonv"], role=Role.HEAD, unit_id=world.units["sotc"], valid_from=today()
        )
    )
    session.flush()
    move = bring(session, membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 3)
    with pytest.raises(Refused, match="introduced the member"):
        step(session, move, "sign", who("bithu.sonv"))
    step(session, move, "sign", who("bithu.sotc"))


def test_signing_asks_for_the_password_and_for_the_version_seen(session, member, cells, who: Actors) -> None:
    move = bring(session, membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 0)
    head = who("bithu.sonv")
    with pytest.raises(ConfirmationNeeded):
        step(session, move, "sign", replace(head, confirmed=False))
    with pytest.raises(Conflict):
        step(session, move, "sign", head, version=move.version - 1)
    assert entries(session) == ["new", "submit"]


def test_one_open_move_for_each_member(session, member, cells, who: Actors) -> None:
    officer = who("canbo.sonv")
    move = membership.prepare(session, member, wish(cells["sotc_c1"]), actor=officer)
    with pytest.raises(Conflict):
        membership.prepare(session, member, wish(cells["sonv_c2"], MembershipKind.INTERNAL), actor=officer)
    step(session, move, "cancel", officer)
    assert membership.prepare(session, member, wish(cells["sonv_c2"], MembershipKind.INTERNAL), actor=officer)


def test_only_the_holder_of_a_member_dossier_begins(session, world, member, cells, who: Actors) -> None:
    for username in ("canbo.sotc", "bithu.sonv", "kiemtra.khoi", "quantri"):
        with pytest.raises(Refused):
            membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who(username))
    other = factories.make_dossier(session, world.units["sonv"], category=Category.CIVIL_SERVANT)
    with pytest.raises(BadInput, match="member dossier"):
        membership.prepare(session, other, wish(cells["sotc_c1"]), actor=who("canbo.sonv"))
    assert entries(session) == []


@pytest.mark.parametrize(
    ("kind", "receiver", "more"),
    [
        ("official", "sonv_c2", {}),
        ("internal", "sotc_c1", {}),
        ("official", "sonv_c1", {}),
        ("internal", "sonv", {}),
        ("official", "btc", {}),
        ("temporary", "sotc_c1", {}),
        ("temporary", "sotc_c1", {"ends_on": today() + timedelta(days=20)}),
        ("temporary", "sotc_c1", {"ends_on": today() + timedelta(days=400)}),
        ("temporary", "sotc_c1", {"ends_on": today() + timedelta(days=800), "for_study": True}),
    ],
)
def test_moves_the_rules_do_not_know(session, world, member, cells, who: Actors, kind, receiver, more) -> None:
    unit = cells.get(receiver) or session.get_one(Unit, world.units[receiver])
    with pytest.raises(BadInput):
        membership.prepare(session, member, wish(unit, MembershipKind(kind), **more), actor=who("canbo.sonv"))


@pytest.mark.parametrize(
    "change", [{"number": " "}, {"day": None}, {"day": today() + timedelta(days=1)}, {"reason": " "}]
)
def test_a_move_says_by_what_and_why(session, member, cells, who: Actors, change) -> None:
    with pytest.raises(BadInput):
        membership.prepare(session, member, replace(wish(cells["sotc_c1"]), **change), actor=who("canbo.sonv"))


def test_within_one_organisation_the_dossier_stays(session, member, cells, who: Actors) -> None:
    inside = wish(cells["sonv_c2"], MembershipKind.INTERNAL)
    move = membership.prepare(session, member, inside, actor=who("canbo.sonv"))
    step(session, move, "submit", who("canbo.sonv"))
    assert not membership.may_send_dossier(move, actor=who("canbo.sonv"))
    for name in ("sign", "sign", "confirm"):
        step(session, move, name, who("bithu.sonv"))
    assert move.state == MembershipState.TAKEN_UP and member.person.party_unit_id == cells["sonv_c2"].id
    assert member.custodian_id == move.unit_id


def temporary(session, member, cells, who: Actors, months: int = 6) -> MembershipTransfer:
    stay = wish(cells["sotc_c1"], MembershipKind.TEMPORARY, ends_on=today() + timedelta(days=30 * months))
    move = bring(session, membership.prepare(session, member, stay, actor=who("canbo.sonv")), who, 4)
    step(session, move, "confirm", who("canbo.sotc"))
    return move


def test_a_temporary_stay_leaves_membership_and_dossier_where_they_are(session, member, cells, who: Actors) -> None:
    move = temporary(session, member, cells, who)
    assert move.state == AWAY and move.due_on == move.ends_on and move.taken_up_on == today()
    assert member.person.party_unit_id is None and member.custodian_id == move.unit_id
    assert membership.home_of(member).code == "sonv_c1"
    with pytest.raises(BadInput):
        step(session, move, "come-back", who("canbo.sotc"), reason="")
    step(session, move, "come-back", who("canbo.sotc"), reason="Hoàn thành nhiệm vụ")
    assert move.state == MembershipState.ENDED
    assert membership.open_move_of(session, member.person, actor=who("canbo.sonv")) is None


def test_a_stay_is_extended_by_the_body_that_issued_the_letter(session, member, cells, who: Actors) -> None:
    move = temporary(session, member, cells, who)
    before = move.ends_on
    for username in ("bithu.sonv", "bithu.sotc", "canbo.sonv"):
        with pytest.raises(Refused):
            membership.extend(session, move, before + timedelta(days=60), "cần thêm", actor=who(username))
    board = who("truongban.khoi")
    for day in (before, before + timedelta(days=300), None):
        with pytest.raises(BadInput):
            membership.extend(session, move, day, "cần thêm", actor=board)
    membership.extend(session, move, before + timedelta(days=60), "cần thêm", actor=board)
    assert move.ends_on == move.due_on == before + timedelta(days=60)
    assert entries(session)[-1] == "extend"


def test_a_lost_letter_is_issued_again_by_its_issuer(session, member, cells, who: Actors) -> None:
    move = bring(session, membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 3)
    step(session, move, "report-lost", who("canbo.sonv"), reason="Mất trên đường đi")
    with pytest.raises(Conflict):
        step(session, move, "sign", who("bithu.sotc"))
    step(session, move, "reissue", who("truongban.khoi"))
    assert (move.copy, move.state, move.waiting_unit.code) == (2, UNDER_WAY, "sotc")
    step(session, move, "sign", who("bithu.sotc"))


def test_what_is_late_stands_before_both_sides_and_wants_a_reason(session, member, cells, who: Actors) -> None:
    move = bring(session, membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 3)
    day = move.due_on + timedelta(days=1)
    for username, concerned in (("canbo.sonv", True), ("bithu.sotc", True), ("canbo.soyt", False)):
        found = membership.overdue(session, actor=who(username), day=day)
        assert (move in found) is concerned, username
    assert membership.overdue(session, actor=who("canbo.sonv"), day=move.due_on) == []
    move.due_on = today() - timedelta(days=1)
    with pytest.raises(BadInput, match="after its last day"):
        step(session, move, "sign", who("bithu.sotc"), reason="")
    step(session, move, "sign", who("bithu.sotc"), reason="Ốm dài ngày")
    assert move.boxes[3].note == "Ốm dài ngày"


def test_what_waits_for_whom(session, member, cells, who: Actors) -> None:
    move = bring(session, membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 3)
    due = {
        name: [step.name for found, steps in membership.waiting_for(session, actor=who(name)) for step in steps]
        for name in ("bithu.sotc", "canbo.sotc", "bithu.sonv")
    }
    assert due == {"bithu.sotc": ["sign"], "canbo.sotc": [], "bithu.sonv": []}
    # The officer of the sender has the dossier to send, which is no step of the letter.
    assert [(found, steps) for found, steps in membership.waiting_for(session, actor=who("canbo.sonv"))] == [(move, [])]
    transfer = membership.send_dossier(session, move, actor=who("canbo.sonv"))
    assert membership.move_with_transfer(session, transfer, actor=who("canbo.sonv")) is move
    assert membership.waiting_for(session, actor=who("canbo.sonv")) == []
    with pytest.raises(Conflict, match="still open"):
        step(session, move, "recall", who("canbo.sonv"))


def test_a_hold_stops_the_letter_but_not_its_way_back(session, member, cells, who: Actors) -> None:
    move = bring(session, membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 2)
    words = "Đang xác minh đơn thư"
    holds.order(session, member, whole_person=True, reason=words, decision=words, actor=who("bithu.sonv"))
    with pytest.raises(Refused, match="hold"):
        step(session, move, "sign", who("truongban.khoi"))
    step(session, move, "return", who("truongban.khoi"))
    assert move.state == DRAFT


def test_to_a_body_outside_and_its_answer_on_paper(session, member, cells, who: Actors) -> None:
    officer = who("canbo.sonv")
    outside = custody.find_outside_body(session, "Đảng bộ Khối các cơ quan tỉnh Khánh Hòa", actor=officer)
    move = membership.prepare(session, member, wish(outside), actor=officer)
    assert [box.unit.code for box in move.boxes][:3] == ["sonv_c1", "sonv", "btc"] and len(move.boxes) == 4
    bring(session, move, who, 3)
    paper = ("15-GGT/ĐUK", today())
    with pytest.raises(Conflict, match="handed over first"):
        step(session, move, "confirm-on-paper", officer, paper=paper)
    member.custodian_id = outside.id  # its slip has come back
    session.flush()
    with pytest.raises(BadInput, match="number and date"):
        step(session, move, "confirm-on-paper", officer)
    step(session, move, "confirm-on-paper", officer, paper=paper)
    assert move.state == MembershipState.TAKEN_UP and move.received_by_id is None
    assert (move.boxes[-1].number, move.boxes[-1].signed_on) == paper and move.boxes[-1].signed_by_id is None


def test_from_a_body_outside_with_its_letter(session, world, member, cells, who: Actors) -> None:
    officer = who("canbo.sotc")
    outside = custody.find_outside_body(session, "Đảng bộ Sở Nội vụ tỉnh Khánh Hòa", actor=officer)
    arrived = make_member(session, world, "sotc", "Trần Thị Mới")
    with pytest.raises(BadInput, match="lies with"):
        membership.prepare(session, arrived, wish(cells["sonv_c2"], outside=outside), actor=officer)
    move = membership.prepare(session, arrived, wish(cells["sotc_c1"], outside=outside), actor=officer)
    assert [box.unit.id for box in move.boxes] == [
        outside.id, world.units["btc"], world.units["sotc"], cells["sotc_c1"].id,
    ]  # fmt: skip
    step(session, move, "submit", officer)
    assert move.state == UNDER_WAY and (move.boxes[0].number, move.issued_on) == ("214-QĐ/ĐUK", DECIDED)
    step(session, move, "sign", who("truongban.khoi"))
    step(session, move, "sign", who("bithu.sotc"))
    with pytest.raises(Refused, match="prepared the move"):
        step(session, move, "confirm", officer)
    step(session, move, "confirm", who("bithu.sotc"))
    assert arrived.person.party_unit_id == cells["sotc_c1"].id


def test_a_draft_is_corrected_and_its_boxes_follow(session, member, cells, who: Actors) -> None:
    officer = who("canbo.sonv")
    move = membership.prepare(session, member, wish(cells["sotc_c1"]), actor=officer)
    membership.correct(
        session, move, wish(cells["sonv_c2"], MembershipKind.INTERNAL, card_number="68.012345"), actor=officer
    )
    assert (move.kind, move.card_number, len(move.boxes)) == ("internal", "68.012345", 3)
    step(session, move, "submit", officer)
    sealed = move.letter_sha256
    with pytest.raises(Conflict):
        membership.correct(session, move, wish(cells["sotc_c1"]), actor=officer)
    member.person.position = "Phó Chánh Văn phòng"
    session.flush()
    assert move.letter is not None and move.letter["position"] is None and move.letter_sha256 == sealed


def test_two_at_once_one_signs(engine: Engine, session, member, cells, who: Actors) -> None:
    move = bring(session, membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 0)
    seen, head, number = move.version, who("bithu.sonv"), move.number
    step(session, move, "sign", head, version=seen)
    session.commit()
    with db.reading(engine) as reader:
        again = membership.get_move(reader, number, actor=head)
        assert sum(box.signed_on is not None for box in again.boxes) == 1
    with pytest.raises(Conflict):
        step(session, move, "sign", head, version=seen)


def printed_by(somebody: Actor) -> Printing:
    return Printing(somebody, "filing", "https://oms.example/")


def text_of(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def test_the_letter_has_ten_boxes_signed_as_far_as_they_are(session, member, cells, who: Actors) -> None:
    officer = who("canbo.sonv")
    move = membership.prepare(session, member, wish(cells["sotc_c1"], card_number="68.012345"), actor=officer)
    with pytest.raises(Conflict, match="submitted"):
        papers.transfer_letter(session, move, printing=printed_by(officer))
    bring(session, move, who, 3)
    paper = papers.transfer_letter(session, move, printing=printed_by(officer))
    text = text_of(paper.body)
    assert paper.number.startswith("01-GGT") and "GIẤY GIỚI THIỆU SINH HOẠT ĐẢNG" in text
    assert "ĐẢNG CỘNG SẢN VIỆT NAM" in text and "ĐẢNG ỦY SỞ NỘI VỤ" in text and "68.012345" in text
    assert text.count("đã ký trên hệ thống") == 3 and text.count("không sử dụng") == 5
    assert "Tài khoản truongban.khoi" in text and f"Hồ sơ đảng viên số {member.number}" in text
    with pytest.raises(Refused):
        papers.transfer_letter(session, move, printing=printed_by(who("canbo.soyt")))
    printed = session.scalars(select(AuditEntry).where(AuditEntry.action == "paper:print")).all()
    assert [(entry.object_id, entry.outcome) for entry in printed] == [(move.id, "done")]


def test_the_letter_names_the_sealed_list_and_that_it_is_issued_again(session, member, cells, who: Actors) -> None:
    move = bring(session, membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 3)
    step(session, move, "report-lost", who("canbo.sonv"))
    step(session, move, "reissue", who("truongban.khoi"))
    hand_over(session, move, who)
    text = text_of(papers.transfer_letter(session, move, printing=printed_by(who("canbo.sonv"))).body)
    assert move.transfer is not None and f"lần chuyển {move.transfer.number}" in text
    assert "niêm phong gồm 01 tài liệu, 01 trang" in text and "Cấp lại lần 1" in text


def test_a_letter_that_came_on_paper_is_not_printed_here(session, world, cells, who: Actors) -> None:
    officer = who("canbo.sotc")
    outside = custody.find_outside_body(session, "Đảng bộ Sở Nội vụ tỉnh Khánh Hòa", actor=officer)
    arrived = make_member(session, world, "sotc", "Trần Thị Mới")
    move = membership.prepare(session, arrived, wish(cells["sotc_c1"], outside=outside), actor=officer)
    step(session, move, "submit", officer)
    with pytest.raises(Conflict, match="on paper"):
        papers.transfer_letter(session, move, printing=printed_by(officer))


def test_the_register_of_each_body_has_its_moves(session, world, member, cells, who: Actors) -> None:
    move = bring(session, membership.prepare(session, member, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 3)
    kind, year = PaperKind.MEMBERSHIP_REGISTER, today().year
    ways = {}
    for code, username in (
        ("sonv", "canbo.sonv"),
        ("sotc", "canbo.sotc"),
        ("btc", "canbo.khoi"),
        ("soyt", "canbo.soyt"),
    ):
        unit = session.get_one(Unit, world.units[code])
        rows = registers.read_register(session, kind, unit, year, actor=who(username)).rows
        assert all((row[3], row[4]) == (move.number, "Vàng A Páo") for row in rows)
        ways[code] = [row[2] for row in rows]
    assert ways == {"sonv": ["Đi"], "sotc": ["Đến"], "btc": ["Qua ban"], "soyt": []}
    unit = session.get_one(Unit, world.units["sonv"])
    drawn = registers.draw(session, kind, unit, year, printing=printed_by(who("canbo.sonv")))
    assert "SỔ CHUYỂN SINH HOẠT ĐẢNG" in text_of(drawn.body) and "Cộng: 01 dòng" in text_of(drawn.body)
    assert registers.write_excel(session, kind, unit, year, printing=printed_by(who("canbo.sonv"))).body[:2] == b"PK"
    with pytest.raises(NotFound):
        registers.read_register(session, kind, unit, year, actor=who("canbo.soyt"))


@pytest.mark.parametrize("username", ["bithu.sonv", "canbo.sonv"])
def test_many_moves_ask_the_database_no_more_than_few(session, world, cells, who: Actors, username: str) -> None:
    def questions() -> int:
        session.expire_all()
        asked: list[str] = []
        bind = session.get_bind()
        listen = lambda *arguments: asked.append(arguments[2])  # noqa: E731 - one list of statements
        event.listen(bind, "before_cursor_execute", listen)
        assert membership.waiting_for(session, actor=somebody)
        event.remove(bind, "before_cursor_execute", listen)
        return len(asked)

    somebody = who(username)
    counts = []
    for number in range(6):
        dossier = make_member(session, world, name=f"Đảng viên {number}")
        bring(session, membership.prepare(session, dossier, wish(cells["sotc_c1"]), actor=who("canbo.sonv")), who, 0)
        counts.append(questions())
    assert counts[0] == counts[-1], counts
