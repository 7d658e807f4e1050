"""Search: what the caller may see that matches the words."""

from typing import Any, get_args

from flask import g
from marshmallow import Schema, fields, validate

from oms import organisation, search
from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, page_of
from oms.models import Category, Quality
from oms.permissions import Action
from oms.search import Filters, Hit
from oms.search.interface import Sort
from oms.web.access import guarded, house

bp = room("search", "Search")


class SearchArguments(PageArguments):
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


@bp.get("/search")
@guarded(Action.SEARCH)
@gives(ResultsShape)
@takes(SearchArguments, "query")
def show(asked: dict[str, Any]) -> dict[str, Any]:
    """Search people, dossiers, documents and page text."""
    page, size = page_of(asked)
    filters = Filters(
        unit_id=organisation.find_unit(g.session, asked["unit"]).id if asked["unit"] else None,
        kind=asked["kind"],
        component=asked["component"],
        category=asked["category"].value if asked["category"] else None,
        year=asked["year"],
        state=asked["state"],
        quality=asked["quality"].value if asked["quality"] else None,
        dossier_id=asked["dossier"],
    )
    found = search.find(
        g.session,
        house().search,
        asked["q"],
        actor=g.actor,
        filters=filters,
        page=page,
        size=size,
        sort=asked["sort"],
    )
    return {
        "total": found.total,
        "facets": found.facets,
        "hits": [_shape(hit) for hit in found.hits],
        "next": after(page, size, more=page * size < found.total),
    }


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
