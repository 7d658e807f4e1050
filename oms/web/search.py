"""Search over HTTP: one box, exact counts, filters as links that keep the question in the address."""

from dataclasses import dataclass
from typing import Any, get_args

from flask import Blueprint, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from oms import catalogue, dossiers, search
from oms.errors import N_, BadInput, NotFound, Unavailable
from oms.models import Category, Unit
from oms.permissions import Action
from oms.search.interface import EXACT, MISREAD, UNMARKED, Kind
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.formats import component_title

bp = Blueprint("search", __name__)

KINDS: dict[str, str] = {"dossier": N_("People and dossiers"), "document": N_("Documents"), "page": N_("Scanned pages")}
TIERS: dict[int, tuple[str, str]] = {
    EXACT: (N_("with the marks typed"), "success"),
    UNMARKED: (N_("without marks"), "neutral"),
    MISREAD: (N_("possibly misread"), "warning"),
}
FILTERS = ("kind", "unit", "component", "category", "year")
# Values of one filter shown at most; the rest come within reach by narrowing.
VALUES = 12


@dataclass(frozen=True)
class Value:
    """One value of a filter with its count; `address` switches it on, or off where it is on."""

    label: str
    count: int
    address: str
    is_on: bool


@bp.get("/search")
@guarded(Action.SEARCH)
def show() -> Any:
    """What the actor may see that matches, best first."""
    words = request.args.get("q", "").strip()
    page = max(request.args.get("page", 1, type=int), 1)
    filters = _filters()
    results, problem, status = None, "", 200
    if words or any(request.args.get(name) for name in FILTERS):
        try:
            results = search.find(g.session, house().search, words, actor=g.actor, filters=filters, page=page)
        except (BadInput, Unavailable) as error:
            problem, status = sentence_of(error), error.status
    return render_template(
        "search/show.html",
        words=words,
        results=results,
        problem=problem,
        page=page,
        pages=-(-results.total // search.PAGE_SIZE) if results else 0,
        facets=_facets(results) if results else [],
        addresses=_addresses(results, words) if results else {},
        kinds=KINDS,
        tiers=TIERS,
        hidden={name: request.args[name] for name in FILTERS if request.args.get(name)},
    ), status


def _filters() -> search.Filters:
    kind = request.args.get("kind") or None
    category = request.args.get("category") or None
    year = request.args.get("year") or None
    if (
        kind not in (None, *get_args(Kind))
        or category not in (None, *Category)
        or (year and not (year.isascii() and year.isdigit() and len(year) == 4))
    ):
        raise BadInput(N_("This filter does not exist. Search again and choose from the list beside the results."))
    return search.Filters(
        unit_id=request.args.get("unit") or None,
        kind=kind,  # type: ignore[arg-type]
        component=request.args.get("component") or None,
        category=category,
        year=int(year) if year else None,
    )


def _facets(results: search.Results) -> list[tuple[str, list[Value]]]:
    """The filters that divide these results, each with its values, the most frequent first."""
    names = {
        "kind": _("What"),
        "unit": _("Unit that holds it"),
        "component": _("Component of the dossier"),
        "category": _("Category of dossier"),
        "year": _("Year of the document"),
    }
    label = _labels(results)
    facets = []
    for name in FILTERS:
        counts = results.facets.get(name, {})
        on = request.args.get(name)
        if len(counts) < 2 and not on:
            continue
        newest = name == "year"
        ordered = sorted(counts.items(), key=lambda row: (-int(row[0]) if newest else -row[1], row[0]))
        if on and on not in counts:
            ordered.append((on, 0))
        facets.append(
            (names[name], [Value(label(name, v), n, _switched(name, v, on), v == on) for v, n in ordered[:VALUES]])
        )
    return facets


def _switched(name: str, value: str, on: str | None) -> str:
    """This search with the filter on `value`, or without it where it is on already."""
    kept: dict[str, Any] = {key: request.args.get(key) for key in ("q", *FILTERS)}
    kept[name] = None if value == on else value
    return url_for(".show", **kept)


def _labels(results: search.Results) -> Any:
    unit_ids = [*results.facets.get("unit", {}), request.args.get("unit", "")]
    units = {row.id: row.short_name for row in g.session.scalars(select(Unit).where(Unit.id.in_(unit_ids)))}

    def label(name: str, value: str) -> str:
        if name == "kind":
            return _(KINDS[value]) if value in KINDS else value
        if name == "category":
            return _(Category(value).label) if value in set(Category) else value
        if name == "component":
            return _component(value)
        return units.get(value, "—") if name == "unit" else value

    return label


def _component(component_id: str) -> str:
    try:
        return component_title(component_id, catalogue.component(component_id).category)
    except NotFound:
        return component_id


def _addresses(results: search.Results, words: str) -> dict[int, str]:
    """Where each hit leads: the page itself, the first page of a document, the dossier."""
    documents = [hit.document.id for hit in results.hits if hit.document is not None and hit.page is None]
    pages = dossiers.pages_of(g.session, documents)
    found = {}
    for place, hit in enumerate(results.hits):
        page = hit.page
        if page is None and hit.document is not None and pages[hit.document.id]:
            page = pages[hit.document.id][0]
        if page is not None:
            found[place] = url_for("pages.show", id=page.id, q=words or None)
        else:
            found[place] = url_for("dossiers.show", id=hit.dossier.id)
    return found
