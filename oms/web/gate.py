"""The gate over HTTP: a doubtful file is looked at, and two people decide; so is a mark found while reading.

Looks: each page of this blueprint that shows an image of a doubtful file writes one entry.
"""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from oms import audit, custody, db, gate, intake, purging, quotas, stacks, staging
from oms.errors import N_, BadInput, FileRefused, NotFound, OmsError, Refused
from oms.gate import Meant
from oms.models import Account, Dossier, Scan, Transfer, Unit
from oms.permissions import Action, require
from oms.web import access, looks
from oms.web.access import deliver, end_request, guarded, house, write_down_refusal
from oms.web.errors import sentence_of
from oms.web.two_people import NOT_PROVED, second_person, status_of

bp = Blueprint("gate", __name__)


@bp.get("/intake/doubts/<token>")
@guarded(Action.SCAN_UPLOAD)
def show(token: str) -> str:
    """The doubtful pages of a file that waits in memory, and the two ways to decide."""
    held = gate.find(house().settings, token, actor=g.actor)
    thing = _meant_for(held)
    audit.record(g.session, "secrecy:look", thing, actor=g.actor, pages=len(held.pages))
    return _draw(held, thing)


def _meant_for(held: gate.Held) -> Meant:
    """What the file is for, from those things the actor may see."""
    meant: tuple[tuple[type[Any], str], ...]
    meant = ((Transfer, held.transfer_id), (Unit, held.unit_id), (Dossier, held.dossier_id))
    model, id = next((one for one in meant if one[1]), meant[-1])
    thing: Meant = access.load(model, "id", id, g.actor)
    return thing


def _back_to(thing: Meant) -> str:
    """The page from which the file was uploaded."""
    if isinstance(thing, Unit):
        return url_for("stacks.index")
    if isinstance(thing, Transfer):
        return url_for("transfers.show", id=thing.id)
    return url_for("intake.index", dossier=thing.id)


def _draw(
    held: gate.Held,
    thing: Meant,
    *,
    problem: OmsError | None = None,
    typed: dict[str, str] | None = None,
) -> str:
    return render_template(
        "gate/show.html",
        held=held,
        number=thing.name if isinstance(thing, Unit) else thing.number,
        back=_back_to(thing),
        of_transfer=isinstance(thing, Transfer),
        minutes=max(1, round(held.seconds / 60)),
        problem=sentence_of(problem) if problem else "",
        typed={"reason": "", "second": "", **(typed or {})},
    )


@bp.get("/intake/doubts/<token>/pages/<int:number>")
@guarded(Action.SCAN_UPLOAD)
def image(token: str, number: int) -> Response:
    """One doubtful page; a part of the page that shows it."""
    held = gate.find(house().settings, token, actor=g.actor)
    thing = _meant_for(held)
    if not looks.told_by("secrecy:look", thing.id):
        audit.record(g.session, "secrecy:look", thing, actor=g.actor, pages=len(held.pages))
    return Response(gate.page_image(held, number), mimetype="image/jpeg")


@bp.post("/intake/doubts/<token>/refuse")
@guarded(Action.SCAN_UPLOAD)
def refuse(token: str) -> Any:
    """It is secret, or may be: nothing of it stays."""
    held = gate.find(house().settings, token, actor=g.actor)
    thing = _meant_for(held)
    gate.refuse(g.session, held, thing, actor=g.actor)
    access.commit()
    flash(
        _("Nothing of the file was kept. Give the paper to the person in charge of secret documents."),
        "warning",
    )
    return redirect(_back_to(thing))


@bp.post("/intake/doubts/<token>/admit")
@guarded(Action.SCAN_UPLOAD, writing=False)
def admit(token: str) -> Any:
    """Two people say that it bears no mark: it comes in like any other file."""
    held = gate.find(house().settings, token, actor=g.actor)
    thing = _meant_for(held)
    kind, id = type(thing), thing.id
    try:
        if isinstance(thing, Dossier):
            require(g.actor, Action.SCAN_UPLOAD, thing)
        reason = gate.check_reason(request.form.get("reason", ""))
        second = second_person("secrecy:confirm")
        clearance = gate.Clearance(reason, second, tuple(page.number for page in held.pages))
        gate.check_second(clearance.second, thing, actor=g.actor)
        arrival = gate.release(held)
        quotas.require_room(g.session, house().settings, arrival.size, actor=g.actor)
        end_request(g.pop("session"))
        with intake.kept(house().settings, arrival), db.writing(house().engine) as session:
            address = _enter(session, held, arrival, clearance)
    except (BadInput, Refused, *NOT_PROVED) as error:
        write_down_refusal(error)
        end_request(g.pop("session", None))
        g.session = access.open_request_session(writing=False)
        return _draw(held, _meant_for(held), problem=error, typed=_typed()), status_of(error)
    except FileRefused as error:
        end_request(g.pop("session", None))
        with db.writing(house().engine) as session:
            intake.refuse(session, session.get_one(kind, id), error.what, actor=g.actor)
        raise
    deliver(session)
    staging.wipe(held.folder)
    flash(_("%(name)s was received.", name=held.name), "success")
    return redirect(address)


