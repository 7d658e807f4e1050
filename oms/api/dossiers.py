"""Dossiers: listing, opening one, one with its contents list, and taking in scans."""

from typing import Any, BinaryIO, cast

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from oms import completeness, custody, db, dossiers, jobs, organisation, retention
from oms.api.door import gives, room, takes, takes_files
from oms.api.paging import PageArguments, after, listed, page_of
from oms.api.problems import problem
from oms.api.shapes import DossierLine, DossierShape, ScanLine
from oms.errors import N_, BadInput, OmsError
from oms.models import Category, Dossier, Gender, Person, Precision, Unit
from oms.people import NewPerson
from oms.permissions import Action
from oms.web.access import commit, guarded, house, load, write_down_refusal
from oms.web.receiving import REFUSED, Outcome, receive_file, refused

bp = room("dossiers", "Dossiers")


class DossierArguments(PageArguments):
    """What narrows the list of dossiers."""

    unit = fields.String(load_default="", metadata={"description": "Code or id of the unit that holds the dossier."})
    category = fields.Enum(Category, by_value=True, load_default=None)


class NewPersonArguments(Schema):
    """A person who is entered with the first dossier; only the name is needed."""

    name = fields.String(required=True)
    gender = fields.Enum(Gender, by_value=True, allow_none=True)
    birth_date = fields.Date(allow_none=True)
    birth_precision = fields.Enum(Precision, by_value=True, load_default=Precision.DAY)
    personal_id = fields.String(allow_none=True)
    staff_code = fields.String(allow_none=True)
    home_town = fields.String(allow_none=True)
    ethnicity = fields.String(allow_none=True)
    position = fields.String(allow_none=True)
    aliases = fields.List(fields.String(), load_default=[])


class NewDossier(Schema):
    """A dossier to open, for a new `person` or, by `person_id`, for one the caller may read."""

    category = fields.Enum(Category, by_value=True, required=True)
    person = fields.Nested(NewPersonArguments, allow_none=True, load_default=None)
    person_id = fields.String(load_default="")
    custodian = fields.String(
        load_default="", metadata={"description": "Code or id; the caller's own unit unless given."}
    )
    managing_body = fields.String(load_default="", metadata={"description": "Code or id; the custodian unless given."})


class ReceivedShape(Schema):
    """What became of one file: `state` is "received", "known" (the same bytes were there) or "refused"."""

    name = fields.String()
    scan = fields.String(allow_none=True)
    sha256 = fields.String(allow_none=True)
    job = fields.String(allow_none=True, metadata={"description": "The job that reads the scan."})
    state = fields.String(validate=validate.OneOf(("received", "known", "refused")))
    message = fields.String()


@bp.get("/dossiers")
@guarded(Action.DOSSIER_READ)
@gives(listed(DossierLine, "Dossiers"))
@takes(DossierArguments, "query")
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """Dossiers the caller may read, by the given name of the person."""
    page, size = page_of(asked)
    unit_id = organisation.find_unit(g.session, asked["unit"]).id if asked["unit"] else None
    items, total = dossiers.list_dossiers(
        g.session, actor=g.actor, unit_id=unit_id, category=asked["category"], page=page, size=size
    )
    return {"items": items, "total": total, "next": after(page, size, more=page * size < total)}


@bp.post("/dossiers")
@guarded(Action.DOSSIER_CREATE)
@gives(DossierShape, 201)
@takes(NewDossier)
def create(given: dict[str, Any]) -> ResponseReturnValue:
    """Open a dossier; it is held by the caller's unit."""
    custodian = _unit(given["custodian"]) or g.session.get(Unit, g.actor.unit_id)
    dossier = dossiers.open_dossier(
        g.session,
        actor=g.actor,
        category=given["category"],
        custodian=custodian,
        managing_body=_unit(given["managing_body"]),
        person=load(Person, "id", given["person_id"], g.actor) if given["person_id"] else None,
        new_person=_new_person(given["person"]) if given["person"] else None,
    )
    commit()
    g.session.refresh(dossier)
    address = url_for("api_dossiers.show", number=dossier.number)
    return _shape(dossier), 201, {"Location": address}


