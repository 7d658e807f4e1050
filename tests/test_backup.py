"""Backup and restore: as of one moment, checked before anything is replaced."""

import hashlib
import io
import json
import shutil
import tarfile
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from oms import audit, backup, db, drill, fixity, health, installation, intake, search, staging, storage
from oms.audit import sealing
from oms.backup import databases, folders, rotation
from oms.cli import backup as cli_backup
from oms.errors import BadInput, Conflict, Refused, Unavailable
from oms.models import AuditEntry, AuditWords, Dossier, Fact, Scan
from oms.settings import Settings
from tests import factories


@pytest.fixture
def house(engine, settings, world, actor):
    """An installation with a received scan."""
    officer = actor("canbo.sonv")
    with db.writing(engine) as session:
        dossier_id = factories.make_dossier(session, world.units["sonv"]).id

    def receive(text: str) -> None:
        data = factories.png_of(factories.draw_page(text, size=(300, 200)))
        arrival = intake.examine(settings, [data], f"{text}.png")
        intake.keep(settings, arrival)
        with db.writing(engine) as session:
            intake.receive(session, session.get_one(Dossier, dossier_id), arrival, actor=officer)
        intake.discard(arrival)

    receive("một")
    (settings.home / "oms.toml").write_text('language = "vi"\n', "utf-8")
    search.rebuild(engine, settings)
    yield receive
    search._engine_at.cache_clear()


@pytest.fixture
def target(tmp_path, settings, engine):
    """Another, empty installation: a folder, and on PostgreSQL a database of its own."""
    if not settings.database_url:
        other = Settings(home=tmp_path / "other")
        yield other
        staging.forget(other)
        return
    from sqlalchemy.engine import make_url

    from tests.databases import address, administer

    name = f"{make_url(settings.database_url).database}_other"
    administer(settings.database_url, f"CREATE DATABASE {name}")
    other = Settings(home=tmp_path / "other", database_url=address(settings.database_url, name))
    yield other
    staging.forget(other)
    administer(settings.database_url, f"DROP DATABASE {name} WITH (FORCE)")


def _problems(settings: Settings) -> list[str]:
    engine = db.connect(settings.database)
    try:
        return [problem.kind for problem in fixity.check(engine, settings)]
    finally:
        engine.dispose()


def _altered(folder: Path, out: Path, change) -> Path:
    """The same folder, each member of its archive passed through `change(name, data) -> data or None`; the archive."""
    shutil.copytree(folder, out)
    (source,) = folder.glob("backups/*.tar")
    out = out / "backups" / source.name
    with tarfile.open(source) as old, tarfile.open(out, "w") as new:
        for member in old:
            data = change(member.name, old.extractfile(member).read())
            if data is not None:
                fresh = tarfile.TarInfo(member.name)
                fresh.size = len(data)
                new.addfile(fresh, io.BytesIO(data))
    return out


def test_what_was_kept_comes_back_whole(house, engine, settings, target, tmp_path):
    made = backup.make(engine, settings, tmp_path / "a")
    assert made.damaged == [] and (made.files, made.new) == (3, 1)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "a").rglob("*") if path.name != ".lock")
    assert backup.restore(target, tmp_path / "a") is None
    assert list(storage.names(target.scans)) == list(storage.names(settings.scans))
    assert (target.home / "oms.toml").read_text("utf-8") == 'language = "vi"\n'
    assert _problems(target) == []
    restored = db.connect(target.database)
    with db.reading(restored) as session:
        assert session.scalar(select(func.count(Scan.id))) == 1
        assert not audit.verify(session).finding
    restored.dispose()


