"""Passkeys (WebAuthn): a device of the person signs a challenge after PIN, finger or face; nothing secret lies here.

A passkey belongs to one address: a browser shows it to no other, so no forged page can ask for it. A challenge is
good for one answer within minutes; the address is that of the settings, never what a request says of itself.
"""

import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from oms import audit, db
from oms.accounts.directory import must_be_seen_by_provider, must_change_password
from oms.accounts.guessing import SignInFailed, admit, forgive
from oms.accounts.leavers import refuse_leaver
from oms.accounts.second_factor import (
    count_passkeys,
    forget_recovery_codes,
    has_app,
    has_second_factor,
    new_recovery_codes,
    prove_code,
)
from oms.accounts.sessions import end_sessions
from oms.errors import N_, BadInput, Conflict, NotFound, Unavailable
from oms.models import Account, Passkey, PasskeyChallenge, is_near, now
from oms.permissions import Action, Actor, require, require_confirmed
from oms.settings import Settings, SettingsError

# Seconds a browser lets the person look for the device, and how long the answer is taken here.
PATIENCE = 120
GOOD_FOR = timedelta(seconds=PATIENCE + 60)
MOST_PASSKEYS = 10
# The standard asks devices for 16 random bytes at least; a shorter name is one that somebody chose.
SHORTEST_ID = 16
NAME_LENGTH = 60
REGISTER, SIGN_IN, CONFIRM, SECOND = "register", "sign_in", "confirm", "second"
# What a refused one is in the log; of a second person it is the act of the two.
_LOGGED_AS = {SIGN_IN: "account:sign_in", CONFIRM: "account:confirm"}
NOT_ACCEPTED = N_("The passkey was not accepted. Try once more, or use the password.")
UNSEEN = "not seen by the provider of late"
_OFFICE_FIRST = N_(
    "Your passkey is right, but the office’s sign-in has to see you again first. Sign in with the account of your office; "
    "then the passkey opens OMS again."
)
_AS_MANY = N_("You have as many passkeys as one account may have. Remove one that is no longer used.")
_NOT_ADDED = N_("The device gave no passkey that can be used here. Try once more, or take another device.")

# base64url; the standard lets a device use up to 1,023 bytes.
_CREDENTIAL = re.compile(r"[A-Za-z0-9_-]{1,1400}")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Home:
    """The address passkeys belong to: as the browser writes it, and its host name alone."""

    origin: str
    host: str


def home_of(settings: Settings) -> Home | None:
    """Where passkeys are at home, None where there are none; raises `SettingsError` for an address that cannot be one.

    Browsers give passkeys over TLS and to a host name only, and to the machine itself under the name “localhost”.
    """
    if not settings.address:
        return None if settings.https else Home(f"http://localhost:{settings.port}", "localhost")
    wrong = SettingsError(
        N_(
            "OMS_ADDRESS is %(address)s. It is “https://” and a host name, with a port if need be, "
            "for instance https://hoso.example.gov.vn; only on the machine itself http://localhost."
        ),
        address=settings.address,
    )
    try:
        parts = urlsplit(settings.address.strip().rstrip("/"))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    if not host or parts.path or parts.query or parts.fragment or "@" in parts.netloc or not _is_name(host):
        raise wrong
    if parts.scheme != "https" and (parts.scheme, host) != ("http", "localhost"):
        raise wrong
    usual = {"https": 443, "http": 80}[parts.scheme]
    return Home(f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else ""), host)


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return all(part and part.replace("-", "").isalnum() and part.isascii() for part in host.split("."))
    return False


def _home(settings: Settings) -> Home:
    if (home := home_of(settings)) is None:
        raise Unavailable(
            N_("Passkeys are not set up here. The administrator names the address of OMS in OMS_ADDRESS.")
        )
    return home


def passkeys_of(session: Session, account_id: str) -> list[Passkey]:
    """The passkeys of an account, the oldest first."""
    return list(
        session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.added_at, Passkey.id))
    )


def ask_to_register(session: Session, settings: Settings, *, actor: Actor) -> tuple[str, str]:
    """The id of a new challenge, and what the browser hands to the device to make a passkey (JSON)."""
    require(actor, Action.OWN_READ)
    require_confirmed(actor)
    own = passkeys_of(session, actor.account_id)
    if len(own) >= MOST_PASSKEYS:
        raise Conflict(_AS_MANY)
    asked = _ask(session, REGISTER, actor.account_id)
    options = webauthn.generate_registration_options(
        rp_id=_home(settings).host,
        rp_name="OMS",
        user_id=actor.account_id.encode(),
        user_name=actor.username,
        user_display_name=actor.name,
        challenge=base64url_to_bytes(asked.challenge),
        timeout=PATIENCE * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_described(own),
    )
    return asked.id, webauthn.options_to_json(options)


