"""Pages of mass transfers: choosing dossiers, the steps of a batch, what stays hidden, and the list both sides sign."""

import io
import re
import subprocess
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, func, select

from oms import db, viruses
from oms.custody import mass
from oms.models import AuditEntry, Dossier, MassTransfer, MassTransferMember, Transfer
from tests import factories
from tests.factories import World
from tests.test_mass_transfers import by, excel, make_batch, states_of, transfers_of

ClientAs = Callable[[str], FlaskClient]
__all__ = ["by"]
NEW = {"basis_number": "45-QĐ/TU", "basis_on": "03/02/2026", "reason": "Sáp nhập"}


@pytest.fixture
def batch_in(engine: Engine, world: World, by) -> Callable[..., str]:
    """`batch_in("submitted")`: the id of a batch of Sở Nội vụ that stands there."""

    def make(state: str, count: int = 3, **more: str) -> str:
        with db.writing(engine) as session:
            return make_batch(session, world, by, count, upto=state, **more).id

    return make


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def acts_on(page: str) -> set[str]:
    return set(re.findall(r'action="/mass-transfers/[0-9a-f]{16}/take/([a-z-]+)"', page))


def count_entries(engine: Engine, action: str, outcome: str = "done") -> int:
    with db.reading(engine) as session:
        query = select(func.count()).select_from(AuditEntry)
        return session.scalar(query.where(AuditEntry.action == action, AuditEntry.outcome == outcome)) or 0


def _finds(_settings: object, content: bytes, name: str) -> None:
    assert content.startswith(b"PK")
    raise viruses.VirusFound("Found: %(name)s", name=name)


def states(engine: Engine, id: str) -> list[str]:
    with db.reading(engine) as session:
        return states_of(session, session.get_one(MassTransfer, id))


def test_the_whole_way_by_pages(client_as: ClientAs, engine: Engine, world: World, by) -> None:
    with db.writing(engine) as session:
        numbers = [factories.make_dossier(session, world.units["sonv"], f"Lê Văn {n}").number for n in range(3)]
    officer = client_as("canbo.sonv")
    answer = officer.post("/mass-transfers/new", data={**NEW, "unit": world.units["sotc"]})
    id = answer.headers["Location"].split("/")[2]
    page = text_of(officer.get(f"/mass-transfers/{id}/dossiers"))
    assert all(number in page for number in numbers)
    lines = {"by": "list", "lines": "\n".join(numbers)}
    assert officer.post(f"/mass-transfers/{id}/dossiers", data=lines).status_code == 302
    way = (
        ("submit", "canbo.sonv", "Waiting for approval"),
        ("approve", "truongban.khoi", "ready to be sent"),
        ("dispatch", "bithu.sonv", "On its way"),
        ("check", "bithu.sotc", "3 dossiers went along"),
        ("accept", "bithu.sotc", "This batch is done"),
    )
    for act, username, said in way:
        client = client_as(username)
        assert act in acts_on(client.get(f"/mass-transfers/{id}").get_data(as_text=True))
        answer = client.post(f"/mass-transfers/{id}/take/{act}", follow_redirects=True)
        assert answer.status_code == 200 and said in text_of(answer), act
    assert states(engine, id) == ["accepted"] * 3
    with db.reading(engine) as session:
        held = session.scalars(select(Dossier.custodian_id).where(Dossier.number.in_(numbers))).all()
    assert set(held) == {world.units["sotc"]}
    assert "/dossiers/" not in client_as("canbo.sonv").get(f"/mass-transfers/{id}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("state", "username", "acts"),
    [
        ("draft", "canbo.sonv", {"submit", "cancel"}),
        ("submitted", "truongban.khoi", {"approve", "return", "reject"}),
        ("submitted", "canbo.khoi", set()),
        ("in_transit", "canbo.sotc", {"check", "accept", "send-back", "refuse"}),
        ("accepted", "canbo.sotc", set()),
    ],
)
def test_the_buttons_are_the_acts_open_to_the_reader(
    batch_in, client_as: ClientAs, state: str, username: str, acts: set[str]
) -> None:
    id = batch_in(state)
    assert acts_on(client_as(username).get(f"/mass-transfers/{id}").get_data(as_text=True)) == acts


