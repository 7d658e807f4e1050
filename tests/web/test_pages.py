"""Pages and files by opaque ids: image beside text, boxes, downloads under safe names, one entry for each look."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import accounts, db, review, storage
from oms.models import AuditEntry, Dossier, Page, Scan
from oms.settings import Settings
from tests import factories
from tests.factories import World

ROUTES = ("/pages/{page}", "/pages/{page}/image.jpg", "/pages/{page}/thumbnail.jpg", "/pages/{page}/words",
          "/scans/{scan}/original", "/scans/{scan}/searchable.pdf")  # fmt: skip


@pytest.fixture
def ids(engine: Engine, world: World, settings: Settings) -> dict[str, str]:
    """A scan of Sở Nội vụ with two read pages, whose files are in storage."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("bổ nhiệm ông Páo", "trang hai"))
        scan.sha256, _ = storage.put(settings.scans, [b"%PDF-1.7 original"])
        scan.pdf_sha256, _ = storage.put(settings.scans, [b"%PDF-1.7 searchable"])
        one, two = review.list_pages(session, scan)
        image = factories.draw_page("bổ nhiệm").convert("RGB")
        import io

        out = io.BytesIO()
        image.save(out, "JPEG")
        one.image_sha256, _ = storage.put(settings.scans, [out.getvalue()])
        return {"scan": scan.id, "page": one.id, "second": two.id, "dossier": dossier.id, "number": dossier.number}


@pytest.fixture
def officer(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    return client_as("canbo.sonv")


def entries(engine: Engine) -> list[tuple[str, str, str | None]]:
    with db.reading(engine) as session:
        found = session.scalars(
            select(AuditEntry).where(AuditEntry.action != "account:sign_in").order_by(AuditEntry.seq)
        )
        return [(entry.action, entry.outcome, entry.object_id) for entry in found]


def test_a_page_shows_image_and_text_and_leaves_one_entry(officer: FlaskClient, ids, engine: Engine) -> None:
    page = officer.get(f"/pages/{ids['page']}?q=nhiem").get_data(as_text=True)
    assert f"/pages/{ids['page']}/image.jpg" in page and '<span data-word="1" data-hit>nhiệm</span>' in page
    assert '<span data-word="0">bổ</span>' in page
    assert f"/pages/{ids['second']}?q=nhiem" in page
    for part in ("image.jpg", "thumbnail.jpg", "words"):
        assert officer.get(f"/pages/{ids['page']}/{part}").status_code == 200
    assert entries(engine) == [("page:view", "done", ids["page"])]


def test_no_name_of_a_person_in_the_title(officer: FlaskClient, ids) -> None:
    page = officer.get(f"/pages/{ids['page']}").get_data(as_text=True)
    assert "Páo" not in page[page.index("<title>") : page.index("</title>")]


def test_a_corrected_word_stays_marked_at_its_place(officer: FlaskClient, ids, engine: Engine) -> None:
    with db.writing(engine) as session:
        actor = accounts.get_actor(session, "canbo.sonv", via="web")
        review.correct(session, session.get_one(Page, ids["page"]), "bổ nhiệm bà Páo", actor=actor)
    page = officer.get(f"/pages/{ids['page']}?q=bà").get_data(as_text=True)
    assert '<span data-word="2" data-hit>bà</span>' in page and "Corrected by hand" in page


def test_boxes_are_in_pixels_of_the_image(officer: FlaskClient, ids) -> None:
    boxes = officer.get(f"/pages/{ids['page']}/words").json
    assert boxes[0] == {"i": 0, "l": 50, "t": 60, "w": 100, "h": 30, "c": 95.0, "d": 0}
    assert [box["i"] for box in boxes] == [0, 1, 2, 3]


@pytest.mark.parametrize("part", ["image.jpg", "thumbnail.jpg"])
def test_an_image_is_ours_inline_and_in_a_sandbox(officer: FlaskClient, ids, part: str) -> None:
    answer = officer.get(f"/pages/{ids['page']}/{part}")
    assert answer.mimetype == "image/jpeg" and answer.headers["Content-Disposition"] == "inline"
    assert "sandbox" in answer.headers["Content-Security-Policy"] and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.data[:2] == b"\xff\xd8"


def test_a_thumbnail_is_small(officer: FlaskClient, ids) -> None:
    small = officer.get(f"/pages/{ids['page']}/thumbnail.jpg").data
    assert len(small) < len(officer.get(f"/pages/{ids['page']}/image.jpg").data) / 3


def test_a_page_without_image_still_shows_its_text(officer: FlaskClient, ids) -> None:
    page = officer.get(f"/pages/{ids['second']}").get_data(as_text=True)
    assert "No image of this page" in page and ">hai</span>" in page
    assert officer.get(f"/pages/{ids['second']}/image.jpg").status_code == 404


def test_the_original_leaves_under_its_name_and_is_written_down(officer: FlaskClient, ids, engine: Engine) -> None:
    answer = officer.get(f"/scans/{ids['scan']}/original")
    assert answer.data == b"%PDF-1.7 original" and answer.mimetype == "application/pdf"
    name = answer.headers["Content-Disposition"]
    assert name.startswith("attachment;") and "filename*=UTF-8''quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh.pdf" in name
    assert name.isascii() and "sandbox" in answer.headers["Content-Security-Policy"]
    assert entries(engine) == [("scan:download", "done", ids["scan"])]


def test_the_searchable_pdf_leaves_and_is_written_down(officer: FlaskClient, ids, engine: Engine) -> None:
    answer = officer.get(f"/scans/{ids['scan']}/searchable.pdf")
    assert answer.data == b"%PDF-1.7 searchable" and ids["number"] in answer.headers["Content-Disposition"]
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "scan:download")).one()
        assert json.loads(entry.body)["detail"] == {"form": "pdf"}


