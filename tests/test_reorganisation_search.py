"""After a reorganisation everything is found under the new name and under every old one, and after its undo as before."""

from datetime import date

from sqlalchemy import select

from oms import accounts, db, search, worker
from oms import reorganisation as reorganising
from oms.models import Job, JobState, Reorganisation
from oms.search import finding
from tests import factories

DECISION = {
    "decision_number": "12-QĐ/TU",
    "decided_on": date(2025, 2, 20),
    "decision_body": "Ban Thường vụ Tỉnh ủy",
    "effective_on": date(2025, 3, 1),
}
PLAN = [
    {
        "kind": "create",
        "code": "moi",
        "name": "Đảng bộ Hoa Quỳnh",
        "unit_kind": "grassroots_committee",
        "parent": "khoi",
    },
    {"kind": "merge", "from": ["sonv"], "to": ["moi"]},
    {"kind": "rename", "unit": "sotc", "name": "Đảng bộ Ngân sách Phượng Vĩ"},
]


def step(engine, settings, change_id, act):
    """One step in a transaction of its own, then the index jobs it left, as the worker does them."""
    with db.writing(engine) as session:
        act(session, session.get_one(Reorganisation, change_id))
        session.info.pop("enqueued", None)
    with db.writing(engine) as session:
        for job in session.scalars(select(Job).where(Job.state == JobState.QUEUED)).all():
            worker.HANDLERS[job.kind](engine, settings, job.subject_id, actor=None)
            job.state = JobState.DONE


def found(engine, settings, words, username):
    with db.reading(engine) as session:
        actor = accounts.get_actor(session, username, via="cli")
        results = finding.find(session, search.open_engine(settings), words, actor=actor)
        return {hit.dossier.number for hit in results.hits}


def test_old_names_keep_finding_after_a_merger_and_a_new_name(engine, settings, world):
    with db.writing(engine) as session:
        merged = factories.make_dossier(session, world.units["sonv"], "Lê Văn Cường").number
        renamed = factories.make_dossier(session, world.units["sotc"], "Trần Văn Bình").number
        officer, head = (accounts.get_actor(session, name, via="cli") for name in ("canbo.khoi", "truongban.khoi"))
        change = reorganising.draft(session, PLAN, **DECISION, actor=officer)
        reorganising.submit(session, change, actor=officer)
        reorganising.approve(session, change, actor=head)
        change_id = change.id
    search.rebuild(engine, settings)
    assert found(engine, settings, "Nội vụ", "canbo.sonv") == {merged}
    step(engine, settings, change_id, lambda session, change: reorganising.execute(session, change, actor=head))
    assert search.compare(engine, settings).total == 0, "no job was forgotten"
    # The officer of the old unit works for its successor now, and finds by both names.
    for words in ("Nội vụ", "Hoa Quỳnh"):
        assert found(engine, settings, words, "canbo.sonv") == {merged}
    for words in ("Sở Tài chính", "Phượng Vĩ"):
        assert found(engine, settings, words, "canbo.sotc") == {renamed}
    assert found(engine, settings, "Nội vụ", "canbo.sotc") == set(), "names open nothing to others"
    step(engine, settings, change_id, lambda session, change: reorganising.undo(session, change, "Nhầm", actor=head))
    assert search.compare(engine, settings).total == 0
    assert found(engine, settings, "Nội vụ", "canbo.sonv") == {merged}
    assert (
        found(engine, settings, "Hoa Quỳnh", "canbo.sonv")
        == found(engine, settings, "Phượng Vĩ", "canbo.sotc")
        == set()
    )
