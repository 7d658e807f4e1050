"""Pages of the question where the dossier of somebody is kept: asking it, and answering for the own unit."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import consultations
from oms.errors import N_, BadInput
from oms.models import LocateAnswer, Whereabout
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("locating", __name__, url_prefix="/locating")

TONES = {Whereabout.HERE: "success", Whereabout.NOT_HERE: "neutral", Whereabout.CONTACT: "info"}


@bp.get("")
@guarded(Action.CONSULTATION_REQUEST)
def index() -> ResponseReturnValue:
    """My questions with the answers, and the questions that wait for my unit."""
    return _page()


def _page(problem: str = "") -> str:
    mine = consultations.asked_by(g.session, actor=g.actor)
    waiting = consultations.to_answer(g.session, actor=g.actor)
    consultations.look_at_list(g.session, actor=g.actor, shown=len(mine) + len(waiting))
    return render_template(
        "locating/index.html",
        mine=mine,
        waiting=waiting,
        problem=problem,
        values=request.form,
        tones=TONES,
        choices=[(one.value, _(one.label)) for one in Whereabout],
    )


@bp.post("")
@guarded(Action.CONSULTATION_REQUEST)
def ask() -> ResponseReturnValue:
    """Send the question; the sentence is the same whoever is found."""
    form = request.form
    year = form.get("birth_year", "").strip()
    try:
        if year and not (year.isascii() and year.isdigit()):
            raise BadInput(N_("Write the year of birth with four digits, for instance 1975, or leave it out."))
        sought = consultations.Sought(
            form.get("full_name", ""), form.get("reason", ""), int(year[:6]) if year else None
        )
        question = consultations.ask(g.session, sought, actor=g.actor)
    except BadInput as error:
        return _page(sentence_of(error)), error.status
    access.commit()
    flash(
        _("Sent as question %(number)s. Whoever holds such a dossier answers here.", number=question.number), "success"
    )
    return redirect(url_for(".index"))


@bp.post("/<id>/answer")
@guarded(Action.LOCATE_ANSWER)
def answer(locateanswer: LocateAnswer) -> ResponseReturnValue:
    """Answer for the unit that was asked."""
    given = request.form.get("answer", "")
    if given not in set(Whereabout):
        raise BadInput(N_("Choose one of the answers."))
    consultations.answer(g.session, locateanswer, Whereabout(given), request.form.get("note", ""), actor=g.actor)
    access.commit()
    flash(_("Your answer is on its way to whoever asked."), "success")
    return redirect(url_for(".index"))
