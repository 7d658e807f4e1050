"""Bodies that are no text: invalid UTF-8, halves of characters, NUL, in every free field of a form or JSON body."""

import io
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from flask import Flask

# Behind a text that was right: so the form stands, and only its words are bad.
FORM, JSON = b"%00%ED%A0%80%FFx", "\x00\ud800x"
# What decides where a request leads stays as it is.
KEPT = ("password", "csrf_token", "version", "state", "kind", "step", "role", "code", "unit", "component", "token")


def spoil_form(body: bytes) -> bytes:
    """A form whose texts of more than one word are spoilt."""
    fields = parse_qsl(body.decode("latin-1"), keep_blank_values=True)
    return b"&".join(
        quote_plus(name, encoding="latin-1").encode()
        + b"="
        + quote_plus(value, encoding="latin-1").encode()
        + (FORM if " " in value and name not in KEPT else b"")
        for name, value in fields
    )


def spoil_json(body: bytes) -> bytes:
    """A document whose texts of more than one word are spoilt."""
    return json.dumps(_spoilt(json.loads(body))).encode()


def _spoilt(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: one if key in KEPT else _spoilt(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_spoilt(one) for one in value]
    return value + JSON if isinstance(value, str) and " " in value else value


def spoil_all() -> None:
    """From now on every body that reaches the program is spoilt; for a process of its own."""
    answer = Flask.wsgi_app

    def wsgi_app(app: Flask, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0]
        spoil = {"application/x-www-form-urlencoded": spoil_form, "application/json": spoil_json}.get(kind)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if spoil and length:
            body = environ["wsgi.input"].read(length)
            with suppress(ValueError):  # it was no document before
                body = spoil(body)
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return answer(app, environ, start_response)

    Flask.wsgi_app = wsgi_app  # type: ignore[method-assign]
