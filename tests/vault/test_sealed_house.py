"""A sealed installation at work: nothing of what was taken in lies open anywhere, and it comes back from backup and paper."""

import os
import shutil
import sqlite3
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask, send_file
from sqlalchemy import select

from oms import backup, cli, db, drill, fixity, installation, jobs, search, staging, storage, vault, worker
from oms.backup import folders, sealing, shares
from oms.errors import Conflict, OmsError, Unavailable
from oms.models import Page, PageState, Scan
from oms.recognition.thumbnails import shrink
from oms.search.whoosh_engine import WhooshEngine
from oms.settings import Settings
from oms.vault import key_files, rotating
from oms.web import create_app
from tests import factories
from tests.vault.conftest import CANARY, found

WORDS = ("hoàng yến", "hoang yen", "cải chính", "cai chinh", "canbo.sonv", "doan thi")
"""At least eight bytes each: shorter ones turn up in chance, once in some hundred runs."""


def canaries_in(folder: Path) -> list[str]:
    """Files below a folder that bear a word of ours or look like a picture, a PDF or an open database."""
    spellings = {spelling for word in (CANARY, *WORDS) for spelling in (word, word.upper(), word.title())}
    looked_for = [spelling.encode(code) for spelling in spellings for code in ("utf-8", "utf-16-le")]
    heads = (b"%PDF", b"\xff\xd8\xff", b"\x89PNG", b"SQLite format 3")
    bad = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if any(word in content for word in looked_for) or (
            content.startswith(heads) and not path.name.startswith(("queue", "limits"))
        ):
            bad.append(path.name)
    return bad


def test_nothing_lies_open_on_the_disk(house, tmp_path):
    """ER-5: database, its log, files, index, queue, backup, copies before an upgrade, while all of it is in use."""
    settings, engine = house
    assert found(house) > 0
    queue = worker.Queue(settings)
    with db.writing(engine) as session:
        page = session.scalars(select(Page)).one()
        jobs.enqueue(session, "read_page", page.id, actor=None)
    jobs.deliver(session, queue.send)
    backup.make(engine, settings, tmp_path / "night.tar")
    installation._copy_before_upgrade(settings, engine, "test")
    with db.reading(engine) as session:
        session.scalars(select(Scan)).all()
        names = {path.name for path in settings.home.rglob("*") if path.is_file()}
        assert {"oms.sqlite3", "oms.sqlite3-wal", "queue.sqlite3", "before-upgrade-test.sqlite3"} <= names
        assert any(name.endswith(".trm") for name in names), "the index is there"
        assert canaries_in(tmp_path) == []
    for path in (settings.home / "oms.sqlite3", settings.home / "run" / "before-upgrade-test.sqlite3"):
        with pytest.raises(sqlite3.DatabaseError):
            sqlite3.connect(path).execute("SELECT count(*) FROM sqlite_master")


def test_the_search_for_open_words_finds_them_where_they_lie(tmp_path, settings, engine, world):
    """The control: a general installation is full of them (on PostgreSQL the database lies elsewhere)."""
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"], CANARY)
    storage.put(settings.scans, [b"%PDF-1.7"])
    search.rebuild(engine, settings)
    bad = canaries_in(tmp_path)
    assert any(len(name) == 64 for name in bad) and any(name.startswith("oms_") for name in bad)


def test_work_is_done_in_memory(house):
    settings, _engine = house
    for folder in (
        staging.work_folder(settings, "reading"),
        staging.work_folder(settings, "layers"),
        staging.folder(settings),
    ):
        assert folder.is_relative_to("/dev/shm") and folder.stat().st_mode & 0o077 == 0


def test_without_memory_nothing_is_opened_or_taken_in(house, monkeypatch):
    settings, _engine = house
    name, _ = storage.put(settings.scans, [b"whole"])
    with monkeypatch.context() as patch:
        patch.setattr(staging, "in_memory", lambda: False)
        for place in (
            lambda: staging.folder(settings),
            lambda: staging.work_folder(settings, "reading"),
            lambda: storage.read(settings.scans, name),
        ):
            with pytest.raises(Unavailable, match="must not touch a disk"):
                place()
    assert not (settings.home / "run" / "staging").exists()


def test_forgotten_copies_are_wiped_and_those_in_use_stay(house):
    settings, _engine = house
    name, _ = storage.put(settings.scans, [b"in use"])
    with storage.opened(settings.scans, name) as path:
        left = path.with_name("left-by-a-program-that-died")
        left.write_bytes(b"x")
        for old in (path, left):
            os.utime(old, (0, 0))
        staging.wipe_forgotten(settings)
        assert path.exists() and not left.exists()


