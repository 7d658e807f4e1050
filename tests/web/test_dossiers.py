"""The page of a dossier: everything about it for its holder, nothing for anybody else."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from oms import accounts, custody, db, dossiers, review
from oms.models import AuditEntry, Category, Dossier, Page, Transfer, Unit
from tests import factories
from tests.factories import World

Browser = Callable[[str], FlaskClient]


def log(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(entry.action, entry.outcome) for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


@pytest.fixture
def ids(engine: Engine, world: World) -> dict[str, str]:
    """A dossier with a filed decision, a page that waits and a scan being read."""
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"], "Y Bhăm Êban")
        scan = factories.make_scan(session, dossier, officer.account_id, ("một", "hai"))
        first = session.scalars(select(Page).where(Page.scan_id == scan.id).order_by(Page.number)).first()
        assert first is not None
        filing = review.Filing("cs_full_cv", "Lý lịch tự khai", number="12-QĐ/SNV")
        review.file_pages(session, scan, [first.id], filing, actor=officer)
        factories.make_scan(session, dossier, officer.account_id, ("ba", "bốn"), read=False).file_name = "dang-doc.pdf"
        return {"dossier": dossier.id, "person": dossier.person_id, "scan": scan.id, "page": first.id}


def test_the_holder_sees_contents_scans_and_what_is_missing(client_as: Browser, ids, engine: Engine) -> None:
    client = client_as("canbo.sonv")
    before = len(log(engine))
    page = client.get(f"/dossiers/{ids['dossier']}").text
    assert "Lý lịch tự khai" in page and "12-QĐ/SNV" in page and f"/pages/{ids['page']}" in page
    assert "6 of 7 missing" in page and "TT 11/2012/TT-BNV" in page
    assert "1 pages to file" in page and f"/review/{ids['scan']}" in page and "page 0 of 2" not in page
    assert f'data-poll="/dossiers/{ids["dossier"]}/scans"' in page
    assert "Bhăm" not in page.split("</title>")[0] and page.count("<h1") == 1
    assert log(engine)[before:] == [("dossier:view", "done")]


@pytest.mark.parametrize("path", ["", "/scans", "/shelf"])
@pytest.mark.parametrize("username", ["canbo.sotc", "truongban.khoi"])
def test_another_unit_gets_nothing(client_as: Browser, ids, engine: Engine, path: str, username: str) -> None:
    answer = client_as(username).get(f"/dossiers/{ids['dossier']}{path}")
    assert answer.status_code in (403, 404) and "Bhăm" not in answer.text and "HS-" not in answer.text
    assert log(engine)[-1][1] == "refused"


def test_polling_writes_no_entry_but_looking_does(client_as: Browser, ids, engine: Engine) -> None:
    client = client_as("canbo.sonv")
    polling, path = {"X-Requested-With": "poll"}, f"/dossiers/{ids['dossier']}/scans"
    before = len(log(engine))
    # Any browser can say that it only asks again: without a page that was opened it is a look.
    assert "dang-doc.pdf" in client.get(path, headers=polling).text
    assert log(engine)[before:] == [("dossier:view", "done")]
    client.get(path, headers=polling)
    assert len(log(engine)) == before + 1
    client.get(path)
    assert len(log(engine)) == before + 2


def test_a_head_reads_and_has_no_buttons_to_change(client_as: Browser, ids) -> None:
    page = client_as("bithu.sonv").get(f"/dossiers/{ids['dossier']}").text
    assert "Lý lịch tự khai" in page
    assert "/shelf" not in page and "/transfers/new" not in page and "Upload scans" not in page
    assert client_as("bithu.sonv").post(f"/dossiers/{ids['dossier']}/shelf", data={}).status_code == 403


def test_the_place_is_written_down(client_as: Browser, ids, engine: Engine) -> None:
    client, path = client_as("canbo.sonv"), f"/dossiers/{ids['dossier']}/shelf"
    with db.reading(engine) as session:
        version = session.get_one(Dossier, ids["dossier"]).version
    form = {"shelf_room": "Kho 2", "shelf": "Giá 3", "shelf_box": "Hộp 7", "version": version}
    assert client.post(path, data=form).location == f"/dossiers/{ids['dossier']}"
    assert "Hộp 7" in client.get(path).text
    assert client.post(path, data=form | {"shelf_box": "Hộp 8"}).status_code == 409
    with db.reading(engine) as session:
        assert session.get_one(Dossier, ids["dossier"]).shelf_box == "Hộp 7"
    assert ("dossier:place", "done") in log(engine)


def test_a_frozen_dossier_says_why_and_offers_nothing(client_as: Browser, ids, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
        receiver = session.get_one(Unit, world.units["btc"])
        transfer = custody.prepare(session, dossier, receiver, "Điều động", actor=officer, proof=factories.PROOF)
        for name, username in (("submit", "canbo.sonv"), ("approve", "bithu.sonv")):
            who = accounts.get_actor(session, username, via="web")
            custody.take(session, custody.choose_step(transfer, name, actor=who), transfer, actor=who)
    client = client_as("canbo.sonv")
    page = client.get(f"/dossiers/{dossier.id}").text
    assert f"/transfers/{transfer.id}" in page and "Nothing in this dossier can change" in page
    assert "/shelf" not in page and "Upload scans" not in page and "/transfers/new" not in page
    assert client.post(f"/dossiers/{dossier.id}/shelf", data={"shelf": "1"}).status_code == 403


def test_another_dossier_for_somebody_one_may_see(client_as: Browser, ids, engine: Engine) -> None:
    client = client_as("canbo.sonv")
    assert "Y Bhăm Êban" in client.get(f"/dossiers/new?person={ids['person']}").text
    form = {"person": ids["person"], "category": "party_member"}
    assert client.post("/dossiers/new", data=form).status_code == 302
    again = client.post("/dossiers/new", data=form)
    assert again.status_code == 422 and "already has a dossier of this category" in again.text
    assert log(engine)[-1] == ("dossier:create", "refused")
    with db.reading(engine) as session:
        categories = set(session.scalars(select(Dossier.category).where(Dossier.person_id == ids["person"])))
    assert categories == {Category.CIVIL_SERVANT, Category.PARTY_MEMBER}


def test_no_other_dossier_for_a_stranger(client_as: Browser, ids, engine: Engine) -> None:
    client = client_as("canbo.sotc")
    for answer in (
        client.get(f"/dossiers/new?person={ids['person']}"),
        client.post("/dossiers/new", data={"person": ids["person"], "category": "cadre"}),
    ):
        assert answer.status_code == 404 and "Bhăm" not in answer.text


def test_a_thick_dossier_asks_no_more_questions(client_as: Browser, ids, engine: Engine, world: World) -> None:
    client, asked = client_as("canbo.sonv"), []
    client.get(f"/dossiers/{ids['dossier']}")  # the first request of a house does a little more
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    client.get(f"/dossiers/{ids['dossier']}")
    few = len(asked)
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = session.get_one(Dossier, ids["dossier"])
        component = dossiers.components_of(dossier)[1].id
        for number in range(30):
            scan = factories.make_scan(session, dossier, officer.account_id, (f"tờ {number}",))
            factories.make_document(
                session, dossier, scan, title=f"Tờ {number}", actor=officer
            ).component_id = component
    client.get("/")  # where a minute has gone by, the session is marked as used
    asked.clear()
    assert "Tờ 29" in client.get(f"/dossiers/{ids['dossier']}").text
    assert len(asked) == few


def test_a_dossier_shows_the_transfers_it_has_behind_it(client_as: Browser, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        receiver = session.get_one(Unit, world.units["btc"])
        transfer = custody.prepare(session, dossier, receiver, "Điều động", actor=officer, proof=factories.PROOF)
    client = client_as("canbo.sonv")
    assert client.get(f"/dossiers/{dossier.id}").text.count(f"/transfers/{transfer.id}") == 1
    with db.writing(engine) as session:
        row, officer = session.get_one(Transfer, transfer.id), accounts.get_actor(session, "canbo.sonv", via="web")
        custody.take(session, custody.choose_step(row, "cancel", actor=officer), row, actor=officer, reason="Nhầm")
    page = client.get(f"/dossiers/{dossier.id}").text
    assert page.count(f"/transfers/{transfer.id}") == 1 and "/transfers/new" in page
