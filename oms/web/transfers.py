"""Pages of the hand-over: what waits, preparing, one transfer with its steps."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import custody, dossiers, organisation
from oms.custody import Route, Step
from oms.errors import N_, BadInput
from oms.models import OPEN_STATES, Dossier, Transfer, TransferState, Unit
from oms.permissions import Action, can, require
from oms.web import access
from oms.web.errors import sentence_of
from oms.web.formats import day

bp = Blueprint("transfers", __name__, url_prefix="/transfers")

# Closed transfers of one page of the list.
PAGE_SIZE = 50
TONES = {
    TransferState.DRAFT: "neutral",
    TransferState.SUBMITTED: "info",
    TransferState.APPROVED: "info",
    TransferState.IN_TRANSIT: "info",
    TransferState.ACCEPTED: "success",
    TransferState.ACCEPTED_WITH_RESERVATIONS: "warning",
    TransferState.REJECTED: "danger",
    TransferState.CANCELLED: "neutral",
}
ICONS = {"approve": "check-lg", "dispatch": "truck", "accept": "check-lg", "submit": "arrow-right"}


@bp.get("")
@access.guarded(Action.TRANSFER_READ)
def index() -> ResponseReturnValue:
    """Three lists: what waits for me, what is open, what is closed."""
    tab = request.args.get("tab", "waiting")
    tab = tab if tab in ("waiting", "open", "closed") else "waiting"
    page = max(request.args.get("page", 1, type=int), 1)
    waiting = custody.waiting_for(g.session, actor=g.actor)
    opened, closed = custody.count_transfers(g.session, actor=g.actor)
    if tab == "waiting":
        shown = [transfer for transfer, _steps in waiting]
    elif tab == "open":
        shown = custody.list_transfers(g.session, actor=g.actor, open_only=True)
    else:
        offset = (page - 1) * PAGE_SIZE
        shown = custody.list_transfers(g.session, actor=g.actor, closed_only=True, limit=PAGE_SIZE, offset=offset)
    custody.look_at_list(g.session, actor=g.actor, shown=len(shown))
    return render_template(
        "transfers/index.html",
        tab=tab,
        transfers=shown,
        steps={transfer.id: steps for transfer, steps in waiting},
        counts={"waiting": len(waiting), "open": opened, "closed": closed},
        page=page,
        pages=max(1, -(-closed // PAGE_SIZE)),
        own=g.actor.units.get(Action.TRANSFER_READ, frozenset()),
        today=organisation.today(),
        tones=TONES,
    )


@bp.get("/new")
@access.guarded(Action.TRANSFER_PREPARE)
def new() -> ResponseReturnValue:
    """The form of a new transfer for ?dossier=, with who will approve."""
    if "dossier" not in request.args:
        return render_template("transfers/new.html", dossier=None)
    dossier: Dossier = access.load(Dossier, "id", request.args["dossier"], g.actor)
    g.thing = dossier
    require(g.actor, Action.DOSSIER_EDIT, dossier)
    dossiers.view(g.session, dossier, actor=g.actor)
    return _form(dossier)


@bp.post("/new")
@access.guarded(Action.TRANSFER_PREPARE)
def create() -> ResponseReturnValue:
    """Prepare the transfer and open it."""
    dossier: Dossier = access.load(Dossier, "id", request.form.get("dossier", ""), g.actor)
    g.thing = dossier
    reason = request.form.get("reason", "")
    try:
        receiver = g.session.get(Unit, request.form.get("unit", ""))
        if receiver is None:
            raise BadInput(N_("Choose the unit that receives the dossier."))
        transfer = custody.prepare(g.session, dossier, receiver, reason, actor=g.actor)
    except BadInput as error:
        return _form(dossier, problem=(error, "reason" if receiver and not reason.strip() else "unit")), error.status
    access.commit()
    flash(
        _("Transfer %(number)s is prepared. Submit it for approval when it is right.", number=transfer.number),
        "success",
    )
    return redirect(url_for(".show", id=transfer.id))


def _form(dossier: Dossier, problem: tuple[BadInput, str] | None = None) -> str:
    routes: list[Route] = custody.routes(g.session, dossier.custodian)
    receivers = sorted({unit for route in routes for unit in route.receivers}, key=lambda unit: unit.code)
    return render_template(
        "transfers/new.html",
        dossier=dossier,
        person=dossier.person,
        routes=routes,
        options=[(unit.id, unit.name) for unit in receivers],
        open_transfer=custody.open_transfer_of(g.session, dossier),
        problem=(problem[1], sentence_of(problem[0])) if problem else None,
        chosen=request.form.get("unit", request.args.get("unit", "")),
        reason=request.form.get("reason", ""),
    )


@bp.get("/<id>")
@access.guarded(Action.TRANSFER_READ)
def show(transfer: Transfer) -> ResponseReturnValue:
    """One transfer: how it stands, what is sent, what happened, and the steps open to the reader."""
    custody.view(g.session, transfer, actor=g.actor)
    sentence, values = custody.what_next(transfer)
    steps = custody.steps_open_to(transfer, actor=g.actor)
    return render_template(
        "transfers/show.html",
        transfer=transfer,
        dossier=transfer.dossier,
        person=transfer.dossier.person,
        units={"from": transfer.from_unit, "to": transfer.to_unit, "approving": transfer.approving_unit},
        tone=TONES[transfer.state],
        stages=_stages(transfer),
        next_sentence=_(sentence) % values,
        is_open=transfer.state in OPEN_STATES,
        mine=bool(steps),
        late=_is_late(transfer),
        buttons=[_button(transfer, step) for step in steps],
        events=[_event(event) for event in custody.events_of(g.session, transfer)],
        may_open_dossier=can(g.actor, Action.DOSSIER_READ, transfer.dossier),
        prepared_it=g.actor.account_id == transfer.prepared_by_id,
        issued=_issued,
    )


@bp.post("/<id>/<any({}):step>".format(", ".join(f"'{name}'" for name in custody.STEP_NAMES)))
@access.guarded(Action.TRANSFER_READ)
def take(transfer: Transfer, step: str) -> ResponseReturnValue:
    """Take one step; afterwards the transfer, or the list where it no longer concerns the reader."""
    arrow = custody.choose_step(transfer, step, actor=g.actor)
    custody.take(
        g.session,
        arrow,
        transfer,
        actor=g.actor,
        reason=request.form.get("reason", ""),
        version=request.form.get("version", type=int),
    )
    access.commit()
    flash(_("Transfer %(number)s: %(state)s.", number=transfer.number, state=_(transfer.state.label)), "success")
    if can(g.actor, Action.TRANSFER_READ, transfer):
        return redirect(url_for(".show", id=transfer.id))
    return redirect(url_for(".index"))


def _issued(document: dict[str, Any]) -> str:
    """The date of a sealed document, as much of it as the paper says."""
    written = document["issued_on"]
    return day(date.fromisoformat(written), document.get("issued_precision")) if written else ""


def _is_late(transfer: Transfer) -> bool:
    return transfer.state in OPEN_STATES and transfer.due_on is not None and transfer.due_on < organisation.today()


def _stages(transfer: Transfer) -> list[dict[str, Any]]:
    """The step bar: every stage of the straight way as done, present or to come."""
    states = [state for state, _label in custody.WAY]
    ended = transfer.state in (TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS)
    stopped = not transfer.state.is_open and not ended
    reached = len(states) if ended else -1 if stopped else states.index(transfer.state)
    stages: list[dict[str, Any]] = [
        {"label": _(label), "state": "done" if place < reached else "current" if place == reached else "open"}
        for place, (_state, label) in enumerate(custody.WAY)
    ]
    if stopped:
        last = custody.stopped_at(g.session, transfer)
        for place, stage in enumerate(stages):
            stage["state"] = "done" if place < states.index(last) else "open"
        stages[states.index(last)] = {"label": _(transfer.state.label), "state": "stopped"}
    return stages


def _button(transfer: Transfer, step: Step) -> dict[str, Any]:
    danger = step.name in ("reject", "cancel")
    forward = step.name in ICONS
    question = custody.question_of(step)
    return {
        "name": f"{step.name}-{step.end}",
        "label": _(step.label),
        "url": url_for(".take", id=transfer.id, step=step.name),
        "tone": "danger" if danger else "primary" if forward else "secondary",
        "icon": ICONS.get(step.name, ""),
        "question": _(question) % {"unit": transfer.to_unit.name} if question else "",
        "needs_reason": step.needs_reason,
        "reason_hint": _("The reason is kept in the log and shown to the other unit."),
    }


def _event(event: Any) -> dict[str, Any]:
    tones = {"reject": "danger", "cancel": "neutral", "return": "warning", "recall": "warning", "accept": "success"}
    return {
        "label": _(custody.event_label(event)),
        "at": event.at,
        "who": event.taken_by.full_name,
        "note": event.reason,
        "tone": tones.get(event.step, "info"),
        "icon": {"reject": "x-lg", "cancel": "x-lg", "return": "reply", "recall": "reply"}.get(event.step, "check-lg"),
    }
