"""Dossiers: one dossier with contents list and scans, opening another one, its place on the shelf."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from statistics import mode
from typing import Any

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from oms import (
    checks,
    completeness,
    consultations,
    custody,
    desk,
    dossiers,
    holds,
    inserts,
    intake,
    organisation,
    packages,
    people,
    procedures,
    retention,
    sheets,
    whereabouts,
)
from oms.errors import BadInput, Conflict, OmsError
from oms.models import OPEN_STATES, Category, Document, Dossier, Person, Scan, ScanState, Unit
from oms.permissions import Action, Actor, can
from oms.procedures import attestations as given
from oms.procedures import leaving_lists, paper_losses, verification_lists
from oms.web import access, attestations, corrections, looks
from oms.web.access import guarded
from oms.web.errors import sentence_of

bp = Blueprint("dossiers", __name__, url_prefix="/dossiers")

UNFINISHED = (ScanState.RECEIVED, ScanState.READING)


@dataclass(frozen=True)
class Choices:
    """What a new dossier may be: categories, the actor's units as holder, all bodies that can manage."""

    categories: list[Category]
    custodians: list[Unit]
    managing_bodies: list[Unit]

    def options(self) -> dict[str, list[tuple[str, str]]]:
        """The same as (value, label) for the selects of a form."""
        return {
            "categories": [(category.value, _(category.label)) for category in self.categories],
            "custodians": [(unit.id, unit.name) for unit in self.custodians],
            "bodies": [(unit.id, unit.name) for unit in self.managing_bodies],
        }


def choices(session: Session, actor: Actor) -> Choices:
    """The choices open to the actor today."""
    bodies = organisation.custodians(session, organisation.today())
    own = [unit for unit in bodies if unit.id in actor.units.get(Action.DOSSIER_CREATE, frozenset())]
    return Choices(list(Category), own, bodies)


@dataclass
class Entry:
    """A form that opens a dossier, as it was sent: the arguments for `open_dossier` and errors by field."""

    form: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    dossier: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str, length: int = 200) -> str | None:
        """A line of the form without blanks around it, or None."""
        return self.form.get(name, "").strip()[:length] or None

    def refuse(self, name: str, error: OmsError) -> None:
        """Put the sentence at the field; a conflict is written down like every refusal."""
        self.errors[name] = sentence_of(error)
        if isinstance(error, Conflict):
            access.write_down_refusal(error)


def read_entry(form: Mapping[str, str], offered: Choices) -> Entry:
    """The dossier part of a form: category, holder, managing body, place on the shelf."""
    entry = Entry(form)
    if form.get("category") not in set(Category):
        entry.errors["category"] = _("Choose the category of the dossier.")
    custodian = _choose(offered.custodians, form.get("custodian", ""))
    if custodian is None:
        entry.errors["custodian"] = _("Choose your unit as the holder of the dossier.")
    entry.dossier = {
        "category": Category(form["category"]) if "category" not in entry.errors else None,
        "custodian": custodian,
        "managing_body": _choose(offered.managing_bodies, form.get("managing_body", "")) or custodian,
        "shelf_room": entry.text("shelf_room", dossiers.PLACE_LENGTH),
        "shelf": entry.text("shelf", dossiers.PLACE_LENGTH),
        "shelf_box": entry.text("shelf_box", dossiers.PLACE_LENGTH),
    }
    return entry


def _choose(units: list[Unit], id: str) -> Unit | None:
    if not id and len(units) == 1:
        return units[0]
    return next((unit for unit in units if unit.id == id), None)


