"""The gate in the browser: a stamped file is refused at once, a doubtful one waits for two people, a late find ends."""

import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import db, staging, storage
from oms.models import AuditEntry, Dossier, Page, Purge, Scan, SecrecyClearance
from oms.settings import Settings
from tests import factories
from tests.factories import PASSWORD, World
from tests.web.test_confirming import grow_old

FETCH = {"X-Requested-With": "fetch", "Accept": "application/json"}
REASON = "Khung kép của sổ văn thư, không phải dấu mật"
ClientAs = Callable[[str], FlaskClient]


@pytest.fixture
def dossier_id(engine: Engine, world: World) -> str:
    with db.writing(engine) as session:
        return factories.make_dossier(session, world.units["sonv"], "Vàng A Páo").id


@pytest.fixture
def officer(client_as: ClientAs) -> FlaskClient:
    return client_as("canbo.sonv")


def send(client: FlaskClient, dossier_id: str, content: bytes, name: str = "bìa.png"):
    return client.post(f"/intake/{dossier_id}/scans", data={"file": (io.BytesIO(content), name)}, headers=FETCH)


def entries(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action.like("%secrecy%")).order_by(AuditEntry.seq))
        return [(entry.action, entry.outcome) for entry in rows]


def test_a_stamped_file_is_refused_and_leaves_only_the_entry(
    officer: FlaskClient, dossier_id: str, engine: Engine, settings: Settings
) -> None:
    answer = send(officer, dossier_id, factories.stamped_png("MẬT"), "quyết định mật.png")
    assert answer.status_code == 422 and "bears the mark MẬT" in answer.json["message"]
    assert list(staging.folder(settings).iterdir()) == []
    with db.reading(engine) as session:
        assert session.scalars(select(Scan)).all() == []
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc())).first()
        assert (last.action, last.outcome) == ("scan:upload", "refused")
        assert "quyết định mật" not in last.body and '"sha256"' not in last.body


def test_a_doubt_is_decided_by_two_people(
    officer: FlaskClient, client_as: ClientAs, dossier_id: str, engine: Engine, settings: Settings
) -> None:
    answer = send(officer, dossier_id, factories.stamped_png("####"))
    assert (answer.status_code, answer.json["state"], answer.json["scan"]) == (202, "doubtful", None)
    address = answer.json["url"]
    page = officer.get(address)
    assert page.status_code == 200 and "double frame" in page.get_data(as_text=True)
    assert officer.get(f"{address}/pages/1").data.startswith(b"\xff\xd8")
    assert officer.get(f"{address}/pages/2").status_code == 404
    for other in ("bithu.sonv", "canbo.sotc", "quantri"):
        assert client_as(other).get(address).status_code in (403, 404)
    assert not settings.scans.exists() or list(storage.names(settings.scans)) == []

    def admit(**typed: str):
        form = {"reason": REASON, "second": "bithu.sonv", "password": PASSWORD} | typed
        return officer.post(f"{address}/admit", data=form)

    for wrong, sentence in (
        ({"reason": "ok"}, "Say in 10 to 500 characters"),
        ({"password": "wrong password 1"}, "User name or password is not right"),
        ({"second": "canbo.sonv"}, "must be somebody else"),
        ({"second": "canbo.sotc"}, "who may read this dossier"),
    ):
        refused = admit(**wrong)
        assert refused.status_code in (403, 422) and sentence in refused.get_data(as_text=True), wrong
        assert PASSWORD not in refused.get_data(as_text=True)
    with db.reading(engine) as session:
        assert session.scalars(select(Scan)).all() == []
    done = admit()
    assert done.status_code == 302 and "/scans/" in done.location
    with db.reading(engine) as session:
        scan = session.scalars(select(Scan)).one()
        assert session.scalars(select(SecrecyClearance)).one().reason == REASON
        assert storage.read(settings.scans, scan.sha256) == factories.stamped_png("####")
    assert list(staging.folder(settings).iterdir()) == []
    assert officer.get(address).status_code == 404
    assert ("secrecy:doubt", "held") in entries(engine) and ("secrecy:clear", "done") in entries(engine)


def test_a_doubtful_file_is_wiped_when_the_officer_says_so(
    officer: FlaskClient, dossier_id: str, engine: Engine, settings: Settings
) -> None:
    address = send(officer, dossier_id, factories.stamped_png("####")).json["url"]
    assert officer.post(f"{address}/refuse").status_code == 302
    assert list(staging.folder(settings).iterdir()) == []
    assert entries(engine)[-1] == ("secrecy:refuse", "refused")


