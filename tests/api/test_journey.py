"""The whole journey over the API: dossier, scan, check, search, hand-over; and what stays closed to others."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from oms import accounts, custody, db, search, storage
from oms.models import AuditEntry, Page, PageState, Scan, ScanState, Transfer, Unit
from oms.settings import Settings
from oms.worker import Worker
from tests import factories
from tests.api.conftest import Caller
from tests.factories import World
from tests.test_custody import WAYS

Callers = Callable[[str], Caller]


def last_entries(engine: Engine, count: int) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        newest = session.query(AuditEntry).order_by(AuditEntry.seq.desc()).limit(count)
        return [(entry.action, entry.outcome) for entry in newest][::-1]


def open_dossier(officer: Caller, name: str = "Nguyễn Thị Hòa") -> str:
    answer = officer.post(
        "dossiers", {"category": "civil_servant", "person": {"name": name, "birth_date": "1985-03-02"}}
    )
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(answer.get_json()["number"])
    return str(answer.get_json()["number"])


def png(*lines: str) -> bytes:
    return factories.png_of(factories.draw_page(*lines))


def run_jobs(engine: Engine, settings: Settings) -> None:
    """Do what waits, as the worker would."""
    worker = Worker(engine, settings)
    from oms import jobs

    while True:
        with db.reading(engine) as session:
            waiting = jobs.forgotten(session, everything=True)
        if not waiting:
            return
        for job_id in waiting:
            worker.run(job_id)


@pytest.fixture
def read_scan(engine: Engine, settings: Settings, world: World) -> Iterator[dict[str, str]]:
    """A scan of Sở Nội vụ with two read pages, an image and stored bytes; its ids."""
    content = png("QUYẾT ĐỊNH")
    sha256, size = storage.put(settings.scans, [content])
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Trần Canh Nông")
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("quyết định bổ nhiệm", "trang hai"))
        scan.sha256, scan.size, scan.pdf_sha256, scan.media_type = sha256, size, sha256, "image/png"
        pages = session.query(Page).filter_by(scan_id=scan.id).order_by(Page.number).all()
        for page in pages:
            page.image_sha256 = sha256
        found = {"scan": scan.id, "dossier": dossier.number, "person": dossier.person.full_name, "sha256": sha256}
    search.rebuild(engine, settings)
    yield found


def test_paper_in_and_read(caller: Callers, engine: Engine, settings: Settings) -> None:
    officer = caller("canbo.sonv")
    number = open_dossier(officer)
    files = [(io.BytesIO(png("QUYET DINH 118")), "trang 1.png"), (io.BytesIO(b""), "leer.pdf")]
    files.append((io.BytesIO(files[0][0].getvalue()), "nochmal.png"))
    answer = officer.post(f"dossiers/{number}/scans", data={"file": files}, content_type="multipart/form-data")
    assert answer.status_code == 202
    first, empty, again = answer.get_json()
    assert (first["state"], empty["state"], again["state"]) == ("received", "refused", "known")
    assert first["scan"] == again["scan"] and len(first["sha256"]) == 64
    assert empty["scan"] is None and "empty" in empty["message"]
    assert officer.get(f"jobs/{first['job']}").get_json()["state"] == "queued"
    assert caller("canbo2.sonv").get(f"jobs/{first['job']}").status_code == 404
    assert officer.get(f"scans/{first['scan']}").get_json()["state"] == "received"
    run_jobs(engine, settings)
    scan = officer.get(f"scans/{first['scan']}").get_json()
    assert scan["state"] == "read" and scan["progress"] == {"done": 1, "failed": 0, "total": 1}
    page = officer.get(f"scans/{first['scan']}/pages/1").get_json()
    assert "118" in page["text"] and any("118" in word["text"] for word in page["words"])
    assert officer.get(f"scans/{first['scan']}/pdf").data.startswith(b"%PDF")
    assert officer.get(f"jobs/{first['job']}").get_json()["state"] == "done"


def test_when_nothing_is_taken_it_is_a_problem(caller: Callers, engine: Engine) -> None:
    officer = caller("canbo.sonv")
    number = open_dossier(officer)

    def send(content: bytes, name: str) -> object:
        data = {"file": [(io.BytesIO(content), name)]}
        return officer.post(f"dossiers/{number}/scans", data=data, content_type="multipart/form-data")

    for content, name, status in (
        (b"", "leer.pdf", 422),
        (b"%PDF-1.4 kaputt", "kaputt.pdf", 422),
        (b"MZ\x90", "a.exe", 415),
    ):
        answer = send(content, name)
        assert answer.status_code == status, name
        assert answer.content_type == "application/problem+json" and name in answer.get_json()["detail"]
        assert last_entries(engine, 1) == [("scan:upload", "refused")]
    assert officer.post(f"dossiers/{number}/scans").status_code == 422
    with db.reading(engine) as session:
        assert session.query(Scan).count() == 0


def test_pages_and_files_are_given_and_each_look_is_logged_once(
    caller: Callers, engine: Engine, read_scan: dict[str, str], settings: Settings
) -> None:
    officer = caller("canbo.sonv")
    stored = storage.read(settings.scans, read_scan["sha256"])
    page = officer.get(f"scans/{read_scan['scan']}/pages/1").get_json()
    assert page["text"] == "quyết định bổ nhiệm"
    assert page["words"][0] == {
        "text": "quyết", "left": 50, "top": 60, "width": 100, "height": 30, "confidence": 95.0, "line": 0,
    }  # fmt: skip
    for address, action in (
        (f"scans/{read_scan['scan']}", "scan:view"),
        (f"scans/{read_scan['scan']}/pages/1", "page:view"),
        (f"scans/{read_scan['scan']}/pages/2/image", "page:view"),
        (f"scans/{read_scan['scan']}/original", "scan:download"),
        (f"scans/{read_scan['scan']}/pdf", "scan:download"),
        (f"dossiers/{read_scan['dossier']}", "dossier:view"),
        ("dossiers", "dossier:list"),
        ("people?name=canh", "person:list"),
        ("search?q=quyet+dinh", "search:find"),
    ):
        before = last_entries(engine, 1)
        answer = officer.get(address)
        assert answer.status_code == 200, address
        assert last_entries(engine, 2) == [*before, (action, "done")], address
        if address.endswith(("original", "image", "pdf")):
            as_stored = answer.data == stored
            assert as_stored is not address.endswith("image"), "an image bears a mark, a file is what it was"
            assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert officer.get(f"scans/{read_scan['scan']}/pages/3").status_code == 404


def test_confirming_and_filing(caller: Callers, engine: Engine, read_scan: dict[str, str]) -> None:
    officer = caller("canbo.sonv")
    component = officer.get(f"dossiers/{read_scan['dossier']}").get_json()["completeness"][0]["component"]
    address = f"scans/{read_scan['scan']}/verify"
    filing = {"component": component, "title": "Quyết định bổ nhiệm", "number": "118/QĐ-SNV", "date": "2019-05-01"}
    wrong = officer.post(address, {**filing, "component": "astronaut"})
    assert wrong.status_code == 404 or wrong.status_code == 422
    texts = [{"page": 1, "text": "Quyết định số 118"}]
    answer = officer.post(address, {**filing, "pages": [1], "precision": "month", "texts": texts})
    assert answer.status_code == 201
    assert (answer.get_json()["date"], answer.get_json()["precision"]) == ("2019-05-01", "month")
    assert officer.post(address, {**filing, "pages": [1]}).status_code == 409
    dossier = officer.get(f"dossiers/{read_scan['dossier']}").get_json()
    assert [document["title"] for document in dossier["documents"]] == ["Quyết định bổ nhiệm"]
    assert component not in dossier["missing"] and dossier["scans"][0]["state"] == "read"
    assert officer.get(f"scans/{read_scan['scan']}/pages/1").get_json()["text"] == "Quyết định số 118"
    rest = officer.post(address, {"component": component, "title": "Phần còn lại"})
    assert rest.status_code == 201
    with db.reading(engine) as session:
        assert session.get_one(Scan, read_scan["scan"]).state == ScanState.FILED
        assert session.query(Page).filter_by(state=PageState.READ, document_id=None).count() == 0


def test_a_wrong_filing_changes_no_text(caller: Callers, read_scan: dict[str, str]) -> None:
    officer = caller("canbo.sonv")
    bad = {"component": "x", "title": "", "texts": [{"page": 1, "text": "verändert"}]}
    assert officer.post(f"scans/{read_scan['scan']}/verify", bad).status_code in (404, 422)
    assert officer.get(f"scans/{read_scan['scan']}/pages/1").get_json()["text"] == "quyết định bổ nhiệm"


def test_search_has_the_shape_of_the_contract(caller: Callers, read_scan: dict[str, str]) -> None:
    found = caller("canbo.sonv").get("search?q=bo nhiem&kind=page").get_json()
    assert set(found) == {"total", "facets", "hits", "next", "respelled"} and found["total"] == 1
    (hit,) = found["hits"]
    assert {"dossier", "person", "document", "page", "tier", "score", "snippet"} <= set(hit)
    assert (hit["dossier"], hit["person"], hit["page"]) == (read_scan["dossier"], read_scan["person"], 1)
    words = [hit["snippet"][start:end] for start, end in hit["marked"]]
    assert words == ["bổ", "nhiệm"] or words == ["bổ nhiệm"]
    assert caller("canbo.sotc").get("search?q=bo nhiem").get_json()["total"] == 0


def test_the_hand_over(caller: Callers, engine: Engine, read_scan: dict[str, str]) -> None:
    officer, head, receiver = caller("canbo.sonv"), caller("truongban.khoi"), caller("bithu.sotc")
    proof = {"reason": "QĐ 214", "basis_number": "214-QĐ/TU", "basis_on": "2026-02-03"}
    answer = officer.post("transfers", {"dossier": read_scan["dossier"], "to": "sotc", **proof})
    assert answer.status_code == 201 and answer.get_json()["steps"] == ["submit", "cancel"]
    number = answer.get_json()["number"]
    unfiled = officer.post(f"transfers/{number}/submit")
    assert unfiled.status_code == 409 and "lie in no document" in unfiled.get_json()["detail"]
    component = officer.get(f"dossiers/{read_scan['dossier']}").get_json()["completeness"][0]["component"]
    officer.post(f"scans/{read_scan['scan']}/verify", {"component": component, "title": "Quyết định"})
    assert officer.post("transfers", {"dossier": read_scan["dossier"], "to": "sotc", "reason": "x"}).status_code == 409
    assert officer.post(f"transfers/{number}/submit").get_json()["state"] == "submitted"
    assert officer.post(f"transfers/{number}/approve", {}).status_code == 403
    assert receiver.get(f"transfers/{number}").status_code == 404
    assert head.post(f"transfers/{number}/approve", {}).get_json()["label"] == "Approved, ready to be sent"
    frozen = officer.post(f"dossiers/{read_scan['dossier']}/scans", data={"file": [(io.BytesIO(png("x")), "x.png")]})
    assert frozen.status_code == 403 and "held still" in frozen.get_json()["detail"]
    officer.post(f"transfers/{number}/dispatch", {})
    seen = receiver.get(f"transfers/{number}").get_json()
    assert seen["manifest"]["scans"][0]["sha256"] == read_scan["sha256"] and len(seen["manifest_sha256"]) == 64
    assert receiver.get(f"dossiers/{read_scan['dossier']}").status_code == 404
    assert receiver.post(f"transfers/{number}/reject", {}).status_code == 422
    assert receiver.post(f"transfers/{number}/accept", {"version": 1}).status_code == 409
    assert receiver.post(f"transfers/{number}/accept", {}).status_code == 409, "nothing is checked yet"
    assert officer.post(f"transfers/{number}/checks", {}).status_code in (403, 404)
    note = {"line": 1, "outcome": "damaged"}
    assert receiver.post(f"transfers/{number}/checks", note).status_code == 422, "damaged how?"
    checked = receiver.post(f"transfers/{number}/checks", {}).get_json()
    assert [line["outcome"] for line in checked["checks"]] == ["present"]
    done = receiver.post(f"transfers/{number}/accept", {}).get_json()
    assert done["state"] == "accepted" and done["steps"] == []
    assert [event["step"] for event in done["events"]] == ["new", "submit", "approve", "dispatch", "accept"]
    assert receiver.post(f"transfers/{number}/accept", {}).status_code == 409
    assert receiver.post(f"transfers/{number}/teleport", {}).status_code == 422
    assert officer.get(f"dossiers/{read_scan['dossier']}").status_code == 404
    assert receiver.get(f"dossiers/{read_scan['dossier']}").get_json()["custodian"]["code"] == "sotc"
    assert [row["number"] for row in officer.get("transfers?state=closed").get_json()["items"]] == [number]
    assert officer.get("transfers?state=open").get_json() == {"items": [], "next": None}


def test_sending_back_tells_the_receiver_only_that_it_is_done(caller: Callers, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        transfer = custody.prepare(
            session,
            dossier,
            session.get_one(Unit, world.units["sotc"]),
            "Lý do kín",
            actor=officer,
            proof=factories.PROOF,
        )
        for name, username in WAYS["in_transit"]:
            somebody = accounts.get_actor(session, username, via="web")
            custody.take(session, custody.choose_step(transfer, name, actor=somebody), transfer, actor=somebody)
        number = transfer.number
    answer = caller("canbo.sotc").post(f"transfers/{number}/return", {"reason": "Sai đơn vị"})
    assert answer.get_json() == {"number": number, "state": "draft", "label": "Being prepared"}
    assert caller("canbo.sotc").get(f"transfers/{number}").status_code == 404


def test_another_units_object_is_like_one_that_does_not_exist(
    caller: Callers, engine: Engine, read_scan: dict[str, str], world: World
) -> None:
    officer, stranger = caller("canbo.sonv"), caller("canbo.sotc")
    number = officer.post("transfers", {"dossier": read_scan["dossier"], "to": "btc", "reason": "QĐ 1"}).get_json()[
        "number"
    ]
    scan = read_scan["scan"]
    pairs = [
        ("GET", "dossiers/{}", read_scan["dossier"], "HS-999999"),
        ("GET", "dossiers/{}/scans", read_scan["dossier"], "HS-999999"),
        ("POST", "dossiers/{}/scans", read_scan["dossier"], "HS-999999"),
        ("GET", "scans/{}", scan, "0" * 16),
        ("GET", "scans/{}/pages/1", scan, "0" * 16),
        ("GET", "scans/{}/pages/1/image", scan, "0" * 16),
        ("GET", "scans/{}/original", scan, "0" * 16),
        ("GET", "scans/{}/pdf", scan, "0" * 16),
        ("POST", "scans/{}/verify", scan, "0" * 16),
        ("GET", "transfers/{}", number, "CH-2026-9999"),
        ("POST", "transfers/{}/submit", number, "CH-2026-9999"),
        ("GET", "jobs/{}", "0" * 16, "1" * 16),
    ]
    for method, address, theirs, nothing in pairs:
        answers = [
            stranger.client.open(
                f"/api/v1/{address.format(value)}",
                method=method,
                json={} if method == "POST" else None,
                headers={"Authorization": f"Bearer {stranger.token}"},
            )
            for value in (theirs, nothing)
        ]
        assert [answer.status_code for answer in answers] == [404, 404], (method, address)
        assert answers[0].data == answers[1].data, (method, address)
        assert dict(answers[0].headers) == dict(answers[1].headers), (method, address)
    assert last_entries(engine, 3)[0] == ("transfer:read", "refused")
    with db.reading(engine) as session:
        assert session.query(Transfer).one().state == "draft"


def test_the_audit_log_over_the_api(caller: Callers, engine: Engine, read_scan: dict[str, str]) -> None:
    caller("canbo.sonv").get(f"dossiers/{read_scan['dossier']}")
    inspector = caller("kiemtra.khoi")
    answer = inspector.get(f"audit?dossier={read_scan['dossier']}&limit=1").get_json()
    (entry,) = answer["items"]
    assert (entry["username"], entry["action"], entry["dossier"]) == (
        "canbo.sonv",
        "dossier:view",
        read_scan["dossier"],
    )
    assert len(entry["hash"]) == 64 and answer["next"] is None
    assert read_scan["person"] not in inspector.get("audit").get_data(as_text=True)
    assert inspector.get("audit?cursor=x").status_code == 422
    assert inspector.get("dossiers").status_code == 403
    for username in ("canbo.sonv", "quantri"):
        assert caller(username).get("audit").status_code == 403
    assert last_entries(engine, 1) == [("audit:read", "refused")]


@pytest.mark.parametrize("username", ["quantri", "kiemtra.khoi", "nguoilaodong.sonv"])
def test_roles_without_dossiers(caller: Callers, read_scan: dict[str, str], username: str) -> None:
    somebody = caller(username)
    for address in ("dossiers", "people", "search?q=canh", "transfers"):
        assert somebody.get(address).status_code == 403, address
    assert somebody.get(f"scans/{read_scan['scan']}/original").status_code == 404
    assert somebody.post("dossiers", {"category": "cadre", "person": {"name": "A"}}).status_code == 403


def test_what_came_from_outside_is_confirmed_by_another_person(caller: Callers, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    officer, head = caller("canbo.sonv"), caller("bithu.sonv")
    slip = {"dossier": number, "body": "Ban Tổ chức Tỉnh ủy Giả định", "slip_number": "07-PC", "slip_on": "2026-02-03"}
    assert officer.post("arrivals", {**slip, "documents": []}).status_code == 422
    assert head.post("arrivals", {**slip, "documents": [{"title": "Lý lịch", "sheets": 4}]}).status_code == 403
    made = officer.post("arrivals", {**slip, "documents": [{"title": "Lý lịch", "sheets": 4}]})
    assert made.status_code == 201 and made.get_json()["state"] == "arrived"
    transfer = made.get_json()["number"]
    assert officer.post(f"transfers/{transfer}/checks", {"line": 1, "outcome": "present"}).status_code == 200
    assert officer.post(f"transfers/{transfer}/confirm", {}).status_code == 403
    done = head.post(f"transfers/{transfer}/confirm", {})
    assert done.status_code == 200 and done.get_json()["state"] == "accepted"


def test_proof_is_hung_on_a_transfer(caller: Callers, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        number = factories.make_dossier(session, world.units["sonv"]).number
    officer, page = caller("canbo.sonv"), png("QUYẾT ĐỊNH điều động")
    transfer = officer.post("transfers", {"dossier": number, "to": "sotc", "reason": "QĐ"}).get_json()["number"]

    def send(by: Caller, content: bytes) -> Any:
        return by.post(f"transfers/{transfer}/proofs", data={"file": (io.BytesIO(content), "qđ.png")})

    assert send(caller("canbo.sotc"), page).status_code == 404
    assert send(officer, factories.stamped_png("####")).status_code == 422
    (proof,) = send(officer, page).get_json()["proofs"]
    assert officer.get(f"transfers/{transfer}/proofs/{proof['id']}").data == page
    assert officer.post(f"transfers/{transfer}/submit", {}).status_code == 200, "the file alone proves"
    assert send(officer, page).status_code == 409
