"""Accounts: signing in and out, and what an account may do today.

Passwords are kept as argon2id hashes; sessions and tokens as SHA-256, so that a stolen database
opens nothing. Right after a few failures the answer comes later and later; nobody is locked out for ever.
"""

import hashlib
import secrets
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, contains_eager, selectinload

from oms import audit
from oms.errors import N_, BadInput, OmsError, TooManyTries
from oms.models import Account, Assignment, Role, SignIn, Unit, now
from oms.organisation import today, units_below
from oms.permissions import ROLE_ACTIONS, Action, Actor, Units, require
from oms.settings import Settings

# argon2id: 64 MiB, 3 passes, one lane (about 0.2 s on the office server).
_hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1, hash_len=32, salt_len=16)
PASSWORD_LENGTH = (12, 128)
# After this many free failures within the window the wait doubles, at most up to the window.
FREE_FAILURES = 4
FAILURE_WINDOW = timedelta(minutes=15)
DEMO_PASSWORD = "Demo-OMS-2026"
WRONG_PASSWORD = N_("The present password is not right. Nothing was changed.")
NOT_TWICE = N_("The new password was not typed the same way twice. Type it again. Nothing was changed.")
SAME_PASSWORD = N_("The new password is the old one. Choose another one.")


class SignInFailed(OmsError):
    """Wrong name or wrong password: the answer does not say which."""

    status = 401


@cache
def _hash_of_nobody() -> str:
    """Checked for unknown names, so that they take as long as known ones."""
    return _hasher.hash("no such account")


def hash_password(password: str) -> str:
    """argon2id hash of a password in NFC."""
    return _hasher.hash(unicodedata.normalize("NFC", password))


def check_new_password(password: str, username: str) -> None:
    """Raise `BadInput` for a password that is too short, too long or contains the user name."""
    shortest, longest = PASSWORD_LENGTH
    if not shortest <= len(password) <= longest:
        raise BadInput(
            N_("A password needs %(shortest)s to %(longest)s characters. A short sentence is a good one."),
            shortest=shortest,
            longest=longest,
        )
    if username.lower() in password.lower() or len(set(password)) < 5:
        raise BadInput(N_("This password is too easy to guess. Choose another one, a short sentence for instance."))


def check_credentials(session: Session, username: str, password: str) -> Account | None:
    """The account of a right name and password, else None, in the same time either way.

    Only reads (hashing must not hold a writing transaction); raises `TooManyTries`.
    """
    account = session.scalar(select(Account).where(Account.username == username.strip().lower()))
    if account is not None:
        _wait_after_failures(account)
    try:
        _hasher.verify(account.password_hash if account else _hash_of_nobody(), unicodedata.normalize("NFC", password))
    except (VerifyMismatchError, InvalidHashError):
        return None
    return account if account is not None and not account.disabled else None


def refuse_sign_in(session: Session, username: str, *, address: str | None) -> SignInFailed:
    """Count and log a failure; return the refusal for the caller to raise after its commit."""
    account = session.scalar(select(Account).where(Account.username == username.strip().lower()))
    if account is not None:
        account.failures += 1
        account.last_failure_at = now()
    audit.record(session, "account:sign_in", account, actor=None, outcome="refused", address=address)
    return SignInFailed(
        N_("User name or password is not right. Check Caps Lock and the Vietnamese keyboard, then try again.")
    )


def sign_in(
    session: Session, account_id: str, *, kind: str = "web", device: str = "", address: str | None = None
) -> tuple[str, SignIn]:
    """Open a session ("web") or token ("api") after `check_credentials`; return its secret, shown once."""
    account = session.get_one(Account, account_id)
    account.failures, account.last_failure_at = 0, None
    secret = secrets.token_urlsafe(32)
    signed_in = SignIn(token_sha256=_sha256(secret), account_id=account.id, kind=kind, device=device[:200])
    session.add(signed_in)
    session.flush()
    actor = actor_of(session, account, via=kind, session_id=signed_in.id, address=address)
    audit.record(session, "account:sign_in", account, actor=actor)
    return secret, signed_in


def _wait_after_failures(account: Account) -> None:
    if account.last_failure_at is None:
        return
    since = now() - account.last_failure_at
    beyond = account.failures - FREE_FAILURES
    wait = min(timedelta(seconds=2**beyond), FAILURE_WINDOW) if beyond > 0 else timedelta()
    if since < wait:
        seconds = int((wait - since).total_seconds()) + 1
        raise TooManyTries(
            N_("Too many wrong tries for this account. Wait %(seconds)s seconds, then try again."), seconds=seconds
        )


