"""The seat at the desk by the page: one works, the other reads; nothing is refused in silence."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, event, select

from oms import db
from oms.dossiers import components_of
from oms.models import AuditEntry, DeskLease, Page, Scan
from tests import factories
from tests.factories import World


@pytest.fixture
def ids(engine: Engine, world: World) -> dict[str, str]:
    """A read scan of Sở Nội vụ with two pages."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Vàng A Páo")
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("trang một", "trang hai"))
        one, two = session.scalars(select(Page).order_by(Page.number)).all()
        return {"scan": scan.id, "one": one.id, "two": two.id}


@pytest.fixture
def officer(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    return client_as("canbo.sonv")


@pytest.fixture
def other(client_as: Callable[[str], FlaskClient]) -> FlaskClient:
    return client_as("canbo2.sonv")


def entries(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.seq))
        return [(action, outcome) for action, outcome in rows if action not in ("account:sign_in", "page:view")]


def lease_of(engine: Engine, ids: dict[str, str]) -> DeskLease | None:
    with db.reading(engine) as session:
        return session.get(DeskLease, ids["scan"])


def test_the_second_reads_and_may_take_over(officer: FlaskClient, other: FlaskClient, ids, engine: Engine) -> None:
    address = f"/review/{ids['scan']}"
    assert "data-correct-form" in officer.get(address).text
    page = other.get(address).text
    assert "Tài khoản canbo.sonv has been working on this scan since" in page and "trang</span>" in page
    assert "data-correct-form" not in page and 'id="filing"' not in page and f"{address}/take-over" in page
    refused = other.post(f"/review/pages/{ids['one']}", data={"text": "đã gõ xong", "version": "1"})
    assert refused.status_code == 409 and "is working on this scan, so nothing was changed" in refused.text
    assert "đã gõ xong" in refused.text and 'id="filing"' not in refused.text
    assert other.post(f"{address}/take-over").location == address
    assert "data-correct-form" in other.get(address).text
    told = officer.post(f"{address}/seat").json
    assert not told["mine"] and "Tài khoản canbo2.sonv took this scan over at" in told["message"]
    assert entries(engine) == [("page:review", "refused"), ("scan:take_over", "done")]


def test_a_page_that_stays_open_keeps_the_scan_and_gives_it_back(officer: FlaskClient, ids, engine: Engine) -> None:
    officer.get(f"/review/{ids['scan']}")
    first = lease_of(engine, ids)
    assert first is not None
    answer = officer.post(f"/review/{ids['scan']}/seat").json
    assert answer == {"mine": True, "seat": first.seat, "message": ""}
    assert officer.post(f"/review/{ids['scan']}/leave/{'0' * 16}").status_code == 204
    assert lease_of(engine, ids) is not None, "another opening of the page"
    assert officer.post(f"/review/{ids['scan']}/leave/{first.seat}").status_code == 204
    assert lease_of(engine, ids) is None and entries(engine) == []


def test_who_only_looks_holds_nobody_up(client_as, ids, engine: Engine) -> None:
    assert client_as("bithu.sonv").get(f"/review/{ids['scan']}").status_code == 200
    assert lease_of(engine, ids) is None
    assert client_as("bithu.sonv").post(f"/review/{ids['scan']}/take-over").status_code == 403
    with db.writing(engine) as session:
        session.get_one(Scan, ids["scan"]).dossier.frozen = True
    assert client_as("canbo.sonv").get(f"/review/{ids['scan']}").status_code == 200
    assert lease_of(engine, ids) is None


@pytest.mark.parametrize("path", ["seat", "take-over", f"leave/{'0' * 16}"])
def test_another_unit_learns_nothing_of_a_seat(client_as, ids, engine: Engine, path: str) -> None:
    assert client_as("canbo.sotc").post(f"/review/{ids['scan']}/{path}").status_code == 404
    assert lease_of(engine, ids) is None


def test_what_was_typed_stands_there_again_until_it_is_confirmed(officer: FlaskClient, other, ids, engine) -> None:
    address = f"/review/{ids['scan']}"
    kept = officer.post(f"{address}/draft", data={"place": "1", "version": "1", "text": "trang mười"}).json
    assert "draft kept at" in kept["message"]
    form = {"title": "Quyết định dở dang", "number": "15/QĐ", "pages": [ids["two"]], "csrf_token": "x"}
    officer.post(f"{address}/draft", data=form)
    page = officer.get(address).text
    assert "This is what you typed until" in page and "trang mười</textarea>" in page and "data-unsaved" in page
    assert 'value="Quyết định dở dang"' in page and f'value="{ids["two"]}" checked' in page
    assert f'value="{ids["one"]}" checked' not in page and "not saved</span>" in page
    assert "Quyết định dở dang" not in officer.get(f"{address}?document=1").text, "another proposed document"
    officer.post(f"{address}/leave/{lease_of(engine, ids).seat}")
    assert "mười" not in other.get(address).text and "dở dang" not in other.get(address).text
    with db.writing(engine) as session:
        session.execute(delete(DeskLease))
    assert officer.post(f"{address}/draft/discard", data={"place": "1"}).location == f"{address}?page=1"
    assert "mười" not in officer.get(address).text
    assert entries(engine) == []


