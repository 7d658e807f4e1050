"""The own dossier: what a person sees of it, who looked, and what stays untold."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from oms import accounts, audit, consultations, db, procedures
from oms.consultations import Wish
from oms.models import Account, AuditEntry, ConsultationKind, Document, Dossier
from oms.organisation import today
from tests import factories
from tests.factories import World

Open = Callable[[str], FlaskClient]


@pytest.fixture
def own(engine: Engine, world: World) -> str:
    """The dossier of the person with an account: an open paper, one on a complaint, a sealed one, looks of three."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = dossier.person_id
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        for title, component, sealed in (
            ("Sơ yếu lý lịch", "cs_short_cv", False),
            ("Kết luận đơn thư", "cs_verified_complaint", False),
            ("Phụ lục niêm phong", "cs_short_cv", True),
        ):
            scan = factories.make_scan(session, dossier, officer.account_id, (title,))
            document = factories.make_document(session, dossier, scan, title=title, actor=officer)
            document.component_id, document.sealed, scan.sealed = component, sealed, sealed
        for name, purpose in (("canbo.sotc", "Bổ nhiệm lại"), ("kiemtra.khoi", "Kiểm tra dấu hiệu")):
            wish = Wish(dossier.number, ConsultationKind.SCREEN, purpose, "1-CV", "Quyết định", today())
            asker = accounts.get_actor(session, name, via="web")
            request = consultations.request(session, wish, actor=asker)
            pages = [page for _document, some in consultations.offer(session, request) for page in some]
            consultations.approve(
                session, request, pages, today(), actor=accounts.get_actor(session, "bithu.sonv", via="web")
            )
            audit.record(session, "consultation:look", dossier, actor=asker)
        for _ in range(3):
            audit.record(session, "page:view", dossier, actor=officer)
        return dossier.id


def test_the_person_sees_what_the_law_lets_them_see(engine: Engine, client_as: Open, own: str) -> None:
    client = client_as("nguoilaodong.sonv")
    assert f"/own/dossiers/{own}" in client.get("/").text
    page = client.get(f"/own/dossiers/{own}").text
    assert "Sơ yếu lý lịch" in page and "Kết luận đơn thư" not in page and "niêm phong" not in page
    assert "Đảng bộ cơ sở Sở Tài chính" in page and "Bổ nhiệm lại" in page
    assert "Kiểm tra dấu hiệu" not in page and "Tài khoản canbo.sonv" not in page
    assert "looked at pages that were granted" in page and '<td class="number">3</td>' in page
    with db.reading(engine) as session:
        assert session.scalars(select(AuditEntry.dossier_id).where(AuditEntry.action == "own:view")).all() == [own]


def test_while_a_hold_is_in_force_no_purpose_is_told(engine: Engine, client_as: Open, own: str) -> None:
    with db.writing(engine) as session:
        session.get_one(Dossier, own).held = True
    page = client_as("nguoilaodong.sonv").get(f"/own/dossiers/{own}").text
    assert "Bổ nhiệm lại" not in page and "not told at present" in page


def test_the_result_of_a_correction_is_told(engine: Engine, client_as: Open, own: str) -> None:
    with db.writing(engine) as session:
        document = session.scalars(select(Document).where(Document.title == "Sơ yếu lý lịch")).one()
        proposal = procedures.Proposal("home_town", "xã Hiệp Thạnh", "Giấy khai sinh ghi khác", document.id)
        officer, head = (accounts.get_actor(session, name, via="cli") for name in ("canbo.sonv", "bithu.sonv"))
        made = procedures.propose(session, session.get_one(Dossier, own), proposal, actor=officer)
        procedures.decide(session, made, "15-QĐ/ĐU", today(), actor=head)
    page = client_as("nguoilaodong.sonv").get(f"/own/dossiers/{own}").text
    assert "xã Hiệp Thạnh" in page and "15-QĐ/ĐU" in page


def test_the_dossier_of_somebody_else_is_not_there(engine: Engine, client_as: Open, own: str) -> None:
    for name in ("canbo.sonv", "bithu.sonv", "canbo.sotc", "quantri"):
        assert client_as(name).get(f"/own/dossiers/{own}").status_code == 404, name
    with db.reading(engine) as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "own:view")).all() == []


def test_more_looks_ask_no_more_questions(engine: Engine, world: World, client_as: Open, own: str) -> None:
    client, asked = client_as("nguoilaodong.sonv"), []
    client.get(f"/own/dossiers/{own}")
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    client.get(f"/own/dossiers/{own}")
    few = len(asked)
    with db.writing(engine) as session:
        dossier = session.get_one(Dossier, own)
        for name in ("canbo.sotc", "canbo.soyt", "canbo.khoi"):
            actor = accounts.get_actor(session, name, via="web")
            for action in ("dossier:view", "page:view", "scan:download"):
                audit.record(session, action, dossier, actor=actor)
    asked.clear()
    client.get(f"/own/dossiers/{own}")
    assert len(asked) == few
