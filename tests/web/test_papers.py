"""Printing over HTTP: what for is asked, the file comes, strangers get nothing, and each leaves its entry."""

import io
import zipfile
from collections.abc import Callable

import pikepdf
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, custody, db, organisation, papers, storage
from oms.models import AuditEntry, Dossier, PaperIssue, PaperKind, Transfer, Unit
from oms.papers.issuing import _SIGNS
from oms.settings import Settings
from tests import factories
from tests.factories import PASSWORD, World
from tests.web.test_confirming import grow_old

ClientAs = Callable[[str], FlaskClient]
NAME = "Canarius Thị Hòa"


@pytest.fixture
def things(engine: Engine, settings: Settings, world: World) -> dict[str, str]:
    """A dossier of Sở Nội vụ with one document, in an approved transfer to Sở Tài chính."""
    with db.writing(engine) as session:
        officer, head = (accounts.get_actor(session, name, via="cli") for name in ("canbo.sonv", "truongban.khoi"))
        dossier = factories.make_dossier(session, world.units["sonv"], NAME)
        scan = factories.make_scan(session, dossier, officer.account_id, ("một", "hai"))
        out = io.BytesIO()
        with pikepdf.new() as document:
            for _ in range(2):
                document.add_blank_page()
            document.save(out)
        scan.pdf_sha256 = storage.put(settings.scans, [out.getvalue()])[0]
        factories.make_document(session, dossier, scan, title="Quyết định tuyển dụng", actor=officer)
        receiver = session.get_one(Unit, world.units["sotc"])
        transfer = custody.prepare(session, dossier, receiver, "Quyết định số 12", actor=officer, proof=factories.PROOF)
        for name, who in (("submit", officer), ("approve", head)):
            custody.take(session, custody.choose_step(transfer, name, actor=who), transfer, actor=who)
        return {"dossier": dossier.id, "transfer": transfer.id, "number": dossier.number}


def last_entry(engine: Engine) -> tuple[str, str]:
    with db.reading(engine) as session:
        query = select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.seq.desc()).limit(1)
        action, outcome = session.execute(query).one()
        return action, outcome


@pytest.mark.parametrize(
    ("kind", "thing"),
    [
        ("transfer-slip", "transfer"),
        ("handover-slip", "transfer"),
        ("contents-list", "dossier"),
        ("control-sheet", "dossier"),
        ("consultation-log", "dossier"),
        ("envelope", "dossier"),
        ("dossier-label", "dossier"),
    ],
)
def test_a_paper_is_asked_for_and_comes(
    client_as: ClientAs, things: dict[str, str], engine: Engine, kind: str, thing: str
) -> None:
    client = client_as("canbo.sonv")
    address = f"/papers/{kind}/{things[thing]}"
    page = client.get(address)
    assert page.status_code == 200 and NAME not in page.get_data(as_text=True)
    assert last_entry(engine) == ("paper:ask", "done")
    answer = client.post(address, data={"purpose": "handover"})
    assert answer.status_code == 200 and answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF")
    assert (
        answer.headers["Content-Disposition"].startswith("attachment")
        and "sandbox" in answer.headers["Content-Security-Policy"]
    )
    with db.reading(engine) as session:
        printed = session.scalars(select(AuditEntry).where(AuditEntry.action == "paper:print")).one()
        assert printed.object_id == things[thing] and kind in printed.body


@pytest.mark.parametrize("username", ["canbo.sotc", "canbo.soyt", "kiemtra.khoi", "quantri", "nguoilaodong.sonv"])
def test_a_stranger_prints_nothing(client_as: ClientAs, things: dict[str, str], engine: Engine, username: str) -> None:
    client = client_as(username)
    for address in (
        f"/papers/transfer-slip/{things['transfer']}",
        f"/papers/contents-list/{things['dossier']}",
        f"/papers/dossier/{things['dossier']}",
    ):
        for answer in (client.get(address), client.post(address, data={"purpose": "handover"})):
            assert answer.status_code == 404 or (answer.status_code == 403 and "/dossier/" in address)
            assert NAME not in answer.get_data(as_text=True)
        assert last_entry(engine)[1] == "refused"
    with db.reading(engine) as session:
        assert not session.scalars(select(PaperIssue)).all()


