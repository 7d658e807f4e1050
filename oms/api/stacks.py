"""Stacks scanned in one go: given in whole, read piece by piece, assigned, taken in; and the cover sheets that divide them.

A file in which a page may bear a mark of secrecy is refused here: two people look at it in the browser.
"""

from typing import Any, BinaryIO, cast

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from oms import organisation, stacks
from oms.api.door import gives, gives_file, room, takes, takes_files
from oms.api.problems import problem
from oms.api.shapes import Seen, UnitName, Value
from oms.errors import N_, BadInput, NotFound, OmsError
from oms.models import Dossier, Stack, StackPageKind
from oms.papers import Printing, cover_sheets
from oms.papers.cover_sheets import For
from oms.permissions import Action
from oms.stacks.codes import key_of
from oms.web.access import commit, guarded, house, load
from oms.web.errors import sentence_of
from oms.web.receiving import receive_stack

bp = room("stacks", "Stacks and their cover sheets")


class StackLine(Schema):
    """A stack: `state` is `divided` while it waits for an officer."""

    id = fields.String()
    unit = fields.Nested(UnitName)
    file_name = fields.String()
    page_count = fields.Integer()
    pages_done = fields.Integer()
    state = Value()
    error = fields.String(allow_none=True)
    given_by = fields.String(attribute="given_by.username")
    given_at = fields.AwareDateTime()
    ended_at = fields.AwareDateTime(allow_none=True)
    version = fields.Integer()


class PieceShape(Schema):
    """Pages that go into one dossier as one scan: `trouble` says in words what keeps them out."""

    id = fields.String(attribute="piece.id")
    pages = fields.Function(
        lambda look: [page.number for page in look.piece.pages],
        metadata={"type": "array", "items": {"type": "integer"}},
    )
    dossier = fields.String(attribute="dossier.number", allow_none=True)
    component = fields.String(attribute="piece.component_id", allow_none=True)
    left_out = fields.Boolean(attribute="piece.left_out")
    scan = fields.String(attribute="piece.scan_id", allow_none=True)
    trouble = fields.Function(lambda look: sentence_of(look.trouble) if look.trouble else None)


class StackShape(StackLine):
    """A stack with its pieces; cover sheets are listed by their pages, `bare` are those without pages behind them."""

    pieces = fields.List(fields.Nested(PieceShape))
    sheets = fields.List(fields.Integer())
    bare = fields.List(fields.Integer())


class Assignment(Seen):
    """Whose pages these are, and which component they are proposed as."""

    dossier = fields.String(required=True)
    component = fields.String(load_default="")


class LeavingOut(Seen):
    """Whether the pages stay out."""

    left_out = fields.Boolean(required=True)


class SheetsWanted(Schema):
    """Sheets for what the dossier lacks, for the whole dossier, or for chosen components."""

    what = fields.Enum(For, by_value=True, load_default=For.MISSING)
    components = fields.List(fields.String(), load_default=[])
    purpose = fields.String(required=True)


@bp.get("/stacks")
@guarded(Action.STACK_DIVIDE)
@gives(StackLine(many=True))
def index() -> list[dict[str, Any]]:
    """Stacks of the caller's units: those that wait, and those taken in lately."""
    return [_line(stack) for stack in stacks.list_stacks(g.session, actor=g.actor)]