def test_consistent_while_uploads_go_on(house, engine, settings, target, tmp_path):
    stop = threading.Event()
    received = []

    def keep_receiving():
        for number in range(200):
            if stop.is_set():
                return
            house(f"trang {number}")
            received.append(number)

    uploads = threading.Thread(target=keep_receiving)
    uploads.start()
    try:
        while len(received) < 3:
            stop.wait(0.01)
        made = backup.make(engine, settings, tmp_path / "b")
    finally:
        stop.set()
        uploads.join()
    assert made.damaged == []
    backup.restore(target, tmp_path / "b")
    assert [kind for kind in _problems(target) if kind != "unknown-file"] == []
    restored = db.connect(target.database)
    with db.reading(restored) as session:
        assert 4 <= session.scalar(select(func.count(Scan.id))) <= len(received) + 1
    restored.dispose()


def test_a_backup_fits_its_own_copy_of_the_database(house, engine, settings, target, tmp_path, monkeypatch):
    """A row that names another file since the copy was made changes nothing of the backup."""
    old, _size = storage.put(settings.scans, [b"searchable, as of the copy"])
    new, _size = storage.put(settings.scans, [b"searchable, a moment later"])

    def name(sha256: str) -> None:
        with db.writing(engine) as session:
            session.scalars(select(Scan)).one().pdf_sha256 = sha256

    name(old)
    step = "copy" if engine.dialect.name == "sqlite" else "_dump"
    made = getattr(databases, step)

    def copy_then_change(*arguments):
        made(*arguments)
        name(new)

    monkeypatch.setattr(databases, step, copy_then_change)
    backup.make(engine, settings, tmp_path / "a")
    monkeypatch.undo()
    backup.restore(target, tmp_path / "a")
    assert _problems(target) == []
    assert storage.has(target.scans, old) and not storage.has(target.scans, new)


def test_an_archive_that_lost_its_list_is_kept_and_nothing_is_taken_away(house, engine, settings, target, tmp_path):
    folder = tmp_path / "p"
    first = backup.make(engine, settings, folder).archive
    house("hai")
    lost = first.with_suffix(".json")
    whole = lost.read_bytes()
    needed = json.loads(whole)["objects"][0]
    other = needed.translate(str.maketrans("0123456789abcdef", "1032547698badcfe"))  # the lowest bit of every letter
    spoils = (
        lost.unlink,
        lambda: lost.write_bytes(whole[:-9]),
        lambda: lost.write_bytes(whole.replace(needed.encode(), other.encode())),
    )
    for spoil in spoils:
        spoil()
        assert folders.verify(folder) == [lost.name]
        with pytest.raises(BadInput, match="not a whole backup"):
            backup.make(engine, settings, folder, keep=1)
        assert first.exists() and "damaged or missing" in backup_advice(folder, lost.name)
        with db.reading(engine) as session:
            made = session.get_one(Fact, health.LAST_BACKUP).value.split()[2]
        assert (folder / "backups" / made).exists(), "the new one was made and is remembered"
    backup.restore(target, first)
    assert _problems(target) == []
    lost.write_bytes(whole)
    assert first.stem in backup.make(engine, settings, folder, keep=1).pruned and not first.exists()


def backup_advice(folder: Path, name: str) -> str:
    message, values = cli_backup._advice(folder, name)
    return message % values


def test_what_a_kill_broke_off_is_finished(house, engine, settings, tmp_path):
    folder = tmp_path / "q"
    one, two = (backup.make(engine, settings, folder).archive for _ in range(2))
    one.with_suffix(".json").rename(one.with_name(f".gone-{one.stem}.json"))
    two.with_suffix(".json").rename(two.with_name(f".part-{two.stem}.json"))
    backup.make(engine, settings, folder)
    assert not one.exists() and two in [row.archive for row in folders.listed(folder)]
    assert not list((folder / "backups").glob(".*"))


def test_nothing_is_taken_away_while_somebody_reads(house, engine, settings, tmp_path):
    folder = tmp_path / "r"
    first = backup.make(engine, settings, folder).archive
    with folders.in_use(folder):
        assert backup.make(engine, settings, folder, keep=1).pruned == [] and first.exists()
    assert len(backup.make(engine, settings, folder, keep=1).pruned) == 2


