"""Checking and filing over HTTP: the queue, image beside text, corrections, filing pages as documents."""

from collections.abc import Sequence
from math import ceil
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from oms import db, desk, dossiers, gate, record, review
from oms.checks import find_strangers
from oms.errors import N_, BadInput, Conflict, NotFound, OmsError
from oms.models import Document, Original, Page, PageState, Scan, ScanState
from oms.permissions import Action, can
from oms.proposals import Proposal, propose
from oms.recognition.kinds import PageKind
from oms.web import access, looks
from oms.web.access import end_request, guarded, house, write_down_refusal
from oms.web.desk import FIELDS, PROPOSED, keep_filters, keep_typed, kept_filters, sit_down
from oms.web.errors import sentence_of
from oms.web.formats import component_title
from oms.web.pages import page_doubts, page_findings, text_lines

NO_COMPONENT = N_("Choose what the document is (component of the dossier).")

bp = Blueprint("review", __name__, url_prefix="/review")

NO_PAPER = (PageKind.CONTINUATION, PageKind.BLANK, PageKind.SEPARATOR)
"""Kinds of pages nobody looks for."""
QUEUE = 50
"""Scans on one page of the queue."""


@bp.get("")
@guarded(Action.SCAN_READ)
def index() -> str:
    """The scans that wait for a check in the order of the desk, narrowed as the officer last wanted it."""
    from oms import intake

    if "narrow" in request.args:
        keep_filters()
    filters = kept_filters()
    total = desk.count_waiting(g.session, actor=g.actor, filters=filters)
    pages = max(1, ceil(total / QUEUE))
    # Filing shortens the list: whoever comes back to a page that is gone sees the last one.
    page = min(max(request.args.get("page", 1, int), 1), pages)
    skip = (page - 1) * QUEUE
    rows = desk.waiting_scans(g.session, actor=g.actor, filters=filters, limit=QUEUE, skip=skip)
    intake.look_over(g.session, [row.scan for row in rows], actor=g.actor)
    return render_template(
        "review/index.html",
        rows=rows,
        waiting=desk.waiting_pages(g.session, [row.scan.id for row in rows]),
        filters=filters,
        units=desk.list_units(g.session, actor=g.actor),
        kinds=[(kind.value, _(kind.label)) for kind in PageKind if kind not in NO_PAPER],
        readings=[(reading.value, _(reading.label)) for reading in desk.Reading],
        reasons=[words[:1].lower() + words[1:] for words in (_(reason.label) for reason in desk.REASONS)],
        unsaved=desk.list_unsaved(g.session, actor=g.actor),
        pace=desk.own_pace(g.session, actor=g.actor),
        total=total,
        page=page,
        pages=pages,
    )


@bp.get("/<id>")
@guarded(Action.SCAN_READ)
def show(scan: Scan) -> str:
    """One page of a scan to compare and correct, and the form to file pages with."""
    pages = review.list_pages(g.session, scan)
    page = _chosen_page(pages, request.args.get("page", type=int))
    review.look_at(g.session, page, actor=g.actor)
    return _draw(scan, pages, page)


def _chosen_page(pages: Sequence[Page], number: int | None) -> Page:
    """The page of that number; without one the first that waits."""
    if number is None:
        return next((page for page in pages if page.document_id is None), pages[0])
    for page in pages:
        if page.number == number:
            return page
    raise NotFound()


