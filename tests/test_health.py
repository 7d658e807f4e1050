"""The health of an installation in sentences: each trouble is told, and no name of anybody with it."""

import shutil
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from oms import health, looks, quotas, search, staging
from oms.errors import Refused
from oms.health import DANGER, GOOD, WARNING, Finding
from oms.models import Fact, Job, JobState, now
from oms.permissions import Actor
from oms.settings import Settings
from tests.factories import World

Find = Callable[[str], Actor]
GB = 1024**3


@pytest.fixture
def look(session: Session, settings: Settings, actor: Find, engine) -> Callable[[], dict[str, Finding]]:
    search.rebuild(engine, settings)
    administrator = actor("quantri")

    def examine() -> dict[str, Finding]:
        session.flush()
        return {finding.name: finding for finding in health.examine(session, settings, actor=administrator).findings}

    yield examine
    search._engine_at.cache_clear()


def test_a_fresh_installation_only_wants_its_first_check_and_backup(look) -> None:
    tones = {name: finding.tone for name, finding in look().items()}
    for name in ("Last check", "Last backup", "Last proven restore"):
        assert tones.pop(name) == WARNING
    for name in ("Disk", "Arriving files"):  # disk and memory are those of the machine the test runs on
        assert tones.pop(name) in (GOOD, WARNING, DANGER)
    assert set(tones.values()) == {GOOD}


def test_a_job_nobody_takes_means_no_worker(session: Session, look) -> None:
    session.add(Job(kind="read_scan", subject_id="a" * 16, created_at=now() - health.PATIENCE - timedelta(seconds=1)))
    assert look()["Jobs"].tone == DANGER
    session.add(Job(kind="read_scan", subject_id="b" * 16, state=JobState.RUNNING))
    assert look()["Jobs"].tone == GOOD


def test_a_failed_job_is_told_without_the_name_of_its_file(
    session: Session, look, settings: Settings, actor: Find
) -> None:
    session.add(
        Job(
            kind="read_scan",
            subject_id="c" * 16,
            state=JobState.FAILED,
            error="%(name)s is damaged.",
            error_values={"name": "ly-lich-Nguyen-Thi-Hoa.pdf"},
            finished_at=now(),
        )
    )
    assert look()["Failed jobs"].tone == WARNING
    failure = health.examine(session, settings, actor=actor("quantri")).failures[0]
    assert failure.sentence % failure.values == "c" * 16 + " is damaged."


def test_a_damaged_index_is_told(look, settings: Settings) -> None:
    search._engine_at.cache_clear()
    for file in settings.index.glob("*.toc"):
        file.unlink()
    assert look()["Search index"].tone == DANGER


def test_the_disk_of_the_files_is_looked_at_as_well(look, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads stop by the disk the files lie on, which need not be that of the database."""
    settings.scans.mkdir(exist_ok=True)
    free = {settings.home: 900, settings.scans: 900}

    def usage(folder):
        return shutil._ntuple_diskusage(1000 * GB, (1000 - free.get(folder, 900)) * GB, free.get(folder, 900) * GB)

    monkeypatch.setattr(quotas, "KEPT_SHARE", 0.05)
    monkeypatch.setattr(quotas.shutil, "disk_usage", usage)
    assert look()["Disk"].tone == GOOD
    free[settings.scans] = 49
    found = look()["Disk"]
    assert found.tone == DANGER and found.values["kept"] == "50,0 GB"
    free[settings.scans], free[settings.home] = 900, 49
    assert look()["Disk"].tone == DANGER


def test_files_that_wait_on_a_disk_are_a_danger(look, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(staging, "MEMORY", tmp_path)
    assert look()["Arriving files"].tone == DANGER


def test_the_last_check_is_remembered(session: Session, look) -> None:
    looks.remember_check(session, 0)
    assert look()["Last check"].tone == GOOD
    looks.remember_check(session, 3)
    assert look()["Last check"].tone == DANGER
    fact = session.get_one(Fact, looks.LAST_CHECK)
    fact.value = f"{(now() - looks.CHECK_EVERY - timedelta(days=1)).isoformat(timespec='seconds')} 0"
    assert look()["Last check"].tone == WARNING


def test_only_who_may_see_the_system_does(session: Session, settings: Settings, actor: Find, world: World) -> None:
    for username in ("canbo.sonv", "kiemtra.khoi", "nguoilaodong.sonv"):
        with pytest.raises(Refused):
            health.examine(session, settings, actor=actor(username))


@pytest.mark.parametrize(
    ("key", "name", "patience"),
    [
        (health.LAST_BACKUP, "Last backup", health.BACKUP_EVERY),
        (health.LAST_DRILL, "Last proven restore", health.DRILL_EVERY),
    ],
)
def test_backups_and_their_trials_are_told(
    session: Session, look, monkeypatch: pytest.MonkeyPatch, key: str, name: str, patience: timedelta
) -> None:
    health.remember(session, key, "oms 2026-11-28.tar", 2)
    assert look()[name].tone == DANGER
    health.remember(session, key, "oms 2026-11-29.tar")
    found = look()[name]
    assert found.tone == GOOD and found.values["file"] == "oms 2026-11-29.tar"
    later = now() + patience + timedelta(minutes=1)
    monkeypatch.setattr(health, "now", lambda: later)
    assert look()[name].tone == WARNING
