"""A folder of scans as a ZIP in the browser: looked at, confirmed, taken in once; the ZIP lies in memory only."""

import errno
import io
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from oms import catalogue, db, intake, scan_folders, staging, viruses
from oms.errors import Conflict, FileNotNow, SecretFile
from oms.models import AuditEntry, FolderImport, FolderImportLine, ImportState, Job, Scan, now
from oms.organisation import today
from oms.scan_folders import imports
from oms.scan_folders.going import Fate
from oms.worker import Worker
from tests import factories
from tests.test_folder_archives import zip_of

FOLDER = "068085001234_NGUYEN_THI_HOA"
GOOD, BROKEN, STRANGE = f"{FOLDER}/01.Quyết định.png", f"{FOLDER}/02.Hỏng.pdf", "999999999999_LE_VAN_LA/01.Lý lịch.png"


@pytest.fixture
def dossier(world, engine) -> str:
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"])
        made.person.personal_id = "068085001234"
        return made.number


@pytest.fixture(autouse=True)
def unseen(monkeypatch) -> None:
    monkeypatch.setattr(intake, "look_at", lambda *_: (one for one in ()))


@pytest.fixture
def content() -> bytes:
    picture = factories.png_of(factories.draw_page("QUYẾT ĐỊNH", size=(310, 440)))
    return zip_of((GOOD, picture), (BROKEN, b"%PDF-1.4 cut off"), (STRANGE, picture), ("a/Thumbs.db", b"x"))


def send(client, content: bytes, **more):
    return client.post("/scan-folders", data={"file": (io.BytesIO(content), "thư mục.zip"), **more})


def work(engine, settings, address: str, actor) -> str:
    id = address.rsplit("/", 1)[-1]
    scan_folders.work_off(engine, settings, id, actor=actor)
    return id


def acts(engine) -> list[tuple[str, str]]:
    with db.reading(engine) as session:
        rows = session.execute(select(AuditEntry.action, AuditEntry.outcome).order_by(AuditEntry.seq))
        return [tuple(row) for row in rows if row.action in ("scan:import", "scan:upload")]


def states(engine) -> dict[str, str]:
    with db.reading(engine) as session:
        rows = session.execute(
            select(FolderImportLine.file, FolderImportLine.state).order_by(FolderImportLine.position)
        )
        return dict(rows.all())