def _draw(
    scan: Scan,
    pages: Sequence[Page],
    page: Page,
    *,
    problem: OmsError | None = None,
    typed: dict[str, str] | None = None,
    chosen: Sequence[str] | None = None,
    text: str | None = None,
) -> str:
    """The page; `typed`, `chosen` and `text` keep what a person entered when something was refused."""
    waiting = [other for other in pages if other.document_id is None]
    drafts = desk.find_drafts(g.session, scan, actor=g.actor)
    unsaved = desk.unsaved_text(drafts.get(page.number), page)
    left = desk.typed_form(drafts.get(desk.FORM), waiting) if typed is None and "document" not in request.args else None
    seat = sit_down(scan)
    taken = seat is not None and not seat.mine
    category = scan.dossier.category
    components = dossiers.components_of(scan.dossier)
    proposals = propose(pages, components, scan.file_name)
    proposal = _chosen_proposal(proposals, request.args.get("document", type=int))
    proposed = dict.fromkeys(PROPOSED, "") | (dict(proposal.values) if proposal and typed is None else {})
    first = [other.id for other in proposal.pages] if proposal else []
    return render_template(
        "review/show.html",
        scan=scan,
        dossier=scan.dossier,
        pages=pages,
        page=page,
        waiting=waiting,
        proposals=proposals,
        proposal=proposal,
        proposed=proposed,
        flags=proposal.flags if proposal else {},
        strangers=[_(other.message, **other.values) for other in find_strangers(scan.dossier.person, waiting)],
        found=page_findings(page, closed=record.closed_keys(scan.dossier, actor=g.actor)),
        doubts=page_doubts(page),
        values={**dict.fromkeys(FIELDS, ""), "original": Original.ORIGINAL.value, **proposed, **(typed or left or {})},
        chosen=chosen if chosen is not None else left["pages"] if left else first,
        text=text if text is not None else unsaved.text if unsaved else page.text,
        unsaved=unsaved,
        left_at=drafts[desk.FORM].saved_at if left else None,
        drafts=drafts,
        problem=sentence_of(problem) if problem else "",
        problem_at="text" if text is not None else _field_of(problem),
        components=[(row.id, component_title(row.id, category.value)) for row in components],
        originals=[(kind.value, _(kind.label)) for kind in Original],
        lines=text_lines(page),
        corrections=review.corrections_of(g.session, page),
        suspected=gate.suspected(scan, pages),
        failure=_failure(page),
        seat=seat,
        pace=desk.own_pace(g.session, actor=g.actor),
        next_image=_image_after(pages, page),
        may_correct=not taken and can(g.actor, Action.PAGE_REVIEW, page) and page.state != PageState.WAITING,
        may_file=not taken and can(g.actor, Action.DOCUMENT_FILE, scan.dossier),
    )


def _chosen_proposal(proposals: Sequence[Proposal], number: int | None) -> Proposal | None:
    """The proposed document of that number, counted from 1; without one the first that is no separator sheet."""
    if number is not None and 1 <= number <= len(proposals):
        return proposals[number - 1]
    papers = [proposal for proposal in proposals if proposal.kind != PageKind.SEPARATOR]
    return next(iter(papers or proposals), None)


def _image_after(pages: Sequence[Page], page: Page) -> str:
    """The address of the image of the next page, which is fetched while this one is read."""
    following = next((other for other in pages if other.number == page.number + 1), None)
    return url_for("pages.image", id=following.id) if following and following.image_sha256 else ""


def _failure(page: Page) -> str:
    return sentence_of(OmsError(page.error, **(page.error_values or {}))) if page.error else ""


def _field_of(problem: OmsError | None) -> str:
    """The field of the filing form the refusal is about, as far as it tells; else the form."""
    if problem is not None and "written" in problem.values:
        return "issued_on"
    if problem is not None and problem.message.startswith("Enter the title"):
        return "title"
    return "component" if problem is not None and problem.message == NO_COMPONENT else "filing"


@bp.post("/pages/<id>")
@guarded(Action.PAGE_REVIEW)
def correct(page: Page) -> Any:
    """Save the corrected text of a page, unless somebody saved another one meanwhile."""
    text = request.form.get("text", "")
    try:
        desk.take(g.session, page.scan, actor=g.actor)
        review.correct(g.session, page, text, actor=g.actor, version=request.form.get("version", type=int))
        access.commit()
    except (BadInput, Conflict) as error:
        return _draw_again(error, page.scan_id, page.number, text=text), error.status
    flash(_("The text of page %(number)s is saved.", number=page.number), "success")
    return redirect(url_for(".show", id=page.scan_id, page=page.number))


