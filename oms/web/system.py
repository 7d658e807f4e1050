"""The installation in plain words, for the technical administrator."""

from flask import Blueprint, g, render_template

from oms import audit, health
from oms.permissions import Action
from oms.web import looks
from oms.web.access import guarded, house

bp = Blueprint("system", __name__, url_prefix="/system")


@bp.get("")
@guarded(Action.SYSTEM_READ)
def show() -> str:
    """Database, disk, jobs, index, checks and versions; the page looks again by itself."""
    if not looks.asked_again("system:view"):
        audit.record(g.session, "system:view", actor=g.actor)
    return render_template(
        "system/show.html",
        health=health.examine(g.session, house().settings, actor=g.actor),
        settings=house().settings,
        queue=house().settings.queue.split(":", 1)[0].split("+", 1)[0],
    )
