"""The second person of an act for two: proves at the screen of the first who they are, with all their own sign-in asks for.

Tries count as at a sign-in, so nobody guesses here what is guarded there.
"""

from sqlalchemy import Engine

from oms import db
from oms.accounts.directory import must_change_password
from oms.accounts.guessing import prove_password
from oms.accounts.passkeys import SECOND, prove_passkey
from oms.accounts.second_factor import has_app, has_second_factor, must_set_up, prove_code
from oms.errors import N_, BadInput, Refused
from oms.models import Account
from oms.permissions import Actor
from oms.settings import Settings


def prove_second(
    engine: Engine,
    settings: Settings,
    username: str,
    password: str,
    code: str,
    *,
    address: str | None,
    actor: Actor,
    action: str,
    browser: str = "",
) -> Account:
    """The account of a second person by name, password and, where there is a second factor, a code of it.

    Raises `SignInFailed` (logged as `action`), `TooManyTries`, `BadInput` where the code is missing, `Refused`.
    """
    account, _before = prove_password(
        engine, username, password, settings=settings, address=address, browser=browser, actor=actor, action=action
    )
    with db.reading(engine) as session:
        by_app = has_app(session, account.id)
        asks = by_app or has_second_factor(session, account.id)
    if asks and not code.strip():
        raise BadInput(_CODE_OF_APP if by_app else _CODE_OR_PASSKEY)
    if asks:
        prove_code(engine, settings, account, code, address=address, actor=actor, action=action)
    _refuse_unfinished(engine, settings, account)
    return account


def prove_second_by_passkey(
    engine: Engine,
    settings: Settings,
    challenge_id: str,
    credential: str,
    *,
    address: str | None,
    actor: Actor,
    action: str,
) -> Account:
    """The account of a second person who shows a passkey: device and what opens it are both factors."""
    account = prove_passkey(
        engine, settings, challenge_id, credential, SECOND, address=address, actor=actor, action=action
    )
    _refuse_unfinished(engine, settings, account)
    return account


def _refuse_unfinished(engine: Engine, settings: Settings, account: Account) -> None:
    """Who has still to replace a first password, or to set up a factor that is a must, decides nothing here either."""
    with db.reading(engine) as session:
        if must_change_password(session, account, settings):
            raise Refused(
                N_("The second person still has a first password. They sign in on their own and replace it first.")
            )
        if must_set_up(session, account, settings):
            raise Refused(
                N_("The second person must set up a second factor first. They sign in on their own and do so.")
            )


_CODE_OF_APP = N_(
    "The account of the second person has a second factor: type password and code of the app (or a recovery code). "
    "Nothing was decided yet."
)
_CODE_OR_PASSKEY = N_(
    "The account of the second person has passkeys: show one, or type password and a recovery code. "
    "Nothing was decided yet."
)
