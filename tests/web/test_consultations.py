"""The pages of consultations: one answer for what exists and what does not, a reading room that closes, marked images."""

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageChops
from playwright.sync_api import expect
from sqlalchemy import Engine, select

from oms import consultations, db, storage
from oms.models import (
    AuditEntry,
    Consultation,
    ConsultationKind,
    ConsultationState,
    CopyOrder,
    Dossier,
    LocateAnswer,
    Page,
    now,
)
from oms.organisation import today
from oms.permissions import Actor
from oms.settings import Settings
from tests import factories
from tests.factories import PASSWORD, World
from tests.journeys.conftest import Desk, desk_of, running
from tests.web.test_confirming import grow_old

__all__ = ["desk_of", "running"]

ClientAs = Callable[[str], FlaskClient]
Actors = Callable[[str], Actor]
READER, HEAD, OFFICER = "canbo.sotc", "bithu.sonv", "canbo.sonv"


@pytest.fixture
def dossier_id(engine: Engine, world: World, actor: Actors, settings: Settings) -> str:
    """A dossier of Sở Nội vụ with one document of two pages whose image is in storage."""
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"], "Phạm Thị Lan")
        scan = factories.make_scan(session, made, world.accounts[OFFICER], ("chữ trang một", "chữ trang hai"))
        factories.make_document(session, made, scan, title="Quyết định bổ nhiệm", actor=actor(OFFICER))
        picture = factories.png_of(factories.draw_page("QUYẾT ĐỊNH", size=(620, 877)))
        for page in session.scalars(select(Page)):
            page.image_sha256, _size = storage.put(settings.scans, [picture])
        return made.id


def form_for(wanted: str, kind: str = "screen") -> dict[str, str]:
    return {
        "wanted": wanted,
        "kind": kind,
        "purpose": "Thẩm tra bổ nhiệm",
        "basis": "12-CV/ĐU",
        "needed": "Quyết định bổ nhiệm",
        "until": (today() + timedelta(days=2)).strftime("%d/%m/%Y"),
    }


def granted(engine: Engine, dossier_id: str, actor: Actors) -> tuple[str, list[str]]:
    """Ids of a granted request and of the granted pages: the first page only."""
    with db.writing(engine) as session:
        dossier = session.get_one(Dossier, dossier_id)
        wish = consultations.Wish(dossier.number, ConsultationKind.SCREEN, "Thẩm tra", "12-CV", "QĐ", today())
        request = consultations.request(session, wish, actor=actor(READER))
        offered = consultations.offer(session, request)
        pages = consultations.chosen_pages(offered, {offered[0][0].id: "1"})
        consultations.approve(session, request, pages, today(), actor=actor(HEAD))
        others = [page.id for page in offered[0][1] if page not in pages]
        return request.id, [page.id for page in pages] + others


def plain(page: str, *words: str) -> str:
    """A page without what differs from one moment to the next, and without `words`."""
    page = re.sub(r'name="csrf_token" value="[^"]*"|data-session-ends="\d+"', "", page)
    for word in words:
        page = page.replace(word, "X")
    return page


def looks(engine: Engine, action: str) -> int:
    with db.reading(engine) as session:
        return len(session.scalars(select(AuditEntry).where(AuditEntry.action == action)).all())


def test_a_request_is_answered_alike_whether_the_dossier_exists(
    client_as: ClientAs, engine: Engine, dossier_id: str
) -> None:
    with db.reading(engine) as session:
        number = session.get_one(Dossier, dossier_id).number
    client = client_as(READER)
    pages = []
    for wanted in (number, "HS-777777"):
        answer = client.post("/consultations/new", data=form_for(wanted), follow_redirects=True)
        body = answer.get_data(as_text=True)
        assert answer.status_code == 200 and "Sent as request" in body and "Phạm Thị Lan" not in body
        with db.reading(engine) as session:
            made = session.scalars(select(Consultation).order_by(Consultation.number.desc())).first()
            assert made is not None
            pages.append(plain(body, made.id, made.number, wanted))
    assert pages[0] == pages[1]
    assert "Phạm Thị Lan" not in client.get("/consultations?tab=mine").get_data(as_text=True)
    why = [client.get(f"/consultations/why?number={one}").get_data(as_text=True) for one in (number, "HS-777777")]
    assert plain(why[0], number) == plain(why[1], "HS-777777")


def test_a_form_with_a_mistake_keeps_what_was_typed(client_as: ClientAs, dossier_id: str) -> None:
    answer = client_as(READER).post("/consultations/new", data=form_for("HS-1") | {"until": "32/13/2026"})
    body = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Nothing was sent" in body and "Thẩm tra bổ nhiệm" in body


