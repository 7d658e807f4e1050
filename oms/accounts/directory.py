"""The directory of the office (LDAP): it proves a password; account, roles and second factor stay here.

Nobody gets an account by being in it. Administrators keep a password of their own, so that a directory that is down, or
set up wrongly, keeps nobody from repairing it. The library is asked for only where the settings name a directory.
"""

import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from oms.accounts.rights import roles_in_words
from oms.errors import N_, Conflict, Unavailable
from oms.models import Account, Role, now
from oms.settings import Settings, SettingsError

log = logging.getLogger(__name__)

# Seconds until a directory that does not answer counts as down.
PATIENCE = 5
_PORTS = {"ldap": 389, "ldaps": 636}
_NAME = re.compile(r"[a-z0-9._]{1,60}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# RFC 4511, appendix A: the name or the password is not right, or the account is closed, locked or outdated there.
_REFUSED = frozenset({19, 32, 34, 48, 49, 50, 53})
IN_THE_DIRECTORY = N_("Your office keeps your password, not OMS. Change it there.")


@dataclass(frozen=True)
class Directory:
    """Where the directory is, and how it knows somebody: `name` with “{username}” in it."""

    host: str
    port: int
    tls: bool
    """From the first byte on (ldaps); else the connection is secured before anything is said, but on the machine itself."""
    name: str
    ca: str

    @property
    def start_tls(self) -> bool:
        """True when the connection is secured by the command of the protocol."""
        return not self.tls and self.host not in _LOOPBACK


def directory_of(settings: Settings) -> Directory | None:
    """The directory of the settings, None without one; raises `SettingsError` for what makes no sense."""
    if not settings.ldap_url:
        return None
    try:
        parts = urlsplit(settings.ldap_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in _PORTS or parts.path.strip("/") or "@" in parts.netloc:
        raise SettingsError(
            N_("OMS_LDAP_URL is %(url)s. It is “ldaps://” or “ldap://” and a host name."), url=settings.ldap_url
        )
    if settings.ldap_user.count("{username}") != 1:
        raise SettingsError(
            N_("OMS_LDAP_USER names people in the directory and has {username} in it once, for instance %(example)s."),
            example="uid={username},ou=people,dc=example,dc=vn",
        )
    try:
        import ldap3  # noqa: F401
    except ImportError as error:
        raise SettingsError(N_("OMS_LDAP_URL needs the package ldap3: install “oms[ldap]”.")) from error
    return Directory(host, port or _PORTS[parts.scheme], parts.scheme == "ldaps", settings.ldap_user, settings.ldap_ca)


def is_of_directory(session: Session, account: Account, settings: Settings) -> bool:
    """True when the directory proves this account, not a password kept here."""
    return bool(settings.ldap_url) and Role.ADMINISTRATOR.value not in roles_in_words(session, account)


def is_of_provider(session: Session, account: Account, settings: Settings) -> bool:
    """True when the identity provider proves this account."""
    return bool(settings.oidc_issuer) and Role.ADMINISTRATOR.value not in roles_in_words(session, account)


def must_be_seen_by_provider(session: Session, account: Account, settings: Settings) -> bool:
    """True when a passkey alone opens nothing until the provider has said again who this is: it may have closed them."""
    if not (settings.oidc_days and is_of_provider(session, account, settings)):
        return False
    seen = account.provider_seen_at
    return seen is None or now() - seen > timedelta(days=settings.oidc_days)


def is_name_of_provider(session: Session, username: str, settings: Settings) -> bool:
    """True when the identity provider proves the open account of this name."""
    if not settings.oidc_issuer:
        return False
    account = session.scalar(select(Account).where(Account.username == username.strip().lower()))
    return account is not None and not account.disabled and is_of_provider(session, account, settings)


def is_proved_elsewhere(session: Session, account: Account, settings: Settings) -> bool:
    """True when a password kept here opens nothing: directory or provider prove the account."""
    return is_of_directory(session, account, settings) or is_of_provider(session, account, settings)


def must_change_password(session: Session, account: Account, settings: Settings) -> bool:
    """True for a first password that must be replaced before anything else."""
    return account.must_change_password and not is_proved_elsewhere(session, account, settings)


def refuse_own_password(session: Session, account: Account, settings: Settings) -> None:
    """Raise `Conflict` where a password is changed elsewhere."""
    if is_proved_elsewhere(session, account, settings):
        raise Conflict(IN_THE_DIRECTORY)


def asked_there(session: Session, settings: Settings, username: str) -> tuple[bool, Account | None]:
    """Whether the directory is asked about a name, and the open account of that name.

    Unknown names are asked about like known ones, so that the time of an answer tells nothing.
    """
    name = username.strip().lower()
    if not settings.ldap_url or not _NAME.fullmatch(name):
        return False, None
    account = session.scalar(select(Account).where(Account.username == name))
    if account is None:
        return True, None
    return is_of_directory(session, account, settings), None if account.disabled else account


def proves(settings: Settings, username: str, password: str) -> bool:
    """True when the directory takes the password; raises `Unavailable` when it does not answer or cannot be trusted."""
    directory = directory_of(settings)
    if directory is None or not password:  # a bind without a password succeeds and proves nothing (RFC 4513 5.1.2)
        return False
    from ldap3.core.exceptions import LDAPException

    try:
        code = _bind(directory, username.strip().lower(), password)
    except (LDAPException, OSError) as error:
        log.warning("the directory is out of reach: %s: %s", type(error).__name__, error)
        raise _down() from error
    if code and code not in _REFUSED:
        log.warning("the directory answers a bind with code %s", code)
        raise _down()
    return code == 0


def _down() -> Unavailable:
    return Unavailable(
        N_(
            "The directory of the office does not answer, so no password can be checked. Try again in a few minutes. "
            "Passkeys work, and administrators sign in with their own password of OMS."
        )
    )


def _bind(directory: Directory, username: str, password: str) -> int:
    """The result code of a bind with name and password (RFC 4511 4.2.2)."""
    from ldap3.utils.dn import escape_rdn

    name = directory.name.replace("{username}", escape_rdn(username))
    with connect(directory, name, password) as connection:
        return int(connection.result["result"])


@contextmanager
def connect(directory: Directory, name: str, password: str) -> Iterator[Any]:
    """A secured connection after a bind, whose result stands in `result`."""
    import ldap3

    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=directory.ca or None, version=ssl.PROTOCOL_TLS_CLIENT)
    server = ldap3.Server(
        directory.host,
        directory.port,
        use_ssl=directory.tls,
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=PATIENCE,
    )
    connection: Any = ldap3.Connection(
        server, user=name, password=password, receive_timeout=PATIENCE, auto_referrals=False, read_only=True
    )
    try:
        connection.open()
        if directory.start_tls and not connection.start_tls():
            raise OSError("the directory does not secure the connection")
        connection.bind()
        yield connection
    finally:
        connection.unbind()
