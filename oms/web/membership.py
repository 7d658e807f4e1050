"""Pages of membership moves: what waits, preparing, one move with the boxes of its letter."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import catalogue, custody, membership, organisation
from oms.errors import N_, BadInput, NotFound
from oms.membership import Step, Wish
from oms.models import (
    Category,
    Dossier,
    MembershipAsking,
    MembershipEvent,
    MembershipKind,
    MembershipState,
    MembershipTransfer,
    Unit,
    UnitKind,
)
from oms.permissions import Action, can, require
from oms.vietnamese.dates import ImpossibleDate, parse_date
from oms.web import access, work
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import day

bp = Blueprint("membership", __name__, url_prefix="/membership")

# Closed moves of one page of the list.
PAGE_SIZE = 50
TONES = {
    MembershipState.DRAFT: "neutral",
    MembershipState.INTRODUCING: "info",
    MembershipState.UNDER_WAY: "info",
    MembershipState.LOST: "danger",
    MembershipState.AWAY: "warning",
    MembershipState.TAKEN_UP: "success",
    MembershipState.ENDED: "success",
    MembershipState.CANCELLED: "neutral",
}
ICONS = {"submit": "arrow-right", "sign": "pencil", "confirm": "check-lg", "reissue": "arrow-clockwise"}


@bp.get("")
@access.guarded(Action.MEMBERSHIP_READ)
def index() -> ResponseReturnValue:
    """Four lists: what waits for me, what is open, what is late, what is closed."""
    tab = request.args.get("tab", "waiting")
    tab = tab if tab in ("waiting", "open", "late", "closed") else "waiting"
    page = max(request.args.get("page", 1, type=int), 1)
    waiting = membership.waiting_for(g.session, actor=g.actor)
    late = membership.overdue(g.session, actor=g.actor)
    opened, closed = membership.count_moves(g.session, actor=g.actor)
    if tab == "waiting":
        shown = [move for move, _steps in waiting]
    elif tab == "open":
        shown = membership.list_moves(g.session, actor=g.actor, open_only=True)
    elif tab == "late":
        shown = late
    else:
        offset = (page - 1) * PAGE_SIZE
        shown = membership.list_moves(g.session, actor=g.actor, closed_only=True, limit=PAGE_SIZE, offset=offset)
    membership.look_at_list(g.session, actor=g.actor, shown=len(shown))
    return render_template(
        "membership/index.html",
        tab=tab,
        moves=shown,
        steps={move.id: steps for move, steps in waiting},
        counts={"waiting": len(waiting), "open": opened, "late": len(late), "closed": closed},
        page=page,
        pages=max(1, -(-closed // PAGE_SIZE)),
        today=organisation.today(),
        tones=TONES,
    )


@bp.get("/new")
@access.guarded(Action.MEMBERSHIP_PREPARE)
def new() -> ResponseReturnValue:
    """The form of a new move for ?dossier=."""
    if "dossier" not in request.args:
        return render_template("membership/new.html", dossier=None)
    return _form(_load_dossier(request.args["dossier"]))


@bp.post("/new")
@access.guarded(Action.MEMBERSHIP_PREPARE)
def create() -> ResponseReturnValue:
    """Prepare the move and open it."""
    dossier = _load_dossier(request.form.get("dossier", ""))
    try:
        move = _prepare(dossier)
    except BadInput as error:
        return _form(dossier, problem=sentence_of(error)), error.status
    access.commit()
    flash(_("Move %(number)s is prepared. Submit it for introduction when it is right.", number=move.number), "success")
    return redirect(url_for(".show", id=move.id))


def _prepare(dossier: Dossier) -> MembershipTransfer:
    """The move of the form; where a member asked for it, that is its answer."""
    asked = request.form.get("asking", "")
    if not asked:
        return membership.prepare(g.session, dossier, _read_wish(), actor=g.actor)
    asking: MembershipAsking = access.load(MembershipAsking, "id", asked, g.actor)
    if asking.dossier_id != dossier.id:
        raise NotFound()
    return membership.answer(g.session, asking, _read_wish(), actor=g.actor)


@bp.route("/<id>/correct", methods=["GET", "POST"])
@access.guarded(Action.MEMBERSHIP_PREPARE)
def correct(membershiptransfer: MembershipTransfer) -> ResponseReturnValue:
    """The form again, while the move is being prepared."""
    move = membershiptransfer
    if request.method == "GET":
        membership.view(g.session, move, actor=g.actor)
        return _form(move.dossier, move=move)
    try:
        membership.correct(g.session, move, _read_wish(), actor=g.actor)
    except BadInput as error:
        return _form(move.dossier, move=move, problem=sentence_of(error)), error.status
    access.commit()
    flash(_("Move %(number)s is corrected.", number=move.number), "success")
    return redirect(url_for(".show", id=move.id))


def _load_dossier(id: str) -> Dossier:
    dossier: Dossier = access.load(Dossier, "id", id, g.actor)
    g.thing = dossier
    require(g.actor, Action.DOSSIER_READ, dossier)
    return dossier


def _read_wish() -> Wish:
    form = request.form
    if form.get("kind") not in set(MembershipKind):
        raise BadInput(N_("Choose what kind of move it is."))
    receiver: Unit | None = g.session.get(Unit, form.get("unit", ""))
    if leaving := form.get("outside", "").strip():
        receiver = custody.find_outside_body(g.session, leaving, actor=g.actor)
    if receiver is None:
        raise BadInput(N_("Choose the cell that receives the member, or name the body outside."))
    came = form.get("came_from", "").strip()
    return Wish(
        kind=MembershipKind(form["kind"]),
        receiver=receiver,
        number=form.get("number", ""),
        day=read_day(form.get("day", "")),
        reason=form.get("reason", ""),
        ends_on=read_day(form.get("ends_on", "")),
        for_study=form.get("for_study") == "1",
        card_number=form.get("card_number", ""),
        fees_until=_read_month(form.get("fees_until", "")),
        outside=custody.find_outside_body(g.session, came, actor=g.actor) if came else None,
    )


def _read_month(written: str) -> date | None:
    """The month of a form, written mm/yyyy."""
    if not written.strip():
        return None
    try:
        found = parse_date(written.strip())
    except ImpossibleDate:
        found = None
    if found is None or found.precision == "year":
        raise BadInput(N_("Write the month as month/year, for example 05/2026."))
    return found.first.replace(day=1)


def _form(dossier: Dossier, *, move: MembershipTransfer | None = None, problem: str = "") -> str:
    values: dict[str, Any] = dict(request.form) or (_values_of(move) if move is not None else _values_asked())
    home = membership.home_of(dossier)
    kinds = (MembershipKind.INTERNAL, MembershipKind.OFFICIAL, MembershipKind.TEMPORARY)
    receivers: dict[str, Unit] = {}
    for kind in kinds:
        receivers |= {unit.id: unit for unit in membership.destinations(g.session, kind, home)}
    incoming = "came_from" in values or request.args.get("from") == "outside"
    if incoming:
        receivers = {id: unit for id, unit in receivers.items() if _lies_with(unit, dossier)} | {home.id: home}
    return render_template(
        "membership/new.html",
        dossier=dossier,
        person=dossier.person,
        is_member=dossier.category == Category.PARTY_MEMBER,
        home=home,
        move=move,
        open_move=None if move else membership.open_move_of(g.session, dossier.person, actor=g.actor),
        incoming=incoming,
        kinds=[(kind.value, _(kind.label)) for kind in kinds],
        units=[(unit.id, _name_with_place(unit)) for unit in receivers.values()],
        outside=[body.name for body in custody.outside_bodies(g.session)],
        values=values,
        limits={name: catalogue.time_limit(limit, organisation.today()).amount for name, limit in _LIMITS.items()},
        problem=problem,
    )


# The limits the form tells of.
_LIMITS = {
    "start": "start_membership_transfer",
    "present": "present_membership_letter",
    "least": "temporary_membership_min",
    "most": "temporary_membership_max",
    "study": "temporary_membership_study",
}


def _lies_with(unit: Unit, dossier: Dossier) -> bool:
    return organisation.grassroots_of(unit).id == dossier.custodian_id


def _name_with_place(unit: Unit) -> str:
    """A cell with the organisation it lies in: many cells have the same name."""
    above = organisation.grassroots_of(unit)
    return unit.name if above.id == unit.id else f"{unit.name} – {above.short_name}"


def _values_asked() -> dict[str, Any]:
    """What a member asked for, to begin with."""
    if "asking" not in request.args:
        return {}
    asking: MembershipAsking = access.load(MembershipAsking, "id", request.args["asking"], g.actor)
    return {"asking": asking.id, "kind": asking.kind.value, "reason": f"{asking.destination}. {asking.reason}"}


def _values_of(move: MembershipTransfer) -> dict[str, Any]:
    outside = move.to_unit.kind == UnitKind.OUTSIDE_BODY
    values = {
        "kind": move.kind.value,
        "unit": "" if outside else move.to_unit_id,
        "outside": move.to_unit.name if outside else "",
        "number": move.basis_number,
        "day": day(move.basis_on),
        "reason": move.reason,
        "ends_on": day(move.ends_on),
        "for_study": "1" if move.for_study else "",
        "card_number": move.card_number or "",
        "fees_until": day(move.fees_until, "month"),
    }
    if move.from_unit.kind == UnitKind.OUTSIDE_BODY:
        values["came_from"] = move.from_unit.name
    return values


@bp.get("/<id>")
@access.guarded(Action.MEMBERSHIP_READ)
def show(membershiptransfer: MembershipTransfer) -> ResponseReturnValue:
    """One move: how it stands, the boxes of its letter, the dossier that goes with it, and the steps of the reader."""
    move = membershiptransfer
    membership.view(g.session, move, actor=g.actor)
    sentence, values = membership.what_next(move)
    steps = membership.steps_open_to(move, actor=g.actor)
    return render_template(
        "membership/show.html",
        move=move,
        person=move.person,
        tone=TONES[move.state],
        next_sentence=_(sentence) % values,
        late=membership.is_late(move),
        stages=_stages(move),
        buttons=[_button(move, step) for step in steps if step.name != "confirm-on-paper"],
        on_paper=any(step.name == "confirm-on-paper" for step in steps),
        may_extend=membership.may_extend(move, actor=g.actor),
        may_send=membership.may_send_dossier(move, actor=g.actor),
        may_correct=move.state == MembershipState.DRAFT and can(g.actor, Action.MEMBERSHIP_PREPARE, move),
        may_open_dossier=can(g.actor, Action.DOSSIER_READ, move.dossier),
        may_open_transfer=move.transfer is not None and can(g.actor, Action.TRANSFER_READ, move.transfer),
        from_outside=move.from_unit.kind == UnitKind.OUTSIDE_BODY,
        letter=_letter(move),
        next_box=membership.next_box(move),
        prepared_it=g.actor.account_id == move.prepared_by_id,
        events=[_event(event) for event in membership.events_of(g.session, move)],
    )


def _letter(move: MembershipTransfer) -> dict[str, str]:
    """What the letter says of the member, in words; while it is being prepared, what it would say."""
    said = move.letter or {}
    joined, official = said.get("joined"), said.get("official")
    person = move.person
    birth = said.get("birth_date")
    return {
        "birth": day(date.fromisoformat(birth), said.get("birth_precision"))
        if birth
        else day(person.birth_date, person.birth_precision)
        if not said
        else "",
        "joined": day(date.fromisoformat(joined)) if joined else day(person.party_join_date) if not said else "",
        "official": day(date.fromisoformat(official))
        if official
        else day(person.party_official_date)
        if not said
        else "",
    }


def _stages(move: MembershipTransfer) -> list[dict[str, Any]]:
    """The step bar: the boxes of the letter in their order, each done, next or to come."""
    ahead = membership.next_box(move)
    stages = []
    for box in move.boxes:
        state = "done" if box.signed_on else "open"
        if box is ahead and move.state in (MembershipState.INTRODUCING, MembershipState.UNDER_WAY):
            state = "current"
        if box is ahead and move.state in (MembershipState.LOST, MembershipState.CANCELLED):
            state = "stopped"
        stages.append({"label": box.unit.short_name, "state": state})
    return stages


# What a person should know before a step that cannot simply be taken back.
_QUESTIONS = {
    "submit": N_(
        "What the letter says of the member is fixed now. The bodies of the sending side sign it in their order."
    ),
    "sign": N_("Your name and the date of today stand in the box of %(unit)s."),
    "confirm": N_("The member belongs to %(unit)s from today; your name and the date stand in the last box."),
    "reissue": N_(
        "The lost letter is void. The new one says that it is issued again; the time for presenting it begins anew."
    ),
    "recall": N_("The letter becomes void and every box is empty again. The receiving side no longer sees the move."),
}
_TEMPORARY = N_("The member takes part in %(unit)s until the last day of the stay; membership and dossier stay.")


def _button(move: MembershipTransfer, step: Step) -> dict[str, Any]:
    question = _QUESTIONS.get(step.name, "")
    if step.name == "confirm" and move.kind == MembershipKind.TEMPORARY:
        question = _TEMPORARY
    unit = move.waiting_unit or move.to_unit
    late = step.name in ("sign", "confirm") and move.state == MembershipState.UNDER_WAY and membership.is_late(move)
    tones = {"cancel": "danger", **dict.fromkeys(ICONS, "primary")}
    return {
        "name": step.name,
        "label": _(step.label),
        "url": url_for(".take", id=move.id, step=step.name),
        "tone": tones.get(step.name, "secondary"),
        "icon": ICONS.get(step.name, ""),
        "question": _(question) % {"unit": unit.name} if question else "",
        "needs_reason": step.needs_reason or late,
        "reason_label": _("Remark on the stay") if step.name == "come-back" else _("Reason"),
        "reason_hint": _("The reason is kept in the log and shown to the bodies on the way."),
    }


def _event(event: MembershipEvent) -> dict[str, Any]:
    tones = {
        "return": "warning",
        "recall": "warning",
        "report-lost": "danger",
        "cancel": "neutral",
        "confirm": "success",
    }
    icons = {"return": "reply", "recall": "reply", "report-lost": "exclamation-triangle", "cancel": "x-lg"}
    return {
        "label": _(membership.event_label(event)),
        "at": event.at,
        "who": event.taken_by.full_name,
        "note": event.reason,
        "tone": tones.get(event.step, "info"),
        "icon": icons.get(event.step, "check-lg"),
    }


@bp.post("/<id>/<any({}):step>".format(", ".join(f"'{name}'" for name in membership.STEP_NAMES)))
@access.guarded(Action.MEMBERSHIP_READ)
def take(membershiptransfer: MembershipTransfer, step: str) -> ResponseReturnValue:
    """Take one step; afterwards the move, or the list where it no longer concerns the reader."""
    move, form = membershiptransfer, request.form
    arrow = membership.choose_step(move, step, actor=g.actor)
    membership.take(
        g.session,
        arrow,
        move,
        actor=g.actor,
        reason=form.get("reason", ""),
        version=form.get("version", type=int),
        paper=(form.get("number", ""), read_day(form.get("day", ""))),
    )
    access.commit()
    flash(_("Move %(number)s: %(state)s.", number=move.number, state=_(move.state.label)), "success")
    return redirect(url_for(".show", id=move.id) if can(g.actor, Action.MEMBERSHIP_READ, move) else url_for(".index"))


@bp.post("/<id>/extend")
@access.guarded(Action.MEMBERSHIP_SIGN)
def extend(membershiptransfer: MembershipTransfer) -> ResponseReturnValue:
    """Give a temporary stay a later last day."""
    move, form = membershiptransfer, request.form
    membership.extend(g.session, move, read_day(form.get("ends_on", "")), form.get("reason", ""), actor=g.actor)
    access.commit()
    flash(_("The stay of move %(number)s ends on %(day)s.", number=move.number, day=day(move.ends_on)), "success")
    return redirect(url_for(".show", id=move.id))


@bp.post("/<id>/dossier")
@access.guarded(Action.MEMBERSHIP_PREPARE)
def send_dossier(membershiptransfer: MembershipTransfer) -> ResponseReturnValue:
    """Prepare the transfer of the member dossier and open it."""
    transfer = membership.send_dossier(g.session, membershiptransfer, actor=g.actor)
    access.commit()
    flash(
        _("Transfer %(number)s is prepared. Submit it for approval when it is right.", number=transfer.number),
        "success",
    )
    return redirect(url_for("transfers.show", id=transfer.id))


@work.source
def due_here() -> list[work.Due]:
    """Moves past their last day, for both sides; then those on which a step of the reader is due."""
    if not g.actor.has(Action.MEMBERSHIP_READ):
        return []
    late = membership.overdue(g.session, actor=g.actor)
    known = {move.id for move in late}
    rows = [
        _due(move, _("Move %(number)s is past its last day", number=move.number), (_("Overdue"), "danger"), late=True)
        for move in late
    ]
    for move, steps in membership.waiting_for(g.session, actor=g.actor):
        if move.id not in known:
            what = _(steps[0].label) if steps else _("Prepare the transfer of the member dossier")
            rows.append(_due(move, _("Move %(number)s: %(step)s", number=move.number, step=what), None, late=False))
    return rows


def _due(move: MembershipTransfer, title: str, status: tuple[str, str] | None, *, late: bool) -> work.Due:
    return work.Due(
        title=title,
        url=url_for("membership.show", id=move.id),
        text=_("%(from)s → %(to)s", **{"from": move.from_unit.short_name, "to": move.to_unit.short_name}),
        meta=_("%(state)s, due %(day)s", state=_(move.state.label), day=day(move.due_on)),
        icon="person-check",
        status=status,
        late=late,
    )
