"""The yearly review of access rights: what a head sees, what ends at the signing, and who is told when it is late."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import access_reviews, accounts
from oms.accounts import delegations
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import (
    AccessReview,
    Account,
    Assignment,
    AuditEntry,
    Delegation,
    Dossier,
    Leaving,
    LeavingState,
    LeavingWay,
    Role,
    SignIn,
    Transfer,
    TransferState,
    Unit,
    now,
)
from oms.organisation import today
from oms.papers import Printing, access_review_paper
from oms.permissions import Action, Actor
from oms.vietnamese.spans import add_months
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
WHY = "Đã chuyển sang công tác khác"


def begin(session: Session, world: World, head: Actor, unit: str = "sonv") -> AccessReview:
    return access_reviews.start(session, session.get_one(Unit, world.units[unit]), actor=head)


def names(session: Session, review: AccessReview, head: Actor) -> list[str]:
    return [one.account.username for one in access_reviews.view(session, review, actor=head)]


def confirm_all(session: Session, review: AccessReview, head: Actor, *, but: dict[str, str] | None = None) -> None:
    said = {
        one.account.id: ("confirmed", "")
        for one in access_reviews.holdings(session, review.unit)
        if one.account.id != head.account_id
    }
    said |= {account_id: ("revoked", why) for account_id, why in (but or {}).items()}
    access_reviews.decide(session, review, said, actor=head)


def log(session: Session, *actions: str) -> list[tuple[str, str | None]]:
    rows = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.seq))
    return [(row.action, (json.loads(row.body)["detail"] or {}).get("review")) for row in rows]


def test_a_unit_sees_its_own_accounts_and_the_board_those_of_the_committee_and_the_heads(
    session: Session, world: World, actor: Find
) -> None:
    head, board = actor("bithu.sonv"), actor("truongban.khoi")
    below = factories.make_account(session, "canbo.c1", Role.OFFICER, session.get_one(Unit, world.units["sonv_c1"]))
    assert names(session, begin(session, world, head), head) == [
        "bithu.sonv",
        below.username,
        "canbo.sonv",
        "canbo2.sonv",
        "nguoilaodong.sonv",
    ]
    assert names(session, begin(session, world, board, "btc"), board) == [
        "bithu.sonv",
        "bithu.sotc",
        "canbo.khoi",
        "kiemtra.khoi",
        "quantri",
        "truongban.khoi",
    ]


def test_what_is_revoked_ends_at_once_and_the_list_is_kept(session: Session, world: World, actor: Find) -> None:
    head = actor("bithu.sonv")
    officer, other = world.accounts["canbo.sonv"], world.accounts["canbo2.sonv"]
    delegations.give(
        session,
        session.get_one(Account, officer),
        session.get_one(Unit, world.units["sonv"]),
        [Action.TRANSFER_APPROVE],
        decision="Giấy ủy quyền số 5",
        valid_from=today(),
        valid_to=today(),
        actor=head,
    )
    accounts.sign_in(session, officer)
    review = begin(session, world, head)
    assert begin(session, world, head) is review, "one open review for each unit"
    with pytest.raises(Conflict, match="no verdict"):
        access_reviews.sign(session, review, actor=head)
    confirm_all(session, review, head, but={officer: WHY})
    with pytest.raises(ConfirmationNeeded):
        access_reviews.sign(session, review, actor=replace(head, confirmed=False))
    assert actor_still_has(session, officer), "nothing ends before the signing"
    assert access_reviews.sign(session, review, actor=head) == 1
    assert not actor_still_has(session, officer) and actor_still_has(session, other)
    assert session.scalar(select(SignIn.id).where(SignIn.account_id == officer, SignIn.ended_at.is_(None))) is None
    assert session.scalars(select(Delegation.ended_at)).one() is not None
    told = {row.account.username: row for row in review.rows}
    assert set(told) == {"bithu.sonv", "canbo.sonv", "canbo2.sonv", "nguoilaodong.sonv"}
    assert told["canbo.sonv"].reason == WHY and told["bithu.sonv"].verdict is None
    assert told["canbo.sonv"].told and told["canbo.sonv"].told["delegations"][0]["actions"] == ["transfer:approve"]
    assert review.sealed_sha256 == access_reviews.seal_of(review)
    assert log(session, "account:end_role", "delegation:end", "access_review:sign") == [
        ("account:end_role", review.number),
        ("delegation:end", review.number),
        ("access_review:sign", None),
    ]
    for act in (lambda: confirm_all(session, review, head), lambda: access_reviews.sign(session, review, actor=head)):
        with pytest.raises(Conflict, match="is signed"):
            act()


def actor_still_has(session: Session, account_id: str) -> bool:
    return accounts.actor_of(session, session.get_one(Account, account_id)).has(Action.DOSSIER_READ)


def test_rights_that_change_want_a_new_verdict(session: Session, world: World, actor: Find) -> None:
    head, officer = actor("bithu.sonv"), session.get_one(Account, world.accounts["canbo.sonv"])
    review = begin(session, world, head)
    confirm_all(session, review, head)
    unit = session.get_one(Unit, world.units["sonv"])
    accounts.assign(session, officer, Role.HEAD, unit, actor=None)
    with pytest.raises(Conflict, match="changed since"):
        access_reviews.sign(session, review, actor=head)
    confirm_all(session, review, head)
    assert access_reviews.sign(session, review, actor=head) == 0


def test_only_the_head_of_the_unit_and_never_about_oneself(session: Session, world: World, actor: Find) -> None:
    head = actor("bithu.sonv")
    for other in ("canbo.sonv", "bithu.sotc", "quantri", "kiemtra.khoi"):
        with pytest.raises(Refused):
            begin(session, world, actor(other))
    review = begin(session, world, head)
    for other in ("canbo.sonv", "bithu.sotc", "quantri", "kiemtra.khoi"):
        for act in (
            lambda who: access_reviews.view(session, review, actor=who),
            lambda who: access_reviews.decide(session, review, {}, actor=who),
            lambda who: access_reviews.sign(session, review, actor=who),
        ):
            with pytest.raises(Refused):
                act(actor(other))
    foreign = world.accounts["canbo.sotc"]
    for said in ({head.account_id: ("confirmed", "")}, {foreign: ("confirmed", "")}):
        with pytest.raises(BadInput):
            access_reviews.decide(session, review, said, actor=head)
    officer = world.accounts["canbo.sonv"]
    for wrong in (("revoked", "vì"), ("perhaps", "")):
        with pytest.raises(BadInput):
            access_reviews.decide(session, review, {officer: wrong}, actor=head)
    assert review.rows == [] and log(session, "access_review:decide", "access_review:sign") == []


def test_who_signs_is_not_judged_by_another_head_before(session: Session, world: World, actor: Find) -> None:
    unit = session.get_one(Unit, world.units["sonv"])
    second = factories.make_account(session, "bithu2.sonv", Role.HEAD, unit)
    first, other = actor("bithu.sonv"), accounts.actor_of(session, second, confirmed=True)
    review = begin(session, world, first)
    confirm_all(session, review, first, but={second.id: WHY})
    confirm_all(session, review, other)
    assert access_reviews.sign(session, review, actor=other) == 0
    rows = {row.account_id: row for row in review.rows}
    assert (rows[second.id].verdict, rows[second.id].reason) == (None, "") and len(rows) == 5
    assert rows[first.account_id].verdict == "confirmed" and actor_still_has(session, second.id)


def test_the_last_administrator_stays(session: Session, world: World, actor: Find) -> None:
    board, administrator = actor("truongban.khoi"), world.accounts["quantri"]
    review = begin(session, world, board, "btc")
    confirm_all(session, review, board, but={administrator: WHY})
    with pytest.raises(Refused, match="Nobody would be left"):
        access_reviews.sign(session, review, actor=board)
    factories.make_account(session, "quantri2", Role.ADMINISTRATOR, session.get_one(Unit, world.units["khoi"]))
    confirm_all(session, review, board, but={administrator: WHY})
    assert access_reviews.sign(session, review, actor=board) == 1


def test_a_year_after_the_last_one_it_is_late(session: Session, world: World, actor: Find) -> None:
    head = actor("bithu.sonv")

    def standing() -> tuple[date | None, bool, bool]:
        (found,) = access_reviews.standings(session, actor=head)
        return found.due_on, found.late, found.soon

    for role in session.scalars(select(Assignment)):
        role.valid_from = today() - timedelta(days=400)
    assert standing()[1:] == (True, False)
    review = begin(session, world, head)
    confirm_all(session, review, head)
    access_reviews.sign(session, review, actor=head)
    assert standing()[1:] == (False, False)
    review.signed_at = now() - timedelta(days=350)
    assert standing()[1:] == (False, True)
    review.signed_at = now() - timedelta(days=367)
    assert standing()[1:] == (True, False)
    everywhere = {one.unit.code for one in access_reviews.standings(session, actor=actor("quantri"))}
    assert everywhere == {"btc", "sonv", "sotc", "soyt"}


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2025, 11, 30), date(2026, 11, 30)),
        (date(2023, 12, 31), date(2024, 12, 31)),
    ],
)
def test_twelve_months_later(day: date, later: date) -> None:
    assert add_months(day, 12) == later


def test_unused_closed_and_left_are_marked_and_the_head_is_told(session: Session, world: World, actor: Find) -> None:
    head, long_ago = actor("bithu.sonv"), now() - timedelta(days=100)
    officer, second = (session.get_one(Account, world.accounts[name]) for name in ("canbo.sonv", "canbo2.sonv"))
    _, opened = accounts.sign_in(session, officer.id)
    opened.created_at, second.created_at = long_ago, long_ago
    dossier = factories.make_dossier(session, world.units["sonv"], "Người nghỉ hưu")
    officer.person_id = dossier.person_id
    leaving = Leaving(
        number="NV-1",
        dossier_id=dossier.id,
        way=LeavingWay.RETIREMENT,
        decision_number="5-QĐ",
        decision_on=today(),
        leaves_on=today() + timedelta(days=1),
        due_on=today(),
        basis="",
        opened_by_id=second.id,
    )
    session.add(leaving)
    session.flush()
    unit = session.get_one(Unit, world.units["sonv"])

    def marks() -> dict[str, tuple[str, ...]]:
        return {one.account.username: one.marks for one in access_reviews.holdings(session, unit)}

    assert marks()["canbo.sonv"] == ("unused",) and marks()["canbo2.sonv"] == ("never",)
    assert access_reviews.leavers(session, actor=head) == [], "the day has not come"
    leaving.leaves_on = today()
    session.flush()
    assert marks()["canbo.sonv"] == ("left", "unused")
    for told in (head, actor("quantri"), actor("bithu.sotc"), actor("canbo.sonv")):
        found = [account.username for account, _why in access_reviews.leavers(session, actor=told)]
        assert found == (["canbo.sonv"] if told.username in ("bithu.sonv", "quantri") else [])
    officer.disabled = True
    session.flush()
    assert marks()["canbo.sonv"] == ("left", "closed") and access_reviews.leavers(session, actor=head) == []
    leaving.state = LeavingState.CANCELLED
    session.flush()
    assert marks()["canbo.sonv"] == ("closed",)


def test_the_minutes_have_a_number_and_are_printed_when_signed(session: Session, world: World, actor: Find) -> None:
    from tests.test_papers import text_of

    head = actor("bithu.sonv")
    review = begin(session, world, head)
    printing = Printing(head, "filing", "https://oms.example/")
    with pytest.raises(Conflict):
        access_review_paper(session, review, printing=printing)
    confirm_all(session, review, head, but={world.accounts["canbo2.sonv"]: WHY})
    access_reviews.sign(session, review, actor=head)
    with pytest.raises(Refused):
        access_review_paper(session, review, printing=replace(printing, actor=actor("bithu.sotc")))
    paper = access_review_paper(session, review, printing=printing)
    words = text_of(paper.body)
    assert paper.number.startswith("1-BBRS") or "BBRS" in paper.number
    for said in (review.number, "canbo2.sonv", "Thu hồi", "Giữ quyền", "không tự kết luận", "04 tài khoản"):
        assert said in words, said


def test_an_account_is_tied_to_the_person_of_a_dossier_the_head_may_read(
    session: Session, world: World, actor: Find
) -> None:
    head, officer = actor("bithu.sonv"), session.get_one(Account, world.accounts["canbo.sonv"])
    officer.full_name = "Trần  Thị HÒA"
    dossier = factories.make_dossier(session, world.units["sonv"], "Trần Thị Hoà")
    other = factories.make_dossier(session, world.units["sonv"], "Lê Văn Hai")
    foreign = factories.make_dossier(session, world.units["sotc"], "Trần Thị Hoà")
    review = begin(session, world, head)
    accounts.sign_in(session, officer.id)
    refusals = [
        (officer.id, other.number, "different names"),
        (officer.id, foreign.number, "no dossier with this number"),
        (officer.id, "KHÔNG-1", "no dossier with this number"),
        (world.accounts["canbo.sotc"], dossier.number, "has changed"),
        (officer.id, "", "so already"),
        (head.account_id, dossier.number, "their own account"),
    ]
    for account_id, number, says in refusals:
        with pytest.raises((BadInput, Conflict, Refused), match=says):
            access_reviews.tie(session, review, account_id, number, actor=head)
    with pytest.raises(ConfirmationNeeded):
        access_reviews.tie(session, review, officer.id, dossier.number, actor=replace(head, confirmed=False))
    with pytest.raises(Refused):
        access_reviews.tie(session, review, officer.id, dossier.number, actor=actor("canbo2.sonv"))
    assert officer.person_id is None and log(session, "account:tie") == []
    access_reviews.tie(session, review, officer.id, f" {dossier.number.lower()} ", actor=head)
    assert officer.person_id == dossier.person_id and log(session, "account:tie") == [("account:tie", review.number)]
    assert session.scalar(select(SignIn.id).where(SignIn.account_id == officer.id, SignIn.ended_at.is_(None))) is None
    access_reviews.tie(session, review, officer.id, "", actor=head)
    assert officer.person_id is None


def move(session: Session, world: World, dossier: Dossier, state: TransferState) -> Transfer:
    """A transfer of the dossier to another unit that ended so."""
    transfer = Transfer(
        number="T-1",
        dossier_id=dossier.id,
        from_unit_id=world.units["sonv"],
        to_unit_id=world.units["sotc"],
        approving_unit_id=world.units["btc"],
        state=state,
        reason="Điều động",
        prepared_by_id=world.accounts["canbo.sonv"],
        closed_at=now(),
    )
    session.add(transfer)
    session.flush()
    return transfer


def test_every_account_of_a_person_who_left_is_told(session: Session, world: World, actor: Find) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"], "Người nghỉ hưu")
    two = [session.get_one(Account, world.accounts[name]) for name in ("canbo.sonv", "canbo2.sonv")]
    for account in two:
        account.person_id = dossier.person_id
    move(session, world, dossier, TransferState.ACCEPTED)
    assert access_reviews.leavers(session, actor=actor("bithu.sonv")) == [(account, "moved") for account in two]
    leaving = Leaving(
        number="NV-1",
        dossier_id=dossier.id,
        way=LeavingWay.RETIREMENT,
        decision_number="5-QĐ",
        decision_on=today(),
        leaves_on=today(),
        due_on=today(),
        basis="",
        opened_by_id=two[0].id,
    )
    session.add(leaving)
    session.flush()
    assert access_reviews.leavers(session, actor=actor("bithu.sonv")) == [(account, "left") for account in two]


def test_a_dossier_that_went_on_after_the_role_began_is_told(session: Session, world: World, actor: Find) -> None:
    head, officer = actor("bithu.sonv"), session.get_one(Account, world.accounts["canbo.sonv"])
    dossier = factories.make_dossier(session, world.units["sonv"], "Người đã chuyển")
    officer.person_id = dossier.person_id
    transfer = move(session, world, dossier, TransferState.REJECTED)
    assert access_reviews.leavers(session, actor=head) == []
    transfer.state = TransferState.ACCEPTED
    session.flush()
    assert access_reviews.leavers(session, actor=head) == [(officer, "moved")]
    accounts.end_assignment(session, officer.assignments[0], actor=None)
    unit = session.get_one(Unit, world.units["sonv"])
    accounts.assign(session, officer, Role.OFFICER, unit, actor=None, valid_from=today() + timedelta(days=1))
    assert access_reviews.leavers(session, actor=head) == [], "a role given afterwards is meant so"
