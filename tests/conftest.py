"""An installation for each test: own folder, own database (SQLite, or PostgreSQL when asked), real commits.

`OMS_TEST_POSTGRESQL=postgresql://user:password@host/postgres` runs the same suite on PostgreSQL.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as drawing
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Dialect, Engine, create_engine, make_url
from sqlalchemy.orm import Session
from sqlalchemy.util import LRUCache

from oms import accounts, db, installation, profile, quotas, search, staging
from oms.models import Account, Unit
from oms.permissions import Actor, forget_kept
from oms.settings import Settings
from oms.web import create_app, open_house
from tests import factories
from tests.databases import address, administer
from tests.factories import World
from tests.protecting import closed, closed_app, protection_file  # noqa: F401 - fixtures of all tests
from tests.watching import Watch

POSTGRESQL = os.environ.get("OMS_TEST_POSTGRESQL", "")
# With this set (`make test`) a test that was left out for want of a browser or a server fails the run.
COMPLETE = os.environ.get("OMS_TEST_COMPLETE", "")
# Reasons that hold on one of the two databases by nature; the run on the other one covers it.
OF_ONE_DATABASE = ("SQLite", "database file", "PostgreSQL only", "no postgresql server")
# A container has none; CI and the machine of an installation have.
OF_THE_MACHINE = ("no systemd on this machine",)


def _left_out(config: pytest.Config) -> list[str]:
    """What a complete run should have run and did not."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not COMPLETE or reporter is None:
        return []
    skipped = [str(report.longrepr[2]) for report in reporter.stats.get("skipped", []) if report.longrepr]
    reasons = {why for why in skipped if not any(known in why for known in (*OF_ONE_DATABASE, *OF_THE_MACHINE))}
    driven = any("browser" in report.keywords for report in reporter.stats.get("passed", []))
    if not driven and "not browser" not in config.option.markexpr:
        reasons.add("no test drove a browser")
    return sorted(reasons)


def pytest_configure(config: pytest.Config) -> None:
    """Watch the run: no word to another machine, nobody's words in a log.

    What Hypothesis draws is the same in each run, so that a run says something about what was changed; new cases are
    looked for with `OMS_TEST_LONG=1`.
    """
    drawing.register_profile("same", derandomize=not os.environ.get("OMS_TEST_LONG"))
    drawing.load_profile("same")
    config.pluginmanager.register(Watch(), "watching")


def pytest_collection_finish() -> None:
    """What the run was told is read by now; OMS itself refuses settings it does not know, and tests bring their own."""
    for name in [name for name in os.environ if name.startswith("OMS_")]:
        del os.environ[name]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A complete run that left something out has failed."""
    if _left_out(session.config) and session.exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what a complete run left out."""
    for reason in _left_out(config):
        terminalreporter.write_line(f"left out of a complete run: {reason}", red=True)


# How full the disk of the machine is on which the tests run says nothing about the program.
quotas.KEPT_SHARE, quotas.KEPT_LEAST = 0.0, 0
DIALECTS: dict[str, Dialect] = {}
COMPILED: LRUCache[Any, Any] = LRUCache(3_000)
CHROMIUM = Path("/usr/bin/chromium")
# As root Chromium runs without its own sandbox; the rest keeps it from looking for the Internet (`bench/outbound.py`).
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless, one for the whole run: Playwright bears no second one in a process."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated empty database to copy: a file, or the name of a PostgreSQL database."""
    home = tmp_path_factory.mktemp("template")
    with _database(f"oms_template_{os.getpid()}", home) as settings:
        engine = db.connect(settings.database)
        installation.upgrade(settings, engine)
        engine.dispose()
        yield _settled(settings)


@pytest.fixture(scope="session")
def peopled(template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, World]]:
    """The same with the small organisation most tests begin with, which is told."""
    home = tmp_path_factory.mktemp("peopled")
    with _database(f"oms_peopled_{os.getpid()}", home, template_database) as settings:
        engine = db.connect(settings.database)
        with db.writing(engine) as session:
            world = factories.make_world(session)
        engine.dispose()
        yield _settled(settings), world