@bp.post("/<id>/file")
@guarded(Action.DOCUMENT_FILE, model=Scan)
def file(scan: Scan) -> Any:
    """File the chosen pages as a document and go on to the next scan that waits."""
    chosen = request.form.getlist("pages")
    try:
        desk.take(g.session, scan, actor=g.actor)
        # While the scan still has its place in the order: where the officer was goes on, not at the top.
        following = desk.take_next(g.session, actor=g.actor, filters=kept_filters(), beside=scan.id)
        document = review.file_pages(g.session, scan, chosen, read_filing(), actor=g.actor)
        target = _next_address(scan, following)
        desk.note(g.session, actor=g.actor, pages=len(chosen))
        access.commit()
    except (BadInput, Conflict, NotFound) as error:
        typed = {name: request.form.get(name, "") for name in FIELDS}
        number = request.form.get("page", type=int)
        return _draw_again(error, scan.id, number, typed=typed, chosen=chosen), error.status
    flash(_("Filed in dossier %(number)s: %(title)s.", number=scan.dossier.number, title=document.title), "success")
    return redirect(target)


def read_filing() -> review.Filing:
    """What the form says; raises `BadInput` for what cannot be understood."""
    form = request.form
    if not form.get("component"):
        raise BadInput(NO_COMPONENT)
    issued_on, precision = dossiers.written_date(form.get("issued_on", ""))
    try:
        original = Original(form.get("original", ""))
    except ValueError:
        raise BadInput(N_("Choose what kind of copy the paper is.")) from None
    return review.Filing(
        component_id=form["component"],
        title=form.get("title", ""),
        number=form.get("number") or None,
        issued_on=issued_on,
        issued_precision=precision,
        issuing_body=form.get("issuing_body") or None,
        signer=form.get("signer") or None,
        original=original,
        despite=form.get("despite", ""),
    )


def _next_address(scan: Scan, following: tuple[Scan, desk.Seat] | None) -> str:
    """This scan while pages of it wait, else the one after it that nobody has, else the first, else the empty queue."""
    if scan.state == ScanState.READ:
        if following is not None:
            desk.give_back(g.session, following[0], following[1].key, actor=g.actor)
        return url_for(".show", id=scan.id)
    following = following or desk.take_next(g.session, actor=g.actor, filters=kept_filters())
    return url_for(".show", id=following[0].id) if following else url_for(".index")


def _draw_again(error: OmsError, scan_id: str, number: int | None, **kept: Any) -> str:
    """After a refusal: the page as it is now, with what was typed."""
    write_down_refusal(error)
    end_request(g.pop("session", None))
    _keep_draft(scan_id)
    g.session = access.open_request_session(writing=False)
    scan = access.load(Scan, "id", scan_id, g.actor)
    pages = review.list_pages(g.session, scan)
    page = next((page for page in pages if page.number == number), pages[0])
    if not looks.told_by("page:view", page.id):
        review.look_at(g.session, page, actor=g.actor)
    return _draw(scan, pages, page, problem=error, **kept)


def _keep_draft(scan_id: str) -> None:
    """What was refused is not lost with the page, not even without the script that keeps drafts."""
    try:
        with db.writing(house().engine) as session:
            keep_typed(session, session.get_one(Scan, scan_id))
    except OmsError:
        pass  # it may be secret, or too long: it still stands on the page that says so


@bp.post("/documents/<id>/take-apart")
@guarded(Action.DOCUMENT_FILE, model=Document)
def take_apart(document: Document) -> Any:
    """Undo a filing: the pages wait again."""
    title = document.title
    scans = review.take_apart(g.session, document, actor=g.actor)
    target = url_for(".show", id=scans[0].id) if scans else url_for(".index")
    access.commit()
    flash(_("“%(title)s” was taken apart; its pages wait to be filed again.", title=title), "success")
    return redirect(target)
