"""Requests of people about their own dossiers: those that wait or are answered, acknowledging, refusing, forwarding and approving one."""

from typing import Any

from flask import g
from marshmallow import Schema, fields, validate

from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import Labelled, Seen, UnitName, Value
from oms.models import SubjectRequest, SubjectRequestState
from oms.permissions import Action
from oms.procedures import answering
from oms.web.access import commit, guarded, house

bp = room("subject_requests", "Requests of people about their own dossiers")


class SubjectRequestShape(Schema):
    """A request with its days; `wanted_value` is as it is written on paper."""

    number = fields.String()
    dossier = fields.String(attribute="dossier.number")
    person = fields.String(attribute="dossier.person.full_name")
    custodian = fields.Nested(UnitName, attribute="dossier.custodian")
    kind = Value()
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    field = fields.String(allow_none=True)
    wanted_value = fields.String()
    reason = fields.String()
    asked_at = fields.AwareDateTime()
    acknowledge_due_on = fields.Date()
    acknowledged_at = fields.AwareDateTime(allow_none=True)
    due_on = fields.Date()
    first_due_on = fields.Date(allow_none=True, metadata={"description": "The day before the one extension."})
    extension_reason = fields.String()
    answer = fields.String()
    copy_number = fields.String(allow_none=True)
    version = fields.Integer()


class SubjectRequestArguments(PageArguments):
    """Which requests; all without a state."""

    state = fields.Enum(SubjectRequestState, by_value=True, load_default=None)


class ReasonToThePerson(Seen):
    """Why it is refused, or takes longer; the person reads it."""

    reason = fields.String(required=True, validate=validate.Length(10, 1000))


@bp.get("/subject-requests")
@guarded(Action.REQUEST_READ)
@gives(listed(SubjectRequestShape, "SubjectRequests"))
@takes(SubjectRequestArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Requests about dossiers the caller's unit keeps, what is due first in front."""
    page, size = page_of(asked)
    state = asked["state"].value if asked["state"] else ""
    found, total = answering.list_requests(g.session, actor=g.actor, state=state, page=page, size=size)
    return {"items": found, "next": after(page, size, more=page * size < total)}


@bp.get("/subject-requests/<number>")
@guarded(Action.REQUEST_READ, by="number")
@gives(SubjectRequestShape)
def show(subjectrequest: SubjectRequest) -> SubjectRequest:
    """One request."""
    answering.view(g.session, subjectrequest, actor=g.actor)
    return subjectrequest


@bp.post("/subject-requests/<number>/acknowledge")
@guarded(Action.REQUEST_ANSWER, by="number")
@gives(SubjectRequestShape)
@takes(Seen)
def acknowledge(given: dict[str, Any], subjectrequest: SubjectRequest) -> SubjectRequest:
    """Say that it was received."""
    answering.acknowledge(g.session, subjectrequest, actor=g.actor, version=given["version"])
    commit()
    return subjectrequest


@bp.post("/subject-requests/<number>/extend")
@guarded(Action.REQUEST_ANSWER, by="number")
@gives(SubjectRequestShape)
@takes(ReasonToThePerson)
def extend(given: dict[str, Any], subjectrequest: SubjectRequest) -> SubjectRequest:
    """Give the answer more days, once; the person reads the reason."""
    answering.extend(g.session, subjectrequest, given["reason"], actor=g.actor, version=given["version"])
    commit()
    return subjectrequest


@bp.post("/subject-requests/<number>/refuse")
@guarded(Action.REQUEST_READ, by="number")
@gives(SubjectRequestShape)
@takes(ReasonToThePerson)
def refuse(given: dict[str, Any], subjectrequest: SubjectRequest) -> SubjectRequest:
    """Refuse it: the officer what was asked, the head a copy that was put forward."""
    remove_bytes = answering.refuse(
        g.session, house().settings, subjectrequest, given["reason"], actor=g.actor, version=given["version"]
    )
    commit()
    remove_bytes()
    return subjectrequest


@bp.post("/subject-requests/<number>/forward")
@guarded(Action.REQUEST_ANSWER, by="number")
@gives(SubjectRequestShape)
@takes(Seen)
def forward(given: dict[str, Any], subjectrequest: SubjectRequest) -> SubjectRequest:
    """Put a copy before the head."""
    answering.forward(g.session, subjectrequest, actor=g.actor, version=given["version"])
    commit()
    return subjectrequest


@bp.post("/subject-requests/<number>/grant")
@guarded(Action.REQUEST_DECIDE, by="number")
@gives(SubjectRequestShape)
@takes(Seen)
def grant(given: dict[str, Any], subjectrequest: SubjectRequest) -> SubjectRequest:
    """Approve a copy; the person may take it from then on."""
    answering.grant(g.session, subjectrequest, actor=g.actor, version=given["version"])
    commit()
    return subjectrequest
