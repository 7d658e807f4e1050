"""The identity provider of the office (OpenID Connect): it says who somebody is; account, roles and factors stay here.

Only the code flow with PKCE, only signatures by a key of the provider, and always the person asked anew: a browser that
somebody left open at the provider opens nothing here. Knows no database; `office` ties what it says to an account.
"""

import hmac
import logging
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from oms.accounts.guessing import SignInFailed
from oms.accounts.passkeys import home_of
from oms.errors import N_, Unavailable
from oms.settings import Settings, SettingsError, secret_in

log = logging.getLogger(__name__)

# Seconds until a provider that does not answer counts as down, and until what it says of itself is asked for again.
PATIENCE = 5
KNOWN_FOR = 600
# An unknown key may be a new one, or somebody's invention: the keys are asked for again at most this often.
KEYS_ANEW = 30
# Seconds the person has at the provider, and by which the clocks of two machines may differ.
GOOD_FOR = 600
LEEWAY = 60
# Signatures by a private key of the provider only: no "none", and no HMAC, whose key could be a public one.
SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
ANSWER_PATH = "/sign-in/office/answer"
SECRET_LENGTH = 16
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# Plain characters only: of two names that look alike, or become alike as small letters, one must not be taken for the other.
_USERNAME = re.compile(r"[!-~]{1,60}", re.ASCII)


@dataclass(frozen=True)
class Provider:
    """Where the provider is, and who OMS is there."""

    issuer: str
    client: str
    secret_file: Path
    claim: str
    """What of its statement is the user name here."""
    ca: str
    two_factors: frozenset[str]
    """Values of `acr` or `amr` by which it says that two factors were shown."""
    answer_to: str


@dataclass(frozen=True)
class Asked:
    """What this browser was sent off with; it lies signed in its cookie until the answer."""

    state: str
    nonce: str
    verifier: str
    at: int
    purpose: str


@dataclass(frozen=True)
class Identity:
    """Whom the provider has seen just now."""

    issuer: str
    subject: str
    username: str
    two_factors: bool


