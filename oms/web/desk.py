"""The seat at the review desk over HTTP: kept while the page is open and used, given back, taken over by hand; drafts.

Scripts ask here; the pages themselves are those of `oms.web.review`.
"""

from flask import Blueprint, Response, flash, g, jsonify, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from oms import db, desk
from oms.desk import FORM, Seat
from oms.models import Scan, now
from oms.permissions import Action, can
from oms.web import access
from oms.web.access import guarded, house
from oms.web.formats import moment

bp = Blueprint("desk", __name__, url_prefix="/review")

_FILTERS = "desk"
PROPOSED = ("component", "title", "number", "issued_on", "issuing_body", "signer")
FIELDS = (*PROPOSED, "original", "despite")
"""What the description form says about a document."""


def sit_down(scan: Scan) -> Seat | None:
    """Take the scan for whoever opens its page to work there; None for those who only look.

    In a transaction of its own, because the page itself is made by one that only reads.
    """
    if not can(g.actor, Action.DOCUMENT_FILE, scan.dossier):
        return None
    with db.writing(house().engine) as session:
        return desk.take(session, session.get_one(Scan, scan.id), actor=g.actor, opening=True)


@bp.post("/<id>/seat")
@guarded(Action.DOCUMENT_FILE, model=Scan)
def stay(scan: Scan) -> Response:
    """The page is open and somebody works there: whose scan it is now."""
    seat = desk.take(g.session, scan, actor=g.actor)
    access.commit()
    return jsonify(mine=seat.mine, seat=seat.key if seat.mine else "", message="" if seat.mine else _lost(seat))


def _lost(seat: Seat) -> str:
    return str(
        _(
            "%(name)s took this scan over at %(time)s. You can read on; nothing you typed is lost.",
            name=seat.name,
            time=moment(seat.taken_at),
        )
    )


@bp.post("/<id>/leave/<seat>")
@guarded(Action.DOCUMENT_FILE, model=Scan)
def leave(scan: Scan, seat: str) -> ResponseReturnValue:
    """The page is closed: the scan waits for anybody again."""
    desk.give_back(g.session, scan, seat, actor=g.actor)
    access.commit()
    return "", 204


@bp.post("/<id>/take-over")
@guarded(Action.DOCUMENT_FILE, model=Scan)
def take_over(scan: Scan) -> ResponseReturnValue:
    """Take the scan from a colleague, who hears of it within a minute."""
    desk.take_over(g.session, scan, actor=g.actor)
    access.commit()
    flash(_("The scan is yours now. Your colleague is told."), "success")
    return redirect(url_for("review.show", id=scan.id))


def kept_filters() -> desk.Filters:
    """What of the queue this browser works on; it holds until it is changed."""
    kept = cookie.get(_FILTERS, {})
    return desk.Filters(**{name: str(kept.get(name, "")) for name in ("unit_id", "kind", "reading")})


def keep_filters() -> None:
    """Work on the part of the queue that the address names."""
    names = {"unit_id": "unit", "kind": "kind", "reading": "reading"}
    cookie[_FILTERS] = {name: request.args.get(asked, "")[:40] for name, asked in names.items()}


@bp.post("/next")
@guarded(Action.DOCUMENT_FILE)
def take_next() -> ResponseReturnValue:
    """Give the officer the next scan that nobody else has, or the one before it."""
    beside = request.form.get("beside", "")
    backwards = request.form.get("way") == "back"
    found = desk.take_next(g.session, actor=g.actor, filters=kept_filters(), beside=beside, backwards=backwards)
    access.commit()
    if found is not None:
        return redirect(url_for("review.show", id=found[0].id))
    flash(_("No other scan waits here that nobody has."), "info")
    return redirect(url_for("review.show", id=beside) if beside else url_for("review.index"))


@bp.post("/<id>/draft")
@guarded(Action.DOCUMENT_FILE, model=Scan)
def draft(scan: Scan) -> Response:
    """Keep what is being typed; no lease is asked for, so that whoever lost the scan loses no word."""
    keep_typed(g.session, scan)
    access.commit()
    return jsonify(message=_("draft kept at %(time)s", time=moment(now())))


def keep_typed(session: Session, scan: Scan) -> None:
    """Keep the text of a page or the description form of this request as the actor's draft."""
    form = request.form
    place = form.get("place", FORM, int)
    if place != FORM:
        version = form.get("version", type=int)
        desk.keep_text(session, scan, place, form.get("text", ""), version=version, actor=g.actor)
        return
    typed = {name: form[name] for name in FIELDS if name in form}
    desk.keep_form(session, scan, {**typed, "pages": form.getlist("pages")}, actor=g.actor)


@bp.post("/<id>/draft/discard")
@guarded(Action.DOCUMENT_FILE, model=Scan)
def discard(scan: Scan) -> ResponseReturnValue:
    """What was typed is not wanted any more."""
    place = request.form.get("place", FORM, int)
    desk.discard(g.session, scan, place, actor=g.actor)
    access.commit()
    flash(_("What you typed is discarded."), "success")
    return redirect(url_for("review.show", id=scan.id, page=place or request.form.get("page", type=int)))
