"""Pages of supplements: from opening a campaign to the attestation, what the person sees, what others never see."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import g
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from oms import accounts, campaigns, db
from oms.models import Account, AuditEntry, Category, Declaration, DeclarationState, RecordStatement
from oms.organisation import today
from oms.papers import supplements
from tests import factories
from tests.factories import World
from tests.printing.test_short_cv import text_of

Open = Callable[[str], FlaskClient]
FORM = {
    "name": "Bổ sung lý lịch năm nay",
    "year": str(today().year),
    "starts_on": f"{today():%d/%m/%Y}",
    "ends_on": f"{today() + timedelta(days=30):%d/%m/%Y}",
    "categories": ["civil_servant"],
    "fields": ["phone", "current_address", "training"],
}


@pytest.fixture
def people(engine: Engine, world: World) -> list[str]:
    """Two people of Sở Nội vụ; the first one has an account."""
    with db.writing(engine) as session:
        made = [factories.make_dossier(session, world.units["sonv"], name) for name in ("Hà Thị Mai", "Đỗ Văn Nam")]
        session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = made[0].person_id
        return [one.person_id for one in made]


@pytest.fixture
def opened(engine: Engine, world: World, people: list[str]) -> tuple[str, list[str]]:
    """The ids of an open campaign and of its declarations, in the order of `people`."""
    with db.writing(engine) as session:
        officer = accounts.get_actor(session, "canbo.sonv", via="web")
        unit = world.units["sonv"]
        days = {"starts_on": today(), "ends_on": today() + timedelta(days=30)}
        wish = campaigns.NewCampaign(
            "Đợt năm nay",
            today().year,
            **days,
            unit_id=unit,
            unit_ids=[unit],
            categories=list(Category),
            fields=FORM["fields"],
        )
        campaign = campaigns.open_campaign(session, wish, actor=officer)
        by_person = {one.dossier.person_id: one.id for one in session.scalars(select(Declaration))}
        return campaign.id, [by_person[id] for id in people]


def state(engine: Engine, id: str) -> DeclarationState:
    with db.reading(engine) as session:
        return session.get_one(Declaration, id).state


def test_from_opening_to_the_record(engine: Engine, world: World, client_as: Open, people: list[str]) -> None:
    officer, person, head = client_as("canbo.sonv"), client_as("nguoilaodong.sonv"), client_as("bithu.sonv")
    form = FORM | {"unit": world.units["sonv"]}
    assert officer.get("/campaigns/new").status_code == 200
    page = officer.post("/campaigns/new", data=form, follow_redirects=True)
    assert page.status_code == 200 and "Hà Thị Mai" in page.text and page.request.path in officer.get("/").text
    with db.reading(engine) as session:
        id = session.scalars(
            select(Declaration.id).join(Declaration.dossier).where(Declaration.dossier.has(person_id=people[0]))
        ).one()
    own = f"/own/supplements/{id}"
    assert own in person.get("/").text, "the start page reminds the person"
    draft = {"value-phone": "0912 345 678", "since-phone": "3/2026", "cell-training-0-0": "Trường Chính trị tỉnh"}
    saved = person.post(own, data=draft, headers={"X-Requested-With": "fetch"})
    assert saved.status_code == 200 and saved.json["version"] > 1
    assert "0912345678" in person.get(own).text
    stale = person.post(own, data=draft | {"version": "1"}, headers={"X-Requested-With": "fetch"})
    assert stale.status_code == 409 and stale.json["message"]
    bad = person.post(own, data=draft | {"value-phone": "12", "act": "send"})
    assert bad.status_code == 422 and 'value="12"' in bad.text and state(engine, id) is DeclarationState.DRAFT
    assert person.post(own, data=draft | {"act": "send"}, follow_redirects=True).status_code == 200
    assert state(engine, id) is DeclarationState.SENT and own not in person.get("/").text
    shown = officer.get(f"/declarations/{id}").text
    assert "0912345678" in shown and "Trường Chính trị tỉnh" in shown
    with db.reading(engine) as session:
        entries = [entry.id for entry in session.get_one(Declaration, id).entries]
    said = {f"verdict-{entry}": "approved" for entry in entries} | {"act": "finish"}
    assert officer.post(f"/declarations/{id}/judge", data=said).status_code == 302
    assert officer.post(f"/declarations/{id}/attest").status_code == 403
    assert head.post(f"/declarations/{id}/attest", data={"confirm_password": factories.PASSWORD}).status_code == 302
    assert state(engine, id) is DeclarationState.ATTESTED
    with db.reading(engine) as session:
        assert [one.text for one in session.scalars(select(RecordStatement))] == ["0912345678"]
    assert "0912345678" in person.get(own).text
    with db.reading(engine) as session:
        dossier = session.get_one(Declaration, id).dossier_id
    assert own in person.get(f"/own/dossiers/{dossier}").text, "what was handed in is found again"


def test_a_refusal_is_read_by_the_person(engine: Engine, client_as: Open, opened: tuple[str, list[str]]) -> None:
    id = opened[1][0]
    officer, person = client_as("canbo.sonv"), client_as("nguoilaodong.sonv")
    person.post(f"/own/supplements/{id}", data={"value-phone": "0912345678", "act": "send"})
    with db.reading(engine) as session:
        entry = session.get_one(Declaration, id).entries[0].id
    blank = officer.post(f"/declarations/{id}/judge", data={f"verdict-{entry}": "refused", "act": "finish"})
    assert blank.status_code == 422
    assert officer.post(f"/declarations/{id}/judge", data={"act": "finish"}).status_code == 422
    returned = officer.post(f"/declarations/{id}/return", data={"reason": "Kèm theo hợp đồng điện thoại"})
    assert returned.status_code == 302 and "Kèm theo hợp đồng" in person.get(f"/own/supplements/{id}").text
    assert "Kèm theo hợp đồng" in person.get("/").text


def test_the_officer_enters_the_paper_of_somebody_without_account(engine: Engine, client_as: Open, opened) -> None:
    id = opened[1][1]
    officer = client_as("canbo.sonv")
    assert officer.get(f"/declarations/{id}/enter").status_code == 200
    wrong = officer.post(f"/declarations/{id}/enter", data={"value-phone": "x", "value-current_address": "Đà Lạt"})
    assert wrong.status_code == 422 and "Đà Lạt" in wrong.text
    done = officer.post(f"/declarations/{id}/enter", data={"value-phone": "0912345678", "act": "send"})
    assert done.status_code == 302 and state(engine, id) is DeclarationState.SENT
    assert client_as("bithu.sonv").get(f"/declarations/{id}/enter").status_code == 403


def test_nothing_of_it_is_open_to_others(engine: Engine, client_as: Open, opened: tuple[str, list[str]]) -> None:
    campaign, (mine, other) = opened
    for name in ("canbo.sotc", "bithu.sotc", "kiemtra.khoi", "quantri"):
        client = client_as(name)
        for address in (f"/campaigns/{campaign}", f"/declarations/{mine}", f"/own/supplements/{mine}"):
            assert client.get(address).status_code == 404, (name, address)
        for address in (f"/campaigns/{campaign}/close", f"/declarations/{mine}/judge", f"/own/supplements/{mine}"):
            assert client.post(address, data={"act": "send"}).status_code == 404, (name, address)
    person = client_as("nguoilaodong.sonv")
    assert person.get(f"/own/supplements/{other}").status_code == 404
    assert person.post(f"/own/supplements/{other}", data={"act": "send"}).status_code == 404
    assert person.get(f"/declarations/{mine}").status_code == 404
    assert {state(engine, id) for id in (mine, other)} == {DeclarationState.NOT_STARTED}
    with db.reading(engine) as session:
        assert not session.scalars(
            select(AuditEntry.seq).where(AuditEntry.action.like("declaration:%"), AuditEntry.outcome == "done")
        ).all()


def test_who_has_not_handed_in_as_list_and_as_excel(client_as: Open, opened: tuple[str, list[str]]) -> None:
    officer = client_as("canbo.sonv")
    page = officer.get("/overdue/supplements").text
    assert "Hà Thị Mai" in page and "Đỗ Văn Nam" in page
    assert "Hà Thị Mai" not in officer.get("/overdue/supplements?only=late").text
    assert officer.post("/overdue/supplements.xlsx", data={"purpose": ""}).status_code == 422
    file = officer.post(
        f"/overdue/supplements.xlsx?campaign={opened[0]}",
        data={"purpose": "Đôn đốc", "confirm_password": factories.PASSWORD},
    )
    assert file.status_code == 200 and file.data[:2] == b"PK"
    assert "Hà Thị Mai" in officer.get("/overdue/new-dossiers").text
    assert "Hà Thị Mai" not in client_as("canbo.sotc").get("/overdue/new-dossiers").text


def test_the_campaign_is_changed_and_ended(client_as: Open, opened: tuple[str, list[str]]) -> None:
    officer, address = client_as("canbo.sonv"), f"/campaigns/{opened[0]}"
    assert officer.post(f"{address}/change", data={"name": "Đợt 1", "ends_on": "31/02/2026"}).status_code == 422
    day = f"{today() + timedelta(days=5):%d/%m/%Y}"
    assert day in officer.post(f"{address}/change", data={"name": "Đợt 1", "ends_on": day}, follow_redirects=True).text
    assert client_as("bithu.sonv").post(f"{address}/close").status_code == 403
    assert officer.post(f"{address}/close").status_code == 302
    assert officer.post(f"{address}/close").status_code == 409
    assert officer.post(f"{address}/discard").status_code == 409


def test_pages_ask_as_often_for_many_as_for_few(engine: Engine, world: World, client_as: Open, opened) -> None:
    officer = client_as("canbo.sonv")
    addresses = ("/campaigns", f"/campaigns/{opened[0]}", "/overdue/supplements", "/overdue/new-dossiers")

    def count() -> list[int]:
        found = []
        for address in addresses:
            statements: list[str] = []

            def listen(*arguments: object, kept: list[str] = statements) -> None:
                kept.append(str(arguments[2]))

            event.listen(engine, "before_cursor_execute", listen)
            assert officer.get(address).status_code == 200
            event.remove(engine, "before_cursor_execute", listen)
            found.append(sum(statement.startswith("SELECT") for statement in statements))
        return found

    count()
    few = count()
    with db.writing(engine) as session:
        for place in range(8):
            factories.make_dossier(session, world.units["sonv"], f"Người {place}")
    officer.post(f"/campaigns/{opened[0]}/take-in")
    count()
    assert count() == few


def test_blank_forms_of_a_unit_leave_as_one_file(engine: Engine, client_as: Open, opened) -> None:
    campaign, _declarations = opened
    officer, other = client_as("canbo.sonv"), client_as("canbo.sotc")
    assert "/forms" in officer.get(f"/campaigns/{campaign}").text
    printed = officer.post(f"/campaigns/{campaign}/forms", data={"unit": "", "account": ""})
    assert printed.status_code == 200 and printed.mimetype == "application/pdf"
    said = text_of(printed.data)
    assert said.index("Hà Thị Mai") < said.index("Đỗ Văn Nam"), "by given name"
    alone = text_of(officer.post(f"/campaigns/{campaign}/forms", data={"unit": "", "account": "none"}).data)
    assert "Đỗ Văn Nam" in alone and "Hà Thị Mai" not in alone
    with db.reading(engine) as session:
        printed_acts = session.scalars(select(AuditEntry).where(AuditEntry.action == "declaration:print")).all()
    assert len(printed_acts) == 3
    assert other.post(f"/campaigns/{campaign}/forms").status_code == 404
    with db.writing(engine) as session:
        for declaration in session.scalars(select(Declaration)):
            declaration.state = DeclarationState.DRAFT
    assert officer.post(f"/campaigns/{campaign}/forms").status_code == 422
    with db.reading(engine) as session:
        acts = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "declaration:print")).all()
    assert len(acts) == 3


def test_nobody_waits_while_blank_forms_are_drawn(engine: Engine, client_as: Open, opened, monkeypatch) -> None:
    seen: list[tuple[bool, int]] = []
    query = select(AuditEntry).where(AuditEntry.action == "declaration:print")
    draw = supplements.draw_supplement_form

    def look(form: supplements.SupplementForm) -> bytes:
        with db.reading(engine) as other:
            seen.append((g.session.info["writing"] or "turn" in g, len(other.scalars(query).all())))
        return draw(form)

    monkeypatch.setattr(supplements, "draw_supplement_form", look)
    assert client_as("canbo.sonv").post(f"/campaigns/{opened[0]}/forms").status_code == 200
    assert seen == [(False, 0), (False, 0)], "no writer's place is held, and nothing is in the log yet"
    with db.reading(engine) as session:
        assert {one.object_id for one in session.scalars(query)} == set(opened[1]), "all before the file leaves"


def test_blank_forms_of_many_are_printed_part_by_part(engine: Engine, client_as: Open, opened, monkeypatch) -> None:
    officer, address = client_as("canbo.sonv"), f"/campaigns/{opened[0]}"
    assert 'name="part"' not in officer.get(address).text, "one file holds all"
    monkeypatch.setattr(supplements, "FORMS_AT_ONCE", 1)
    page = officer.get(address).text
    assert '<option value="1">1–1</option>' in page and '<option value="2">2–2</option>' in page
    assert 'name="part"' not in officer.get(f"{address}?account=none").text
    first, second = (text_of(officer.post(f"{address}/forms", data={"part": part}).data) for part in (1, 2))
    assert "Hà Thị Mai" in first and "Đỗ Văn Nam" not in first
    assert "Đỗ Văn Nam" in second and "Hà Thị Mai" not in second
    assert officer.post(f"{address}/forms", data={"part": 3}).status_code == 422
    with db.reading(engine) as session:
        printed = select(AuditEntry.object_id).where(AuditEntry.action == "declaration:print").order_by(AuditEntry.seq)
        assert session.scalars(printed).all() == opened[1]
