"""Setting up the own second factor with an app, its recovery codes, and taking it away."""

import io

import segno
from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import logout_user
from werkzeug.wrappers import Response as AnyResponse

from oms import accounts
from oms.errors import BadInput, NotFound, TooManyTries
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded, house
from oms.web.errors import sentence_of

bp = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")


@bp.get("")
@guarded(Action.OWN_READ)
def show() -> str:
    """Whether there is an app; while one is being set up, its secret and the field for the first code."""
    return _page()


def _page(problem: str = "", removal_problem: str = "") -> str:
    secret = accounts.waiting_secret(g.session, house().settings, actor=g.actor)
    return render_template(
        "account/second_factor.html",
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        active=accounts.has_app(g.session, g.actor.account_id),
        passkeys=accounts.count_passkeys(g.session, g.actor.account_id),
        codes_left=accounts.codes_left(g.session, g.actor.account_id),
        problem=problem,
        removal_problem=removal_problem,
    )


@bp.post("/begin")
@guarded(Action.OWN_READ)
def begin() -> AnyResponse:
    """Make a secret for the app."""
    accounts.begin(g.session, house().settings, actor=g.actor)
    access.commit()
    return redirect(url_for(".show"))


@bp.get("/code.svg")
@guarded(Action.OWN_READ)
def picture() -> Response:
    """The QR code of the secret that waits for its first code."""
    secret = accounts.waiting_secret(g.session, house().settings, actor=g.actor)
    if not secret:
        raise NotFound()
    out = io.BytesIO()
    segno.make(accounts.address_of(secret, g.actor.username), error="m").save(out, kind="svg", scale=6, light="#fff")
    return Response(out.getvalue(), mimetype="image/svg+xml")


@bp.post("/activate")
@guarded(Action.OWN_READ)
def activate() -> AnyResponse | str:
    """The first code is shown back: the second factor is on; the recovery codes are on the answer itself, once."""
    try:
        codes = accounts.activate(g.session, house().settings, request.form.get("code", ""), actor=g.actor)
    except BadInput as error:
        return make_response(_page(problem=sentence_of(error)), error.status)
    access.commit()
    return render_template("account/recovery_codes.html", codes=codes)


@bp.post("/remove")
@guarded(Action.OWN_READ, writing=False)
def remove() -> AnyResponse:
    """Take it away with a recovery code; everybody signs in anew."""
    try:
        accounts.remove_own(house().engine, house().settings, request.form.get("recovery", ""), actor=g.actor)
    except (accounts.SignInFailed, TooManyTries) as error:
        return make_response(_page(removal_problem=sentence_of(error)), error.status)
    logout_user()
    flash(_("The app was taken away. Sign in again."), "success")
    return redirect(url_for("account.sign_in"))
