"""A count finds what is missing, elsewhere, of others or unknown, and every difference is settled by a person."""

import io
from collections.abc import Callable

import pytest
import segno
from openpyxl import load_workbook
from sqlalchemy import select

from oms import db, dossiers, stocktaking, whereabouts
from oms.errors import BadInput, Conflict, NotFound, Refused
from oms.models import AuditEntry, CountedPaper, Dossier, PaperState, StockDifference, Stocktaking, Unit
from oms.permissions import Actor
from oms.stocktaking import Place
from tests import factories

Actors = Callable[[str], Actor]
PLACE = Place("Kho 1", "Giá A")


@pytest.fixture
def shelf(session, world, actor: Actors) -> dict[str, Dossier]:
    """Three dossiers on the shelf, one on another shelf, one of another unit."""
    made = {
        name: factories.make_dossier(session, world.units["sonv"], f"Người {name}") for name in ("a", "b", "c", "d")
    }
    for name in ("a", "b", "c"):
        dossiers.place(session, made[name], room="Kho 1", shelf="Giá A", box=None, actor=actor("canbo.sonv"))
    dossiers.place(session, made["d"], room="Kho 1", shelf="Giá B", box=None, actor=actor("canbo.sonv"))
    made["e"] = factories.make_dossier(session, world.units["sotc"], "Người e")
    return made


def begin(session, world, actor: Actors) -> Stocktaking:
    return stocktaking.start(session, session.get_one(Unit, world.units["sonv"]), PLACE, actor=actor("canbo.sonv"))


def test_a_count_from_label_to_settlement(session, world, shelf, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    count = begin(session, world, actor)
    assert begin(session, world, actor) is count, "an open count goes on"
    assert [dossier.id for dossier in stocktaking.expected(session, count)] == [shelf[n].id for n in "abc"]
    for label in (f"OMS:{shelf['a'].number}", shelf["b"].number.lower(), f"OMS:{shelf['d'].number}"):
        assert stocktaking.scan(session, count, label, actor=officer)[1]
    assert not stocktaking.scan(session, count, str(int(shelf["a"].number[3:])), actor=officer)[1], (
        "typed: the same one"
    )
    stocktaking.scan(session, count, f"OMS:{shelf['e'].number}", actor=officer)
    stocktaking.scan(session, count, "OMS:HS-999999", actor=officer)
    stocktaking.finish(session, count, actor=officer)
    rows = {row.code: row for row in stocktaking.differences_of(session, count)}
    assert {code: row.kind.value for code, row in rows.items()} == {
        shelf["c"].number: "missing",
        shelf["d"].number: "elsewhere",
        shelf["e"].number: "other_unit",
        "HS-999999": "unknown",
    }
    with pytest.raises(Conflict):
        stocktaking.scan(session, count, "HS-000001", actor=officer)
    with pytest.raises(Conflict):
        stocktaking.finish(session, count, actor=officer)
    ways = {shelf["c"].number: "not_found", shelf["d"].number: "place_here", shelf["e"].number: "handed_back"}
    for code, way in ways.items():
        stocktaking.settle(session, count, rows[code].id, way, actor=officer)
    assert shelf["c"].paper_state == PaperState.UNKNOWN
    assert whereabouts.differs(shelf["c"]), "what nobody can find is an alarm"
    assert shelf["d"].shelf == "Giá A"
    assert shelf["e"].custodian_id == world.units["sotc"]
    with pytest.raises(Conflict):
        stocktaking.settle(session, count, rows[shelf["c"].number].id, "found", actor=officer)
    with pytest.raises(BadInput):
        stocktaking.settle(session, count, rows["HS-999999"].id, "found", actor=officer)
    with pytest.raises(NotFound):
        stocktaking.settle(session, count, "0" * 16, "found", actor=officer)
    actions = set(session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("stock:"))))
    assert actions == {"stock:start", "stock:scan", "stock:finish", "stock:settle"}


def test_a_found_paper_ends_the_alarm(session, world, shelf, actor: Actors) -> None:
    officer = actor("canbo.sonv")
    whereabouts.mark(session, shelf["a"], PaperState.UNKNOWN, actor=officer)
    count = begin(session, world, actor)
    stocktaking.finish(session, count, actor=officer)
    row = session.scalars(select(StockDifference).where(StockDifference.code == shelf["a"].number)).one()
    stocktaking.settle(session, count, row.id, "found", actor=officer)
    assert not whereabouts.differs(shelf["a"])


