"""Missing, damaged and lost papers over HTTP: two people declare one, it is made anew or found, the list by its day."""

from collections.abc import Callable
from datetime import date
from math import ceil
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from oms import catalogue, dossiers, organisation
from oms.errors import N_, BadInput, Conflict, OmsError, Refused
from oms.models import Dossier, PaperLoss, PaperLossKind, PaperLossState
from oms.permissions import Action, Actor, can
from oms.procedures import paper_losses as losses
from oms.web import access, work
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.errors import sentence_of
from oms.web.formats import component_title, day
from oms.web.two_people import NOT_PROVED, decide, look_again, status_of, typed

bp = Blueprint("paper_losses", __name__, url_prefix="/paper-losses")

TONES = {
    PaperLossState.OPEN: "warning",
    PaperLossState.REMADE: "info",
    PaperLossState.FOUND: "success",
    PaperLossState.GIVEN_UP: "danger",
}
_TYPED = ("kind", "document", "component", "title", "noticed_on", "circumstances")


@work.source
def due_here() -> list[work.Due]:
    """Papers that are to be made anew soon, or are over their day."""
    if not g.actor.has(Action.PAPER_LOSS_SETTLE):
        return []
    rows = []
    for one in losses.due_soon(g.session, actor=g.actor):
        late = one.due_on < organisation.today()
        rows.append(
            work.Due(
                title=_("Have a paper of %(name)s made anew", name=one.dossier.person.full_name),
                url=url_for("paper_losses.show", id=one.id),
                text=one.title,
                meta=_("due on %(day)s", day=day(one.due_on)),
                icon="file-earmark-x",
                status=(_("Late"), "danger") if late else None,
                late=late,
            )
        )
    return rows


@bp.get("")
@guarded(Action.PAPER_LOSS_READ)
def index() -> str:
    """What was declared about dossiers of the unit, what is due first in front."""
    state, page = request.args.get("state", ""), max(request.args.get("page", 1, int), 1)
    found, total = losses.list_losses(g.session, actor=g.actor, state=state, page=page)
    return render_template(
        "paper_losses/index.html",
        rows=found,
        tones=TONES,
        states=[("late", _("Over their day")), *((one.value, _(one.label)) for one in PaperLossState)],
        chosen=state,
        today=organisation.today(),
        total=total,
        page=page,
        pages=max(1, ceil(total / losses.PAGE_SIZE)),
    )


@bp.get("/dossiers/<id>/new")
@guarded(Action.PAPER_LOSS_DECLARE)
def new(dossier: Dossier) -> str:
    """The form in which two people declare a paper missing, damaged or lost."""
    return _form(dossier)


def _form(dossier: Dossier, problem: OmsError | None = None) -> str:
    given = typed(*_TYPED)
    if request.method == "GET":
        given |= {"document": request.args.get("document", ""), "noticed_on": day(organisation.today())}
    return render_template(
        "paper_losses/new.html",
        dossier=dossier,
        kinds=[(one.value, _(one.label)) for one in PaperLossKind],
        documents=[(one.id, one.title) for one in dossiers.contents(g.session, dossier)],
        components=[
            (row.id, component_title(row.id, dossier.category.value)) for row in dossiers.components_of(dossier)
        ],
        limit=catalogue.time_limit(losses.LIMIT, organisation.today()),
        typed=given,
        problem=sentence_of(problem) if problem else "",
    )


@bp.post("/dossiers/<id>/new")
@guarded(Action.PAPER_LOSS_DECLARE, writing=False)
def declare(dossier: Dossier) -> ResponseReturnValue:
    """Declare it, with the password of the second person."""
    dossier_id, form = dossier.id, request.form

    def act(session: Session, second: Actor) -> str:
        if form.get("kind") not in set(PaperLossKind):
            raise BadInput(N_("Choose what is the matter with the paper."))
        said = losses.Declaration(
            PaperLossKind(form["kind"]),
            _day("noticed_on"),
            form.get("circumstances", ""),
            form.get("document", ""),
            form.get("component", ""),
            form.get("title", ""),
        )
        found = session.get_one(Dossier, dossier_id)
        return losses.declare(session, found, said, second=second, actor=g.actor).id

    try:
        made = decide(act)
    except (BadInput, Refused, Conflict, *NOT_PROVED) as error:
        look_again(error)
        return _form(g.session.get_one(Dossier, dossier_id), error), status_of(error)
    flash(_("It is declared. Print the minutes, have them signed, and ask the issuing body for a copy."), "success")
    return redirect(url_for(".show", id=made))


