"""The password once more before a dangerous act: the page that asks, and going on with what was interrupted.

The page carries the interrupted form along in hidden fields and is sent to the same address, so the act goes on as
if nothing had been asked. Given once, the password is good for five minutes of such acts.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from flask import Flask, Response, g, make_response, render_template, request
from flask import session as cookie
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from oms import accounts, db
from oms.errors import ConfirmationNeeded, OmsError
from oms.permissions import Actor
from oms.web import access
from oms.web.access import house
from oms.web.errors import sentence_of, wants_json
from oms.web.signing_in import browser_mark

# The field of the password; no form of ours has another of this name.
FIELD = "confirm_password"
# No password, that of a second person either, is written into a page.
_NOT_CARRIED = frozenset({FIELD, "password", "csrf_token", "username-shown"})


def add_confirming(app: Flask) -> None:
    """Ask where a room says that the password is needed, and take the answer before the view runs."""

    @app.errorhandler(ConfirmationNeeded)
    def ask(error: ConfirmationNeeded) -> Response | tuple[dict[str, str], int]:
        if wants_json():
            return {"state": "refused", "message": sentence_of(error)}, error.status
        return _page(error.status)

    @app.before_request
    def take_answer() -> AnyResponse | None:
        actor: Actor | None = g.get("actor")
        plain = request.method == "POST" and request.mimetype == "application/x-www-form-urlencoded"
        if actor is None or not plain or FIELD not in request.form:
            return None
        try:
            _confirm(actor, request.form[FIELD])
        except accounts.SignInFailed:
            return _page(
                401, gettext("This is not right. Check Caps Lock and the Vietnamese keyboard, then try again.")
            )
        except OmsError as error:
            answer = _page(error.status, sentence_of(error))
            answer.headers["Retry-After"] = str(error.values.get("seconds", 5))
            return answer
        return None


def _confirm(actor: Actor, given: str) -> None:
    engine = house().engine
    accounts.prove_again(engine, house().settings, given, actor=actor, browser=browser_mark())
    with db.writing(engine) as session:
        secret = accounts.confirm(session, access.signed_in_id() or "", actor=actor)
    cookie["_user_id"] = secret  # the session goes on under a new name
    g.actor = replace(actor, confirmed=True)


def _page(status: int, problem: str = "") -> Response:
    carried = [(name, value) for name, value in request.form.items(multi=True) if name not in _NOT_CARRIED]
    came_from = urlsplit(request.referrer or "")
    back = came_from.path if came_from.netloc == request.host else ""
    with db.reading(house().engine) as session:
        by_code = accounts.has_second_factor(session, g.actor.account_id)
    page = render_template(
        "account/confirm.html",
        target=request.full_path.rstrip("?"),
        carried=carried,
        field=FIELD,
        username=g.actor.username,
        by_code=by_code,
        problem=problem,
        back=back or request.script_root + "/",
    )
    return make_response(page, status)