def find_sign_in(session: Session, secret: str, settings: Settings, *, kind: str) -> SignIn | None:
    """The open sign-in of a secret, or None when it never was, has ended or lay idle too long."""
    found = session.scalar(
        select(SignIn).where(SignIn.token_sha256 == _sha256(secret), SignIn.kind == kind, SignIn.ended_at.is_(None))
    )
    if found is None or found.account.disabled:
        return None
    moment = now()
    idle, age = moment - found.seen_at, moment - found.created_at
    if idle > timedelta(seconds=settings.session_idle) or age > timedelta(seconds=settings.session_absolute):
        return None
    return found


def mark_seen(session: Session, sign_in_id: str) -> None:
    """Remember that the session is in use."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=now()))


def sign_out(session: Session, sign_in_id: str, *, actor: Actor) -> None:
    """End one session at once."""
    session.execute(
        update(SignIn).where(SignIn.id == sign_in_id, SignIn.account_id == actor.account_id).values(ended_at=now())
    )
    audit.record(session, "account:sign_out", actor=actor)


def own(session: Session, *, actor: Actor) -> Account:
    """The actor's own account with what it may do where."""
    require(actor, Action.OWN_READ)
    audit.record(session, "account:show", actor=actor)
    return session.get_one(
        Account, actor.account_id, options=[selectinload(Account.assignments).joinedload(Assignment.unit)]
    )


def named(session: Session, usernames: Sequence[str]) -> list[Account]:
    """The open accounts of these user names with their assignments, in the order asked for."""
    found = session.scalars(
        select(Account)
        .where(Account.username.in_(usernames), ~Account.disabled)
        .options(selectinload(Account.assignments).joinedload(Assignment.unit))
    )
    return sorted(found, key=lambda account: usernames.index(account.username))


def open_sign_ins(session: Session, *, actor: Actor, settings: Settings) -> list[SignIn]:
    """The actor's own sessions and tokens that are open now, the one used last first."""
    moment = now()
    query = select(SignIn).where(SignIn.account_id == actor.account_id, SignIn.ended_at.is_(None))
    live = (SignIn.seen_at > moment - timedelta(seconds=settings.session_idle)) & (
        SignIn.created_at > moment - timedelta(seconds=settings.session_absolute)
    )
    return list(session.scalars(query.where(live).order_by(SignIn.seen_at.desc(), SignIn.id)))


def set_language(session: Session, account: Account, language: str, *, actor: Actor) -> None:
    """Remember in which language the account reads OMS."""
    if account.language != language:
        account.language = language
        audit.record(session, "account:set_language", account, actor=actor, language=language)


def end_sessions(session: Session, account: Account) -> None:
    """End every session and token of an account."""
    session.execute(
        update(SignIn).where(SignIn.account_id == account.id, SignIn.ended_at.is_(None)).values(ended_at=now())
    )


def actor_of(session: Session, account: Account, *, via: str = "web", **origin: str | None) -> Actor:
    """The `Actor` an account is today: the units of each action from its valid assignments."""
    day = today()
    current = session.scalars(
        select(Assignment)
        .where(
            Assignment.account_id == account.id,
            Assignment.valid_from <= day,
            or_(Assignment.valid_to.is_(None), Assignment.valid_to >= day),
        )
        .order_by(Assignment.valid_from, Assignment.id)
    ).all()
    units: dict[Action, set[str]] = defaultdict(set)
    for assignment in current:
        here = units_below(session, {assignment.unit_id}) if assignment.with_units_below else {assignment.unit_id}
        for action in ROLE_ACTIONS[assignment.role]:
            units[action] |= here
    frozen: dict[Action, Units] = {action: frozenset(ids) for action, ids in units.items()}
    return Actor(
        account_id=account.id,
        username=account.username,
        name=account.full_name,
        units=frozen,
        via=via,
        unit_id=current[0].unit_id if current else None,
        person_id=account.person_id,
        role=current[0].role if current else None,
        **origin,
    )


