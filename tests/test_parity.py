"""What is missing from search is counted all the time, named by the check, and mended by itself."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from oms import catalogue, db, fixity, health, jobs, search, worker
from oms.health import DANGER, GOOD, WARNING
from oms.models import Dossier, Fact, Job, JobState, Page, Scan, now
from oms.search import finding, parity
from tests import factories


@pytest.fixture(params=["whoosh", "tantivy"])
def chosen(request, engine, settings, world, actor):
    """Settings of an installation with two dossiers and three pages, everything in the index, no job open."""
    pytest.importorskip(request.param)
    settings = dataclasses.replace(settings, search=request.param)
    officer = actor("canbo.sonv")
    with db.writing(engine) as session:
        hoa = factories.make_dossier(session, world.units["sonv"], "Nguyễn Thị Hòa")
        scan = factories.make_scan(session, hoa, officer.account_id, ("nâng lương", "điều khoản", "thi hành"))
        factories.make_document(session, hoa, scan, actor=officer)
        factories.make_dossier(session, world.units["sotc"], "Trần Văn Nam")
        session.execute(update(Job).values(state=JobState.DONE, finished_at=now()))
    search.rebuild(engine, settings)
    yield settings
    search._engine_at.cache_clear()


def measure(engine, settings) -> parity.Parity:
    search.measure_index(engine, settings, "index", actor=None)
    with db.reading(engine) as session:
        return parity.latest(session)


def pages_of(engine) -> list[str]:
    with db.reading(engine) as session:
        return [f"page:{id}" for id in session.scalars(select(Page.id).order_by(Page.number))]


def test_a_whole_index_is_said_to_be_whole(engine, chosen):
    found = measure(engine, chosen)
    assert (found.pages, found.things, found.indexed) == (3, 6, 6)
    assert (found.missing_pages, found.missing, found.stale, found.left_over, found.mended) == (0, 0, 0, 0, 0)
    assert found.is_whole and not found.is_old


def test_what_is_missing_stale_or_left_over_is_named_and_mended(engine, chosen):
    index, (first, second, third) = search.open_engine(chosen), pages_of(engine)
    index.remove([first])
    with db.writing(engine) as session:
        session.execute(update(Page).where(Page.id == second.split(":")[1]).values(text="khác hẳn"))
    with db.reading(engine) as session:
        (scan, number) = session.execute(select(Scan.id, Dossier.number).join(Dossier)).one()
    found = {p.where: p for p in fixity.check(engine, chosen, fast=True) if p.kind.startswith("index")}
    assert {where: p.kind for where, p in found.items()} == {first: "index-missing", second: "index-stale"}
    assert (found[first].values["page"], found[first].values["scan"], found[first].values["dossier"]) == (
        1,
        scan,
        number,
    )
    with db.writing(engine) as session:
        session.delete(session.get_one(Page, third.split(":")[1]))
    measured = measure(engine, chosen)
    assert (measured.mended, measured.missing_pages, measured.stale, measured.left_over) == (3, 0, 0, 0)
    assert search.compare(engine, chosen).total == 0


def test_what_a_job_is_about_to_index_is_on_its_way(engine, chosen):
    index, (first, *_others) = search.open_engine(chosen), pages_of(engine)
    index.remove([first])
    with db.writing(engine) as session:
        dossier = session.scalars(select(Scan.dossier_id)).one()
        jobs.enqueue(session, "index_dossier", dossier, actor=None)
    assert search.compare(engine, chosen).total == 0
    found = measure(engine, chosen)
    assert (found.missing_pages, found.mended) == (0, 0) and index.stamp(first) is None
    with db.writing(engine) as session:
        session.execute(update(Job).values(state=JobState.FAILED, finished_at=now()))
    assert search.compare(engine, chosen).missing == [first]
    assert measure(engine, chosen).mended == 1 and index.stamp(first) is not None


def test_what_cannot_be_mended_stays_told(engine, chosen, monkeypatch, actor):
    first = pages_of(engine)[0]
    search.open_engine(chosen).remove([first])
    monkeypatch.setattr(search, "_bring_up_to_date", lambda *_: None)
    assert measure(engine, chosen).missing_pages == 1
    with db.reading(engine) as session:
        told = {f.name: f for f in health.examine(session, chosen, actor=actor("quantri")).findings}
        assert not health.is_searchable(session, chosen)
    completeness = told["Completeness of search"]
    assert completeness.tone == DANGER
    assert (completeness.sentence % completeness.values).startswith("1 of 3 pages missing from search")


def test_every_dossier_has_its_turn(engine, chosen, monkeypatch):
    monkeypatch.setattr(parity, "LEAST_PART", 1)
    monkeypatch.setattr(parity, "PARTS", 2)
    turns = [measure(engine, chosen).reached for _ in range(4)]
    assert len(set(turns[:2])) == 2 and turns[2:] == turns[:2]


def test_the_worker_measures_by_the_clock_and_keeps_one_row(engine, chosen):
    def rows() -> list[Job]:
        with db.reading(engine) as session:
            return list(session.scalars(select(Job).where(Job.kind == "measure_index")))

    for _ in range(3):
        search.mend_damage(engine, chosen)
    (job,) = rows()
    worker.Worker(engine, chosen).run(job.id)
    search.mend_damage(engine, chosen)
    assert [row.id for row in rows()] == [job.id] and rows()[0].state == JobState.DONE
    with db.writing(engine) as session:
        session.execute(update(Job).values(finished_at=now() - parity.MEASURE_EVERY))
    search.mend_damage(engine, chosen)
    (again,) = rows()
    assert again.id != job.id and again.state == JobState.QUEUED


def test_another_name_of_a_component_reaches_the_index_by_itself(engine, chosen, monkeypatch, actor):
    measure(engine, chosen)
    real, words = catalogue.component, "Quyết định mang tên Hoa Quỳnh"
    every = catalogue.components

    monkeypatch.setattr(catalogue, "component", lambda *a: dataclasses.replace(real(*a), label_vi=words))
    monkeypatch.setattr(
        catalogue, "components", lambda *a: tuple(dataclasses.replace(c, label_vi=words) for c in every(*a))
    )
    search.mend_damage(engine, chosen)
    with db.reading(engine) as session:
        (job,) = session.scalars(select(Job.id).where(Job.kind == "mend_index"))
    worker.Worker(engine, chosen).run(job)
    with db.reading(engine) as session:
        found = finding.find(session, search.open_engine(chosen), "hoa quynh", actor=actor("canbo.sonv"))
    assert [hit.document is not None for hit in found.hits] == [True]
    search.mend_damage(engine, chosen)
    with db.reading(engine) as session:
        assert len(session.scalars(select(Job).where(Job.kind == "mend_index")).all()) == 1


def _finding(engine, settings, actor, name):
    with db.reading(engine) as session:
        return {f.name: f for f in health.examine(session, settings, actor=actor("quantri")).findings}[name]


def test_a_measurement_of_long_ago_says_nothing_about_now(engine, chosen, actor):
    old = dataclasses.replace(measure(engine, chosen), at=(now() - parity.OLD - timedelta(minutes=1)).isoformat())
    parity._keep(engine, old)
    assert _finding(engine, chosen, actor, "Completeness of search").tone == WARNING
    with db.reading(engine) as session:
        assert not health.is_searchable(session, chosen)


def test_the_administrator_is_told_when_another_engine_is_due(engine, chosen, actor):
    measured = measure(engine, chosen)
    assert _finding(engine, chosen, actor, "Search engine").tone == GOOD
    parity._keep(engine, dataclasses.replace(measured, things=search.CHANGE_ENGINE_AT))
    told = _finding(engine, chosen, actor, "Search engine")
    if chosen.search == "whoosh":
        assert told.tone == WARNING and "OMS_SEARCH=tantivy" in told.sentence
    else:
        assert told.tone == GOOD and "OMS_SEARCH" not in told.sentence


def test_nothing_is_measured_while_the_index_is_damaged(engine, chosen):
    folder = chosen.index if chosen.search == "whoosh" else chosen.index / "tantivy"
    search._engine_at.cache_clear()
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
    search.measure_index(engine, chosen, "index", actor=None)
    with db.reading(engine) as session:
        assert session.get(Fact, parity.FACT) is None and not health.is_searchable(session, chosen)
