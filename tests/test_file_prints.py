"""The watermarked print: the only way out of the closed installation, numbered, marked, with both names."""

import io
import subprocess
from dataclasses import replace

import pytest
from PIL import Image
from sqlalchemy import select

from oms import db, protection, storage
from oms.errors import BadInput, ConfirmationNeeded, NotFound, Refused
from oms.models import AuditEntry, Dossier, FilePrint, Page, now
from oms.papers import file_print
from oms.printing.file_print import FilePrintHead, burn, draw_file_print
from tests import factories
from tests.protecting import CANARIES, PURPOSE, TOGETHER, File, entries


@pytest.fixture
def pictured(protection_file: File, engine, closed) -> File:
    """The file with a picture of each page."""
    picture = io.BytesIO()
    factories.draw_page("Trang của hồ sơ").save(picture, "JPEG")
    sha256, _size = storage.put(closed.scans, [picture.getvalue()])
    with db.writing(engine) as session:
        for page in session.scalars(select(Page)):
            page.image_sha256 = sha256
    return protection_file


def text_of(pdf: bytes) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()


@pytest.fixture
def two(actor):
    """The two officers as they are now, passwords given."""
    return lambda: tuple(replace(actor(name), confirmed=True) for name in ("canbo.sonv", "canbo2.sonv"))


def test_a_print_is_numbered_and_names_both(pictured: File, session, closed, two):
    one, other = two()
    dossier = session.get_one(Dossier, pictured.dossier)
    with pytest.raises(NotFound):
        file_print.take_number(session, dossier, [pictured.document], actor=one)
    protection.open_together(session, dossier, PURPOSE, second=other, actor=one)
    session.commit()
    one, other = two()
    with pytest.raises(ConfirmationNeeded):
        file_print.take_number(session, dossier, [pictured.document], actor=replace(one, confirmed=False))
    with pytest.raises(BadInput):
        file_print.take_number(session, dossier, ["khac"], actor=one)
    assert session.scalars(select(FilePrint)).all() == []
    papers = [
        file_print.draw(closed, file_print.take_number(session, dossier, [pictured.document], actor=somebody))
        for somebody in (one, other)
    ]
    numbers = [paper.number for paper in papers]
    assert [number[:4] for number in numbers] == ["0001", "0002"]
    pages = text_of(papers[0].body).split("\f")
    assert len(pages) == 3 and not pages[2]
    for page in pages[:2]:
        text = " ".join(page.split())
        for words in (numbers[0], pictured.number, one.name, other.name, PURPOSE, CANARIES[1]):
            assert words in text
    rows = file_print.register(session, actor=one)
    assert [(row.number, row.pages, second.id) for row, _dossier, second in rows] == [
        (2, 2, one.account_id),
        (1, 2, other.account_id),
    ]
    body = session.scalars(select(AuditEntry).where(AuditEntry.action == "file:print")).first().body
    assert one.account_id in body and other.account_id in body and numbers[0] in body


def test_the_mark_is_burnt_into_the_picture():
    page = Image.new("RGB", (1240, 1754), "white")
    with Image.open(io.BytesIO(burn(page, "BẢN IN 0001/2026 · A – B"))) as marked:
        dark = sum(count for value, count in enumerate(marked.convert("L").histogram()) if value < 245)
    assert 0.005 < dark / (1240 * 1754) < 0.2


LONG = "Thẩm tra theo Công văn số 12-CV/BTC ngày 03/11/2026 của Ban Tổ chức, " * 7


@pytest.mark.parametrize("purpose", [LONG.strip()[:500], LONG.upper().strip()[:500], "W" * 500])
def test_the_purpose_stands_whole_on_the_print(purpose: str):
    head = FilePrintHead("0001/2026", "BV-01", "Nguyễn Văn A" * 5, "Trần Thị B" * 5, now(), purpose)
    text = "".join(text_of(draw_file_print(head, iter([("Kết luận", Image.new("L", (100, 140)))]), 1)).split())
    assert "".join(purpose.split()) in text and "CÓKIỂMSOÁT" in text and "Trang1/1" in text


def test_while_a_print_is_drawn_others_write_and_a_failure_is_in_the_log(
    pictured: File, closed_app, client_as, engine, monkeypatch
):
    client = client_as("canbo.sonv")
    client.post(f"/dossiers/{pictured.dossier}/open", data=TOGETHER)
    seen = []

    def fail(_settings, _taken):
        with db.writing(engine) as session:
            seen.extend(session.scalars(select(FilePrint.number)))
        raise OSError("disk")

    monkeypatch.setattr(file_print, "draw", fail)
    answer = client.post(f"/dossiers/{pictured.dossier}/marked-print", data={"documents": pictured.document})
    assert answer.status_code == 500 and seen == [1], "the number is taken before anything is drawn"
    assert [row for row in entries(engine) if row[0] == "file:print"] == [
        ("file:print", "done"),
        ("file:print", "failed"),
    ]


def test_nobody_else_prints(pictured: File, session, closed, two, actor):
    one, other = two()
    dossier = session.get_one(Dossier, pictured.dossier)
    protection.open_together(session, dossier, PURPOSE, second=other, actor=one)
    session.commit()
    for name in ("bithu.sonv", "canbo.sotc", "quantri"):
        with pytest.raises((NotFound, Refused)):
            file_print.take_number(session, dossier, [pictured.document], actor=replace(actor(name), confirmed=True))
    assert session.scalars(select(FilePrint)).all() == []


def test_over_http_it_is_shown_to_be_printed(pictured: File, closed_app, client_as, engine):
    client, address = client_as("canbo.sonv"), f"/dossiers/{pictured.dossier}/marked-print"
    assert client.get(address).location == f"/dossiers/{pictured.dossier}/open"
    assert client.post(address, data={"documents": pictured.document}).status_code == 403
    client.post(f"/dossiers/{pictured.dossier}/open", data=TOGETHER)
    assert CANARIES[1] in client.get(address).get_data(as_text=True)
    assert client.post(address).status_code == 422
    assert ("file:print", "done") not in entries(engine)
    answer = client.post(address, data={"documents": pictured.document})
    assert answer.status_code == 200 and answer.get_data().startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].startswith("inline;")
    assert [action for action, _outcome in entries(engine)].count("file:print") == 1
    assert "0001/" in client.get("/prints").get_data(as_text=True)
    assert client_as("canbo.sotc").get("/prints").get_data(as_text=True).count("0001/") == 0
