"""Leavings over HTTP: the list by the day they are due, entering one, consent, copies, closing, opening again, mistakes."""

from datetime import date
from math import ceil

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import catalogue, organisation
from oms.errors import N_, BadInput, Conflict
from oms.models import RUNNING_LEAVINGS, Dossier, Leaving, LeavingState, LeavingWay, UnitKind
from oms.permissions import Action, can
from oms.procedures import leaving_lists as lists
from oms.procedures import leavings, reopening
from oms.web import access, work
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import day

bp = Blueprint("leavings", __name__, url_prefix="/leavings")

TONES = {
    LeavingState.OPEN: "info",
    LeavingState.CONSENTED: "warning",
    LeavingState.CLOSED: "success",
    LeavingState.CANCELLED: "neutral",
    LeavingState.REOPENED: "neutral",
    LeavingState.ANNULLED: "neutral",
}
LATE = "late"


@work.source
def due_here() -> list[work.Due]:
    """What waits for the consent of this head, and what this officer has to give and close."""
    rows = []
    for one in lists.to_consent(g.session, actor=g.actor):
        name = one.dossier.person.full_name
        if one.mistake_by_id is None:
            rows.append(_due(one, _("Consent to closing the dossier of %(name)s?", name=name)))
        else:
            rows.append(_due(one, _("Was the dossier of %(name)s closed by mistake?", name=name)))
    for one in lists.due_soon(g.session, actor=g.actor):
        rows.append(_due(one, _("Handle the dossier of %(name)s, who left", name=one.dossier.person.full_name)))
    return rows


def _due(one: Leaving, title: str) -> work.Due:
    late = one.state in RUNNING_LEAVINGS and one.due_on < organisation.today()
    return work.Due(
        title=title,
        url=url_for("leavings.show", id=one.id),
        text=_("%(way)s, decision %(number)s", way=_(one.way.label), number=one.decision_number),
        meta=_("due on %(day)s", day=day(one.due_on)) if one.state in RUNNING_LEAVINGS else "",
        icon="box-arrow-right",
        status=(_("Late"), "danger") if late else None,
        late=late,
    )


@bp.get("")
@guarded(Action.LEAVING_READ)
def index() -> str:
    """Leavings of dossiers the unit keeps or manages, what is due first in front."""
    wanted = request.args.get("state", "")
    state = next((one for one in LeavingState if one.value == wanted), None)
    page = max(request.args.get("page", 1, int), 1)
    found, total = lists.list_leavings(g.session, actor=g.actor, state=state, late=wanted == LATE, page=page)
    return render_template(
        "leavings/index.html",
        rows=found,
        tones=TONES,
        states=[(LATE, _("Over its day")), *((one.value, _(one.label)) for one in LeavingState)],
        chosen=wanted,
        today=organisation.today(),
        running=RUNNING_LEAVINGS,
        total=total,
        page=page,
        pages=max(1, ceil(total / lists.PAGE_SIZE)),
    )


@bp.get("/dossiers/<id>/new")
@guarded(Action.LEAVING_OPEN)
def new(dossier: Dossier) -> str:
    """The form."""
    return _form(dossier)


@bp.post("/dossiers/<id>/new")
@guarded(Action.LEAVING_OPEN)
def create(dossier: Dossier) -> ResponseReturnValue:
    """Enter that somebody leaves."""
    form = request.form
    try:
        way = next((one for one in LeavingWay if one.value == form.get("way")), None)
        on, leaves = read_day(form.get("on", "")), read_day(form.get("leaves_on", ""))
        if way is None or on is None or leaves is None:
            raise BadInput(N_("Write how the person leaves, the day of the decision and the day it takes effect."))
        left = leavings.Left(way, form.get("number", ""), on, leaves)
        made = leavings.begin(g.session, dossier, left, actor=g.actor)
    except (BadInput, Conflict) as error:
        return _form(dossier, sentence_of(error)), error.status
    access.commit()
    flash(_("Leaving %(number)s is to be handled until %(day)s.", number=made.number, day=day(made.due_on)), "success")
    return redirect(url_for(".show", id=made.id))


def _form(dossier: Dossier, problem: str = "") -> str:
    return render_template(
        "leavings/new.html",
        dossier=dossier,
        ways=[(one.value, _(one.label)) for one in LeavingWay],
        limit=catalogue.time_limit(leavings.LIMIT, organisation.today()),
        values={key: request.form.get(key, "") for key in ("way", "number", "on", "leaves_on")},
        problem=problem,
    )


@bp.get("/<id>")
@guarded(Action.LEAVING_READ)
def show(leaving: Leaving) -> str:
    """One leaving with its copies and what is to be done next."""
    lists.view(g.session, leaving, actor=g.actor)
    return _page(leaving)


def _page(leaving: Leaving, problem: str = "") -> str:
    state, actor = leaving.state, g.actor
    handles = can(actor, Action.LEAVING_HANDLE, leaving)
    own = leaving.opened_by_id == actor.account_id
    rule = leavings.rule_of(leaving)
    gives = handles and state == LeavingState.CONSENTED and len(leaving.copies) < rule.most
    closed, reported = state == LeavingState.CLOSED, leaving.mistake_by_id is not None
    return render_template(
        "leavings/show.html",
        leaving=leaving,
        tone=TONES[state],
        late=state in RUNNING_LEAVINGS and leaving.due_on < organisation.today(),
        family=rule.receiver == "family",
        papers=[(one.id, one.title, one.number or "") for one in leavings.to_copy(g.session, leaving)] if gives else [],
        gives=gives,
        closes=handles and state == LeavingState.CONSENTED,
        cancels=handles and state in RUNNING_LEAVINGS,
        consents=state == LeavingState.OPEN and not own and can(actor, Action.LEAVING_CONSENT, leaving),
        reopens=closed
        and not reported
        and leaving.way != LeavingWay.DEATH
        and can(actor, Action.LEAVING_CONSENT, leaving),
        **_of_mistakes(leaving, handles=handles),
        changed=closed and not leavings.is_as_sealed(g.session, leaving),
        today=organisation.today(),
        values={
            key: request.form.get(key, "") for key in ("receiver", "relation", "on", "number", "reason", "mistake")
        },
        chosen=request.form.getlist("paper"),
        problem=problem,
    )


