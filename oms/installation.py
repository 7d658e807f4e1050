"""What an installation is: its folders, its database at the right version, whether it holds demo data."""

import logging
import shutil
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from oms import box, db
from oms.box import Rung
from oms.errors import N_, OmsError, Unavailable
from oms.models import Fact
from oms.settings import Settings, SettingsError

log = logging.getLogger(__name__)

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


def box_fault(settings: Settings, engine: Engine) -> OmsError | None:
    """What is wrong with the box in which files from outside are opened, unless it is allowed to be as it is.

    A demonstration goes on behind weaker walls, and without any: then it opens no file.
    """
    if settings.box not in ("full", "weak"):
        return SettingsError(
            N_("Setting %(name)s does not understand the value %(value)s."), name="OMS_BOX", value=settings.box
        )
    found = box.rung()
    if found == Rung.FULL or (found == Rung.WEAK and settings.box == "weak") or is_demo(engine):
        return None
    if found == Rung.WEAK:
        return Unavailable(
            N_(
                "This machine forbids the closed box in which files from outside are opened. Install bubblewrap and let "
                "it make namespaces (docs/install.md), or write OMS_BOX=weak in the settings to do with weaker walls."
            )
        )
    return Unavailable(
        N_(
            "This machine cannot build the box in which files from outside are opened. Install the packages bubblewrap "
            "and libseccomp2; docs/install.md says what else it needs."
        )
    )


def require_box(settings: Settings, engine: Engine) -> None:
    """Raise what `box_fault` finds: a service that must not open files as it would does not start."""
    fault = box_fault(settings, engine)
    if fault is not None:
        log.error("no closed box: %s", box.look()[1])
        raise fault


def allow_box(settings: Settings, engine: Engine) -> None:
    """Let the boxes of this process be weak where the settings say so, and for a demonstration."""
    box.permit(lambda: settings.box == "weak" or is_demo(engine))


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
