"""The organisation: the tree of units valid today, and one unit with its past and its people of contact."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, render_template, url_for
from flask_babel import gettext as _

from oms import accounts, dossiers, figures, organisation
from oms.accounts import delegations
from oms.models import Role, Unit
from oms.organisation import Branch
from oms.permissions import Action
from oms.web.access import guarded

bp = Blueprint("organisation", __name__, url_prefix="/units")

# Province and bloc with the units directly below them.
OPEN_LEVELS = 2


@bp.get("")
@guarded(Action.UNIT_READ)
def index() -> str:
    """All units of today as a tree, with the number of dossiers the actor may see at each."""
    today = organisation.today()
    trees = organisation.list_units(g.session, today, actor=g.actor)
    counts = dossiers.count_by_custodian(g.session, actor=g.actor)
    return render_template("organisation/index.html", nodes=[_node(tree, counts) for tree in trees], today=today)


def _node(branch: Branch, counts: Mapping[str, int], level: int = 0) -> dict[str, Any]:
    """A branch as the tree macro draws it; the committees stand open, the cells below them are folded."""
    unit = branch.unit
    return {
        "label": unit.short_name,
        "note": _(unit.kind.label),
        "url": url_for(".show", id=unit.id),
        "count": counts.get(unit.id, 0),
        "open": level < OPEN_LEVELS,
        "below": [_node(child, counts, level + 1) for child in branch.below],
    }


@bp.get("/<id>")
@guarded(Action.UNIT_READ)
def show(unit: Unit) -> str:
    """One unit: what it is, since when, what it was before, who works on dossiers there."""
    contacts = {role: accounts.holders(g.session, role, [unit.id])[unit.id] for role in (Role.HEAD, Role.OFFICER)}
    return render_template(
        "organisation/show.html",
        unit=unit,
        kin=organisation.view(g.session, unit, organisation.today(), actor=g.actor),
        count=dossiers.count_by_custodian(g.session, actor=g.actor).get(unit.id, 0),
        contacts=contacts,
        delegations=delegations.of_unit(g.session, unit),
        has_figures=figures.may_look(g.session, unit, actor=g.actor),
    )
