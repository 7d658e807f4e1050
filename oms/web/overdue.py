"""What is late: supplements not handed in and new dossiers that are not whole, on screen, printed and as Excel."""

from math import ceil
from typing import Any

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from oms import catalogue, organisation, people
from oms.campaigns import finding, overdue
from oms.models import Campaign
from oms.permissions import Action, allowed
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access
from oms.web.access import guarded

bp = Blueprint("overdue", __name__, url_prefix="/overdue")

LIST = "any({}):what".format(", ".join(f"'{what}'" for what in overdue.LISTS))


def _chosen(what: str) -> dict[str, Any]:
    chosen: dict[str, Any] = {"unit_id": request.args.get("unit", ""), "late_only": request.args.get("only") == "late"}
    if what == "supplements":
        chosen["campaign_id"] = request.args.get("campaign", "")
    return chosen


@bp.get(f"/<{LIST}>")
@guarded(Action.DECLARATION_READ)
def show(what: str) -> str:
    """One of the two lists."""
    page, chosen = max(request.args.get("page", 1, int), 1), _chosen(what)
    find: Any = overdue.supplements if what == "supplements" else overdue.new_dossiers
    rows, total = find(g.session, actor=g.actor, page=page, **chosen)
    return render_template(
        "overdue/show.html",
        what=what,
        lists=[(name, _(title)) for name, title in overdue.LISTS.items()],
        rows=rows,
        total=total,
        page=page,
        pages=max(1, ceil(total / overdue.PAGE_SIZE)),
        chosen={"campaign_id": "", **chosen},
        campaigns=[(one.id, one.name) for one in _campaigns()],
        units=[(unit.id, unit.short_name) for unit in people.units_with_people(g.session, actor=g.actor)],
        limit=catalogue.time_limit("build_original_set", organisation.today()),
    )


def _campaigns() -> list[Campaign]:
    query = select(Campaign).where(allowed(g.actor, Action.CAMPAIGN_READ)).order_by(Campaign.ends_on.desc())
    return list(g.session.scalars(query.limit(finding.PAGE_SIZE)))


@bp.post(f"/<{LIST}>.xlsx")
@guarded(Action.DECLARATION_READ)
def export(what: str) -> ResponseReturnValue:
    """The list for Excel, with its purpose written down."""
    purpose = request.form.get("purpose", "")
    content = overdue.export(g.session, what, actor=g.actor, purpose=purpose, translate=_, **_chosen(what))
    access.commit()
    answer = Response(content, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{what}.xlsx")
    return answer
