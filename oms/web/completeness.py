"""What dossiers lack: how each holder stands, which papers are missing most, and the dossiers one by one."""

from datetime import date
from math import ceil
from typing import Any

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import completeness, organisation
from oms.errors import BadInput
from oms.models import Category
from oms.permissions import Action
from oms.spreadsheets import MEDIA_TYPE
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import component_title

bp = Blueprint("completeness", __name__, url_prefix="/completeness")


def _filters() -> tuple[dict[str, Any], str]:
    """The filters of the address, and what is wrong with its day."""
    chosen: dict[str, Any] = {
        "unit_id": request.args.get("unit", ""),
        "category": next((kind for kind in Category if kind.value == request.args.get("category")), None),
        "component_id": request.args.get("component", ""),
    }
    try:
        day = read_day(request.args.get("on", ""))
    except BadInput as error:
        return {**chosen, "on": None}, sentence_of(error)
    return {**chosen, "on": day}, ""


@bp.get("")
@guarded(Action.DOSSIER_READ)
def index() -> str:
    """Units, then the dossiers that lack something."""
    filters, problem = _filters()
    page = max(request.args.get("page", 1, int), 1)
    on: date | None = filters["on"]
    standing = completeness.by_unit(g.session, actor=g.actor, on=on)
    states = standing.states
    lacking, total = completeness.list_lacking(g.session, actor=g.actor, page=page, **filters)
    chosen = filters["unit_id"]
    gaps = next((state.gaps for state in states if state.unit.id == chosen), ()) if chosen else standing.gaps
    return render_template(
        "completeness/index.html",
        states=states,
        lacking=lacking,
        total=total,
        gaps=gaps,
        components=[(row.id, f"{component_title(row.id, row.category)} ({number})") for row, number in _once(gaps)],
        categories=[(kind.value, _(kind.label)) for kind in Category],
        units=[(state.unit.id, state.unit.short_name) for state in states],
        filters=filters,
        on=on or organisation.today(),
        problem=problem,
        page=page,
        pages=max(1, ceil(total / completeness.PAGE_SIZE)),
    )


def _once(gaps: completeness.Gaps) -> list[Any]:
    """Components that several categories share, once, with all the dossiers that lack them."""
    sums: dict[str, int] = {}
    rows: dict[str, Any] = {}
    for row, number in gaps:
        sums[row.id] = sums.get(row.id, 0) + number
        rows.setdefault(row.id, row)
    return [(rows[id], number) for id, number in sorted(sums.items(), key=lambda pair: -pair[1])]


@bp.post("/lacking.xlsx")
@guarded(Action.DOSSIER_READ, writing=True)
def export() -> ResponseReturnValue:
    """The list for Excel, with its purpose written down."""
    filters, _problem = _filters()
    content = completeness.export(
        g.session, purpose=request.form.get("purpose", ""), actor=g.actor, translate=_, **filters
    )
    g.session.commit()
    answer = Response(content, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename="ho-so-con-thieu.xlsx")
    return answer
