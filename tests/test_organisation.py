"""The tree of units: what stands below what, on which day, and what came before."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from oms import organisation
from oms.errors import BadInput, Refused
from oms.models import Unit, UnitKind, UnitSuccession
from oms.organisation import Branch
from oms.permissions import Actor
from tests import factories
from tests.factories import World

Find = Callable[[str], Actor]
DAY = date(2026, 11, 24)


def codes(branches: tuple[Branch, ...] | list[Branch]) -> dict[str, object]:
    return {branch.unit.code: codes(branch.below) for branch in branches}


def test_the_tree_has_every_unit_below_its_parent(session: Session, world: World, actor: Find) -> None:
    tree = organisation.list_units(session, DAY, actor=actor("kiemtra.khoi"))
    assert codes(tree) == {"khoi": {"btc": {}, "sonv": {"sonv_c1": {}}, "sotc": {}, "soyt": {}}}


def test_a_unit_whose_parent_has_ended_is_a_root(session: Session, world: World, actor: Find) -> None:
    session.get_one(Unit, world.units["sonv"]).valid_to = date(2025, 2, 28)
    session.flush()
    tree = organisation.list_units(session, DAY, actor=actor("canbo.khoi"))
    assert codes(tree) == {"khoi": {"btc": {}, "sotc": {}, "soyt": {}}, "sonv_c1": {}}


def test_below_includes_itself_and_all_levels(session: Session, world: World) -> None:
    assert organisation.units_below(session, {world.units["sonv"]}) == {world.units["sonv"], world.units["sonv_c1"]}
    assert len(organisation.units_below(session, {world.units["khoi"]})) == 6


def test_kin_tells_where_a_unit_came_from_and_went(session: Session, world: World, actor: Find) -> None:
    khoi = session.get_one(Unit, world.units["khoi"])
    merged = factories.make_unit(session, "moi", UnitKind.GRASSROOTS_COMMITTEE, "Đảng bộ Sở mới", khoi)
    for code in ("sonv", "sotc"):
        session.add(UnitSuccession(predecessor_id=world.units[code], successor_id=merged.id, on=date(2025, 3, 1)))
    session.flush()
    kin = organisation.view(session, merged, DAY, actor=actor("canbo.sonv"))
    assert {unit.code for unit, _ in kin.predecessors} == {"sonv", "sotc"}
    old = organisation.view(session, session.get_one(Unit, world.units["sonv"]), DAY, actor=actor("canbo.sonv"))
    assert [unit.code for unit, _ in old.successors] == ["moi"]
    assert [unit.code for unit in old.below] == ["sonv_c1"]


def test_who_may_not_see_units_sees_none(session: Session, world: World, actor: Find) -> None:
    with pytest.raises(Refused):
        organisation.list_units(session, DAY, actor=actor("nguoilaodong.sonv"))
    with pytest.raises(Refused):
        organisation.view(session, session.get_one(Unit, world.units["sonv"]), DAY, actor=actor("nguoilaodong.sonv"))


@pytest.mark.parametrize("words", ["sonv", "Đảng bộ cơ sở Sở Nội vụ", "dang bo co so so noi vu"])
def test_a_unit_is_found_by_code_or_name(session: Session, world: World, words: str) -> None:
    assert organisation.find_unit(session, words).id == world.units["sonv"]


def test_no_unit_or_more_than_one_is_said(session: Session, world: World) -> None:
    with pytest.raises(BadInput):
        organisation.find_unit(session, "Sở Không Có")


def test_the_keeper_is_the_board_of_the_committee_above(session: Session, world: World) -> None:
    keeper = organisation.dossier_keeper(session, session.get_one(Unit, world.units["sonv_c1"]))
    assert keeper is not None and keeper.code == "btc"
