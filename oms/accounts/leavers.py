"""Who left the directory of the office, or was locked there: asked in the name of an account that may look people up.

Where there is one, sessions and tokens end within minutes, and a passkey or a code opens nothing any more. Without it
the directory is asked only when somebody types a password.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from oms import audit, db
from oms.accounts.directory import Directory, connect, directory_of, is_of_directory
from oms.accounts.guessing import SignInFailed
from oms.accounts.sessions import end_sessions
from oms.errors import N_, Unavailable
from oms.models import Account, SignIn
from oms.settings import Settings, SettingsError, secret_in

log = logging.getLogger(__name__)

# Seconds between two rounds through the open sessions.
ASKED_EVERY = 600
# So many others are asked for, those who signed in last first, before the filter is held to be wrong.
OTHERS = 20
_LEFT = N_("The directory of your office does not know you any more, or has locked you. Ask there.")


@dataclass(frozen=True)
class Reader:
    """An account of the directory that may look people up, and how it finds whoever works here today."""

    directory: Directory
    name: str
    secret_file: Path
    base: str
    filter: str


def reader_of(settings: Settings) -> Reader | None:
    """The reader of the settings, None without one; raises `SettingsError` for what makes no sense."""
    given = (settings.ldap_reader, settings.ldap_reader_file, settings.ldap_base, settings.ldap_filter)
    if not any(given):
        return None
    directory = directory_of(settings)
    if directory is None or not all(given) or settings.ldap_filter.count("{username}") != 1:
        raise SettingsError(
            N_(
                "To ask the directory who left, OMS_LDAP_URL, OMS_LDAP_READER, OMS_LDAP_READER_FILE, OMS_LDAP_BASE and "
                "OMS_LDAP_FILTER are all needed; the filter has {username} in it once."
            )
        )
    name, file, base, words = given
    secret_in(Path(file))
    return Reader(directory, name, Path(file), base, words)


def missing(reader: Reader, usernames: Sequence[str], others: Sequence[str]) -> list[str]:
    """Those of the names whom the directory does not find among who works here today; raises `Unavailable`.

    It counts only when the same search finds somebody: one of the names, or of `others` who work here. Nobody found
    means that filter or base is wrong, not that all have left.
    """
    from ldap3 import SUBTREE
    from ldap3.core.exceptions import LDAPException
    from ldap3.utils.conv import escape_filter_chars

    try:
        with connect(reader.directory, reader.name, secret_in(reader.secret_file)) as connection:
            if connection.result["result"] != 0:
                raise OSError("the reader is not let in")

            def finds(username: str) -> bool:
                words = reader.filter.replace("{username}", escape_filter_chars(username))
                connection.search(reader.base, words, SUBTREE, attributes=["1.1"], size_limit=2)
                if connection.result["result"] not in (0, 4):  # 4: more than were asked for
                    raise OSError(f"a search is answered with code {connection.result['result']}")
                return any(one["type"] == "searchResEntry" for one in connection.response)

            gone = [username for username in usernames if not finds(username)]
            proved = len(gone) < len(usernames) or not gone or any(finds(username) for username in others)
    except (LDAPException, OSError) as error:
        log.warning("the directory does not tell who left: %s: %s", type(error).__name__, error)
        raise Unavailable(N_("The directory of the office does not tell who left.")) from error
    if not proved:
        log.warning("the directory finds nobody: OMS_LDAP_FILTER or OMS_LDAP_BASE is not right")
        return []
    return gone


def end_for_leavers(engine: Engine, settings: Settings) -> int:
    """End the sessions and tokens of whom the directory does not find any more; return of how many people."""
    reader = reader_of(settings)
    if reader is None:
        return 0
    with db.reading(engine) as session:
        open_ones = session.scalars(
            select(Account).where(
                select(SignIn.id).where(SignIn.account_id == Account.id, SignIn.ended_at.is_(None)).exists()
            )
        )
        here = {one.username: one.id for one in open_ones if is_of_directory(session, one, settings)}
        others = _others(session, settings, here)
    try:
        gone = missing(reader, sorted(here), others)
    except Unavailable:  # said in the log; the limits of a session hold meanwhile
        return 0
    for username in gone:
        _end(engine, here[username])
    return len(gone)


def refuse_leaver(engine: Engine, settings: Settings, account: Account) -> None:
    """Raise `SignInFailed` for whom the directory does not find, though passkey or code were right; a silent one stops nobody."""
    reader = reader_of(settings)
    if reader is None:
        return
    with db.reading(engine) as session:
        if not is_of_directory(session, session.get_one(Account, account.id), settings):
            return
        others = _others(session, settings, {account.username})
    try:
        gone = missing(reader, [account.username], others)
    except Unavailable:
        return
    if gone:
        _end(engine, account.id)
        raise SignInFailed(_LEFT)


def _others(session: Session, settings: Settings, names: Collection[str]) -> list[str]:
    """Some people of the directory who surely work here, by whom a filter that finds nobody is told from a leaver."""
    last = func.max(SignIn.created_at)
    query = (
        select(Account)
        .outerjoin(SignIn, SignIn.account_id == Account.id)
        .where(~Account.disabled, Account.username.not_in(names))
        .group_by(Account.id)
        .order_by(last.desc().nulls_last(), Account.username)
    )
    directory = (one.username for one in session.scalars(query) if is_of_directory(session, one, settings))
    return list(islice(directory, OTHERS))


def _end(engine: Engine, account_id: str) -> None:
    with db.writing(engine) as session:
        account = session.get_one(Account, account_id)
        end_sessions(session, account)
        audit.record(session, "account:gone", account, actor=None)
