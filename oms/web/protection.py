"""Protection files over HTTP: two officers open one, close it again; what the closed installation does not have is gone.

Looks: the form that opens a file writes one entry, the opening and the closing one each. In a general installation
none of these addresses exists.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from oms import catalogue, dossiers, protection
from oms.errors import NotFound, OmsError
from oms.models import Dossier, now
from oms.organisation import today
from oms.permissions import Action, Opened
from oms.web import access, two_people
from oms.web.access import FileClosed, guarded, house, write_down_refusal
from oms.web.closed import Door, door_of, exists
from oms.web.errors import sentence_of, wants_json

bp = Blueprint("protection", __name__)


@bp.get("/dossiers/<id>/open")
@guarded(Action.INSERT_OPEN)
def ask(dossier: Dossier) -> str:
    """What is told of a closed file, and the form in which two officers open it."""
    dossiers.view(g.session, dossier, actor=g.actor)
    return _draw(dossier)


def _draw(dossier: Dossier, problem: OmsError | None = None) -> str:
    rule = catalogue.opening_rule(today())
    return render_template(
        "protection/open.html",
        dossier=dossier,
        minutes=rule.minutes if rule else 0,
        problem=sentence_of(problem) if problem else "",
        typed=two_people.typed("reason"),
    )


@bp.post("/dossiers/<id>/open")
@guarded(Action.INSERT_OPEN, writing=False)
def open_together(dossier: Dossier) -> Any:
    """Two officers open the file."""
    id, purpose = dossier.id, request.form.get("reason", "")
    refused = two_people.decide_on(
        dossier,
        lambda session, file, second: protection.open_together(session, file, purpose, second=second, actor=g.actor),
        _draw,
    )
    return refused or redirect(url_for("dossiers.show", id=id))


@bp.post("/dossiers/<id>/close")
@guarded(Action.INSERT_OPEN)
def close(dossier: Dossier) -> Any:
    """Close the file for both, before its time."""
    protection.close(g.session, dossier, actor=g.actor)
    access.commit()
    flash(_("File %(number)s is closed.", number=dossier.number), "success")
    return redirect(url_for("people.index"))


def add_closing(app: Flask) -> None:
    """Take away what this installation does not have; lead from a closed file to where it is opened."""

    @app.before_request
    def take_away() -> None:
        protected = house().settings.protected
        if protected and request.path.startswith("/api/"):
            raise NotFound()  # also where the address would have answered that it takes another kind of request
        gone = request.endpoint and not exists(request.endpoint, protected=protected)
        # Who is not signed in to a general installation is asked to sign in first, there as everywhere.
        if gone and (protected or g.get("actor") is not None):
            raise NotFound()

    @app.errorhandler(FileClosed)
    def lead_to_opening(error: FileClosed) -> AnyResponse:
        write_down_refusal(error)
        if request.method == "GET" and not wants_json():
            return redirect(url_for("protection.ask", id=error.dossier_id))
        answer: Response = app.make_response(
            (render_template("errors/403.html", message=sentence_of(error), may_ask=False), 403)
        )
        if wants_json():
            answer = app.make_response(({"state": "refused", "message": sentence_of(error)}, 403))
        return answer

    @app.context_processor
    def open_files() -> dict[str, Any]:
        """What the frame of every page tells: the files that are open to the two, and when this page closes by itself."""
        opened = getattr(g.get("actor"), "opened", None) or {}
        return {"open_files": opened, "page_ends": _page_ends(opened)}


def _page_ends(opened: Mapping[str, Opened]) -> dict[str, Any] | None:
    """Where this page goes when a file it shows is over: nothing of it stays on a forgotten screen.

    A page of no single file (a search, a queue) may show of all that is open: the first that ends closes it.
    """
    if not opened or door_of(request.endpoint or "") != Door.OPENED:
        return None
    dossier_id = _dossier_id(g.get("thing"))
    if dossier_id and dossier_id not in opened:
        return None
    ids = [dossier_id] if dossier_id else sorted(opened)
    ends_at = min(opened[id].ends_at for id in ids)
    return {
        "seconds": max(1, round((ends_at - now()).total_seconds()) + 1),
        "url": url_for("protection.ask", id=dossier_id) if dossier_id else url_for("people.index"),
        "ids": ids,
    }


def _dossier_id(thing: Any) -> str:
    if isinstance(thing, Dossier):
        return thing.id
    found = getattr(thing, "dossier_id", None) or getattr(getattr(thing, "scan", None), "dossier_id", "")
    return str(found or "")
