"""Stacks in the browser: given in through the gate, looked at, corrected, taken in; nothing of it for another unit."""

import io

import pytest
from sqlalchemy import func, select

from oms import db, intake, stacks
from oms.models import AuditEntry, Dossier, Scan, Stack, StackState
from oms.recognition import Suspicion
from tests import factories
from tests import stacks as made
from tests.factories import PASSWORD


@pytest.fixture
def number(engine, world) -> str:
    with db.writing(engine) as session:
        return factories.make_dossier(session, world.units["sonv"]).number


@pytest.fixture
def unseen(monkeypatch) -> None:
    """The look for marks of secrecy takes a second a page and has tests of its own."""
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in ()))


def send(client, content: bytes, name: str = "tập quét.pdf", **more):
    return client.post("/stacks", data={"file": (io.BytesIO(content), name), **more})


def outcomes(engine, action: str) -> list[str]:
    with db.reading(engine) as session:
        return list(session.scalars(select(AuditEntry.outcome).where(AuditEntry.action == action)))


def test_a_stack_goes_its_way_in_the_browser(client_as, engine, settings, world, actor, number, unseen):
    client, officer = client_as("canbo.sonv"), actor("canbo.sonv")
    pages = [made.paper("trước"), made.sheet(made.code_for(settings, number)), made.paper("một"), made.paper("hai")]
    content = made.pdf_of(pages)
    address = send(client, content).location
    id = address.rsplit("/", 1)[-1]
    assert "data-poll" in client.get(address).text
    again = {"file": (io.BytesIO(content), "lại.pdf")}
    known = client.post("/stacks", data=again, headers={"Accept": "application/json", "X-Requested-With": "fetch"})
    assert (known.json["state"], known.json["url"]) == ("known", address)
    stacks.divide(engine, settings, id, actor=officer)
    assert "data-poll" not in client.get(f"{address}/progress").text
    shown = client.get(address).text
    assert number in shown and "take-in" not in shown, "one piece has no dossier yet"
    for part in ("pages/1.jpg", "pages/1"):
        assert client.get(f"{address}/{part}").mimetype == "image/jpeg"
    assert client.get(f"{address}/pages/9").status_code == client.get(f"{address}/pages/9.jpg").status_code == 404
    with db.reading(engine) as session:
        stack = session.get_one(Stack, id)
        first = stacks.pieces_of(session, stack)[0].id
        version = stack.version
    wrong = client.post(f"{address}/pieces/{first}/assign", data={"number": "HS-999999"}, follow_redirects=True)
    assert "HS-999999" in wrong.text and outcomes(engine, "stack:assign") == []
    assert client.post(f"{address}/pieces/{first}/leave_out", data={"version": version}).status_code == 302
    assert client.post(f"{address}/pieces/{first}/leave_out", data={"version": version}).status_code == 409
    assert client.post(f"{address}/split", data={"page": 4}).status_code == 302
    assert client.post(f"{address}/pieces/nothing/join").status_code == 404
    second = [row for row in made.told(engine, settings, id) if row[0] == [4]]
    assert second and second[0][1] is None
    with db.reading(engine) as session:
        last = stacks.pieces_of(session, session.get_one(Stack, id))[-1].id
    assert client.post(f"{address}/pieces/{last}/join").status_code == 302
    assert "take-in" in client.get(address).text
    assert client.post(f"{address}/take-in").status_code == 302
    stacks.take_in(engine, settings, id, actor=officer)
    with db.reading(engine) as session:
        (scan,) = session.scalars(select(Scan))
        assert f"/scans/{scan.id}" in client.get(address).text
    assert client.get(f"{address}/pages/1").status_code == 404, "the pages are in the dossiers now"
    assert client.post(f"{address}/withdraw").status_code == 409
    assert "tập quét" in client.get("/stacks").text


def test_another_unit_finds_nothing_and_leaves_no_event(client_as, engine, settings, world, actor, number):
    content = made.pdf_of([made.sheet(made.code_for(settings, number)), made.paper("một")])
    officer = actor("canbo.sonv")
    id = made.divided(engine, settings, world.units["sonv"], content, actor=officer)
    with db.reading(engine) as session:
        piece = stacks.pieces_of(session, session.get_one(Stack, id))[0].id
    stranger = client_as("canbo.sotc")
    for address in ("", "/progress", "/pages/1", "/pages/1.jpg"):
        assert stranger.get(f"/stacks/{id}{address}").status_code == 404
    for act in (f"pieces/{piece}/leave_out", f"pieces/{piece}/assign", "split", "take-in", "withdraw", "divide-again"):
        assert stranger.post(f"/stacks/{id}/{act}").status_code == 404
    assert "tập quét" not in stranger.get("/stacks").text
    assert send(stranger, content, unit=world.units["sonv"]).status_code == 404
    assert client_as("bithu.sonv").get("/stacks").status_code == 403
    with db.reading(engine) as session:
        assert session.get_one(Stack, id).state == StackState.DIVIDED
    assert set(outcomes(engine, "stack:leave_out") + outcomes(engine, "stack:withdraw")) <= {"refused"}


def test_what_cannot_be_divided_is_refused_and_not_kept(client_as, engine, settings, unseen):
    client = client_as("canbo.sonv")
    assert send(client, factories.png_of(made.BLANK), "một.png").status_code == 302
    assert outcomes(engine, "stack:give") == ["refused"]
    assert client.post("/stacks", data={}).status_code == 422
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Stack.id))) == 0
    assert not any(settings.scans.rglob("*"))


def test_two_people_decide_about_a_doubtful_page_of_a_stack(client_as, engine, settings, number, actor, monkeypatch):
    doubt = Suspicion(2, ("MẬT",), False, b"picture")
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in (doubt,)))
    client = client_as("canbo.sonv")
    pages = [made.sheet(made.code_for(settings, number)), made.paper("một")]
    decide = send(client, made.pdf_of(pages)).location
    assert "/intake/doubts/" in decide and client.get(decide).status_code == 200
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Stack.id))) == 0
    sent = {"reason": "Chữ trong bảng, không phải dấu", "second": "canbo.sotc", "password": PASSWORD}
    assert client.post(f"{decide}/admit", data=sent).status_code == 403, "of another unit"
    done = client.post(f"{decide}/admit", data={**sent, "second": "bithu.sonv"})
    id = done.location.rsplit("/", 1)[-1]
    with db.reading(engine) as session:
        stack = session.get_one(Stack, id)
        assert (stack.doubtful, bool(stack.confirmed_by_id)) == ([2], True)
        assert session.scalar(select(Dossier.number)) == number