def test_of_a_folder_that_was_copied_half_the_newest_complete_backup_is_named(
    house, engine, settings, target, tmp_path
):
    first = backup.make(engine, settings, tmp_path / "s").archive
    present = set(folders.objects(tmp_path / "s").values())
    house("hai")
    second = backup.make(engine, settings, tmp_path / "s").archive
    (new,) = set(folders.objects(tmp_path / "s").values()) - present
    folders.path_of(tmp_path / "s", new).unlink()
    with pytest.raises(BadInput, match=f"{second.name}.*lacks {new}.*{first.name}"):
        backup.restore(target, tmp_path / "s")
    backup.restore(target, first)
    assert _problems(target) == []


def test_a_restore_that_breaks_off_says_where_the_installation_lies(house, engine, settings, tmp_path, monkeypatch):
    backup.make(engine, settings, tmp_path / "t")
    engine.dispose()
    monkeypatch.setattr(databases, "put_back", lambda *_arguments: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(Unavailable, match=r"disk full.*replaced-"):
        backup.restore(settings, tmp_path / "t", replace=True)
    monkeypatch.undo()
    (aside,) = settings.home.glob("replaced-*")
    assert any(aside.glob("scans/*/*"))


def test_an_installation_is_replaced_only_when_asked_and_kept_aside(house, engine, settings, tmp_path):
    backup.make(engine, settings, tmp_path / "c")
    with db.writing(engine) as session:
        session.add(Fact(key="after", value="the backup"))
    with pytest.raises(Conflict, match="--replace"):
        backup.restore(settings, tmp_path / "c")
    engine.dispose()
    aside = backup.restore(settings, tmp_path / "c", replace=True)
    with db.reading(engine) as session:
        assert session.get(Fact, "after") is None
    assert aside is not None and any(aside.glob("scans/*/*"))
    assert (aside / "oms.sqlite3").exists() or (aside / "database.dump").stat().st_size > 0
    assert _problems(settings) == []


def test_a_backup_older_than_the_last_checkpoint_wants_a_reason(house, engine, settings, target, tmp_path):
    sealing.seal(engine, settings)
    backup.make(engine, settings, tmp_path / "old")
    house("hai")
    sealing.seal(engine, settings)
    engine.dispose()
    with pytest.raises(Refused, match="--reason"):
        backup.restore(settings, tmp_path / "old", replace=True)
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 2, "nothing was touched"
    engine.dispose()
    backup.restore(settings, tmp_path / "old", replace=True, reason="Máy chủ hỏng đĩa")
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 1
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        words = session.get_one(AuditWords, entry.seq).words
    assert (entry.action, words) == ("system:restore", "Máy chủ hỏng đĩa")
    engine.dispose()
    assert _problems(settings) == [], "what the backup held is under the checkpoints it held"
    backup.restore(target, tmp_path / "old")
    assert len(sealing.signed(target)) == 1 and not (sealing.folder(target) / "audit.key").exists()


def test_what_is_sealed_while_a_backup_is_made_does_not_make_it_look_forged(
    house, engine, settings, target, tmp_path, monkeypatch
):
    """The checkpoints in a backup are never about entries its database does not hold."""
    sealing.seal(engine, settings)
    objects = folders.objects

    def meanwhile(folder):
        with db.writing(engine) as session:
            audit.record(session, "system:read", actor=None)
        sealing.seal(engine, settings)
        return objects(folder)

    monkeypatch.setattr(folders, "objects", meanwhile)
    backup.make(engine, settings, tmp_path / "a")
    monkeypatch.undo()
    assert drill.drill(engine, settings, tmp_path / "a").problems == ()
    backup.restore(target, tmp_path / "a")
    restored = db.connect(target.database)
    assert sealing.seal(restored, target) is not None
    restored.dispose()


def test_a_drill_proves_a_backup_and_leaves_nothing_behind(house, engine, settings, tmp_path):
    backup.make(engine, settings, tmp_path / "a")
    with installation.keep_in_use(settings):  # the installation works on meanwhile
        done = drill.drill(engine, settings, tmp_path / "a")
    assert (done.source.suffix, done.problems, done.entries) == (".tar", (), 2)
    assert list((settings.home / "run").glob("drill-*")) == []
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        assert (entry.action, session.get_one(Fact, health.LAST_DRILL).value.split()[1:]) == (
            "system:drill",
            ["0", done.source.name],
        )
        assert session.scalar(select(func.count(Scan.id))) == 1


def test_a_drill_of_a_backup_that_does_not_come_up_says_so(house, engine, settings, tmp_path):
    made = backup.make(engine, settings, tmp_path / "a")
    assert drill.drill(engine, settings, tmp_path / "a").problems == ()
    whole = made.archive.read_bytes()
    made.archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="not a whole backup"):
        drill.drill(engine, settings, tmp_path / "a")
    with db.reading(engine) as session:
        assert session.get_one(Fact, health.LAST_DRILL).value.split()[1:] == ["1", made.archive.name]
        assert rotation.proven(session) == made.archive.stem, "an earlier proof stands"
    for empty in (settings.home, tmp_path / "a" / "objects"):
        with pytest.raises(BadInput, match="no backup"):
            drill.drill(engine, settings, empty)


