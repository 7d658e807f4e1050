"""Papers inside dossiers that are missing, damaged or lost: the list, one of them, and what became of it.

That one is lost is declared by two people at one screen, in the browser.
"""

from typing import Any

from flask import g
from marshmallow import Schema, fields, validate

from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import Labelled, Seen, UnitName, Value
from oms.models import PaperLoss
from oms.permissions import Action
from oms.procedures import paper_losses
from oms.web.access import commit, guarded

bp = room("paper_losses", "Missing, damaged and lost papers")


class PaperLossShape(Schema):
    """A paper that two people declared; `document` is its entry in the contents list, if it has one."""

    number = fields.String()
    dossier = fields.String(attribute="dossier.number")
    person = fields.String(attribute="dossier.person.full_name")
    custodian = fields.Nested(UnitName, attribute="dossier.custodian")
    component = fields.String(attribute="component_id")
    document = fields.String(attribute="document_id", allow_none=True)
    title = fields.String()
    kind = Value()
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    noticed_on = fields.Date()
    due_on = fields.Date()
    basis = fields.String()
    remade_document = fields.String(attribute="remade_document_id", allow_none=True)
    remade_from = fields.String()
    remade_on = fields.Date(allow_none=True)
    settled_on = fields.Date(allow_none=True)
    note = fields.String()
    version = fields.Integer()


class PaperLossArguments(PageArguments):
    """Which losses: `late` or a state; all without."""

    state = fields.String(load_default="")


class MadeAnew(Seen):
    """The new document, filed under the same component, and the body whose copy it was made from."""

    document = fields.String(required=True)
    issued_by = fields.String(required=True, validate=validate.Length(1, 200))
    on = fields.Date(required=True)


class FoundAgain(Seen):
    """Where and how it was found, and when."""

    note = fields.String(required=True, validate=validate.Length(10, 1000))
    on = fields.Date(required=True)


class GivenUp(Seen):
    """Why no body has a copy."""

    reason = fields.String(required=True, validate=validate.Length(10, 1000))


@bp.get("/paper-losses")
@guarded(Action.PAPER_LOSS_READ)
@gives(listed(PaperLossShape, "PaperLosses"))
@takes(PaperLossArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Losses in dossiers the caller's unit keeps, what is due first in front."""
    page, size = page_of(asked)
    found, total = paper_losses.list_losses(g.session, actor=g.actor, state=asked["state"], page=page, size=size)
    return {"items": found, "next": after(page, size, more=page * size < total)}


@bp.get("/paper-losses/<number>")
@guarded(Action.PAPER_LOSS_READ, by="number")
@gives(PaperLossShape)
def show(paperloss: PaperLoss) -> PaperLoss:
    """One loss."""
    paper_losses.view(g.session, paperloss, actor=g.actor)
    return paperloss


@bp.post("/paper-losses/<number>/make-anew")
@guarded(Action.PAPER_LOSS_SETTLE, by="number")
@gives(PaperLossShape)
@takes(MadeAnew)
def make_anew(given: dict[str, Any], paperloss: PaperLoss) -> PaperLoss:
    """Name the paper made anew from a copy of the issuing body."""
    body, on, version = given["issued_by"], given["on"], given["version"]
    paper_losses.make_anew(
        g.session, paperloss, given["document"], issued_by=body, on=on, actor=g.actor, version=version
    )
    commit()
    return paperloss


@bp.post("/paper-losses/<number>/find-again")
@guarded(Action.PAPER_LOSS_SETTLE, by="number")
@gives(PaperLossShape)
@takes(FoundAgain)
def find_again(given: dict[str, Any], paperloss: PaperLoss) -> PaperLoss:
    """The original turned up and prevails."""
    note, on, version = given["note"], given["on"], given["version"]
    paper_losses.find_again(g.session, paperloss, note, on, actor=g.actor, version=version)
    commit()
    return paperloss


@bp.post("/paper-losses/<number>/give-up")
@guarded(Action.PAPER_LOSS_SETTLE, by="number")
@gives(PaperLossShape)
@takes(GivenUp)
def give_up(given: dict[str, Any], paperloss: PaperLoss) -> PaperLoss:
    """No body has a copy any more; the gap stays."""
    paper_losses.give_up(g.session, paperloss, given["reason"], actor=g.actor, version=given["version"])
    commit()
    return paperloss
