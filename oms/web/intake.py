"""Paper in over HTTP: the upload page, receiving files, how far reading is, one scan with its pages.

Looks: the upload page and a scan page write one entry each. The fragments that are asked again while a scan is being
read are parts of these pages: they write none while that of the page is young (`oms.web.looks`), else one of their own.
"""

from typing import Any, BinaryIO, cast

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.datastructures import FileStorage

from oms import gate, intake, quotas, review, signatures
from oms.errors import N_, BadInput, OmsError
from oms.models import Dossier, Page, PageState, Scan, ScanState
from oms.permissions import Action, can
from oms.web import access, looks
from oms.web.access import guarded, write_down_refusal
from oms.web.errors import sentence_of, wants_json
from oms.web.receiving import DOUBTFUL, KNOWN, RECEIVED, REFUSED, Outcome, receive_file, refused
from oms.web.signatures import describe

bp = Blueprint("intake", __name__)

TONES = {RECEIVED: "success", KNOWN: "info", REFUSED: "danger", DOUBTFUL: "warning"}
# Scans on the upload page; all others are found by their dossier.
RECENT = 30


@bp.get("/intake")
@guarded(Action.SCAN_READ)
def index() -> str:
    """Choose the dossier, drop the files, watch them being read."""
    dossier = None
    if chosen := request.args.get("dossier"):
        dossier = access.load(Dossier, "id", chosen, g.actor)
    scans = intake.list_scans(g.session, actor=g.actor, limit=RECENT)
    intake.look_over(g.session, scans, actor=g.actor)
    may_upload = g.actor.has(Action.SCAN_UPLOAD)
    return render_template(
        "intake/index.html",
        dossier=dossier,
        dossiers=intake.open_dossiers(g.session, actor=g.actor) if may_upload else [],
        may_upload=may_upload,
        limits=intake.LIMITS,
        day=quotas.day_of(g.session, actor=g.actor) if may_upload else None,
        **_recent(scans),
    )


@bp.get("/intake/progress")
@guarded(Action.SCAN_READ)
def progress() -> str:
    """The state of the scans named in the address, for the page that already shows them."""
    named = request.args.getlist("scan")[:RECENT]
    scans = intake.scans_among(g.session, named, actor=g.actor)
    if scans and not looks.told_by("scan:list"):
        intake.look_over(g.session, scans, actor=g.actor)
    return render_template("intake/_recent.html", **_recent(scans))


def _recent(scans: list[Scan]) -> dict[str, Any]:
    return {
        "scans": scans,
        "progress": intake.progress_of(g.session, [scan.id for scan in scans]),
        "sentences": {scan.id: _sentence(scan) for scan in scans},
        "asks_again": any(scan.state in (ScanState.RECEIVED, ScanState.READING) for scan in scans),
    }


def _sentence(failed: Scan | Page) -> str:
    """What went wrong with a scan or a page, in words; empty when nothing did."""
    return sentence_of(OmsError(failed.error, **(failed.error_values or {}))) if failed.error else ""


@bp.post("/intake/<id>/scans")
@guarded(Action.SCAN_UPLOAD, writing=False)
def upload(dossier: Dossier) -> Any:
    """Take in one or many files; a bad one costs the others nothing."""
    dossier_id = dossier.id
    # Receiving takes its own transactions; none may stay open while long bodies are examined.
    g.session.expunge_all()
    g.session.rollback()
    files = [file for file in request.files.getlist("file") if file.filename]
    if not files:
        raise BadInput(N_("Choose at least one file first."))
    outcomes = [_receive(dossier_id, file) for file in files]
    if wants_json():
        answers = [_answer(outcome) for outcome in outcomes]
        if len(answers) == 1:
            return jsonify(answers[0]), _status(outcomes[0])
        return jsonify(files=answers), 202 if any(outcome.state == RECEIVED for outcome in outcomes) else 200
    for outcome in outcomes:
        flash(_with_link(outcome), TONES[outcome.state])
    return redirect(url_for(".index", dossier=dossier_id))