@pytest.mark.parametrize(
    ("state", "username"),
    [
        ("draft", "canbo.sotc"),
        ("draft", "truongban.khoi"),
        ("approved", "bithu.sotc"),
        ("in_transit", "canbo.soyt"),
        ("accepted", "kiemtra.khoi"),
        ("accepted", "quantri"),
    ],
)
def test_a_batch_of_others_does_not_exist(
    batch_in, client_as: ClientAs, engine: Engine, state: str, username: str
) -> None:
    id, client = batch_in(state), client_as(username)
    for address in (f"/mass-transfers/{id}", f"/mass-transfers/{id}/dossiers", f"/papers/handover-list/{id}"):
        assert client.get(address).status_code == client.get(address.replace(id, "0" * 16)).status_code
        assert client.get(address).status_code in (403, 404)
        assert "DCH-SONV" not in client.get(address).get_data(as_text=True)
    before = states(engine, id)
    for address in ("take/cancel", "take-out", "stop", "go-on", "dossiers"):
        assert client.post(f"/mass-transfers/{id}/{address}", data={"reason": "vì"}).status_code in (403, 404)
    assert states(engine, id) == before
    assert count_entries(engine, "mass_transfer:cancel") == count_entries(engine, "mass_transfer:view") == 0
    assert count_entries(engine, "mass_transfer:read", "refused") > 0


def test_a_form_without_a_decision_comes_back(client_as: ClientAs, engine: Engine, world: World) -> None:
    client = client_as("canbo.sonv")
    for missing in ("basis_number", "basis_on", "reason", "unit"):
        data = {**NEW, "unit": world.units["sotc"], missing: ""}
        answer = client.post("/mass-transfers/new", data=data)
        assert answer.status_code == 422 and "Nothing has been saved" in text_of(answer), missing
    assert count_entries(engine, "mass_transfer:begin") == 0


