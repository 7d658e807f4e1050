"""The second factor: codes of an authenticator app (TOTP, RFC 6238), passkeys (`passkeys`), and ten recovery codes.

The secret lies encrypted in the database under a key that lies beside it as a file, so a stolen
database gives no codes. A code is good once: only later time steps than the last one are taken.
"""

import base64
import hmac
import secrets
import time
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from oms import audit, db
from oms.accounts.guessing import SignInFailed, admit, digest, forgive, prove_password
from oms.accounts.leavers import refuse_leaver
from oms.accounts.rights import roles_in_words
from oms.accounts.sessions import end_sessions
from oms.errors import N_, BadInput, Conflict, Refused, Unavailable
from oms.models import Account, Fact, Passkey, RecoveryCode, Role, SecondFactor, now
from oms.permissions import Action, Actor, require, require_confirmed
from oms.settings import Settings, SettingsError, kept_key

# RFC 6238 as every authenticator app does it: SHA-1, six digits, 30 seconds, a clock may be one step off.
DIGITS, STEP_SECONDS, DRIFT = 6, 30, 1
SECRET_BYTES = 20
RECOVERY_CODES, RECOVERY_BYTES = 10, 10
PASSKEYS_OF_ADMINISTRATOR = 2
KEY_FILE = "second-factor.key"
_NONCE = 12
WRONG_CODE = N_("The code is not right or was used already. Wait for the next one of the app, then try again.")


def code_at(secret: bytes, counter: int) -> str:
    """The code of a time step (RFC 4226 5.3)."""
    mac = hmac.digest(secret, counter.to_bytes(8, "big"), "sha1")
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def time_step() -> int:
    """The present time step."""
    return int(time.time()) // STEP_SECONDS


def _key(settings: Settings) -> bytes:
    return base64.urlsafe_b64decode(kept_key(settings, KEY_FILE))[:32]


def _seal(settings: Settings, account_id: str, secret: bytes) -> str:
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + AESGCM(_key(settings)).encrypt(nonce, secret, account_id.encode())).decode()


def _secret_of(settings: Settings, factor: SecondFactor) -> bytes:
    sealed = base64.b64decode(factor.secret)
    try:
        return AESGCM(_key(settings)).decrypt(sealed[:_NONCE], sealed[_NONCE:], factor.account_id.encode())
    except InvalidTag as error:
        raise Unavailable(
            N_(
                "The key of the second factors is missing or another one. Ask the administrator: "
                "“oms user second-factor --reset” helps."
            )
        ) from error


def has_app(session: Session, account_id: str) -> bool:
    """True when the account has an app that shows codes."""
    factor = session.get(SecondFactor, account_id)
    return factor is not None and factor.active_since is not None


def count_passkeys(session: Session, account_id: str) -> int:
    """How many passkeys the account has."""
    return session.scalar(select(func.count(Passkey.id)).where(Passkey.account_id == account_id)) or 0


def has_second_factor(session: Session, account_id: str) -> bool:
    """True when a password alone opens nothing: there is an app or a passkey."""
    return has_app(session, account_id) or count_passkeys(session, account_id) > 0


def passkeys_needed(session: Session, account: Account) -> int:
    """How many passkeys do for a second factor without an app: administrators keep a second one in the safe."""
    return PASSKEYS_OF_ADMINISTRATOR if Role.ADMINISTRATOR.value in roles_in_words(session, account) else 1


def required_of(settings: Settings) -> frozenset[str]:
    """Whose second factor is a must: names of roles, and "board" for the organisation boards; else `SettingsError`."""
    asked = frozenset(settings.second_factor.replace(",", " ").split())
    known = {role.value for role in Role} | {"board"}
    if unknown := sorted(asked - known):
        raise SettingsError(
            N_("OMS_SECOND_FACTOR does not know %(name)s. Known: %(known)s."),
            name=", ".join(unknown),
            known=", ".join(sorted(known)),
        )
    return asked


