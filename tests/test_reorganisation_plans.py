"""Plans while they are written: changed piece by piece, tried out and kept, given back; nobody else, no stale page."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from oms import reorganisation as reorganising
from oms.errors import BadInput, Conflict, Refused
from oms.models import AuditEntry, ReorganisationState
from oms.permissions import Action
from tests import factories
from tests.test_reorganisation import DECISION, MERGER

SPLIT = [
    {"kind": "split", "from": ["sonv"], "to": ["sotc", "soyt"]},
    {"kind": "reparent", "units": ["sonv_c1"], "parent": "soyt"},
]


def acts(session):
    session.flush()
    query = select(AuditEntry.action).where(AuditEntry.action.like("reorganisation:%")).order_by(AuditEntry.seq)
    return [action.removeprefix("reorganisation:") for action in session.scalars(query)]


@pytest.fixture
def plan(session, world, actor):
    return reorganising.draft(session, (), **DECISION, actor=actor("canbo.khoi"))


def test_a_plan_grows_piece_by_piece_and_is_submitted_when_something_stands_in_it(session, plan, actor):
    officer = actor("canbo.khoi")
    with pytest.raises(BadInput, match="no change yet"):
        reorganising.submit(session, plan, actor=officer)
    reorganising.revise(session, plan, changes=MERGER, actor=officer)
    assert not reorganising.keep_dry_run(session, plan, actor=officer).blockers
    assert reorganising.last_dry_run(plan).counts["units_ended"] == 1
    reorganising.submit(session, plan, actor=officer)
    assert plan.state == ReorganisationState.SUBMITTED
    assert acts(session) == ["draft", "revise", "dry_run", "submit"]


def test_what_was_tried_out_is_gone_when_the_plan_changes(session, plan, actor):
    officer = actor("canbo.khoi")
    for change in (
        lambda: reorganising.revise(session, plan, changes=SPLIT, actor=officer),
        lambda: reorganising.revise(session, plan, choices={}, actor=officer),
        lambda: reorganising.correct(session, plan, **DECISION, actor=officer),
    ):
        reorganising.keep_dry_run(session, plan, actor=officer)
        assert reorganising.last_dry_run(plan) is not None
        change()
        assert reorganising.last_dry_run(plan) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([{"kind": "merge", "from": ["khong_co"], "to": ["sotc"]}], "no unit called"),
        ([{"kind": "merge", "from": ["sotc"], "to": ["sotc"]}], "follow itself"),
        ([{"kind": "split", "from": ["sonv"], "to": ["sotc", "soyt"]}], "lies below a unit that ends"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_says_why_and_stays_a_draft(session, plan, actor, changes, sentence):
    officer = actor("canbo.khoi")
    reorganising.revise(session, plan, changes=changes, actor=officer)
    told = reorganising.keep_dry_run(session, plan, actor=officer)
    assert sentence in told.blockers[0][0]
    assert reorganising.last_dry_run(plan) == told
    assert plan.state == ReorganisationState.DRAFT


def test_an_older_page_changes_nothing(session, plan, actor):
    officer, seen = actor("canbo.khoi"), plan.version
    reorganising.revise(session, plan, changes=MERGER, actor=officer, version=seen)
    for late in (
        lambda: reorganising.revise(session, plan, changes=(), actor=officer, version=seen),
        lambda: reorganising.keep_dry_run(session, plan, actor=officer, version=seen),
        lambda: reorganising.submit(session, plan, actor=officer, version=seen),
        lambda: reorganising.cancel(session, plan, "Nhầm", actor=officer, version=seen),
    ):
        with pytest.raises(Conflict, match="Somebody else"):
            late()
    assert plan.plan["changes"] == MERGER
    assert acts(session) == ["draft", "revise"]


def test_a_submitted_plan_is_changed_only_after_it_was_given_back(session, plan, actor):
    officer, head = actor("canbo.khoi"), actor("truongban.khoi")
    reorganising.revise(session, plan, changes=MERGER, actor=officer)
    reorganising.submit(session, plan, actor=officer)
    reorganising.approve(session, plan, actor=head)
    with pytest.raises(Conflict):
        reorganising.revise(session, plan, changes=SPLIT, actor=officer)
    with pytest.raises(BadInput):
        reorganising.reopen(session, plan, " ", actor=head)
    reorganising.reopen(session, plan, "Thiếu Sở Y tế", actor=head)
    assert (plan.state, plan.approved_by_id, plan.preview, plan.reason) == (
        ReorganisationState.DRAFT,
        None,
        None,
        "Thiếu Sở Y tế",
    )
    reorganising.revise(session, plan, changes=SPLIT, actor=officer)
    with pytest.raises(Conflict):
        reorganising.approve(session, plan, actor=head)
    assert acts(session) == ["draft", "revise", "submit", "approve", "reopen", "revise"]


@pytest.mark.parametrize("username", ["canbo.sonv", "bithu.sonv", "kiemtra.khoi", "truongban.khoi"])
def test_nobody_else_writes_in_a_plan(session, plan, actor, username):
    stranger = actor(username)
    for act in (
        lambda: reorganising.revise(session, plan, changes=MERGER, actor=stranger),
        lambda: reorganising.correct(session, plan, **DECISION, actor=stranger),
        lambda: reorganising.keep_dry_run(session, plan, actor=stranger),
        lambda: reorganising.people_of(session, plan, 0, actor=stranger),
    ):
        with pytest.raises(Refused):
            act()
    assert acts(session) == ["draft"]


def test_a_decision_of_tomorrow_is_a_slip_of_the_pen(session, plan, actor):
    with pytest.raises(BadInput, match="future"):
        reorganising.correct(session, plan, **DECISION | {"decided_on": date(2999, 1, 1)}, actor=actor("canbo.khoi"))


def test_people_of_a_split_unit_are_listed_by_name_and_placed_ones_come_first(session, world, plan, actor):
    officer = actor("canbo.khoi")
    people = [
        factories.make_dossier(session, world.units["sonv"], name).person
        for name in ("Nguyễn Thị Hòa", "Trần Văn Bình", "Lê Thị Hòa")
    ]
    factories.make_dossier(session, world.units["soyt"], "Người nơi khác")
    reorganising.revise(session, plan, changes=SPLIT, choices={people[0].id: "soyt"}, actor=officer)
    found, total = reorganising.people_of(session, plan, 0, actor=officer)
    assert (total, found[0].full_name, found[0].chosen) == (3, "Nguyễn Thị Hòa", "soyt")
    found, total = reorganising.people_of(session, plan, 0, actor=officer, name="hoa")
    assert {person.full_name for person in found} == {"Nguyễn Thị Hòa", "Lê Thị Hòa"}
    assert reorganising.people_of(session, plan, 0, actor=officer, page=2) == ([], 3)
    assert acts(session)[-3:] == ["people"] * 3


def test_a_choice_ends_with_the_successor_it_names(session, plan, actor):
    officer = actor("canbo.khoi")
    reorganising.revise(session, plan, changes=SPLIT, choices={"một": "soyt", "hai": "sotc"}, actor=officer)
    reorganising.revise(session, plan, changes=[{**SPLIT[0], "to": ["sotc", "btc"]}], actor=officer)
    assert plan.plan["choices"] == {"hai": "sotc"}


def test_the_administrator_is_told_no_names(session, plan, actor, world):
    session.commit()
    administrator = actor("quantri")
    administrator = replace(
        administrator,
        units={**administrator.units, Action.REORGANISATION_PREPARE: frozenset({world.units["btc"]})},
    )
    reorganising.revise(session, plan, changes=SPLIT, actor=administrator)
    with pytest.raises(Refused, match="Names of people"):
        reorganising.people_of(session, plan, 0, actor=administrator)