def test_pictures_and_files_are_shown_from_memory(house):
    settings, engine = house
    with db.reading(engine) as session:
        page = session.scalars(select(Page)).one()
    with Flask(__name__).test_request_context():
        with storage.opened(settings.scans, page.image_sha256) as path:
            assert shrink(path)[:2] == b"\xff\xd8"
            answer = send_file(path, mimetype="image/png", etag=False, conditional=False)
        assert not path.exists()
        answer.direct_passthrough = False
        assert answer.get_data().startswith(b"\x89PNG") and answer.content_length == len(answer.get_data())


def test_it_is_whole_and_a_touched_file_is_named(house):
    settings, engine = house
    machine = ("box-open", "job-stuck")
    assert [row.kind for row in fixity.check(engine, settings) if row.kind not in machine] == []
    with db.reading(engine) as session:
        scan = session.scalars(select(Scan)).one()
    path = storage.path_of(settings.scans, scan.sha256)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    assert [row.where for row in fixity.check(engine, settings) if row.kind == "damaged-file"] == [f"scan:{scan.id}"]


def test_an_index_somebody_touched_is_damaged_and_built_anew(house):
    settings, engine = house
    segment = next(settings.index.glob("*.trm"))
    raw = segment.read_bytes()
    search.open_engine(settings).close()
    segment.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    with pytest.raises(search.IndexDamaged):
        WhooshEngine(settings.index, key=vault.keys_of(settings.index).index).respell("hoang", frozenset({"x"}))
    segment.write_bytes(raw)
    with pytest.raises(search.IndexDamaged):
        WhooshEngine(settings.index, key=bytes(32)).stamps()
    search.rebuild(engine, settings)
    assert found(house) > 0


def test_a_backup_comes_up_and_goes_back_sealed(house, tmp_path):
    settings, engine = house
    made = backup.make(engine, settings, tmp_path / "night.tar")
    assert made.damaged == []
    done = drill.drill(engine, settings, tmp_path / "night.tar")
    assert done.problems == () and done.entries > 0
    target = replace(settings, home=tmp_path / "elsewhere")
    backup.restore(target, tmp_path / "night.tar")
    try:
        with db.reading(restored := db.connect(target.database)) as session:
            scan = session.scalars(select(Scan)).one()
        restored.dispose()
        assert CANARY.encode() in storage.read(target.scans, scan.sha256)
        assert canaries_in(target.home) == []
    finally:
        vault.lock(target)


def test_a_backup_sealed_to_keys_comes_up_and_mends(house, tmp_path):
    """Vault and OMS_BACKUP_KEYS together, as the protection installation has them."""
    settings, engine = house
    key = tmp_path / "trial.key"
    settings = replace(settings, backup_keys=sealing.new_key(key))
    folder = tmp_path / "night"
    first = backup.make(engine, settings, folder)
    assert first.damaged == [] and drill.drill(engine, settings, folder, key=key).problems == ()
    with db.reading(engine) as session:
        sha256 = session.scalars(select(Scan)).one().sha256
    path = storage.path_of(settings.scans, sha256)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    assert "damaged-file" in [row.kind for row in fixity.check(engine, settings, fast=True)]
    path.write_bytes(b"")
    assert [row.kind for row in fixity.check(engine, settings, fast=True)].count("damaged-file") == 1
    assert backup.bring_back(engine, settings, folder, [sha256], key) == [sha256]
    assert path.read_bytes() == whole
    # The damaged object was taken away and sealed again, under another second half: both backups have it.
    sealed = folders.path_of(folder, folders.objects(folder)[folders.Names(settings).of(sha256)])
    sealed.unlink()
    assert backup.make(engine, settings, folder).new == 1 and not sealed.exists()
    assert folders.verify(folder) == []
    target = replace(settings, home=tmp_path / "elsewhere")
    backup.restore(target, first.archive, key=key)
    try:
        assert storage.read(target.scans, sha256).startswith(b"%PDF")
    finally:
        vault.lock(target)


def test_what_does_not_fit_is_refused_before_anything_moves(house, tmp_path):
    """A backup of the other kind, and one whose vault the present key does not open."""
    closed, of_closed = house
    backup.make(of_closed, closed, tmp_path / "closed")
    of_closed.dispose()
    general = Settings(home=tmp_path / "general")
    installation.prepare_folders(general)
    engine = db.connect(general.database)
    installation.upgrade(general, engine)
    with db.writing(engine) as session:
        factories.make_world(session)
    backup.make(engine, general, tmp_path / "open")
    engine.dispose()

    def refused(where, source, reason):
        before = sorted(path for path in where.home.rglob("*") if "run" not in path.parts)
        with pytest.raises(OmsError, match=reason):
            backup.restore(where, source, replace=True)
        assert sorted(path for path in where.home.rglob("*") if "run" not in path.parts) == before

    refused(closed, tmp_path / "open", "of a general installation")
    refused(general, tmp_path / "closed", "of a protection installation")
    place = key_files.path_of(closed)
    kept = key_files.read(place)
    place.unlink()
    key_files.write(place)
    vault.lock(closed)
    refused(closed, tmp_path / "closed", "does not open")
    place.unlink()
    key_files.write(place, kept)


