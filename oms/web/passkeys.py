"""Passkeys by the pages: adding and removing the own ones, signing in and confirming with them.

The script of a page fetches what the device must sign and puts the answer into a form; everything else is forms.
Which challenge was asked of this browser stands in its cookie, by an id that says nothing.
"""

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from flask_login import logout_user
from werkzeug.wrappers import Response as AnyResponse

from oms import accounts, db, limits
from oms.errors import BadInput, Conflict, TooManyTries
from oms.models import Account
from oms.permissions import Action, require_confirmed
from oms.web.access import guarded, house, public
from oms.web.errors import sentence_of
from oms.web.headers import allow_feature
from oms.web.signing_in import half_account

bp = Blueprint("passkeys", __name__)

CREATE, GET = "publickey-credentials-create", "publickey-credentials-get"
# The id of the challenge this browser was asked to sign.
_ASKED = "passkey"


def offered(feature: str = GET) -> bool:
    """True when this page was opened at the address passkeys belong to; the page may then ask the browser for one."""
    home = accounts.home_of(house().settings)
    if home is None or request.host_url.rstrip("/") != home.origin:
        return False
    allow_feature(feature)
    return True


def office_offered() -> bool:
    """True where there is an identity provider and this page was opened at the address it sends people back to."""
    settings = house().settings
    home = accounts.home_of(settings) if settings.oidc_issuer else None
    return home is not None and request.host_url.rstrip("/") == home.origin


def shown(purpose: str, account_id: str | None = None, field: str = "passkey") -> Account:
    """The account whose passkey this browser just showed in the form; raises `SignInFailed`, `TooManyTries`."""
    return accounts.prove_passkey(
        house().engine,
        house().settings,
        asked_here(),
        request.form.get(field, ""),
        purpose,
        account_id=account_id,
        address=request.remote_addr,
        actor=g.get("actor"),
    )


def asked_here() -> str:
    """The id of the challenge this browser was asked to sign, which it now answers."""
    return str(cookie.pop(_ASKED, ""))


def _asked(challenge: tuple[str, str]) -> Response:
    cookie[_ASKED], options = challenge
    return Response(options, mimetype="application/json")


@bp.post("/sign-in/passkey/options")
@public
def to_sign_in() -> Response:
    """What the device is to sign: any passkey of this address, or after the password one of that account."""
    limits.take_at(house().engine, "passkey:ask", request.remote_addr or "")
    account = half_account()
    with db.writing(house().engine) as session:
        return _asked(
            accounts.ask_for_proof(
                session, house().settings, accounts.SIGN_IN, account_id=account.id if account else None
            )
        )


@bp.post("/account/passkeys/proof")
@guarded(Action.OWN_READ, writing=False)
def to_confirm() -> Response:
    """What the device is to sign before a dangerous act."""
    with db.writing(house().engine) as session:
        return _asked(
            accounts.ask_for_proof(session, house().settings, accounts.CONFIRM, account_id=g.actor.account_id)
        )


@bp.post("/second-person/passkey/options")
@guarded(Action.OWN_READ, writing=False)
def to_decide() -> Response:
    """What the device of a second person is to sign at this screen: any passkey, since nothing is said of anybody's."""
    with db.writing(house().engine) as session:
        return _asked(accounts.ask_for_proof(session, house().settings, accounts.SECOND))


@bp.get("/account/passkeys")
@guarded(Action.OWN_READ)
def show() -> str:
    """The own passkeys; right after the password also the form for a new one."""
    return _page()


def _page(problems: list[tuple[str, str]] | None = None) -> str:
    home, account = accounts.home_of(house().settings), g.session.get_one(Account, g.actor.account_id)
    return render_template(
        "account/passkeys.html",
        passkeys=accounts.passkeys_of(g.session, account.id),
        needed=accounts.passkeys_needed(g.session, account),
        by_app=accounts.has_app(g.session, account.id),
        codes_left=accounts.codes_left(g.session, account.id),
        home=home,
        here=offered(CREATE),
        adding=g.actor.confirmed,
        problems=problems or [],
        values=request.form,
    )


@bp.post("/account/passkeys/begin")
@guarded(Action.OWN_READ, writing=False)
def begin() -> AnyResponse:
    """Ask for the password where it was given too long ago, then show the form for a new passkey."""
    require_confirmed(g.actor)
    return redirect(url_for(".show"))


@bp.post("/account/passkeys/options")
@guarded(Action.OWN_READ, writing=False)
def to_register() -> Response:
    """What the device needs to make a passkey."""
    with db.writing(house().engine) as session:
        return _asked(accounts.ask_to_register(session, house().settings, actor=g.actor))


@bp.post("/account/passkeys/add")
@guarded(Action.OWN_READ, writing=False)
def add() -> AnyResponse | str:
    """Keep what the device has made; recovery codes are on the answer itself, once, when it is the first factor."""
    try:
        codes = accounts.register(
            house().engine,
            house().settings,
            cookie.pop(_ASKED, ""),
            request.form.get("passkey", ""),
            request.form.get("name", ""),
            actor=g.actor,
        )
    except (BadInput, Conflict) as error:
        return make_response(_page([("name", sentence_of(error))]), error.status)
    if codes:
        return render_template("account/recovery_codes.html", codes=codes)
    flash(_("The passkey was added. Try it at the next sign-in."), "success")
    return redirect(url_for(".show"))


@bp.post("/account/passkeys/<passkey_id>/remove")
@guarded(Action.OWN_READ, writing=False)
def remove(passkey_id: str) -> AnyResponse:
    """Take an own passkey away; everybody signs in anew."""
    code = request.form.get("recovery", "")
    try:
        accounts.remove_passkey(house().engine, house().settings, passkey_id, code, actor=g.actor)
    except (BadInput, accounts.SignInFailed, TooManyTries) as error:
        return make_response(_page([("recovery", sentence_of(error))]), error.status)
    logout_user()
    flash(_("The passkey was removed. Sign in again."), "success")
    return redirect(url_for("account.sign_in"))
