"""Tokens: signing in and out over the API, and who the caller is."""

from typing import Any

from flask import g, request
from marshmallow import Schema, fields, validate

from oms import accounts, db
from oms.api.door import for_everybody, gives, room, takes
from oms.api.shapes import UnitName
from oms.errors import N_, BadInput, OmsError
from oms.models import Account, Unit
from oms.permissions import Action
from oms.web.access import commit, guarded, house, public

bp = room("tokens", "Signing in and out")


class Credentials(Schema):
    """Name and password; `otp` is the code of the app, or a recovery code, of an account with a second factor."""

    username = fields.String(required=True, validate=validate.Length(1, 60))
    password = fields.String(required=True, validate=validate.Length(1, 1000))
    otp = fields.String(load_default="", allow_none=True)


class TokenShape(Schema):
    """A new token. It is shown this once."""

    token = fields.String()
    expires_in = fields.Integer(metadata={"description": "Seconds after which it ends in any case."})
    idle = fields.Integer(metadata={"description": "Seconds without a request after which it ends."})


class MeShape(Schema):
    """The account of the token."""

    username = fields.String()
    name = fields.String()
    role = fields.String(allow_none=True)
    unit = fields.Nested(UnitName, allow_none=True)
    actions = fields.List(fields.String())


@bp.post("/tokens")
@public
@for_everybody()
@gives(TokenShape, 201)
@takes(Credentials)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Sign in and get a bearer token."""
    engine, settings = house().engine, house().settings
    account, _before = accounts.prove_password(
        engine, given["username"], given["password"], settings=settings, address=request.remote_addr
    )
    _ask_for_code(account, given["otp"] or "")
    device = request.user_agent.string
    with db.writing(engine) as session:
        secret, _ = accounts.sign_in(session, account.id, kind="api", device=device, address=request.remote_addr)
        idle, absolute = accounts.limits_of(session, account.id, settings)
    return {"token": secret, "expires_in": round(absolute.total_seconds()), "idle": round(idle.total_seconds())}


class CodeNeeded(OmsError):
    """The password is right, and the account has a second factor."""

    status = 401
    code = "otp_required"


def _ask_for_code(account: Account, code: str) -> None:
    engine, settings = house().engine, house().settings
    with db.reading(engine) as session:
        by_code = accounts.has_second_factor(session, account.id)
        only_passkeys = by_code and not accounts.has_app(session, account.id)
    if not by_code and code:
        raise BadInput(N_("This account has no second factor. Leave `otp` out and send the request again."))
    if only_passkeys and not code:
        raise CodeNeeded(
            N_(
                "This account has passkeys, which a program cannot show. Set up the app under “My account” and send its "
                "code as `otp`, or send a recovery code."
            )
        )
    if by_code and not code:
        raise CodeNeeded(
            N_("This account has a second factor. Send the code of the app as `otp` along with the password.")
        )
    if by_code:
        accounts.prove_code(engine, settings, account, code, address=request.remote_addr)


@bp.delete("/tokens/current")
@guarded(Action.OWN_READ)
@gives(None, 204)
def end() -> None:
    """Sign out: the token of this request ends at once."""
    accounts.sign_out(g.session, g.actor.session_id, actor=g.actor)
    commit()


@bp.get("/me")
@guarded(Action.OWN_READ)
@gives(MeShape)
def me() -> dict[str, Any]:
    """Whose token this is and what it may do."""
    return {
        "username": g.actor.username,
        "name": g.actor.name,
        "role": g.actor.role.value if g.actor.role else None,
        "unit": g.session.get(Unit, g.actor.unit_id) if g.actor.unit_id else None,
        "actions": sorted(action.value for action in g.actor.units),
    }