def test_the_head_chooses_pages_after_the_password(
    client_as: ClientAs, engine: Engine, dossier_id: str, actor: Actors
) -> None:
    with db.writing(engine) as session:
        number = session.get_one(Dossier, dossier_id).number
        wish = consultations.Wish(number, ConsultationKind.SCREEN, "Thẩm tra", "12-CV", "QĐ", today())
        request_id = consultations.request(session, wish, actor=actor(READER)).id
    head = client_as(HEAD)
    assert f"/consultations/{request_id}" in head.get("/").get_data(as_text=True), "the start page says what is due"
    page = head.get(f"/consultations/{request_id}/decide").get_data(as_text=True)
    assert "Quyết định bổ nhiệm" in page
    document = page.split('name="document" value="')[1][:16]
    form = {"document": document, f"pages-{document}": "2", "until": today().strftime("%d/%m/%Y")}
    none = head.post(f"/consultations/{request_id}/approve", data={"until": form["until"]})
    assert none.status_code == 422 and "at least one document" in none.get_data(as_text=True)
    grow_old(engine)
    asked = head.post(f"/consultations/{request_id}/approve", data=form)
    assert asked.status_code == 401
    done = head.post(f"/consultations/{request_id}/approve", data=form | {"confirm_password": PASSWORD})
    assert done.status_code == 302
    room = client_as(READER).get(f"/consultations/{request_id}/read").get_data(as_text=True)
    assert "1 of 2 pages are open" in room
    assert "reads 1 pages" in client_as(OFFICER).get(f"/dossiers/{dossier_id}").get_data(as_text=True)


def test_a_page_of_the_reading_room_is_marked_logged_and_never_kept(
    client_as: ClientAs, engine: Engine, dossier_id: str, actor: Actors
) -> None:
    request_id, (page_id, other_id) = granted(engine, dossier_id, actor)
    reader = client_as(READER)
    shown = reader.get(f"/consultations/{request_id}/read/{page_id}")
    assert shown.status_code == 200 and looks(engine, "consultation:look") == 1
    assert "chữ trang một" not in shown.get_data(as_text=True), "the text of the page is not granted"
    image = reader.get(f"/consultations/{request_id}/read/{page_id}/image.jpg")
    assert image.status_code == 200 and image.headers["Cache-Control"] == "no-store"
    assert looks(engine, "consultation:look") == 1
    colours = Image.open(io.BytesIO(image.data)).convert("RGB")
    red, _green, blue = colours.split()
    difference = ImageChops.subtract(blue, red).getextrema()
    assert difference[1] > 20, "the marks are blue, the page is black and white"
    # Every other door to the same page stays shut, and so does every other page.
    for address in (
        f"/pages/{page_id}",
        f"/pages/{page_id}/image.jpg",
        f"/pages/{page_id}/words",
        f"/pages/{page_id}/thumbnail.jpg",
        f"/dossiers/{dossier_id}",
        f"/consultations/{request_id}/read/{other_id}",
        f"/consultations/{request_id}/read/{other_id}/image.jpg",
    ):
        assert reader.get(address).status_code == 404, address
    for somebody in ("bithu.sotc", HEAD, "canbo.soyt", "quantri"):
        client = client_as(somebody)
        assert client.get(f"/consultations/{request_id}/read/{page_id}/image.jpg").status_code in (403, 404), somebody
        assert client.get(f"/consultations/{request_id}/read").status_code in (403, 404), somebody


def test_what_is_over_is_over_in_open_pages_too(
    client_as: ClientAs, engine: Engine, dossier_id: str, actor: Actors
) -> None:
    request_id, (page_id, _other) = granted(engine, dossier_id, actor)
    reader = client_as(READER)
    assert reader.get(f"/consultations/{request_id}/remaining").get_json()["seconds"] > 0
    with db.writing(engine) as session:
        session.get_one(Consultation, request_id).ends_at = now() - timedelta(seconds=1)
    assert reader.get(f"/consultations/{request_id}/remaining").get_json() == {"seconds": 0}
    assert reader.get(f"/consultations/{request_id}/read/{page_id}/image.jpg").status_code == 404
    answer = reader.get(f"/consultations/{request_id}/read")
    assert answer.status_code == 403 and "Ask for a look" in answer.get_data(as_text=True)


def test_a_copy_needs_a_decision_and_the_password(
    client_as: ClientAs, engine: Engine, dossier_id: str, actor: Actors
) -> None:
    request_id, _pages = granted(engine, dossier_id, actor)
    reader, head = client_as(READER), client_as(HEAD)
    address = f"/consultations/{request_id}/copies"
    assert reader.post(address, data={"reason": "Kèm tờ trình"}).status_code == 302
    with db.reading(engine) as session:
        order = session.scalars(select(CopyOrder.id)).one()
    assert reader.post(f"{address}/{order}/take", data={"confirm_password": PASSWORD}).status_code == 403
    assert reader.post(f"{address}/{order}/approve", data={"confirm_password": PASSWORD}).status_code in (403, 404)
    assert head.post(f"{address}/{order}/approve", data={"confirm_password": PASSWORD}).status_code == 302
    grow_old(engine)
    assert reader.post(f"{address}/{order}/take").status_code == 401
    taken = reader.post(f"{address}/{order}/take", data={"confirm_password": PASSWORD})
    assert taken.status_code == 200 and taken.data.startswith(b"%PDF-")
    assert "attachment" in taken.headers["Content-Disposition"] and taken.headers["Cache-Control"] == "no-store"
    assert looks(engine, "copy:take") == 1
    assert head.post(f"{address}/{order}/take", data={"confirm_password": PASSWORD}).status_code == 404


