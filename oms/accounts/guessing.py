"""Nobody guesses: every try is counted in the database before the password is looked at.

Wrong tries of one account make the next answer come later and later, never for ever. A browser in
which the account has signed in before has a counter of its own, so a stranger keeps nobody out. An
address that tries many accounts waits too. Unknown names are counted like known ones.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.orm import Session

from oms import audit, db
from oms.accounts import directory
from oms.accounts.passwords import check_credentials, hash_password, needs_new_hash
from oms.errors import N_, BadInput, OmsError, TooManyTries
from oms.models import Account, Attempt, SignIn, is_near, now
from oms.permissions import Actor
from oms.settings import Settings

# After this many free failures within the window the wait doubles, at most up to the window.
FREE_FAILURES = 4
FAILURE_WINDOW = timedelta(minutes=15)
# Different accounts one address may fail at within the window; a whole office may stand behind one address.
ADDRESS_ACCOUNTS = 30
ADDRESS_WINDOW = timedelta(minutes=5)
# Wrong codes of the second factor within `FAILURE_WINDOW`.
CODE_TRIES = 5
# How long a wrong try is remembered, and from how many on the person is told.
REMEMBERED = timedelta(hours=24)
WORTH_TELLING = 20
# A first password that nobody used by then opens nothing.
FIRST_PASSWORD_FOR = timedelta(hours=72)
_OTP = "otp"
# Any constant will do, as long as every process that counts takes the same one.
_COUNTING_LOCK = 0x6F6D7374

Wait = Callable[[Sequence[datetime], datetime], timedelta]


_KEPT_THERE = N_(
    "The office keeps the password of this account, so no password is right here. "
    "Show a passkey instead. This did not count as a wrong try."
)


class SignInFailed(OmsError):
    """Wrong name or wrong password: the answer does not say which."""

    status = 401


def digest(secret: str) -> str:
    """SHA-256 of a secret of full entropy, as it is kept."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _who(username: str) -> str:
    return digest(username.strip().lower())


def growing_wait(failures: Sequence[datetime], moment: datetime) -> timedelta:
    """How long to wait after these failures (oldest first): four are free, then 2, 4, 8 … seconds."""
    beyond = len(failures) - FREE_FAILURES
    if beyond <= 0:
        return timedelta()
    return min(timedelta(seconds=2 ** min(beyond, 10)), FAILURE_WINDOW) - (moment - failures[-1])


def code_wait(failures: Sequence[datetime], moment: datetime) -> timedelta:
    """How long to wait after these wrong codes: five in the window, then until the oldest leaves it."""
    if len(failures) < CODE_TRIES:
        return timedelta()
    return FAILURE_WINDOW - (moment - failures[-CODE_TRIES])


def admit(session: Session, username: str, *, address: str | None, browser: str = "", code: bool = False) -> Attempt:
    """Count a try before anything is checked, or raise `TooManyTries`; commit at once, then check.

    `browser` is the secret mark of the browser; it counts only where the account has signed in with it before.
    `code` says that a code of the second factor is tried, not a password.
    """
    if not db.is_sqlite(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _COUNTING_LOCK})
    moment, who = now(), _who(username)
    # Those of a clock that was ahead would keep the account waiting until their day: they go as well.
    session.execute(delete(Attempt).where(~Attempt.at.between(moment - REMEMBERED, moment + FAILURE_WINDOW)))
    source = _OTP if code else _known_browser(session, username, browser)
    failures = session.scalars(
        select(Attempt.at)
        .where(Attempt.who == who, Attempt.source == source, Attempt.at > moment - FAILURE_WINDOW)
        .order_by(Attempt.at)
    ).all()
    wait = (code_wait if code else growing_wait)(failures, moment)
    if wait > timedelta():
        raise TooManyTries(
            N_("Too many wrong tries for this account. Wait %(seconds)s seconds, then try again."),
            seconds=int(wait.total_seconds()) + 1,
        )
    if not source and address:
        _wait_at_the_address(session, who, address, moment)
    attempt = Attempt(who=who, source=source, address=(address or "")[:60], at=moment)
    session.add(attempt)
    session.flush()
    return attempt


def _known_browser(session: Session, username: str, browser: str) -> str:
    """The hash of the mark when this account has signed in with it, else nothing: a stranger."""
    if not browser:
        return ""
    mark = digest(browser)
    known = session.scalar(
        select(SignIn.id)
        .join(SignIn.account)
        .where(Account.username == username.strip().lower(), SignIn.browser_sha256 == mark)
        .limit(1)
    )
    return mark if known else ""


