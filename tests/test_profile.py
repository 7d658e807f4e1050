"""The kind of an installation: written at the first start, and no start as the other kind or with a door open."""

import tempfile
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event

from oms import cli, db, profile, staging, vault
from oms.cli.closed import ABSENT, EXISTING
from oms.models import Fact
from oms.settings import Settings, SettingsError

CLOSED = Settings(profile="protection")


@pytest.fixture
def closed_home(tmp_path, monkeypatch):
    """An empty folder, and the environment of a closed installation in it."""
    home = tmp_path / "kin"
    for name, value in {"HOME": home, "PROFILE": "protection", "LANGUAGE": "en"}.items():
        monkeypatch.setenv(f"OMS_{name}", str(value))
    monkeypatch.setenv("OMS_VAULT_KEY", str(tmp_path / "kek"))
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
    monkeypatch.delenv("OMS_DATABASE_URL", raising=False)
    yield home
    staging.forget(Settings(home=home))
    vault.lock(Settings(home=home))
    tempfile.tempdir = None


def begin():
    """The first start of a closed installation."""
    assert cli.run(["keys", "new"]) == 0
    assert cli.run(["init"]) == 0


def test_the_first_start_writes_the_kind_into_folder_and_database(closed_home):
    begin()
    assert (closed_home / "profile").read_text() == "protection\n"
    engine = db.connect(Settings(home=closed_home, profile="protection").database)
    with db.reading(engine) as session:
        assert session.get_one(Fact, "profile").value == "protection"
        assert profile.is_closed(session)
    engine.dispose()
    assert cli.run(["check"]) == 0


def test_a_general_start_in_the_closed_folder_is_refused_and_changes_nothing(closed_home, monkeypatch, capsys):
    begin()
    before = {path: path.stat().st_mtime_ns for path in closed_home.rglob("*") if path.is_file()}
    monkeypatch.setenv("OMS_PROFILE", "general")
    assert cli.run(["check"]) == 2
    assert "OMS_PROFILE=protection" in capsys.readouterr().err
    assert cli.run(["init"]) == 2
    assert {path: path.stat().st_mtime_ns for path in closed_home.rglob("*") if path.is_file()} == before


def test_the_database_alone_knows_its_kind(settings: Settings, engine: Engine):
    """A copy of it in a folder without mark and vault."""
    profile.check(settings, engine)
    profile.settle(settings, engine)
    with db.writing(engine) as session:
        session.get_one(Fact, profile.MARKER).value = profile.PROTECTION
    assert not (settings.home / profile.MARKER).exists() and not vault.is_sealed(settings.home)
    with pytest.raises(SettingsError, match="OMS_PROFILE=protection"):
        profile.check(settings, engine)


def test_the_kind_is_read_once_for_each_engine(settings: Settings, engine: Engine):
    profile.settle(settings, engine)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for open_session in (db.reading, db.writing, db.reading):
        with open_session(engine) as session:
            assert not profile.is_closed(session)
    assert len([one for one in asked if "facts" in one]) == 1


def test_a_closed_start_in_a_general_folder_is_refused(closed_home, monkeypatch, capsys):
    monkeypatch.setenv("OMS_PROFILE", "general")
    assert cli.run(["init"]) == 0
    monkeypatch.setenv("OMS_PROFILE", "protection")
    assert cli.run(["check"]) == 2
    assert "an empty folder" in capsys.readouterr().err
    assert not (closed_home / "profile").exists()


def test_a_house_older_than_the_kinds_is_a_general_one(engine: Engine, settings: Settings, world):
    with pytest.raises(SettingsError, match="general installation"):
        profile.check(replace(settings, profile="protection", database_url="", queue_url=""), engine)
    profile.check(settings, engine)
    profile.settle(settings, engine)
    with db.reading(engine) as session:
        assert not profile.is_closed(session)


def test_what_a_general_house_left_in_the_folder_counts_too(tmp_path, engine):
    """Its database may lie on a server, and its scans here."""
    (tmp_path / "scans" / "ab").mkdir(parents=True)
    with pytest.raises(SettingsError, match="general installation"):
        profile.check(replace(CLOSED, home=tmp_path), engine)


@pytest.mark.parametrize(
    "host",
    [
        *("0.0.0.0", "::", "", "*", "8.8.8.8", "224.0.0.1", "hoso.example.vn", "eth0"),
        *("::ffff:0.0.0.0", "0.0.0.1", "255.255.255.255", "240.0.0.1", "::ffff:8.8.8.8", "ff02::1", "192.0.2.1"),
    ],
)
def test_it_listens_nowhere_but_on_one_address_of_its_own(host):
    with pytest.raises(SettingsError, match="OMS_HOST"):
        profile.refuse_open_doors(replace(CLOSED, host=host))
    profile.refuse_open_doors(Settings(host=host))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "::1", "10.20.0.5", "192.168.7.2", "fd00::7", "169.254.3.4", "::ffff:10.20.0.5"]
)
def test_loopback_and_one_private_address_are_taken(host):
    profile.refuse_open_doors(replace(CLOSED, host=host))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ldap_url", "ldaps://ldap.example.vn"),
        ("mail_relay", "127.0.0.1:25"),
        ("seal_syslog", "/dev/log"),
        ("oidc_issuer", "https://dang-nhap.example.vn"),
        ("mail_to", "quantri@example.vn"),
        ("database_url", "postgresql://oms@127.0.0.1/oms"),
        ("queue_url", "redis://127.0.0.1"),
        ("box", "weak"),
    ],
)
def test_no_setting_leads_out(name, value):
    with pytest.raises(SettingsError) as refusal:
        profile.refuse_open_doors(replace(CLOSED, **{name: value}))
    assert f"OMS_{name.upper()}" in str(refusal.value)
    profile.refuse_open_doors(replace(Settings(), **{name: value}))


def test_every_command_is_said_to_exist_there_or_not():
    assert set(cli.program.commands) <= EXISTING | ABSENT
    assert not EXISTING & ABSENT


@pytest.mark.parametrize("command", sorted(ABSENT))
def test_what_reads_or_takes_out_dossiers_is_no_command(closed_home, capsys, command):
    assert cli.run([command]) == 1
    assert "has no command" in capsys.readouterr().err
    assert not closed_home.exists()


def test_a_backup_is_sealed_or_none(closed_home, tmp_path, capsys):
    begin()
    assert cli.run(["backup", str(tmp_path / "sao-luu")]) == 1
    assert "OMS_BACKUP_KEYS" in capsys.readouterr().err
    assert not (tmp_path / "sao-luu").exists()
