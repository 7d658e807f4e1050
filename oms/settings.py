"""Settings of one installation: frozen, read from `OMS_*` and `oms.toml`, unknown names refused.

The environment wins over `oms.toml` in the data folder; what neither names has the default here.
"""

import os
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from oms.errors import N_, OmsError

_HERE = ("", "localhost", "127.0.0.1", "::1")
CHECKOUT = Path(__file__).resolve().parent.parent
LEAST_KEY = 32
"""Characters of a key that signs or encrypts."""
LEAST_DIFFERENT = 10
"""Different characters in it; of 64 drawn at random some forty are."""
_SAMPLES = (
    "changeme",
    "change-me",
    "change_me",
    "change this",
    "example",
    "sample",
    "password",
    "matkhau",
    "secretkey",
)
KEPT_KEYS = ("secret.key", "second-factor.key", "package.key", "cover-sheets.key", "marks.key", "backup-names.key")
"""Files of the data folder that hold a key (`kept_key`)."""


class SettingsError(OmsError):
    """A setting that is unknown or makes no sense: OMS does not start."""

    status = 500


@dataclass(frozen=True)
class Settings:
    """One installation. Folders are absolute; durations are seconds; sizes are bytes."""

    home: Path = CHECKOUT
    # "protection" is the closed installation for internal political protection files (docs/protection.md).
    profile: str = "general"
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
    # The certificate nginx answers with; empty: /etc/oms/tls/oms.crt, as deploy/nginx.conf says. Only its end is read.
    certificate: str = ""
    secret_key: str = field(default="", repr=False)
    # "weak" lets a machine that forbids namespaces open files from outside behind weaker walls (docs/install.md).
    box: str = "full"
    # The Unix socket of clamd, "/run/clamav/clamd.ctl": it looks at every file; without it no virus scanner is asked.
    clamd: str = ""
    # Folder of certificates of authorities, and lists of what they revoked, by which digital signatures are judged; with
    # none nobody vouches for a signer.
    signature_roots: str = ""
    # What people type to open OMS, "https://hoso.example.gov.vn": passkeys belong to this address and to no other.
    address: str = ""
    # The office's directory, "ldaps://ldap.example.vn": it proves the passwords of all but administrators.
    ldap_url: str = ""
    # How it knows people: "uid={username},ou=people,dc=example,dc=vn", or "{username}@so.example.vn".
    ldap_user: str = ""
    # File with the certificate of who signed the directory's one; empty: those the machine trusts.
    ldap_ca: str = ""
    # Who may look people up there, the file with its password (mode 0400), where they lie, and the filter that finds
    # whoever works here today: with these four, sessions of people who left the directory end by themselves.
    ldap_reader: str = ""
    ldap_reader_file: str = ""
    ldap_base: str = ""
    ldap_filter: str = ""
    # The identity provider of the office (OpenID Connect), by the address it calls itself; who OMS is there, and the
    # file with the secret of OMS (mode 0400): never in the environment.
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_secret_file: str = ""
    # What of the provider's statement is the user name here.
    oidc_username: str = "preferred_username"
    # File with the certificate of who signed the provider's one; empty: those the library trusts.
    oidc_ca: str = ""
    # Values of "acr" or "amr" by which it says that two factors were shown, divided by blanks; none: ours is asked for.
    oidc_two_factors: str = ""
    # Days after which the provider must see a person again before a passkey of OMS alone opens the account; 0: never.
    oidc_days: int = 1
    # A file of passwords that were found out elsewhere: one a line, or SHA-1 hashes with counts, ordered (HASH:COUNT).
    refused_passwords: str = ""
    # Whose second factor is a must: names of roles ("administrator inspector head …") and "board".
    second_factor: str = ""
    # Where key and checkpoints of the audit log lie, when another user of the machine signs it (docs/install.md).
    seal_folder: str = ""
    # Folders, divided by “:”, that get a copy of every checkpoint: a mounted folder of another machine.
    seal_anchors: str = ""
    # The syslog that gets each checkpoint as a line: "/dev/log", or "host:port" by TLS; and the file with the certificate
    # of who signed that one's (empty: those the machine trusts).
    seal_syslog: str = ""
    seal_syslog_ca: str = ""
    # The mail relay of the house, "host:port", and who gets alarms, divided by blanks; without them no mail is sent.
    mail_relay: str = ""
    mail_to: str = ""
    mail_from: str = ""
    # Public keys a backup is sealed to, divided by blanks; without one it is written open.
    backup_keys: str = ""
    # The file with the key that opens everything in a protection installation; never in the data folder.
    vault_key: str = ""

    @property
    def protected(self) -> bool:
        """True for the closed installation of internal political protection files."""
        return self.profile == "protection"

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
        if values.get("profile", "general") not in ("general", "protection"):
            raise SettingsError(
                N_("Setting %(name)s does not understand the value %(value)s."),
                name="OMS_PROFILE",
                value=values["profile"],
            )
        settings = cls(home=home, **{name: _convert(name, known[name], value) for name, value in values.items()})  # type: ignore[arg-type]
        _check_far(settings)
        return settings


