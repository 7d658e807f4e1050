"""Pages of corrections: proposing, deciding, what another unit sees, what the dossier page shows afterwards."""

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db
from oms.models import AuditEntry, Correction, Person
from tests import factories
from tests.factories import World

Open = Callable[[str], FlaskClient]


@pytest.fixture
def made(engine: Engine, world: World) -> tuple[str, str]:
    """Ids of a dossier of Sở Nội vụ and of a document in it."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("GIẤY KHAI SINH",))
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        document = factories.make_document(session, dossier, scan, title="Giấy khai sinh", actor=officer)
        return dossier.id, document.id


def form(made: tuple[str, str], **more: str) -> dict[str, str]:
    given = {"field": "full_name", "value": "Nguyễn Thị Hạnh", "reason": "Giấy khai sinh ghi khác"}
    return given | {"document": made[1]} | more


def done(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        query = select(AuditEntry.action).where(AuditEntry.action.like("correction:%"), AuditEntry.outcome == "done")
        return [action for action in session.scalars(query.order_by(AuditEntry.seq)) if action.count("list") == 0]


def test_from_the_dossier_to_the_decision_and_back(engine: Engine, client_as: Open, made: tuple[str, str]) -> None:
    officer = client_as("canbo.sonv")
    assert f"/corrections/dossiers/{made[0]}/new" in officer.get(f"/dossiers/{made[0]}").text
    assert "Giấy khai sinh" in officer.get(f"/corrections/dossiers/{made[0]}/new").text
    page = officer.post(f"/corrections/dossiers/{made[0]}/new", data=form(made), follow_redirects=True)
    assert "Nguyễn Thị Hạnh" in page.text and page.request.path in officer.get("/corrections").text
    address = page.request.path
    assert officer.post(f"{address}/decide", data={"number": "1-QĐ", "on": "01/02/2026"}).status_code == 403
    head = client_as("bithu.sonv")
    assert address in head.get("/").text, "it waits on the start page"
    assert head.post(f"{address}/decide", data={"number": "1-QĐ", "on": "31/02/2026"}).status_code == 422
    after = head.post(f"{address}/decide", data={"number": "15-QĐ/ĐU", "on": "01/02/2026"}, follow_redirects=True)
    assert after.status_code == 200 and "15-QĐ/ĐU" in after.text and address not in head.get("/").text
    shown = officer.get(f"/dossiers/{made[0]}").text
    assert "Nguyễn Thị Hạnh" in shown and "Nguyễn Thị Hòa" in shown and "15-QĐ/ĐU" in shown
    assert [one for one in done(engine) if one != "correction:view"] == ["correction:propose", "correction:decide"]


def test_a_correction_of_another_unit_is_not_there(engine: Engine, client_as: Open, made: tuple[str, str]) -> None:
    officer = client_as("canbo.sonv")
    address = officer.post(f"/corrections/dossiers/{made[0]}/new", data=form(made)).location
    stranger = client_as("bithu.sotc")
    assert stranger.get(address).status_code == 404
    for act, data in (("decide", {"number": "1", "on": "01/02/2026"}), ("refuse", {"reason": "không phải vậy"})):
        assert stranger.post(f"{address}/{act}", data=data).status_code == 404
    assert client_as("canbo.sotc").post(f"/corrections/dossiers/{made[0]}/new", data=form(made)).status_code == 404
    assert client_as("bithu.sonv").post(f"/corrections/dossiers/{made[0]}/new", data=form(made)).status_code == 403
    assert client_as("quantri").get("/corrections").status_code == 403
    assert done(engine) == ["correction:propose"]
    with db.reading(engine) as session:
        assert session.scalars(select(Person.full_name)).all() == ["Nguyễn Thị Hòa"]


def test_the_law_answers_for_the_birth_date_of_a_member(engine: Engine, client_as: Open, made: tuple[str, str]) -> None:
    with db.writing(engine) as session:
        session.scalars(select(Person)).one().party_join_date = date(2010, 2, 3)
    officer = client_as("canbo.sonv")
    page = officer.get(f"/corrections/dossiers/{made[0]}/new").text
    assert "Đ11.3.c" in page and 'value="birth_date"' not in page
    answer = officer.post(f"/corrections/dossiers/{made[0]}/new", data=form(made, field="birth_date", value="1/1/1980"))
    assert answer.status_code == 403 and "Đ11.3.c" in answer.text
    wrong = officer.post(f"/corrections/dossiers/{made[0]}/new", data=form(made, value=""))
    assert wrong.status_code == 422 and "Giấy khai sinh ghi khác" in wrong.text, "what was typed stays"
    with db.reading(engine) as session:
        assert session.scalars(select(Correction)).all() == []
