"""Lists by the calendar (retirement, badges, pay, posts, contracts, disciplines): on screen, printed and as Excel."""

from datetime import date
from math import ceil
from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from oms import milestones, organisation
from oms.errors import BadInput
from oms.milestones import Asked
from oms.papers import Printing
from oms.papers.milestones import draw
from oms.permissions import Action
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import day
from oms.web.papers import purposes, send_paper

bp = Blueprint("milestones", __name__, url_prefix="/milestones")

LIST = "any({}):what".format(", ".join(f"'{what}'" for what in milestones.LISTS))
NAMED = 200
"""People of whom nobody can tell that the page names; the file names all."""
PAGE_SIZE = 200


def _asked() -> Asked:
    """The days and the unit of the address; this year when it names none."""
    year = organisation.today().year
    start = read_day(request.args.get("from", "")) or date(year, 1, 1)
    end = read_day(request.args.get("until", "")) or date(start.year, 12, 31)
    return Asked(start, end, request.args.get("unit", ""))


@bp.get(f"/<{LIST}>")
@guarded(Action.DOSSIER_READ)
def show(what: str) -> ResponseReturnValue:
    """One list in a span of days."""
    return _page(what)


def _page(what: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    year = organisation.today().year
    asked, found = Asked(date(year, 1, 1), date(year, 12, 31)), None
    try:
        asked = _asked()
        found = milestones.find(g.session, what, asked, actor=g.actor)
    except BadInput as error:
        problem, status = sentence_of(error), error.status
    shown: dict[str, Any] = {"what": what, "asked": asked, "found": found, "problem": problem}
    page_number = max(request.args.get("page", 1, int), 1)
    rows = found.rows[(page_number - 1) * PAGE_SIZE : page_number * PAGE_SIZE] if found else ()
    here: dict[str, Any] = {"what": what, "unit": asked.unit_id, "from": day(asked.start), "until": day(asked.end)}
    page = render_template(
        "milestones/show.html",
        **shown,
        kind=milestones.LISTS[what],
        rows=rows,
        page=page_number,
        pages=max(1, ceil(len(found.rows) / PAGE_SIZE)) if found else 1,
        reasons=_reasons(found) if found else [],
        named=NAMED,
        lists=[
            {"label": _(kind.title), "url": url_for(".show", **{**here, "what": name}), "active": name == what}
            for name, kind in milestones.LISTS.items()
        ],
        units=[(unit.id, unit.name) for unit in milestones.units_of(g.session, actor=g.actor)],
        columns=[(column.key, _(column.heading), "") for column in milestones.columns_of(milestones.LISTS[what])],
        excel_url=url_for(".export", **here),
        paper_url=url_for(".paper", **here),
        purposes=purposes(),
    )
    return make_response(page, status)


def _reasons(found: milestones.Milestones) -> list[tuple[str, list[milestones.Who]]]:
    """What is not known, the commonest first, with the people."""
    by_reason: dict[str, list[milestones.Who]] = {}
    for one in found.unknown:
        by_reason.setdefault(one.why.words(_), []).append(one.person)
    return sorted(by_reason.items(), key=lambda reason: -len(reason[1]))


@bp.post(f"/<{LIST}>.xlsx")
@guarded(Action.DOSSIER_READ)
def export(what: str) -> ResponseReturnValue:
    """The list for Excel with the chosen columns, its purpose written down."""
    content = milestones.export(
        g.session,
        what,
        _asked(),
        purpose=request.form.get("purpose", ""),
        actor=g.actor,
        translate=_,
        chosen=request.form.getlist("column"),
    )
    access.commit()
    answer = Response(content, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{what}.xlsx")
    return answer


@bp.post(f"/<{LIST}>.pdf")
@guarded(Action.DOSSIER_READ)
def paper(what: str) -> ResponseReturnValue:
    """The list as a paper: in Vietnamese, whatever language the page has."""
    try:
        printing = Printing(g.actor, request.form.get("purpose", ""), request.url_root)
        with force_locale("vi"):
            drawn = draw(g.session, what, _asked(), printing=printing, translate=_)
    except BadInput as error:
        return _page(what, sentence_of(error), error.status)
    access.commit()
    return send_paper(drawn)


def reminders() -> list[dict[str, Any]]:
    """The days ahead for the start page: each list in one line."""
    rows = []
    for one in milestones.ahead(g.session, actor=g.actor):
        last, _count = one.counts[-1]
        counts = [_("%(count)s in %(days)s days", count=count, days=days) for days, count in one.counts]
        span: dict[str, Any] = {"from": day(one.start), "until": day(one.until(last))}
        rows.append(
            {
                "title": _(milestones.LISTS[one.what].title),
                "url": url_for("milestones.show", what=one.what, **span),
                "text": ", ".join(counts),
                "icon": ICONS.get(one.what, "calendar-event"),
            }
        )
    return rows


ICONS = {"pay": "cash-coin", "badges": "award"}
"""Icons that are not the calendar's."""
