"""Attestations: those that wait or are settled, with what changed since; giving and refusing one."""

from typing import Any

from flask import g
from marshmallow import Schema, fields, validate

from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import Labelled, UnitName, Value
from oms.models import Attestation, AttestationState
from oms.permissions import Action
from oms.procedures import attestations
from oms.web.access import commit, guarded

bp = room("attestations", "Attestations of short CVs and dossiers")


class AttestationShape(Schema):
    """An attestation."""

    number = fields.String()
    dossier = fields.String(attribute="dossier.number")
    person = fields.String(attribute="dossier.person.full_name")
    custodian = fields.Nested(UnitName, attribute="dossier.custodian")
    kind = Value()
    form = fields.String(attribute="form_id", allow_none=True)
    purpose = fields.String()
    decider = Value()
    basis = fields.String()
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    asked_at = fields.AwareDateTime()
    attested_on = fields.Date(allow_none=True)
    answer = fields.String()
    version = fields.Integer()


class AttestationInFull(AttestationShape):
    """An attestation with the number of things that are not any more as they were attested."""

    changes = fields.Function(lambda one: attestations.changes(g.session, one).total, metadata={"type": "integer"})


class AttestationArguments(PageArguments):
    """Which attestations; all without a state."""

    state = fields.Enum(AttestationState, by_value=True, load_default=None)


class Giving(Schema):
    """A version that is not the present one is refused."""

    version = fields.Integer(load_default=None, allow_none=True)


class NotGiving(Giving):
    """Why it is not attested."""

    reason = fields.String(required=True, validate=validate.Length(10, 1000))


@bp.get("/attestations")
@guarded(Action.ATTESTATION_READ)
@gives(listed(AttestationShape, "Attestations"))
@takes(AttestationArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Attestations of dossiers the caller's unit keeps or manages, those that wait first."""
    page, size = page_of(asked)
    found, total = attestations.list_attestations(g.session, actor=g.actor, state=asked["state"], page=page, size=size)
    return {"items": found, "next": after(page, size, more=page * size < total)}


@bp.get("/attestations/<number>")
@guarded(Action.ATTESTATION_READ, by="number")
@gives(AttestationInFull)
def show(attestation: Attestation) -> Attestation:
    """One attestation."""
    attestations.view(g.session, attestation, actor=g.actor)
    return attestation


@bp.post("/attestations/<number>/attest")
@guarded(Action.ATTESTATION_GIVE, by="number")
@gives(AttestationInFull)
@takes(Giving)
def attest(given: dict[str, Any], attestation: Attestation) -> Attestation:
    """Vouch for what the dossier says today; refused while its original set is not whole."""
    attestations.attest(g.session, attestation, actor=g.actor, version=given["version"])
    commit()
    return attestation


@bp.post("/attestations/<number>/refuse")
@guarded(Action.ATTESTATION_GIVE, by="number")
@gives(AttestationInFull)
@takes(NotGiving)
def refuse(given: dict[str, Any], attestation: Attestation) -> Attestation:
    """Do not attest, with a reason."""
    attestations.refuse(g.session, attestation, given["reason"], actor=g.actor, version=given["version"])
    commit()
    return attestation
