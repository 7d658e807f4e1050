"""Transfers: preparing one and taking its steps by name."""

from typing import Any, BinaryIO, cast

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, post_load, validate

from oms import custody, dossiers, organisation
from oms.api.door import gives, gives_file, room, takes, takes_files
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import TransferLine, TransferShape
from oms.errors import N_, BadInput
from oms.models import CheckOutcome, Transfer
from oms.permissions import Action, can
from oms.web.access import commit, guarded
from oms.web.pages import send_stored
from oms.web.receiving import attach_file

bp = room("transfers", "Hand-over of dossiers")


class TransferArguments(PageArguments):
    """Which transfers: all, those still open, or those closed."""

    state = fields.String(load_default="all", validate=validate.OneOf(("all", "open", "closed")))


class NewTransfer(Schema):
    """A transfer to prepare."""

    dossier = fields.String(required=True, metadata={"description": "Number of the dossier."})
    to = fields.String(required=True, metadata={"description": "Code, id or exact name of the receiving unit."})
    reason = fields.String(required=True, validate=validate.Length(max=2000))
    basis_number = fields.String(
        load_default="",
        validate=validate.Length(max=80),
        metadata={"description": "Number of the decision or letter; needed before the transfer is submitted."},
    )
    basis_on = fields.Date(load_default=None, allow_none=True)


class CameArguments(Schema):
    """One document of the slip."""

    title = fields.String(required=True, validate=validate.Length(min=1, max=custody.TITLE_LENGTH))
    number = fields.String(load_default="", validate=validate.Length(max=80))
    sheets = fields.Integer(required=True)

    @post_load
    def make(self, given: dict[str, Any], **_more: Any) -> custody.Came:
        """The line as custody knows it."""
        return custody.Came(**given)


class NewArrival(Schema):
    """Papers that came from a body outside for a dossier the unit holds; open a new dossier first where there is none."""

    dossier = fields.String(required=True, metadata={"description": "Number of the dossier."})
    body = fields.String(required=True, metadata={"description": "Full name of the body outside."})
    slip_number = fields.String(required=True, validate=validate.Length(max=80))
    slip_on = fields.Date(required=True)
    documents = fields.List(fields.Nested(CameArguments), required=True, validate=validate.Length(min=1))
    note = fields.String(load_default="", validate=validate.Length(max=2000))


class CheckArguments(Schema):
    """What was found of one line of the list on arrival; without a line, all lines not yet checked are complete."""

    line = fields.Integer(load_default=None, allow_none=True)
    outcome = fields.Enum(CheckOutcome, by_value=True, load_default=CheckOutcome.PRESENT)
    note = fields.String(load_default="", validate=validate.Length(max=500))


class StepArguments(Schema):
    """What goes with a step; some steps need a reason."""

    reason = fields.String(load_default="", validate=validate.Length(max=2000))
    version = fields.Integer(load_default=None, allow_none=True)
    paper_came = fields.Boolean(load_default=True, metadata={"description": "On acceptance: the paper is there too."})


