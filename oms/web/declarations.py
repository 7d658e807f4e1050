"""One supplement for officers and heads: checking it value by value, its steps, keying it from paper, its signed paper."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import campaigns, dossiers
from oms.campaigns import Draft
from oms.errors import BadInput
from oms.models import Declaration, DeclarationState, Verdict
from oms.permissions import Action, can
from oms.web import access, declaring
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("declarations", __name__, url_prefix="/declarations")
VERDICT_TONES = {Verdict.PENDING: "warning", Verdict.APPROVED: "success", Verdict.REFUSED: "danger"}


@bp.get("/<id>")
@guarded(Action.DECLARATION_READ)
def show(declaration: Declaration) -> str:
    """What was declared, with verdicts and steps."""
    return _page(declaration)


def _page(declaration: Declaration, problem: str = "") -> str:
    shown = campaigns.view(g.session, declaration, actor=g.actor)
    steps = declaring.step_buttons(declaration, actor=g.actor, url=lambda name: _address(declaration, name))
    checks = any(step["name"] == "check" for step in steps)
    paper = campaigns.paper_of(g.session, declaration)
    readable = paper is not None and can(g.actor, Action.DOCUMENT_READ, paper)
    sheets = dossiers.pages_of(g.session, [paper.id])[paper.id] if paper is not None and readable else []
    return render_template(
        "declarations/show.html",
        declaration=declaration,
        shown=shown,
        tone=declaring.TONES[declaration.state],
        verdict_tones=VERDICT_TONES,
        verdicts=[(one.value, _(one.label)) for one in Verdict],
        stages=_stages(declaration),
        # A single press of "finish" goes with the verdicts of the form.
        buttons=[step for step in steps if step["name"] != "check"],
        checks=checks,
        enters=_enters(declaration),
        paper=paper,
        first_page=sheets[0].id if sheets else None,
        papers=[(one.id, one.title) for one in campaigns.papers_of(g.session, declaration, actor=g.actor)],
        files=can(g.actor, Action.DOCUMENT_FILE, declaration.dossier),
        opens_dossier=can(g.actor, Action.DOSSIER_READ, declaration.dossier),
        typed=request.form,
        problem=problem,
    )


def _address(declaration: Declaration, step: str) -> str:
    if step == "check":
        return url_for("declarations.judge", id=declaration.id)
    return url_for("declarations.take", id=declaration.id, step=step)


def _stages(declaration: Declaration) -> list[dict[str, str]]:
    order = [state for state, _label in campaigns.WAY]
    here = declaration.state
    at = order.index(here) if here in order else 0
    done = here is DeclarationState.ATTESTED
    return [
        {"label": _(label), "state": "done" if place < at or done else "current" if place == at else "open"}
        for place, (_state, label) in enumerate(campaigns.WAY)
    ]


def _enters(declaration: Declaration) -> bool:
    """Whether the officer may key the signed paper now."""
    fitting = declaration.state in campaigns.NOT_HANDED_IN
    return (
        fitting
        and can(g.actor, Action.DECLARATION_ENTER, declaration)
        and campaigns.takes_in(declaration.campaign, person=False)
    )


@bp.post("/<id>/judge")
@guarded(Action.DECLARATION_CHECK)
def judge(declaration: Declaration) -> ResponseReturnValue:
    """Keep what was said of the values, and finish the check when that was pressed."""
    form = request.form
    said = {
        entry.id: (Verdict(form[f"verdict-{entry.id}"]), form.get(f"reason-{entry.id}", ""))
        for entry in declaration.entries
        if form.get(f"verdict-{entry.id}") in set(Verdict)
    }
    try:
        campaigns.judge(g.session, declaration, said, actor=g.actor, version=_version())
        if form.get("act") == "finish":
            campaigns.finish_check(g.session, declaration, actor=g.actor)
    except BadInput as error:
        g.session.rollback()
        return _page(declaration, sentence_of(error)), error.status
    access.commit()
    if form.get("act") == "finish":
        declaring.said_of("check")
        return redirect(url_for("campaigns.show", id=declaration.campaign_id, state="sent"))
    flash(_("Saved."), "success")
    return redirect(url_for(".show", id=declaration.id))


STEPS = "any('send', 'recall', 'return', 'attest', 'send-back'):step"


@bp.post(f"/<id>/<{STEPS}>")
@guarded(Action.DECLARATION_READ)
def take(declaration: Declaration, step: str) -> ResponseReturnValue:
    """One step of the diagram."""
    arguments: dict[str, Any] = {"actor": g.actor, "version": _version()}
    try:
        if step in ("return", "send-back"):
            reason = request.form.get("reason", "")
            campaigns.send_back(g.session, declaration, campaigns.get_step(step), reason, **arguments)
        else:
            acts = {"send": campaigns.hand_in, "recall": campaigns.recall, "attest": campaigns.attest}
            acts[step](g.session, declaration, **arguments)
    except BadInput as error:
        return _page(declaration, sentence_of(error)), error.status
    access.commit()
    declaring.said_of(step)
    return redirect(url_for(".show", id=declaration.id))


@bp.get("/<id>/enter")
@guarded(Action.DECLARATION_ENTER)
def enter(declaration: Declaration) -> str:
    """The form for the officer who has the signed paper."""
    asked = campaigns.view_form(g.session, declaration, actor=g.actor)
    return _form(declaration, asked)


def _form(declaration: Declaration, asked: Any, typed: Draft | None = None, problems: Any = ()) -> str:
    return render_template(
        "declarations/enter.html",
        declaration=declaration,
        asked=asked,
        problems=problems,
        **declaring.as_shown(declaration, asked, typed),
    )


@bp.post("/<id>/enter")
@guarded(Action.DECLARATION_ENTER)
def write(declaration: Declaration) -> ResponseReturnValue:
    """Keep what was keyed, and hand it in when that was pressed."""
    asked = campaigns.view_form(g.session, declaration, actor=g.actor)
    typed, wrong = declaring.read_draft(asked), {}
    try:
        wrong = campaigns.save(g.session, declaration, typed, actor=g.actor, version=_version())
        if request.form.get("act") == "send" and not wrong:
            campaigns.hand_in(g.session, declaration, actor=g.actor)
    except BadInput as error:
        g.session.rollback()
        return _form(declaration, asked, typed, [("content", sentence_of(error))]), error.status
    if wrong:
        access.commit()
        return _form(declaration, asked, typed, declaring.problems_of(wrong, asked)), 422
    access.commit()
    flash(_("Saved."), "success")
    return redirect(url_for(".show" if request.form.get("act") == "send" else ".enter", id=declaration.id))


@bp.post("/<id>/paper")
@guarded(Action.DECLARATION_READ)
def paper(declaration: Declaration) -> ResponseReturnValue:
    """Which filed document is the signed paper."""
    try:
        campaigns.name_paper(
            g.session, declaration, request.form.get("document", ""), actor=g.actor, version=_version()
        )
    except BadInput as error:
        return _page(declaration, sentence_of(error)), error.status
    access.commit()
    flash(_("The signed paper is named."), "success")
    return redirect(url_for(".show", id=declaration.id))


@bp.post("/<id>/form")
@guarded(Action.DECLARATION_READ)
def draw(declaration: Declaration) -> ResponseReturnValue:
    """The form to be signed, blank where the person has not handed in."""
    return declaring.print_form(declaration)


def _version() -> int | None:
    return request.form.get("version", type=int)
