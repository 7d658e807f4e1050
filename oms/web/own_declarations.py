"""The own supplement: declared in the browser, saved while one writes, handed in, and what became of it."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import campaigns, organisation
from oms.campaigns import Draft
from oms.errors import BadInput
from oms.models import Declaration
from oms.permissions import Action
from oms.web import access, declaring, work
from oms.web.access import guarded
from oms.web.errors import sentence_of
from oms.web.formats import day

bp = Blueprint("own_declarations", __name__, url_prefix="/own/supplements")


@work.source
def due_here() -> list[work.Due]:
    """What the person still has to declare."""
    today = organisation.today()
    rows = []
    for one in campaigns.own_declarations(g.session, actor=g.actor):
        campaign = one.campaign
        if one.state not in campaigns.NOT_HANDED_IN or not campaigns.takes_in(campaign, person=False):
            continue
        late = campaign.ends_on < today
        rows.append(
            work.Due(
                title=_("Your supplement: %(name)s", name=campaign.name),
                url=url_for("own_declarations.show", declaration=one.id),
                text=one.reason or _("Declare what changed, or that nothing did, and hand it in."),
                meta=_("last day %(day)s", day=day(campaign.ends_on)),
                icon="pencil-square",
                status=(_("Overdue"), "danger") if late else (_(one.state.label), declaring.TONES[one.state]),
                late=late,
            )
        )
    return rows


def _load(id: str) -> Declaration:
    found: Declaration = campaigns.own_declaration(g.session, id, actor=g.actor)
    return found


@bp.get("/<declaration>")
@guarded(Action.OWN_READ)
def show(declaration: str) -> str:
    """The form, or what was declared."""
    own = _load(declaration)
    return _page(own, campaigns.view_own(g.session, own, actor=g.actor))


def _page(own: Declaration, asked: Any, typed: Draft | None = None, problems: Any = ()) -> str:
    writes = own.state in campaigns.NOT_HANDED_IN and campaigns.takes_in(own.campaign, person=True)
    labels = {one.key: one for one in asked}
    return render_template(
        "own_declarations/show.html",
        declaration=own,
        asked=asked,
        labels=labels,
        writes=writes,
        too_late=own.state in campaigns.NOT_HANDED_IN and not writes,
        tone=declaring.TONES[own.state],
        buttons=[
            step
            for step in declaring.step_buttons(
                own, actor=g.actor, url=lambda _name: url_for("own_declarations.recall", declaration=own.id)
            )
            if step["name"] == "recall"
        ],
        problems=problems,
        **declaring.as_shown(own, asked, typed),
    )


@bp.post("/<declaration>")
@guarded(Action.OWN_READ)
def save(declaration: str) -> ResponseReturnValue:
    """Save the draft (by a script, too) and hand it in when that was pressed."""
    own = _load(declaration)
    by_script = declaring.wants_autosave()
    asked = campaigns.ask(g.session, own, campaigns.things_of(own.campaign, own.dossier))
    typed = declaring.read_draft(asked)
    hands_in = request.form.get("act") == "send" and not by_script
    try:
        version = request.form.get("version", type=int)
        wrong = campaigns.save(g.session, own, typed, actor=g.actor, version=version, whole=not by_script)
        if hands_in and not wrong:
            campaigns.hand_in(g.session, own, actor=g.actor)
    except BadInput as error:
        g.session.rollback()
        return _page(own, asked, typed, [("content", sentence_of(error))]), error.status
    access.commit()
    if by_script:
        return declaring.autosaved(own)
    if wrong:
        return _page(own, asked, typed, declaring.problems_of(wrong, asked)), 422
    if hands_in:
        declaring.said_of("send")
    else:
        flash(_("Saved. It is not handed in yet."), "success")
    return redirect(url_for(".show", declaration=own.id))


@bp.post("/<declaration>/recall")
@guarded(Action.OWN_READ)
def recall(declaration: str) -> ResponseReturnValue:
    """Take it back to write on."""
    own = _load(declaration)
    campaigns.recall(g.session, own, actor=g.actor, version=request.form.get("version", type=int))
    access.commit()
    declaring.said_of("recall")
    return redirect(url_for(".show", declaration=own.id))


@bp.post("/<declaration>/form")
@guarded(Action.OWN_READ)
def draw(declaration: str) -> ResponseReturnValue:
    """The form to be signed."""
    return declaring.print_form(_load(declaration))
