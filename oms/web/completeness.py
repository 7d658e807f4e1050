"""What dossiers lack: how each holder stands, which papers are missing most, and the dossiers one by one."""

from dataclasses import replace
from math import ceil
from typing import Any

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import completeness, organisation
from oms.completeness import Wish
from oms.errors import BadInput
from oms.models import Category
from oms.permissions import Action
from oms.spreadsheets import MEDIA_TYPE
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import component_title

bp = Blueprint("completeness", __name__, url_prefix="/completeness")


def _wish() -> tuple[Wish, str]:
    """What the address asks for, and what is wrong with its day."""
    wish = Wish(
        unit_id=request.args.get("unit", ""),
        category=next((kind for kind in Category if kind.value == request.args.get("category")), None),
        component_id=request.args.get("component", ""),
    )
    try:
        return replace(wish, on=read_day(request.args.get("on", ""))), ""
    except BadInput as error:
        return wish, sentence_of(error)


@bp.get("")
@guarded(Action.DOSSIER_READ)
def index() -> str:
    """Units, then the dossiers that lack something."""
    wish, problem = _wish()
    page = max(request.args.get("page", 1, int), 1)
    found = completeness.look(g.session, wish, actor=g.actor, page=page)
    states = found.standing.states
    of_unit = (state.gaps for state in states if state.unit.id == wish.unit_id)
    gaps = next(of_unit, ()) if wish.unit_id else found.standing.gaps
    return render_template(
        "completeness/index.html",
        states=states,
        lacking=found.lacking,
        total=found.total,
        gaps=gaps,
        components=[(row.id, f"{component_title(row.id, row.category)} ({number})") for row, number in _once(gaps)],
        categories=[(kind.value, _(kind.label)) for kind in Category],
        units=[(state.unit.id, state.unit.short_name) for state in states],
        wish=wish,
        on=wish.on or organisation.today(),
        problem=problem,
        page=page,
        pages=max(1, ceil(found.total / completeness.PAGE_SIZE)),
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
    wish, _problem = _wish()
    purpose = request.form.get("purpose", "")
    content = completeness.export(g.session, wish, purpose=purpose, actor=g.actor, translate=_)
    g.session.commit()
    answer = Response(content, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename="ho-so-con-thieu.xlsx")
    return answer
