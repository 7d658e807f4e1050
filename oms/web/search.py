"""Search over HTTP: one box, exact counts, filters as links that keep the question in the address.

Looks: a search writes one entry with its words, suggestions one a minute (oms.search.suggesting), an export one with
its purpose. The line images beside the hits are parts of the search that shows them: each is guarded by itself, and
writes an entry of its own only where nobody searched or looked at the page a short time ago (`oms.web.looks`).
"""

import io
from collections.abc import Callable, Mapping
from typing import Any, get_args

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext as _

from oms import db, review, saved_searches, search, storage
from oms.errors import N_, BadInput, NotFound, TooManyTries, Unavailable
from oms.models import Category, Dossier, Page, Quality
from oms.organisation import today
from oms.permissions import Action
from oms.reading import unpack_words
from oms.recognition.strips import cut_line
from oms.search import exporting, suggesting
from oms.search.interface import Kind, Sort
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access, hits, looks
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.headers import FILE_POLICY

bp = Blueprint("search", __name__)


@bp.get("/search")
@guarded(Action.SEARCH)
def show() -> Any:
    """What the actor may see that matches, best first."""
    words = request.args.get("q", "").strip()
    page = max(request.args.get("page", 1, type=int), 1)
    results, problem, status = None, "", 200
    filters, sort = read_filters(), read_sort()
    if asked_anything():
        access.limit("search:find")
        try:
            results = search.find(
                g.session, house().search, words, actor=g.actor, filters=filters, page=page, sort=sort
            )
        except (BadInput, Unavailable) as error:
            problem, status = sentence_of(error), error.status
    saved, recent = saved_searches.list_saved(g.session, actor=g.actor), []
    if results is None:
        recent = [_told(address) for address in saved_searches.list_recent(g.session, actor=g.actor)]
    response = render_template(
        "search/show.html",
        words=words,
        results=results,
        problem=problem,
        page=page,
        pages=-(-results.total // search.PAGE_SIZE) if results else 0,
        shown=hits.shown(results, words) if results else [],
        facets=hits.facets(results) if results else [],
        icons=hits.ICONS,
        tiers=hits.TIERS,
        sorts={
            name: (_(label), url_for(".show", **hits.asked_address(sort=name))) for name, label in hits.SORTS.items()
        },
        sort=sort,
        hidden=hits.asked_address(q=None),
        narrowed=any(request.args.get(name) for name in hits.FACETS),
        dossier=_dossier(filters.dossier_id),
        index_state=search.state(house().settings),
        saved=saved,
        recent=recent,
        address=query_string(),
        most_rows=exporting.MOST_ROWS,
    )
    if results is not None and words and page == 1:
        _remember()
    return response, status


def asked_anything() -> bool:
    """Whether the address asks for something; one dossier alone is no question yet."""
    return any(request.args.get(name, "").strip() for name in ("q", *hits.FACETS))


def read_filters(address: Mapping[str, str] | None = None) -> search.Filters:
    """The filters of an address, this one's unless told; `BadInput` for one that does not exist."""
    parts = request.args if address is None else address
    typed = {name: parts.get(name) or None for name in (*hits.FACETS, "dossier")}
    kind, category, year, quality = typed["kind"], typed["category"], typed["year"], typed["quality"]
    if (
        kind not in (None, *get_args(Kind))
        or category not in (None, *Category)
        or quality not in (None, *Quality)
        or typed["state"] not in (None, *hits.STATES)
        or (year and not (year.isascii() and year.isdigit() and len(year) == 4))
    ):
        raise BadInput(N_("This filter does not exist. Search again and choose from the list beside the results."))
    return search.Filters(
        unit_id=typed["unit"],
        kind=kind,  # type: ignore[arg-type]
        component=typed["component"],
        category=category,
        year=int(year) if year else None,
        state=typed["state"],
        quality=quality,
        dossier_id=typed["dossier"],
    )


def read_sort() -> Sort:
    """The order of the address; the best first when it names none that exists."""
    sort = request.args.get("sort")
    return sort if sort in get_args(Sort) else "relevance"  # type: ignore[return-value]


def query_string() -> str:
    """This question as the query string of its address, in one fixed order."""
    return url_for("search.show", **hits.asked_address()).partition("?")[2]


def _dossier(dossier_id: str | None) -> Dossier | None:
    return access.load(Dossier, "id", dossier_id, g.actor) if dossier_id else None


def _remember() -> None:
    address = query_string()
    with db.writing(house().engine) as session:
        saved_searches.remember(session, address, actor=g.actor)


def _told(address: str) -> tuple[str, str]:
    """A remembered address and what to call it: the words."""
    return url_for(".show") + "?" + address, hits.words_of(address)


@bp.get("/search/suggestions")
@guarded(Action.SEARCH)
def suggest() -> Response:
    """What begins like the typed letters, as JSON; the searches of this sign-in while nothing is typed."""
    access.limit("search:suggest")
    typed = request.args.get("q", "").strip()
    if not typed:
        recent = saved_searches.list_recent(g.session, actor=g.actor)
        found = [{"kind": "recent", "text": hits.words_of(a), "note": "", "url": _told(a)[0]} for a in recent]
        return jsonify(found)
    try:
        suggestions = suggesting.suggest(g.session, house().search, typed, actor=g.actor)
    except Unavailable:
        suggestions = []  # the search page says what is wrong with the index; typing goes on
    return jsonify([_suggestion(each) for each in suggestions])


def _suggestion(found: suggesting.Suggestion) -> dict[str, str]:
    addresses: dict[str, Callable[[], str]] = {
        "person": lambda: url_for("dossiers.show", id=found.id),
        "document": lambda: url_for(".show", q=f'số:"{found.text}"' if " " in found.text else f"số:{found.text}"),
        "component": lambda: url_for(".show", component=found.id),
        "unit": lambda: url_for(".show", unit=found.id),
    }
    text = hits.component_words(found.id) if found.kind == "component" else found.text
    return {"kind": found.kind, "text": text, "note": found.note, "url": addresses[found.kind]()}


@bp.get("/pages/<id>/lines/<int:number>.jpg")
@guarded(Action.PAGE_READ)
def line(page: Page, number: int) -> Response:
    """The line around one word of the page image."""
    if not (looks.told_by("search:find") or looks.told_by("page:view", page.id)):
        review.look_at(g.session, page, actor=g.actor)
    words = unpack_words(page.words)
    if page.image_sha256 is None or number >= len(words):
        raise NotFound()
    with storage.proved(house().settings.scans, page.image_sha256) as path:
        strip = cut_line(path, words, number)
    answer = send_file(io.BytesIO(strip), mimetype="image/jpeg", etag=False, conditional=False)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer


@bp.post("/search/export")
@guarded(Action.SEARCH, writing=False)
def export() -> Any:
    """The result of the question in the address as an Excel file, for the purpose that was written down."""
    words = request.args.get("q", "").strip()
    try:
        access.limit("search:export")
        content = exporting.export(
            g.session,
            house().search,
            words,
            purpose=request.form.get("purpose", ""),
            actor=g.actor,
            filters=read_filters(),
            sort=read_sort(),
            translate=_,
        )
    except (BadInput, TooManyTries, Unavailable) as error:
        flash(sentence_of(error), "danger")
        return redirect(url_for(".show", **hits.asked_address()))
    name = _("search-results-%(day)s", day=f"{today():%Y-%m-%d}") + ".xlsx"
    return send_file(io.BytesIO(content), mimetype=MEDIA_TYPE, as_attachment=True, download_name=name)
