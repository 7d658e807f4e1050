"""All data under new keys while the house goes on: nothing is lost, nothing needs the former keys, a kill changes nothing."""

import os
import shutil
import threading

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from oms import backup, cli, db, fixity, installation, intake, profile, purging, rekeying, search, storage, vault
from oms.backup import folders
from oms.errors import Conflict, Unavailable
from oms.models import AuditEntry, Dossier, Fact, Page, Scan
from oms.packages import arriving
from oms.vault import keeping, key_files, rotating
from tests import factories
from tests.vault.conftest import CANARY, Killed, dies_before, found, named

OF_THE_MACHINE = ("box-open", "job-stuck")
MORE = ((Session, "commit"), (rekeying, "_counted"), (shutil, "rmtree"))
"""More changes of the disk: a commit, a copied database, the index taken away."""


def begin(house):
    """Begin, and start anew as OMS does afterwards."""
    settings, engine = house
    engine.dispose()
    search._engine_at.cache_clear()
    rekeying.begin(settings)
    return start(settings)


def start(settings):
    vault.lock(settings)
    vault.unlock(settings)
    installation.prepare_folders(settings)
    return db.connect(settings.database)


def go_on(settings, engine, **more):
    return rekeying.go_on(engine, settings, grace=0, **more)


def names_in(engine):
    with db.reading(engine) as session:
        return {name for column in purging.NAMING for name in session.scalars(purging.naming(column)) if name}


def is_readable(settings):
    """After a start: rows are there, and every file they name is what was put."""
    engine = start(settings)
    try:
        with db.reading(engine) as session:
            scan = session.scalars(select(Scan)).one()
            for name in (scan.sha256, scan.pdf_sha256):
                assert CANARY.encode() in storage.read(settings.scans, name)
            assert storage.is_sound(settings.scans, session.scalars(select(Page)).one().image_sha256)
        assert len(names_in(engine)) == 3
    finally:
        engine.dispose()


def needs_no_former_keys(settings, engine, former, old_names):
    """Nothing lies under the former keys, names nobody knows any more stand in the log alone, and the check is clean."""
    content = keeping.read(settings.home)
    assert "former" not in content and content["format"] == keeping.FORMAT
    assert vault.keys_of(settings.scans).former is None
    assert not [path.name for path in settings.home.glob("oms.sqlite3.*")]
    for name in storage.names(settings.scans):
        with storage.path_of(settings.scans, name).open("rb") as sealed:
            assert not vault.is_present(former, sealed)
    assert set(storage.names(settings.scans)) == names_in(engine) and not names_in(engine) & old_names
    with db.reading(engine) as session:
        for table in inspect(session.connection()).get_table_names():
            if table != "audit_entries":
                rows = str([tuple(row) for row in session.execute(text(f'SELECT * FROM "{table}"'))])
                assert not [name for name in old_names if name in rows], table
    assert [row.kind for row in fixity.check(engine, settings) if row.kind not in OF_THE_MACHINE] == []
    with pytest.raises(Exception, match="not a database"):
        db.connect(settings.database, keys=former).connect()


def test_everything_comes_under_new_keys_and_the_former_ones_are_gone(house):
    settings, engine = house
    former, old_names = vault.keys_of(settings.scans), names_in(engine)
    (settings.home / "run" / "before-upgrade-0001.sqlite3").write_bytes(b"under the former key")
    engine = begin(house)
    assert rekeying.progress(engine, settings) == rekeying.Progress(3, 3)
    assert vault.keys_of(settings.scans).former == former and not list(settings.home.glob("run/before-upgrade-*"))
    assert search.state(settings) == "damaged", "the index is built anew, as after a restore"
    search.rebuild(engine, settings)
    assert found((settings, engine)) > 0 and names_in(engine) == old_names
    told = []
    done = go_on(settings, engine, tell=lambda *how_far: told.append(how_far))
    assert done == rekeying.Progress(3, 0, ended=True) and told == [(1, 3), (2, 3), (3, 3)]
    needs_no_former_keys(settings, engine, former, old_names)
    assert go_on(settings, engine) is None and not rekeying.is_under_way(settings)
    with db.reading(engine) as session:
        scan = session.scalars(select(Scan)).one()
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "system:rekey").order_by("seq")).all()
    assert [entry.object_id for entry in entries] == [None, scan.id, None]
    assert scan.sha256 in entries[1].body and old_names & set(entries[1].body.split('"'))
    engine.dispose()
    is_readable(settings)


