"""Corrections by decision: those that wait or are settled, deciding and refusing one."""

from typing import Any

from flask import g
from marshmallow import Schema, fields, validate

from oms import procedures
from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import Labelled, UnitName, Value
from oms.models import Correction, CorrectionState
from oms.permissions import Action
from oms.web.access import commit, guarded

bp = room("corrections", "Corrections by decision")


class CorrectionShape(Schema):
    """A correction; both values as they are written on paper."""

    number = fields.String()
    dossier = fields.String(attribute="dossier.number")
    person = fields.String(attribute="dossier.person.full_name")
    custodian = fields.Nested(UnitName, attribute="dossier.custodian")
    field = fields.String()
    old_value = fields.String()
    new_value = fields.String()
    reason = fields.String()
    decider = Value()
    basis = fields.String()
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    proposed_at = fields.AwareDateTime()
    decision_number = fields.String(allow_none=True)
    decision_on = fields.Date(allow_none=True)
    answer = fields.String()
    version = fields.Integer()


class CorrectionArguments(PageArguments):
    """Which corrections; all without a state."""

    state = fields.Enum(CorrectionState, by_value=True, load_default=None)


class Decision(Schema):
    """The written decision; a version that is not the present one is refused."""

    decision_number = fields.String(required=True, validate=validate.Length(1, 80))
    decision_on = fields.Date(required=True)
    version = fields.Integer(load_default=None, allow_none=True)


class Refusal(Schema):
    """Why the value stays."""

    reason = fields.String(required=True, validate=validate.Length(10, 1000))
    version = fields.Integer(load_default=None, allow_none=True)


@bp.get("/corrections")
@guarded(Action.CORRECTION_READ)
@gives(listed(CorrectionShape, "Corrections"))
@takes(CorrectionArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Corrections of dossiers the caller's unit keeps or manages, those that wait first."""
    page, size = page_of(asked)
    found, total = procedures.list_corrections(g.session, actor=g.actor, state=asked["state"], page=page, size=size)
    return {"items": found, "next": after(page, size, more=page * size < total)}


@bp.get("/corrections/<number>")
@guarded(Action.CORRECTION_READ, by="number")
@gives(CorrectionShape)
def show(correction: Correction) -> Correction:
    """One correction."""
    procedures.view(g.session, correction, actor=g.actor)
    return correction


@bp.post("/corrections/<number>/decide")
@guarded(Action.CORRECTION_DECIDE, by="number")
@gives(CorrectionShape)
@takes(Decision)
def decide(given: dict[str, Any], correction: Correction) -> Correction:
    """Correct the value by a written decision."""
    number, on = given["decision_number"], given["decision_on"]
    procedures.decide(g.session, correction, number, on, actor=g.actor, version=given["version"])
    commit()
    return correction


@bp.post("/corrections/<number>/refuse")
@guarded(Action.CORRECTION_DECIDE, by="number")
@gives(CorrectionShape)
@takes(Refusal)
def refuse(given: dict[str, Any], correction: Correction) -> Correction:
    """Leave the value as it is."""
    procedures.refuse(g.session, correction, given["reason"], actor=g.actor, version=given["version"])
    commit()
    return correction
