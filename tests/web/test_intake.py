"""The upload page and the page of a scan: many files, bad ones among them, the same twice, a dossier held still."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import db, staging, storage
from oms.models import Account, AuditEntry, Dossier, Job, Page, PageState, Scan, ScanState, SignIn
from oms.recognition import word
from oms.settings import Settings
from oms.specimens import word_files
from tests import factories
from tests.factories import World

GOOD = factories.pdf_of(factories.draw_page("QUYẾT ĐỊNH"))
OTHER = factories.png_of(factories.draw_page("NGHỊ QUYẾT"))
FETCH = {"X-Requested-With": "fetch", "Accept": "application/json"}


@pytest.fixture
def dossier_id(engine: Engine, world: World) -> str:
    with db.writing(engine) as session:
        return factories.make_dossier(session, world.units["sonv"], "Vàng A Páo").id


@pytest.fixture
def scan_id(engine: Engine, world: World, dossier_id: str) -> str:
    with db.writing(engine) as session:
        dossier = session.get_one(Dossier, dossier_id)
        return factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("trang một", "trang hai")).id


@pytest.fixture
def officer(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    return client_as("canbo.sonv")


def entries(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [
            (e.action, e.outcome)
            for e in session.scalars(
                select(AuditEntry).where(AuditEntry.action != "account:sign_in").order_by(AuditEntry.seq)
            )
        ]


def send(client: FlaskClient, dossier_id: str, *files: tuple[bytes, str], fetch: bool = False):
    data = {"file": [(io.BytesIO(content), name) for content, name in files]}
    return client.post(f"/intake/{dossier_id}/scans", data=data, headers=FETCH if fetch else {})


def test_one_good_and_one_bad_file_in_one_request(
    officer: FlaskClient, dossier_id: str, engine: Engine, settings: Settings
) -> None:
    answer = send(officer, dossier_id, (GOOD, "quyết định.pdf"), (b"", "trống.pdf"), (OTHER, "nq.png"))
    assert answer.status_code == 302
    page = officer.get(answer.location).get_data(as_text=True)
    assert "quyết định.pdf was received" in page and "trống.pdf is empty" in page and "nq.png was received" in page
    with db.reading(engine) as session:
        scans = session.scalars(select(Scan).order_by(Scan.received_at)).all()
        assert [scan.file_name for scan in scans] == ["quyết định.pdf", "nq.png"]
        assert {job.subject_id for job in session.scalars(select(Job))} == {scan.id for scan in scans}
        assert all(job.kind == "read_scan" for job in session.scalars(select(Job)))
        assert storage.read(settings.scans, scans[0].sha256) == GOOD
    assert entries(engine)[:3] == [("scan:upload", "done"), ("scan:upload", "refused"), ("scan:upload", "done")]
    assert list(staging.folder(settings).iterdir()) == []


def test_a_script_is_told_received_then_known_with_the_earlier_scan(
    officer: FlaskClient, dossier_id: str, engine: Engine
) -> None:
    first = send(officer, dossier_id, (GOOD, "a.pdf"), fetch=True)
    assert (first.status_code, first.json["state"]) == (202, "received")
    assert first.json["url"] == f"/scans/{first.json['scan']}"
    second = send(officer, dossier_id, (GOOD, "b.pdf"), fetch=True)
    assert (second.status_code, second.json["state"]) == (200, "known")
    assert second.json["scan"] == first.json["scan"] and "b.pdf" in second.json["message"]
    assert entries(engine) == [("scan:upload", "done"), ("scan:upload", "known")]
    with db.reading(engine) as session:
        assert len(session.scalars(select(Job)).all()) == 1


def test_the_same_file_twice_links_the_earlier_scan_without_script(officer: FlaskClient, dossier_id: str) -> None:
    send(officer, dossier_id, (GOOD, "a.pdf"))
    officer.get("/intake")
    page = officer.get(send(officer, dossier_id, (GOOD, "<b>.pdf")).location).get_data(as_text=True)
    assert "&lt;b&gt;.pdf was received before" in page and "<b>.pdf" not in page
    assert "Open the scan</a>" in page


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 422, "empty"),
        (b"%PDF-1.7 broken", 422, "damaged"),
        (b"MZ not a scan", 415, "PDF, TIFF, JPEG, PNG, HEIC or DOCX"),
    ],
)
def test_a_refused_file_says_why(
    officer: FlaskClient, dossier_id: str, engine: Engine, content: bytes, status: int, said: str
) -> None:
    answer = send(officer, dossier_id, (content, "x.pdf"), fetch=True)
    assert (answer.status_code, answer.json["state"]) == (status, "refused")
    assert said in answer.json["message"] and answer.json["scan"] is None
    assert entries(engine) == [("scan:upload", "refused")]


def test_a_word_file_comes_in_and_leaves_as_it_came(officer: FlaskClient, dossier_id: str) -> None:
    """Its type is longer than any other; the page says that the layout is ours."""
    content = word_files.draw()
    scan = send(officer, dossier_id, (content, "tờ trình.docx"), fetch=True).json["url"]
    assert "This is a Word file" in officer.get(scan).get_data(as_text=True)
    original = officer.get(f"{scan}/original")
    assert (original.data, original.mimetype) == (content, word.MEDIA_TYPE)
    assert "docx" in original.headers["Content-Disposition"]


def test_no_file_at_all_is_said(officer: FlaskClient, dossier_id: str) -> None:
    answer = officer.post(f"/intake/{dossier_id}/scans", headers=FETCH)
    assert answer.status_code == 422 and "Choose at least one file" in answer.json["message"]


def test_a_dossier_held_still_takes_nothing(officer: FlaskClient, dossier_id: str, engine: Engine, settings) -> None:
    with db.writing(engine) as session:
        dossier = session.get_one(Dossier, dossier_id)
        dossier.frozen, number = True, dossier.number
    answer = send(officer, dossier_id, (GOOD, "a.pdf"), fetch=True)
    assert answer.status_code == 403 and number in answer.json["message"]
    assert entries(engine) == [("scan:upload", "refused")]
    page = officer.get(f"/intake?dossier={dossier_id}").get_data(as_text=True)
    assert "held still" in page and "data-upload" not in page
    assert list(storage.names(settings.scans)) == []


@pytest.mark.parametrize("username", ["canbo.sotc", "bithu.sotc", "quantri", "kiemtra.khoi", "nguoilaodong.sonv"])
def test_a_foreign_dossier_takes_nothing(
    client_as, dossier_id: str, scan_id: str, engine: Engine, username: str
) -> None:
    client = client_as(username)
    for method, address in [
        ("POST", f"/intake/{dossier_id}/scans"),
        ("GET", f"/scans/{scan_id}"),
        ("GET", f"/scans/{scan_id}/progress"),
        ("POST", f"/scans/{scan_id}/read-again"),
    ]:
        answer = client.open(address, method=method, data={"file": (io.BytesIO(GOOD), "a.pdf")})
        assert answer.status_code == 404, address
        assert "Vàng A Páo" not in answer.get_data(as_text=True)
    with db.reading(engine) as session:
        assert len(session.scalars(select(Scan)).all()) == 1
    assert {outcome for _action, outcome in entries(engine)} == {"refused"}


def test_the_head_sees_but_does_not_upload(client_as, dossier_id: str, scan_id: str) -> None:
    head = client_as("bithu.sonv")
    assert send(head, dossier_id, (GOOD, "a.pdf"), fetch=True).status_code == 403
    page = head.get("/intake").get_data(as_text=True)
    assert "quyết định.pdf" in page and "Choose this dossier" not in page
    scan = head.get(f"/scans/{scan_id}").get_data(as_text=True)
    assert "/original" not in scan


def test_the_upload_page_offers_own_dossiers_and_leaves_one_entry(
    officer: FlaskClient, dossier_id: str, engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sotc"], "Người Đơn Vị Khác")
    page = officer.get(f"/intake?dossier={dossier_id}").get_data(as_text=True)
    assert "Vàng A Páo" in page and "Người Đơn Vị Khác" not in page
    assert f'action="/intake/{dossier_id}/scans"' in page
    assert entries(engine) == [("scan:list", "done")]


def test_a_foreign_dossier_cannot_be_chosen(officer: FlaskClient, engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        foreign = factories.make_dossier(session, world.units["sotc"], "Người Đơn Vị Khác").id
    answer = officer.get(f"/intake?dossier={foreign}")
    assert answer.status_code == 404 and "Người Đơn Vị Khác" not in answer.get_data(as_text=True)


def test_progress_shows_the_named_scans_only_and_stops_asking(
    officer: FlaskClient, dossier_id: str, engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        mine = factories.make_scan(
            session, session.get_one(Dossier, dossier_id), world.accounts["canbo.sonv"], ("a", "b"), read=False
        )
        mine.state = ScanState.READING
        session.scalars(select(Page).where(Page.number == 1)).one().state = PageState.READ
        foreign = factories.make_dossier(session, world.units["sotc"])
        theirs = factories.make_scan(session, foreign, world.accounts["canbo.sotc"], ("c",), read=False)
        theirs.file_name = "của người khác.pdf"
        ids = [mine.id, theirs.id]
    answer = officer.get("/intake/progress", query_string={"scan": ids})
    page = answer.get_data(as_text=True)
    assert "page 1 of 2" in page and "data-poll" in page and "của người khác" not in page
    assert "<html" not in page and entries(engine) == [("scan:list", "done")], "no list was opened before"
    with db.writing(engine) as session:
        session.get_one(Scan, ids[0]).state = ScanState.READ
    assert "data-poll" not in officer.get("/intake/progress", query_string={"scan": ids}).get_data(as_text=True)
    assert len(entries(engine)) == 1


def test_asking_again_keeps_no_forgotten_session_alive(officer: FlaskClient, scan_id: str, engine: Engine) -> None:
    def seen():
        with db.reading(engine) as session:
            return session.scalars(select(SignIn.seen_at)).one()

    def grow_old():
        from datetime import timedelta

        with db.writing(engine) as session:
            sign_in = session.scalars(select(SignIn)).one()
            sign_in.seen_at -= timedelta(minutes=5)

    grow_old()
    before = seen()
    assert officer.get("/intake/progress", headers={"X-Requested-With": "poll"}).status_code == 200
    assert seen() == before
    officer.get("/intake")
    assert seen() > before
    script = Path(__file__).parents[2] / "oms" / "web" / "static" / "js" / "poll.js"
    # Set twice, a browser would send "poll, poll", which is not "poll".
    assert script.read_text("utf-8").count("X-Requested-With") == 1


def test_a_scan_page_tells_its_story_with_one_entry(officer: FlaskClient, scan_id: str, engine: Engine) -> None:
    page = officer.get(f"/scans/{scan_id}").get_data(as_text=True)
    assert "Read, waiting for a check" in page and f"/review/{scan_id}" in page and "Read well" in page
    assert "state secret" not in page
    officer.get(f"/scans/{scan_id}/progress")
    assert entries(engine) == [("scan:view", "done")]


def test_a_suspected_secret_stops_the_officer(officer: FlaskClient, scan_id: str, engine: Engine) -> None:
    with db.writing(engine) as session:
        page = session.scalars(select(Page).where(Page.number == 2)).one()
        page.secrecy, page_id = ["TỐI MẬT"], page.id
    for address in (f"/scans/{scan_id}", f"/review/{scan_id}", f"/pages/{page_id}"):
        text = officer.get(address).get_data(as_text=True)
        assert "notice-danger" in text and "TỐI MẬT" in text and "call the head of your unit" in text, address
    assert "May be secret" in officer.get("/review").get_data(as_text=True)


def test_failed_pages_say_why_and_are_read_again(officer: FlaskClient, scan_id: str, engine: Engine) -> None:
    with db.writing(engine) as session:
        scan = session.get_one(Scan, scan_id)
        scan.state, scan.error = ScanState.FAILED, "%(name)s is empty. Scan the paper again and upload the new file."
        scan.error_values = {"name": "trang"}
        for page in session.scalars(select(Page)):
            page.state, page.error = PageState.FAILED, "This page failed."
    page = officer.get(f"/scans/{scan_id}").get_data(as_text=True)
    assert "trang is empty" in page and "This page failed." in page and "Read again" in page
    assert "trang is empty" in officer.get("/intake").get_data(as_text=True)
    assert officer.post(f"/scans/{scan_id}/read-again").status_code == 302
    with db.reading(engine) as session:
        assert session.get_one(Scan, scan_id).state == ScanState.RECEIVED
        assert session.scalars(select(Job.kind)).all() == ["read_scan"]
    assert entries(engine)[-1] == ("scan:read_again", "done")


def test_nobody_signed_in_is_asked_to(client_as, dossier_id: str) -> None:
    client = client_as("")
    assert client.get("/intake").status_code == 302
    answer = send(client, dossier_id, (GOOD, "a.pdf"), fetch=True)
    assert answer.status_code == 401 and "Sign in" in answer.json["message"]


def test_a_job_reaches_the_queue_after_the_commit(officer: FlaskClient, dossier_id: str, engine: Engine, app) -> None:
    send(officer, dossier_id, (GOOD, "a.pdf"), fetch=True)
    assert len(app.extensions["oms"].queue.huey) == 1
    with db.reading(engine) as session:
        assert session.scalars(select(Account)).first() is not None
