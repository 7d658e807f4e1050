"""Reorganisations: the dry run changes nothing, two people, everything lands, and all of it can be taken back."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select, text

from oms import audit, custody, db
from oms import reorganisation as reorganising
from oms.errors import BadInput, ConfirmationNeeded, Conflict, Refused
from oms.models import (
    Assignment,
    AuditEntry,
    Base,
    Dossier,
    Job,
    Person,
    Reorganisation,
    Transfer,
    TransferState,
    Unit,
    UnitName,
    UnitSuccession,
)
from tests import factories

DECISION = {
    "decision_number": "12-QĐ/TU",
    "decided_on": date(2025, 2, 20),
    "decision_body": "Ban Thường vụ Tỉnh ủy",
    "effective_on": date(2025, 3, 1),
}
MERGER = [{"kind": "merge", "from": ["sonv"], "to": ["sotc"]}]
CHANGED = (Unit, UnitName, UnitSuccession, Person, Dossier, Transfer, Assignment)


def snapshot(session):
    """Every row a reorganisation may touch, without the counters of versions."""
    session.expire_all()
    rows = {}
    for model in CHANGED:
        table = Base.metadata.tables[model.__tablename__]
        columns = [column for column in table.c if column.name != "version"]
        rows[table.name] = sorted(map(str, session.execute(select(*columns))))
    return rows


def confirmed(actor, username):
    return actor(username)


def approved(session, actor, changes=MERGER, **more):
    change = reorganising.draft(session, changes, **DECISION, actor=actor("canbo.khoi"), **more)
    reorganising.submit(session, change, actor=actor("canbo.khoi"))
    reorganising.approve(session, change, actor=confirmed(actor, "truongban.khoi"))
    return change


def test_a_dry_run_tells_who_gains_and_loses_and_changes_nothing(session, world, actor):
    for name in ("Nguyễn Thị Hòa", "Trần Văn Bình"):
        factories.make_dossier(session, world.units["sonv"], name)
    before = snapshot(session)
    change = reorganising.draft(session, MERGER, **DECISION, actor=actor("canbo.khoi"))
    told = reorganising.dry_run(session, change, actor=actor("canbo.khoi"))
    assert told.counts["dossiers"] == told.counts["people"] == 2
    assert told.rights["canbo.sotc"] == (2, 0)
    assert not told.blockers
    assert snapshot(session) == before


def test_nobody_approves_their_own_plan_nor_without_the_password(session, world, actor):
    change = reorganising.draft(session, MERGER, **DECISION, actor=actor("canbo.khoi"))
    reorganising.submit(session, change, actor=actor("canbo.khoi"))
    with pytest.raises(Refused):
        reorganising.approve(session, change, actor=confirmed(actor, "canbo.khoi"))
    with pytest.raises(ConfirmationNeeded):
        reorganising.approve(session, change, actor=replace(actor("truongban.khoi"), confirmed=False))
    change.prepared_by_id = world.accounts["truongban.khoi"]
    with pytest.raises(Refused, match="another person"):
        reorganising.approve(session, change, actor=confirmed(actor, "truongban.khoi"))


@pytest.mark.parametrize("username", ["canbo.sonv", "bithu.sonv", "kiemtra.khoi"])
def test_other_units_prepare_no_reorganisation(session, world, actor, username):
    with pytest.raises(Refused):
        reorganising.draft(session, MERGER, **DECISION, actor=actor(username))


def test_everything_of_an_ended_unit_lands_with_its_successor(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    moving = factories.make_dossier(session, world.units["sonv"], "Trần Văn Bình")
    joining = factories.make_dossier(session, world.units["sonv"], "Lê Văn Cường")
    on = custody.prepare(session, moving, session.get_one(Unit, world.units["soyt"]), "QĐ 1", actor=actor("canbo.sonv"))
    off = custody.prepare(
        session, joining, session.get_one(Unit, world.units["sotc"]), "QĐ 2", actor=actor("canbo.sonv")
    )
    change = approved(session, actor)
    reorganising.execute(session, change, actor=confirmed(actor, "truongban.khoi"))
    session.expire_all()
    sotc = world.units["sotc"]
    assert {dossier.custodian_id, moving.custodian_id, joining.custodian_id, dossier.person.unit_id} == {sotc}
    assert session.get_one(Unit, world.units["sonv_c1"]).parent_id == sotc
    assert session.get_one(Unit, world.units["sonv"]).valid_to == date(2025, 2, 28)
    assert (on.from_unit_id, on.state) == (sotc, TransferState.DRAFT)
    assert off.state == TransferState.CANCELLED
    moves = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "dossier:move")
    assert session.scalar(moves) == change.report["counts"]["dossiers"] == 3
    assert list(session.scalars(select(Job.subject_id).where(Job.kind == "index_unit"))) == [sotc]
    assert not audit.verify(session).finding
    session.commit()
    assert dossier.custodian_id in actor("canbo.sonv").units["dossier:read"]


def test_taking_back_restores_exactly(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    custody.prepare(session, dossier, session.get_one(Unit, world.units["sotc"]), "QĐ 2", actor=actor("canbo.sonv"))
    before = snapshot(session)
    changes = [
        {"kind": "create", "code": "so_moi", "name": "Sở mới", "unit_kind": "grassroots_committee", "parent": "khoi"},
        {"kind": "merge", "from": ["sonv"], "to": ["so_moi"]},
        {"kind": "rename", "unit": "soyt", "name": "Đảng bộ cơ sở Sở Y tế và Dân số"},
        {"kind": "reparent", "units": ["sotc"], "parent": "khoi"},
    ]
    change = approved(session, actor, changes)
    reorganising.execute(session, change, actor=confirmed(actor, "truongban.khoi"))
    assert snapshot(session) != before
    with pytest.raises(BadInput):
        reorganising.undo(session, change, " ", actor=confirmed(actor, "truongban.khoi"))
    reorganising.undo(session, change, "Quyết định bị thu hồi", actor=confirmed(actor, "truongban.khoi"))
    assert snapshot(session) == before


def test_what_was_changed_since_is_not_taken_back(session, world, actor):
    dossier = factories.make_dossier(session, world.units["sonv"])
    change = approved(session, actor)
    reorganising.execute(session, change, actor=confirmed(actor, "truongban.khoi"))
    session.expire_all()
    dossier.custodian_id = world.units["btc"]
    session.flush()
    with pytest.raises(Conflict, match="changed since"):
        reorganising.undo(session, change, "Nhầm", actor=confirmed(actor, "truongban.khoi"))


def test_after_the_limit_nothing_is_taken_back(session, world, actor):
    change = approved(session, actor)
    reorganising.execute(session, change, actor=confirmed(actor, "truongban.khoi"))
    change.undo_until = date(2025, 1, 1)
    session.flush()
    with pytest.raises(Conflict, match="is over"):
        reorganising.undo(session, change, "Nhầm", actor=confirmed(actor, "truongban.khoi"))


def test_a_split_sends_each_person_where_the_plan_says_and_blocks_on_cells_it_forgets(session, world, actor):
    first = factories.make_dossier(session, world.units["sonv"])
    second = factories.make_dossier(session, world.units["sonv"], "Trần Văn Bình")
    split = [{"kind": "split", "from": ["sonv"], "to": ["sotc", "soyt"]}]
    forgetful = reorganising.draft(session, split, **DECISION, actor=actor("canbo.khoi"))
    assert reorganising.dry_run(session, forgetful, actor=actor("canbo.khoi")).blockers
    with pytest.raises(Conflict, match="Say in the plan"):
        reorganising.submit(session, forgetful, actor=actor("canbo.khoi"))
    split.append({"kind": "reparent", "units": ["sonv_c1"], "parent": "soyt"})
    change = approved(session, actor, split, choices={second.person_id: "soyt"})
    reorganising.execute(session, change, actor=confirmed(actor, "truongban.khoi"))
    session.expire_all()
    assert (first.custodian_id, second.custodian_id) == (world.units["sotc"], world.units["soyt"])


def test_a_death_in_the_middle_leaves_nothing(engine, world, actor):
    with db.writing(engine) as session:
        dossier_id = factories.make_dossier(session, world.units["sonv"]).id
        change_id = approved(session, actor).id
    with db.reading(engine) as session:
        before = snapshot(session)
    with pytest.raises(RuntimeError), db.writing(engine) as session:
        change = session.get_one(Reorganisation, change_id)
        reorganising.execute(session, change, actor=confirmed(actor, "truongban.khoi"))
        raise RuntimeError("the power goes")
    with db.reading(engine) as session:
        assert snapshot(session) == before
        assert session.get_one(Dossier, dossier_id).custodian_id == world.units["sonv"]


def test_what_waits_for_a_decision_waits_for_another_person(session, world, actor):
    change = reorganising.draft(session, MERGER, **DECISION, actor=actor("canbo.khoi"))
    assert reorganising.last_dry_run(change) is None and reorganising.outcome_of(session, change) is None
    told = reorganising.submit(session, change, actor=actor("canbo.khoi"))
    assert reorganising.last_dry_run(change) == told
    head, officer = actor("truongban.khoi"), actor("canbo.khoi")
    assert reorganising.to_decide(session, actor=head) == [change]
    assert reorganising.to_decide(session, actor=officer) == reorganising.to_decide(session, actor=actor("bithu.sonv"))
    change.prepared_by_id = head.account_id
    assert reorganising.to_decide(session, actor=head) == []
    change.prepared_by_id = officer.account_id
    reorganising.approve(session, change, actor=head)
    assert reorganising.to_decide(session, actor=head) == [change]
    change.effective_on = date(2999, 1, 1)
    assert reorganising.to_decide(session, actor=head) == []


def test_the_list_is_of_the_own_board_and_every_look_is_written_down(session, world, actor):
    first = reorganising.draft(session, MERGER, **DECISION, actor=actor("canbo.khoi"))
    second = reorganising.draft(session, MERGER, **DECISION, actor=actor("canbo.khoi"))
    assert reorganising.list_reorganisations(session, actor=actor("truongban.khoi")) == [second, first]
    assert reorganising.list_reorganisations(session, actor=actor("bithu.sonv")) == []
    assert reorganising.list_reorganisations(session, actor=actor("kiemtra.khoi")) == []
    with pytest.raises(Refused):
        reorganising.view(session, first, actor=actor("bithu.sonv"))
    reorganising.view(session, first, actor=actor("truongban.khoi"))
    looks = select(AuditEntry.action).where(AuditEntry.action.in_(("reorganisation:list", "reorganisation:view")))
    session.flush()
    assert sorted(session.scalars(looks)) == [*["reorganisation:list"] * 3, "reorganisation:view"]


def test_a_dry_run_leaves_no_lock_and_a_plan_that_fails_leaves_a_usable_transaction(engine, world, actor):
    """On both databases: others write as soon as it is done, and the caller goes on in the same transaction."""
    with db.writing(engine) as session:
        dossier_id = factories.make_dossier(session, world.units["sonv"]).id
        good = reorganising.draft(session, MERGER, **DECISION, actor=actor("canbo.khoi"))
        lost = [*MERGER, {"kind": "rename", "unit": "nowhere", "name": "Không có"}]
        bad = reorganising.draft(session, lost, **DECISION, actor=actor("canbo.khoi"))
    if engine.dialect.name == "sqlite":
        _try_out(engine, actor, good.id, bad.id)
        _change_beside(engine, dossier_id)
    else:
        # Row locks go with the savepoint: another connection changes the very dossier before the caller commits.
        with db.open_session(engine, writing=True) as session:
            reorganising.dry_run(session, session.get_one(Reorganisation, good.id), actor=actor("canbo.khoi"))
            _change_beside(engine, dossier_id)
            session.commit()
        _try_out(engine, actor, good.id, bad.id)
    with db.reading(engine) as session:
        assert session.get_one(Dossier, dossier_id).shelf == "Giá 7"
        assert session.get_one(Dossier, dossier_id).custodian_id == world.units["sonv"]
        told = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "reorganisation:refused_here")
        assert session.scalar(told) == 1
        assert not audit.verify(session).finding


def _try_out(engine, actor, good_id, bad_id):
    with db.writing(engine) as session:
        with pytest.raises(BadInput, match="nowhere"):
            reorganising.dry_run(session, session.get_one(Reorganisation, bad_id), actor=actor("canbo.khoi"))
        audit.record(session, "reorganisation:refused_here", actor=actor("canbo.khoi"))
        told = reorganising.dry_run(session, session.get_one(Reorganisation, good_id), actor=actor("canbo.khoi"))
        assert told.counts["dossiers"] == 1


def _change_beside(engine, dossier_id):
    with db.writing(engine) as session:
        if engine.dialect.name != "sqlite":
            session.execute(text("SET LOCAL lock_timeout = '2s'"))
        session.get_one(Dossier, dossier_id).shelf = "Giá 7"
