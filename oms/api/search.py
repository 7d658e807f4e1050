"""Search: what the caller may see that matches the words."""

import io
from typing import Any, get_args

from flask import Response, g, send_file
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from oms import organisation, search
from oms.api.door import gives, gives_file, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.exporting import PURPOSE_LENGTH
from oms.models import Category, Quality
from oms.permissions import Action
from oms.search import Filters, Hit, exporting, suggesting
from oms.search.interface import Sort
from oms.spreadsheets import MEDIA_TYPE
from oms.web import access
from oms.web.access import guarded, house
from oms.web.headers import FILE_POLICY

bp = room("search", "Search")


class QuestionArguments(Schema):
    """Words, with or without marks, and what narrows the result."""

    q = fields.String(
        load_default="",
        metadata={
            "description": 'Words; "…" together, -word without, tên: a name, số: a number, năm:2015..2019 years.'
        },
    )
    unit = fields.String(load_default="", metadata={"description": "Code or id of the unit that holds the dossier."})
    component = fields.String(load_default=None)
    year = fields.Integer(load_default=None, validate=validate.Range(1000, 9999))
    category = fields.Enum(Category, by_value=True, load_default=None)
    kind = fields.String(load_default=None, validate=validate.OneOf(("dossier", "document", "page")))
    state = fields.String(load_default=None, validate=validate.Length(max=40))
    quality = fields.Enum(Quality, by_value=True, load_default=None)
    dossier = fields.String(load_default=None, metadata={"description": "Id of the only dossier to search."})
    sort = fields.String(load_default="relevance", validate=validate.OneOf(get_args(Sort)))


class SearchArguments(QuestionArguments, PageArguments):
    """A question, and which page of its answer."""


class ExportArguments(QuestionArguments):
    """A question, and what the file is for; the purpose is written down beside the name of the account."""

    purpose = fields.String(required=True, validate=validate.Length(min=1, max=PURPOSE_LENGTH))


class SuggestArguments(Schema):
    """The letters typed so far; nothing is suggested below two."""

    q = fields.String(required=True, validate=validate.Length(max=search.WORDS_LENGTH))


class SuggestionShape(Schema):
    """What begins like the typed letters: a dossier (`kind` person), document, component or unit, by its id."""

    kind = fields.String(validate=validate.OneOf(get_args(suggesting.Kind)))
    text = fields.String()
    note = fields.String()
    id = fields.String()


class HitShape(Schema):
    """One thing found; `tier` 1: as typed, 2: the same letters without marks, 3: probably misread."""

    dossier = fields.String()
    person = fields.String()
    document = fields.String(allow_none=True, metadata={"description": "Title of the document."})
    document_id = fields.String(allow_none=True)
    page = fields.Integer(allow_none=True, metadata={"description": "Number of the page in its scan."})
    scan = fields.String(allow_none=True)
    tier = fields.Integer()
    score = fields.Float()
    instead = fields.List(
        fields.List(fields.String()),
        metadata={"description": "[typed, found]: words taken for others; found is empty where the word is missing."},
    )
    where = fields.String(metadata={"description": "heading (names, numbers, titles) or text."})
    snippet = fields.String()
    marked = fields.List(
        fields.List(fields.Integer()), metadata={"description": "[start, end] of what matched in `snippet`."}
    )


class ResultsShape(Schema):
    """A page of hits with exact counts over all of them."""

    total = fields.Integer()
    facets = fields.Dict(keys=fields.String(), values=fields.Dict(keys=fields.String(), values=fields.Integer()))
    hits = fields.List(fields.Nested(HitShape))
    next = fields.String(allow_none=True)
    respelled = fields.String(
        metadata={"description": "“Did you mean”: the question with likely words, made of what the caller may see."}
    )


@bp.get("/search")
@guarded(Action.SEARCH)
@gives(ResultsShape)
@takes(SearchArguments, "query")
def show(asked: dict[str, Any]) -> dict[str, Any]:
    """Search people, dossiers, documents and page text."""
    access.limit("search:find")
    page, size = page_of(asked)
    found = search.find(
        g.session,
        house().search,
        asked["q"],
        actor=g.actor,
        filters=_filters(asked),
        page=page,
        size=size,
        sort=asked["sort"],
    )
    return {
        "total": found.total,
        "facets": found.facets,
        "hits": [_shape(hit) for hit in found.hits],
        "next": after(page, size, more=page * size < found.total),
        "respelled": found.respelled,
    }


@bp.get("/search/suggest")
@guarded(Action.SEARCH)
@gives(listed(SuggestionShape, "Suggestions"))
@takes(SuggestArguments, "query")
def suggest(asked: dict[str, Any]) -> dict[str, Any]:
    """What begins like the typed letters: people, numbers of documents, components, units."""
    access.limit("search:suggest")
    found = suggesting.suggest(g.session, house().search, asked["q"], actor=g.actor)
    return {"items": [vars(each) for each in found], "next": None, "total": len(found)}


@bp.get("/search/export")
@guarded(Action.SEARCH)
@gives_file(MEDIA_TYPE)
@takes(ExportArguments, "query")
def export(asked: dict[str, Any]) -> Response:
    """The whole result as an Excel file; a long one is refused and not cut."""
    access.limit("search:export")
    content = exporting.export(
        g.session,
        house().search,
        asked["q"],
        purpose=asked["purpose"],
        actor=g.actor,
        filters=_filters(asked),
        sort=asked["sort"],
        translate=gettext,
    )
    answer = send_file(
        io.BytesIO(content), mimetype=MEDIA_TYPE, as_attachment=True, download_name="search-results.xlsx"
    )
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer


def _filters(asked: dict[str, Any]) -> Filters:
    return Filters(
        unit_id=organisation.find_unit(g.session, asked["unit"]).id if asked["unit"] else None,
        kind=asked["kind"],
        component=asked["component"],
        category=asked["category"].value if asked["category"] else None,
        year=asked["year"],
        state=asked["state"],
        quality=asked["quality"].value if asked["quality"] else None,
        dossier_id=asked["dossier"],
    )


def _shape(hit: Hit) -> dict[str, Any]:
    marked, end = [], 0
    for text, is_hit in hit.snippet:
        start, end = end, end + len(text)
        if is_hit:
            marked.append([start, end])
    return {
        "dossier": hit.dossier.number,
        "person": hit.dossier.person.full_name,
        "document": hit.document.title if hit.document else None,
        "document_id": hit.document.id if hit.document else None,
        "page": hit.page.number if hit.page else None,
        "scan": hit.page.scan_id if hit.page else None,
        "tier": hit.tier,
        "score": round(hit.score, 4),
        "instead": [list(pair) for pair in hit.instead],
        "where": hit.where,
        "snippet": "".join(text for text, _is_hit in hit.snippet),
        "marked": marked,
    }
