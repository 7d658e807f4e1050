"""The gate over HTTP: a doubtful file is looked at, and two people decide; so is a mark found while reading.

Looks: each page of this blueprint that shows an image of a doubtful file writes one entry.
"""

from typing import Any

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from oms import accounts, audit, db, gate, intake, purging, staging
from oms.errors import N_, BadInput, NotFound, OmsError, Refused
from oms.models import Account, Dossier, Scan
from oms.permissions import Action, require
from oms.web import access
from oms.web.access import deliver, end_request, guarded, house, write_down_refusal
from oms.web.errors import sentence_of
from oms.web.two_people import second_person, status_of

bp = Blueprint("gate", __name__)


@bp.get("/intake/doubts/<token>")
@guarded(Action.SCAN_UPLOAD)
def show(token: str) -> str:
    """The doubtful pages of a file that waits in memory, and the two ways to decide."""
    held = gate.find(house().settings, token, actor=g.actor)
    dossier = access.load(Dossier, "id", held.dossier_id, g.actor)
    audit.record(g.session, "secrecy:look", dossier, actor=g.actor, pages=len(held.pages))
    return _draw(held, dossier)


def _draw(
    held: gate.Held, dossier: Dossier, *, problem: OmsError | None = None, typed: dict[str, str] | None = None
) -> str:
    return render_template(
        "gate/show.html",
        held=held,
        dossier=dossier,
        minutes=max(1, round(held.seconds / 60)),
        problem=sentence_of(problem) if problem else "",
        typed={"reason": "", "second": "", **(typed or {})},
    )


@bp.get("/intake/doubts/<token>/pages/<int:number>")
@guarded(Action.SCAN_UPLOAD)
def image(token: str, number: int) -> Response:
    """One doubtful page; a part of the page that shows it."""
    held = gate.find(house().settings, token, actor=g.actor)
    access.load(Dossier, "id", held.dossier_id, g.actor)
    return Response(gate.page_image(held, number), mimetype="image/jpeg")


@bp.post("/intake/doubts/<token>/refuse")
@guarded(Action.SCAN_UPLOAD)
def refuse(token: str) -> Any:
    """It is secret, or may be: nothing of it stays."""
    held = gate.find(house().settings, token, actor=g.actor)
    dossier = access.load(Dossier, "id", held.dossier_id, g.actor)
    gate.refuse(g.session, held, dossier, actor=g.actor)
    access.commit()
    flash(
        _("Nothing of the file was kept. Give the paper to the person in charge of secret documents."),
        "warning",
    )
    return redirect(url_for("intake.index", dossier=dossier.id))


@bp.post("/intake/doubts/<token>/admit")
@guarded(Action.SCAN_UPLOAD, writing=False)
def admit(token: str) -> Any:
    """Two people say that it bears no mark: it comes in like any other file."""
    held = gate.find(house().settings, token, actor=g.actor)
    dossier = access.load(Dossier, "id", held.dossier_id, g.actor)
    try:
        require(g.actor, Action.SCAN_UPLOAD, dossier)
        reason = gate.check_reason(request.form.get("reason", ""))
        second = second_person("secrecy:confirm")
        gate.check_second(second, dossier, actor=g.actor)
        arrival = gate.release(held)
        end_request(g.pop("session"))
        intake.keep(house().settings, arrival)
        with db.writing(house().engine) as session:
            again = session.get_one(Dossier, held.dossier_id)
            scan, _is_new = gate.receive(session, again, arrival, reason, second=second, actor=g.actor)
    except (BadInput, Refused, accounts.SignInFailed) as error:
        write_down_refusal(error)
        end_request(g.pop("session", None))
        with db.reading(house().engine) as session:
            again = session.get_one(Dossier, held.dossier_id)
            return _draw(held, again, problem=error, typed=_typed()), status_of(error)
    deliver(session)
    staging.wipe(held.folder)
    flash(_("%(name)s was received and will be read.", name=held.name), "success")
    return redirect(url_for("intake.show", id=scan.id))


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
    except (BadInput, Refused, accounts.SignInFailed) as error:
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
    except (BadInput, Refused, accounts.SignInFailed) as error:
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
