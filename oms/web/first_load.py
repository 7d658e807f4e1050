"""First load over HTTP: an Excel file of people is looked at cell by cell, then entered whole.

The file is never kept: `keep-file.js` leaves it in the browser between looking and entering; without the script it is
chosen once more.
"""

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import db, first_load, intake, viruses
from oms.errors import N_, BadInput, FileRefused, OmsError
from oms.permissions import Action
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("first_load", __name__, url_prefix="/people/load")

SHOWN = 200
"""Mistakes on the page: who has more has a wrong file, not wrong cells."""


@bp.get("")
@guarded(Action.DOSSIER_CREATE)
def index() -> str:
    """Choose the file."""
    return _page()


@bp.get("/template.xlsx")
@guarded(Action.DOSSIER_CREATE)
def template() -> Response:
    """The empty file with our headings and the units of the officer."""
    content = first_load.template(first_load.names_of_units(g.session, actor=g.actor), _)
    answer = Response(content, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename="danh-sach-can-bo.xlsx")
    return answer


@bp.post("")
@guarded(Action.DOSSIER_CREATE, writing=False)
def take() -> ResponseReturnValue:
    """Look at the file, or enter everybody in it."""
    try:
        table = first_load.read(_sent())
        if request.form.get("act") != "load":
            return _page(report=first_load.check(g.session, table, actor=g.actor))
        access.end_request(g.pop("session", None))
        with db.writing(access.house().engine) as session:
            loaded = first_load.load(session, table, actor=g.actor)
        access.deliver(session)
    except (BadInput, FileRefused) as error:
        g.retry_after = error.values.get("seconds")
        return make_response(_page(problem=error), error.status)
    return _page(loaded=loaded)


def _sent() -> bytes:
    file = request.files.get("file")
    content = file.read(first_load.MOST_BYTES + 1) if file else b""
    if not content:
        raise BadInput(N_("Choose the Excel file first."))
    viruses.look_for(access.house().settings, content, intake.label_of(file.filename or "") if file else "")
    return content


def _page(
    report: first_load.Report | None = None,
    loaded: first_load.Loaded | None = None,
    problem: OmsError | None = None,
) -> str:
    return render_template(
        "first_load/index.html",
        report=report,
        loaded=loaded,
        mistakes=[(mistake, sentence_of(mistake.error)) for mistake in report.mistakes[:SHOWN]] if report else [],
        problem=sentence_of(problem) if problem else "",
        limits=(first_load.MOST_ROWS, first_load.MOST_BYTES >> 20),
        shown=SHOWN,
    )
