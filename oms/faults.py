"""What stands behind an error of the database, the disk or a number: a refusal in words, or a fault of ours.

Knows neither Flask nor the tables.
"""

import errno
import sqlite3

from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from oms.errors import N_, BadInput, Conflict, DatabaseBusy, DatabaseDamaged, OmsError, Unavailable

AGAIN = 60
"""Seconds after which what did not answer may answer again."""
# The disk says no: full, over quota, mounted read-only.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_HELD = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_SPOILT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
# SQLite calls everything "operational", a missing table too; these are about the place, not about the question.
_OF_THE_PLACE = frozenset(
    {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
# Two transactions waited for each other, or wanted the same row: PostgreSQL gave this one up.
_GIVEN_UP = frozenset({"40001", "40P01"})


def refusal_behind(error: BaseException) -> OmsError | None:
    """The refusal in words behind `error`, or None when it is a fault of ours.

    PostgreSQL keeps no NUL character; neither database keeps half of a character or a number beyond its range.
    """
    if isinstance(error, OmsError):  # raised where nobody expects a refusal: behind the view, while the log is written
        return error
    if isinstance(error, DataError | OverflowError | UnicodeEncodeError):
        return BadInput(
            N_("A text or a number was sent that cannot be stored. Look for control characters in it."),
        )
    if isinstance(error, StaleDataError) or _given_up(error):
        return Conflict(
            N_(
                "Somebody else changed the same thing at the same moment. Nothing of yours was written: reload the page "
                "and do it again."
            )
        )
    if isinstance(error, DBAPIError) and (_code_of(error) in _HELD or is_damage(error)):
        return DatabaseDamaged() if is_damage(error) else DatabaseBusy()
    if _out_of_reach(error):
        return Unavailable(
            N_(
                "Nothing can be written right now: the disk is full, or the database does not answer. "
                "Nothing was changed; call the administrator."
            ),
            seconds=AGAIN,
        )
    return None


def is_damage(error: BaseException) -> bool:
    """Whether a page of the database file is not what was written."""
    return isinstance(error, DBAPIError) and _code_of(error) in _SPOILT


def _given_up(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _GIVEN_UP


def _code_of(error: DBAPIError) -> int | None:
    """The code of SQLite without what it adds to it; None for another database."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _out_of_reach(error: BaseException) -> bool:
    if isinstance(error, OperationalError):
        code = _code_of(error)
        return code is None or code in _OF_THE_PLACE
    return isinstance(error, OSError) and error.errno in _NO_ROOM
