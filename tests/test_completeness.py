"""What dossiers lack: by the list of a day, for one dossier, a unit, all one may read; never for others."""

import dataclasses
import io
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from oms import catalogue, completeness, db, papers
from oms.completeness import Wish
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import Account, AuditEntry, Category, Document, Dossier, PaperKind
from oms.papers import Printing
from oms.permissions import Actor
from tests import factories
from tests.factories import World
from tests.test_papers import entries, text_of

Find = Callable[[str], Actor]
WANTED = completeness.wanted(Category.CIVIL_SERVANT)


def put(
    session: Session, dossier: Dossier, component: str, issued: date | None = None, *, sealed: bool = False
) -> None:
    """A document of the component, as if it had been filed."""
    session.add(
        Document(
            dossier_id=dossier.id,
            component_id=component,
            title="Tài liệu",
            issued_on=issued,
            issued_precision="day" if issued else None,
            position=1,
            sealed=sealed,
            filed_by_id=session.scalars(select(Account.id).where(Account.username == "canbo.sonv")).one(),
        )
    )
    session.flush()


def documents(session: Session, dossier: Dossier) -> list[Document]:
    return list(session.scalars(select(Document).where(Document.dossier_id == dossier.id)))


def test_years_without_the_paper_of_every_year(session: Session, world: World) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    for year in (2019, 2021):
        put(session, dossier, "cs_self_review", date(year, 12, 10))
    put(session, dossier, "cs_supplement", date(2023, 12, 1))
    day = date(2025, 1, 10)
    gaps = {gap.component.id: gap for gap in completeness.yearly_gaps(dossier, documents(session, dossier), day)}
    assert gaps["cs_self_review"].years == (2020, 2022, 2023, 2024)
    assert "cs_supplement" not in gaps, "that of 2024 is owed after 15 January 2025"
    later = completeness.yearly_gaps(dossier, documents(session, dossier), date(2025, 1, 16))
    assert {gap.component.id: gap.years for gap in later}["cs_supplement"] == (2024,)


def test_what_never_came_is_said_without_a_year(session: Session, world: World) -> None:
    gaps = completeness.yearly_gaps(factories.make_dossier(session, world.units["sonv"]), [])
    assert gaps and all(gap.none and gap.years == () for gap in gaps)
    assert all(gap.component.required and gap.component.recurring for gap in gaps)


def test_a_paper_due_at_the_end_of_its_year(session: Session, world: World) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"], category=Category.PUBLIC_EMPLOYEE)
    put(session, dossier, "pe_supplement", date(2023, 12, 1))
    (gap,) = [
        gap
        for gap in completeness.yearly_gaps(dossier, documents(session, dossier), date(2025, 6, 1))
        if gap.component.id == "pe_supplement"
    ]
    assert gap.years == (2024,)


def test_units_and_dossiers_are_those_one_may_read(session: Session, world: World, actor: Find) -> None:
    whole = factories.make_dossier(session, world.units["sonv"], "Lê Văn Đủ")
    for row in WANTED:
        put(session, whole, row.id)
        put(session, whole, row.id)
    lacking = factories.make_dossier(session, world.units["sonv"], "Lê Văn Thiếu")
    put(session, lacking, WANTED[0].id)
    put(session, lacking, WANTED[1].id, sealed=True)
    factories.make_dossier(session, world.units["sotc"], "Trần Văn Khác")
    look = completeness.look(session, actor=actor("canbo.sonv"))
    standing = look.standing
    (state,) = standing.states
    total = len(WANTED)
    assert (state.unit.id, state.dossiers, state.complete) == (world.units["sonv"], 2, 1)
    assert (state.wanted, state.present) == (2 * total, total + 1) and state.share == 100 * (total + 1) // (2 * total)
    (row,) = look.lacking
    assert look.total == 1 and row.dossier.id == lacking.id
    assert completeness.list_lacking(session, actor=actor("canbo.sonv")) == [row]
    assert [one.id for one in row.missing] == [row.id for row in WANTED[1:]], "sealed inserts count for nothing"
    assert {row.id: missing for row, missing in standing.gaps} == {row.id: 1 for row in WANTED[1:]}
    assert state.gaps == standing.gaps
    other = completeness.look(session, Wish(world.units["sonv"]), actor=actor("canbo.sotc"))
    assert (other.lacking, other.total) == ([], 0)
    assert [state.unit.id for state in other.standing.states] == [world.units["sotc"]]
    assert [entry.action for entry in entries(session, "completeness:list")] == ["completeness:list"] * 3


def test_one_component_and_one_category(session: Session, world: World, actor: Find) -> None:
    who = actor("canbo.sonv")
    first = factories.make_dossier(session, world.units["sonv"], "Lê Văn Một")
    put(session, first, WANTED[0].id)
    factories.make_dossier(session, world.units["sonv"], "Lê Văn Hai", category=Category.PARTY_MEMBER)

    def found(**filters: object) -> list[str]:
        look = completeness.look(session, Wish(**filters), actor=who)  # type: ignore[arg-type]
        assert look.total == len(look.lacking)
        return [row.dossier.person.full_name for row in look.lacking]

    assert found() == ["Lê Văn Hai", "Lê Văn Một"]
    assert found(category=Category.CIVIL_SERVANT) == ["Lê Văn Một"]
    assert found(component_id=WANTED[0].id) == []
    assert found(component_id=WANTED[1].id) == ["Lê Văn Một"]


def test_pages_follow_one_another_by_name(
    session: Session, world: World, actor: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completeness, "PAGE_SIZE", 2)
    for name in ("Lê Thị Em", "Lê Thị An", "Lê Thị Dung", "Lê Thị Bé", "Lê Thị Cúc"):
        factories.make_dossier(session, world.units["sonv"], name)
    looks = [completeness.look(session, actor=actor("canbo.sonv"), page=page) for page in (1, 2, 3, 4)]
    names = [[row.dossier.person.full_name.split()[-1] for row in look.lacking] for look in looks]
    assert names == [["An", "Bé"], ["Cúc", "Dung"], ["Em"], []]
    assert {look.total for look in looks} == {5}


def test_the_list_of_another_day(session: Session, world: World, actor: Find) -> None:
    """Before the circular was in force nothing was asked for, and nothing is missing."""
    dossier = factories.make_dossier(session, world.units["sonv"])
    before = date(2010, 1, 1)
    assert catalogue.components(Category.CIVIL_SERVANT.value, before) == ()
    assert completeness.presences(dossier, [], before) == []
    look = completeness.look(session, Wish(on=before), actor=actor("canbo.sonv"))
    assert (look.lacking, look.total) == ([], 0)
    (state,) = look.standing.states
    assert (state.complete, state.share) == (1, 100)


@pytest.mark.parametrize("username", ["quantri", "kiemtra.khoi", "nguoilaodong.sonv"])
def test_who_reads_no_dossier_learns_nothing(session: Session, world: World, actor: Find, username: str) -> None:
    factories.make_dossier(session, world.units["sonv"])
    who = actor(username)
    assert completeness.look(session, actor=who) == completeness.Look(completeness.Standing((), ()), [], 0)
    assert completeness.list_lacking(session, actor=who) == []


def test_queries_do_not_grow_with_dossiers(session: Session, world: World, actor: Find, engine: Engine) -> None:
    who = actor("canbo.sonv")
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *given: asked.append(given[2]))

    def ask() -> int:
        asked.clear()
        session.expire_all()
        for row in (
            *completeness.look(session, actor=who).lacking,
            *completeness.list_lacking(session, actor=who),
        ):
            assert row.dossier.person.unit.name and row.dossier.custodian.name
        return len(asked)

    factories.make_dossier(session, world.units["sonv"], "Lê Văn Một")
    few = ask()
    for number in range(12):
        factories.make_dossier(session, world.units["sonv"], f"Lê Văn {'Mười' * (number + 1)}")
    assert ask() == few


