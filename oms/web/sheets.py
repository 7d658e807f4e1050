"""The page on which the sheets of a dossier are counted, document by document."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import dossiers, sheets
from oms.errors import N_, BadInput
from oms.models import Dossier
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("sheets", __name__, url_prefix="/dossiers")


@bp.get("/<id>/sheets")
@guarded(Action.DOSSIER_EDIT)
def show(dossier: Dossier) -> str:
    """The contents list with the counts, proposed where nobody counted."""
    dossiers.view(g.session, dossier, actor=g.actor)
    return _page(dossier)


def _page(dossier: Dossier, problem: BadInput | None = None) -> str:
    documents = dossiers.contents(g.session, dossier)
    return render_template(
        "sheets/show.html",
        dossier=dossier,
        documents=documents,
        pages=dossiers.pages_of(g.session, [document.id for document in documents]),
        counts=sheets.of_dossier(g.session, dossier),
        most=sheets.MOST_SHEETS,
        form=request.form,
        problem=sentence_of(problem) if problem else "",
    )


@bp.post("/<id>/sheets")
@guarded(Action.DOSSIER_EDIT)
def count(dossier: Dossier) -> ResponseReturnValue:
    """Write the counts down; a field left empty stays without one."""
    try:
        changed = sheets.count(g.session, dossier, _read_counts(), actor=g.actor)
    except BadInput as error:
        g.session.rollback()
        return _page(dossier, error), error.status
    access.commit()
    flash(_("%(count)s counts are written down.", count=changed), "success")
    return redirect(url_for("dossiers.show", id=dossier.id))


def _read_counts() -> dict[str, int]:
    typed = {
        name.removeprefix("sheets-"): value.strip()
        for name, value in request.form.items()
        if name.startswith("sheets-") and value.strip()
    }
    if not all(value.isascii() and value.isdecimal() and len(value) < 7 for value in typed.values()):
        raise BadInput(N_("Count the sheets and enter their number."))
    return {id: int(value) for id, value in typed.items()}
