"""The own membership: where it is, how a move stands, and asking to move; and the wishes an officer has to answer."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import membership
from oms.errors import N_, BadInput
from oms.models import AskingState, MembershipAsking, MembershipKind
from oms.permissions import Action
from oms.web import access, work
from oms.web.errors import sentence_of
from oms.web.formats import day
from oms.web.membership import TONES

bp = Blueprint("own_membership", __name__, url_prefix="/own/membership")

ASKING_TONES = {
    AskingState.ASKED: "info",
    AskingState.PREPARED: "success",
    AskingState.REFUSED: "danger",
    AskingState.WITHDRAWN: "neutral",
}


@bp.get("")
@access.guarded(Action.MEMBERSHIP_ASK)
def show() -> ResponseReturnValue:
    """The own membership with the own moves and wishes."""
    return _page()


@bp.post("")
@access.guarded(Action.MEMBERSHIP_ASK)
def ask() -> ResponseReturnValue:
    """Ask to move."""
    form = request.form
    try:
        if form.get("kind") not in set(MembershipKind):
            raise BadInput(N_("Choose what kind of move it is."))
        asking = membership.Asking(MembershipKind(form["kind"]), form.get("destination", ""), form.get("reason", ""))
        membership.ask(g.session, asking, actor=g.actor)
    except BadInput as error:
        return _page(sentence_of(error)), error.status
    access.commit()
    flash(_("Your wish is with the officer who keeps your member dossier. The answer appears on this page."), "success")
    return redirect(url_for(".show"))


def _page(problem: str = "") -> str:
    own = membership.own(g.session, actor=g.actor)
    return render_template(
        "own_membership/show.html",
        own=own,
        waiting=any(asking.state == AskingState.ASKED for asking in own.askings),
        moving=any(move.state.is_open for move in own.moves),
        kinds=[(kind.value, _(kind.label)) for kind in MembershipKind],
        values=request.form,
        problem=problem,
        move_tones=TONES,
        asking_tones=ASKING_TONES,
    )


@bp.post("/askings/<asking>/withdraw")
@access.guarded(Action.MEMBERSHIP_ASK)
def withdraw(asking: str) -> ResponseReturnValue:
    """Take the own wish back."""
    membership.withdraw(g.session, asking, actor=g.actor)
    access.commit()
    flash(_("Your wish is withdrawn."), "success")
    return redirect(url_for(".show"))


@bp.get("/askings/<id>")
@access.guarded(Action.MEMBERSHIP_ANSWER)
def read(membershipasking: MembershipAsking) -> ResponseReturnValue:
    """One wish, for the officer who answers it."""
    membership.look_at_asking(g.session, membershipasking, actor=g.actor)
    return render_template(
        "own_membership/asking.html", asking=membershipasking, person=membershipasking.dossier.person
    )


@bp.post("/askings/<id>/refuse")
@access.guarded(Action.MEMBERSHIP_ANSWER)
def refuse(membershipasking: MembershipAsking) -> ResponseReturnValue:
    """Say no, with a reason."""
    membership.refuse(g.session, membershipasking, request.form.get("reason", ""), actor=g.actor)
    access.commit()
    flash(_("The wish is refused; the member reads the reason."), "success")
    return redirect(url_for("membership.index"))


@work.source
def due_here() -> list[work.Due]:
    """Wishes of members that wait for the officer."""
    if not g.actor.has(Action.MEMBERSHIP_ANSWER):
        return []
    return [
        work.Due(
            title=_("%(name)s asks to move the membership", name=asking.dossier.person.full_name),
            url=url_for("own_membership.read", id=asking.id),
            text=_("%(kind)s: to %(destination)s", kind=_(asking.kind.label), destination=asking.destination),
            meta=day(asking.asked_at),
            icon="person-check",
        )
        for asking in membership.askings_to_answer(g.session, actor=g.actor)
    ]
