"""Limits of an account hold over all server processes of an installation, and a lost counter stops nobody."""

import multiprocessing
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

import pytest
from limits import parse

from oms import db, limits
from oms.errors import TooManyTries
from oms.web import create_app

FEW = parse("5 per hour")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setitem(limits.LIMITS, "search:export", FEW)


@pytest.fixture
def clock(monkeypatch):
    """A moment in the middle of a window; `clock(seconds)` goes on."""
    moment = [3_600.0 * 500_000 + 10]
    monkeypatch.setattr(time, "time", lambda: moment[0])

    def go_on(seconds: float) -> None:
        moment[0] += seconds

    return go_on


def tries(engine, who, times: int) -> int:
    taken = 0
    for _ in range(times):
        try:
            limits.take(engine, "search:export", actor=who)
            taken += 1
        except TooManyTries as refusal:
            assert 1 <= refusal.values["seconds"] <= 3601
    return taken


def _try_elsewhere(url: str, account: str, answers) -> None:
    class Somebody:
        account_id = account

    limits.LIMITS["search:export"] = FEW
    answers.put(tries(db.connect(url), Somebody(), 4))


def test_all_processes_count_together(engine, settings, actor):
    officer, answers = actor("canbo.sonv"), multiprocessing.get_context("spawn").Queue()
    others = [
        multiprocessing.get_context("spawn").Process(
            target=_try_elsewhere, args=(settings.database, officer.account_id, answers)
        )
        for _ in range(3)
    ]
    for process in others:
        process.start()
    taken = sum(answers.get(timeout=60) for _ in others)
    for process in others:
        process.join()
    assert taken == 5 and tries(engine, officer, 1) == 0
    assert tries(engine, actor("bithu.sonv"), 1) == 1, "another account counts for itself"


def test_a_window_slides_and_old_counters_are_swept(engine, actor, clock):
    officer = actor("canbo.sonv")
    assert tries(engine, officer, 9) == 5
    clock(3_600)
    assert tries(engine, officer, 9) == 1, "just over the edge of a window the one before still counts"
    clock(1_800)
    assert tries(engine, officer, 9) == 2
    clock(20_000)
    assert tries(engine, officer, 9) == 5
    storage = limits.SharedCounters(database=lambda: engine)
    assert storage.reset() == 1, "what is over was swept out"


def test_two_servers_refuse_together(engine, settings, world, actor):
    apps = [create_app(settings, db.connect(settings.database)) for _ in range(2)]
    for app in apps:
        app.config.update(WTF_CSRF_ENABLED=False)
    codes = []
    for number in range(8):
        with apps[number % 2].test_request_context("/search/export"):
            from flask import g

            from oms.web import access

            g.actor = actor("canbo.sonv")
            try:
                access.limit("search:export")
                codes.append(200)
            except TooManyTries as refusal:
                codes.append(refusal.status)
    assert codes == [200] * 5 + [429] * 3


def test_counters_out_of_reach_stop_nobody_and_still_limit(engine, settings, actor, caplog, monkeypatch):
    if engine.dialect.name != "sqlite":
        pytest.skip("SQLite keeps its counters in a file that can be taken away")
    officer = actor("canbo.sonv")
    folder = settings.home / "run"
    shutil.rmtree(folder)
    folder.write_text("not a folder")
    assert tries(engine, officer, 9) == 5
    assert "out of reach" in caplog.text


@pytest.mark.skipif(bool(os.environ.get("OMS_TEST_POSTGRESQL")), reason="a file beside the database: SQLite only")
def test_the_file_of_the_counters_is_closed_with_its_database(engine, settings, actor):
    def is_open() -> bool:
        found = []
        for one in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):
                found.append(one.readlink())
        return settings.home / "run" / "limits.sqlite3" in found

    assert tries(engine, actor("canbo.sonv"), 1) == 1 and is_open()
    engine.dispose()
    assert not is_open(), "an open file for each house that was closed: thousands in a long run of tests"
    assert tries(engine, actor("canbo.sonv"), 1) == 1, "it opens again when it is asked"
