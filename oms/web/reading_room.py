"""The reading room over HTTP: the granted pages as marked images, how long they stay open, and the approved copy.

Looks: entering and each page write one entry; the image is a part of its page and writes none.
"""

import io

from flask import Blueprint, Response, g, jsonify, render_template, send_file, url_for

from oms import consultations
from oms.errors import NotFound
from oms.models import Consultation
from oms.permissions import Action
from oms.web import access, looks
from oms.web.access import guarded, house
from oms.web.headers import FILE_POLICY

bp = Blueprint("reading_room", __name__, url_prefix="/consultations")


@bp.get("/<id>/read")
@guarded(Action.CONSULTATION_READ)
def show(consultation: Consultation) -> str:
    """What lies open now, document by document."""
    documents = consultations.enter(g.session, consultation, actor=g.actor)
    return render_template(
        "reading_room/show.html",
        request_=consultation,
        dossier=consultation.dossier,
        documents=documents,
        left=consultations.seconds_left(consultation, actor=g.actor),
    )


@bp.get("/<id>/read/<page>")
@guarded(Action.CONSULTATION_READ)
def page(consultation: Consultation, page: str) -> str:
    """One page as an image with the reader's marks."""
    found = consultations.get_page(g.session, consultation, page, actor=g.actor)
    documents = consultations.open_documents(g.session, consultation, actor=g.actor)
    consultations.look_at(g.session, consultation, found, actor=g.actor)
    order = [(one, shown) for one in documents for shown in one.pages]
    place = next(number for number, (_one, shown) in enumerate(order) if shown.id == found.id)
    addresses = [url_for(".page", id=consultation.id, page=shown.id) for _one, shown in order]
    return render_template(
        "reading_room/page.html",
        request_=consultation,
        dossier=consultation.dossier,
        page=found,
        document=order[place][0].document,
        total=order[place][0].total,
        previous_url=addresses[place - 1] if place else "",
        next_url=addresses[place + 1] if place + 1 < len(addresses) else "",
        left=consultations.seconds_left(consultation, actor=g.actor),
    )


@bp.get("/<id>/read/<page>/image.jpg")
@guarded(Action.CONSULTATION_READ)
def image(consultation: Consultation, page: str) -> Response:
    """The page with name, account, time and request number in its pixels; never kept by the browser."""
    found = consultations.get_page(g.session, consultation, page, actor=g.actor)
    if not looks.told_by("consultation:look", found.id):
        consultations.look_at(g.session, consultation, found, actor=g.actor)
    content = consultations.marked_image(house().settings, consultation, found, actor=g.actor)
    return _inline(content)


def _inline(content: bytes) -> Response:
    answer = send_file(io.BytesIO(content), mimetype="image/jpeg", etag=False, conditional=False)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer


@bp.get("/<id>/remaining")
@guarded(Action.CONSULTATION_READ)
def remaining(consultation: Consultation) -> Response:
    """Seconds the pages stay open; an open page asks this and covers itself at 0."""
    return jsonify(seconds=consultations.seconds_left(consultation, actor=g.actor))


@bp.post("/<id>/copies/<copy>/take")
@guarded(Action.CONSULTATION_READ)
def take_copy(consultation: Consultation, copy: str) -> Response:
    """The approved copy as a PDF of marked pages, after the password."""
    order = consultations.find_order(g.session, consultation, copy)
    if order is None:
        raise NotFound()
    content = consultations.take_copy(g.session, house().settings, order, actor=g.actor)
    access.commit()
    name = f"{consultation.number}-{order.number}.pdf".replace("/", "-")
    answer = send_file(
        io.BytesIO(content),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=name,
        etag=False,
        conditional=False,
    )
    answer.headers["Content-Security-Policy"] = FILE_POLICY
    return answer
