"""The database: writers in a line, readers beside them, constraints that have the last word."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from oms import db, dossiers
from oms.models import Counter, Dossier, Fact, Unit, UnitKind
from tests import factories


def test_many_writers_lose_nothing(engine):
    def take(_):
        with db.writing(engine) as session:
            return dossiers.next_number(session, "test")

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(pool.map(take, range(40)))
    assert numbers == list(range(1, 41))
    with db.reading(engine) as session:
        assert session.get_one(Counter, "test").last == 40


def test_what_raises_is_rolled_back_and_the_next_writer_gets_its_turn(engine):
    with pytest.raises(ZeroDivisionError), db.writing(engine) as session:
        session.add(Fact(key="half", value="done"))
        session.flush()
        _ = 1 / 0
    with db.writing(engine) as session:
        assert session.get(Fact, "half") is None


def test_a_reader_does_not_wait_for_a_writer(engine):
    with db.writing(engine) as writer:
        writer.add(Fact(key="new", value="1"))
        writer.flush()
        with db.reading(engine) as reader:
            assert reader.get(Fact, "new") is None
    with db.reading(engine) as reader:
        assert reader.get_one(Fact, "new").value == "1"


def test_sqlite_is_durable_and_checks_references(engine):
    if engine.dialect.name != "sqlite":
        pytest.skip("pragmas are those of SQLite")
    with engine.connect() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_reference_to_nothing_is_refused(engine):
    with pytest.raises(IntegrityError), db.writing(engine) as session:
        session.add(Unit(code="x", kind=UnitKind.CELL, name="X", parent_id="0" * 16))


def test_a_unit_with_dossiers_cannot_be_deleted(engine, world):
    with db.writing(engine) as session:
        factories.make_dossier(session, world.units["sonv"])
    with pytest.raises(IntegrityError), db.writing(engine) as session:
        session.execute(text("DELETE FROM units WHERE code = 'sonv'"))
    with db.reading(engine) as session:
        assert session.scalars(select(Dossier)).one().custodian_id == world.units["sonv"]


def test_the_log_of_sqlite_shrinks_after_a_reader_that_stayed(settings, engine, monkeypatch):
    if engine.dialect.name != "sqlite":
        pytest.skip("SQLite keeps a log beside the file")
    monkeypatch.setattr(db, "WAL_KEPT", 1024**2)
    opened = db.connect(settings.database)
    log = settings.home / "oms.sqlite3-wal"

    def write(number):
        with db.writing(opened) as session:
            session.merge(Fact(key="large", value=f"{number}" * 2_000_000))

    with opened.connect() as reader:
        reader.execute(select(Fact.key))
        for number in range(4):
            write(number)
        held = log.stat().st_size
    for number in range(4, 6):
        write(number)
    left = log.stat().st_size
    opened.dispose()
    assert held > 6 * 1024**2 and left < held / 2


def test_after_a_restart_of_the_server_the_next_question_is_answered(engine, client_as):
    if engine.dialect.name == "sqlite":
        pytest.skip("PostgreSQL only: a database file has no server")
    client = client_as("")
    assert [client.get("/readyz").status_code for _ in range(2)] == [200, 200]
    with engine.connect() as one, engine.connect() as other:
        pids = {connection.scalar(text("SELECT pg_backend_pid()")) for connection in (one, other)}
    assert len(pids) == 2 and engine.pool.checkedin() >= 2
    restarted = db.connect(engine.url.render_as_string(hide_password=False))
    with restarted.connect() as outside:  # what a restart does to every connection there is
        others = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> :mine"
        )
        outside.execute(text(others), {"mine": outside.scalar(text("SELECT pg_backend_pid()"))})
    restarted.dispose()
    with db.reading(engine) as first, db.reading(engine) as second:
        assert [session.scalar(text("SELECT 1")) for session in (first, second)] == [1, 1]
    assert [client.get("/readyz").status_code for _ in range(3)] == [200] * 3