def test_an_old_file_stays_for_who_reads_its_name_this_moment(house):
    settings, engine = house
    (old, *_) = old_names = names_in(engine)
    engine = begin(house)
    done = rekeying.go_on(engine, settings)
    assert done == rekeying.Progress(3, 0, 3) and not names_in(engine) & old_names
    assert storage.read(settings.scans, old)
    assert rekeying.go_on(engine, settings) == done, "they are not sealed once more"
    with rekeying.keeping_names(settings):  # as a backup does, however long
        assert go_on(settings, engine).old == 3 and storage.read(settings.scans, old)
    assert go_on(settings, engine).ended and not storage.has(settings.scans, old)


def test_the_same_file_is_known_under_either_name(house):
    settings, engine = house
    engine = begin(house)
    path = settings.home.parent / "again.pdf"
    path.write_bytes(b"%PDF-1.7 " + CANARY.encode())

    def hand_in():
        name, *former = storage.names_of(settings.scans, path)
        kept = intake.Kept("again.pdf", storage.put_file(settings.scans, path)[0], "application/pdf", 9, 1, False)
        assert kept.sha256 == name
        with db.writing(engine) as session:
            dossier = session.scalars(select(Dossier)).one()
            twin = intake.find_twin(session, dossier, name, *former)
            return twin is not None and storage.has(settings.scans, twin.sha256)

    assert hand_in()
    go_on(settings, engine, stopping=lambda: False)
    assert hand_in() and len(storage.names_of(settings.scans, path)) == 1


def test_what_was_destroyed_meanwhile_is_not_sealed_anew(house):
    settings, engine = house
    engine = begin(house)
    with db.writing(engine) as session:
        page = session.scalars(select(Page)).one()
        gone, page.image_sha256 = page.image_sha256, None
    assert go_on(settings, engine).ended
    assert not storage.has(settings.scans, gone) and len(list(storage.names(settings.scans))) == 2
    assert not list(storage.leftovers(settings.scans))


def test_what_is_destroyed_goes_under_its_old_name_too(house):
    settings, engine = house
    engine = begin(house)
    rekeying.go_on(engine, settings)
    assert len(list(storage.names(settings.scans))) == 6
    for name in names_in(engine):
        storage.remove(settings.scans, name)
    assert list(storage.names(settings.scans)) == []


def test_what_is_destroyed_goes_under_its_new_name_too(house, monkeypatch):
    """A kill left the new file without a row; then two people destroy the scan, before the next pass."""
    settings, engine = house
    engine = begin(house)
    with db.reading(engine) as session:
        old = session.scalars(select(Scan)).one().sha256
    new = storage.name_of(settings.scans, [storage.read(settings.scans, old)])
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(rekeying, "_tell_rows", _killed)
        rekeying._bring_over(engine, settings, old)
    path = storage.path_of(settings.scans, new)
    assert path.exists() and new not in names_in(engine)
    os.link(path, settings.home / "kept")  # as somebody may find it on the medium
    with db.writing(engine) as session:
        remove = purging.destroy(session, settings, [session.scalars(select(Scan)).one()])[1]
    remove()
    assert not storage.has(settings.scans, old) and not storage.has(settings.scans, new)
    assert (settings.home / "kept").read_bytes()[: vault.HEADER] == bytes(vault.HEADER)
    assert go_on(settings, engine).ended and list(storage.names(settings.scans)) == []


def _killed(*_args):
    raise Killed


@pytest.mark.parametrize("first", [True, False])
def test_the_same_bytes_under_the_other_name_stay_while_a_row_names_them(house, first):
    settings, engine = house
    engine = begin(house)
    with db.writing(engine) as session:
        old = session.scalars(select(Scan)).one()
        new = factories.make_scan(session, old.dossier, old.received_by_id, ("hai",))
        new.sha256, new.size = storage.put(settings.scans, [storage.read(settings.scans, old.sha256)])
        session.flush()
        going, staying = (old, new) if first else (new, old)
        kept, gone = staying.sha256, going.sha256
        remove = purging.destroy(session, settings, [going])[1]
    remove()
    assert not storage.has(settings.scans, gone) and storage.is_sound(settings.scans, kept)
    assert go_on(settings, engine).ended
    with db.reading(engine) as session:
        assert storage.is_sound(settings.scans, session.scalars(select(Scan)).one().sha256)


