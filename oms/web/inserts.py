"""Sealed inserts over HTTP: two people seal, open, look and unseal. Nobody else gets here: the answer is "not found".

Looks: the opened list and each page write one entry; the image is a part of the page that shows it.
"""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from oms import accounts, inserts, storage
from oms.errors import BadInput, Conflict, NotFound, OmsError, Refused
from oms.models import Document, Dossier
from oms.permissions import Action
from oms.web import access, two_people
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.headers import FILE_POLICY

bp = Blueprint("inserts", __name__)
_REFUSALS = (BadInput, Refused, Conflict, accounts.SignInFailed)


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
    id, dossier_id, reason = document.id, document.dossier_id, request.form.get("reason", "")
    try:
        two_people.decide(
            lambda session, second: inserts.seal(
                session, session.get_one(Document, id), reason, second=second, actor=g.actor
            )
        )
    except _REFUSALS as error:
        two_people.look_again(error)
        return _draw_sealing(access.load(Document, "id", id, g.actor), error), two_people.status_of(error)
    flash(_("The document is sealed. It shows in no list and no search any more."), "success")
    return redirect(url_for("dossiers.show", id=dossier_id))


@bp.get("/dossiers/<id>/sealed")
@guarded(Action.INSERT_OPEN)
def show(dossier: Dossier) -> str:
    """The opened sealed part; else the form in which two people open it."""
    if not inserts.has_inserts(g.session, dossier, actor=g.actor):
        raise NotFound()
    try:
        opening = inserts.opening_of(g.session, dossier, actor=g.actor)
    except NotFound:
        return _draw_opening(dossier)
    return _draw_list(dossier, opening)


def _draw_list(dossier: Dossier, opening: Any, problem: OmsError | None = None) -> str:
    return render_template(
        "inserts/show.html",
        dossier=dossier,
        opening=opening,
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
    try:
        two_people.decide(
            lambda session, second: inserts.open_together(
                session, session.get_one(Dossier, id), purpose, second=second, actor=g.actor
            )
        )
    except _REFUSALS as error:
        two_people.look_again(error)
        return _draw_opening(access.load(Dossier, "id", id, g.actor), error), two_people.status_of(error)
    return redirect(url_for(".show", id=id))


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
    answer: Response = send_file(
        storage.get(house().settings.scans, found.image_sha256), mimetype="image/jpeg", etag=False, conditional=False
    )
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

    def act(session: Any, second: Any) -> None:
        document = session.get(Document, document_id)
        if document is None or document.dossier_id != id:
            raise NotFound()
        inserts.unseal(session, document, reason, second=second, actor=g.actor)

    try:
        two_people.decide(act)
    except _REFUSALS as error:
        two_people.look_again(error)
        again = access.load(Dossier, "id", id, g.actor)
        opening = inserts.opening_of(g.session, again, actor=g.actor)
        return _draw_list(again, opening, error), two_people.status_of(error)
    flash(_("The document is back in the contents list."), "success")
    return redirect(url_for("dossiers.show", id=id))
