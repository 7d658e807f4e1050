"""Reports that units hand in: on screen first, then as a paper or an Excel file."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from oms import catalogue, figures, organisation
from oms.errors import BadInput, NotFound
from oms.figures import dossier_work
from oms.figures import staff as figures_of_staff
from oms.figures.protecting import SMALLEST
from oms.models import Unit
from oms.papers import Printing, work_report
from oms.permissions import Action
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of
from oms.web.papers import purposes, send_paper

bp = Blueprint("reports", __name__, url_prefix="/figures/reports")


SHOWN_PEOPLE = 200
"""Rows of a list on the page; the file has all."""


def chosen_unit() -> Unit | None:
    """The unit of the address; None when it names none."""
    wanted = request.args.get("unit", "")
    unit: Unit | None = g.session.get(Unit, wanted) if wanted else None
    if wanted and unit is None:
        raise NotFound()
    return unit


def _year() -> int:
    return request.args.get("year", organisation.today().year, int)


@bp.get("/work")
@guarded(Action.FIGURES_READ)
def work() -> ResponseReturnValue:
    """The work on dossiers in a year."""
    return _work_page()


def _work_page(problem: str = "", status: int = 200) -> ResponseReturnValue:
    report, year = None, _year()
    try:
        report = dossier_work.read_report(g.session, chosen_unit(), year, actor=g.actor)
    except BadInput as error:
        problem, status = problem or sentence_of(error), error.status
    here: dict[str, Any] = {"unit": report.unit.id if report else request.args.get("unit", ""), "year": year}
    page = render_template(
        "figures/work.html",
        report=report,
        problem=problem,
        year=str(year),
        years=[(str(one), str(one)) for one in range(organisation.today().year, dossier_work.FIRST_YEAR - 1, -1)],
        units=[(one.id, one.name) for one in figures.units_of(g.session, actor=g.actor)],
        excel_url=url_for(".export_work", **here),
        paper_url=url_for(".print_work", **here),
        purposes=purposes(),
    )
    return make_response(page, status)


@bp.get("/<any('bm02', 'bm01-vc', 'bm02-vc'):form>")
@guarded(Action.RECORD_READ)
def staff(form: str) -> str:
    """A report on the number and quality of staff, as far as the actor reads the dossiers."""
    found = figures_of_staff.read_staff(g.session, form, chosen_unit(), actor=g.actor)
    return render_template(
        "figures/staff.html",
        found=found,
        lines=_lines(found),
        gaps=[(_(figures_of_staff.GAPS[thing]), number) for thing, number in found.unknown.items()],
        forms=_forms(found),
        units=[(one.id, one.name) for one in figures.units_of(g.session, actor=g.actor)],
        shown=SHOWN_PEOPLE,
        smallest=SMALLEST,
        note=found.report.note(str(get_locale())),
        excel_url=url_for(".export_staff", form=form, unit=found.unit.id),
    )


def _lines(found: figures_of_staff.StaffFigures) -> list[dict[str, Any]]:
    """The columns of a counting form under each other: place, headings, the sum, and whether it stays empty."""
    return [
        {"place": place, "heads": column.heads, "total": total}
        for place, (column, total) in enumerate(zip(found.report.columns, found.total, strict=False), start=1)
    ]


def _forms(found: figures_of_staff.StaffFigures) -> list[dict[str, Any]]:
    """The forms in force as tabs."""
    return [
        {
            "label": f"{report.code} – {report.label(str(get_locale()))}",
            "url": url_for(".staff", form=report.id, unit=found.unit.id),
            "active": report.id == found.report.id,
        }
        for report in catalogue.staff_reports(found.day)
    ]


@bp.post("/<any('bm02', 'bm01-vc', 'bm02-vc'):form>.xlsx")
@guarded(Action.RECORD_READ)
def export_staff(form: str) -> ResponseReturnValue:
    """The form for Excel, with its purpose written down."""
    content = figures_of_staff.export_staff(
        g.session, form, chosen_unit(), actor=g.actor, purpose=request.form.get("purpose", ""), translate=_
    )
    access.commit()
    return as_excel(content, f"{form}.xlsx")


@bp.post("/work.xlsx")
@guarded(Action.FIGURES_READ)
def export_work() -> ResponseReturnValue:
    """The report for Excel, with its purpose written down."""
    content = dossier_work.export_report(
        g.session, chosen_unit(), _year(), actor=g.actor, purpose=request.form.get("purpose", ""), translate=_
    )
    access.commit()
    return as_excel(content, f"bao-cao-cong-tac-ho-so-{_year()}.xlsx")


@bp.post("/work.pdf")
@guarded(Action.FIGURES_READ)
def print_work() -> ResponseReturnValue:
    """The report as a paper: in Vietnamese, whatever language the page has."""
    try:
        printing = Printing(g.actor, request.form.get("purpose", ""), request.url_root)
        with force_locale("vi"):
            drawn = work_report.draw(g.session, chosen_unit(), _year(), printing=printing, translate=_)
    except BadInput as error:
        return _work_page(sentence_of(error), error.status)
    access.commit()
    return send_paper(drawn)


def as_excel(content: bytes, name: str) -> Response:
    """An Excel file under its name."""
    answer = Response(content, mimetype=MEDIA_TYPE)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
