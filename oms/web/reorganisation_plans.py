"""The forms of a plan that is still a draft: the decision, the changes one by one, and who goes where in a split."""

from collections import defaultdict
from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import custody
from oms import reorganisation as reorganising
from oms.errors import N_, BadInput, Conflict, NotFound, OmsError
from oms.models import Reorganisation, ReorganisationState, UnitKind
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.reorganisation_forms import KINDS, NEW_KINDS, choices_of, read_change, used_by
from oms.web.reorganisation_words import sentence_of as say

bp = Blueprint("reorganisation_plans", __name__, url_prefix="/reorganisations")

KIND = "any({}):kind".format(", ".join(f"'{kind}'" for kind in KINDS))


@bp.get("/new")
@guarded(Action.REORGANISATION_PREPARE)
def new() -> str:
    """The form of the decision that a new plan carries out."""
    return _decision_form(None)


@bp.post("/new")
@guarded(Action.REORGANISATION_PREPARE)
def create() -> ResponseReturnValue:
    """Begin a plan; its changes are written down next."""
    try:
        change = reorganising.draft(g.session, (), **_decision(), actor=g.actor)
    except BadInput as error:
        return _decision_form(None, error), error.status
    access.commit()
    flash(_("Plan %(number)s is begun. Add the changes of the decision.", number=change.number), "success")
    return redirect(url_for("reorganisations.show", id=change.id))


@bp.get("/<id>/decision")
@guarded(Action.REORGANISATION_PREPARE)
def decision(reorganisation: Reorganisation) -> str:
    """The form of the decision of a draft."""
    _look(reorganisation)
    return _decision_form(reorganisation)


@bp.post("/<id>/decision")
@guarded(Action.REORGANISATION_PREPARE)
def correct(reorganisation: Reorganisation) -> ResponseReturnValue:
    """Write the decision down anew."""
    try:
        reorganising.correct(g.session, reorganisation, **_decision(), actor=g.actor, version=_version())
    except BadInput as error:
        return _decision_form(reorganisation, error), error.status
    return _saved(reorganisation)


def _version() -> int | None:
    return request.form.get("version", type=int)


def _decision() -> dict[str, Any]:
    form = request.form
    return {
        "decision_number": form.get("decision_number", ""),
        "decided_on": _needed_day("decided_on"),
        "decision_body": form.get("decision_body", ""),
        "effective_on": _needed_day("effective_on"),
    }


def _needed_day(name: str) -> date:
    found = read_day(request.form.get(name, ""))
    if found is None:
        raise BadInput(N_("Write the day of the decision and the day of effect as day/month/year."))
    return found


def _decision_form(change: Reorganisation | None, problem: OmsError | None = None) -> str:
    names = ("decision_number", "decided_on", "decision_body", "effective_on")
    kept = {name: getattr(change, name) if change else "" for name in names}
    return render_template(
        "reorganisations/decision.html",
        change=change,
        values={name: request.form.get(name, kept[name]) for name in names},
        problem=sentence_of(problem) if problem else "",
    )


@bp.get(f"/<id>/changes/<{KIND}>")
@guarded(Action.REORGANISATION_PREPARE)
def new_change(reorganisation: Reorganisation, kind: str) -> str:
    """The form of one more change."""
    _look(reorganisation)
    return _change_form(reorganisation, kind, None, {})


@bp.post(f"/<id>/changes/<{KIND}>")
@guarded(Action.REORGANISATION_PREPARE)
def add_change(reorganisation: Reorganisation, kind: str) -> ResponseReturnValue:
    """Put one more change at the end of the plan."""
    return _save(reorganisation, kind, None)


@bp.get("/<id>/changes/<int:number>")
@guarded(Action.REORGANISATION_PREPARE)
def edit_change(reorganisation: Reorganisation, number: int) -> str:
    """The form of a change that is in the plan."""
    _look(reorganisation)
    row = _row(reorganisation, number)
    if row["kind"] not in KINDS:
        raise Conflict(N_("A change of this kind is written in a plan file. Remove it here, or load the file anew."))
    return _change_form(reorganisation, row["kind"], number, row)


