"""Sealed packages: making one of a transfer, taking one in, and the answers that travel back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from oms import custody, db, packages, papers, quotas
from oms.audit_reading import ACTIONS
from oms.errors import N_, BadInput, Conflict, FileRefused, NotFound, OmsError
from oms.models import ArrivalState, Package, PackageArrival, PackageDirection, Transfer, TransferState, Unit
from oms.papers import Printing
from oms.permissions import Action, can, require
from oms.web import access
from oms.web.access import guarded, house
from oms.web.errors import sentence_of
from oms.web.papers import send_paper
from oms.web.work import Due, source

bp = Blueprint("packages", __name__, url_prefix="/packages")


@bp.get("")
@guarded(Action.PACKAGE_READ)
def index() -> str:
    """Packages sent and received, what can be packed now, and whom this installation trusts."""
    ready = [
        transfer
        for transfer in custody.list_transfers(g.session, actor=g.actor, open_only=True)
        if transfer.state == TransferState.IN_TRANSIT and can(g.actor, Action.TRANSFER_SEND, transfer)
    ]
    return render_template(
        "packages/index.html",
        packages=packages.list_packages(g.session, actor=g.actor),
        arrivals=packages.arrivals(g.session, actor=g.actor),
        arrival_tones=_ARRIVAL_TONES,
        ready=ready,
        trusted=packages.trusted(g.session),
        own_key=packages.public_key(house().settings),
        own_name=packages.own_name(g.session),
        fingerprint=packages.fingerprint,
    )


@bp.get("/new")
@guarded(Action.TRANSFER_SEND)
def new() -> str:
    """For whom the package of ?transfer= is made."""
    transfer = _transfer(request.args.get("transfer", ""))
    custody.view(g.session, transfer, actor=g.actor)
    return _form(transfer)


@bp.post("/new")
@guarded(Action.TRANSFER_SEND, writing=False)
def create() -> ResponseReturnValue:
    """Seal it and show the code, this once."""
    transfer = _transfer(request.form.get("transfer", ""))
    try:
        chosen = request.form.get("receiver", "")
        if not chosen:
            raise BadInput(N_("Choose the installation that will open the package."))
        made = packages.export(house().engine, house().settings, transfer.id, chosen, actor=g.actor)
    except (BadInput, Conflict) as error:
        access.write_down_refusal(error)
        g.session = access.open_request_session(writing=False)
        return _form(_transfer(transfer.id), sentence_of(error)), error.status
    return render_template("packages/sealed.html", made=made, transfer=transfer)


def _transfer(id: str) -> Transfer:
    transfer: Transfer = access.load(Transfer, "id", id, g.actor)
    g.thing = transfer
    require(g.actor, Action.TRANSFER_SEND, transfer)
    return transfer


def _form(transfer: Transfer, problem: str = "") -> str:
    options = [(row.public_key, row.name) for row in packages.trusted(g.session)]
    return render_template("packages/new.html", transfer=transfer, options=options, problem=problem)


@bp.get("/import")
@guarded(Action.PACKAGE_TAKE_IN)
def take_in() -> str:
    """Where a package is given in."""
    return _import_form([])


@bp.post("/import")
@guarded(Action.PACKAGE_TAKE_IN, writing=False)
def give() -> ResponseReturnValue:
    """Read its head, try the code and keep the sealed file; a job proves it and takes it in."""
    given, code = request.files.get("file"), request.form.get("code", "")
    number, kept = "", None
    try:
        if given is None or not given.filename:
            raise BadInput(N_("Choose the file of the package (.omspkg)."))
        access.limit_uploads()
        stream = cast(BinaryIO, given.stream)
        if packages.is_plain_bag(stream.read(512)):
            packages.refuse_foreign(stream)
        number = str(packages.read_header(stream)["package"])
        ask = quotas.asking(house().engine, house().settings, actor=g.actor)
        kept = packages.keep(house().settings, stream, code, ask=ask)
        access.end_request(g.pop("session"))
        with db.writing(house().engine) as session:
            unit = session.get(Unit, request.form.get("unit", ""))
            if unit is None:
                raise BadInput(N_("Choose the unit that will hold the dossier."))
            arrival_id = packages.give(session, house().settings, kept, code, unit, actor=g.actor).id
        access.deliver(session)
    except (BadInput, Conflict, FileRefused) as error:
        access.end_request(g.pop("session", None))
        if kept is not None:
            packages.let_go(house().settings, kept)
        with db.writing(house().engine) as session:
            packages.refuse(session, str(error), number, actor=g.actor)
        g.retry_after = error.values.get("seconds")
        g.session = access.open_request_session(writing=False)
        problems = error.problems if isinstance(error, packages.PackageRefused) else [error]
        return _import_form(problems), error.status
    return redirect(url_for(".arrival", id=arrival_id))


def _import_form(problems: Sequence[OmsError]) -> str:
    ids = g.actor.units.get(Action.DOSSIER_CREATE, frozenset())
    units = [unit for unit in packages.receiving_units(g.session) if unit.id in ids]
    options = [(unit.id, unit.name) for unit in units]
    return render_template(
        "packages/import.html",
        options=options,
        problems=[sentence_of(problem) for problem in problems],
        chosen=request.form.get("unit", ""),
    )


@bp.get("/arrivals/<id>")
@guarded(Action.PACKAGE_TAKE_IN)
def arrival(packagearrival: PackageArrival) -> ResponseReturnValue:
    """How far a package is that was given in; the package itself once it is in."""
    packages.view_arrival(g.session, packagearrival, actor=g.actor)
    return render_template("packages/arrival.html", **_progress(packagearrival))


@bp.get("/arrivals/<id>/progress")
@guarded(Action.PACKAGE_TAKE_IN)
def arrival_progress(packagearrival: PackageArrival) -> str:
    """The part of the page that changes; it tells nothing the page before it did not, and writes no look."""
    return render_template("packages/_arrival.html", **_progress(packagearrival))


def _progress(arrival: PackageArrival) -> dict[str, Any]:
    return {
        "arrival": arrival,
        "problems": [sentence_of(OmsError(one["message"], **one["values"])) for one in arrival.problems],
        "goes_on": arrival.ended_at is None and arrival.state != ArrivalState.CODE_NEEDED,
        "tone": _ARRIVAL_TONES.get(arrival.state, "info"),
    }


_ARRIVAL_TONES = {
    ArrivalState.TAKEN_IN: "success",
    ArrivalState.REFUSED: "danger",
    ArrivalState.CODE_NEEDED: "warning",
}


@bp.post("/arrivals/<id>/code")
@guarded(Action.PACKAGE_TAKE_IN)
def give_code(packagearrival: PackageArrival) -> ResponseReturnValue:
    """The opening code again, after it was forgotten."""
    code = request.form.get("code", "")
    packages.give_code(g.session, house().settings, packagearrival, code, actor=g.actor)
    access.commit()
    return redirect(url_for(".arrival", id=packagearrival.id))


@bp.get("/<id>")
@guarded(Action.PACKAGE_READ)
def show(package: Package) -> str:
    """One package: what it is, what the sender said, the sender's log, the answer."""
    packages.view(g.session, package, actor=g.actor)
    return render_template(
        "packages/show.html",
        package=package,
        entries=package.entries,
        origin=package.origin or {},
        signed_at=datetime.fromisoformat(package.log_received["at"]) if package.log_received else None,
        came_in=package.direction == PackageDirection.IN,
        may_answer=package.direction == PackageDirection.IN and g.actor.has(Action.DOSSIER_CREATE),
        has_file=packages.has_file(house().settings, package),
        fingerprint=packages.fingerprint,
        audit_action=lambda action: _(ACTIONS.get(action, action)),
    )


