"""Another program holds the database (CR-8): who wants to write is told soon, who reads goes on, afterwards all is well."""

import io
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from oms import db, storage
from oms.errors import DatabaseBusy
from oms.faults import refusal_behind
from oms.models import AuditEntry, Fact, Scan, SignIn, now
from oms.settings import Settings
from oms.web.signing_in import SEEN_EVERY
from tests import factories
from tests.factories import World

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def held(settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Somebody else is writing until the function is called; nobody at a screen waits for long."""
    if engine.dialect.name != "sqlite":
        pytest.skip("one writer at a time is SQLite's rule")
    monkeypatch.setattr(db.Turn, "patience", 0.3)
    monkeypatch.setattr(db, "BRIEF", 0.1)
    other = sqlite3.connect(settings.home / "oms.sqlite3", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")

    def let_go() -> None:
        if other.in_transaction:
            other.execute("COMMIT")

    yield let_go
    let_go()
    other.close()


def acts_of(engine: Engine) -> list[str]:
    with db.reading(engine) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)))


def test_who_writes_is_told_when_to_come_again_and_nothing_is_done(
    client_as: Callable[[str], FlaskClient],
    engine: Engine,
    settings: Settings,
    world: World,
    request: pytest.FixtureRequest,
) -> None:
    with db.writing(engine) as session:
        dossier = factories.make_dossier(session, world.units["sonv"])
    client, before = client_as("canbo.sonv"), acts_of(engine)
    client.set_cookie("language", "en")
    let_go: Callable[[], None] = request.getfixturevalue("held")
    address, picture = f"/intake/{dossier.id}/scans", factories.png_of(factories.draw_page("MỘT", size=(420, 300)))

    def upload() -> tuple[int, str]:
        answer = client.post(address, data={"file": (io.BytesIO(picture), "a.png")}, headers=FETCH)
        return answer.status_code, answer.headers.get("Retry-After", "")

    for page in ("/people", "/transfers"):  # what was looked at is written down first, or not shown
        answer = client.get(page)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "Another program has been writing" in answer.text and "Sở" not in answer.text
    assert upload() == (503, "30")
    assert [client.get(page).status_code for page in ("/healthz", "/readyz", "/intake/progress")] == [200] * 3
    assert acts_of(engine) == before
    let_go()
    assert client.get("/people").status_code == 200 and upload() == (202, "")
    assert acts_of(engine)[len(before) :] == ["person:list", "scan:upload"]
    with db.reading(engine) as session:
        assert set(session.scalars(select(Scan.sha256))) == set(storage.names(settings.scans))


def test_a_session_that_was_not_seen_for_a_minute_reads_on(
    client_as: Callable[[str], FlaskClient], engine: Engine, request: pytest.FixtureRequest
) -> None:
    """“Last seen” is written by the next request: a page that shows nothing of anybody does not wait for it."""
    client = client_as("canbo.sonv")
    with db.writing(engine) as session:
        session.scalars(select(SignIn)).one().seen_at = now() - SEEN_EVERY
    let_go: Callable[[], None] = request.getfixturevalue("held")
    assert client.get("/intake/progress").status_code == 200
    let_go()
    assert client.get("/intake/progress").status_code == 200
    with db.reading(engine) as session:
        assert session.scalars(select(SignIn)).one().seen_at > now() - SEEN_EVERY


def test_half_of_the_threads_wait_and_the_others_are_told_at_once(
    engine: Engine, held: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all threads of a server would wait, and none be left for those who only read."""
    monkeypatch.setattr(db, "STUCK", 0.0)
    over, told = threading.Event(), list[int]()

    def write(number: int) -> bool:
        try:
            with db.writing(engine, patience=60) as session:
                session.add(Fact(key=f"written {number}", value="yes"))
            return True
        except DatabaseBusy:
            told.append(number)
            if len(told) == 8 - db.MOST_STUCK:
                over.set()
            return False

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(write, number) for number in range(8)]
        assert over.wait(60), "some were told while the first one still waits"
        held()
        written = [one.result() for one in waiting]
    assert written.count(True) == db.MOST_STUCK
    with db.reading(engine) as session:
        facts = {f"written {number}" for number, done in enumerate(written) if done}
        assert facts <= set(session.scalars(select(Fact.key)))


def test_a_look_that_waits_in_line_is_told_the_same(
    client_as: Callable[[str], FlaskClient], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is written down behind the view, where a refusal was once taken for a fault of ours."""
    if engine.dialect.name != "sqlite":
        pytest.skip("one writer at a time is SQLite's rule")
    client = client_as("canbo.sonv")
    monkeypatch.setattr(db.Turn, "patience", 0.2)
    with ThreadPoolExecutor(1) as other:
        turn = other.submit(db.take_turn, engine, patience=60).result()
        for address in ("/people", "/transfers"):
            answer = client.get(address)
            assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "30"), address
        turn.release()
    assert client.get("/people").status_code == 200


def test_the_time_in_line_counts(engine: Engine, held: Callable[[], None]) -> None:
    """Who was second waits no longer than who was first; and whoever comes later has the whole patience again."""
    with ThreadPoolExecutor(3) as pool:
        for error in pool.map(lambda _: _refusal(engine), range(3)):
            assert isinstance(error, DatabaseBusy)
    held()
    with db.writing(engine) as session:
        session.add(Fact(key="after", value="yes"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == db.BUSY_TIMEOUT_MS


def _refusal(engine: Engine) -> Exception | None:
    try:
        with db.writing(engine) as session:
            session.get(Fact, "anything")
            return None
    except Exception as error:
        return error if isinstance(error, DatabaseBusy) else refusal_behind(error)