def ask_for_proof(
    session: Session, settings: Settings, purpose: str, *, account_id: str | None = None
) -> tuple[str, str]:
    """The id of a new challenge, and what the browser hands to the device that shows a passkey (JSON).

    Without an account any passkey of this address will do, and nothing is said of anybody's.
    """
    asked = _ask(session, purpose, account_id)
    options = webauthn.generate_authentication_options(
        rp_id=_home(settings).host,
        challenge=base64url_to_bytes(asked.challenge),
        timeout=PATIENCE * 1000,
        allow_credentials=_described(passkeys_of(session, account_id)) if account_id else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return asked.id, webauthn.options_to_json(options)


def _described(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in passkeys]


def _ask(session: Session, purpose: str, account_id: str | None) -> PasskeyChallenge:
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.made_at < now() - GOOD_FOR))
    challenge = bytes_to_base64url(webauthn.helpers.generate_challenge())
    asked = PasskeyChallenge(challenge=challenge, purpose=purpose, account_id=account_id)
    session.add(asked)
    session.flush()
    return asked


def _take(engine: Engine, challenge_id: str, purpose: str, account_id: str | None) -> bytes | None:
    """The challenge of this id when it is open for this; whatever it was for, it is gone from now on."""
    with db.writing(engine) as session:
        asked = session.get(PasskeyChallenge, challenge_id, with_for_update=True)
        if asked is None:
            return None
        session.delete(asked)
    is_meant = asked.purpose == purpose and asked.account_id == account_id and is_near(asked.made_at, GOOD_FOR)
    return base64url_to_bytes(asked.challenge) if is_meant else None


def _verified(check: Callable[[], Result]) -> Result | None:
    """What the library found, or None: whatever it stumbles over in bytes from outside, nothing is proved."""
    try:
        return check()
    except Exception:
        return None


def register(
    engine: Engine, settings: Settings, challenge_id: str, credential: str, name: str, *, actor: Actor
) -> list[str]:
    """Keep the passkey a device of the actor has made; return new recovery codes when it is the first second factor."""
    require(actor, Action.OWN_READ)
    require_confirmed(actor)
    words = " ".join(name.split())
    if not 1 <= len(words) <= NAME_LENGTH:
        raise BadInput(N_("Give the passkey a name by which you know the device, of at most 60 characters."))
    home, challenge = _home(settings), _take(engine, challenge_id, REGISTER, actor.account_id)
    if challenge is None:
        raise BadInput(N_("That took too long, or another window began anew. Add the passkey once more."))
    made = _verified(
        lambda: webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=home.host,
            expected_origin=home.origin,
            require_user_verification=True,
        )
    )
    if made is None or len(made.credential_id) < SHORTEST_ID:
        raise BadInput(_NOT_ADDED)
    with db.writing(engine) as session:
        account = session.get_one(Account, actor.account_id)
        db.lock(session, account)  # of two windows one sees what the other has added
        if count_passkeys(session, account.id) >= MOST_PASSKEYS:
            raise Conflict(_AS_MANY)
        known = bytes_to_base64url(made.credential_id)
        if session.scalar(select(Passkey.id).where(Passkey.credential_id == known)):
            raise BadInput(_NOT_ADDED)
        codes = [] if has_second_factor(session, account.id) else new_recovery_codes(session, account.id)
        passkey = Passkey(
            account_id=account.id,
            name=words,
            credential_id=known,
            public_key=bytes_to_base64url(made.credential_public_key),
            sign_count=made.sign_count,
            synced=made.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
        )
        session.add(passkey)
        session.flush()
        audit.record(session, "account:passkey_add", account, actor=actor, passkey=passkey.id)
    return codes


def _named_in(credential: str) -> tuple[str, str | None]:
    """The passkey an answer names, and the account the device believes it belongs to."""
    try:
        answer: dict[str, Any] = json.loads(credential)
        handle = answer["response"].get("userHandle")
        named = answer["id"] if _CREDENTIAL.fullmatch(answer["id"]) else ""
        return named, base64url_to_bytes(handle).decode() if handle else None
    except Exception:
        return "", None


