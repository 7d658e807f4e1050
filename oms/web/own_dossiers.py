"""The own dossier: what the law lets people see of it, what was corrected, who looked at it and why."""

from flask import Blueprint, g, render_template

from oms import campaigns, procedures
from oms.permissions import Action
from oms.web import access, declaring
from oms.web.corrections import rows_of
from oms.web.own_requests import TONES

bp = Blueprint("own_dossiers", __name__, url_prefix="/own/dossiers")


@bp.get("/<dossier>")
@access.guarded(Action.OWN_READ)
def show(dossier: str) -> str:
    """One own dossier."""
    own = procedures.own_dossier(g.session, dossier, actor=g.actor)
    return render_template(
        "own_dossiers/show.html",
        own=own,
        corrections=rows_of(own.corrections),
        request_tones=TONES,
        supplements=[one for one in campaigns.own_declarations(g.session, actor=g.actor) if one.dossier_id == dossier],
        supplement_tones=declaring.TONES,
        words=procedures.LOOKS,
        since=procedures.told_since(),
    )
