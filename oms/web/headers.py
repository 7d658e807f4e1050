"""Headers of every response, errors and static files too: no foreign script, no frame, no cache."""

from flask import Flask, Response, request

from oms.web.access import house

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
    )
)
# What leaves as a file opens in a sandbox without anything.
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
# Fonts and third-party styles change with a release; our own files are asked for again each time (304).
VENDOR_SECONDS = 24 * 3600


def add_headers(app: Flask) -> None:
    """Set them after every request, where the view has not set a stricter one."""

    @app.after_request
    def set_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        # same-origin, not no-referrer: the CSRF check of HTTPS pages compares the referrer.
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), usb=(), payment=()"
        if request.path.startswith("/static/") and response.status_code in (200, 304):
            vendor = request.path.startswith("/static/vendor/")
            response.headers["Cache-Control"] = f"public, max-age={VENDOR_SECONDS}" if vendor else "no-cache"
        else:
            response.headers["Cache-Control"] = "no-store"
        if house().settings.https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return response
