"""Verifications: those that run, opening one, its extension, its end, its minutes; giving it up."""

from typing import Any

from flask import g, url_for
from marshmallow import Schema, fields, validate

from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import Labelled, UnitName, Value
from oms.models import Dossier, Verification, VerificationOutcome, VerificationState
from oms.permissions import Action
from oms.procedures import verification_lists as lists
from oms.procedures import verifications as cases
from oms.web.access import commit, guarded

bp = room("verifications", "Verifications")


class VerificationShape(Schema):
    """A verification with its limits; what the minutes say is empty until they are written."""

    number = fields.String()
    dossier = fields.String(attribute="dossier.number")
    person = fields.String(attribute="dossier.person.full_name")
    custodian = fields.Nested(UnitName, attribute="dossier.custodian")
    question = fields.String()
    field = fields.String(allow_none=True)
    verifiers = fields.String()
    bodies = fields.String()
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    opened_at = fields.AwareDateTime()
    due_on = fields.Date()
    basis = fields.String()
    first_due_on = fields.Date(allow_none=True)
    ended_on = fields.Date(allow_none=True)
    minutes_due_on = fields.Date(allow_none=True)
    minutes_on = fields.Date(allow_none=True)
    outcome = Value(allow_none=True)
    conclusion = fields.String()
    right_value = fields.String()
    version = fields.Integer()


class VerificationArguments(PageArguments):
    """Which verifications; those that run without a state."""

    state = fields.Enum(VerificationState, by_value=True, load_default=None)
    late = fields.Boolean(load_default=False)


class ExtensionShape(Schema):
    """The one extension: working days, and the paper that gives it."""

    days = fields.Integer(required=True, validate=validate.Range(1))
    document_number = fields.String(required=True, validate=validate.Length(1, 80))
    document_on = fields.Date(required=True)
    reason = fields.String(required=True, validate=validate.Length(10, 1000))
    version = fields.Integer(load_default=None, allow_none=True)


class EndShape(Schema):
    """The day on which the verification ended."""

    ended_on = fields.Date(required=True)
    version = fields.Integer(load_default=None, allow_none=True)


class CaseShape(Schema):
    """What is doubtful, who verifies and which bodies are asked (one a line), and the value or paper it is about."""

    question = fields.String(required=True)
    verifiers = fields.String(required=True)
    bodies = fields.String(load_default="")
    field = fields.String(load_default="")
    document = fields.String(load_default="")


class MinutesShape(Schema):
    """What the minutes say; `right_value` only where a value is found to be wrong."""

    on = fields.Date(required=True)
    present = fields.String(required=True)
    compared = fields.String(required=True)
    found = fields.String(required=True)
    conclusion = fields.String(required=True)
    outcome = fields.Enum(VerificationOutcome, by_value=True, required=True)
    right_value = fields.String(load_default="")
    version = fields.Integer(load_default=None, allow_none=True)


class GivingUp(Schema):
    """Why it ends without minutes."""

    reason = fields.String(required=True, validate=validate.Length(10, 1000))
    version = fields.Integer(load_default=None, allow_none=True)


@bp.post("/dossiers/<number>/verifications")
@guarded(Action.VERIFICATION_OPEN, by="number", model=Dossier)
@gives(VerificationShape, 201)
@takes(CaseShape)
def open_case(given: dict[str, Any], dossier: Dossier) -> Any:
    """Open a verification about a dossier; its limit begins today."""
    named = cases.Case(
        given["question"], given["verifiers"], given["bodies"], field=given["field"], document_id=given["document"]
    )
    made = cases.open_case(g.session, dossier, named, actor=g.actor)
    commit()
    return made, 201, {"Location": url_for("api_verifications.show", number=made.number)}


@bp.get("/verifications")
@guarded(Action.VERIFICATION_READ)
@gives(listed(VerificationShape, "Verifications"))
@takes(VerificationArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Verifications of dossiers the caller's unit keeps, what is due first in front."""
    page, size = page_of(asked)
    chosen = lists.Chosen(asked["state"], late=asked["late"])
    found, total = lists.list_cases(g.session, chosen, actor=g.actor, page=page, size=size)
    return {"items": found, "next": after(page, size, more=page * size < total)}


@bp.get("/verifications/<number>")
@guarded(Action.VERIFICATION_READ, by="number")
@gives(VerificationShape)
def show(verification: Verification) -> Verification:
    """One verification."""
    cases.view(g.session, verification, actor=g.actor)
    return verification


@bp.post("/verifications/<number>/extend")
@guarded(Action.VERIFICATION_LEAD, by="number")
@gives(VerificationShape)
@takes(ExtensionShape)
def extend(given: dict[str, Any], verification: Verification) -> Verification:
    """Extend it, once."""
    cases.extend(
        g.session,
        verification,
        given["days"],
        document=given["document_number"],
        on=given["document_on"],
        reason=given["reason"],
        actor=g.actor,
        version=given["version"],
    )
    commit()
    return verification


@bp.post("/verifications/<number>/end")
@guarded(Action.VERIFICATION_LEAD, by="number")
@gives(VerificationShape)
@takes(EndShape)
def end(given: dict[str, Any], verification: Verification) -> Verification:
    """End it; the minutes are due then."""
    cases.end(g.session, verification, given["ended_on"], actor=g.actor, version=given["version"])
    commit()
    return verification


@bp.post("/verifications/<number>/conclude")
@guarded(Action.VERIFICATION_LEAD, by="number")
@gives(VerificationShape)
@takes(MinutesShape)
def conclude(given: dict[str, Any], verification: Verification) -> Verification:
    """Write the minutes; they settle the contradiction the case came from."""
    version = given.pop("version")
    cases.conclude(g.session, verification, cases.Minutes(**given), actor=g.actor, version=version)
    commit()
    return verification


@bp.post("/verifications/<number>/give-up")
@guarded(Action.VERIFICATION_LEAD, by="number")
@gives(VerificationShape)
@takes(GivingUp)
def give_up(given: dict[str, Any], verification: Verification) -> Verification:
    """End it without minutes; its contradiction is open again."""
    cases.give_up(g.session, verification, given["reason"], actor=g.actor, version=given["version"])
    commit()
    return verification
