"""Backup and restore: as of one moment, checked before anything is replaced."""

import io
import json
import tarfile
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from oms import audit, backup, db, drill, fixity, health, intake, search, storage
from oms.audit import sealing
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
        yield Settings(home=tmp_path / "other")
        return
    from sqlalchemy.engine import make_url

    from tests.conftest import _administer

    name = f"{make_url(settings.database_url).database}_other"
    _administer(f"CREATE DATABASE {name}")
    url = make_url(settings.database_url).set(database=name).render_as_string(hide_password=False)
    yield Settings(home=tmp_path / "other", database_url=url)
    _administer(f"DROP DATABASE {name} WITH (FORCE)")


def _problems(settings: Settings) -> list[str]:
    engine = db.connect(settings.database)
    try:
        return [problem.kind for problem in fixity.check(engine, settings)]
    finally:
        engine.dispose()


def _altered(source: Path, out: Path, change) -> Path:
    """The same tar with each member passed through `change(name, data) -> data or None`."""
    with tarfile.open(source) as old, tarfile.open(out, "w") as new:
        for member in old:
            data = change(member.name, old.extractfile(member).read())
            if data is not None:
                fresh = tarfile.TarInfo(member.name)
                fresh.size = len(data)
                new.addfile(fresh, io.BytesIO(data))
    return out


def test_what_was_kept_comes_back_whole(house, engine, settings, target, tmp_path):
    made = backup.make(engine, settings, tmp_path / "a.tar")
    assert made.damaged == [] and made.files == 3
    assert (tmp_path / "a.tar").stat().st_mode & 0o077 == 0
    assert backup.restore(target, tmp_path / "a.tar") is None
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
        made = backup.make(engine, settings, tmp_path / "b.tar")
    finally:
        stop.set()
        uploads.join()
    assert made.damaged == []
    backup.restore(target, tmp_path / "b.tar")
    assert [kind for kind in _problems(target) if kind != "unknown-file"] == []
    restored = db.connect(target.database)
    with db.reading(restored) as session:
        assert 4 <= session.scalar(select(func.count(Scan.id))) <= len(received) + 1
    restored.dispose()


def test_an_installation_is_replaced_only_when_asked_and_kept_aside(house, engine, settings, tmp_path):
    backup.make(engine, settings, tmp_path / "c.tar")
    with db.writing(engine) as session:
        session.add(Fact(key="after", value="the backup"))
    with pytest.raises(Conflict, match="--replace"):
        backup.restore(settings, tmp_path / "c.tar")
    engine.dispose()
    aside = backup.restore(settings, tmp_path / "c.tar", replace=True)
    with db.reading(engine) as session:
        assert session.get(Fact, "after") is None
    assert aside is not None and any(aside.glob("scans/*/*"))
    assert (aside / "oms.sqlite3").exists() or (aside / "database.dump").stat().st_size > 0
    assert _problems(settings) == []


def test_a_backup_older_than_the_last_checkpoint_wants_a_reason(house, engine, settings, target, tmp_path):
    sealing.seal(engine, settings)
    backup.make(engine, settings, tmp_path / "old.tar")
    house("hai")
    sealing.seal(engine, settings)
    engine.dispose()
    with pytest.raises(Refused, match="--reason"):
        backup.restore(settings, tmp_path / "old.tar", replace=True)
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 2, "nothing was touched"
    engine.dispose()
    backup.restore(settings, tmp_path / "old.tar", replace=True, reason="Máy chủ hỏng đĩa")
    with db.reading(engine) as session:
        assert session.scalar(select(func.count(Scan.id))) == 1
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        words = session.get_one(AuditWords, entry.seq).words
    assert (entry.action, words) == ("system:restore", "Máy chủ hỏng đĩa")
    engine.dispose()
    assert _problems(settings) == [], "what the backup held is under the checkpoints it held"
    backup.restore(target, tmp_path / "old.tar")
    assert len(sealing.checkpoints(target)) == 1 and not (sealing.folder(target) / "audit.key").exists()


def test_what_is_sealed_while_a_backup_is_made_does_not_make_it_look_forged(
    house, engine, settings, target, tmp_path, monkeypatch
):
    """The checkpoints in a backup are never about entries its database does not hold."""
    sealing.seal(engine, settings)
    names = storage.names

    def meanwhile(folder):
        with db.writing(engine) as session:
            audit.record(session, "system:read", actor=None)
        sealing.seal(engine, settings)
        return names(folder)

    monkeypatch.setattr(storage, "names", meanwhile)
    backup.make(engine, settings, tmp_path / "a.tar")
    monkeypatch.undo()
    assert drill.drill(engine, settings, tmp_path / "a.tar").problems == ()
    backup.restore(target, tmp_path / "a.tar")
    restored = db.connect(target.database)
    assert sealing.seal(restored, target) is not None
    restored.dispose()


