"""Pages of what comes from outside: entered by one person, checked, confirmed by another; the API does the same."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from oms import db
from oms.models import AuditEntry, Dossier, Transfer
from tests import factories
from tests.factories import World

ClientAs = Callable[[str], FlaskClient]
FORM = {
    "body": "Ban Tổ chức Tỉnh ủy Giả định",
    "slip_number": "07-PC/BTC",
    "slip_on": "03/02/2026",
    "documents": "Giấy khai sinh; 12/KS; 1\nLý lịch; 4",
    "full_name": "Trần Thị Đến",
    "category": "civil_servant",
    "shelf": "Giá 3",
}


def entries(engine: Engine, after: int = 0) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        rows = session.query(AuditEntry).filter(AuditEntry.seq > after).order_by(AuditEntry.seq)
        return [(row.action, row.outcome) for row in rows]


def test_from_the_slip_to_the_minutes(client_as: ClientAs, engine: Engine, world: World) -> None:
    officer = client_as("canbo.sonv")
    assert officer.get("/arrivals/new").status_code == 200
    answer = officer.post("/arrivals/new", data=FORM, follow_redirects=True)
    assert answer.status_code == 200 and "Waiting for confirmation" in answer.text and "Giấy khai sinh" in answer.text
    with db.reading(engine) as session:
        transfer = session.query(Transfer).one()
        dossier = session.query(Dossier).one()
        assert (dossier.custodian_id, dossier.shelf, dossier.frozen) == (world.units["sonv"], "Giá 3", False)
    assert ("dossier:create", "done") in entries(engine) and ("transfer:from_outside", "done") in entries(engine)
    page = f"/transfers/{transfer.id}"
    assert officer.post(f"{page}/confirm").status_code == 403
    head = client_as("bithu.sonv")
    assert head.post(f"{page}/confirm").status_code == 409
    assert head.get(f"/arrivals/{transfer.id}/list").status_code == 200
    corrected = {**FORM, "documents": FORM["documents"] + "\nQuyết định; 5/QĐ; 2"}
    officer.post(f"/arrivals/{transfer.id}/list", data=corrected)
    officer.post(f"{page}/checks/rest")
    text = head.post(f"{page}/confirm", follow_redirects=True).text
    assert "Accepted" in text and "/papers/handover-minutes/" in text and "/papers/transfer-slip/" not in text
    minutes = head.post(f"/papers/handover-minutes/{transfer.id}", data={"purpose": "handover"})
    assert minutes.status_code == 200 and minutes.data.startswith(b"%PDF")
    assert head.post(f"/papers/transfer-slip/{transfer.id}", data={"purpose": "handover"}).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "field", "status"),
    [
        ({"body": " "}, "body", 422),
        ({"slip_number": ""}, "slip_number", 422),
        ({"slip_on": "31/02/2026"}, "slip_on", 422),
        ({"documents": "Lý lịch"}, "documents", 422),
        ({"documents": "Lý lịch; 0"}, "documents", 422),
        ({"full_name": ""}, "full_name", 422),
        ({"category": "x"}, "category", 422),
        ({"number": "HS-999999"}, "number", 404),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_kept(
    client_as: ClientAs, engine: Engine, wrong: dict[str, str], field: str, status: int
) -> None:
    answer = client_as("canbo.sonv").post("/arrivals/new", data={**FORM, **wrong})
    assert answer.status_code == status and f'id="{field}-error"' in answer.text
    with db.reading(engine) as session:
        assert session.query(Transfer).count() == session.query(Dossier).count() == 0


def test_papers_for_a_dossier_that_is_here(client_as: ClientAs, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        mine = factories.make_dossier(session, world.units["sonv"]).number
        theirs = factories.make_dossier(session, world.units["sotc"]).number
    officer = client_as("canbo.sonv")
    assert officer.post("/arrivals/new", data={**FORM, "number": theirs}).status_code == 404
    assert officer.post("/arrivals/new", data={**FORM, "number": mine}).status_code == 302
    again = officer.post("/arrivals/new", data={**FORM, "number": mine})
    assert again.status_code == 409 and "open transfer" in again.text
    with db.reading(engine) as session:
        transfer = session.query(Transfer).one()
        assert transfer.dossier.number == mine and transfer.manifest is not None and not transfer.manifest["opened"]


@pytest.mark.parametrize("username", ["bithu.sonv", "kiemtra.khoi", "quantri"])
def test_only_officers_enter_what_comes(client_as: ClientAs, engine: Engine, username: str) -> None:
    client = client_as(username)
    before = len(entries(engine))
    assert client.get("/arrivals/new").status_code == client.post("/arrivals/new", data=FORM).status_code == 403
    assert entries(engine)[before:] == [("dossier:create", "refused")] * 2
