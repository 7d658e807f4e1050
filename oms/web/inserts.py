"""Sealed inserts over HTTP: two people seal, open, look and unseal. Nobody else gets here: the answer is "not found".

Looks: the opened list and each page write one entry; the image is a part of the page that shows it.
"""

import io
from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from oms import inserts, marks
from oms.errors import NotFound, OmsError
from oms.models import Document, Dossier
from oms.permissions import Action, Actor
from oms.web import access, looks, two_people
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.headers import FILE_POLICY

bp = Blueprint("inserts", __name__)


@bp.get("/documents/<id>/seal")
@guarded(Action.DOCUMENT_FILE, model=Document)
def ask(document: Document) -> str:
    """The form in which two people seal a document."""
    if not inserts.sealable(document):
        raise NotFound()
    return _draw_sealing(document)


def _draw_sealing(document: Document, problem: OmsError | None = None) -> str:
    return render_template(
        "inserts/seal.html",
        document=document,
        dossier=document.dossier,
        problem=sentence_of(problem) if problem else "",
        typed=two_people.typed("reason"),
    )


@bp.post("/documents/<id>/seal")
@guarded(Action.DOCUMENT_FILE, model=Document, writing=False)
def seal(document: Document) -> Any:
    """Two people seal a document."""
    dossier_id, reason = document.dossier_id, request.form.get("reason", "")
    refused = two_people.decide_on(
        document,
        lambda session, paper, second: inserts.seal(session, paper, reason, second=second, actor=g.actor),
        _draw_sealing,
    )
    if refused:
        return refused
    flash(_("The document is sealed. It shows in no list and no search any more."), "success")
    return redirect(url_for("dossiers.show", id=dossier_id))


@bp.get("/dossiers/<id>/sealed")
@guarded(Action.INSERT_OPEN)
def show(dossier: Dossier) -> str:
    """The opened sealed part; else the form in which two people open it."""
    if not inserts.has_inserts(g.session, dossier, actor=g.actor):
        raise NotFound()
    try:
        return _draw_list(dossier)
    except NotFound:
        return _draw_opening(dossier)


def _draw_list(dossier: Dossier, problem: OmsError | None = None) -> str:
    return render_template(
        "inserts/show.html",
        dossier=dossier,
        opening=inserts.opening_of(g.session, dossier, actor=g.actor),
        documents=inserts.list_opened(g.session, dossier, actor=g.actor),
        problem=sentence_of(problem) if problem else "",
        typed=two_people.typed("reason"),
    )


def _draw_opening(dossier: Dossier, problem: OmsError | None = None) -> str:
    return render_template(
        "inserts/open.html",
        dossier=dossier,
        problem=sentence_of(problem) if problem else "",
        typed=two_people.typed("reason"),
    )


@bp.post("/dossiers/<id>/sealed")
@guarded(Action.INSERT_OPEN, writing=False)
def open_together(dossier: Dossier) -> Any:
    """Two people open the sealed part."""
    id, purpose = dossier.id, request.form.get("reason", "")
    refused = two_people.decide_on(
        dossier,
        lambda session, holder, second: inserts.open_together(session, holder, purpose, second=second, actor=g.actor),
        _draw_opening,
    )
    return refused or redirect(url_for(".show", id=id))


@bp.get("/dossiers/<id>/sealed/pages/<page_id>")
@guarded(Action.INSERT_OPEN)
def page(dossier: Dossier, page_id: str) -> str:
    """One page of the opened part, image and text."""
    found = inserts.look(g.session, dossier, page_id, actor=g.actor)
    opening = inserts.opening_of(g.session, dossier, actor=g.actor)
    return render_template("inserts/page.html", dossier=dossier, page=found, opening=opening)


@bp.get("/dossiers/<id>/sealed/pages/<page_id>/image.jpg")
@guarded(Action.INSERT_OPEN)
def image(dossier: Dossier, page_id: str) -> Response:
    """The image of a page; a part of the page that shows it."""
    found = inserts.get_page(g.session, dossier, page_id, actor=g.actor)
    if found.image_sha256 is None:
        raise NotFound()
    if not looks.told_by("insert:look", page_id):
        inserts.look(g.session, dossier, page_id, actor=g.actor)
    content = io.BytesIO(marks.image_for(house().settings, g.actor, found.id, found.image_sha256))
    answer: Response = send_file(content, mimetype="image/jpeg", etag=False, conditional=False)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer


@bp.post("/dossiers/<id>/sealed/close")
@guarded(Action.INSERT_OPEN)
def close(dossier: Dossier) -> Any:
    """Close the sealed part for both."""
    inserts.close(g.session, dossier, actor=g.actor)
    access.commit()
    flash(_("The sealed part is closed."), "success")
    return redirect(url_for("dossiers.show", id=dossier.id))


@bp.post("/dossiers/<id>/sealed/documents/<document_id>/unseal")
@guarded(Action.INSERT_OPEN, writing=False)
def unseal(dossier: Dossier, document_id: str) -> Any:
    """Two people put a document back into the contents list."""
    id, reason = dossier.id, request.form.get("reason", "")

    def act(session: Session, holder: Dossier, second: Actor) -> None:
        document = session.get(Document, document_id)
        if document is None or document.dossier_id != holder.id:
            raise NotFound()
        inserts.unseal(session, document, reason, second=second, actor=g.actor)

    if refused := two_people.decide_on(dossier, act, _draw_list):
        return refused
    flash(_("The document is back in the contents list."), "success")
    return redirect(url_for("dossiers.show", id=id))
