"""Leavings: those that run by the day they are due, one with its copies, the consent of the head."""

from typing import Any

from flask import g
from marshmallow import Schema, fields

from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import Labelled, UnitName, Value
from oms.models import Leaving, LeavingState
from oms.permissions import Action
from oms.procedures import leaving_lists, leavings, reopening
from oms.web.access import commit, guarded

bp = room("leavings", "Leaving, retirement and death")


class CopyShape(Schema):
    """Copies that were given."""

    receiver = fields.String()
    relation = fields.String()
    titles = fields.List(fields.String())
    handed_on = fields.Date()


class LeavingShape(Schema):
    """A leaving."""

    number = fields.String()
    dossier = fields.String(attribute="dossier.number")
    person = fields.String(attribute="dossier.person.full_name")
    custodian = fields.Nested(UnitName, attribute="dossier.custodian")
    way = Value()
    decision_number = fields.String()
    decision_on = fields.Date()
    leaves_on = fields.Date()
    due_on = fields.Date()
    basis = fields.String()
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    closed_on = fields.Date(allow_none=True)
    annulled_on = fields.Date(allow_none=True)
    documents = fields.Integer()
    pages = fields.Integer()
    version = fields.Integer()


class LeavingInFull(LeavingShape):
    """A leaving with the copies that were given; `mistake` says why it is reported, or annulled, as a mistake."""

    mistake = fields.String()
    kept_because = fields.String()
    copies = fields.List(fields.Nested(CopyShape))


class LeavingArguments(PageArguments):
    """Which leavings; all without a state, `late` those over their day."""

    state = fields.Enum(LeavingState, by_value=True, load_default=None)
    late = fields.Boolean(load_default=False)


class MistakeInput(Schema):
    """Why, in 10 to 1000 characters; a version that is not the present one is refused."""

    reason = fields.String(required=True)
    version = fields.Integer(load_default=None, allow_none=True)


class Consent(Schema):
    """A version that is not the present one is refused."""

    version = fields.Integer(load_default=None, allow_none=True)


@bp.get("/leavings")
@guarded(Action.LEAVING_READ)
@gives(listed(LeavingShape, "Leavings"))
@takes(LeavingArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Leavings of dossiers the caller's unit keeps or manages, those that run first."""
    page, size = page_of(asked)
    found, total = leaving_lists.list_leavings(
        g.session, actor=g.actor, state=asked["state"], late=asked["late"], page=page, size=size
    )
    return {"items": found, "next": after(page, size, more=page * size < total)}


@bp.get("/leavings/<number>")
@guarded(Action.LEAVING_READ, by="number")
@gives(LeavingInFull)
def show(leaving: Leaving) -> Leaving:
    """One leaving."""
    leaving_lists.view(g.session, leaving, actor=g.actor)
    return leaving


@bp.post("/leavings/<number>/consent")
@guarded(Action.LEAVING_CONSENT, by="number")
@gives(LeavingInFull)
@takes(Consent)
def consent(given: dict[str, Any], leaving: Leaving) -> Leaving:
    """Agree to the copies and to closing the dossier."""
    leavings.consent(g.session, leaving, actor=g.actor, version=given["version"])
    commit()
    return leaving


@bp.post("/leavings/<number>/report-mistake")
@guarded(Action.LEAVING_HANDLE, by="number")
@gives(LeavingInFull)
@takes(MistakeInput)
def report_mistake(given: dict[str, Any], leaving: Leaving) -> Leaving:
    """Say that the dossier was closed by mistake; the head decides."""
    reopening.report_mistake(g.session, leaving, given["reason"], actor=g.actor, version=given["version"])
    commit()
    return leaving


@bp.post("/leavings/<number>/annul")
@guarded(Action.LEAVING_CONSENT, by="number")
@gives(LeavingInFull)
@takes(Consent)
def annul(given: dict[str, Any], leaving: Leaving) -> Leaving:
    """Agree that it was closed by mistake: the dossier is in use again."""
    reopening.annul(g.session, leaving, actor=g.actor, version=given["version"])
    commit()
    return leaving


@bp.post("/leavings/<number>/keep-closed")
@guarded(Action.LEAVING_CONSENT, by="number")
@gives(LeavingInFull)
@takes(MistakeInput)
def keep_closed(given: dict[str, Any], leaving: Leaving) -> Leaving:
    """Keep the dossier closed, with the reason."""
    reopening.keep_closed(g.session, leaving, given["reason"], actor=g.actor, version=given["version"])
    commit()
    return leaving
