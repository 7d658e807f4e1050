"""Accounts: making, closing and reopening them, first and own passwords, language."""

from collections.abc import Sequence

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, selectinload

from oms import audit, db
from oms.accounts.directory import refuse_own_password
from oms.accounts.guessing import FIRST_PASSWORD_FOR, SignInFailed, forget_tries, prove_password
from oms.accounts.passwords import (
    ADMINISTRATOR_LENGTH,
    PASSWORD_LENGTH,
    check_new_password,
    first_password,
    hash_password,
)
from oms.accounts.second_factor import factors_of
from oms.accounts.sessions import end_sessions
from oms.errors import N_, BadInput
from oms.models import Account, Assignment, Role, Unit, now
from oms.organisation import today
from oms.permissions import Action, Actor, require, require_confirmed
from oms.settings import Settings

WRONG_PASSWORD = N_("The present password is not right. Nothing was changed.")
NOT_TWICE = N_("The new password was not typed the same way twice. Type it again. Nothing was changed.")
SAME_PASSWORD = N_("The new password is the old one. Choose another one.")


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


def set_language(session: Session, account: Account, language: str, *, actor: Actor) -> None:
    """Remember in which language the account reads OMS."""
    if account.language != language:
        account.language = language
        audit.record(session, "account:set_language", account, actor=actor, language=language)


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
    """A new account with one role and a first password that must be changed within three days; return both."""
    if actor is not None:
        require(actor, Action.ACCOUNT_MANAGE)
        require_confirmed(actor)
    username = username.strip().lower()
    if not username or not all(part.isalnum() and part.isascii() for part in username.replace("_", ".").split(".")):
        raise BadInput(N_("A user name has only letters a–z, digits and dots, for instance “canbo.sonv”."))
    if session.scalar(select(Account.id).where(Account.username == username)):
        raise BadInput(N_("The user name %(username)s is taken. Choose another one."), username=username)
    first = password or first_password()
    account = Account(
        username=username,
        full_name=full_name.strip() or username,
        password_hash=hash_password(first),
        must_change_password=password is None,
        password_expires_at=now() + FIRST_PASSWORD_FOR if password is None else None,
    )
    session.add(account)
    session.flush()
    session.add(Assignment(account_id=account.id, role=role, unit_id=unit.id, valid_from=today()))
    session.flush()
    audit.record(session, "account:create", account, actor=actor, role=role.value, unit=unit.id)
    return account, first


def password_length(actor: Actor) -> int:
    """Least characters of the actor's password: more for whoever manages accounts."""
    return ADMINISTRATOR_LENGTH if actor.has(Action.ACCOUNT_MANAGE) else PASSWORD_LENGTH[0]


def change_password(
    engine: Engine,
    username: str,
    old: str,
    new: str,
    *,
    settings: Settings,
    actor: Actor,
    browser: str = "",
    again: str | None = None,
) -> None:
    """Set a new password in place of the old one; every session of the account ends.

    Raises `BadInput` with the sentence for the form, `TooManyTries` after too many wrong old ones.
    """
    with db.reading(engine) as session:
        refuse_own_password(session, session.get_one(Account, actor.account_id), settings)
    if again is not None and new != again:
        raise BadInput(NOT_TWICE)
    try:
        account, _ = prove_password(
            engine,
            username,
            old,
            settings=settings,
            address=actor.address,
            browser=browser,
            actor=actor,
            action="account:change_password",
        )
    except SignInFailed:
        raise BadInput(WRONG_PASSWORD) from None
    if new == old:
        raise BadInput(SAME_PASSWORD)
    with db.reading(engine) as session:
        units = session.scalars(select(Unit.name).join(Assignment).where(Assignment.account_id == account.id)).all()
    known = (account.full_name, *account.full_name.split(), *units)
    found_out = settings.refused_passwords
    check_new_password(new, username, shortest=password_length(actor), words=known, found_out=found_out)
    new_hash = hash_password(new)
    with db.writing(engine) as session:
        account = session.get_one(Account, account.id)
        account.password_hash, account.must_change_password, account.password_expires_at = new_hash, False, None
        end_sessions(session, account)
        audit.record(session, "account:change_password", account, actor=actor)


def reset_password(session: Session, account: Account, *, actor: Actor | None) -> str:
    """A new first password, shown once; all sessions of the account end.

    App and passkeys stay, or one administrator alone could become anybody; until the first password is replaced no
    passkey opens the account by itself.
    """
    if actor is not None:
        require(actor, Action.ACCOUNT_MANAGE)
        require_confirmed(actor)
    first = first_password()
    account.password_hash, account.must_change_password = hash_password(first), True
    account.password_expires_at = now() + FIRST_PASSWORD_FOR
    forget_tries(session, account.username)
    end_sessions(session, account)
    stays = len(factors_of(session, account.id))
    audit.record(session, "account:reset_password", account, actor=actor, factors_stay=stays)
    return first


def set_disabled(session: Session, account: Account, disabled: bool, *, actor: Actor | None) -> None:
    """Close or reopen an account; closing ends its sessions at once."""
    if actor is not None:
        require(actor, Action.ACCOUNT_MANAGE)
        if disabled and account.id == actor.account_id:
            raise BadInput(N_("You cannot close your own account. Ask another administrator."))
        require_confirmed(actor)
    account.disabled = disabled
    if disabled:
        end_sessions(session, account)
    audit.record(session, "account:disable" if disabled else "account:enable", account, actor=actor)
