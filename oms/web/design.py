"""The style page: every piece of the desk in every state; on demonstration installations only."""

from datetime import UTC, datetime

from flask import Blueprint, render_template

from oms import installation
from oms.errors import NotFound
from oms.web.access import house, public

bp = Blueprint("design", __name__)


@bp.get("/design")
@public
def show() -> str:
    """The style page; elsewhere than on a demonstration it does not exist."""
    if not installation.is_demo(house().engine):
        raise NotFound
    return render_template("design/show.html", now=datetime.now(UTC).replace(tzinfo=None))