def _enter(session: Session, held: gate.Held, arrival: intake.Arrival, clearance: gate.Clearance) -> str:
    """Take the released file in where it was meant to go; the page on which one goes on."""
    if held.transfer_id:
        transfer = session.get_one(Transfer, held.transfer_id)
        if held.errand.get("purpose") == "late":
            custody.bring(session, transfer, arrival, held.errand["title"], actor=g.actor, clearance=clearance)
            return url_for("late_papers.index")
        custody.add_proof(session, transfer, arrival, actor=g.actor, clearance=clearance)
        return url_for("transfers.show", id=held.transfer_id)
    if held.unit_id:
        unit = session.get_one(Unit, held.unit_id)
        stack, _is_new = stacks.give(session, unit, arrival, actor=g.actor, clearance=clearance)
        return url_for("stacks.show", id=stack.id)
    dossier = session.get_one(Dossier, held.dossier_id)
    scan, _is_new = gate.receive(session, dossier, arrival, clearance.reason, second=clearance.second, actor=g.actor)
    return url_for("intake.show", id=scan.id)


@bp.get("/scans/<id>/clear")
@guarded(Action.SCAN_UPLOAD, model=Scan)
def ask(scan: Scan) -> str:
    """The form for two people to clear a scan whose reading found what looks like a mark."""
    return _draw_scan(scan)


@bp.post("/scans/<id>/clear")
@guarded(Action.SCAN_UPLOAD, model=Scan, writing=False)
def clear(scan: Scan) -> Any:
    """Two people say that what was found while reading is no mark."""
    scan_id = scan.id
    try:
        reason = gate.check_reason(request.form.get("reason", ""))
        second = second_person("secrecy:confirm")
        end_request(g.pop("session"))
        with db.writing(house().engine) as session:
            gate.clear_scan(session, session.get_one(Scan, scan_id), reason, second=second, actor=g.actor)
    except (BadInput, Refused, *NOT_PROVED) as error:
        write_down_refusal(error)
        return _ask_again(scan_id, error)
    flash(_("The decision of the two of you is written down. The pages may be filed now."), "success")
    return redirect(url_for("review.show", id=scan_id))


@bp.post("/scans/<id>/purge")
@guarded(Action.SCAN_UPLOAD, model=Scan, writing=False)
def purge(scan: Scan) -> Any:
    """Two people say that it is secret: every trace of it is destroyed."""
    scan_id = scan.id
    try:
        reason = gate.check_reason(request.form.get("reason", ""))
        second = second_person("secrecy:confirm")
        end_request(g.pop("session"))
        with db.writing(house().engine) as session:
            minutes, remove_files = purging.purge(
                session,
                house().settings,
                session.get_one(Scan, scan_id),
                reason,
                second=second,
                actor=g.actor,
            )
    except (BadInput, Refused, *NOT_PROVED) as error:
        write_down_refusal(error)
        return _ask_again(scan_id, error)
    remove_files()
    deliver(session)
    flash(
        _("The scan is destroyed. Print the minutes and give them to the administrator because of the backups."),
        "success",
    )
    return redirect(url_for(".minutes", purge_id=minutes.id))


@bp.get("/purges/<purge_id>")
@guarded(Action.DOSSIER_READ)
def minutes(purge_id: str) -> str:
    """The minutes of a destruction, to be printed and signed."""
    purge = purging.find_minutes(g.session, purge_id, actor=g.actor)
    audit.record(g.session, "secrecy:minutes", purge.dossier, actor=g.actor)
    return render_template(
        "gate/minutes.html",
        purge=purge,
        dossier=purge.dossier,
        first=g.session.get_one(Account, purge.purged_by_id).full_name,
        second=g.session.get_one(Account, purge.confirmed_by_id).full_name,
    )


def _ask_again(scan_id: str, error: OmsError) -> Any:
    end_request(g.pop("session", None))
    with db.reading(house().engine) as session:
        return _draw_scan(session.get_one(Scan, scan_id), problem=error, typed=_typed()), status_of(error)


def _typed() -> dict[str, str]:
    """What stays in the form after a refusal: never the password."""
    return {name: request.form.get(name, "") for name in ("reason", "second")}


def _draw_scan(scan: Scan, *, problem: OmsError | None = None, typed: dict[str, str] | None = None) -> str:
    marked = gate.suspected(scan, scan.pages)
    if not marked:
        raise NotFound(N_("No page of this scan bears a mark that has to be decided about."))
    return render_template(
        "gate/clear.html",
        scan=scan,
        dossier=scan.dossier,
        suspected=marked,
        problem=sentence_of(problem) if problem else "",
        typed={"reason": "", "second": "", **(typed or {})},
    )