def _check_far(settings: Settings) -> None:
    """Raise `SettingsError` when database or queue lie on another machine and are not spoken to by TLS that proves it."""
    for name, address in (("OMS_DATABASE_URL", settings.database_url), ("OMS_QUEUE_URL", settings.queue_url)):
        try:
            parts = urlsplit(address)
        except ValueError as error:
            raise SettingsError(
                N_("Setting %(name)s does not understand the value %(value)s."),
                name=name,
                value=address.rpartition("@")[2],
            ) from error
        asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        # libpq takes host and hostaddr from behind the question mark, several of them, and a folder means a socket.
        hosts = ",".join(filter(None, (parts.hostname, asked.get("host"), asked.get("hostaddr")))).split(",")
        hosts = [unquote(host) for host in hosts]
        if all(host in _HERE or host.startswith("/") for host in hosts):
            continue
        if parts.scheme.startswith("postgres") and asked.get("sslmode") != "verify-full":
            raise SettingsError(
                N_(
                    "%(name)s names another machine: what is written and read would cross the network in the open. "
                    "Add sslmode=verify-full and sslrootcert=FILE to the address."
                ),
                name=name,
            )
        if parts.scheme == "redis" or asked.get("ssl_cert_reqs", "required") != "required":
            raise SettingsError(
                N_(
                    "%(name)s names another machine: begin the address with rediss:// and let the certificate be "
                    "checked (ssl_ca_certs=FILE)."
                ),
                name=name,
            )


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise SettingsError(N_("%(path)s cannot be read: %(error)s."), path=path, error=reason) from error
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
        if len(settings.secret_key) < LEAST_KEY:
            raise SettingsError(N_("OMS_SECRET_KEY is too short: at least 32 characters are needed."))
        if _is_sample(settings.secret_key):
            raise SettingsError(
                N_("The key in %(path)s is one that stands in examples. Put one there that was drawn at random."),
                path="OMS_SECRET_KEY",
            )
        return settings.secret_key
    return kept_key(settings, "secret.key")


def check_keys(settings: Settings) -> None:
    """Raise `SettingsError` where a key of the data folder is open to others, short or one out of an example."""
    for name in KEPT_KEYS:
        if (settings.home / name).exists():
            kept_key(settings, name)
    if settings.secret_key:
        secret_key(settings)


def _is_sample(key: str) -> bool:
    """Whether a key was typed: it says so in words, or repeats a few characters."""
    return len(set(key)) < LEAST_DIFFERENT or any(word in key.lower() for word in _SAMPLES)


def secret_in(path: Path) -> str:
    """A secret an administrator has put into a file; raises `SettingsError` when others of the machine can read it."""
    try:
        open_to_others, secret = others_may_read(path), path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(N_("The file %(path)s with a secret cannot be read."), path=path) from error
    if open_to_others:
        raise SettingsError(N_("Others can read %(path)s. Let only the user of OMS read it: chmod 400."), path=path)
    return secret


def others_may_read(path: Path) -> bool:
    """True when a file with a secret is open to other users of the machine; raises `OSError` when it is not there.

    What systemd hands over (`LoadCredential=`) belongs to root and is shown to the service's user alone by an access
    list, the mask of which is seen as the right of the group: below its folder 0440 is as good as 0400.
    """
    handed = os.environ.get("CREDENTIALS_DIRECTORY")
    by_list = bool(handed) and path.resolve().is_relative_to(Path(str(handed)).resolve())
    return bool(path.stat().st_mode & (0o037 if by_list else 0o077))


def kept_key(settings: Settings, name: str) -> str:
    """48 random bytes in base64url from a file of the data folder, made once, mode 0600.

    Raises `SettingsError` where others can read it, or where it is no key that anybody has drawn.
    """
    path = settings.home / name
    if not path.exists():
        _make_key(path)
    key = secret_in(path)
    if len(key) < LEAST_KEY:
        raise SettingsError(
            N_(
                "The key in %(path)s is too short: it has %(length)s characters, at least %(least)s are needed. Put the "
                "right file back; docs/security.md says what it costs to have a new one made."
            ),
            path=path,
            length=len(key),
            least=LEAST_KEY,
        )
    if _is_sample(key):
        raise SettingsError(
            N_("The key in %(path)s is one that stands in examples. Put one there that was drawn at random."), path=path
        )
    return key


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    temporary.touch(mode=0o600)
    try:
        with temporary.open("w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(48))
            out.flush()
            os.fsync(out.fileno())  # a power cut must not leave a name without a key: OMS would not start with it
        # link() fails when another process was faster, so two starts at once agree on one key.
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink()