@pytest.mark.parametrize("spoil", [lambda path: path.write_text("{}"), lambda path: path.unlink()])
def test_a_lost_vault_file_does_not_stop_the_restore(house, tmp_path, spoil):
    settings, engine = house
    backup.make(engine, settings, tmp_path / "night")
    engine.dispose()
    vault.lock(settings)
    spoil(settings.home / vault.FILE)
    with pytest.raises(Conflict, match="--replace"):
        backup.restore(settings, tmp_path / "night")
    aside = backup.restore(settings, tmp_path / "night", replace=True)
    assert aside is not None and (aside / "oms.sqlite3").exists() and found(house) > 0


def test_the_key_is_changed_while_people_work(house):
    """ER-1: writers and readers go on through five changes and retirements; nothing fails, nothing is lost."""
    settings, engine = house
    stop, begun, faults, written = threading.Event(), threading.Event(), [], []

    def work():
        try:
            while not stop.is_set():
                name, _ = storage.put(settings.scans, [os.urandom(2000)])
                written.append(name)
                begun.set()
                with db.writing(engine) as session:
                    session.scalars(select(Page)).one().state = PageState.READ
                assert storage.read(settings.scans, name)
        except Exception as error:
            faults.append(error)
            begun.set()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        rotating.rotate(settings)
        rotating.retire(settings)
    begun.wait(60)  # on a busy machine the changes are done before anybody has written
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == [] and written
    vault.lock(settings)
    vault.unlock(settings)
    assert all(storage.is_sound(settings.scans, name) for name in written)


def test_with_another_key_the_service_says_that_it_is_closed(house, caplog):
    """ER-4: it starts, answers one sentence to everything, and neither opens nor changes anything."""
    settings, _engine = house
    vault.lock(settings)
    place = key_files.path_of(settings)
    kept = key_files.read(place)
    place.unlink()
    key_files.write(place)
    before = {path: path.read_bytes() for path in settings.home.rglob("*") if path.is_file() and path.suffix != ".lock"}
    client = create_app(settings).test_client()
    for address in ("/", "/healthz", "/sign-in", "/api/v1/units", "/static/x"):
        answer = client.get(address)
        assert answer.status_code == 503 and "khóa" in answer.text and answer.headers["Cache-Control"] == "no-store"
        assert str(place) not in answer.text
    assert "does not open" in caplog.text
    assert client.post("/sign-in", data={"username": "quantri"}).status_code == 503
    assert all(path.read_bytes() == content for path, content in before.items())
    place.unlink()
    key_files.write(place, kept)
    vault.unlock(settings)


def test_a_lost_key_comes_back_from_two_papers(house, tmp_path, monkeypatch, capsys):
    """The drill: the key file is gone; any two papers make it again, one or another key does not."""
    settings, _engine = house
    place = key_files.path_of(settings)
    for name, value in {"HOME": settings.home, "PROFILE": "protection", "VAULT_KEY": place, "LANGUAGE": "en"}.items():
        monkeypatch.setenv(f"OMS_{name}", str(value))
    monkeypatch.delenv("OMS_DATABASE_URL", raising=False)
    kek = key_files.read(place)
    assert cli.run(["keys", "shares", "/proc/papers.pdf"]) == 1  # what is not known to be memory counts as a disk
    assert "/dev/shm/papers.pdf" in capsys.readouterr().err
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        assert cli.run(["keys", "shares", f"{memory}/papers.pdf"]) == 0
        assert Path(memory, "papers.pdf").read_bytes().startswith(b"%PDF")
    papers = [paper_file(tmp_path, share) for share in shares.split(kek)]
    strangers = [paper_file(tmp_path / "safe", share) for share in shares.split(os.urandom(32))]
    vault.lock(settings)
    shutil.move(place, tmp_path / "lost")
    assert cli.run(["check"]) != 0
    assert "two of its three papers" in capsys.readouterr().err
    for one, other in ((papers[0], papers[0]), (papers[0], strangers[1]), (strangers[0], strangers[2])):
        assert cli.run(["keys", "join", "--paper", str(one), "--paper", str(other)]) != 0 and not place.exists()
    for one, other in ((0, 1), (1, 2), (2, 0)):
        assert cli.run(["keys", "join", "--paper", str(papers[one]), "--paper", str(papers[other])]) == 0
        assert key_files.read(place) == kek
        place.unlink()
    key_files.write(place, kek)
    vault.unlock(settings)
    assert found(house) > 0


def paper_file(folder, share):
    path = folder / f"paper-{share.number}"
    path.write_text("\n".join(share.lines))
    return path