def test_paper_is_lent_and_taken_back_on_the_page(
    client_as: ClientAs, engine: Engine, dossier_id: str, actor: Actors
) -> None:
    with db.writing(engine) as session:
        number = session.get_one(Dossier, dossier_id).number
        wish = consultations.Wish(number, ConsultationKind.PAPER, "Thẩm tra", "12-CV", "Toàn bộ", today())
        request = consultations.request(session, wish, actor=actor(READER))
        consultations.approve(session, request, [], today(), actor=actor(HEAD))
        request_id = request.id
    officer = client_as(OFFICER)
    address = f"/consultations/{request_id}"
    assert client_as(READER).post(f"{address}/hand-out", data={"fetched_by": "A", "sheets": 3}).status_code == 403
    assert officer.post(f"{address}/hand-out", data={"fetched_by": "Lê A", "sheets": 3}).status_code == 302
    with db.writing(engine) as session:
        session.get_one(Consultation, request_id).loan.due_on = today() - timedelta(days=1)
    for username in (READER, OFFICER, HEAD):
        client = client_as(username)
        assert "Overdue" in client.get(address).get_data(as_text=True), username
        assert f"/consultations/{request_id}" in client.get("/").get_data(as_text=True), username
        assert number in client.get("/consultations?tab=overdue").get_data(as_text=True), username
    assert officer.post(f"{address}/take-back", data={"sheets": 2}).status_code == 422
    assert officer.post(f"{address}/take-back", data={"sheets": 2, "damage": "Thiếu tờ 3"}).status_code == 302
    assert "Thiếu tờ 3" in client_as(HEAD).get(address).get_data(as_text=True)


def test_the_question_where_tells_nothing_by_itself(client_as: ClientAs, engine: Engine, dossier_id: str) -> None:
    asker = client_as("canbo.soyt")
    pages = []
    for name in ("Phạm Thị Lan", "Không Có Ai"):
        answer = asker.post("/locating", data={"full_name": name, "reason": "Bổ nhiệm"}, follow_redirects=True)
        assert answer.status_code == 200
        pages.append(answer.get_data(as_text=True).count("No answer yet."))
        assert "Sở Nội vụ" not in answer.get_data(as_text=True)
    assert pages == [1, 2]
    officer = client_as(OFFICER)
    assert "Phạm Thị Lan" in officer.get("/").get_data(as_text=True)
    with db.reading(engine) as session:
        asked = session.scalars(select(LocateAnswer)).all()
        mine = next(one.id for one in asked if one.question.full_name == "Phạm Thị Lan")
    assert client_as("canbo.sotc").post(f"/locating/{mine}/answer", data={"answer": "here"}).status_code == 404
    assert officer.post(f"/locating/{mine}/answer", data={"answer": "here", "note": "Gửi công văn"}).status_code == 302
    told = asker.get("/locating").get_data(as_text=True)
    assert "Sở Nội vụ" in told and "Gửi công văn" in told


def test_a_refusal_says_whom_to_ask_and_gives_the_form(client_as: ClientAs, dossier_id: str) -> None:
    for address in (f"/dossiers/{dossier_id}", f"/dossiers/{'0' * 16}"):
        body = client_as(READER).get(address).get_data(as_text=True)
        assert "the unit that holds it" in body and "/consultations/new" in body
    assert "/consultations/new" not in client_as("quantri").get(f"/dossiers/{dossier_id}").get_data(as_text=True)
    assert "/consultations/new" not in client_as("").get("/nowhere").get_data(as_text=True)


@pytest.mark.browser
@pytest.mark.slow
def test_an_open_page_covers_itself_when_its_time_is_over(
    desk_of: Callable[..., Desk], engine: Engine, dossier_id: str, actor: Actors
) -> None:
    request_id, (page_id, _other) = granted(engine, dossier_id, actor)
    desk = desk_of(READER)
    desk.page.clock.install()
    desk.go(f"/consultations/{request_id}/read/{page_id}")
    cover, image = desk.page.locator("dialog[data-grant]"), desk.page.locator(".viewer img")
    expect(image).to_be_visible()
    expect(cover).to_be_hidden()
    desk.keep_picture("reading-room")
    with db.writing(engine) as session:
        session.get_one(Consultation, request_id).state = ConsultationState.ENDED
    desk.page.clock.fast_forward(6_000)
    expect(cover).to_be_visible()
    expect(image).to_have_count(0)
    behind = cover.evaluate("dialog => getComputedStyle(dialog, '::backdrop').backgroundColor")
    assert behind.startswith("rgb("), f"nothing shows through the cover: {behind}"
    desk.keep_picture("reading-room-over")
