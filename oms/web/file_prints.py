"""Watermarked prints over HTTP: choose documents of an open file, print them, read the register; in the closed house only.

Looks: the choice, each print and each look at the register write one entry.
"""

from typing import Any

from flask import Blueprint, Response, g, render_template, request

from oms import db, dossiers
from oms.errors import BadInput, Conflict, OmsError
from oms.models import Dossier
from oms.papers import file_print
from oms.permissions import Action
from oms.web import access
from oms.web.access import end_request, guarded, house
from oms.web.errors import sentence_of
from oms.web.headers import FILE_POLICY
from oms.web.two_people import look_again

bp = Blueprint("file_prints", __name__)


@bp.get("/dossiers/<id>/marked-print")
@guarded(Action.INSERT_OPEN)
def ask(dossier: Dossier) -> str:
    """Choose what to print."""
    dossiers.view(g.session, dossier, actor=g.actor)
    return _draw_printing(dossier)


def _draw_printing(dossier: Dossier, problem: OmsError | None = None) -> str:
    documents = dossiers.contents(g.session, dossier)
    return render_template(
        "file_prints/ask.html",
        dossier=dossier,
        documents=documents,
        pages=dossiers.pages_of(g.session, [document.id for document in documents]),
        chosen=request.form.getlist("documents"),
        problem=sentence_of(problem) if problem else "",
    )


@bp.post("/dossiers/<id>/marked-print")
@guarded(Action.INSERT_OPEN, writing=False)
def take(dossier: Dossier) -> Any:
    """The print, shown to be printed; its number is in the register before the first page is drawn.

    Drawing takes half a second a page: nobody waits meanwhile for the writer's place.
    """
    id, chosen, engine = dossier.id, request.form.getlist("documents"), house().engine
    end_request(g.pop("session"))
    try:
        with db.writing(engine) as session:
            taken = file_print.take_number(session, session.get_one(Dossier, id), chosen, actor=g.actor)
    except (BadInput, Conflict) as error:
        look_again(error)
        return _draw_printing(access.load(Dossier, "id", id, g.actor), error), error.status
    try:
        paper = file_print.draw(house().settings, taken)
    except Exception:
        with db.writing(engine) as session:
            file_print.write_down_failure(session, session.get_one(Dossier, id), taken, actor=g.actor)
        raise
    answer = Response(paper.body, mimetype=paper.media_type)
    answer.headers["Content-Disposition"] = f'inline; filename="{paper.file_name}"'
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer


@bp.get("/prints")
@guarded(Action.INSERT_OPEN)
def index() -> str:
    """The register of prints."""
    return render_template("file_prints/index.html", prints=file_print.register(g.session, actor=g.actor))
