"""Sessions in browsers and tokens of the API: opening, finding, confirming, ending.

Only the SHA-256 of a secret is kept. Every request asks the database, so an end is felt at once by
every process. Limits: idle and absolute, shorter for those who manage accounts or read the log.
"""

import secrets
from datetime import timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, joinedload

from oms import audit
from oms.accounts.guessing import digest
from oms.accounts.rights import actor_of
from oms.models import Account, Assignment, Fact, Role, SignIn, is_near, now
from oms.organisation import today
from oms.permissions import ROLE_ACTIONS, Action, Actor, require, require_confirmed
from oms.settings import Settings

# Who manages accounts or reads the whole log is signed out sooner: seconds idle and in all.
CLOSELY = frozenset({Action.ACCOUNT_MANAGE, Action.AUDIT_READ})
CLOSE_IDLE, CLOSE_ABSOLUTE = timedelta(minutes=10), timedelta(hours=4)
# Open sessions of one account (and as many tokens); the one unused longest ends first.
MOST_SESSIONS = 3
# For this long the password need not be given again before a dangerous act.
CONFIRMED_FOR = timedelta(minutes=5)
# Time to type the code after the password.
HALF_WAY = timedelta(minutes=5)
WEB, API, HALF = "web", "api", "half"
# Asked with every request: put together once, that takes longer than the answers.
_OPEN = (
    select(SignIn)
    .where(SignIn.token_sha256 == bindparam("token"), SignIn.kind == bindparam("kind"), SignIn.ended_at.is_(None))
    .options(joinedload(SignIn.account))
)
_ROLES = select(Assignment.role).where(
    Assignment.account_id == bindparam("account"),
    Assignment.valid_from <= bindparam("day"),
    Assignment.valid_to.is_(None) | (Assignment.valid_to >= bindparam("day")),
)


def sign_in(
    session: Session,
    account_id: str,
    *,
    kind: str = WEB,
    device: str = "",
    address: str | None = None,
    browser: str = "",
    how: str = "",
    two_factors: bool = False,
) -> tuple[str, SignIn]:
    """Open a session ("web") or token ("api") after `prove_password` or `prove_passkey`; its secret, shown once.

    `browser` is the secret mark of the browser, by which a later try is told from a stranger's; `how` goes to the log.
    `two_factors`: the office's identity provider has seen two of them.
    """
    account = session.get_one(Account, account_id)
    _make_room(session, account_id, kind)
    secret, signed_in = _open(session, account, kind, device)
    signed_in.confirmed_at = signed_in.created_at
    signed_in.browser_sha256 = digest(browser) if browser else None
    signed_in.two_factors = two_factors
    session.flush()
    actor = actor_of(session, account, via=kind, session_id=signed_in.id, address=address)
    audit.record(session, "account:sign_in", account, actor=actor, **({"how": how} if how else {}))
    return secret, signed_in


def sign_in_half(session: Session, account_id: str) -> str:
    """After the right password of an account with a second factor: the secret of the way to the code."""
    secret, _ = _open(session, session.get_one(Account, account_id), HALF, "")
    return secret


def _open(session: Session, account: Account, kind: str, device: str) -> tuple[str, SignIn]:
    secret = secrets.token_urlsafe(32)
    moment = now()
    signed_in = SignIn(
        token_sha256=digest(secret),
        account_id=account.id,
        kind=kind,
        device=device[:200],
        created_at=moment,
        seen_at=moment,
    )
    session.add(signed_in)
    session.flush()
    return secret, signed_in


def _make_room(session: Session, account_id: str, kind: str) -> None:
    if session.get(Fact, "demo") is not None:  # many visitors share an account of the demonstration
        return
    opened = session.scalars(
        select(SignIn)
        .where(SignIn.account_id == account_id, SignIn.kind == kind, SignIn.ended_at.is_(None))
        # Those seen by a clock that was ahead are over soon or at once: they keep no living one out.
        .order_by(SignIn.seen_at > now(), SignIn.seen_at.desc(), SignIn.created_at.desc())
    ).all()
    for oldest in opened[MOST_SESSIONS - 1 :]:
        oldest.ended_at = now()


def limits_of(session: Session, account_id: str, settings: Settings) -> tuple[timedelta, timedelta]:
    """How long the sessions of an account may lie idle and last in all."""
    idle, absolute = timedelta(seconds=settings.session_idle), timedelta(seconds=settings.session_absolute)
    closely = any(
        CLOSELY & ROLE_ACTIONS[Role(role)] for role in session.scalars(_ROLES, {"account": account_id, "day": today()})
    )
    return (min(idle, CLOSE_IDLE), min(absolute, CLOSE_ABSOLUTE)) if closely else (idle, absolute)


