"""Reorganisations over HTTP: the list, one plan with its dry run or report, and the steps from draft to undo.

The forms of a plan that is still a draft are `oms.web.reorganisation_plans`.
"""

from collections.abc import Mapping
from typing import Any

import yaml
from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import organisation
from oms import reorganisation as reorganising
from oms.errors import N_
from oms.models import Reorganisation, ReorganisationState
from oms.permissions import Action, can, is_own
from oms.web import access, work
from oms.web.access import guarded
from oms.web.formats import day
from oms.web.formats import number as figure
from oms.web.reorganisation_forms import KINDS
from oms.web.reorganisation_words import blockers_of, kind_label, lines_of, people_url

bp = Blueprint("reorganisations", __name__, url_prefix="/reorganisations")

State = ReorganisationState
TONES = {
    State.DRAFT: "neutral",
    State.SUBMITTED: "info",
    State.APPROVED: "warning",
    State.EXECUTED: "success",
    State.UNDONE: "danger",
    State.CANCELLED: "neutral",
}
WAY = (
    (State.DRAFT, N_("Plan")),
    (State.SUBMITTED, N_("Approval")),
    (State.APPROVED, N_("Carrying out")),
    (State.EXECUTED, N_("Carried out")),
)
_ALWAYS = ("units_ended", "units_begun", "people", "dossiers")
SHOWN_RIGHTS = 200
"""Accounts that gain or lose that one page lists at most."""


@work.source
def due_of_mine() -> list[work.Due]:
    """Plans that wait for this head: to be approved, or to be carried out as their day has come."""
    if not g.actor.has(Action.REORGANISATION_APPROVE):
        return []
    return [
        work.Due(
            title=_("Decide about reorganisation %(number)s", number=change.number)
            if change.state == State.SUBMITTED
            else _("Carry reorganisation %(number)s out", number=change.number),
            url=url_for("reorganisations.show", id=change.id),
            text=_("Decision %(number)s of %(body)s", number=change.decision_number, body=change.decision_body),
            meta=_("takes effect on %(day)s", day=day(change.effective_on)),
            icon="diagram-3",
        )
        for change in reorganising.to_decide(g.session, actor=g.actor)
    ]


@bp.get("")
@guarded(Action.REORGANISATION_READ)
def index() -> str:
    """The reorganisations of the own board."""
    return render_template(
        "reorganisations/index.html",
        changes=reorganising.list_reorganisations(g.session, actor=g.actor),
        concerned=reorganising.has_board(g.session, actor=g.actor),
        tones=TONES,
    )


@bp.get("/<id>")
@guarded(Action.REORGANISATION_READ)
def show(reorganisation: Reorganisation) -> str:
    """One reorganisation: the plan in sentences, what it does or did, and the steps open to the reader."""
    change = reorganisation
    reorganising.view(g.session, change, actor=g.actor)
    told, report = reorganising.last_dry_run(change), reorganising.outcome_of(g.session, change)
    names = reorganising.names_of(g.session, change)
    lines = lines_of(change, names)
    return render_template(
        "reorganisations/show.html",
        change=change,
        tone=TONES[change.state],
        stages=_stages(change),
        next_sentence=_next(change),
        order=reorganising.latest_order(g.session, change),
        buttons=_buttons(change, ready=bool(lines) and not any(line.warning for line in lines)),
        edits=change.state == State.DRAFT and can(g.actor, Action.REORGANISATION_PREPARE, change),
        lines=lines,
        kinds=[(kind, _(label), _(what), icon) for kind, (label, what, icon) in KINDS.items()],
        kind_label=kind_label,
        told=told,
        report=report,
        blockers=blockers_of(change, told.blockers, names) if told else [],
        undecided=_undecided(change, told, names),
        unnamed=_unnamed(change),
        rights=_rights(told),
        names=names,
        counts=_counts(report or told),
        people=reorganising.placed_people(change),
        State=State,
    )


def _undecided(
    change: Reorganisation, told: reorganising.DryRun | None, names: Mapping[str, str]
) -> list[tuple[str, int, str]]:
    """Units of whose people the plan leaves some to the first successor: name, how many, where they are placed."""
    found = told.undecided.items() if told else ()
    return [(names.get(code, code), number, people_url(change, code, names)) for code, number in found]