def test_a_drill_proves_a_backup_and_leaves_nothing_behind(house, engine, settings, tmp_path):
    backup.make(engine, settings, tmp_path / "a.tar")
    with backup.keep_in_use(settings):  # the installation works on meanwhile
        done = drill.drill(engine, settings, drill.newest(tmp_path))
    assert (done.source.name, done.problems, done.entries) == ("a.tar", (), 2)
    assert list((settings.home / "run").glob("drill-*")) == []
    with db.reading(engine) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
        assert (entry.action, session.get_one(Fact, health.LAST_DRILL).value.split()[1:]) == (
            "system:drill",
            ["0", "a.tar"],
        )
        assert session.scalar(select(func.count(Scan.id))) == 1


def test_a_drill_of_a_backup_that_does_not_come_up_says_so(house, engine, settings, tmp_path):
    backup.make(engine, settings, tmp_path / "a.tar")
    (tmp_path / "short").mkdir()
    whole = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "short" / "b.tar").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="not a whole backup"):
        drill.drill(engine, settings, drill.newest(tmp_path / "short"))
    with db.reading(engine) as session:
        assert session.get_one(Fact, health.LAST_DRILL).value.split()[1:] == ["1", "b.tar"]
    (path,) = settings.scans.glob("*/*")  # a file that is damaged in the installation is so in the backup
    path.chmod(0o600)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    backup.make(engine, settings, tmp_path / "c.tar")
    assert [problem.kind for problem in drill.drill(engine, settings, tmp_path / "c.tar").problems] == ["damaged-file"]
    with pytest.raises(BadInput, match="no backup"):
        drill.newest(settings.home)


def test_nothing_is_replaced_while_oms_runs(house, engine, settings, tmp_path):
    backup.make(engine, settings, tmp_path / "d.tar")
    with backup.keep_in_use(settings), pytest.raises(Conflict, match="running"):
        backup.restore(settings, tmp_path / "d.tar", replace=True)


def test_a_backup_that_is_not_whole_replaces_nothing(house, engine, settings, target, tmp_path):
    good = tmp_path / "e.tar"
    backup.make(engine, settings, good)
    flip = lambda name, data: data[:-1] + bytes([data[-1] ^ 1]) if name.startswith("scans/") else data  # noqa: E731
    lose = lambda name, data: None if name.startswith("scans/") else data  # noqa: E731
    end = lambda name, data: None if name == "manifest.json" else data  # noqa: E731
    bad = [_altered(good, tmp_path / f"bad{n}.tar", change) for n, change in enumerate((flip, lose, end))]
    cut = tmp_path / "cut.tar"
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    text = tmp_path / "text.tar"
    text.write_text("not a tar at all")
    for source in (*bad, cut, text):
        with pytest.raises(BadInput, match="not a whole backup"):
            backup.restore(target, source)
        with pytest.raises(BadInput, match="not a whole backup"):
            backup.restore(settings, source, replace=True)
    assert list(storage.names(target.scans)) == []
    assert not list(settings.home.glob("replaced-*")) and _problems(settings) == []


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "scans/../../evil", "scans/ab/" + "c" * 64, "other.txt"])
def test_a_tar_writes_nowhere_else(house, engine, settings, target, tmp_path, name):
    good = tmp_path / "f.tar"
    backup.make(engine, settings, good)
    evil = tmp_path / "evil.tar"
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
    good = tmp_path / "g.tar"
    backup.make(engine, settings, good)

    def change(name, data):
        if name == "manifest.json":
            document = json.loads(data)
            document["database"] = "postgresql" if document["database"] == "sqlite" else "sqlite"
            return json.dumps(document).encode()
        return data

    with pytest.raises(BadInput, match="OMS_DATABASE_URL"):
        backup.restore(target, _altered(good, tmp_path / "h.tar", change))


def test_damage_is_said_and_an_existing_file_is_never_written_over(house, engine, settings, tmp_path):
    (sha256,) = storage.names(settings.scans)
    storage.path_of(settings.scans, sha256).unlink()
    made = backup.make(engine, settings, tmp_path / "i.tar")
    assert made.damaged == [sha256]
    with pytest.raises(Conflict):
        backup.make(engine, settings, tmp_path / "i.tar")
    with pytest.raises(BadInput):
        backup.make(engine, settings, tmp_path / "no" / "folder.tar")
    assert not list(tmp_path.glob(".*.part"))


def test_a_missing_pg_dump_is_said_in_words(house, engine, settings, tmp_path, monkeypatch):
    if not settings.database_url:
        pytest.skip("pg_dump is needed for PostgreSQL only")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="postgresql-client"):
        backup.make(engine, settings, tmp_path / "j.tar")
    assert not list(tmp_path.glob("*j.tar*"))
