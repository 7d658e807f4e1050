"""Delegations over HTTP: who acts in whose name, giving one, ending one."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from oms.accounts import delegations
from oms.errors import N_, BadInput, NotFound
from oms.models import Account, Delegation, Unit
from oms.organisation import today
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of

bp = Blueprint("delegations", __name__, url_prefix="/delegations")


@bp.get("")
@guarded(Action.DELEGATION_READ)
def index() -> str:
    """The delegations of the own unit, given and received; the form for heads."""
    return _draw({}, "")


def _draw(typed: Any, problem: str) -> str:
    units = delegations.headed(g.session, actor=g.actor)
    return render_template(
        "delegations/index.html",
        delegations=delegations.list_delegations(g.session, actor=g.actor),
        units=[(unit.id, unit.name) for unit in units],
        people=[
            (one.id, f"{one.full_name} ({one.username})")
            for one in delegations.candidates(g.session, units, actor=g.actor)
        ],
        choices=[(action.value, _(label)) for action, label in delegations.DELEGABLE.items()],
        words={action.value: _(label) for action, label in delegations.DELEGABLE.items()},
        today=today(),
        typed={name: typed.get(name, "") for name in ("delegate", "unit", "valid_from", "valid_to", "decision")},
        chosen=typed.getlist("actions") if hasattr(typed, "getlist") else [],
        problem=problem,
    )


@bp.post("")
@guarded(Action.DELEGATION_GIVE)
def give() -> Any:
    """Delegate."""
    form = request.form
    try:
        delegation = delegations.give(
            g.session,
            _one(Account, form.get("delegate", "")),
            _one(Unit, form.get("unit", "")),
            form.getlist("actions"),
            decision=form.get("decision", ""),
            valid_from=_day(form.get("valid_from", "")),
            valid_to=_day(form.get("valid_to", "")),
            actor=g.actor,
        )
    except BadInput as error:
        g.session.rollback()
        return _draw(form, sentence_of(error)), 422
    access.commit()
    flash(_("%(name)s may act in your name from now on.", name=delegation.delegate.full_name), "success")
    return redirect(url_for(".index"))


def _one(model: type[Any], id: str) -> Any:
    found = g.session.get(model, id)
    if found is None:
        raise BadInput(N_("Choose the unit and the person."))
    return found


def _day(written: str) -> date:
    found = read_day(written)
    if found is None:
        raise BadInput(N_("Write both days as day/month/year, for instance 03/12/2026."))
    return found


@bp.post("/<id>/end")
@guarded(Action.DELEGATION_READ)
def end(id: str) -> Any:
    """End a delegation at once."""
    delegation = g.session.scalar(
        select(Delegation).where(
            Delegation.id == id,
            (Delegation.head_id == g.actor.account_id) | (Delegation.delegate_id == g.actor.account_id),
        )
    )
    if delegation is None:
        raise NotFound()
    delegations.end(g.session, delegation, actor=g.actor)
    access.commit()
    flash(_("The delegation has ended."), "success")
    return redirect(url_for(".index"))
