"""`oms check`, `oms audit` and `oms backup` as commands."""

from sqlalchemy import select, text

from oms import db, storage
from oms.backup import rotation
from oms.models import AuditEntry
from tests import factories
from tests.test_audit import without_triggers


def test_check_says_what_is_wrong_and_repairs_the_index(oms, world, engine):
    assert [row["problem"] for row in oms("check", "--json").documents] == ["index-damaged"]
    assert oms("reindex").code == 0
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
    wrong = oms("check", "--json")
    assert wrong.code == 1
    assert [row["problem"] for row in wrong.documents] == ["index-missing"]
    assert oms("check", "--repair").code == 0
    assert oms("check", "--fast").code == 0


def test_a_fast_look_does_not_lift_what_a_full_one_found(oms, world, engine):
    assert oms("reindex").code == 0
    with db.writing(engine) as session:
        rotation.remember_damaged(session, 2)
    assert oms("check", "--fast").code == 0
    with db.reading(engine) as session:
        assert rotation.damaged(session) == 2
    assert oms("check").code == 0
    with db.reading(engine) as session:
        assert rotation.damaged(session) == 0


def test_audit_verify_names_the_altered_entry(oms, world, engine):
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
    for _ in range(3):
        oms("user", "reset-password", "canbo.sonv")
    whole = oms("audit", "verify", "--json")
    assert whole.code == 0 and whole.documents[0]["entries"] == 3
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for name in (
                connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            ):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE audit_entries SET outcome = 'refused' WHERE seq = 2"))
    broken = oms("audit", "verify", "--json")
    assert broken.code == 1 and broken.documents[0]["first_broken"] == 2


def test_a_broken_log_goes_on_in_a_new_segment(oms, world, engine):
    for _ in range(3):
        oms("user", "reset-password", "canbo.sonv")
    begin = ("audit", "new-segment", "--reason", "Sửa ngoài chương trình", "--json", "--as")
    assert oms(*begin, "kiemtra.khoi").code == 1, "the log holds"
    with without_triggers(engine) as session:
        session.execute(text("UPDATE audit_entries SET outcome = 'refused' WHERE seq = 2"))
    assert oms(*begin, "canbo.sonv").code == 1
    with db.reading(engine) as session:
        refusals = session.execute(select(AuditEntry.action, AuditEntry.outcome).where(AuditEntry.seq > 3)).all()
    assert refusals == [("audit:segment", "refused")] * 2
    assert "OMS_SEAL_FOLDER" in oms(*begin, "kiemtra.khoi").err, "nothing was ever signed here"
    oms("audit", "seal")
    begun = oms(*begin, "kiemtra.khoi")
    assert begun.code == 0 and begun.documents[0]["seq"] == 2 and begun.documents[0]["finding"] == "contradicts-body"
    looked = oms("audit", "verify", "--json")
    assert looked.code == 3 and looked.documents[0]["ok"] and looked.documents[0]["older"][0]["seq"] == 2
    assert oms("audit", "verify").code == 3
    assert oms("reindex").code == 0
    checked = oms("check", "--json")
    assert (checked.code, [row["problem"] for row in checked.documents]) == (0, ["audit-segment"])


def test_audit_show_is_for_inspectors(oms, world):
    assert oms("audit", "show", "--as", "canbo.sonv").code == 1
    shown = oms("audit", "show", "--as", "kiemtra.khoi", "--json")
    assert shown.code == 0
    assert shown.documents[0]["outcome"] == "refused" and shown.documents[0]["via"] == "cli"
    again = oms("audit", "show", "--as", "kiemtra.khoi", "--json").documents
    assert again[0]["account"] == "kiemtra.khoi", "looking at the log is in the log"


def test_backup_and_restore_by_command(oms, world, engine, tmp_path):
    target = tmp_path / "copies"
    made = oms("backup", target, "--json")
    assert made.code == 0 and made.documents[0]["files"] >= 1
    assert oms("backup", target, "--keep", 2).code == 0
    assert oms("backups", target, "--verify", "--json").documents[0]["backup"] in made.out
    assert oms("restore", target).code == 1, "an installation is not written over"
    engine.dispose()
    assert oms("restore", target, "--replace").code == 0
    assert len(oms("user", "list", "--json").documents) == len(factories.ACCOUNTS)
    next(target.glob("backups/*.tar")).write_bytes(b"")
    assert oms("backups", target).code == 0 and oms("backups", target, "--verify").code == 1


def test_a_lost_file_comes_back_from_the_backups(oms, world, engine, settings, tmp_path):
    sha256, size = storage.put(settings.scans, [b"bytes of a scan"])
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"])
        scan.sha256, scan.size = sha256, size
    assert oms("reindex").code == 0 and oms("backup", tmp_path / "copies").code == 0
    storage.path_of(settings.scans, sha256).write_bytes(b"bytes of a stain")
    assert [row["problem"] for row in oms("check", "--json", "--repair").documents] == ["damaged-file"]
    assert oms("check", "--repair", "--from", tmp_path / "copies").code == 0
    assert storage.read(settings.scans, sha256) == b"bytes of a scan"
