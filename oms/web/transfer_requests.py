"""Pages of requests for dossiers: asking as the receiving body, answering as the holder."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import custody
from oms.errors import BadInput
from oms.models import RequestState, TransferRequest
from oms.permissions import Action
from oms.web import access, work
from oms.web.days import read_day
from oms.web.errors import sentence_of

bp = Blueprint("transfer_requests", __name__, url_prefix="/transfer-requests")

TONES = {
    RequestState.ASKED: "info",
    RequestState.ANSWERED: "success",
    RequestState.REFUSED: "danger",
    RequestState.WITHDRAWN: "neutral",
}


@bp.get("")
@access.guarded(Action.TRANSFER_REQUEST_READ)
def index() -> ResponseReturnValue:
    """Requests the unit made and those it answers, and the form of a new one."""
    return _page()


def _page(problem: BadInput | None = None) -> str:
    found = custody.requests(g.session, actor=g.actor)
    custody.look_at_requests(g.session, actor=g.actor, shown=len(found))
    return render_template(
        "transfers/requests/index.html",
        requests=found,
        tones=TONES,
        own=g.actor.units.get(Action.TRANSFER_ASK, frozenset()),
        problem=sentence_of(problem) if problem else "",
        form=request.form,
    )


@bp.post("")
@access.guarded(Action.TRANSFER_ASK)
def create() -> ResponseReturnValue:
    """Ask; the answer on the screen is the same whether there is such a dossier or not."""
    try:
        asking = custody.Asking(
            wanted=request.form.get("wanted", ""),
            basis_number=request.form.get("basis_number", ""),
            basis_on=read_day(request.form.get("basis_on", "")),
            reason=request.form.get("reason", ""),
        )
        made = custody.ask(g.session, asking, actor=g.actor)
    except BadInput as error:
        return _page(error), error.status
    access.commit()
    flash(_("Request %(number)s is sent. The unit that holds the dossier answers it.", number=made.number), "success")
    return redirect(url_for(".index"))


@bp.post("/<id>/answer")
@access.guarded(Action.TRANSFER_REQUEST_ANSWER)
def answer(transferrequest: TransferRequest) -> ResponseReturnValue:
    """Answer with a transfer."""
    transfer = custody.answer(g.session, transferrequest, actor=g.actor)
    access.commit()
    flash(
        _("Transfer %(number)s is prepared. Submit it for approval when it is right.", number=transfer.number),
        "success",
    )
    return redirect(url_for("transfers.show", id=transfer.id))


@bp.post("/<id>/refuse")
@access.guarded(Action.TRANSFER_REQUEST_ANSWER)
def refuse(transferrequest: TransferRequest) -> ResponseReturnValue:
    """Refuse with a reason."""
    custody.refuse(g.session, transferrequest, request.form.get("reason", ""), actor=g.actor)
    access.commit()
    flash(_("Request %(number)s is refused.", number=transferrequest.number), "success")
    return redirect(url_for(".index"))


@bp.post("/<id>/withdraw")
@access.guarded(Action.TRANSFER_REQUEST_READ)
def withdraw(transferrequest: TransferRequest) -> ResponseReturnValue:
    """Take a request back."""
    custody.withdraw(g.session, transferrequest, actor=g.actor)
    access.commit()
    flash(_("Request %(number)s is withdrawn.", number=transferrequest.number), "success")
    return redirect(url_for(".index"))


@work.source
def due_here() -> list[work.Due]:
    """Requests that wait for an answer."""
    if not g.actor.has(Action.TRANSFER_REQUEST_ANSWER):
        return []
    return [
        work.Due(
            title=_("Request %(number)s for a dossier", number=asked.number),
            url=url_for("transfer_requests.index"),
            text=_("%(unit)s asks for %(wanted)s", unit=asked.unit.short_name, wanted=asked.wanted),
            icon="envelope",
        )
        for asked in custody.requests_to_answer(g.session, actor=g.actor)
    ]