@contextmanager
def _database(name: str, home: Path, template: str = "") -> Iterator[Settings]:
    """Settings with a database, a copy of the template or nothing; taken away afterwards."""
    if not POSTGRESQL:
        if template:
            shutil.copy(template, home / "oms.sqlite3")
        yield Settings(home=home, job_lease=3)
        return
    copied = f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""
    administer(POSTGRESQL, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}{copied}")
    yield Settings(home=home, database_url=address(POSTGRESQL, name), job_lease=3)
    administer(POSTGRESQL, f"DROP DATABASE {name} WITH (FORCE)")


def _settled(settings: Settings) -> str:
    """What can be copied of a database that nobody has open."""
    if POSTGRESQL:
        return str(make_url(settings.database).database)
    with create_engine(settings.database).connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return str(settings.home / "oms.sqlite3")


@pytest.fixture(autouse=True)
def questions_put_together_anew() -> None:
    """A rule that one test takes out of the program is in the questions of no other one, nor missing in its own."""
    forget_kept()


@pytest.fixture
def settings(tmp_path: Path, template_database: str, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Settings of a fresh installation whose database is migrated and empty, or holds the `world` of the test."""
    home = tmp_path / "home"
    home.mkdir()
    template = request.getfixturevalue("peopled")[0] if "world" in request.fixturenames else template_database
    with _database(f"oms_test_{secrets.token_hex(6)}", home, template) as settings:
        yield settings
        staging.forget(settings)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """The engine of the installation."""
    installation.prepare_folders(settings)
    opened = db.connect(settings.database)
    # What SQLAlchemy has compiled for one test is good for all: it is kept by statement and dialect, not by database.
    opened.dialect = DIALECTS.setdefault(opened.dialect.name, opened.dialect)
    opened.update_execution_options(compiled_cache=COMPILED)
    yield opened
    # A session left open would die with its database, in the garbage collection of some later test.
    left = opened.pool.checkedout()
    opened.dispose()
    assert left == 0, "a session was left open"


@pytest.fixture
def world(engine: Engine, peopled: tuple[str, World]) -> World:
    """A small organisation with an account for each role; see `factories.World`."""
    with db.writing(engine) as session:
        profile.is_closed(session)  # asked once for each house: who counts questions counts those of the work only
        return peopled[1] if session.query(Unit).first() else factories.make_world(session)


@pytest.fixture
def session(engine: Engine, world: World) -> Iterator[Session]:
    """A writing session on the world; commit it yourself."""
    turn = db.take_turn(engine)
    with db.open_session(engine, writing=True) as opened:
        yield opened
    turn.release()


@pytest.fixture
def actor(engine: Engine, world: World) -> Callable[[str], Actor]:
    """`actor("canbo.sonv")`: that account with its rights of now."""

    def find(username: str) -> Actor:
        with db.reading(engine) as reader:
            return accounts.get_actor(reader, username, via="web")

    return find


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The web program without an installation behind it, made once: addresses, templates and guards are the same."""
    nowhere = Settings(home=tmp_path_factory.mktemp("program"))
    return create_app(nowhere, create_engine("sqlite://"))


@pytest.fixture
def app(program: Flask, settings: Settings, engine: Engine, world: World) -> Iterator[Flask]:
    """The web program on the world; CSRF is off but for the tests of CSRF."""
    before = dict(program.config)
    open_house(program, settings, engine)
    program.config.update(TESTING=False, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    yield program
    program.config.clear()
    program.config.update(before)
    search._engine_at.cache_clear()


@pytest.fixture
def client_as(app: Flask, engine: Engine) -> Callable[[str], FlaskClient]:
    """`client_as("canbo.sonv")`: a browser in which that account has signed in; "" for nobody."""

    def open_client(username: str) -> FlaskClient:
        client = app.test_client()
        if username:
            with db.writing(engine) as writer:
                account = writer.query(Account).filter_by(username=username).one()
                secret, _ = accounts.sign_in(writer, account.id)
            with client.session_transaction() as cookie:
                cookie["_user_id"], cookie["_fresh"] = secret, True
        return client

    return open_client
