"""Arranging a dossier: order, splitting, joining, moving and turning pages, and undoing."""

from typing import Any

from flask import g
from marshmallow import Schema, fields, validate

from oms import dossiers, rearranging
from oms.api.door import gives, room, takes
from oms.api.shapes import DocumentShape
from oms.models import Document, Dossier, Page
from oms.permissions import Action
from oms.web.access import commit, guarded, load

bp = room("rearranging", "Order of a dossier")


class Rearranged(Schema):
    """The contents list as it lies now, and the name of the act by which it is undone."""

    undo = fields.String(allow_none=True, metadata={"description": "To be sent to `undo`; null when nothing changed."})
    documents = fields.List(fields.Nested(DocumentShape))


class Order(Schema):
    """All pages of a document, or all documents of one component and date, by id."""

    ids = fields.List(fields.String(), required=True, validate=validate.Length(1, 10_000))


class Split(Schema):
    """The page with which the second document begins."""

    page = fields.String(required=True)


class Join(Schema):
    """The document of the same component that is appended."""

    other = fields.String(required=True)


class Move(Schema):
    """Pages of the document, and where they go; without `target` they wait again."""

    pages = fields.List(fields.String(), required=True, validate=validate.Length(1, 10_000))
    target = fields.String(load_default=None, allow_none=True)


class Turn(Schema):
    """Degrees to the right by which the page is shown turned."""

    degrees = fields.Integer(required=True, validate=validate.OneOf((0, 90, 180, 270)))


class Undo(Schema):
    """The act to undo."""

    act = fields.String(required=True)


def _lying(dossier: Dossier) -> dict[str, Any]:
    commit()
    done = rearranging.latest(g.session, dossier, actor=g.actor)
    return {"undo": done.id if done else None, "documents": dossiers.contents(g.session, dossier)}


@bp.post("/documents/<id>/order")
@guarded(Action.DOCUMENT_FILE, model=Document)
@gives(Rearranged)
@takes(Order)
def order_pages(given: dict[str, Any], document: Document) -> dict[str, Any]:
    """Put the pages of a document into this order."""
    rearranging.reorder_pages(g.session, document, given["ids"], actor=g.actor)
    return _lying(document.dossier)


@bp.post("/documents/<id>/split")
@guarded(Action.DOCUMENT_FILE, model=Document)
@gives(Rearranged)
@takes(Split)
def split(given: dict[str, Any], document: Document) -> dict[str, Any]:
    """Split a document before a page; the second one has the same head."""
    rearranging.split(g.session, document, given["page"], actor=g.actor)
    return _lying(document.dossier)


@bp.post("/documents/<id>/join")
@guarded(Action.DOCUMENT_FILE, model=Document)
@gives(Rearranged)
@takes(Join)
def join(given: dict[str, Any], document: Document) -> dict[str, Any]:
    """Append another document of the same component."""
    rearranging.merge(g.session, document, load(Document, "id", given["other"], g.actor), actor=g.actor)
    return _lying(document.dossier)


@bp.post("/documents/<id>/move")
@guarded(Action.DOCUMENT_FILE, model=Document)
@gives(Rearranged)
@takes(Move)
def move(given: dict[str, Any], document: Document) -> dict[str, Any]:
    """Move pages into another document, or back among those that wait."""
    dossier = document.dossier
    target: Document | None = load(Document, "id", given["target"], g.actor) if given["target"] else None
    rearranging.move_pages(g.session, document, given["pages"], target=target, actor=g.actor)
    return _lying(dossier)


@bp.get("/documents/<id>/pages")
@guarded(Action.DOCUMENT_READ)
@gives(Order)
def pages(document: Document) -> dict[str, Any]:
    """The ids of the pages of a document in order."""
    dossiers.view(g.session, document.dossier, actor=g.actor)
    return {"ids": [page.id for page in dossiers.pages_of(g.session, [document.id])[document.id]]}


@bp.post("/pages/<id>/turn")
@guarded(Action.PAGE_REVIEW)
@gives(Rearranged)
@takes(Turn)
def turn(given: dict[str, Any], page: Page) -> dict[str, Any]:
    """Show a page turned, for everybody; text and boxes stay what they are."""
    rearranging.turn_page(g.session, page, given["degrees"], actor=g.actor)
    return _lying(page.scan.dossier)


@bp.post("/dossiers/<number>/order")
@guarded(Action.DOCUMENT_FILE, by="number")
@gives(Rearranged)
@takes(Order)
def order_documents(given: dict[str, Any], dossier: Dossier) -> dict[str, Any]:
    """Put documents of one component and date into this order."""
    rearranging.reorder_documents(g.session, dossier, given["ids"], actor=g.actor)
    return _lying(dossier)


@bp.post("/dossiers/<number>/undo")
@guarded(Action.DOCUMENT_FILE, by="number")
@gives(Rearranged)
@takes(Undo)
def undo(given: dict[str, Any], dossier: Dossier) -> dict[str, Any]:
    """Lay what an act touched as it lay before."""
    rearranging.undo(g.session, dossier, given["act"], actor=g.actor)
    return _lying(dossier)