def get_actor(session: Session, username: str, *, via: str) -> Actor:
    """The actor of a user name, for the command line and for jobs; raises `BadInput`."""
    account = session.scalar(select(Account).where(Account.username == username))
    if account is None or account.disabled:
        raise BadInput(N_("There is no active account %(username)s. “oms user list” shows them."), username=username)
    return actor_of(session, account, via=via)


def list_accounts(session: Session, *, actor: Actor) -> list[Account]:
    """All accounts with their assignments, by user name."""
    require(actor, Action.ACCOUNT_MANAGE)
    audit.record(session, "account:list", actor=actor)
    return list(
        session.scalars(
            select(Account)
            .options(selectinload(Account.assignments).selectinload(Assignment.unit))
            .order_by(Account.username)
        )
    )


def view(session: Session, account: Account, *, actor: Actor) -> None:
    """Write down that the actor looked at an account."""
    require(actor, Action.ACCOUNT_MANAGE)
    audit.record(session, "account:view", account, actor=actor)


def holders(session: Session, role: Role, unit_ids: Iterable[str]) -> dict[str, list[Account]]:
    """Who has `role` in each of the units today, by user name: whom to ask there."""
    day = today()
    found: dict[str, list[Account]] = {unit_id: [] for unit_id in unit_ids}
    for assignment in session.scalars(
        select(Assignment)
        .join(Assignment.account)
        .where(
            Assignment.unit_id.in_(found),
            Assignment.role == role,
            Assignment.valid_from <= day,
            or_(Assignment.valid_to.is_(None), Assignment.valid_to >= day),
            ~Account.disabled,
        )
        .options(contains_eager(Assignment.account))
        .order_by(Account.username)
    ):
        found[assignment.unit_id].append(assignment.account)
    return found


def create_account(
    session: Session,
    *,
    username: str,
    full_name: str,
    role: Role,
    unit: Unit,
    actor: Actor | None,
    password: str | None = None,
) -> tuple[Account, str]:
    """A new account with one role and a first password that must be changed; return both."""
    if actor is not None:
        require(actor, Action.ACCOUNT_MANAGE)
    username = username.strip().lower()
    if not username or not all(part.isalnum() and part.isascii() for part in username.replace("_", ".").split(".")):
        raise BadInput(N_("A user name has only letters a–z, digits and dots, for instance “canbo.sonv”."))
    if session.scalar(select(Account.id).where(Account.username == username)):
        raise BadInput(N_("The user name %(username)s is taken. Choose another one."), username=username)
    first = password or secrets.token_urlsafe(12)
    account = Account(
        username=username,
        full_name=full_name.strip() or username,
        password_hash=hash_password(first),
        must_change_password=password is None,
    )
    session.add(account)
    session.flush()
    session.add(Assignment(account_id=account.id, role=role, unit_id=unit.id, valid_from=today()))
    session.flush()
    audit.record(session, "account:create", account, actor=actor, role=role.value, unit=unit.id)
    return account, first


def change_password(session: Session, account: Account, old: str, new: str, *, actor: Actor) -> None:
    """Set a new password; every other session of the account ends."""
    try:
        _hasher.verify(account.password_hash, unicodedata.normalize("NFC", old))
    except VerifyMismatchError:
        raise BadInput(WRONG_PASSWORD) from None
    if new == old:
        raise BadInput(SAME_PASSWORD)
    check_new_password(new, account.username)
    account.password_hash, account.must_change_password = hash_password(new), False
    end_sessions(session, account)
    audit.record(session, "account:change_password", account, actor=actor)


def reset_password(session: Session, account: Account, *, actor: Actor | None) -> str:
    """A new first password, shown once; all sessions of the account end."""
    if actor is not None:
        require(actor, Action.ACCOUNT_MANAGE)
    first = secrets.token_urlsafe(12)
    account.password_hash, account.must_change_password = hash_password(first), True
    account.failures, account.last_failure_at = 0, None
    end_sessions(session, account)
    audit.record(session, "account:reset_password", account, actor=actor)
    return first


def set_disabled(session: Session, account: Account, disabled: bool, *, actor: Actor | None) -> None:
    """Close or reopen an account; closing ends its sessions at once."""
    if actor is not None:
        require(actor, Action.ACCOUNT_MANAGE)
        if disabled and account.id == actor.account_id:
            raise BadInput(N_("You cannot close your own account. Ask another administrator."))
    account.disabled = disabled
    if disabled:
        end_sessions(session, account)
    audit.record(session, "account:disable" if disabled else "account:enable", account, actor=actor)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
