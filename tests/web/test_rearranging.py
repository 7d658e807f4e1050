"""Arranging a dossier on its page: what each form does, who gets 403 or 404, and how it is undone."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from oms import accounts, db, dossiers
from oms.models import AuditEntry, Document, Dossier, Page
from tests import factories
from tests.factories import World

ClientAs = Callable[[str], FlaskClient]


@pytest.fixture
def things(engine: Engine, world: World) -> dict[str, str]:
    """A dossier with documents of three pages and one, and one of another unit."""
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = factories.make_dossier(session, world.units["sonv"])
        made = []
        for title, count in (("Lý lịch", 3), ("Phụ lục", 1)):
            texts = tuple(f"{title} {n}" for n in range(count))
            scan = factories.make_scan(session, dossier, officer.account_id, texts)
            made.append(factories.make_document(session, dossier, scan, title=title, actor=officer))
        return {"dossier": dossier.id, "long": made[0].id, "short": made[1].id}


def pages(engine: Engine, document_id: str) -> list[str]:
    with db.reading(engine) as session:
        return [page.id for page in dossiers.pages_of(session, [document_id])[document_id]]


def acts(engine: Engine) -> list[str]:
    kept = ("document:", "dossier:undo", "dossier:reorder", "page:turn")
    with db.reading(engine) as session:
        rows = session.scalars(select(AuditEntry.action).where(AuditEntry.outcome == "done").order_by(AuditEntry.seq))
        return [one for one in rows if one.startswith(kept) and one != "document:file"]


def test_every_form_of_the_page(client_as: ClientAs, engine: Engine, things: dict[str, str]) -> None:
    client, address = client_as("canbo.sonv"), f"/dossiers/{things['dossier']}/arrange"
    long, short = f"/documents/{things['long']}", f"/documents/{things['short']}"
    first = pages(engine, things["long"])
    assert "Lý lịch" in client.get(address).text
    places = {f"place-{id}": str(9 - at) for at, id in enumerate(first)}
    assert client.post(f"{long}/order", data=places).status_code == 302
    assert pages(engine, things["long"]) == first[::-1]
    assert client.post(f"{long}/order", data={f"place-{first[0]}": "eins"}).status_code == 422
    assert client.post(f"{long}/split", data={"page": first[0], "version": "1"}).status_code == 409
    assert client.post(f"{long}/split", data={"page": first[0]}).status_code == 302
    assert client.post(f"{long}/join", data={"other": things["short"]}).status_code == 302
    assert client.get(f"{short}/head").status_code == 404
    with db.reading(engine) as session:
        dossier = session.get_one(Dossier, things["dossier"])
        left = [one.id for one in dossiers.contents(session, dossier)]
    assert len(left) == 2
    assert client.post(f"{long}/move", data={"pages": first[2], "target": "waiting"}).status_code == 302
    moved = f"/documents/{left[1]}/move"
    assert client.post(moved, data={"pages": first[0], "target": things["long"]}).status_code == 302
    assert client.post(f"/pages/{first[0]}/turn").status_code == 302
    shown = client.get(address).text
    assert "turned-90" not in shown, "there is no image to turn"
    number = shown.split('name="rearrangement" value="')[1].split('"')[0]
    undo = f"/dossiers/{things['dossier']}/undo"
    assert client.post(undo, data={"rearrangement": number}).status_code == 302
    assert client.post(undo, data={"rearrangement": number}).status_code == 409
    head = {"component": "cs_full_cv", "title": "Lý lịch mới", "issued_on": "03/1998", "original": "copy"}
    assert client.post(f"{long}/head", data={**head, "title": ""}).status_code == 422
    assert client.post(f"{long}/head", data=head).status_code == 302
    with db.reading(engine) as session:
        document = session.get_one(Document, things["long"])
        assert (document.title, str(document.issued_precision)) == ("Lý lịch mới", "month")
        assert session.get_one(Page, first[0]).turned == 0
    assert acts(engine) == [
        "document:reorder_pages",
        "document:split",
        "document:merge",
        "document:move_pages",
        "document:move_pages",
        "page:turn",
        "dossier:undo_rearranging",
        "document:describe",
    ]


def test_who_may_not_arrange(client_as: ClientAs, engine: Engine, things: dict[str, str]) -> None:
    first = pages(engine, things["long"])
    addresses = (
        f"/documents/{things['long']}/split",
        f"/documents/{things['long']}/order",
        f"/documents/{things['long']}/join",
        f"/documents/{things['long']}/move",
        f"/documents/{things['long']}/head",
        f"/pages/{first[0]}/turn",
        f"/dossiers/{things['dossier']}/order",
        f"/dossiers/{things['dossier']}/undo",
    )
    for username, status in (("bithu.sonv", 403), ("canbo.sotc", 404)):
        client = client_as(username)
        assert client.get(f"/dossiers/{things['dossier']}/arrange").status_code == status
        data = {
            "page": first[1],
            "other": things["short"],
            "pages": first[0],
            "target": "waiting",
            "component": "cs_full_cv",
            "title": "x",
            "original": "copy",
            **{f"place-{id}": "1" for id in first},
        }
        for address in addresses:
            assert client.post(address, data=data).status_code == status, (username, address)
    assert acts(engine) == []


def test_questions_do_not_grow_with_documents(
    client_as: ClientAs, engine: Engine, world: World, things: dict[str, str]
) -> None:
    client, asked = client_as("canbo.sonv"), []
    address = f"/dossiers/{things['dossier']}/arrange"
    client.get(address)
    event.listen(engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    client.get(address)
    few = len(asked)
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        dossier = session.get_one(Dossier, things["dossier"])
        for count in range(8):
            scan = factories.make_scan(session, dossier, officer.account_id, (f"thêm {count}",))
            factories.make_document(session, dossier, scan, title=f"Tài liệu {count}", actor=officer)
    client.get(address)
    asked.clear()
    client.get(address)
    assert len(asked) <= few
