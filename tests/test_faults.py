"""What the disk, the database and numbers raise: a sentence where it is nobody's bug, and nothing is lost meanwhile."""

import errno
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError
from sqlalchemy.orm.exc import StaleDataError

from oms import db, jobs, staging, worker
from oms.errors import BadInput, Conflict, Unavailable
from oms.faults import refusal_behind
from oms.models import AuditEntry, Job, JobState, new_id
from oms.settings import Settings
from oms.worker import Worker
from tests.factories import World


def of_sqlite(path: Path, statement: str, pragma: str = "query_only=0") -> Exception:
    """What SQLAlchemy raises for a statement on a fresh database."""
    engine = db.connect(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS things (name TEXT)")
        connection.exec_driver_sql(f"PRAGMA {pragma}")
        with pytest.raises(Exception) as raised:
            connection.exec_driver_sql(statement)
    engine.dispose()
    return raised.value


def test_a_database_that_cannot_be_written_is_said_but_a_missing_table_is_our_fault(tmp_path: Path) -> None:
    path = tmp_path / "some.sqlite3"
    locked = of_sqlite(path, "INSERT INTO things VALUES ('a')", "query_only=1")
    full = of_sqlite(path, "INSERT INTO things SELECT hex(randomblob(100000))", "max_page_count=1")
    for error in (locked, full):
        assert isinstance(error, OperationalError) and isinstance(refusal_behind(error), Unavailable)
    missing = of_sqlite(path, "SELECT * FROM nothing")
    assert isinstance(missing, OperationalError | ProgrammingError) and refusal_behind(missing) is None


def given_up(state: str) -> Exception:
    """What the driver of PostgreSQL raises for a deadlock or a clash of transactions."""
    error = Exception("deadlock detected")
    error.sqlstate = state  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "full"), Unavailable),
        (OSError(errno.EROFS, "read-only"), Unavailable),
        (FileNotFoundError(errno.ENOENT, "gone"), None),
        (OverflowError("too large"), BadInput),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "half"), BadInput),
        (DataError("INSERT", {}, ValueError("NUL")), BadInput),
        (StaleDataError("UPDATE: 0 were matched"), Conflict),
        (OperationalError("UPDATE", {}, given_up("40P01")), Conflict),
        (OperationalError("UPDATE", {}, given_up("40001")), Conflict),
        (sqlite3.OperationalError("not through SQLAlchemy"), None),
        (ValueError("ours"), None),
    ],
)
def test_what_stands_behind_an_error(error: Exception, kind: type | None) -> None:
    refusal = refusal_behind(error)
    assert type(refusal) is (kind or type(None))


def test_a_log_that_cannot_be_written_shows_nothing(
    client_as: Callable[[str], FlaskClient], engine: Engine, world: World
) -> None:
    """The look comes after the view and before the first byte: without it 503, in words, and no content."""
    if engine.dialect.name != "sqlite":
        pytest.skip("SQLite can be told to refuse writing")
    client = client_as("canbo.sonv")
    assert client.get("/people").status_code == 200

    @event.listens_for(engine, "checkout")
    def refuse(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.execute("PRAGMA query_only=1")

    client.set_cookie("language", "en")
    answer = client.get("/people")
    assert answer.status_code == 503
    assert "the disk is full, or the database does not answer" in answer.text
    assert client.get("/healthz").status_code == 200
    event.remove(engine, "checkout", refuse)

    @event.listens_for(engine, "checkout")
    def allow(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.execute("PRAGMA query_only=0")

    assert client.get("/people").status_code == 200
    with db.reading(engine) as session:
        assert [entry.action for entry in session.query(AuditEntry)].count("person:list") == 2


def test_a_full_disk_uses_up_no_tries(
    settings: Settings, engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object, **_named: object) -> list[str]:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setitem(worker.HANDLERS, "note", full)
    with db.writing(engine) as session:
        jobs.enqueue(session, "note", new_id(), actor=None)
        (job_id,) = session.info.pop("enqueued")
    runner = Worker(engine, settings)
    for _ in range(jobs.MAX_CRASHES + 1):
        runner.run(job_id)
        with db.reading(engine) as session:
            job = session.get_one(Job, job_id)
            assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    monkeypatch.setitem(worker.HANDLERS, "note", lambda *_given, **_named: [])
    runner.run(job_id)
    with db.reading(engine) as session:
        assert session.get_one(Job, job_id).state == JobState.DONE


def test_what_a_killed_upload_left_is_taken_away_and_what_is_coming_in_is_not(
    settings: Settings, engine: Engine, world: World
) -> None:
    old, young = staging.make_place(settings), staging.make_place(settings)
    for folder in (old, young):
        (folder / "file").write_bytes(b"%PDF-1.7 not looked at")
    long_ago = time.time() - staging.SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    Worker(engine, settings).sweep()
    assert not old.exists() and (young / "file").exists()
