"""The HTTP API `/api/v1`: the same domain functions as the pages, as JSON, with an OpenAPI description.

One file per room, each one blueprint. A caller shows a bearer token; cookies are not looked at, so there is
nothing to forge and CSRF protection is off here.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request
from flask_smorest import Api
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException

from oms.api import (
    attestations,
    audit,
    campaigns,
    consultations,
    corrections,
    dossiers,
    jobs,
    leavings,
    membership,
    paper_losses,
    people,
    rearranging,
    record,
    reorganisations,
    scans,
    search,
    stacks,
    subject_requests,
    tokens,
    transfers,
    units,
    verifications,
)
from oms.api.problems import ProblemShape, explain
from oms.web.access import public

PREFIX = "/api/v1"
ROOMS = (
    tokens,
    units,
    people,
    dossiers,
    rearranging,
    record,
    scans,
    stacks,
    search,
    transfers,
    membership,
    consultations,
    campaigns,
    corrections,
    verifications,
    subject_requests,
    attestations,
    leavings,
    paper_losses,
    reorganisations,
    audit,
    jobs,
)


class _Api(Api):  # type: ignore[misc]
    """flask-smorest without its error pages: ours say the same thing everywhere."""

    ERROR_SCHEMA = ProblemShape

    def _register_error_handlers(self) -> None:
        """Leave the handlers of the program alone."""


def add_api(app: Flask, csrf: CSRFProtect) -> None:
    """Register every room of the API under `/api/v1` and serve its description."""
    app.config.update(
        API_TITLE="OMS",
        API_VERSION="1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {
                "description": "Personnel dossiers: scans, documents, search and hand-over. Errors follow RFC 9457."
            },
            "security": [{"token": []}],
        },
    )
    api = _Api(app)
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for room in ROOMS:
        csrf.exempt(room.bp)
        api.register_blueprint(room.bp, url_prefix=PREFIX)
    _open_description(app)

    @app.before_request
    def explain_wrong_address() -> Response | None:
        """An address below the API that does not exist belongs to no blueprint, but is answered like one."""
        error = request.routing_exception
        wrong = isinstance(error, HTTPException) and (error.code or 500) >= 400
        return explain(error) if wrong and error and request.path.startswith("/api/") else None


def _open_description(app: Flask) -> None:
    name = "api-docs.openapi_json"
    serve: Callable[..., Any] = app.view_functions[name]

    @public
    def openapi_json() -> Any:
        return serve()

    app.view_functions[name] = openapi_json
