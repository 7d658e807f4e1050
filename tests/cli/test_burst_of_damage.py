"""FX-5: when many stored files are damaged at once, no backup leaves, nothing is removed or changed, until they are back."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from oms import alarms, backup, db, fixity, storage
from oms.backup import folders, rotation
from oms.models import Alarm, AlarmKind, AuditEntry, AuditWords, Dossier, Page, Scan
from oms.settings import Settings
from tests import factories
from tests.cli.conftest import Answer
from tests.factories import World

Command = Callable[..., Answer]
Browser = Callable[[str], FlaskClient]
FILES = 100


@pytest.fixture
def dossier(engine: Engine, settings: Settings, world: World) -> Dossier:
    """A dossier with a hundred stored files."""
    with db.writing(engine) as session:
        made = factories.make_dossier(session, world.units["sonv"])
        for number in range(FILES):
            scan = factories.make_scan(session, made, world.accounts["canbo.sonv"], (f"trang {number}",))
            scan.sha256, scan.size = storage.put(settings.scans, [b"bytes of scan %d" % number])
    return made


def encrypt(settings: Settings, count: int) -> None:
    """What somebody does who asks for money afterwards."""
    for name in list(storage.names(settings.scans))[:count]:
        path = storage.path_of(settings.scans, name)
        path.write_bytes(bytes(byte ^ 0x5A for byte in path.read_bytes()))


def test_a_burst_stops_changes_removal_and_rotation_until_the_files_are_back(
    oms: Command, client_as: Browser, engine: Engine, settings: Settings, dossier: Dossier, tmp_path: Path
) -> None:
    copies, officer = tmp_path / "copies", client_as("canbo.sonv")
    officer.set_cookie("language", "en")
    new = {"full_name": "Lê Thị Mới", "birth_date": "1990-01-02", "category": "civil_servant"}
    assert oms("reindex").code == 0 and oms("backup", copies).code == 0
    encrypt(settings, FILES)
    orphan, _size = storage.put(settings.scans, [b"of nobody, or of a row that somebody took away"])
    os.utime(storage.path_of(settings.scans, orphan), (0, 0))

    told = oms("check", "--repair")
    assert told.code == 1 and f"{FILES} stored files are damaged" in told.err
    assert storage.has(settings.scans, orphan), "nothing is removed"
    for _ in range(2):
        oms("backup", copies, "--keep", "1")
    assert len(folders.listed(copies)) == 3, "no backup leaves"
    page = officer.get("/people")
    assert page.status_code == 200 and "nothing is changed or taken in" in page.text
    assert officer.get(f"/dossiers/{dossier.id}").status_code == 200
    refused = officer.post("/people/new", data=new)
    assert refused.status_code == 503 and "nothing is changed" in refused.text
    assert officer.post("/account/session").status_code == 200, "people sign in, stay and leave"
    assert client_as("quantri").post("/accounts/new", data={}).status_code != 503
    oms("check", "--fast")
    assert officer.post("/people/new", data=new).status_code == 503, "a look that reads no file lifts nothing"

    assert oms("check", "--repair", "--from", copies).code == 1, "what belongs to nothing is still there"
    assert oms("check", "--repair").code == 0 and not storage.has(settings.scans, orphan)
    assert officer.post("/people/new", data=new).status_code != 503
    assert "nothing is changed or taken in" not in officer.get("/people").text


def test_one_bad_sector_stops_nobody(
    oms: Command, client_as: Browser, engine: Engine, settings: Settings, dossier: Dossier
) -> None:
    encrypt(settings, rotation.MOST_BY_ACCIDENT)
    assert oms("check", "--json").code == 1
    assert client_as("canbo.sonv").post("/people/new", data={}).status_code != 503
    with db.reading(engine) as session:
        assert rotation.damaged(session) == rotation.MOST_BY_ACCIDENT and not rotation.burst(session)


def test_many_files_that_a_backup_misses_are_a_burst(
    oms: Command, engine: Engine, settings: Settings, dossier: Dossier, tmp_path: Path
) -> None:
    for name in list(storage.names(settings.scans))[: rotation.MOST_BY_ACCIDENT + 1]:
        storage.path_of(settings.scans, name).unlink()
    oms("backup", tmp_path / "copies")
    with db.reading(engine) as session:
        assert rotation.burst(session) == rotation.MOST_BY_ACCIDENT + 1


def test_what_no_backup_has_is_given_up_with_a_reason(
    oms: Command, client_as: Browser, engine: Engine, settings: Settings, dossier: Dossier, tmp_path: Path
) -> None:
    officer, copies = client_as("canbo.sonv"), tmp_path / "copies"
    assert oms("reindex").code == 0
    encrypt(settings, 10)
    assert "--accept-loss" in oms("check").err
    assert oms("check", "--accept-loss", " ").code != 0 and oms("check", "--fast", "--accept-loss", "mất").code != 0
    assert officer.post("/people/new", data={}).status_code == 503
    given_up = oms("check", "--accept-loss", "Hỏng trước lần sao lưu đầu tiên")
    assert given_up.code == 1 and "Given up: 10 files" in given_up.err
    assert officer.post("/people/new", data={}).status_code != 503
    again = oms("check")
    assert again.code == 1 and again.out.count("damaged-file") == 10, "later looks name them"
    for name in list(storage.names(settings.scans)):
        if not storage.is_sound(settings.scans, name):
            storage.path_of(settings.scans, name).unlink()
    for _ in range(2):
        oms("backup", copies, "--keep", "1")
    assert len(folders.listed(copies)) == 1, "and backups leave again"
    with db.reading(engine) as session:
        assert not rotation.burst(session) and not rotation.damaged(session)
        of_burst = AuditEntry.action.in_(("system:burst", "system:burst_over", "system:accept_loss"))
        entries = session.scalars(select(AuditEntry).where(of_burst).order_by(AuditEntry.seq)).all()
        why = session.get_one(AuditWords, entries[1].seq).words
    assert [entry.action for entry in entries] == ["system:burst", "system:accept_loss", "system:burst_over"]
    assert why.startswith("Hỏng trước") and json.loads(entries[1].body)["detail"] == {"files": 10}
    encrypt(settings, 6)
    oms("check")
    assert officer.post("/people/new", data={}).status_code == 503, "others that come later count"


def test_one_lost_scan_of_many_pages_is_one(engine: Engine, settings: Settings, dossier: Dossier) -> None:
    with db.writing(engine) as session:
        scans = session.scalars(select(Scan)).all()[: rotation.MOST_BY_ACCIDENT + 1]
        names = []
        for scan in scans:
            page = session.scalars(select(Page).where(Page.scan_id == scan.id)).one()
            scan.pdf_sha256, page.image_sha256 = "a" + scan.sha256[1:], "b" + scan.sha256[1:]
            names += [scan.sha256, scan.pdf_sha256, page.image_sha256]
        session.flush()
        rotation.remember_files(session, names[:-3], whole=True)
        assert len(names) == 18 and not rotation.burst(session)
        rotation.remember_files(session, names[:-2], whole=True)
        assert rotation.burst(session) == 16


def test_a_burst_found_by_a_backup_raises_one_alarm_and_keeps_backups_until_a_full_look(
    oms: Command, engine: Engine, settings: Settings, dossier: Dossier, tmp_path: Path
) -> None:
    copies, aside = tmp_path / "copies", []
    assert oms("reindex").code == 0 and oms("backup", copies).code == 0
    for name in list(storage.names(settings.scans))[:6]:
        path = storage.path_of(settings.scans, name)
        aside.append((path, path.read_bytes()))
        path.unlink()
    oms("backup", copies)
    for _ in range(2):
        alarms.watch(engine, settings)
    with db.reading(engine) as session:
        (alarm,) = session.scalars(select(Alarm))
        assert alarm.kind == AlarmKind.FILES_DAMAGED and alarm.values["count"] == "6"
        assert "nothing is changed" in alarms.sentence_of(alarm)
    for path, content in aside:
        path.write_bytes(content)
    assert oms("backup", copies, "--keep", "1").code == 0 and len(folders.listed(copies)) == 3
    assert oms("check").code == 0
    assert oms("backup", copies, "--keep", "1").code == 0 and len(folders.listed(copies)) == 1


def destroy(engine: Engine, settings: Settings, sha256: str) -> None:
    """What the end of a scan leaves: no row, no file."""
    with db.writing(engine) as session:
        scan = session.scalars(select(Scan).where(Scan.sha256 == sha256)).one()
        session.execute(delete(Page).where(Page.scan_id == scan.id))
        session.delete(scan)
    storage.path_of(settings.scans, sha256).unlink()


def test_what_is_destroyed_during_a_look_or_a_backup_is_neither_lost_nor_brought_back(
    engine: Engine, settings: Settings, dossier: Dossier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doomed = sorted(storage.names(settings.scans))[-6:]
    named = fixity.named_files

    def and_destroyed(session: Session) -> object:
        rows = list(named(session))
        while doomed_now:
            destroy(engine, settings, doomed_now.pop())
        return iter(rows)

    monkeypatch.setattr(fixity, "named_files", and_destroyed)
    doomed_now = doomed[:1]
    first = backup.make(engine, settings, tmp_path / "copies")
    assert not first.damaged
    doomed_now = doomed[1:]
    assert not fixity.lost_files(fixity.check(engine, settings))
    assert backup.bring_back(engine, settings, tmp_path / "copies", doomed, None) == []
    assert not any(storage.has(settings.scans, name) for name in doomed)


def test_after_a_restore_the_house_goes_on(
    oms: Command, client_as: Browser, engine: Engine, settings: Settings, dossier: Dossier, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    assert oms("reindex").code == 0 and oms("backup", copies).code == 0
    encrypt(settings, FILES)
    oms("check")
    oms("backup", copies)  # this one remembers the burst, and has the files of the first
    engine.dispose()
    assert oms("restore", copies, "--replace").code == 0
    found = db.connect(settings.database)
    with db.reading(found) as session:
        assert not rotation.burst(session)
    found.dispose()
    assert oms("check").code == 0


def test_rights_end_and_secret_files_go_whatever_is_damaged(
    client_as: Browser, engine: Engine, world: World, dossier: Dossier
) -> None:
    with db.writing(engine) as session:
        rotation.remember_files(session, [f"{number:064x}" for number in range(6)], whole=True)
    head, administrator = client_as("canbo.khoi"), client_as("quantri")
    administrator.set_cookie("language", "en")
    drawn_again = administrator.post("/accounts/new", data={})
    assert drawn_again.status_code != 503 and "nothing is changed or taken in" in drawn_again.text
    for path in (
        f"/dossiers/{dossier.id}/sealed",
        f"/dossiers/{dossier.id}/sealed/close",
        "/delegations/none/end",
        "/consultations/none/end",
        "/transfers/none/proofs/none/secret",
    ):
        assert head.post(path).status_code not in (405, 503), path
    for path in ("/delegations", "/consultations/none/refuse"):
        assert head.post(path).status_code == 503, path