def test_faults_come_back_by_row_and_can_be_left_out(
    batch_in, client_as: ClientAs, engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, client = batch_in("draft", 1), client_as("canbo.sonv")
    with db.writing(engine) as session:
        mine = factories.make_dossier(session, world.units["sonv"], "Trần Văn Mới").number
        foreign = factories.make_dossier(session, world.units["sotc"], "Người Của Đơn Vị Khác").number
    table = excel(("STT", "Số hồ sơ"), (1, mine), (2, foreign))
    data = {"by": "list", "table": (io.BytesIO(table), "danh sách.xlsx")}
    with monkeypatch.context() as patch:
        patch.setattr(viruses, "look_for", _finds)
        bad = {"by": "list", "table": (io.BytesIO(table), "xấu.xlsx")}
        found = client.post(f"/mass-transfers/{id}/dossiers", data=bad, content_type="multipart/form-data")
    assert found.status_code == 422 and "Found: xấu.xlsx" in text_of(found) and len(states(engine, id)) == 1
    answer = client.post(f"/mass-transfers/{id}/dossiers", data=data, content_type="multipart/form-data")
    page = text_of(answer)
    assert answer.status_code == 422 and "1 lines fit, 1 do not" in page and foreign in page
    assert "Người Của Đơn Vị Khác" not in page and len(states(engine, id)) == 1
    again = {"by": "list", "lines": f"{mine}\n{foreign}", "leave": "1"}
    assert client.post(f"/mass-transfers/{id}/dossiers", data=again).status_code == 302
    assert len(states(engine, id)) == 2


def test_all_that_fit_a_filter_or_those_ticked_are_added(
    batch_in, client_as: ClientAs, engine: Engine, world: World
) -> None:
    id, client = batch_in("draft", 1), client_as("canbo.sonv")
    with db.writing(engine) as session:
        made = [factories.make_dossier(session, world.units["sonv"], f"Phan Thị {n}").id for n in range(4)]
        foreign = factories.make_dossier(session, world.units["sotc"], "Phan Thị Khác").id
    client.post(f"/mass-transfers/{id}/dossiers", data={"dossier": [made[0], foreign]})
    assert len(states(engine, id)) == 2
    client.post(f"/mass-transfers/{id}/dossiers", data={"by": "filter", "name": "phan"})
    assert len(states(engine, id)) == 5
    assert client.post(f"/mass-transfers/{id}/dossiers", data={"by": "filter", "name": "phan"}).status_code == 422


def test_red_ones_are_shown_with_their_cure_and_left_out_by_one_click(
    batch_in, client_as: ClientAs, engine: Engine, world: World
) -> None:
    id, client = batch_in("draft"), client_as("canbo.sonv")
    with db.writing(engine) as session:
        red = transfers_of(session, session.get_one(MassTransfer, id))[1].dossier
        factories.make_scan(session, red, world.accounts["canbo.sonv"], ("chưa xếp",))
        number = red.number
    answer = client.post(f"/mass-transfers/{id}/take/submit", follow_redirects=True)
    page = text_of(answer)
    assert answer.request.path == f"/mass-transfers/{id}" and "1 of 3 dossiers cannot go" in page
    assert number in page and "pages lie in no document" in page and 'href="/review"' in page
    assert states(engine, id) == ["draft"] * 3 and count_entries(engine, "mass_transfer:submit", "refused") == 1
    client.post(f"/mass-transfers/{id}/take/leave-out", data={"reason": "Chưa đủ"})
    assert states(engine, id) == ["draft", "cancelled", "draft"]
    client.post(f"/mass-transfers/{id}/take/submit")
    assert states(engine, id) == ["submitted", "cancelled", "submitted"]


def test_the_others_go_when_a_person_says_so(batch_in, client_as: ClientAs, engine: Engine, world: World) -> None:
    id, client = batch_in("draft"), client_as("canbo.sonv")
    with db.writing(engine) as session:
        red = transfers_of(session, session.get_one(MassTransfer, id))[0].dossier
        factories.make_scan(session, red, world.accounts["canbo.sonv"], ("chưa xếp",))
    answer = client.post(f"/mass-transfers/{id}/take/submit", data={"partly": "1"}, follow_redirects=True)
    assert "2 dossiers went along. 1 stayed behind" in text_of(answer) and "show=stayed" in answer.request.url
    assert states(engine, id) == ["draft", "submitted", "submitted"]


def test_chosen_members_are_taken_out(batch_in, client_as: ClientAs, engine: Engine) -> None:
    id, client = batch_in("submitted"), client_as("canbo.sonv")
    with db.reading(engine) as session:
        members = session.scalars(select(MassTransferMember.id).where(MassTransferMember.mass_id == id)).all()
    client.post(f"/mass-transfers/{id}/take-out", data={"member": members[:2], "reason": "Chuyển sau"})
    assert sorted(states(engine, id)) == ["cancelled", "cancelled", "submitted"]


def test_a_long_step_shows_how_far_it_is(
    batch_in, client_as: ClientAs, engine: Engine, settings, by, monkeypatch
) -> None:
    id, client = batch_in("draft"), client_as("canbo.sonv")
    monkeypatch.setattr(mass.running.carry_on, "__kwdefaults__", {"size": 1})
    page = text_of(client.post(f"/mass-transfers/{id}/take/submit", follow_redirects=True))
    assert "1 of 3 dossiers" in page and f'data-poll="/mass-transfers/{id}"' in page and not acts_on(page)
    looks = count_entries(engine, "mass_transfer:view")
    assert "1 of 3" in text_of(client.get(f"/mass-transfers/{id}", headers={"X-Requested-With": "poll"}))
    assert count_entries(engine, "mass_transfer:view") == looks
    mass.work_off(engine, settings, id, actor=by("canbo.sonv"))
    page = text_of(client.get(f"/mass-transfers/{id}", headers={"X-Requested-With": "poll"}))
    assert "The step is done" in page and "data-poll" not in page
    assert states(engine, id) == ["submitted"] * 3


def test_the_start_page_and_the_list_have_one_line_for_a_batch(batch_in, client_as: ClientAs, engine: Engine) -> None:
    id = batch_in("submitted", 5)
    head = client_as("truongban.khoi")
    start = text_of(head.get("/"))
    assert start.count("DCH-SONV") == 1 and "Approve (5 dossiers)" in start and "CH-2" not in start.replace("DCH-", "")
    listed = text_of(head.get("/transfers"))
    assert f"/mass-transfers/{id}" in listed and "Waiting for approval: 5" in listed
    with db.reading(engine) as session:
        numbers = session.scalars(select(Transfer.number)).all()
    assert not any(f">{number}<" in listed for number in numbers)
    assert f"/mass-transfers/{id}" in text_of(head.get("/mass-transfers"))
    member = transfers_of_batch(engine, id)[0]
    assert f"/mass-transfers/{id}" in text_of(head.get(f"/transfers/{member}"))


def transfers_of_batch(engine: Engine, id: str) -> list[str]:
    with db.reading(engine) as session:
        return [transfer.id for transfer in transfers_of(session, session.get_one(MassTransfer, id))]


def test_the_list_is_a_paper_with_a_number_and_an_excel_file(batch_in, client_as: ClientAs, engine: Engine, by) -> None:
    id = batch_in("accepted")
    client = client_as("canbo.sonv")
    answer = client.post(f"/papers/handover-list/{id}", data={"purpose": "handover"})
    assert answer.status_code == 200 and answer.mimetype == "application/pdf"
    words = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=answer.data, capture_output=True, check=True
    ).stdout.decode()
    assert "45-QĐ/TU" in words and "Lê Văn 0" in words and "Cộng: 03 hồ sơ" in " ".join(words.split())
    data = {"purpose": "handover", "form": "xlsx"}
    answer = client.post(f"/papers/handover-list/{id}", data=data)
    rows = list(load_workbook(io.BytesIO(answer.data)).worksheets[0].values)
    assert len(rows) == 4 and rows[1][2] == "Lê Văn 0" and rows[1][8] == "Đã nhận đủ"
    assert count_entries(engine, "paper:print") == count_entries(engine, "paper:export") == 1


def test_before_anything_is_sealed_there_is_no_list(batch_in, client_as: ClientAs, engine: Engine) -> None:
    id = batch_in("submitted")
    answer = client_as("canbo.sonv").post(f"/papers/handover-list/{id}", data={"purpose": "handover"})
    assert answer.status_code == 409 and count_entries(engine, "paper:print") == 0
