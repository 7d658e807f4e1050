"""Membership moves: preparing one and taking its steps by name."""

from typing import Any

from flask import g, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from oms import dossiers, membership, organisation
from oms.api.door import gives, room, takes
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.shapes import Labelled, UnitName, Value
from oms.models import MembershipKind, MembershipTransfer
from oms.permissions import Action, can
from oms.web.access import commit, guarded

bp = room("membership", "Moves of Party members")


class BoxShape(Schema):
    """A box of the letter; without a day it is not signed yet."""

    box = fields.Integer(attribute="position")
    unit = fields.Nested(UnitName)
    receiving = fields.Boolean()
    signer = fields.String(allow_none=True)
    signed_on = fields.Date(allow_none=True)
    number = fields.String()
    note = fields.String()


class MoveLine(Schema):
    """A move in a list."""

    number = fields.String()
    person = fields.String(attribute="person.full_name")
    dossier = fields.String(attribute="dossier.number")
    kind = Value()
    sender = fields.Nested(UnitName, attribute="from_unit", data_key="from")
    receiver = fields.Nested(UnitName, attribute="to_unit", data_key="to")
    waiting = fields.Nested(UnitName, attribute="waiting_unit", allow_none=True)
    state = Value()
    label = Labelled(attribute="state", dump_only=True)
    due = fields.Date(attribute="due_on")


class MoveShape(MoveLine):
    """A move with the boxes of its letter and the steps open to the caller."""

    reason = fields.String()
    basis_number = fields.String()
    basis_on = fields.Date()
    ends_on = fields.Date(allow_none=True)
    issued_on = fields.Date(allow_none=True)
    taken_up_on = fields.Date(allow_none=True)
    letter_sha256 = fields.String(allow_none=True)
    boxes = fields.List(fields.Nested(BoxShape))
    steps = fields.List(fields.String())


class MoveArguments(PageArguments):
    """Which moves: all, those still open, or those closed."""

    state = fields.String(load_default="all", validate=validate.OneOf(("all", "open", "closed")))


class NewMove(Schema):
    """A move to prepare."""

    dossier = fields.String(required=True, metadata={"description": "Number of the member dossier."})
    to = fields.String(required=True, metadata={"description": "Code, id or exact name of the receiving cell."})
    kind = fields.Enum(MembershipKind, by_value=True, required=True)
    basis_number = fields.String(required=True, validate=validate.Length(max=80))
    basis_on = fields.Date(required=True)
    reason = fields.String(required=True, validate=validate.Length(max=2000))
    ends_on = fields.Date(load_default=None, allow_none=True, metadata={"description": "Of a temporary stay."})
    for_study = fields.Boolean(load_default=False)


class MoveStep(Schema):
    """What goes with a step; number and day are those of the letter of a body outside."""

    reason = fields.String(load_default="", validate=validate.Length(max=2000))
    version = fields.Integer(load_default=None, allow_none=True)
    number = fields.String(load_default="", validate=validate.Length(max=80))
    day = fields.Date(load_default=None, allow_none=True)


@bp.get("/membership-moves")
@guarded(Action.MEMBERSHIP_READ)
@gives(listed(MoveLine, "Moves"))
@takes(MoveArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Moves the caller may know of, the latest first."""
    page, size = page_of(asked)
    found = membership.list_moves(
        g.session,
        actor=g.actor,
        open_only=asked["state"] == "open",
        closed_only=asked["state"] == "closed",
        limit=size + 1,
        offset=(page - 1) * size,
    )
    membership.look_at_list(g.session, actor=g.actor, shown=min(len(found), size))
    return {"items": found[:size], "next": after(page, size, more=len(found) > size)}


@bp.post("/membership-moves")
@guarded(Action.MEMBERSHIP_PREPARE)
@gives(MoveShape, 201)
@takes(NewMove)
def create(given: dict[str, Any]) -> ResponseReturnValue:
    """Prepare a move; `submit` is the next step."""
    dossier = dossiers.get_dossier(g.session, given["dossier"], actor=g.actor)
    wish = membership.Wish(
        kind=given["kind"],
        receiver=organisation.find_unit(g.session, given["to"]),
        number=given["basis_number"],
        day=given["basis_on"],
        reason=given["reason"],
        ends_on=given["ends_on"],
        for_study=given["for_study"],
    )
    move = membership.prepare(g.session, dossier, wish, actor=g.actor)
    commit()
    return _shape(move), 201, {"Location": url_for("api_membership.show", number=move.number)}


@bp.get("/membership-moves/<number>")
@guarded(Action.MEMBERSHIP_READ, by="number")
@gives(MoveShape)
def show(membershiptransfer: MembershipTransfer) -> dict[str, Any]:
    """One move with the boxes of its letter and the steps open to the caller."""
    membership.view(g.session, membershiptransfer, actor=g.actor)
    return _shape(membershiptransfer)


@bp.post("/membership-moves/<number>/<step>")
@guarded(Action.MEMBERSHIP_READ, by="number")
@gives(MoveShape)
@takes(MoveStep)
def take(given: dict[str, Any], membershiptransfer: MembershipTransfer, step: str) -> dict[str, Any]:
    """Take a step by name. After it the move may no longer concern the caller; then only its state is shown."""
    move = membershiptransfer
    arrow = membership.choose_step(move, step, actor=g.actor)
    paper = (given["number"], given["day"])
    membership.take(
        g.session, arrow, move, actor=g.actor, reason=given["reason"], version=given["version"], paper=paper
    )
    commit()
    if not can(g.actor, Action.MEMBERSHIP_READ, move):
        return {"number": move.number, "state": move.state}
    return _shape(move)


def _shape(move: MembershipTransfer) -> dict[str, Any]:
    names = ("number", "person", "dossier", "kind", "from_unit", "to_unit", "waiting_unit", "state", "due_on", "reason")
    more = ("basis_number", "basis_on", "ends_on", "issued_on", "taken_up_on", "letter_sha256", "boxes")
    return {
        **{name: getattr(move, name) for name in (*names, *more)},
        "steps": [step.name for step in membership.steps_open_to(move, actor=g.actor)],
    }
