"""Arranging a dossier: pages and documents by drag, keys or plain form; the head of a document; undoing."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import dossiers, rearranging, review
from oms.audit_words import REARRANGING
from oms.errors import N_, BadInput, OmsError
from oms.models import Document, Dossier, Original, Page
from oms.papers.issuing import write_date
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of
from oms.web.review import read_filing

bp = Blueprint("rearranging", __name__)
WAITING = "waiting"


@bp.get("/dossiers/<id>/arrange")
@guarded(Action.DOCUMENT_FILE)
def show(dossier: Dossier) -> str:
    """Every document with its pages as small pictures, and what can be done with them."""
    dossiers.view(g.session, dossier, actor=g.actor)
    documents = dossiers.contents(g.session, dossier)
    alike: dict[tuple[str, object], list[Document]] = {}
    of_component: dict[str, list[Document]] = {}
    for document in documents:
        alike.setdefault((document.component_id, document.issued_on), []).append(document)
        of_component.setdefault(document.component_id, []).append(document)
    done = rearranging.latest(g.session, dossier, actor=g.actor)
    return render_template(
        "rearranging/show.html",
        dossier=dossier,
        documents=documents,
        pages=dossiers.pages_of(g.session, [document.id for document in documents]),
        alike=[rows for rows in alike.values() if len(rows) > 1],
        of_component=of_component,
        waiting=WAITING,
        undo=done,
        undo_words=_(REARRANGING[done.action]) if done else "",
    )


def _version() -> int | None:
    return request.form.get("version", type=int)


def _order() -> list[str]:
    """The ids of the form by the places typed beside them, equal places as they stood."""
    places = {name.removeprefix("place-"): value for name, value in request.form.items() if name.startswith("place-")}
    if not all(value.isascii() and value.isdecimal() and len(value) < 6 for value in places.values()):
        raise BadInput(N_("Enter a place from 1 on beside each picture."))
    return sorted(places, key=lambda id: int(places[id]))


def _back(dossier: Dossier, words: str) -> ResponseReturnValue:
    target = url_for(".show", id=dossier.id)
    access.commit()
    flash(words, "success")
    return redirect(target)


@bp.post("/documents/<id>/order")
@guarded(Action.DOCUMENT_FILE, model=Document)
def order_pages(document: Document) -> ResponseReturnValue:
    """The pages of a document in the order typed or dragged."""
    rearranging.reorder_pages(g.session, document, _order(), actor=g.actor, version=_version())
    return _back(document.dossier, _("The order of the pages is saved."))


@bp.post("/documents/<id>/split")
@guarded(Action.DOCUMENT_FILE, model=Document)
def split(document: Document) -> ResponseReturnValue:
    """From a page on a document of its own; its head is corrected next."""
    made = rearranging.split(g.session, document, request.form.get("page", ""), actor=g.actor, version=_version())
    return _back(made.dossier, _("The document is split. Correct title, number and date of both where needed."))


@bp.post("/documents/<id>/join")
@guarded(Action.DOCUMENT_FILE, model=Document)
def join(document: Document) -> ResponseReturnValue:
    """Append another document of the same component."""
    other: Document = access.load(Document, "id", request.form.get("other", ""), g.actor)
    rearranging.merge(g.session, document, other, actor=g.actor, version=_version())
    return _back(document.dossier, _("The two documents are one now."))


@bp.post("/documents/<id>/move")
@guarded(Action.DOCUMENT_FILE, model=Document)
def move(document: Document) -> ResponseReturnValue:
    """The chosen pages into another document, or back among those that wait."""
    chosen = request.form.get("target", "")
    target: Document | None = None if chosen == WAITING else access.load(Document, "id", chosen, g.actor)
    pages, dossier = request.form.getlist("pages"), document.dossier
    rearranging.move_pages(g.session, document, pages, target=target, actor=g.actor, version=_version())
    return _back(dossier, _("The pages are moved."))


@bp.post("/dossiers/<id>/order")
@guarded(Action.DOCUMENT_FILE)
def order_documents(dossier: Dossier) -> ResponseReturnValue:
    """Documents of the same date in the order typed or dragged."""
    rearranging.reorder_documents(g.session, dossier, _order(), actor=g.actor)
    return _back(dossier, _("The order of the documents is saved."))


@bp.post("/dossiers/<id>/undo")
@guarded(Action.DOCUMENT_FILE)
def undo(dossier: Dossier) -> ResponseReturnValue:
    """Take back what was done last."""
    rearranging.undo(g.session, dossier, request.form.get("rearrangement", ""), actor=g.actor)
    return _back(dossier, _("Undone: everything lies as it did before."))


@bp.post("/pages/<id>/turn")
@guarded(Action.PAGE_REVIEW)
def turn(page: Page) -> ResponseReturnValue:
    """Show a page turned by a quarter more, from now on and for everybody."""
    rearranging.turn_page(g.session, page, (page.turned + 90) % 360, actor=g.actor)
    return _back(page.scan.dossier, _("The page is shown turned. Its text and its file are what they were."))


@bp.get("/documents/<id>/head")
@guarded(Action.DOCUMENT_FILE, model=Document)
def head(document: Document) -> str:
    """What is said about a document, to be corrected."""
    dossiers.view(g.session, document.dossier, actor=g.actor)
    return _head(document)


def _head(document: Document, problem: OmsError | None = None) -> str:
    values = {
        "component": document.component_id,
        "title": document.title,
        "number": document.number or "",
        "issued_on": write_date(document.issued_on, document.issued_precision),
        "issuing_body": document.issuing_body or "",
        "signer": document.signer or "",
        "original": document.original.value,
    }
    return render_template(
        "rearranging/head.html",
        document=document,
        dossier=document.dossier,
        components=dossiers.components_of(document.dossier),
        originals=[(kind.value, _(kind.label)) for kind in Original],
        values={**values, **request.form},
        problem=sentence_of(problem) if problem else "",
    )


@bp.post("/documents/<id>/head")
@guarded(Action.DOCUMENT_FILE, model=Document)
def describe(document: Document) -> ResponseReturnValue:
    """Correct title, number, date, issuer, component."""
    try:
        review.describe(g.session, document, read_filing(), actor=g.actor, version=_version())
    except BadInput as error:
        g.session.rollback()
        return _head(document, error), error.status
    return _back(document.dossier, _("What is said about the document is saved."))