def _unnamed(change: Reorganisation) -> str:
    """What a unit is called that a dry run told of and that is not there: a body outside, begun only in trial."""
    bodies = {row["external"]: None for row in change.plan["changes"] if row["kind"] == "transfer_out"}
    return ", ".join(bodies)


def _rights(told: reorganising.DryRun | None) -> list[tuple[str, str, int, int]]:
    """User name, name, gained and lost, the greatest loss first."""
    if told is None:
        return []
    known = reorganising.account_names(g.session, told)
    rows = [(name, known.get(name, name), gained, lost) for name, (gained, lost) in told.rights.items()]
    return sorted(rows, key=lambda row: (-row[3], -row[2], row[0]))[:SHOWN_RIGHTS]


def _counts(told: reorganising.DryRun | reorganising.Report | None) -> list[tuple[str, int]]:
    counts = told.counts if told else {}
    labels = reorganising.COUNT_LABELS.items()
    return [
        (_(label), counts.get(name, 0)) for name, label in labels if counts.get(name) or (counts and name in _ALWAYS)
    ]


def _stages(change: Reorganisation) -> list[dict[str, Any]]:
    states = [state for state, _label in WAY]
    over = change.state in (State.CANCELLED, State.UNDONE)
    done = change.state == State.EXECUTED
    reached = len(states) if done else _stopped_at(change) if over else states.index(change.state)
    stages: list[dict[str, Any]] = [
        {"label": _(label), "state": "done" if place < reached else "current" if place == reached else "open"}
        for place, (_state, label) in enumerate(WAY)
    ]
    if over:
        stages[reached] = {"label": _(change.state.label), "state": "stopped"}
    return stages


def _stopped_at(change: Reorganisation) -> int:
    if change.state == State.UNDONE:
        return 3
    return 2 if change.approved_by_id else 1 if change.preview_sha256 else 0


def _next(change: Reorganisation) -> Any:
    """What happens now and by whom, in one sentence."""
    board, from_day = change.board.short_name, day(change.effective_on)
    if change.state == State.APPROVED and change.effective_on > organisation.today():
        return _("It can be carried out from %(day)s on. Until then nothing changes.", day=from_day)
    if until := reorganising.may_undo_until(change):
        return _("Carried out. It can be undone until %(day)s.", day=day(until))
    if change.state == State.SUBMITTED and _decides(change):
        return _("Compare the plan with the decision and look at what it does; then approve it or give it back.")
    sentences = {
        State.DRAFT: _("Write the changes of the decision down, try them out, then submit the plan."),
        State.SUBMITTED: _("The head of %(unit)s decides. Until then nothing changes.", unit=board),
        State.APPROVED: _("Approved; the head of %(unit)s carries it out.", unit=board),
        State.EXECUTED: _("Carried out for good: what is wrong now is put right by a new decision."),
    }
    return sentences.get(change.state, change.reason)


def _decides(change: Reorganisation) -> bool:
    mine = is_own(g.actor, Action.REORGANISATION_APPROVE, change.board_id, change.prepared_by_id)
    return can(g.actor, Action.REORGANISATION_APPROVE, change) and not mine


def _buttons(change: Reorganisation, *, ready: bool) -> list[dict[str, Any]]:
    """The steps open to the reader, each with what it asks first."""
    prepares = can(g.actor, Action.REORGANISATION_PREPARE, change)
    heads = can(g.actor, Action.REORGANISATION_APPROVE, change)
    due = change.effective_on <= organisation.today()
    told = reorganising.last_dry_run(change)
    if reorganising.is_under_way(g.session, change):
        return []
    open_to: dict[str, bool] = {
        "submit": change.state == State.DRAFT and prepares and ready and told is not None and not told.blockers,
        "approve": change.state == State.SUBMITTED and _decides(change),
        "execute": change.state == State.APPROVED and heads and due,
        "undo": heads and reorganising.may_undo_until(change) is not None,
        "reopen": change.state in (State.SUBMITTED, State.APPROVED) and (heads or prepares),
        "cancel": change.state in (State.DRAFT, State.SUBMITTED, State.APPROVED) and prepares,
    }
    return [_button(change, step) for step, is_open in open_to.items() if is_open]