@bp.get("/transfers")
@guarded(Action.TRANSFER_READ)
@gives(listed(TransferLine, "Transfers"))
@takes(TransferArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Transfers the caller may know of, the latest first."""
    page, size = page_of(asked)
    found = custody.list_transfers(
        g.session,
        actor=g.actor,
        open_only=asked["state"] == "open",
        closed_only=asked["state"] == "closed",
        limit=size + 1,
        offset=(page - 1) * size,
    )
    custody.look_at_list(g.session, actor=g.actor, shown=min(len(found), size))
    return {"items": found[:size], "next": after(page, size, more=len(found) > size)}


@bp.post("/transfers")
@guarded(Action.TRANSFER_PREPARE)
@gives(TransferShape, 201)
@takes(NewTransfer)
def create(given: dict[str, Any]) -> ResponseReturnValue:
    """Prepare a transfer; `submit` is the next step."""
    dossier = dossiers.get_dossier(g.session, given["dossier"], actor=g.actor)
    receiver = organisation.find_unit(g.session, given["to"])
    proof = custody.Proof(given["basis_number"], given["basis_on"])
    transfer = custody.prepare(g.session, dossier, receiver, given["reason"], actor=g.actor, proof=proof)
    commit()
    address = url_for("api_transfers.show", number=transfer.number)
    return _shape(transfer), 201, {"Location": address}


@bp.post("/arrivals")
@guarded(Action.DOSSIER_CREATE)
@gives(TransferShape, 201)
@takes(NewArrival)
def receive(given: dict[str, Any]) -> ResponseReturnValue:
    """Enter what came from a body outside; `checks`, then `confirm` by another person are the next steps."""
    dossier = dossiers.get_dossier(g.session, given["dossier"], actor=g.actor, action=Action.DOSSIER_EDIT)
    body = custody.find_outside_body(g.session, given["body"], actor=g.actor)
    arrival = custody.Arrival(given["slip_number"], given["slip_on"], given["documents"], given["note"])
    transfer = custody.receive_from_outside(g.session, dossier, body, arrival, actor=g.actor)
    commit()
    address = url_for("api_transfers.show", number=transfer.number)
    return _shape(transfer), 201, {"Location": address}


@bp.get("/transfers/<number>")
@guarded(Action.TRANSFER_READ, by="number")
@gives(TransferShape)
def show(transfer: Transfer) -> dict[str, Any]:
    """One transfer with its sealed contents list, its events and the steps open to the caller."""
    custody.view(g.session, transfer, actor=g.actor)
    return _shape(transfer)


@bp.post("/transfers/<number>/proofs")
@guarded(Action.TRANSFER_READ, by="number", writing=False)
@gives(TransferShape, 201)
@takes_files()
def prove(transfer: Transfer) -> dict[str, Any]:
    """Hang the decision or letter on the transfer as files called `file`; the first refused one ends the call."""
    files, transfer_id = request.files.getlist("file"), transfer.id
    if not files:
        raise BadInput(N_("No file was sent. Send a form (multipart/form-data) with one or many fields called `file`."))
    custody.require_may_add_proof(transfer, actor=g.actor)
    g.session.expunge_all()
    g.session.rollback()
    for file in files:
        outcome = attach_file(
            Transfer,
            transfer_id,
            cast(BinaryIO, file.stream),
            file.filename or "",
            actor=g.actor,
            action="transfer:add_proof",
            errand=None,
            enter=lambda session, found, arrival: custody.add_proof(session, found, arrival, actor=g.actor),
        )
        if outcome.error is not None:
            raise outcome.error
    return _shape(g.session.get_one(Transfer, transfer_id))


@bp.get("/transfers/<number>/proofs/<proof>")
@guarded(Action.TRANSFER_READ, by="number")
@gives_file("application/octet-stream")
def proof(transfer: Transfer, proof: str) -> Response:
    """A file of proof as it was uploaded."""
    found = custody.take_proof(g.session, transfer, proof, actor=g.actor)
    return send_stored(found.sha256, found.media_type, found.file_name)


@bp.post("/transfers/<number>/checks")
@guarded(Action.TRANSFER_RECEIVE, by="number")
@gives(TransferShape)
@takes(CheckArguments)
def check(given: dict[str, Any], transfer: Transfer) -> dict[str, Any]:
    """Write down what arrived: one line of the sealed list, or all that are left."""
    if given["line"] is None:
        custody.tick_rest(g.session, transfer, actor=g.actor)
    else:
        custody.tick(g.session, transfer, given["line"], given["outcome"], given["note"], actor=g.actor)
    commit()
    return _shape(transfer)


@bp.post("/transfers/<number>/<step>")
@guarded(Action.TRANSFER_READ, by="number")
@gives(TransferShape)
@takes(StepArguments)
def take(given: dict[str, Any], transfer: Transfer, step: str) -> dict[str, Any]:
    """Take a step by name. After it the transfer may no longer concern the caller; then only its state is shown."""
    arrow = custody.choose_step(transfer, step, actor=g.actor)
    custody.take(g.session, arrow, transfer, actor=g.actor, **given)
    commit()
    if not can(g.actor, Action.TRANSFER_READ, transfer):
        return {"number": transfer.number, "state": transfer.state}
    return _shape(transfer)


def _shape(transfer: Transfer) -> dict[str, Any]:
    names = ("number", "dossier", "from_unit", "to_unit", "approving_unit", "state", "due_on", "prepared_at")
    more = ("reason", "basis_number", "basis_on", "manifest_sha256")
    manifest = transfer.manifest if custody.may_read_list(transfer, actor=g.actor) else None
    return {
        **{name: getattr(transfer, name) for name in (*names, *more)},
        "manifest": manifest,
        "proofs": custody.proofs(g.session, transfer),
        "checks": transfer.checks,
        "events": custody.events_of(g.session, transfer),
        "steps": [step.name for step in custody.steps_open_to(transfer, actor=g.actor)],
    }