def test_without_scripts_the_answer_links_to_the_decision(officer: FlaskClient, dossier_id: str) -> None:
    data = {"file": (io.BytesIO(factories.stamped_png("####")), "bìa.png")}
    page = officer.post(f"/intake/{dossier_id}/scans", data=data, follow_redirects=True).get_data(as_text=True)
    assert "Look and decide" in page and "/intake/doubts/" in page


@pytest.fixture
def marked(engine: Engine, world: World, dossier_id: str, settings: Settings) -> str:
    """A scan whose second page was found to bear a mark while it was read."""
    with db.writing(engine) as session:
        dossier = session.get_one(Dossier, dossier_id)
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("một", "hai"))
        scan.sha256, _ = storage.put(settings.scans, [b"stamped"])
        session.scalars(select(Page).where(Page.number == 2)).one().secrecy = ["TỐI MẬT"]
        return scan.id


def test_a_late_find_is_cleared_by_two(officer: FlaskClient, marked: str, engine: Engine) -> None:
    assert f"/scans/{marked}/clear" in officer.get(f"/scans/{marked}").get_data(as_text=True)
    assert "TỐI MẬT" in officer.get(f"/scans/{marked}/clear").get_data(as_text=True)
    form = {"reason": REASON, "second": "bithu.sonv", "password": PASSWORD}
    refused = officer.post(f"/scans/{marked}/clear", data=form | {"second": "canbo.sonv"})
    assert refused.status_code == 403 and "must be somebody else" in refused.get_data(as_text=True)
    assert officer.post(f"/scans/{marked}/clear", data=form).status_code == 302
    assert "state secret" not in officer.get(f"/scans/{marked}").get_data(as_text=True)
    assert officer.get(f"/scans/{marked}/clear").status_code == 404


def test_a_late_find_is_destroyed_by_two_with_minutes(
    officer: FlaskClient, client_as: ClientAs, marked: str, engine: Engine, settings: Settings
) -> None:
    form = {"reason": REASON, "second": "bithu.sonv", "password": PASSWORD}
    refused = officer.post(f"/scans/{marked}/purge", data=form | {"password": "not this one 1"})
    assert refused.status_code == 422
    done = officer.post(f"/scans/{marked}/purge", data=form)
    assert done.status_code == 302 and "/purges/" in done.location
    minutes = officer.get(done.location).get_data(as_text=True)
    assert "Minutes of a destruction" in minutes and REASON in minutes
    assert client_as("canbo.sotc").get(done.location).status_code == 404
    assert officer.get(f"/scans/{marked}").status_code == 404
    assert list(storage.names(settings.scans)) == []
    with db.reading(engine) as session:
        assert session.scalars(select(Purge)).one().pages == 2
    assert entries(engine)[-2:] == [("secrecy:purge", "done"), ("secrecy:minutes", "done")]


@pytest.mark.parametrize("what", ["admit", "clear", "purge"])
def test_after_five_minutes_the_first_person_is_asked_before_the_second_one(
    officer: FlaskClient, dossier_id: str, marked: str, engine: Engine, settings: Settings, what: str
) -> None:
    """A screen left open decides nothing with the password of somebody who passes by."""
    address, form = f"/scans/{marked}", {"reason": REASON, "second": "bithu.sonv", "password": PASSWORD}
    if what == "admit":
        address = send(officer, dossier_id, factories.stamped_png("####")).json["url"]
    page = address if what == "admit" else f"{address}/clear"
    assert 'name="confirm_password"' not in officer.get(page).text
    grow_old(engine)
    assert 'name="confirm_password"' in officer.get(page).text
    before = entries(engine)
    asked = officer.post(f"{address}/{what}", data=form)
    assert asked.status_code == 401 and REASON in asked.text and PASSWORD not in asked.text
    for wrong in ({"confirm_password": "not this one 1"}, {"confirm_password": ""}):
        assert officer.post(f"{address}/{what}", data=form | wrong).status_code == 401
    assert entries(engine) == before
    with db.reading(engine) as session:
        assert session.scalars(select(SecrecyClearance)).all() == [] and session.scalars(select(Purge)).all() == []
    assert officer.post(f"{address}/{what}", data=form | {"confirm_password": PASSWORD}).status_code == 302
    assert len(entries(engine)) > len(before)
