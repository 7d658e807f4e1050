"""Refusals of the API as RFC 9457 problem documents, in Vietnamese or English by Accept-Language."""

from typing import Any

from flask import Blueprint, Response, g, make_response
from flask.json import dumps
from flask_babel import gettext
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from oms.errors import N_, BadInput, ConfirmationNeeded, Conflict, OmsError
from oms.faults import refusal_behind
from oms.web.access import end_request, write_down_refusal
from oms.web.errors import number_fault, sentence_of

# What kind of problem it is, in a few words; `detail` says what to do.
TITLES = {
    400: N_("The request cannot be understood"),
    401: N_("Not signed in"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("This address does not take this method"),
    409: N_("The present state does not allow this"),
    413: N_("Too large"),
    415: N_("This type of file is not taken"),
    422: N_("Something in the request is not right"),
    429: N_("Too many requests"),
    500: N_("A fault of the program"),
    503: N_("Not available right now"),
    507: N_("Too little room on the disk"),
}
_DETAILS = {
    400: N_("The body is not the JSON that was announced. Check it against the description of the API."),
    404: N_("Nothing was found here. Check the address, or search again."),
    405: N_("Look up the methods of this address in the description of the API."),
    413: N_("This is larger than what can be received at once. Send it in several parts."),
    422: N_("These fields are missing or not as the description of the API says: %(fields)s."),
    429: N_("Too many requests in a short time. Wait a minute, then go on."),
}


class ProblemShape(Schema):
    """A refusal, sent as application/problem+json (RFC 9457)."""

    type = fields.String()
    title = fields.String(metadata={"description": "What kind of refusal it is, in the language of the caller."})
    status = fields.Integer()
    detail = fields.String(metadata={"description": "What happened and what to do next."})
    code = fields.String(
        metadata={"description": "For programs: `confirmation_required` (ask for a new token), `otp_required`."}
    )
    fields_ = fields.List(fields.String(), data_key="fields", metadata={"description": "Fields that are wrong."})


def problem(status: int, detail: str = "", **more: Any) -> Response:
    """One problem document; `more` are extension members."""
    g.pop("shown", None)  # nothing of a thing stands in a refusal
    document = {"type": "about:blank", "title": gettext(TITLES.get(status, TITLES[400])), "status": status}
    if detail:
        document["detail"] = detail
    answer = make_response(dumps({**document, **more}, ensure_ascii=False), status)
    answer.content_type = "application/problem+json"
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="oms"'
    return answer


def explain(error: HTTPException) -> Response:
    """A problem document for what Flask or the reading of arguments refused."""
    # What fails after the view (the log cannot be written) comes wrapped.
    if fault := getattr(error, "original_exception", None):
        return admit(fault)
    status = error.code or 500
    wrong = _wrong_fields(getattr(error, "data", {}).get("messages", {}))
    sentence = _DETAILS.get(status)
    if sentence is None or (status == 422 and not wrong):
        return problem(status)
    values = {"fields": ", ".join(wrong)}
    return problem(status, gettext(sentence) % values, **({"fields": wrong} if status == 422 else {}))


def admit(error: Exception) -> Response:
    """A problem document for what is no refusal of ours: 500 with the number of the fault, unless words fit better."""
    refusal = refusal_behind(error)
    number = "" if isinstance(refusal, BadInput | Conflict) else number_fault(error)
    end_request(g.pop("session", None))
    if refusal is not None:
        g.retry_after = refusal.values.get("seconds")
        return problem(refusal.status, sentence_of(refusal))
    return problem(500, gettext("A fault of the program. Nothing was changed."), reference=number)


def _wrong_fields(messages: dict[str, Any]) -> list[str]:
    """The names of the fields, outer before inner, of what the reading of arguments complains about."""
    found: list[str] = []

    def walk(inner: Any, path: tuple[str, ...]) -> None:
        if isinstance(inner, dict):
            for name, below in inner.items():
                walk(below, (*path, str(name)))
        elif path:
            found.append(".".join(path))

    for place in messages.values():
        walk(place, ())
    return sorted(set(found))


def add_problems(bp: Blueprint) -> None:
    """Answer every error below a blueprint as a problem document."""

    @bp.errorhandler(OmsError)
    def refuse(error: OmsError) -> Response:
        write_down_refusal(error)
        answer = problem(error.status, sentence_of(error), **({"code": error.code} if error.code else {}))
        if isinstance(error, ConfirmationNeeded):  # RFC 9470
            answer.headers["WWW-Authenticate"] = 'Bearer error="insufficient_user_authentication", max_age=300'
        if seconds := error.values.get("seconds"):
            answer.headers["Retry-After"] = str(seconds)
        return answer

    @bp.errorhandler(HTTPException)
    def refuse_request(error: HTTPException) -> Response:
        return explain(error)

    bp.register_error_handler(Exception, admit)
