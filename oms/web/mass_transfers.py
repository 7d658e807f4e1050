"""Pages of mass transfers: batches, choosing their dossiers, one batch with its members and the steps for all of them."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import audit, custody, intake, jobs, viruses
from oms.custody import mass
from oms.custody.mass import Act, Choice, Decision, Overview, Wanted
from oms.errors import N_, BadInput, Conflict, FileRefused
from oms.models import Category, JobState, MassTransfer, MassTransferRun, Transfer, TransferState, Unit
from oms.permissions import Action, can, require
from oms.web import access, looks, readiness, work
from oms.web.access import guarded, house
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import day
from oms.web.transfers import ICONS, TONES

bp = Blueprint("mass_transfers", __name__, url_prefix="/mass-transfers")

PAGE_SIZE = 30
_DANGER = frozenset({"reject", "refuse", "cancel"})
# What a person should know before an act that concerns many dossiers at once.
_QUESTIONS = {
    "submit": N_("%(count)s dossiers are given to the head for approval."),
    "approve": N_("%(count)s dossiers: each contents list is sealed now, and nothing in them can change on the way."),
    "dispatch": N_("%(count)s dossiers are sent. The time limit for receipt is running from now on."),
    "accept": N_("%(count)s dossiers pass to %(unit)s; the sending unit can no longer see them."),
    "slip-returned": N_("%(count)s dossiers pass to %(unit)s; nobody here can see them any more."),
    "check": N_("%(count)s dossiers: every line not yet looked at is written down as complete."),
    "cancel": N_("The transfers of %(count)s dossiers are cancelled. The dossiers stay where they are."),
}
STATES = (
    TransferState.DRAFT,
    TransferState.SUBMITTED,
    TransferState.APPROVED,
    TransferState.IN_TRANSIT,
    TransferState.ACCEPTED,
    TransferState.ACCEPTED_WITH_RESERVATIONS,
    TransferState.REJECTED,
    TransferState.CANCELLED,
    TransferState.LOST,
)
_OUT = frozenset({TransferState.DRAFT, TransferState.SUBMITTED, TransferState.APPROVED})


@bp.get("")
@guarded(Action.MASS_TRANSFER_READ)
def index() -> ResponseReturnValue:
    """All batches that concern the reader."""
    page = max(request.args.get("page", 1, type=int), 1)
    total = mass.count_batches(g.session, actor=g.actor)
    shown = mass.list_batches(g.session, actor=g.actor, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    mass.look_at_list(g.session, actor=g.actor, shown=len(shown))
    return render_template(
        "mass_transfers/index.html",
        batches=shown,
        late={batch.id: due for batch, due, _count in mass.overdue(g.session, actor=g.actor)},
        tones=TONES,
        page=page,
        pages=max(1, -(-total // PAGE_SIZE)),
        total=total,
    )


@bp.get("/new")
@guarded(Action.TRANSFER_PREPARE)
def new() -> ResponseReturnValue:
    """The form of a new batch."""
    return _form()


@bp.post("/new")
@guarded(Action.TRANSFER_PREPARE)
def create() -> ResponseReturnValue:
    """Begin the batch; the dossiers are chosen next."""
    form = request.form
    receiver: Unit | None = None
    try:
        receiver = _receiver()
        if receiver is None:
            raise BadInput(N_("Choose the unit that receives the dossiers."))
        decision = Decision(form.get("basis_number", ""), read_day(form.get("basis_on", "")), form.get("reason", ""))
        batch = mass.begin(g.session, _sender(), receiver, decision, actor=g.actor)
    except BadInput as error:
        where = "unit" if receiver is None else "basis_number" if form.get("reason", "").strip() else "reason"
        return _form((where, sentence_of(error))), error.status
    access.commit()
    flash(_("Batch %(number)s is begun. Choose its dossiers now.", number=batch.number), "success")
    return redirect(url_for(".choose", id=batch.id))


def _sender() -> Unit:
    units = mass.senders(g.session, actor=g.actor)
    chosen = request.form.get("sender", "")
    found = next((unit for unit in units if unit.id == chosen), units[0] if units and not chosen else None)
    if found is None:
        raise BadInput(N_("Choose the unit that sends the dossiers."))
    return found


def _receiver() -> Unit | None:
    if outside := request.form.get("outside", "").strip():
        return custody.find_outside_body(g.session, outside, actor=g.actor)
    found: Unit | None = g.session.get(Unit, request.form.get("unit", ""))
    return found


def _form(problem: tuple[str, str] | None = None) -> str:
    senders = mass.senders(g.session, actor=g.actor)
    routes = [route for sender in senders for route in custody.routes(g.session, sender)]
    receivers = sorted({unit for route in routes for unit in route.receivers}, key=lambda unit: unit.code)
    return render_template(
        "mass_transfers/new.html",
        senders=[(unit.id, unit.name) for unit in senders],
        receivers=[(unit.id, unit.name) for unit in receivers],
        outside=[body.name for body in custody.outside_bodies(g.session)],
        problem=problem,
        form=request.form,
    )


@bp.get("/<id>/dossiers")
@guarded(Action.MASS_TRANSFER_READ)
def choose(masstransfer: MassTransfer) -> ResponseReturnValue:
    """Choose dossiers: by a filter with a paged list, a list that is pasted, or a table."""
    require(g.actor, Action.TRANSFER_PREPARE, _alike(masstransfer))
    mass.view(g.session, masstransfer, actor=g.actor)
    return _choose(masstransfer)


def _alike(batch: MassTransfer) -> Transfer:
    return Transfer(from_unit_id=batch.from_unit_id)


def _wanted() -> Wanted:
    values = request.values
    category = values.get("category", "")
    return Wanted(
        values.get("unit", ""), Category(category) if category in set(Category) else None, values.get("name", "")
    )


def _choose(batch: MassTransfer, choice: Choice | None = None, problem: str = "") -> str:
    wanted, page = _wanted(), max(request.args.get("page", 1, type=int), 1)
    ids = mass.fitting(g.session, batch, wanted, actor=g.actor)
    shown = mass.load(g.session, ids[(page - 1) * PAGE_SIZE : page * PAGE_SIZE])
    return render_template(
        "mass_transfers/choose.html",
        batch=batch,
        dossiers=shown,
        units=[(unit.id, unit.name) for unit in mass.units_of(g.session, batch)],
        categories=[(category.value, _(category.label)) for category in Category],
        wanted=wanted,
        total=len(ids),
        page=page,
        pages=max(1, -(-len(ids) // PAGE_SIZE)),
        inside=mass.overview(g.session, batch, actor=g.actor).total,
        lines=request.form.get("lines", "") if choice is None else "\n".join(g.lines),
        faults=[
            {"row": fault.row, "wanted": fault.wanted, "sentence": _(fault.message, **fault.values)}
            for fault in (choice.faults if choice else ())
        ],
        fitting=len(choice.ids) if choice else 0,
        problem=problem,
    )


@bp.post("/<id>/dossiers")
@guarded(Action.MASS_TRANSFER_READ)
def add(masstransfer: MassTransfer) -> ResponseReturnValue:
    """Put dossiers into the batch and prepare their transfers; a list with faults comes back with them by row."""
    form = request.form
    try:
        if form.get("by") == "list":
            choice = mass.choose(g.session, _lines(), masstransfer.from_unit, actor=g.actor)
            if choice.faults and form.get("leave") != "1":
                return _choose(masstransfer, choice), 422
            ids = list(choice.ids)
        elif form.get("by") == "filter":
            ids = mass.fitting(g.session, masstransfer, _wanted(), actor=g.actor)
        else:
            ids = form.getlist("dossier")
        if not ids:
            raise BadInput(N_("Choose the dossiers first."))
    except (BadInput, FileRefused) as error:
        g.retry_after = error.values.get("seconds")
        return _choose(masstransfer, problem=sentence_of(error)), error.status
    count = mass.add(g.session, masstransfer, ids, actor=g.actor)
    if count:
        mass.order(g.session, masstransfer, "prepare", actor=g.actor)
        mass.start(g.session, masstransfer, actor=g.actor)
    access.commit()
    flash(_("%(count)s dossiers were added to the batch.", count=count), "success" if count else "info")
    return redirect(url_for(".show", id=masstransfer.id))


def _lines() -> list[str]:
    table = request.files.get("table")
    if table is not None and table.filename:
        body = table.read(mass.choosing.LARGEST_TABLE + 1)
        viruses.look_for(house().settings, body, intake.label_of(table.filename))
        g.lines = mass.read_table(table.filename, body)
    else:
        g.lines = mass.lines_of(request.form.get("lines", ""))
    lines: list[str] = g.lines
    return lines


@bp.get("/<id>")
@guarded(Action.MASS_TRANSFER_READ)
def show(masstransfer: MassTransfer) -> ResponseReturnValue:
    """One batch: how it stands, who is ready, the steps open to the reader, and what was done."""
    batch = masstransfer
    if not looks.asked_again("mass_transfer:view", batch.id):
        mass.view(g.session, batch, actor=g.actor)
    found, run = mass.overview(g.session, batch, actor=g.actor), mass.under_way(g.session, batch)
    deciding = found.counts.keys() & {None, TransferState.DRAFT, TransferState.SUBMITTED}
    red = mass.not_ready(g.session, batch, actor=g.actor) if deciding and run is None else {}
    chosen, page = request.args.get("show", ""), max(request.args.get("page", 1, type=int), 1)
    rows, total = mass.page_of(g.session, batch, actor=g.actor, show=chosen, red=list(red), page=page)
    return render_template(
        "mass_transfers/show.html",
        batch=batch,
        run=_run(batch, run) if run else None,
        tabs=_tabs(batch, found, len(red), chosen),
        rows=[_row(row) for row in rows],
        total=total,
        page=page,
        pages=max(1, -(-total // mass.PAGE_SIZE)),
        members=found.total,
        red=len(red),
        buttons=_buttons(found, len(red)) if run is None else [],
        may_add=run is None and batch.is_open and can(g.actor, Action.TRANSFER_PREPARE, _alike(batch)),
        may_take_out=run is None and can(g.actor, Action.TRANSFER_SEND, _alike(batch)),
        prepared_it=g.actor.account_id == batch.prepared_by_id,
        events=[_event(one) for one in mass.runs_of(g.session, batch)],
        sealed=bool(found.counts.keys() - {None, TransferState.DRAFT, TransferState.SUBMITTED}),
        tones=TONES,
    )


def _tabs(batch: MassTransfer, found: Overview, red: int, chosen: str) -> list[dict[str, Any]]:
    """All members, then one view for each state that somebody stands at, and those that need a person."""
    stayed = mass.count_stayed(g.session, batch, actor=g.actor)
    views = [("", _("All"), found.total), ("red", _("Not ready"), red), ("stayed", _("Stayed behind"), stayed)]
    views += [(state.value, _(state.label), found.counts.get(state, 0)) for state in STATES]
    return [
        {"label": label, "url": url_for(".show", id=batch.id, show=name or None), "active": name == chosen, "count": n}
        for name, label, n in views
        if n or name in ("", chosen)
    ]


def _row(row: mass.Row) -> dict[str, Any]:
    member, transfer = row.member, row.member.transfer
    mine = can(g.actor, Action.DOSSIER_READ, member.dossier)
    refusal = _(member.refusal, **(member.refusal_values or {})) if member.refusal else ""
    lines = readiness.told(row.findings, member.dossier)
    return {
        "member": member,
        "dossier": member.dossier,
        "transfer": transfer,
        "mine": mine,
        "lines": [line for line in lines if not line["ok"]],
        "ready": bool(lines) and not any(line["blocks"] and not line["ok"] for line in lines),
        "refusal": "" if refusal in [line["sentence"] for line in lines] else refusal,
        "may_go_out": transfer is None or transfer.state in _OUT,
    }


def _buttons(found: Overview, red: int) -> list[dict[str, Any]]:
    """The acts open to the reader; leaving out concerns the red ones only."""
    counted = [(act, red if act.name == "leave-out" else count) for act, count in found.acts]
    return [_button(found, act, count) for act, count in counted if count or act.name == "cancel"]


def _button(found: Overview, act: Act, count: int) -> dict[str, Any]:
    question = _QUESTIONS.get(act.name, "")
    forward = act.name in ICONS or act.name == "check"
    values = {"count": count, "unit": found.batch.to_unit.name}
    return {
        "name": act.name,
        "label": _("%(step)s (%(count)s)", step=_(act.label), count=count) if count else _(act.label),
        "url": url_for(".take", id=found.batch.id, act=act.name),
        "tone": "danger" if act.name in _DANGER else "primary" if forward else "secondary",
        "icon": ICONS.get(act.name, "check2-square" if act.name == "check" else ""),
        "question": _(question) % {name: values[name] for name in values if f"%({name})" in question}
        if question
        else "",
        # Why they are left out is known: one click does it.
        "needs_reason": act.needs_reason and act.name != "leave-out",
        "paper": act.name == "accept",
        "partly": act.onward,
    }


def _run(batch: MassTransfer, run: MassTransferRun) -> dict[str, Any]:
    """The step under way, and whether it stands still because its job failed."""
    job = jobs.find_latest(g.session, "mass_transfer", batch.id)
    working = job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)
    done = run.moved + run.stayed
    return {
        "label": _(mass.ACTS[run.act].label),
        "done": done,
        "total": max(run.total, done),
        "stayed": run.stayed,
        "who": run.ordered_by.full_name,
        "working": working,
        "mine": run.ordered_by_id == g.actor.account_id,
        "may_stop": mass.may_stop(batch, run, actor=g.actor),
    }


def _event(run: MassTransferRun) -> dict[str, Any]:
    words = _("%(moved)s went, %(stayed)s stayed", moved=run.moved, stayed=run.stayed)
    if run.stopped:
        words = _("%(words)s; stopped before the end", words=words)
    return {
        "label": _(mass.ACTS[run.act].label) if run.act in mass.ACTS else run.act,
        "at": run.ordered_at,
        "who": run.ordered_by.full_name,
        "note": f"{words}. {run.reason}" if run.reason else words,
        "tone": "danger" if run.act in _DANGER else "warning" if run.stayed or run.stopped else "success",
        "icon": "x-lg" if run.act in _DANGER else "check-lg",
    }


@bp.post("/<id>/take/<any({}):act>".format(", ".join(f"'{name}'" for name in mass.ACTS)))
@guarded(Action.MASS_TRANSFER_READ)
def take(masstransfer: MassTransfer, act: str) -> ResponseReturnValue:
    """Order a step for all members it concerns; when some cannot go, they are shown and a person chooses."""
    form = request.form
    try:
        run = mass.order(
            g.session,
            masstransfer,
            act,
            actor=g.actor,
            reason=form.get("reason") or (_("Not ready when the batch went") if act == "leave-out" else ""),
            partly=form.get("partly") == "1",
            paper_came=form.get("paper") != "no",
        )
    except Conflict as error:
        g.session.rollback()
        words = sentence_of(error)
        audit.record(g.session, f"mass_transfer:{act}", masstransfer, actor=g.actor, outcome="refused", words=words)
        access.commit()
        flash(words, "danger")
        return redirect(url_for(".show", id=masstransfer.id, show="red"))
    left = mass.start(g.session, masstransfer, actor=g.actor)
    access.commit()
    if left:
        flash(
            _("The step is being taken for %(count)s dossiers. This page shows how far it is.", count=run.total), "info"
        )
    else:
        said = _("%(moved)s dossiers went along.", moved=run.moved)
        if run.stayed:
            said += " " + _("%(stayed)s stayed behind; the list says why.", stayed=run.stayed)
        flash(said, "warning" if run.stayed else "success")
    return _onwards(masstransfer, show="stayed" if run.stayed and not left else None)


def _onwards(batch: MassTransfer, **more: Any) -> ResponseReturnValue:
    """The batch, or the list where it no longer concerns the reader."""
    g.session.refresh(batch)
    if can(g.actor, Action.MASS_TRANSFER_READ, batch):
        return redirect(url_for(".show", id=batch.id, **more))
    return redirect(url_for(".index"))


@bp.post("/<id>/take-out")
@guarded(Action.MASS_TRANSFER_READ)
def take_out(masstransfer: MassTransfer) -> ResponseReturnValue:
    """Take the chosen members out before they are sent."""
    reason = request.form.get("reason", "").strip() or _("Taken out of the batch")
    count = mass.take_out(g.session, masstransfer, request.form.getlist("member"), reason, actor=g.actor)
    access.commit()
    flash(_("%(count)s dossiers were taken out of the batch.", count=count), "success")
    return redirect(url_for(".show", id=masstransfer.id))


@bp.post("/<id>/stop")
@guarded(Action.MASS_TRANSFER_READ)
def stop(masstransfer: MassTransfer) -> ResponseReturnValue:
    """End the step under way."""
    run = mass.stop(g.session, masstransfer, actor=g.actor)
    access.commit()
    flash(_("Stopped: %(moved)s dossiers went along, the others stay where they are.", moved=run.moved), "warning")
    return redirect(url_for(".show", id=masstransfer.id))


@bp.post("/<id>/go-on")
@guarded(Action.MASS_TRANSFER_READ)
def go_on(masstransfer: MassTransfer) -> ResponseReturnValue:
    """Let a step that stands still go on."""
    mass.go_on(g.session, masstransfer, actor=g.actor)
    access.commit()
    return redirect(url_for(".show", id=masstransfer.id))


@work.source
def due_here() -> list[work.Due]:
    """One line for each batch that stands too long or waits for the reader."""
    late = mass.overdue(g.session, actor=g.actor)
    rows = [
        work.Due(
            title=_("Batch %(number)s stands too long", number=batch.number),
            url=url_for("mass_transfers.show", id=batch.id),
            text=_direction(batch),
            meta=_("%(count)s dossiers, due %(day)s", count=count, day=day(due)),
            icon="arrow-left-right",
            status=(_("Overdue"), "danger"),
            late=True,
        )
        for batch, due, count in late
    ]
    said = {batch.id for batch, _due, _count in late}
    return rows + [
        work.Due(
            title=_("Batch %(number)s waits for you", number=one.batch.number),
            url=url_for("mass_transfers.show", id=one.batch.id),
            text=_direction(one.batch),
            meta=_("Your step: %(step)s (%(count)s dossiers)", step=_(one.due[0][0].label), count=one.due[0][1]),
            icon="arrow-left-right",
        )
        for one in mass.waiting_for(g.session, actor=g.actor)
        if one.batch.id not in said
    ]


def _direction(batch: MassTransfer) -> str:
    words: str = _("%(from)s → %(to)s", **{"from": batch.from_unit.short_name, "to": batch.to_unit.short_name})
    return words
