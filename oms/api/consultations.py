"""Consultations: what was asked for and what waits, and asking for one; reading itself is for people and a browser."""

from datetime import date
from typing import Any

from flask import g
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from oms import consultations
from oms.api.door import gives, room, takes
from oms.api.paging import listed
from oms.api.shapes import Labelled, UnitName, Value
from oms.models import Consultation, ConsultationKind, ConsultationState
from oms.permissions import Action, can
from oms.web.access import commit, guarded

bp = room("consultations", "Asking to look into dossiers of other units")


class ConsultationShape(Schema):
    """A request; the dossier is named only to its holder and after it was granted."""

    number = fields.String()
    kind = Value()
    wanted = fields.String()
    dossier = fields.String(allow_none=True)
    asked_by = fields.String(attribute="asked_by.username")
    unit = fields.Nested(UnitName)
    purpose = fields.String()
    basis = fields.String()
    needed = fields.String()
    until = fields.Date()
    asked_at = fields.DateTime()
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    ends_at = fields.DateTime(allow_none=True)
    answer = fields.String()
    loan = Value(allow_none=True)
    due = fields.Date(allow_none=True)


class ConsultationArguments(Schema):
    """Which requests: the own ones, those to decide, those for dossiers of the own units, or overdue paper."""

    list = fields.String(load_default="mine", validate=validate.OneOf(("mine", "decide", "given", "overdue")))


class NewConsultation(Schema):
    """A request to send."""

    wanted = fields.String(required=True, validate=validate.Length(max=300))
    kind = fields.String(load_default="screen", validate=validate.OneOf(tuple(ConsultationKind)))
    purpose = fields.String(required=True, validate=validate.Length(max=2000))
    basis = fields.String(required=True, validate=validate.Length(max=300))
    basis_on = fields.Date(load_default=None, allow_none=True)
    needed = fields.String(required=True, validate=validate.Length(max=2000))
    until = fields.Date(required=True)


@bp.get("/consultations")
@guarded(Action.CONSULTATION_READ)
@gives(listed(ConsultationShape, "Consultations"))
@takes(ConsultationArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """At most 200 requests of one list."""
    found: list[Consultation] = []
    if asked["list"] == "mine":
        found = consultations.mine(g.session, actor=g.actor)
    elif asked["list"] == "overdue":
        found = consultations.overdue(g.session, actor=g.actor)
    elif asked["list"] == "given" and g.actor.has(Action.LOAN_HAND_OUT):
        found = consultations.given(g.session, actor=g.actor)
    elif asked["list"] == "decide" and g.actor.has(Action.CONSULTATION_APPROVE):
        found = consultations.to_decide(g.session, actor=g.actor)
    consultations.look_at_list(g.session, actor=g.actor, shown=len(found))
    return {"items": [_shape(one) for one in found], "next": None}


@bp.post("/consultations")
@guarded(Action.CONSULTATION_REQUEST)
@gives(ConsultationShape, 201)
@takes(NewConsultation)
def create(given: dict[str, Any]) -> ResponseReturnValue:
    """Ask for a look; the answer is the same whether there is such a dossier or not."""
    until: date = given["until"]
    wish = consultations.Wish(
        wanted=given["wanted"],
        kind=ConsultationKind(given["kind"]),
        purpose=given["purpose"],
        basis=given["basis"],
        basis_on=given["basis_on"],
        needed=given["needed"],
        until=until,
    )
    found = consultations.request(g.session, wish, actor=g.actor)
    commit()
    return _shape(found), 201


def _shape(found: Consultation) -> dict[str, Any]:
    names = ("number", "kind", "wanted", "asked_by", "unit", "purpose", "basis", "needed", "until", "asked_at", "state")
    granted = found.state in (ConsultationState.APPROVED, ConsultationState.ENDED)
    named = granted or can(g.actor, Action.LOAN_HAND_OUT, found)
    return {
        **{name: getattr(found, name) for name in names},
        "dossier": found.dossier.number if named and found.dossier is not None else None,
        "ends_at": found.ends_at,
        "answer": found.answer,
        "loan": found.loan.state if found.loan is not None else None,
        "due": found.loan.due_on if found.loan is not None else None,
    }
