"""What a protection installation answers while its key is not there: one sentence, to everything.

It runs so that people read why; nothing is opened, no page, database or file. What exactly is wrong stands in the log of
the server and is not told to whoever asks.
"""

import logging

from flask import Flask, Response

from oms.errors import N_, OmsError
from oms.settings import Settings
from oms.web.headers import ALWAYS, CONTENT_SECURITY_POLICY, NEVER_KEPT, OVER_TLS
from oms.words import translate

log = logging.getLogger(__name__)

SENTENCE = N_(
    "This installation is closed: its key is not there, or is another one. Nothing was opened or changed. Call the "
    "administrator: the log of the server says what to do."
)


def locked_program(settings: Settings, reason: OmsError) -> Flask:
    """A program that answers 503 and the sentence."""
    log.error("the vault stays closed: %s", reason)
    app = Flask("oms.web.locked", static_folder=None)

    @app.before_request
    def answer() -> Response:
        response = Response(f"{translate(SENTENCE, language=settings.language)}\n", 503, mimetype="text/plain")
        response.headers.update(ALWAYS | (OVER_TLS if settings.https else {}))
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Cache-Control"] = NEVER_KEPT
        return response

    return app
