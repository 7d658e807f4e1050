"""Pages of papers that came after the dossier had gone on: brought, sent on, taken in or given back."""

from typing import BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from oms import custody
from oms.errors import N_, BadInput
from oms.intake import Arrival
from oms.models import LatePaper, LateState, Transfer
from oms.permissions import Action
from oms.web import access, work
from oms.web.access import guarded, house
from oms.web.pages import send_stored
from oms.web.receiving import DOUBTFUL, RECEIVED, attach_file

bp = Blueprint("late_papers", __name__, url_prefix="/late-papers")

TONES = {
    LateState.WAITING: "warning",
    LateState.SENT: "info",
    LateState.FILED: "success",
    LateState.RETURNED: "warning",
    LateState.WITHDRAWN: "neutral",
    LateState.DESTROYED: "danger",
}


@bp.get("")
@guarded(Action.LATE_PAPER_READ)
def index() -> str:
    """What the unit sends on, and what was sent on to it."""
    papers = custody.late_papers(g.session, actor=g.actor)
    return render_template(
        "late_papers/index.html",
        papers=papers,
        sends={paper.id for paper in papers if custody.sends(paper, actor=g.actor)},
        answers={paper.id for paper in papers if custody.answers(paper, actor=g.actor)},
        tones=TONES,
        State=LateState,
    )


@bp.post("/of/<id>")
@guarded(Action.TRANSFER_PREPARE, writing=False)
def bring(transfer: Transfer) -> ResponseReturnValue:
    """Upload a paper that came late, through the gate; it waits until it is sent on."""
    file, title, transfer_id = request.files.get("file"), request.form.get("title", "").strip(), transfer.id
    if file is None or not file.filename:
        raise BadInput(N_("Choose at least one file first."))
    if not title:
        raise BadInput(N_("Write what the paper is: whoever holds the dossier reads it."))
    g.session.expunge_all()
    g.session.rollback()

    def enter(session: Session, found: Transfer, arrival: Arrival) -> None:
        custody.bring(session, found, arrival, title, actor=g.actor)

    outcome = attach_file(
        Transfer,
        transfer_id,
        cast(BinaryIO, file.stream),
        file.filename,
        actor=g.actor,
        action="late_paper:bring",
        errand={"purpose": "late", "title": title},
        enter=enter,
    )
    if outcome.state == RECEIVED:
        flash(_("%(name)s waits to be sent on.", name=outcome.name), "success")
        return redirect(url_for(".index"))
    flash(outcome.message, "warning" if outcome.state == DOUBTFUL else "danger")
    if outcome.token:
        return redirect(url_for("gate.show", token=outcome.token))
    return redirect(url_for("transfers.show", id=transfer_id))


@bp.get("/<id>/file")
@guarded(Action.LATE_PAPER_READ)
def file(latepaper: LatePaper) -> Response:
    """The file as it was uploaded."""
    found = custody.open_late(g.session, latepaper, actor=g.actor)
    return send_stored(found.sha256, found.media_type, found.file_name)


@bp.post("/<id>/send")
@guarded(Action.LATE_PAPER_READ)
def send(latepaper: LatePaper) -> ResponseReturnValue:
    """Let the holder of the dossier see it."""
    custody.send_on(g.session, latepaper, actor=g.actor)
    return _done(_("The paper is sent on to the unit that holds the dossier."))


@bp.post("/<id>/withdraw")
@guarded(Action.LATE_PAPER_READ)
def withdraw(latepaper: LatePaper) -> ResponseReturnValue:
    """Take it back before it is answered."""
    remove_bytes = custody.take_back(g.session, house().settings, latepaper, actor=g.actor)
    answer = _done(_("The paper is taken back."))
    remove_bytes()
    return answer


@bp.post("/<id>/take-in")
@guarded(Action.LATE_PAPER_READ)
def take_in(latepaper: LatePaper) -> ResponseReturnValue:
    """Take it into the dossier."""
    scan = custody.take_in(g.session, house().settings, latepaper, actor=g.actor)
    _done(_("The paper is in the dossier and will be read."))
    return redirect(url_for("intake.show", id=scan.id))


@bp.post("/<id>/give-back")
@guarded(Action.LATE_PAPER_READ)
def give_back(latepaper: LatePaper) -> ResponseReturnValue:
    """Give it back with a reason."""
    custody.give_back(g.session, latepaper, request.form.get("reason", ""), actor=g.actor)
    return _done(_("The paper is given back."))


def _done(said: str) -> ResponseReturnValue:
    access.commit()
    flash(said, "success")
    return redirect(url_for(".index"))


@work.source
def due_here() -> list[work.Due]:
    """Late papers that were sent on for dossiers the unit holds."""
    if not g.actor.has(Action.LATE_PAPER_READ):
        return []
    return [
        work.Due(
            title=_("A late paper for %(number)s", number=paper.dossier.number),
            url=url_for("late_papers.index"),
            text=paper.title,
            icon="file-earmark-text",
        )
        for paper in custody.late_to_answer(g.session, actor=g.actor)
    ]
