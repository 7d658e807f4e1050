"""Cover sheets over HTTP: for one dossier, for what a list of missing papers names, for a whole unit."""

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from oms import audit, catalogue, completeness, dossiers
from oms.completeness import ALL, Wish
from oms.errors import BadInput, NotFound
from oms.models import Category, Dossier, Unit
from oms.papers import Printing, cover_sheets
from oms.papers.cover_sheets import Covered, For
from oms.permissions import Action, require
from oms.stacks.codes import key_of
from oms.web import access
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.formats import component_title
from oms.web.papers import send_paper

bp = Blueprint("cover_sheets", __name__, url_prefix="/cover-sheets")


@bp.get("")
@guarded(Action.SCAN_UPLOAD)
def ask() -> str:
    """Ask which sheets, for the dossier or the list the address names."""
    dossier, wish = _meant()
    audit.record(g.session, "paper:ask", dossier, actor=g.actor, paper="cover-sheets")
    return _form(dossier, wish)


@bp.post("")
@guarded(Action.SCAN_UPLOAD)
def take() -> ResponseReturnValue:
    """The sheets as one PDF, written down for each dossier."""
    dossier, wish = _meant()
    try:
        covered = _cover(dossier, wish)
        printing = Printing(g.actor, request.form.get("purpose", ""))
        paper = cover_sheets.cover_sheets(g.session, covered, key=key_of(house().settings), printing=printing)
    except BadInput as error:
        return _form(dossier, wish, sentence_of(error)), error.status
    access.commit()
    return send_paper(paper)


def _meant() -> tuple[Dossier | None, Wish]:
    """The dossier of the address, or what the list it came from asks for."""
    if id := request.args.get("dossier"):
        dossier = access.load(Dossier, "id", id, g.actor)
        require(g.actor, Action.SCAN_UPLOAD, dossier)
        return dossier, ALL
    unit_id = request.args.get("unit", "")
    if unit_id and unit_id not in g.actor.units[Action.SCAN_UPLOAD]:
        raise NotFound
    category = next((kind for kind in Category if kind.value == request.args.get("category")), None)
    component_id = request.args.get("component", "")
    if component_id:
        catalogue.component(component_id, category.value if category else None)  # raises `NotFound`
    return None, Wish(unit_id, category, component_id)


def _cover(dossier: Dossier | None, wish: Wish) -> list[Covered]:
    what = next((one for one in For if one.value == request.form.get("what")), For.MISSING)
    chosen = request.form.getlist("component")
    if dossier is not None:
        return [cover_sheets.cover_dossier(g.session, dossier, what, chosen)]
    return cover_sheets.cover_many(g.session, what, chosen, actor=g.actor, wish=wish)


def _components(dossier: Dossier | None, wish: Wish) -> list[tuple[str, str, str]]:
    """Components to choose from, with what is missing marked for one dossier."""
    if dossier is not None:
        lacks = {
            row.component.id
            for row in completeness.presences(
                dossier, completeness.counting(g.session, dossiers.contents(g.session, dossier))
            )
            if not row.documents
        }
        rows = dossiers.components_of(dossier)
        return [
            (row.id, component_title(row.id, row.category), _("missing") if row.id in lacks else "") for row in rows
        ]
    kinds = [wish.category] if wish.category else list(Category)
    found: dict[str, tuple[str, str, str]] = {}
    for kind in kinds:
        for row in catalogue.components(kind.value):
            if row.store_in_system:
                found.setdefault(row.id, (row.id, component_title(row.id, kind.value), _(kind.label)))
    return list(found.values())


def _form(dossier: Dossier | None, wish: Wish, problem: str = "") -> str:
    unit = g.session.get(Unit, wish.unit_id) if wish.unit_id else None
    missing = wish.component_id
    kind = wish.category.value if missing and wish.category else None
    return render_template(
        "cover_sheets/ask.html",
        dossier=dossier,
        unit=unit,
        category=wish.category,
        missing=component_title(missing, catalogue.component(missing, kind).category) if missing else "",
        back=_back(dossier, wish),
        whats=[(one.value, _(one.label)) for one in For],
        what=request.form.get("what", For.MISSING.value),
        components=_components(dossier, wish),
        chosen=request.form.getlist("component") or ([missing] if missing else []),
        purposes=[(term.id, term.label(str(get_locale()))) for term in catalogue.terms("paper_purpose")],
        purpose=request.form.get("purpose", "filing"),
        problem=problem,
    )


def _back(dossier: Dossier | None, wish: Wish) -> str:
    if dossier is not None:
        return url_for("dossiers.show", id=dossier.id)
    category = wish.category.value if wish.category else None
    return url_for(
        "completeness.index",
        unit=wish.unit_id or None,
        category=category,
        component=wish.component_id or None,
    )