@bp.post("/<id>/changes/<int:number>")
@guarded(Action.REORGANISATION_PREPARE)
def save_change(reorganisation: Reorganisation, number: int) -> ResponseReturnValue:
    """Put the change in the place of the old one."""
    kind = _row(reorganisation, number)["kind"]
    if kind not in KINDS:
        raise NotFound()
    return _save(reorganisation, kind, number)


def _look(change: Reorganisation) -> None:
    """A form is of use only while the plan is a draft."""
    reorganising.view(g.session, change, actor=g.actor)
    if change.state != ReorganisationState.DRAFT:
        raise Conflict(N_("This plan is no draft any more. Have it given back before you change it."))


def _row(change: Reorganisation, number: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = change.plan["changes"]
    if not 1 <= number <= len(rows):
        raise NotFound(N_("The plan has no such change any more. Reload the plan."))
    return rows[number - 1]


def _save(change: Reorganisation, kind: str, number: int | None) -> ResponseReturnValue:
    row, problems = read_change(kind, change, number - 1 if number else None)
    if problems:
        return _change_form(change, kind, number, row, problems), 422
    rows = list(change.plan["changes"])
    if number:
        rows[number - 1] = row
    else:
        rows.append(row)
    reorganising.revise(g.session, change, changes=rows, actor=g.actor, version=_version())
    return _saved(change)


def _saved(change: Reorganisation) -> ResponseReturnValue:
    access.commit()
    flash(_("The plan is saved. What was tried out before no longer counts: try it out again."), "success")
    return redirect(url_for("reorganisations.show", id=change.id, _anchor="changes"))


def _change_form(
    change: Reorganisation,
    kind: str,
    number: int | None,
    row: dict[str, Any],
    problems: list[tuple[str, str]] | None = None,
) -> str:
    label, what, icon = KINDS[kind]
    choices = choices_of(change, None if number is None else number - 1)
    return render_template(
        "reorganisations/change.html",
        change=change,
        kind=kind,
        number=number,
        row={"name": "", "host_name": "", "symbol": "", "parent": "", "unit": "", "unit_kind": "", "external": ""}
        | row,
        choices=[(choice.code, choice.name, choice.note) for choice in choices],
        options=[(choice.code, f"{choice.name} – {choice.note}") for choice in choices],
        unit_kinds=[(one.value, _(one.label)) for one in NEW_KINDS],
        grassroots=UnitKind.GRASSROOTS_COMMITTEE.value,
        label=_(label),
        what=_(what),
        icon=icon,
        problems=problems or [],
        homeless=reorganising.homeless(g.session, change) if kind == "reparent" and number is None else [],
        outside=[body.name for body in custody.outside_bodies(g.session)] if kind == "transfer_out" else [],
        errors=defaultdict(str, problems or []),
    )


@bp.post("/<id>/changes/<int:number>/<any('up', 'down', 'remove'):move>")
@guarded(Action.REORGANISATION_PREPARE)
def move_change(reorganisation: Reorganisation, number: int, move: str) -> ResponseReturnValue:
    """One place up or down, or out of the plan."""
    row = _row(reorganisation, number)
    rows = list(reorganisation.plan["changes"])
    if move == "remove":
        users = [user for user in used_by(rows, row["code"]) if user != number] if row["kind"] == "create" else []
        if users:
            raise Conflict(N_("Change %(number)s names this unit. Edit or remove that one first."), number=users[0])
        del rows[number - 1]
    else:
        other = number - 2 if move == "up" else number
        if not 0 <= other < len(rows):
            raise Conflict(N_("The change is at the end of the list already. Reload the plan."))
        rows[number - 1], rows[other] = rows[other], rows[number - 1]
    reorganising.revise(g.session, reorganisation, changes=rows, actor=g.actor, version=_version())
    return _saved(reorganisation)


@bp.get("/<id>/changes/<int:number>/people")
@guarded(Action.REORGANISATION_PREPARE)
def people(reorganisation: Reorganisation, number: int) -> str:
    """Who goes where when a unit has several successors."""
    row = _row(reorganisation, number)
    if len(row.get("to", ())) < 2:
        raise NotFound(N_("This change has one successor: everybody goes there."))
    name, page = request.args.get("name", "")[:120], max(1, request.args.get("page", 1, type=int))
    found, total = reorganising.people_of(g.session, reorganisation, number - 1, actor=g.actor, name=name, page=page)
    names = reorganising.names_of(g.session, reorganisation)
    return render_template(
        "reorganisations/people.html",
        change=reorganisation,
        number=number,
        sentence=say(row, names),
        targets=[(code, names.get(code, code)) for code in row["to"]],
        by_name=row["kind"] == "dissolve",
        unsaid=_("not chosen yet") if row["kind"] == "dissolve" else _("where the unit goes"),
        members=row.get("members_to", {}),
        found=found,
        name=name,
        page=page,
        pages=max(1, -(-total // reorganising.PEOPLE_A_PAGE)),
        total=total,
        placed=reorganising.placed_people(reorganisation),
    )


@bp.post("/<id>/changes/<int:number>/people")
@guarded(Action.REORGANISATION_PREPARE)
def place_people(reorganisation: Reorganisation, number: int) -> ResponseReturnValue:
    """Keep what was chosen on this page; people of other pages stay as they were."""
    row = _row(reorganisation, number)
    targets: list[str] = list(row.get("to", ()))
    choices = dict(reorganisation.plan.get("choices", {}))
    for field, code in request.form.items():
        if not field.startswith("person-"):
            continue
        person = field.removeprefix("person-")
        if code in targets:
            choices[person] = code
        else:
            choices.pop(person, None)
    reorganising.revise(g.session, reorganisation, choices=choices, actor=g.actor, version=_version())
    access.commit()
    flash(_("Kept. People who are not chosen go where their unit goes."), "success")
    name, page = request.form.get("name", "") or None, request.form.get("page", type=int)
    return redirect(url_for(".people", id=reorganisation.id, number=number, name=name, page=page))


@bp.post("/<id>/changes/<int:number>/everybody")
@guarded(Action.REORGANISATION_PREPARE)
def place_everybody(reorganisation: Reorganisation, number: int) -> ResponseReturnValue:
    """All people of the list, or those whose name fits, to one successor."""
    row, form = _row(reorganisation, number), request.form
    if len(row.get("to", ())) < 2:
        raise NotFound(N_("This change has one successor: everybody goes there."))
    name, code = form.get("name", "")[:120], form.get("everybody", "")
    count = reorganising.place_everybody(
        g.session, reorganisation, number - 1, code, name=name, actor=g.actor, version=_version()
    )
    access.commit()
    flash(_("Kept for %(count)s people.", count=count), "success")
    return redirect(url_for(".people", id=reorganisation.id, number=number, name=name or None))


@bp.post("/<id>/changes/<int:number>/others")
@guarded(Action.REORGANISATION_PREPARE)
def place_others(reorganisation: Reorganisation, number: int) -> ResponseReturnValue:
    """Who takes those for whom neither a choice nor their unit says it, and how many members each successor gets."""
    row = dict(_row(reorganisation, number))
    targets: list[str] = list(row.get("to", ()))
    first = request.form.get("first", "")
    if first in targets:
        row["to"] = [first, *(code for code in targets if code != first)]
    counts = {code: request.form.get(f"members-{code}", type=int) for code in targets}
    row["members_to"] = {code: count for code, count in counts.items() if count is not None and count >= 0}
    if not row["members_to"]:
        del row["members_to"]
    rows = list(reorganisation.plan["changes"])
    rows[number - 1] = row
    reorganising.revise(g.session, reorganisation, changes=rows, actor=g.actor, version=_version())
    access.commit()
    flash(_("Kept."), "success")
    return redirect(url_for(".people", id=reorganisation.id, number=number))