def _unit(words: str) -> Unit | None:
    return organisation.find_unit(g.session, words) if words else None


def _new_person(given: dict[str, Any]) -> NewPerson:
    rest = {name: value for name, value in given.items() if name not in ("name", "aliases")}
    return NewPerson(full_name=given["name"], aliases=tuple(given["aliases"]), **rest)


@bp.get("/dossiers/<number>")
@guarded(Action.DOSSIER_READ, by="number")
@gives(DossierShape)
def show(dossier: Dossier) -> dict[str, Any]:
    """One dossier: contents list, what of the original set is there, custodian, scans."""
    dossiers.view(g.session, dossier, actor=g.actor)
    return _shape(dossier)


def _shape(dossier: Dossier) -> dict[str, Any]:
    names = ("number", "person", "category", "custodian", "managing_body", "status", "frozen", "created_at")
    documents = dossiers.contents(g.session, dossier)
    presences = completeness.presences(dossier, completeness.counting(g.session, documents))
    transfer = custody.open_transfer_of(g.session, dossier)
    return {
        **{name: getattr(dossier, name) for name in names},
        "documents": documents,
        "completeness": presences,
        "missing": [presence.component.id for presence in presences if not presence.documents],
        "scans": dossiers.scans_of(g.session, dossier),
        "transfer": transfer.number if transfer else None,
        "retention": retention.of_dossier(g.session, dossier),
    }


@bp.get("/dossiers/<number>/scans")
@guarded(Action.DOSSIER_READ, by="number")
@gives(ScanLine(many=True))
def scans(dossier: Dossier) -> list[Any]:
    """The scans received for a dossier, newest first."""
    dossiers.view(g.session, dossier, actor=g.actor)
    return dossiers.scans_of(g.session, dossier)


@bp.post("/dossiers/<number>/scans")
@guarded(Action.SCAN_UPLOAD, by="number", writing=False)
@gives(ReceivedShape(many=True), 202)
@takes_files()
def upload(dossier: Dossier) -> ResponseReturnValue:
    """Take in scans: PDF, TIFF, JPEG, PNG, HEIC or DOCX, many at once. A refused file costs the others nothing.

    When nothing at all was taken the answer is the problem of the first file.
    """
    files = request.files.getlist("file")
    if not files:
        raise BadInput(N_("No file was sent. Send a form (multipart/form-data) with one or many fields called `file`."))
    dossier_id = dossier.id
    g.session.rollback()  # what is read after the files must not be of the moment before them
    outcomes = [_receive(dossier_id, file) for file in files]
    with db.reading(house().engine) as session:
        received = [_received(session, outcome) for outcome in outcomes]
    if all(outcome.state == REFUSED for outcome in outcomes):
        return _nothing_taken(outcomes[0], received)
    return received


def _receive(dossier_id: str, file: FileStorage) -> Outcome:
    name = file.filename or ""
    try:
        return receive_file(dossier_id, cast(BinaryIO, file.stream), name, actor=g.actor)
    except OmsError as error:  # frozen or handed over meanwhile, or the store is full: said for this file
        write_down_refusal(error)
        return refused(name, error)


def _received(session: Session, outcome: Outcome) -> dict[str, Any]:
    scan = outcome.scan
    job = jobs.find_latest(session, "read_scan", scan.id) if scan else None
    return {
        "name": outcome.name,
        "scan": scan.id if scan else None,
        "sha256": scan.sha256 if scan else None,
        "job": job.id if job else None,
        "state": outcome.state,
        "message": outcome.message,
    }


def _nothing_taken(first: Outcome, received: list[dict[str, Any]]) -> Response:
    status = first.error.status if first.error else 422
    return problem(status, first.message, files=received)
