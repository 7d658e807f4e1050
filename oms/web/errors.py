"""Refusals and faults as pages, or as JSON where a script asks; none of them needs the database."""

import logging
import uuid
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from oms.errors import N_, BadInput, Conflict, OmsError
from oms.faults import refusal_behind
from oms.permissions import Action, Actor
from oms.web.access import end_request, write_down_refusal

log = logging.getLogger(__name__)

_SENTENCES = {
    400: N_("The browser sent something that cannot be understood. Go back, reload the page and try again."),
    403: N_("This is not for your account. The start page shows what is."),
    404: N_("Nothing was found here. Check the address, or search again."),
    405: N_("This address does not take this kind of request. Go back and use the buttons of the page."),
    413: N_("This is larger than what can be received at once. Send it in several parts."),
    415: N_("This type of file is not taken. Upload PDF, TIFF, JPEG, PNG, HEIC or DOCX."),
    429: N_("Too many requests in a short time. Wait a minute, then go on."),
}
_PAGES = frozenset({400, 403, 404, 409, 413, 422, 429, 500, 503})


def sentence_of(error: OmsError) -> str:
    """The refusal in the language of the reader."""
    translated: str = gettext(error.message)
    return translated % error.values if error.values else translated


def number_fault(error: BaseException) -> str:
    """Log what was raised under a number the administrator can look for; the number."""
    number = uuid.uuid4().hex[:8]
    log.error("fault %s at %s", number, request.endpoint, exc_info=error)
    return number


def wants_json() -> bool:
    """True when a script of ours asks, not a person's browser for a page."""
    return request.headers.get("X-Requested-With") == "fetch"


def _answer(status: int, sentence: str, **more: Any) -> Response:
    g.pop("shown", None)  # nothing of a thing stands in a refusal
    if wants_json():
        return make_response(jsonify(state="refused", message=sentence), status)
    page = status if status in _PAGES else 503 if status > 500 else 400
    more["may_ask"] = status in (403, 404) and _may_ask()
    return make_response(render_template(f"errors/{page}.html", message=sentence, **more), status)


def _may_ask() -> bool:
    """True when the reader can send a request to whoever decides about a dossier."""
    actor: Actor | None = g.get("actor")
    return actor is not None and actor.has(Action.CONSULTATION_REQUEST)


def add_errors(app: Flask) -> None:
    """Register the handlers. The API blueprint has its own."""
    # Flask's line names the address, and with it the number of a dossier; `admit` logs the fault by its endpoint.
    app.log_exception = lambda _raised: None  # type: ignore[method-assign,assignment]

    @app.errorhandler(OmsError)
    def refuse(error: OmsError) -> Response:
        write_down_refusal(error)
        seconds = error.values.get("seconds")
        answer = _answer(error.status, sentence_of(error), retry_after=seconds)
        if seconds:
            answer.headers["Retry-After"] = str(seconds)
        return answer

    @app.errorhandler(CSRFError)
    def refuse_forgery(_error: CSRFError) -> Response:
        sentence = gettext("The page was open too long, or came from somewhere else. Reload it and try again.")
        return _answer(400, sentence)

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> Response | HTTPException:
        # What fails after the view (the log cannot be written) comes wrapped.
        if fault := getattr(error, "original_exception", None):
            return admit(fault)
        code = error.code or 500
        if code < 400:
            return error
        message = _SENTENCES.get(code, _SENTENCES[400] if code < 500 else "")
        return _answer(code, gettext(message) if message else "")

    @app.errorhandler(Exception)
    def admit(error: Exception) -> Response:
        refusal = refusal_behind(error)
        number = "" if isinstance(refusal, BadInput | Conflict) else number_fault(error)
        end_request(g.pop("session", None))
        g.pop("thing", None)  # nothing more can be asked of it
        if refusal is not None:
            g.retry_after = refusal.values.get("seconds")
            return _answer(refusal.status, sentence_of(refusal))
        return _answer(500, gettext("A fault of the program. Nothing was changed."), reference=number)
