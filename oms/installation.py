"""What an installation is: its folders, its database at the right version, whether it holds demo data."""

import shutil
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from oms import db
from oms.models import Fact
from oms.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"


def prepare_folders(settings: Settings) -> None:
    """Make the folders of an installation, closed to other users of the machine."""
    for folder in (settings.home, settings.scans, settings.index, settings.home / "run"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.scans.chmod(0o700)


def alembic_config(engine: Engine) -> Config:
    """Alembic configured in code: the migrations beside this module, the engine at hand."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def version_of(engine: Engine) -> str | None:
    """The migration the database stands at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest_version(engine: Engine) -> str:
    """The migration this program needs."""
    head = ScriptDirectory.from_config(alembic_config(engine)).get_current_head()
    assert head is not None, "there is at least one migration"
    return head


def upgrade(settings: Settings, engine: Engine) -> bool:
    """Bring the database to the newest version, after a copy of an older one; True when something was done."""
    from alembic import command

    present = version_of(engine)
    if present == newest_version(engine):
        return False
    if present is not None and engine.dialect.name == "sqlite":
        _copy_before_upgrade(settings, engine, present)
    command.upgrade(alembic_config(engine), "head")
    return True


def _copy_before_upgrade(settings: Settings, engine: Engine, present: str) -> None:
    target = settings.home / "run" / f"before-upgrade-{present}.sqlite3"
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("VACUUM INTO ?", (str(part),))  # type: ignore[union-attr]
    shutil.move(part, target)


def is_new(engine: Engine) -> bool:
    """True when the database has no tables yet."""
    return not inspect(engine).get_table_names()


_demo: dict[str, bool] = {}


def is_demo(engine: Engine) -> bool:
    """True when this installation holds synthetic people only; False also while the database is out of reach."""
    key = str(engine.url)
    if not _demo.get(key):
        try:
            with db.reading(engine) as session:
                fact = session.get(Fact, "demo")
        except SQLAlchemyError:
            return False  # error pages need no database
        _demo[key] = fact is not None and fact.value == "yes"
    return _demo[key]