class NotProved(SignInFailed):
    """The answer of the provider proves nothing; `reason` is for the log alone."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or _NOT_PROVED)
        self.reason = reason


_NOT_PROVED = N_(
    "The office’s sign-in proved nothing here. Begin once more; if it happens again, tell the administrator."
)
_TOO_LATE = N_("That took too long, or another window began anew. Begin the sign-in once more.")
_NOT_SIGNED_IN = N_("The office’s sign-in did not let you in, or you left it. Begin once more.")


def provider_of(settings: Settings) -> Provider | None:
    """The provider of the settings, None without one; raises `SettingsError` for what makes no sense."""
    if not settings.oidc_issuer:
        return None
    issuer = settings.oidc_issuer
    if not _is_safe(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
        raise SettingsError(
            N_("OMS_OIDC_ISSUER is %(issuer)s. It is the https:// address the provider calls itself by."), issuer=issuer
        )
    if not settings.oidc_client or not settings.oidc_secret_file or not settings.oidc_username:
        raise SettingsError(
            N_(
                "OMS_OIDC_ISSUER needs OMS_OIDC_CLIENT (who OMS is there) and OMS_OIDC_SECRET_FILE (file of its secret)."
            )
        )
    home = home_of(settings)
    if home is None:
        raise SettingsError(N_("OMS_OIDC_ISSUER needs OMS_ADDRESS: the provider sends people back to it."))
    try:
        import authlib.oidc.core  # noqa: F401
        import requests  # noqa: F401
    except ImportError as error:
        raise SettingsError(N_("OMS_OIDC_ISSUER needs the package authlib: install “oms[oidc]”.")) from error
    provider = Provider(
        issuer,
        settings.oidc_client,
        Path(settings.oidc_secret_file),
        settings.oidc_username,
        settings.oidc_ca,
        frozenset(settings.oidc_two_factors.replace(",", " ").split()),
        home.origin + ANSWER_PATH,
    )
    secret_of(provider)
    return provider


def _is_safe(address: object) -> bool:
    """True for TLS, and for this machine itself."""
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return False
    return (
        bool(host)
        and "@" not in parts.netloc
        and (parts.scheme == "https" or (parts.scheme, host in _LOOPBACK) == ("http", True))
    )


def secret_of(provider: Provider) -> str:
    """The secret of OMS at the provider, from a file that only OMS can read."""
    secret = secret_in(provider.secret_file)
    if len(secret) < SECRET_LENGTH:
        raise SettingsError(N_("The secret in %(path)s is too short to be one."), path=provider.secret_file)
    return secret


def ask(provider: Provider, purpose: str) -> tuple[str, dict[str, Any]]:
    """Where to send the browser, and what it keeps meanwhile; raises `Unavailable` when the provider does not answer."""
    asked = Asked(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), _now(), purpose)
    with _client(provider) as client:
        address, _state = client.create_authorization_url(
            _described(provider)["authorization_endpoint"],
            state=asked.state,
            code_verifier=asked.verifier,
            nonce=asked.nonce,
            # Asked anew each time: what the browser still knows of a person who left proves nothing here.
            prompt="login",
            max_age=0,
        )
    return str(address), asdict(asked)


def sign_out_address(provider: Provider, back: str) -> str:
    """Where the session at the provider itself is ended, empty where it tells no such address."""
    address = _described(provider).get("end_session_endpoint")
    if not _is_safe(address):
        return ""
    query = urlencode({"client_id": provider.client, "post_logout_redirect_uri": back})
    return f"{address}{'&' if '?' in str(address) else '?'}{query}"


def answered(provider: Provider, kept: Mapping[str, Any] | None, answer: Mapping[str, str], purpose: str) -> Identity:
    """Whom the provider has seen, after its answer came by the browser; raises `NotProved`, `Unavailable`."""
    asked = _asked(kept, answer, purpose)
    meta = _described(provider)
    if (
        answer.get("iss", provider.issuer if not meta.get("authorization_response_iss_parameter_supported") else None)
        != provider.issuer
    ):
        raise NotProved("issuer of the answer")
    if "error" in answer or not answer.get("code"):
        raise NotProved("refused there", _NOT_SIGNED_IN)
    tokens = _exchange(provider, meta, answer["code"], asked)
    claims = _verified(provider, meta, tokens, asked)
    _check_time(claims, asked)
    return _identity(provider, claims)


def _asked(kept: Mapping[str, Any] | None, answer: Mapping[str, str], purpose: str) -> Asked:
    try:
        asked = Asked(**(kept or {}))
    except TypeError:
        raise NotProved("not asked here", _TOO_LATE) from None
    if not hmac.compare_digest(asked.state.encode(), answer.get("state", "").encode()):
        raise NotProved("state", _TOO_LATE)
    if not 0 <= _now() - asked.at <= GOOD_FOR or asked.purpose != purpose:
        raise NotProved("too late", _TOO_LATE)
    return asked


def _exchange(provider: Provider, meta: Mapping[str, Any], code: str, asked: Asked) -> Mapping[str, Any]:
    from authlib.integrations.base_client import OAuthError
    from requests import RequestException

    try:
        with _client(provider, meta) as client:
            tokens: Mapping[str, Any] = client.fetch_token(
                meta["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=asked.verifier
            )
    except OAuthError as error:
        log.warning("the identity provider takes no code: %s", repr(error.error)[:80])
        raise NotProved("code") from error
    except (RequestException, ValueError) as error:
        raise _down(error) from error
    return tokens


def _verified(
    provider: Provider, meta: Mapping[str, Any], tokens: Mapping[str, Any], asked: Asked
) -> Mapping[str, Any]:
    """The claims of the identity token, each held against what was asked."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError

    token = tokens.get("id_token")
    if not isinstance(token, str):
        raise NotProved("no identity token")
    try:
        decoded = jwt.decode(token, _keys(provider, meta, token), algorithms=SIGNATURES)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client},
            },
            {"nonce": asked.nonce, "client_id": provider.client, "access_token": tokens.get("access_token")},
        )
        claims.validate(now=_now(), leeway=LEEWAY)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise NotProved(f"identity token: {type(error).__name__} {getattr(error, 'claim', '')}".strip()) from error
    if claims["aud"] not in (provider.client, [provider.client]):
        raise NotProved("identity token: for others too")
    return dict(claims)


