"""`fixity.check` names every difference, and only differences; `repair` loses nothing."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from oms import custody, db, fixity, intake, reading, search, staging, storage
from oms.models import (
    Document,
    Dossier,
    Job,
    JobState,
    Page,
    PageState,
    Scan,
    ScanState,
    Unit,
    now,
)
from oms.organisation import today
from tests import factories


@pytest.fixture
def house(engine, settings, world, actor):
    """A sound installation: a received scan, a read and filed one, files in storage, an index."""
    officer = actor("canbo.sonv")
    arrival = intake.examine(settings, [factories.png_of(factories.draw_page("QUYẾT ĐỊNH", size=(620, 877)))], "a.png")
    intake.keep(settings, arrival)
    image, _ = storage.put(settings.scans, [b"page image"])
    original, size = storage.put(settings.scans, [b"original"])
    pdf, _ = storage.put(settings.scans, [b"pdf"])
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        other = factories.make_dossier(session, world.units["sonv"], "Trần Văn Nam")
        intake.receive(session, dossier, arrival, actor=officer)
        scan = factories.make_scan(session, dossier, officer.account_id)
        scan.sha256, scan.size, scan.pdf_sha256 = original, size, pdf
        session.scalars(select(Page).where(Page.scan_id == scan.id)).one().image_sha256 = image
        document = factories.make_document(session, dossier, scan, actor=officer)
        made = {"dossier": dossier.id, "other": other.id, "scan": scan.id, "document": document.id}
    intake.discard(arrival)
    search.rebuild(engine, settings)
    yield {**made, "image": image, "original": original, "pdf": pdf, "arrival": arrival.sha256}
    search._engine_at.cache_clear()


def kinds(engine, settings, **options):
    return sorted(problem.kind for problem in fixity.check(engine, settings, **options))


def test_a_sound_house_has_no_problem(house, engine, settings):
    assert kinds(engine, settings) == []
    assert kinds(engine, settings, fast=True) == []


def test_missing_and_damaged_files_are_named(house, engine, settings):
    storage.path_of(settings.scans, house["image"]).unlink()
    path = storage.path_of(settings.scans, house["original"])
    path.write_bytes(b"ORIGINAL")
    found = list(fixity.check(engine, settings))
    assert sorted(p.kind for p in found) == ["damaged-file", "missing-file"]
    assert {p.values["sha256"] for p in found} == {house["image"], house["original"]}
    assert not any(p.mendable for p in found)
    assert kinds(engine, settings, fast=True) == ["missing-file"], "fast looks at sizes only"
    path.write_bytes(b"longer than it was")
    assert kinds(engine, settings, fast=True) == ["damaged-file", "missing-file"]


def test_a_file_without_a_row_is_a_problem_only_when_it_is_old(house, engine, settings):
    sha256, _ = storage.put(settings.scans, [b"orphan"])
    assert kinds(engine, settings) == []
    os.utime(storage.path_of(settings.scans, sha256), (0, 0))
    found = list(fixity.check(engine, settings))
    assert [(p.kind, p.where) for p in found] == [("unknown-file", sha256)]
    assert fixity.repair(engine, settings, found, send=lambda _: None) == 1
    assert sha256 not in storage.names(settings.scans)
    assert kinds(engine, settings) == []


def test_repair_spares_a_file_that_got_its_row_meanwhile(house, engine, settings):
    os.utime(storage.path_of(settings.scans, house["pdf"]), (0, 0))
    told = fixity.Problem("unknown-file", house["pdf"], "", {}, mendable=True)
    assert fixity.repair(engine, settings, [told], send=lambda _: None) == 0
    assert kinds(engine, settings) == []


def test_leftovers_of_dead_programs_are_found_and_removed(house, engine, settings):
    dead = staging.make_place(settings)
    part = settings.scans / ".part-0011223344556677"
    part.touch()
    layer = reading.layer_path(settings, "0" * 16)
    layer.parent.mkdir(parents=True, exist_ok=True)
    layer.touch()
    assert kinds(engine, settings) == [], "they may still be at work"
    for path in (dead, part, layer):
        os.utime(path, (0, 0))
    found = list(fixity.check(engine, settings))
    assert [p.kind for p in found] == ["leftover"] * 3
    fixity.repair(engine, settings, found, send=lambda _: None)
    assert not dead.exists() and not part.exists() and not layer.exists()


def test_the_index_is_compared_and_mended(house, engine, settings):
    index = search.open_engine(settings)
    index.remove([f"dossier:{house['other']}"])
    with db.writing(engine) as session:
        session.execute(update(Page).where(Page.scan_id == house["scan"]).values(text="khác hẳn"))
        session.execute(update(Job).values(state=JobState.DONE))
        session.execute(update(Scan).where(Scan.state == ScanState.RECEIVED).values(state=ScanState.FAILED))
    found = list(fixity.check(engine, settings))
    assert sorted(p.kind for p in found) == ["index-missing", "index-stale"]
    fixity.repair(engine, settings, found, send=lambda _: None)
    assert kinds(engine, settings) == []


def test_what_a_job_will_index_is_no_problem(house, engine, settings, actor):
    search.open_engine(settings).remove([f"dossier:{house['dossier']}"])
    assert kinds(engine, settings) == [], "the index_dossier job of the filing is still waiting"
    with db.writing(engine) as session:
        session.execute(update(Job).where(Job.kind != "read_scan").values(state=JobState.DONE))
        session.execute(update(Job).where(Job.kind == "read_scan").values(state=JobState.DONE))
        session.execute(update(Scan).where(Scan.state == ScanState.RECEIVED).values(state=ScanState.FAILED))
    assert kinds(engine, settings) == ["index-missing"]


def test_a_damaged_index_is_said_and_built_anew(house, engine, settings):
    for path in settings.index.iterdir():
        if path.suffix == ".toc" or path.stat().st_size > 200:
            path.write_bytes(path.read_bytes()[:20])
    search._engine_at.cache_clear()
    found = list(fixity.check(engine, settings))
    assert [p.kind for p in found] == ["index-damaged"]
    fixity.repair(engine, settings, found, send=lambda _: None)
    assert kinds(engine, settings) == []


def test_rows_that_contradict_each_other_are_named(house, engine, settings, world):
    with db.writing(engine) as session:
        session.execute(update(Scan).where(Scan.id == house["scan"]).values(page_count=5))
        session.execute(update(Document).values(dossier_id=house["other"]))
        session.execute(update(Dossier).where(Dossier.id == house["other"]).values(frozen=True))
        ended = session.get_one(Unit, world.units["sonv"])
        ended.valid_to = today() - timedelta(days=1)
    found = kinds(engine, settings)
    for kind in ("page-count", "page-astray", "frozen-without-transfer"):
        assert found.count(kind) == 1
    assert found.count("custodian-ended") == 2


def test_transfers_must_fit_their_dossiers(house, engine, settings, world, actor):
    officer, head = actor("canbo.sonv"), actor("truongban.khoi")
    with db.writing(engine) as session:
        dossier = session.get_one(Dossier, house["other"])
        receiver = session.get_one(Unit, world.units["sotc"])
        moving = custody.prepare(session, dossier, receiver, "QĐ 12", actor=officer, proof=factories.PROOF)
        for name, who in (("submit", officer), ("approve", head), ("dispatch", officer)):
            custody.take(session, custody.choose_step(moving, name, actor=who), moving, actor=who)
        transfer_id = moving.id
    assert kinds(engine, settings) == []
    with db.writing(engine) as session:
        session.execute(update(Dossier).where(Dossier.id == house["other"]).values(frozen=False))
        session.execute(
            text("UPDATE transfers SET manifest_sha256 = :wrong, closed_at = prepared_at WHERE id = :id"),
            {"wrong": "0" * 64, "id": transfer_id},
        )
    assert kinds(engine, settings) == ["manifest-altered", "transfer-closing", "transfer-unfrozen"]


def test_jobs_nobody_takes_and_scans_nobody_reads(house, engine, settings):
    with db.writing(engine) as session:
        long_ago = now() - timedelta(hours=2)
        session.execute(update(Job).values(created_at=long_ago, handed_over_at=None))
    found = list(fixity.check(engine, settings))
    assert {p.kind for p in found} == {"job-stuck"}
    sent = []
    fixity.repair(engine, settings, found, send=sent.append)
    with db.reading(engine) as session:
        assert sorted(sent) == sorted(session.scalars(select(Job.id).where(Job.state == JobState.QUEUED)))
    with db.writing(engine) as session:
        session.execute(update(Job).values(state=JobState.DONE))
    found = list(fixity.check(engine, settings))
    assert [p.kind for p in found] == ["scan-forgotten"]
    fixity.repair(engine, settings, found, send=sent.append)
    assert kinds(engine, settings) == []


def test_a_page_that_was_never_read_is_named(house, engine, settings):
    with db.writing(engine) as session:
        session.execute(update(Page).where(Page.scan_id == house["scan"]).values(state=PageState.WAITING))
        session.execute(update(Job).values(state=JobState.DONE))
        session.execute(update(Scan).where(Scan.state == ScanState.RECEIVED).values(state=ScanState.FAILED))
    assert "page-unread" in kinds(engine, settings)