def test_nothing_is_replaced_while_oms_runs(house, engine, settings, tmp_path):
    backup.make(engine, settings, tmp_path / "d")
    with installation.keep_in_use(settings), pytest.raises(Conflict, match="running"):
        backup.restore(settings, tmp_path / "d", replace=True)


def test_a_backup_that_is_not_whole_replaces_nothing(house, engine, settings, target, tmp_path):
    good = tmp_path / "e"
    backup.make(engine, settings, good)
    flip = lambda name, data: data[:-1] + bytes([data[-1] ^ 1]) if name == "oms.toml" else data  # noqa: E731
    lose = lambda name, data: None if name == "oms.toml" else data  # noqa: E731
    end = lambda name, data: None if name == "manifest.json" else data  # noqa: E731
    bad = [_altered(good, tmp_path / f"bad{n}", change) for n, change in enumerate((flip, lose, end))]
    cut = _altered(good, tmp_path / "cut", lambda _name, data: data)
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    text = tmp_path / "text.tar"
    text.write_text("not a tar at all")
    alone = shutil.copyfile(next(good.glob("backups/*.tar")), tmp_path / "alone.tar")
    for source in (*bad, cut, text, alone):
        with pytest.raises(BadInput, match="not a whole backup"):
            backup.restore(target, source)
        with pytest.raises(BadInput, match="not a whole backup"):
            backup.restore(settings, source, replace=True)
    (stored,) = good.glob("objects/??/*")
    stored.write_bytes(b"x" + stored.read_bytes()[1:])
    with pytest.raises(BadInput, match=stored.name):
        backup.restore(settings, good, replace=True)
    assert folders.verify(good) == [stored.name]
    stored.unlink()
    with pytest.raises(BadInput, match=stored.name):
        backup.restore(target, good)
    assert folders.verify(good) == [stored.name]
    assert list(storage.names(target.scans)) == []
    assert not list(settings.home.glob("replaced-*")) and _problems(settings) == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "scans/../../evil", "scans/ab/" + "c" * 64, "other.txt"])
def test_a_tar_writes_nowhere_else(house, engine, settings, target, tmp_path, name):
    backup.make(engine, settings, tmp_path / "f")
    (good,) = (tmp_path / "f").glob("backups/*.tar")
    evil = good.with_name("evil.tar")
    with tarfile.open(good) as old, tarfile.open(evil, "w") as new:
        member = tarfile.TarInfo(name)
        member.size = 4
        new.addfile(member, io.BytesIO(b"evil"))
        for member in old:
            new.addfile(member, old.extractfile(member))
    with pytest.raises(BadInput, match="not a whole backup"):
        backup.restore(target, evil)
    assert not (tmp_path / "evil").exists() and not Path("/etc/evil").exists()