def _button(change: Reorganisation, step: str) -> dict[str, Any]:
    label, tone, icon, reason = _LOOKS[step]
    return {
        "name": step,
        "label": _(label),
        "url": url_for(".take", id=change.id, step=step),
        "tone": tone,
        "icon": icon,
        "question": _question(change, step),
        "needs_reason": bool(reason),
        "reason_label": _(reason) if reason else "",
        "reason_hint": _("The reason is kept in the log and shown with the plan."),
    }


# Step: label, tone, icon, and what its reason is called ("" where it needs none).
_LOOKS: Mapping[str, tuple[str, str, str, str]] = {
    "submit": (N_("Submit for approval"), "primary", "send", ""),
    "approve": (N_("Approve"), "primary", "check-lg", ""),
    "execute": (N_("Carry out now"), "danger", "diagram-3", ""),
    "undo": (N_("Undo the reorganisation"), "danger", "arrow-counterclockwise", N_("Why it is undone")),
    "reopen": (N_("Give back to be changed"), "secondary", "reply", N_("What is to be changed")),
    "cancel": (N_("Give the plan up"), "danger", "x-lg", N_("Why the plan is given up")),
}


def _question(change: Reorganisation, step: str) -> Any:
    told = reorganising.last_dry_run(change)
    counts = {name: figure(value) for name, value in told.counts.items()} if told else {}
    if step == "execute" and counts:
        return _(
            "%(units_ended)s units end, %(units_begun)s begin. %(people)s people, %(dossiers)s dossiers, "
            "%(transfers)s open transfers and %(roles)s roles pass to the successors at once, and whoever loses sight "
            "of a dossier loses it in the same moment. Backups are best made before.",
            **counts,
        )
    if step == "undo":
        return _("Every unit, person, dossier and role is put back exactly as it was before.")
    if step == "reopen" and change.state == State.APPROVED:
        return _("The approval ends; after the change the plan is tried out, submitted and approved anew.")
    return ""


@bp.get("/<id>/progress")
@guarded(Action.REORGANISATION_READ)
def progress(reorganisation: Reorganisation) -> str:
    """How the execution stands: a part of the page that is asked again and again, so it is no look of its own."""
    order = reorganising.latest_order(g.session, reorganisation)
    return render_template("reorganisations/_order.html", change=reorganisation, order=order, State=State)


@bp.post("/<id>/try")
@guarded(Action.REORGANISATION_PREPARE)
def try_out(reorganisation: Reorganisation) -> ResponseReturnValue:
    """Try the plan out; what it told is kept beside it."""
    version = request.form.get("version", type=int)
    told = reorganising.keep_dry_run(g.session, reorganisation, actor=g.actor, version=version)
    access.commit()
    if told.blockers:
        flash(_("Tried out: something stands in the way, see below. Nothing was changed."), "warning")
    else:
        flash(_("Tried out: the plan can be carried out as it is. Nothing was changed yet."), "success")
    return redirect(url_for(".show", id=reorganisation.id, _anchor="told"))


@bp.post("/<id>/<any({}):step>".format(", ".join(f"'{name}'" for name in reorganising.STEP_NAMES)))
@guarded(Action.REORGANISATION_READ)
def take(reorganisation: Reorganisation, step: str) -> ResponseReturnValue:
    """Take one step of the way."""
    reason, version = request.form.get("reason", ""), request.form.get("version", type=int)
    reorganising.take(g.session, reorganisation, step, actor=g.actor, reason=reason, version=version)
    access.commit()
    number, state = reorganisation.number, _(reorganisation.state.label)
    if step == "execute":
        flash(_("Reorganisation %(number)s is being carried out.", number=number), "info")
    else:
        flash(_("Reorganisation %(number)s: %(state)s.", number=number, state=state), "success")
    return redirect(url_for(".show", id=reorganisation.id))


@bp.get("/<id>/plan.yaml")
@guarded(Action.REORGANISATION_READ)
def download(reorganisation: Reorganisation) -> Response:
    """The plan as the file that `oms reorganise plan` reads."""
    change = reorganisation
    reorganising.view(g.session, change, actor=g.actor)
    names = ("decision_number", "decided_on", "decision_body", "effective_on")
    plan = {name: getattr(change, name) for name in names} | change.plan
    body = yaml.safe_dump(plan, allow_unicode=True, sort_keys=False, width=120)
    answer = Response(body, mimetype="application/yaml")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{change.number}.yaml")
    return answer