def test_without_a_purpose_there_is_no_number(client_as: ClientAs, things: dict[str, str], engine: Engine) -> None:
    answer = client_as("canbo.sonv").post(f"/papers/transfer-slip/{things['transfer']}", data={"purpose": "x"})
    assert answer.status_code == 422
    with db.reading(engine) as session:
        assert not session.scalars(select(PaperIssue)).all()


def test_an_unknown_paper_does_not_exist(client_as: ClientAs, things: dict[str, str]) -> None:
    assert client_as("canbo.sonv").get(f"/papers/love-letter/{things['dossier']}").status_code == 404


def test_the_dossier_page_leads_to_its_papers(client_as: ClientAs, things: dict[str, str]) -> None:
    page = client_as("canbo.sonv").get(f"/dossiers/{things['dossier']}").get_data(as_text=True)
    for kind in ("contents-list", "control-sheet", "envelope", "dossier-label"):
        assert f"/papers/{kind}/{things['dossier']}" in page
    head = client_as("bithu.sonv").get(f"/dossiers/{things['dossier']}").get_data(as_text=True)
    assert f"/papers/dossier/{things['dossier']}" in page and f"/papers/dossier/{things['dossier']}" not in head


def test_a_transfer_leads_to_its_papers(client_as: ClientAs, things: dict[str, str]) -> None:
    page = client_as("canbo.sonv").get(f"/transfers/{things['transfer']}").get_data(as_text=True)
    for kind, there in (("transfer-slip", True), ("handover-slip", True), ("handover-minutes", False)):
        assert (f"/papers/{kind}/{things['transfer']}" in page) is there


def test_a_whole_dossier_comes_after_the_password(client_as: ClientAs, things: dict[str, str], engine: Engine) -> None:
    client = client_as("canbo.sonv")
    address = f"/papers/dossier/{things['dossier']}"
    assert client.get(address).status_code == 200
    grow_old(engine)
    asked = client.post(address, data={"purpose": "consultation"})
    assert asked.status_code != 200 and asked.mimetype == "text/html"
    answer = client.post(address, data={"purpose": "consultation", "confirm_password": PASSWORD})
    assert answer.status_code == 200 and answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert packed.namelist() == ["00.Mục lục.pdf", "01.Quyết định tuyển dụng.pdf"]
    assert last_entry(engine) == ("dossier:export", "done")


def test_registers_are_those_of_the_own_unit(
    client_as: ClientAs, things: dict[str, str], world: World, engine: Engine
) -> None:
    client = client_as("canbo.sonv")
    page = client.get("/papers/registers")
    assert page.status_code == 200
    assert world.units["sonv"] in page.get_data(as_text=True) and world.units["sotc"] not in page.get_data(as_text=True)
    year = str(organisation.today().year)
    grow_old(engine)
    wanted = {"unit": world.units["sonv"], "kind": "dossier-register", "year": year, "form": "pdf", "purpose": "filing"}
    assert client.post("/papers/registers", data=wanted).data.startswith(b"%PDF")
    assert client.post("/papers/registers", data=wanted | {"year": "1899"}).status_code == 422
    assert client.post("/papers/registers", data=wanted | {"kind": "envelope"}).status_code == 404
    assert client.post("/papers/registers", data=wanted | {"unit": world.units["sotc"]}).status_code == 404
    assert client.post("/papers/registers", data=wanted | {"form": "xlsx"}).mimetype == "text/html"
    excel = client.post("/papers/registers", data=wanted | {"form": "xlsx", "confirm_password": PASSWORD})
    assert excel.status_code == 200 and excel.data.startswith(b"PK")


def test_every_paper_of_the_table_has_a_layout_and_a_sign() -> None:
    assert set(papers.PAPERS) <= set(PaperKind) == set(_SIGNS)
    assert {Dossier, Transfer} <= {printed.model for printed in papers.PAPERS.values()}