def test_both_texts_stand_side_by_side_when_somebody_was_faster(officer, other, ids, engine: Engine) -> None:
    address = f"/review/{ids['scan']}"
    officer.post(f"{address}/draft", data={"place": "1", "version": "1", "text": "của tôi"})
    other.post(f"/review/pages/{ids['one']}", data={"text": "của người kia", "version": "1"})
    with db.writing(engine) as session:
        session.execute(delete(DeskLease))
    page = officer.get(address).text
    assert "The text of this page was changed while yours was not saved" in page
    assert ">của người kia</pre>" in page and ">của tôi</pre>" in page and "của tôi</textarea>" in page
    assert "Saved now · Tài khoản canbo2.sonv" in page and 'name="version" value="2"' in page


def test_a_refused_text_is_kept_without_any_script(officer, other, ids, engine: Engine) -> None:
    other.get(f"/review/{ids['scan']}")
    officer.post(f"/review/pages/{ids['one']}", data={"place": "1", "text": "gõ rất lâu", "version": "1"})
    officer.post(f"/review/{ids['scan']}/take-over")
    assert "gõ rất lâu</textarea>" in officer.get(f"/review/{ids['scan']}?page=1").text


def fill_queue(engine: Engine, world: World, names: tuple[str, ...]) -> list[str]:
    with db.writing(engine) as session:
        dossiers = [factories.make_dossier(session, world.units["sonv"], name) for name in names]
        officer = world.accounts["canbo.sonv"]
        return [factories.make_scan(session, one, officer, (f"của {one.number}",)).id for one in dossiers]


def test_two_officers_take_the_next_and_never_meet(officer, other, engine: Engine, world: World) -> None:
    scans = fill_queue(engine, world, ("Lê An", "Lê Ba", "Lê Cư"))
    assert officer.post("/review/next").location == f"/review/{scans[0]}"
    assert other.post("/review/next").location == f"/review/{scans[1]}"
    page = officer.get("/review").text
    assert "with Tài khoản canbo2.sonv" in page and "The dossier lacks papers it must hold" in page
    assert officer.post("/review/next", data={"beside": scans[0], "way": "on"}).location == f"/review/{scans[2]}"
    last = officer.post("/review/next", data={"beside": scans[2], "way": "on"})
    assert last.location == f"/review/{scans[2]}"
    assert "No other scan waits here that nobody has" in officer.get(last.location).text
    assert officer.post("/review/next", data={"beside": scans[2], "way": "back"}).location == f"/review/{scans[0]}"


def test_the_queue_stays_narrowed_until_it_is_changed(officer, client_as, engine: Engine, world: World) -> None:
    scans = fill_queue(engine, world, ("Lê An", "Lê Ba"))
    with db.writing(engine) as session:
        session.scalars(select(Page).where(Page.scan_id == scans[1])).one().kind = "decision"
    narrowed = officer.get("/review?narrow=1&kind=decision").text
    assert "Lê Ba" in narrowed and "Lê An" not in narrowed and "Lê An" not in officer.get("/review").text
    assert officer.post("/review/next").location == f"/review/{scans[1]}"
    assert "Nothing of this sort waits" in officer.get("/review?narrow=1&reading=handwriting").text
    assert "Lê An" in officer.get("/review?narrow=1").text and "Lê An" in client_as("canbo2.sonv").get("/review").text


def test_filing_goes_on_where_one_was_and_counts_for_oneself_only(
    officer, client_as, engine: Engine, world: World
) -> None:
    scans = fill_queue(engine, world, ("Lê An", "Lê Ba", "Lê Cư"))
    officer.get(f"/review/{scans[1]}")
    with db.reading(engine) as session:
        scan = session.get_one(Scan, scans[1])
        component = components_of(scan.dossier)[0].id
        page = scan.pages[0].id
    form = {"pages": page, "component": component, "title": "Quyết định", "original": "copy"}
    assert officer.post(f"/review/{scans[1]}/file", data=form).location == f"/review/{scans[2]}"
    assert 'title="Only you see this">today 1 pages<' in officer.get(f"/review/{scans[2]}").text
    assert "Only you see this: today 1 pages; in seven days 1 pages" in officer.get("/review").text
    assert "today 0 pages" in client_as("canbo2.sonv").get("/review").text
    for username in ("bithu.sonv", "kiemtra.khoi", "quantri"):
        client = client_as(username)
        for address in ("/", "/review", f"/review/{scans[2]}", "/audit", "/system", "/accounts"):
            assert "Only you see this" not in client.get(address, follow_redirects=True).text, (username, address)


def test_a_page_of_the_desk_asks_as_much_however_long_the_scan_and_the_queue(
    officer, engine: Engine, world: World
) -> None:
    [short] = fill_queue(engine, world, ("Lê An",))
    officer.get(f"/review/{short}")  # what a house asks once
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *found: asked.append(found[2]))
    officer.get(f"/review/{short}")
    once = len(asked)
    fill_queue(engine, world, tuple(f"Trần {n}" for n in range(12)))
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Dài Lắm")
        texts = tuple(f"trang {n}" for n in range(20))
        long = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], texts).id
    asked.clear()
    officer.get(f"/review/{long}")
    assert len(asked) <= once + 1, "opening its lease anew"
