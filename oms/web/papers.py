"""Papers to print: what for is asked first, then the PDF; the registers of a unit; a whole dossier as a ZIP."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from oms import audit, catalogue, intake, organisation, papers
from oms.errors import N_, BadInput, NotFound, Refused
from oms.models import (
    AccessReview,
    Attestation,
    Consultation,
    Disposal,
    Dossier,
    Leaving,
    MassTransfer,
    MembershipTransfer,
    PaperKind,
    PaperLoss,
    Transfer,
    Unit,
    Verification,
)
from oms.papers import Paper, Printing, registers, whole_dossier
from oms.permissions import Action, require
from oms.web import access
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.headers import FILE_POLICY

bp = Blueprint("papers", __name__, url_prefix="/papers")

# Where the thing itself is shown.
_PAGES = {
    Dossier: "dossiers.show",
    Transfer: "transfers.show",
    MassTransfer: "mass_transfers.show",
    Consultation: "consultations.show",
    MembershipTransfer: "membership.show",
    AccessReview: "access_reviews.show",
    Disposal: "disposal.show",
    Attestation: "attestations.show",
    Leaving: "leavings.show",
    Verification: "verifications.show",
    PaperLoss: "paper_losses.show",
}
KINDS = "any({}):kind".format(", ".join(f"'{kind.value}'" for kind in papers.PAPERS))


def purposes() -> list[tuple[str, str]]:
    """What a paper can be printed for, as choices."""
    return [(term.id, term.label(str(get_locale()))) for term in catalogue.terms("paper_purpose")]


def _printing() -> Printing:
    return Printing(g.actor, request.form.get("purpose", ""), request.url_root)


def _load(kind: str, id: str) -> Any:
    """The thing a paper is about, from those the actor may see; what is refused here is logged under its right."""
    printed = papers.PAPERS[PaperKind(kind)]
    g.action = printed.action
    g.thing = access.load(printed.model, "id", id, g.actor)
    require(g.actor, printed.action, g.thing)
    return g.thing


def _back(thing: Any) -> str:
    return url_for(_PAGES[type(thing)], id=thing.id)


def _ask(thing: Any, title: str, note: str = "", problem: str = "", *, forms: Sequence[tuple[str, str]] = ()) -> str:
    return render_template(
        "papers/show.html",
        title=title,
        number=thing.number,
        back=_back(thing),
        purposes=purposes(),
        chosen=request.form.get("purpose", "handover" if isinstance(thing, Transfer | MassTransfer) else "filing"),
        note=note,
        problem=problem,
        forms=forms,
        form=request.form.get("form", forms[0][0] if forms else ""),
    )


def _forms() -> list[tuple[str, str]]:
    return [("pdf", _("PDF, to be printed and bound")), ("xlsx", _("Excel file, with the password"))]


def _forms_of(kind: str) -> list[tuple[str, str]]:
    return _forms() if papers.PAPERS[PaperKind(kind)].excel is not None else []


@bp.get(f"/<{KINDS}>/<id>")
@guarded(Action.OWN_READ)
def show(kind: str, id: str) -> ResponseReturnValue:
    """Ask what the paper is for."""
    thing = _load(kind, id)
    audit.record(g.session, "paper:ask", thing, actor=g.actor, paper=kind)
    return _ask(thing, _(PaperKind(kind).label), forms=_forms_of(kind))


@bp.post(f"/<{KINDS}>/<id>")
@guarded(Action.OWN_READ)
def draw(kind: str, id: str) -> ResponseReturnValue:
    """The paper as a PDF, numbered and written down, or as Excel where there is such a file of it."""
    thing, printed = _load(kind, id), papers.PAPERS[PaperKind(kind)]
    try:
        printing = _printing()
    except BadInput as error:
        audit.record(g.session, "paper:ask", thing, actor=g.actor, paper=kind)
        return _ask(thing, _(PaperKind(kind).label), problem=sentence_of(error), forms=_forms_of(kind)), error.status
    make = printed.excel if printed.excel and request.form.get("form") == "xlsx" else printed.gather
    paper = make(g.session, thing, printing=printing)
    access.commit()
    return send_paper(paper)


@bp.get("/dossier/<id>")
@guarded(Action.DOSSIER_READ)
def ask_for_dossier(dossier: Dossier) -> ResponseReturnValue:
    """Ask what the whole dossier is taken for."""
    _may_take(dossier)
    audit.record(g.session, "paper:ask", dossier, actor=g.actor, paper="dossier")
    return _ask_whole(dossier)


def _ask_whole(dossier: Dossier, problem: str = "") -> str:
    note = _(_TAKE_NOTE)
    if whole_dossier.lacks_id(dossier, house().settings.home):
        note += " " + _("The person has no personal id here, so the folder bears the name alone.")
    forms = [("zip", _("ZIP, one file for each document")), ("pdf", _("One PDF with the contents list in front"))]
    return _ask(dossier, _("Whole dossier as a file"), note, problem, forms=forms)


@bp.post("/dossier/<id>")
@guarded(Action.DOSSIER_READ)
def take_dossier(dossier: Dossier) -> ResponseReturnValue:
    """All documents in the order of the contents list, as a ZIP that is made while it is sent, or as one PDF."""
    _may_take(dossier)
    try:
        printing = _printing()
    except BadInput as error:
        return _ask_whole(dossier, sentence_of(error)), error.status
    settings = house().settings
    bundle = whole_dossier.take(g.session, dossier, printing=printing, home=settings.home)
    access.commit()
    if request.form.get("form") == "pdf":
        answer = Response(whole_dossier.stream_pdf(bundle, settings), mimetype="application/pdf")
        return _as_attachment(answer, f"{dossier.number}.pdf")
    answer = Response(whole_dossier.stream(bundle, settings.scans), mimetype="application/zip")
    return _as_attachment(answer, bundle.file_name)


_TAKE_NOTE = N_("The file holds every document of the dossier. Keep it only where the dossier itself may be kept.")


def _may_take(dossier: Dossier) -> None:
    if dossier.custodian_id not in g.actor.units.get(Action.SCAN_DOWNLOAD, frozenset()):
        raise Refused(
            N_("Your account may not do this. The dossier officer of the unit that holds the dossier can help you.")
        )


@bp.get("/registers")
@guarded(Action.DOSSIER_READ)
def show_registers() -> ResponseReturnValue:
    """The registers of the own units, by year."""
    audit.record(g.session, "paper:list", actor=g.actor)
    return _show_registers()


def _show_registers(problem: str = "") -> str:
    year = organisation.today().year
    return render_template(
        "papers/registers.html",
        units=[(unit.id, unit.name) for unit in registers.units_of(g.session, actor=g.actor)],
        years=[(str(one), str(one)) for one in range(year, registers.FIRST_YEAR - 1, -1)],
        kinds=[(kind.value, _(kind.label)) for kind in registers.NAMES],
        forms=_forms(),
        purposes=purposes(),
        values=request.form,
        problem=problem,
    )


@bp.post("/registers")
@guarded(Action.DOSSIER_READ)
def draw_register() -> ResponseReturnValue:
    """One register of one year, as PDF or Excel."""
    form = request.form
    unit: Unit | None = g.session.get(Unit, form.get("unit", ""))
    if unit is None or form.get("kind") not in set(registers.NAMES):
        raise NotFound()
    make = registers.write_excel if form.get("form") == "xlsx" else registers.draw
    try:
        year = form.get("year", 0, type=int)
        paper = make(g.session, PaperKind(form["kind"]), unit, year, printing=_printing())
    except BadInput as error:
        return _show_registers(sentence_of(error)), error.status
    access.commit()
    return send_paper(paper)


def send_paper(paper: Paper) -> Response:
    """A paper as a file."""
    return _as_attachment(Response(paper.body, mimetype=paper.media_type), paper.file_name)


def _as_attachment(answer: Response, name: str) -> Response:
    answer.headers.set("Content-Disposition", "attachment", filename=intake.label_of(name))
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer
