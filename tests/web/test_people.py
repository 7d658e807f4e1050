"""The pages of people: found and shown to the unit that holds the dossier, entered with a first dossier."""

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from oms import db
from oms.models import AuditEntry, Category, Dossier, Person, Precision
from tests import factories
from tests.factories import World

Browser = Callable[[str], FlaskClient]


def log(engine: Engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        return [(entry.action, entry.outcome) for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.seq))]


@pytest.fixture
def hoa(engine: Engine, world: World) -> Person:
    """Somebody with one dossier at Sở Nội vụ and another at the Bloc's organisation board."""
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        person = session.get_one(Person, dossier.person_id)
        factories.make_dossier(session, world.units["btc"], person=person, category=Category.CADRE)
        return person


def test_the_list_finds_without_marks_and_is_logged(client_as: Browser, hoa: Person, engine: Engine) -> None:
    client = client_as("canbo.sonv")
    before = len(log(engine))
    page = client.get("/people?name=hoa").text
    assert "Nguyễn Thị Hòa" in page and "HS-000001" in page and "HS-000002" not in page
    assert log(engine)[before:] == [("person:list", "done")]
    assert "Nobody found" in client.get("/people?name=zzz").text
    assert "Hòa" not in client_as("canbo.sotc").get("/people?name=hoa").text


def test_a_person_shows_the_dossiers_of_the_own_unit_only(client_as: Browser, hoa: Person, engine: Engine) -> None:
    client = client_as("canbo.sonv")
    before = len(log(engine))
    page = client.get(f"/people/{hoa.id}").text
    assert "HS-000001" in page and "HS-000002" not in page
    assert "Hòa" not in page.split("</title>")[0]
    assert log(engine)[before:] == [("person:view", "done")]
    answer = client_as("canbo.sotc").get(f"/people/{hoa.id}")
    assert answer.status_code == 404 and "Hòa" not in answer.text
    assert log(engine)[-1] == ("person:read", "refused")


@pytest.mark.parametrize("username", ["kiemtra.khoi", "nguoilaodong.sonv", "quantri"])
def test_who_reads_no_dossier_sees_nobody(client_as: Browser, hoa: Person, username: str) -> None:
    client = client_as(username)
    for path in ("/people", f"/people/{hoa.id}", "/people/new"):
        answer = client.get(path)
        assert answer.status_code in (403, 404) and "Hòa" not in answer.text


def test_entering_somebody_opens_the_dossier(client_as: Browser, engine: Engine, world: World) -> None:
    client = client_as("canbo.sonv")
    form = {
        "full_name": "Vừ A Sính",
        "category": "civil_servant",
        "gender": "male",
        "birth_date": "03/1979",
        "personal_id": "014 079 000 123",
        "aliases": "Vừ Sính; A Sính",
        "party_join_date": "3/2/2001",
        "shelf_room": "Kho 2",
    }
    answer = client.post("/people/new", data=form)
    assert answer.status_code == 302
    with db.reading(engine) as session:
        person = session.scalars(select(Person)).one()
        assert (person.birth_date, person.birth_precision) == (date(1979, 3, 1), Precision.MONTH)
        assert person.personal_id == "014079000123" and person.party_join_date == date(2001, 2, 3)
        assert [alias.name for alias in person.aliases] == ["Vừ Sính", "A Sính"]
        dossier = session.scalars(select(Dossier)).one()
        assert dossier.custodian_id == world.units["sonv"] and dossier.shelf_room == "Kho 2"
        assert answer.location == f"/dossiers/{dossier.id}"
    page = client.get(answer.location).text
    assert "03/1979" not in page and "was opened" in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("full_name", " ", "Enter the full name"),
        ("category", "nonsense", "Choose the category"),
        ("birth_date", "31/02/1998", "This is not a date"),
        ("birth_date", "hôm qua", "This is not a date"),
        ("party_join_date", "1998", "This is not a day of the calendar"),
        ("personal_id", "123", "An ID number has 12 digits"),
        ("custodian", "0" * 16, "Choose your unit"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    client_as: Browser, engine: Engine, field: str, value: str, sentence: str
) -> None:
    form = {"full_name": "Vừ A Sính", "category": "cadre", "home_town": "Mộc Châu"} | {field: value}
    answer = client_as("canbo.sonv").post("/people/new", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text and "Mộc Châu" in answer.text
    if field != "custodian":
        assert f'id="{field}-error"' in answer.text
    with db.reading(engine) as session:
        assert session.scalar(select(Person.id)) is None


def test_an_id_number_of_elsewhere_is_refused_without_a_word_and_logged(
    client_as: Browser, hoa: Person, engine: Engine
) -> None:
    with db.writing(engine) as session:
        session.get_one(Person, hoa.id).personal_id = "001085000001"
    form = {"full_name": "Lò Thị Mai", "category": "cadre", "personal_id": "001085000001"}
    answer = client_as("canbo.soyt").post("/people/new", data=form)
    assert answer.status_code == 422 and "This ID number cannot be entered." in answer.text
    assert "Hòa" not in answer.text
    assert log(engine)[-1] == ("dossier:create", "refused")


def test_heads_read_but_do_not_enter(client_as: Browser, hoa: Person) -> None:
    client = client_as("bithu.sonv")
    assert "/people/new" not in client.get("/people").text
    assert client.post("/people/new", data={"full_name": "X", "category": "cadre"}).status_code == 403


def test_a_long_list_asks_no_more_questions(client_as: Browser, engine: Engine, world: World) -> None:
    client, asked = client_as("canbo.sonv"), []
    with db.writing(engine) as session:
        for number in range(3):
            factories.make_dossier(session, world.units["sonv"], f"Lò Văn Số {number}")
    client.get("/people")  # the first request of a house does a little more
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    client.get("/people")
    few = len(asked)
    with db.writing(engine) as session:
        for number in range(60):
            factories.make_dossier(session, world.units["sonv"], f"Hà Văn Số {number}")
    asked.clear()
    page = client.get("/people").text
    assert page.count("/dossiers/") == 50 and "page=2" in page
    assert len(asked) == few
    assert client.get("/people?page=2").text.count("/dossiers/") == 13
    assert client.get("/people?page=999&sort=-born&unit=x").status_code == 200
    assert client.get("/people?page=-1").status_code == 200
