"""Migrations: equal to the models, after a copy, whole or not at all."""

import sqlite3
from contextlib import closing

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError

from oms import audit, db, installation
from oms.models import Base, Fact
from tests import factories


def test_models_and_migrations_are_the_same(engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "render_as_batch": engine.dialect.name == "sqlite"}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_there_is_one_newest_version(engine):
    heads = ScriptDirectory.from_config(installation.alembic_config(engine)).get_heads()
    assert heads == [installation.newest_version(engine)] == [installation.version_of(engine)]


def test_an_upgrade_of_an_older_database_makes_a_copy_first(engine, settings):
    if engine.dialect.name != "sqlite":
        pytest.skip("the copy is made of the database file")
    with db.writing(engine) as session:
        session.add(Fact(key="organisation", value="before"))
    newest = installation.newest_version(engine)
    assert not installation.upgrade(settings, engine), "nothing to do, no copy"
    assert not list((settings.home / "run").glob("before-upgrade-*"))
    with engine.begin() as connection:
        # As if a newer program met this database: the copy must be whole before the first change.
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    with pytest.raises(Exception, match="older"):
        installation.upgrade(settings, engine)
    copy = settings.home / "run" / "before-upgrade-older.sqlite3"
    with sqlite3.connect(copy) as kept:
        assert kept.execute("SELECT value FROM facts WHERE key = 'organisation'").fetchone() == ("before",)
    assert newest == installation.newest_version(engine)


def test_nobody_alters_the_audit_log_in_the_database(engine, world):
    with db.writing(engine) as session:
        audit.record(session, "account:sign_in", actor=None)
    for statement in ("UPDATE audit_entries SET outcome = 'x'", "DELETE FROM audit_entries", "DELETE FROM audit_words"):
        if statement.endswith("audit_words"):
            with db.writing(engine) as session:
                audit.record(session, "search:find", actor=None, words="hoa")
        with pytest.raises(DatabaseError), db.writing(engine) as session:
            session.execute(text(statement))
    with db.reading(engine) as session:
        assert not audit.verify(session).finding


def test_killed_at_any_statement_an_upgrade_is_where_a_migration_begins_or_ends(engine, world, actor, settings):
    """UP-2: what another connection sees before each statement is what `kill -9` would leave there."""
    if engine.dialect.name != "sqlite":
        pytest.skip("SQLite tells what was committed; PostgreSQL rolls back what was not")
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        scan = factories.make_scan(session, dossier, world.accounts["canbo.sonv"])
        factories.make_document(session, dossier, scan, actor=actor("canbo.sonv"))
    config = installation.alembic_config(engine)
    steps = list(ScriptDirectory.from_config(config).walk_revisions())[::-1]
    command.downgrade(config, steps[0].revision)
    seen: list[tuple[int, str]] = []
    with closing(sqlite3.connect(settings.home / "oms.sqlite3")) as other:

        def look(*_: object) -> None:
            (commits,) = other.execute("PRAGMA data_version").fetchone()
            seen.append((commits, other.execute("SELECT group_concat(version_num) FROM alembic_version").fetchone()[0]))

        event.listen(engine, "before_cursor_execute", look)
        command.upgrade(config, "head")
        event.remove(engine, "before_cursor_execute", look)
        look()
    committed = list(dict.fromkeys(seen))
    assert [version for _commits, version in committed] == [step.revision for step in steps], "one commit a migration"
    assert len(seen) > 400
    with db.reading(engine) as session:
        assert not audit.verify(session).finding
