"""Who retires and who is honoured when: by dated tables, within what one may see, and never guessed."""

import dataclasses
import io
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from oms import catalogue, db, milestones, people
from oms.errors import BadInput, ConfirmationNeeded
from oms.milestones import Asked
from oms.models import AuditEntry, Gender, Precision, Unit
from oms.people import NewPerson
from oms.permissions import Actor
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
YEAR_2026 = Asked(date(2026, 1, 1), date(2026, 12, 31))


def add(session: Session, unit_id: str, name: str, **facts: object) -> None:
    unit = session.get_one(Unit, unit_id)
    person = people.add_person(session, NewPerson(full_name=name, **facts), unit)  # type: ignore[arg-type]
    factories.make_dossier(session, unit_id, person=person)


@pytest.mark.parametrize(
    ("born", "woman", "leaves"),
    [
        (date(1970, 1, 20), True, date(2027, 5, 31)),
        (date(1964, 10, 3), False, date(2026, 4, 30)),
        (date(1961, 1, 1), False, date(2021, 4, 30)),
        (date(1962, 6, 30), False, date(2022, 12, 31)),
        (date(1962, 7, 1), False, date(2023, 4, 30)),
        (date(1960, 9, 1), False, None),
        (date(1990, 5, 5), True, date(2050, 5, 31)),
        (date(1966, 12, 31), False, date(2028, 12, 31)),
    ],
)
def test_the_table_of_the_decree(born: date, woman: bool, leaves: date | None) -> None:
    """NĐ 135/2020/NĐ-CP, phụ lục I: the months of birth at both sides of a step."""
    rule = catalogue.retirement_rule(date(2026, 1, 1))
    assert rule is not None and rule.leaves_on(born, woman=woman) == leaves


def test_people_retire_in_the_span_and_the_unknown_are_named(session: Session, world: World, actor: Find) -> None:
    sonv = world.units["sonv"]
    add(session, sonv, "Trần Văn An", birth_date=date(1964, 10, 3), gender=Gender.MALE)
    add(session, sonv, "Lê Thị Bình", birth_date=date(1969, 5, 1), gender=Gender.FEMALE)
    add(session, sonv, "Lò Văn Trẻ", birth_date=date(1990, 2, 1), gender=Gender.MALE)
    add(session, sonv, "Hà Văn Năm", birth_date=date(1964, 1, 1), birth_precision=Precision.YEAR, gender=Gender.MALE)
    add(session, sonv, "Vi Văn Không", birth_date=date(1964, 10, 3))
    add(session, world.units["sotc"], "Đỗ Văn Khác", birth_date=date(1964, 10, 3), gender=Gender.MALE)
    found = milestones.find(session, "retirement", YEAR_2026, actor=actor("canbo.sonv"))
    assert [(row.person.full_name, row.day) for row in found.rows] == [
        ("Trần Văn An", date(2026, 4, 30)),
        ("Lê Thị Bình", date(2026, 5, 31)),
    ]
    assert {(one.person.full_name, one.why.message) for one in found.unknown} == {
        ("Hà Văn Năm", "the day of birth is not written down"),
        ("Vi Văn Không", "the gender is not written down"),
    }
    assert found.basis
    of_sonv = dataclasses.replace(YEAR_2026, unit_id=sonv)
    assert milestones.find(session, "retirement", of_sonv, actor=actor("canbo.sotc")).rows == ()
    nobody = milestones.find(session, "retirement", YEAR_2026, actor=actor("quantri"))
    assert nobody == milestones.Milestones((), (), found.basis)


def test_badges_are_counted_from_the_day_of_joining(session: Session, world: World, actor: Find) -> None:
    sonv = world.units["sonv"]
    add(session, sonv, "Trần Văn An", party_join_date=date(1996, 5, 19))
    add(session, sonv, "Lê Thị Bình", party_join_date=date(1996, 2, 29))
    add(session, sonv, "Lò Văn Ba", party_join_date=date(1991, 5, 19))
    add(session, sonv, "Hà Văn Tư", party_official_date=date(1997, 1, 1))
    add(session, sonv, "Người Ngoài Đảng")
    found = milestones.find(session, "badges", YEAR_2026, actor=actor("canbo.sonv"))
    assert [(row.person.full_name, row.day, row.number) for row in found.rows] == [
        ("Lê Thị Bình", date(2026, 2, 28), 30),
        ("Trần Văn An", date(2026, 5, 19), 30),
    ]
    assert [one.person.full_name for one in found.unknown] == ["Hà Văn Tư"]


def test_a_wrong_span_is_refused() -> None:
    for start, end in ((date(2026, 2, 1), date(2026, 1, 1)), (date(2026, 1, 1), date(2040, 1, 1))):
        with pytest.raises(BadInput):
            Asked(start, end)


def test_the_list_leaves_with_days_as_days(session: Session, world: World, actor: Find) -> None:
    add(session, world.units["sonv"], "Trần Văn An", birth_date=date(1964, 10, 3), gender=Gender.MALE)
    who = actor("canbo.sonv")

    def take(actor: Actor, purpose: str) -> bytes:
        return milestones.export(
            session, "retirement", YEAR_2026, purpose=purpose, actor=actor, translate=lambda message: message
        )

    with pytest.raises(BadInput):
        take(who, "")
    with pytest.raises(ConfirmationNeeded):
        take(dataclasses.replace(who, confirmed=False), "báo cáo")
    sheet = load_workbook(io.BytesIO(take(who, "báo cáo"))).worksheets[0]
    assert (
        sheet["B2"].value == "Trần Văn An" and sheet["G2"].value.date() == date(2026, 4, 30) and sheet["H2"].value == 61
    )
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
    assert actions == ["milestones:export"]


def test_the_pages(client_as: Callable[[str], FlaskClient], engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        facts = {"birth_date": date(1964, 10, 3), "gender": Gender.MALE, "party_join_date": date(1996, 5, 19)}
        add(session, world.units["sonv"], "Trần Văn <An>", **facts)
    client = client_as("canbo.sonv")
    client.set_cookie("language", "en")
    page = client.get("/milestones/retirement?from=01/01/2026").text
    assert "Trần Văn &lt;An&gt;" in page and "30/04/2026" in page
    assert "19/05/2026" in client.get("/milestones/badges?from=01/01/2026&until=31/12/2026").text
    assert "Nobody in this time" in client.get("/milestones/badges?from=01/01/2025&until=31/12/2025").text
    assert client.get("/milestones/badges?from=31/02/2026").status_code == 422
    assert client.get("/milestones/other").status_code == 404
    answer = client.post(
        "/milestones/badges.xlsx?from=01/01/2026&until=31/12/2026",
        data={"purpose": "khen thưởng", "confirm_password": factories.PASSWORD},
    )
    assert load_workbook(io.BytesIO(answer.data)).worksheets[0]["B2"].value == "Trần Văn <An>"
    assert client_as("quantri").get("/milestones/retirement").status_code == 403
