"""My work: each role sees its own part, one entry in the log, and as many questions for much as for little."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from oms import accounts, custody, db
from oms.models import Account, AuditEntry, ScanState, Unit
from tests import factories
from tests.factories import World

Browser = Callable[[str], FlaskClient]


def actions(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


@pytest.fixture
def busy(engine: Engine, world: World) -> dict[str, str]:
    """At Sở Nội vụ: a scan to check, one being read, one that failed, a draft transfer to be submitted."""
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"], "Y Bhăm Êban")
        factories.make_scan(session, dossier, officer.account_id, ("chờ duyệt",)).file_name = "cho-duyet.pdf"
        factories.make_scan(session, dossier, officer.account_id, ("đang đọc",), read=False).file_name = "dang-doc.pdf"
        failed = factories.make_scan(session, dossier, officer.account_id, ("hỏng",), read=False)
        failed.state, failed.error, failed.file_name = ScanState.FAILED, "Scan it again.", "hong.pdf"
        other = factories.make_dossier(session, world.units["sonv"], "K'Sor H'Bia")
        custody.prepare(
            session, other, session.get_one(Unit, world.units["btc"]), "Điều động", actor=officer, proof=factories.PROOF
        )
        return {"dossier": dossier.id}


def test_an_officer_sees_what_waits(client_as: Browser, busy, engine: Engine) -> None:
    page = client_as("canbo.sonv").get("/").text
    for part in ("cho-duyet.pdf", "dang-doc.pdf", "Scan it again.", "K&#39;Sor H&#39;Bia", "Submit for approval"):
        assert part in page
    assert page.count("<h1") == 1
    assert actions(engine).count("work:list") == 1


def test_another_unit_sees_nothing_of_it(client_as: Browser, busy) -> None:
    page = client_as("canbo.sotc").get("/").text
    assert "Nothing waits for a check" in page and "No transfer waits for you" in page
    for part in ("cho-duyet.pdf", "dang-doc.pdf", "Bhăm", "Bia"):
        assert part not in page


def test_the_part_being_read_is_asked_for_until_nothing_is_left(client_as: Browser, busy, engine: Engine) -> None:
    client = client_as("canbo.sonv")
    part = client.get("/reading", headers={"X-Requested-With": "poll"}).text
    assert 'data-poll="/reading"' in part and "dang-doc.pdf" in part
    assert actions(engine).count("work:list") == 1, "nobody opened the page that asks again"
    client.get("/reading", headers={"X-Requested-With": "poll"})
    assert actions(engine).count("work:list") == 1
    assert client.get("/reading").status_code == 200
    assert actions(engine).count("work:list") == 2
    idle = client_as("canbo.sotc").get("/reading", headers={"X-Requested-With": "poll"}).text
    assert 'id="reading"' in idle and "data-poll" not in idle


def test_an_inspector_sees_the_log_and_no_dossier(client_as: Browser, busy) -> None:
    page = client_as("kiemtra.khoi").get("/").text
    assert "are as they were written" in page and "Entries in the log" in page
    assert "Bhăm" not in page and "/people" not in page


def test_an_administrator_sees_the_installation_and_no_dossier(client_as: Browser, busy) -> None:
    page = client_as("quantri").get("/").text
    assert "The installation" in page and "/accounts" in page
    assert "Bhăm" not in page and "/people" not in page


def test_the_person_concerned_learns_who_holds_the_dossier(
    client_as: Browser, busy, engine: Engine, world: World
) -> None:
    client = client_as("nguoilaodong.sonv")
    assert "No dossier is tied to your account" in client.get("/").text
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sotc"], "K'Bris")
        session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = dossier.person_id
    page = client.get("/").text
    assert dossier.number in page and "Đảng bộ cơ sở Sở Tài chính" in page and "Tài khoản canbo.sotc" in page
    assert f'"/dossiers/{dossier.id}' not in page
    assert client.get(f"/dossiers/{dossier.id}").status_code in (403, 404)
    assert actions(engine).count("own:list") == 2


def test_more_work_asks_no_more_questions(client_as: Browser, busy, engine: Engine, world: World) -> None:
    client, asked = client_as("canbo.sonv"), []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    client.get("/")
    few = len(asked)
    with db.writing(engine) as session:
        for number in range(4):
            dossier = factories.make_dossier(session, world.units["sonv"], f"Lò Văn Số {number}")
            factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"{number}",))
            factories.make_scan(session, dossier, world.accounts["canbo.sonv"], (f"x{number}",), read=False)
    asked.clear()
    client.get("/")
    assert len(asked) <= few
