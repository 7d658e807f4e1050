"""Reorganisations: the list, one plan with what it does or did, trying it out, and the steps by name.

Plans are written on the pages or read from a file by `oms reorganise plan`.
"""

from typing import Any

from flask import g
from marshmallow import Schema, fields, validate

from oms import reorganisation as reorganising
from oms.api.door import gives, room, takes
from oms.api.paging import listed
from oms.api.shapes import Labelled, Value
from oms.models import Job, Reorganisation
from oms.permissions import Action
from oms.web.access import commit, guarded

bp = room("reorganisations", "Units that merge, split and end by a decision")


class ReorganisationLine(Schema):
    """A reorganisation in the list."""

    number = fields.String()
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    decision_number = fields.String()
    decided_on = fields.Date()
    decision_body = fields.String()
    effective_on = fields.Date()
    version = fields.Integer()


class LandingShape(Schema):
    """Things of one kind that pass from a unit to another; units by code."""

    kind = fields.String()
    start = fields.String()
    end = fields.String()
    number = fields.Integer()
    names = fields.List(fields.String())


class TriedShape(Schema):
    """What a plan would do: counts, rights by user name (gained, lost), units nobody serves, obstacles."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    rights = fields.Dict(keys=fields.String(), values=fields.List(fields.Integer()))
    nobody = fields.Dict(keys=fields.String(), values=fields.Integer())
    blockers = fields.List(fields.List(fields.Raw()))
    landings = fields.List(fields.Nested(LandingShape))


class ReportShape(Schema):
    """What was carried out; `rows` is how many rows of the database it touched."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    landings = fields.List(fields.Nested(LandingShape))
    rows = fields.Integer()


class ReorganisationShape(ReorganisationLine):
    """One reorganisation with its plan, the dry run that is kept, the report, and how an ordered execution stands."""

    changes = fields.List(fields.Dict(), attribute="plan.changes")
    choices = fields.Dict(attribute="plan.choices")
    tried = fields.Nested(TriedShape, allow_none=True)
    report = fields.Nested(ReportShape, allow_none=True)
    execution = fields.String(allow_none=True, metadata={"description": "queued, running or failed."})
    may_undo_until = fields.Date(allow_none=True)
    reason = fields.String()


class SeenVersion(Schema):
    """The version of the plan that the caller saw; without it the plan as it stands."""

    version = fields.Integer(load_default=None, allow_none=True)


class ReorganisationStep(SeenVersion):
    """What goes with a step; undo, reopen and cancel need a reason."""

    reason = fields.String(load_default="", validate=validate.Length(max=2000))


@bp.get("/reorganisations")
@guarded(Action.REORGANISATION_READ)
@gives(listed(ReorganisationLine, "Reorganisations"))
def index() -> dict[str, Any]:
    """The reorganisations of the caller's board, the newest first."""
    return {"items": reorganising.list_reorganisations(g.session, actor=g.actor), "next": None}


@bp.get("/reorganisations/<number>")
@guarded(Action.REORGANISATION_READ, by="number")
@gives(ReorganisationShape)
def show(reorganisation: Reorganisation) -> dict[str, Any]:
    """One reorganisation: plan, dry run, report."""
    reorganising.view(g.session, reorganisation, actor=g.actor)
    return _shape(reorganisation)


@bp.post("/reorganisations/<number>/try")
@guarded(Action.REORGANISATION_PREPARE, by="number")
@gives(TriedShape)
@takes(SeenVersion)
def try_out(given: dict[str, Any], reorganisation: Reorganisation) -> dict[str, Any]:
    """Carry a draft out and take it back at once; what it told is kept beside the plan."""
    told = reorganising.keep_dry_run(g.session, reorganisation, actor=g.actor, version=given["version"])
    commit()
    return told.as_json()


@bp.post("/reorganisations/<number>/<step>")
@guarded(Action.REORGANISATION_READ, by="number")
@gives(ReorganisationShape)
@takes(ReorganisationStep)
def take(given: dict[str, Any], reorganisation: Reorganisation, step: str) -> dict[str, Any]:
    """Take a step by name: submit, approve, execute (done by the worker), undo, reopen, cancel."""
    reorganising.take(g.session, reorganisation, step, actor=g.actor, **given)
    commit()
    return _shape(reorganisation)


def _shape(change: Reorganisation) -> dict[str, Any]:
    told, report = reorganising.last_dry_run(change), reorganising.outcome_of(g.session, change)
    order: Job | None = reorganising.latest_order(g.session, change)
    names = ("number", "state", "decision_number", "decided_on", "decision_body", "effective_on", "version", "reason")
    return {
        **{name: getattr(change, name) for name in names},
        "plan": change.plan,
        "tried": told.as_json() if told else None,
        "report": report.as_json() if report else None,
        "execution": order.state.value if order else None,
        "may_undo_until": reorganising.may_undo_until(change),
    }
