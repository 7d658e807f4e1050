"""Stacks over HTTP: given in whole, looked at piece by piece, corrected, then taken in.

Looks: the list and a stack with its pieces write one entry each. Progress and pictures are parts of the page that shows
them; a large page opens by itself and writes its own.
"""

import io
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from PIL import Image

from oms import db, dossiers, quotas, stacks, storage
from oms.errors import N_, BadInput, NotFound, OmsError
from oms.models import Stack, StackPageKind, StackState
from oms.permissions import Action
from oms.recognition import open_scan, page_image
from oms.recognition.errors import ReadingFailed
from oms.stacks.codes import key_of
from oms.web import access
from oms.web.access import guarded, house
from oms.web.errors import sentence_of, wants_json
from oms.web.formats import component_title
from oms.web.receiving import DOUBTFUL, KNOWN, RECEIVED, REFUSED, Outcome, receive_stack

bp = Blueprint("stacks", __name__, url_prefix="/stacks")

TONES = {RECEIVED: "success", KNOWN: "info", REFUSED: "danger", DOUBTFUL: "warning"}
STATE_TONES = {StackState.DIVIDED: "warning", StackState.TAKEN_IN: "success", StackState.FAILED: "danger"}
MOST_FILES = 20
WIDEST = 1400
"""Pixels of a page that is looked at large: enough to read it, a tenth of the bytes of the scan."""


@bp.get("")
@guarded(Action.STACK_DIVIDE)
def index() -> str:
    """Give a stack in; those that wait, and those taken in lately."""
    return render_template(
        "stacks/index.html",
        stacks=stacks.list_stacks(g.session, actor=g.actor),
        units=[(unit.id, unit.name) for unit in stacks.units_of(g.session, actor=g.actor)],
        tones=STATE_TONES,
        day=quotas.day_of(g.session, actor=g.actor),
    )


@bp.post("")
@guarded(Action.STACK_DIVIDE, writing=False)
def give() -> Any:
    """Take stacks in through the gate, each whole or not at all; a bad one costs the others nothing."""
    units = stacks.units_of(g.session, actor=g.actor)
    unit_id = request.form.get("unit") or units[0].id
    if unit_id not in {unit.id for unit in units}:
        raise NotFound
    files = [file for file in request.files.getlist("file") if file.filename][:MOST_FILES]
    if not files:
        raise BadInput(N_("Choose at least one file first."))
    g.session.expunge_all()
    g.session.rollback()
    outcomes = [
        receive_stack(
            unit_id, cast(BinaryIO, file.stream), file.filename or "", actor=g.actor, errand={"purpose": "stack"}
        )
        for file in files
    ]
    if wants_json() and len(outcomes) == 1:
        (outcome,) = outcomes
        answer = {"state": outcome.state, "message": outcome.message, "url": _address_of(outcome)}
        return jsonify(answer), outcome.error.status if outcome.error else 202
    for outcome in outcomes:
        flash(outcome.message, TONES[outcome.state])
    addresses = [address for outcome in outcomes if (address := _address_of(outcome))]
    return redirect(addresses[0] if len(outcomes) == 1 and addresses else url_for(".index"))


def _address_of(outcome: Outcome) -> str | None:
    if outcome.token:
        return url_for("gate.show", token=outcome.token)
    return url_for(".show", id=cast(tuple[str, bool], outcome.entered)[0]) if outcome.entered else None


@bp.get("/<id>")
@guarded(Action.STACK_DIVIDE)
def show(stack: Stack) -> str:
    """How far a stack is, and its pieces to look at."""
    stacks.view(g.session, stack, actor=g.actor)
    return render_template("stacks/show.html", **_whole(stack))


@bp.get("/<id>/progress")
@guarded(Action.STACK_DIVIDE)
def progress(stack: Stack) -> str:
    """The part that changes while the job is at work."""
    return render_template("stacks/_progress.html", alone=True, **_frame(stack))


def _frame(stack: Stack) -> dict[str, Any]:
    return {
        "stack": stack,
        "goes_on": stack.state in (StackState.RECEIVED, StackState.ORDERED),
        "problem": sentence_of(OmsError(stack.error, **(stack.error_values or {}))) if stack.error else "",
        "tone": STATE_TONES.get(stack.state, "info"),
    }


def _whole(stack: Stack) -> dict[str, Any]:
    pages = stacks.pages_of(g.session, stack)
    key = key_of(house().settings)
    looks = [stacks.look_at(stack, piece, key) for piece in stacks.pieces_of(g.session, stack)]
    sheets = [page.number for page in pages if page.kind == StackPageKind.SHEET]
    return {
        **_frame(stack),
        "looks": looks,
        "sentences": {look.piece.id: sentence_of(look.trouble) for look in looks if look.trouble},
        "alone": False,
        "troubles": sum(look.trouble is not None for look in looks),
        "going": sum(not look.piece.left_out for look in looks),
        "sheets": sheets,
        "backs": sum(page.kind == StackPageKind.BACK for page in pages),
        "bare": stacks.sheets_without_pages(pages),
        "components": {look.piece.id: _components(look) for look in looks},
        "may_change": stack.state == StackState.DIVIDED,
    }