def _day(name: str) -> date:
    found = read_day(request.form.get(name, ""))
    if found is None:
        raise BadInput(N_("Write the day as day/month/year, for example 03/02/2026."))
    return found


@bp.get("/<id>")
@guarded(Action.PAPER_LOSS_READ)
def show(paperloss: PaperLoss) -> str:
    """One loss, with what became of it and what can be done."""
    losses.view(g.session, paperloss, actor=g.actor)
    return _page(paperloss)


def _page(loss: PaperLoss, problem: str = "") -> str:
    settles = can(g.actor, Action.PAPER_LOSS_SETTLE, loss)
    same = [
        one
        for one in dossiers.contents(g.session, loss.dossier)
        if one.component_id == loss.component_id and one.id != loss.document_id
    ]
    shown = [one for one in (loss.document, loss.remade) if one is not None]
    pages = dossiers.pages_of(g.session, [one.id for one in shown])
    return render_template(
        "paper_losses/show.html",
        loss=loss,
        dossier=loss.dossier,
        tone=TONES[loss.state],
        first_pages={key: some[0].id for key, some in pages.items() if some},
        remakes=settles and loss.state in (PaperLossState.OPEN, PaperLossState.GIVEN_UP),
        finds=settles and loss.state != PaperLossState.FOUND,
        gives_up=settles and loss.state == PaperLossState.OPEN,
        documents=[(one.id, one.title) for one in same],
        values={name: request.form.get(name, "") for name in ("document", "issued_by", "on", "note")},
        today=organisation.today(),
        problem=problem,
    )


def _act(loss: PaperLoss, act: Callable[[int | None], Any], said: str) -> ResponseReturnValue:
    """Do one act with the version that was seen; what was typed wrong comes back with the page."""
    try:
        act(request.form.get("version", type=int))
    except BadInput as error:
        return _page(loss, sentence_of(error)), error.status
    access.commit()
    flash(said, "success")
    return redirect(url_for(".show", id=loss.id))


@bp.post("/<id>/remade")
@guarded(Action.PAPER_LOSS_SETTLE)
def make_anew(paperloss: PaperLoss) -> ResponseReturnValue:
    """Name the document that was made anew."""
    form = request.form

    def act(version: int | None) -> None:
        losses.make_anew(
            g.session,
            paperloss,
            form.get("document", ""),
            issued_by=form.get("issued_by", ""),
            on=_day("on"),
            actor=g.actor,
            version=version,
        )

    return _act(
        paperloss, act, _("The paper made anew is marked in the contents list; the lost one stays in the account.")
    )


@bp.post("/<id>/found")
@guarded(Action.PAPER_LOSS_SETTLE)
def find_again(paperloss: PaperLoss) -> ResponseReturnValue:
    """The original turned up."""
    note = request.form.get("note", "")
    return _act(
        paperloss,
        lambda version: losses.find_again(g.session, paperloss, note, _day("on"), actor=g.actor, version=version),
        _("The original is back and prevails."),
    )


@bp.post("/<id>/give-up")
@guarded(Action.PAPER_LOSS_SETTLE)
def give_up(paperloss: PaperLoss) -> ResponseReturnValue:
    """It cannot be made anew."""
    reason = request.form.get("reason", "")
    return _act(
        paperloss,
        lambda version: losses.give_up(g.session, paperloss, reason, actor=g.actor, version=version),
        _("It is written down that the paper cannot be made anew; the gap stays."),
    )
