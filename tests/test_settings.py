"""Settings: defaults, two sources, and nothing guessed."""

import stat

import pytest

from oms.settings import Settings, SettingsError, secret_key


def test_environment_wins_over_the_file(tmp_path):
    (tmp_path / "oms.toml").write_text('port = 9001\nlanguage = "en"\n', "utf-8")
    settings = Settings.from_environment({"OMS_HOME": str(tmp_path), "OMS_PORT": "9002"})
    assert (settings.port, settings.language) == (9002, "en")
    assert settings.database == f"sqlite:///{tmp_path / 'oms.sqlite3'}"
    assert settings.scans == tmp_path / "scans"


def test_plain_port_is_honoured_but_weaker(tmp_path):
    assert Settings.from_environment({"OMS_HOME": str(tmp_path), "PORT": "9003"}).port == 9003
    assert Settings.from_environment({"OMS_HOME": str(tmp_path), "PORT": "9003", "OMS_PORT": "9004"}).port == 9004


@pytest.mark.parametrize("name", ["OMS_PROT", "OMS_", "OMS_DATABASE"])
def test_an_unknown_name_is_refused_and_named(tmp_path, name):
    with pytest.raises(SettingsError) as refusal:
        Settings.from_environment({"OMS_HOME": str(tmp_path), name: "1"})
    assert name in str(refusal.value) and "OMS_DATABASE_URL" in str(refusal.value)


def test_an_unknown_name_in_the_file_is_refused_too(tmp_path):
    (tmp_path / "oms.toml").write_text("prot = 1\n", "utf-8")
    with pytest.raises(SettingsError, match="OMS_PROT"):
        Settings.from_environment({"OMS_HOME": str(tmp_path)})


@pytest.mark.parametrize(("name", "value"), [("OMS_PORT", "eight"), ("OMS_HTTPS", "perhaps"), ("OMS_JOB_LEASE", "")])
def test_a_value_that_makes_no_sense_is_refused(tmp_path, name, value):
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({"OMS_HOME": str(tmp_path), name: value})


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "oms.toml").write_text("port = = 1", "utf-8")
    with pytest.raises(SettingsError, match=r"oms\.toml"):
        Settings.from_environment({"OMS_HOME": str(tmp_path)})


def test_the_key_is_made_once_and_closed_to_others(tmp_path):
    settings = Settings(home=tmp_path / "new")
    first = secret_key(settings)
    assert len(first) >= 32 and secret_key(settings) == first
    assert stat.S_IMODE((settings.home / "secret.key").stat().st_mode) == 0o600
    assert first not in repr(Settings(home=tmp_path, secret_key=first))
    with pytest.raises(SettingsError):
        secret_key(Settings(home=tmp_path, secret_key="short"))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("OMS_DATABASE_URL", "postgresql://oms@db.example/oms"),
        ("OMS_DATABASE_URL", "postgresql+psycopg://oms@10.1.2.3/oms?sslmode=require"),
        ("OMS_DATABASE_URL", "postgresql://oms@localhost/oms?host=db.example"),
        ("OMS_DATABASE_URL", "postgresql://oms@/oms?hostaddr=10.1.2.3"),
        ("OMS_DATABASE_URL", "postgresql://oms@localhost,db.example/oms"),
        ("OMS_QUEUE_URL", "redis://10.1.2.3:6379/0"),
        ("OMS_QUEUE_URL", "rediss://queue.example/0?ssl_cert_reqs=none"),
        ("OMS_QUEUE_URL", "postgresql://oms@db.example/oms"),
        ("OMS_QUEUE_URL", "redis://[x"),
    ],
)
def test_another_machine_is_spoken_to_by_tls_that_proves_it(tmp_path, name, address):
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({"OMS_HOME": str(tmp_path), name: address})


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("OMS_DATABASE_URL", "postgresql://oms@db.example/oms?sslmode=verify-full&sslrootcert=/etc/oms/ca.crt"),
        ("OMS_DATABASE_URL", "postgresql:///oms?host=/run/postgresql"),
        ("OMS_DATABASE_URL", "postgresql://oms@%2Frun%2Fpostgresql/oms"),
        ("OMS_DATABASE_URL", "postgresql://oms:secret@127.0.0.1:5433/oms"),
        ("OMS_DATABASE_URL", "sqlite:////srv/oms/oms.sqlite3"),
        ("OMS_QUEUE_URL", "rediss://queue.example/0?ssl_ca_certs=/etc/oms/ca.crt"),
        ("OMS_QUEUE_URL", "redis://localhost:6379/0"),
    ],
)
def test_what_lies_here_or_is_proved_is_taken(tmp_path, name, address):
    assert address in vars(Settings.from_environment({"OMS_HOME": str(tmp_path), name: address})).values()
