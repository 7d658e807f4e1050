"""The page on which two people declare a dossier lost on the way."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from oms import audit, custody
from oms.errors import N_, BadInput, Conflict, OmsError, Refused
from oms.models import Transfer
from oms.permissions import Action, Actor, require_confirmed
from oms.web import access
from oms.web.access import guarded
from oms.web.errors import sentence_of
from oms.web.two_people import NOT_PROVED, decide, look_again, status_of, typed

bp = Blueprint("losses", __name__, url_prefix="/transfers")


@bp.get("/<id>/loss")
@guarded(Action.TRANSFER_LOSE)
def ask(transfer: Transfer) -> str:
    """What it means, where the paper was looked for, and who declares it too."""
    _require_late(transfer)
    audit.record(g.session, "transfer:ask_loss", transfer, actor=g.actor)
    return _draw(transfer)


def _require_late(transfer: Transfer) -> None:
    if not custody.may_declare_lost(transfer, actor=g.actor):
        raise Conflict(N_("This can be done when the time limit for receipt has ended. Ask the receiving unit first."))


def _draw(transfer: Transfer, problem: OmsError | None = None) -> str:
    return render_template(
        "losses/new.html",
        transfer=transfer,
        by_two=custody.needs_second(transfer),
        problem=sentence_of(problem) if problem else "",
        typed=typed("reason"),
    )


@bp.post("/<id>/loss")
@guarded(Action.TRANSFER_LOSE, writing=False)
def declare(transfer: Transfer) -> ResponseReturnValue:
    """Declare it, together with the second person where the rule asks for one."""
    _require_late(transfer)
    require_confirmed(g.actor)
    transfer_id, by_two = transfer.id, custody.needs_second(transfer)

    def act(session: Session, second: Actor | None) -> None:
        found = session.get_one(Transfer, transfer_id)
        step = custody.choose_step(found, "declare-lost", actor=g.actor)
        custody.take(session, step, found, actor=g.actor, reason=request.form.get("reason", ""), second=second)

    try:
        if by_two:
            decide(act)
        else:
            access.end_request(g.pop("session"))
            g.session = access.open_request_session(writing=True)
            act(g.session, None)
            access.commit()
    except (BadInput, Refused, *NOT_PROVED) as error:
        look_again(error)
        return _draw(g.session.get_one(Transfer, transfer_id), error), status_of(error)
    flash(_("The dossier counts as lost. Print the minutes; whoever finds it says so on this page."), "success")
    return redirect(url_for("transfers.show", id=transfer_id))
