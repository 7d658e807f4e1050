"""Who is asking: Flask-Login over sessions kept in the database, so that they end when we say so."""

import secrets
import uuid
from datetime import timedelta

from flask import Flask, current_app, g, request
from flask import session as cookie
from flask_login import LoginManager, current_user, login_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as AnyResponse

from oms import accounts, db
from oms.errors import OmsError, Unavailable
from oms.faults import refusal_behind
from oms.models import Account, SignIn, Unit, is_near
from oms.web.access import house

# Where the secret of the way from password to code lies in the cookie, apart from that of a session.
HALF = "half"
# What came before that code, for the log: nothing is the password.
HALF_BY = "half_by"
# How often "last seen" is written; more often would make every look a change.
SEEN_EVERY = timedelta(seconds=60)
# The mark by which a browser is known again, so that a stranger's wrong tries do not count for its owner.
MARK_SECONDS = 365 * 24 * 3600


class SignedIn:
    """What Flask-Login keeps of a signed-in person: the secret of the sign-in, never the account id."""

    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, secret: str, sign_in: SignIn, account: Account) -> None:
        self.secret = secret
        self.sign_in_id, self.account = sign_in.id, account

    def get_id(self) -> str:
        """What goes into the signed cookie."""
        return self.secret


def add_sign_in(app: Flask) -> None:
    """Set up Flask-Login and the actor of each request."""
    manager = LoginManager(app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load_user(secret: str) -> SignedIn | None:
        with db.reading(house().engine) as session:
            found = accounts.find_sign_in(session, secret, house().settings, kind="web")
            if found is None:
                return None
            user = SignedIn(secret, found, found.account)
            g.actor = accounts.actor_of(
                session,
                found.account,
                via="web",
                confirmed=accounts.is_confirmed(found),
                session_id=found.id,
                address=request.remote_addr,
                request_id=_request_id(),
            )
            g.must_change_password = accounts.must_change_password(session, found.account, house().settings)
            must = not found.two_factors and accounts.must_set_up(session, found.account, house().settings)
            g.must_set_up = must
            unit = session.get(Unit, g.actor.unit_id) if g.actor.unit_id else None
            g.signed_in_unit = unit.short_name if unit else ""
            # Plain polling must not keep a forgotten browser signed in.
            stale = not is_near(found.seen_at, SEEN_EVERY) and request.headers.get("X-Requested-With") != "poll"
            g.session_ends = round(accounts.seconds_left(session, found, house().settings, seen_now=stale))
        if stale:
            mark_seen(user.sign_in_id)
        return user

    @app.before_request
    def find_actor() -> None:
        _request_id()
        if request.path.startswith(("/static/", "/api/")) or request.path in (
            "/healthz",
            "/readyz",
            "/searchz",
            "/csp-report",
        ):
            return
        g.signed_in = bool(current_user.is_authenticated)  # loads the user, and with it `g.actor`


def mark_seen(sign_in_id: str) -> None:
    """Write down that a session is in use; where nothing can be written just now, the next request does it."""
    try:
        with db.writing(house().engine, patience=db.BRIEF) as session:
            accounts.mark_seen(session, sign_in_id)
    except (OmsError, SQLAlchemyError) as error:
        refusal = error if isinstance(error, OmsError) else refusal_behind(error)
        if not isinstance(refusal, Unavailable):
            raise


def enter(secret: str, sign_in: SignIn, account: Account) -> None:
    """Give the browser its session; nothing of one before survives: no fixed session, no foreign token."""
    cookie.clear()
    login_user(SignedIn(secret, sign_in, account))


def half_account() -> Account | None:
    """The account whose password was right in this browser a moment ago and whose code is still to come."""
    if not cookie.get(HALF):
        return None
    with db.reading(house().engine) as session:
        half = accounts.find_sign_in(session, cookie[HALF], house().settings, kind="half")
        return half.account if half else None


def browser_mark() -> str:
    """The mark of this browser, or nothing."""
    return request.cookies.get(_mark_name(), "")


def new_mark() -> str:
    """The mark for this browser after a full sign-in: its own, or a new one."""
    mark = browser_mark()
    return mark if len(mark) == 43 else secrets.token_urlsafe(32)


def keep_mark(answer: AnyResponse, mark: str) -> None:
    """Let the browser keep its mark."""
    answer.set_cookie(
        _mark_name(), mark, max_age=MARK_SECONDS, secure=house().settings.https, httponly=True, samesite="Lax"
    )


def _mark_name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-browser"


def _request_id() -> str:
    """The id of this request; the check of a form's token asks who is there before any other function runs."""
    found: str = g.setdefault("request_id", uuid.uuid4().hex[:12])
    return found