def test_a_stamped_paper_goes_under_either_name(house):
    settings, engine = house
    engine = begin(house)
    with db.writing(engine) as session:
        old = session.scalars(select(Scan)).one()
        new = factories.make_scan(session, old.dossier, old.received_by_id, ("hai",))
        new.sha256, new.size = storage.put(settings.scans, [storage.read(settings.scans, old.sha256)])
    ordering, second = named(engine, "canbo.sonv"), named(engine, "canbo2.sonv")
    with db.writing(engine) as session:
        scan = session.scalars(select(Scan).order_by(Scan.received_at)).first()
        remove = purging.purge(session, settings, scan, "Có dấu mật, nhận nhầm", second=second, actor=ordering)[1]
    remove()
    assert go_on(settings, engine).ended
    with db.reading(engine) as session:
        assert session.scalars(select(Scan)).all() == []
    assert list(storage.names(settings.scans)) == []


def test_the_copy_before_an_upgrade_under_the_new_key_stays(house):
    settings, engine = house
    engine = begin(house)
    installation._copy_before_upgrade(settings, engine, "0040")
    copy = settings.home / "run" / "before-upgrade-0040.sqlite3"
    (settings.home / "run" / "before-upgrade-0041.part").write_bytes(b"being written")
    whole = copy.read_bytes()
    assert go_on(settings, engine).ended
    assert copy.read_bytes() == whole and copy.with_name("before-upgrade-0041.part").exists()


def test_files_of_others_beside_the_database_stay_and_are_named(house):
    settings, engine = house
    mine = settings.home / "oms.sqlite3.bak"
    shutil.copy(settings.home / "oms.sqlite3", mine)
    whole = mine.read_bytes()
    (settings.home / f"oms.sqlite3.{'a' * 16}").write_bytes(b"of a beginning that was killed")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM accounts"))
        with pytest.raises(Conflict, match="Another command"):
            rekeying.begin(settings)
    assert mine.read_bytes() == whole
    engine.dispose()
    assert rekeying.begin(settings) == ["oms.sqlite3.bak"]
    assert mine.read_bytes() == whole and [path.name for path in settings.home.glob("oms.sqlite3.*")] == [mine.name]


def test_a_file_that_is_destroyed_while_it_is_sealed_leaves_nothing(house, monkeypatch):
    settings, engine = house
    engine = begin(house)
    real = storage.sealed_anew

    def meanwhile(folder, name):
        with db.writing(engine) as session:
            scan = session.scalars(select(Scan)).one()
            if scan.pdf_sha256 == name:
                scan.pdf_sha256 = None
        return real(folder, name)

    monkeypatch.setattr(storage, "sealed_anew", meanwhile)
    assert go_on(settings, engine).ended
    assert set(storage.names(settings.scans)) == names_in(engine) and len(names_in(engine)) == 2


def test_people_work_while_files_are_brought_over(house):
    """Readers and writers go on; nobody ever finds a file missing or damaged, and what they put is there."""
    settings, engine = house
    engine = begin(house)
    with db.writing(engine) as session:
        scan = session.scalars(select(Scan)).one()
        kept = (scan.dossier_id, scan.received_by_id)
    former = keeping.Keys(*(getattr(vault.keys_of(settings.scans).former, part) for part in keeping._PARTS))
    present = vault.keys_of(settings.scans)
    stop, faults, read = threading.Event(), [], []

    def add(number):
        name, size = storage.put(settings.scans, [os.urandom(500)])
        with db.writing(engine) as session:
            session.add(
                Scan(
                    dossier_id=kept[0],
                    sha256=name,
                    file_name=f"{number}.pdf",
                    media_type="application/pdf",
                    size=size,
                    page_count=1,
                    received_by_id=kept[1],
                )
            )

    keeping._unlocked[settings.home] = former  # taken in before
    for number in range(10):
        add(number)
    keeping._unlocked[settings.home] = present

    def work(number):
        try:
            while not stop.is_set():
                add(number)
                for name in names_in(engine):
                    storage.read(settings.scans, name)
                    read.append(name)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in (100, 200)]
    for thread in threads:
        thread.start()
    seen = [rekeying.go_on(engine, settings, grace=60) for _ in range(2)]
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == [] and read and seen[-1].old >= 13
    assert go_on(settings, engine).ended
    assert all(storage.is_sound(settings.scans, name) for name in names_in(engine))


