"""Pages of the record: the form, one value after the other, tables; other units learn nothing."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import db
from oms.models import RecordRow, RecordStatement
from tests.factories import World
from tests.test_checks import NAME, dossier_of, put

Open = Callable[[str], FlaskClient]


@pytest.fixture
def dossier_id(engine: Engine, world: World) -> str:
    with db.writing(engine) as session:
        dossier = dossier_of(session, world)
        put(session, dossier, {"full_name": NAME, "religion": "Phật giáo"}, tables={"family_self": [["Cha", "Vàng B"]]})
        return dossier.id


def test_one_value_after_the_other(engine: Engine, client_as: Open, dossier_id: str) -> None:
    client = client_as("canbo.sonv")
    page = client.get(f"/record/{dossier_id}?form=2C-BNV/2008").get_data(as_text=True)
    assert "Phật giáo" in page and "#at=100,200,300,40" in page
    assert f"/record/{dossier_id}" in client.get(f"/dossiers/{dossier_id}").get_data(as_text=True)
    bad = client.post(f"/record/{dossier_id}/values/birth_date?form=2C-BNV/2008", data={"text": "31/02/1980"})
    assert bad.status_code in (400, 422) and "31/02/1980" in bad.get_data(as_text=True)
    answer = client.post(f"/record/{dossier_id}/values/full_name?form=2C-BNV/2008", data={"text": NAME})
    assert answer.status_code == 302 and "/values/religion" in answer.location, "on to what is left"
    assert client.get(answer.location).status_code == 200
    assert client.get(f"/record/{dossier_id}/values/nothing").status_code == 404
    with db.reading(engine) as session:
        assert [one.text for one in session.scalars(select(RecordStatement))] == [NAME]


def test_rows(engine: Engine, client_as: Open, dossier_id: str) -> None:
    client = client_as("canbo.sonv")
    address = f"/record/{dossier_id}/tables/family_self?form=2C-BNV/2008"
    assert "Vàng B" in client.get(address).get_data(as_text=True)
    client.post(f"/record/{dossier_id}/tables/family_self/take?form=2C-BNV/2008")
    client.post(address, data={"cell": ["Mẹ", "Giàng Thị C", "1955", ""]})
    assert client.post(address, data={"cell": ["", ""]}).status_code in (400, 422)
    assert "Giàng Thị C" in client.get(address).get_data(as_text=True)
    with db.reading(engine) as session:
        line = session.scalars(select(RecordRow.line).where(RecordRow.position == 10)).one()
    assert client.post(f"/record/{dossier_id}/tables/family_self/{line}/remove").status_code == 302
    assert "Vàng B" not in client.get(address).get_data(as_text=True)


def test_who_may_not_learns_nothing(engine: Engine, client_as: Open, dossier_id: str) -> None:
    stranger, head = client_as("canbo.sotc"), client_as("bithu.sonv")
    for address in ("", "/values/full_name", "/tables/family_self"):
        assert stranger.get(f"/record/{dossier_id}{address}").status_code == 404
    assert stranger.post(f"/record/{dossier_id}/values/full_name", data={"text": "X"}).status_code == 404
    assert head.post(f"/record/{dossier_id}/values/full_name", data={"text": "X"}).status_code == 403
    shown = head.get(f"/record/{dossier_id}?form=2C-BNV/2008").get_data(as_text=True)
    assert "Vàng B" not in shown and head.get(f"/record/{dossier_id}/tables/family_self").status_code == 404
    assert client_as("quantri").get(f"/record/{dossier_id}").status_code in (403, 404)
    with db.reading(engine) as session:
        assert session.scalars(select(RecordStatement)).all() == []
