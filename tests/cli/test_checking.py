"""`oms check`, `oms audit` and `oms backup` as commands."""

from sqlalchemy import text

from oms import db
from tests import factories


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


def test_audit_show_is_for_inspectors(oms, world):
    assert oms("audit", "show", "--as", "canbo.sonv").code == 1
    shown = oms("audit", "show", "--as", "kiemtra.khoi", "--json")
    assert shown.code == 0
    assert shown.documents[0]["outcome"] == "refused" and shown.documents[0]["via"] == "cli"
    again = oms("audit", "show", "--as", "kiemtra.khoi", "--json").documents
    assert again[0]["account"] == "kiemtra.khoi", "looking at the log is in the log"


def test_backup_and_restore_by_command(oms, world, engine, tmp_path):
    target = tmp_path / "copy.tar"
    made = oms("backup", target, "--json")
    assert made.code == 0 and made.documents[0]["files"] >= 1
    assert oms("backup", target).code == 1, "a backup is never written over"
    assert oms("restore", target).code == 1, "nor an installation"
    engine.dispose()
    assert oms("restore", target, "--replace").code == 0
    assert len(oms("user", "list", "--json").documents) == len(factories.ACCOUNTS)