@bp.get("/<id>/file")
@guarded(Action.PACKAGE_READ)
def file(package: Package) -> Response:
    """The sealed file again; without its code it is worth nothing."""
    if package.direction != PackageDirection.OUT:
        raise NotFound()
    packages.view(g.session, package, actor=g.actor)
    path = packages.file_of(house().settings, package)
    return send_file(
        path, "application/octet-stream", as_attachment=True, download_name=f"{package.transfer_number}.omspkg"
    )


@bp.post("/<id>/slip")
@guarded(Action.PACKAGE_READ)
def slip(package: Package) -> Response:
    """The slip with the opening code, as long as somebody has the code before them."""
    if package.direction != PackageDirection.OUT:
        raise NotFound()
    printing = Printing(g.actor, "handover", request.url_root)
    code = request.form.get("code", "")
    paper = papers.opening_slip(g.session, house().settings, package, code, printing=printing)
    access.commit()
    return send_paper(paper)


@bp.post("/<id>/answer")
@guarded(Action.PACKAGE_READ)
def answer(package: Package) -> ResponseReturnValue:
    """Say accepted, or with what reservations."""
    reservations = request.form.get("reservations", "")
    packages.acknowledge(g.session, house().settings, package, actor=g.actor, reservations=reservations)
    access.commit()
    flash(_("The answer is signed. Take its file to the sender: it closes the transfer there."), "success")
    return redirect(url_for(".show", id=package.id))


@bp.get("/<id>/answer")
@guarded(Action.PACKAGE_READ)
def answer_file(package: Package) -> Response:
    """The signed answer as a file for the sender."""
    if package.direction != PackageDirection.IN or package.answered_at is None:
        raise NotFound()
    data = packages.acknowledge(g.session, house().settings, package, actor=g.actor)
    packages.view(g.session, package, actor=g.actor)
    answer = Response(data, mimetype="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{package.transfer_number}.omsack")
    return answer


@bp.post("/answer")
@guarded(Action.PACKAGE_READ, writing=False)
def read_answer() -> ResponseReturnValue:
    """Prove the answer of a receiver and ask whether the transfer is to be closed by it."""
    given = request.files.get("file")
    data = given.stream.read(packages.LARGEST_ANSWER + 1) if given else b""
    try:
        said = packages.read_answer(g.session, data, actor=g.actor)
    except OmsError as error:
        access.write_down_refusal(error)
        flash(sentence_of(error), "danger")
        return redirect(url_for(".index"))
    return render_template("packages/answer.html", answer=said, package=said.package, data=data.decode())


@bp.post("/close")
@guarded(Action.PACKAGE_READ)
def close() -> ResponseReturnValue:
    """Close the transfer as the answer says."""
    package = packages.close(g.session, request.form.get("answer", "").encode(), actor=g.actor)
    access.commit()
    flash(_("The answer was entered and transfer %(number)s closed by it.", number=package.transfer_number), "success")
    return redirect(url_for(".show", id=package.id))


@source
def due_of_mine() -> list[Due]:
    """Packages that came in and wait for an answer."""
    if not g.actor.has(Action.PACKAGE_READ) or not g.actor.has(Action.DOSSIER_CREATE):
        return []
    return [
        Due(
            title=_("Answer package %(number)s", number=package.transfer_number),
            url=url_for("packages.show", id=package.id),
            text=_(
                "Compare the papers with the list, then send the signed answer back to %(name)s.",
                name=package.peer_name,
            ),
            meta=package.dossier.number,
            icon="box-seam",
        )
        for package in packages.waiting(g.session, actor=g.actor)
    ]