@bp.post("/stacks")
@guarded(Action.STACK_DIVIDE, writing=False)
@gives(StackLine, 202)
@takes_files()
def give() -> ResponseReturnValue:
    """Give one stack in (PDF or TIFF); `unit` by code or id is needed only from whoever works for several."""
    files = [file for file in request.files.getlist("file") if file.filename]
    if len(files) != 1:
        raise BadInput(N_("Send one stack as the form field `file`."))
    units = stacks.units_of(g.session, actor=g.actor)
    words = request.form.get("unit", "")
    unit = organisation.find_unit(g.session, words) if words else units[0]
    if unit.id not in {one.id for one in units}:
        raise NotFound
    unit_id = unit.id
    g.session.rollback()  # what is read after the file must not be of the moment before it
    outcome = receive_stack(
        unit_id, cast(BinaryIO, files[0].stream), files[0].filename or "", actor=g.actor, errand=None
    )
    if outcome.error is not None:  # written down already, as for every other way in
        return problem(outcome.error.status, outcome.message)
    stack_id, _is_new = cast(tuple[str, bool], outcome.entered)
    stack = load(Stack, "id", stack_id, g.actor)
    return _line(stack), 202, {"Location": url_for("api_stacks.show", id=stack_id)}


@bp.get("/stacks/<id>")
@guarded(Action.STACK_DIVIDE)
@gives(StackShape)
def show(stack: Stack) -> dict[str, Any]:
    """One stack: how far it is, its pieces, and what keeps each out."""
    stacks.view(g.session, stack, actor=g.actor)
    return _shape(stack)


def _line(stack: Stack) -> dict[str, Any]:
    names = [name for name in StackLine().fields if name != "error"]
    error = sentence_of(OmsError(stack.error, **(stack.error_values or {}))) if stack.error else None
    return {**{name: getattr(stack, name) for name in names}, "error": error}


def _shape(stack: Stack) -> dict[str, Any]:
    pages = stacks.pages_of(g.session, stack)
    key = key_of(house().settings)
    return {
        **_line(stack),
        "pieces": [stacks.look_at(stack, piece, key) for piece in stacks.pieces_of(g.session, stack)],
        "sheets": [page.number for page in pages if page.kind == StackPageKind.SHEET],
        "bare": stacks.sheets_without_pages(pages),
    }


@bp.post("/stacks/<id>/pieces/<piece>/assign")
@guarded(Action.STACK_DIVIDE)
@gives(StackShape)
@takes(Assignment)
def assign(given: dict[str, Any], stack: Stack, piece: str) -> dict[str, Any]:
    """Say whose pages these are."""
    number, component = given["dossier"], given["component"]
    stacks.assign(g.session, stack, piece, number, component, actor=g.actor, version=given["version"])
    commit()
    return _shape(stack)


@bp.post("/stacks/<id>/pieces/<piece>/leave-out")
@guarded(Action.STACK_DIVIDE)
@gives(StackShape)
@takes(LeavingOut)
def leave_out(given: dict[str, Any], stack: Stack, piece: str) -> dict[str, Any]:
    """Leave pages out, or take them back."""
    out, version = given["left_out"], given["version"]
    stacks.leave_out(g.session, stack, piece, out=out, actor=g.actor, version=version)
    commit()
    return _shape(stack)


@bp.post("/stacks/<id>/take-in")
@guarded(Action.STACK_DIVIDE)
@gives(StackShape, 202)
@takes(Seen)
def take_in(given: dict[str, Any], stack: Stack) -> dict[str, Any]:
    """Have all pieces put into their dossiers, all or none; a job does it."""
    stacks.order(g.session, stack, key_of(house().settings), actor=g.actor, version=given["version"])
    commit()
    return _shape(stack)


@bp.post("/dossiers/<number>/cover-sheets")
@guarded(Action.SCAN_UPLOAD, by="number", model=Dossier)
@gives_file("application/pdf")
@takes(SheetsWanted)
def sheets(given: dict[str, Any], dossier: Dossier) -> Response:
    """Cover sheets of a dossier as PDF, to lie before its papers in a stack."""
    covered = cover_sheets.cover_dossier(g.session, dossier, given["what"], given["components"])
    printing = Printing(g.actor, given["purpose"])
    paper = cover_sheets.cover_sheets(g.session, [covered], key=key_of(house().settings), printing=printing)
    commit()
    headers = {"Content-Disposition": f"attachment; filename={paper.file_name}"}
    return Response(paper.body, mimetype="application/pdf", headers=headers)