@bp.get("/<id>")
@guarded(Action.DOSSIER_READ)
def show(dossier: Dossier) -> str:
    """One dossier: head, contents list, completeness, scans."""
    dossiers.view(g.session, dossier, actor=g.actor)
    documents = dossiers.contents(g.session, dossier)
    counting = completeness.counting(g.session, documents)
    presences = completeness.presences(dossier, counting)
    losses = paper_losses.of_dossier(g.session, dossier, actor=g.actor)
    transfers = custody.transfers_of(g.session, dossier, actor=g.actor) if g.actor.has(Action.TRANSFER_READ) else []
    return render_template(
        "dossiers/show.html",
        dossier=dossier,
        groups=[(component, list(rows)) for component, rows in groupby(documents, key=_component_of)],
        pages=dossiers.pages_of(g.session, [document.id for document in documents]),
        documents=documents,
        filers=dossiers.filers_of(g.session, documents),
        counts=sheets.of_dossier(g.session, dossier),
        presences=presences,
        yearly=completeness.yearly_gaps(dossier, counting, told=completeness.told_years(g.session, dossier)),
        corrections=corrections.rows_of(procedures.of_dossier(g.session, dossier, actor=g.actor)),
        leavings=leaving_lists.of_dossier(g.session, dossier, actor=g.actor),
        retention=retention.of_dossier(g.session, dossier),
        attestations=attestations.titles(given.of_dossier(g.session, dossier, actor=g.actor)),
        losses=losses,
        remarks=paper_losses.remarks(losses),
        verifications=verification_lists.of_dossier(g.session, dossier, actor=g.actor),
        contradictions=checks.count_open(g.session, dossier, actor=g.actor),
        held_by=holds.in_force(g.session, dossier),
        has_inserts=inserts.has_inserts(g.session, dossier, actor=g.actor),
        sealable={document.id for document in documents if inserts.sealable(document)}
        if can(g.actor, Action.DOCUMENT_FILE, dossier)
        else set(),
        open_now=consultations.open_now(g.session, dossier),
        basis=mode([presence.component.basis for presence in presences]) if presences else "",
        transfer=next((transfer for transfer in transfers if transfer.state in OPEN_STATES), None),
        closed=[transfer for transfer in transfers if transfer.state not in OPEN_STATES],
        paper=whereabouts.describe(g.session, dossier, actor=g.actor),
        origin_package=packages.origin_of(g.session, dossier),
        **_scans(dossier),
    )


def _component_of(document: Document) -> str:
    return document.component_id


def _scans(dossier: Dossier) -> dict[str, Any]:
    scans: list[Scan] = dossiers.scans_of(g.session, dossier)
    ids = [scan.id for scan in scans]
    return {
        "scans": scans,
        "progress": intake.progress_of(g.session, ids),
        "waiting": desk.waiting_pages(g.session, ids),
        "reading": any(scan.state in UNFINISHED for scan in scans),
    }


@bp.get("/<id>/scans")
@guarded(Action.DOSSIER_READ)
def scans(dossier: Dossier) -> str:
    """The scans of the dossier alone, fetched again and again while one is being read."""
    if not looks.asked_again("dossier:view", dossier.id):
        dossiers.view(g.session, dossier, actor=g.actor)
    return render_template("dossiers/_scans.html", dossier=dossier, **_scans(dossier))


@bp.route("/new", methods=["GET", "POST"])
@guarded(Action.DOSSIER_CREATE)
def new() -> AnyResponse | str:
    """Open another dossier for a person who has one here already."""
    person: Person = access.load(Person, "id", request.values.get("person", ""), g.actor)
    offered = choices(g.session, g.actor)
    entry = Entry({})
    if request.method == "GET":
        people.view(g.session, person, actor=g.actor)
    if request.method == "POST":
        entry = read_entry(request.form, offered)
        if not entry.errors:
            try:
                dossier = dossiers.open_dossier(g.session, actor=g.actor, person=person, **entry.dossier)
                access.commit()
            except (BadInput, Conflict) as error:
                entry.refuse("category", error)
            else:
                flash(_("%(number)s was opened. Upload the scanned papers next.", number=dossier.number), "success")
                return redirect(url_for(".show", id=dossier.id))
    page = render_template(
        "dossiers/new.html", person=person, **offered.options(), values=request.form, errors=entry.errors
    )
    return make_response(page, 422 if entry.errors else 200)


@bp.route("/<id>/shelf", methods=["GET", "POST"])
@guarded(Action.DOSSIER_EDIT)
def shelf(dossier: Dossier) -> AnyResponse | str:
    """Where the paper stands: room, shelf, box."""
    if request.method == "GET":
        dossiers.view(g.session, dossier, actor=g.actor)
        return render_template("dossiers/shelf.html", dossier=dossier)
    form = request.form
    dossiers.place(
        g.session,
        dossier,
        room=form.get("shelf_room"),
        shelf=form.get("shelf"),
        box=form.get("shelf_box"),
        actor=g.actor,
        version=form.get("version", type=int),
    )
    access.commit()
    flash(_("The place of %(number)s is written down.", number=dossier.number), "success")
    return redirect(url_for(".show", id=dossier.id))
