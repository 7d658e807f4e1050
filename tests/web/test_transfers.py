"""Pages of the hand-over: who sees what, what the buttons do, what stays hidden."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import accounts, custody, db
from oms.models import AuditEntry, Dossier, Transfer, TransferState, Unit
from tests import factories
from tests.factories import World
from tests.test_custody import WAYS, step

ClientAs = Callable[[str], FlaskClient]
REASON = "Quyết định số 214-QĐ/ĐUK"


@pytest.fixture
def transfer_in(engine: Engine, world: World) -> Callable[[str], str]:
    """`transfer_in("submitted")`: the id of a transfer from Sở Nội vụ to Sở Tài chính that stands there."""

    def make(state: str, receiver: str = "sotc") -> str:
        with db.writing(engine) as session:
            officer = accounts.get_actor(session, "canbo.sonv", via="web")
            dossier = factories.make_dossier(session, world.units["sonv"], f"Lê Thị {state}")
            scan = factories.make_scan(session, dossier, officer.account_id, ("bí mật của trang", "hai"))
            factories.make_document(session, dossier, scan, title="Quyết định bổ nhiệm", actor=officer)
            transfer = custody.prepare(
                session,
                dossier,
                session.get_one(Unit, world.units[receiver]),
                REASON,
                actor=officer,
                proof=factories.PROOF,
            )
            for name, username in WAYS[state]:
                somebody = accounts.get_actor(session, username, via="web")
                step(session, transfer, name, somebody, reason="vì")
            return transfer.id

    return make


def last_entry(engine: Engine) -> tuple[str, str]:
    with db.reading(engine) as session:
        entry = session.query(AuditEntry).order_by(AuditEntry.seq.desc()).first()
        assert entry is not None
        return entry.action, entry.outcome


def count_entries(engine: Engine) -> int:
    with db.reading(engine) as session:
        return session.query(AuditEntry).count()


def state_of(engine: Engine, transfer_id: str) -> TransferState:
    with db.reading(engine) as session:
        return session.get_one(Transfer, transfer_id).state


def buttons(page: str) -> set[str]:
    return set(re.findall(r'action="/transfers/[0-9a-f]{16}/([a-z-]+)"', page)) - {"proof", "proofs"}


@pytest.mark.parametrize(
    ("state", "username", "expected"),
    [
        ("draft", "canbo.sonv", {"submit", "cancel"}),
        ("draft", "bithu.sonv", {"cancel"}),
        ("submitted", "truongban.khoi", {"approve", "return", "reject"}),
        ("submitted", "canbo.sonv", {"cancel"}),
        ("submitted", "canbo.khoi", set()),
        ("approved", "canbo.sonv", {"dispatch", "cancel"}),
        ("in_transit", "canbo.sotc", {"accept", "accept-with-reservations", "return", "reject"}),
        ("in_transit", "canbo.sonv", {"recall"}),
        ("accepted", "canbo.sotc", set()),
    ],
)
def test_the_buttons_are_the_steps_open_to_the_reader(
    transfer_in, client_as: ClientAs, engine: Engine, state: str, username: str, expected: set[str]
) -> None:
    transfer_id, client = transfer_in(state), client_as(username)
    before = count_entries(engine)
    answer = client.get(f"/transfers/{transfer_id}")
    assert answer.status_code == 200
    assert buttons(answer.get_data(as_text=True)) == expected
    assert last_entry(engine) == ("transfer:view", "done") and count_entries(engine) == before + 1


def test_a_red_line_leads_where_it_is_cured_only_those_who_may_cure_it(
    transfer_in, client_as: ClientAs, engine: Engine
) -> None:
    transfer_id = transfer_in("draft")
    with db.reading(engine) as session:
        counting = f"/dossiers/{session.get_one(Transfer, transfer_id).dossier_id}/sheets"
    assert counting in client_as("canbo.sonv").get(f"/transfers/{transfer_id}").text
    page = client_as("bithu.sonv").get(f"/transfers/{transfer_id}").text
    assert "The sheets of 1 documents are not counted" in page
    assert counting not in page


@pytest.mark.parametrize(
    ("state", "username"),
    [
        ("draft", "canbo.sotc"),
        ("draft", "truongban.khoi"),
        ("submitted", "canbo.sotc"),
        ("approved", "bithu.sotc"),
        ("in_transit", "canbo.soyt"),
        ("accepted", "canbo.soyt"),
        ("in_transit", "kiemtra.khoi"),
        ("in_transit", "quantri"),
    ],
)
def test_a_transfer_that_does_not_concern_you_does_not_exist(
    transfer_in, client_as: ClientAs, engine: Engine, state: str, username: str
) -> None:
    transfer_id = transfer_in(state)
    client = client_as(username)
    answers = [client.get(f"/transfers/{id}") for id in (transfer_id, "0" * 16)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert REASON not in answers[0].get_data(as_text=True)
    assert client.post(f"/transfers/{transfer_id}/accept").status_code == 404
    assert last_entry(engine) == ("transfer:read", "refused")
    assert state_of(engine, transfer_id) == state


def test_the_whole_way_by_buttons(transfer_in, client_as: ClientAs, engine: Engine, world: World) -> None:
    transfer_id = transfer_in("draft")
    way = (
        ("submit", "canbo.sonv"),
        ("approve", "truongban.khoi"),
        ("dispatch", "bithu.sonv"),
        ("checks/rest", "bithu.sotc"),
        ("accept", "bithu.sotc"),
    )
    for name, username in way:
        answer = client_as(username).post(f"/transfers/{transfer_id}/{name}", follow_redirects=True)
        assert answer.status_code == 200 and answer.request.path == f"/transfers/{transfer_id}"
        assert last_entry(engine)[0] == "transfer:view"
    with db.reading(engine) as session:
        dossier = session.get_one(Transfer, transfer_id).dossier
        assert dossier.custodian_id == world.units["sotc"]
    assert client_as("canbo.sotc").get(f"/dossiers/{dossier.id}").status_code == 200
    assert client_as("canbo.sonv").get(f"/dossiers/{dossier.id}").status_code == 404
    sender = client_as("canbo.sonv").get(f"/transfers/{transfer_id}").get_data(as_text=True)
    assert dossier.number in sender and f"/dossiers/{dossier.id}" not in sender


def test_a_step_with_a_reason_keeps_it_in_the_timeline(transfer_in, client_as: ClientAs, engine: Engine) -> None:
    transfer_id = transfer_in("submitted")
    client = client_as("truongban.khoi")
    assert client.post(f"/transfers/{transfer_id}/reject").status_code == 422
    assert state_of(engine, transfer_id) == "submitted"
    client.post(f"/transfers/{transfer_id}/reject", data={"reason": "Thiếu quyết định <điều động>"})
    assert state_of(engine, transfer_id) == "rejected"
    page = client_as("canbo.sonv").get(f"/transfers/{transfer_id}").get_data(as_text=True)
    assert "Thiếu quyết định &lt;điều động&gt;" in page


@pytest.mark.parametrize(("state", "username"), [("submitted", "truongban.khoi"), ("in_transit", "canbo.sotc")])
def test_after_sending_back_the_reader_lands_on_the_list(
    transfer_in, client_as: ClientAs, engine: Engine, state: str, username: str
) -> None:
    transfer_id = transfer_in(state)
    answer = client_as(username).post(f"/transfers/{transfer_id}/return", data={"reason": "Sai đơn vị"})
    assert (answer.status_code, answer.location) == (302, "/transfers")
    assert state_of(engine, transfer_id) == "draft"


def test_the_receiver_reads_the_list_but_no_page_before_accepting(
    transfer_in, client_as: ClientAs, engine: Engine
) -> None:
    transfer_id = transfer_in("in_transit")
    receiver = client_as("canbo.sotc")
    page = receiver.get(f"/transfers/{transfer_id}").get_data(as_text=True)
    with db.reading(engine) as session:
        transfer = session.get_one(Transfer, transfer_id)
        dossier = transfer.dossier
        assert transfer.manifest is not None
        scan = transfer.manifest["scans"][0]
        assert "Quyết định bổ nhiệm" in page and scan["sha256"] in page and transfer.manifest_sha256 in page
        from oms import dossiers

        scan_id = dossiers.scans_of(session, dossier)[0].id
    assert "bí mật của trang" not in page and dossier.id not in page
    for address in (f"/dossiers/{dossier.id}", f"/scans/{scan_id}/original", f"/scans/{scan_id}"):
        assert receiver.get(address).status_code == 404
    receiver.post(f"/transfers/{transfer_id}/checks/rest")
    receiver.post(f"/transfers/{transfer_id}/accept")
    assert receiver.get(f"/dossiers/{dossier.id}").status_code == 200


def test_a_page_that_is_out_of_date_is_told_so(transfer_in, client_as: ClientAs, engine: Engine) -> None:
    transfer_id = transfer_in("draft")
    client = client_as("canbo.sonv")
    assert client.post(f"/transfers/{transfer_id}/submit", data={"version": "99"}).status_code == 409
    assert state_of(engine, transfer_id) == "draft"
    assert client.post(f"/transfers/{transfer_id}/accept").status_code == 409
    assert client.post(f"/transfers/{transfer_id}/teleport").status_code == 404
    assert client.get(f"/transfers/{transfer_id}/submit").status_code == 405


def test_a_button_of_somebody_else_is_refused_and_logged(transfer_in, client_as: ClientAs, engine: Engine) -> None:
    transfer_id = transfer_in("submitted")
    assert client_as("canbo.sonv").post(f"/transfers/{transfer_id}/approve").status_code == 403
    assert last_entry(engine) == ("transfer:read", "refused")
    assert state_of(engine, transfer_id) == "submitted"


def test_the_form_tells_beforehand_who_approves(client_as: ClientAs, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
    page = client_as("canbo.sonv").get(f"/transfers/new?dossier={dossier.id}").get_data(as_text=True)
    assert "Ban Tổ chức Đảng ủy Khối" in page and "TT 11/2012/TT-BNV Đ12" in page
    assert world.units["sotc"] in page and world.units["sonv_c1"] not in page
    assert last_entry(engine) == ("dossier:view", "done")


def test_preparing_by_the_form(client_as: ClientAs, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
    client = client_as("canbo.sonv")
    for wrong in ({"unit": world.units["sotc"]}, {"reason": REASON}, {"unit": "0" * 16, "reason": REASON}):
        answer = client.post("/transfers/new", data={"dossier": dossier.id, **wrong})
        assert answer.status_code == 422 and 'aria-invalid="true"' in answer.get_data(as_text=True)
        assert wrong.get("reason", "") in answer.get_data(as_text=True)
    right = {"dossier": dossier.id, "unit": world.units["sotc"], "reason": REASON}
    answer = client.post("/transfers/new", data=right)
    assert answer.status_code == 302
    with db.reading(engine) as session:
        transfer = session.query(Transfer).one()
        assert (transfer.state, transfer.reason, transfer.approving_unit_id) == ("draft", REASON, world.units["btc"])
    assert answer.location == f"/transfers/{transfer.id}"
    assert client.post("/transfers/new", data=right).status_code == 409
    assert transfer.number in client.get(f"/transfers/new?dossier={dossier.id}").get_data(as_text=True)


def test_nobody_prepares_for_a_dossier_of_another_unit(client_as: ClientAs, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sotc"], "Người Khác Đơn Vị")
    for username in ("canbo.sonv", "canbo.khoi"):
        client = client_as(username)
        answer = client.get(f"/transfers/new?dossier={dossier.id}")
        assert answer.status_code == 404 and "Người Khác Đơn Vị" not in answer.get_data(as_text=True)
        form = {"dossier": dossier.id, "unit": world.units["soyt"], "reason": REASON}
        assert client.post("/transfers/new", data=form).status_code == 404
    assert client_as("bithu.sotc").post("/transfers/new", data=form).status_code == 403
    with db.reading(engine) as session:
        assert session.query(Transfer).count() == 0


def test_a_dossier_held_still_gets_no_second_transfer(transfer_in, client_as: ClientAs, engine: Engine) -> None:
    transfer_id = transfer_in("in_transit")
    with db.reading(engine) as session:
        dossier_id = session.get_one(Transfer, transfer_id).dossier_id
        assert session.get_one(Dossier, dossier_id).frozen
    assert client_as("canbo.sonv").get(f"/transfers/new?dossier={dossier_id}").status_code == 403


def test_the_tabs(transfer_in, client_as: ClientAs, engine: Engine) -> None:
    ids = {state: transfer_in(state) for state in ("draft", "submitted", "in_transit", "cancelled")}

    def shown(username: str, tab: str) -> set[str]:
        page = client_as(username).get(f"/transfers?tab={tab}").get_data(as_text=True)
        assert last_entry(engine) == ("transfer:list", "done")
        return {state for state, id in ids.items() if f'href="/transfers/{id}"' in page}

    assert shown("canbo.sonv", "waiting") == {"draft"}
    assert shown("canbo.sonv", "open") == {"draft", "submitted", "in_transit"}
    assert shown("canbo.sonv", "closed") == {"cancelled"}
    assert shown("truongban.khoi", "waiting") == {"submitted"}
    assert shown("canbo.sotc", "waiting") == {"in_transit"}
    assert shown("canbo.soyt", "open") == set()


@pytest.mark.parametrize("username", ["kiemtra.khoi", "quantri", "nguoilaodong.sonv"])
def test_who_has_nothing_to_do_with_transfers_gets_no_list(client_as: ClientAs, username: str) -> None:
    assert client_as(username).get("/transfers").status_code == 403
    assert client_as(username).get("/transfers/new").status_code == 403


def test_no_name_of_a_person_in_the_title(transfer_in, client_as: ClientAs) -> None:
    page = client_as("canbo.sonv").get(f"/transfers/{transfer_in('draft')}").get_data(as_text=True)
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title and "Lê Thị" not in title[1] and page.count("<h1") == 1


def test_after_the_hand_over_the_sender_reads_no_title(transfer_in, client_as: ClientAs) -> None:
    transfer_id = transfer_in("accepted")
    sender, receiver = (client_as(name).get(f"/transfers/{transfer_id}") for name in ("canbo.sonv", "canbo.sotc"))
    assert sender.status_code == receiver.status_code == 200
    assert "Quyết định bổ nhiệm" not in sender.get_data(as_text=True)
    assert "Quyết định bổ nhiệm" in receiver.get_data(as_text=True)
    answer = client_as("canbo.sonv").post(f"/papers/transfer-slip/{transfer_id}", data={"purpose": "handover"})
    assert answer.status_code == 403
