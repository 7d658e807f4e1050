"""What browsers report when a page came into conflict with its own rules (Content-Security-Policy).

Either a stored word tried to become a program, or a page of ours does what it forbids: both are for the administrator's
eyes. Anybody may send anything here, so that the log gets the rule and the kind of page, and no word of the report.
"""

import logging
import re
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import BadRequest, HTTPException

from oms import limits
from oms.web.access import house, public

bp = Blueprint("csp_reports", __name__)
log = logging.getLogger(__name__)

ADDRESS = "/csp-report"
# Bytes of a report; a browser's has a few hundred.
LARGEST = 4096
_TYPES = frozenset({"application/csp-report", "application/json"})
_RULE = re.compile("[a-z-]{1,40}")


@bp.post(ADDRESS)
@public
def report() -> Response:
    """Take a report as browsers send it: no form of ours, so no token of one."""
    request.max_content_length = LARGEST
    limits.take_at(house().engine, "csp:report", request.remote_addr or "")
    if request.mimetype not in _TYPES:
        raise BadRequest
    try:
        told = request.get_json(force=True)
    except RecursionError:  # some thousand brackets that only open
        raise BadRequest from None
    found = told.get("csp-report") if isinstance(told, dict) else None
    if not isinstance(found, dict):
        raise BadRequest
    rule = str(found.get("effective-directive") or found.get("violated-directive") or "").split(" ")[0]
    if not _RULE.fullmatch(rule):
        raise BadRequest
    log.warning("a page came into conflict with its rules: %s at %s", rule, _page_of(found.get("document-uri")))
    return Response(status=204)


def _page_of(address: object) -> str:
    """The name of the page of ours at an address, without the ids in it."""
    try:
        path = urlsplit(address if isinstance(address, str) else "").path
        endpoint, _ids = current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except (HTTPException, ValueError):
        return "no page of ours"
    return str(endpoint)