def _components(look: stacks.Look) -> list[tuple[str, str]]:
    if look.dossier is None:
        return []
    return [(row.id, component_title(row.id, row.category)) for row in dossiers.components_of(look.dossier)]


@bp.get("/<id>/pages/<int:number>.jpg")
@guarded(Action.STACK_DIVIDE)
def picture(stack: Stack, number: int) -> Response:
    """The small picture of a page."""
    return Response(stacks.picture_of(g.session, stack, number), mimetype="image/jpeg")


@bp.get("/<id>/pages/<int:number>")
@guarded(Action.STACK_DIVIDE)
def page(stack: Stack, number: int) -> Response:
    """A page large, drawn when it is looked at; gone when the stack was taken in."""
    if stack.ended_at is not None or not 1 <= number <= stack.page_count:
        raise NotFound
    stacks.view(g.session, stack, actor=g.actor)
    with storage.proved(house().settings.scans, stack.sha256) as path:
        try:
            drawn = Image.fromarray(page_image(open_scan(path, name=stack.file_name), number).pixels)
        except ReadingFailed:
            raise NotFound from None
    drawn.thumbnail((WIDEST, 2 * WIDEST))
    out = io.BytesIO()
    drawn.save(out, "JPEG", quality=80)
    return Response(out.getvalue(), mimetype="image/jpeg")


def _version() -> int | None:
    return request.form.get("version", type=int)


def _back(stack_id: str, piece_id: str = "") -> Any:
    return redirect(url_for(".show", id=stack_id, _anchor=f"piece-{piece_id}" if piece_id else None))


@bp.post("/<id>/pieces/<piece_id>/assign")
@guarded(Action.STACK_DIVIDE)
def assign(stack: Stack, piece_id: str) -> Any:
    """Say whose pages these are."""
    number, component = request.form.get("number", ""), request.form.get("component", "")
    try:
        stacks.assign(g.session, stack, piece_id, number, component, actor=g.actor, version=_version())
        access.commit()
    except BadInput as error:
        g.session.rollback()
        flash(sentence_of(error), "danger")
    return _back(stack.id, piece_id)


@bp.post("/<id>/pieces/<piece_id>/<any(leave_out, take_back, join):act>")
@guarded(Action.STACK_DIVIDE)
def change(stack: Stack, piece_id: str, act: str) -> Any:
    """Leave a piece out, take it back, or join it to the one before."""
    try:
        if act == "join":
            stacks.join(g.session, stack, piece_id, actor=g.actor, version=_version())
        else:
            out = act == "leave_out"
            stacks.leave_out(g.session, stack, piece_id, out=out, actor=g.actor, version=_version())
        access.commit()
    except BadInput as error:
        g.session.rollback()
        flash(sentence_of(error), "danger")
    return _back(stack.id, "" if act == "join" else piece_id)


@bp.post("/<id>/split")
@guarded(Action.STACK_DIVIDE)
def split(stack: Stack) -> Any:
    """Begin a new piece with a page, or behind it where it is a cover sheet."""
    number = request.form.get("page", 0, type=int)
    is_sheet = request.form.get("is_sheet") == "1"
    try:
        stacks.split(g.session, stack, number, is_sheet=is_sheet, actor=g.actor, version=_version())
        access.commit()
    except BadInput as error:
        g.session.rollback()
        flash(sentence_of(error), "danger")
    return _back(stack.id)


@bp.post("/<id>/take-in")
@guarded(Action.STACK_DIVIDE)
def take_in(stack: Stack) -> Any:
    """Have all pieces put into their dossiers."""
    stacks.order(g.session, stack, key_of(house().settings), actor=g.actor, version=_version())
    access.commit()
    return _back(stack.id)


@bp.post("/<id>/divide-again")
@guarded(Action.STACK_DIVIDE)
def divide_again(stack: Stack) -> Any:
    """Look for cover sheets once more."""
    stacks.divide_again(g.session, stack, actor=g.actor)
    access.commit()
    return _back(stack.id)


@bp.post("/<id>/withdraw")
@guarded(Action.STACK_DIVIDE, writing=False)
def withdraw(stack: Stack) -> Any:
    """Forget the stack: nothing of it is kept."""
    stack_id = stack.id
    access.end_request(g.pop("session"))
    with db.writing(house().engine) as session:
        found = session.get(Stack, stack_id)
        if found is None:
            raise NotFound
        remove_file = stacks.withdraw(session, house().settings, found, actor=g.actor)
    remove_file()
    flash(_("The stack was withdrawn; nothing of it is kept."), "success")
    return redirect(url_for(".index"))