def test_a_zip_is_looked_at_confirmed_and_taken_in_once(client_as, engine, settings, actor, dossier, content):
    client, officer = client_as("canbo.sonv"), actor("canbo.sonv")
    address = send(client, content).location
    assert "data-poll" in client.get(address).text
    id = work(engine, settings, address, officer)
    assert states(engine) == {GOOD: "would_take", BROKEN: "left_out", STRANGE: "left_out"}
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 0
    shown = client.get(address).text
    assert dossier in shown and "take-in" in shown and shown.index(BROKEN) < shown.index(GOOD), (
        "what needs a hand first"
    )
    assert client.post(f"{address}/take-in").status_code == 302
    work(engine, settings, address, officer)
    work(engine, settings, address, officer)
    assert states(engine) == {GOOD: "received", BROKEN: "left_out", STRANGE: "left_out"}
    with db.reading(engine) as session:
        (scan,) = session.scalars(select(Scan))
        assert scan.dossier.number == dossier and session.get_one(FolderImport, id).state == ImportState.DONE
    assert list(staging.folder(settings).iterdir()) == []
    assert acts(engine) == [
        ("scan:import", "held"),
        ("scan:import", "held"),
        ("scan:upload", "done"),
        ("scan:upload", "refused"),
        ("scan:import", "done"),
    ]
    report = client.post(f"{address}/report.xlsx", data={"purpose": "Gửi phòng"})
    rows = list(load_workbook(io.BytesIO(report.data)).worksheets[0].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == [GOOD, BROKEN, STRANGE] and rows[0][1] == dossier
    assert client.post(f"{address}/report.xlsx", data={"purpose": ""}).status_code == 422
    again = send(client, content).location
    work(engine, settings, again, officer)
    assert states(engine)[GOOD] == "known"


def test_a_worker_that_was_killed_goes_on_behind_the_last_file(
    client_as, engine, settings, actor, dossier, content, monkeypatch
):
    client, officer = client_as("canbo.sonv"), actor("canbo.sonv")
    address = send(client, content).location
    work(engine, settings, address, officer)
    client.post(f"{address}/take-in")
    go, gone = imports.go, []

    def killed(engine, settings, source, one, **more):
        if gone:
            raise RuntimeError("killed")
        gone.append(one.path)
        return go(engine, settings, source, one, **more)

    with monkeypatch.context() as patch:
        patch.setattr(imports, "go", killed)
        with pytest.raises(RuntimeError):
            work(engine, settings, address, officer)
    work(engine, settings, address, officer)
    assert states(engine)[GOOD] == "received", "not “already here”: it came in with this ZIP"
    assert [outcome for action, outcome in acts(engine) if action == "scan:upload"].count("done") == 1


def test_a_zip_that_is_gone_from_memory_says_so(client_as, engine, settings, actor, dossier, content):
    client, officer = client_as("canbo.sonv"), actor("canbo.sonv")
    address = send(client, content).location
    work(engine, settings, address, officer)
    for place in staging.folder(settings).iterdir():
        staging.wipe(place)
    assert client.post(f"{address}/take-in").status_code == 409
    with db.writing(engine) as session:
        session.get_one(FolderImport, address.rsplit("/", 1)[-1]).state = ImportState.TAKING
    id = work(engine, settings, address, officer)
    with db.reading(engine) as session:
        assert session.get_one(FolderImport, id).state == ImportState.GONE


def test_one_zip_at_a_time_and_a_new_one_takes_the_place_of_one_that_only_waits(
    client_as, engine, settings, actor, dossier, content
):
    client = client_as("canbo.sonv")
    first = send(client, content).location
    assert send(client, content).status_code == 409
    assert len(list(staging.folder(settings).glob("zip-*"))) == len(list(staging.folder(settings).iterdir())) == 1
    work(engine, settings, first, actor("canbo.sonv"))
    with db.writing(engine) as session:
        from oms.models import Job, JobState

        session.scalar(select(Job)).state = JobState.DONE
    second = send(client, content).location
    assert second != first
    assert client.post(f"{first}/take-in").status_code == 409
    work(engine, settings, second, actor("canbo.sonv"))
    assert client.post(f"{second}/discard").status_code == 302
    assert list(staging.folder(settings).iterdir()) == []


@pytest.mark.parametrize("way", ["it answers", "wiped", "another ZIP"])
def test_a_silent_scanner_is_said_once_and_the_officer_is_not_locked_out(
    client_as, engine, settings, actor, dossier, content, monkeypatch, way
):
    client, officer = client_as("canbo.sonv"), replace(actor("canbo.sonv"), via="job")
    address = send(client, content).location
    work(engine, settings, address, officer)
    client.post(f"{address}/take-in")
    before = acts(engine)

    def silent(_settings, _path, name):
        raise viruses.ScannerSilent("The virus scanner does not answer. %(name)s", name=name, seconds=60)

    with monkeypatch.context() as patch:
        patch.setattr(viruses, "look_for", silent)
        for _round in range(3):
            with pytest.raises(FileNotNow):
                work(engine, settings, address, officer)
    assert acts(engine) == before, "a log of 1,440 refusals a day tells nothing"
    page = client.get(address).text
    assert "scanner does not answer" in page and "data-poll" in page and "/discard" in page
    if way == "it answers":
        id = work(engine, settings, address, officer)
        with db.reading(engine) as session:
            folder = session.get_one(FolderImport, id)
            assert (folder.state, folder.error) == (ImportState.DONE, None)
        assert client.post(f"{address}/discard").status_code == 409
        return
    if way == "wiped":
        assert client.post(f"{address}/discard").status_code == 302
        assert list(staging.folder(settings).iterdir()) == []
    else:
        assert send(client, content).status_code == 302
    work(engine, settings, address, officer)
    assert client.get(address).status_code == 200 and "data-poll" not in client.get(address).text
    with db.reading(engine) as session:
        gone = session.get_one(FolderImport, address.rsplit("/", 1)[-1])
        assert gone.state == ImportState.GONE and session.scalar(select(func.count(Scan.id))) == 0


@pytest.mark.parametrize("way", [1, -1], ids=["later", "the clock put back"])
def test_a_zip_that_waits_too_long_ends_refused_and_frees_its_memory(
    client_as, engine, settings, actor, dossier, content, monkeypatch, way
):
    """The span is counted from the first file that was not looked at since it last went on."""
    client, officer = client_as("canbo.sonv"), replace(actor("canbo.sonv"), via="job")
    address, minutes = send(client, content).location, catalogue.upload_rule(today()).put_off_minutes
    work(engine, settings, address, officer)
    client.post(f"{address}/take-in")
    start = now()

    def silent(_settings, _path, name):
        raise viruses.ScannerSilent("The virus scanner does not answer. %(name)s", name=name, seconds=60)

    monkeypatch.setattr(viruses, "look_for", silent)
    for late in (0, 1, minutes - 1):
        monkeypatch.setattr(imports, "now", lambda late=late: start + timedelta(minutes=late))
        with pytest.raises(FileNotNow):
            work(engine, settings, address, officer)
        assert len(list(staging.folder(settings).iterdir())) == 1
    monkeypatch.setattr(imports, "now", lambda: start + way * timedelta(minutes=minutes + 1))
    id = work(engine, settings, address, officer)
    with db.reading(engine) as session:
        assert session.get_one(FolderImport, id).state == ImportState.REFUSED
    assert list(staging.folder(settings).iterdir()) == []
    assert acts(engine)[-1] == ("scan:import", "refused")
    page = client.get(address).text
    assert "did not come back in time" in page and "data-poll" not in page
    monkeypatch.undo()
    assert send(client, content).status_code == 302, "the next one is not kept out"


def test_an_officer_who_wipes_while_a_file_is_looked_at_is_not_overruled(
    client_as, engine, settings, actor, dossier, content, monkeypatch
):
    client, officer = client_as("canbo.sonv"), actor("canbo.sonv")
    address = send(client, content).location
    id, look = address.rsplit("/", 1)[-1], imports.go
    imports._say(engine, id, viruses.ScannerSilent("It does not answer.", seconds=60))

    def wiped(*given, **more):
        fate = look(*given, **more)
        client.post(f"{address}/discard")
        return fate

    monkeypatch.setattr(imports, "go", wiped)
    work(engine, settings, address, officer)
    with db.reading(engine) as session:
        assert session.get_one(FolderImport, id).state == ImportState.GONE


def test_a_full_memory_is_said_for_a_zip_as_well(client_as, engine, settings, content, monkeypatch):
    def full(*_given):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(imports, "_write", full)
    client = client_as("canbo.sonv")
    send(client, content)
    assert "half a minute" in client.get("/scan-folders").text and acts(engine) == [("scan:import", "refused")]
    assert list(staging.folder(settings).iterdir()) == []


def test_what_is_no_folder_is_refused_and_nothing_stays(client_as, engine, settings):
    client = client_as("canbo.sonv")
    for bad in (zip_of(("../up.pdf", b"x")), b"no zip", zip_of()):
        assert send(client, bad).status_code == 302
    assert acts(engine) == [("scan:import", "refused")] * 3
    assert list(staging.folder(settings).iterdir()) == []
    assert client.post("/scan-folders", data={}).status_code == 422


def test_of_a_secret_file_no_name_stays(client_as, engine, settings, actor, dossier, content, monkeypatch):
    def marked(*_, **_more):
        raise SecretFile("Page %(page)s of %(name)s bears a mark.", page=1, name="01.Quyết định.png")

    client = client_as("canbo.sonv")
    address = send(client, content).location
    monkeypatch.setattr(intake, "examine", marked)
    work(engine, settings, address, actor("canbo.sonv"))
    with db.reading(engine) as session:
        lines = session.scalars(select(FolderImportLine).where(FolderImportLine.dossier_id.is_not(None))).all()
        for line in lines:
            assert (line.file, line.title, line.error_values) == ("", "", None) and "state secret" in line.error
    assert "№" in client.get(address).text and "01.Quyết" not in client.get(address).text


def test_nobody_else_finds_it(client_as, engine, settings, actor, dossier, content):
    address = send(client_as("canbo.sonv"), content).location
    work(engine, settings, address, actor("canbo.sonv"))
    before = acts(engine)
    for username in ("canbo2.sonv", "canbo.sotc"):
        other = client_as(username)
        assert other.get(address).status_code == other.get(f"{address}/progress").status_code == 404
        for act in ("take-in", "discard", "report.xlsx"):
            assert other.post(f"{address}/{act}").status_code == 404
        assert "thư mục.zip" not in other.get("/scan-folders").text
    assert client_as("bithu.sonv").get("/scan-folders").status_code == 403
    assert [act for act in acts(engine) if act[1] != "refused"] == before


def test_two_workers_at_one_zip_hinder_nobody(client_as, engine, settings, actor, dossier, content, monkeypatch):
    """A lease that was not renewed in time: the second worker overtakes the first in the middle of its first file."""
    client, officer = client_as("canbo.sonv"), actor("canbo.sonv")
    address = send(client, content).location
    look, overtaken = imports.go, []

    def overtake(*given, **more):
        if not overtaken:
            overtaken.append(True)
            work(engine, settings, address, officer)
        return look(*given, **more)

    monkeypatch.setattr(imports, "go", overtake)
    work(engine, settings, address, officer)
    assert states(engine) == {GOOD: "would_take", BROKEN: "left_out", STRANGE: "left_out"}


def test_a_line_the_database_refuses_is_no_line_of_somebody_faster(
    client_as, engine, settings, actor, dossier, content, monkeypatch
):
    address = send(client_as("canbo.sonv"), content).location
    monkeypatch.setattr(imports, "go", lambda *_given, **_more: Fate(None))
    with pytest.raises(IntegrityError):
        work(engine, settings, address, actor("canbo.sonv"))
    assert states(engine) == {}


def test_a_zip_whose_job_failed_for_good_leaves_memory(client_as, engine, settings, actor, dossier, content):
    id = send(client_as("canbo.sonv"), content).location.rsplit("/", 1)[-1]
    assert list(staging.folder(settings).iterdir())
    with db.writing(engine) as session:
        job = session.scalars(select(Job).where(Job.subject_id == id)).one()
        Worker(engine, settings)._fail(session, job, Conflict("Nothing goes on."))
    assert list(staging.folder(settings).iterdir()) == []
    with db.reading(engine) as session:
        assert session.get_one(FolderImport, id).state == ImportState.REFUSED


@pytest.mark.parametrize("at", ["give", "commit"])
def test_a_zip_whose_row_could_not_be_entered_leaves_memory(client_as, settings, content, monkeypatch, at):
    client = client_as("canbo.sonv")
    entered = scan_folders.give

    def full(*_told, **_more):
        raise RuntimeError("the disk is full")

    def enter(session, *told, **more):
        event.listen(session, "before_commit", full)
        return entered(session, *told, **more)

    monkeypatch.setattr(scan_folders, "give", full if at == "give" else enter)
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    assert send(client, content).status_code == 500
    assert list(staging.folder(settings).iterdir()) == []