def must_set_up(session: Session, account: Account, settings: Settings) -> bool:
    """True when the settings demand a second factor of the account and it has none; never in the demonstration."""
    required = required_of(settings)
    return (
        bool(required)
        and session.get(Fact, "demo") is None
        and bool(required & roles_in_words(session, account))
        and not has_app(session, account.id)
        and count_passkeys(session, account.id) < passkeys_needed(session, account)
    )


def begin(session: Session, settings: Settings, *, actor: Actor) -> None:
    """Make a secret for the actor's own app; it asks for nothing until `activate`."""
    require(actor, Action.OWN_READ)
    require_confirmed(actor)
    if has_app(session, actor.account_id):
        raise Conflict(N_("The app is set up already. Take it away first to set up another one."))
    session.execute(delete(SecondFactor).where(SecondFactor.account_id == actor.account_id))
    secret = secrets.token_bytes(SECRET_BYTES)
    session.add(SecondFactor(account_id=actor.account_id, secret=_seal(settings, actor.account_id, secret)))
    session.flush()


def waiting_secret(session: Session, settings: Settings, *, actor: Actor) -> str:
    """The secret that waits for its first code, in base32 as apps take it; empty when there is none to show."""
    factor = session.get(SecondFactor, actor.account_id)
    if factor is None or factor.active_since is not None or not actor.confirmed:
        return ""
    return base64.b32encode(_secret_of(settings, factor)).decode()


def address_of(secret: str, username: str) -> str:
    """What the QR code says to the app."""
    return f"otpauth://totp/OMS:{quote(username)}?secret={secret}&issuer=OMS&digits={DIGITS}&period={STEP_SECONDS}"


def activate(session: Session, settings: Settings, code: str, *, actor: Actor) -> list[str]:
    """Turn the second factor on after a code was shown back; return the recovery codes, shown once."""
    require_confirmed(actor)
    factor = session.get(SecondFactor, actor.account_id)
    if factor is None or factor.active_since is not None:
        raise Conflict(N_("There is nothing to confirm. Begin to set up the second factor again."))
    if not _take_code(settings, factor, code):
        raise BadInput(WRONG_CODE)
    factor.active_since = now()
    codes = new_recovery_codes(session, actor.account_id)
    audit.record(session, "account:second_factor_on", session.get(Account, actor.account_id), actor=actor)
    return codes


def new_recovery_codes(session: Session, account_id: str) -> list[str]:
    """Ten new recovery codes in fours, in place of those of before."""
    forget_recovery_codes(session, account_id)
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(account_id=account_id, code_sha256=digest(one)) for one in codes)
    session.flush()
    return ["-".join(one[at : at + 4] for at in range(0, len(one), 4)) for one in codes]


def forget_recovery_codes(session: Session, account_id: str) -> None:
    """No recovery code of the account is good any more."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))


def _take_code(settings: Settings, factor: SecondFactor, code: str) -> bool:
    """True for a code of now that is later than the last one taken."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return False
    secret, present = _secret_of(settings, factor), time_step()
    for counter in range(present - DRIFT, present + DRIFT + 1):
        if counter > factor.last_counter and hmac.compare_digest(code_at(secret, counter), typed):
            factor.last_counter = counter
            return True
    return False


def _take_recovery_code(session: Session, account_id: str, code: str) -> bool:
    typed = "".join(code.replace("-", " ").split()).upper()
    found = session.scalar(
        select(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.code_sha256 == digest(typed),
            RecoveryCode.used_at.is_(None),
        )
        .with_for_update()
    )
    if found is None:
        return False
    found.used_at = now()
    return True


def codes_left(session: Session, account_id: str) -> int:
    """How many recovery codes are still good."""
    return (
        session.scalar(
            select(func.count(RecoveryCode.id)).where(
                RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
            )
        )
        or 0
    )


