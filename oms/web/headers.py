"""Headers of every response, errors and static files too: no foreign script, no frame, no cache.

Also what gunicorn itself answers when a request never reaches the program, and its name.
"""

import hashlib
import logging
import re
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request

from oms.accounts import home_of
from oms.errors import N_, OmsError
from oms.web.access import house

log = logging.getLogger(__name__)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-src 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "report-uri /csp-report",
    )
)
# By which the machine calls itself: its own checks and programs.
_OF_THE_MACHINE = ("localhost", "127.0.0.1", "[::1]")
# What leaves as a file opens in a sandbox without anything.
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # same-origin, not no-referrer: the CSRF check of HTTPS pages compares the referrer.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), payment=(), "
    "publickey-credentials-create=(), publickey-credentials-get=()",
}
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
NEVER_KEPT = "no-store"
# The folder in the address of a static file is named by what all of them contain: a changed file has another address.
KEPT_FOR_EVER = "public, max-age=31536000, immutable"
# Seconds, where a refusal does not say better: the window of requests at all.
RETRY_AFTER = 60


def allow_feature(name: str) -> None:
    """Let this one page use what all others are denied: the camera, passkeys."""
    g.setdefault("features", set()).add(name)


def _name_in(host: str) -> str:
    """The name alone, without a port and without the dot of the root."""
    return re.sub(r":\d*$", "", host).lower().removesuffix(".")


@cache
def _warn(address: str) -> None:
    """Once in a process: whoever set the address finds out why nobody gets in; the other name is a stranger's word."""
    log.warning("asked for by another name than that of %s (OMS_ADDRESS): refused", address)


@cache
def version_of(folder: Path) -> str:
    """A short hash of the names and contents of all files below a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def add_headers(app: Flask) -> None:
    """Set them after every request, where the view has not set a stricter one; hear only who calls us by our name."""

    @app.before_request
    def refuse_other_names() -> None:
        settings = house().settings
        home = home_of(settings) if settings.address else None
        # Flask's TRUSTED_HOSTS leaves such a request without addresses, so that no page could be shown. Whoever watches
        # the server from outside may call it as they like.
        if home and request.blueprint != "health" and _name_in(request.host) not in (home.host, *_OF_THE_MACHINE):
            _warn(home.origin)
            raise OmsError(N_("OMS is opened at %(address)s. Type this address into the browser."), address=home.origin)

    @app.after_request
    def set_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        static = request.path.startswith(f"{app.static_url_path}/") and response.status_code in (200, 206, 304)
        response.headers["Cache-Control"] = KEPT_FOR_EVER if static else NEVER_KEPT
        response.headers.update(ALWAYS | (OVER_TLS if house().settings.https else {}))
        if g.get("retry_after") and response.status_code in (429, 503, 507):
            response.headers.setdefault("Retry-After", str(g.retry_after))
        elif response.status_code == 429:  # of Flask-Limiter
            response.headers.setdefault("Retry-After", str(RETRY_AFTER))
        for name in g.get("features", ()):
            policy = response.headers["Permissions-Policy"].replace(f"{name}=()", f"{name}=(self)")
            response.headers["Permissions-Policy"] = policy
        return response


def teach_gunicorn(https: bool) -> None:
    """Give gunicorn's own answers our headers and words, and let no answer name the server.

    It has no settings for that. A request it cannot read (400, 414, 431) never reaches Flask.
    """
    from gunicorn import util
    from gunicorn.http import wsgi

    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        **ALWAYS,
        **(OVER_TLS if https else {}),
        "Cache-Control": NEVER_KEPT,
        "Content-Type": "text/html; charset=utf-8",
        "Connection": "close",
    }
    described = wsgi.Response.default_headers

    def default_headers(self: Any) -> list[str]:
        return [line for line in described(self) if not line.startswith("Server:")]

    def write_error(sock: Any, status: int, reason: str, _message: str) -> None:
        page = _PAGE.format(status=status).encode()
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} {reason}\r\n{lines}Content-Length: {len(page)}\r\n\r\n"
        util.write_nonblock(sock, head.encode("latin-1") + page)

    wsgi.Response.default_headers = default_headers
    util.write_error = write_error


# Nothing of the request is repeated, and nothing is known of the reader's language.
_PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>{status} – OMS</title></head>
<body><h1>{status}</h1>
<p>Máy chủ không hiểu được yêu cầu này. Quay lại trang trước, tải lại trang rồi thử lại.</p>
<p lang="en">The server cannot understand this request. Go back, reload the page and try again.</p>
</body></html>
"""