@pytest.mark.parametrize(
    ("stored", "kind", "sent"),
    [
        ("virus.exe", "application/pdf", "virus.pdf"),
        ("trang.html", "text/html", "trang.bin"),
        ("a.TIFF", "image/tiff", "a.TIFF"),
        ('x"\r\nSet-Cookie: a=b.pdf', "application/pdf", None),
    ],
)
def test_type_and_suffix_are_from_our_own_list(officer, ids, engine: Engine, stored: str, kind: str, sent) -> None:
    with db.writing(engine) as session:
        scan = session.get_one(Scan, ids["scan"])
        scan.file_name, scan.media_type = stored, kind
    answer = officer.get(f"/scans/{ids['scan']}/original")
    assert answer.status_code == 200 and "text/html" not in answer.headers["Content-Type"]
    assert answer.headers.get("Set-Cookie", "").find("a=b") == -1
    if sent:
        assert f"filename={sent}" in answer.headers["Content-Disposition"].replace('"', "")


def test_no_pdf_yet_is_said(officer: FlaskClient, ids, engine: Engine) -> None:
    with db.writing(engine) as session:
        session.get_one(Scan, ids["scan"]).pdf_sha256 = None
    answer = officer.get(f"/scans/{ids['scan']}/searchable.pdf")
    assert answer.status_code == 404 and "no searchable PDF" in answer.get_data(as_text=True)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("username", ["canbo.sotc", "quantri", "kiemtra.khoi", "nguoilaodong.sonv"])
def test_another_unit_gets_404_by_every_route(client_as, ids, engine: Engine, route: str, username: str) -> None:
    answer = client_as(username).get(route.format(**ids))
    body = answer.get_data()
    assert answer.status_code == 404
    assert b"%PDF" not in body and "Páo".encode() not in body and body[:2] != b"\xff\xd8"
    assert [outcome for _action, outcome, _id in entries(engine)] == ["refused"]


def test_the_head_reads_but_takes_no_copy(client_as, ids, engine: Engine) -> None:
    head = client_as("bithu.sonv")
    assert head.get(f"/pages/{ids['page']}").status_code == 200
    answer = head.get(f"/scans/{ids['scan']}/original")
    assert answer.status_code == 403 and b"%PDF" not in answer.data
    assert entries(engine)[-1][:2] == ("scan:download", "refused")


def test_pages_of_a_document_follow_each_other(officer: FlaskClient, ids, engine: Engine) -> None:
    with db.writing(engine) as session:
        actor = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = session.get_one(Dossier, ids["dossier"])
        factories.make_document(session, dossier, session.get_one(Scan, ids["scan"]), actor=actor)
    page = officer.get(f"/pages/{ids['page']}").get_data(as_text=True)
    assert "Quyết định bổ nhiệm" in page and "page 1 of 2" in page and f'href="/pages/{ids["second"]}"' in page