def copies_of(house, tmp_path):
    """A function that puts the house back as it is now."""
    settings, engine = house
    engine.dispose()
    shutil.copytree(settings.home, tmp_path / "kept")

    def again():
        search._engine_at.cache_clear()
        shutil.rmtree(settings.home)
        shutil.copytree(tmp_path / "kept", settings.home)
        vault.lock(settings)
        vault.unlock(settings)

    return again


def test_a_kill_at_any_step_of_the_beginning_leaves_all_readable(house, tmp_path, monkeypatch):
    settings, engine = house
    former, old_names = vault.keys_of(settings.scans), names_in(engine)
    again = copies_of(house, tmp_path)
    moved = set()
    for stop_at in range(200):
        again()
        done = dies_before(stop_at, lambda: rekeying.begin(settings), monkeypatch, MORE)
        is_readable(settings)
        moved.add("former" in keeping.read(settings.home))
        if done:
            break
        if stop_at % 8 == 0:  # it is begun again, or goes on
            if not rekeying.is_under_way(settings):
                rekeying.begin(settings)
            engine = start(settings)
            assert go_on(settings, engine).ended
            search.rebuild(engine, settings)
            needs_no_former_keys(settings, engine, former, old_names)
            engine.dispose()
    else:
        pytest.fail("it never came to its end")
    assert stop_at > 15 and moved == {False, True}


def test_a_kill_at_any_step_of_the_files_leaves_all_readable(house, tmp_path, monkeypatch):
    settings, engine = house
    former, old_names = vault.keys_of(settings.scans), names_in(engine)
    engine = begin(house)
    search.rebuild(engine, settings)
    again = copies_of((settings, engine), tmp_path)
    for stop_at in range(300):
        again()
        engine = db.connect(settings.database)
        done = dies_before(stop_at, lambda engine=engine: go_on(settings, engine), monkeypatch, MORE)
        engine.dispose()
        is_readable(settings)
        if done or stop_at % 8 == 0:
            engine = start(settings)
            rest = go_on(settings, engine)
            assert rest is None or rest.ended
            for path in storage.leftovers(settings.scans):
                path.unlink()
            needs_no_former_keys(settings, engine, former, old_names)
            engine.dispose()
        if done:
            break
    else:
        pytest.fail("it never came to its end")
    assert stop_at > 30


def test_a_wrong_state_is_refused_and_nothing_is_changed(house, monkeypatch):
    settings, engine = house
    before = (settings.home / vault.FILE).read_bytes()

    def refused(match):
        with pytest.raises(Conflict, match=match):
            rekeying.begin(settings)
        assert (settings.home / vault.FILE).read_bytes() == before and settings.index.exists()

    with installation.keep_in_use(settings):
        refused("is running in")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1 FROM accounts"))
        refused("Another command")
    engine.dispose()
    package, _size = storage.put(arriving.folder(settings), [b"sealed by another house"])
    refused("sealed packages")
    storage.remove(arriving.folder(settings), package)
    rotating.rotate(settings)
    before = (settings.home / vault.FILE).read_bytes()
    refused("retire")
    rotating.retire(settings)
    is_readable(settings)
    rekeying.begin(settings)
    before = (settings.home / vault.FILE).read_bytes()
    settings.index.mkdir()
    refused("on their way")


def test_a_database_that_cannot_be_copied_is_said_and_stays(house, monkeypatch):
    settings, engine = house
    engine.dispose()
    for fault in ("rows", "disk"):
        with monkeypatch.context() as patch:
            if fault == "rows":
                patch.setattr(rekeying, "_counted", lambda _run, schema: {schema: 1})
            else:
                patch.setattr(keeping, "copy_under", lambda home, _keys: home / "no folder" / "copy")
            with pytest.raises(Unavailable, match="disk full"):
                rekeying.begin(settings)
        assert not rekeying.is_under_way(settings) and not list(settings.home.glob("oms.sqlite3.*"))
    is_readable(settings)


def test_the_key_file_is_changed_while_data_come_under_new_keys(house):
    settings, engine = house
    engine = begin(house)
    engine.dispose()
    rotating.rotate(settings)
    is_readable(settings)
    rotating.retire(settings)
    is_readable(settings)
    engine = start(settings)
    assert go_on(settings, engine).ended
    is_readable(settings)
    engine.dispose()


