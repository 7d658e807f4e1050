"""Numbers of decisions over HTTP: the second officer writes what the paper says, a third decides where two differ."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import record
from oms.errors import BadInput
from oms.models import Document, Dossier
from oms.permissions import Action
from oms.record import NumberCheck, ValueState
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of
from oms.web.record import TONES

bp = Blueprint("record_numbers", __name__, url_prefix="/record")


@bp.get("/<id>/numbers")
@guarded(Action.RECORD_READ)
def index(dossier: Dossier) -> str:
    """The documents of a dossier whose numbers two officers write, and how far they are."""
    checks = record.numbers_of(g.session, dossier, actor=g.actor)
    return render_template("record/numbers.html", dossier=dossier, checks=checks, tones=TONES)


@bp.get("/numbers/<id>")
@guarded(Action.DOCUMENT_READ)
def show(document: Document) -> str:
    """One document: its first page, and what is asked of the reader."""
    return _page(document)


def _page(document: Document, problem: str = "") -> str:
    check = record.number_of(g.session, document, actor=g.actor)
    return render_template(
        "record/number.html",
        document=document,
        dossier=document.dossier,
        check=check,
        tones=TONES,
        problem=problem,
        written=request.form,
        may_write=check.waits_for(g.actor) and g.actor.has(Action.RECORD_EDIT),
        may_decide=check.undecided_by(g.actor) and g.actor.has(Action.RECORD_SETTLE),
    )


@bp.post("/numbers/<id>")
@guarded(Action.RECORD_EDIT, model=Document)
def write(document: Document) -> ResponseReturnValue:
    """The second writing, then the next document that waits."""
    number, day = request.form.get("number", ""), request.form.get("issued_on", "")
    try:
        check = record.key_number(g.session, document, number, day, actor=g.actor)
    except BadInput as error:
        return _page(document, sentence_of(error)), error.status
    left = [one for one in record.numbers_of(g.session, document.dossier, actor=g.actor) if one.waits_for(g.actor)]
    access.commit()
    _say(check)
    if left:
        return redirect(url_for(".show", id=left[0].document.id))
    return redirect(url_for(".index", id=document.dossier_id))


@bp.post("/numbers/<id>/decide")
@guarded(Action.RECORD_SETTLE, model=Document)
def decide(document: Document) -> ResponseReturnValue:
    """The third look."""
    form = request.form
    try:
        check = record.decide_number(
            g.session,
            document,
            form.get("number", ""),
            form.get("issued_on", ""),
            reason=form.get("reason", ""),
            actor=g.actor,
        )
    except BadInput as error:
        return _page(document, sentence_of(error)), error.status
    access.commit()
    _say(check)
    return redirect(url_for(".index", id=document.dossier_id))


def _say(check: NumberCheck) -> None:
    if check.state is ValueState.VERIFIED:
        flash(_("The number of “%(title)s” is verified.", title=check.document.title), "success")
    else:
        flash(_("You wrote something else than was filed. A third person looks at the paper and decides."), "warning")
