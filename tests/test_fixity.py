"""`fixity.check` names every difference, and only differences; `repair` loses nothing."""

import os
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from oms import audit, custody, db, fixity, intake, reading, search, staging, storage
from oms.models import (
    AuditEntry,
    Disposal,
    DisposalItem,
    Document,
    Dossier,
    Job,
    JobState,
    Page,
    PageState,
    Purge,
    Scan,
    ScanState,
    Unit,
    now,
)
from oms.organisation import today
from oms.problems import Problem
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
    told = Problem("unknown-file", house["pdf"], "", {}, mendable=True)
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


def _lose_file(engine, settings, made):
    storage.path_of(settings.scans, made["original"]).unlink()


def _lose_row(engine, settings, made):
    with engine.begin() as connection:  # past the program, as a careless hand in the database does it
        for table, column in (("jobs", "subject_id"), ("pages", "scan_id"), ("scans", "id")):
            where = f"{column} IN (SELECT object_id FROM audit_entries WHERE action = 'scan:upload')"
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE {where}")


def _leave_file(engine, settings, made):
    sha256, _ = storage.put(settings.scans, [b"of an upload that was broken off"])
    os.utime(storage.path_of(settings.scans, sha256), (0, 0))


def _end_holder(engine, settings, made):
    with db.writing(engine) as session:
        holder = session.get_one(Dossier, made["dossier"]).custodian_id
        session.get_one(Unit, holder).valid_to = today() - timedelta(days=1)


def _forget_in_index(engine, settings, made):
    search.open_engine(settings).remove([f"dossier:{made['other']}"])


def _break_log(engine, settings, made):
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER audit_entries_no_update")
        else:
            connection.exec_driver_sql("ALTER TABLE audit_entries DISABLE TRIGGER USER")
        connection.exec_driver_sql("UPDATE audit_entries SET outcome = 'refused' WHERE seq = 1")


def _lose_job(engine, settings, made):
    with db.writing(engine) as session:
        session.execute(update(Job).values(state=JobState.DONE))


def _leave_in_staging(engine, settings, made):
    eleven_minutes_ago = now().timestamp() - 11.5 * 60
    os.utime(staging.make_place(settings), (eleven_minutes_ago, eleven_minutes_ago))


def _leave_half_a_layer(engine, settings, made):
    storage.move(_file(settings, b"%PDF"), layer := reading.layer_path(settings, "0" * 16))
    os.utime(layer, (0, 0))


def _leave_trial(engine, settings, made):
    (place := settings.home / "run" / "drill-broken-off").mkdir(parents=True)
    os.utime(place, (0, 0))


def _file(settings, data):
    (path := settings.home / "layer.pdf").write_bytes(data)
    return path


# V1 to V10: what holds after any crash. V10, a damaged database file, is planted by hand below.
PLANTED = {
    "V1, an upload that was acknowledged": (_lose_row, "lost-upload", False),
    "V2, no row without its file": (_lose_file, "missing-file", False),
    "V3, no file without a row": (_leave_file, "unknown-file", True),
    "V4, every dossier has a holder": (_end_holder, "custodian-ended", False),
    "V5, the index is the database": (_forget_in_index, "index-missing", True),
    "V6, the log holds": (_break_log, "audit-broken", False),
    "V7, no job is lost": (_lose_job, "scan-forgotten", True),
    "V8, staging is empty": (_leave_in_staging, "leftover", True),
    "V9, nothing half written": (_leave_half_a_layer, "leftover", True),
    "a trial of a backup that was broken off": (_leave_trial, "leftover", True),
}


@pytest.mark.parametrize("claim", PLANTED)
def test_each_thing_that_must_hold_after_a_crash_is_named_when_it_does_not(house, engine, settings, claim):
    plant, kind, mendable = PLANTED[claim]
    plant(engine, settings, house)
    found = [problem for problem in fixity.check(engine, settings) if not problem.kind.startswith("index-left")]
    assert {problem.kind for problem in found if problem.kind != "index-stale"} == {kind}
    assert all(problem.mendable == mendable for problem in found if problem.kind == kind)
    if mendable:
        fixity.repair(engine, settings, found, send=lambda _job: None)
        assert kinds(engine, settings) == []


def test_a_loss_is_named_beside_a_purge_and_a_proposal(house, engine, settings, world, actor):
    """Minutes of one scan hide one loss, not all of a dossier; a proposal to destroy hides none."""
    officer = actor("canbo.sonv").account_id
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "scan:upload")).one()
        scan_id, dossier_id = entry.object_id, entry.dossier_id
    _lose_row(engine, settings, house)
    proposed = Disposal(
        number="HT-1",
        unit_id=world.units["sonv"],
        rule_id="unfiled-scans",
        council=["Một", "Hai", "Ba"],
        minutes="BB 1",
        minutes_on=today(),
        legal_reason="Hết thời hạn",
        proposed_by_id=officer,
        items=[DisposalItem(dossier_id=dossier_id, scan_id=scan_id)],
    )
    with db.writing(engine) as session:
        session.add(proposed)
    assert "lost-upload" in kinds(engine, settings)
    other = actor("bithu.sonv").account_id
    with db.writing(engine) as session:
        session.add(
            Purge(
                dossier_id=dossier_id, pages=1, documents=0, reason="dấu", purged_by_id=officer, confirmed_by_id=other
            )
        )
    assert "lost-upload" not in kinds(engine, settings), "the minutes tell of it"
    with db.writing(engine) as session:
        audit.record(session, "scan:upload", session.get_one(Scan, house["scan"]), actor=None)
        session.execute(
            update(Page).where(Page.scan_id == house["scan"]).values(document_id=None, document_position=None)
        )
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM pages WHERE scan_id = :id"), {"id": house["scan"]})
        connection.execute(text("DELETE FROM scans WHERE id = :id"), {"id": house["scan"]})
    assert kinds(engine, settings).count("lost-upload") == 2


def test_a_damaged_database_file_is_named(house, engine, settings):
    """V10."""
    if engine.dialect.name != "sqlite":
        pytest.skip("only a database file of SQLite is looked at page by page")
    with engine.begin() as connection:
        (root,) = connection.exec_driver_sql(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_entries' AND rootpage > 0"
        ).first()
        (size,) = connection.exec_driver_sql("PRAGMA page_size").first()
    engine.dispose()
    path = settings.home / "oms.sqlite3"
    with path.open("r+b") as file:
        file.seek((root - 1) * size + size - 40)
        file.write(b"\0" * 40)
    assert "database-damaged" in {problem.kind for problem in fixity.check(engine, settings)}
