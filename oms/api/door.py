"""The door of the API: who is asking by bearer token, and what an endpoint takes and gives."""

import json
from collections.abc import Callable
from typing import Any, cast

import flask
from flask import g, request
from flask_smorest import Blueprint
from marshmallow import Schema
from werkzeug.exceptions import BadRequest

from oms import accounts, db
from oms.api.problems import add_problems
from oms.errors import N_, Refused
from oms.models import is_near
from oms.web.access import NotSignedIn, house
from oms.web.signing_in import SEEN_EVERY, mark_seen

View = Callable[..., Any]
# Bytes of a JSON body; the text of a page that is corrected has some 5 000.
LONGEST_BODY = 2 * 1024 * 1024
_describe: Any = Blueprint("describe", __name__)


def room(name: str, description: str) -> flask.Blueprint:
    """A blueprint of the API: bearer token before, problem documents after."""
    bp = cast(flask.Blueprint, Blueprint(f"api_{name}", f"oms.api.{name}", description=description))
    bp.before_request(find_actor)
    bp.before_request(read_body)
    add_problems(bp)
    return bp


def gives(schema: type[Schema] | Schema | None, status: int = 200) -> Callable[[View], View]:
    """Say what a view returns; the schema writes the JSON and the description."""
    decorate: Callable[[View], View] = _describe.response(status, schema)
    return decorate


def takes(schema: type[Schema], location: str = "json") -> Callable[[View], View]:
    """Read the arguments of a view by the schema ("json" or "query") and hand them over first."""
    decorate: Callable[[View], View] = _describe.arguments(schema, location=location)
    return decorate


def for_everybody() -> Callable[[View], View]:
    """Say that a view needs no token."""
    decorate: Callable[[View], View] = _describe.doc(security=[])
    return decorate


def gives_file(media_type: str) -> Callable[[View], View]:
    """Say that a view returns a file."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    decorate: Callable[[View], View] = _describe.doc(responses={"200": {"description": "OK", "content": content}})
    return decorate


def takes_files() -> Callable[[View], View]:
    """Say that a view takes a form with one or many `file`."""
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {"type": "object", "required": ["file"], "properties": {"file": files}}
    decorate: Callable[[View], View] = _describe.doc(
        requestBody={"required": True, "content": {"multipart/form-data": {"schema": form}}}
    )
    return decorate


def find_actor() -> None:
    """Set `g.actor` from the Authorization header; a token that is not good is refused at once."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return
    with db.reading(house().engine) as session:
        found = accounts.find_sign_in(session, secret.strip(), house().settings, kind="api") if secret else None
        if found is None or scheme.lower() != "bearer":
            raise NotSignedIn(N_("The token is not valid or has ended. Ask for a new one with POST /api/v1/tokens."))
        if (
            accounts.must_change_password(session, found.account, house().settings)
            and request.endpoint != "api_tokens.end"
        ):
            raise Refused(N_("Choose an own password first: sign in on the pages, then ask for a new token."))
        if accounts.must_set_up(session, found.account, house().settings) and request.endpoint != "api_tokens.end":
            raise Refused(N_("Set up the second factor first: sign in on the pages, then ask for a new token."))
        g.actor = accounts.actor_of(
            session,
            found.account,
            via="api",
            confirmed=accounts.is_confirmed(found),
            session_id=found.id,
            address=request.remote_addr,
            request_id=g.request_id,
        )
        stale = not is_near(found.seen_at, SEEN_EVERY)
    if stale:
        mark_seen(found.id)


def read_body() -> None:
    """Take in a JSON body before any transaction begins, and refuse one that no database could keep.

    A caller on a slow line must not hold the writer's place, and with it everybody, while the body trickles in.
    """
    if request.mimetype == "multipart/form-data":
        return
    request.max_content_length = LONGEST_BODY
    body = request.get_data()
    if not body or not request.is_json:
        return
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # also numbers of thousands of digits and halves of characters
        raise BadRequest from None
