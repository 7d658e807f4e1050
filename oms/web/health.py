"""Three answers for whoever watches the server from outside, without a word about what is inside."""

import logging
from collections.abc import Callable

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from oms import db, health
from oms.web.access import house, public

bp = Blueprint("health", __name__)
log = logging.getLogger(__name__)


@bp.get("/healthz")
@public
def healthz() -> Response:
    """The server answers."""
    return Response("ok", mimetype="text/plain")


@bp.get("/readyz")
@public
def readyz() -> Response:
    """The database answers too and is of the right version; else 503."""
    return _answer("not ready", health.is_ready)


@bp.get("/searchz")
@public
def searchz() -> Response:
    """Searching answers completely, as measured a few minutes ago; else 503. The rest of the house may be well."""
    return _answer("not complete", lambda session: health.is_searchable(session, house().settings))


def _answer(otherwise: str, holds: Callable[[Session], bool]) -> Response:
    try:
        with db.reading(house().engine) as session:
            good = holds(session)
    except Exception as error:  # whatever keeps the database from answering, the answer is no
        log.error("%s: %s", otherwise, type(error).__name__)
        good = False
    return Response("ok" if good else otherwise, 200 if good else 503, mimetype="text/plain")
