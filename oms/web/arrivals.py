"""Pages of what comes from a body outside: entering it with its slip, correcting the list before it is confirmed."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from oms import audit, custody, dossiers
from oms.custody import Arrival
from oms.errors import N_, BadInput, Conflict, NotFound, OmsError
from oms.models import Dossier, Gender, Transfer
from oms.people import NewPerson
from oms.permissions import Action
from oms.web import access
from oms.web.access import guarded
from oms.web.days import read_day
from oms.web.dossiers import Entry, choices, read_entry
from oms.web.errors import sentence_of
from oms.web.formats import day
from oms.web.people import read_person
from oms.web.two_people import look_again

bp = Blueprint("arrivals", __name__, url_prefix="/arrivals")


@bp.get("/new")
@guarded(Action.DOSSIER_CREATE)
def new() -> str:
    """The form: who sent it, its slip, what came, whose dossier it is."""
    audit.record(g.session, "transfer:new_arrival", actor=g.actor)
    return _form({"number": request.args.get("number", "")}, {})


@bp.post("/new")
@guarded(Action.DOSSIER_CREATE)
def create() -> AnyResponse:
    """Enter what came; the dossier is opened with it where the unit has none yet."""
    entry = Entry(request.form)
    arrival = _read_arrival(entry)
    try:
        body = custody.find_outside_body(g.session, request.form.get("body", ""), actor=g.actor)
        described, person = _read_dossier(entry)
        if entry.errors:
            g.session.rollback()
            return make_response(_form(request.form, entry.errors), 422)
        dossier = described or dossiers.open_dossier(g.session, actor=g.actor, new_person=person, **entry.dossier)
        transfer = custody.receive_from_outside(
            g.session, dossier, body, arrival, actor=g.actor, opened=described is None
        )
        access.commit()
    except (BadInput, Conflict, NotFound) as error:
        look_again(error)
        entry.errors[_field_of(error)] = sentence_of(error)
        return make_response(_form(request.form, entry.errors), error.status)
    flash(
        _("%(number)s is entered. Check the papers against the list; the head confirms.", number=transfer.number),
        "success",
    )
    return redirect(url_for("transfers.show", id=transfer.id, _anchor="check"))


def _field_of(error: OmsError) -> str:
    """Where a sentence that no single field caused is shown."""
    if isinstance(error, BadInput):
        return "documents" if request.form.get("body", "").strip() else "body"
    return "number" if request.form.get("number", "").strip() else "personal_id"


def _read_arrival(entry: Entry) -> Arrival:
    """The slip and its list; what is wrong with them stands at their fields."""
    form = entry.form
    try:
        slip_on = read_day(form.get("slip_on", ""))
    except BadInput as error:
        entry.refuse("slip_on", error)
        slip_on = None
    listed: tuple[custody.Came, ...] = ()
    try:
        listed = custody.read_slip(form.get("documents", ""))
    except BadInput as error:
        entry.refuse("documents", error)
    if not form.get("slip_number", "").strip() or (slip_on is None and "slip_on" not in entry.errors):
        entry.refuse("slip_number", BadInput(N_("Enter number and date of the slip that came with the dossier.")))
    return Arrival(form.get("slip_number", ""), slip_on, listed, form.get("note", "")[:2000])


def _read_dossier(entry: Entry) -> tuple[Dossier | None, NewPerson | None]:
    """The dossier the unit has already, or the person of a new one; what is wrong stands at its field."""
    if number := entry.text("number", 40):
        return dossiers.get_dossier(g.session, number, actor=g.actor, action=Action.DOSSIER_EDIT), None
    described = read_entry(entry.form, choices(g.session, g.actor))
    person = read_person(described)
    entry.errors |= described.errors
    entry.dossier = described.dossier
    return None, person


def _form(values: Mapping[str, str], errors: Mapping[str, str], transfer: Transfer | None = None) -> str:
    return render_template(
        "arrivals/new.html",
        values=values,
        errors=errors,
        transfer=transfer,
        bodies_outside=[body.name for body in custody.outside_bodies(g.session)],
        genders=[(gender.value, _(gender.label)) for gender in Gender],
        **choices(g.session, g.actor).options(),
    )


@bp.get("/<id>/list")
@guarded(Action.TRANSFER_RECEIVE)
def edit(transfer: Transfer) -> str:
    """The slip and its list as they were entered."""
    _require_waiting(transfer)
    custody.view(g.session, transfer, actor=g.actor)
    listed = (transfer.manifest or {}).get("documents", [])
    values: dict[str, Any] = {
        "slip_number": transfer.basis_number or "",
        "slip_on": day(transfer.basis_on),
        "documents": "\n".join(
            "; ".join(filter(None, (row["title"], row["number"], str(row["sheets"])))) for row in listed
        ),
        "note": transfer.reason,
    }
    return _form(values, {}, transfer)


@bp.post("/<id>/list")
@guarded(Action.TRANSFER_RECEIVE)
def correct(transfer: Transfer) -> AnyResponse:
    """Correct them; the check begins anew."""
    _require_waiting(transfer)
    entry = Entry(request.form)
    arrival = _read_arrival(entry)
    if not entry.errors:
        try:
            custody.relist(g.session, transfer, arrival, actor=g.actor)
            access.commit()
        except BadInput as error:
            entry.errors["documents"] = sentence_of(error)
    if entry.errors:
        g.session.rollback()
        return make_response(_form(request.form, entry.errors, transfer), 422)
    flash(_("The list is corrected. Check the papers against it once more."), "success")
    return redirect(url_for("transfers.show", id=transfer.id, _anchor="check"))


def _require_waiting(transfer: Transfer) -> None:
    if not custody.may_relist(transfer, actor=g.actor):
        raise Conflict(
            N_("Transfer %(number)s is not at a point where this can be done. Reload the page to see how it stands."),
            number=transfer.number,
        )
