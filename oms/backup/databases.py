"""The database of an installation as one file, and back: `VACUUM INTO` on SQLite, pg_dump and pg_restore."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from oms import db, vault
from oms.errors import N_, Unavailable
from oms.settings import Settings


def copy(engine: Engine, settings: Settings, target: Path) -> None:
    """The database as of one moment, while others work with it."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.connection.driver_connection.execute("VACUUM INTO ?", (str(target),))  # type: ignore[union-attr]
        return
    _dump(settings, target)


@contextmanager
def copied(engine: Engine, settings: Settings, target: Path) -> Iterator[Session]:
    """Copy the database as of one moment; the session sees that moment, whatever others commit meanwhile."""
    if engine.dialect.name == "sqlite":
        copy(engine, settings, target)
        made = db.connect(f"sqlite:///{target}", keys=vault.keys_of(files(settings)[0]))
        try:
            with db.reading(made) as session:
                yield session
        finally:
            made.dispose()
        return
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        _dump(settings, target, f"--snapshot={snapshot}")
        with Session(connection) as session:
            yield session


def _dump(settings: Settings, target: Path, *more: str) -> None:
    _run_postgresql("pg_dump", settings, "--format=custom", "--no-owner", "--no-privileges", *more, f"--file={target}")


def kind_of(settings: Settings) -> str:
    """What the settings keep their database in."""
    return "postgresql" if settings.database_url.startswith("postgresql") else "sqlite"


def put_back(settings: Settings, source: Path) -> None:
    """Put a copy in the place of the database."""
    if kind_of(settings) == "sqlite":
        for old in files(settings):
            old.unlink(missing_ok=True)  # an empty one: what held anything was moved aside
        shutil.move(source, files(settings)[0])
        return
    engine = db.connect(settings.database)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    _run_postgresql("pg_restore", settings, "--single-transaction", "--exit-on-error", "--no-owner", str(source))


def files(settings: Settings) -> list[Path]:
    """The files of an SQLite database."""
    path = Path(make_url(settings.database).database or settings.home / "oms.sqlite3")
    return [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]


def _run_postgresql(program: str, settings: Settings, *arguments: str) -> None:
    """Run pg_dump or pg_restore on the configured database; the password goes by environment, not by command line."""
    address = make_url(settings.database)
    host = address.host or str(address.query.get("host") or "")
    environment = {**os.environ, "PGPASSWORD": address.password or "", "PGUSER": address.username or ""}
    environment |= {"PGHOST": host, "PGPORT": str(address.port or ""), "PGDATABASE": address.database or ""}
    command = [program, *arguments, f"--dbname={address.database}"]
    try:
        done = subprocess.run(
            command, env={k: v for k, v in environment.items() if v}, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise Unavailable(
            N_("The program %(program)s was not found. Install the package postgresql-client, then try again."),
            program=program,
        ) from None
    if done.returncode != 0:
        raise Unavailable(
            N_("%(program)s could not do its work: %(reason)s"),
            program=program,
            reason=done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1],
        )
