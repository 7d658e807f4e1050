"""Pages of requests: the person asks, the officer and the head answer, the person takes the copy; strangers see nothing."""

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db, storage
from oms.models import Account, AuditEntry, Scan, SubjectRequest
from oms.settings import Settings
from tests import factories
from tests.factories import World

Open = Callable[[str], FlaskClient]
WRONG = {"field": "home_town", "value": "xã Hiệp Thạnh", "reason": "Giấy khai sinh ghi khác"}


@pytest.fixture
def made(engine: Engine, settings: Settings, world: World) -> tuple[str, str]:
    """Ids of the own dossier of the person with an account, and of a paper in it that has a picture."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = dossier.person_id
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("SƠ YẾU LÝ LỊCH",))
        picture = factories.png_of(factories.draw_page("Sơ yếu lý lịch", size=(300, 400)))
        scan.pages[0].image_sha256, _size = storage.put(settings.scans, [picture])
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        document = factories.make_document(session, dossier, scan, title="Sơ yếu lý lịch gốc", actor=officer)
        document.component_id = "cs_short_cv"
        return dossier.id, document.id


def acts(engine: Engine, outcome: str = "done") -> list[str]:
    with db.reading(engine) as session:
        query = select(AuditEntry.action).where(AuditEntry.action.like("request:%"), AuditEntry.outcome == outcome)
        found = session.scalars(query.order_by(AuditEntry.seq)).all()
        return [action.removeprefix("request:") for action in found if not action.endswith((":list", ":view"))]


def test_a_correction_with_a_proof(engine: Engine, client_as: Open, made: tuple[str, str]) -> None:
    person, officer = client_as("nguoilaodong.sonv"), client_as("canbo.sonv")
    ask = f"/own/dossiers/{made[0]}/ask/correction"
    assert ask in person.get(f"/own/dossiers/{made[0]}").text and person.get(ask).status_code == 200
    picture = factories.png_of(factories.draw_page("Giấy khai sinh", size=(300, 400)))
    bad = person.post(ask, data=WRONG | {"proof": (io.BytesIO(b"MZ"), "a.exe")})
    assert bad.status_code == 415 and "xã Hiệp Thạnh" in bad.text, "what was typed stays"
    wrong = person.post(ask, data=WRONG | {"value": " "})
    assert wrong.status_code == 422
    own = person.post(ask, data=WRONG | {"proof": (io.BytesIO(picture), "khai sinh.png")}).location
    assert "not acknowledged yet" in person.get(own).text and own in person.get(f"/own/dossiers/{made[0]}").text
    address = f"/requests/{own.rsplit('/', 1)[1]}"
    assert address in officer.get("/").text and address in officer.get("/requests").text
    assert "khai sinh.png" in officer.get(address).text
    assert officer.get(f"{address}/proof").data == picture
    assert officer.post(f"{address}/acknowledge").status_code == 302
    assert "Being looked into" in person.get(own).text
    assert officer.post(f"{address}/proof").status_code == 302
    assert officer.post(f"{address}/correct", data={"document": ""}).status_code == 422
    assert officer.post(f"{address}/correct", data={"document": made[1]}).status_code == 302
    assert "Waiting for a decision" in person.get(own).text
    with db.reading(engine) as session:
        assert len(session.scalars(select(Scan)).all()) == 2
    assert acts(engine) == ["ask", "open_proof", "acknowledge", "take_proof", "accept"]
    assert "ask" in acts(engine, "refused")


def test_a_copy_by_two_people_as_a_file(engine: Engine, client_as: Open, made: tuple[str, str]) -> None:
    person, officer, head = client_as("nguoilaodong.sonv"), client_as("canbo.sonv"), client_as("bithu.sonv")
    ask = f"/own/dossiers/{made[0]}/ask/copy"
    assert "Sơ yếu lý lịch gốc" in person.get(ask).text
    assert person.post(ask, data={"reason": "Nộp hồ sơ thi nâng ngạch"}).status_code == 422
    own = person.post(ask, data={"documents": made[1], "reason": "Nộp hồ sơ thi nâng ngạch"}).location
    address = f"/requests/{own.rsplit('/', 1)[1]}"
    assert address not in head.get("/").text and head.post(f"{address}/forward").status_code == 403
    assert officer.post(f"{address}/forward").status_code == 302
    assert address in head.get("/").text and officer.post(f"{address}/grant").status_code == 403
    assert person.post(f"{own}/copy").status_code == 403
    assert head.post(f"{address}/grant").status_code == 302
    assert "BS-001" in person.get(own).text and "hand-out" in officer.get(address).text
    assert person.post(f"{own}/copy").data.startswith(b"%PDF")
    page = person.get(f"/own/dossiers/{made[0]}").text
    assert "Copy handed over" in page
    assert acts(engine) == ["ask", "forward", "grant", "take_copy"]


def test_a_request_is_for_the_person_and_the_unit_alone(engine: Engine, client_as: Open, made: tuple[str, str]) -> None:
    own = client_as("nguoilaodong.sonv").post(f"/own/dossiers/{made[0]}/ask/correction", data=WRONG).location
    address = f"/requests/{own.rsplit('/', 1)[1]}"
    stranger = client_as("canbo.sotc")
    assert stranger.get(address).status_code == 404 and client_as("bithu.sonv").get(address).status_code == 200
    for act in ("acknowledge", "refuse", "proof", "correct", "forward", "grant", "hand-out"):
        assert stranger.post(f"{address}/{act}", data={"reason": "không phải vậy"}).status_code == 404
    for name in ("canbo.sonv", "canbo.sotc", "quantri"):
        assert client_as(name).get(own).status_code == 404
        assert client_as(name).post(f"/own/dossiers/{made[0]}/ask/correction", data=WRONG).status_code == 404
        assert client_as(name).post(f"{own}/withdraw").status_code == 404
    assert client_as("nguoilaodong.sonv").get("/requests").status_code == 403
    assert acts(engine) == ["ask"]
    assert client_as("nguoilaodong.sonv").post(f"{own}/withdraw").status_code == 302
    with db.reading(engine) as session:
        assert session.scalars(select(SubjectRequest.state)).all() == ["withdrawn"]
