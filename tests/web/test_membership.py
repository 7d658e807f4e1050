"""Pages of membership moves: who sees what, the boxes signed through the buttons, the letter and the dossier linked."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db, membership
from oms.models import (
    Account,
    AuditEntry,
    Category,
    Dossier,
    MembershipAsking,
    MembershipKind,
    MembershipState,
    MembershipTransfer,
    Unit,
    UnitKind,
)
from oms.organisation import today
from tests import factories
from tests.factories import World

ClientAs = Callable[[str], FlaskClient]
NAME, REASON = "Vàng A Páo", "Điều động theo Quyết định 214"
SIGNERS = ("bithu.sonv", "bithu.sonv", "truongban.khoi", "bithu.sotc")


@pytest.fixture
def ids(engine: Engine, world: World) -> dict[str, str]:
    """A member of a cell of Sở Nội vụ, and a cell of Sở Tài chính."""
    with db.writing(engine) as session:
        cell = factories.make_unit(
            session, "sotc_c1", UnitKind.CELL, "Chi bộ Ngân sách", session.get_one(Unit, world.units["sotc"])
        )
        dossier = factories.make_dossier(session, world.units["sonv"], NAME, category=Category.PARTY_MEMBER)
        dossier.person.unit_id = world.units["sonv_c1"]
        return {"dossier": dossier.id, "person": dossier.person_id, "cell": cell.id}


@pytest.fixture
def move_with(engine: Engine, ids: dict[str, str]) -> Callable[..., str]:
    """`move_with(2)`: the id of an official move with two signed boxes; -1 is a draft."""

    def make(signed: int, kind: str = "official") -> str:
        with db.writing(engine) as session:
            who = {
                name: accounts.get_actor(session, name, via="cli") for name in {*SIGNERS, "canbo.sonv", "canbo.sotc"}
            }
            ends = today() + timedelta(days=150) if kind == "temporary" else None
            wish = membership.Wish(
                MembershipKind(kind), session.get_one(Unit, ids["cell"]), "214-QĐ/ĐUK", today(), REASON, ends_on=ends
            )
            dossier = session.get_one(Dossier, ids["dossier"])
            move = membership.prepare(session, dossier, wish, actor=who["canbo.sonv"])
            steps = [("submit", "canbo.sonv")] if signed >= 0 else []
            steps += [("sign", name) for name in SIGNERS[: max(signed, 0)]] + [("confirm", "canbo.sotc")] * (
                signed == 5
            )
            for name, username in steps:
                step = membership.choose_step(move, name, actor=who[username])
                membership.take(session, step, move, actor=who[username])
            return move.id

    return make


def buttons(page: str) -> set[str]:
    return set(re.findall(r'action="/membership/[0-9a-f]{16}/([a-z-]+)"', page))


def entries(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        found = session.scalars(
            select(AuditEntry).where(AuditEntry.action.like("membership:%")).order_by(AuditEntry.seq)
        )
        return [(entry.action, entry.outcome) for entry in found]


@pytest.mark.parametrize(
    ("signed", "username", "expected"),
    [
        (-1, "canbo.sonv", {"submit", "cancel"}),
        (-1, "bithu.sonv", set()),
        (0, "bithu.sonv", {"sign", "return"}),
        (0, "canbo.sonv", {"recall", "cancel", "dossier"}),
        (2, "truongban.khoi", {"sign", "return"}),
        (3, "bithu.sotc", {"sign", "return"}),
        (3, "canbo.sotc", set()),
        (3, "canbo.sonv", {"recall", "cancel", "report-lost", "dossier"}),
        (4, "canbo.sotc", {"confirm"}),
    ],
)
def test_the_page_shows_the_steps_of_the_reader(client_as: ClientAs, move_with, signed, username, expected) -> None:
    page = client_as(username).get(f"/membership/{move_with(signed)}")
    assert page.status_code == 200
    body = page.get_data(as_text=True)
    assert buttons(body) == expected and NAME in body and "Chi bộ Ngân sách" in body
    assert NAME not in body[body.index("<title>") : body.index("</title>")]


@pytest.mark.parametrize(
    ("signed", "username"),
    [(-1, "truongban.khoi"), (2, "canbo.sotc"), (4, "canbo.soyt"), (4, "quantri"), (4, "kiemtra.khoi"), (4, "nguoilaodong.sonv")],
)  # fmt: skip
def test_for_others_there_is_no_such_move(client_as: ClientAs, engine: Engine, move_with, signed, username) -> None:
    address = f"/membership/{move_with(signed)}"
    before = entries(engine)
    client = client_as(username)
    assert client.get(address).status_code in (403, 404)
    assert client.post(f"{address}/sign").status_code in (403, 404)
    assert client.get(f"/papers/transfer-letter/{address.rsplit('/', 1)[1]}").status_code in (403, 404)
    assert [entry for entry in entries(engine) if entry[1] == "done"] == before
    assert NAME not in client.get("/membership").get_data(as_text=True)


def test_from_the_form_to_the_first_box(client_as: ClientAs, engine: Engine, ids: dict[str, str]) -> None:
    officer = client_as("canbo.sonv")
    page = officer.get(f"/people/{ids['person']}").get_data(as_text=True)
    assert f"/membership/new?dossier={ids['dossier']}" in page and "Chi bộ Văn phòng Sở" in page
    form = {"dossier": ids["dossier"], "kind": "official", "unit": ids["cell"], "number": "214-QĐ/ĐUK"}
    form |= {
        "day": f"{today():%d/%m/%Y}",
        "reason": REASON,
        "card_number": "68.012345",
        "fees_until": f"{today():%m/%Y}",
    }
    assert 'name="unit"' in officer.get("/membership/new", query_string={"dossier": ids["dossier"]}).get_data(
        as_text=True
    )
    refused = officer.post("/membership/new", data=form | {"reason": " "})
    assert refused.status_code == 422 and "68.012345" in refused.get_data(as_text=True)
    answer = officer.post("/membership/new", data=form)
    assert answer.status_code == 302
    address = answer.headers["Location"]
    again = officer.post(f"{address}/correct", data=form | {"card_number": "68.054321"})
    assert again.status_code == 302 and "68.054321" in officer.get(address).get_data(as_text=True)
    assert officer.post(f"{address}/submit").status_code == 302
    assert client_as("bithu.sonv").post(f"{address}/sign").status_code == 302
    signed = officer.get(address).get_data(as_text=True)
    assert "Tài khoản bithu.sonv" in signed and address in officer.get("/membership?tab=open").get_data(as_text=True)
    done = [action for action, outcome in entries(engine) if outcome == "done" and "view" not in action]
    assert done == [f"membership:{name}" for name in ("new", "correct", "submit", "sign", "list")]


def test_a_draft_and_a_foreign_dossier_are_refused(client_as: ClientAs, engine: Engine, ids, move_with) -> None:
    form = {"dossier": ids["dossier"], "kind": "official", "unit": ids["cell"], "number": "1", "reason": "x"}
    assert client_as("canbo.sotc").post("/membership/new", data=form).status_code == 404
    move_id = move_with(0)
    assert client_as("canbo.sonv").post(f"/membership/{move_id}/sign").status_code == 403
    assert client_as("canbo.sonv").post(f"/membership/{move_id}/confirm").status_code == 409
    assert [action for action, outcome in entries(engine) if outcome == "done"] == [
        "membership:new",
        "membership:submit",
    ]


def test_the_dossier_goes_with_it_and_both_pages_link(client_as: ClientAs, engine: Engine, move_with) -> None:
    move_id, officer = move_with(3), client_as("canbo.sonv")
    answer = officer.post(f"/membership/{move_id}/dossier")
    assert answer.status_code == 302
    transfer = answer.headers["Location"]
    assert f"/membership/{move_id}" in officer.get(transfer).get_data(as_text=True)
    assert transfer in officer.get(f"/membership/{move_id}").get_data(as_text=True)
    with db.reading(engine) as session:
        found = session.get_one(MembershipTransfer, move_id).transfer
        assert found is not None and found.basis_number == "214-QĐ/ĐUK"
    refused = client_as("canbo.sotc").post(f"/membership/{move_id}/confirm")
    assert refused.status_code == 409


def test_a_temporary_stay_is_extended_and_ended(client_as: ClientAs, engine: Engine, move_with) -> None:
    move_id = move_with(5, "temporary")
    until = today() + timedelta(days=200)
    form = {"ends_on": f"{until:%d/%m/%Y}", "reason": "cần thêm thời gian"}
    assert client_as("bithu.sotc").post(f"/membership/{move_id}/extend", data=form).status_code == 403
    board = client_as("truongban.khoi")
    assert "extend" in buttons(board.get(f"/membership/{move_id}").get_data(as_text=True))
    assert board.post(f"/membership/{move_id}/extend", data=form).status_code == 302
    ended = client_as("canbo.sotc").post(f"/membership/{move_id}/come-back", data={"reason": "Hoàn thành tốt"})
    assert ended.status_code == 302
    with db.reading(engine) as session:
        move = session.get_one(MembershipTransfer, move_id)
        assert (move.state, move.ends_on) == (MembershipState.ENDED, until)


def test_what_is_due_stands_on_the_start_page_of_both_sides(client_as: ClientAs, engine: Engine, move_with) -> None:
    move_id = move_with(3)
    assert move_id in client_as("bithu.sotc").get("/").get_data(as_text=True)
    assert move_id not in client_as("bithu.sonv").get("/").get_data(as_text=True)
    with db.writing(engine) as session:
        session.get_one(MembershipTransfer, move_id).due_on = today() - timedelta(days=1)
    for username in ("canbo.sonv", "bithu.sonv", "canbo.sotc", "bithu.sotc"):
        assert move_id in client_as(username).get("/").get_data(as_text=True), username
        assert move_id in client_as(username).get("/membership?tab=late").get_data(as_text=True)
    assert move_id not in client_as("canbo.soyt").get("/").get_data(as_text=True)


@pytest.fixture
def member(engine: Engine, world: World, ids: dict[str, str]) -> str:
    """The member has an account: its user name."""
    with db.writing(engine) as session:
        session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = ids["person"]
    return "nguoilaodong.sonv"


ASKED = {"kind": "official", "destination": "Chi bộ Ngân sách, Sở Tài chính", "reason": "Quyết định 214 ngày 01/6/2026"}


def asking_of(engine: Engine) -> tuple[str, str]:
    with db.reading(engine) as session:
        found = session.scalars(select(MembershipAsking)).one()
        return found.id, found.state.value


def test_a_member_asks_and_the_officer_answers_with_a_move(client_as: ClientAs, engine: Engine, ids, member) -> None:
    own, officer = client_as(member), client_as("canbo.sonv")
    assert "/own/membership" in own.get("/").get_data(as_text=True)
    assert own.post("/own/membership", data=ASKED | {"reason": " "}).status_code == 422
    assert own.post("/own/membership", data=ASKED).status_code == 302
    assert own.post("/own/membership", data=ASKED).status_code == 409, "one wish waits at a time"
    asking, state = asking_of(engine)
    assert state == "asked" and f"/own/membership/askings/{asking}" in officer.get("/").get_data(as_text=True)
    assert "Ngân sách" in officer.get(f"/own/membership/askings/{asking}").get_data(as_text=True)
    address = f"/membership/new?dossier={ids['dossier']}&asking={asking}"
    assert ASKED["reason"] in officer.get(address).get_data(as_text=True)
    form = {"dossier": ids["dossier"], "asking": asking, "kind": "official", "unit": ids["cell"], "number": "214-QĐ"}
    answer = officer.post("/membership/new", data=form | {"day": f"{today():%d/%m/%Y}", "reason": REASON})
    assert answer.status_code == 302 and asking_of(engine)[1] == "prepared"
    page = own.get("/own/membership").get_data(as_text=True)
    assert "SH-" in page and "Sở Tài chính" in page
    assert own.get(answer.headers["Location"]).status_code in (403, 404), "the page of the move is for the units"
    done = [
        action
        for action, outcome in entries(engine)
        if outcome == "done" and action.endswith((":ask", ":new", ":answer"))
    ]
    assert done == ["membership:ask", "membership:new", "membership:answer"]


def test_a_wish_is_refused_or_withdrawn(client_as: ClientAs, engine: Engine, member) -> None:
    own, officer = client_as(member), client_as("canbo.sonv")
    own.post("/own/membership", data=ASKED)
    asking, _state = asking_of(engine)
    for username in ("canbo.sotc", "bithu.sonv", "quantri"):
        stranger = client_as(username)
        assert stranger.get(f"/own/membership/askings/{asking}").status_code in (403, 404)
        assert stranger.post(f"/own/membership/askings/{asking}/refuse", data={"reason": "x"}).status_code in (403, 404)
        assert stranger.post(f"/own/membership/askings/{asking}/withdraw").status_code == 409
    assert asking_of(engine)[1] == "asked"
    assert officer.post(f"/own/membership/askings/{asking}/refuse", data={"reason": " "}).status_code == 422
    assert (
        officer.post(f"/own/membership/askings/{asking}/refuse", data={"reason": "Chưa có quyết định"}).status_code
        == 302
    )
    assert "Chưa có quyết định" in own.get("/own/membership").get_data(as_text=True)
    assert own.post("/own/membership", data=ASKED).status_code == 302
    with db.reading(engine) as session:
        second = session.scalars(select(MembershipAsking).where(MembershipAsking.state == "asked")).one().id
    assert own.post(f"/own/membership/askings/{second}/withdraw").status_code == 302
    assert officer.post(f"/own/membership/askings/{second}/refuse", data={"reason": "muộn"}).status_code == 409


def test_without_a_member_dossier_nothing_can_be_asked(client_as: ClientAs, engine: Engine, ids) -> None:
    client = client_as("nguoilaodong.sonv")
    assert client.get("/own/membership").status_code == 200
    assert client.post("/own/membership", data=ASKED).status_code == 403
    with db.reading(engine) as session:
        assert session.scalars(select(MembershipAsking)).all() == []
