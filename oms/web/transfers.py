"""Pages of the hand-over: what waits, preparing, one transfer with its steps."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import custody, dossiers, membership, organisation, packages, protection_flags
from oms.custody import Route, Step, mass
from oms.errors import N_, BadInput
from oms.models import OPEN_STATES, CheckOutcome, Dossier, Transfer, TransferState, Unit
from oms.permissions import Action, can, require
from oms.web import access, readiness, work
from oms.web.days import read_day
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
    TransferState.ARRIVED: "info",
    TransferState.ACCEPTED: "success",
    TransferState.ACCEPTED_WITH_RESERVATIONS: "warning",
    TransferState.REJECTED: "danger",
    TransferState.CANCELLED: "neutral",
    TransferState.LOST: "danger",
}
# Until the dispatch everybody concerned sees what still keeps the dossier here.
UNSENT = frozenset({TransferState.DRAFT, TransferState.SUBMITTED, TransferState.APPROVED})
ICONS = {
    "approve": "check-lg",
    "dispatch": "truck",
    "accept": "check-lg",
    "submit": "arrow-right",
    "slip-returned": "check-lg",
    "confirm": "check-lg",
}


@bp.get("")
@access.guarded(Action.TRANSFER_READ)
def index() -> ResponseReturnValue:
    """Three lists: what waits for me, what is open, what is closed."""
    tab = request.args.get("tab", "waiting")
    tab = tab if tab in ("waiting", "open", "late", "closed") else "waiting"
    page = max(request.args.get("page", 1, type=int), 1)
    waiting = custody.waiting_for(g.session, actor=g.actor)
    opened, closed = custody.count_transfers(g.session, actor=g.actor)
    late = custody.overdue(g.session, actor=g.actor)
    late_batches = mass.overdue(g.session, actor=g.actor)
    open_batches = mass.list_batches(g.session, actor=g.actor, open_only=True)
    due_batches = [one for one in open_batches if one.due]
    batches = {"waiting": due_batches, "open": open_batches, "closed": []}.get(
        tab, [one for one in open_batches if one.batch in [batch for batch, _day, _count in late_batches]]
    )
    if tab == "waiting":
        shown = [transfer for transfer, _steps in waiting]
    elif tab == "open":
        shown = custody.list_transfers(g.session, actor=g.actor, open_only=True, single_only=True)
    elif tab == "late":
        shown = [transfer for transfer, _due in late]
    else:
        offset = (page - 1) * PAGE_SIZE
        shown = custody.list_transfers(g.session, actor=g.actor, closed_only=True, limit=PAGE_SIZE, offset=offset)
    custody.look_at_list(g.session, actor=g.actor, shown=len(shown))
    return render_template(
        "transfers/index.html",
        tab=tab,
        transfers=shown,
        steps={transfer.id: steps for transfer, steps in waiting},
        batches=batches,
        late={batch.id: day for batch, day, _count in late_batches},
        counts={
            "waiting": len(waiting) + len(due_batches),
            "open": opened + len(open_batches),
            "late": len(late) + len(late_batches),
            "closed": closed,
        },
        due={transfer.id: day for transfer, day in late},
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
    receiver: Unit | None = None
    try:
        receiver = _receiver()
        if receiver is None:
            raise BadInput(N_("Choose the unit that receives the dossier."))
        transfer = custody.prepare(g.session, dossier, receiver, reason, actor=g.actor, proof=read_proof(dossier))
    except BadInput as error:
        where = "unit" if receiver is None else "reason" if not reason.strip() else "basis_number"
        return _form(dossier, problem=(error, where)), error.status
    access.commit()
    flash(
        _("Transfer %(number)s is prepared. Submit it for approval when it is right.", number=transfer.number),
        "success",
    )
    return redirect(url_for(".show", id=transfer.id))


def _receiver() -> Unit | None:
    """The unit chosen, or the body outside that was named."""
    if outside := request.form.get("outside", "").strip():
        return custody.find_outside_body(g.session, outside, actor=g.actor)
    found: Unit | None = g.session.get(Unit, request.form.get("unit", ""))
    return found


def read_proof(dossier: Dossier) -> custody.Proof:
    """The proof of entitlement of a form: number, day, or a document of the contents list."""
    chosen = request.form.get("proof", "")
    listed = {document.id: document for document in dossiers.contents(g.session, dossier)} if chosen else {}
    return custody.Proof(
        request.form.get("basis_number", ""), read_day(request.form.get("basis_on", "")), listed.get(chosen)
    )


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
        documents=[(document.id, document.title) for document in dossiers.contents(g.session, dossier)],
        outside=[body.name for body in custody.outside_bodies(g.session)],
        form=request.form,
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
        flag=protection_flags.moves_apart(g.session, transfer.dossier, actor=g.actor),
        units={"from": transfer.from_unit, "to": transfer.to_unit, "approving": transfer.approving_unit},
        tone=TONES[transfer.state],
        stages=_stages(transfer),
        next_sentence=_(sentence) % values,
        is_open=transfer.state in OPEN_STATES,
        mine=bool(steps),
        late=_is_late(transfer),
        # A loss is declared on a page of its own, where a second person signs.
        buttons=[_button(transfer, step) for step in steps if step.end != TransferState.LOST],
        may_declare_lost=custody.may_declare_lost(transfer, actor=g.actor),
        events=[_event(event) for event in custody.events_of(g.session, transfer)],
        may_open_dossier=can(g.actor, Action.DOSSIER_READ, transfer.dossier),
        batch=mass.batch_of(g.session, transfer, actor=g.actor),
        move=membership.move_with_transfer(g.session, transfer, actor=g.actor),
        prepared_it=g.actor.account_id == transfer.prepared_by_id,
        issued=_issued,
        preparing=transfer.state in UNSENT,
        readiness=_readiness(transfer),
        documents=_choices_of_proof(transfer),
        may_read_list=custody.may_read_list(transfer, actor=g.actor),
        proofs=custody.proofs(g.session, transfer),
        may_add_proof=custody.may_add_proof(transfer, actor=g.actor),
        may_destroy=can(g.actor, Action.TRANSFER_SEND, transfer) or can(g.actor, Action.TRANSFER_RECEIVE, transfer),
        may_bring=custody.may_bring(transfer, actor=g.actor),
        may_relist=custody.may_relist(transfer, actor=g.actor),
        lines=_lines(transfer),
        may_check=custody.may_check(transfer, actor=g.actor),
        may_settle=custody.may_settle(transfer, actor=g.actor),
        outcomes=[(one.value, _(one.label)) for one in CheckOutcome if one != CheckOutcome.EXTRA],
        outcome_tones=OUTCOME_TONES,
        packages=packages.of_transfer(g.session, transfer, actor=g.actor),
        may_pack=transfer.state == TransferState.IN_TRANSIT and can(g.actor, Action.TRANSFER_SEND, transfer),
    )


def _lines(transfer: Transfer) -> list[custody.Line]:
    """The list with what was found of it; after the hand-over the other side sees what is to be settled, no more."""
    if custody.may_read_list(transfer, actor=g.actor):
        return custody.lines(g.session, transfer)
    return custody.discrepancies(g.session, transfer)


OUTCOME_TONES = {
    CheckOutcome.PRESENT: "success",
    CheckOutcome.MISSING: "danger",
    CheckOutcome.DAMAGED: "warning",
    CheckOutcome.DIFFERENT: "warning",
    CheckOutcome.EXTRA: "info",
}


def _readiness(transfer: Transfer) -> list[dict[str, Any]]:
    """The lines of the readiness check with their cures."""
    if transfer.state not in UNSENT:
        return []
    return readiness.told(custody.readiness(g.session, transfer), transfer.dossier)


def _choices_of_proof(transfer: Transfer) -> list[tuple[str, str]]:
    if transfer.state != TransferState.DRAFT or not can(g.actor, Action.TRANSFER_PREPARE, transfer):
        return []
    return [(document.id, document.title) for document in dossiers.contents(g.session, transfer.dossier)]


@bp.post("/<id>/proof")
@access.guarded(Action.TRANSFER_PREPARE)
def prove(transfer: Transfer) -> ResponseReturnValue:
    """Say anew what entitles the receiver."""
    custody.prove(g.session, transfer, read_proof(transfer.dossier), actor=g.actor)
    access.commit()
    flash(_("The proof is entered."), "success")
    return redirect(url_for(".show", id=transfer.id))


@bp.post("/<id>/checks/<int:position>")
@access.guarded(Action.TRANSFER_RECEIVE)
def check(transfer: Transfer, position: int) -> ResponseReturnValue:
    """One line of the list, checked on arrival."""
    outcome = request.form.get("outcome", "")
    if outcome not in set(CheckOutcome):
        raise BadInput(N_("Choose what was found of this line."))
    note = request.form.get("note", "")
    custody.tick(g.session, transfer, position, CheckOutcome(outcome), note, actor=g.actor)
    access.commit()
    return redirect(url_for(".show", id=transfer.id, _anchor=f"line-{position}"))


@bp.post("/<id>/checks/rest")
@access.guarded(Action.TRANSFER_RECEIVE)
def check_rest(transfer: Transfer) -> ResponseReturnValue:
    """All lines not yet looked at are complete."""
    count = custody.tick_rest(g.session, transfer, actor=g.actor)
    access.commit()
    flash(_("%(count)s lines are written down as complete.", count=count), "success")
    return redirect(url_for(".show", id=transfer.id, _anchor="check"))


@bp.post("/<id>/checks/extra")
@access.guarded(Action.TRANSFER_RECEIVE)
def check_extra(transfer: Transfer) -> ResponseReturnValue:
    """A paper that lay there without being on the list."""
    custody.add_extra(g.session, transfer, request.form.get("note", ""), actor=g.actor)
    access.commit()
    return redirect(url_for(".show", id=transfer.id, _anchor="check"))


@bp.post("/<id>/discrepancies/<int:position>")
@access.guarded(Action.TRANSFER_READ)
def settle(transfer: Transfer, position: int) -> ResponseReturnValue:
    """How a discrepancy was settled."""
    custody.settle(g.session, transfer, position, request.form.get("how", ""), actor=g.actor)
    access.commit()
    flash(_("The discrepancy is settled."), "success")
    return redirect(url_for(".show", id=transfer.id, _anchor="check"))


@work.source
def due_here() -> list[work.Due]:
    """Transfers that stand too long, for those who may move them on and for the heads of both units; discrepancies."""
    if not g.actor.has(Action.TRANSFER_READ):
        return []
    late = [
        work.Due(
            title=_("Transfer %(number)s stands too long", number=transfer.number),
            url=url_for("transfers.show", id=transfer.id),
            text=_("%(from)s → %(to)s", **{"from": transfer.from_unit.short_name, "to": transfer.to_unit.short_name}),
            meta=_("%(state)s, due %(day)s", state=_(transfer.state.label), day=day(due)),
            icon="arrow-left-right",
            status=(_("Overdue"), "danger"),
            late=True,
        )
        for transfer, due in custody.overdue(g.session, actor=g.actor)
    ]
    today = organisation.today()
    return late + [
        work.Due(
            title=_("Discrepancies of transfer %(number)s", number=transfer.number),
            url=url_for("transfers.show", id=transfer.id, _anchor="check"),
            text=_("%(from)s → %(to)s", **{"from": transfer.from_unit.short_name, "to": transfer.to_unit.short_name}),
            meta=_("settle by %(day)s", day=day(until)),
            icon="exclamation-triangle",
            status=(_("Overdue"), "danger") if until < today else None,
            late=until < today,
        )
        for transfer, until in custody.unsettled(g.session, actor=g.actor)
    ]


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
        paper_came=request.form.get("paper") != "no",
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
    way = custody.way_of(transfer)
    states = [state for state, _label in way]
    ended = transfer.state in (TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS)
    stopped = not transfer.state.is_open and not ended
    reached = len(states) if ended else -1 if stopped else states.index(transfer.state)
    stages: list[dict[str, Any]] = [
        {"label": _(label), "state": "done" if place < reached else "current" if place == reached else "open"}
        for place, (_state, label) in enumerate(way)
    ]
    if stopped:
        last = custody.stopped_at(g.session, transfer)
        last = last if last in states else states[0]
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
        "paper": not (step.outside or step.confirms)
        and step.end in (TransferState.ACCEPTED, TransferState.ACCEPTED_WITH_RESERVATIONS),
        "reason_hint": _("The reason is kept in the log and shown to the other unit."),
    }


def _event(event: Any) -> dict[str, Any]:
    tones = {"reject": "danger", "cancel": "neutral", "return": "warning", "recall": "warning", "accept": "success"}
    return {
        "label": _(custody.event_label(event)),
        "at": event.at,
        "who": " + ".join(one.full_name for one in (event.taken_by, event.second) if one is not None),
        "note": event.reason,
        "tone": tones.get(event.step, "info"),
        "icon": {"reject": "x-lg", "cancel": "x-lg", "return": "reply", "recall": "reply"}.get(event.step, "check-lg"),
    }