def prove_passkey(
    engine: Engine,
    settings: Settings,
    challenge_id: str,
    credential: str,
    purpose: str,
    *,
    address: str | None,
    account_id: str | None = None,
    actor: Actor | None = None,
    action: str = "",
) -> Account:
    """The account whose passkey signed the challenge; with `account_id` only that one will do.

    Raises `SignInFailed` (logged with the reason, which the answer does not tell) or `TooManyTries`: tries are
    counted by what the passkey is called, so nobody's wrong passwords stand in its way.
    """
    home, (named, handle) = _home(settings), _named_in(credential)
    with db.writing(engine) as session:
        # With a blank, as no user name has one: the name of a passkey comes from outside and may be that of an account.
        attempt = admit(session, f"passkey {named}", address=address)
    challenge = _take(engine, challenge_id, purpose, account_id)
    with db.writing(engine) as session:
        passkey = session.scalar(select(Passkey).where(Passkey.credential_id == named).with_for_update())
        account = session.get_one(Account, passkey.account_id) if passkey else None
        fault = _fault(passkey, account, account_id, handle) or ("" if challenge else "challenge")
        if not fault and account_id is None and passkey and account:
            fault = _fault_alone(session, settings, passkey, account)
        if not fault and passkey and challenge:
            fault = _use(passkey, credential, challenge, home)
        if not fault and account_id is None and account and must_be_seen_by_provider(session, account, settings):
            fault = UNSEEN
        if fault or account is None:
            what = action or _LOGGED_AS[purpose]
            audit.record(
                session, what, account, actor=actor, outcome="refused", address=address, reason=f"passkey: {fault}"
            )
        else:
            forgive(session, attempt)
    if fault or account is None:
        raise SignInFailed(_OFFICE_FIRST if fault == UNSEEN else NOT_ACCEPTED)
    refuse_leaver(engine, settings, account)
    return account


def _fault(passkey: Passkey | None, account: Account | None, account_id: str | None, handle: str | None) -> str:
    """Why a passkey opens nothing, before anything is computed; empty when it may."""
    if passkey is None or account is None:
        return "unknown"
    if account_id not in (None, account.id) or handle not in (None, account.id):
        return "of another account"
    return "account closed" if account.disabled else ""


def _fault_alone(session: Session, settings: Settings, passkey: Passkey, account: Account) -> str:
    """Why a passkey does not stand for the password: it may be the one that was lost with everything else."""
    if must_change_password(session, account, settings):
        return "first password waits"
    return "removal asked for" if passkey.removal_asked_by_id else ""


def _use(passkey: Passkey, credential: str, challenge: bytes, home: Home) -> str:
    """Hold the answer of the device against its passkey; what is wrong, or nothing, and then it is marked as used."""
    proved = _verified(
        lambda: webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=home.host,
            expected_origin=home.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            # Compared below: only then is a number that went back told from a signature that is none.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    )
    if proved is None:
        return "no proof"
    if (proved.new_sign_count or passkey.sign_count) and proved.new_sign_count <= passkey.sign_count:
        return "counter went back"
    passkey.sign_count, passkey.used_at = proved.new_sign_count, now()
    return ""


def remove_passkey(
    engine: Engine, settings: Settings, passkey_id: str, recovery_code: str = "", *, actor: Actor
) -> None:
    """Take away an own passkey; every session ends. The last second factor goes only with a recovery code."""
    require_confirmed(actor)
    given = bool(recovery_code.strip())
    with db.reading(engine) as session:
        account = session.get_one(Account, actor.account_id)
        _refuse_removal(session, passkey_id, given, actor)
    if given:
        prove_code(engine, settings, account, recovery_code, address=actor.address, actor=actor, only_recovery=True)
    with db.writing(engine) as session:
        account = session.get_one(Account, actor.account_id)
        db.lock(session, account)  # of two windows one sees what the other has removed
        _refuse_removal(session, passkey_id, given, actor)
        session.execute(delete(Passkey).where(Passkey.id == passkey_id))
        session.flush()
        if not has_second_factor(session, account.id):
            forget_recovery_codes(session, account.id)
        end_sessions(session, account)
        audit.record(session, "account:passkey_remove", account, actor=actor, passkey=passkey_id)


def _refuse_removal(session: Session, passkey_id: str, with_code: bool, actor: Actor) -> None:
    own = {one.id for one in passkeys_of(session, actor.account_id)}
    if passkey_id not in own:
        raise NotFound()
    if own == {passkey_id} and not with_code and not has_app(session, actor.account_id):
        raise BadInput(N_("This is your only second factor. Give one of your recovery codes to remove it."))
