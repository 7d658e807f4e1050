"""Opening dossiers, their place on the shelf, and what of the original set is there."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from oms import completeness, dossiers
from oms.errors import BadInput, Conflict, NotFound, Refused
from oms.models import AuditEntry, Category, Dossier, Person, Unit
from oms.people import NewPerson
from oms.permissions import Actor
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


def open_one(session: Session, world: World, actor: Actor, **changes: object) -> Dossier:
    how: dict[str, object] = {
        "category": Category.CIVIL_SERVANT,
        "custodian": session.get_one(Unit, world.units["sonv"]),
        "new_person": NewPerson(full_name="  Giàng  Thị Dợ "),
    }
    return dossiers.open_dossier(session, actor=actor, **{**how, **changes})


def test_a_person_and_the_first_dossier_come_together(session: Session, world: World, actor: Find) -> None:
    dossier = open_one(session, world, actor("canbo.sonv"))
    assert dossier.number == "HS-000001"
    assert session.get_one(Person, dossier.person_id).full_name == "Giàng Thị Dợ"
    assert dossier.managing_body_id == dossier.custodian_id == world.units["sonv"]
    assert actions(session)[-1] == "dossier:create"


def test_only_officers_open_dossiers_and_only_at_home(session: Session, world: World, actor: Find) -> None:
    for username in ("bithu.sonv", "kiemtra.khoi", "quantri"):
        with pytest.raises(Refused):
            open_one(session, world, actor(username))
    with pytest.raises(BadInput):
        open_one(session, world, actor("canbo.sotc"))
    assert session.scalar(select(Person.id)) is None


def test_one_dossier_for_each_category_and_managing_body(session: Session, world: World, actor: Find) -> None:
    officer = actor("canbo.sonv")
    person = session.get_one(Person, open_one(session, world, officer).person_id)
    second = open_one(session, world, officer, person=person, category=Category.PARTY_MEMBER)
    assert second.person_id == person.id
    with pytest.raises(Conflict):
        open_one(session, world, officer, person=person)


def test_a_dossier_of_another_unit_is_no_dossier(session: Session, world: World, actor: Find) -> None:
    number = open_one(session, world, actor("canbo.sonv")).number
    assert dossiers.get_dossier(session, number.lower(), actor=actor("canbo.sonv")).number == number
    with pytest.raises(NotFound):
        dossiers.get_dossier(session, number, actor=actor("canbo.sotc"))


def test_the_place_is_kept_once_and_logged(session: Session, world: World, actor: Find) -> None:
    officer, dossier = actor("canbo.sonv"), factories.make_dossier(session, world.units["sonv"])
    place = {"room": " Kho 2 ", "shelf": "Giá 3", "box": ""}
    dossiers.place(session, dossier, actor=officer, version=dossier.version, **place)
    assert (dossier.shelf_room, dossier.shelf, dossier.shelf_box) == ("Kho 2", "Giá 3", None)
    dossiers.place(session, dossier, actor=officer, **place)
    assert actions(session).count("dossier:place") == 1


def test_two_who_write_the_place_at_once_do_not_overwrite_each_other(
    session: Session, world: World, actor: Find
) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    seen = dossier.version
    dossiers.place(session, dossier, room="1", shelf="", box="", actor=actor("canbo.sonv"), version=seen)
    with pytest.raises(Conflict):
        dossiers.place(session, dossier, room="2", shelf="", box="", actor=actor("canbo2.sonv"), version=seen)
    assert dossier.shelf_room == "1"


def test_the_place_of_a_frozen_or_foreign_dossier_stays(session: Session, world: World, actor: Find) -> None:
    dossier = factories.make_dossier(session, world.units["sonv"])
    with pytest.raises(Refused):
        dossiers.place(session, dossier, room="1", shelf="", box="", actor=actor("canbo.sotc"))
    dossier.frozen = True
    session.flush()
    with pytest.raises(Refused):
        dossiers.place(session, dossier, room="1", shelf="", box="", actor=actor("canbo.sonv"))
    assert dossier.shelf_room is None


@pytest.mark.parametrize("category", list(Category))
def test_completeness_tells_present_from_missing(
    session: Session, world: World, actor: Find, category: Category
) -> None:
    officer = actor("canbo.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"], category=category)
    empty = completeness.presences(dossier, [])
    assert empty and all(presence.documents == 0 and presence.component.basis for presence in empty)
    assert all(not presence.component.recurring and not presence.component.applies_to for presence in empty)
    scan = factories.make_scan(session, dossier, officer.account_id)
    document = factories.make_document(session, dossier, scan, actor=officer)
    document.component_id = empty[0].component.id
    presences = completeness.presences(dossier, [document])
    assert [presence.documents for presence in presences] == [1] + [0] * (len(empty) - 1)


def test_the_original_set_of_a_civil_servant_has_seven_parts(session: Session, world: World) -> None:
    """TT 11/2012/TT-BNV Đ9: what the dossier is made of first."""
    dossier = factories.make_dossier(session, world.units["sonv"])
    wanted = [presence.component.id for presence in completeness.presences(dossier, [])]
    assert len(wanted) == 7 and wanted[0] == "cs_full_cv" and "cs_appointment_file" not in wanted


def test_counts_are_of_what_the_actor_may_read(session: Session, world: World, actor: Find) -> None:
    factories.make_dossier(session, world.units["sonv"], "Lò Văn Một")
    factories.make_dossier(session, world.units["sonv"], "Lò Văn Hai")
    factories.make_dossier(session, world.units["sotc"], "Lò Văn Ba")
    assert dossiers.count_by_custodian(session, actor=actor("canbo.sonv")) == {world.units["sonv"]: 2}
    assert dossiers.count_by_custodian(session, actor=actor("quantri")) == {}