def test_the_list_leaves_as_a_file_with_its_purpose(session: Session, world: World, actor: Find) -> None:
    factories.make_dossier(session, world.units["sonv"], "=Lê Văn Một")
    who = actor("canbo.sonv")

    def take(actor: Actor, purpose: str) -> bytes:
        return completeness.export(session, actor=actor, purpose=purpose, translate=lambda message: message)

    with pytest.raises(BadInput):
        take(who, " ")
    with pytest.raises(ConfirmationNeeded):
        take(dataclasses.replace(who, confirmed=False), "kiểm tra")
    book = load_workbook(io.BytesIO(take(who, "kiểm tra")))
    rows = list(book.worksheets[0].iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(WANTED) and rows[0][0] == "=Lê Văn Một"
    assert book.worksheets[0]["A2"].data_type == "s"
    (entry,) = entries(session, "completeness:export")
    assert f'"rows":{len(WANTED)}' in entry.body.replace(" ", "")


def test_the_request_names_what_is_missing_and_by_which_rule(session: Session, world: World, actor: Find) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"], "K' Brõi Thị Hòa")
    put(session, dossier, WANTED[0].id)
    put(session, dossier, "cs_self_review", date(2019, 12, 10))
    printing = Printing(actor("canbo.sonv"), "filing", "https://oms.example/")
    paper = papers.supplement_request(session, dossier, printing=printing)
    text = text_of(paper.body)
    assert "PHIẾU ĐỀ NGHỊ BỔ SUNG HỒ SƠ" in text and "K' BRÕI THỊ HÒA" in text.upper()
    assert "2020" in text and "TT 11/2012/TT-BNV" in text and paper.number
    with pytest.raises(Refused):
        papers.supplement_request(session, dossier, printing=dataclasses.replace(printing, actor=actor("canbo.sotc")))


def test_nothing_is_asked_for_where_nothing_is_missing(session: Session, world: World, actor: Find) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    last = completeness.today().year
    for row in WANTED:
        put(session, dossier, row.id)
    for component in ("cs_self_review", "cs_supplement"):
        for year in (last - 2, last - 1):
            put(session, dossier, component, date(year, 12, 31))
    with pytest.raises(Conflict, match="Nothing is missing"):
        papers.supplement_request(session, dossier, printing=Printing(actor("canbo.sonv"), "filing"))
    assert entries(session, "paper:print") == []


def test_the_page_shows_filters_prints_and_exports(
    client_as: Callable[[str], FlaskClient], engine: Engine, world: World
) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị <Hòa>")
        factories.make_dossier(session, world.units["sotc"], "Trần Văn Khác")
    client = client_as("canbo.sonv")
    client.set_cookie("language", "en")
    page = client.get("/completeness").text
    assert "Nguyễn Thị &lt;Hòa&gt;" in page and "Trần Văn Khác" not in page and "7 of 7 missing" in page
    assert PaperKind.SUPPLEMENT_REQUEST.value in page
    assert "Nothing is missing" in client.get("/completeness?on=01/01/2010").text
    assert "not a day of the calendar" in client.get("/completeness?on=31/02/2010").text
    assert "7 of 7 missing" in client.get(f"/dossiers/{dossier.id}").text
    answer = client.post(
        "/completeness/lacking.xlsx", data={"purpose": "kiểm tra", "confirm_password": factories.PASSWORD}
    )
    assert answer.status_code == 200 and load_workbook(io.BytesIO(answer.data)).worksheets[0]["A2"].value
    assert client.post("/completeness/lacking.xlsx", data={}).status_code == 422
    with db.reading(engine) as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
    assert "completeness:export" in actions
    assert client_as("quantri").get("/completeness").status_code == 403
