"""Settings of one installation: frozen, read from `OMS_*` and `oms.toml`, unknown names refused.

The environment wins over `oms.toml` in the data folder; what neither names has the default here.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from oms.errors import N_, OmsError

CHECKOUT = Path(__file__).resolve().parent.parent


class SettingsError(OmsError):
    """A setting that is unknown or makes no sense: OMS does not start."""

    status = 500


@dataclass(frozen=True)
class Settings:
    """One installation. Folders are absolute; durations are seconds; sizes are bytes."""

    home: Path = CHECKOUT
    database_url: str = ""
    queue_url: str = ""
    # "whoosh", or "tantivy" for large sites (docs/search.md says from which size on); then run `oms reindex`.
    search: str = "whoosh"
    host: str = "127.0.0.1"
    port: int = 8000
    # Two Tesseract processes fill the two cores of an office server; each has one thread.
    workers: int = max(1, min(4, os.cpu_count() or 1))
    job_lease: int = 30
    language: str = "vi"
    max_upload: int = 500 * 1024 * 1024
    session_idle: int = 15 * 60
    session_absolute: int = 9 * 3600
    # True only behind TLS: the cookie then carries Secure and the __Host- prefix.
    https: bool = False
    secret_key: str = field(default="", repr=False)
    # "weak" lets a machine that forbids namespaces open files from outside behind weaker walls (docs/install.md).
    box: str = "full"
    # Whose second factor is a must: names of roles ("administrator inspector head …") and "board".
    second_factor: str = ""
    # Where key and checkpoints of the audit log lie, when another user of the machine signs it (docs/install.md).
    seal_folder: str = ""
    # Folders, divided by “:”, that get a copy of every checkpoint: a mounted folder of another machine.
    seal_anchors: str = ""
    # Public keys a backup is sealed to, divided by blanks; without one it is written open.
    backup_keys: str = ""

    @property
    def scans(self) -> Path:
        """Folder of originals and derived files."""
        return self.home / "scans"

    @property
    def index(self) -> Path:
        """Folder of the search index."""
        return self.home / "index"

    @property
    def database(self) -> str:
        """SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{self.home / 'oms.sqlite3'}"

    @property
    def queue(self) -> str:
        """Address of the job queue: sqlite, redis or postgresql."""
        return self.queue_url or f"sqlite:///{self.home / 'queue.sqlite3'}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings or raise `SettingsError` naming what is wrong."""
        environment = os.environ if environment is None else environment
        given = {name[4:].lower(): value for name, value in environment.items() if name.startswith("OMS_")}
        home = Path(given.pop("home", "") or CHECKOUT).expanduser().resolve()
        values: dict[str, object] = {**_read_toml(home / "oms.toml"), **given}
        if port := environment.get("PORT"):
            values.setdefault("port", port)
        known = {f.name: f.type for f in fields(cls)}
        for name in values:
            if name not in known or name == "home":
                raise SettingsError(
                    N_("Unknown setting %(name)s. Known settings: %(known)s."),
                    name=f"OMS_{name.upper()}",
                    known=", ".join(f"OMS_{key.upper()}" for key in known),
                )
        return cls(home=home, **{name: _convert(name, known[name], value) for name, value in values.items()})  # type: ignore[arg-type]


def _read_toml(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(N_("%(path)s cannot be read: %(error)s."), path=path, error=error) from error


def _convert(name: str, kind: object, value: object) -> object:
    try:
        if kind in (int, "int"):
            return int(str(value))
        if kind in (bool, "bool"):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[str(value).lower()]
        return str(value)
    except (ValueError, KeyError) as error:
        raise SettingsError(
            N_("Setting %(name)s does not understand the value %(value)s."), name=f"OMS_{name.upper()}", value=value
        ) from error


def secret_key(settings: Settings) -> str:
    """The key that signs cookies: from the settings, else a file of the data folder made once, mode 0600."""
    if settings.secret_key:
        if len(settings.secret_key) < 32:
            raise SettingsError(N_("OMS_SECRET_KEY is too short: at least 32 characters are needed."))
        return settings.secret_key
    return kept_key(settings, "secret.key")


def kept_key(settings: Settings, name: str) -> str:
    """48 random bytes in base64url from a file of the data folder, made once, mode 0600."""
    path = settings.home / name
    if not path.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{name}.{secrets.token_hex(4)}")
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_urlsafe(48), "ascii")
        # link() fails when another process was faster, so two starts at once agree on one key.
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text("ascii").strip()
