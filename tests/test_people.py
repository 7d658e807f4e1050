"""Finding people as officers do: without marks, by part of a name, an alias or the number; and only one's own."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from oms import db, dossiers, people
from oms.errors import BadInput, Conflict, Refused
from oms.models import Account, AuditEntry, Category, Person, PersonAlias, Unit
from oms.people import NewPerson
from oms.permissions import Actor
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]


@pytest.fixture
def three(session: Session, world: World) -> dict[str, Person]:
    """Hòa and Páo at Sở Nội vụ, An at Sở Tài chính."""
    made = {
        "hoa": factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa", birth_date=date(1985, 3, 2)),
        "pao": factories.make_dossier(session, world.units["sonv"], "Vàng A Páo", birth_date=date(1979, 1, 1)),
        "an": factories.make_dossier(session, world.units["sotc"], "Trần Văn An"),
    }
    session.add(PersonAlias(person_id=made["pao"].person_id, name="Vàng Minh Đức"))
    session.commit()
    return {key: dossier.person for key, dossier in made.items()}


def names(session: Session, actor: Actor, **how: str) -> list[str]:
    return [person.full_name for person in people.list_people(session, actor=actor, **how)[0]]


@pytest.mark.parametrize("typed", ["hoa", "Hòa", "HÒA", "nguyen hoa", "hòa nguyễn", "ng thi h"])
def test_a_name_is_found_with_and_without_marks(session: Session, three, actor: Find, typed: str) -> None:
    assert names(session, actor("canbo.sonv"), name=typed) == ["Nguyễn Thị Hòa"]


@pytest.mark.parametrize("typed", ["minh duc", "Đức"])
def test_an_alias_finds_too(session: Session, three, actor: Find, typed: str) -> None:
    assert names(session, actor("canbo.sonv"), name=typed) == ["Vàng A Páo"]


def test_the_number_of_a_dossier_finds_its_person_but_not_for_others(session: Session, three, actor: Find) -> None:
    number = three["an"].dossiers[0].number
    assert names(session, actor("canbo.sotc"), name=number.lower()) == ["Trần Văn An"]
    assert names(session, actor("canbo.sonv"), name=number) == []


def test_others_are_not_found_and_not_counted(session: Session, three, actor: Find) -> None:
    found, total = people.list_people(session, actor=actor("canbo.sonv"), name="an")
    assert (found, total) == ([], 0)
    assert people.list_people(session, actor=actor("canbo.sonv"))[1] == 2
    assert people.list_people(session, actor=actor("kiemtra.khoi"))[1] == 0


def test_the_order_is_by_given_name_or_birth_and_turns_round(session: Session, three, actor: Find) -> None:
    officer = actor("canbo.sonv")
    assert names(session, officer) == ["Nguyễn Thị Hòa", "Vàng A Páo"]
    assert names(session, officer, sort="-name") == ["Vàng A Páo", "Nguyễn Thị Hòa"]
    assert names(session, officer, sort="born") == ["Vàng A Páo", "Nguyễn Thị Hòa"]
    assert names(session, officer, sort="nonsense") == ["Nguyễn Thị Hòa", "Vàng A Páo"]


def test_a_unit_means_also_those_below_and_those_it_holds(session: Session, three, actor: Find, world: World) -> None:
    officer = actor("canbo.sonv")
    three["hoa"].unit_id = world.units["sonv_c1"]
    three["pao"].unit_id = world.units["soyt"]
    session.flush()
    assert names(session, officer, unit_id=world.units["sonv"]) == ["Nguyễn Thị Hòa", "Vàng A Páo"]
    assert names(session, officer, unit_id=world.units["sonv_c1"]) == ["Nguyễn Thị Hòa"]
    assert names(session, officer, unit_id=world.units["sotc"]) == []
    offered = {unit.id for unit in people.units_with_people(session, actor=officer)}
    assert offered == {world.units[code] for code in ("sonv", "sonv_c1", "soyt")}


def test_looking_at_a_person_is_logged_and_refused_to_others(session: Session, three, actor: Find) -> None:
    people.view(session, three["hoa"], actor=actor("canbo.sonv"))
    entry = session.scalar(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1))
    assert entry is not None and (entry.action, entry.object_id) == ("person:view", three["hoa"].id)
    with pytest.raises(Refused):
        people.view(session, three["hoa"], actor=actor("canbo.sotc"))


def test_a_person_learns_only_of_the_own_dossiers(session: Session, three, actor: Find, world: World) -> None:
    session.get_one(Account, world.accounts["nguoilaodong.sonv"]).person_id = three["hoa"].id
    session.commit()
    own = people.own_dossiers(session, actor=actor("nguoilaodong.sonv"))
    assert [dossier.person_id for dossier in own] == [three["hoa"].id]
    assert people.own_dossiers(session, actor=actor("canbo.sonv")) == []


@pytest.mark.parametrize(
    "new",
    [
        NewPerson(full_name="   "),
        NewPerson(full_name="A" * 121),
        NewPerson(full_name="Lò Thị Mai", personal_id="12345"),
        NewPerson(full_name="Lò Thị Mai", personal_id="１２３４５６７８９"),
        NewPerson(full_name="Lò Thị Mai", birth_date=date(2999, 1, 1)),
    ],
)
def test_what_cannot_be_is_refused(session: Session, world: World, new: NewPerson) -> None:
    with pytest.raises(BadInput):
        people.add_person(session, new, session.get_one(Unit, world.units["sonv"]))


def test_an_id_number_exists_once_and_the_refusal_tells_nothing(session: Session, actor: Find, world: World) -> None:
    new = NewPerson(full_name="Lò Thị Mai", personal_id="011185000123")
    for place, username in (("sotc", "canbo.sotc"), ("sonv", "canbo.sonv")):
        unit = session.get_one(Unit, world.units[place])
        how = {"actor": actor(username), "category": Category.CADRE, "custodian": unit, "new_person": new}
        if place == "sotc":
            dossiers.open_dossier(session, **how)
            continue
        with pytest.raises(Conflict) as refusal:
            dossiers.open_dossier(session, **how)
        assert "Mai" not in str(refusal.value) and "Tài chính" not in str(refusal.value)


def test_a_list_asks_as_often_for_fifty_as_for_two(engine: Engine, world: World, actor: Find) -> None:
    officer = actor("canbo.sonv")

    def count_questions() -> int:
        asked: list[str] = []
        with db.reading(engine) as session:
            event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
            for person in people.list_people(session, actor=officer, name="nguyen")[0]:
                assert person.unit.short_name
                assert all(dossier.custodian.name for dossier in people.dossiers_of(person, actor=officer))
        return len(asked)

    def add(count: int, start: int) -> None:
        with db.writing(engine) as session:
            for number in range(start, start + count):
                factories.make_dossier(session, world.units["sonv"], f"Nguyễn Văn Số {number}")

    add(2, 0)
    few = count_questions()
    add(48, 2)
    # The listener of the first count is still there and counts into its own list.
    assert count_questions() == few