def test_only_the_officer_of_the_unit_counts(session, world, shelf, actor: Actors) -> None:
    unit = session.get_one(Unit, world.units["sonv"])
    for username in ("bithu.sonv", "canbo.sotc", "quantri"):
        with pytest.raises(Refused):
            stocktaking.start(session, unit, PLACE, actor=actor(username))
    count = begin(session, world, actor)
    with pytest.raises(Refused):
        stocktaking.scan(session, count, shelf["a"].number, actor=actor("canbo.sotc"))
    with pytest.raises(Refused):
        stocktaking.finish(session, count, actor=actor("canbo.sotc"))


@pytest.mark.parametrize(
    "text", ["", "OMS-KE:sonv", "OMS:HS-000001", "OMS-KE:sonv//A", "OMS-KE:sonv/K//H", "OMS-KE:a/b/c/d/e"]
)
def test_what_is_no_shelf_label(text: str) -> None:
    with pytest.raises(BadInput):
        stocktaking.read_shelf_label(text)


def test_a_shelf_label_is_read() -> None:
    assert stocktaking.read_shelf_label("OMS-KE:sonv/Kho 1/Giá A/Hộp 3") == ("sonv", Place("Kho 1", "Giá A", "Hộp 3"))
    assert stocktaking.read_shelf_label("OMS-KE:sonv/Kho 1") == ("sonv", Place("Kho 1"))


@pytest.mark.parametrize("text", ["", "xin chào", "https://example.org", "HS-", "9" * 30, "OMS:../1"])
def test_what_is_no_dossier_label(text: str) -> None:
    with pytest.raises(BadInput):
        stocktaking.read_number(text)


def photograph(*texts: str) -> bytes:
    """Labels on a table, as a telephone takes them."""
    from PIL import Image

    table = Image.new("RGB", (1200, 900), (200, 190, 170))
    for place, text in enumerate(texts):
        out = io.BytesIO()
        segno.make_qr(text, error="m").save(out, kind="png", scale=8, border=4)
        label = Image.open(out).convert("RGB")
        table.paste(label, (80 + 520 * place, 250))
    out = io.BytesIO()
    table.rotate(4, fillcolor=(200, 190, 170)).save(out, "JPEG", quality=80)
    return out.getvalue()


def test_pages_of_a_count(engine, world, client_as) -> None:
    with db.writing(engine) as session:
        made = [factories.make_dossier(session, world.units["sonv"], f"Người {n}") for n in range(3)]
        for dossier in made:
            dossier.shelf_room, dossier.shelf = "Kho 1", "Giá A"
        numbers = [dossier.number for dossier in made]
    client = client_as("canbo.sonv")
    begun = client.post("/stocktaking", data={"label": "OMS-KE:sonv/Kho 1/Giá A"})
    address = begun.headers["Location"]
    assert client.post("/stocktaking", data={"label": "OMS-KE:sotc/Kho 1"}).status_code == 422
    assert client.post(f"{address}/scan", data={"code": f"OMS:{numbers[0]}"}).status_code == 302
    assert "camera=(self)" in client.get(address).headers["Permissions-Policy"]
    assert "camera=()" in client.get("/stocktaking").headers["Permissions-Policy"]
    picture = photograph(f"OMS:{numbers[1]}", "https://example.org")
    client.post(f"{address}/scan", data={"photograph": (io.BytesIO(picture), "a.jpg")})
    client.post(f"{address}/scan", data={"photograph": (io.BytesIO(b"no picture"), "a.jpg")})
    page = client.get(address).get_data(as_text=True)
    assert all(number in page for number in numbers)
    with db.reading(engine) as session:
        assert set(session.scalars(select(CountedPaper.code))) == set(numbers[:2])
    foreign = client_as("canbo.sotc")
    for method, path in (
        ("get", ""),
        ("post", "/scan"),
        ("post", "/finish"),
        ("post", "/settle"),
        ("get", "/differences.xlsx"),
    ):
        assert getattr(foreign, method)(f"{address}{path}").status_code == 404
    assert client.post(f"{address}/finish").status_code == 302
    assert numbers[2] in client.get(address).get_data(as_text=True)
    book = load_workbook(io.BytesIO(client.get(f"{address}/differences.xlsx").data))
    assert [row[0] for row in book.active.iter_rows(min_row=2, values_only=True)] == [numbers[2]]
    assert address in client.get("/").get_data(as_text=True), "a difference nobody settled waits on the start page"
    with db.reading(engine) as session:
        row = session.scalars(select(StockDifference)).one()
    client.post(f"{address}/settle", data={"difference": row.id, "way": "found"})
    assert address not in client.get("/").get_data(as_text=True)
