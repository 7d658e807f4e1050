"""`oms marks read`: who looked at the page of which a picture turned up; reading it is an entry of the log."""

import io
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from oms import db, review, storage
from oms.models import Account, AuditEntry, Scan
from oms.organisation import today
from oms.recognition.pictures import Picture
from oms.recognition.screen import write_screen
from tests import factories
from tests.recognition.test_hidden_marks import TEXT

READER = ("--as", "kiemtra.khoi")


@pytest.fixture
def ids(engine, world, settings, tmp_path: Path) -> dict[str, str]:
    """A scan of Sở Nội vụ with two pages that have images."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("một", "hai"))
        for page, lines in zip(review.list_pages(session, scan), (TEXT, TEXT[::-1]), strict=True):
            drawn = write_screen(Picture(np.asarray(factories.draw_page(*lines)), 150), tmp_path / "drawn.jpg")
            page.image_sha256, _size = storage.put_file(settings.scans, drawn)
        one, two = review.list_pages(session, scan)
        return {"scan": scan.id, "page": one.id, "second": two.id, "dossier": dossier.id, "number": dossier.number}


@pytest.fixture
def shown(client_as, ids):
    """The image of a page as somebody's browser gets it."""

    def ask(username: str, page: str = "page") -> bytes:
        client = client_as(username)
        assert client.get(f"/pages/{ids[page]}").status_code == 200
        answer = client.get(f"/pages/{ids[page]}/image.jpg")
        assert answer.status_code == 200 and answer.mimetype == "image/jpeg"
        assert answer.headers["Cache-Control"] == "no-store" and "ETag" not in answer.headers
        return answer.get_data()

    return ask


def passed_on(content: bytes, path: Path) -> str:
    """Half the size, quality 60, as a file."""
    image = Image.open(io.BytesIO(content))
    image.resize((image.width // 2, image.height // 2)).save(path, "JPEG", quality=60)
    return str(path)


def test_the_one_whose_picture_it_is_is_named(oms, engine, ids, shown, tmp_path: Path):
    mine, theirs = shown("canbo.sonv"), shown("canbo2.sonv")
    assert mine != theirs, "what one is shown is not what the other is shown"
    leaked = passed_on(theirs, tmp_path / "leaked.jpg")
    done = oms("marks", "read", leaked, "--scan", ids["scan"], "--page", "1", *READER, "--json")
    assert done.code == 0, done.err
    found = done.documents[0]["found"]
    assert [(one["account"], one["day"], one["page"]) for one in found] == [("canbo2.sonv", today().isoformat(), 1)]
    assert done.documents[0]["tried"] == 2
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "mark:read")).one()
        whose = session.scalars(select(Account.id).where(Account.username == "canbo2.sonv")).one()
        assert (entry.object_id, entry.dossier_id, entry.outcome) == (ids["page"], ids["dossier"], "done")
        assert f'"named":["{whose}"]' in entry.body and entry.account_id != whose


def test_the_page_is_found_in_the_dossier(oms, ids, shown, tmp_path: Path):
    leaked = passed_on(shown("canbo.sonv", "second"), tmp_path / "leaked.png")
    done = oms("marks", "read", leaked, "--dossier", ids["number"], *READER)
    assert done.code == 0 and "canbo.sonv" in done.out and ids["scan"] in done.out


def test_no_name_without_a_mark_or_a_candidate(oms, engine, settings, ids, shown, tmp_path: Path):
    looked = shown("canbo.sonv")
    with db.reading(engine) as session:
        page = review.get_page(session, session.get_one(Scan, ids["scan"]), 1)
        bare = passed_on(storage.read(settings.scans, page.image_sha256), tmp_path / "bare.jpg")
    asked = ("--scan", ids["scan"], *READER)
    done = oms("marks", "read", bare, "--page", "1", *asked)
    assert done.code == 1 and "No mark was found" in done.err
    assert looked not in done.out.encode()
    other = tmp_path / "other.png"
    factories.draw_page("Một trang khác hẳn", "không có trong hồ sơ này", size=(900, 900)).save(other)
    done = oms("marks", "read", str(other), *asked)
    assert done.code == 1 and "shows none of these pages" in done.err
    (settings.home / "marks.key").unlink()
    leaked = passed_on(looked, tmp_path / "leaked.jpg")
    assert oms("marks", "read", leaked, "--page", "1", *asked).code == 1, "with another key it says nothing"


def test_everybody_is_tried_where_the_log_is_not_believed(oms, engine, ids, shown, tmp_path: Path):
    leaked = passed_on(shown("canbo.sonv"), tmp_path / "leaked.jpg")
    asked = ("marks", "read", leaked, "--scan", ids["scan"], "--page", "1", *READER, "--json")
    since = (today() - timedelta(days=3)).isoformat()
    done = oms(*asked, "--everybody-since", since)
    with db.reading(engine) as session:
        accounts = len(session.scalars(select(Account)).all())
    assert done.documents[0]["tried"] == 4 * accounts
    assert [one["account"] for one in done.documents[0]["found"]] == ["canbo.sonv"]
    for day in ("2001-01-01", (today() + timedelta(days=1)).isoformat()):
        assert oms(*asked, "--everybody-since", day).code == 1


def test_only_who_reads_the_log_reads_marks(oms, engine, ids, tmp_path: Path):
    leaked = tmp_path / "leaked.png"
    factories.draw_page(*TEXT).save(leaked)
    for asked in (("--scan", ids["scan"]), ("--dossier", ids["number"])):
        assert oms("marks", "read", str(leaked), *asked, "--as", "canbo.sonv").code == 1
    with db.reading(engine) as session:
        outcomes = session.scalars(select(AuditEntry.outcome).where(AuditEntry.action == "mark:read")).all()
        assert list(outcomes) == ["refused", "refused"]
    for wrong in ((), ("--scan", "khong"), ("--dossier", "XX-1"), ("--scan", ids["scan"], "--dossier", ids["number"])):
        assert oms("marks", "read", str(leaked), *wrong, *READER).code == 1
    leaked.write_bytes(b"no picture")
    assert oms("marks", "read", str(leaked), "--scan", ids["scan"], *READER).code == 1
