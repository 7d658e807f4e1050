"""The record over the API: read, keyed and settled with the rights of the caller."""

from sqlalchemy import select

from oms import db
from oms.models import AuditEntry
from tests import factories


def test_a_value_is_keyed_twice_and_settled(caller, engine, world):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    first, second, head = caller("canbo.sonv"), caller("canbo2.sonv"), caller("bithu.sonv")
    address = f"dossiers/{number}/record"
    assert first.post(f"{address}/birth_date", json={"text": "31/02/1985"}).status_code == 422
    assert first.post(f"{address}/birth_date", json={"text": "2/3/1985"}).json["state"] == "keyed"
    seen = {one["key"]: one for one in second.get(address).json["values"]}
    assert (seen["birth_date"]["state"], seen["birth_date"]["text"]) == ("keyed", None)
    assert second.post(f"{address}/birth_date", json={"text": "3/2/1985"}).json["state"] == "disputed"
    assert first.post(f"{address}/birth_date/settle", json={"text": "3/2/1985", "reason": "x"}).status_code == 403
    done = head.post(f"{address}/birth_date/settle", json={"text": "3/2/1985", "reason": "Bản gốc"}).json
    assert (done["state"], done["text"]) == ("verified", "03/02/1985")
    assert "religion" in seen
    assert "religion" not in {one["key"] for one in head.get(address).json["values"]}


def test_another_unit_finds_no_record_and_no_look_is_written(caller, engine, world):
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    other = caller("canbo.sotc")
    assert other.get(f"dossiers/{number}/record").status_code == 404
    assert other.post(f"dossiers/{number}/record/home_town", json={"text": "Huế"}).status_code == 404
    with db.reading(engine) as session:
        done = select(AuditEntry).where(AuditEntry.action.startswith("record:"), AuditEntry.outcome == "done")
        assert session.scalars(done).all() == []
