"""Which of two kinds an installation is: general, or the closed one for internal political protection files.

The kind is written into folder and database at the first start; whoever starts it as the other kind is refused
before anything is made, upgraded or read. Does not know what the closed installation forbids at its doors
(`permissions`, `web/closed.py`, `cli/closed.py`).
"""

import ipaddress
from dataclasses import fields
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from oms import db
from oms.errors import N_, OmsError
from oms.models import Account, Fact
from oms.settings import Settings, SettingsError

GENERAL, PROTECTION = "general", "protection"
MARKER = "profile"
"""The file of the data folder, and the fact of the database, that name the kind."""

# What leads to no other house: the machine itself, and the addresses of a cable of one's own. Python's `is_private`
# takes in more, 0.0.0.0/8 and the broadcast address among it, with which a program listens everywhere.
_OWN = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)

# What leads out of the machine, by how the names of its settings begin.
_LEADS_OUT = ("ldap_", "mail_", "oidc_", "seal_syslog")
# What a general installation leaves in its folder, whichever database it uses; a database here speaks for itself.
_TRACES = ("queue.sqlite3", "secret.key", "package.key", "cover-sheets.key", "seal")

_closed: WeakKeyDictionary[Engine, bool] = WeakKeyDictionary()


def is_closed(session: Session) -> bool:
    """True in the closed installation; read once for each engine, because it never changes."""
    engine = session.info["engine"]  # its bind is an engine of this one session
    if engine not in _closed:
        fact = session.get(Fact, MARKER)
        _closed[engine] = fact is not None and fact.value == PROTECTION
    return _closed[engine]


def refuse_open_doors(settings: Settings) -> None:
    """Raise `SettingsError` when the settings of a closed installation open a way in or out."""
    if not settings.protected:
        return
    _check_address(settings.host)
    for one in fields(settings):
        if one.name.startswith(_LEADS_OUT) and getattr(settings, one.name) != one.default:
            raise SettingsError(
                N_(
                    "The protection installation asks no directory, signs nobody in elsewhere, sends no mail and speaks to no "
                    "syslog: take %(name)s out of the settings. Its accounts are its own."
                ),
                name=f"OMS_{one.name.upper()}",
            )
    for name in ("database_url", "queue_url"):
        if (getattr(settings, name) or "sqlite:").split(":")[0] != "sqlite":
            raise SettingsError(
                N_(
                    "The protection installation keeps database and queue in its own folder: take %(name)s out of the "
                    "settings."
                ),
                name=f"OMS_{name.upper()}",
            )
    if settings.box == "weak":
        raise SettingsError(
            N_("The protection installation opens files behind full walls only: take OMS_BOX=weak out of the settings.")
        )


def _check_address(host: str) -> None:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    # “::ffff:0.0.0.0” is every interface, too.
    address = getattr(address, "ipv4_mapped", None) or address
    if address is None or not any(address in network for network in _OWN):
        raise SettingsError(
            N_(
                "The protection installation listens on 127.0.0.1 or on one address of its own cable, never on "
                "“%(host)s”: set OMS_HOST to the one address."
            ),
            host=host,
        )


def check(settings: Settings, engine: Engine) -> None:
    """Raise `SettingsError` when folder or database belong to an installation of the other kind; changes nothing."""
    refuse_open_doors(settings)
    check_folder(settings)
    written = _written(engine)
    if settings.protected and (written == GENERAL or (written is None and not _marked(settings) and _used(settings))):
        raise SettingsError(
            N_(
                "%(home)s belongs to a general installation. The protection installation needs a folder, accounts and "
                "a key of its own: set OMS_HOME to an empty folder."
            ),
            home=settings.home,
        )
    if not settings.protected and written == PROTECTION:
        raise _belongs_to_protection(settings)


def check_folder(settings: Settings) -> None:
    """Raise `SettingsError` when a general installation is to be opened in the folder of the closed one."""
    if not settings.protected and _marked(settings):
        raise _belongs_to_protection(settings)


def mark(settings: Settings) -> None:
    """After `check`, before anything else is made there: write the kind into the folder of the closed installation."""
    if settings.protected and not _marked(settings):
        (settings.home / MARKER).write_text(f"{PROTECTION}\n", "ascii")


def settle(settings: Settings, engine: Engine) -> None:
    """After `check`: write the kind into a database that names none yet."""
    with db.reading(engine) as session:
        known = session.get(Fact, MARKER) is not None
    if not known:
        with db.writing(engine) as session:
            # Server and worker start together.
            if session.get(Fact, MARKER) is None:
                session.add(Fact(key=MARKER, value=settings.profile))
        _closed.pop(engine, None)


def _marked(settings: Settings) -> bool:
    path = settings.home / MARKER
    return path.is_file() and path.read_text("ascii", "replace").strip() == PROTECTION


def _used(settings: Settings) -> bool:
    """True when somebody else's work lies in the folder; settings and keys laid out before the first start do not count."""
    left = settings.scans.is_dir() and any(settings.scans.iterdir())
    return left or any((settings.home / name).exists() for name in _TRACES)


def _written(engine: Engine) -> str | None:
    """The kind the database names; one that has people and names none is older than the closed kind."""
    if not {"facts", "accounts"} <= set(inspect(engine).get_table_names()):
        return None
    with db.reading(engine) as session:
        fact = session.get(Fact, MARKER)
        if fact is not None:
            return fact.value
        return GENERAL if session.scalar(select(Account.id).limit(1)) else None


def _belongs_to_protection(settings: Settings) -> OmsError:
    return SettingsError(
        N_(
            "%(home)s belongs to the protection installation. Start it with OMS_PROFILE=protection, or set OMS_HOME to "
            "the folder of the general one."
        ),
        home=settings.home,
    )