def test_a_damaged_file_keeps_the_former_keys_until_it_is_mended_or_given_up(house, tmp_path):
    settings, engine = house
    backup.make(engine, settings, tmp_path / "night")
    with db.reading(engine) as session:
        name = session.scalars(select(Scan)).one().sha256
    path = storage.path_of(settings.scans, name)
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    engine = begin(house)
    for _ in range(2):
        done = go_on(settings, engine)
        assert (done.left, done.damaged, done.ended) == (1, (name,), False)
    kept = path.read_bytes()
    assert backup.bring_back(engine, settings, tmp_path / "night", [name], None) == [name]
    path.write_bytes(kept)
    path.unlink()
    assert go_on(settings, engine).damaged == (name,), "a missing one counts, too"
    path.write_bytes(kept)
    assert go_on(settings, engine, without_damaged=True).ended and not path.exists()
    assert [row.kind for row in fixity.check(engine, settings) if row.kind == "missing-file"] == ["missing-file"]


def test_a_mended_file_comes_over(house, tmp_path):
    settings, engine = house
    backup.make(engine, settings, tmp_path / "night")
    with db.reading(engine) as session:
        name = session.scalars(select(Scan)).one().sha256
    storage.path_of(settings.scans, name).write_bytes(b"")
    engine = begin(house)
    assert go_on(settings, engine).damaged == (name,)
    assert backup.bring_back(engine, settings, tmp_path / "night", [name], None) == [name]
    assert go_on(settings, engine).ended
    engine.dispose()
    is_readable(settings)


def test_a_backup_of_the_middle_comes_up_and_goes_on_and_old_ones_are_told(house, tmp_path, monkeypatch, capsys):
    settings, engine = house
    first = backup.make(engine, settings, tmp_path / "night")
    engine = begin(house)
    steps = iter([False, True])
    assert rekeying.go_on(engine, settings, stopping=lambda: next(steps)) == rekeying.Progress(3, 2, 1)
    middle = backup.make(engine, settings, tmp_path / "night")
    assert middle.damaged == []
    assert go_on(settings, engine).ended
    last = backup.make(engine, settings, tmp_path / "night")
    signs = [len(row.vault) for row in folders.listed(tmp_path / "night")]
    assert signs == [1, 2, 1] and last.damaged == []
    say_settings(settings, monkeypatch)
    assert cli.run(["backups", str(tmp_path / "night")]) == 0
    told = capsys.readouterr().err
    assert first.archive.stem in told and middle.archive.stem in told and last.archive.stem not in told
    engine.dispose()
    backup.restore(settings, middle.archive, replace=True)
    vault.lock(settings)
    is_readable(settings)
    engine = start(settings)
    assert rekeying.progress(engine, settings).left == 2 and go_on(settings, engine).ended
    engine.dispose()
    is_readable(settings)


def say_settings(settings, monkeypatch):
    place = key_files.path_of(settings)
    for name, value in {"HOME": settings.home, "PROFILE": "protection", "VAULT_KEY": place, "LANGUAGE": "en"}.items():
        monkeypatch.setenv(f"OMS_{name}", str(value))
    monkeypatch.delenv("OMS_DATABASE_URL", raising=False)


def test_the_command_begins_goes_on_and_says_how_far(house, monkeypatch, capsys):
    settings, engine = house
    profile.mark(settings)
    (settings.home / "oms.sqlite3.bak").write_bytes(b"of somebody")
    with db.writing(engine) as session:
        session.add(Fact(key=profile.MARKER, value="protection"))
    engine.dispose()
    say_settings(settings, monkeypatch)

    def says(*command):
        assert cli.run(["keys", *command]) == 0
        return capsys.readouterr().err

    assert "no others" in says()
    with installation.keep_in_use(settings):
        assert cli.run(["keys", "rekey-data"]) == 1 and "Stop its services" in capsys.readouterr().err
    told = says("rekey-data")
    assert "Start OMS now" in told and "oms.sqlite3.bak" in told
    assert "3 of 3 files" in says()
    assert "ten minutes" in says("rekey-data")
    assert "0 of 3 files" in says()
    monkeypatch.setattr(rekeying.go_on, "__kwdefaults__", {**rekeying.go_on.__kwdefaults__, "grace": 0})
    assert "no others" in says("rekey-data")
    assert "no others" in says()
    monkeypatch.setenv("OMS_PROFILE", "general")
    assert cli.run(["keys", "rekey-data"]) == 1
    is_readable(settings)
