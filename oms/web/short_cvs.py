"""The short CV of a dossier as Word or PDF: form, kind and purpose are asked first."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import audit, record
from oms.errors import BadInput
from oms.models import Dossier
from oms.papers import short_cvs
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of
from oms.web.papers import send_paper

bp = Blueprint("short_cvs", __name__, url_prefix="/short-cvs")


@bp.get("/<id>")
@guarded(Action.DOSSIER_READ)
def ask(dossier: Dossier) -> str:
    """Ask which form, as what and what for."""
    audit.record(g.session, "paper:ask", dossier, actor=g.actor, paper="short_cv")
    return _form(dossier)


@bp.post("/<id>")
@guarded(Action.DOSSIER_READ)
def take(dossier: Dossier) -> ResponseReturnValue:
    """The filled form, written down."""
    try:
        paper = short_cvs.take(
            g.session,
            dossier,
            form_id=request.form.get("form", ""),
            kind=request.form.get("kind", ""),
            purpose=request.form.get("purpose", ""),
            unverified=request.form.get("unverified") == "1",
            actor=g.actor,
        )
    except BadInput as error:
        return _form(dossier, sentence_of(error)), error.status
    access.commit()
    return send_paper(paper)


def _form(dossier: Dossier, problem: str = "") -> str:
    return render_template(
        "short_cvs/ask.html",
        dossier=dossier,
        forms=short_cvs.choices(),
        form=request.form.get("form", record.usual_form(dossier)),
        kinds=[("docx", _("Word file, to be completed")), ("pdf", _("PDF, to be printed and signed"))],
        kind=request.form.get("kind", "docx"),
        purpose=request.form.get("purpose", ""),
        unverified=request.form.get("unverified") == "1",
        problem=problem,
    )
