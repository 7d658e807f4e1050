"""Signing in by the identity provider of the office: which account an identity is, and what it opens.

Nobody gets an account by being known there. The first time a name is tied to the identity behind it, so that a name the
provider gives to somebody else later opens nothing until an administrator has untied it.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from oms import audit, db
from oms.accounts.directory import is_of_provider
from oms.accounts.guessing import digest
from oms.accounts.provider import Identity, NotProved, Provider, answered
from oms.accounts.sessions import end_sessions
from oms.errors import N_, Conflict
from oms.models import Account, now
from oms.permissions import Action, Actor, require, require_confirmed
from oms.settings import Settings

NO_ACCOUNT = N_("You have no account in OMS, or it is closed. Ask the technical administrator.")
_ADMINISTRATOR = N_(
    "Administrators sign in with their own password of OMS, so that they can repair the office’s sign-in."
)
_SOMEBODY_ELSE = N_(
    "The office knows somebody else by this user name now. Ask the technical administrator to tie the account anew."
)
_ELSEWHERE = N_(
    "The office’s sign-in has tied you to another account of OMS, so this one was not opened. "
    "Ask the technical administrator to untie the one that is not yours."
)
_ANOTHER = N_("You signed in there as somebody else. Nothing was confirmed.")


def prove_by_provider(
    engine: Engine,
    settings: Settings,
    provider: Provider,
    kept: Mapping[str, Any] | None,
    answer: Mapping[str, str],
    purpose: str,
    *,
    address: str | None,
    actor: Actor | None = None,
) -> tuple[Account, bool]:
    """The account of whom the provider has seen just now, and whether two factors were shown there.

    With an `actor` only that account will do. Raises `NotProved` (logged with the reason), `Unavailable`.
    """
    account = None
    try:
        identity = answered(provider, kept, answer, purpose)
        with db.writing(engine) as session:
            account = session.scalar(select(Account).where(Account.username == identity.username).with_for_update())
            if refusal := _refusal(session, account, identity, settings, actor):
                raise refusal
            if account is None:
                raise NotProved("unknown", NO_ACCOUNT)
            if account.provider_subject is None:
                _tie(session, account, identity)
                audit.record(session, "account:provider_tie", account, actor=actor, address=address)
            account.provider_seen_at = now()
    except NotProved as refusal:
        with db.writing(engine) as session:
            known = session.get(Account, account.id) if account is not None else None
            what = "account:confirm" if actor else "account:sign_in"
            reason = f"provider: {refusal.reason}"
            audit.record(session, what, known, actor=actor, outcome="refused", address=address, reason=reason)
        raise
    return account, identity.two_factors


def _refusal(
    session: Session, account: Account | None, identity: Identity, settings: Settings, actor: Actor | None
) -> NotProved | None:
    """Why the account of this name opens nothing to this identity."""
    if account is None or account.disabled:
        return NotProved("unknown" if account is None else "account closed", NO_ACCOUNT)
    if not is_of_provider(session, account, settings):
        return NotProved("administrator", _ADMINISTRATOR)
    if account.provider_subject not in (None, _mark(identity)):
        return NotProved("another identity", _SOMEBODY_ELSE)
    if actor is not None and account.id != actor.account_id:
        return NotProved("of another account", _ANOTHER)
    return None


def _tie(session: Session, account: Account, identity: Identity) -> None:
    """One person there is one account here: who changes the name there does not become somebody else here as well."""
    mark = _mark(identity)
    if session.scalar(select(Account.id).where(Account.provider_subject == mark)):
        raise NotProved("tied to another account", _ELSEWHERE)
    account.provider_subject = mark
    try:
        session.flush()
    except IntegrityError as error:  # in another window the same person was a moment quicker
        raise NotProved("tied to another account", _ELSEWHERE) from error


def _mark(identity: Identity) -> str:
    """What is kept of an identity: enough to know it again, and nothing to read."""
    return digest(f"{identity.issuer}\n{identity.subject}")


def untie(session: Session, account: Account, *, actor: Actor | None) -> None:
    """The next identity of this name at the provider is the right one; every session of the account ends."""
    if actor is not None:
        require(actor, Action.ACCOUNT_MANAGE)
        require_confirmed(actor)
    if account.provider_subject is None:
        raise Conflict(N_("This account is tied to nobody at the office’s sign-in. Nothing was changed."))
    account.provider_subject = account.provider_seen_at = None
    end_sessions(session, account)
    audit.record(session, "account:provider_untie", account, actor=actor)
