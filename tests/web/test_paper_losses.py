"""Pages of lost papers: two people declare one at one screen, it is made anew and marked; strangers see nothing."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db
from oms.models import AuditEntry, Document, PaperLoss
from oms.organisation import today
from tests import factories
from tests.factories import PASSWORD, World

Open = Callable[[str], FlaskClient]


@pytest.fixture
def made(engine: Engine, world: World) -> tuple[str, str, str]:
    """Ids of a dossier of Sở Nội vụ and of two documents of one kind in it."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        ids = []
        for title in ("Bằng đại học", "Bằng đại học (bản sao)"):
            scan = factories.make_scan(session, dossier, officer.account_id, (title,))
            document = factories.make_document(session, dossier, scan, title=title, actor=officer)
            document.component_id = "cs_diploma"
            ids.append(document.id)
        return dossier.id, ids[0], ids[1]


def form(made: tuple[str, str, str], **more: str) -> dict[str, str]:
    given = {"kind": "lost", "document": made[1], "noticed_on": today().strftime("%d/%m/%Y")}
    given |= {"circumstances": "Tìm trong tủ 3", "second": "bithu.sonv", "password": PASSWORD}
    return given | more


def acts(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        query = select(AuditEntry.action).where(AuditEntry.action.like("paper_loss:%"), AuditEntry.outcome == "done")
        found = session.scalars(query.order_by(AuditEntry.seq)).all()
        return [action.removeprefix("paper_loss:") for action in found if not action.endswith((":list", ":view"))]


def test_from_the_declaration_to_the_paper_made_anew(engine: Engine, client_as: Open, made) -> None:
    client, address = client_as("canbo.sonv"), f"/paper-losses/dossiers/{made[0]}/new"
    assert address in client.get(f"/dossiers/{made[0]}").text and "TT 11/2012" in client.get(address).text
    for wrong in ({"password": "sai"}, {"second": "canbo.sonv"}, {"circumstances": ""}, {"kind": ""}):
        answer = client.post(address, data=form(made, **wrong))
        assert answer.status_code in (403, 422), wrong
        assert PASSWORD not in answer.text
    loss = client.post(address, data=form(made)).location
    assert client.post(address, data=form(made)).status_code == 409
    assert loss in client.get("/paper-losses").text and loss in client.get(f"/dossiers/{made[0]}").text
    assert (
        client.post(f"{loss}/remade", data={"document": made[2], "issued_by": "Trường", "on": "x"}).status_code == 422
    )
    remade = {"document": made[2], "issued_by": "Đại học Đà Lạt", "on": today().strftime("%d/%m/%Y")}
    assert client.post(f"{loss}/remade", data=remade).status_code == 302
    assert "Đại học Đà Lạt" in client.get(f"/dossiers/{made[0]}").text
    paper = client.post(f"/papers/paper-loss-minutes/{loss.rsplit('/', 1)[1]}", data={"purpose": "filing"})
    assert paper.data.startswith(b"%PDF")
    found = {"note": "Trong hồ sơ của người cùng tên", "on": today().strftime("%d/%m/%Y")}
    assert client.post(f"{loss}/found", data=found).status_code == 302
    assert acts(engine) == ["declare", "make_anew", "find_again"]


def test_a_loss_of_another_unit_is_not_there(engine: Engine, client_as: Open, made) -> None:
    loss = client_as("canbo.sonv").post(f"/paper-losses/dossiers/{made[0]}/new", data=form(made)).location
    stranger, head = client_as("canbo.sotc"), client_as("bithu.sonv")
    assert stranger.get(loss).status_code == 404 and head.get(loss).status_code == 200
    assert stranger.post(f"/paper-losses/dossiers/{made[0]}/new", data=form(made)).status_code == 404
    for act in ("remade", "found", "give-up"):
        assert stranger.post(f"{loss}/{act}", data={"reason": "Cơ quan đã giải thể"}).status_code == 404
        assert head.post(f"{loss}/{act}", data={"reason": "Cơ quan đã giải thể"}).status_code == 403
    assert client_as("nguoilaodong.sonv").get("/paper-losses").status_code == 403
    assert acts(engine) == ["declare"]
    with db.reading(engine) as session:
        assert session.scalars(select(PaperLoss.state)).all() == ["open"]
        assert len(session.scalars(select(Document)).all()) == 2
