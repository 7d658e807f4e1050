"""Two answers for whoever watches the server from outside, without a word about what is inside."""

import logging

from flask import Blueprint, Response

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
    try:
        with db.reading(house().engine) as session:
            ready = health.is_ready(session)
    except Exception as error:  # whatever keeps the database from answering, the answer is "not ready"
        log.error("not ready: %s", type(error).__name__)
        ready = False
    return Response("ok" if ready else "not ready", 200 if ready else 503, mimetype="text/plain")