def _of_mistakes(leaving: Leaving, *, handles: bool) -> dict[str, bool]:
    """Whether the reader reports that the dossier was closed by mistake, and whether they decide about it."""
    closed, reported = leaving.state == LeavingState.CLOSED, leaving.mistake_by_id is not None
    here = closed and leaving.dossier.custodian.kind != UnitKind.OUTSIDE_BODY
    own = leaving.mistake_by_id == g.actor.account_id
    return {
        "reports": here and not reported and handles,
        "judges": here and reported and not own and can(g.actor, Action.LEAVING_CONSENT, leaving),
    }


@bp.post("/<id>/consent")
@guarded(Action.LEAVING_CONSENT)
def consent(leaving: Leaving) -> ResponseReturnValue:
    """The head agrees."""
    leavings.consent(g.session, leaving, actor=g.actor, version=_version())
    access.commit()
    flash(_("Consented. The officer gives the copies and closes the dossier."), "success")
    return redirect(url_for(".show", id=leaving.id))


@bp.post("/<id>/copies")
@guarded(Action.LEAVING_HANDLE)
def hand_over(leaving: Leaving) -> ResponseReturnValue:
    """Write down copies that were given."""
    form = request.form
    try:
        on = _day("on")
        handed = leavings.Handed(form.get("receiver", ""), form.get("relation", ""), tuple(form.getlist("paper")), on)
        leavings.hand_over(g.session, leaving, handed, actor=g.actor, version=_version())
    except BadInput as error:
        return _page(leaving, sentence_of(error)), error.status
    access.commit()
    flash(_("The copies are written down."), "success")
    return redirect(url_for(".show", id=leaving.id))


@bp.post("/<id>/close")
@guarded(Action.LEAVING_HANDLE)
def close(leaving: Leaving) -> ResponseReturnValue:
    """Close the dossier."""
    reason = request.form.get("reason", "")
    try:
        leavings.close(g.session, leaving, without_copy_because=reason, actor=g.actor, version=_version())
    except BadInput as error:
        return _page(leaving, sentence_of(error)), error.status
    access.commit()
    flash(_("The dossier is closed and its contents list sealed. It is found as before."), "success")
    return redirect(url_for(".show", id=leaving.id))


@bp.post("/<id>/cancel")
@guarded(Action.LEAVING_HANDLE)
def cancel(leaving: Leaving) -> ResponseReturnValue:
    """Take it back."""
    try:
        leavings.cancel(g.session, leaving, request.form.get("reason", ""), actor=g.actor, version=_version())
    except BadInput as error:
        return _page(leaving, sentence_of(error)), error.status
    access.commit()
    flash(_("It is cancelled; the dossier stays in use."), "success")
    return redirect(url_for(".show", id=leaving.id))


@bp.post("/<id>/reopen")
@guarded(Action.LEAVING_CONSENT)
def reopen(leaving: Leaving) -> ResponseReturnValue:
    """The person comes back."""
    try:
        number = request.form.get("number", "")
        reopening.reopen(g.session, leaving, number, _day("on"), actor=g.actor, version=_version())
    except BadInput as error:
        return _page(leaving, sentence_of(error)), error.status
    access.commit()
    flash(_("The dossier is in use again."), "success")
    return redirect(url_for(".show", id=leaving.id))


@bp.post("/<id>/mistake")
@guarded(Action.LEAVING_HANDLE)
def report_mistake(leaving: Leaving) -> ResponseReturnValue:
    """Say that it was closed by mistake."""
    try:
        reopening.report_mistake(g.session, leaving, request.form.get("mistake", ""), actor=g.actor, version=_version())
    except BadInput as error:
        return _page(leaving, sentence_of(error)), error.status
    access.commit()
    flash(_("Reported. The head decides; until then the dossier stays closed."), "success")
    return redirect(url_for(".show", id=leaving.id))


@bp.post("/<id>/annul")
@guarded(Action.LEAVING_CONSENT)
def annul(leaving: Leaving) -> ResponseReturnValue:
    """The head agrees that it was a mistake."""
    reopening.annul(g.session, leaving, actor=g.actor, version=_version())
    access.commit()
    flash(_("The dossier is in use again."), "success")
    return redirect(url_for(".show", id=leaving.id))


@bp.post("/<id>/keep-closed")
@guarded(Action.LEAVING_CONSENT)
def keep_closed(leaving: Leaving) -> ResponseReturnValue:
    """The head does not agree."""
    try:
        reopening.keep_closed(g.session, leaving, request.form.get("reason", ""), actor=g.actor, version=_version())
    except BadInput as error:
        return _page(leaving, sentence_of(error)), error.status
    access.commit()
    flash(_("The dossier stays closed."), "success")
    return redirect(url_for(".show", id=leaving.id))


def _day(name: str) -> date:
    found = read_day(request.form.get(name, ""))
    if found is None:
        raise BadInput(N_("Write the day as 03/02/2026."))
    return found


def _version() -> int | None:
    return request.form.get("version", type=int)
