"""Holds over HTTP: the list, ordering one, one hold with asking to lift it and lifting it."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from oms import holds
from oms.errors import BadInput, NotFound
from oms.models import Hold
from oms.permissions import Action
from oms.web import access, work
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("holds", __name__, url_prefix="/holds")


@work.source
def due_of_mine() -> list[work.Due]:
    """Holds whose lifting was asked for and that wait for this head."""
    if not g.actor.has(Action.HOLD_ORDER):
        return []
    return [
        work.Due(
            title=_("Lift hold %(number)s?", number=hold.number),
            url=url_for("holds.show", id=hold.id),
            text=hold.lift_reason,
            icon="lock",
        )
        for hold in holds.to_decide(g.session, actor=g.actor)
    ]


@bp.get("")
@guarded(Action.HOLD_READ)
def index() -> str:
    """The holds in force and those that were lifted."""
    return render_template("holds/index.html", holds=holds.list_holds(g.session, actor=g.actor))


@bp.get("/new")
@guarded(Action.HOLD_ORDER)
def new() -> str:
    """The form of an order, for ?number= where it is known."""
    return _form(request.args)


@bp.post("/new")
@guarded(Action.HOLD_ORDER)
def create() -> Any:
    """Order a hold."""
    try:
        dossier = holds.find_dossier(g.session, request.form.get("number", ""), actor=g.actor)
        hold = holds.order(
            g.session,
            dossier,
            whole_person=request.form.get("scope") == "person",
            reason=request.form.get("reason", ""),
            decision=request.form.get("decision", ""),
            actor=g.actor,
        )
    except (BadInput, NotFound) as error:
        g.session.rollback()
        return _form(request.form, sentence_of(error)), 422
    access.commit()
    flash(_("Hold %(number)s is in force.", number=hold.number), "success")
    return redirect(url_for(".show", id=hold.id))


def _form(values: Any, problem: str = "") -> str:
    typed = {name: values.get(name, "")[:500] for name in ("number", "scope", "reason", "decision")}
    return render_template("holds/new.html", typed=typed, problem=problem)


@bp.get("/<id>")
@guarded(Action.HOLD_READ)
def show(hold: Hold) -> str:
    """One hold; its reason is shown to heads only."""
    holds.view(g.session, hold, actor=g.actor)
    lifts = holds.may_lift(hold, g.actor)
    return render_template(
        "holds/show.html",
        hold=hold,
        lifts=lifts,
        decides=lifts and hold.lift_asked_by_id not in (None, g.actor.account_id),
    )


@bp.post("/<id>/ask")
@guarded(Action.HOLD_READ)
def ask(hold: Hold) -> Any:
    """Ask that the hold be lifted."""
    holds.ask_lifting(
        g.session, hold, request.form.get("reason", ""), actor=g.actor, version=request.form.get("version", type=int)
    )
    access.commit()
    flash(_("Asked. Another person, the head, decides."), "success")
    return redirect(url_for(".show", id=hold.id))


@bp.post("/<id>/lift")
@guarded(Action.HOLD_READ)
def lift(hold: Hold) -> Any:
    """Lift the hold."""
    holds.lift(g.session, hold, actor=g.actor, version=request.form.get("version", type=int))
    access.commit()
    flash(_("Hold %(number)s is lifted.", number=hold.number), "success")
    return redirect(url_for(".show", id=hold.id))