def _check_time(claims: Mapping[str, Any], asked: Asked) -> None:
    """The person was asked after the browser was sent off, not some time before."""
    seen, made = claims.get("auth_time"), claims["iat"]
    if not isinstance(seen, (int, float)) or seen < asked.at - LEEWAY or seen > _now() + LEEWAY:
        raise NotProved("not asked anew")
    if made < asked.at - LEEWAY:
        raise NotProved("identity token of before")


def _identity(provider: Provider, claims: Mapping[str, Any]) -> Identity:
    subject, username = claims["sub"], claims.get(provider.claim)
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not isinstance(username, str):
        raise NotProved("no user name")
    if provider.claim == "email" and claims.get("email_verified") is not True:
        raise NotProved("e-mail not verified there")
    if not _USERNAME.fullmatch(name := username.strip()):
        raise NotProved("user name of other characters")
    acr, amr = claims.get("acr"), claims.get("amr") or []
    if not isinstance(acr, str | None) or not isinstance(amr, list) or not all(isinstance(one, str) for one in amr):
        raise NotProved("acr or amr is no text")
    return Identity(provider.issuer, subject, name.lower(), not provider.two_factors.isdisjoint([acr, *amr]))


# What a provider says of itself and its keys, with the moment it was asked, by its address. A restart forgets it.
_known: dict[str, tuple[float, dict[str, Any]]] = {}
_lock = threading.Lock()


def _described(provider: Provider) -> dict[str, Any]:
    """What the provider says of itself, checked (OpenID Connect Discovery 4.3)."""
    meta = _fetch(provider, provider.issuer.rstrip("/") + "/.well-known/openid-configuration", KNOWN_FOR)
    if meta.get("issuer") != provider.issuer or not all(_is_safe(meta.get(name)) for name in _ENDPOINTS):
        raise _down(ValueError("it calls itself otherwise, or its addresses are not secured"))
    return meta


def _keys(provider: Provider, meta: Mapping[str, Any], token: str) -> Any:
    """The public keys of the provider; asked for again when the token names one that is not among them."""
    from joserfc import jws
    from joserfc.jwk import KeySet

    found = _fetch(provider, meta["jwks_uri"], KNOWN_FOR)
    named = jws.extract_compact(token.encode()).headers().get("kid")
    if named and named not in {key.get("kid") for key in found.get("keys", ())}:
        found = _fetch(provider, meta["jwks_uri"], KEYS_ANEW)
    return KeySet.import_key_set(found)  # type: ignore[arg-type]


def _fetch(provider: Provider, address: str, not_older: float) -> dict[str, Any]:
    from requests import RequestException

    with _lock:
        at, found = _known.get(address, (0.0, {}))
    if found and time.monotonic() - at < not_older:
        return found
    try:
        with _client(provider) as client:
            answer = client.get(address, withhold_token=True)
            answer.raise_for_status()
            found = answer.json()
        if not isinstance(found, dict):
            raise ValueError("no object")
    except (RequestException, ValueError) as error:
        raise _down(error) from error
    with _lock:
        _known[address] = time.monotonic(), found
    return found


def _client(provider: Provider, meta: Mapping[str, Any] | None = None) -> Any:
    """A session with the provider: no proxy, no password file and no redirect of anybody's making."""
    from authlib.integrations.requests_client import OAuth2Session

    # RFC 8414: the first is what a provider takes that does not say.
    takes = (meta or {}).get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    client = OAuth2Session(
        provider.client,
        secret_of(provider),
        token_endpoint_auth_method="client_secret_basic" if "client_secret_basic" in takes else "client_secret_post",
        scope="openid profile",
        redirect_uri=provider.answer_to,
        code_challenge_method="S256",
        default_timeout=PATIENCE,
    )
    client.trust_env, client.max_redirects = False, 0
    client.verify = provider.ca or True
    return client


def _now() -> int:
    return int(time.time())


def _down(error: Exception) -> Unavailable:
    log.warning("the identity provider is out of reach: %s", type(error).__name__)
    return Unavailable(
        N_(
            "The office’s sign-in does not answer, so nobody can be proved by it. Try again in a few minutes. "
            "Passkeys work, and administrators sign in with their own password of OMS."
        )
    )
