"""The audit log: chained, append-only, written before the answer, and readable without showing a dossier."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from oms import accounts, audit, audit_reading, custody, db, dossiers
from oms.audit_reading import ACTIONS, Filters
from oms.errors import NotFound, Refused
from oms.models import AuditEntry, AuditWords
from oms.organisation import today
from oms.permissions import Action, Actor
from oms.settings import Settings
from tests import factories
from tests.factories import World

Actors = Callable[[str], Actor]
TABLES = ("audit_entries", "audit_words")


@pytest.fixture
def log(engine: Engine, world: World, actor: Actors) -> Engine:
    """A log of ten entries, some with words."""
    with db.writing(engine) as session:
        officer = actor("canbo.sonv")
        dossier = factories.make_dossier(session, world.units["sonv"])
        for number in range(10):
            audit.record(
                session, "search:find", dossier, actor=officer, words=f"từ {number}" if number % 2 else "", n=number
            )
    return engine


@contextmanager
def without_triggers(engine: Engine) -> Iterator[Session]:
    """The database in the hands of somebody who owns it."""
    with db.writing(engine) as session:
        for table in TABLES:
            if db.is_sqlite(session):
                for verb in ("update", "delete"):
                    session.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
            else:
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield session


def found_by_verify(engine: Engine) -> tuple[int, str] | None:
    with db.reading(engine) as session:
        verdict = audit.verify(session)
        return (verdict.seq, verdict.finding) if verdict.finding else None


def test_the_chain_holds(log: Engine) -> None:
    assert found_by_verify(log) is None
    with db.reading(log) as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.seq).all()
    assert [entry.seq for entry in entries] == list(range(1, 11))
    assert entries[0].previous == audit.GENESIS
    assert all(later.previous == earlier.hash for earlier, later in pairwise(entries))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET outcome = 'done' WHERE seq = 3",
        "DELETE FROM audit_entries WHERE seq = 10",
        "UPDATE audit_words SET words = 'anders' WHERE seq = 2",
        "DELETE FROM audit_words",
    ],
)
def test_the_database_refuses_to_change_an_entry(log: Engine, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), db.writing(log) as session:
        session.execute(text(statement))
    assert found_by_verify(log) is None


def test_no_entry_is_written_over_another(log: Engine) -> None:
    """Neither an upsert nor the REPLACE of SQLite, which asks no DELETE trigger, gets past the triggers."""
    with db.reading(log) as session:
        columns = ", ".join(column.name for column in AuditEntry.__table__.columns)
        changed = columns.replace("outcome", "'forged'")
        ways = ["INSERT INTO audit_words (seq, words) VALUES (2, 'x') ON CONFLICT (seq) DO UPDATE SET words = 'x'"]
        if db.is_sqlite(session):
            ways.append(
                f"INSERT OR REPLACE INTO audit_entries ({columns}) SELECT {changed} FROM audit_entries WHERE seq = 3"
            )
            moved = changed.replace("seq", "99", 1)
            ways.append(
                f"INSERT OR REPLACE INTO audit_entries ({columns}) SELECT {moved} FROM audit_entries WHERE seq = 3"
            )
            ways.append("REPLACE INTO audit_words (seq, words) VALUES (2, 'x')")
    for way in ways:
        with pytest.raises(DatabaseError, match="append-only"), db.writing(log) as session:
            session.execute(text(way))
    assert found_by_verify(log) is None


SWAP = (
    "UPDATE audit_entries SET seq = 1003 WHERE seq = 3; UPDATE audit_entries SET seq = 3 WHERE seq = 4;"
    "UPDATE audit_entries SET seq = 4 WHERE seq = 1003"
)


@pytest.mark.parametrize(
    ("statements", "seq", "finding"),
    [
        (
            "UPDATE audit_entries SET body = replace(body, 'search:find', 'search:fond') WHERE seq = 4",
            4,
            "chain-broken",
        ),
        ("UPDATE audit_entries SET hash = 'x' || substr(hash, 2) WHERE seq = 5", 5, "chain-broken"),
        ("DELETE FROM audit_entries WHERE seq = 4", 4, "gap"),
        ("DELETE FROM audit_entries WHERE seq = 1", 1, "gap"),
        (SWAP, 3, "chain-broken"),
        ("UPDATE audit_entries SET action = 'dossier:view' WHERE seq = 7", 7, "contradicts-body"),
        ("UPDATE audit_entries SET outcome = 'refused' WHERE seq = 7", 7, "contradicts-body"),
        ("UPDATE audit_entries SET account_id = NULL WHERE seq = 6", 6, "contradicts-body"),
        ("UPDATE audit_entries SET dossier_id = NULL WHERE seq = 6", 6, "contradicts-body"),
        ("UPDATE audit_words SET words = 'anders' WHERE seq = 4", 4, "contradicts-body"),
        ("DELETE FROM audit_words WHERE seq = 8", 8, "contradicts-body"),
        ("INSERT INTO audit_words (seq, words) VALUES (3, 'untergeschoben')", 3, "contradicts-body"),
    ],
)
def test_tampering_past_the_triggers_is_found(log: Engine, statements: str, seq: int, finding: str) -> None:
    with without_triggers(log) as session:
        for statement in statements.split(";"):
            session.execute(text(statement))
    assert found_by_verify(log) == (seq, finding)


def test_a_moment_that_was_moved_is_found(log: Engine) -> None:
    with without_triggers(log) as session:
        entry = session.get_one(AuditEntry, 5)
        entry.at += timedelta(days=1)
    assert found_by_verify(log) == (5, "contradicts-body")


def test_a_change_and_its_entry_are_one_commit(engine: Engine, world: World, actor: Actors) -> None:
    with pytest.raises(RuntimeError), db.writing(engine) as session:
        audit.record(session, "dossier:create", actor=actor("canbo.sonv"))
        raise RuntimeError("the change fails")
    with db.reading(engine) as session:
        assert session.query(AuditEntry).count() == 0


def test_words_that_no_database_keeps_are_kept_as_escapes(engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        audit.record(session, "search:find", actor=None, words="a\x00b\ud800")
    with db.reading(engine) as session:
        assert session.query(AuditWords).one().words == "a\\x00b\\ud800"
    assert found_by_verify(engine) is None


def test_a_look_is_written_before_the_answer(
    engine: Engine, world: World, client_as: Callable[[str], FlaskClient]
) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
        name = dossier.person.full_name
    client = client_as("canbo.sonv")
    assert name in client.get(f"/transfers/new?dossier={dossier.id}").get_data(as_text=True)
    with db.reading(engine) as session:
        last = session.query(AuditEntry).order_by(AuditEntry.seq.desc()).first()
        assert last is not None and (last.action, last.dossier_id) == ("dossier:view", dossier.id)
    # When the log cannot be written, nothing is shown.
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_words RENAME TO hidden_words"))
        connection.execute(text("ALTER TABLE audit_entries RENAME TO hidden_entries"))
    answer = client.get(f"/transfers/new?dossier={dossier.id}")
    assert answer.status_code == 500
    assert name not in answer.get_data(as_text=True)


def test_filters_narrow_the_list(log: Engine, world: World, actor: Actors) -> None:
    inspector = actor("kiemtra.khoi")
    with db.writing(log) as session:
        other = factories.make_dossier(session, world.units["sotc"])
        audit.record(session, "dossier:view", other, actor=actor("canbo.sotc"))
        audit.record(session, "dossier:read", other, actor=actor("canbo.sonv"), outcome="refused")
        number = other.number
    with db.reading(log) as session:

        def found(**filters: object) -> list[int]:
            lines, _ = audit_reading.list_entries(session, Filters(**filters), actor=inspector)  # type: ignore[arg-type]
            return [line.entry.seq for line in lines]

        assert found() == list(range(12, 0, -1))
        assert found(username="CANBO.SOTC") == [11]
        assert found(action="dossier:read") == [12]
        assert found(outcome="refused") == [12]
        assert found(dossier=number.lower()) == [12, 11]
        assert found(first=today(), last=today()) == list(range(12, 0, -1))
        assert found(first=today() + timedelta(days=1)) == found(last=today() - timedelta(days=1)) == []
        assert found(username="nobody") == found(dossier="HS-999999") == []


def test_pages_of_the_list_join_without_gap(log: Engine, actor: Actors) -> None:
    with db.reading(log) as session:
        seen, before = [], None
        while True:
            lines, before = audit_reading.list_entries(
                session, Filters(), actor=actor("kiemtra.khoi"), before=before, limit=3
            )
            seen += [line.entry.seq for line in lines]
            if before is None:
                break
    assert seen == list(range(10, 0, -1))


def test_names_are_joined_and_words_shown(log: Engine, world: World, actor: Actors) -> None:
    with db.writing(log) as session:
        officer = actor("canbo.sonv")
        dossier = factories.make_dossier(session, world.units["sonv"])
        receiver = session.get_one(type(dossier.custodian), world.units["sotc"])
        transfer = custody.prepare(session, dossier, receiver, "QĐ 12", actor=officer, proof=factories.PROOF)
    with db.reading(log) as session:
        line = audit_reading.get_entry(session, 11, actor=actor("kiemtra.khoi"))
    assert (line.username, line.dossier, line.thing, line.words) == (
        "canbo.sonv",
        dossier.number,
        transfer.number,
        "QĐ 12",
    )
    assert line.body["detail"]["number"] == transfer.number


def test_only_an_inspector_reads_and_reading_is_logged(log: Engine, actor: Actors, tmp_path: Path) -> None:
    with db.reading(log) as session:
        for username in ("canbo.sonv", "bithu.sonv", "quantri", "nguoilaodong.sonv"):
            with pytest.raises(Refused):
                audit_reading.list_entries(session, Filters(), actor=actor(username))
            with pytest.raises(Refused):
                audit_reading.get_entry(session, 1, actor=actor(username))
            with pytest.raises(Refused):
                audit_reading.check_chain(session, Settings(home=tmp_path), actor=actor(username))
        with pytest.raises(NotFound):
            audit_reading.get_entry(session, 999, actor=actor("kiemtra.khoi"))
        found = audit_reading.check_chain(session, Settings(home=tmp_path), actor=actor("kiemtra.khoi"))
        assert (found.finding, found.entries) == ("", 10)
        audit.write_looks(session)
        last = session.query(AuditEntry).order_by(AuditEntry.seq.desc()).first()
        assert last is not None and last.action == "audit:verify"


def test_a_lookup_by_the_inspector_is_not_a_way_into_dossiers(log: Engine, world: World, actor: Actors) -> None:
    with db.writing(log) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
    with db.reading(log) as session, pytest.raises(NotFound):
        dossiers.get_dossier(session, dossier.number, actor=actor("kiemtra.khoi"))


def _actions_in_the_program() -> set[str]:
    """Every action a call of `record` names, and every right a refusal may carry."""
    found = {action.value for action in Action}
    for path in (Path(audit.__file__).parent).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "record":
                found |= {
                    part.value
                    for part in ast.walk(node)
                    if isinstance(part, ast.Constant)
                    and isinstance(part.value, str)
                    and part.value.count(":") == 1
                    and not part.value.endswith(":")  # the beginning of "transfer:" and a step
                    and part.value.replace(":", "").replace("_", "").replace("-", "").isalpha()
                }
    return found | {f"transfer:{name}" for name in custody.STEP_NAMES}


def test_every_action_has_words() -> None:
    assert sorted(_actions_in_the_program() - set(ACTIONS)) == []


def test_sign_in_failures_are_logged_without_the_name_typed(engine: Engine, world: World) -> None:
    with db.writing(engine) as session:
        accounts.refuse_sign_in(session, "matkhau-bi-go-nham", address="10.0.0.1")
    with db.reading(engine) as session:
        entry = session.query(AuditEntry).one()
        assert (entry.action, entry.outcome, entry.account_id) == ("account:sign_in", "refused", None)
        assert "matkhau" not in entry.body