def _receive(dossier_id: str, file: FileStorage) -> Outcome:
    name = file.filename or ""
    try:
        return receive_file(dossier_id, cast(BinaryIO, file.stream), name, actor=g.actor, may_decide=True)
    except OmsError as error:  # frozen or handed over meanwhile, or the store is full: said for this file
        write_down_refusal(error)
        return refused(name, error)


def _answer(outcome: Outcome) -> dict[str, Any]:
    return {
        "state": outcome.state,
        "message": outcome.message,
        "scan": outcome.scan.id if outcome.scan else None,
        "url": _address_of(outcome),
    }


def _address_of(outcome: Outcome) -> str | None:
    """Where a person goes on: the scan that was received, or the decision about a doubtful file."""
    if outcome.scan is not None:
        return url_for(".show", id=outcome.scan.id)
    return url_for("gate.show", token=outcome.token) if outcome.token else None


def _status(outcome: Outcome) -> int:
    if outcome.error is not None:
        return outcome.error.status
    return 202 if outcome.state in (RECEIVED, DOUBTFUL) else 200


def _with_link(outcome: Outcome) -> str:
    address = _address_of(outcome)
    if address is None:
        return outcome.message
    words = _("Look and decide") if outcome.token else _("Open the scan")
    return Markup('{} <a href="{}">{}</a>').format(outcome.message, address, words)


@bp.get("/scans/<id>")
@guarded(Action.SCAN_READ)
def show(scan: Scan) -> str:
    """One scan: how far it is, its pages, its files, what is wrong with it."""
    intake.view(g.session, scan, actor=g.actor)
    return render_template("intake/show.html", **_whole(scan))


@bp.get("/scans/<id>/progress")
@guarded(Action.SCAN_READ)
def scan_progress(scan: Scan) -> str:
    """The part of a scan page that changes while it is being read."""
    if not looks.told_by("scan:view", scan.id):
        intake.view(g.session, scan, actor=g.actor)
    return render_template("intake/_scan.html", **_whole(scan))


def _whole(scan: Scan) -> dict[str, Any]:
    pages = review.list_pages(g.session, scan)
    check = signatures.latest(g.session, scan) if scan.signed else None
    being_judged = signatures.are_being_judged(g.session, scan)
    reading = scan.state in (ScanState.RECEIVED, ScanState.READING)
    return {
        "check": check,
        "signatures": describe(check) if check else [],
        "judged_here": signatures.can_be_judged(scan.media_type, signed=scan.signed),
        "being_judged": being_judged,
        "scan": scan,
        "pages": pages,
        "progress": intake.progress_of(g.session, [scan.id])[scan.id],
        "sentence": _sentence(scan),
        "sentences": {page.id: _sentence(page) for page in pages if page.state == PageState.FAILED},
        "suspected": gate.suspected(scan, pages),
        "waiting": sum(page.document_id is None for page in pages),
        "reading": reading,
        "asks_again": reading or being_judged,
        "may_read_again": can(g.actor, Action.SCAN_UPLOAD, scan.dossier),
    }


@bp.post("/scans/<id>/check-signatures")
@guarded(Action.SCAN_DOWNLOAD, model=Scan, writing=True)
def check_signatures(scan: Scan) -> Any:
    """Have the digital signatures of a scan judged again, with the authorities known today."""
    signatures.check_again(g.session, scan, actor=g.actor)
    access.commit()
    flash(_("The digital signatures are being judged again."), "success")
    return redirect(url_for(".show", id=scan.id))


@bp.post("/scans/<id>/read-again")
@guarded(Action.SCAN_UPLOAD, model=Scan)
def read_again(scan: Scan) -> Any:
    """Have failed pages read once more."""
    intake.read_again(g.session, scan, actor=g.actor)
    access.commit()
    flash(_("The pages that failed will be read again."), "success")
    return redirect(url_for(".show", id=scan.id))
