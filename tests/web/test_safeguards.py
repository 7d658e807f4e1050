"""Holds, delegations, sealed inserts and disposals over HTTP; and that no address whatever tells of a sealed insert."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, custody, db, inserts, review, search
from oms.models import AuditEntry, Delegation, Disposal, Document, Dossier, Hold, Page, Scan, Unit, now
from oms.organisation import today
from oms.settings import Settings
from tests import factories
from tests.factories import PASSWORD, World
from tests.web.test_routes import addresses, rules

Clients = Callable[[str], FlaskClient]
CANARIES = ("Niêmphongcanari", "nộidungcanarikín", "88-CANARI", "tệpniêmphongcanari", "Cơquancanari")
REASON = "Theo công văn số 5 ngày 24/11/2026"
TOGETHER = {"second": "canbo2.sonv", "password": PASSWORD, "reason": REASON}


@pytest.fixture
def sealed(engine: Engine, settings: Settings, world: World) -> dict[str, str]:
    """A dossier of Sở Nội vụ with a plain document, a sealed one and a transfer under way; its index up to date."""
    with db.writing(engine) as session:
        one, two = (accounts.get_actor(session, name, via="web") for name in ("canbo.sonv", "canbo2.sonv"))
        dossier = factories.make_dossier(session, world.units["sonv"], "Người Bình Thường")
        scan = factories.make_scan(session, dossier, one.account_id, ("trang thường", "trang hai"))
        plain = factories.make_document(session, dossier, scan, title="Tài liệu thường", actor=one)
        scan = factories.make_scan(session, dossier, one.account_id, ("nộidungcanarikín", "nộidungcanarikín hai"))
        scan.file_name = "tệpniêmphongcanari.pdf"
        pages = [page.id for page in review.pages_with_text(session, scan)]
        filing = review.Filing("cs_verified_complaint", "Niêmphongcanari", "88-CANARI", issuing_body="Cơquancanari")
        document = review.file_pages(session, scan, pages, filing, actor=one)
        ids = {
            "dossier": dossier.id,
            "dossier_number": dossier.number,
            "person": dossier.person_id,
            "plain": plain.id,
            "document": document.id,
            "scan": scan.id,
            "page": pages[0],
        }
    search.rebuild(engine, settings)
    with db.writing(engine) as session:
        document = session.get_one(Document, ids["document"])
        inserts.seal(session, document, REASON, second=two, actor=one)
        receiver = session.get_one(Unit, world.units["sotc"])
        transfer = custody.prepare(
            session, session.get_one(Dossier, ids["dossier"]), receiver, "Điều động", actor=one, proof=factories.PROOF
        )
        ids |= {"transfer": transfer.id, "transfer_number": transfer.number}
        for name, who in (("submit", "canbo.sonv"), ("approve", "truongban.khoi"), ("dispatch", "canbo.sonv")):
            somebody = accounts.get_actor(session, who, via="web")
            custody.take(
                session,
                custody.choose_step(transfer, name, actor=somebody),
                transfer,
                actor=somebody,
                reason="Theo quyết định",
            )
    search.index_dossier(engine, settings, ids["dossier"], actor=None)
    return ids


def assert_silent(client: FlaskClient, address: str, **options: object) -> str:
    answer = client.get(address, **options)
    text = answer.get_data().decode("utf-8", "replace")  # some addresses give files
    assert answer.status_code < 500, address
    for word in CANARIES:
        assert word not in text, f"{address} tells of the sealed insert: {word}"
    return text


@pytest.mark.parametrize("username", ["canbo.sonv", "canbo.sotc"])
def test_no_address_tells_of_a_sealed_insert(
    app: Flask, client_as: Clients, sealed: dict[str, str], engine: Engine, username: str
) -> None:
    client = client_as(username)
    with db.writing(engine) as session:
        secret, _ = accounts.sign_in(session, factories_account(session, username), kind="api")
    asked = 0
    for rule in rules(app):
        if rule.endpoint in ("static", "account.sign_out", "health.searchz") or "GET" not in (rule.methods or ()):
            continue
        for address in addresses(app, rule, sealed):
            headers = {"Authorization": f"Bearer {secret}"} if address.startswith("/api/") else {}
            assert_silent(client, address, headers=headers)
            asked += 1
    assert asked > 100


def factories_account(session, username: str) -> str:
    from oms.models import Account

    return session.scalars(select(Account.id).where(Account.username == username)).one()


@pytest.mark.parametrize("words", [*CANARIES, "Niêmphongcanar", "canari", "nộidungcanarikí"])
def test_search_suggestions_and_spelling_know_nothing_of_it(
    client_as: Clients, sealed: dict[str, str], words: str
) -> None:
    client = client_as("canbo.sonv")
    for address in ("/search", "/search/suggest", "/search/suggestions"):
        for more in ({}, {"dossier": sealed["dossier"]}):
            text = client.get(address, query_string={"q": words, **more}).get_data(as_text=True)
            for canary in CANARIES:
                assert canary == words or canary not in text
            assert sealed["document"] not in text and sealed["page"] not in text


def test_the_plain_document_beside_it_shows(client_as: Clients, sealed: dict[str, str]) -> None:
    """The silence above means something: the same pages do tell of what is not sealed."""
    text = client_as("canbo.sonv").get(f"/dossiers/{sealed['dossier']}").get_data(as_text=True)
    assert "Tài liệu thường" in text
    assert "sealed part" in text
    transfer = client_as("canbo.sotc").get(f"/transfers/{sealed['transfer']}").get_data(as_text=True)
    assert "Tài liệu thường" in transfer and "sealed" not in transfer


def test_parts_of_a_sealed_page_are_not_found(client_as: Clients, sealed: dict[str, str]) -> None:
    client = client_as("canbo.sonv")
    for address in (
        f"/pages/{sealed['page']}",
        f"/pages/{sealed['page']}/words",
        f"/pages/{sealed['page']}/image.jpg",
        f"/pages/{sealed['page']}/thumbnail.jpg",
        f"/scans/{sealed['scan']}/original",
        f"/scans/{sealed['scan']}/searchable.pdf",
        f"/documents/{sealed['document']}/seal",
        f"/dossiers/{sealed['dossier']}/sealed/pages/{sealed['page']}",
        f"/dossiers/{sealed['dossier']}/sealed/pages/{sealed['page']}/image.jpg",
    ):
        assert client.get(address).status_code == 404, address


def test_two_people_open_look_and_close(client_as: Clients, sealed: dict[str, str], engine: Engine) -> None:
    client, door = client_as("canbo.sonv"), f"/dossiers/{sealed['dossier']}/sealed"
    assert client_as("canbo.sotc").get(door).status_code == 404
    wrong = client.post(door, data=TOGETHER | {"password": "falsch-falsch-falsch"})
    assert wrong.status_code == 422 and REASON in wrong.get_data(as_text=True)
    assert client.post(door, data=TOGETHER | {"second": "canbo.sonv"}).status_code == 403
    assert client.post(door, data=TOGETHER | {"reason": "vì"}).status_code == 422
    assert client.post(door, data=TOGETHER).status_code == 302
    assert "Niêmphongcanari" in client.get(door).get_data(as_text=True)
    assert "nộidungcanarikín" in client.get(f"{door}/pages/{sealed['page']}").get_data(as_text=True)
    assert "Niêmphongcanari" not in client_as("bithu.sonv").get(door).get_data(as_text=True)
    with db.reading(engine) as session:
        look = session.scalars(select(AuditEntry).where(AuditEntry.action == "insert:look")).all()
        assert len(look) == 1 and look[0].dossier_id == sealed["dossier"]
    assert client.post(f"{door}/close").status_code == 302
    assert "Niêmphongcanari" not in client.get(door).get_data(as_text=True)


def test_two_people_seal_and_unseal_over_the_pages(client_as: Clients, world: World, engine: Engine) -> None:
    with db.writing(engine) as session:
        one = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, one.account_id, ("a", "b"))
        pages = [page.id for page in review.pages_with_text(session, scan)]
        filing = review.Filing("cs_verified_complaint", "Đơn thư")
        document_id = review.file_pages(session, scan, pages, filing, actor=one).id
        dossier_id = dossier.id
    client = client_as("canbo.sonv")
    assert f"/documents/{document_id}/seal" in client.get(f"/dossiers/{dossier_id}").get_data(as_text=True)
    assert client_as("bithu.sonv").get(f"/documents/{document_id}/seal").status_code in (403, 404)
    assert client.get(f"/documents/{document_id}/seal").status_code == 200
    assert client.post(f"/documents/{document_id}/seal", data=TOGETHER | {"second": "canbo.sotc"}).status_code == 403
    assert client.post(f"/documents/{document_id}/seal", data=TOGETHER).status_code == 302
    assert "Đơn thư" not in client.get(f"/dossiers/{dossier_id}").get_data(as_text=True)
    door = f"/dossiers/{dossier_id}/sealed"
    unseal = f"{door}/documents/{document_id}/unseal"
    assert client.post(unseal, data=TOGETHER).status_code == 404, "not before it is open"
    client.post(door, data=TOGETHER)
    assert client.post(unseal, data=TOGETHER).status_code == 302
    assert "Đơn thư" in client.get(f"/dossiers/{dossier_id}").get_data(as_text=True)


def test_a_hold_over_the_pages(client_as: Clients, sealed: dict[str, str], engine: Engine) -> None:
    head, officer = client_as("bithu.sonv"), client_as("canbo.sonv")
    order = {"number": sealed["dossier_number"], "scope": "person", "reason": "Lýdobímật cần giữ", "decision": REASON}
    assert officer.get("/holds/new").status_code == 403
    assert head.post("/holds/new", data=order | {"number": "HS-999999"}).status_code == 422
    assert head.post("/holds/new", data=order).status_code == 302
    with db.reading(engine) as session:
        hold = session.scalars(select(Hold)).one()
    page = officer.get(f"/dossiers/{sealed['dossier']}").get_data(as_text=True)
    assert hold.number in page and "Lýdobímật" not in page
    assert "Lýdobímật" not in officer.get(f"/holds/{hold.id}").get_data(as_text=True)
    assert "Lýdobímật" in head.get(f"/holds/{hold.id}").get_data(as_text=True)
    assert client_as("canbo.soyt").get(f"/holds/{hold.id}").status_code == 404
    assert officer.post(f"/dossiers/{sealed['dossier']}/shelf", data={"shelf": "9"}).status_code == 403
    accept = client_as("canbo.sotc").post(f"/transfers/{sealed['transfer']}/accept", data={"reason": "x"})
    assert accept.status_code != 302 or hold.number in str(accept.headers)
    with db.reading(engine) as session:
        assert session.get_one(Dossier, sealed["dossier"]).custodian.code == "sonv"
    assert officer.post(f"/holds/{hold.id}/ask", data={"reason": REASON}).status_code == 302
    assert officer.post(f"/holds/{hold.id}/lift").status_code == 403
    assert hold.number in head.get("/").get_data(as_text=True), "it waits on the head's start page"
    assert head.post(f"/holds/{hold.id}/lift").status_code == 302
    assert hold.number not in officer.get(f"/dossiers/{sealed['dossier']}").get_data(as_text=True)


def test_a_delegation_over_the_pages(client_as: Clients, world: World, engine: Engine) -> None:
    head, officer = client_as("bithu.sonv"), client_as("canbo2.sonv")
    form = {
        "unit": world.units["sonv"],
        "delegate": world.accounts["canbo2.sonv"],
        "actions": ["consultation:approve"],
        "valid_from": f"{today():%d/%m/%Y}",
        "valid_to": f"{today() + timedelta(days=3):%d/%m/%Y}",
        "decision": "Giấy ủy quyền số 3-UQ",
    }
    assert officer.post("/delegations", data=form).status_code == 403
    assert head.post("/delegations", data=form | {"actions": []}).status_code == 422
    assert head.post("/delegations", data=form | {"valid_to": "31/02/2027"}).status_code == 422
    assert head.post("/delegations", data=form).status_code == 302
    for address in ("/delegations", f"/units/{world.units['sonv']}"):
        assert "Tài khoản canbo2.sonv" in officer.get(address).get_data(as_text=True)
    with db.reading(engine) as session:
        given = session.scalars(select(Delegation)).one()
        assert accounts.get_actor(session, "canbo2.sonv", via="web").has("consultation:approve")
    assert client_as("canbo.sonv").post(f"/delegations/{given.id}/end").status_code == 404
    assert officer.post(f"/delegations/{given.id}/end").status_code == 302
    with db.reading(engine) as session:
        assert not accounts.get_actor(session, "canbo2.sonv", via="web").has("consultation:approve")


def test_a_disposal_over_the_pages(client_as: Clients, world: World, engine: Engine) -> None:
    with db.writing(engine) as session:
        one = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, one.account_id, ("tờ thừa",))
        scan.received_at = now() - timedelta(days=100)
        scan_id = scan.id
    officer, head = client_as("canbo.sonv"), client_as("bithu.sonv")
    assert "quyết định.pdf" in officer.get("/disposals/new/unfiled_scan").get_data(as_text=True)
    assert officer.get("/disposals/new/original_set").status_code == 403
    assert head.get("/disposals/new/unfiled_scan").status_code == 403
    form = {
        "scans": [scan_id],
        "unit": world.units["sonv"],
        "council": "Nguyễn Văn Một\nTrần Thị Hai\nLê Văn Ba",
        "minutes": "Biên bản số 5-BB",
        "minutes_on": f"{today():%d/%m/%Y}",
        "legal_reason": "Hết giá trị sử dụng",
    }
    assert officer.post("/disposals/new/unfiled_scan", data=form | {"council": "Một"}).status_code == 422
    assert officer.post("/disposals/new/unfiled_scan", data=form).status_code == 302
    with db.reading(engine) as session:
        one = session.scalars(select(Disposal)).one()
    page = f"/disposals/{one.id}"
    assert client_as("canbo.sotc").get(page).status_code == 404
    assert one.number in head.get("/").get_data(as_text=True)
    assert officer.post(f"{page}/decide", data={"decision": "approve"}).status_code == 403
    assert officer.post(f"{page}/execute", data=TOGETHER).status_code == 409
    assert head.post(f"{page}/decide", data={"decision": "approve"}).status_code == 302
    assert officer.post(f"{page}/execute", data=TOGETHER | {"password": "falsch-falsch-falsch"}).status_code == 422
    assert officer.post(f"{page}/execute", data=TOGETHER).status_code == 302
    with db.reading(engine) as session:
        assert session.get(Scan, scan_id) is None and not session.scalars(select(Page)).all()
        done = session.get_one(Disposal, one.id)
        assert done.certificate and done.pages == 1
    assert done.certificate in officer.get(page).get_data(as_text=True)
    paper = f"/papers/disposal-minutes/{one.id}"
    assert officer.get(paper).status_code == 200 and client_as("canbo.sotc").get(paper).status_code == 404
    printed = officer.post(paper, data={"purpose": "filing"})
    assert printed.status_code == 200 and printed.data.startswith(b"%PDF")
