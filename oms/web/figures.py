"""The dashboards: people, completeness and digitising of a unit and those below it, or of a whole committee."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, g, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from oms import figures
from oms.errors import N_, NotFound
from oms.figures import Cell, Dashboard, Distribution
from oms.models import Unit
from oms.permissions import Action
from oms.web.access import guarded
from oms.web.formats import component_title

bp = Blueprint("figures", __name__, url_prefix="/figures")

SHOWN_GAPS = 8
_ICONS = {
    "age": "calendar-event",
    "gender": "people",
    "highest_qualification": "award",
    "political_theory": "book",
    "membership": "person-check",
    "category": "folder",
}


@bp.get("")
@guarded(Action.FIGURES_READ)
def index() -> str:
    """The figures of one unit, or of the first one the account has."""
    unit: Unit | None = None
    if wanted := request.args.get("unit", ""):
        unit = g.session.get(Unit, wanted)
        if unit is None:
            raise NotFound()
    board = figures.look(g.session, unit, actor=g.actor)
    total = board.people.total if board.people else 0
    return render_template(
        "figures/show.html",
        board=board,
        units=[(one.id, one.name) for one in figures.units_of(g.session, actor=g.actor)],
        distributions=[(one, _rows(one, total)) for one in (board.people.distributions if board.people else ())],
        icons=_ICONS,
        priorities=_priorities(board),
        gaps=_gaps(board),
        pages=_pages(board),
        months=[
            {"label": f"{month.first:%m/%Y}", "values": [month.pages, month.documents]}
            for month in board.digitising.months
        ],
    )


def _rows(distribution: Distribution, total: int) -> list[dict[str, Any]]:
    return [
        {
            "label": _name(cell),
            "values": [cell.count],
            "share": 100 * cell.count / total if cell.count is not None and total else None,
        }
        for cell in distribution.cells
    ]


def _name(cell: Cell) -> str:
    vietnamese, english = cell.words
    return _(cell.label) if cell.label else english if str(get_locale()) == "en" else vietnamese


def _plain(pairs: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"label": label, "values": [number]} for label, number in pairs]


def _priorities(board: Dashboard) -> list[dict[str, Any]]:
    return _plain(
        (_("Priority %(number)s", number=priority) if priority else _("Without a priority"), number)
        for priority, number in board.missing_by_priority.items()
    )


def _gaps(board: Dashboard) -> list[dict[str, Any]]:
    """The papers missing most often, with the list of dossiers behind each where the actor reads all of them."""
    links = board.scope.of_people and not board.scope.beyond
    return [
        {
            "label": component_title(component.id, component.category),
            "values": [number],
            "url": url_for("completeness.index", component=component.id, category=component.category) if links else "",
        }
        for component, number in board.gaps[:SHOWN_GAPS]
    ]


_STATES = (
    (N_("Filed in a document"), "checked"),
    (N_("Read, waiting for a check"), "waiting"),
    (N_("Received, waiting to be read"), "unread"),
    (N_("Could not be read"), "failed"),
)


def _pages(board: Dashboard) -> list[dict[str, Any]]:
    return _plain((_(label), getattr(board.digitising, name)) for label, name in _STATES)