def find_sign_in(session: Session, secret: str, settings: Settings, *, kind: str) -> SignIn | None:
    """The open sign-in of a secret, or None when it never was, has ended or lay idle too long."""
    found = session.scalar(_OPEN, {"token": digest(secret), "kind": kind})
    if found is None or found.account.disabled:
        return None
    return found if _is_in_anybodys_limits(found, settings) or seconds_left(session, found, settings) > 0 else None


def _is_in_anybodys_limits(sign_in: SignIn, settings: Settings) -> bool:
    """True within the shortest limits of all: no need to ask the database whose they are, as nearly always."""
    idle = min(timedelta(seconds=settings.session_idle), CLOSE_IDLE)
    absolute = min(timedelta(seconds=settings.session_absolute), CLOSE_ABSOLUTE)
    return sign_in.kind != HALF and is_near(sign_in.seen_at, idle) and is_near(sign_in.created_at, absolute)


def seconds_left(session: Session, sign_in: SignIn, settings: Settings, *, seen_now: bool = False) -> float:
    """Seconds until the sign-in ends when nobody does anything more; none left is zero or less.

    `seen_now` counts from this moment, as after `mark_seen`. One that was begun by a clock further ahead than it may last
    in all, or seen further ahead than it may lie idle, has ended: it would last until then with nobody there.
    """
    moment = now()
    idle, absolute = limits_of(session, sign_in.account_id, settings)
    if sign_in.created_at - moment > (HALF_WAY if sign_in.kind == HALF else absolute):
        return 0
    if sign_in.kind == HALF:
        return (sign_in.created_at + HALF_WAY - moment).total_seconds()
    seen_at = moment if seen_now else sign_in.seen_at
    if seen_at - moment > idle:
        return 0
    return min(seen_at + idle - moment, sign_in.created_at + absolute - moment).total_seconds()


def is_confirmed(sign_in: SignIn) -> bool:
    """True while the password was given a short time ago."""
    return sign_in.confirmed_at is not None and is_near(sign_in.confirmed_at, CONFIRMED_FOR)


def confirm(session: Session, sign_in_id: str, *, actor: Actor, how: str = "") -> str:
    """After the right password, code or passkey: dangerous acts are open for a while; return the new secret of the session."""
    secret = secrets.token_urlsafe(32)
    sign_in = session.get_one(SignIn, sign_in_id)
    sign_in.token_sha256, sign_in.confirmed_at, sign_in.seen_at = digest(secret), now(), now()
    session.flush()
    audit.record(session, "account:confirm", actor=actor, **({"how": how} if how else {}))
    return secret


def mark_seen(session: Session, sign_in_id: str) -> None:
    """Remember that the session is in use."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=now()))


def sign_out(session: Session, sign_in_id: str, *, actor: Actor) -> None:
    """End one session at once."""
    session.execute(
        update(SignIn).where(SignIn.id == sign_in_id, SignIn.account_id == actor.account_id).values(ended_at=now())
    )
    audit.record(session, "account:sign_out", actor=actor)


def _opened(session: Session, account_id: str, settings: Settings) -> list[SignIn]:
    idle, absolute = limits_of(session, account_id, settings)
    moment = now()
    query = select(SignIn).where(
        SignIn.account_id == account_id,
        SignIn.kind != HALF,
        SignIn.ended_at.is_(None),
        SignIn.seen_at.between(moment - idle, moment + idle),
        SignIn.created_at.between(moment - absolute, moment + absolute),
    )
    return list(session.scalars(query.order_by(SignIn.seen_at.desc(), SignIn.id)))


def open_sign_ins(session: Session, *, actor: Actor, settings: Settings) -> list[SignIn]:
    """The actor's own sessions and tokens that are open now, the one used last first."""
    return _opened(session, actor.account_id, settings)


def sign_ins_of(session: Session, account: Account, *, actor: Actor, settings: Settings) -> list[SignIn]:
    """The open sessions and tokens of an account, for whoever manages accounts."""
    require(actor, Action.ACCOUNT_MANAGE)
    return _opened(session, account.id, settings)


def end_sessions(session: Session, account: Account) -> None:
    """End every session and token of an account, also those half way in."""
    session.execute(
        update(SignIn).where(SignIn.account_id == account.id, SignIn.ended_at.is_(None)).values(ended_at=now())
    )


def sign_out_everywhere(session: Session, account: Account, *, actor: Actor | None) -> None:
    """End every session of somebody: an administrator, or the command line."""
    if actor is not None:
        require(actor, Action.ACCOUNT_MANAGE)
        require_confirmed(actor)
    end_sessions(session, account)
    audit.record(session, "account:end_sessions", account, actor=actor)