def test_a_link_in_a_tar_is_refused(house, engine, settings, target, tmp_path):
    evil = tmp_path / "link.tar"
    with tarfile.open(evil, "w") as new:
        link = tarfile.TarInfo("oms.toml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        new.addfile(link)
    with pytest.raises(BadInput):
        backup.restore(target, evil)


def test_a_backup_of_the_other_kind_of_database_is_refused(house, engine, settings, target, tmp_path):
    good = tmp_path / "g"
    backup.make(engine, settings, good)

    def change(name, data):
        if name == "manifest.json":
            document = json.loads(data)
            document["database"] = "postgresql" if document["database"] == "sqlite" else "sqlite"
            return json.dumps(document).encode()
        return data

    with pytest.raises(BadInput, match="OMS_DATABASE_URL"):
        backup.restore(target, _altered(good, tmp_path / "h", change))


def test_damage_is_said_and_what_the_folder_has_stays(house, engine, settings, target, tmp_path):
    folder, (sha256,) = tmp_path / "i", storage.names(settings.scans)
    path = storage.path_of(settings.scans, sha256)
    whole = path.read_bytes()
    path.write_bytes(b"x" + whole[1:])
    assert backup.make(engine, settings, folder).damaged == [sha256], "damaged bytes are not put into a backup"
    path.write_bytes(whole)
    assert backup.make(engine, settings, folder).new == 1
    path.unlink()
    made = backup.make(engine, settings, folder, keep=1)
    assert (made.damaged, made.pruned) == ([sha256], []), "nothing leaves while a file is missing"
    assert len(folders.listed(folder)) == 3
    backup.restore(target, folder)
    assert _problems(target) == [], "the folder still had it"
    for wrong in (tmp_path / "no" / "folder", tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(BadInput):
            backup.make(engine, settings, wrong)


def test_a_backup_carries_only_what_the_folder_lacks(house, engine, settings, target, tmp_path):
    folder = tmp_path / "k"
    first = backup.make(engine, settings, folder)
    stored = {path: path.stat().st_mtime_ns for path in folder.glob("objects/??/*")}
    house("hai")
    second = backup.make(engine, settings, folder)
    assert (first.new, second.new, len(stored)) == (1, 1, 1)
    assert {path: path.stat().st_mtime_ns for path in stored} == stored, "nothing that lies there is touched again"
    backup.restore(target, first.archive)
    assert len(list(storage.names(target.scans))) == 1 and _problems(target) == []
    backup.restore(target, second.archive, replace=True)
    assert len(list(storage.names(target.scans))) == 2 and _problems(target) == []


def test_pruning_keeps_what_a_kept_backup_needs_and_the_last_proven_one(house, engine, settings, target, tmp_path):
    folder = tmp_path / "l"
    proven = backup.make(engine, settings, folder)
    assert drill.drill(engine, settings, folder).problems == ()
    names = [proven.archive.stem]
    for text in ("hai", "ba"):
        house(text)
        made = backup.make(engine, settings, folder, keep=1)
        names.append(made.archive.stem)
    assert made.pruned == [names[1]], "the proven one and the newest stay"
    assert [row.name for row in folders.listed(folder)] == [names[0], names[2]] == sorted([names[0], names[2]])
    (lonely := folder / "objects" / "ab" / ("ab" * 32)).parent.mkdir(exist_ok=True)
    lonely.write_bytes(b"no backup names it")
    with db.writing(engine) as session:
        rotation.remember_damaged(session, 1)
    assert backup.make(engine, settings, folder, keep=1).pruned == [], "a damaged file stops the rotation"
    with db.writing(engine) as session:
        rotation.remember_damaged(session, 0)
    assert len(backup.make(engine, settings, folder, keep=1).pruned) == 2
    assert not lonely.exists() and folders.verify(folder) == []
    for row in folders.listed(folder):
        backup.restore(target, row.archive, replace=True, reason="thử")
        assert _problems(target) == []
    next(folder.glob("backups/*.json")).write_text("{}")
    with pytest.raises(BadInput, match="not a whole backup"):
        folders.prune(folder, keep=1, proven="")
    assert len(list(folder.glob("backups/*.tar"))) == 2, "what a list needs that nobody can read is not known"


def test_one_that_is_broken_off_is_none_and_the_next_goes_on(house, engine, settings, target, tmp_path, monkeypatch):
    house("hai")
    folder, put = tmp_path / "m", folders.put

    def put_and_die(*arguments):
        put(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(folders, "put", put_and_die)
    with pytest.raises(KeyboardInterrupt):
        backup.make(engine, settings, folder)
    monkeypatch.setattr(folders, "finish", lambda *_arguments, **_options: (_ for _ in ()).throw(KeyboardInterrupt))
    monkeypatch.setattr(folders, "put", put)
    with pytest.raises(KeyboardInterrupt):
        backup.make(engine, settings, folder)
    monkeypatch.undo()
    assert list(folder.glob("backups/*.json")) == []
    with pytest.raises(BadInput, match="no backup"):
        backup.restore(target, folder)
    made = backup.make(engine, settings, folder)
    assert (made.new, made.files) == (0, 4), "both files had arrived"
    assert len(list(folder.glob("backups/*"))) == 2 and not list(folder.rglob(".part-*"))
    backup.restore(target, folder)
    assert _problems(target) == []
    with folders.alone(folder), pytest.raises(Conflict, match="under way"):
        backup.make(engine, settings, folder)


def test_files_that_are_damaged_or_missing_come_back_from_a_backup(house, engine, settings, tmp_path):
    for text in ("hai", "ba"):
        house(text)
    folder, (one, two, three) = tmp_path / "n", storage.names(settings.scans)
    backup.make(engine, settings, folder)
    storage.path_of(settings.scans, one).unlink()
    storage.path_of(settings.scans, two).write_bytes(b"flipped")
    storage.path_of(settings.scans, three).write_bytes(b"flipped, too")
    lost = folder / "objects" / three[:2] / three
    lost.write_bytes(b"and in the backup")
    assert sorted(backup.bring_back(engine, settings, folder, [one, two, three], None)) == sorted([one, two])
    assert _problems(settings) == ["damaged-file"]
    (kept,) = (settings.home / "damaged").iterdir()
    assert kept.name.startswith(two) and kept.read_bytes() == b"flipped", "what was there is kept"
    assert kept.stat().st_mode & 0o077 == 0
    assert storage.path_of(settings.scans, three).read_bytes() == b"flipped, too", "only what was proved replaces it"


def test_an_archive_of_an_earlier_version_comes_back(house, engine, settings, target, tmp_path):
    """One tar with database and stored files, as `oms backup FILE` wrote it."""
    made = backup.make(engine, settings, tmp_path / "o")
    with tarfile.open(made.archive) as new, tarfile.open(tmp_path / "old.tar", "w") as old:
        for member in new:
            data = new.extractfile(member).read()
            if member.name == "manifest.json":
                document = json.loads(data)
                for sha256 in document.pop("objects"):
                    stored, name = storage.read(settings.scans, sha256), f"scans/{sha256[:2]}/{sha256}"
                    document["files"][name] = {"sha256": hashlib.sha256(stored).hexdigest(), "size": len(stored)}
                    old.addfile(_member(name, stored), io.BytesIO(stored))
                data = json.dumps(document | {"format": "oms-backup/1"}).encode()
            old.addfile(_member(member.name, data), io.BytesIO(data))
    backup.restore(target, tmp_path / "old.tar")
    assert list(storage.names(target.scans)) == list(storage.names(settings.scans)) and _problems(target) == []


def _member(name: str, data: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    return member


def test_a_missing_pg_dump_is_said_in_words(house, engine, settings, tmp_path, monkeypatch):
    if not settings.database_url:
        pytest.skip("pg_dump is needed for PostgreSQL only")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="postgresql-client"):
        backup.make(engine, settings, tmp_path / "j")
    assert not list((tmp_path / "j").glob("backups/*.json"))
