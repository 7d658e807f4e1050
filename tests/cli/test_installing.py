"""`oms init` and `oms demo`."""

import shutil

from oms import db, quotas
from oms.cli.installing import demo_when_new
from oms.models import Account, Fact
from oms.settings import Settings


def test_init_prints_a_one_time_password_and_refuses_a_second_time(oms, engine):
    answer = oms("init", "--username", "quantri", "--json")
    assert answer.code == 0
    first = answer.documents[0]
    assert first["username"] == "quantri" and len(first["password"]) >= 12
    with db.reading(engine) as session:
        assert session.query(Account).filter_by(username="quantri").one().must_change_password
    again = oms("init")
    assert again.code == 1
    assert "already" in again.err and again.out == ""


def test_init_says_when_the_disk_is_too_small_to_take_files_in(oms, monkeypatch):
    gb = 1024**3
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: shutil._ntuple_diskusage(20 * gb, 12 * gb, 8 * gb))
    monkeypatch.setattr(quotas, "KEPT_LEAST", 10 * gb)
    answer = oms("init")
    assert answer.code == 0 and "no file is taken in" in answer.err and "10,0 GB" in answer.err


def test_demo_refuses_real_data(oms, world, engine):
    answer = oms("demo", "--people", "100", "--scans", "0")
    assert answer.code == 1
    assert "real data" in answer.err
    with db.reading(engine) as session:
        assert session.get(Fact, "demo") is None


def test_demo_after_init_takes_over_the_first_administrator(oms):
    assert oms("init").code == 0
    answer = oms("demo", "--people", "70", "--scans", "0", "--json")
    assert answer.code == 0
    assert answer.documents[0]["people"] == 70
    assert "quantri" in answer.documents[0]["accounts"]
    users = {row["username"]: row for row in oms("user", "list", "--json").documents}
    assert len(users) == 9
    again = oms("demo", "--people", "70", "--scans", "0")
    assert again.code == 1 and "loaded already" in again.err


def test_a_folder_without_installation_is_named(monkeypatch, tmp_path, capsys):
    from oms import cli

    monkeypatch.setenv("OMS_HOME", str(tmp_path / "empty"))
    monkeypatch.setenv("OMS_LANGUAGE", "en")
    monkeypatch.delenv("OMS_DATABASE_URL", raising=False)
    assert cli.run(["status"]) == 1
    assert "oms init" in capsys.readouterr().err
    assert not (tmp_path / "empty").exists()


def test_an_unknown_setting_is_wrong_use(monkeypatch, tmp_path, capsys):
    from oms import cli

    monkeypatch.setenv("OMS_HOME", str(tmp_path))
    monkeypatch.setenv("OMS_PROT", "8000")
    monkeypatch.setenv("OMS_LANGUAGE", "en")
    assert cli.run(["status"]) == 2
    assert "OMS_PROT" in capsys.readouterr().err
    assert Settings.from_environment({}).port == 8000


def test_a_house_with_data_gets_no_demo(oms, world, engine, capsys):
    assert oms("unit", "list").code == 0  # sets the scene: the commands see this house
    demo_when_new()
    with db.reading(engine) as session:
        assert session.get(Fact, "demo") is None
    assert capsys.readouterr().out == ""


def test_a_demo_shows_its_accounts_each_time(oms, capsys):
    assert oms("demo", "--people", "65", "--scans", "0").code == 0
    demo_when_new()
    shown = capsys.readouterr()
    assert "canbo.sonv" in shown.out and "Demo-OMS-2026" in shown.err


def test_units_are_entered_one_below_the_other(oms):
    assert oms("init").code == 0
    added = oms("unit", "add", "khoi", "Đảng bộ Khối", "--kind", "upper_committee", "--below", "goc", "--json")
    assert added.code == 0 and added.documents[0]["unit"] == "khoi"
    assert oms("unit", "add", "khoi", "Đảng bộ khác", "--kind", "board", "--below", "goc").code == 1
    assert oms("unit", "add", "Sở Nội vụ", "Tên", "--kind", "board", "--below", "khoi").code == 1
    assert oms("unit", "add", "btc", "Ban Tổ chức", "--kind", "board", "--below", "nowhere").code == 1
    assert [row["unit"] for row in oms("unit", "list", "--json").documents] == ["goc", "khoi"]
