"""Disposals over HTTP: the schedule, what is due, proposing, deciding, destroying by two people, the certificate."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from oms import disposal as disposals
from oms.errors import N_, BadInput, Conflict, OmsError, Refused
from oms.models import Account, Disposal, DisposalState, Unit
from oms.permissions import Action, can
from oms.web import access, two_people, work
from oms.web.access import guarded, house
from oms.web.days import read_day
from oms.web.errors import sentence_of

bp = Blueprint("disposal", __name__, url_prefix="/disposals")
TONES = {
    DisposalState.PROPOSED: "info",
    DisposalState.APPROVED: "warning",
    DisposalState.EXECUTED: "neutral",
    DisposalState.REFUSED: "danger",
}


@work.source
def due_of_mine() -> list[work.Due]:
    """Disposals that wait for this head."""
    if not g.actor.has(Action.DISPOSAL_DECIDE):
        return []
    return [
        work.Due(
            title=_("Decide on disposal %(number)s", number=one.number),
            url=url_for("disposal.show", id=one.id),
            icon="trash",
        )
        for one in disposals.to_decide(g.session, actor=g.actor)
    ]


@bp.get("")
@guarded(Action.DISPOSAL_READ)
def index() -> str:
    """The schedule in force, and the disposals of the unit."""
    return render_template(
        "disposal/index.html",
        rules=disposals.schedule(),
        disposals=disposals.list_disposals(g.session, actor=g.actor),
        tones=TONES,
    )


@bp.get("/new/<rule_id>")
@guarded(Action.DISPOSAL_PROPOSE)
def new(rule_id: str) -> str:
    """What is due under a rule, and the form of a proposal."""
    return _form(rule_id)


def _form(rule_id: str, problem: str = "") -> str:
    rule = next((rule for rule in disposals.schedule() if rule.id == rule_id and not rule.permanent), None)
    if rule is None:
        raise Refused(N_("The schedule keeps this for ever, or does not know it. It is never proposed for disposal."))
    names = ("council", "minutes", "minutes_on", "legal_reason", "unit")
    scans = disposals.due(g.session, rule, actor=g.actor)
    disposals.look_at_due(g.session, actor=g.actor, shown=len(scans))
    units = {scan.dossier.custodian_id: scan.dossier.custodian.name for scan in scans}
    return render_template(
        "disposal/new.html",
        rule=rule,
        scans=scans,
        units=sorted(units.items(), key=lambda unit: unit[1]),
        chosen=request.form.getlist("scans"),
        typed={name: request.form.get(name, "") for name in names},
        problem=problem,
    )


@bp.post("/new/<rule_id>")
@guarded(Action.DISPOSAL_PROPOSE)
def propose(rule_id: str) -> Any:
    """Propose what the council let go."""
    form = request.form
    try:
        unit = g.session.get(Unit, form.get("unit", ""))
        minutes_on = read_day(form.get("minutes_on", ""))
        if unit is None or minutes_on is None:
            raise BadInput(N_("Choose the unit, and write the day of the minutes as day/month/year."))
        found = disposals.propose(
            g.session,
            unit,
            rule_id,
            form.getlist("scans"),
            council=form.get("council", "").splitlines(),
            minutes=form.get("minutes", ""),
            minutes_on=minutes_on,
            legal_reason=form.get("legal_reason", ""),
            actor=g.actor,
        )
    except (BadInput, Conflict) as error:
        g.session.rollback()
        return _form(rule_id, sentence_of(error)), 422
    access.commit()
    flash(_("Disposal %(number)s waits for the head.", number=found.number), "success")
    return redirect(url_for(".show", id=found.id))


@bp.get("/<id>")
@guarded(Action.DISPOSAL_READ)
def show(disposal: Disposal) -> str:
    """One disposal: minutes, council, decision, certificate."""
    return _draw(disposal)


def _draw(found: Disposal, problem: OmsError | None = None) -> str:
    disposals.view(g.session, found, actor=g.actor)
    by_dossier: dict[str, int] = {}
    for item in found.items:
        by_dossier[item.dossier.number] = by_dossier.get(item.dossier.number, 0) + 1
    people = {id: g.session.get_one(Account, id).full_name for id in _people(found)}
    return render_template(
        "disposal/show.html",
        disposal=found,
        rule=next((rule for rule in disposals.schedule() if rule.id == found.rule_id), None),
        by_dossier=sorted(by_dossier.items()),
        people=people,
        tone=TONES[found.state],
        decides=can(g.actor, Action.DISPOSAL_DECIDE, found)
        and found.state == DisposalState.PROPOSED
        and found.proposed_by_id != g.actor.account_id,
        destroys=g.actor.has(Action.DISPOSAL_PROPOSE) and found.state == DisposalState.APPROVED,
        problem=sentence_of(problem) if problem else "",
        typed=two_people.typed("reason"),
    )


def _people(found: Disposal) -> set[str]:
    return {id for id in (found.proposed_by_id, found.decided_by_id, found.executed_by_id) if id}


@bp.post("/<id>/decide")
@guarded(Action.DISPOSAL_DECIDE)
def decide(disposal: Disposal) -> Any:
    """Approve or refuse."""
    _decide(disposal)
    access.commit()
    flash(_("Your decision is written down."), "success")
    return redirect(url_for(".show", id=disposal.id))


def _decide(found: Disposal) -> None:
    disposals.decide(
        g.session,
        found,
        approved=request.form.get("decision") == "approve",
        answer=request.form.get("reason", ""),
        actor=g.actor,
        version=request.form.get("version", type=int),
    )


@bp.post("/<id>/execute")
@guarded(Action.DISPOSAL_PROPOSE, model=Disposal, writing=False)
def execute(disposal: Disposal) -> Any:
    """Two people destroy what was approved."""
    id = disposal.id
    try:
        remove_files = _execute(id)
    except (BadInput, Refused, Conflict, *two_people.NOT_PROVED) as error:
        two_people.look_again(error)
        return _draw(access.load(Disposal, "id", id, g.actor), error), two_people.status_of(error)
    remove_files()
    flash(_("It is destroyed. The certificate and the minutes stay."), "success")
    return redirect(url_for(".show", id=id))


def _execute(id: str) -> Any:
    return two_people.decide(
        lambda session, second: disposals.execute(
            session, house().settings, session.get_one(Disposal, id), second=second, actor=g.actor
        )
    )
