"""The password, or a passkey, once more before a dangerous act: the page that asks, and going on with what was interrupted.

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
from oms.models import Account
from oms.permissions import Actor
from oms.web import access
from oms.web.access import house
from oms.web.errors import sentence_of, wants_json
from oms.web.passkeys import offered, office_offered, shown
from oms.web.signing_in import browser_mark
from oms.web.two_people import OF_THE_SECOND

# The field of the password; no form of ours has another of this name.
FIELD = "confirm_password"
# The field of a passkey shown in place of it.
PASSKEY = "confirm_passkey"
# No password, that of a second person either, is written into a page, and no code.
_NOT_CARRIED = frozenset({FIELD, PASSKEY, "password", "csrf_token", "username-shown", *OF_THE_SECOND})


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
        if actor is None or not plain or not (request.form.get(FIELD) or request.form.get(PASSKEY)):
            return None
        try:
            _confirm(actor)
        except accounts.SignInFailed as error:
            if request.form.get(PASSKEY):
                return _page(401, sentence_of(error))
            return _page(
                401, gettext("This is not right. Check Caps Lock and the Vietnamese keyboard, then try again.")
            )
        except OmsError as error:
            answer = _page(error.status, sentence_of(error))
            if error.status in (429, 503):
                answer.headers["Retry-After"] = str(error.values.get("seconds", 5))
            return answer
        return None


def _confirm(actor: Actor) -> None:
    engine, how = house().engine, ""
    if request.form.get(PASSKEY):
        shown(accounts.CONFIRM, actor.account_id, PASSKEY)
        how = "passkey"
    else:
        given = request.form.get(FIELD, "")
        accounts.prove_again(engine, house().settings, given, actor=actor, browser=browser_mark())
    with db.writing(engine) as session:
        secret = accounts.confirm(session, access.signed_in_id() or "", actor=actor, how=how)
    cookie["_user_id"] = secret  # the session goes on under a new name
    g.actor = replace(actor, confirmed=True)


def own_password_asked() -> bool:
    """True where a form for two had better ask the first person's password as well: it will be needed, and there is one."""
    settings = house().settings
    return not g.actor.confirmed and (bool(settings.ldap_url) or not settings.oidc_issuer)


def _page(status: int, problem: str = "") -> Response:
    g.pop("shown", None)  # nothing of a thing stands in the question
    carried = [(name, value) for name, value in request.form.items(multi=True) if name not in _NOT_CARRIED]
    came_from = urlsplit(request.referrer or "")
    back = came_from.path if came_from.netloc == request.host else ""
    with db.reading(house().engine) as session:
        by_code = accounts.has_app(session, g.actor.account_id)
        account = session.get_one(Account, g.actor.account_id)
        of_office = accounts.is_of_provider(session, account, house().settings)
        by_password = bool(house().settings.ldap_url) or not of_office
        passkeys = accounts.count_passkeys(session, g.actor.account_id) > 0 and offered()
    page = render_template(
        "account/confirm.html",
        target=request.full_path.rstrip("?"),
        carried=carried,
        field=FIELD,
        username=g.actor.username,
        by_code=by_code,
        by_password=by_password,
        of_office=of_office,
        office=of_office and office_offered(),
        home=house().settings.address,
        passkey_field=PASSKEY if passkeys else "",
        problem=problem,
        back=back or request.script_root + "/",
    )
    return make_response(page, status)
