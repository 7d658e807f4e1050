"""Lists by the calendar: who is to retire, who is to be honoured with a Party badge, on screen, printed and as Excel."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import milestones, organisation
from oms.errors import BadInput
from oms.permissions import Action
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of

bp = Blueprint("milestones", __name__, url_prefix="/milestones")

LIST = "any({}):what".format(", ".join(f"'{what}'" for what in milestones.LISTS))


def _span() -> tuple[date, date]:
    """The days of the address; this year when it names none."""
    year = organisation.today().year
    start = read_day(request.args.get("from", "")) or date(year, 1, 1)
    return start, read_day(request.args.get("until", "")) or date(start.year, 12, 31)


@bp.get(f"/<{LIST}>")
@guarded(Action.DOSSIER_READ)
def show(what: str) -> ResponseReturnValue:
    """One list in a span of days."""
    unit_id = request.args.get("unit", "")
    year = organisation.today().year
    span, problem, found = (date(year, 1, 1), date(year, 12, 31)), "", None
    try:
        span = _span()
        found = milestones.LISTS[what][1](g.session, *span, actor=g.actor, unit_id=unit_id)
    except BadInput as error:
        problem = sentence_of(error)
    return make_response(_page(what, span, unit_id, found, problem), 422 if problem else 200)


def _page(what: str, span: tuple[date, date], unit_id: str, found: milestones.Milestones | None, problem: str) -> str:
    shown: dict[str, Any] = {"what": what, "start": span[0], "end": span[1], "unit_id": unit_id}
    return render_template(
        "milestones/show.html",
        **shown,
        found=found,
        problem=problem,
        lists=[(name, _(title)) for name, (title, _gather) in milestones.LISTS.items()],
        units=[(unit.id, unit.name) for unit in milestones.units_of(g.session, actor=g.actor)],
    )


@bp.post(f"/<{LIST}>.xlsx")
@guarded(Action.DOSSIER_READ)
def export(what: str) -> ResponseReturnValue:
    """The list for Excel, with its purpose written down."""
    content = milestones.export(
        g.session,
        what,
        *_span(),
        purpose=request.form.get("purpose", ""),
        actor=g.actor,
        translate=_,
        unit_id=request.args.get("unit", ""),
    )
    access.commit()
    answer = Response(content, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{what}.xlsx")
    return answer
