"""Pages of truth checks: lists, both places of a finding, settling, the guard before filing."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import accounts, checks, db
from oms.models import AuditEntry, Document, Finding, FindingState, Page
from tests.factories import World
from tests.test_checks import NAME, dossier_of, put

Open = Callable[[str], FlaskClient]


@pytest.fixture
def made(engine: Engine, world: World) -> tuple[str, str, str]:
    """Ids of a dossier of Sở Nội vụ, of its one finding and of a page that waits and names somebody else."""
    with db.writing(engine) as session:
        dossier = dossier_of(session, world)
        put(session, dossier, {"full_name": NAME, "birth_date": "03/05/1981"})
        waiting = put(session, dossier, {"full_name": "THÁI KIM KHANH"}, filed=False)
        checks.check(session, dossier, actor=accounts.get_actor(session, "canbo.sonv", via="web"))
        (finding,) = session.scalars(select(Finding)).all()
        return dossier.id, finding.id, waiting.id


def actions(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        query = select(AuditEntry.action).where(AuditEntry.action.like("check:%")).order_by(AuditEntry.seq)
        return list(session.scalars(query.where(AuditEntry.outcome == "done")))


def test_the_list_and_both_places_of_a_finding(engine: Engine, client_as: Open, made: tuple[str, str, str]) -> None:
    dossier_id, finding_id, _page = made
    client = client_as("canbo.sonv")
    text = client.get("/checks").get_data(as_text=True)
    assert "03/05/1981" in text and f"/checks/dossiers/{dossier_id}#finding-{finding_id}" in text
    page = client.get(f"/checks/dossiers/{dossier_id}").get_data(as_text=True)
    assert "#at=100,200,300,40" in page and "03/05/1980" in page and "TT 11/2012/TT-BNV" in page
    assert client.get("/checks?state=late&kind=birth&unit=x").status_code == 200
    assert "/checks/dossiers/" in client.get(f"/dossiers/{dossier_id}").get_data(as_text=True)
    assert "/checks" in client.get("/").get_data(as_text=True)
    assert actions(engine) == ["check:run", "check:list", "check:view", "check:list"]


def test_a_finding_of_another_unit_does_not_exist(engine: Engine, client_as: Open, made: tuple[str, str, str]) -> None:
    dossier_id, finding_id, _page = made
    client = client_as("canbo.sotc")
    assert "03/05/1981" not in client.get("/checks").get_data(as_text=True)
    assert client.get(f"/checks/dossiers/{dossier_id}").status_code == 404
    assert client.post(f"/checks/{finding_id}/accept", data={"reason": "đúng"}).status_code == 404
    assert client.post(f"/checks/dossiers/{dossier_id}/again").status_code == 404
    assert client_as("bithu.sonv").post(f"/checks/{finding_id}/accept", data={"reason": "x"}).status_code == 403
    assert client_as("quantri").get("/checks").status_code == 403
    with db.reading(engine) as session:
        assert session.scalars(select(Finding.state)).all() == [FindingState.OPEN]
    assert actions(engine) == ["check:run", "check:list"]


def test_settling_keeps_the_reason(engine: Engine, client_as: Open, made: tuple[str, str, str]) -> None:
    dossier_id, finding_id, _page = made
    client = client_as("canbo.sonv")
    refused = client.post(f"/verifications/findings/{finding_id}", data={"reason": " "})
    assert refused.status_code == 422 and "Say why" in refused.text
    sent = client.post(f"/verifications/findings/{finding_id}", data={"reason": "Xác minh tại xã"})
    text = client.get(f"/checks/dossiers/{dossier_id}").text
    assert "Xác minh tại xã" in text and sent.location in text
    with db.reading(engine) as session:
        (finding,) = session.scalars(select(Finding)).all()
        assert finding.state == FindingState.SENT and finding.due_on is not None
    assert "check:send" in actions(engine)
    assert f"/corrections/dossiers/{dossier_id}/new" not in text
    assert client.post(f"/checks/{finding_id}/reopen", data={"reason": "Đã rõ"}).status_code == 409
    given_up = {"reason": "Đã tìm thấy bản gốc"}
    assert client.post(f"{sent.location}/give-up", data=given_up).status_code == 302
    answer = client.post(f"/checks/{finding_id}/accept", data={"reason": "Đã rõ"}, follow_redirects=True)
    assert f"/corrections/dossiers/{dossier_id}/new" in answer.get_data(as_text=True)
    assert client.post(f"/checks/dossiers/{dossier_id}/again").status_code == 302


def test_the_page_of_somebody_else_waits_for_a_reason(
    engine: Engine, client_as: Open, made: tuple[str, str, str]
) -> None:
    _dossier, _finding, page_id = made
    with db.reading(engine) as session:
        scan_id = session.get_one(Page, page_id).scan_id
    client = client_as("canbo.sonv")
    assert 'name="despite"' in client.get(f"/review/{scan_id}").get_data(as_text=True)
    form = {"pages": page_id, "component": "cs_short_cv", "title": "Sơ yếu lý lịch", "original": "original"}
    refused = client.post(f"/review/{scan_id}/file", data=form)
    assert refused.status_code == 409 and "THÁI KIM KHANH" in refused.get_data(as_text=True)
    assert client.post(f"/review/{scan_id}/file", data={**form, "despite": "Tên cũ"}).status_code == 302
    with db.reading(engine) as session:
        assert len(session.scalars(select(Document)).all()) == 2
        reasons: list[str] = list(_reasons(session))
        assert reasons == ["", "Tên cũ"]


def _reasons(session: Session) -> list[str]:
    return sorted(session.scalars(select(Finding.reason)))


def test_the_list_leaves_with_its_purpose_only(engine: Engine, client_as: Open, made: tuple[str, str, str]) -> None:
    client = client_as("canbo.sonv")
    assert client.post("/checks/findings.xlsx", data={"purpose": ""}).status_code in (400, 422)
    assert "check:export" not in actions(engine)
