"""What is put together once for many: it says the same as what is put together anew, and nobody gets another's."""

from dataclasses import replace

import pytest
from sqlalchemy import ColumnElement, select

from oms import desk, membership, people
from oms.custody import finding, mass
from oms.models import Dossier
from oms.permissions import GUARDS, Action, Actor, allowed, forget_kept, kept
from oms.reorganisation import has_board
from tests import factories

ASKED = (
    lambda session, actor: [move.id for move in membership.list_moves(session, actor=actor, open_only=True)],
    lambda session, actor: [one.id for one in finding.list_transfers(session, actor=actor)],
    lambda session, actor: [one.id for one in finding.list_transfers(session, actor=actor, open_only=True)],
    lambda session, actor: [one.batch.id for one in mass.list_batches(session, actor=actor)],
    lambda session, actor: desk.count_waiting(session, actor=actor),
    lambda session, actor: has_board(session, actor=actor),
    lambda session, actor: [unit.id for unit in people.units_with_people(session, actor=actor)],
)


@kept(Action.DOSSIER_READ)
def _readable(actor: Actor, category: str = "") -> ColumnElement[bool]:
    condition = allowed(actor, Action.DOSSIER_READ)
    return condition & (Dossier.category == category) if category else condition


def test_whoever_asks_first_the_answer_is_ones_own(session, world, actor):
    officers = [actor(name) for name in ("canbo.sonv", "canbo.sotc", "canbo.khoi", "truongban.khoi", "quantri")]
    for key in ("sonv", "sotc"):
        dossier = factories.make_dossier(session, world.units[key], f"Trần Thị {key}")
        factories.make_scan(session, dossier, world.accounts["canbo.sonv"])
    session.flush()
    alone = []
    for officer in officers:
        forget_kept()
        alone.append([ask(session, officer) for ask in ASKED])
    assert alone[0] != alone[1]  # else the test could not tell them apart
    for order in (officers, officers[::-1]):
        forget_kept()
        told = {officer.username: [ask(session, officer) for ask in ASKED] for officer in order}
        assert [told[officer.username] for officer in officers] == alone


def test_rows_are_asked_for_anew(session, world, actor):
    officer = actor("canbo.sonv")
    before = desk.count_waiting(session, actor=officer)
    dossier = factories.make_dossier(session, world.units["sonv"], "Lê Văn Sau")
    scan = factories.make_scan(session, dossier, officer.account_id)
    session.flush()
    assert desk.count_waiting(session, actor=officer) == before + 1
    scan.sealed = True
    session.flush()
    assert desk.count_waiting(session, actor=officer) == before


def test_one_question_for_all_who_have_the_same_units(session, world, actor):
    mine = actor("canbo.sonv")
    same = replace(mine, account_id="another", username="another", delegated={})
    assert _readable(mine) is _readable(same)
    assert _readable(mine) is not _readable(actor("canbo.sotc"))
    assert _readable(mine) is not _readable(mine, category="cadre")


def test_rights_that_end_end_at_once(session, world, actor):
    mine = actor("canbo.sonv")
    dossier = factories.make_dossier(session, world.units["sonv"], "Phạm Văn Quyền")
    session.flush()

    def seen(somebody: Actor) -> list[str]:
        return list(session.scalars(select(Dossier.id).where(_readable(somebody), Dossier.id == dossier.id)))

    assert seen(mine) == [dossier.id]
    fewer = {action: units for action, units in mine.units.items() if action != Action.DOSSIER_READ}
    assert seen(replace(mine, units=fewer)) == []
    assert seen(replace(mine, units=fewer | {Action.DOSSIER_READ: frozenset()})) == []
    assert seen(mine) == [dossier.id]


def test_a_rule_that_was_changed_is_another_question(actor, monkeypatch):
    mine = actor("canbo.sonv")
    before = _readable(mine)
    monkeypatch.setitem(GUARDS, Action.DOSSIER_READ, replace(GUARDS[Action.DOSSIER_READ], rows_if=Dossier.frozen))
    assert str(_readable(mine)) != str(before)


def test_of_whoever_has_files_open_nothing_is_kept(actor):
    @kept(Action.SCAN_READ)
    def scans(somebody: Actor) -> ColumnElement[bool]:
        return allowed(somebody, Action.SCAN_READ)

    mine = actor("canbo.sonv")
    everywhere = str(scans(mine))
    closed = replace(mine, opened={})
    assert str(scans(closed)) == str(allowed(closed, Action.SCAN_READ)) != everywhere
    assert scans(closed) is not scans(closed)


def test_what_is_open_to_one_account_is_not_kept():
    personal = next(action for action, guard in GUARDS.items() if type(guard).__name__ == "PersonalGuard")
    with pytest.raises(TypeError, match="one account"):
        kept(personal)


def test_what_is_built_knows_nobody(actor):
    mine = actor("canbo.sonv")
    seen = []

    @kept(Action.DOSSIER_READ)
    def build(somebody: Actor) -> int:
        seen.append(somebody)
        return 1

    build(mine)
    assert seen[0].units == {Action.DOSSIER_READ: mine.units[Action.DOSSIER_READ]}
    assert (seen[0].account_id, seen[0].username, seen[0].unit_id, seen[0].person_id) == ("", "", None, None)
