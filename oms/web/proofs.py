"""The files that prove a transfer: uploaded, read, taken away, and destroyed when one turns out to be secret."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from oms import audit, custody, purging
from oms.errors import N_, BadInput, OmsError, Refused
from oms.intake import Arrival
from oms.models import Purge, Transfer
from oms.permissions import Action, Actor, can
from oms.web import access
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.pages import send_stored
from oms.web.receiving import DOUBTFUL, RECEIVED, attach_file
from oms.web.two_people import NOT_PROVED, decide, look_again, status_of, typed

bp = Blueprint("proofs", __name__, url_prefix="/transfers")


@bp.post("/<id>/proofs")
@guarded(Action.TRANSFER_READ, writing=False)
def upload(transfer: Transfer) -> ResponseReturnValue:
    """Hang the decision or letter on the transfer, through the gate like every file."""
    custody.require_may_add_proof(transfer, actor=g.actor)
    files = [file for file in request.files.getlist("file") if file.filename]
    if not files:
        raise BadInput(N_("Choose at least one file first."))
    transfer_id = transfer.id
    # Receiving takes its own transactions; none may stay open while long bodies are examined.
    g.session.expunge_all()
    g.session.rollback()
    for file in files[: custody.MOST_PROOFS]:
        if doubtful := _receive(transfer_id, file):
            return redirect(url_for("gate.show", token=doubtful))
    return redirect(url_for("transfers.show", id=transfer_id, _anchor="proofs"))


def _receive(transfer_id: str, file: FileStorage) -> str:
    """Take one file and say what became of it; the token of a doubtful one."""

    def enter(session: Session, transfer: Transfer, arrival: Arrival) -> None:
        custody.add_proof(session, transfer, arrival, actor=g.actor)

    outcome = attach_file(
        Transfer,
        transfer_id,
        cast(BinaryIO, file.stream),
        file.filename or "",
        actor=g.actor,
        action="transfer:add_proof",
        errand={"purpose": "proof"},
        enter=enter,
    )
    if outcome.state == RECEIVED:
        flash(_("%(name)s hangs on the transfer now.", name=outcome.name), "success")
    else:
        flash(outcome.message, "warning" if outcome.state == DOUBTFUL else "danger")
    return outcome.token


@bp.get("/<id>/proofs/<proof>")
@guarded(Action.TRANSFER_READ)
def file(transfer: Transfer, proof: str) -> Response:
    """The file as it was uploaded."""
    found = custody.take_proof(g.session, transfer, proof, actor=g.actor)
    return send_stored(found.sha256, found.media_type, f"{Path(found.file_name).stem}-{transfer.number}.x")


@bp.post("/<id>/proofs/<proof>/remove")
@guarded(Action.TRANSFER_READ)
def remove(transfer: Transfer, proof: str) -> ResponseReturnValue:
    """Take a wrong file away."""
    remove_bytes = custody.remove_proof(g.session, house().settings, transfer, proof, actor=g.actor)
    access.commit()
    remove_bytes()
    flash(_("The file is taken away."), "success")
    return redirect(url_for("transfers.show", id=transfer.id, _anchor="proofs"))


@bp.get("/<id>/proofs/<proof>/secret")
@guarded(Action.TRANSFER_READ)
def ask(transfer: Transfer, proof: str) -> str:
    """The form in which two people have a file destroyed that turned out to be secret."""
    audit.record(g.session, "secrecy:look", transfer, actor=g.actor, file=proof)
    return _draw(transfer, proof)


def _draw(transfer: Transfer, proof: str, problem: OmsError | None = None) -> str:
    return render_template(
        "proofs/secret.html",
        transfer=transfer,
        proof=custody.find_proof(g.session, transfer, proof),
        problem=sentence_of(problem) if problem else "",
        typed=typed("reason"),
    )


@bp.post("/<id>/proofs/<proof>/secret")
@guarded(Action.TRANSFER_READ, writing=False)
def destroy(transfer: Transfer, proof: str) -> ResponseReturnValue:
    """Two people say that it is secret: every trace of it is destroyed."""
    transfer_id, reason = transfer.id, request.form.get("reason", "")
    custody.find_proof(g.session, transfer, proof)

    def act(session: Session, second: Actor) -> tuple[Purge, Callable[[], None]]:
        found = custody.find_proof(session, session.get_one(Transfer, transfer_id), proof)
        return purging.purge_attached(session, house().settings, found, reason, second=second, actor=g.actor)

    try:
        minutes, remove_files = decide(act)
    except (BadInput, Refused, *NOT_PROVED) as error:
        look_again(error)
        return _draw(g.session.get_one(Transfer, transfer_id), proof, error), status_of(error)
    remove_files()
    flash(
        _("The file is destroyed. Print the minutes and give them to the administrator because of the backups."),
        "success",
    )
    g.session = access.open_request_session(writing=False)
    if can(g.actor, Action.DOSSIER_READ, g.session.get_one(Transfer, transfer_id).dossier):
        return redirect(url_for("gate.minutes", purge_id=minutes.id))
    return redirect(url_for("transfers.show", id=transfer_id))
