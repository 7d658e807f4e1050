"""What was filed waits for nobody: many jobs share a commit of the index, and whatever becomes of one costs no other."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from oms import db, jobs, search, worker
from oms.models import Job, JobState, new_id, now
from oms.search.interface import IndexBusy
from oms.settings import Settings
from oms.worker import Worker


def waiting_to_be_found(engine, count: int) -> list[str]:
    with db.writing(engine) as session:
        subjects = [new_id() for _ in range(count)]
        for subject in subjects:
            jobs.enqueue(session, "index_dossier", subject, actor=None)
    return subjects


def states_of_jobs(engine) -> dict[str, JobState]:
    with db.reading(engine) as session:
        return {job.subject_id: job.state for job in session.query(Job)}


def test_what_was_filed_by_many_shares_a_commit(engine, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(search, "index_dossiers", lambda _db, _settings, jobs: calls.append([id for _, id in jobs]))
    subjects = waiting_to_be_found(engine, worker.TOGETHER + 3)
    one = Worker(engine, settings)
    one.index_filed()
    one.index_filed()
    one.index_filed()
    assert [len(call) for call in calls] == [worker.TOGETHER, 3]
    assert sorted(subject for call in calls for subject in call) == sorted(subjects)
    assert set(states_of_jobs(engine).values()) == {JobState.DONE}


def test_one_that_cannot_be_indexed_does_not_hold_up_the_others(
    engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    subjects = waiting_to_be_found(engine, 3)

    def index(_database: object, _settings: object, jobs: list[tuple[str, str]]) -> None:
        if any(subject == subjects[1] for _, subject in jobs):
            raise ValueError("a page that breaks the index")

    monkeypatch.setattr(search, "index_dossiers", index)
    one = Worker(engine, settings)
    for _ in range(jobs.MAX_ATTEMPTS):
        one.index_filed()
    assert states_of_jobs(engine) == {
        subjects[0]: JobState.DONE,
        subjects[1]: JobState.FAILED,
        subjects[2]: JobState.DONE,
    }


def test_what_a_killed_index_process_had_in_hand_is_done_by_the_next_one(
    engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    subjects = waiting_to_be_found(engine, 3)
    dead = Worker(engine, settings)
    with db.writing(engine) as session:
        for id in jobs.waiting(session, worker.FILED):
            jobs.claim(session, id, holder=dead.holder, lease=settings.job_lease)
        session.execute(update(Job).values(lease_until=now() - timedelta(seconds=1)))
    done: list[str] = []
    monkeypatch.setitem(worker.HANDLERS, "index_dossier", lambda _db, _settings, id, **_more: done.append(id) or [])
    Worker(engine, settings).index_filed()
    assert sorted(done) == sorted(subjects), "each by itself: one of them may have killed the process"
    assert set(states_of_jobs(engine).values()) == {JobState.DONE}


def test_the_lease_of_a_job_that_was_lost_sight_of_ends(
    engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away when the job was to be closed: it runs again, here or elsewhere."""
    (_subject,) = waiting_to_be_found(engine, 1)
    one = Worker(engine, settings)
    monkeypatch.setitem(worker.HANDLERS, "index_dossier", lambda *_args, **_more: [])
    monkeypatch.setattr(jobs, "finish", lambda *_: 1 / 0)
    with db.reading(engine) as session:
        (id,) = jobs.waiting(session, worker.FILED)
    with pytest.raises(ZeroDivisionError):
        one.run(id)
    with db.writing(engine) as session:
        session.execute(update(Job).values(lease_until=now() - timedelta(seconds=1)))
    one._renew()
    with db.reading(engine) as session:
        assert jobs.waiting(session, worker.FILED) == [id]


def test_a_lane_that_is_to_stop_begins_nothing_more(
    engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting_to_be_found(engine, 3)
    one, done = Worker(engine, settings), []
    with db.writing(engine) as session:
        session.execute(update(Job).values(kind="check_dossier"))

    def check(*_arguments: object, **_more: object) -> list[str]:
        done.append(1)
        one.stopping.set()
        return []

    monkeypatch.setitem(worker.HANDLERS, "check_dossier", check)
    one._do_waiting(("check_dossier",))
    assert done == [1]


def test_an_index_in_other_hands_is_asked_again_soon_and_uses_up_no_try(
    engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_arguments: object) -> None:
        raise IndexBusy

    waiting_to_be_found(engine, 2)
    monkeypatch.setattr(search, "index_dossiers", busy)
    Worker(engine, settings).index_filed()
    with db.reading(engine) as session:
        for job in session.query(Job):
            assert (job.state, job.attempts) == (JobState.QUEUED, 0)
            assert job.lease_until is not None
            assert job.lease_until <= now() + timedelta(seconds=worker.INDEX_BUSY_SECONDS)


def test_what_was_filed_is_left_to_its_own_lane(engine, settings: Settings) -> None:
    """The threads of the queue work with low priority: an index job they took would wait for every page request."""
    with db.writing(engine) as session:
        jobs.enqueue(session, "index_dossier", new_id(), actor=None)
        jobs.enqueue(session, "check_dossier", new_id(), actor=None)
        ids = {job.kind: job.id for job in session.query(Job)}
    one = Worker(engine, settings)
    for id in ids.values():
        one._take(id)
    with db.reading(engine) as session:
        assert session.get_one(Job, ids["index_dossier"]).state == JobState.QUEUED
        assert session.get_one(Job, ids["check_dossier"]).state == JobState.DONE