def prove_code(
    engine: Engine,
    settings: Settings,
    account: Account,
    code: str,
    *,
    address: str | None,
    actor: Actor | None = None,
    action: str = "account:sign_in",
    only_recovery: bool = False,
) -> None:
    """Take a code of the app or a recovery code of the account; the try is counted first.

    Raises `SignInFailed` (logged) or `TooManyTries`; what fails on our side lets nobody in.
    """
    with db.writing(engine) as session:
        attempt = admit(session, account.username, address=address, code=True)
    with db.writing(engine) as session:
        factor = session.get(SecondFactor, account.id, with_for_update=True)
        # An app that has not shown its first code back opens nothing.
        by_app = factor is not None and factor.active_since is not None and not only_recovery
        right = factor is not None and by_app and _take_code(settings, factor, code)
        if not right and _take_recovery_code(session, account.id, code):
            right = True
            audit.record(session, "account:recovery_code", account, actor=actor, address=address)
        if right:
            forgive(session, attempt)
        else:
            audit.record(session, action, account, actor=actor, outcome="refused", address=address, reason="code")
    if not right:
        raise SignInFailed(WRONG_CODE)


def prove_again(engine: Engine, settings: Settings, given: str, *, actor: Actor, browser: str = "") -> None:
    """The password, or a code where the account has a second factor, from somebody who is signed in already."""
    with db.reading(engine) as session:
        account = session.get_one(Account, actor.account_id)
        by_code = has_app(session, account.id) and len(given.strip()) == DIGITS and given.strip().isdigit()
    if by_code:
        prove_code(engine, settings, account, given, address=actor.address, actor=actor, action="account:confirm")
        refuse_leaver(engine, settings, account)
    else:
        prove_password(
            engine,
            actor.username,
            given,
            settings=settings,
            address=actor.address,
            browser=browser,
            actor=actor,
            action="account:confirm",
        )


def _take_away(session: Session, account: Account, *, actor: Actor | None, how: str, passkeys: bool = True) -> None:
    session.execute(delete(SecondFactor).where(SecondFactor.account_id == account.id))
    if passkeys:
        session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    if not has_second_factor(session, account.id):
        forget_recovery_codes(session, account.id)
    end_sessions(session, account)
    audit.record(session, "account:second_factor_off", account, actor=actor, how=how)


def remove_own(engine: Engine, settings: Settings, recovery_code: str, *, actor: Actor) -> None:
    """Take away the own app with a recovery code; every session ends. Passkeys stay."""
    require_confirmed(actor)
    with db.reading(engine) as session:
        account = session.get_one(Account, actor.account_id)
    prove_code(engine, settings, account, recovery_code, address=actor.address, actor=actor, only_recovery=True)
    with db.writing(engine) as session:
        account = session.get_one(Account, actor.account_id)
        _take_away(session, account, actor=actor, how="recovery code", passkeys=False)


def factors_of(session: Session, account_id: str) -> list[SecondFactor | Passkey]:
    """App and passkeys of an account, as far as they are in use."""
    app = session.get(SecondFactor, account_id)
    return [
        *([app] if app is not None and app.active_since is not None else []),
        *session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.added_at)),
    ]


def ask_removal(session: Session, account: Account, *, actor: Actor) -> bool:
    """One of two administrators takes away app and passkeys; True when this was the second one and they are gone."""
    require(actor, Action.ACCOUNT_MANAGE)
    if account.id == actor.account_id:
        raise Refused(N_("Nobody takes away their own second factor here. Use a recovery code under “My account”."))
    require_confirmed(actor)
    db.lock(session, account)  # of two administrators at once one is the second
    parts = factors_of(session, account.id)
    if not parts:
        raise Conflict(N_("This account has no second factor. Nothing was changed."))
    if {part.removal_asked_by_id for part in parts} <= {None, actor.account_id}:
        for part in parts:
            part.removal_asked_by_id = actor.account_id
        audit.record(session, "account:second_factor_ask_off", account, actor=actor)
        return False
    _take_away(session, account, actor=actor, how="two administrators")
    return True


def reset_second_factor(session: Session, account: Account) -> None:
    """Take away a second factor from the command line of the machine; raises `Conflict` when there is none."""
    if session.get(SecondFactor, account.id) is None and not count_passkeys(session, account.id):
        raise Conflict(N_("This account has no second factor. Nothing was changed."))
    _take_away(session, account, actor=None, how="command line")
