"""`oms doctor`: every trouble told, nobody named, and no trouble that hides the others."""

from pathlib import Path

import pytest

from oms import db, health, looks
from oms.models import Job, JobState, new_id
from tests import factories

NAME, FILE = "Canarius Hồ Sơn Ca", "ho so Canarius.pdf"


def fill(engine, world) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"], NAME)
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"], ("chữ canarius",))
        scan.file_name = FILE
        session.add(
            Job(
                kind="read_scan",
                subject_id=new_id(),
                state=JobState.FAILED,
                error="“%(name)s” cannot be read.",
                error_values={"name": FILE},
            )
        )


def test_it_tells_how_things_are_and_names_nobody(oms, engine, world, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(engine, world)
    monkeypatch.setenv("OMS_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("OMS_MAIL_RELAY", "thu.so-bi-mat.example:25")
    monkeypatch.setenv("OMS_MAIL_TO", "quantri@so-bi-mat.example")
    with db.writing(engine) as session:
        health.remember(session, health.LAST_BACKUP, "so-bi-mat.tar")
    told = oms("doctor")
    for word in ("OMS", "tesseract --list-langs: ", "vie", "Search index", "dossiers: 1", "1 ×: “%(name)s”"):
        assert word in told.out, word
    assert "OMS_SECRET_KEY: set" in told.out
    for secret in ("canarius", "so-bi-mat", "kkkk", "canbo.sonv", "Nguyễn"):
        assert secret.casefold() not in told.out.casefold(), secret
    parts = {row["part"] for row in oms("doctor", "--json").documents}
    assert {"Machine", "Settings", "Installation", "Versions", "Amounts", "Jobs"} <= parts


def test_what_is_to_be_done_at_once_is_the_exit_code(oms, engine, world) -> None:
    oms("reindex")
    with db.writing(engine) as session:
        looks.remember_check(session, 0)
    assert oms("doctor").code == 0
    with db.writing(engine) as session:
        looks.remember_check(session, 2)
    assert oms("doctor").code == 1


def test_a_part_that_cannot_be_looked_at_hides_nothing_else(oms, engine, world, monkeypatch) -> None:
    monkeypatch.setattr(health, "diagnose", lambda *_: 1 / 0)
    told = oms("doctor")
    assert told.code == 1
    assert "cannot be looked at" in told.out and "ZeroDivisionError" in told.out and "dossiers: 0" in told.out


def test_without_an_installation_the_machine_is_told_all_the_same(oms, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("OMS_HOME", str(tmp_path / "empty"))
    monkeypatch.delenv("OMS_DATABASE_URL", raising=False)
    told = oms("doctor")
    assert told.code == 1
    assert "Python" in told.out and "oms init" in told.out


def test_it_is_written_into_a_new_file(oms, engine, world, tmp_path: Path) -> None:
    file = tmp_path / "doctor.txt"
    oms("doctor", "--export", file)
    assert "== " in file.read_text("utf-8")
    assert oms("doctor", "--export", file).code == 1, "nothing is overwritten"
