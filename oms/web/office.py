"""Signing in and confirming at the identity provider of the office: sent off there, and taken back.

What a browser was sent off with lies in its signed cookie; sending it off changes nothing here.
"""

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response as AnyResponse

from oms import accounts, db, limits
from oms.errors import NotFound, OmsError, TooManyTries, Unavailable
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded, house, public
from oms.web.account import enter_half, local_path, open_session, sign_in_page
from oms.web.errors import sentence_of

bp = Blueprint("office", __name__)

# Where the cookie keeps what the browser was sent off with.
_SENT = "office"


def _provider() -> accounts.Provider:
    provider = accounts.provider_of(house().settings)
    if provider is None:
        raise NotFound()
    return provider


def _send_off(provider: accounts.Provider, purpose: str, target: str = "/") -> AnyResponse:
    address, asked = accounts.ask(provider, purpose)
    cookie[_SENT] = {"asked": asked, "next": target}
    return redirect(address)


@bp.get("/sign-in/office")
@public
def begin() -> AnyResponse:
    """Send the browser to the provider."""
    target = local_path(request.args.get("next"))
    if g.get("actor") is not None:
        return redirect(target)
    provider = _provider()
    try:
        limits.take_at(house().engine, "office:ask", request.remote_addr or "")
        return _send_off(provider, accounts.SIGN_IN, target)
    except OmsError as error:
        return sign_in_page(target, error=error)


@bp.get("/account/office")
@guarded(Action.OWN_READ, writing=False)
def confirm() -> AnyResponse:
    """Send the browser to the provider before a dangerous act; its form waits in another window."""
    provider = _provider()
    limits.take(house().engine, "office:confirm", actor=g.actor)
    return _send_off(provider, accounts.CONFIRM)


@bp.get("/sign-in/office/answer")
@public
def answer() -> AnyResponse:
    """What the provider says, brought by the browser; a signed-in person has confirmed, anybody else comes in."""
    provider, sent = _provider(), cookie.pop(_SENT, None) or {}
    asked, target = sent.get("asked") or {}, local_path(sent.get("next"))
    actor = g.get("actor")
    purpose = accounts.CONFIRM if actor else accounts.SIGN_IN
    try:
        if asked:
            limits.take_at(house().engine, "office:answer", asked["state"])
        account, two_factors = accounts.prove_by_provider(
            house().engine,
            house().settings,
            provider,
            asked,
            request.args,
            purpose,
            address=request.remote_addr,
            actor=actor,
        )
    except (accounts.SignInFailed, Unavailable, TooManyTries) as error:
        if actor:
            return _confirmed(error)
        return sign_in_page(target, error=error)
    if actor:
        with db.writing(house().engine) as session:
            secret = accounts.confirm(session, access.signed_in_id() or "", actor=actor, how="office")
        cookie["_user_id"] = secret  # the session goes on under a new name
        return _confirmed()
    if not two_factors and enter_half(account, by="office"):
        return redirect(url_for("account.give_code", next=target))
    entered = redirect(target)
    open_session(account, entered, how="office", two_factors=two_factors)
    return entered


@bp.get("/sign-in/office/leave")
@public
def leave() -> AnyResponse:
    """After signing out here: end the session at the provider, too."""
    back = url_for("account.sign_in", out=1)
    try:
        return redirect(accounts.sign_out_address(_provider(), request.host_url.rstrip("/") + back) or back)
    except Unavailable as error:
        return sign_in_page("/", error=error)


def _confirmed(error: OmsError | None = None) -> AnyResponse:
    page = render_template("account/confirmed.html", problem=sentence_of(error) if error else "")
    return make_response(page, error.status if error else 200)