def _wait_at_the_address(session: Session, who: str, address: str, moment: datetime) -> None:
    others, oldest = session.execute(
        select(func.count(Attempt.who.distinct()), func.min(Attempt.at)).where(
            Attempt.address == address, Attempt.at > moment - ADDRESS_WINDOW, Attempt.source == "", Attempt.who != who
        )
    ).one()
    if others >= ADDRESS_ACCOUNTS:
        raise TooManyTries(
            N_("Too many wrong tries from this computer or office. Wait %(seconds)s seconds, then try again."),
            seconds=int((ADDRESS_WINDOW - (moment - oldest)).total_seconds()) + 1,
        )


def withdraw(session: Session, attempt: Attempt) -> None:
    """A try that came to no answer through no fault of the person does not count."""
    session.execute(delete(Attempt).where(Attempt.id == attempt.id))


def forgive(session: Session, attempt: Attempt) -> None:
    """After the right answer: the counter of this account in this browser begins anew."""
    session.execute(delete(Attempt).where(Attempt.who == attempt.who, Attempt.source == attempt.source))


def forget_tries(session: Session, username: str) -> None:
    """Every counter of this name begins anew: an administrator has looked at it."""
    session.execute(delete(Attempt).where(Attempt.who == _who(username)))


def wrong_tries(session: Session, username: str) -> tuple[int, datetime | None]:
    """How many tries of this name are unforgiven in the last day, and when the last one was."""
    count, last = session.execute(
        select(func.count(), func.max(Attempt.at)).where(Attempt.who == _who(username), Attempt.at > now() - REMEMBERED)
    ).one()
    return count, last


def refuse_sign_in(
    session: Session,
    username: str,
    *,
    address: str | None,
    actor: Actor | None = None,
    action: str = "account:sign_in",
    **detail: str,
) -> SignInFailed:
    """Log a failure; return the refusal for the caller to raise after its commit."""
    account = session.scalar(select(Account).where(Account.username == username.strip().lower()))
    audit.record(session, action, account, actor=actor, outcome="refused", address=address, **detail)
    return SignInFailed(
        N_("User name or password is not right. Check Caps Lock and the Vietnamese keyboard, then try again.")
    )


def prove_password(
    engine: Engine,
    username: str,
    password: str,
    *,
    settings: Settings,
    address: str | None,
    browser: str = "",
    actor: Actor | None = None,
    action: str = "account:sign_in",
) -> tuple[Account, int]:
    """The account of a right name and password (the directory's, where there is one), and how many wrong tries of the last day came before.

    Three short transactions; none that writes is open while hashing. Raises `SignInFailed` (logged),
    `TooManyTries`, `Unavailable`, and to an `actor` `BadInput` where the office keeps the password.
    """
    with db.writing(engine) as session:
        attempt = admit(session, username, address=address, browser=browser)
    try:
        with db.reading(engine) as session:
            is_there, account = directory.asked_there(session, settings, username)
            if not is_there:
                account = check_credentials(session, username, password)
                # After the hash, so that the time of the answer tells nothing.
                if directory.is_name_of_provider(session, username, settings):
                    if actor is not None:  # somebody of the house asks, and no password would be right
                        raise BadInput(_KEPT_THERE)
                    account = None
        if is_there and not directory.proves(settings, username, password):
            account = None
        new_hash = hash_password(password) if account is not None and not is_there and needs_new_hash(account) else None
    except BaseException:
        with db.writing(engine) as session:
            withdraw(session, attempt)
        raise
    with db.writing(engine) as session:
        if account is None:
            refusal = refuse_sign_in(session, username, address=address, actor=actor, action=action)
        else:
            before = wrong_tries(session, username)[0] - 1
            forgive(session, attempt)
            if is_there or not _is_too_late(account):
                if new_hash:
                    session.get_one(Account, account.id).password_hash = new_hash
                return account, before
            refuse_sign_in(session, username, address=address, reason="first password too old")
            refusal = SignInFailed(
                N_(
                    "This first password was not used in time and is no longer valid. Ask the administrator for a new one."
                )
            )
    raise refusal


def _is_too_late(account: Account) -> bool:
    """True for a first password that lay unused too long, or was made by a clock as far ahead."""
    expires = account.password_expires_at
    return (
        account.must_change_password
        and expires is not None
        and not is_near(expires - FIRST_PASSWORD_FOR, FIRST_PASSWORD_FOR)
    )
