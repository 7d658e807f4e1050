"""Pages of verifications: from the contradiction to the minutes, and what another unit sees."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db
from oms.models import AuditEntry, Correction, Verification
from oms.organisation import today
from tests import factories
from tests.factories import World

Open = Callable[[str], FlaskClient]
CASE = {"question": "Quê quán ghi khác nhau", "verifiers": "Trần Văn An", "bodies": "UBND xã", "field": "home_town"}
MINUTES = {
    "present": "Trần Văn An",
    "compared": "Giấy khai sinh",
    "found": "Giấy khai sinh ghi xã Hiệp Thạnh",
    "conclusion": "Lý lịch ghi chưa đúng",
    "outcome": "wrong",
    "right_value": "xã Hiệp Thạnh",
}


@pytest.fixture
def made(engine: Engine, world: World) -> tuple[str, str]:
    """Ids of a dossier of Sở Nội vụ and of a document in it."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("BIÊN BẢN",))
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        document = factories.make_document(session, dossier, scan, title="Biên bản đã ký", actor=officer)
        return dossier.id, document.id


def acts(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        query = select(AuditEntry.action).where(AuditEntry.action.like("verification:%"), AuditEntry.outcome == "done")
        found = session.scalars(query.order_by(AuditEntry.seq)).all()
        return [action for action in found if not action.endswith((":list", ":view"))]


def test_from_the_dossier_to_the_correction(engine: Engine, client_as: Open, made: tuple[str, str]) -> None:
    client, day = client_as("canbo.sonv"), today().strftime("%d/%m/%Y")
    new = f"/verifications/dossiers/{made[0]}/new"
    assert new in client.get(f"/dossiers/{made[0]}").text and "TT 11/2012" in client.get(new).text
    wrong = client.post(new, data=CASE | {"question": " "})
    assert wrong.status_code == 422 and "UBND xã" in wrong.text, "what was typed stays"
    address = client.post(new, data=CASE).location
    assert address in client.get("/verifications").text and address in client.get(f"/dossiers/{made[0]}").text
    extension = {"days": "10", "number": "45-CV", "on": day, "reason": "Chờ trả lời của xã"}
    assert "There is no second extension" not in client.post(f"{address}/extend", data=extension).text
    assert client.post(f"{address}/extend", data=extension).status_code == 403
    assert client.post(f"{address}/describe", data=CASE | {"bodies": "UBND xã; Công an xã"}).status_code == 302
    assert client.post(f"{address}/end", data={"on": "31/02/2026"}).status_code == 422
    assert client.post(f"{address}/end", data={"on": day}).status_code == 302
    assert address in client.get("/").text, "the minutes wait on the start page"
    empty = client.post(f"{address}/minutes", data=MINUTES | {"on": day, "found": ""})
    assert empty.status_code == 422 and "Lý lịch ghi chưa đúng" in empty.text
    assert client.post(f"{address}/minutes", data=MINUTES | {"on": day}).status_code == 302
    assert address not in client.get("/").text
    paper = client.post(f"/papers/verification-minutes/{address.rsplit('/', 1)[1]}", data={"purpose": "filing"})
    assert paper.data.startswith(b"%PDF")
    assert client.post(f"{address}/correct").status_code == 409
    client.post(f"{address}/signed", data={"minutes": made[1]})
    answer = client.post(f"{address}/correct", follow_redirects=True)
    assert "Biên bản đã ký" in answer.text and "xã Hiệp Thạnh" in answer.text
    with db.reading(engine) as session:
        assert session.scalars(select(Correction.document_id)).all() == [made[1]]
    names = ("open", "extend", "describe", "end", "conclude", "file_minutes")
    assert acts(engine) == [f"verification:{name}" for name in names]


def test_a_verification_of_another_unit_is_not_there(engine: Engine, client_as: Open, made: tuple[str, str]) -> None:
    address = client_as("canbo.sonv").post(f"/verifications/dossiers/{made[0]}/new", data=CASE).location
    stranger, head = client_as("canbo.sotc"), client_as("bithu.sonv")
    assert stranger.get(address).status_code == 404
    assert stranger.post(f"/verifications/dossiers/{made[0]}/new", data=CASE).status_code == 404
    assert stranger.get(f"/papers/verification-minutes/{address.rsplit('/', 1)[1]}").status_code == 404
    assert head.get(address).status_code == 200 and "/give-up" not in head.get(address).text
    for act in ("describe", "extend", "end", "minutes", "signed", "correct", "give-up"):
        assert stranger.post(f"{address}/{act}", data=CASE | MINUTES).status_code == 404
        assert head.post(f"{address}/{act}", data=CASE | MINUTES).status_code == 403
    assert client_as("nguoilaodong.sonv").get("/verifications").status_code == 403
    assert acts(engine) == ["verification:open"]
    with db.reading(engine) as session:
        assert session.scalars(select(Verification.state)).all() == ["open"]
